"""Record a treatment, and sign it once and for all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.actions.course import local_day
from pistor.actions.summaries import keep_summary
from pistor.actions.syringes import book_given
from pistor.care.formulation import Blend, DoseCheck
from pistor.care.treatment import MEANING, Missing, Record, UnreadableEdits, ZoneGiven, before, doses_in, gate, record_as_dict, unusable_numbers
from pistor.knowledge import Library
from pistor.records.consent import Consent
from pistor.records.course import Course
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.latest import keep_latest, latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.plan import plan_digest
from pistor.records.room import planned_record, room_facts, room_of
from pistor.records.signed import (
    KIND,
    canonical,
    device_rows,
    item_rows,
    lot_rows,
    room_row,
    sha256,
    syringe_rows,
    time_out_rows,
    zone_rows,
)
from pistor.records.stock import Lot
from pistor.records.syringes import Syringe, kept, lots_drawn, syringes_of
from pistor.records.treatment import LotUse, Treatment, ZoneDose
from pistor.records.visit import facts_of


class Incomplete(Refused):
    """Something is missing before the treatment can be signed: ``missing`` is all of it, as the gate names it."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(*dict.fromkeys(item.text for item in missing))
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed: a record whose zones know no plan yet."""

    record: Record


def save_treatment(
    *, visit: Treatment, entry: Entry, by: User, at: dt.datetime, token: uuid.UUID | None = None, version: int | None = None, location: str = ""
) -> Treatment:
    """Keep the record of a treatment that is not signed yet. Refused with what has to be done before anything is recorded."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="treatment.recorded", token=token, at=at, location=location):
        visit = _unsigned(visit, by)
        if missing := before(facts_of(visit, library_of(by.clinic), local_day(by, at))):
            raise Incomplete(missing)
        _write(visit, entry.record, by, at, version)
        audit(by=by, verb="treatment.recorded", subject=visit, at=at, patient_id=visit.patient_id)
    return visit


def sign_treatment(
    *, visit: Treatment, entry: Entry | None = None, by: User, at: dt.datetime, token: uuid.UUID | None = None, version: int | None = None, location: str = ""
) -> Treatment:
    """Sign and lock. With ``entry`` that is recorded first, in the same transaction; refused with everything that is missing.

    The lots are those of the syringes, and what was given and left over of each is booked. Whoever may not sign is refused,
    and that somebody tried is kept.
    """
    if not by.may(Capability.SIGN):
        _keep_attempt(visit, by, at)
    with unit_of_work(by=by, capability=Capability.SIGN, verb="treatment.signed", token=token, at=at, location=location):
        visit = _unsigned(visit, by)
        if entry is None:
            claim_version(visit, version=version, by=by, at=at)
            _write_lots(visit, lots_drawn(kept(syringes_of(visit))), by, at)  # syringes may have been made after the record was saved
        else:
            _write_to_sign(visit, entry.record, by, at, version)
        room = room_of(visit, at)
        if missing := gate(room.facts):
            raise Incomplete(missing)
        blend_row, drawn, record = room.blend, room.drawn, room.facts.record
        if blend_row is None or drawn is None:  # the gate asked for both
            raise Refused("There is no blend and no map to sign for.")
        book_given(room.syringes, record, by=by, at=at)
        visit.signed_content = content_to_sign(visit, record, blend_row, drawn, room.facts.checks, room.facts.library, by=by, at=at)
        visit.sha256 = sha256(visit.signed_content)
        visit.state, visit.signed_at, visit.signed_by = Treatment.State.SIGNED, at, by
        visit.save(update_fields=["signed_content", "sha256", "state", "signed_at", "signed_by"])
        Course.objects.filter(pk=visit.course_id, state=Course.State.PLANNING).update(state=Course.State.ACTIVE)
        audit(by=by, verb="treatment.signed", subject=visit, at=at, patient_id=visit.patient_id, sha256=visit.sha256)
        keep_summary(visit, by=by, at=at)
    return visit


def _keep_attempt(visit: Treatment, by: User, at: dt.datetime) -> None:
    """Somebody whose role does not sign tried to: kept where the visit is one of their clinic, and refused."""
    found = Treatment.objects.of(by.clinic).filter(pk=visit.pk).first() if by.is_active else None
    if found is not None:
        with transaction.atomic():
            audit(by=by, verb="treatment.sign_refused", subject=found, at=at, patient_id=found.patient_id, role=by.role)


def _write_to_sign(visit: Treatment, record: Record, by: User, at: dt.datetime, version: int | None) -> None:
    """Record what was typed; what cannot be is refused together with all that is missing besides."""
    try:
        _write(visit, record, by, at, version)
    except Impossible as problem:
        cannot_be = [Missing("record.numbers", reason, "zones") for reason in problem.reasons]
        raise Incomplete([*cannot_be, *gate(room_facts(visit, at))]) from None


def content_to_sign(
    visit: Treatment, record: Record, blend_row: Formulation, drawn: InjectionPlan, checks: Sequence[DoseCheck], library: Library, *, by: User, at: dt.datetime
) -> str:
    """All that a signature covers, as canonical JSON: who, whom, what was consented to, blended, given, and the doses it made."""
    blend = Blend.from_dict(blend_row.result)
    consent = Consent.objects.filter(course=visit.course).select_related("document").order_by("-signed_at").first()
    return canonical({
        "kind": KIND,
        "treatment": str(visit.pk), "clinic": str(visit.clinic_id), "course": str(visit.course_id), "number": visit.number,
        "patient": {"id": str(visit.patient_id), "name": str(visit.patient), "number": visit.patient.number, "birth_date": _iso(visit.patient.birth_date)},
        "indication": visit.course.indication, "protocol": visit.course.protocol,
        "consent": {"id": str(consent.pk), "document": consent.document.sha256} if consent else None,
        "plan_digest": plan_digest(visit.course, blend_row, drawn), "map": str(drawn.pk),
        "blend": {
            "id": str(blend_row.pk), "parts": [part.as_dict() for part in blend.parts], "volume_ml": format(blend.volume_ml, "f"),
            "per_ml": {item.ingredient: f"{item.per_ml} {item.unit}" for item in blend.concentrations},
        },
        "record": record_as_dict(record),
        "zones": zone_rows(visit), "lots": lot_rows(visit), "syringes": syringe_rows(visit), "devices": device_rows(visit), "items": item_rows(visit),
        "room": room_row(visit), "time_outs": time_out_rows(visit),
        "doses": [dose_row(check) for check in checks],
        "performed_by": str(visit.performed_by_id), "signed_by": {"id": str(by.pk), "name": by.printed_name, "role": by.role},
        "signed_at": at.isoformat(), "meaning": MEANING, "knowledge_version": library.version,
    })  # fmt: skip


def _unsigned(visit: Treatment, by: User) -> Treatment:
    """The visit, locked with its course, while what belongs to it can still change."""
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
    return found


class Impossible(Refused):
    """What was typed cannot be, whatever was given."""


def _write(visit: Treatment, record: Record, by: User, at: dt.datetime, version: int | None) -> None:
    library, syringes = library_of(by.clinic), kept(syringes_of(visit))
    try:
        record = planned_record(visit.course, record, syringes, library)
    except UnreadableEdits as problem:
        raise Impossible(str(problem)) from None
    _refuse_impossible(record, library, local_day(by, at))
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
    _write_zones(visit, record.zones, blend, syringes, by, at)
    _write_lots(visit, lots_drawn(syringes), by, at)


def _write_zones(visit: Treatment, zones: Sequence[ZoneGiven], blend: Blend | None, syringes: Sequence[Syringe], by: User, at: dt.datetime) -> None:
    by_code = {row.code: row for row in syringes}
    written: dict[str, Any] = {"clinic": visit.clinic, "created_at": at, "created_by": by, "treatment": visit}
    ZoneDose.objects.bulk_create(
        ZoneDose(
            **written, zone=zone.zone, side=zone.side, technique=zone.technique, plan=zone.plan, syringe=by_code.get(zone.syringe),
            given=_given(zone), planned_points=zone.planned_points, planned_volume_ml=zone.planned_volume_ml, points=zone.points,
            volume_ml=zone.volume_ml, planned_passes=zone.planned_passes, passes=zone.passes, inserted_length_mm=zone.inserted_length_mm,
            angle_deg=zone.angle_deg,
            doses=doses_in(blend, zone.volume_ml) if blend else {}, deviation_reason=zone.reason.strip()[:300],
        )
        for zone in zones
    )  # fmt: skip


def _given(zone: ZoneGiven) -> dict[str, Any]:
    """Beside its numbers: what was changed on the points of the whole zone, and who says that it came out of this syringe."""
    return {"state": zone.state, "edits": zone.edits.as_dict(), "on_skin": zone.on_skin, **({"shared": zone.shared} if zone.shared else {})}


def _write_lots(visit: Treatment, lots: Sequence[tuple[Lot, Decimal]], by: User, at: dt.datetime) -> None:
    """The lots of the record, in place of those that stood there."""
    LotUse.objects.filter(treatment=visit).delete()
    LotUse.objects.bulk_create(
        LotUse(clinic=visit.clinic, created_at=at, created_by=by, treatment=visit, lot=lot, volume_ml=volume) for lot, volume in lots
    )


def _refuse_impossible(record: Record, library: Library, today: dt.date) -> None:
    said = [*unusable_numbers(record)]
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
    if len({(zone.plan, zone.zone, zone.side, zone.technique, zone.syringe) for zone in record.zones}) != len(record.zones):
        said.append("A zone is recorded twice from one syringe. Put its points and volume in one line.")
    if said:
        raise Impossible(*said)


def dose_row(check: DoseCheck) -> dict[str, Any]:
    """A dose against its limit as it stands in the signed content."""
    return {"limit": check.limit_id, "what": check.what, "dose": _number(check.dose), "bound": _number(check.limit), "unit": check.unit, "state": check.state}


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(round(value, 6).normalize(), "f")


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
