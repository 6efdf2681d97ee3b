"""What an injection map says about itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pistor.care.consultation import Answer
from pistor.care.evidence import Effect
from pistor.care.injection_map import Area, Generator, NoMap, below_the_fat, make_map, points_of, zones_alike
from pistor.delivery.grids import usable, which_inside
from pistor.exchange.pictures import map_svg

NECK = (Area("neck_back", "neck", "left"), Area("neck_back", "neck", "right"))
CHEEKS = (Area("face_front", "face", "left"), Area("face_front", "face", "right"))
FOREHEAD = (Area("face_front", "face", "mid"),)
CHIN = (Area("submental", "submental", "mid"),)


def made(library, areas, technique, **fields):
    values = {"pattern": library.techniques[technique].pattern, "spacing_mm": Decimal(10), "volume_per_point_ml": Decimal("0.02"), **fields}
    values = {key: Decimal(str(value)) if isinstance(value, int | float) else value for key, value in values.items()}
    return make_map(zones_alike(areas, Generator(**values), technique), library)


@pytest.mark.parametrize(
    ("areas", "technique", "length", "angle", "rule", "says"),
    [
        (CHEEKS, "micropapule", 4, 30, "map.tip_layer", "fat under the skin"),
        (CHEEKS, "micropapule", 4, 90, "map.tip_layer", "at most 1 mm"),
        (FOREHEAD, "pcdc_offlabel", 4, 90, "map.tip_layer", "deeper than the fat"),
        (CHEEKS, "pcdc_offlabel", 4, 90, "map.tip_layer", "do not decide it"),
        (NECK, "pain_grid", 4, 30, "map.tip_layer", "do not decide it"),
        (NECK, "pain_grid", 13, 45, "map.deeper_than_4_mm", "not to go deeper than 4 mm"),
        (NECK, "pain_grid", None, None, "map.depth_unknown", "depth of the tip is unknown"),
        (CHIN, "adipocytolysis_label", 1, 20, "map.tip_layer", "not in the fat under the skin"),
        ((Area("knees_front", "knee", "left"),), "papule", 4, 30, "map.tip_unknown", "unknown"),
        ((Area("knees_front", "knee", "left"),), "deep", 13, 45, "map.tip_unknown", "9.19 mm deep"),
        ((Area("abdomen", "abdomen", "left"),), "papule", 4, 45, "map.tip_layer", "fat under the skin"),
        (CHIN, "deep", 13, 45, "map.tip_layer", "deeper than the fat"),
        (CHIN, "pcdc_offlabel", 1, 45, "map.tip_layer", "not in the fat under the skin"),
        (NECK, "dry", 4, 90, "map.tip_layer", "not in the dermis"),
    ],
)
def test_where_the_tip_ends_is_told_with_its_sources(library, areas, technique, length, angle, rule, says):
    found = {finding.rule: finding for finding in made(library, areas, technique, inserted_length_mm=length, angle_deg=angle).findings}
    assert says in found[rule].text
    if rule == "map.tip_layer":
        assert "MICH18" in {ref.key for ref in found[rule].sources}


def test_a_tip_that_stays_in_the_dermis_is_not_warned_about(library):
    drawn = made(library, CHEEKS, "micropapule", inserted_length_mm=Decimal("1.5"), angle_deg=30)
    assert {zone.tip_layer for zone in drawn.zones} == {"dermis"}
    assert "map.tip_layer" not in {finding.rule for finding in drawn.findings}


@pytest.mark.parametrize(
    ("fields", "rule", "source"),
    [({"spacing_mm": 40}, "map.spacing", "PHP"), ({"volume_per_point_ml": 1}, "map.volume_per_point", "PHP"), ({"angle_deg": 80}, "map.angle", "PHP")],
)
def test_numbers_outside_what_is_published_are_named_with_their_source(library, fields, rule, source):
    found = {
        finding.rule: finding for finding in made(library, NECK, "pain_grid", **{"spacing_mm": 20, "volume_per_point_ml": Decimal("0.1"), **fields}).findings
    }
    assert source in {ref.key for ref in found[rule].sources}


def test_the_labels_grid_under_the_chin_stays_within_fifty_points_and_ten_millilitres(library):
    drawn = made(library, CHIN, "adipocytolysis_label", volume_per_point_ml=Decimal("0.2"), inserted_length_mm=6, angle_deg=90)
    assert 40 <= drawn.points <= 50
    assert drawn.volume_ml == drawn.points * Decimal("0.2")


def test_totals_are_sums_and_no_point_lies_in_a_no_go_area(library):
    from shapely.geometry import Point, Polygon

    for body in library.body_maps.values():
        areas = [Area(body.id, shape.zone, shape.side) for shape in body.zones]
        drawn = made(library, areas, "papule", spacing_mm=8)
        assert drawn.points == sum(zone.points for zone in drawn.zones) == len(points_of(drawn))
        holes = [Polygon(hole).buffer(-0.05) for shape in body.zones for hole in shape.no_go]
        own = {(shape.zone, shape.side): [Polygon(hole).buffer(-0.05) for hole in shape.no_go] for shape in body.zones}
        assert all(not hole.contains(Point(p.x_mm, p.y_mm)) for p in drawn.placed for hole in own[p.area.zone, p.area.side])
        assert not any(hole.contains(Point(position)) for hole in holes for position in points_of(drawn)), body.id


def test_the_same_area_in_two_views_would_count_twice_and_is_refused(library):
    with pytest.raises(NoMap, match="two views"):
        made(library, (Area("face_front", "face", "left"), Area("face_left", "face", "left")), "papule")


def test_all_maps_are_symmetric(library):
    for body in library.body_maps.values():
        sides = {(shape.zone, shape.side): shape.polygon for shape in body.zones}
        for (zone, side), polygon in sides.items():
            if side == "left" and (zone, "right") in sides:
                assert sorted((round(body.width_mm - x, 1), y) for x, y in polygon) == sorted((round(x, 1), y) for x, y in sides[zone, "right"])


def test_a_version_that_is_not_kept_is_refused_and_every_earlier_one_is_kept(library):
    with pytest.raises(NoMap, match="Version 99"):
        made(library, (Area("submental", "submental", "mid", 99),), "papule")
    today = {shape.zone for body in library.body_maps.values() for shape in body.zones}
    for body in library.body_maps.values():
        kept = [library.body_map(body.id, version) for version in range(1, body.version + 1)]
        assert [drawn.version for drawn in kept] == list(range(1, body.version + 1)), body.id
        assert {shape.zone for drawn in kept for shape in drawn.zones} <= today, body.id  # a zone may move to a view of its own, none is lost


def test_mirrored_areas_get_mirrored_points(library):
    drawn = made(library, CHEEKS, "papule", spacing_mm=7)
    width = library.body_maps["face_front"].width_mm
    left, right = (points_of(drawn, next(a for a in drawn.areas if a.side == side)) for side in ("left", "right"))
    assert sorted((round(width - x, 1), round(y, 1)) for x, y in left) == sorted((round(x, 1), round(y, 1)) for x, y in right)


@pytest.mark.parametrize("technique", ["deep", "dry", "mesoperfusion", "pcdc_offlabel"])
def test_a_technique_that_is_only_described_still_makes_a_map(library, technique):
    drawn = made(library, CHIN, technique, volume_per_point_ml=Decimal(0) if technique == "dry" else Decimal("0.1"))
    assert drawn.points > 0
    assert (drawn.volume_ml == 0) is (technique == "dry")


def test_the_needle_alone_gives_no_volume_and_every_other_technique_some(library):
    with pytest.raises(NoMap, match=r"volume_per_point_ml is 0; give a number from 0.001"):
        made(library, NECK, "point_by_point", volume_per_point_ml=Decimal(0))
    rules = {finding.rule for finding in made(library, NECK, "dry", volume_per_point_ml=Decimal("0.1")).findings}
    assert "map.volume_per_point" in rules


def test_a_technique_without_parameters_says_that_none_is_published(library):
    texts = [finding.text for finding in made(library, NECK, "mesoperfusion").findings]
    assert any("No spacing is published for mesoperfusion" in text for text in texts)
    assert any("No volume per point is published for mesoperfusion" in text for text in texts)


@pytest.mark.parametrize(
    ("measured", "length", "warned"),
    [("5", 6, True), ("6", 6, False), ("12.5", 6, False), ("unknown", 6, False), (None, 6, False), ("5", None, False)],
)
def test_a_tip_below_the_fat_that_was_measured_is_a_caution_and_stops_nothing(library, measured, length, warned):
    drawn = made(library, CHIN, "adipocytolysis_label", volume_per_point_ml=Decimal("0.2"), inserted_length_mm=length, angle_deg=90)
    found = below_the_fat(drawn, Answer("pinch_thickness_mm", measured, None, "asked") if measured else None)
    assert [(finding.effect.value, finding.stops) for finding in found] == [("caution", False)] * warned


RHOMBOID = "Between spine and shoulder blade"


def cautioned(drawn):
    return {finding.text.partition(". ")[2]: finding for finding in drawn.findings if finding.rule.startswith("map.caution_area")}


@pytest.mark.parametrize(("inserted", "effect"), [("4", Effect.INFORM), ("12.9", Effect.INFORM), ("13", Effect.CAUTION), (None, Effect.CAUTION)])
def test_a_caution_area_warns_where_the_tip_can_reach_what_lies_there_or_nobody_knows_its_depth(library, inserted, effect):
    areas = [Area("back", "back", side) for side in ("left", "right")]
    drawn = made(library, areas, "pain_grid", inserted_length_mm=None if inserted is None else Decimal(inserted), angle_deg=Decimal(90))
    (said,) = (finding for text, finding in cautioned(drawn).items() if text.startswith(RHOMBOID))
    assert said.effect == effect and not said.stops
    assert "left side of the back and right side of the back" in said.text and {source.key for source in said.sources} == {"SEOL14"}


def test_a_caution_area_without_a_point_says_nothing(library):
    areas = [Area("back", "back", "left")]
    drawn = made(library, areas, "pain_grid")
    spot = next(shape for shape in library.body_maps["back"].zones if (shape.zone, shape.side) == ("back", "left")).caution[0]
    inside = [point.key for point in drawn.placed if which_inside(spot.polygon, [(point.x_mm, point.y_mm)])]
    assert inside and cautioned(drawn)
    assert not cautioned(make_map(zones_alike(areas, drawn.generator, drawn.technique, removed=inside), library))


def test_every_caution_area_lies_on_its_zone_and_has_its_mirror_image(library):
    for body in library.body_maps.values():
        spots = {(shape.side, spot.text): (spot, shape) for shape in body.zones for spot in shape.caution}
        for (side, text), (spot, shape) in spots.items():
            assert usable(spot.polygon).intersection(usable(shape.polygon, shape.no_go)).area > 0
            other = spots[{"left": "right", "right": "left"}.get(side, side), text][0]
            mirrored = usable([(body.width_mm - x, y) for x, y in spot.polygon])
            assert mirrored.symmetric_difference(usable(other.polygon)).area < 0.01 * mirrored.area


def test_caution_areas_are_dotted_on_the_picture_and_in_its_legend(library):
    picture = map_svg(None, library, "face_front")
    assert picture.partition("</desc>")[2].count("Stay in the skin") == 1 and "take care" in picture
    assert "take care" not in map_svg(None, library, "abdomen")


def test_what_is_left_out_and_minded_is_said_to_who_cannot_see_the_picture(library):
    said = map_svg(None, library, "neck_front").partition("<desc>")[2].partition("</desc>")[0]
    assert said.count("Larynx, thyroid and windpipe") == said.count("The carotid artery") == 1


def test_points_that_meet_across_two_areas_are_told_and_gone_when_one_is_taken_out(library):
    drawn = made(library, NECK, "pain_grid", spacing_mm=25)
    crowded = [finding for finding in drawn.findings if finding.rule == "map.crowded"]
    meeting = [one.key for one in drawn.placed for other in drawn.placed if one.area.side == "left" and other.area.side == "right" and near(one, other) < 12.5]
    assert meeting and [finding.text.partition(" of neighbouring")[0] for finding in crowded] == ["1 pair of points"]
    alone = make_map(zones_alike(NECK, drawn.generator, drawn.technique, removed=meeting), library)
    assert not any(finding.rule == "map.crowded" for finding in alone.findings)


def near(one, other):
    return ((one.x_mm - other.x_mm) ** 2 + (one.y_mm - other.y_mm) ** 2) ** 0.5
