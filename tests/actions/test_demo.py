"""The demo clinic: invented, whole, made once, and at odds with no rule of the knowledge base."""

from __future__ import annotations

import hashlib

import pytest
from django.db import transaction

from pistor.actions.demo import NAME, PATIENTS, READY, load_demo
from pistor.actions.syringes import missing_from_prescriptions
from pistor.care.syringe import unusable
from pistor.knowledge import load
from pistor.records.consent import Consent
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.devices import DeviceUse
from pistor.records.intent import candidacy_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.people import Clinic, User
from pistor.records.reactions import ReactionReport
from pistor.records.stock import Lot
from pistor.records.summaries import TreatmentSummary
from pistor.records.syringes import Syringe, syringe_facts
from pistor.records.treatment import Treatment, ZoneDose
from pistor.records.visit import facts_of
from tests.conftest import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]  # one worker, one load


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """Made once for this file: each test begins with it and leaves it as it was."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert load_demo(at=NOW, password="only for this test")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db):
    return Clinic.objects.get(name=NAME)


def test_it_has_more_than_two_hundred_invented_patients_in_all_applications_and_stages(demo):
    patients = Patient.objects.of(demo)
    assert patients.count() == PATIENTS >= 220
    assert all(number.startswith("DEMO-") for number in patients.values_list("number", flat=True))
    assert set(Course.objects.of(demo).values_list("application", "state")) >= {
        (application, state) for application in ("pain", "skin", "hair", "fat") for state in ("planning", "active", "maintenance", "stopped", "referred")
    }
    assert any(not name.isascii() for name in patients.values_list("family_name", flat=True))


def test_a_second_load_changes_nothing(demo):
    counts = [model.objects.count() for model in (Clinic, User, Patient, Treatment)]
    assert not load_demo(at=NOW, password="y")
    assert [model.objects.count() for model in (Clinic, User, Patient, Treatment)] == counts


def test_signed_treatments_are_whole_and_their_hash_is_of_their_content(demo):
    signed = Treatment.objects.of(demo).filter(state="signed")
    assert signed.count() > 100
    for treatment in signed:
        assert hashlib.sha256(treatment.signed_content.encode()).hexdigest() == treatment.sha256
        assert treatment.given_on <= TODAY
    assert ZoneDose.objects.of(demo).values("treatment").distinct().count() == signed.count()
    assert Consent.objects.of(demo).exists()
    assert ReactionReport.objects.of(demo).exists()


def test_the_summary_of_the_last_treatment_is_kept_for_whoever_comes_within_a_week(demo):
    kept = TreatmentSummary.objects.of(demo).select_related("document", "treatment")
    assert len(kept) > 10
    for row in kept:
        assert row.treatment.state == "signed" and bytes(row.document.content).startswith(b"%PDF")
        assert Treatment.objects.filter(course=row.treatment.course_id, number=row.treatment.number + 1, state__in=("open", "planned")).exists()


def test_one_patient_for_each_application_stands_ready_today_and_nothing_stops_the_treatment(demo):
    for application, (family, given) in READY.items():
        course = Course.objects.of(demo).get(patient__family_name=family, patient__given_name=given)
        assert course.application == application
        visit = course.treatments.get()
        assert (visit.state, visit.number) == ("open", 1)
        now = candidacy_of(course, TODAY)
        assert now.verdict.state.value in ("eligible", "eligible_with_conditions"), now.verdict.findings
        assert not now.stops
        assert not now.questions


def test_what_was_consented_to_is_what_is_planned_and_every_past_course_has_its_map(demo):
    for application in ("pain", "skin", "hair", "fat"):
        visit = Treatment.objects.of(demo).filter(course__application=application, course__state="active", state="planned").first()
        facts = facts_of(visit, load(), TODAY)
        assert (application, facts.consent) == (application, "signed")
        assert facts.map_drawn
        assert not facts.map_problems


def test_today_has_a_full_list(demo):
    assert 8 <= Treatment.objects.of(demo).exclude(state="signed").filter(planned_on__lte=TODAY).count() <= 40


def test_no_deoxycholic_acid_is_given_where_it_is_banned_nor_any_lot_that_was_not_usable(demo):
    assert demo.jurisdiction not in ("FR", "")
    assert not Lot.objects.of(demo).filter(uses__isnull=False).exclude(state="usable").exists()
    assert Lot.objects.of(demo).filter(state="recalled").exists()


def test_treated_patients_were_candidates(demo):
    active = Course.objects.of(demo).filter(state="active")
    assert active.exists()
    assert not active.filter(assessments__accepted=False).exists()


def test_one_of_today_has_a_syringe_a_device_and_a_prescription_and_nothing_stands_against_it(demo):
    made = Syringe.objects.of(demo).get(state="ready")
    visit = Treatment.objects.get(pk=made.treatment_id)
    assert (made.state, made.checked_by.role, visit.state) == ("ready", "practitioner", "open")
    facts = syringe_facts(made, latest_blend_and_map(visit.course)[0], demo)
    assert unusable(facts, patient=visit.patient_id, at=NOW, on=TODAY) == ()
    assert DeviceUse.objects.get(treatment=visit).device.cleanings.exists()
    lots = [draw.lot for draw in made.draws.select_related("lot__product")]
    assert missing_from_prescriptions(visit, lots, TODAY, load()) == ()
