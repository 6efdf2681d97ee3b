"""What every action relies on: once, never over a newer state, one chain of events, whoever comes at the same time."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from pistor.actions.consultation import add_patient, edit_patient
from pistor.actions.core import AlreadyDone, NotAllowed, Refused, Stale, audit, lead_to_result, unit_of_work
from pistor.records.audit import AuditEvent, AuditHead, verify_chain
from pistor.records.consultation import Patient
from pistor.records.drafts import Submission
from pistor.records.people import Capability
from tests import factories
from tests.conftest import NOW

together = pytest.mark.django_db(transaction=True)


def at_once(number: int, do):
    """``do(n)`` from ``number`` threads that start together; what each returned or raised."""
    gate = threading.Barrier(number)

    def one(n: int):
        try:
            gate.wait(20)
            return do(n)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@together
def test_eight_people_add_patients_at_once_and_every_number_is_given_once(people):
    users = [factories.user(people.clinic, "front_desk") for _ in range(8)]

    def several(n):
        return [add_patient(by=users[n], at=NOW, token=uuid.uuid4(), family_name=f"Name{n}", given_name=str(i)) for i in range(5)]

    results = at_once(8, several)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert Patient.objects.values("number").distinct().count() == Patient.objects.count() == 40
    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 41))
    assert verify_chain(people.clinic) == []


@together
def test_one_form_sent_eight_times_at_once_makes_one_patient(people):
    form = uuid.uuid4()
    results = at_once(8, lambda n: add_patient(by=people.nurse, at=NOW, token=form, family_name="Dubois"))
    patient = Patient.objects.get()
    assert [result for result in results if isinstance(result, Patient)] == [patient]
    places = [result.location for result in results if isinstance(result, AlreadyDone)]
    assert places == [f"/patients/{patient.pk}/"] * 7
    assert AuditEvent.objects.count() == 1


@together
def test_of_eight_edits_of_one_state_one_is_taken_and_seven_are_told(people):
    patient = factories.patient(people.practitioner, phone="")

    def one(n):
        return edit_patient(by=people.nurse, at=NOW, token=uuid.uuid4(), patient=Patient.objects.get(pk=patient.pk), version=1, phone=f"0{n}")

    results = at_once(8, one)
    assert sorted(type(result).__name__ for result in results) == ["Patient"] + ["Stale"] * 7
    patient.refresh_from_db()
    assert patient.version == 2
    assert patient.phone == next(result for result in results if isinstance(result, Patient)).phone


@together
def test_the_first_events_of_a_new_clinic_may_come_together(people):
    patients = [factories.patient(people.practitioner) for _ in range(8)]
    assert not AuditHead.objects.exists()

    def one(n):
        with unit_of_work(by=people.nurse, capability=Capability.TAKE_HISTORY, verb="look", token=None, at=NOW):
            return audit(by=people.nurse, verb="look", subject=patients[n], at=NOW, patient_id=patients[n].pk)

    results = at_once(8, one)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert verify_chain(people.clinic) == []
    assert AuditEvent.objects.count() == 8


@together
def test_two_clinics_do_not_wait_in_one_chain(people):
    at_once(8, lambda n: add_patient(by=people.nurse if n % 2 else people.stranger, at=NOW, token=uuid.uuid4(), family_name=f"N{n}"))
    for clinic in (people.clinic, people.stranger.clinic):
        assert verify_chain(clinic) == []
        assert AuditEvent.objects.filter(clinic=clinic).count() == 4


@pytest.mark.django_db(transaction=True)
def test_an_action_that_fails_half_way_leaves_nothing(people):
    patient = factories.patient(people.practitioner)
    form = uuid.uuid4()
    with pytest.raises(Refused), unit_of_work(by=people.nurse, capability=Capability.EDIT_PATIENTS, verb="x", token=form, at=NOW):
        audit(by=people.nurse, verb="x", subject=patient, at=NOW)
        raise Refused("No.")
    assert AuditEvent.objects.count() == Submission.objects.count() == 0
    assert verify_chain(people.clinic) == []
    add_patient(by=people.nurse, at=NOW, token=form, family_name="Dubois")  # so the same form can be corrected and sent again
    with pytest.raises(AlreadyDone):
        lead_to_result(by=people.nurse, token=form)


@pytest.mark.django_db
def test_the_token_of_someone_else_leads_nowhere_near_their_result(people):
    form = uuid.uuid4()
    add_patient(by=people.practitioner, at=NOW, token=form, family_name="Dubois")
    lead_to_result(by=people.stranger, token=form)
    with pytest.raises(AlreadyDone) as done:
        add_patient(by=people.stranger, at=NOW, token=form, family_name="Other")
    assert done.value.location == ""


@pytest.mark.django_db
def test_a_stale_version_says_who_and_when_and_changes_nothing(people):
    patient = factories.patient(people.practitioner)
    edit_patient(by=people.nurse, at=NOW, token=None, patient=patient, version=1, phone="01")
    with pytest.raises(Stale) as stale:
        edit_patient(by=people.front_desk, at=NOW, token=None, patient=patient, version=1, phone="02")
    assert people.nurse.printed_name in str(stale.value)
    assert "09:00 on 23 Nov 2026" in str(stale.value)
    assert Patient.objects.get(pk=patient.pk).phone == "01"


@pytest.mark.django_db
def test_a_stranger_edits_nobody_here(people):
    patient = factories.patient(people.practitioner)
    with pytest.raises(Refused):
        edit_patient(by=people.stranger, at=NOW, token=None, patient=patient, version=1, phone="02")
    assert Patient.objects.get(pk=patient.pk).phone == ""


@pytest.mark.django_db
def test_nobody_acts_without_a_role_or_a_clinic(people):
    nobody, left = factories.user(None, "practitioner"), people.nurse
    left.is_active = False
    for by in (nobody, left):
        with pytest.raises(NotAllowed):
            add_patient(by=by, at=NOW, token=uuid.uuid4(), family_name="Dubois")
    assert Patient.objects.count() == 0


@together
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL waits for the disk at every commit")
def test_an_action_waits_for_the_disk_and_nothing_else_does(people):
    def waits() -> int:
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA synchronous").fetchone()[0]

    full, normal = 2, 1
    assert waits() == normal
    with unit_of_work(by=people.nurse, capability=Capability.EDIT_PATIENTS, verb="test", token=None, at=NOW):
        assert waits() == full
    assert waits() == normal
    with pytest.raises(Refused), unit_of_work(by=people.nurse, capability=Capability.EDIT_PATIENTS, verb="test", token=None, at=NOW):
        raise Refused("no")
    assert waits() == normal
