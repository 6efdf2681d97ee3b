"""Grids and needle depth: never where one must not inject, as many points as the area holds, and geometry as published."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from pistor.care.injection_map import generator_from_dict
from pistor.delivery.depth import LayerThickness, layers_at, tip_depth_mm
from pistor.delivery.grids import RULES, area_mm2, density_per_mm2, grid_points
from pistor.knowledge import load


@st.composite
def stars(draw):
    """A star-shaped area around a point, with a smaller one left out of it."""
    corners = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(10, 80), min_size=corners, max_size=corners))
    at_x, at_y = draw(st.floats(-100, 100)), draw(st.floats(-100, 100))
    turn = [2 * math.pi * i / corners for i in range(corners)]
    area = [(at_x + r * math.cos(a), at_y + r * math.sin(a)) for r, a in zip(radii, turn, strict=True)]
    hole = [(at_x + 0.4 * min(radii) * math.cos(a) + draw(st.floats(0, 5)), at_y + 0.4 * min(radii) * math.sin(a)) for a in turn]
    return area, list(Polygon(hole).convex_hull.exterior.coords)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stars(), st.sampled_from(["hexagonal", "square", "lines"]), st.floats(3, 25), st.integers(0, 50), st.sampled_from(RULES))
def test_every_point_is_inside_and_none_where_one_must_not_inject(shapes, pattern, spacing, seed, rule):
    area, hole = shapes
    points = grid_points(area, [hole], pattern=pattern, spacing_mm=spacing, seed=seed, rule=rule)
    inside, forbidden = Polygon(area).buffer(0.01), Polygon(hole).buffer(-0.01)
    assert all(inside.covers(Point(p)) and not forbidden.contains(Point(p)) for p in points)
    usable = Polygon(area).difference(Polygon(hole))
    assert abs(len(points) - usable.area * density_per_mm2(pattern, spacing)) <= usable.length / spacing + 2
    assert points == grid_points(area, [hole], pattern=pattern, spacing_mm=spacing, seed=seed, rule=rule)


def random_areas(many, seed):
    """Stars and upright rectangles with what must not be injected in them, and a pattern, a spacing (mm) and a seed for each."""
    chance = np.random.default_rng(seed)
    for number in range(many):
        if number % 4 == 0:
            width, height = chance.uniform(20, 150, 2)
            area = np.array([(0, 0), (width, 0), (width, height), (0, height)])
        else:
            corners = int(chance.integers(3, 13))
            turn = 2 * math.pi * np.arange(corners) / corners
            area = chance.uniform(10, 80, corners)[:, None] * np.column_stack((np.cos(turn), np.sin(turn)))
        hole = chance.uniform(-10, 60, 2) + chance.uniform(0, 20, (4, 2)) * ((-1, -1), (1, -1), (1, 1), (-1, 1))
        yield area, hole, str(chance.choice(["hexagonal", "square"])), float(chance.uniform(6, 25)), int(chance.integers(0, 4))


def test_ten_thousand_grids_hold_area_times_density_within_one_point_and_none_where_one_must_not_inject():
    for area, hole, pattern, spacing, seed in random_areas(10_000, seed=26):
        points = np.array(grid_points(area, [hole], pattern=pattern, spacing_mm=spacing, seed=seed)).reshape(-1, 2)
        expected = shapely.Polygon(area).difference(shapely.Polygon(hole)).area * density_per_mm2(pattern, spacing)
        assert abs(len(points) - expected) <= 1, (area, hole, pattern, spacing, seed)
        forbidden = shapely.Polygon(hole + 0.0005 * np.sign(hole.mean(axis=0) - hole))  # points are rounded to thousandths of a millimetre
        assert not shapely.contains_xy(forbidden, *points.T).any()


def test_mirrored_areas_get_mirrored_points_whatever_lattice_was_found():
    for area, hole, pattern, spacing, seed in random_areas(600, seed=27):
        if not area[0].any():
            continue  # a rectangle is its own mirror image
        left, right = (
            np.array(grid_points(area * (side, 1), [hole * (side, 1)], pattern=pattern, spacing_mm=spacing, seed=seed)).reshape(-1, 2) for side in (1, -1)
        )
        assert left.shape == right.shape
        assert np.allclose(left * (-1, 1), right, atol=0.0011), (area, hole, pattern, spacing, seed)


@pytest.mark.parametrize("pattern", ["hexagonal", "square"])
def test_a_symmetric_area_gets_a_symmetric_grid(pattern):
    area = [(-40, 0), (40, 0), (25, 63), (0, 71), (-25, 63)]
    points = grid_points(area, pattern=pattern, spacing_mm=8)
    assert sorted((round(-x, 1) + 0.0, round(y, 1)) for x, y in points) == sorted((round(x, 1) + 0.0, round(y, 1)) for x, y in points)
    assert abs(len(points) - area_mm2(area) * density_per_mm2(pattern, 8)) <= 1


def test_tracks_of_a_needle_keep_their_direction():
    points = np.array(grid_points([(0, 0), (97, 0), (90, 64), (10, 71)], pattern="lines", spacing_mm=7, run_mm=11))
    rows = np.unique(points[:, 1])
    assert np.allclose(np.diff(rows), 7, atol=0.002)


def test_rows_have_their_own_distance_along_the_row_and_are_counted_to_and_fro():
    slanted, straight = [(0, 0), (60, 5), (52, 44), (11, 38)], [(0, 0), (60, 0), (60, 40), (0, 40)]
    assert abs(len(grid_points(slanted, pattern="rows", spacing_mm=6.3, run_mm=3.1)) - area_mm2(slanted) / (6.3 * 3.1)) <= 1
    steps = np.hypot(*np.diff(np.array(grid_points(straight, pattern="rows", spacing_mm=6.3, run_mm=3.1)), axis=0).T)
    assert set(steps.round(2)) == {3.1, 6.3}  # the hand never goes back to the beginning of a row


def test_maps_drawn_before_there_was_a_rule_are_drawn_again_bit_for_bit():
    """The digest was made with the code of that time, over drawings that are kept for good."""
    library, drawn = load(), hashlib.sha256()
    for id_ in ("abdomen", "face_front", "neck_back", "scalp_top", "submental"):
        for shape in library.body_map(id_, 1).zones:
            for pattern, spacing, run, seed in (("hexagonal", 11, None, 0), ("square", 15, None, 3), ("points", 20.5, None, 0), ("lines", 10, 13, 7)):
                kept = {"pattern": pattern, "spacing_mm": str(spacing), "volume_per_point_ml": "0.1", "seed": seed}
                rule = generator_from_dict(kept).grid
                drawn.update(repr(grid_points(shape.polygon, shape.no_go, pattern=pattern, spacing_mm=spacing, run_mm=run, seed=seed, rule=rule)).encode())
    assert drawn.hexdigest() == "249cde82799deed23e9a62ef38ff653ce4e8b681a50b6c1d63b5d94fb6e7432b"


def test_the_view_of_the_whole_back_is_drawn_again_bit_for_bit_although_views_of_its_parts_took_its_place():
    """The digest was made while version 2 was the drawing of the day."""
    drawn = hashlib.sha256()
    for shape in load().body_map("neck_back", 2).zones:
        for pattern, spacing, seed in (("hexagonal", 11, 0), ("square", 15, 3), ("points", 20.5, 0)):
            drawn.update(repr(grid_points(shape.polygon, shape.no_go, pattern=pattern, spacing_mm=spacing, seed=seed)).encode())
    assert drawn.hexdigest() == "bdf4c0334f4e23ee0619376582b348df5ce2488e6e83abef5b7b63626d63a209"


@pytest.mark.parametrize("id_", sorted(load().body_maps))
def test_every_zone_of_every_drawing_takes_any_grid_within_one_point_and_none_where_one_must_not_inject(id_):
    chance = np.random.default_rng(len(id_))
    for shape in load().body_maps[id_].zones:
        allowed = shapely.Polygon(shape.polygon).difference(shapely.union_all([shapely.Polygon(hole) for hole in shape.no_go]))
        assert shapely.Polygon(shape.polygon).is_valid and allowed.area > 0
        for pattern in ("hexagonal", "square"):
            spacing, seed = float(chance.uniform(6, 25)), int(chance.integers(0, 4))
            points = np.array(grid_points(shape.polygon, shape.no_go, pattern=pattern, spacing_mm=spacing, seed=seed)).reshape(-1, 2)
            assert shapely.contains_xy(allowed.buffer(0.002), *points.T).all(), (shape.label, pattern, spacing, seed)
            assert abs(len(points) - allowed.area * density_per_mm2(pattern, spacing)) <= 1, (shape.label, pattern, spacing, seed)


def test_a_rule_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="grid is 3"):
        grid_points([(0, 0), (9, 0), (9, 9)], pattern="square", spacing_mm=3, rule=3)


def test_a_square_of_ten_centimetres_holds_a_hundred_points_at_one_centimetre():
    square = [(0, 0), (100, 0), (100, 100), (0, 100)]
    assert abs(len(grid_points(square, pattern="square", spacing_mm=10, seed=3)) - 100) <= 1
    assert area_mm2(square) == 10_000


def test_mirrored_areas_get_mirrored_points():
    area = [(10, 0), (60, 5), (70, 60), (20, 80)]
    left = grid_points(area, pattern="hexagonal", spacing_mm=9)
    right = grid_points([(-x, y) for x, y in area], pattern="hexagonal", spacing_mm=9)
    assert sorted((round(-x, 2), round(y, 2)) for x, y in left) == sorted((round(x, 2), round(y, 2)) for x, y in right)


@pytest.mark.parametrize("spacing", [0, -1, float("nan"), float("inf"), 0.5, 101, True])
def test_a_spacing_that_cannot_be_is_named_with_its_range(spacing):
    with pytest.raises(ValueError, match=r"spacing_mm is .*from 1 to 100 mm"):
        grid_points([(0, 0), (9, 0), (9, 9)], pattern="square", spacing_mm=spacing)


def test_more_than_five_thousand_points_are_refused_before_they_are_made():
    with pytest.raises(ValueError, match="at most 5000 points"):
        grid_points([(0, 0), (1000, 0), (1000, 1000), (0, 1000)], pattern="square", spacing_mm=1)


@pytest.mark.parametrize(
    ("length", "depths"),
    [(4, (1.0, 2.0, 2.8, 3.5, 4.0)), (6, (1.6, 3.0, 4.2, 5.2, 6.0)), (12, (3.1, 6.0, 8.5, 10.4, 12.0)), (13, (3.4, 6.5, 9.2, 11.3, 13.0))],
)
def test_depth_is_inserted_length_times_the_sine_of_the_angle(length, depths):
    assert [round(tip_depth_mm(length, angle) + 1e-9, 1) for angle in (15, 30, 45, 60, 90)] == list(depths)


@pytest.mark.parametrize(
    ("length", "angle", "field"), [(0, 30, "inserted_length_mm"), (float("nan"), 30, "inserted_length_mm"), (4, 0, "angle_deg"), (4, 91, "angle_deg")]
)
def test_a_needle_that_cannot_be_is_named(length, angle, field):
    with pytest.raises(ValueError, match=field):
        tip_depth_mm(length, angle)


SKIN = (LayerThickness("epidermis", 0.2, 0.2), LayerThickness("dermis", 0.8, 1.2), LayerThickness("hypodermis", 2, 6))


@pytest.mark.parametrize(
    ("depth", "layers", "answer"),
    [
        (0.1, SKIN, ("epidermis",)),
        (0.2, SKIN, ("dermis",)),
        (0.5, SKIN, ("dermis",)),
        (1.0, SKIN, ("dermis", "hypodermis")),
        (1.1, SKIN, ("dermis", "hypodermis")),
        (1.4, SKIN, ("hypodermis",)),
        (2.0, SKIN, ("hypodermis",)),
        (5.0, SKIN, ("hypodermis", "deeper")),
        (9.0, SKIN, ("deeper",)),
        (2.0, (), ()),
        (2.0, (LayerThickness("dermis", 1.9, 1.9),), ("hypodermis",)),
        (1.0, (LayerThickness("dermis", 1.9, 1.9),), ("dermis",)),
        (1.0, (LayerThickness("epidermis", 0.1, 0.1),), ()),
    ],
)
def test_the_layer_is_told_as_far_as_thicknesses_tell_it_and_unknown_beyond(depth, layers, answer):
    assert layers_at(depth, layers) == answer
