"""Scores are entered and read over time."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from pistor.clinic.outcomes.forms import ScoreForm
from pistor.knowledge import load
from pistor.records.outcomes import ScaleScore
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    given = TODAY - dt.timedelta(days=14)
    course = factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine")
    return factories.visit(course, given_on=given, planned_on=given, state="signed", signed_at=NOW, signed_by=people.practitioner, sha256="x")


def enter(client, visit, value="", scale="nrs", days=0, **fields):
    day = (TODAY + dt.timedelta(days=days)).isoformat()
    data = {"token": uuid.uuid4(), "total": value, "measured_on": day, **fields}
    return client.post(f"/visits/{visit.pk}/outcomes/", {"scale": scale, **{f"{scale}-{key}": item for key, item in data.items()}})


def test_the_change_is_said_against_each_published_difference(visit, people, as_):
    client = as_(people.nurse)
    assert enter(client, visit, "8", days=-20).status_code == 302
    assert enter(client, visit, "6").status_code == 302
    text = client.get(f"/visits/{visit.pk}/outcomes/").content.decode()
    assert "better by 2 points (25 %)" in text
    assert "reaches the published minimal important difference of 1 point " in text
    assert "is below the published minimal important difference of 33 %" in text
    assert "<svg" in text
    assert "The same as a table" in text


def test_a_scale_without_a_published_difference_says_so(people, as_):
    course = factories.course(factories.patient(people.practitioner), application="fat", indication="submental_fat", zone="submental")
    visit = factories.visit(course)
    client = as_(people.nurse)
    enter(client, visit, "3", scale="smfrs_cr")
    assert "MCID unknown" in client.get(f"/visits/{visit.pk}/outcomes/").content.decode()


@pytest.mark.parametrize("typed", ["5.5", "5,5", " 5.50 "])
def test_a_score_is_typed_with_a_point_or_a_comma(visit, people, as_, typed):
    assert enter(as_(people.nurse), visit, typed).status_code == 302
    assert ScaleScore.objects.get().score == Decimal("5.5")


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"value": "11"}, 409, "not between 0 and 10"),
        ({"value": "-1"}, 409, "not between 0 and 10"),
        ({"value": "NaN"}, 422, "Enter a number"),
        ({"value": ""}, 409, "has no score"),
        ({"value": "5", "days": 1}, 409, "lies in the future"),
        ({"value": "5", "scale": "nothing"}, 422, "not one of this indication"),
        ({"value": "5", "scale": "dlqi"}, 422, "not one of this indication"),
        ({"value": "5", "not_assessed_reason": "no time"}, 409, "Keep one of the two"),
    ],
)
def test_an_impossible_score_is_refused_and_nothing_is_kept(visit, people, as_, fields, status, says):
    answer = enter(as_(people.nurse), visit, **fields)
    assert answer.status_code == status
    assert says in answer.content.decode()
    assert 'type="number"' not in answer.content.decode(), "the browser would drop what it cannot read"
    assert not ScaleScore.objects.exists()


def test_not_assessed_needs_a_reason_and_is_shown(visit, people, as_):
    client = as_(people.nurse)
    assert enter(client, visit, not_assessed_reason="in a hurry").status_code == 302
    assert "Last time not assessed: in a hurry" in client.get(f"/visits/{visit.pk}/outcomes/").content.decode()


def test_the_front_desk_and_strangers_stay_out(visit, people, as_):
    assert enter(as_(people.front_desk), visit, "5").status_code == 403
    assert enter(as_(people.stranger), visit, "5").status_code == 404
    assert enter(as_(people.owner), visit, "5").status_code == 403


def test_a_scale_of_several_items_asks_for_each_with_its_own_range():
    scale = load().scales["mmasi"]
    entered = {"forehead_area": "3", "forehead_darkness": "2,0", "chin_area": ""}
    form = ScoreForm({"mmasi-token": str(uuid.uuid4()), "mmasi-measured_on": "2026-11-01", **{f"mmasi-{key}": value for key, value in entered.items()}}, scale=scale, today=TODAY)
    assert [field.label for field in form.item_fields()] == [item.text for item in scale.items]
    assert "From 0 to 6" in form["forehead_area"].help_text
    assert "3 marked" in form["forehead_darkness"].help_text
    assert form.is_valid(), form.errors
    assert form.answers() == {"forehead_area": 3, "forehead_darkness": 2}
