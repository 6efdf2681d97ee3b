"""What is looked at before a treatment, as finished sentences."""

from __future__ import annotations

from typing import Any

from pistor.care.candidacy.allergies import known_allergies
from pistor.care.consultation import PatientPicture
from pistor.clinic.shared.history import changes_since
from pistor.clinic.shared.templatetags.pistor import amount, day, level
from pistor.exchange.signed_words import reaction_words, sign_name, zone_name
from pistor.knowledge import Library
from pistor.records.amendments import amended_content
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment

CONSENT = {
    "signed": ("check", "Signed for this plan"),
    "outdated": ("triangle", "Outdated: the plan changed after it was signed"),
    "withdrawn": ("octagon", "Withdrawn by the patient"),
    "none": ("question", "Not signed"),
}


def review(visit: Treatment, picture: PatientPicture, library: Library) -> dict[str, Any]:
    """One screen before the needle: what changed, allergies, the last treatment and what came after it."""
    signed = Treatment.objects.of(visit.clinic).filter(patient=visit.patient, state=Treatment.State.SIGNED).exclude(pk=visit.pk)
    before = signed.order_by("-given_on", "-signed_at").first()
    allergies = known_allergies(picture, library)
    return {
        "changes": changes_since(visit.patient, before.signed_at if before else None),
        "allergies": allergies,
        "last": last_treatment(before, library) if before else None,
        "reactions": last_reactions(visit, library),
    }


def last_treatment(before: Treatment, library: Library) -> dict[str, str]:
    """What was given last, with what was corrected since."""
    content = amended_content(before)
    zones, record = content.get("zones", ()), content.get("record", {})
    given = "; ".join(f"{zone_name(library, zone['zone'], zone['side'])} {zone['points']} points, {amount(zone['volume_ml'])} mL" for zone in zones)
    pain = "not recorded" if record.get("pain_score") is None else f"{record['pain_score']} of 10"
    said = {"none": record["reaction"] == "none", "signs": record["reaction_signs"], "note": record["reaction_note"]} if record.get("reaction") else {}
    return {"day": day(before.given_on), "given": given or "no zones", "pain": pain, "reaction": reaction_words(said, library)}


def last_reactions(visit: Treatment, library: Library) -> list[str]:
    reports = ReactionReport.objects.of(visit.clinic).filter(patient=visit.patient).order_by("-reported_at")[:3]
    return [
        f"{day(report.began_on)}: {', '.join(sign_name(library, sign) for sign in report.signs)} ({level(report.level)})" for report in reports
    ]
