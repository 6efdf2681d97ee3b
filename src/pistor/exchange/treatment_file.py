"""One treatment for ``pistor deliver``: a plan as ``pistor plan --json`` prints it, or a few lines of YAML. docs/reference/deliver.md describes both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeVar

from pistor.care.exposure.film import MICRONEEDLES, FilmOrder
from pistor.care.exposure.order import (
    INTERVAL_DAYS,
    MG_PER_ML,
    MOST_CONTENTS,
    NO_RUN,
    ROW_ANGLE_DEG,
    TREATMENTS,
    WEIGHT_KG,
    Content,
    Order,
    Region,
    Spot,
    contents_of,
    order_from,
)
from pistor.care.exposure.places import round_spots
from pistor.care.formulation import Blend, compose
from pistor.care.injection_map import InjectionMap, make_map, scale_from_dict, zone_plans_kept
from pistor.care.workbench import DEFAULT_POLICY
from pistor.delivery import grids
from pistor.delivery.depots import THREAD_MM, VOLUME_ML
from pistor.delivery.problem import POSITION_MM
from pistor.exchange.errors import Unusable
from pistor.exchange.plain_values import bounded, items, made, mapping, number, quoted
from pistor.exchange.recipe import read_parts
from pistor.knowledge import Library

PLAN = ("intent", "injection_map", "withheld")
AREA_CM2 = (0.01, 5000.0)
SPACING_MM = (1.0, 100.0)
DEPTH_MM = (0.0, 200.0)
SEXES = ("female", "male")
_NEEDED = ("zone", "depth_mm", "volume_per_point_ml")
_OPTIONAL = (
    "parts", "mg_per_ml", "spacing_mm", "area_cm2", "pattern", "points", "technique", "weight_kg", "sex", "vasoconstrictor", "target_depth_mm",
    "threshold_mg_per_ml", "treatments", "interval_days", "run_mm", "angle", "device",
)  # fmt: skip
_FILM_NEEDED = ("zone", "device", "area_cm2", "channels_per_cm2", "needle_length_mm")
_FILM_OPTIONAL = (
    "film_mm", "film_ul_per_cm2", "parts", "mg_per_ml", "channel_depth_mm", "channel_width_mm", "covered", "closure_half_life_h", "weight_kg", "sex",
    "vasoconstrictor", "target_depth_mm", "treatments", "interval_days",
)  # fmt: skip
_MM_PER_UL_PER_CM2 = 0.01
_T = TypeVar("_T")


def is_plan(value: dict[str, Any]) -> bool:
    return all(key in value for key in PLAN)


# ── a plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_plan(value: dict[str, Any], library: Library, depth_mm: float | None = None) -> Order:
    """The treatment in a plan; ``depth_mm`` goes before what it says of the tip. Raises :class:`Unusable` with one sentence."""
    if value["withheld"]:
        first = value["withheld"][0] if isinstance(value["withheld"], list) else value["withheld"]
        raise Unusable(f"the plan is withheld, so nothing is reckoned of it: {first if isinstance(first, str) else quoted(first)}")
    drawn = _part(value, "injection_map", lambda part: _map(part, library))
    blend = _part(value, "blend", Blend.from_dict)
    sessions, interval = _part(value, "schedule", lambda part: (len(part["treatments"]), float(part["interval_days"]))) or (1, 0.0)
    return made(lambda: replace(order_from(drawn, blend, library, sessions=sessions, depth_mm=depth_mm), interval_days=interval))


def _map(part: dict[str, Any], library: Library) -> InjectionMap:
    plans = zone_plans_kept(
        zones=part.get("zone_plans") or (), areas=part["areas"], generator=part["generator"], technique=part["technique"], exceptions=part
    )  # plans printed before zones had their own technique have one for all, with ``removed`` and ``chosen`` beside it
    return make_map(plans, library, scale=scale_from_dict(part.get("scale"), library, {plan.area.map: plan.area.version for plan in plans}))


def _part(value: dict[str, Any], key: str, read: Callable[[Any], _T]) -> _T | None:
    """A part of a plan, or nothing where the plan has none."""
    if value.get(key) is None:
        return None
    try:
        return read(value[key])
    except ValueError as error:  # a sentence of the map, or a value that is none
        raise Unusable(f"{key}: {error}") from None
    except (KeyError, TypeError, AttributeError, IndexError, InvalidOperation, OverflowError):
        raise Unusable(f"{key} of the plan is not as pistor plan --json prints it; print the plan anew.") from None


# ── a few lines ─────────────────────────────────────────────────────────────────────────────────────────────────────


def read_treatment(value: dict[str, Any], library: Library) -> Order | FilmOrder:
    """The treatment in a mapping; with a microneedle device, a film on skin that it opened. Raises :class:`Unusable` with one sentence."""
    device = _known(value["device"], "device", library.devices) if value.get("device") is not None else None
    return _film(value, library) if device in MICRONEEDLES else _injected(value, library)


def _film(value: dict[str, Any], library: Library) -> FilmOrder:
    given = mapping(value, "the file", _FILM_NEEDED, _FILM_OPTIONAL)
    if (given.get("film_mm") is None) == (given.get("film_ul_per_cm2") is None):
        raise Unusable("the file needs either film_mm or film_ul_per_cm2; give one of the two.")
    lengths = ("film_mm", "film_ul_per_cm2", *_FILM_NEEDED[2:], "channel_depth_mm", "channel_width_mm", "closure_half_life_h", "weight_kg", "target_depth_mm")
    found = {key: None if given.get(key) is None else number(given[key], key) for key in lengths}
    spread = found.pop("film_ul_per_cm2")
    if spread is not None:
        found["film_mm"] = spread * _MM_PER_UL_PER_CM2
    blend = _blend(given, library)
    treatments, interval = (
        None if given.get(key) is None else bounded(given[key], key, bounds, unit)
        for key, bounds, unit in (("treatments", TREATMENTS, ""), ("interval_days", INTERVAL_DAYS, "days"))
    )
    said: dict[str, Any] = {key: one for key, one in found.items() if one is not None}
    return made(
        lambda: FilmOrder(
            zone=_known(given["zone"], "zone", library.zones),
            device=given["device"],
            contents=_contents(given, library) if blend is None else contents_of(blend, library),
            covered=bool(_yes(given.get("covered"), "covered")),
            sex=_one_of(given.get("sex"), "sex", SEXES),
            vasoconstrictor=_yes(given.get("vasoconstrictor"), "vasoconstrictor"),
            treatments=_whole(treatments),
            interval_days=interval or 0.0,
            **said,
        )
    )


def _injected(value: dict[str, Any], library: Library) -> Order:
    given = mapping(value, "the file", _NEEDED, _OPTIONAL)
    zone = _known(given["zone"], "zone", library.zones)
    technique = _known(given["technique"], "technique", library.techniques) if given.get("technique") is not None else None
    spots, regions, spacing = _spots(given)
    threads = grids.LINES in (given.get("pattern"), library.techniques[technique].pattern if technique else None)
    weight, target, threshold, treatments, interval, run, angle = (
        None if given.get(key) is None else bounded(given[key], key, bounds, unit)
        for key, bounds, unit in (
            ("weight_kg", WEIGHT_KG, "kg"),
            ("target_depth_mm", DEPTH_MM, "mm"),
            ("threshold_mg_per_ml", MG_PER_ML, "mg/mL"),
            ("treatments", TREATMENTS, ""),
            ("interval_days", INTERVAL_DAYS, "days"),
            ("run_mm", THREAD_MM, "mm"),
            ("angle", ROW_ANGLE_DEG, "degrees"),
        )
    )
    blend = _blend(given, library)
    return made(
        lambda: Order(
            zone=zone,
            spots=spots,
            regions=regions,
            contents=_contents(given, library) if blend is None else contents_of(blend, library),
            ph=blend.ph if blend else None,
            osmolarity=blend.osmolarity if blend else None,
            technique=technique,
            spacing_mm=spacing,
            weight_kg=weight,
            sex=_one_of(given.get("sex"), "sex", SEXES),
            vasoconstrictor=_yes(given.get("vasoconstrictor"), "vasoconstrictor"),
            target_depth_mm=target,
            threshold_mg_per_ml=threshold,
            treatments=_whole(treatments),
            interval_days=interval or 0.0,
            run_mm=run,
            device=given.get("device"),
            row_angle_deg=angle or 0.0,
            notes=(NO_RUN,) if run is None and threads else (),
        )
    )


def _spots(given: dict[str, Any]) -> tuple[tuple[Spot, ...], tuple[Region, ...], float | None]:
    """Points as given, or a pattern over a square of the area."""
    depth = bounded(given["depth_mm"], "depth_mm", DEPTH_MM, "mm")
    volume = _volume(given["volume_per_point_ml"], "volume_per_point_ml")
    spacing = bounded(given["spacing_mm"], "spacing_mm", SPACING_MM, "mm") if given.get("spacing_mm") is not None else None
    side = math.sqrt(100 * bounded(given["area_cm2"], "area_cm2", AREA_CM2, "cm²")) if given.get("area_cm2") is not None else None
    square = Region("a square of this area", tuple((x * (side or 0) / 2, y * (side or 0) / 2) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))))
    if given.get("points") is not None:
        spots = items(given["points"], "points", grids.MOST_POINTS, lambda entry, place: _spot(entry, place, depth, volume))
        return spots, (square if side else round_spots(spots, spacing or 10.0),), spacing
    if spacing is None or side is None:
        raise Unusable("the file has neither points nor spacing_mm with area_cm2; give one of the two.")
    run = bounded(given["run_mm"], "run_mm", THREAD_MM, "mm") if given.get("run_mm") is not None else None
    pattern = _one_of(given.get("pattern"), "pattern", tuple(pattern for pattern in grids.PATTERNS if pattern != grids.ROWS)) or "hexagonal"
    places = made(lambda: grids.grid_points(square.outline, pattern=pattern, spacing_mm=spacing, run_mm=run))
    if not places:
        raise Unusable(f"area_cm2 is too small for a single point {spacing:g} mm apart; give a larger area or points.")
    return tuple(Spot(x, y, depth, volume) for x, y in places), (square,), spacing


def _spot(entry: Any, place: str, depth_mm: float, volume_ml: float) -> Spot:
    given = mapping(entry, place, ("x_mm", "y_mm"), ("depth_mm", "volume_ml"))
    x, y = (bounded(given[key], f"{place}.{key}", POSITION_MM, "mm") for key in ("x_mm", "y_mm"))
    depth = depth_mm if given.get("depth_mm") is None else bounded(given["depth_mm"], f"{place}.depth_mm", DEPTH_MM, "mm")
    return Spot(x, y, depth, volume_ml if given.get("volume_ml") is None else _volume(given["volume_ml"], f"{place}.volume_ml"))


def _volume(value: Any, place: str) -> float:
    return bounded(value, place, VOLUME_ML, "mL per point: more is driven by pressure, which the engine does not reckon")


def _blend(given: dict[str, Any], library: Library) -> Blend | None:
    """What presentations with volumes make, where they are given instead of substances with mg per mL."""
    if (given.get("parts") is None) == (given.get("mg_per_ml") is None):
        raise Unusable("the file needs either parts (presentations with volumes) or mg_per_ml (substances with their strength); give one of the two.")
    if given.get("parts") is None:
        return None
    return compose(read_parts(given["parts"], library), library, policy=DEFAULT_POLICY, jurisdiction=None, application=None)


def _contents(given: dict[str, Any], library: Library) -> tuple[Content, ...]:
    """Substances with mg per mL."""
    strengths = given["mg_per_ml"]
    if not isinstance(strengths, dict) or not 1 <= len(strengths) <= MOST_CONTENTS:
        raise Unusable(f"mg_per_ml is no mapping of 1 to {MOST_CONTENTS} substances; write lidocaine: 10 below it.")
    return tuple(
        Content(_known(name, "mg_per_ml", library.ingredients), bounded(strength, f"mg_per_ml.{name}", MG_PER_ML, "mg/mL"))
        for name, strength in strengths.items()
    )


def _known(value: Any, key: str, known: Any) -> str:
    """An id that the knowledge has; else the nearest ones."""
    if isinstance(value, str) and value in known:
        return value
    near = get_close_matches(value, known, n=3) if isinstance(value, str) else []
    hint = f"the nearest are {', '.join(near)}" if near else f"known are {', '.join(sorted(known)[:30])}"
    raise Unusable(f"{key} is {quoted(value)}, which is not known; {hint}.")


def _one_of(value: Any, key: str, known: tuple[str, ...]) -> str | None:
    if value is not None and value not in known:
        raise Unusable(f"{key} is {quoted(value)}; choose one of {', '.join(known)}, or leave it out.")
    return None if value is None else str(value)


def _yes(value: Any, key: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise Unusable(f"{key} is {quoted(value)}; write yes or no.")
    return value


def _whole(treatments: float | None) -> int:
    if treatments is not None and treatments != int(treatments):
        raise Unusable(f"treatments is {treatments:g}; give a whole number from {TREATMENTS[0]} to {TREATMENTS[1]}.")
    return int(treatments or 1)
