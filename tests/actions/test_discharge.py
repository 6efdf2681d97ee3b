"""A patient leaves when the clinic's time is over, or with a reason; noted once and locked."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, transaction

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.discharge import discharge, set_observation
from pistor.actions.summaries import leaving_words
from pistor.care.journey import steps
from pistor.records.audit import AuditEvent
from pistor.records.discharge import Discharge, leaving_of, may_leave
from pistor.records.library import library_of
from pistor.records.summaries import TreatmentSummary
from pistor.records.visit import facts_of
from tests import ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def later(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


@pytest.fixture
def signed(people):
    """Signed at 10:00 in Paris, in a clinic that watches for 15 minutes; not watched before."""
    set_observation(minutes=15, by=people.owner, at=NOW)
    people.clinic.refresh_from_db()
    for person in (people.practitioner, people.nurse):
        person.clinic = people.clinic
    visit = ready.planned_visit(people)
    ready.consented(visit, people.practitioner)
    visit = ready.sign_treatment(visit=visit, entry=ready.full_entry(visit), by=people.practitioner, at=NOW)
    visit.observed_minutes = None  # as once it is no longer asked before signing
    return visit


def leave(visit, by, minutes=15, **more):
    return discharge(visit=visit, by=by, **{"last_point_at": NOW, "left_at": later(minutes), "at": later(60), **more})


def test_it_is_refused_until_the_time_is_over_or_a_reason_is_given(people, signed):
    with pytest.raises(Refused, match="watches for 15 minutes, here until 10:15"):
        leave(signed, people.nurse, 14)
    assert not Discharge.objects.exists()
    row = leave(signed, people.nurse, 14, reason="her taxi waited")
    assert (row.minutes, row.asked_minutes, row.reason) == (14, 15, "her taxi waited")
    with pytest.raises(Refused, match="noted already"):
        leave(signed, people.nurse)


def test_it_is_noted_with_its_minutes_audited_and_printed(people, signed):
    token = uuid.uuid4()
    row = leave(signed, people.nurse, 20, reason="not needed", token=token)
    assert (row.minutes, row.reason) == (20, "")
    assert AuditEvent.objects.get(verb="treatment.discharged").detail["minutes"] == 20
    assert [kept.occasion for kept in TreatmentSummary.objects.order_by("created_at")] == ["signed", "discharge"]
    with pytest.raises(AlreadyDone):
        leave(signed, people.nurse, token=token)


def test_without_a_rule_nothing_is_demanded(people, signed):
    set_observation(minutes=None, by=people.owner, at=NOW)
    people.nurse.clinic.refresh_from_db()
    row = leave(signed, people.nurse, 0)
    assert (row.minutes, row.asked_minutes) == (0, None)


def test_it_is_locked(people, signed):
    leave(signed, people.nurse)
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        Discharge.objects.update(minutes=60)
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        Discharge.objects.all()._raw_delete("default")


def test_the_task_list_says_from_when_on_and_then_when(people, signed):
    def word(on=TODAY):
        return next(step.detail for step in steps(facts_of(signed, library_of(signed.clinic), on)) if step.name == "treatment")

    assert may_leave(signed) == later(15)
    assert word() == "signed, may leave at 10:15"
    assert word(TODAY + dt.timedelta(days=1)) == ""  # nobody waits for a patient of yesterday
    leave(signed, people.nurse, 20)
    assert word() == "signed, left at 10:20"


def test_minutes_that_were_watched_before_signing_count(people, signed):
    signed.observed_minutes = 10
    assert may_leave(signed) == later(5)
    signed.observed_minutes = 60
    assert may_leave(signed) == later(-45)


def test_whoever_was_treated_on_an_earlier_day_is_waited_for_by_nobody(people, signed):
    """The record was saved yesterday and signed today: the patient is gone."""
    signed.given_on = TODAY - dt.timedelta(days=1)
    assert may_leave(signed) is None
    assert leaving_of(signed, TODAY) == ""
    assert leaving_words(signed, None, TODAY) == "Leaving was not noted."


def test_a_clinic_without_a_rule_proposes_none(people):
    visit = ready.signed_visit(people)
    assert may_leave(visit) is None
    assert leaving_of(visit, TODAY) == "signed, leaving not noted"


def test_only_a_signed_treatment_and_only_who_treats(people):
    visit = ready.planned_visit(people)
    with pytest.raises(Refused, match="signed first"):
        leave(visit, people.nurse)
    assert leaving_of(visit, TODAY) == ""
    with pytest.raises(NotAllowed):
        leave(visit, people.owner)
    with pytest.raises(type(visit).DoesNotExist):
        leave(visit, people.stranger)


def test_the_owner_sets_the_rule_within_a_day(people):
    for minutes in (-1, 1441):
        with pytest.raises(Refused, match="0 to 1440"):
            set_observation(minutes=minutes, by=people.owner, at=NOW)
    for by in (people.practitioner, people.nurse, people.front_desk):
        with pytest.raises(NotAllowed):
            set_observation(minutes=15, by=by, at=NOW)
    assert set_observation(minutes=0, by=people.owner, at=NOW).observation_minutes == 0
    assert AuditEvent.objects.get(verb="clinic.observation").detail == {"before": None, "after": 0}
