"""Grids and needle depth: never where one must not inject, as many points as the area holds, and geometry as published."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from pistor.delivery.depth import LayerThickness, layers_at, tip_depth_mm
from pistor.delivery.grids import area_mm2, density_per_mm2, grid_points


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


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stars(), st.sampled_from(["hexagonal", "square", "lines"]), st.floats(3, 25), st.integers(0, 50))
def test_every_point_is_inside_and_none_where_one_must_not_inject(shapes, pattern, spacing, seed):
    area, hole = shapes
    points = grid_points(area, [hole], pattern=pattern, spacing_mm=spacing, seed=seed)
    inside, forbidden = Polygon(area).buffer(0.01), Polygon(hole).buffer(-0.01)
    assert all(inside.covers(Point(p)) and not forbidden.contains(Point(p)) for p in points)
    usable = Polygon(area).difference(Polygon(hole))
    assert abs(len(points) - usable.area * density_per_mm2(pattern, spacing)) <= usable.length / spacing + 2
    assert points == grid_points(area, [hole], pattern=pattern, spacing_mm=spacing, seed=seed)


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
