"""Adding and editing patients, recording history, importing records and deciding on what they propose."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from pistor.actions.consultation import (
    WHO,
    AlreadyImported,
    NewEntry,
    Removal,
    add_patient,
    decide_proposals,
    edit_patient,
    import_document,
    record_history,
)
from pistor.actions.core import AlreadyDone, NotAllowed, Refused, Stale
from pistor.records.audit import AuditEvent
from pistor.records.consultation import HistoryEntry, ImportedDocument, Patient
from pistor.records.picture import picture_of
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(people):
    return factories.patient(people.practitioner, family_name="Moreau", birth_date=dt.date(1985, 3, 14))


def answer(question, value, note=""):
    return NewEntry("answer", question, {"value": value, "note": note}, key=question)


def listed(kind, label, **value):
    return NewEntry(kind, label, {"label": label, "codings": [], "active": True, **value})


def record(people, patient, *entries, **more):
    return record_history(**{"by": people.practitioner, "at": NOW, "token": None, "patient": patient, "version": None, "entries": entries, **more})


def bundle(*resources, birth_date="1985-03-14", family="Moreau", sex="female", **more) -> bytes:
    person = {"resourceType": "Patient", "id": "p", "gender": sex, "birthDate": birth_date, "name": [{"family": family, "given": ["Claire"]}], **more}
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (person, *resources)]}).encode()


def fhir_condition(text, status="active", **more):
    return {
        "resourceType": "Condition", "subject": {"reference": "Patient/p"}, "code": {"text": text},
        "clinicalStatus": {"coding": [{"code": status}]}, "verificationStatus": {"coding": [{"code": "confirmed"}]}, **more,
    }  # fmt: skip


def bring(people, patient, data, **more):
    return import_document(**{"by": people.practitioner, "at": NOW, "token": None, "patient": patient, "data": data, "name": "record.json", **more})


# ── patients ──


@pytest.mark.parametrize("name", ["O'Brien-Ó", "اللبناني", "王小明", "כהן", "<script>alert(1)</script>", "Robert'); DROP TABLE--", "🩺"])
def test_a_patient_of_any_name_is_kept_as_written_and_found_again(people, name):
    patient = add_patient(by=people.front_desk, at=NOW, token=None, family_name=name)
    assert Patient.objects.get(pk=patient.pk).family_name == name
    assert patient.search


def test_marks_that_turn_text_around_are_dropped_from_names(people):
    assert "\u202e" not in add_patient(by=people.front_desk, at=NOW, token=None, family_name="Mor\u202eeau").family_name


def test_numbers_go_on_from_the_last_and_each_clinic_has_its_own(people):
    numbers = [add_patient(by=people.nurse, at=NOW, token=None, family_name="A").number for _ in range(3)]
    assert numbers == ["P000001", "P000002", "P000003"]
    assert add_patient(by=people.stranger, at=NOW, token=None, family_name="B").number == "P000001"
    with pytest.raises(Refused, match="taken"):
        add_patient(by=people.nurse, at=NOW, token=None, family_name="C", number="P000002")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"family_name": "   "}, "family name is empty"),
        ({"birth_date": dt.date(2026, 11, 24)}, "in the future"),
        ({"birth_date": dt.date(1066, 1, 1)}, "too long ago"),
        ({"sex": "yes"}, "sex"),
        ({"family_name": "x" * 101}, "longer than 100"),
    ],
)
def test_what_cannot_be_kept_of_a_patient_is_refused_with_a_sentence(people, fields, says):
    with pytest.raises(Refused, match=says):
        add_patient(**{"by": people.nurse, "at": NOW, "token": None, "family_name": "A", **fields})
    assert not Patient.objects.exists()


def test_of_two_people_editing_one_patient_the_second_is_told_who_was_first(people, patient):
    edit_patient(by=people.nurse, at=NOW, token=None, patient=patient, version=1, phone="1")
    with pytest.raises(Stale, match="Rosa Nurse"):
        edit_patient(by=people.practitioner, at=NOW, token=None, patient=patient, version=1, family_name="Other")
    kept = Patient.objects.get(pk=patient.pk)
    assert (kept.phone, kept.family_name, kept.version) == ("1", "Moreau", 2)


def test_a_new_name_is_found_by_search(people, patient):
    edit_patient(by=people.nurse, at=NOW, token=None, patient=patient, version=1, family_name="Müller")
    assert "muller" in Patient.objects.get(pk=patient.pk).search


def test_a_stranger_cannot_reach_the_patient(people, patient):
    for act in (
        lambda: edit_patient(by=people.stranger, at=NOW, token=None, patient=patient, version=1, phone="1"),
        lambda: record(people, patient, answer("keloid", "no"), by=people.stranger),
        lambda: bring(people, patient, bundle(), by=people.stranger),
        lambda: decide_proposals(by=people.stranger, at=NOW, token=None, patient=patient, accepted=[uuid.uuid4()]),
    ):
        with pytest.raises(Refused, match="not in your clinic"):
            act()


def test_the_front_desk_adds_patients_and_takes_no_history(people, patient):
    with pytest.raises(NotAllowed):
        record(people, patient, answer("keloid", "no"), by=people.front_desk)


# ── history ──


def test_a_changed_answer_replaces_the_old_one_which_stays(people, patient):
    record(people, patient, answer("keloid", "no"))
    record(people, patient, answer("keloid", "yes"), at=NOW + dt.timedelta(hours=1))
    old, new = HistoryEntry.objects.filter(key="keloid").order_by("created_at")
    assert (old.value["value"], old.replaced_by_id, new.replaced_by_id) == ("no", new.pk, None)
    assert picture_of(patient, TODAY).answers["keloid"].value == "yes"


def test_removing_needs_a_reason_and_keeps_what_stood_there(people, patient):
    (entry,) = record(people, patient, listed("allergy", "Latex"))
    with pytest.raises(Refused, match="reason"):
        record(people, patient, removals=[Removal(entry.pk, " ")])
    assert len(picture_of(patient, TODAY).allergies) == 1
    record(people, patient, removals=[Removal(entry.pk, "entered in error")])
    assert picture_of(patient, TODAY).allergies == ()
    entry.refresh_from_db()
    assert entry.replaced_by.removed_reason == "entered in error"
    with pytest.raises(Stale):
        record(people, patient, removals=[Removal(entry.pk, "again")])


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (answer("keloid", "perhaps"), "Give one of yes, no, unknown"),
        (answer("no_such_question", "yes"), "no question"),
        (NewEntry("measurement", "w", {"value": "-4", "unit": "kg"}, key="weight_kg"), "no number from 0.3 to 650"),
        (NewEntry("measurement", "w", {"value": "NaN", "unit": "kg"}, key="weight_kg"), "no number"),
        (NewEntry("measurement", "w", {"value": "60", "unit": "lb"}, key="weight_kg"), "kept in kg"),
        (NewEntry("pregnancy", "p", {"state": "perhaps"}), "none of"),
        (listed("condition", "  "), "no name"),
        (listed("condition", "Flu", onset="2030-01-01"), "future"),
        (listed("medicine", "M", start="2026-02-01", end="2026-01-01"), "before it begins"),
        (NewEntry("answer", "k", {"value": "yes"}, key="keloid", dated=dt.date(2027, 1, 1)), "in the future"),
        (NewEntry("spell", "k", {}), "no kind"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_the_form_is_kept(people, patient, entry, says):
    with pytest.raises(Refused, match=says):
        record(people, patient, answer("anticoagulant", "no"), entry)
    assert not HistoryEntry.objects.exists()


def test_a_form_sent_twice_is_taken_once(people, patient):
    token = uuid.uuid4()
    record(people, patient, answer("keloid", "no"), token=token, location="/somewhere/")
    with pytest.raises(AlreadyDone) as done:
        record(people, patient, answer("keloid", "no"), token=token, location="/somewhere/")
    assert done.value.location == "/somewhere/"
    assert HistoryEntry.objects.count() == 1


def test_history_from_a_stale_page_overwrites_nothing(people, patient):
    record(people, patient, answer("keloid", "no"), version=1)
    with pytest.raises(Stale):
        record(people, patient, answer("keloid", "yes"), version=1, by=people.nurse)
    assert picture_of(patient, TODAY).answers["keloid"].value == "no"


def test_the_goal_is_kept_with_the_course(people, patient):
    course = factories.course(patient)
    record(people, patient, course=course, goal="Turn the head\nwhile driving")
    course.refresh_from_db()
    assert course.goal == "Turn the head while driving"


def test_the_trail_names_no_one_and_says_nothing_clinical(people, patient):
    record(people, patient, listed("condition", "Syphilis"))
    said = json.dumps([event.detail for event in AuditEvent.objects.all()])
    assert "yphilis" not in said
    assert "oreau" not in said


# ── imports ──


def test_an_import_only_proposes_and_what_is_accepted_counts(people, patient):
    document = bring(people, patient, bundle(fhir_condition("Haemophilia"), fhir_condition("Flu")))
    assert picture_of(patient, TODAY).conditions == ()
    haemophilia, flu = document.entries.order_by("-label")
    assert decide_proposals(by=people.practitioner, at=NOW, token=None, patient=patient, accepted=[haemophilia.pk], refused=[flu.pk]) == 1
    assert [c.label for c in picture_of(patient, TODAY).conditions] == ["Haemophilia"]


def test_the_same_file_twice_is_told_and_written_once(people, patient):
    data = bundle(fhir_condition("Flu"))
    bring(people, patient, data)
    with pytest.raises(AlreadyImported, match="same file"):
        bring(people, patient, data)
    assert (ImportedDocument.objects.count(), HistoryEntry.objects.count()) == (1, 1)


def test_facts_already_accepted_are_not_proposed_again(people, patient):
    first = bring(people, patient, bundle(fhir_condition("Flu")))
    decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=[e.pk for e in first.entries.all()])
    second = bring(people, patient, bundle(fhir_condition("Flu"), fhir_condition("Gout")))
    assert [e.label for e in second.entries.all()] == ["Gout"]


def test_a_record_of_someone_else_is_accepted_only_when_confirmed(people, patient):
    document = bring(people, patient, bundle(fhir_condition("Flu"), birth_date="1950-01-01", family="Durand", sex="male"))
    assert sum(note.startswith(WHO) for note in document.notes) == 3
    chosen = [e.pk for e in document.entries.all()]
    with pytest.raises(Refused, match="someone else"):
        decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=chosen)
    decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=[], refused=chosen)
    assert picture_of(patient, TODAY).conditions == ()


@pytest.mark.parametrize(("death", "says"), [({"deceasedDateTime": "2020-05-01"}, "died on 1 May 2020"), ({"deceasedBoolean": True}, "the patient died, and")])
def test_a_record_of_someone_who_died_is_accepted_only_when_confirmed(people, patient, death, says):
    document = bring(people, patient, bundle(fhir_condition("Flu"), **death))
    assert [note for note in document.notes if note.startswith(WHO) and says in note]
    chosen = [e.pk for e in document.entries.all()]
    with pytest.raises(Refused, match="someone else"):
        decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=chosen)
    decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=chosen, person_confirmed=True)
    assert len(picture_of(patient, TODAY).conditions) == 1


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        ({"onsetDateTime": "2099-01-01"}, "“Flu” is dated 1 Jan 2099, which is in the future"),
        ({"onsetDateTime": "2020-01-01", "abatementDateTime": "2010-01-01"}, "“Flu” ends before it begins"),
    ],
)
def test_what_cannot_be_in_an_imported_record_is_said_and_the_fact_still_proposed(people, patient, dates, says):
    document = bring(people, patient, bundle(fhir_condition("Flu", **dates), fhir_condition("Gout", onsetDateTime="2020-01-01")))
    assert [note for note in document.notes if note.startswith(says)] == document.notes
    assert len(document.notes) == 1
    assert document.entries.count() == 2


def test_a_fact_is_decided_once(people, patient):
    document = bring(people, patient, bundle(fhir_condition("Flu")))
    chosen = [e.pk for e in document.entries.all()]
    decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=chosen)
    with pytest.raises(Stale, match="Someone else decided"):
        decide_proposals(by=people.practitioner, at=NOW, token=None, patient=patient, accepted=[], refused=chosen)
    assert len(picture_of(patient, TODAY).conditions) == 1


def test_a_fact_of_another_patient_cannot_be_decided_here(people, patient):
    document = bring(people, patient, bundle(fhir_condition("Flu")))
    other = factories.patient(people.practitioner)
    with pytest.raises(Refused, match="not in this patient"):
        decide_proposals(by=people.nurse, at=NOW, token=None, patient=other, accepted=[e.pk for e in document.entries.all()])


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"resourceType": "Patient"}', b"\xff\xfe\x00", b"<html>", b'{"resourceType":"Bundle","entry":5}'])
def test_a_file_that_is_no_record_is_refused_with_one_sentence_and_nothing_is_kept(people, patient, data):
    with pytest.raises(Refused) as refused:
        bring(people, patient, data)
    assert len(refused.value.reasons) == 1
    assert str(refused.value).endswith(".")
    assert not ImportedDocument.objects.exists()


def test_an_older_imported_weight_does_not_push_aside_a_newer_one(people, patient):
    record(people, patient, NewEntry("measurement", "weight 70 kg", {"value": "70", "unit": "kg"}, key="weight_kg"))
    weight = {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2019-01-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, "valueQuantity": {"value": 90, "unit": "kg", "code": "kg"},
    }  # fmt: skip
    document = bring(people, patient, bundle(weight))
    decide_proposals(by=people.nurse, at=NOW, token=None, patient=patient, accepted=[e.pk for e in document.entries.all()])
    assert picture_of(patient, TODAY).weight_kg.value == 70
