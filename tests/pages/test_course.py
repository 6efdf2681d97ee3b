"""The page that sets the dates of a course."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from pistor.records.treatment import Treatment
from tests import factories
from tests.conftest import TODAY

pytestmark = pytest.mark.django_db


def monday():
    return TODAY + dt.timedelta(days=7 - TODAY.weekday())


def visit_of(person, **fields):
    return factories.visit(factories.course(factories.patient(person), **{"protocol": "neck_pain_lidocaine", **fields}), planned_on=monday())


def typed(visit, **fields):
    return {
        "token": str(uuid.uuid4()),
        "version": visit.course.version,
        "start": monday().isoformat(),
        "sessions": "3",
        "interval_days": "7",
        "closed": ["5", "6"],
        "do": "save",
        **fields,
    }


def test_the_page_shows_the_protocols_facts_and_its_dates(people, as_):
    visit = visit_of(people.practitioner)
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/course/").content.decode()
    assert "Stop rule" in text and "3 treatments" in text and "timeline" in text and " style=" not in text


def test_saving_plans_the_later_treatments_and_sets_the_evaluation(people, as_):
    visit = visit_of(people.practitioner)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/course/", typed(visit))
    assert answer.status_code == 302
    days = list(Treatment.objects.filter(course=visit.course).order_by("number").values_list("number", "planned_on", "state"))
    assert days == [(1, monday(), "open"), (2, monday() + dt.timedelta(7), "planned"), (3, monday() + dt.timedelta(14), "planned")]
    visit.course.refresh_from_db()
    assert (visit.course.state, visit.course.evaluation_on, visit.course.evaluation_after_treatments) == ("active", monday() + dt.timedelta(21), 3)


def test_fewer_treatments_later_remove_only_what_is_still_planned(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    client.post(f"/visits/{visit.pk}/course/", typed(visit))
    visit.course.refresh_from_db()
    client.post(f"/visits/{visit.pk}/course/", typed(visit, sessions="2", reason="The patient moves away"))
    assert list(Treatment.objects.filter(course=visit.course).order_by("number").values_list("number", "state")) == [(1, "open"), (2, "planned")]


def test_a_form_sent_twice_plans_once(people, as_):
    visit = visit_of(people.practitioner)
    client, data = as_(people.practitioner), typed(visit)
    for _ in range(2):
        assert client.post(f"/visits/{visit.pk}/course/", data).status_code == 302
    assert Treatment.objects.filter(course=visit.course).count() == 3


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"sessions": "2"}, 409, "Say why"),
        ({"interval_days": "5"}, 409, "Say why"),
        ({"start": "2020-01-06"}, 409, "has passed"),
        ({"start": "soon"}, 422, "Give a day such as"),
        ({"sessions": "0"}, 422, "whole number from 1 to 52"),
        ({"interval_days": "400"}, 422, "whole number from 1 to 365"),
        ({"closed": ["0", "1", "2", "3", "4", "5", "6"]}, 422, "leave at least one open"),
    ],
)
def test_what_cannot_be_planned_is_answered_with_a_sentence_and_writes_nothing(people, as_, fields, status, says):
    visit = visit_of(people.practitioner)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/course/", typed(visit, **fields))
    assert answer.status_code == status and says in answer.content.decode()
    assert Treatment.objects.filter(course=visit.course).count() == 1


def test_more_treatments_than_the_label_allows_are_refused_whatever_the_reason(people, as_):
    visit = visit_of(people.practitioner, application="fat", indication="submental_fat", zone="submental", protocol="submental_deoxycholic_acid")
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/course/", typed(visit, sessions="7", interval_days="30", reason="She wants it"))
    assert answer.status_code == 409 and "at most 6" in answer.content.decode()
    assert Treatment.objects.filter(course=visit.course).count() == 1


def test_a_stale_page_plans_nothing(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.practitioner)
    client.post(f"/visits/{visit.pk}/course/", typed(visit))
    answer = client.post(f"/visits/{visit.pk}/course/", typed(visit, sessions="5", reason="x"))
    assert answer.status_code == 409 and Treatment.objects.filter(course=visit.course).count() == 3


def test_a_course_without_a_protocol_says_so(people, as_):
    visit = visit_of(people.practitioner, protocol="")
    assert "has no protocol" in as_(people.practitioner).get(f"/visits/{visit.pk}/course/").content.decode()


def test_another_clinic_does_not_find_it(people, as_):
    visit = visit_of(people.practitioner)
    client = as_(people.stranger)
    assert client.get(f"/visits/{visit.pk}/course/").status_code == 404
    assert client.post(f"/visits/{visit.pk}/course/", typed(visit)).status_code == 404
