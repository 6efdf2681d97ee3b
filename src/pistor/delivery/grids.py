"""Points of a regular grid inside an area. Millimetres throughout; the same input always gives the same points.

Over all offsets of a lattice the mean number of its points in an area is the area times the density, exactly; one offset
alone can miss that by many points. So offsets are tried in a fixed order until the number is within one point. A rectangle
whose edges run along the rows has only a few numbers to offer; there the lattice is turned as well.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Points = np.ndarray[tuple[int, int], np.dtype[np.float64]]

Position = tuple[float, float]
Polygon = Sequence[Position]

LINES, ROWS = "lines", "rows"
PATTERNS = ("hexagonal", "square", LINES, ROWS, "points")
SPACING_MM = (1.0, 100.0)
RUN_MM = (1.0, 100.0)
MOST_POINTS = 5000
ROUNDED_MM = 2e-3  # positions are kept to a thousandth of a millimetre
RULE = 2  # how offsets are found; records without a rule were drawn by rule 1, which took the first offset as it came
RULES = (1, RULE)
NEAR_ENOUGH = 1.0  # points between the number in the area and area times density
UPRIGHT, TURNED = 64, 192  # offsets that are tried, along the rows first
R2 = (0.7548776662466927, 0.5698402909980532)  # 1/p and 1/p² of the root p of p³ = p + 1: fills a square evenly from the first member on
SYMMETRIC = 0.002  # of its area that an area may differ from its mirror image and still count as symmetric

Lattice = tuple[float, float, float]  # shift along and across the rows as fractions of a cell, turn in radians


def grid_points(
    polygon: Polygon,
    no_go: Sequence[Polygon] = (),
    *,
    pattern: str,
    spacing_mm: float,
    run_mm: float | None = None,
    seed: int = 0,
    rule: int = RULE,
    within: Polygon | None = None,
) -> list[Position]:
    """Points of a lattice that lie inside ``polygon`` (and ``within``, where that is given) and outside every ``no_go`` area, row by row from the top.

    ``hexagonal`` and ``points`` are rows half a step apart, ``square`` is a square grid. ``lines`` are the points of
    entry of tracks ``run_mm`` long on rows ``spacing_mm`` apart. ``rows`` are pricks ``run_mm`` apart on rows ``spacing_mm`` apart,
    counted to and fro as the hand goes. Both are shifted and never turned.
    The number of points is the area times the density within one point, wherever a lattice that was tried has it; else it is the nearest.
    Mirrored areas get mirrored points, and a symmetric area a symmetric grid where one has that number. Seed 0 first tries a lattice
    point on the centre of the area; another seed begins elsewhere. ``rule`` 1 draws what was drawn before there was a rule:
    the first offset, whatever its number. Raises ``ValueError``.
    """
    step, row, stagger = cell(pattern, spacing_mm, run_mm)
    if rule not in RULES:
        raise ValueError(f"grid is {rule!r}; known are the rules {', '.join(map(str, RULES))} for the offset of a grid.")
    allowed = usable(polygon, no_go, within)
    expected = allowed.area / (step * row)
    if expected > MOST_POINTS:
        raise ValueError(
            f"spacing_mm is {spacing_mm:g}, which needs about {expected:.0f} points here; choose a spacing that gives at most {MOST_POINTS} points."
        )
    if allowed.is_empty:
        return []
    if rule == 1:
        points = _as_it_comes(allowed, (step, row, stagger), seed)
    else:
        points = _counted(allowed, (step, row, stagger), expected, seed, turning=pattern not in (LINES, ROWS))
    if pattern == ROWS:
        points = _to_and_fro(points)
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
    if pattern in (LINES, ROWS):
        return _within("run_mm", spacing if run_mm is None else run_mm, RUN_MM), spacing, 0.0
    return spacing, spacing * math.sqrt(3) / 2, spacing / 2


def density_per_mm2(pattern: str, spacing_mm: float, run_mm: float | None = None) -> float:
    """Points per square millimetre of an endless grid."""
    step, row, _ = cell(pattern, spacing_mm, run_mm)
    return 1 / (step * row)


def area_mm2(polygon: Polygon, no_go: Sequence[Polygon] = (), within: Polygon | None = None) -> float:
    """The area that may be injected, measured on the flat drawing."""
    return float(usable(polygon, no_go, within).area)


def usable(polygon: Polygon, no_go: Sequence[Polygon] = (), within: Polygon | None = None) -> BaseGeometry:
    """The polygon without its no-go areas, and only what of it lies ``within`` another."""
    from shapely import make_valid, union_all
    from shapely.geometry import Polygon as Shape

    for x, y in polygon:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError("polygon holds a coordinate that is not a number; every coordinate is a length in millimetres.")
    area = make_valid(Shape(polygon))
    if within is not None:
        area = area.intersection(usable(within))
    return area.difference(union_all([make_valid(Shape(hole)) for hole in no_go])) if no_go else area


def outside(polygon: Polygon, no_go: Sequence[Polygon], points: Sequence[Position], within: Polygon | None = None) -> list[int]:
    """Which of the points lie outside the area or where nothing may be injected, by more than rounding a position costs."""
    from shapely import contains_xy

    allowed = usable(polygon, no_go, within).buffer(ROUNDED_MM)
    return np.flatnonzero(~contains_xy(allowed, [x for x, _ in points], [y for _, y in points])).tolist() if points else []


def which_inside(polygon: Polygon, points: Sequence[Position]) -> list[int]:
    """Which of the points lie in an area."""
    from shapely import contains_xy

    return np.flatnonzero(contains_xy(usable(polygon), [x for x, _ in points], [y for _, y in points])).tolist() if points else []


def _as_it_comes(allowed: BaseGeometry, unit: tuple[float, float, float], seed: int) -> list[Position]:
    """Rule 1: a lattice point on the centre of the area, or shifted by the seed."""
    step, row, _ = unit
    chance = random.Random(seed)  # noqa: S311 - a reproducible shift, no secret
    shift_x, shift_y = (chance.uniform(0, step), chance.uniform(0, row)) if seed else (0.0, 0.0)
    centre = allowed.centroid
    return _positions(_inside(allowed, unit, (centre.x + shift_x, centre.y + shift_y), 0.0))


def _counted(allowed: BaseGeometry, unit: tuple[float, float, float], expected: float, seed: int, *, turning: bool) -> list[Position]:
    """Rule 2: the first lattice whose number of points is within one of ``expected``, else the nearest that was tried.

    The area is looked at with its centre in the origin and its heavier side to the right, so that its mirror image meets the same lattices.
    """
    from shapely import prepare, transform

    centre = allowed.centroid
    hand = _hand(allowed)
    seen = transform(allowed, lambda xy: (xy - (centre.x, centre.y)) * (hand or 1, 1))
    prepare(seen)
    best, missed = np.empty((0, 2)), math.inf
    for along, across, turn in _lattices(seed, symmetric=hand == 0, turning=turning):
        found = _inside(seen, unit, (along * unit[0], across * unit[1]), turn)
        if abs(len(found) - expected) < missed:
            best, missed = found, abs(len(found) - expected)
        if missed <= NEAR_ENOUGH:
            break
    best = best * (hand or 1, 1) + (centre.x, centre.y)
    return _positions(best)


def _lattices(seed: int, *, symmetric: bool, turning: bool) -> Iterator[Lattice]:
    """The lattices to try: those with a line of symmetry first for a symmetric area, then shifted ones, then turned ones."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible shift, no secret
    first = (chance.random(), chance.random()) if seed else (0.0, 0.0)

    def shift(k: int) -> tuple[float, float]:
        return (first[0] + k * R2[0]) % 1, (first[1] + k * R2[1]) % 1

    if symmetric:
        yield from ((half, shift(k)[1], 0.0) for k in range(UPRIGHT) for half in (0.0, 0.5))
    yield from ((*shift(k), 0.0) for k in range(UPRIGHT if turning else UPRIGHT + TURNED))
    if turning:
        yield from ((*shift(k), (k % 15 + 1) * math.pi / 40) for k in range(UPRIGHT, UPRIGHT + TURNED))


def _hand(area: BaseGeometry) -> int:
    """1 or -1 for an area and its mirror image (left and right swapped), 0 for one that is its own."""
    from shapely import clip_by_rect, transform

    centre, (left, top, right, bottom) = area.centroid, area.bounds
    mirrored = transform(area, lambda xy: (2 * centre.x, 0) + xy * (-1, 1))
    if area.symmetric_difference(mirrored).area <= SYMMETRIC * area.area:
        return 0
    upper = clip_by_rect(area, left, top, right, (top + bottom) / 2).centroid
    leaning = (centre.x - (left + right) / 2) + (0 if upper.is_empty else upper.x - centre.x) / 2
    return 1 if leaning > 0 else -1


def _inside(allowed: BaseGeometry, unit: tuple[float, float, float], origin: Position, turn: float) -> Points:
    """Points (N, 2) of the lattice through ``origin`` that lie in the area, row by row."""
    from shapely import contains_xy

    step, row, stagger = unit
    left, top, right, bottom = allowed.bounds
    if turn:  # a circle around the area, so that it is full whichever way the rows run
        x, y, reach = (left + right) / 2, (top + bottom) / 2, math.hypot(right - left, bottom - top) / 2
        x, y = _turned(x - origin[0], y - origin[1], -turn)
        left, top, right, bottom = (origin[0] + x - reach, origin[1] + y - reach, origin[0] + x + reach, origin[1] + y + reach)
    j = np.arange(math.floor((top - origin[1]) / row), math.ceil((bottom - origin[1]) / row) + 1)
    i = np.arange(math.floor((left - origin[0] - stagger) / step), math.ceil((right - origin[0]) / step) + 1)
    starts = origin[0] + np.where(j % 2, stagger, 0.0)
    x = (starts[:, None] + i[None, :] * step).ravel()
    y = np.repeat(origin[1] + j * row, len(i))
    if turn:
        along, across = _turned(x - origin[0], y - origin[1], turn)
        x, y = origin[0] + along, origin[1] + across
    kept = contains_xy(allowed, x, y)
    return np.column_stack((x[kept], y[kept]))


def _turned(x: Any, y: Any, turn: float) -> tuple[Any, Any]:
    """Numbers or arrays, turned around the origin from x towards y."""
    return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)


def _positions(points: Points) -> list[Position]:
    """Thousandths of a millimetre, rounded as decimals are."""
    return [(round(x, 3), round(y, 3)) for x, y in points.tolist()]


def _to_and_fro(points: list[Position]) -> list[Position]:
    """The same points row by row, each row from the end that is nearer to where the last one ended."""
    path: list[Position] = []
    for _, row in itertools.groupby(points, key=lambda point: point[1]):
        ahead = list(row)
        path += ahead[::-1] if path and math.dist(path[-1], ahead[-1]) < math.dist(path[-1], ahead[0]) else ahead
    return path


def _within(field: str, value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{field} is {value}; give a number from {low:g} to {high:g} mm.")
    return float(value)
