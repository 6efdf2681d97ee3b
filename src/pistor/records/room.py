"""A visit in the treatment room: what is planned, recorded and at hand, as the gate takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pistor.care.formulation import Blend, DoseCheck, Topical, UnusableBlend, check_doses
from pistor.care.treatment import Live, PlannedPoint, Record, RoomFacts, TimeOutFacts, ZoneGiven, against_plan, live, reckonable, whole_zones
from pistor.care.treatment.plan import on_skin
from pistor.care.visit import VisitFacts
from pistor.knowledge import Library
from pistor.records.course import Course
from pistor.records.devices import DeviceUse, SingleUse, device_facts
from pistor.records.doses import Giving, giving_of
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.plan import map_of, zone_plans_of
from pistor.records.prescriptions import prescription_facts, prescriptions_of
from pistor.records.signed import record_of
from pistor.records.syringes import Syringe, kept, lots_drawn, needed_by_lots, syringe_facts, syringes_of
from pistor.records.treatment import TimeOut, Treatment
from pistor.records.visit import facts_of


@dataclass(frozen=True, slots=True)
class Room:
    """The facts, and the rows they came from."""

    facts: RoomFacts
    live: Live
    blend: Formulation | None
    drawn: InjectionPlan | None
    syringes: tuple[Syringe, ...]  # those that were not discarded
    devices: tuple[DeviceUse, ...]
    time_outs: tuple[TimeOut, ...]


def room_facts(visit: Treatment, at: dt.datetime, *, record: Record | None = None, facts: VisitFacts | None = None) -> RoomFacts:
    """What the gate asks of a visit at a moment. See :func:`room_of`."""
    return room_of(visit, at, record=record, facts=facts).facts


def room_of(visit: Treatment, at: dt.datetime, *, record: Record | None = None, facts: VisitFacts | None = None) -> Room:
    """A visit as it stands at a moment: with what is recorded, or with ``record`` as it was typed and not kept yet.

    ``facts`` may be passed where the page has them already. Raises ``UnreadableEdits`` for edits of points that are not there.
    """
    library, (blend_row, drawn) = library_of(visit.clinic), latest_blend_and_map(visit.course)
    facts = facts or facts_of(visit, library, at.astimezone(ZoneInfo(visit.clinic.time_zone)).date())
    syringes, planned = kept(syringes_of(visit)), planned_zones(visit.course, library)
    record = _called(record_of(visit), planned) if record is None else planned_record(visit.course, record, syringes, library)
    uses = list(DeviceUse.objects.filter(treatment=visit).select_related("device").order_by("created_at", "pk"))
    for use in uses:
        use.device.clinic = visit.clinic
    time_outs = list(TimeOut.objects.filter(treatment=visit).select_related("syringe").order_by("created_at", "pk"))
    blend = Blend.from_dict(blend_row.result) if blend_row else None
    charted = reckonable(record)
    checks, unreckoned = _checks(visit, charted, blend, library)
    needed, drawn_up = needed_by_lots(lot for lot, _ in lots_drawn(syringes)), tuple(syringe_facts(row, blend_row, visit.clinic) for row in syringes)
    return Room(
        RoomFacts(
            visit=facts, library=library, application=visit.course.application, patient=visit.patient_id, at=at, record=record, planned=planned,
            parts=tuple(part.presentation for part in blend.parts) if blend else (), checks=checks, unreckoned=unreckoned,
            syringes=drawn_up, time_outs=tuple(_time_out(row) for row in time_outs),
            needed=needed, prescriptions=prescription_facts(prescriptions_of(visit.patient)) if "yes" in needed.values() else (),
            devices=device_facts([use.device for use in uses], visit) if uses else (),
            items=tuple(SingleUse.objects.filter(treatment=visit).values_list("kind", flat=True)),
        ),
        live(charted, planned, drawn_up, blend), blend_row, drawn, tuple(syringes), tuple(uses), tuple(time_outs),
    )  # fmt: skip


def _called(record: Record, planned: Sequence[ZoneGiven]) -> Record:
    """The zones by the names that the map gives them."""
    names = {zone.plan: zone.called for zone in planned}
    return replace(record, zones=tuple(replace(zone, called=names.get(zone.plan, "")) for zone in record.zones))


def _time_out(row: TimeOut) -> TimeOutFacts:
    return TimeOutFacts(row.passed, row.syringe.code if row.syringe else "", tuple(row.said))


# ── the plan ──


def planned_zones(course: Course, library: Library | None = None) -> tuple[ZoneGiven, ...]:
    """What the injection map plans for each zone, with the totals it was saved with, as if it had been given exactly so."""
    _, drawn = latest_blend_and_map(course)
    if drawn is None:
        return ()
    library = library or library_of(course.clinic)
    return tuple(_planned(zone, drawn, library) for zone in drawn.totals["zones"])


def _planned(zone: Mapping[str, Any], drawn: InjectionPlan, library: Library) -> ZoneGiven:
    """A map from before zones had their own technique and depth has them once for all."""
    own = {"technique": drawn.technique, **drawn.generator, **zone}
    film = on_skin(own["technique"], library)
    inserted, angle, said = (_decimal(own.get(name)) for name in ("inserted_length_mm", "angle_deg", "on_skin_ml" if film else "volume_ml"))
    points, volume, passes = int(zone["points"]), said or Decimal(0), own.get("passes") if film else None
    return ZoneGiven(
        str(zone["zone"]), str(zone["side"]), own["technique"], points, volume, points, said, "", inserted, None if angle is None else int(angle),
        state="given", plan=zone.get("key") or _place_key(zone, drawn), passes=passes, planned_passes=passes, on_skin=film,
        called=str(zone.get("label") or ""),
    )  # fmt: skip


def _place_key(zone: Mapping[str, Any], drawn: InjectionPlan) -> str:
    """The oldest totals named no map: it is that of the area."""
    of_area = next((area["map"] for area in drawn.areas if (area["zone"], area["side"]) == (zone["zone"], zone["side"])), "")
    return f"{zone.get('map') or of_area}:{zone['zone']}:{zone['side']}"


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def planned_points(course: Course, library: Library) -> dict[str, tuple[PlannedPoint, ...]]:
    """The points of every zone plan by its key, made again from the map that counts now."""
    _, drawn = latest_blend_and_map(course)
    found: dict[str, list[PlannedPoint]] = {}
    for point in map_of(drawn, library).placed if drawn else ():
        found.setdefault(point.zone_key, []).append(PlannedPoint(point.name, point.x_mm, point.y_mm, point.volume_ml))
    return {key: tuple(points) for key, points in found.items()}


def planned_record(course: Course, record: Record, syringes: list[Syringe], library: Library) -> Record:
    """A record as it was typed, with what the plan and the syringes say. Raises ``UnreadableEdits``."""
    held = {row.code: row.volume_ml for row in syringes}
    return against_plan(
        record, planned_zones(course, library), lambda: planned_points(course, library), library, syringes=held, added_ml=_added_ml(course)
    )


def _added_ml(course: Course) -> Mapping[str, Decimal]:
    """What a point that is added to a zone gets where nobody says: what its generator gives."""
    _, drawn = latest_blend_and_map(course)
    return {plan.key: plan.generator.volume_per_point_ml for plan in zone_plans_of(drawn)} if drawn else {}


# ── the doses ──


def given_checks(visit: Treatment, record: Record, blend: Blend, library: Library) -> tuple[DoseCheck, ...]:
    """The doses that were really given, against their limits; the interval is the one since the last treatment.

    All syringes hold the blend, so that what was given from each is in the sum. A film on the skin is counted in full beside
    what was injected. Raises ``UnusableBlend``.
    """
    meant = giving_of(visit.course, library)
    film = record.on_skin_ml
    recorded = {item.ingredient for item in record.topical}
    unsaid = () if record.anaesthesia in ("none", "cooling") else tuple(Topical(id_) for id_ in meant.topical if id_ not in recorded)
    before = Treatment.objects.filter(course=visit.course, state=Treatment.State.SIGNED, given_on__lt=record.given_on).order_by("-given_on").first()
    since = (record.given_on - before.given_on).days if before and before.given_on else None
    as_planned = any(zone.treated and zone.points and (zone.state == "given" or zone.edits) for zone in record.zones)
    most = [volume for volume in (record.volume_per_point_ml, meant.volume_per_point_ml if as_planned else None) if volume is not None]
    return check_doses(
        blend, library,
        volume_per_point_ml=max(most, default=None), points=record.points or None, volume_ml=record.volume_ml - film or (Decimal(0) if film else None),
        on_skin_ml=film, sessions=meant.sessions, weight_kg=meant.weight_kg, area_cm2=meant.area_cm2,
        densest_ml_per_cm2=_densest(visit.course, record, meant), spacing_mm=meant.spacing_mm, interval_days=since or meant.interval_days,
        topical=(*record.topical, *unsaid),
    )  # fmt: skip


def _densest(course: Course, record: Record, meant: Giving) -> Decimal | None:
    """What the densest zone got on each cm2: as planned where all was, else of what was given; over the whole area where that is more."""
    _, drawn = latest_blend_and_map(course)
    if drawn is None or all(zone.state == "given" for zone in record.zones):
        return meant.densest_ml_per_cm2
    areas = {zone.get("key") or _place_key(zone, drawn): Decimal(str(zone.get("area_cm2") or 0)) for zone in drawn.totals["zones"]}
    each = [zone.volume_ml / areas[zone.plan] for zone in whole_zones(record.zones) if areas.get(zone.plan)]
    return max((*each, *([record.volume_ml / meant.area_cm2] if meant.area_cm2 else [])), default=None) if each else None


def _checks(visit: Treatment, record: Record, blend: Blend | None, library: Library) -> tuple[tuple[DoseCheck, ...], str]:
    """The checks, or why they could not be reckoned."""
    if blend is None or not record.zones:
        return (), ""
    try:
        return given_checks(visit, record, blend, library), ""
    except UnusableBlend as problem:
        return (), str(problem)
