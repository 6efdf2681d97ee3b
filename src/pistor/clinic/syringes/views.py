"""The syringes of a visit: made from lots by the blend, looked at, labelled, begun, thrown away."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.syringes import check_syringe, discard_syringe, make_syringe, missing_from_prescriptions
from pistor.care.codes import OwnCode
from pistor.care.formulation import Blend
from pistor.care.syringe import rule_hours
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.shared.frame import render_step
from pistor.clinic.shared.making import MakeForm, make_form, posted_make_form
from pistor.clinic.shared.syringes import syringe_line
from pistor.clinic.shared.templatetags.pistor import amount, day, words
from pistor.clinic.syringes.forms import DiscardForm, LookForm
from pistor.exchange.labels import label_pdf
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.syringes import Syringe, kept, lots_drawn, syringes_of
from pistor.records.treatment import Treatment

TITLE, LINE, PARTS = 20, 21, 2  # signs of the name and of a line on the label, and lines for what is in the syringe


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def list_(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The syringes of a visit, and the form that makes the next one."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _listed(request, visit)
    form = posted_make_form(request, visit)
    if not form.is_valid():
        return _listed(request, visit, make=form, status=422)
    data, here = form.cleaned_data, reverse("syringes:list", args=[visit.pk])
    try:
        make_syringe(
            visit=visit, takes=form.takes(), look=request.POST.get("look", "not_said"), own_hours=data["own_hours"], own_basis=data["own_basis"],
            by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _listed(request, visit, make=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def show(request: HttpRequest, visit_id: uuid.UUID, syringe_id: uuid.UUID) -> HttpResponse:
    """One syringe: what is in it and who did what with it; say how it looks, or throw it away."""
    visit = visit_of(request, visit_id)
    row = _syringe(visit, syringe_id)
    if request.method != "POST":
        return _shown(request, visit, row)
    discarding = request.POST.get("do") == "discard"
    form: StepForm = DiscardForm(request.POST) if discarding else LookForm(request.POST)
    shown: dict[str, Any] = {"discard_form" if discarding else "look_form": form}
    if not form.is_valid():
        return _shown(request, visit, row, status=422, **shown)
    data, here = form.cleaned_data, reverse("syringes:show", args=[visit.pk, row.pk])
    given: dict[str, Any] = {"syringe": row, "by": request.user, "at": request.at, "token": data["token"], "location": here}  # type: ignore[attr-defined]
    try:
        if discarding:
            discard_syringe(reason=data["reason"], **given)
        else:
            check_syringe(look=data["look"], note=data["note"], **given)
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, row, status=409, **shown)
    return HttpResponseRedirect(here)


def _syringe(visit: Treatment, syringe_id: uuid.UUID) -> Syringe:
    row = next((row for row in syringes_of(visit) if row.pk == syringe_id), None)
    if row is None:
        raise Http404
    return row


# ── as lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(request: HttpRequest, visit: Treatment, *, make: MakeForm | None = None, status: int = 200) -> HttpResponse:
    library, (blend_row, _) = library_of(visit.clinic), latest_blend_and_map(visit.course)
    parts = Blend.from_dict(blend_row.result).parts if blend_row else ()
    rows = syringes_of(visit)
    lots = [lot for lot, _ in lots_drawn(kept(rows))]
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    hours, rule, sources = rule_hours(parts, visit.course.jurisdiction or None, library)
    context = {
        "rows": [_line(request, visit, row) for row in rows], "make_form": make or make_form(request, visit, rows), "rule": rule,
        "rule_known": hours is not None, "rule_sources": sources, "blend": blend_row,
        "volume": sum((row.volume_ml for row in kept(rows)), Decimal(0)), "open": visit.state in ("planned", "open"),
        "may_treat": request.user.may(Capability.TREAT), "prescriptions": missing_from_prescriptions(visit, lots, today, library),  # type: ignore[union-attr]
    }  # fmt: skip
    return render_step(request, visit, "treatment", "syringes/list.html", context, status=status, beside=[reverse("syringes:list", args=[visit.pk])])


def _line(request: HttpRequest, visit: Treatment, row: Syringe) -> dict[str, Any]:
    return syringe_line(row, visit, request.at, local_day(request.user, request.at))  # type: ignore[arg-type, attr-defined]


def _shown(request: HttpRequest, visit: Treatment, row: Syringe, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "line": _line(request, visit, row), "syringe": row, "look_form": LookForm(), "discard_form": DiscardForm(),
        "may_treat": request.user.may(Capability.TREAT), **forms,  # type: ignore[union-attr]
    }  # fmt: skip
    return render_step(request, visit, "treatment", "syringes/show.html", context, status=status)


@page(Capability.SEE_CLINICAL)
def label(request: HttpRequest, visit_id: uuid.UUID, syringe_id: uuid.UUID) -> HttpResponse:
    """The label to stick on: for whom, until when, what is in it, who made it, and the code."""
    visit = visit_of(request, visit_id)
    row = _syringe(visit, syringe_id)
    name, shown = str(visit.patient)[:TITLE], f"S {row.code[:5]} {row.code[5:]}"
    pdf = label_pdf(title=name, code=str(OwnCode("S", row.code)), shown=shown, lines=_label_lines(visit, row))
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="syringe-{row.code}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _label_lines(visit: Treatment, row: Syringe) -> list[str]:
    """At most seven lines, which is what the label holds below the name. Parts without room are counted, never cut off in silence."""
    library, zone = library_of(visit.clinic), ZoneInfo(visit.clinic.time_zone)
    until, made = row.use_before.astimezone(zone), row.created_at.astimezone(zone)
    held: dict[str, Decimal] = {}
    for draw in row.draws.all():
        held[draw.presentation] = held.get(draw.presentation, Decimal(0)) + draw.volume_ml
    names = {id_: library.presentations[id_].name if id_ in library.presentations else words(id_) for id_ in held}
    parts = [f"{amount(ml)} mL {names[id_].split(',')[0]}"[:LINE] for id_, ml in held.items()]
    more = [f"and {len(parts) - PARTS} more parts"] if len(parts) > PARTS else []
    who = day(visit.patient.birth_date) or visit.patient.number[:LINE]
    by = f"{made:%H:%M} {row.created_by.printed_name if row.created_by else ''}"[:LINE]
    return [who, f"use before {until:%H:%M}", f"on {day(until)}", *parts[:PARTS], *more, by]
