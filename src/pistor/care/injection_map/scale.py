"""A body map in the measures of one patient: everything on it is scaled alike, so that nothing else needs to know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pistor.care.injection_map.values import AS_DRAWN, Measured, NoMap, Position, Scale
from pistor.knowledge.model import BodyMap, Landmark, MapZone

BOUNDS = (0.5, 2.0)
ALONG = {"x": "across", "y": "from top to bottom"}
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_AXES = {"M": "xy", "L": "xy", "T": "xy", "C": "xyxyxy", "S": "xyxy", "Q": "xyxy", "H": "x", "V": "y", "A": "xy---xy", "Z": ""}


def scale_by(body_map: BodyMap, measured: Sequence[Measured]) -> Scale:
    """The scale that one or two measures give: one counts for both directions, two for one direction each. Raises :class:`NoMap`."""
    if not measured:
        return AS_DRAWN
    if len(measured) > 2 or (len(measured) == 2 and measured[0].along == measured[1].along):
        raise NoMap(f"{body_map.title}: give one measure, or two, one across and one from top to bottom.")
    factors = {one.along: round(float(one.mm) / _drawn_mm(body_map, one), 4) for one in measured}
    x, y = (factors.get(along, next(iter(factors.values()))) for along in ALONG)
    return checked(body_map, Scale(x, y, tuple(measured)))


def checked(body_map: BodyMap, scale: Scale) -> Scale:
    """The scale, if it can be a patient's. Raises :class:`NoMap`."""
    low, high = BOUNDS
    for factor, along in ((scale.x, "x"), (scale.y, "y")):
        if not low <= factor <= high:  # also where it is no number
            what = f"{body_map.title}: {ALONG[along]} the patient would be {factor:.3g} times the drawing"
            raise NoMap(f"{what}; from {low:g} to {high:g} can be. Check what was measured.")
    return scale


def extent_mm(shape: MapZone, along: str) -> float:
    """How far a zone reaches on its drawing."""
    places = [at["xy".index(along)] for at in shape.polygon]
    return max(places) - min(places)


def _drawn_mm(body_map: BodyMap, one: Measured) -> float:
    shape = next((shape for shape in body_map.zones if (shape.zone, shape.side) == (one.zone, one.side)), None)
    if shape is None or one.along not in ALONG:
        raise NoMap(f"{body_map.title} has no zone {one.zone} {one.side} that could be measured {ALONG.get(one.along, one.along)}.")
    if not one.mm.is_finite() or not 1 <= one.mm <= 3000:
        raise NoMap(f"{shape.label}, {ALONG[one.along]}: {one.mm} was measured; give a number from 1 to 3000 mm.")
    return extent_mm(shape, one.along)


@lru_cache(maxsize=128)
def scaled(body_map: BodyMap, x: float, y: float) -> BodyMap:
    """The drawing with everything on it ``x`` times as wide and ``y`` times as high."""
    if x == y == 1:
        return body_map

    def places(given: Iterable[Position]) -> tuple[Position, ...]:
        return tuple((round(at[0] * x, 3), round(at[1] * y, 3)) for at in given)

    def zone(shape: MapZone) -> MapZone:
        caution = tuple(spot.model_copy(update={"polygon": places(spot.polygon)}) for spot in shape.caution)
        return shape.model_copy(update={"polygon": places(shape.polygon), "no_go": tuple(map(places, shape.no_go)), "caution": caution})

    def landmark(mark: Landmark) -> Landmark:
        return mark.model_copy(update={"at": places([mark.at])[0] if mark.at else None, "path": _path(mark.path, x, y) if mark.path else None})

    changed: dict[str, Any] = {
        "width_mm": round(body_map.width_mm * x, 3),
        "height_mm": round(body_map.height_mm * y, 3),
        **{name: tuple(_path(path, x, y) for path in getattr(body_map, name)) for name in ("outline", "shades", "details")},
        "landmarks": tuple(map(landmark, body_map.landmarks)),
        "zones": tuple(map(zone, body_map.zones)),
    }
    return body_map.model_copy(update=changed)


def _path(path: str, x: float, y: float) -> str:
    """SVG path data, scaled. The drawings' arcs are not turned, so that their two radii scale with their own directions."""
    factors = {"x": x, "y": y, "-": 1.0}

    def command(found: re.Match[str]) -> str:
        axes, numbers = _AXES[found[1].upper()], _NUMBER.findall(found[2])
        if found[1] in "Aa" and any(float(turn) for turn in numbers[2::7]):
            raise ValueError(f"An arc of the drawing is turned, and cannot be scaled: {found[0]!r}.")
        return found[1] + " ".join(f"{round(float(number) * factors[axes[at % len(axes)]], 3):g}" for at, number in enumerate(numbers))

    return _COMMAND.sub(command, path)


def told(scale: Scale, body_map: BodyMap) -> str:
    """Why a drawing is scaled, in words: what was measured."""
    labels = {f"{shape.zone}:{shape.side}": shape.label for shape in body_map.zones}
    return ", ".join(f"{labels.get(f'{one.zone}:{one.side}', one.zone)} {ALONG[one.along]} {one.mm:f} mm" for one in scale.measured)


def number_of(value: object) -> Decimal:
    """A measure as it was typed, with comma or point; not a number where it is none."""
    try:
        return Decimal(str(value).strip().replace(",", ".")[:20])
    except ArithmeticError:
        return Decimal("NaN")
