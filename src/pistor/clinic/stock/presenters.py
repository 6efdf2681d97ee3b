"""Lots and what became of them, as lines."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from pistor.actions.stock import REASONS
from pistor.records.audit import AuditEvent
from pistor.records.people import User
from pistor.records.stock import Lot

STATES = {"usable": ("check", "Usable"), "quarantined": ("triangle", "In quarantine"), "recalled": ("octagon", "Recalled")}


def lot_row(lot: Lot, today: dt.date) -> dict[str, Any]:
    """A lot with its state in a word. One that expired is so whatever else was said of it, except recalled."""
    icon, word = STATES.get(lot.state, ("question", lot.state))
    if lot.expires_on < today and lot.state != Lot.State.RECALLED:
        icon, word = "octagon", "Expired"
    return {"lot": lot, "icon": icon, "word": word}


def history(lot: Lot) -> list[dict[str, Any]]:
    """Who changed the state of a lot, when and why, from the audit trail; the newest first."""
    of_no_patient = AuditEvent.objects.filter(patient_id=None, clinic_id=lot.clinic_id)  # the index leads past all that was done to patients
    events = list(of_no_patient.filter(verb__in=("lot.added", "lot.state"), subject_id=lot.pk).order_by("-sequence"))
    names = {user.pk: user.printed_name for user in User.objects.filter(clinic_id=lot.clinic_id, pk__in={event.actor for event in events})}
    return [{"at": event.at, "who": _name(names, event.actor), "what": _what(event)} for event in events]


def _name(names: dict[uuid.UUID, str], actor: uuid.UUID | None) -> str:
    return names.get(actor, "somebody") if actor else "somebody"


def _what(event: AuditEvent) -> str:
    if event.verb == "lot.added":
        return "Put on the shelf"
    _, word = STATES.get(event.detail.get("after", ""), ("", "Changed"))
    reason = REASONS.get(event.detail.get("reason", ""))
    return f"{word}: {reason[0].lower()}{reason[1:]}" if reason else word
