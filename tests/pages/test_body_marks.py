"""Marks on the skin, and what lies over the map of a visit: the pages and the rows behind them."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal

import pytest

from pistor.care.injection_map import Area, Generator, ZonePlan
from pistor.knowledge import load
from pistor.records.audit import AuditEvent
from pistor.records.body_marks import BodyMark
from pistor.records.course import Course
from pistor.records.injection_map import InjectionPlan
from pistor.records.overlays import _points, overlays_of
from pistor.records.plan import map_of
from pistor.records.treatment import ZoneDose
from tests import factories
from tests.conftest import NOW, TODAY
from tests.ready import signed_visit

pytestmark = pytest.mark.django_db


def typed(**fields):
    return {
        "token": str(uuid.uuid4()), "kind": "scar", "text": "after a cyst", "noted_on": TODAY.isoformat(), "map": "neck_back", "x_mm": "200,5", "y_mm": "150",
        "across_mm": "12", "outline": "", **fields,
    }  # fmt: skip


def visit_of(people):
    return factories.visit(factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine"))


def test_a_place_is_marked_shown_on_the_map_and_ended_with_a_reason(people, as_):
    visit, client = visit_of(people), as_(people.nurse)
    address = f"/visits/{visit.pk}/injection-map/marks/"
    assert "None is marked yet" in client.get(address).content.decode()
    assert client.post(address, typed()).status_code == 302
    row = BodyMark.objects.get()
    xs = [x for x, _ in row.outline]
    assert (row.patient_id, row.kind, row.map_version) == (visit.patient_id, "scar", load().body_maps["neck_back"].version)
    assert max(xs) - min(xs) == pytest.approx(12) and sum(xs) / len(xs) == pytest.approx(200.5)
    page = client.get(address).content.decode()
    assert f'data-mark="{row.pk}"' in page and "after a cyst" in page
    assert [mark.text for mark in overlays_of(visit.patient, TODAY).marks] == ["after a cyst"]
    end = f"{address}{row.pk}/end/"
    refused = client.post(end, {f"end-{row.pk}-token": str(uuid.uuid4()), f"end-{row.pk}-reason": " "})
    assert refused.status_code == 422 and "Write why it ends" in refused.content.decode()
    for _ in range(2):
        answer = client.post(end, {f"end-{row.pk}-token": str(uuid.uuid4()), f"end-{row.pk}-reason": "removed"})
    assert answer.status_code == 409 and "ended already" in answer.content.decode()
    row.refresh_from_db()
    assert row.ended_reason == "removed" and overlays_of(visit.patient, TODAY).marks == ()
    assert [event.verb for event in AuditEvent.objects.filter(verb__startswith="mark.").order_by("pk")] == ["mark.added", "mark.ended"]
    assert "Ended on" in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"x_mm": ""}, 422, "tap the drawing, or give the three numbers"),
        ({"kind": "tattoo"}, 422, "Choose one of the list"),
        ({"map": "moon"}, 422, "Choose one of the list"),
        ({"x_mm": "NaN"}, 422, "Give a number from 0 to 3000 mm"),
        ({"across_mm": "1"}, 422, "Give a number from 2 to 300 mm"),
        ({"x_mm": "2900"}, 409, "lies beside the drawing"),
        ({"kind": "other", "text": ""}, 409, "Describe what is marked"),
        ({"noted_on": (TODAY + dt.timedelta(days=9)).isoformat()}, 409, "lies in the future"),
        ({"outline": "[[1,2]"}, 422, "cannot be read"),
        ({"outline": "[[1,2],[3,4]]"}, 409, "needs from 3"),
        ({"outline": "[[1,2],[3,4],[5,6]]"}, 409, "too small"),
        ({"outline": '[["NaN",2],[3,4],[5,9]]'}, 409, "needs from 3"),
    ],
)
def test_a_mark_that_cannot_be_is_refused_with_a_sentence_and_writes_nothing(people, as_, fields, status, says):
    visit = visit_of(people)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/marks/", typed(**fields))
    assert (answer.status_code, BodyMark.objects.count()) == (status, 0)
    assert says in answer.content.decode()


def test_a_drawn_outline_is_kept_as_it_was_drawn(people, as_):
    visit = visit_of(people)
    outline = [[100, 100], [140, 100], [120, 130.126]]
    assert as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/marks/", typed(outline=json.dumps(outline), x_mm="")).status_code == 302
    assert BodyMark.objects.get().outline == [[100, 100], [140, 100], [120, 130.13]]


def test_a_zone_treated_three_days_ago_is_shown_resting_with_days_left(people, as_):
    signed = signed_visit(people)
    later = NOW + dt.timedelta(days=3)
    interval = Course.objects.get(pk=signed.course_id).interval_days
    over = overlays_of(signed.patient, TODAY + dt.timedelta(days=3))
    (rest,) = over.resting
    assert (rest.zone, rest.days_ago, rest.days_left, interval) == ("neck", 3, 4, 7)
    drawn = map_of(InjectionPlan.objects.get(), load())
    assert sum(count for heat in over.heat for *_, count in heat.cells) == drawn.points and over.visits == 1 and over.unplaced == 0
    again = factories.visit(signed.course, number=9, planned_on=later.date())
    body = {"zones": [plan.as_dict() for plan in drawn.zone_plans]}
    client = as_(people.practitioner)
    told = client.post(f"/visits/{again.pk}/injection-map/preview/", json.dumps(body), content_type="application/json").json()
    assert told["overlays"]["resting"][0]["state"] == "resting" and "of its rest of 7 days" in told["findings"]
    page = client.get(f"/visits/{again.pk}/injection-map/marks/").content.decode()
    assert "rests" in page and "of its rest of 7 days are left" in page and "at the last 1 treatment;" in page


def test_a_course_without_an_interval_says_that_rest_is_unknown(people):
    signed = signed_visit(people)
    Course.objects.filter(pk=signed.course_id).update(interval_days=None, protocol="")
    (rest,) = overlays_of(signed.patient, TODAY + dt.timedelta(days=3)).resting
    assert rest.days_left is None and rest.state == "unknown"


def test_points_of_an_earlier_drawing_are_counted_and_not_drawn(people):
    signed = signed_visit(people)
    row = InjectionPlan.objects.get()
    InjectionPlan.objects.update(zones=[{**zone, "map_version": 1} for zone in row.zones])
    over = overlays_of(signed.patient, TODAY)
    assert over.heat == () and over.unplaced == row.points


def test_a_mark_on_a_drawing_that_was_replaced_is_told_and_not_drawn_elsewhere(people, as_):
    visit, client = visit_of(people), as_(people.practitioner)
    address = f"/visits/{visit.pk}/injection-map/"
    client.post(f"{address}marks/", typed())
    BodyMark.objects.update(map_version=1)
    over = overlays_of(visit.patient, TODAY)
    assert (over.marks, over.lost) == ((), ("Scar: after a cyst",))
    assert "Marked on an earlier drawing, so it is not shown above" in client.get(f"{address}marks/").content.decode()
    zone = ZonePlan(Area("neck_back", "neck", "left"), "pain_grid", Generator("hexagonal", Decimal(20), Decimal("0.05"), Decimal(4), Decimal(30)))
    told = client.post(f"{address}preview/", json.dumps({"zones": [zone.as_dict()]}), content_type="application/json").json()
    assert "the place on this one is not known: Scar: after a cyst" in told["findings"]


def test_what_was_charted_counts_and_not_what_was_planned(people):
    """Left out and moved points while charting; a zone written down out of two syringes has its points once."""
    signed, library = signed_visit(people), load()
    drawn = map_of(InjectionPlan.objects.get(), library)
    first, second = drawn.placed[0], drawn.placed[1]
    edits = {"removed": ["1"], "moved": {"2": [second.x_mm + 1, second.y_mm]}}
    (dose,) = signed.zone_doses.all()
    dose.pk, dose.plan, dose.given = uuid.uuid4(), drawn.zone_plans[0].key, {"state": "changed", "edits": edits}
    twin = ZoneDose(**{field.attname: getattr(dose, field.attname) for field in ZoneDose._meta.fields if field.attname != "id"})
    points, unplaced = _points([dose, twin], InjectionPlan.objects.get(), library)
    (places,) = points.values()
    assert len(places) == drawn.points - 1 and unplaced == 0
    assert (first.x_mm, first.y_mm) not in places and (second.x_mm + 1, second.y_mm) in places
