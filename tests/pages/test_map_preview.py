"""The map as it stands in the page and is not saved: asked and answered as plain JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.injection_map import Add, Alter, Area, Change, Edits, Generator, Move, Remove, ZonePlan, apply, make_map, zones_alike
from pistor.knowledge import load
from pistor.records.audit import AuditEvent
from pistor.records.injection_map import InjectionPlan
from tests.ready import planned_visit

pytestmark = pytest.mark.django_db
NECK = Area("neck_back", "neck", "left")
GRID = Generator("hexagonal", Decimal(20), Decimal("0.05"), Decimal(4), Decimal(30))
PLAN = ZonePlan(NECK, "pain_grid", GRID)


def asked(client, visit, *plans, status=200, **more):
    body = {"zones": [plan.as_dict() if isinstance(plan, ZonePlan) else plan for plan in plans], "scale": {}, **more}
    answer = client.post(f"/visits/{visit.pk}/injection-map/preview/", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def test_points_totals_and_limits_are_those_that_saving_would_have(people, as_):
    visit, client = planned_visit(people), as_(people.practitioner)
    library, rows, events = load(), InjectionPlan.objects.count(), AuditEvent.objects.count()
    plain = make_map([PLAN], library)
    x, y = plain.placed[1].x_mm, plain.placed[1].y_mm
    plan = apply(apply(apply(PLAN, Move({"2": (x + 1, y)})), Add((x + 3, y + 3))), Alter(frozenset({"2", "3"}), Change(volume_ml=Decimal("0.1"))))
    plan = apply(plan, Remove(frozenset({"1"})))
    told = asked(client, visit, plan)
    made = make_map([plan], library)
    (zone,) = told["zones"]
    points = {key: (x, y, ml, flags) for key, x, y, ml, flags in zone["points"]}
    assert (zone["key"], zone["n"], told["points"]) == ("neck_back:neck:left", made.points, made.points)
    assert points["2"] == (x + 1, y, "0.1", "mv") and points["a1"][2:] == ("0.05", "a") and points["1"][3] == "r" and points["3"][3] == "v"
    assert zone["base"]["2"] == [x, y, "0.05"] and set(zone["base"]) == {"2", "3"}
    assert Decimal(zone["volume_ml"]) == sum(Decimal(ml) for *_, ml, flags in points.values() if "r" not in flags) == made.volume_ml
    (ingredient,) = told["ingredients"]
    assert (ingredient["name"], ingredient["unit"], Decimal(ingredient["total"])) == ("Lidocaine hydrochloride", "mg", made.volume_ml * 20)
    assert 'class="dose state-within"' in told["limits"] and "finding" in told["findings"] and told["refused"] == []
    assert (InjectionPlan.objects.count(), AuditEvent.objects.count()) == (rows, events), "asking writes nothing"


def test_what_saving_would_refuse_is_told_with_the_map(people, as_):
    visit, client = planned_visit(people), as_(people.practitioner)
    over = asked(client, visit, replace(PLAN, generator=replace(GRID, volume_per_point_ml=Decimal(5))))
    assert "state-over" in over["limits"] and any("above the limit" in sentence for sentence in over["refused"])
    empty = asked(client, visit, replace(PLAN, edits=Edits(removed=frozenset(map(str, range(1, 60))))))
    assert empty["points"] == 0 and "No point is left" in empty["refused"][0]


def test_a_drawn_zone_comes_back_with_what_is_left_of_it_and_a_scale_with_its_factors(people, as_):
    visit, client = planned_visit(people), as_(people.practitioner)
    x, y = make_map([PLAN], load()).placed[5].x_mm, make_map([PLAN], load()).placed[5].y_mm
    corners = ((x - 400, y - 15), (x + 400, y - 15), (x + 400, y + 15), (x - 400, y + 15))
    told = asked(client, visit, replace(PLAN, drawn=corners, number=1, generator=replace(GRID, spacing_mm=Decimal(8))))
    (zone,) = told["zones"]
    assert zone["key"].endswith(":d1") and zone["label"].startswith("Drawn area 1 in") and all(len(corner) == 2 for corner in zone["outline"][0])
    assert max(x for x, _ in zone["outline"][0]) - min(x for x, _ in zone["outline"][0]) < 300, "clipped to its zone"
    measured = {"neck_back": {"from": [{"of": "neck:left", "along": "x", "mm": "100"}]}}
    wide = asked(client, visit, PLAN, scale=measured)
    assert wide["scale"]["neck_back"]["x"] == wide["scale"]["neck_back"]["y"] != 1 and wide["area_cm2"] != told["area_cm2"]


def test_passes_have_a_film_and_no_points(people, as_):
    visit, client = planned_visit(people), as_(people.practitioner)
    rolled = ZonePlan(NECK, "roller_passes", Generator("passes", Decimal(1), Decimal(0), Decimal("0.5"), Decimal(90), passes=3, on_skin_ml=Decimal(1)))
    told = asked(client, visit, rolled)
    assert (told["points"], told["volume_ml"], told["on_skin_ml"], told["zones"][0]["passes"]) == (0, "0", "1", 3)
    assert Decimal(told["ingredients"][0]["total"]) == 20


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "cannot be read"), (b"[]", "cannot be read"), (b'{"zones": 3}', "cannot be read"), (b'{"zones": [3]}', "cannot be read"),
        (b'{"zones": []}', "No area is chosen"), (b'{"zones": [{"map": "neck_back"}]}', "cannot be read"), (b"[" * 100_000, "cannot be read"),
        (b'{"zones": [], "scale": {"moon": {}}}', "no known body map"), (b"\xff\xfe", "cannot be read"), (b'{"zones": {}}', "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_answered_with_a_sentence(people, as_, body, says):
    visit = planned_visit(people)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/preview/", body, content_type="application/json")
    assert answer.status_code == 422 and says in " ".join(answer.json()["refused"])


def test_what_is_sent_as_a_form_is_answered_with_a_sentence_too(people, as_):
    visit = planned_visit(people)
    answer = as_(people.practitioner).post(f"/visits/{visit.pk}/injection-map/preview/", {"zones": "[]"})
    assert answer.status_code == 422 and "cannot be read" in answer.json()["refused"][0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"edits": {"moved": {"1": [1, 1]}}}, "lies outside the zone"),
        ({"edits": {"added": {"a1": [250, 400]}}}, "Point a1 of"),
        ({"generator": {**GRID.as_dict(), "spacing_mm": "0.2"}}, "give a number from 1 to 100 mm"),
        ({"generator": {**GRID.as_dict(), "spacing_mm": "many"}}, "give a plain number"),
        ({"technique": "magic"}, "is no known technique"),
        ({"map": "moon"}, "is no known body map"),
        ({"map_version": 77}, "is not kept here"),
        ({"drawn": [[0, 0], [1, 0], [1, 1]]}, "Nothing is left of"),
        ({"label": "\u0000" * 5}, ""),
    ],
)
def test_a_zone_that_cannot_be_is_told_and_the_others_are_drawn(people, as_, change, says):
    visit, client = planned_visit(people), as_(people.practitioner)
    other = ZonePlan(Area("neck_back", "neck", "right"), "pain_grid", GRID)
    told = asked(client, visit, {**PLAN.as_dict(), **change}, other, status=422 if says else 200)
    assert says in " ".join(told["refused"])
    if "plain" not in says and "technique" not in says and says:
        assert [zone["key"] for zone in told["zones"]] == ["neck_back:neck:right"]


def test_five_hundred_points_fit_in_sixty_kilobytes_both_ways(people, as_):
    visit, client = planned_visit(people), as_(people.practitioner)
    areas = [Area("neck_back", "neck", side) for side in ("left", "right")]
    plans = list(zones_alike(areas, replace(GRID, spacing_mm=Decimal("4"), volume_per_point_ml=Decimal("0.002")), "pain_grid"))
    made = make_map(plans, load())
    assert made.points >= 500
    for at, plan in enumerate(plans):
        own = made.points_in(plan.key)
        plans[at] = apply(plan, Alter(frozenset(point.name for point in own), Change(volume_ml=Decimal("0.004"))))
        plans[at] = apply(plans[at], Move({point.name: (round(point.x_mm + 0.001, 3), point.y_mm) for point in own if point.name != "1"}))
    sent = json.dumps({"zones": [plan.as_dict() for plan in plans]}, separators=(",", ":"))
    assert len(sent) <= 60_000
    answer = client.post(f"/visits/{visit.pk}/injection-map/preview/", sent, content_type="application/json")
    assert len(json.dumps([zone["points"] for zone in answer.json()["zones"]], separators=(",", ":"))) <= 60_000
