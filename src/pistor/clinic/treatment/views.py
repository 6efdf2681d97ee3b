from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import NotAllowed, Refused, Stale
from pistor.actions.course import local_day
from pistor.actions.stock import add_lot
from pistor.actions.treatment import given_checks, planned_zones, save_treatment, sign_treatment
from pistor.care.formulation import Blend, DoseCheck
from pistor.care.treatment import MEANING, Record, checklist, missing_before_treatment, treatment_findings
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import look_at, render_step
from pistor.clinic.shared.syringes import syringe_line
from pistor.clinic.shared.templatetags.pistor import day
from pistor.clinic.treatment.forms import LotForm, TreatmentForm, first_values
from pistor.clinic.treatment.presenters import CONSENT, review, zone_name
from pistor.clinic.treatment.signed import signed_page
from pistor.knowledge import Library
from pistor.records.devices import DeviceUse
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.signed import record_of
from pistor.records.stock import Lot, usable_lots
from pistor.records.syringes import Syringe, kept, syringes_of
from pistor.records.treatment import LotUse, Treatment

SIDES = ("mid", "left", "right")


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Look once more, record what is given, sign. What is signed is shown and cannot be changed."""
    visit = visit_of(request, visit_id)
    if visit.state == Treatment.State.SIGNED and request.method != "POST":
        return signed_page(request, visit)
    if request.method != "POST":
        return _shown(request, visit, _form(request, visit))
    do = request.POST.get("do", "save")
    if do == "add-lot":
        return _lot_added(request, visit)
    form = _form(request, visit, bound=True)
    if visit.state != Treatment.State.SIGNED and not form.is_valid():
        return _shown(request, visit, form, status=422)
    here = reverse("treatment:show", args=[visit.pk])
    try:
        _do(request, visit, form, do, here)
    except NotAllowed:  # recording and signing are two capabilities; the door only asked for the first
        raise
    except Refused as refused:
        if visit.state == Treatment.State.SIGNED:
            return signed_page(request, visit, refused=refused)
        if isinstance(refused, Stale):
            visit.refresh_from_db()
        form.refuse(refused, version=visit.version if isinstance(refused, Stale) else None)
        return _shown(request, visit, form, status=409)
    return HttpResponseRedirect(here)


def _do(request: HttpRequest, visit: Treatment, form: TreatmentForm, do: str, here: str) -> None:
    by, at = request.user, request.at  # type: ignore[attr-defined]
    data = form.cleaned_data if form.is_valid() else {}
    entry = form.entry() if data else None
    given: dict[str, Any] = {"visit": visit, "by": by, "at": at, "token": data.get("token"), "version": data.get("version"), "location": here}
    if do == "sign":
        sign_treatment(entry=entry, **given)
    elif entry is None:
        raise Refused("This treatment is signed and locked. Add an amendment instead.")
    else:
        save_treatment(entry=entry, **given)


# ── while it is open ────────────────────────────────────────────────────────────────────────────────────────────────


def _lot_added(request: HttpRequest, visit: Treatment) -> HttpResponse:
    """Put a lot on the shelf and come back with everything typed still there."""
    lot_form = LotForm(request.POST, presentations=_parts_named(visit))
    status, added = 200, ""
    if lot_form.is_valid():
        try:
            lot = add_lot(**lot_form.cleaned_data, by=request.user, at=request.at)  # type: ignore[arg-type, attr-defined]
            added, lot_form = f"Lot {lot.lot_number} is on the shelf. Choose it below.", LotForm(presentations=_parts_named(visit))
        except Refused as refused:
            for reason in refused.reasons:
                lot_form.add_error(None, reason)
            status = 409
    else:
        status = 422
    typed = {key: request.POST.getlist(key) if key == "reaction_signs" else value for key, value in request.POST.items()}
    return _shown(request, visit, _form(request, visit, typed=typed), lot_form=lot_form, added=added, status=status)


def _form(request: HttpRequest, visit: Treatment, *, bound: bool = False, typed: dict[str, Any] | None = None) -> TreatmentForm:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    zones = planned_zones(visit.course)
    blend_row, _ = latest_blend_and_map(visit.course)
    needed = {str(part["presentation"]): Decimal(str(part["volume_ml"])) for part in (blend_row.parts if blend_row else ())}
    from_syringes = Syringe.objects.filter(treatment=visit).exclude(state=Syringe.State.DISCARDED).exists()  # then the lots are theirs
    parts = [(presentation, _lots(visit, presentation, today, bound=bound)) for presentation in ({} if from_syringes else needed)]
    known = {(zone.zone, zone.side) for zone in zones}
    fitting = [zone for zone in library.zones.values() if visit.course.application in {found.value for found in zone.applications}]
    other = [(f"{zone.id}:{side}", zone_name(library, zone.id, side)) for zone in fitting for side in SIDES if (zone.id, side) not in known]
    lines: dict[str, Any] = {"steps": checklist(library, visit.course.application), "zones": zones, "parts": parts, "other_zones": other}
    if bound:
        return TreatmentForm(request.POST, **lines)
    first = typed or _first(visit, zones, parts, needed, today)
    return TreatmentForm(initial=first, version=visit.version, **lines)


def _first(visit: Treatment, zones: Any, parts: Any, needed: dict[str, Decimal], today: Any) -> dict[str, Any]:
    """What the form shows first: what is recorded already, or the plan."""
    taken: dict[str, list[tuple[str, Decimal]]] = {}
    for use in LotUse.objects.filter(treatment=visit).select_related("lot").order_by("created_at", "pk"):
        taken.setdefault(use.lot.presentation, []).append((str(use.lot_id), use.volume_ml))
    return first_values(record_of(visit), zones, parts, today, begun=visit.given_on is not None, taken=taken, needed=needed)


def _lots(visit: Treatment, presentation: str, today: Any, *, bound: bool) -> list[tuple[str, str]]:
    """What may be chosen; a posted form is checked against the whole shelf, so that the action can say why a lot is refused."""
    lots = Lot.objects.of(visit.clinic).filter(presentation=presentation).order_by("expires_on") if bound else usable_lots(visit.clinic, presentation, today)
    return [(str(lot.pk), f"{lot.lot_number}, expires {day(lot.expires_on)}") for lot in lots]


def _parts_named(visit: Treatment) -> list[tuple[str, str]]:
    library, (blend_row, _) = library_of(visit.clinic), latest_blend_and_map(visit.course)
    ids = [str(part["presentation"]) for part in (blend_row.parts if blend_row else ())]
    return [(id_, library.presentations[id_].name if id_ in library.presentations else id_) for id_ in ids]


def _shown(
    request: HttpRequest, visit: Treatment, form: TreatmentForm, *, lot_form: LotForm | None = None, added: str = "", status: int = 200, refused: Any = None
) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    look = look_at(request, visit)
    facts = look.facts
    record = record_of(visit)
    blend_row, _ = latest_blend_and_map(visit.course)
    checks = _checks(visit, record, blend_row, library)
    named, rows = _parts_named(visit), kept(syringes_of(visit))
    names = dict(named)
    context = {
        "form": form, "review": review(visit, look.candidacy.picture, library), "missing": missing_before_treatment(facts), "facts": facts,
        "consent": CONSENT[facts.consent], "lot_form": lot_form or LotForm(presentations=named), "added": added, "meaning": MEANING,
        "may_sign": request.user.may(Capability.SIGN), "may_treat": request.user.may(Capability.TREAT), "names": names, "checks": checks,  # type: ignore[union-attr]
        "lot_lines": [{**line, "name": names.get(line["presentation"], line["presentation"])} for line in form.lot_lines],
        "zone_lines": [{**line, "label": zone_name(library, line["zone"].zone, line["zone"].side)} for line in form.zone_lines],
        "saved_before": visit.given_on is not None, "refused": refused, "syringes": [syringe_line(row, visit, request.at, look.on) for row in rows],  # type: ignore[attr-defined]
        "devices": DeviceUse.objects.filter(treatment=visit).select_related("device").order_by("created_at"),
    }  # fmt: skip
    findings = treatment_findings(record, library, checks)
    return render_step(request, visit, "treatment", "treatment/show.html", context, findings=findings, status=status, look=look)


def _checks(visit: Treatment, record: Record, blend_row: Any, library: Library) -> tuple[DoseCheck, ...]:
    if blend_row is None or not record.zones:
        return ()
    try:
        return given_checks(visit, record, Blend.from_dict(blend_row.result), library)
    except Refused:
        return ()
