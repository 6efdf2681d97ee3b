"""The map for zone plans that stand in the page and are not saved: points, totals and limits, as plain JSON. Writes nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.request import RawPostDataException
from django.template.loader import render_to_string

from pistor.actions.course import local_day
from pistor.care.evidence import Finding
from pistor.care.formulation import Blend, UnusableBlend, dose_findings, technique_findings
from pistor.care.injection_map import (
    InjectionMap,
    NoMap,
    Point,
    Scales,
    ZonePlan,
    ZoneTotal,
    below_the_fat,
    ground_of,
    make_map,
    scale_from_dict,
    shape_of,
    zone_plans_from_json,
)
from pistor.care.overlays import Overlays, overlay_findings, overlays_as_dict
from pistor.clinic.injection_map.presenters import depth_pictures, dose_checks
from pistor.clinic.shared.access import page, visit_of
from pistor.knowledge import Library
from pistor.records.formulation import Formulation
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.overlays import overlays_of
from pistor.records.people import Capability
from pistor.records.picture import picture_of
from pistor.records.treatment import Treatment

LARGEST = 2_000_000  # bytes of a question: some ten times a map of 5,000 points
UNUSABLE = 422
NOTHING: dict[str, Any] = {
    "zones": [], "points": 0, "volume_ml": "0", "on_skin_ml": "0", "area_cm2": "0", "ingredients": [], "limits": "", "findings": "", "scale": {},
    "depths": "",
    "overlays": {},
}  # fmt: skip


@page(Capability.SEE_CLINICAL)
def preview(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """``{"zones": [zone plan], "scale": {map: scale}}`` becomes what the map of them is. What cannot be one is answered with sentences.

    422 has ``refused`` and those of the zones that can be made; 200 has in ``refused`` what would stop the map from being saved.
    """
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    library = library_of(visit.clinic)
    try:
        plans, scale = asked(_body(request), library)
    except NoMap as none:
        return JsonResponse(answer(request, visit, None, library) | {"refused": none.reasons}, status=UNUSABLE)
    drawn, reasons = as_far_as_it_goes(plans, library, scale)
    told = answer(request, visit, drawn, library)
    return JsonResponse(told | {"refused": reasons}, status=UNUSABLE) if reasons else JsonResponse(told)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RawPostDataException:  # sent as a form, which the guard against forged posts has read
        return b""


def asked(body: bytes, library: Library) -> tuple[tuple[ZonePlan, ...], Scales]:
    """Zone plans and scale in the body of a question. Raises ``NoMap``."""
    if len(body) > LARGEST:
        raise NoMap("The map is too large to be shown; undo some of its changes.")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise NoMap("The zones of the map cannot be read; draw them anew.")
    plans = zone_plans_from_json(data.get("zones"))
    return plans, scale_from_dict(data.get("scale"), library, {plan.area.map: plan.area.version for plan in plans})


def as_far_as_it_goes(plans: Sequence[ZonePlan], library: Library, scale: Scales) -> tuple[InjectionMap | None, tuple[str, ...]]:
    """The map, or why there is none with the map of those zones that are good."""
    try:
        return make_map(plans, library, scale=scale), ()
    except NoMap as none:
        good = [plan for plan in plans if _can_be(plan, library, scale)]
        try:
            return (make_map(good, library, scale=scale) if good else None), none.reasons
        except NoMap:  # they do not go together
            return None, none.reasons


def _can_be(plan: ZonePlan, library: Library, scale: Scales) -> bool:
    try:
        make_map([plan], library, scale=scale)
    except NoMap:
        return False
    return True


def map_findings(request: HttpRequest, visit: Treatment, drawn: InjectionMap, overlays: Overlays | None = None) -> tuple[Finding, ...]:
    """What the map says of itself, what the patient's own measure says of it, and what lies over it."""
    on = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    library = library_of(visit.clinic)
    found = (*drawn.findings, *overlay_findings(drawn, overlays or overlays_of(visit.patient, on), library))
    if visit.course.application != "fat":
        return found
    return (*found, *below_the_fat(drawn, picture_of(visit.patient, on).answers.get("pinch_thickness_mm")))


def answer(request: HttpRequest, visit: Treatment, drawn: InjectionMap | None, library: Library, overlays: Overlays | None = None) -> dict[str, Any]:
    if drawn is None:
        return dict(NOTHING)
    formulation = latest_blend_and_map(visit.course)[0]
    checks = dose_checks(visit.course, drawn, formulation, library)
    overlays = overlays or overlays_of(visit.patient, local_day(request.user, request.at))  # type: ignore[arg-type, attr-defined]
    kept_out = _kept_out(drawn, formulation, library)
    shown = {"clinic": visit.clinic, "checks": checks, "findings": (*kept_out, *map_findings(request, visit, drawn, overlays))}
    return {
        "zones": [zone_row(plan, total, drawn, library) for plan, total in zip(drawn.zone_plans, drawn.zones, strict=True)],
        "points": drawn.points,
        "volume_ml": plain(drawn.volume_ml),
        "on_skin_ml": plain(drawn.on_skin_ml),
        "area_cm2": plain(drawn.area_cm2),
        "ingredients": ingredients_of(drawn, formulation),
        "limits": render_to_string("injection_map/limits.html", shown),
        "findings": render_to_string("injection_map/findings.html", shown),
        "depths": render_to_string("injection_map/depths.html", {"depths": depth_pictures(drawn, library)}),
        "scale": {map_: one.as_dict() for map_, one in drawn.scale.items()},
        "overlays": overlays_as_dict(overlays, drawn, library),
        "refused": [*drawn.stops, *(finding.text for finding in (*kept_out, *dose_findings(checks)) if finding.stops)],
    }


def ingredients_of(drawn: InjectionMap, formulation: Formulation | None) -> list[dict[str, str]]:
    """What the map gives of each active substance of the blend, injected or on the skin."""
    found = formulation.result.get("concentrations", ()) if formulation else ()
    return [
        {"name": one["name"], "unit": str(one["unit"]).removesuffix("/mL"), "total": plain(round(Decimal(str(one["per_ml"])) * drawn.needed_ml, 4))}
        for one in found
    ]


def _kept_out(drawn: InjectionMap, formulation: Formulation | None, library: Library) -> tuple[Finding, ...]:
    """What of the blend must not be given with the techniques of the map."""
    try:
        return technique_findings(Blend.from_dict(formulation.result), drawn.techniques, library) if formulation else ()
    except UnusableBlend:  # a kept blend with knowledge that is gone: the page for the blend says so
        return ()


def zone_row(plan: ZonePlan, total: ZoneTotal, drawn: InjectionMap, library: Library) -> dict[str, Any]:
    """One zone: its points as ``[key, x, y, mL, flags]``, those taken out too, and what it gets.

    ``base`` is where moved points come from and what changed ones had: ``{key: [x, y, mL]}``. ``outline`` is what is left of a drawn zone.
    """
    points = [*drawn.points_in(plan.key), *(point for point in drawn.taken_out if point.zone_key == plan.key)]
    shape = shape_of(plan.area, library, drawn.scale) if plan.drawn else None
    return {
        "key": plan.key,
        "label": total.label,
        "points": [_point(point) for point in points],
        "base": base_of(plan, library, drawn.scale),
        "n": total.points,
        "volume_ml": plain(total.volume_ml),
        "on_skin_ml": None if total.on_skin_ml is None else plain(total.on_skin_ml),
        "passes": total.passes,
        "area_cm2": plain(total.area_cm2),
        "tip_mm": None if total.tip_depth_mm is None else plain(total.tip_depth_mm),
        "layer": total.tip_layer,
        "layer_text": total.tip_text,
        "outline": ground_of(plan, shape).outlines() if shape else None,
    }


def base_of(plan: ZonePlan, library: Library, scale: Scales) -> dict[str, list[Any]]:
    """The points that were moved or changed, as they were before: ``{key: [x, y, mL]}``."""
    touched = {*plan.edits.moved, *plan.edits.changed}
    if not touched:
        return {}
    before = make_map([replace(plan, edits=replace(plan.edits, removed=frozenset(), moved={}, changed={}))], library, scale=scale)
    return {point.name: [point.x_mm, point.y_mm, plain(point.volume_ml)] for point in before.placed if point.name in touched}


def _point(point: Point) -> list[Any]:
    return [point.name, point.x_mm, point.y_mm, plain(point.volume_ml), point.flags]


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
