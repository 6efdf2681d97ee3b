"""The drawing of a treatment shows the points that were given, and marks what differs from the plan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.injection_map import Area, Change, Edits, Generator, make_map, zones_alike
from pistor.care.treatment import ZoneGiven, charted
from pistor.exchange.pictures import map_svg
from pistor.exchange.signed_words import drawn_in_words
from pistor.knowledge import load

LIBRARY = load()
AREAS = [Area("neck_back", "neck", side) for side in ("left", "right")]
PLAN = make_map(zones_alike(AREAS, Generator("hexagonal", Decimal(20), Decimal("0.02"), Decimal(2), Decimal(90)), "nappage"), LIBRARY)
LEFT, RIGHT = (
    ZoneGiven(zone.zone, zone.side, zone.technique, zone.points, zone.volume_ml, zone.points, zone.volume_ml, state="given", plan=zone.key, called=zone.label)
    for zone in PLAN.zones
)
FIRST = PLAN.points_in(LEFT.plan)[0]
NUMBER, VOLUME = LEFT.points, LEFT.volume_ml


def edited(edits, points, volume) -> ZoneGiven:
    return replace(LEFT, state="changed", edits=edits, points=points, volume_ml=Decimal(volume))


def flags(made) -> dict[str, str]:
    return {point.key: point.flags for point in made.drawn.placed if point.flags}


def test_what_was_given_as_planned_is_the_plan():
    made = charted(PLAN, (LEFT, RIGHT))
    assert made.drawn.placed == PLAN.placed
    assert (made.drawn.taken_out, made.moved_from, made.by_number, made.unplanned) == ((), {}, (), ())
    assert drawn_in_words(made) == "The points as they were given."


def test_every_difference_is_marked_and_the_sums_are_those_of_the_record():
    place = (FIRST.x_mm + 3, FIRST.y_mm + 5)
    edits = Edits(frozenset({"2"}), {"1": place}, {"a1": (FIRST.x_mm + 9, FIRST.y_mm)}, {"3": Change(Decimal("0.05")), "a1": Change(Decimal("0.02"))})
    made = charted(PLAN, (edited(edits, NUMBER, VOLUME + Decimal("0.03")), RIGHT))
    assert flags(made) == {f"{LEFT.plan}:1": "m", f"{LEFT.plan}:3": "v", f"{LEFT.plan}:a1": "a"}
    assert made.moved_from == {FIRST.key: (FIRST.x_mm, FIRST.y_mm)}
    assert [point.key for point in made.drawn.taken_out] == [f"{LEFT.plan}:2"]
    assert sum(point.volume_ml for point in made.drawn.placed) == LEFT.volume_ml + RIGHT.volume_ml + Decimal("0.03")
    assert made.by_number == ()
    svg = map_svg(made.drawn, LIBRARY, "neck_back", moved_from=made.moved_from)
    for said in ("from where it was planned", "added", "another volume", "not given", f"M{FIRST.x_mm:.1f} {FIRST.y_mm:.1f}L{place[0]:.1f} {place[1]:.1f}"):
        assert said in svg
    assert not any(said in map_svg(PLAN, LIBRARY, "neck_back") for said in ("differs", "not given", "added"))


def test_a_zone_out_of_two_syringes_is_one_zone():
    parts = (replace(LEFT, points=NUMBER - 1, volume_ml=VOLUME - Decimal("0.02"), syringe="A"), replace(LEFT, points=1, volume_ml=Decimal("0.02"), syringe="B"))
    assert charted(PLAN, (*parts, RIGHT)) == charted(PLAN, (LEFT, RIGHT))


@pytest.mark.parametrize(
    ("zone", "points", "out", "by_number"),
    [
        (replace(LEFT, state="not_given", points=0, volume_ml=Decimal(0)), 0, NUMBER, ()),
        (None, 0, NUMBER, ()),  # nothing of it is in the record
        (replace(LEFT, points=NUMBER - 1, state="changed"), NUMBER, 0, ("Left side of the neck",)),
        (replace(LEFT, volume_ml=VOLUME * 2, state="changed"), NUMBER, 0, ("Left side of the neck",)),
        (edited(Edits(frozenset({"99"})), NUMBER, "1"), NUMBER, 0, ("Left side of the neck",)),  # of a plan that is drawn otherwise by now
        (replace(LEFT, plan=""), NUMBER, 0, ()),  # signed before zones had plans
    ],
)
def test_what_is_not_known_point_by_point_is_said_and_drawn_as_planned(zone, points, out, by_number):
    made = charted(PLAN, (zone, RIGHT) if zone else (RIGHT,))
    assert len(made.drawn.points_in(LEFT.plan)) == points
    assert (len(made.drawn.taken_out), made.by_number) == (out, by_number)
    assert ("Only numbers were recorded, so drawn as planned: Left side of the neck." in drawn_in_words(made)) == bool(by_number)


def test_a_zone_that_was_not_planned_is_named():
    extra = ZoneGiven("shoulder", "left", "nappage", 2, Decimal("0.1"), state="changed")
    made = charted(PLAN, (LEFT, RIGHT, extra))
    assert made.unplanned == ("Shoulder left",)
    assert drawn_in_words(made).endswith("Not on the map, so not drawn: Shoulder left.")
