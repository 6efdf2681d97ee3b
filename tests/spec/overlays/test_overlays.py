"""What lies over an injection map: zones that rest, where points went, marks."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.evidence import Effect
from pistor.care.injection_map import Area, Generator, Scale, ZonePlan, make_map
from pistor.care.overlays import CELL_MM, Earlier, Heat, Mark, Overlays, Reaction, heat_of, overlay_findings, overlays_as_dict, overlays_from, resting_since
from pistor.exchange.pictures import map_svg
from tests.conftest import TODAY

LEFT = Area("face_front", "face", "left")
GRID = Generator("hexagonal", Decimal(10), Decimal("0.02"), Decimal(2), Decimal(90))
ROLLED = Generator("passes", Decimal(1), Decimal(0), Decimal("0.5"), Decimal(90), passes=4, on_skin_ml=Decimal(2))


def ago(days, *, zones=(("face", "left"),), interval=14, points=None):
    return Earlier(TODAY - dt.timedelta(days=days), zones, interval, points or {})


@pytest.mark.parametrize(
    ("days", "interval", "state", "left", "says"),
    [
        (3, 14, "resting", 11, "was treated 3 days ago: 11 days of its rest of 14 days are left."),
        (13, 14, "resting", 1, "was treated 13 days ago: 1 day of its rest of 14 days are left."),
        (14, 14, "rested", 0, "its rest of 14 days is over."),
        (90, 14, "rested", 0, "its rest of 14 days is over."),
        (0, 14, "resting", 14, "was treated today: 14 days"),
        (1, None, "unknown", None, "was treated 1 day ago: how long it should rest is unknown."),
    ],
)
def test_a_zone_rests_as_long_as_the_interval_says_and_else_it_is_unknown(library, days, interval, state, left, says):
    (one,) = resting_since([ago(days, interval=interval)], TODAY)
    assert (one.state, one.days_left) == (state, left) and says in one.told("Left cheek")
    found = overlay_findings(make_map([ZonePlan(LEFT, "micropapule", GRID)], library), Overlays(resting=(one,)), library)
    effects = {"resting": [Effect.CAUTION], "unknown": [Effect.INFORM], "rested": []}
    assert [finding.effect for finding in found] == effects[state] and not any(finding.stops for finding in found)


def test_each_zone_counts_from_its_own_last_treatment_and_none_that_lies_ahead():
    visits = [ago(30), ago(10, zones=(("face", "right"),)), ago(5), ago(-2)]
    assert [(one.side, one.days_ago) for one in resting_since(visits, TODAY)] == [("left", 5), ("right", 10)]


def test_heat_counts_the_points_of_the_last_visits_by_cell():
    visits = [ago(1, points={"face_front": [(11, 21), (12, 24), (4.9, 0)]}), ago(9, points={"face_front": [(14.9, 20)]}), ago(99, points={"abdomen": [(0, 0)]})]
    assert heat_of(visits) == (Heat("face_front", ((0.0, 0.0, 1), (10.0, 20.0, 3))), Heat("abdomen", ((0.0, 0.0, 1),)))
    assert [heat.map for heat in overlays_from([], [], visits, TODAY, visits=2).heat] == ["face_front"]
    counted = sum(count for heat in heat_of(visits) for *_, count in heat.cells)
    assert counted == sum(len(points) for visit in visits for points in visit.points.values()), "every point counts once"


def test_points_in_a_mark_are_told_and_a_scaled_patient_has_the_mark_where_the_point_is(library):
    plain = make_map([ZonePlan(LEFT, "micropapule", GRID)], library)
    point = plain.placed[4]
    outline = tuple((point.x_mm + dx, point.y_mm + dy) for dx, dy in ((-2, -2), (2, -2), (2, 2), (-2, 2)))
    mark = Mark("1", "face_front", "implant", "filler 2024", TODAY, outline)
    (told,) = overlay_findings(plain, Overlays(marks=(mark,)), library)
    assert told.effect is Effect.CAUTION and "1 point lies in a place that was marked" in told.text and "Implant: filler 2024" in told.text
    elsewhere = replace(mark, outline=tuple((x + 500, y) for x, y in outline))
    assert overlay_findings(plain, Overlays(marks=(elsewhere, replace(mark, map="abdomen"))), library) == ()
    rolled = make_map([ZonePlan(LEFT, "roller_passes", ROLLED)], library)
    assert "The passes in Left cheek go over skin" in overlay_findings(rolled, Overlays(marks=(mark,)), library)[0].text
    wide = make_map([ZonePlan(LEFT, "micropapule", GRID)], library, scale={"face_front": Scale(1.5, 1.0)})
    shown = overlays_as_dict(Overlays(marks=(mark,), heat=heat_of([ago(1, points={"face_front": [(10, 20)]})])), wide, library)
    assert shown["marks"][0]["outline"][0] == [round(1.5 * outline[0][0], 2), round(outline[0][1], 2)]
    assert shown["heat"]["face_front"] == {"width_mm": 1.5 * CELL_MM, "height_mm": CELL_MM, "cells": [[15.0, 20.0, 1]]}


def test_a_reaction_in_a_planned_zone_is_told_and_one_elsewhere_is_not(library):
    drawn = make_map([ZonePlan(LEFT, "micropapule", GRID)], library)
    reactions = (Reaction("face", TODAY, ("lump",)), Reaction("abdomen", TODAY, ("lump",)))
    (told,) = overlay_findings(drawn, Overlays(reactions=reactions), library)
    assert TODAY.isoformat() in told.text and library.signs["lump"].text.en in told.text


def test_the_picture_shows_marks_heat_and_rest_under_the_points(library):
    drawn = make_map([ZonePlan(LEFT, "micropapule", GRID)], library)
    mark = Mark("m1", "face_front", "scar", "<b>", TODAY, ((10, 10), (20, 10), (20, 20)))
    over = overlays_from([mark], [], [ago(3, points={"face_front": [(60, 150)]})], TODAY, visits=3)
    svg = map_svg(drawn, library, "face_front", overlays=over)
    assert "rests 11 d" in svg and 'data-mark="m1"' in svg and "Scar: &lt;b&gt;" in svg and svg.index("overlay-heat") < svg.index("map-point")
    assert "overlay-" not in map_svg(drawn, library, "face_front")
