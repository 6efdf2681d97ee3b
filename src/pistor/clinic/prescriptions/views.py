"""What of the blend needs a prescription, and the prescriptions of the patient."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.prescriptions import end_prescription, prescribe
from pistor.care.prescriptions import in_date
from pistor.clinic.prescriptions.forms import EndForm, PrescriptionForm
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.clinic.shared.templatetags.pistor import day, words
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.prescriptions import Prescription, ended_at, prescription_facts, prescriptions_of
from pistor.records.stock import Product
from pistor.records.syringes import prescription_needed
from pistor.records.treatment import Treatment

NEEDED = {
    "yes": ("lock", "Prescription only"),
    "no": ("check", "No prescription needed"),
    "not_said": ("question", "Not said: say so on the page of the product"),
}


@page(Capability.SEE_CLINICAL, write=Capability.PRESCRIBE)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """What needs one, what the patient has, and the form that prescribes."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _shown(request, visit)
    form = PrescriptionForm(request.POST, presentations=_named(visit))
    if not form.is_valid():
        return _shown(request, visit, form=form, status=422)
    data, here = form.cleaned_data, reverse("prescriptions:show", args=[visit.pk])
    try:
        prescribe(
            visit=visit, presentation=data["presentation"], directions=data["directions"], valid_from=data["valid_from"], valid_until=data["valid_until"],
            by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.PRESCRIBE)
def end(request: HttpRequest, visit_id: uuid.UUID, prescription_id: uuid.UUID) -> HttpResponse:
    """End one of the patient's prescriptions."""
    visit = visit_of(request, visit_id)
    row = get_object_or_404(prescriptions_of(visit.patient), pk=prescription_id)
    here = reverse("prescriptions:show", args=[visit.pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    form = EndForm(request.POST, of=row.pk)
    if not form.is_valid():
        return _shown(request, visit, ending=(row, form), status=422)
    try:
        end_prescription(prescription=row, reason=form.cleaned_data["reason"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, ending=(row, form), status=409)
    return HttpResponseRedirect(here)


def _shown(
    request: HttpRequest, visit: Treatment, *, form: PrescriptionForm | None = None, ending: tuple[Prescription, EndForm] | None = None, status: int = 200
) -> HttpResponse:
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    rows, named = list(prescriptions_of(visit.patient)), _named(visit)
    facts, needed = prescription_facts(rows), prescription_needed(visit.clinic, [id_ for id_, _ in named])
    parts = [{"name": name, "needed": NEEDED[needed[id_]], "state": needed[id_], "covered": in_date(facts, id_, today),
              "products": _products(visit, id_)} for id_, name in named]  # fmt: skip
    first = next((id_ for id_, _ in named if needed[id_] == "yes" and in_date(facts, id_, today) is None), None)
    context = {
        "parts": parts, "rows": [_row(row, today, ending) for row in rows], "form": form or PrescriptionForm(
            presentations=named, initial={"presentation": first, "valid_from": today}
        ),
        "may_prescribe": request.user.may(Capability.PRESCRIBE),  # type: ignore[union-attr]
    }  # fmt: skip
    return render_step(request, visit, "treatment", "prescriptions/show.html", context, status=status, beside=[reverse("prescriptions:show", args=[visit.pk])])


def _row(row: Prescription, today: dt.date, ending: tuple[Prescription, EndForm] | None) -> dict[str, Any]:
    icon, word = _state(row, today)
    form = ending[1] if ending and ending[0].pk == row.pk else EndForm(of=row.pk)
    return {"row": row, "icon": icon, "word": word, "ends": ended_at(row) is not None, "form": form}


def _state(row: Prescription, today: dt.date) -> tuple[str, str]:
    if ended := ended_at(row):
        return "octagon", f"Ended on {day(ended)}"
    if row.valid_until < today:
        return "octagon", "Ran out"
    return ("check", "In date") if row.valid_from <= today else ("todo", "Not begun")


def _named(visit: Treatment) -> list[tuple[str, str]]:
    """The presentations of the blend with their names."""
    library, (blend, _) = library_of(visit.clinic), latest_blend_and_map(visit.course)
    ids = dict.fromkeys(str(part["presentation"]) for part in (blend.parts if blend else ()))
    return [(id_, library.presentations[id_].name if id_ in library.presentations else words(id_)) for id_ in ids]


def _products(visit: Treatment, presentation: str) -> list[Product]:
    return list(Product.objects.of(visit.clinic).filter(presentation=presentation).order_by("name"))
