"""What is looked at before a treatment, and what was signed, as finished sentences."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pistor.care.candidacy.allergies import known_allergies
from pistor.care.consultation import PatientPicture
from pistor.clinic.shared.history import changes_since
from pistor.clinic.shared.templatetags.pistor import amount, day, level, words
from pistor.knowledge import Library
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment, ZoneDose

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
    zones = ZoneDose.objects.filter(treatment=before).order_by("zone", "side")
    given = "; ".join(f"{zone_name(library, dose.zone, dose.side)} {dose.points} points, {amount(dose.volume_ml)} mL" for dose in zones)
    pain = "not recorded" if before.pain_score is None else f"{before.pain_score} of 10"
    return {"day": day(before.given_on), "given": given or "no zones", "pain": pain, "reaction": reaction_words(before.immediate_reaction, library)}


def last_reactions(visit: Treatment, library: Library) -> list[str]:
    reports = ReactionReport.objects.of(visit.clinic).filter(patient=visit.patient).order_by("-reported_at")[:3]
    return [
        f"{day(report.began_on)}: {', '.join(_sign(library, sign) for sign in report.signs)} ({level(report.level)})" for report in reports
    ]


def reaction_words(reaction: dict[str, Any], library: Library) -> str:
    if not reaction:
        return "not recorded"
    if reaction.get("none"):
        return "none"
    said = [*(_sign(library, sign) for sign in reaction.get("signs", ())), reaction.get("note", "")]
    return "; ".join(part for part in said if part) or "yes, not described"


def _sign(library: Library, sign: str) -> str:
    return library.signs[sign].text.en if sign in library.signs else words(sign)


def zone_name(library: Library, zone: str, side: str) -> str:
    name = library.zones[zone].name if zone in library.zones else words(zone)
    return name if side == "mid" else f"{name}, {side}"


def signed_shown(content: dict[str, Any], library: Library, at: dt.datetime) -> dict[str, Any]:
    """The signed content in words, for the page and for the printed summary. ``at`` is in the clinic's own time."""
    record = content.get("record", {})
    reaction = {"none": record.get("reaction") == "none", "signs": record.get("reaction_signs", ()), "note": record.get("reaction_note", "")}
    zones = content.get("zones", ())
    return {
        "title": "Treatment as signed",
        "patient": (content.get("patient") or {}).get("name", ""),
        "facts": [
            ["Given on", day(content.get("given_on") or record.get("given_on"))],
            ["Treatment", str(content.get("number", ""))],
            ["Skin preparation", record.get("skin_preparation") or "not recorded"],
            ["Anaesthesia", _anaesthesia(record, library)],
            ["Pain", "not recorded" if record.get("pain_score") is None else f"{record['pain_score']} of 10"],
            ["Immediate reaction", reaction_words(reaction, library) if record else "not recorded"],
            ["Observed for", "not recorded" if record.get("observed_minutes") is None else f"{record['observed_minutes']} minutes"],
            *([f"Syringe {one['code']}", _syringe(one)] for one in content.get("syringes", ())),
            *(["Device", _device(one)] for one in content.get("devices", ())),
            *(["Single-use item", _item(one)] for one in content.get("items", ())),
            *([["Over a limit because", record["over_limit_reason"]]] if record.get("over_limit_reason") else []),
            *([["Note", record["note"]]] if record.get("note") else []),
        ],
        "zones": [
            {
                "zone": zone_name(library, zone["zone"], zone["side"]), "points": str(zone["points"]), "volume": _quantity(zone["volume_ml"], "mL"),
                "planned": _planned(zone), "doses": ", ".join(_dose(library, id_, dose) for id_, dose in zone.get("doses", {}).items()),
                "reason": zone.get("deviation_reason", ""),
            }
            for zone in zones
        ],
        "lots": [_lot(library, lot) for lot in content.get("lots", ())],
        "checks": [_step(library, key) for key, done in record.get("checks", {}).items() if done],
        "signer": (content.get("signed_by") or {}).get("name", "") if isinstance(content.get("signed_by"), dict) else "",
        "signed": f"{day(at)}, {at:%H:%M}",
        "meaning": content.get("meaning", ""),
        "knowledge": content.get("knowledge_version", ""),
    }  # fmt: skip


def _syringe(one: dict[str, Any]) -> str:
    if one["state"] == "discarded":
        return f"{_quantity(one['volume_ml'], 'mL')}, discarded"
    return f"{_quantity(one['volume_ml'], 'mL')}: {_quantity(one['given_ml'], 'mL')} given, {_quantity(one['wasted_ml'], 'mL')} left over and thrown away"


def _device(one: dict[str, Any]) -> str:
    return ", ".join(part for part in (one["name"], one["serial"], one["settings"]) if part)


def _item(one: dict[str, Any]) -> str:
    said = [words(one["kind"]).capitalize(), f"code {one['code']}" if one["code"] else "", f"lot {one['lot_number']}" if one["lot_number"] else ""]
    return ", ".join(part for part in said if part)


def _step(library: Library, key: str) -> str:
    return library.checklist_steps[key].text if key in library.checklist_steps else words(key)


def _planned(zone: dict[str, Any]) -> str:
    if zone.get("planned_points") is None:
        return "not planned"
    return f"{zone['planned_points']} points, {_quantity(zone['planned_volume_ml'], 'mL')}"


def _dose(library: Library, ingredient: str, dose: str) -> str:
    name = library.ingredients[ingredient].name if ingredient in library.ingredients else words(ingredient)
    return f"{name} {_quantity(dose, 'mg')}"


def _quantity(said: Any, unit: str) -> str:
    """A signed number as people read it, 10 mg and not 1E+1 mg; with its own unit where it carries one."""
    number, _, own = str(said).partition(" ")
    return f"{amount(number)} {own or unit}"


def _lot(library: Library, lot: Any) -> str:
    if not isinstance(lot, dict):
        return f"Lot {lot}"
    name = library.presentations[lot["presentation"]].name if lot["presentation"] in library.presentations else words(lot["presentation"])
    return f"{name}, lot {lot['lot_number']}, {_quantity(lot['volume_ml'], 'mL')}"


def _anaesthesia(record: dict[str, Any], library: Library) -> str:
    said = {"none": "none", "cooling": "cooling", "topical": "on the skin"}.get(record.get("anaesthesia", ""), "not recorded")
    doses = [_dose(library, row["ingredient"], row["dose_mg"]) for row in record.get("topical", ())]
    return f"{said}: {', '.join(doses)}" if doses else said
