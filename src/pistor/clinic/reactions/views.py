"""Reports of reactions after a treatment: report, sort, follow up."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.reactions import follow_up_reaction, report_reaction
from pistor.care.evidence import finding_from_dict
from pistor.clinic.reactions.forms import FollowUpForm, ReportForm
from pistor.clinic.reactions.presenters import began_in_words, emergency_steps, lots_used, suspects_shown, windows_picture
from pistor.clinic.recall.presenters import alerts_shown
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The reports of a visit, and the form for a new one."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _shown(request, visit, ReportForm())
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _shown(request, visit, form, status=422)
    data = form.cleaned_data
    here = reverse("reactions:show", args=[visit.pk])
    try:
        report = report_reaction(
            by=request.user, at=request.at, token=data["token"], treatment=visit, began_on=data["began_on"], signs=data["signs"],  # type: ignore[arg-type, attr-defined]
            sites=data["sites"], zone=data["zone"], description=data["description"], location=f"{here}{{id}}/",
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form, status=409)
    return HttpResponseRedirect(reverse("reactions:report", args=[visit.pk, report.pk]))


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def report(request: HttpRequest, visit_id: uuid.UUID, report_id: uuid.UUID) -> HttpResponse:
    """One report: how urgent, what to do, what may be behind it, and what became of it."""
    visit = visit_of(request, visit_id)
    kept = ReactionReport.objects.of(request.user.clinic).filter(pk=report_id, treatment=visit).first()  # type: ignore[union-attr]
    if kept is None:
        raise Http404
    if request.method != "POST":
        return _report_shown(request, visit, kept, FollowUpForm())
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        return _report_shown(request, visit, kept, form, status=422)
    here = reverse("reactions:report", args=[visit.pk, kept.pk])
    data = form.cleaned_data
    try:
        follow_up_reaction(by=request.user, at=request.at, token=data["token"], report=kept, action=data["action"], outcome=data["outcome"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _report_shown(request, visit, kept, form, status=409)
    return HttpResponseRedirect(here)


def _shown(request: HttpRequest, visit: Treatment, form: ReportForm, *, status: int = 200) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    reports = ReactionReport.objects.of(visit.clinic).filter(treatment=visit).prefetch_related("follow_ups").order_by("-reported_at")
    rows = [
        {
            "report": row,
            "signs": ", ".join(library.signs[sign].text.en if sign in library.signs else sign for sign in row.signs),
            "state": _state(row),
        }
        for row in reports
    ]
    can_report = visit.given_on is not None or visit.state == Treatment.State.OPEN
    context = {"form": form, "rows": rows, "can_report": can_report, "emergency_steps": emergency_steps(library)}
    return render_step(request, visit, "reactions", "reactions/show.html", context, status=status)


def _state(row: ReactionReport) -> str:
    follow_ups = sorted(row.follow_ups.all(), key=lambda one: one.created_at)
    return {"ongoing": "still there", "resolved": "gone", "referred": "referred"}[follow_ups[-1].outcome] if follow_ups else "open"


def _report_shown(request: HttpRequest, visit: Treatment, kept: ReactionReport, form: FollowUpForm, *, status: int = 200) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    given_on = visit.given_on or visit.planned_on
    context = {
        "form": form,
        "report": kept,
        "signs": [library.signs[sign].text.en if sign in library.signs else sign for sign in kept.signs],
        "began": began_in_words(kept, given_on),
        "picture": windows_picture(kept, given_on),
        "suspects": suspects_shown(kept),
        "lots": lots_used(visit, library),
        "alerts": alerts_shown(visit.clinic, report=str(kept.pk)),
        "emergency_steps": emergency_steps(library) if kept.level == "emergency" else [],
        "follow_ups": kept.follow_ups.select_related("created_by").order_by("created_at"),
    }
    findings = () if kept.level == "emergency" else tuple(finding_from_dict(finding) for finding in kept.triage["findings"])
    return render_step(request, visit, "reactions", "reactions/report.html", context, findings=findings, status=status)
