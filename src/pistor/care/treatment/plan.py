"""What was typed about each zone, held against the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pistor.care.injection_map import PASSES, Edits
from pistor.care.treatment.points import PlannedPoint, given_points, total
from pistor.care.treatment.record import Record, ZoneGiven
from pistor.care.treatment.shares import out_of
from pistor.knowledge import Library

PointsOfPlan = Callable[[], Mapping[str, Sequence[PlannedPoint]]]  # of every zone plan; asked only where points were edited


def on_skin(technique: str, library: Library) -> bool:
    """Whether a technique puts the product on the skin and does not inject it."""
    return technique in library.techniques and library.techniques[technique].pattern == PASSES


def against_plan(
    record: Record, planned: Sequence[ZoneGiven], points: PointsOfPlan, library: Library, *, syringes: Mapping[str, Decimal], added_ml: Mapping[str, Decimal]
) -> Record:
    """The record with its plan taken from the map, never from what was posted, and only with the zones that somebody confirmed.

    Points and volume follow from the edits where there are any. A zone without a state counts as confirmed where its numbers
    differ from the plan. ``syringes`` are those made, with what each held in mL: where one is there, everything was given
    from it, where there are more each zone is divided over them. ``added_ml`` is what an added point of a zone plan gets.
    Raises :class:`UnreadableEdits`.
    """
    by_plan = {zone.plan: zone for zone in planned}
    by_place = {(zone.zone, zone.side): zone for zone in planned}
    zones = []
    for zone in record.zones:
        plan = by_plan.get(zone.plan) if zone.plan else by_place.get((zone.zone, zone.side))
        made = _unplanned(zone, library) if plan is None else _planned(zone, plan, points, added_ml)
        if made is not None:
            zones.append(made)
    return replace(record, zones=_from_syringes(zones, syringes))


def _from_syringes(zones: Sequence[ZoneGiven], syringes: Mapping[str, Decimal]) -> tuple[ZoneGiven, ...]:
    if len(syringes) > 1:
        return out_of(zones, syringes)
    only = "".join(syringes)
    return tuple(replace(zone, shares=(), syringe=only if only and zone.treated else zone.syringe) for zone in zones)


def _unplanned(zone: ZoneGiven, library: Library) -> ZoneGiven:
    return replace(
        zone, planned_points=None, planned_volume_ml=None, planned_passes=None, plan="", edits=Edits(), state="changed",
        on_skin=on_skin(zone.technique, library),
    )  # fmt: skip


def _planned(zone: ZoneGiven, plan: ZoneGiven, points: PointsOfPlan, added_ml: Mapping[str, Decimal]) -> ZoneGiven | None:
    own = {
        "zone": plan.zone, "side": plan.side, "technique": plan.technique, "plan": plan.plan, "planned_points": plan.planned_points,
        "planned_volume_ml": plan.planned_volume_ml, "planned_passes": plan.planned_passes, "inserted_length_mm": plan.inserted_length_mm,
        "angle_deg": plan.angle_deg, "on_skin": plan.on_skin, "called": plan.called,
    }  # fmt: skip
    given = replace(zone, **own)  # type: ignore[arg-type]
    if zone.state == "not_given":
        return replace(given, points=0, volume_ml=Decimal(0), passes=None, edits=Edits(), syringe="", shares=())
    if zone.edits:
        number, volume = total(given_points(points().get(plan.plan, ()), zone.edits, added_ml=added_ml.get(plan.plan, Decimal(0))))
        given = replace(given, points=number, volume_ml=volume)
    if not given.deviates:
        return replace(given, state="given") if zone.state else None
    return replace(given, state="changed")
