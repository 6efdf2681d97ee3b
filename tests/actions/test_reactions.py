"""Reports keep the triage they got, and nothing impossible is kept."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.reactions import follow_up_reaction, report_reaction
from pistor.records.audit import AuditEvent, verify_chain
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import ZoneDose
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    given = TODAY - dt.timedelta(days=33)
    return factories.visit(factories.course(factories.patient(people.practitioner)), given_on=given, planned_on=given)


def report(by, visit, **fields):
    values = {"at": NOW, "token": None, "treatment": visit, "began_on": TODAY, "signs": ["lump"], **fields}
    return report_reaction(by=by, **values)


def test_a_report_keeps_level_windows_and_version_of_the_knowledge(people, visit, library):
    row = report(people.nurse, visit, sites=3)
    assert row.level == "today"
    assert row.triage["level"] == "today"
    assert "ntm" in [suspect["id"] for suspect in row.triage["suspects"]]
    assert row.knowledge_version == library.version
    assert AuditEvent.objects.filter(verb="report_reaction", subject_id=row.pk).exists()
    assert "lump" not in str(AuditEvent.objects.get(subject_id=row.pk).detail)
    assert verify_chain(people.clinic) == []


def test_lumps_after_a_later_treatment_count_from_the_first_of_the_same_zone(people, visit):
    later = factories.visit(visit.course, number=2, given_on=TODAY - dt.timedelta(days=2), planned_on=TODAY - dt.timedelta(days=2))
    row = report(people.nurse, later, sites=3)
    assert row.level == "today"
    assert any("before any antibiotic" in item for item in row.triage["work_up"])
    elsewhere = factories.course(visit.patient, zone="lumbar", indication="low_back_pain")
    other = factories.visit(elsewhere, given_on=TODAY - dt.timedelta(days=2), planned_on=TODAY - dt.timedelta(days=2))
    assert report(people.nurse, other, sites=3).level == "this_week"


@pytest.mark.parametrize(
    ("doses", "on_the_skin", "suspected"), [({"water_for_injections": "400"}, (), False), ({"water_for_injections": "400"}, ("lidocaine",), True), ({}, (), True)]
)
def test_a_local_anaesthetic_is_suspected_only_where_one_was_given_or_nothing_is_known(people, doses, on_the_skin, suspected):
    course = factories.course(factories.patient(people.practitioner), indication="low_back_pain", zone="lumbar", protocol="low_back_pain_sterile_water")
    products = [{"ingredient": id_, "dose_mg": None} for id_ in on_the_skin]
    given = factories.visit(course, given_on=TODAY, planned_on=TODAY, anaesthesia={"method": "topical" if products else "none", "products": products})
    if doses:
        ZoneDose.objects.create(
            clinic=given.clinic, created_at=NOW, created_by=given.created_by, treatment=given, zone="lumbar", side="left", technique="iswi", points=4,
            volume_ml="0.4", doses=doses,
        )  # fmt: skip
    row = report(people.nurse, given, signs=["collapse"])
    assert row.level == "emergency"
    assert ("last" in [suspect["id"] for suspect in row.triage["suspects"]]) is suspected


def test_the_patients_words_are_read_for_signs_nobody_ticked(people, visit):
    newest = factories.visit(factories.course(factories.patient(people.practitioner)), given_on=TODAY, planned_on=TODAY)
    row = report(people.nurse, newest, signs=["tenderness"], description="a bump that oozes")
    assert row.level == "this_week"
    assert row.triage["missing"] == ["signs"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"began_on": TODAY + dt.timedelta(days=1)}, "future"),
        ({"began_on": TODAY - dt.timedelta(days=34)}, "before this treatment"),
        ({"signs": []}, "No sign is ticked"),
        ({"signs": ["plague"]}, "plague"),
        ({"sites": -1}, "between 0 and 1000"),
    ],
)
def test_the_impossible_is_refused_and_leaves_no_trace(people, visit, fields, says):
    with pytest.raises(Refused, match=says):
        report(people.nurse, visit, **fields)
    assert not ReactionReport.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_report_sent_twice_is_kept_once(people, visit):
    token = uuid.uuid4()
    report(people.nurse, visit, token=token)
    with pytest.raises(AlreadyDone):
        report(people.nurse, visit, token=token)
    assert ReactionReport.objects.count() == 1


def test_front_desk_and_strangers_cannot(people, visit):
    with pytest.raises(NotAllowed):
        report(people.front_desk, visit)
    with pytest.raises(Refused, match="not of your clinic"):
        report(people.stranger, visit)


def test_a_follow_up_is_a_new_row_and_needs_words(people, visit):
    row = report(people.nurse, visit)
    for action, outcome in (("", "resolved"), ("seen", "forgotten")):
        with pytest.raises(Refused):
            follow_up_reaction(by=people.nurse, at=NOW, token=None, report=row, action=action, outcome=outcome)
    follow_up_reaction(by=people.nurse, at=NOW, token=None, report=row, action="seen", outcome="ongoing")
    follow_up_reaction(by=people.nurse, at=NOW, token=None, report=row, action="gone", outcome="resolved")
    assert row.follow_ups.count() == 2
