"""Points chosen one by one: the trade-off picture, a table, and what looks at a choice or takes it into the injection map."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pistor.care.exposure.order import Region
from pistor.care.exposure.single_points import Judged, ProposedPoints, objective_text
from pistor.care.injection_map import Area, ChosenPoints, InjectionMap
from pistor.clinic.shared.single_points import as_chosen, chosen_value
from pistor.delivery.grids import outside
from pistor.exchange.exposure_text import volumes_text
from pistor.exchange.field_report import points_trade_off
from pistor.knowledge import Library
from pistor.knowledge.model import MapZone

TWIN_MM = 0.05  # how far an outline may be from the mirrored other one


def points_context(proposed: ProposedPoints, drawn: InjectionMap, library: Library) -> dict[str, Any]:
    """Everything the page shows of the choices for the largest area."""
    region, found = proposed.region, proposed.found
    area, shape = _area_of(region, drawn, library)
    twin = _twin(area, shape, drawn, library)
    choices = []
    for number, pair in enumerate(found.pairs, 1):
        choices.append(_row(f"Grid {number}", pair.grid))
        if pair.better:
            row = _row(f"Points {number}", pair.chosen)
            chosen = _chosen(pair.chosen, area, shape, twin)
            values = [chosen_value(key, points) for key, points in chosen.items()]
            depth = f"{pair.chosen.depth_mm:g}"
            choices.append({**row, "look": urlencode({"points": values, "depth_mm": depth}, doseq=True, safe="*:"), "take": _fields(drawn, chosen, depth)})
    return {
        "choices": choices,
        "now": _row("This plan", found.now),
        "area": region.name,
        "twin": twin[1].label if twin else "",
        "trade_off": points_trade_off(found),
        "objective": objective_text(found.skins),
        "skins": found.skins,
        "none_better": not any(pair.better for pair in found.pairs),
    }


def _row(name: str, one: Judged) -> dict[str, Any]:
    return {
        "name": name,
        "punctures": len(one.points),
        "volumes": volumes_text(one),
        "total": f"{one.total_ml:.3f}".rstrip("0").rstrip("."),
        "depth": f"{one.depth_mm:g}",
        "missing": f"{100 * one.missing:.1f}",
        "covered": f"{100 * one.covered:.0f}",
        "least": f"{100 * one.covered_least:.0f}",
        "beside": f"{100 * one.beside:.0f}",
    }


def _area_of(region: Region, drawn: InjectionMap, library: Library) -> tuple[Area, MapZone]:
    return next((area, shape) for area in drawn.areas if (shape := _shape(area, library)) is not None and shape.label == region.name)


def _shape(area: Area, library: Library) -> MapZone | None:
    body = library.body_map(area.map, area.version)
    return next((shape for shape in body.zones if (shape.zone, shape.side) == (area.zone, area.side)), None) if body else None


def _twin(area: Area, shape: MapZone, drawn: InjectionMap, library: Library) -> tuple[Area, MapZone] | None:
    """The same zone on the other side of the same drawing, where it is planned too and mirrors this one."""
    for other in drawn.areas:
        if (other.map, other.zone) == (area.map, area.zone) and other.side != area.side and (its := _shape(other, library)) is not None:
            sent = {(round(x, 1), round(y, 1)) for x, y in _mirrored(shape.polygon, shape, its)}
            if sent == {(round(x, 1), round(y, 1)) for x, y in its.polygon}:
                return other, its
    return None


def _mirrored(places: Any, shape: MapZone, twin: MapZone) -> list[tuple[float, float]]:
    axis = max(x for x, _ in twin.polygon) + min(x for x, _ in shape.polygon)
    return [(round(float(axis) - float(x), 3), float(y)) for x, y in places]


def _chosen(one: Judged, area: Area, shape: MapZone, twin: tuple[Area, MapZone] | None) -> ChosenPoints:
    """The points of the area, and mirrored ones of its twin where all of them may be injected there."""
    found = {area.key: tuple(as_chosen(*point) for point in one.points)}
    if twin is not None:
        other, its = twin
        places = _mirrored([(point.x_mm, point.y_mm) for point in one.points], shape, its)
        if not outside(its.polygon, its.no_go, places):
            found[other.key] = tuple(as_chosen(x, y, point.volume_ml) for (x, y), point in zip(places, one.points, strict=True))
    return found


def _fields(drawn: InjectionMap, chosen: ChosenPoints, depth: str) -> list[tuple[str, str]]:
    """The fields of the form of the injection map that make this plan with the chosen points."""
    given = drawn.generator
    numbers = {"spacing_mm": f"{given.spacing_mm:f}", "volume_per_point_ml": f"{given.volume_per_point_ml:f}", "inserted_length_mm": depth, "angle_deg": "90"}
    kept = [key for key in drawn.removed if key.rpartition(":")[0] not in chosen]
    singles = [chosen_value(key, points) for key, points in {**drawn.chosen, **chosen}.items()]
    return [
        *(("areas", area.key) for area in drawn.areas),
        ("technique", drawn.technique),
        *numbers.items(),
        *(("removed", key) for key in kept),
        *(("chosen", value) for value in singles),
    ]
