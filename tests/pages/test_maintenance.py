"""The evaluation point on the page."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from pistor.records.maintenance import MaintenanceDecision
from pistor.records.outcomes import ScaleScore
from pistor.records.treatment import Treatment
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    patient = factories.patient(people.practitioner)
    course = factories.course(patient, protocol="neck_pain_lidocaine", evaluation_after_treatments=1, sessions=3, interval_days=7)
    given = TODAY - dt.timedelta(days=7)
    return factories.visit(course, given_on=given, planned_on=given, state="signed", signed_at=NOW, signed_by=people.practitioner, sha256="x")


def scored(visit, before, after):
    for value, baseline, days in ((before, True, -10), (after, False, 0)):
        ScaleScore.objects.create(
            clinic=visit.clinic, created_at=NOW, patient=visit.patient, course=visit.course, treatment=visit, scale="nrs",
            items={"total": str(value)}, score=value, measured_on=TODAY + dt.timedelta(days=days), is_baseline=baseline,
        )  # fmt: skip


def decide(client, visit, choice, **fields):
    visit.course.refresh_from_db()
    data = {"token": uuid.uuid4(), "version": visit.course.version, "choice": choice, "next_on": "", "reason": "", **fields}
    return client.post(f"/visits/{visit.pk}/maintenance/", data)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [(8, 6, "Suggested: continue"), ("8.0", "7.5", "Suggested: stop or change"), (6, 8, "Suggested: refer or stop")],
)
def test_the_suggestion_follows_the_scores(visit, people, as_, before, after, says):
    scored(visit, before, after)
    assert says.casefold() in as_(people.practitioner).get(f"/visits/{visit.pk}/maintenance/").content.decode().casefold()


def test_without_scores_the_clinician_judges(visit, people, as_):
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/maintenance/").content.decode()
    assert "The clinician judges" in text
    assert "No baseline of NRS" in text


def test_continue_plans_the_next_treatment(visit, people, as_):
    scored(visit, 8, 4)
    assert decide(as_(people.practitioner), visit, "continue", next_on=TODAY.isoformat()).status_code == 302
    assert Treatment.objects.get(course=visit.course, number=2).planned_on == TODAY


def test_deciding_otherwise_needs_a_reason(visit, people, as_):
    scored(visit, 8, 4)
    refused = decide(as_(people.practitioner), visit, "stop")
    assert refused.status_code == 409
    assert "Write down why" in refused.content.decode()
    assert not MaintenanceDecision.objects.exists()
    assert decide(as_(people.practitioner), visit, "stop", reason="The patient moves away").status_code == 302


def test_a_stale_page_is_told_who_was_faster_and_keeps_what_was_typed(visit, people, as_):
    scored(visit, 8, 4)
    answer = decide(as_(people.practitioner), visit, "continue", next_on=TODAY.isoformat(), reason="typed words", version=0)
    assert answer.status_code == 409
    assert "changed this record" in answer.content.decode()
    assert "typed words" in answer.content.decode()
    assert not MaintenanceDecision.objects.exists()


def test_a_nurse_sees_and_cannot_decide(visit, people, as_):
    assert as_(people.nurse).get(f"/visits/{visit.pk}/maintenance/").status_code == 200
    assert decide(as_(people.nurse), visit, "stop", reason="x").status_code == 403
    assert decide(as_(people.stranger), visit, "stop", reason="x").status_code == 404
