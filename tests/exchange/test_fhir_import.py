"""What a FHIR record says, and what it does not say."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from pistor.exchange.errors import Unusable
from pistor.exchange.fhir import read_record
from tests.exchange.bundles import IPS, LOINC, PATIENT, SNOMED, allergy, as_bytes, bundle, concept, condition, observation, request

ON = dt.date(2026, 11, 23)


def read(*resources, **options):
    return read_record(bundle(*resources, **options), ON)


CONDITIONS = [
    # clinical      verification        -> active, refuted
    ("active", "confirmed", True, False),
    ("recurrence", "confirmed", True, False),
    ("remission", "confirmed", False, False),
    ("resolved", "confirmed", False, False),
    ("inactive", "confirmed", False, False),
    (None, "confirmed", None, False),
    ("active", None, True, False),
    ("active", "provisional", True, False),
    ("active", "refuted", True, True),
    (None, "entered-in-error", None, True),
]


@pytest.mark.parametrize(("clinical", "verification", "active", "refuted"), CONDITIONS)
def test_status_of_a_condition(clinical, verification, active, refuted):
    (read_back,) = read(condition("Haemophilia A", clinical, verification)).picture.conditions
    assert (read_back.active, read_back.refuted) == (active, refuted)


def test_onset_and_abatement_as_dates_periods_and_parts_of_dates():
    onset = [
        read(condition("x", onsetDateTime=written)).picture.conditions[0].onset
        for written in ("2020", "2020-10", "2020-10-07", "2020-10-07T23:30:00+02:00", "2020-10-07T04:00:00.000Z")
    ]
    assert onset == [dt.date(2020, 1, 1), dt.date(2020, 10, 1), *[dt.date(2020, 10, 7)] * 3]
    assert read(condition("x", abatementDateTime="2020-02")).picture.conditions[0].abatement == dt.date(2020, 2, 29)
    assert read(condition("x", onsetPeriod={"start": "2019-01-02"})).picture.conditions[0].onset == dt.date(2019, 1, 2)
    broken = read(condition("Sprain", onsetDateTime="2020-13-45"))
    assert broken.picture.conditions[0].onset is None
    assert any("Sprain" in note for note in broken.notes)


def test_every_coding_and_the_text_are_kept():
    coded = {
        "text": "Sugar",
        "coding": [{"system": SNOMED, "code": "44054006", "display": "Diabetes"}, {"system": "urn:oid:2.16.840.1.113883.6.90", "code": "E11.9"}],
    }
    (read_back,) = read({**condition("x"), "code": coded}).picture.conditions
    assert read_back.label == "Sugar"
    assert [(c.system, c.code) for c in read_back.codings] == [("snomed", "44054006"), ("icd10cm", "E11.9")]


def test_an_allergy_refuted_or_in_error_is_no_allergy_and_inactive_is_not_active():
    found = read(
        allergy("Lidocaine", verification="refuted"), allergy("Latex", None, "entered-in-error"), allergy("Nuts", "resolved"), allergy("Egg")
    ).picture.allergies
    assert [(a.label, a.active, a.refuted) for a in found] == [("Lidocaine", True, True), ("Latex", None, True), ("Nuts", False, False), ("Egg", True, False)]


def test_the_substance_of_a_reaction_counts():
    record = read(allergy("Reaction at the dentist", reaction=[{"substance": concept("", SNOMED, "387480006", "Lidocaine")}]))
    assert [c.display for c in record.picture.allergies[0].codings] == ["Lidocaine"]
    (in_words,) = read(allergy("Reaction at the dentist", reaction=[{"substance": {"text": "Articaine"}}])).picture.allergies
    assert [c.display for c in in_words.codings] == ["Articaine"]


def test_medicines_by_status_period_and_reference():
    contained = {
        **request("x"),
        "contained": [{"resourceType": "Medication", "id": "m", "code": concept("Warfarin")}],
        "medicationReference": {"reference": "#m"},
    }
    del contained["medicationCodeableConcept"]
    by_id = {**contained, "contained": [], "medicationReference": {"reference": "Medication/apix"}}
    by_url = {**contained, "contained": [], "medicationReference": {"reference": "urn:uuid:00000005-0000-4000-8000-000000000000"}}
    statement = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": concept("Aspirin"),
        "effectivePeriod": {"start": "2020", "end": "2021-03"},
    }
    medication = {"resourceType": "Medication", "id": "apix", "ingredient": [{"itemCodeableConcept": concept("apixaban")}]}
    record = read(
        contained, by_id, by_url, statement, medication, {**request("Isotretinoin", "entered-in-error")}, {**request("Heparin"), "doNotPerform": True}
    )
    assert [(m.label, m.active, m.end) for m in record.picture.medicines] == [
        ("Warfarin", True, None),
        ("apixaban", True, None),
        ("apixaban", True, None),
        ("Aspirin", True, dt.date(2021, 3, 31)),
    ]


@pytest.mark.parametrize(("intent", "active"), [("order", True), ("instance-order", True), ("plan", None), ("proposal", None), ("option", None)])
def test_what_is_only_meant_is_not_taken(intent, active):
    assert read({**request("Warfarin"), "intent": intent}).picture.medicines[0].active is active


@pytest.mark.parametrize(
    ("status", "written", "end"),
    [("resolved", "2026", dt.date(2026, 5, 2)), ("active", "2026", dt.date(2026, 12, 31)), ("resolved", "2026-07", dt.date(2026, 7, 1))],
)
def test_an_end_of_which_only_the_year_is_known_lies_behind_a_condition_that_is_over(status, written, end):
    (over,) = read(condition("Sprain", status, onsetDateTime="2026-05-02", abatementDateTime=written)).picture.conditions
    assert over.abatement == end


def test_the_planned_end_of_a_request_that_was_stopped_is_no_end():
    bounds = [{"timing": {"repeat": {"boundsPeriod": {"end": "2027-01-01"}}}}]
    stopped, running = read(request("Warfarin", "stopped", dosageInstruction=bounds), request("Warfarin", dosageInstruction=bounds)).picture.medicines
    assert (stopped.end, running.end) == (None, dt.date(2027, 1, 1))


def test_a_summary_says_which_of_several_patients_it_is_about():
    mother = {**PATIENT, "id": "m", "birthDate": "1955-01-01"}
    about = {"resourceType": "Composition", "subject": {"reference": "Patient/p"}}
    hers = condition("Breast cancer", subject={"reference": "Patient/m"})
    record = read(about, mother, hers, condition("Asthma"), kind="document")
    assert (record.picture.age_years, [c.label for c in record.picture.conditions]) == (41, ["Asthma"])


@pytest.mark.parametrize(
    ("system", "code", "known_as"),
    [
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "C50.9", "icd10"),
        ("http://hl7.org/fhir/sid/icd-10", "C50.9", "icd10"),
        ("http://fhir.de/CodeSystem/bfarm/atc", "B01AA04", "atc"),
    ],
)
def test_code_systems_under_their_national_names(system, code, known_as):
    (read_back,) = read({**condition("x"), "code": concept("", system, code)}).picture.conditions
    assert [(c.system, c.code) for c in read_back.codings] == [(known_as, code)]


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("completed", False), ("stopped", False), ("cancelled", False), ("on-hold", None), ("unknown", None)]
)
def test_status_of_a_prescription(status, active):
    assert read(request("Warfarin", status)).picture.medicines[0].active is active


def test_a_single_administration_is_over_on_its_day():
    given = {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": concept("Isotretinoin"),
        "effectiveDateTime": "2026-10-01T08:00:00Z",
    }
    (read_back,) = read(given).picture.medicines
    assert (read_back.active, read_back.end) == (False, dt.date(2026, 10, 1))


UNITS = [
    ("29463-7", 62, "kg", "kg", "62"),
    ("29463-7", 62000, "g", "g", "62"),
    ("29463-7", 137, "lb", "[lb_av]", "62.14"),
    ("29463-7", 137, "lbs", None, "62.14"),
    ("8302-2", 1.68, "m", "m", "168"),
    ("8302-2", 66, "in", "[in_i]", "167.64"),
    ("8302-2", 168, "cm", None, "168"),
]


@pytest.mark.parametrize(("code", "value", "unit", "ucum", "expected"), UNITS)
def test_weight_and_height_in_the_units_that_occur(code, value, unit, ucum, expected):
    picture = read(observation(code, valueQuantity={"value": value, "unit": unit, **({"code": ucum} if ucum else {})})).picture
    measured = picture.weight_kg or picture.height_cm
    assert measured.value == Decimal(expected)
    assert measured.date == dt.date(2026, 11, 1)


@pytest.mark.parametrize(
    "quantity",
    [{"value": -5, "unit": "kg"}, {"value": 62, "unit": "stone"}, {"unit": "kg"}, {"value": 1e40, "unit": "kg"}, {"value": "heavy", "unit": "kg"}, {}],
)
def test_an_implausible_weight_is_not_used_and_told(quantity):
    record = read(observation("29463-7", valueQuantity=quantity))
    assert record.picture.weight_kg is None
    assert len(record.notes) == 1


def test_the_newest_weight_counts_and_a_future_one_does_not():
    weights = [
        observation("29463-7", valueQuantity={"value": v, "unit": "kg"}) | {"effectiveDateTime": d}
        for v, d in ((60, "2020-01-01"), (62, "2026-01-01"), (99, "2027-01-01"))
    ]
    record = read(*weights)
    assert record.picture.weight_kg.value == 62
    assert "after the day" in record.notes[0]


@pytest.mark.parametrize(
    ("code", "system", "state"),
    [
        ("LA15173-0", LOINC, "pregnant"),
        ("77386006", SNOMED, "pregnant"),
        ("LA26683-5", LOINC, "not_pregnant"),
        ("60001007", SNOMED, "not_pregnant"),
        ("LA4489-6", LOINC, "unknown"),
        ("146799005", SNOMED, "unknown"),
    ],
)
def test_pregnancy_status(code, system, state):
    assert read(observation("82810-3", valueCodeableConcept=concept("", system, code))).picture.pregnancy[0].state == state


def test_an_international_patient_summary_says_none_known_or_nothing():
    def section(code: str, reason: str) -> dict:
        return {"code": concept("", LOINC, code), "emptyReason": concept("", "http://terminology.hl7.org/CodeSystem/list-empty-reason", reason)}

    composition = {
        "resourceType": "Composition",
        "date": "2026-11-20",
        "section": [section("48765-2", "nilknown"), section("10160-0", "notasked"), section("11450-4", "unavailable")],
    }
    picture = read(composition, kind="document").picture
    assert [a.label for a in picture.allergies] == ["No known allergies"]
    assert not picture.medicines
    assert not picture.conditions


@pytest.mark.parametrize(("code", "kept"), [("no-known-problems", 1), ("no-problem-info", 0)])
def test_no_known_problems_is_kept_and_no_information_is_not(code, kept):
    assert len(read({**condition("x"), "code": concept("", IPS, code)}).picture.conditions) == kept


def test_who_has_died_and_when():
    assert read(patient={**PATIENT, "deceasedDateTime": "2020-05-04T10:00:00Z"}).picture.deceased_on == dt.date(2020, 5, 4)
    assert read(patient={**PATIENT, "deceasedBoolean": True}).picture.deceased
    assert not read(patient={**PATIENT, "deceasedBoolean": False}).picture.deceased
    assert not read(patient={**PATIENT, "deceasedDateTime": "2030-05-04"}).picture.deceased


def test_a_year_of_birth_never_makes_a_minor_an_adult():
    record = read(patient={**PATIENT, "birthDate": "2008"})
    assert record.picture.age_years == 17
    assert "2008" in record.notes[0]


def test_facts_about_someone_else_are_left_out():
    record = read(
        condition("Haemophilia A", subject={"reference": "Patient/mother"}), condition("Asthma", subject={"reference": "https://x.org/fhir/Patient/p"})
    )
    assert [c.label for c in record.picture.conditions] == ["Asthma"]
    assert "another patient" in record.notes[0]


def test_an_empty_bundle_and_one_without_a_patient_are_read_and_tell_nothing():
    for data in ({"resourceType": "Bundle"}, bundle(patient=None), bundle(condition("Asthma"), patient=None)):
        record = read_record(data, ON)
        assert record.picture.birth_date is None
        assert "no Patient" in record.notes[0]


UNUSABLE = [
    (b"", "empty"),
    (b"  \n", "empty"),
    (b"{", "line 1"),
    (b'{"resourceType": "Bundle",}', "broken"),
    (b"[]", "list"),
    (b"12", "number"),
    (b'"x"', "text"),
    (b"null", "null"),
    (b"<Bundle/>", "XML"),
    (b'{"a": NaN}', "NaN"),
    (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
    (b"[" * 100_000, "deeply"),
    (b"\xff\xfe{", "UTF-16"),
    (as_bytes({}).decode().encode("utf-16-le"), "UTF-16"),
    (b'{"a": "\xe9"}', "UTF-8"),
    (b'{"entry": []}', "resourceType"),
    (as_bytes(PATIENT), "single Patient"),
    (as_bytes(PATIENT) + b"\n" + as_bytes({"resourceType": "Condition"}), "NDJSON"),
    (as_bytes(bundle(PATIENT | {"id": "other"})), "2 patients"),
    (as_bytes(bundle(PATIENT | {"birthDate": "1990-01-01"})), "two dates of birth"),
    (as_bytes(bundle(PATIENT | {"gender": "male"})), "two sexes"),
    (as_bytes({"resourceType": "Bundle", "entry": {"a": 1}}), "not a list"),
]


@pytest.mark.parametrize(("data", "says"), UNUSABLE, ids=[says + str(n) for n, (_, says) in enumerate(UNUSABLE)])
def test_what_cannot_be_used_is_said_in_one_sentence(data, says):
    with pytest.raises(Unusable) as told:
        read_record(data, ON)
    assert says in told.value.sentence
    assert "\n" not in told.value.sentence
    assert len(told.value.sentence) < 250


def test_every_fact_is_a_proposal_that_fits_a_history_entry():
    record = read(condition("Sprain " * 80), allergy("Egg"), request("Warfarin"), observation("29463-7", valueQuantity={"value": 62, "unit": "kg"}))
    assert [p.kind for p in record.proposed] == ["condition", "medicine", "allergy", "measurement"]
    for proposal in record.proposed:
        assert len(proposal.key) <= 120
        assert len(proposal.label) <= 300
        assert len(proposal.origin) <= 300
        json.dumps(proposal.value)


def test_names_in_any_script_are_kept_and_control_characters_are_not():
    record = read(condition("داء السكري"), patient={**PATIENT, "name": [{"text": "x", "family": "Nguyễn\x00‮", "given": ["Thị"]}]})
    assert record.picture.conditions[0].label == "داء السكري"
    assert record.picture.name == "Thị Nguyễn"
