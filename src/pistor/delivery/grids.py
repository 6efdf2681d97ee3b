"""Points of a regular grid inside an area. Millimetres throughout; the same input always gives the same points."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Position = tuple[float, float]
Polygon = Sequence[Position]

LINES = "lines"
PATTERNS = ("hexagonal", "square", LINES, "points")
SPACING_MM = (1.0, 100.0)
RUN_MM = (1.0, 100.0)
MOST_POINTS = 5000
ROUNDED_MM = 2e-3  # positions are kept to a thousandth of a millimetre


def grid_points(
    polygon: Polygon,
    no_go: Sequence[Polygon] = (),
    *,
    pattern: str,
    spacing_mm: float,
    run_mm: float | None = None,
    seed: int = 0,
) -> list[Position]:
    """Points of a lattice that lie inside ``polygon`` and outside every ``no_go`` area, row by row from the top.

    ``hexagonal`` and ``points`` are rows half a step apart, ``square`` is a square grid. ``lines`` are the points of
    entry of tracks ``run_mm`` long on rows ``spacing_mm`` apart. Seed 0 puts a lattice point on the centre of the
    area, so that mirrored areas get mirrored points; another seed shifts the lattice. Raises ``ValueError``.
    """
    step, row, stagger = cell(pattern, spacing_mm, run_mm)
    allowed = usable(polygon, no_go)
    expected = allowed.area / (step * row)
    if expected > MOST_POINTS:
        raise ValueError(
            f"spacing_mm is {spacing_mm:g}, which needs about {expected:.0f} points here; choose a spacing that gives at most {MOST_POINTS} points."
        )
    if allowed.is_empty:
        return []
    points = _inside(allowed, list(_lattice(allowed, step, row, stagger, seed)))
    if len(points) > MOST_POINTS:
        raise ValueError(f"spacing_mm is {spacing_mm:g}, which needs {len(points)} points here; choose a spacing that gives at most {MOST_POINTS} points.")
    return points


def cell(pattern: str, spacing_mm: float, run_mm: float | None = None) -> tuple[float, float, float]:
    """The unit cell of a pattern: distance along a row, distance between rows, shift of every other row (mm)."""
    if pattern not in PATTERNS:
        raise ValueError(f"pattern is {pattern!r}; choose one of {', '.join(PATTERNS)}.")
    spacing = _within("spacing_mm", spacing_mm, SPACING_MM)
    if pattern == "square":
        return spacing, spacing, 0.0
    if pattern == LINES:
        return _within("run_mm", spacing if run_mm is None else run_mm, RUN_MM), spacing, 0.0
    return spacing, spacing * math.sqrt(3) / 2, spacing / 2


def density_per_mm2(pattern: str, spacing_mm: float, run_mm: float | None = None) -> float:
    """Points per square millimetre of an endless grid."""
    step, row, _ = cell(pattern, spacing_mm, run_mm)
    return 1 / (step * row)


def area_mm2(polygon: Polygon, no_go: Sequence[Polygon] = ()) -> float:
    """The area that may be injected, measured on the flat drawing."""
    return float(usable(polygon, no_go).area)


def usable(polygon: Polygon, no_go: Sequence[Polygon] = ()) -> BaseGeometry:
    """The polygon without its no-go areas."""
    from shapely import make_valid, union_all
    from shapely.geometry import Polygon as Shape

    for x, y in polygon:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError("polygon holds a coordinate that is not a number; every coordinate is a length in millimetres.")
    area = make_valid(Shape(polygon))
    return area.difference(union_all([make_valid(Shape(hole)) for hole in no_go])) if no_go else area


def may_be_injected(polygon: Polygon, no_go: Sequence[Polygon], point: Position) -> bool:
    """Whether a single point lies inside the area and outside what must not be injected."""
    return bool(_inside(usable(polygon, no_go), [point]))


def outside(polygon: Polygon, no_go: Sequence[Polygon], points: Sequence[Position]) -> int:
    """How many points lie outside the area or where nothing may be injected, by more than rounding a position costs."""
    from shapely import contains_xy

    return int((~contains_xy(usable(polygon, no_go).buffer(ROUNDED_MM), [x for x, _ in points], [y for _, y in points])).sum())


def _lattice(allowed: BaseGeometry, step: float, row: float, stagger: float, seed: int) -> Iterator[Position]:
    left, top, right, bottom = allowed.bounds
    chance = random.Random(seed)  # noqa: S311 - a reproducible shift, no secret
    shift_x, shift_y = (chance.uniform(0, step), chance.uniform(0, row)) if seed else (0.0, 0.0)
    centre = allowed.centroid
    origin_x, origin_y = centre.x + shift_x, centre.y + shift_y
    for j in range(math.floor((top - origin_y) / row), math.ceil((bottom - origin_y) / row) + 1):
        start = origin_x + (stagger if j % 2 else 0.0)
        for i in range(math.floor((left - start) / step), math.ceil((right - start) / step) + 1):
            yield start + i * step, origin_y + j * row


def _inside(allowed: BaseGeometry, points: list[Position]) -> list[Position]:
    from shapely import contains_xy, prepare

    if not points:
        return []
    prepare(allowed)
    kept = contains_xy(allowed, [x for x, _ in points], [y for _, y in points])
    return [(round(x, 3), round(y, 3)) for (x, y), inside in zip(points, kept, strict=True) if inside]


def _within(field: str, value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{field} is {value}; give a number from {low:g} to {high:g} mm.")
    return float(value)
