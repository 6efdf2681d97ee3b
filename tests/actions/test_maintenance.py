"""Decisions move the course, once, and never behind somebody's back."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.actions.core import NotAllowed, Refused, Stale
from pistor.actions.maintenance import decide_maintenance
from pistor.records.maintenance import MaintenanceDecision
from pistor.records.outcomes import ScaleScore
from pistor.records.treatment import Treatment
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    patient = factories.patient(people.practitioner)
    course = factories.course(patient, protocol="neck_pain_lidocaine", sessions=3, interval_days=7, evaluation_after_treatments=1)
    given = TODAY - dt.timedelta(days=7)
    return factories.visit(course, given_on=given, planned_on=given, state="signed", signed_at=NOW, signed_by=people.practitioner, sha256="x")


@pytest.fixture
def better(visit):
    for value, baseline in ((8, True), (4, False)):
        ScaleScore.objects.create(
            clinic=visit.clinic, created_at=NOW, patient=visit.patient, course=visit.course, treatment=visit, scale="nrs",
            items={}, score=value, measured_on=TODAY if not baseline else TODAY - dt.timedelta(days=9), is_baseline=baseline,
        )  # fmt: skip


def decide(by, visit, choice, **fields):
    values = {"at": NOW, "token": None, "version": 1, "treatment": visit, "choice": choice, **fields}
    return decide_maintenance(by=by, **values)


@pytest.mark.parametrize(
    ("choice", "fields", "state"),
    [
        ("continue", {"next_on": TODAY}, "active"),
        ("change", {"reason": "r"}, "planning"),
        ("stop", {"reason": "r"}, "stopped"),
        ("refer", {"reason": "r"}, "referred"),
    ],
)
def test_the_course_moves_with_the_decision(people, visit, better, choice, fields, state):
    row = decide(people.practitioner, visit, choice, **fields)
    visit.course.refresh_from_db()
    assert (visit.course.state, visit.course.version) == (state, 2)
    assert row.suggestion["choice"] == "continue"
    assert Treatment.objects.filter(course=visit.course, number=2).exists() is (choice == "continue")


@pytest.mark.parametrize(
    ("choice", "fields", "says"),
    [
        ("continue", {}, "no date"),
        ("continue", {"next_on": TODAY - dt.timedelta(days=1)}, "past"),
        ("stop", {}, "Write down why"),
        ("dance", {}, "not one of"),
    ],
)
def test_what_cannot_be_decided_is_refused(people, visit, better, choice, fields, says):
    with pytest.raises(Refused, match=says):
        decide(people.practitioner, visit, choice, **fields)
    assert not MaintenanceDecision.objects.exists()


def test_going_on_without_a_score_needs_a_reason(people, visit):
    with pytest.raises(Refused, match="cannot be told"):
        decide(people.practitioner, visit, "continue", next_on=TODAY)


def test_a_later_treatment_already_planned_is_not_planned_twice(people, visit, better):
    factories.visit(visit.course, number=2, planned_on=TODAY, state="planned")
    decide(people.practitioner, visit, "continue", next_on=TODAY)
    assert visit.course.treatments.count() == 2


def test_stopping_cancels_what_is_planned_and_ends_the_course(people, visit, better):
    planned = factories.visit(visit.course, number=2, planned_on=TODAY, state="planned")
    decide(people.practitioner, visit, "stop", reason="r")
    planned.refresh_from_db()
    assert planned.state == "cancelled"
    with pytest.raises(Refused, match="was ended"):
        decide(people.practitioner, visit, "continue", next_on=TODAY, version=2)


def test_of_two_people_only_one_decides(people, visit, better):
    decide(people.practitioner, visit, "continue", next_on=TODAY)
    with pytest.raises(Stale):
        decide(people.practitioner, visit, "stop", reason="r", version=1)
    assert MaintenanceDecision.objects.count() == 1


def test_only_those_who_decide(people, visit, better):
    for person in (people.nurse, people.front_desk, people.owner):
        with pytest.raises(NotAllowed):
            decide(person, visit, "stop", reason="r")
    with pytest.raises(Refused, match="not of your clinic"):
        decide(people.stranger, visit, "stop", reason="r")
