"""Injection maps as they are kept and sent: from plain JSON to values and back. What cannot be one raises :class:`NoMap` with a sentence."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pistor.care.injection_map import scale as scales
from pistor.care.injection_map.values import (
    PASSES,
    PASSES_RANGE,
    POSITION_MM,
    Area,
    Change,
    Chosen,
    ChosenPoints,
    Edits,
    Generator,
    Measured,
    NoMap,
    Position,
    Scale,
    ZonePlan,
)
from pistor.delivery import grids
from pistor.knowledge import Library

MOST_ZONES, MOST_CORNERS, MOST_SEED = 60, 1000, 9999
LONGEST_LABEL = 60
LONGEST_ZONE = 120_000  # signs of one zone: some 5,000 points, each moved
_KEY = re.compile(r"a?[1-9][0-9]{0,4}", re.ASCII)
_ADDED = re.compile(r"a[1-9][0-9]{0,4}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,6}([.][0-9]{1,6})?", re.ASCII)
_DRAWN = re.compile(r"d([1-9][0-9]{0,2})", re.ASCII)


def area_from_dict(data: Mapping[str, Any]) -> Area:
    return Area(str(data["map"]), str(data["zone"]), str(data["side"]), data.get("map_version"))


def generator_from_dict(data: Mapping[str, Any]) -> Generator:
    """A generator as it was kept. One without a rule for the grid is from before there was a second."""
    return Generator(
        pattern=data["pattern"],
        spacing_mm=Decimal(data["spacing_mm"]),
        volume_per_point_ml=Decimal(data["volume_per_point_ml"]),
        inserted_length_mm=_decimal(data.get("inserted_length_mm")),
        angle_deg=_decimal(data.get("angle_deg")),
        needle_length_mm=_decimal(data.get("needle_length_mm")),
        seed=int(data.get("seed", 0)),
        grid=int(data.get("grid", 1)),
        along_mm=_decimal(data.get("along_mm")),
        passes=data.get("passes"),
        on_skin_ml=_decimal(data.get("on_skin_ml")),
    )


def chosen_from_json(kept: Mapping[str, Sequence[Sequence[Any]]] | None) -> dict[str, tuple[Chosen, ...]]:
    """Raises :class:`NoMap` for anything that is no points."""
    try:
        return {str(area): tuple(Chosen(float(x), float(y), Decimal(str(ml))) for x, y, ml in points) for area, points in (kept or {}).items()}
    except (TypeError, ValueError, AttributeError, InvalidOperation):
        raise NoMap("The points chosen one by one are not as the map keeps them: x and y in mm and a volume in mL for each; choose them anew.") from None


def zones_alike(
    areas: Iterable[Area], generator: Generator, technique: str, *, removed: Iterable[str] = (), chosen: ChosenPoints | None = None
) -> tuple[ZonePlan, ...]:
    """Zones that all have one technique and one generator, as every map had before zones had their own.

    ``removed`` are keys of points with their area's before it; ``chosen`` points stand by the key of their area.
    """
    out: dict[str, set[str]] = {}
    for key in removed:
        where, _, name = str(key).rpartition(":")
        out.setdefault(where, set()).add(name)
    plans = []
    for area in dict.fromkeys(areas):
        edits = Edits(removed=frozenset(filter(_KEY.fullmatch, out.get(area.key, ()))))
        plans.append(ZonePlan(area, technique, generator, edits, tuple((chosen or {}).get(area.key, ()))))
    return tuple(plans)


def zone_plans_kept(
    *,
    zones: Sequence[Mapping[str, Any]],
    areas: Sequence[Mapping[str, Any]],
    generator: Mapping[str, Any],
    technique: str,
    exceptions: Mapping[str, Any] | None,
) -> tuple[ZonePlan, ...]:
    """The zone plans of a row: its own, or those of a row from before zones had their own."""
    if zones:
        return zone_plans_from_json(zones)
    kept = exceptions or {}
    singles = chosen_from_json(kept.get("chosen"))
    return zones_alike(map(area_from_dict, areas), generator_from_dict(generator), technique, removed=kept.get("removed") or (), chosen=singles)


def zone_text(plan: ZonePlan) -> str:
    """The zone plan as one value of a form."""
    return json.dumps(plan.as_dict(), separators=(",", ":"), ensure_ascii=False)


def zone_plan_from_text(value: str) -> ZonePlan:
    """One zone plan from one value of a form. Raises :class:`NoMap`."""
    if len(value) > LONGEST_ZONE:
        raise NoMap(f"A zone takes more than {LONGEST_ZONE} signs; undo some of its changes.")
    try:
        return zone_plan_from_dict(json.loads(value))
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, NoMap) else NoMap("A zone of the map cannot be read; draw it anew.") from None


def zone_plans_from_json(values: object) -> tuple[ZonePlan, ...]:
    """Zone plans from plain JSON. Raises :class:`NoMap` for anything that is none."""
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise NoMap("The zones of the map cannot be read; draw them anew.")
    if len(values) > MOST_ZONES:
        raise NoMap(f"The map has {len(values)} zones; give at most {MOST_ZONES}.")
    return tuple(map(zone_plan_from_dict, values))


def zone_plan_from_dict(data: Mapping[str, Any]) -> ZonePlan:
    """One zone plan from plain JSON. Numbers may be text or numbers; positions are rounded to thousandths. Raises :class:`NoMap`."""
    try:
        area = Area(_word(data["map"]), _word(data["zone"]), _word(data["side"]), _version(data.get("map_version")))
        drawn = tuple(_place(corner) for corner in data.get("drawn") or ())
        number = _DRAWN.fullmatch(str(data.get("key", "")).rpartition(":")[2])
        plan = ZonePlan(
            area=area,
            technique=_word(data["technique"]),
            generator=_generator(data["generator"]),
            edits=edits_from_dict(data.get("edits")),
            chosen=tuple(_chosen(point) for point in data.get("chosen") or ()),
            drawn=drawn,
            label=str(data.get("label") or "").strip()[:LONGEST_LABEL],
            number=int(number[1]) if drawn and number else 1 if drawn else 0,
        )
    except NoMap:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, OverflowError):
        raise NoMap("A zone of the map cannot be read; draw it anew.") from None
    if len(plan.drawn) > MOST_CORNERS:
        raise NoMap(f"The outline of a drawn zone has {len(plan.drawn)} corners; draw it with at most {MOST_CORNERS}.")
    return plan


def edits_from_dict(data: object) -> Edits:
    """Edits from plain JSON. Raises :class:`NoMap`."""
    if data is None:
        return Edits()
    try:
        if not isinstance(data, dict):
            raise TypeError
        return Edits(
            removed=frozenset(_named(key, _KEY) for key in data.get("removed") or ()),
            moved={_named(key, _KEY): _place(place) for key, place in (data.get("moved") or {}).items()},
            added={_named(key, _ADDED): _place(place) for key, place in (data.get("added") or {}).items()},
            changed={_named(key, _KEY): _change(change) for key, change in (data.get("changed") or {}).items()},
        )
    except NoMap:
        raise
    except (TypeError, ValueError, AttributeError, InvalidOperation):
        raise NoMap("The changes of single points cannot be read; undo them and change the points anew.") from None


def scale_from_dict(data: object, library: Library, versions: Mapping[str, int | None]) -> dict[str, Scale]:
    """The scale of each body map from plain JSON: worked out from what was measured, else the factors themselves. Raises :class:`NoMap`.

    ``versions`` says on which drawing of each map.
    """
    if not data:
        return {}
    if not isinstance(data, dict):
        raise NoMap("The scale of the drawings cannot be read; measure anew.")
    found = {}
    for map_, one in data.items():
        body_map = library.body_map(map_, versions.get(map_)) if map_ in library.body_maps else None
        if body_map is None:
            raise NoMap(f"“{str(map_)[:60]}” is no known body map; known are {', '.join(library.body_maps)}.")
        try:
            measured = tuple(_measured(item) for item in one.get("from") or ())
            factors = float(one.get("x", 1)), float(one.get("y", 1))
        except (TypeError, ValueError, AttributeError, KeyError):
            raise NoMap(f"The scale of {body_map.title} cannot be read; measure anew.") from None
        scale = scales.scale_by(body_map, measured) if measured else scales.checked(body_map, Scale(*factors))
        if (scale.x, scale.y) != (1, 1):
            found[map_] = scale
    return found


def kept_scale(kept: Mapping[str, Any] | None) -> dict[str, Scale]:
    """The scale of a row: the factors that its points were made with."""
    return {map_: Scale(one["x"], one["y"], tuple(_measured(item) for item in one["from"])) for map_, one in (kept or {}).items()}


def _measured(data: Mapping[str, Any]) -> Measured:
    zone, _, side = str(data["of"]).partition(":")
    return Measured(zone, side, str(data["along"]), scales.number_of(data["mm"]))


def _generator(data: Mapping[str, Any]) -> Generator:
    pattern = _word(data["pattern"])
    passes = data.get("passes")
    return Generator(
        pattern=pattern,
        spacing_mm=_typed(data["spacing_mm"], "spacing_mm"),
        volume_per_point_ml=_typed(data["volume_per_point_ml"], "volume_per_point_ml"),
        **{name: _typed(data[name], name) for name in ("inserted_length_mm", "angle_deg", "needle_length_mm", "along_mm") if data.get(name) is not None},
        seed=_whole(data.get("seed", 0), "seed", (0, MOST_SEED)),
        grid=_whole(data.get("grid", grids.RULE), "grid", (grids.RULES[0], grids.RULES[-1])),
        passes=_whole(passes, "passes", PASSES_RANGE) if pattern == PASSES and passes is not None else None,
        on_skin_ml=_typed(data["on_skin_ml"], "on_skin_ml") if pattern == PASSES and data.get("on_skin_ml") is not None else None,
    )


def _change(data: Mapping[str, Any]) -> Change:
    names = ("ml", "volume_ml"), ("inserted_mm", "inserted_length_mm"), ("angle_deg", "angle_deg")
    return Change(**{field: _typed(data[name], name) for name, field in names if data.get(name) is not None})


def _chosen(data: Sequence[Any]) -> Chosen:
    x, y, ml = data
    return Chosen(*_place((x, y)), _typed(ml, "the volume of a chosen point"))


def _place(data: Sequence[Any]) -> Position:
    x, y = (round(float(value), 3) for value in data)
    if not all(math.isfinite(value) and abs(value) < POSITION_MM for value in (x, y)):
        raise NoMap(f"A point lies at {x:g}, {y:g} mm, which is not on the drawing.")
    return x, y


def _typed(value: object, name: str) -> Decimal:
    """A number of plain digits. What is in range is asked where the map is made."""
    shown = value if isinstance(value, str) else f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(shown):
        raise NoMap(f"{name} is {str(value)[:20]!r}; give a plain number.")
    return Decimal(shown)


def _whole(value: object, name: str, bounds: tuple[int, int]) -> int:
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise NoMap(f"{name} is {str(value)[:20]!r}; give a whole number from {low} to {high}.")
    return value


def _named(key: object, form: re.Pattern[str]) -> str:
    if not isinstance(key, str) or not form.fullmatch(key):
        raise NoMap(f"{str(key)[:20]!r} is no name of a point.")
    return key


def _word(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 60:
        raise TypeError
    return value


def _version(value: object) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError
    return value


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
