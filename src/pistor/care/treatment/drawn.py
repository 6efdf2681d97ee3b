"""What was given as points on the body map, beside those that were planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pistor.care.injection_map import InjectionMap, Point, ZonePlan
from pistor.care.treatment.points import PlannedPoint, UnreadableEdits, given_points, total
from pistor.care.treatment.record import ZoneGiven, whole_zones

Position = tuple[float, float]  # mm on the drawing, in the patient's scale


@dataclass(frozen=True, slots=True)
class Charted:
    """``drawn`` holds the points that were given, and as taken out those that were planned and not given. Flags are against the plan."""

    drawn: InjectionMap
    moved_from: Mapping[str, Position] = field(default_factory=dict)  # by the key of the point
    by_number: tuple[str, ...] = ()  # zones of which only numbers are recorded that are not the plan's: they are drawn as planned
    unplanned: tuple[str, ...] = ()  # zones that were not on the map


def charted(planned: InjectionMap, zones: Sequence[ZoneGiven]) -> Charted:
    """The map with what the zones got, out of however many syringes."""
    rows = list(whole_zones(zones))
    placed: list[Point] = []
    out: list[Point] = []
    moved: dict[str, Position] = {}
    unclear: list[str] = []
    found: list[ZoneGiven] = []
    for plan in planned.zone_plans:
        row = next((one for one in rows if _is_of(one, plan)), None)
        points = planned.points_in(plan.key)
        given, clear = _given(plan, points, row)
        found += [row] if row else []
        unclear += [] if clear else [next(zone.label for zone in planned.zones if zone.key == plan.key)]
        before = {point.key: point for point in points}
        kept = {point.key for point in given}
        placed += given
        out += [point for point in points if point.key not in kept]
        moved |= {point.key: (before[point.key].x_mm, before[point.key].y_mm) for point in given if "m" in point.flags}
    number = {plan.key: sum(point.zone_key == plan.key for point in placed) for plan in planned.zone_plans}
    drawn = replace(
        planned, placed=tuple(placed), taken_out=tuple(out), points=len(placed),
        zones=tuple(replace(zone, points=number[zone.key]) for zone in planned.zones),
    )  # fmt: skip
    return Charted(drawn, moved, tuple(unclear), tuple(row.label for row in rows if row not in found and row.treated))


def _is_of(zone: ZoneGiven, plan: ZonePlan) -> bool:
    """Rows from before zones had plans are of the zone and side."""
    return zone.plan == plan.key if zone.plan else zone.planned_points is not None and (zone.zone, zone.side) == (plan.area.zone, plan.area.side)


def _given(plan: ZonePlan, points: Sequence[Point], zone: ZoneGiven | None) -> tuple[list[Point], bool]:
    """The points of a zone that were given, and whether they are known one by one."""
    if zone is None or not zone.treated:
        return [], True
    if not zone.edits:
        return list(points), zone.on_skin or (len(points), sum((point.volume_ml for point in points), Decimal(0))) == (zone.points, zone.volume_ml)
    before = {point.name: point for point in points}
    as_planned = [PlannedPoint(point.name, point.x_mm, point.y_mm, point.volume_ml) for point in points]
    try:
        given = given_points(as_planned, zone.edits, added_ml=plan.generator.volume_per_point_ml)
    except UnreadableEdits:  # of a plan that is drawn otherwise by now
        return list(points), False
    return [_point(plan, one, before.get(one.key)) for one in given], total(given) == (zone.points, zone.volume_ml)


def _point(plan: ZonePlan, given: PlannedPoint, before: Point | None) -> Point:
    if before is None:
        return Point(f"{plan.key}:{given.key}", plan.area, given.x_mm, given.y_mm, given.volume_ml, flags="a")
    moved = "m" if (given.x_mm, given.y_mm) != (before.x_mm, before.y_mm) else ""
    flags = moved + ("v" if given.volume_ml != before.volume_ml else "")
    return replace(before, x_mm=given.x_mm, y_mm=given.y_mm, volume_ml=given.volume_ml, flags=flags)
