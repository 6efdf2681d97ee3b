"""What was signed: read back into plain values, and held against its hash and its rows."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import Any

from pistor.care.formulation import Topical
from pistor.care.treatment import LotGiven, Record, ZoneGiven
from pistor.records.treatment import Amendment, LotUse, Treatment, ZoneDose


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
        lots=tuple(_lot(use) for use in LotUse.objects.filter(treatment=visit).select_related("lot").order_by("lot__presentation", "created_at", "pk")),
        zones=tuple(_zone(dose) for dose in ZoneDose.objects.filter(treatment=visit).order_by("zone", "side")),
        pain_score=visit.pain_score,
        reaction="" if said is None else "none" if said else "some",
        reaction_signs=tuple(reaction.get("signs", ())),
        reaction_note=str(reaction.get("note", "")),
        observed_minutes=visit.observed_minutes,
        note=visit.note,
        over_limit_reason=str((visit.checks.get("over_limit") or {}).get("note", "")),
    )


def _lot(use: LotUse) -> LotGiven:
    return LotGiven(use.lot.presentation, use.lot.lot_number, use.lot.expires_on, use.lot.state, use.volume_ml)


def _zone(dose: ZoneDose) -> ZoneGiven:
    return ZoneGiven(
        dose.zone, dose.side, dose.technique, dose.points, dose.volume_ml, dose.planned_points, dose.planned_volume_ml, dose.deviation_reason,
        dose.inserted_length_mm, dose.angle_deg,
    )  # fmt: skip


def zone_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The zone doses as they stand in the signed content."""
    return [
        {
            "zone": dose.zone, "side": dose.side, "technique": dose.technique, "points": dose.points, "volume_ml": text(dose.volume_ml),
            "planned_points": dose.planned_points, "planned_volume_ml": text(dose.planned_volume_ml), "deviation_reason": dose.deviation_reason,
            "inserted_length_mm": text(dose.inserted_length_mm), "angle_deg": dose.angle_deg, "doses": dose.doses,
        }
        for dose in ZoneDose.objects.filter(treatment=visit).order_by("zone", "side")
    ]  # fmt: skip


def lot_rows(visit: Treatment) -> list[dict[str, Any]]:
    """The lots as they stand in the signed content."""
    uses = LotUse.objects.filter(treatment=visit).select_related("lot").order_by("lot__presentation", "lot__lot_number")
    return [{"lot": str(use.lot_id), "presentation": use.lot.presentation, "lot_number": use.lot.lot_number, "volume_ml": text(use.volume_ml)} for use in uses]


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
    if "kind" in content and content["zones"] != zone_rows(visit):
        said.append("The zones in the database are no longer those that were signed.")
    if "kind" in content and content["lots"] != lot_rows(visit):
        said.append("The lots in the database are no longer those that were signed.")
    changed = [row for row in amendments_of(visit) if row.sha256 != amendment_sha256(row)]
    said += [f"The amendment of {row.created_at.day} {row.created_at:%b %Y} no longer has its fingerprint." for row in changed]
    return tuple(said)


def amendments_of(visit: Treatment) -> list[Amendment]:
    return list(Amendment.objects.filter(treatment=visit).select_related("created_by").order_by("created_at", "pk"))


def amendment_sha256(row: Amendment) -> str:
    """Over the amendment and what it amends."""
    return sha256(canonical({
        "treatment": row.treatment.sha256, "kind": row.kind, "text": row.text, "reason": row.reason, "at": row.created_at.astimezone(dt.UTC).isoformat(),
        "by": str(row.created_by_id),
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
