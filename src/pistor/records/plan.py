"""The plan of a course, from the blend, the map and the dates that are recorded for it."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import InvalidOperation

from pistor.care.formulation import Part, UnusableBlend
from pistor.care.injection_map import InjectionMap, NoMap, ZonePlan, kept_scale, make_map, zone_plans_kept
from pistor.care.plan import Plan, make_plan
from pistor.knowledge import Library
from pistor.records.course import Course
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import intent_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.picture import picture_of


def plan_of(course: Course, on: dt.date | None = None) -> Plan | None:
    """The plan as it is recorded now, or None while a part of it is missing (see :func:`plan_missing`).

    ``on`` is the day for which age and medicines are looked at; the day on which the course starts when not given.
    """
    blend, drawn = latest_blend_and_map(course)
    if blend is None or drawn is None or course.scheduled_at is None:
        return None
    plan = plan_so_far(course, on or course.start_on or course.created_at.date())
    return plan if plan is not None and (plan.blend is not None or plan.withheld) else None  # plan_missing says what is wrong


def plan_so_far(course: Course, on: dt.date) -> Plan | None:
    """The plan from what is recorded by now, with what the protocol proposes where nothing is. None where neither can be read any more."""
    blend, drawn = latest_blend_and_map(course)
    library = library_of(course.clinic)
    try:
        return make_plan(
            picture_of(course.patient, on),
            intent_of(course, library),
            library,
            course.start_on or on,
            parts=_parts(blend) if blend else None,
            map=map_of(drawn, library) if drawn else None,
            policy=course.policy,
            sessions=course.sessions,
            interval_days=course.interval_days,
        )
    except (UnusableBlend, NoMap, ValueError, InvalidOperation, KeyError):
        return None  # composed with other knowledge than there is now


def plan_missing(course: Course) -> tuple[str, ...]:
    """What has to be done before there is a plan, as sentences; empty where there is one."""
    blend, drawn = latest_blend_and_map(course)
    missing = []
    if blend is None:
        missing.append("Compose the blend.")
    if drawn is None:
        missing.append("Draw the injection map.")
    if course.scheduled_at is None:
        missing.append("Set the dates of the course.")
    if not missing and plan_of(course) is None:
        missing.append("The blend or the map was made with other knowledge than there is now: compose and draw again.")
    return tuple(missing)


def map_of(drawn: InjectionPlan, library: Library) -> InjectionMap:
    """The injection map with its points, made again from what is kept. Raises ``NoMap``."""
    return make_map(zone_plans_of(drawn), library, scale=kept_scale(drawn.scale))


def zone_plans_of(drawn: InjectionPlan) -> tuple[ZonePlan, ...]:
    """The zones of a kept map, each with its technique and generator, in the form of today whenever it was kept. Raises ``NoMap``."""
    return zone_plans_kept(
        zones=drawn.zones, areas=drawn.areas, generator=drawn.generator, technique=drawn.technique, exceptions=drawn.exceptions
    )


def plan_digest(course: Course, blend: Formulation | None, drawn: InjectionPlan | None) -> str:
    """A hash that changes when anything a patient consents to changes: blend, map, protocol, numbers and dates of the course."""
    parts = [course.pk, course.protocol, course.zone, course.sessions, course.interval_days, course.start_on, sorted(course.topical or ())]
    body = [str(part) for part in (*parts, blend.pk if blend else None, drawn.pk if drawn else None)]
    return hashlib.sha256("|".join(body).encode()).hexdigest()


def _parts(blend: Formulation) -> tuple[Part, ...]:
    return tuple(Part.from_dict({"presentation": str(part["presentation"]), "volume_ml": str(part["volume_ml"])}) for part in blend.parts)
