"""What is looked at before a treatment, and what was signed, as finished sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from pistor.care.candidacy.allergies import KnownAllergies, known_allergies
from pistor.care.formulation import Blend
from pistor.care.injection_map import InjectionMap
from pistor.care.journey import STEPS
from pistor.care.stock import plain
from pistor.care.treatment import Missing, ZoneGiven
from pistor.clinic.shared.frame import Look
from pistor.clinic.shared.history import changes_since
from pistor.clinic.shared.templatetags.pistor import amount, day, level, words
from pistor.exchange.pictures import map_svg
from pistor.knowledge import Library
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import TimeOut, Treatment, ZoneDose

if TYPE_CHECKING:
    from pistor.clinic.treatment.forms import TreatmentForm

IN_REVIEW = 2  # lines of an item before the rest folds: all seven are seen without scrolling
CONSENT = {
    "signed": ("check", "Signed for this plan"),
    "outdated": ("triangle", "Outdated: the plan changed after it was signed"),
    "withdrawn": ("octagon", "Withdrawn by the patient"),
    "none": ("question", "Not signed"),
}


def review(visit: Treatment, look: Look, library: Library, *, medicines: Sequence[str], syringes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One screen before the needle, always the same seven in the same places. ``medicines``: what prescriptions still keep from being given."""
    signed = Treatment.objects.of(visit.clinic).filter(patient=visit.patient, state=Treatment.State.SIGNED).exclude(pk=visit.pk)
    before = signed.order_by("-given_on", "-signed_at").first()
    icon, consent = CONSENT[look.facts.consent]
    return [
        _allergies(known_allergies(look.candidacy.picture, library)),
        _seen("Stops", look.facts.stops, icon="octagon", tone="danger", none="None found"),
        _seen("Consent", [consent], icon=icon, tone="" if look.facts.consent == "signed" else "danger"),
        _seen("Changed since last time", *_changes(visit, before)),
        _seen("Last treatment", [_last(before, library)] if before else [], none="None recorded here"),
        _seen("Reactions reported", last_reactions(visit, library), icon="triangle", tone="warning", none="None reported"),
        _given_from(medicines, syringes),
    ]  # fmt: skip


def _seen(label: str, lines: Sequence[str], none: str = "", *, icon: str = "", tone: str = "") -> dict[str, Any]:
    """What has no room in its lines is ``more``, one press away."""
    shown, more = (lines, ()) if len(lines) <= IN_REVIEW else (lines[: IN_REVIEW - 1], lines[IN_REVIEW - 1 :])
    return {"label": label, "lines": shown or [none], "more": more, "icon": icon if lines else "", "tone": tone if lines else ""}


def _allergies(known: KnownAllergies) -> dict[str, Any]:
    if known.state == "allergic":
        return _seen("Allergies", [known.text], icon="triangle", tone="danger")
    return _seen("Allergies", [known.text[:1].upper() + known.text[1:]], tone="" if known.state == "none_known" else "unknown")


def _changes(visit: Treatment, before: Treatment | None) -> tuple[Sequence[str], str]:
    if before is None:
        return (), "This is the first treatment recorded here"
    changes = changes_since(visit.patient, before.signed_at)
    again = f"{changes.asked_again} asked again, nothing new" if changes.asked_again else "Nothing new is recorded"
    return changes.lines, again


def _last(before: Treatment, library: Library) -> str:
    said = last_treatment(before, library)
    return f"{said['day']}: {said['given']}. Pain {said['pain']}, reaction: {said['reaction']}"


def _given_from(medicines: Sequence[str], syringes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What will be injected: whether it may be, by its prescriptions, and whether it is drawn."""
    against = [*medicines, *(sentence for line in syringes for sentence in line["against"])]
    if against:
        return _seen("Prescription and syringe", against, icon="triangle", tone="warning")
    if not syringes:
        return _seen("Prescription and syringe", (), none="No syringe is made yet")
    drawn = [f"Syringe {line['row'].code}, {amount(line['row'].volume_ml)} mL, {line['word'].lower()}" for line in syringes]
    return _seen("Prescription and syringe", drawn, icon="check")


def missing_lines(missing: Iterable[Missing], visit: Treatment, form: TreatmentForm) -> list[dict[str, str]]:
    """Each with the address of the place that mends it: on this page, or the page of its step."""
    return [{"text": one.text, "href": _href(one.where, visit, form)} for one in missing]


def _href(where: str, visit: Treatment, form: TreatmentForm) -> str:
    if where in STEPS:
        return reverse(f"{where}:show", args=[visit.pk])
    name = form.field_for(where)
    return f"#{form[name].auto_id}" if name else f"#{where}"


def time_out_lines(rows: Sequence[TimeOut], visit: Treatment) -> list[dict[str, Any]]:
    """The newest last, in the clinic's time."""
    zone = ZoneInfo(visit.clinic.time_zone)
    return [
        {
            "passed": row.passed, "at": f"{row.created_at.astimezone(zone):%H:%M}",
            "text": f"{visit.patient}, syringe {row.syringe.code}" if row.passed and row.syringe else " ".join(row.said),
        }
        for row in rows
    ]  # fmt: skip


def chart_of(zones: Sequence[ZoneGiven], drawn: InjectionMap | None, blend: Blend | None) -> dict[str, Any]:
    """What the page draws and adds up by itself: for each line of the form its planned points, and what a millilitre holds."""
    plans = {plan.key: plan for plan in drawn.zone_plans} if drawn else {}
    totals = {total.key: total for total in drawn.zones} if drawn else {}
    points: dict[str, list[list[Any]]] = {}
    for point in drawn.placed if drawn else ():
        points.setdefault(point.zone_key, []).append([point.name, round(point.x_mm, 1), round(point.y_mm, 1), plain(point.volume_ml)])
    return {
        "zones": [
            {
                "key": zone.plan, "points": points.get(zone.plan, []), "layer": totals[zone.plan].tip_layer if zone.plan in totals else "unknown",
                "spacing": float(plans[zone.plan].generator.spacing_mm) if zone.plan in plans else 0,
                "drawn": plans[zone.plan].drawn or None if zone.plan in plans else None,
            }
            for zone in zones
        ],
        "perMl": [{"name": item.name, "unit": item.amount_unit, "amount": str(item.per_ml)} for item in (blend.concentrations if blend else ())],
    }  # fmt: skip


def named_lines(lines: Sequence[dict[str, Any]], drawn: InjectionMap | None, library: Library) -> list[dict[str, Any]]:
    """The lines of the zones under the names that the map gives them."""
    labels = {total.key: total.label for total in drawn.zones} if drawn else {}
    return [{**line, "label": labels.get(line["zone"].plan) or zone_name(library, line["zone"].zone, line["zone"].side)} for line in lines]


def chart_maps(drawn: InjectionMap | None, library: Library) -> list[dict[str, str]]:
    """The pictures that are charted on."""
    views = dict.fromkeys(area.map for area in drawn.areas) if drawn else {}
    return [{"map": view, "title": library.body_maps[view].title, "svg": map_svg(drawn, library, view, legend=False)} for view in views]


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
