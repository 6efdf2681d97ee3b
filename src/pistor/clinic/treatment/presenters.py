"""What is looked at before a treatment, as finished sentences."""

from __future__ import annotations

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
from pistor.clinic.shared.templatetags.pistor import amount, day, level
from pistor.exchange.pictures import map_svg
from pistor.exchange.signed_words import given_in_words, reaction_words, sign_name, zone_name
from pistor.knowledge import Library
from pistor.records.amendments import amended_content
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import TimeOut, Treatment

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
    """What was given last, with what was corrected since."""
    content = amended_content(before)
    record = content.get("record", {})
    given = "; ".join(given_in_words(content, library))
    pain = "not recorded" if record.get("pain_score") is None else f"{record['pain_score']} of 10"
    said = {"none": record["reaction"] == "none", "signs": record["reaction_signs"], "note": record["reaction_note"]} if record.get("reaction") else {}
    return {"day": day(before.given_on), "given": given or "no zones", "pain": pain, "reaction": reaction_words(said, library)}


def last_reactions(visit: Treatment, library: Library) -> list[str]:
    reports = ReactionReport.objects.of(visit.clinic).filter(patient=visit.patient).order_by("-reported_at")[:3]
    return [
        f"{day(report.began_on)}: {', '.join(sign_name(library, sign) for sign in report.signs)} ({level(report.level)})" for report in reports
    ]
