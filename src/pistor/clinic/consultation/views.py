from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.consultation import WHO, AlreadyImported, decide_proposals, import_document, record_history
from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.clinic.consultation.forms import HistoryForm, ImportForm, ProposalsForm
from pistor.clinic.consultation.presenters import sections_of
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.clinic.shared.history import changes_since
from pistor.exchange.files import LIMIT_BYTES
from pistor.records.consultation import HistoryEntry
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.picture import current_entries, picture_from
from pistor.records.treatment import Treatment

AT_ONCE = 200  # proposed facts on one page


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_HISTORY)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The structured history, saved in one go."""
    visit = visit_of(request, visit_id)
    form = _history_form(request, visit, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _history(request, visit, form)
    if not form.is_valid():
        return _history(request, visit, form, status=422)
    location = reverse("visit:show", args=[visit.pk])
    try:
        record_history(
            **_who(request, form),
            patient=visit.patient,
            version=form.cleaned_data["version"],
            entries=form.entries(local_day(request.user, request.at)),  # type: ignore[arg-type, attr-defined]
            removals=form.removals(),
            course=visit.course,
            goal=form.cleaned_data["goal"],
            location=location,
        )
    except Refused as refused:
        visit.patient.refresh_from_db()
        form.refuse(refused, version=visit.patient.version)
        return _history(request, visit, form, status=409)
    return HttpResponseRedirect(location)


def _history_form(request: HttpRequest, visit: Treatment, data: Any) -> HistoryForm:
    entries = current_entries(visit.patient)
    picture = picture_from(visit.patient, entries, local_day(request.user, request.at))  # type: ignore[arg-type, attr-defined]
    return HistoryForm(data, library=library_of(request.user.clinic), patient=visit.patient, course=visit.course, entries=entries, picture=picture)  # type: ignore[union-attr]


def _history(request: HttpRequest, visit: Treatment, form: HistoryForm, *, status: int = 200) -> HttpResponse:
    signed = Treatment.objects.of(visit.clinic).filter(patient=visit.patient, state=Treatment.State.SIGNED).exclude(pk=visit.pk)
    last = signed.order_by("-signed_at").first()
    context = {
        "form": form,
        "sections": form.sections(),
        "lists": form.lists(library_of(request.user.clinic)),  # type: ignore[union-attr]
        "picture": form.picture,
        "last": last,
        "changes": changes_since(visit.patient, last.signed_at if last else None),
        "proposed": _proposed(visit).count(),
        "may_write": request.user.may(Capability.TAKE_HISTORY),  # type: ignore[union-attr]
    }
    return render_step(request, visit, "consultation", "consultation/show.html", context, status=status)


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_HISTORY)
def bring(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Bring a record from elsewhere; its facts are only proposed."""
    visit = visit_of(request, visit_id)
    form = ImportForm(request.POST or None, request.FILES or None, version=visit.patient.version) if request.method == "POST" else ImportForm()
    location = reverse("consultation:proposals", args=[visit.pk])
    status, earlier = 200, False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                upload = form.cleaned_data["file"]
                if upload.size > LIMIT_BYTES:
                    raise Refused(f"The file has {upload.size / 1e6:.0f} MB and at most {LIMIT_BYTES / 1e6:.0f} MB are read; export fewer years.")
                import_document(**_who(request, form), patient=visit.patient, data=upload.read(), name=upload.name, location=location)
                return HttpResponseRedirect(location)
            except Refused as refused:
                form.refuse(refused)
                status, earlier = 409, isinstance(refused, AlreadyImported)
    context = {"form": form, "earlier": earlier, "proposed": _proposed(visit).count()}
    return render_step(request, visit, "consultation", "consultation/import.html", context, status=status)


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_HISTORY)
def decide(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Each proposed fact beside what the chart says now: accept, refuse, or leave for later."""
    visit = visit_of(request, visit_id)
    waiting = _proposed(visit)
    total, proposals = waiting.count(), list(waiting.select_related("document").order_by("created_at", "pk")[:AT_ONCE])
    documents = {p.document_id: p.document for p in proposals if p.document is not None}
    notes = list(dict.fromkeys(note for document in documents.values() for note in document.notes))
    doubts = [note for note in notes if note.startswith(WHO)]
    data = request.POST if request.method == "POST" else None
    form = ProposalsForm(data, proposals=proposals, doubtful=bool(doubts), version=visit.patient.version)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            accepted, refused_ids = form.decided()
            left = total > len(accepted) + len(refused_ids)
            location = request.path if left else reverse("consultation:show", args=[visit.pk])
            try:
                decide_proposals(
                    **_who(request, form),
                    patient=visit.patient,
                    accepted=accepted,
                    refused=refused_ids,
                    version=form.cleaned_data["version"],
                    person_confirmed=form.cleaned_data.get("person_confirmed", False),
                    location=location,
                )
                return HttpResponseRedirect(location)
            except Refused as refused:
                visit.patient.refresh_from_db()
                form.refuse(refused, version=visit.patient.version)
                status = 409
    sections = [
        {"section": s, "all": form[f"all_{s.kind}"], "rows": [{"row": row, "field": form[f"p_{row.entry.pk}"]} for row in s.rows]}
        for s in sections_of(proposals, current_entries(visit.patient), library_of(request.user.clinic))  # type: ignore[union-attr]
    ]
    context = {"form": form, "sections": sections, "doubts": doubts, "notes": [n for n in notes if n not in doubts], "total": total, "shown": len(proposals)}
    return render_step(request, visit, "consultation", "consultation/proposals.html", context, status=status)


def _proposed(visit: Treatment) -> Any:
    return HistoryEntry.objects.of(visit.clinic).filter(patient=visit.patient, state=HistoryEntry.State.PROPOSED)


def _who(request: HttpRequest, form: Any) -> dict[str, Any]:
    return {"by": request.user, "at": request.at, "token": form.cleaned_data["token"]}
