"""Points chosen one by one: the trade-off picture, a table, and what looks at a choice or takes it into the injection map."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from pistor.care.exposure.single_points import Judged, ProposedPoints, objective_text
from pistor.care.injection_map import ChosenPoints, Edits, Ground, InjectionMap, ZonePlan, ground_of, shape_of, zone_text
from pistor.clinic.shared.single_points import as_chosen, chosen_value
from pistor.exchange.exposure_text import volumes_text
from pistor.exchange.field_report import points_trade_off
from pistor.knowledge import Library

TWIN_MM = 0.05  # how far an outline may be from the mirrored other one


def points_context(proposed: ProposedPoints, drawn: InjectionMap, library: Library) -> dict[str, Any]:
    """Everything the page shows of the choices for the largest area."""
    region, found = proposed.region, proposed.found
    plan = next(plan for plan, total in zip(drawn.zone_plans, drawn.zones, strict=True) if total.label == region.name)
    ground = _ground(plan, drawn, library)
    twin = _twin(plan, ground, drawn, library)
    choices = []
    for number, pair in enumerate(found.pairs, 1):
        choices.append(_row(f"Grid {number}", pair.grid))
        if pair.better:
            row = _row(f"Points {number}", pair.chosen)
            chosen = _chosen(pair.chosen, plan, ground, twin)
            values = [chosen_value(key, points) for key, points in chosen.items()]
            depth = f"{pair.chosen.depth_mm:g}"
            choices.append({**row, "look": urlencode({"points": values, "depth_mm": depth}, doseq=True, safe="*:"), "take": _fields(drawn, chosen, depth)})
    return {
        "choices": choices,
        "now": _row("This plan", found.now),
        "area": region.name,
        "twin": _label(twin[0], drawn) if twin else "",
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


def _ground(plan: ZonePlan, drawn: InjectionMap, library: Library) -> Ground:
    shape = shape_of(plan.area, library, drawn.scale)
    assert shape is not None  # the map could not have been made
    return ground_of(plan, shape)


def _label(plan: ZonePlan, drawn: InjectionMap) -> str:
    return next(total.label for total in drawn.zones if total.key == plan.key)


def _twin(plan: ZonePlan, ground: Ground, drawn: InjectionMap, library: Library) -> tuple[ZonePlan, Ground] | None:
    """The same zone on the other side of the same drawing, where it is planned too, in the same way, and mirrors this one."""
    area = plan.area
    for other in drawn.zone_plans:
        alike = (other.area.map, other.area.zone, other.technique) == (area.map, area.zone, plan.technique) and not (plan.drawn or other.drawn)
        if alike and other.area.side != area.side:
            its = _ground(other, drawn, library)
            sent = {(round(x, 1), round(y, 1)) for x, y in _mirrored(ground.polygon, ground, its)}
            if sent == {(round(x, 1), round(y, 1)) for x, y in its.polygon}:
                return other, its
    return None


def _mirrored(places: Any, ground: Ground, twin: Ground) -> list[tuple[float, float]]:
    axis = max(x for x, _ in twin.polygon) + min(x for x, _ in ground.polygon)
    return [(round(float(axis) - float(x), 3), float(y)) for x, y in places]


def _chosen(one: Judged, plan: ZonePlan, ground: Ground, twin: tuple[ZonePlan, Ground] | None) -> ChosenPoints:
    """The points of the zone, and mirrored ones of its twin where all of them may be injected there."""
    found = {plan.key: tuple(as_chosen(*point) for point in one.points)}
    if twin is not None:
        other, its = twin
        places = _mirrored([(point.x_mm, point.y_mm) for point in one.points], ground, its)
        if not its.outside(places):
            found[other.key] = tuple(as_chosen(x, y, point.volume_ml) for (x, y), point in zip(places, one.points, strict=True))
    return found


def _fields(drawn: InjectionMap, chosen: ChosenPoints, depth: str) -> list[tuple[str, str]]:
    """The fields of the form of the injection map that make this plan with the chosen points, as deep as they were chosen for."""
    fields = []
    for plan in drawn.zone_plans:
        if plan.key in chosen:
            generator = replace(plan.generator, inserted_length_mm=Decimal(depth), angle_deg=Decimal(90), needle_length_mm=None)
            plan = replace(plan, generator=generator, chosen=tuple(chosen[plan.key]), edits=Edits())
        fields.append((f"zone.{plan.key}", zone_text(plan)))
    return [*fields, ("scale", json.dumps({map_: one.as_dict() for map_, one in drawn.scale.items()}))]
