"""Consents as lines of a list: who signed, when, and whether it still holds."""

from __future__ import annotations

from typing import Any

from pistor.clinic.shared.templatetags.pistor import day
from pistor.records.consent import Consent

SIGNED_AS = {"patient": "the patient", "guardian": "a legal representative"}


def consent_rows(consents: list[Consent], digest: str) -> list[dict[str, Any]]:
    """The newest first; only the newest can hold."""
    rows = []
    for place, consent in enumerate(consents):
        icon, state, text = _state(consent, digest, newest=place == 0)
        rows.append({
            "consent": consent, "icon": icon, "state": state, "text": text, "can_withdraw": state in ("valid", "outdated"),
            "who": f"{consent.signer_name}, {SIGNED_AS.get(consent.signer_kind, consent.signer_kind)}{_beside(consent)}",
        })  # fmt: skip
    return rows


def _beside(consent: Consent) -> str:
    name = next((section["interpreter"] for section in consent.sections if "interpreter" in section), "")
    return f", with the interpreter {name}" if name else ""


def _state(consent: Consent, digest: str, *, newest: bool) -> tuple[str, str, str]:
    withdrawal = getattr(consent, "withdrawal", None)
    if withdrawal is not None:
        reason = f": {withdrawal.reason}" if withdrawal.reason else ""
        return "octagon", "withdrawn", f"Withdrawn on {day(withdrawal.created_at)}{reason}"
    if not newest:
        return "todo", "replaced", "Replaced by a newer one"
    if consent.plan_digest != digest:
        return "triangle", "outdated", "Outdated: the plan changed after it was signed"
    return "check", "valid", "Valid for the plan as it is now"
