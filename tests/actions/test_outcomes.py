"""Scores are new rows, and only those before the first treatment are baselines."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.actions.core import NotAllowed, Refused
from pistor.actions.outcomes import record_score
from pistor.knowledge import load
from pistor.records.outcomes import ScaleScore, baseline_and_latest, scores_of
from tests import factories, ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    given = TODAY - dt.timedelta(days=7)
    course = factories.course(factories.patient(people.practitioner))
    return factories.visit(course, given_on=given, state="signed", signed_at=NOW, signed_by=people.practitioner, sha256="x")


def enter(by, visit, value=None, days=0, **fields):
    items = None if value is None else {"total": Decimal(value)}
    return record_score(by=by, at=NOW, token=None, treatment=visit, scale="nrs", items=items, measured_on=TODAY + dt.timedelta(days=days), **fields)


@pytest.mark.parametrize(("days", "baseline"), [(-30, True), (-8, True), (-7, False), (-1, False), (0, False)])
def test_a_score_before_the_first_treatment_is_the_baseline(people, visit, days, baseline):
    assert enter(people.nurse, visit, "5", days).is_baseline is baseline


def test_a_second_score_of_the_day_counts_and_the_first_stays(people, visit):
    enter(people.nurse, visit, "5")
    enter(people.nurse, visit, "3")
    assert ScaleScore.objects.count() == 2
    assert [row.score for row in scores_of(visit.course)] == [Decimal(3)]


def test_not_assessed_replaces_a_score_of_the_day_and_is_no_zero(people, visit):
    enter(people.nurse, visit, "5")
    row = enter(people.nurse, visit, not_assessed_reason="wrong patient")
    assert row.score is None
    assert scores_of(visit.course) == []


def test_the_last_before_and_the_last_after_are_compared(people, visit):
    for value, days in (("9", -30), ("8", -10), ("6", -3), ("4", 0)):
        enter(people.nurse, visit, value, days)
    before, after = baseline_and_latest(scores_of(visit.course), "nrs")
    assert (before.score, after.score) == (8, 4)


@pytest.mark.parametrize(
    ("value", "fields", "says"),
    [(None, {}, "has no score"), ("11", {}, "not between"), ("5", {"days": 1}, "future"), ("5", {"not_assessed_reason": "x"}, "Keep one")],
)
def test_the_impossible_is_refused(people, visit, value, fields, says):
    with pytest.raises(Refused, match=says):
        enter(people.nurse, visit, value, **fields)
    assert not ScaleScore.objects.exists()


def test_front_desk_and_strangers_cannot(people, visit):
    with pytest.raises(NotAllowed):
        enter(people.front_desk, visit, "5")
    with pytest.raises(Refused, match="not of your clinic"):
        enter(people.stranger, visit, "5")


def test_a_score_after_the_first_treatment_leaves_that_days_baseline(people):
    visit = ready.signed_visit(people)
    baseline, _ = baseline_and_latest(scores_of(visit.course), "nrs")
    record_score(by=people.practitioner, at=NOW, token=None, treatment=visit, scale="nrs", measured_on=TODAY, items={load().scales["nrs"].items[0].id: Decimal(3)})
    before, after = baseline_and_latest(scores_of(visit.course), "nrs")
    assert (before, after.score) == (baseline, Decimal(3))
