"""Starting a course, and setting its dates."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.course import start_course
from pistor.records.course import Course
from pistor.records.treatment import Treatment
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def start(people, **fields):
    values = {"by": people.practitioner, "at": NOW, "token": None, "patient": None, "indication": "neck_pain", **fields}
    values["patient"] = values["patient"] or factories.patient(people.practitioner)
    return start_course(**values)


def test_a_new_course_has_its_first_visit_open_today_and_takes_country_and_policy_from_the_clinic(people):
    visit = start(people, goal="Turn the head while driving")
    course = visit.course
    assert (visit.number, visit.state, visit.planned_on) == (1, "open", dt.date(2026, 11, 23))
    assert (course.state, course.jurisdiction, course.policy) == ("planning", "FR", people.clinic.policy)
    assert (course.application, course.zone, course.protocol) == ("pain", "neck", "neck_pain_lidocaine")
    assert course.goal == "Turn the head while driving"


def test_the_day_is_the_clinics_own_and_not_the_servers(people):
    visit = start(people, at=dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC))  # past midnight in Paris
    assert visit.planned_on == dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"indication": "warts"}, "no known indication"),
        ({"zone": "nose"}, "no known zone"),
        ({"zone": "hand"}, "not treated in the zone"),
        ({"protocol": "alopecia_minoxidil"}, "not one for"),
    ],
)
def test_what_the_knowledge_base_does_not_offer_is_refused_and_nothing_is_written(people, fields, says):
    with pytest.raises(Refused, match=says):
        start(people, **fields)
    assert not Course.objects.exists()


def test_no_course_is_started_for_someone_who_has_died(people):
    with pytest.raises(Refused, match="died"):
        start(people, patient=factories.patient(people.practitioner, deceased_on=dt.date(2026, 1, 1)))


def test_a_patient_of_another_clinic_is_not_found(people):
    with pytest.raises(Refused, match="not in your clinic"):
        start(people, patient=factories.patient(people.stranger))


def test_a_form_sent_twice_starts_one_course(people):
    patient, token = factories.patient(people.practitioner), uuid.uuid4()
    visit = start(people, patient=patient, token=token)
    with pytest.raises(AlreadyDone) as done:
        start(people, patient=patient, token=token)
    assert str(visit.pk) in done.value.location
    assert Treatment.objects.count() == 1


def test_the_front_desk_starts_no_course(people):
    with pytest.raises(NotAllowed):
        start(people, by=people.front_desk)
