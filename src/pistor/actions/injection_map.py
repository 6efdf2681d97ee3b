"""Keep the injection map of a course: a new row each time, with the totals and findings of that moment."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.care.formulation import Blend, UnusableBlend, dose_findings, technique_findings
from pistor.care.injection_map import InjectionMap, NoMap, Scales, ZonePlan, kept_scale, make_map
from pistor.knowledge import Library
from pistor.records.course import Course
from pistor.records.doses import giving_of
from pistor.records.injection_map import InjectionPlan
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.plan import zone_plans_of


def draw_map(
    *,
    course: Course,
    zones: Sequence[ZonePlan],
    scale: Scales | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    version: int | None = None,
    location: str = "",
) -> InjectionPlan:
    """Make the map and keep its zone plans. Where they are those that are kept already, nothing is written and consent stays good.

    Refuses a map without points and doses past a limit that stops.
    """
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="injection_map.drawn", token=token, at=at, location=location):
        course = Course.objects.of(by.clinic).get(pk=course.pk)
        library = library_of(by.clinic)
        try:
            drawn = make_map(zones, library, scale=scale)
        except NoMap as error:
            raise Refused(*error.reasons) from None
        if drawn.stops:
            raise Refused(*drawn.stops)
        kept = latest_blend_and_map(course)[1]
        if kept is not None and _is_kept(drawn, kept):
            return kept
        claim_version(course, version=version, by=by, at=at)
        row = InjectionPlan.objects.create(clinic=course.clinic, created_at=at, created_by=by, course=course, **fields_of(drawn, library))
        _refuse_doses(course, drawn, library)
        audit(by=by, verb="injection_map.drawn", subject=row, at=at, patient_id=course.patient_id, course=str(course.pk))
        return row


def fields_of(drawn: InjectionMap, library: Library) -> dict[str, Any]:
    """A map as the fields of its row."""
    return {
        "zones": [plan.as_dict() for plan in drawn.zone_plans],
        "scale": {map_: one.as_dict() for map_, one in drawn.scale.items()},
        "technique": drawn.technique,
        "areas": [area.as_dict() for area in drawn.areas],
        "generator": drawn.generator.as_dict(),
        "points": drawn.points,
        "volume_ml": drawn.volume_ml,
        "totals": drawn.totals(),
        "knowledge_version": library.version,
    }


def _is_kept(drawn: InjectionMap, kept: InjectionPlan) -> bool:
    """Whether a kept map is this one: the same zone plans and scale, and the same points from them."""
    try:
        same = zone_plans_of(kept) == drawn.zone_plans
    except NoMap:
        return False
    return same and kept_scale(kept.scale) == drawn.scale and kept.points == drawn.points and kept.volume_ml == drawn.volume_ml


def _refuse_doses(course: Course, drawn: InjectionMap, library: Library) -> None:
    """With this map in place the blend may pass a limit, or go where it must not; then the map is not kept."""
    formulation = latest_blend_and_map(course)[0]
    if formulation is None:
        return
    blend = Blend.from_dict(formulation.result)
    try:
        found = (*technique_findings(blend, drawn.techniques, library), *dose_findings(giving_of(course, library).checks(blend, library)))
    except UnusableBlend as error:
        raise Refused(str(error)) from None
    stops = [finding.text for finding in found if finding.stops]
    if stops:
        raise Refused(*stops)
