"""That options were talked through is kept once, for this clinic, with what was shown."""

from __future__ import annotations

import uuid

import pytest

from pistor.actions.alternatives import record_alternatives_talk
from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.records.alternatives import AlternativesTalk
from pistor.records.audit import AuditEvent
from pistor.records.course import Course
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(people):
    patient = factories.patient(people.practitioner)
    return factories.course(patient, application="fat", indication="submental_fat", zone="submental")


def test_the_talk_keeps_what_was_shown_and_who_held_it(people, course):
    talk = record_alternatives_talk(course=course, preference="liposuction", note=" wants one visit ", by=people.practitioner, at=NOW)
    assert set(talk.shown) == {"cryolipolysis", "deoxycholic_acid_injection", "liposuction", "no_treatment_fat"}
    assert (talk.preference, talk.note, talk.created_by, talk.clinic) == ("liposuction", "wants one visit", people.practitioner, people.clinic)
    event = AuditEvent.objects.get()
    assert event.detail["preference"] == "liposuction"
    assert "wants" not in str(event.detail)


@pytest.mark.parametrize("preference", ["botulinum_toxin", "", "nonsense"])
def test_an_option_that_was_not_shown_is_refused(people, course, preference):
    with pytest.raises(Refused):
        record_alternatives_talk(course=course, preference=preference, by=people.practitioner, at=NOW)
    assert not AlternativesTalk.objects.exists()


def test_the_same_form_is_taken_once(people, course):
    token = uuid.uuid4()
    record_alternatives_talk(course=course, preference="none", by=people.practitioner, at=NOW, token=token)
    with pytest.raises(AlreadyDone):
        record_alternatives_talk(course=course, preference="none", by=people.practitioner, at=NOW, token=token)
    assert AlternativesTalk.objects.count() == 1


def test_the_front_desk_cannot_record_it(people, course):
    with pytest.raises(NotAllowed):
        record_alternatives_talk(course=course, preference="none", by=people.front_desk, at=NOW)


def test_a_stranger_cannot_write_to_another_clinics_course(people, course):
    with pytest.raises(Course.DoesNotExist):
        record_alternatives_talk(course=course, preference="none", by=people.stranger, at=NOW)


def test_a_later_talk_is_a_new_row(people, course):
    record_alternatives_talk(course=course, preference="undecided", by=people.nurse, at=NOW)
    record_alternatives_talk(course=course, preference="none", by=people.practitioner, at=NOW)
    assert AlternativesTalk.objects.count() == 2
