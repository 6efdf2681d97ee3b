"""The time-out: the codes of the patient and the syringe belong together, or it stops, and that is kept."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.formulation import compose_blend
from pistor.actions.syringes import discard_syringe
from pistor.actions.time_out import time_out
from pistor.actions.treatment import sign_treatment
from pistor.care.codes import of_patient
from pistor.care.formulation import Part
from pistor.records.audit import AuditEvent
from pistor.records.consultation import Patient
from pistor.records.stock import Lot
from pistor.records.syringes import Syringe
from pistor.records.treatment import TimeOut, Treatment
from tests import factories
from tests.conftest import NOW
from tests.ready import consented, full_entry, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=5)


@pytest.fixture
def visit(people):
    visit = planned_visit(people, number="A 12%")
    consented(visit, people.practitioner)
    return visit


def read(visit, by, *, patient="A 12%", code="", at=NOW, **more):
    return time_out(visit=visit, patient_code=patient, syringe_code=code or Syringe.objects.get(treatment=visit).code, by=by, at=at, **more)


def stopped(*args, **kwargs) -> str:
    with pytest.raises(Refused) as said:
        read(*args, **kwargs)
    row = TimeOut.objects.order_by("created_at", "pk").last()
    assert (row.passed, row.said) == (False, list(said.value.reasons))
    event = AuditEvent.objects.filter(verb="time_out.stopped").order_by("sequence").last()
    assert (event.subject_id, event.patient_id) == (row.pk, row.treatment.patient_id)
    assert not Syringe.objects.filter(started_at__isnull=False).exists()
    return " ".join(said.value.reasons)


@pytest.mark.parametrize("patient", ["A 12%", "a 12%", " A 12% ", "P1:P:A%2012%25", "]d1P1:P:A%2012%25{GS}", "p1:p:a%2012%25"])
@pytest.mark.parametrize("written", ["{0}", "P1:S:{0}", "S {0}", "s-{1}", "{1}", "]d1P1:S:{0}{{GS}}"])
def test_both_codes_are_read_as_they_are_scanned_or_typed(people, visit, patient, written):
    made = syringe(visit, people.nurse)
    spoken = f"{made.code[:5]}-{made.code[5:]}".lower()
    row = read(visit, people.nurse, patient=patient, code=written.format(made.code, spoken))
    made.refresh_from_db()
    assert (row.passed, row.syringe, made.started_at) == (True, made, NOW)
    assert AuditEvent.objects.get(verb="time_out.passed").detail == {"treatment": str(visit.pk), "syringe": str(made.pk)}


@pytest.mark.parametrize(
    ("patient", "says"),
    [
        ("P1:P:P00099", "“P00099” is not the number of this patient"),
        ("P00099", "“P00099” is not the number of this patient"),
        ("", "“” is not the number"),
        ("P1:S:AAAAA22222", "code of a syringe. Read the one of the patient"),
        ("(01)04012345678901(10)L1", "code of a package"),
    ],
)
def test_the_wrong_patient_stops(people, visit, patient, says):
    syringe(visit, people.nurse)
    assert says in stopped(visit, people.nurse, patient=patient)


def test_the_syringe_of_another_patient_stops_and_the_session_stays_stopped(people, visit):
    """Row 45 of the reference: scanning another patient's syringe stops the session."""
    mine, theirs = syringe(visit, people.nurse), syringe(planned_visit(people), people.nurse)
    assert "of another patient" in stopped(visit, people.nurse, code=theirs.code)
    assert (TimeOut.objects.get().syringe, TimeOut.objects.get().syringe_code) == (theirs, theirs.code)
    full = full_entry(visit, lots=[])
    with pytest.raises(Refused, match="The last time-out stopped"):
        sign_treatment(visit=visit, entry=full, by=people.practitioner, at=NOW)
    read(visit, people.nurse, code=mine.code)
    assert sign_treatment(visit=visit, entry=full, by=people.practitioner, at=NOW).state == "signed"


def of_the_next_visit(visit, made):
    Syringe.objects.filter(pk=made.pk).update(treatment=factories.visit(visit.course, number=99))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda visit, made: Syringe.objects.update(look="not_said"), "Nobody has looked"),
        (lambda visit, made: Syringe.objects.update(look="particles"), "seen with particles"),
        (lambda visit, made: Lot.objects.update(state="recalled"), "is recalled"),
        (lambda visit, made: discard_syringe(syringe=made, reason="fell", by=visit.created_by, at=NOW), "was discarded"),
        (lambda visit, made: compose_blend(course=visit.course, parts=[Part("lidocaine_2pct", Decimal(2))], by=visit.created_by, at=NOW), "was changed since"),
        (of_the_next_visit, "was made for another visit of this patient"),
    ],
)  # fmt: skip
def test_a_syringe_that_must_not_be_given_stops(people, visit, spoil, says):
    made = syringe(visit, people.nurse)
    spoil(visit, made)
    assert says in stopped(visit, people.nurse, code=made.code)


@pytest.mark.parametrize(("code", "says"), [("P1:V:AAAAA22222", "code of a vial"), ("(01)04012345678901(10)L1", "code of a package"), ("?", "bears the code")])
def test_what_is_no_syringe_is_named(people, visit, code, says):
    assert says in stopped(visit, people.nurse, code=code)


def test_a_syringe_begins_once_and_its_time_runs_out_before(people, visit):
    made = syringe(visit, people.nurse)
    assert "was good until" in stopped(visit, people.nurse, at=LATER)
    read(visit, people.nurse)
    read(visit, people.nurse, at=LATER)
    made.refresh_from_db()
    assert made.started_at == NOW


def test_the_same_form_is_read_once(people, visit):
    syringe(visit, people.nurse)
    token = uuid.uuid4()
    read(visit, people.nurse, token=token, location="/there/")
    with pytest.raises(AlreadyDone):
        read(visit, people.nurse, token=token)
    assert TimeOut.objects.count() == 1


@pytest.mark.parametrize("role", ["front_desk", "owner"])
def test_others_read_no_codes_and_strangers_find_no_visit(people, visit, role):
    syringe(visit, people.nurse)
    with pytest.raises(NotAllowed):
        read(visit, getattr(people, role))
    with pytest.raises(Treatment.DoesNotExist):
        read(visit, people.stranger)
    assert not TimeOut.objects.exists()


def test_what_is_signed_is_read_no_more(people, visit):
    sign_treatment(visit=visit, entry=full_entry(visit), by=people.practitioner, at=NOW)
    with pytest.raises(Refused, match="signed and locked"):
        read(visit, people.nurse)


@pytest.mark.parametrize("number", ["P000012", "A 12%", "Å/7", "0012"])
def test_a_patients_code_leads_back_to_the_number(people, number):
    visit = planned_visit(people, number=number)
    consented(visit, people.practitioner)
    syringe(visit, people.nurse)
    assert read(visit, people.nurse, patient=str(of_patient(Patient.objects.get(pk=visit.patient_id).number))).passed
    read_codes(visit, people.nurse)  # nothing is left to read
    assert TimeOut.objects.count() == 1
