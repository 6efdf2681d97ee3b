"""Zones with a technique of their own, drawn zones, points changed by hand, passes, and drawings scaled to the patient."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest
import shapely

from pistor.care.injection_map import (
    Add,
    Alter,
    Area,
    Change,
    Chosen,
    Edits,
    Generator,
    Measured,
    Move,
    NoMap,
    Regenerate,
    Remove,
    Restore,
    Scale,
    ZonePlan,
    apply,
    drawing_of,
    edits_from_dict,
    extent_mm,
    make_map,
    scale_from_dict,
    scaled,
    zone_plan_from_dict,
    zone_plan_from_text,
    zone_text,
    zones_alike,
)
from pistor.exchange.pictures import map_svg
from pistor.knowledge import Library

LEFT, RIGHT = Area("face_front", "face", "left"), Area("face_front", "face", "right")
GRID = Generator("hexagonal", Decimal(10), Decimal("0.02"), Decimal(2), Decimal(90))
CHEEK = ZonePlan(LEFT, "micropapule", GRID)
ROLLED = Generator("passes", Decimal(1), Decimal(0), Decimal("0.5"), Decimal(90), passes=4, on_skin_ml=Decimal(2))


def square(x, y, half):
    return ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


def middle(library, area=LEFT):
    shape = next(shape for shape in library.body_maps[area.map].zones if (shape.zone, shape.side) == (area.zone, area.side))
    spot = shapely.Polygon(shape.polygon).difference(shapely.union_all([shapely.Polygon(hole) for hole in shape.no_go])).representative_point()
    return round(spot.x, 1), round(spot.y, 1)


def test_each_zone_has_its_own_technique_depth_and_volume(library):
    deep = ZonePlan(RIGHT, "papule", replace(GRID, spacing_mm=Decimal(15), volume_per_point_ml=Decimal("0.1"), inserted_length_mm=Decimal(4)))
    made = make_map([CHEEK, deep], library)
    left, right = made.zones
    assert (left.technique, left.tip_depth_mm, right.technique, right.tip_depth_mm) == ("micropapule", 2, "papule", 4)
    assert left.volume_ml == left.points * Decimal("0.02") and right.volume_ml == right.points * Decimal("0.1")
    assert made.volume_ml == left.volume_ml + right.volume_ml
    assert (made.technique, made.generator) == ("micropapule", GRID), "what can say one number says that of the zone with most points"
    tips = [finding.text for finding in made.findings if finding.rule.startswith("map.tip_layer")]
    assert any("2 mm" in text and "left cheek" in text for text in tips) and any("4 mm" in text and "right cheek" in text for text in tips)
    assert len({finding.rule for finding in made.findings}) == len(made.findings), "each finding has a rule of its own"
    assert made.densest_ml_per_cm2 == round(right.volume_ml / right.area_cm2, 4), "where a limit is by area, the densest zone counts"
    assert make_map(zones_alike([LEFT, RIGHT], GRID, "micropapule"), library).densest_ml_per_cm2 is None


def test_a_point_is_moved_added_changed_taken_out_and_taken_in_again(library):
    before = make_map([CHEEK], library)
    x, y = before.placed[3].x_mm, before.placed[3].y_mm
    plan = apply(CHEEK, Move({"4": (x + 1, y)}))
    plan = apply(plan, Add((x + 2, y + 2)))
    plan = apply(plan, Alter(frozenset({"4", "a1"}), Change(volume_ml=Decimal("0.05"), inserted_length_mm=Decimal(1))))
    plan = apply(plan, Remove(frozenset({"1", "2"})))
    made = make_map([plan], library)
    found = {point.name: point for point in (*made.placed, *made.taken_out)}
    assert (found["4"].x_mm, found["4"].volume_ml, found["4"].tip_depth_mm, found["4"].flags) == (x + 1, Decimal("0.05"), 1, "mv")
    assert (found["a1"].volume_ml, found["a1"].flags) == (Decimal("0.05"), "av")
    assert [point.name for point in made.taken_out] == ["1", "2"]
    assert made.points == before.points - 1 and made.volume_ml == (made.points - 2) * Decimal("0.02") + Decimal("0.10")
    assert made.zones[0].tip_depth_mm == 2, "the deepest of its points"
    assert make_map([apply(plan, Restore(frozenset({"1", "2"})))], library).points == before.points + 1
    gone = apply(plan, Remove(frozenset({"a1"})))
    assert not gone.edits.added and "a1" not in gone.edits.changed and not gone.edits.removed - {"1", "2"}


def test_what_places_the_points_anew_drops_the_edits_and_a_volume_or_a_depth_keeps_them():
    plan = apply(CHEEK, Remove(frozenset({"1"})))
    for kept in ({"volume_per_point_ml": Decimal("0.05")}, {"inserted_length_mm": Decimal(1)}, {"needle_length_mm": Decimal(13)}, {"angle_deg": Decimal(30)}):
        assert apply(plan, Regenerate(generator=replace(GRID, **kept))).edits == plan.edits
    assert apply(plan, Regenerate(technique="papule")).edits == plan.edits
    for dropped in ({"spacing_mm": Decimal(11)}, {"pattern": "square"}, {"seed": 4}):
        assert not apply(plan, Regenerate(generator=replace(GRID, **dropped))).edits
    assert not apply(plan, Regenerate(chosen=(Chosen(1, 2, Decimal("0.1")),))).edits
    threads = replace(plan, generator=replace(GRID, pattern="lines"))
    assert not apply(threads, Regenerate(generator=replace(threads.generator, inserted_length_mm=Decimal(9)))).edits


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        (lambda at: Edits(added={"a1": (1.0, 1.0)}), "Point a1 of Left cheek lies outside the zone. Put it elsewhere"),
        (lambda at: Edits(moved={"2": (1.0, 1.0), "3": (2.0, 2.0)}), "and 1 more lie outside the zone"),
        (lambda at: Edits(moved={"900": at}), "point 900 was changed and is not there any more"),
        (lambda at: Edits(changed={"a7": Change(volume_ml=Decimal(1))}), "point a7 was changed and is not there"),
        (lambda at: Edits(changed={"1": Change(volume_ml=Decimal(9))}), "point 1 gets 9 mL; give a number from 0.001 to 5 mL"),
        (lambda at: Edits(changed={"1": Change(angle_deg=Decimal(95))}), "point 1: angle_deg is 95.0; give a number from 1 to 90 degrees"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_a_sentence(library, edits, says):
    with pytest.raises(NoMap) as refused:
        make_map([replace(CHEEK, edits=edits(middle(library)))], library)
    assert says in str(refused.value)


def test_a_point_in_a_no_go_area_is_refused_on_every_body_map(library):
    tried = 0
    for body in library.body_maps.values():
        for shape in body.zones:
            for hole in shape.no_go:
                common = shapely.Polygon(hole).intersection(shapely.Polygon(shape.polygon))
                if common.area < 1:
                    continue
                inside = common.representative_point()
                plan = ZonePlan(Area(body.id, shape.zone, shape.side), "papule", GRID, Edits(added={"a1": (inside.x, inside.y)}))
                with pytest.raises(NoMap, match="lies where nothing may be injected"):
                    make_map([plan], library)
                tried += 1
    assert tried > 2


def test_all_that_is_wrong_is_said_at_once(library):
    wrong = [replace(CHEEK, edits=Edits(added={"a1": (0.0, 0.0)})), ZonePlan(RIGHT, "papule", replace(GRID, spacing_mm=Decimal(200)))]
    with pytest.raises(NoMap) as refused:
        make_map(wrong, library)
    assert len(refused.value.reasons) == 2


# ── drawn zones ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_drawn_zone_is_clipped_to_its_zone_and_to_what_may_be_injected(library):
    for body in library.body_maps.values():
        for shape in body.zones:
            if not shape.no_go:
                continue
            hole = shapely.Polygon(shape.no_go[0]).centroid
            plan = ZonePlan(Area(body.id, shape.zone, shape.side), "papule", replace(GRID, spacing_mm=Decimal(3)), drawn=square(hole.x, hole.y, 25), number=1)
            try:
                made = make_map([plan], library)
            except NoMap as none:
                assert "Nothing is left of" in str(none)
                continue
            allowed = shapely.Polygon(shape.polygon).intersection(shapely.Polygon(plan.drawn))
            allowed = allowed.difference(shapely.union_all([shapely.make_valid(shapely.Polygon(no_go)) for no_go in shape.no_go])).buffer(0.002)
            assert all(shapely.contains_xy(allowed, point.x_mm, point.y_mm) for point in made.placed)
            assert abs(made.area_cm2 - Decimal(allowed.area / 100)) < Decimal("0.2")


def test_a_drawn_zone_inside_another_counts_its_skin_once_and_has_its_points_apart(library):
    x, y = middle(library)
    drawn = ZonePlan(LEFT, "papule", replace(GRID, spacing_mm=Decimal(5)), drawn=square(x, y, 12), label="scar edge", number=1)
    whole, both = make_map([CHEEK], library), make_map([CHEEK, drawn], library)
    assert drawn.key == "face_front:face:left:d1" and both.zones[1].label == "scar edge"
    assert abs(both.area_cm2 - whole.area_cm2) <= Decimal("0.1")
    assert both.points == sum(zone.points for zone in both.zones) and both.zones[0].points == whole.points
    assert both.densest_ml_per_cm2 > both.zones[1].volume_ml / both.zones[1].area_cm2, "what the whole zone puts in there counts too"
    assert 'data-points="face_front:face:left:d1"' in map_svg(both, library, "face_front")
    with pytest.raises(NoMap, match="planned twice"):
        make_map([drawn, drawn], library)
    elsewhere = ZonePlan(Area("face_left", "face", "left"), "papule", GRID, drawn=square(x, y, 12), number=1)
    with pytest.raises(NoMap, match="would count twice"):
        make_map([CHEEK, elsewhere], library)


def test_a_loop_that_crosses_itself_is_drawn_as_far_as_it_can_be(library):
    x, y = middle(library)
    bow = ((x - 15, y - 15), (x + 15, y + 15), (x + 15, y - 15), (x - 15, y + 15))
    made = make_map([ZonePlan(LEFT, "papule", replace(GRID, spacing_mm=Decimal(4)), drawn=bow, number=2)], library)
    assert made.points > 5 and made.zones[0].key.endswith(":d2")


# ── passes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_roller_has_an_area_and_a_film_and_no_points(library):
    made = make_map([ZonePlan(LEFT, "roller_passes", ROLLED), ZonePlan(RIGHT, "micropapule", GRID)], library)
    rolled, injected = made.zones
    assert (rolled.points, rolled.volume_ml, rolled.on_skin_ml, rolled.passes, rolled.rolled) == (0, 0, 2, 4, True)
    assert made.volume_ml == injected.volume_ml and made.on_skin_ml == 2 and made.needed_ml == made.volume_ml + 2
    assert not made.stops and "map.film" in {finding.rule for finding in made.findings}
    said = make_map([ZonePlan(LEFT, "roller_passes", replace(ROLLED, passes=None, on_skin_ml=None))], library)
    assert any("It is not said how often" in finding.text and "how much is on the skin" in finding.text for finding in said.findings)
    assert "map-point" not in map_svg(said, library, "face_front")


@pytest.mark.parametrize(
    ("technique", "generator", "edits", "says"),
    [
        ("papule", ROLLED, Edits(), "is given point by point, not in passes"),
        ("roller_passes", GRID, Edits(), "is given in passes and has no points"),
        ("roller_passes", ROLLED, Edits(removed=frozenset({"1"})), "has no single points"),
        ("roller_passes", replace(ROLLED, passes=0), Edits(), "passes is 0"),
        ("roller_passes", replace(ROLLED, on_skin_ml=Decimal(500)), Edits(), "on_skin_ml is 500"),
    ],
)
def test_passes_that_cannot_be_are_refused(library, technique, generator, edits, says):
    with pytest.raises(NoMap) as refused:
        make_map([ZonePlan(LEFT, technique, generator, edits)], library)
    assert says in str(refused.value)


# ── scale ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_scaled_drawing_scales_areas_and_keeps_the_spacing_of_the_patient(library):
    """Twice the width: twice the area, and the points of the grid as far apart as before, so twice as many within one."""
    whole, wide = make_map([CHEEK], library), make_map([CHEEK], library, scale={"face_front": Scale(2.0, 1.0)})
    assert abs(wide.area_cm2 - 2 * whole.area_cm2) <= Decimal("0.2")
    expected = float(wide.area_cm2) * 100 / (100 * math.sqrt(3) / 2)
    assert abs(wide.points - expected) <= 1.1
    nearest = min(math.dist((a.x_mm, a.y_mm), (b.x_mm, b.y_mm)) for a in wide.placed for b in wide.placed if a is not b)
    assert nearest > 9.99
    assert wide.scale and make_map([CHEEK], library, scale={"abdomen": Scale(1.2, 1.2)}).scale == {}


def test_every_drawing_can_be_scaled_with_all_that_is_on_it(library: Library):
    for body in (*library.body_maps.values(), *library.earlier_body_maps.values()):
        wide = scaled(body, 1.5, 0.8)
        for shape, its in zip(body.zones, wide.zones, strict=True):
            assert extent_mm(its, "x") == pytest.approx(1.5 * extent_mm(shape, "x"), abs=0.01)
            assert extent_mm(its, "y") == pytest.approx(0.8 * extent_mm(shape, "y"), abs=0.01)
            assert [len(hole) for hole in its.no_go] == [len(hole) for hole in shape.no_go] and len(its.caution) == len(shape.caution)
        assert [path.count("M") for path in wide.outline] == [path.count("M") for path in body.outline]
        assert scaled(body, 1.0, 1.0) is body
    drawn = make_map([CHEEK], library, scale={"face_front": Scale(1.5, 0.8)})
    assert drawing_of(CHEEK.area, library, drawn.scale).outline[0] in map_svg(drawn, library, "face_front")


def test_one_measure_scales_both_directions_and_two_scale_each(library):
    shape = next(shape for shape in library.body_maps["face_front"].zones if shape.side == "left")
    across, down = extent_mm(shape, "x"), extent_mm(shape, "y")
    asked = {"face_front": {"from": [{"of": "face:left", "along": "x", "mm": f"{1.1 * across:.3f}"}]}}
    one = scale_from_dict(asked, library, {})["face_front"]
    assert (one.x, one.y) == (pytest.approx(1.1, abs=1e-3), one.x) and one.measured == (Measured("face", "left", "x", Decimal(f"{1.1 * across:.3f}")),)
    asked["face_front"]["from"].append({"of": "face:left", "along": "y", "mm": f"{0.9 * down:.3f}"})
    two = scale_from_dict(asked, library, {})["face_front"]
    assert (two.x, two.y) == (pytest.approx(1.1, abs=1e-3), pytest.approx(0.9, abs=1e-3))
    assert scale_from_dict({"face_front": {"x": 1.25, "y": 1.0, "from": []}}, library, {})["face_front"] == Scale(1.25, 1.0)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"moon": {"x": 1.1, "y": 1}}, "is no known body map"),
        ({"face_front": {"x": 3, "y": 1}}, "from 0.5 to 2 can be"),
        ({"face_front": {"x": float("nan"), "y": 1}}, "from 0.5 to 2 can be"),
        ({"face_front": {"from": [{"of": "knee:left", "along": "x", "mm": "100"}]}}, "has no zone knee left"),
        ({"face_front": {"from": [{"of": "face:left", "along": "x", "mm": "-4"}]}}, "give a number from 1 to 3000 mm"),
        ({"face_front": {"from": [{"of": "face:left", "along": "x", "mm": "40"}] * 2}}, "one measure, or two"),
        ({"face_front": 3}, "cannot be read"),
        ([1], "cannot be read"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_with_a_sentence(library, asked, says):
    with pytest.raises(NoMap) as refused:
        scale_from_dict(asked, library, {})
    assert says in str(refused.value)


# ── as it is sent ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_zone_plan_is_read_as_it_is_written():
    edits = Edits(frozenset({"3", "11"}), {"2": (1.5, 2.25)}, {"a1": (3.0, 4.0)}, {"2": Change(Decimal("0.05")), "a1": Change(angle_deg=Decimal(45))})
    plans = [CHEEK, replace(CHEEK, edits=edits), ZonePlan(LEFT, "roller_passes", ROLLED), ZonePlan(LEFT, "papule", GRID, drawn=square(9, 9, 5), label="x", number=3)]
    for plan in plans:
        assert zone_plan_from_text(zone_text(plan)) == plan and zone_plan_from_dict(json.loads(zone_text(plan))) == plan
    assert edits.as_dict()["removed"] == ["3", "11"], "by number"
    assert Edits(frozenset({"1"}), {}, {}, {"2": Change(Decimal(1))}).then(edits).changed["2"] == Change(Decimal("0.05"))


GOOD = CHEEK.as_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"map": None}, {"map": 3}, {"technique": ""}, {"generator": None}, {"generator": {}}, {"generator": {**GOOD["generator"], "spacing_mm": "1e9"}},
        {"generator": {**GOOD["generator"], "spacing_mm": True}}, {"generator": {**GOOD["generator"], "volume_per_point_ml": "NaN"}},
        {"generator": {**GOOD["generator"], "seed": 1.5}}, {"generator": {**GOOD["generator"], "seed": -1}}, {"generator": {**GOOD["generator"], "grid": 9}},
        {"drawn": [[1, 2, 3]]}, {"drawn": [["x", 2]]}, {"drawn": [[float("inf"), 0]] * 3}, {"drawn": [[0, 0]] * 2000}, {"drawn": 5},
        {"chosen": [[1, 2]]}, {"chosen": "no"}, {"edits": []}, {"edits": {"removed": [1]}}, {"edits": {"removed": ["0"]}}, {"edits": {"moved": {"1": [1]}}},
        {"edits": {"moved": {"1": [1e99, 0]}}}, {"edits": {"added": {"1": [1, 2]}}}, {"edits": {"changed": {"1": {"ml": "lots"}}}},
        {"edits": {"changed": {"1": 4}}}, {"edits": {"moved": [1]}}, {"map_version": "2"},
    ],
)  # fmt: skip
def test_anything_that_is_no_zone_plan_is_refused_with_a_sentence(change):
    with pytest.raises(NoMap) as refused:
        zone_plan_from_dict({**GOOD, **change})
    assert refused.value.reasons and str(refused.value).endswith(".")


@pytest.mark.parametrize("text", ["", "[", "[]", "3", "null", '{"map"', "[" * 100_000, "x" * 200_000])
def test_text_that_is_no_zone_plan_is_refused(text):
    with pytest.raises(NoMap):
        zone_plan_from_text(text)
    with pytest.raises(NoMap):
        edits_from_dict(text)
