"""What was signed: read back into plain values, and held against its hash and its rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models

from pistor.care.formulation import Topical
from pistor.care.treatment import Edits, Record, ZoneGiven, edits_from
from pistor.records.devices import DeviceUse, SingleUse
from pistor.records.stock import StockMove
from pistor.records.syringes import syringes_of
from pistor.records.treatment import Amendment, LotUse, TimeOut, Treatment, ZoneDose


def record_of(visit: Treatment) -> Record:
    """What is recorded for a visit so far, as the plain value that ``care.treatment`` takes."""
    checks = {key: bool(value.get("done")) for key, value in visit.checks.items() if isinstance(value, dict)}
    anaesthesia, reaction = visit.anaesthesia or {}, visit.immediate_reaction or {}
    topical = tuple(Topical(row["ingredient"], _decimal(row.get("dose_mg"))) for row in anaesthesia.get("products", ()))
    said = reaction.get("none")
    return Record(
        given_on=visit.given_on or visit.planned_on,
        checks={key: done for key, done in checks.items() if key != "over_limit"},
        skin_preparation=visit.skin_preparation,
        anaesthesia=str(anaesthesia.get("method") or ""),
        topical=topical,
        zones=tuple(_zone(dose) for dose in _doses(visit)),
        pain_score=visit.pain_score,
        reaction="" if said is None else "none" if said else "some",
        reaction_signs=tuple(reaction.get("signs", ())),
        reaction_note=str(reaction.get("note", "")),
        observed_minutes=visit.observed_minutes,
        note=visit.note,
        over_limit_reason=str((visit.checks.get("over_limit") or {}).get("note", "")),
    )


def _doses(visit: Treatment) -> models.QuerySet[ZoneDose]:
    return ZoneDose.objects.filter(treatment=visit).select_related("syringe").order_by("zone", "side", "plan", "technique", "syringe__created_at", "pk")


def _zone(dose: ZoneDose) -> ZoneGiven:
    return ZoneGiven(
        dose.zone, dose.side, dose.technique, dose.points, dose.volume_ml, dose.planned_points, dose.planned_volume_ml, dose.deviation_reason,
        dose.inserted_length_mm, dose.angle_deg, state=dose.given.get("state", ""), plan=dose.plan, edits=_edits(dose),
        syringe=dose.syringe.code if dose.syringe else "", passes=dose.passes, planned_passes=dose.planned_passes,
        on_skin=bool(dose.given.get("on_skin")), shared=dose.given.get("shared", ""),
    )  # fmt: skip


def _edits(dose: ZoneDose) -> Edits:
    return edits_from(dose.given.get("edits") or {})


# ── what was signed, by the kind it was signed as: a reader never changes, or old signatures would no longer hold ──

KIND = "pistor treatment 2"  # what is signed today


def zone_rows(visit: Treatment, kind: str = KIND) -> list[dict[str, Any]]:
    """The zone doses as they stand in the signed content of a kind."""
    return [_zone_row(dose) if kind == "pistor treatment 1" else {**_zone_row(dose), **_zone_more(dose)} for dose in _doses(visit)]


def _zone_row(dose: ZoneDose) -> dict[str, Any]:
    return {
        "zone": dose.zone, "side": dose.side, "technique": dose.technique, "points": dose.points, "volume_ml": text(dose.volume_ml),
        "planned_points": dose.planned_points, "planned_volume_ml": text(dose.planned_volume_ml), "deviation_reason": dose.deviation_reason,
        "inserted_length_mm": text(dose.inserted_length_mm), "angle_deg": dose.angle_deg, "doses": dose.doses,
    }  # fmt: skip


def _zone_more(dose: ZoneDose) -> dict[str, Any]:
    return {
        "plan": dose.plan, "given": dose.given, "syringe": dose.syringe.code if dose.syringe else None, "passes": dose.passes,
        "planned_passes": dose.planned_passes,
    }  # fmt: skip


def time_out_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The time-outs of a visit, those that stopped as well, as they stand in the signed content."""
    rows = TimeOut.objects.filter(treatment=visit).order_by("created_at", "pk")
    return [
        {
            "at": _utc(row.created_at), "by": str(row.created_by_id), "passed": row.passed, "syringe": str(row.syringe_id) if row.syringe_id else None,
            "patient_code": row.patient_code, "syringe_code": row.syringe_code, "said": row.said,
        }
        for row in rows
    ]  # fmt: skip


def lot_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The lots as they stand in the signed content."""
    uses = LotUse.objects.filter(treatment=visit).select_related("lot").order_by("lot__presentation", "lot__lot_number")
    return [{"lot": str(use.lot_id), "presentation": use.lot.presentation, "lot_number": use.lot.lot_number, "volume_ml": text(use.volume_ml)} for use in uses]


def syringe_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The syringes of a visit as they stand in the signed content, with what the ledger says was given and wasted of each."""
    rows = syringes_of(visit)
    moved: dict[tuple[uuid.UUID, str], Decimal] = {}
    for booking, place, units in StockMove.objects.filter(booking__in=[row.pk for row in rows]).values_list("booking", "put_into", "units") if rows else ():
        moved[booking, place] = moved.get((booking, place), Decimal(0)) + units
    return [
        {
            "syringe": str(row.pk), "code": row.code, "state": row.state, "volume_ml": text(row.volume_ml), "made_by": str(row.created_by_id),
            "made_at": _utc(row.created_at), "look": row.look, "checked_by": str(row.checked_by_id) if row.checked_by_id else None,
            "use_before": _utc(row.use_before), "use_before_basis": row.use_before_basis, "started_at": _utc(row.started_at),
            "given_ml": text(moved.get((row.pk, "patient"), Decimal(0))), "wasted_ml": text(moved.get((row.pk, "waste"), Decimal(0))),
            "draws": [
                {
                    "lot": str(draw.lot_id), "vial": str(draw.vial_id) if draw.vial_id else None, "presentation": draw.presentation,
                    "volume_ml": text(draw.volume_ml),
                }
                for draw in row.draws.all()
            ],
        }
        for row in rows
    ]  # fmt: skip


def device_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The devices as they stand in the signed content."""
    uses = DeviceUse.objects.filter(treatment=visit).select_related("device").order_by("created_at", "pk")
    return [
        {"device": str(use.device_id), "kind": use.device.kind, "name": use.device.name, "serial": use.device.serial, "settings": use.settings} for use in uses
    ]


def room_row(visit: Treatment) -> dict[str, str] | None:
    """The room as it stands in the signed content; None where none was recorded."""
    return {"id": str(visit.room_id), "name": visit.room.name} if visit.room else None


def item_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The single-use items as they stand in the signed content."""
    items = SingleUse.objects.filter(treatment=visit).select_related("lot").order_by("created_at", "pk")
    return [{"item": str(row.pk), "kind": row.kind, "code": row.code, "lot_number": row.lot.lot_number if row.lot else ""} for row in items]


def _utc(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat() if moment else None


def canonical(content: dict[str, Any]) -> str:
    """JSON that is the same for the same content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def broken(visit: Treatment) -> tuple[str, ...]:
    """What is no longer as it was signed, in sentences; empty where everything holds."""
    if visit.state != Treatment.State.SIGNED:
        return ()
    if sha256(visit.signed_content) != visit.sha256:
        return ("The signed record no longer has the fingerprint it was signed with. Something changed it in the database.",)
    content = json.loads(visit.signed_content)
    said = []
    if "kind" in content and content["zones"] != zone_rows(visit, content["kind"]):
        said.append("The zones in the database are no longer those that were signed.")
    if "kind" in content and content["lots"] != lot_rows(visit):
        said.append("The lots in the database are no longer those that were signed.")
    beside = {"syringes": syringe_rows, "devices": device_rows, "items": item_rows, "time_outs": time_out_rows}
    for key, rows in beside.items():  # older records hold none of these
        if key in content and content[key] != rows(visit):
            said.append(f"The {key.replace('_', '-')} in the database are no longer those that were signed.")
    if "room" in content and content["room"] != room_row(visit):
        said.append("The room in the database is no longer the one that was signed.")
    changed = [row for row in amendments_of(visit) if row.sha256 != amendment_sha256(row)]
    said += [f"The amendment of {row.created_at.day} {row.created_at:%b %Y} no longer has its fingerprint." for row in changed]
    return tuple(said)


def amendments_of(visit: Treatment) -> list[Amendment]:
    return list(Amendment.objects.filter(treatment=visit).select_related("created_by").order_by("created_at", "pk"))


def amendment_sha256(row: Amendment) -> str:
    """Over the amendment and what it amends."""
    return sha256(canonical({
        "treatment": row.treatment.sha256, "kind": row.kind, "text": row.text, "reason": row.reason, "at": row.created_at.astimezone(dt.UTC).isoformat(),
        "by": str(row.created_by_id), **({"changes": row.changes} if row.changes else {}),
    }))  # fmt: skip


def text(value: Decimal | None) -> str | None:
    """A decimal as it is signed: no exponent, no trailing zeros."""
    if value is None:
        return None
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _decimal(value: object) -> Decimal | None:
    try:
        return None if value in (None, "") else Decimal(str(value))
    except InvalidOperation:
        return None
