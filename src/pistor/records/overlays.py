"""What lies over the injection map of a visit: the patient's marks, reactions and earlier treatments as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from pistor.care.injection_map import AS_DRAWN, NoMap, edits_from_dict, kept_scale, make_map
from pistor.care.overlays import Earlier, Overlays, Position, Reaction, overlays_from
from pistor.knowledge import Library
from pistor.records.body_marks import mark_of, marks_of, on_a_drawing_of_today
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.injection_map import InjectionPlan
from pistor.records.library import library_of
from pistor.records.plan import zone_plans_of
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment, ZoneDose

VISITS = 3  # that the heat is made of


def overlays_of(patient: Patient, on: dt.date) -> Overlays:
    """Marks that count, reactions, and the signed treatments of a patient until a day, in all courses."""
    library = library_of(patient.clinic)
    rows = list(marks_of(patient).filter(ended_at=None))
    placed = [mark_of(row) for row in rows if on_a_drawing_of_today(row, library)]
    lost = [mark_of(row).label for row in rows if not on_a_drawing_of_today(row, library)]
    reports = ReactionReport.objects.filter(patient=patient).exclude(zone="").order_by("-began_on", "-pk")
    reactions = [Reaction(row.zone, row.began_on, tuple(row.signs)) for row in reports]
    return overlays_from(placed, reactions, _earlier(patient, on, library), on, visits=VISITS, lost=lost)


def _earlier(patient: Patient, on: dt.date, library: Library) -> list[Earlier]:
    signed = Treatment.objects.filter(patient=patient, state=Treatment.State.SIGNED, given_on__lte=on)
    visits = list(signed.select_related("course").defer("signed_content").order_by("-given_on", "-signed_at"))
    doses: dict[object, list[ZoneDose]] = {}
    for dose in ZoneDose.objects.filter(treatment__in=[visit.pk for visit in visits]):
        doses.setdefault(dose.treatment_id, []).append(dose)
    plans = list(InjectionPlan.objects.filter(course__in={visit.course_id for visit in visits[:VISITS]}).order_by("-created_at", "-pk"))
    found = []
    for number, visit in enumerate(visits):
        given = [dose for dose in doses.get(visit.pk, []) if _got_something(dose)]
        drawn = next((plan for plan in plans if plan.course_id == visit.course_id and plan.created_at <= visit.signed_at), None)
        points, unplaced = _points(given, drawn, library) if drawn is not None and number < VISITS else ({}, 0)
        zones = tuple(dict.fromkeys((dose.zone, dose.side) for dose in given))
        found.append(Earlier(visit.given_on, zones, _interval(visit.course, library), points, unplaced))
    return found


def _got_something(dose: ZoneDose) -> bool:
    return bool(dose.points or dose.volume_ml or dose.passes)


def _points(given: Iterable[ZoneDose], drawn: InjectionPlan, library: Library) -> tuple[dict[str, list[Position]], int]:
    """Where the points went, on the drawings of today as they are drawn, and how many cannot be placed there.

    A zone has the points of its plan with what was changed while it was charted; where only a number was written down, those of the plan.
    A point that was given out of two syringes counts once.
    """
    given = list(given)
    try:
        plans = {plan.key: plan for plan in zone_plans_of(drawn)}
    except NoMap:
        return {}, sum(dose.points for dose in given)
    scale = kept_scale(drawn.scale)
    points: dict[str, dict[str, Position]] = {}
    unplaced = 0
    for dose in given:
        plan = plans.get(dose.plan) or next((one for one in plans.values() if not dose.plan and (one.area.zone, one.area.side) == (dose.zone, dose.side)), None)
        body = library.body_maps.get(plan.area.map) if plan else None
        if plan is None or body is None or plan.area.version not in (None, body.version):
            unplaced += dose.points
            continue
        try:
            charted = plan.edits.then(edits_from_dict(dose.given.get("edits")))
            made = make_map([replace(plan, edits=charted)], library, scale=scale)
        except NoMap:
            unplaced += dose.points
            continue
        factor = scale.get(plan.area.map, AS_DRAWN)
        points.setdefault(plan.area.map, {}).update({point.key: (point.x_mm / factor.x, point.y_mm / factor.y) for point in made.placed})
    return {map_: list(places.values()) for map_, places in points.items()}, unplaced


def _interval(course: Course, library: Library) -> int | None:
    """What the course leaves between two treatments, else the least that its protocol does."""
    protocol = library.protocols.get(course.protocol)
    least = protocol.interval_days.low if protocol and protocol.interval_days else None
    return course.interval_days or (int(least) if least is not None else None)
