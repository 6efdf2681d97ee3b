"""A treatment once it is signed: shown as it was, corrected beside the original, printed, and the patient let go."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from pistor.actions.amendments import amend_treatment, correct_treatment, lots_meant
from pistor.actions.core import Refused, Stale
from pistor.actions.course import local_day
from pistor.actions.discharge import discharge
from pistor.actions.summaries import summary_pdf, summary_words
from pistor.care.amendment import correctable
from pistor.care.discharge import moments
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.clinic.treatment.signed_forms import AmendmentForm, CorrectionForm, DischargeForm
from pistor.exchange.signed_words import zone_name
from pistor.records.amendments import amended_content, signed_content
from pistor.records.discharge import awaited, last_point_by
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.photos import photos_of
from pistor.records.signed import amendments_of, broken
from pistor.records.summaries import TreatmentSummary, summaries_of
from pistor.records.treatment import Treatment


def signed_page(
    request: HttpRequest,
    visit: Treatment,
    *,
    refused: Refused | None = None,
    amending: AmendmentForm | None = None,
    leaving: DischargeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """What was signed, and what may still be done beside it."""
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    words = summary_words(visit, library_of(visit.clinic), today)
    row = words["discharge"]
    context = {
        "form": amending or AmendmentForm(), "signed": words, "broken": broken(visit),
        "refused": refused.reasons if refused else (), "discharge": row, "leaving_form": leaving or DischargeForm(initial=_times(request, visit)),
        "summaries": summaries_of(visit), "photos": [photo for photo in photos_of(visit) if not hasattr(photo, "removal")],
        "may_correct": bool(correctable(signed_content(visit))), "minutes": visit.clinic.observation_minutes, "awaited": row is None and awaited(visit, today),
        "may_sign": request.user.may(Capability.SIGN), "may_treat": request.user.may(Capability.TREAT),  # type: ignore[union-attr]
    }  # fmt: skip
    here = reverse("treatment:show", args=[visit.pk])
    return render_step(request, visit, "treatment", "treatment/signed.html", context, status=409 if refused else status, beside=[here])


def _times(request: HttpRequest, visit: Treatment) -> dict[str, Any]:
    """The last point as far as it is known, and now as the leaving on the day itself."""
    zone, last = ZoneInfo(visit.clinic.time_zone), last_point_by(visit)
    if last is None:
        return {}
    now = request.at.astimezone(zone)  # type: ignore[attr-defined]
    return {"last_point": last.astimezone(zone).time(), "left": now.time() if now.date() == visit.given_on else None}


@page(Capability.SEE_CLINICAL, write=Capability.SIGN)
def amend(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Add a text to what was signed."""
    visit, here = _signed(request, visit_id)
    if request.method != "POST" or visit.state != Treatment.State.SIGNED:
        return HttpResponseRedirect(here)
    form = AmendmentForm(request.POST)
    if not form.is_valid():
        return signed_page(request, visit, amending=form, status=422)
    data = form.cleaned_data
    try:
        amend_treatment(visit=visit, kind=data["kind"], text=data["text"], reason=data["reason"], **_who(request, form, here))
    except Refused as refused:
        form.refuse(refused)
        return signed_page(request, visit, amending=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.SIGN)
def correct(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Correct fields of what was signed; each stands beside the original."""
    visit, here = _signed(request, visit_id)
    content = amended_content(visit)
    if visit.state != Treatment.State.SIGNED or not correctable(content):
        return HttpResponseRedirect(here)
    library, seen = library_of(visit.clinic), len(amendments_of(visit))
    lines: dict[str, Any] = {"content": content, "lots": lots_meant(visit), "library": library}
    if request.method != "POST":
        return _correcting(request, visit, CorrectionForm(version=seen, **lines))
    form = CorrectionForm(request.POST, **lines)
    if not form.is_valid():
        return _correcting(request, visit, form, 422)
    try:
        correct_treatment(
            visit=visit, wanted=form.wanted(), reason=form.cleaned_data["reason"], seen=form.cleaned_data["version"], **_who(request, form, here)
        )
    except Refused as refused:
        form.refuse(refused, version=seen if isinstance(refused, Stale) else None)
        return _correcting(request, visit, form, 409)
    return HttpResponseRedirect(here)


def _correcting(request: HttpRequest, visit: Treatment, form: CorrectionForm, status: int = 200) -> HttpResponse:
    library = library_of(visit.clinic)
    names = {id_: entry.name for id_, entry in library.presentations.items()}
    context = {
        "form": form, "may_sign": request.user.may(Capability.SIGN),  # type: ignore[union-attr]
        "zone_lines": [{**line, "label": zone_name(library, line["zone"]["zone"], line["zone"]["side"])} for line in form.zone_lines],
        "lots_booked": any(line["syringe"] for line in form.lot_lines),
        "lot_lines": [{**line, "name": names.get(line["presentation"], line["presentation"])} for line in form.lot_lines],
    }  # fmt: skip
    return render_step(request, visit, "treatment", "treatment/correct.html", context, status=status)


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def leave(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Note that the patient left."""
    visit, here = _signed(request, visit_id)
    if request.method != "POST" or visit.state != Treatment.State.SIGNED:
        return HttpResponseRedirect(here)
    form = DischargeForm(request.POST)
    if not form.is_valid():
        return signed_page(request, visit, leaving=form, status=422)
    data, zone = form.cleaned_data, ZoneInfo(visit.clinic.time_zone)
    last, left = moments(visit.given_on or visit.planned_on, data["last_point"], data["left"], zone)
    try:
        discharge(visit=visit, last_point_at=last, left_at=left, reason=data["reason"], **_who(request, form, here))
    except Refused as refused:
        form.refuse(refused)
        return signed_page(request, visit, leaving=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL)
def summary(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The newest summary that was kept, if the record still is what was signed; made now where none was."""
    visit, _ = _signed(request, visit_id)
    if visit.state != Treatment.State.SIGNED:
        raise Http404
    if broken(visit):
        return signed_page(request, visit, status=409)
    kept = summaries_of(visit)
    return _pdf(visit, bytes(kept[-1].document.content) if kept else summary_pdf(visit, local_day(request.user, request.at)))  # type: ignore[arg-type, attr-defined]


@page(Capability.SEE_CLINICAL)
def kept_summary(request: HttpRequest, visit_id: uuid.UUID, summary_id: uuid.UUID) -> HttpResponse:
    """One of the summaries as it was kept, byte for byte."""
    visit, _ = _signed(request, visit_id)
    row = get_object_or_404(TreatmentSummary.objects.of(visit.clinic).filter(treatment=visit).select_related("document"), pk=summary_id)
    content = bytes(row.document.content)
    if hashlib.sha256(content).hexdigest() != row.document.sha256:
        said = Refused("The kept summary no longer has its fingerprint, so it is not shown. Ask whoever runs this system to restore it from a backup.")
        return signed_page(request, visit, refused=said)
    return _pdf(visit, content)


def _pdf(visit: Treatment, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="treatment-{visit.given_on or visit.planned_on}.pdf"'
    return response


def _signed(request: HttpRequest, visit_id: uuid.UUID) -> tuple[Treatment, str]:
    visit = visit_of(request, visit_id)
    return visit, reverse("treatment:show", args=[visit.pk])


def _who(request: HttpRequest, form: Any, here: str) -> dict[str, Any]:
    return {"by": request.user, "at": request.at, "token": form.cleaned_data["token"], "location": here}  # type: ignore[attr-defined]
