"""Record a treatment, and sign it once and for all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.actions.course import local_day
from pistor.actions.summaries import keep_summary
from pistor.actions.syringes import book_given, missing_from_prescriptions, missing_from_syringes
from pistor.care.formulation import Blend, DoseCheck, Topical, UnusableBlend, check_doses
from pistor.care.injection_map import generator_from_dict
from pistor.care.treatment import (
    MEANING,
    LotGiven,
    Record,
    ZoneGiven,
    doses_in,
    missing_before_signing,
    missing_before_treatment,
    record_as_dict,
    unusable_lots,
    unusable_numbers,
)
from pistor.knowledge import Library
from pistor.records.consent import Consent
from pistor.records.course import Course
from pistor.records.doses import giving_of
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.latest import keep_latest, latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.plan import plan_digest
from pistor.records.signed import canonical, device_rows, item_rows, lot_rows, record_of, sha256, syringe_rows, zone_rows
from pistor.records.stock import Lot
from pistor.records.syringes import kept, lots_drawn, syringes_of
from pistor.records.treatment import LotUse, Treatment, ZoneDose
from pistor.records.visit import facts_of


@dataclass(frozen=True, slots=True)
class LotTaken:
    """A lot of the clinic's shelf and how much of it went into the blend."""

    lot: uuid.UUID
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed: a record whose lots are chosen from the shelf, and whose zones know no plan yet."""

    record: Record
    lots: tuple[LotTaken, ...] = ()


def save_treatment(
    *, visit: Treatment, entry: Entry, by: User, at: dt.datetime, token: uuid.UUID | None = None, version: int | None = None, location: str = ""
) -> Treatment:
    """Keep the record of a treatment that is not signed yet."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="treatment.recorded", token=token, at=at, location=location):
        visit = _open_visit(visit, by, at)
        _write(visit, entry, by, at, version)
        audit(by=by, verb="treatment.recorded", subject=visit, at=at, patient_id=visit.patient_id)
    return visit


def sign_treatment(
    *, visit: Treatment, entry: Entry | None = None, by: User, at: dt.datetime, token: uuid.UUID | None = None, version: int | None = None, location: str = ""
) -> Treatment:
    """Sign and lock. With ``entry`` that is recorded first, in the same transaction; refused with everything that is missing.

    Where syringes were made for the visit, the lots are theirs, and what was given and left over of each is booked.
    """
    with unit_of_work(by=by, capability=Capability.SIGN, verb="treatment.signed", token=token, at=at, location=location):
        visit = _open_visit(visit, by, at)
        library, syringes = library_of(by.clinic), kept(syringes_of(visit))
        if entry is not None:
            _write(visit, entry, by, at, version)
        else:
            claim_version(visit, version=version, by=by, at=at)
            if syringes:  # they may have been made after the record was saved
                _write_lots(visit, lots_drawn(syringes), by, at)
        record = record_of(visit)
        blend_row, drawn = latest_blend_and_map(visit.course)
        if blend_row is None or drawn is None:
            raise Refused("There is no blend and no map to sign for.")
        blend = Blend.from_dict(blend_row.result)
        checks = given_checks(visit, record, blend, library)
        parts = [part.presentation for part in blend.parts]
        missing = [*unusable_numbers(record), *unusable_lots(record.lots, record.given_on)]
        missing += missing_before_signing(record, library, visit.course.application, parts, checks)
        missing += missing_from_syringes(visit, syringes, blend_row, record, at=at)
        lots = [use.lot for use in LotUse.objects.filter(treatment=visit).select_related("lot__product")]
        missing += missing_from_prescriptions(visit, lots, record.given_on, library, ask=bool(syringes))
        if missing:
            raise Refused(*dict.fromkeys(missing))
        book_given(visit, syringes, record.volume_ml, by=by, at=at)
        visit.signed_content = content_to_sign(visit, record, blend_row, drawn, checks, library, by=by, at=at)
        visit.sha256 = sha256(visit.signed_content)
        visit.state, visit.signed_at, visit.signed_by = Treatment.State.SIGNED, at, by
        visit.save(update_fields=["signed_content", "sha256", "state", "signed_at", "signed_by"])
        Course.objects.filter(pk=visit.course_id, state=Course.State.PLANNING).update(state=Course.State.ACTIVE)
        audit(by=by, verb="treatment.signed", subject=visit, at=at, patient_id=visit.patient_id, sha256=visit.sha256)
        keep_summary(visit, by=by, at=at)
    return visit


def content_to_sign(
    visit: Treatment, record: Record, blend_row: Formulation, drawn: InjectionPlan, checks: Sequence[DoseCheck], library: Library, *, by: User, at: dt.datetime
) -> str:
    """All that a signature covers, as canonical JSON: who, whom, what was consented to, blended, given, and the doses it made."""
    blend = Blend.from_dict(blend_row.result)
    consent = Consent.objects.filter(course=visit.course).select_related("document").order_by("-signed_at").first()
    return canonical({
        "kind": "pistor treatment 1",
        "treatment": str(visit.pk), "clinic": str(visit.clinic_id), "course": str(visit.course_id), "number": visit.number,
        "patient": {"id": str(visit.patient_id), "name": str(visit.patient), "number": visit.patient.number, "birth_date": _iso(visit.patient.birth_date)},
        "indication": visit.course.indication, "protocol": visit.course.protocol,
        "consent": {"id": str(consent.pk), "document": consent.document.sha256} if consent else None,
        "plan_digest": plan_digest(visit.course, blend_row, drawn),
        "blend": {
            "id": str(blend_row.pk), "parts": [part.as_dict() for part in blend.parts], "volume_ml": format(blend.volume_ml, "f"),
            "per_ml": {item.ingredient: f"{item.per_ml} {item.unit}" for item in blend.concentrations},
        },
        "record": record_as_dict(record),
        "zones": zone_rows(visit), "lots": lot_rows(visit), "syringes": syringe_rows(visit), "devices": device_rows(visit), "items": item_rows(visit),
        "doses": [dose_row(check) for check in checks],
        "performed_by": str(visit.performed_by_id), "signed_by": {"id": str(by.pk), "name": by.printed_name, "role": by.role},
        "signed_at": at.isoformat(), "meaning": MEANING, "knowledge_version": library.version,
    })  # fmt: skip


def given_checks(visit: Treatment, record: Record, blend: Blend, library: Library) -> tuple[DoseCheck, ...]:
    """The doses that were really given, against their limits; the interval is the one since the last treatment."""
    meant = giving_of(visit.course, library)
    recorded = {item.ingredient for item in record.topical}
    unsaid = () if record.anaesthesia in ("none", "cooling") else tuple(Topical(id_) for id_ in meant.topical if id_ not in recorded)
    before = Treatment.objects.filter(course=visit.course, state=Treatment.State.SIGNED, given_on__lt=record.given_on).order_by("-given_on").first()
    since = (record.given_on - before.given_on).days if before and before.given_on else None
    try:
        return check_doses(
            blend, library,
            volume_per_point_ml=record.volume_per_point_ml, points=record.points or None, volume_ml=record.volume_ml or None, sessions=meant.sessions,
            weight_kg=meant.weight_kg, area_cm2=meant.area_cm2, spacing_mm=meant.spacing_mm, interval_days=since or meant.interval_days,
            topical=(*record.topical, *unsaid),
        )  # fmt: skip
    except UnusableBlend as error:
        raise Refused(str(error)) from None


def planned_zones(course: Course) -> tuple[ZoneGiven, ...]:
    """What the injection map plans for each zone, with the totals it was saved with, as if it had been given exactly so."""
    _, drawn = latest_blend_and_map(course)
    if drawn is None:
        return ()
    generator = generator_from_dict(drawn.generator)
    angle = None if generator.angle_deg is None else int(generator.angle_deg)
    merged: dict[tuple[str, str], ZoneGiven] = {}
    for zone in drawn.totals["zones"]:  # one zone may stand on two maps; it is recorded once
        place = str(zone["zone"]), str(zone["side"])
        before = merged.get(place)
        points, volume = int(zone["points"]) + (before.points if before else 0), Decimal(zone["volume_ml"]) + (before.volume_ml if before else Decimal(0))
        merged[place] = ZoneGiven(*place, drawn.technique, points, volume, points, volume, "", generator.inserted_length_mm, angle)
    return tuple(merged.values())


def _open_visit(visit: Treatment, by: User, at: dt.datetime) -> Treatment:
    """The visit, locked with its course, if it may be recorded and signed now; otherwise everything that is missing."""
    locked = Treatment.objects.of(by.clinic).select_for_update(of=("self", "course"))
    found: Treatment = locked.select_related("course", "patient").get(pk=visit.pk)
    if found.state == Treatment.State.SIGNED:
        who = found.signed_by.printed_name if found.signed_by else "somebody"
        raise Refused(f"This treatment was signed by {who} and is locked. Add an amendment instead.")
    if found.state == Treatment.State.CANCELLED:
        raise Refused("This visit was cancelled, so nothing can be recorded for it.")
    found.clinic = found.course.clinic = found.patient.clinic = by.clinic  # type: ignore[assignment]  # one clinic: the manager asked for it
    found.course.patient = found.patient
    keep_latest(found.course)  # locked, so neither can change under this transaction
    missing = missing_before_treatment(facts_of(found, library_of(by.clinic), local_day(by, at)))
    if missing:
        raise Refused(*missing)
    return found


def _write(visit: Treatment, entry: Entry, by: User, at: dt.datetime, version: int | None) -> None:
    library, record, today = library_of(by.clinic), entry.record, local_day(by, at)
    lots = lots_drawn(kept(syringes_of(visit))) or _lots(entry.lots, by)
    planned = {(zone.zone, zone.side): zone for zone in planned_zones(visit.course)}
    zones = tuple(_with_plan(zone, planned.get((zone.zone, zone.side))) for zone in record.zones)
    record = replace(record, zones=zones, lots=tuple(
        LotGiven(lot.presentation, lot.lot_number, lot.expires_on, lot.state, volume) for lot, volume in lots
    ))  # fmt: skip
    _refuse_impossible(record, library, today, visit)
    blend_row, _ = latest_blend_and_map(visit.course)
    blend = Blend.from_dict(blend_row.result) if blend_row else None
    checks: dict[str, Any] = {key: {"done": bool(done), "note": ""} for key, done in record.checks.items()}
    if record.over_limit_reason.strip():
        checks["over_limit"] = {"done": True, "note": record.over_limit_reason.strip()[:500]}
    products = [{"ingredient": item.ingredient, "dose_mg": None if item.dose_mg is None else format(item.dose_mg, "f")} for item in record.topical]
    reaction = {"none": record.reaction == "none", "signs": list(record.reaction_signs), "note": record.reaction_note.strip()} if record.reaction else {}
    began = visit.given_on is None
    claim_version(
        visit, version=version, by=by, at=at,
        given_on=record.given_on, performed_by_id=visit.performed_by_id or by.pk, state=Treatment.State.OPEN, checks=checks,
        skin_preparation=record.skin_preparation.strip()[:200], note=record.note.strip(), anaesthesia={"method": record.anaesthesia, "products": products},
        pain_score=record.pain_score, observed_minutes=record.observed_minutes, immediate_reaction=reaction,
    )  # fmt: skip
    if not began:
        ZoneDose.objects.filter(treatment=visit).delete()
    written: dict[str, Any] = {"clinic": visit.clinic, "created_at": at, "created_by": by, "treatment": visit}
    ZoneDose.objects.bulk_create(
        ZoneDose(
            **written, zone=zone.zone, side=zone.side, technique=zone.technique, planned_points=zone.planned_points, planned_volume_ml=zone.planned_volume_ml,
            points=zone.points, volume_ml=zone.volume_ml, inserted_length_mm=zone.inserted_length_mm, angle_deg=zone.angle_deg,
            doses=doses_in(blend, zone.volume_ml) if blend else {}, deviation_reason=zone.reason.strip()[:300],
        )
        for zone in record.zones
    )  # fmt: skip
    _write_lots(visit, lots, by, at)


def _write_lots(visit: Treatment, lots: Sequence[tuple[Lot, Decimal]], by: User, at: dt.datetime) -> None:
    """The lots of the record, in place of those that stood there."""
    LotUse.objects.filter(treatment=visit).delete()
    LotUse.objects.bulk_create(
        LotUse(clinic=visit.clinic, created_at=at, created_by=by, treatment=visit, lot=lot, volume_ml=volume) for lot, volume in lots
    )


def _with_plan(zone: ZoneGiven, planned: ZoneGiven | None) -> ZoneGiven:
    """The plan is taken from the map, never from what was posted."""
    if planned is None:
        return replace(zone, planned_points=None, planned_volume_ml=None)
    return replace(
        zone, technique=planned.technique, planned_points=planned.points, planned_volume_ml=planned.volume_ml,
        inserted_length_mm=planned.inserted_length_mm, angle_deg=planned.angle_deg,
    )  # fmt: skip


def _lots(taken: Sequence[LotTaken], by: User) -> list[tuple[Lot, Decimal]]:
    found = {lot.pk: lot for lot in Lot.objects.of(by.clinic).select_for_update().filter(pk__in=[one.lot for one in taken])}
    merged: dict[uuid.UUID, Decimal] = {}
    for one in taken:
        if one.lot not in found:
            raise Refused("A chosen lot is not on your clinic's shelf. Choose it again.")
        merged[one.lot] = merged.get(one.lot, Decimal(0)) + one.volume_ml
    return [(found[pk], volume) for pk, volume in merged.items()]


def _refuse_impossible(record: Record, library: Library, today: dt.date, visit: Treatment) -> None:
    said = [*unusable_numbers(record), *unusable_lots(record.lots, record.given_on)]
    if record.given_on > today:
        said.append("The day of the treatment lies in the future. Enter the day on which it was given.")
    elif (today - record.given_on).days > 31:
        said.append("The day of the treatment lies more than a month back. Check it; what is older is added as a note.")
    unknown = [zone.zone for zone in record.zones if zone.zone not in library.zones]
    if unknown:
        said.append(f"“{unknown[0][:60]}” is no known zone. Choose one of the list.")
    strange = [sign for sign in record.reaction_signs if sign not in library.signs]
    if strange:
        said.append(f"“{strange[0][:60]}” is not a sign of the list.")
    if any(item.ingredient not in library.ingredients for item in record.topical):
        said.append("The anaesthetic on the skin is not one of the list.")
    if len({(zone.zone, zone.side) for zone in record.zones}) != len(record.zones):
        said.append("A zone is recorded twice. Put its points and volume in one line.")
    if said:
        raise Refused(*said)


def dose_row(check: DoseCheck) -> dict[str, Any]:
    """A dose against its limit as it stands in the signed content."""
    return {"limit": check.limit_id, "what": check.what, "dose": _number(check.dose), "bound": _number(check.limit), "unit": check.unit, "state": check.state}


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(round(value, 6).normalize(), "f")


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
