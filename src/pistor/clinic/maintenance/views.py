"""How a course goes on: the suggestion, the decision, and the decisions before."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.maintenance import decide_maintenance, suggestion_for
from pistor.care.maintenance import Suggestion
from pistor.clinic.maintenance.forms import DecisionForm
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.records.maintenance import MaintenanceDecision
from pistor.records.people import Capability
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment

WORDS = {"continue": "Continue", "change": "Change the treatment", "stop": "Stop", "refer": "Refer"}


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    visit = visit_of(request, visit_id)
    suggestion = suggestion_for(visit.course, today=request.at.astimezone(ZoneInfo(visit.clinic.time_zone)).date())  # type: ignore[attr-defined]
    if request.method != "POST":
        initial = {"next_on": suggestion.next_on, "choice": suggestion.choice}
        return _shown(request, visit, suggestion, DecisionForm(initial=initial, version=visit.course.version))
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _shown(request, visit, suggestion, form, status=422)
    data = form.cleaned_data
    here = reverse("maintenance:show", args=[visit.pk])
    try:
        decide_maintenance(
            by=request.user, at=request.at, token=data["token"], version=data["version"], treatment=visit,  # type: ignore[arg-type, attr-defined]
            choice=data["choice"], reason=data["reason"], next_on=data["next_on"], location=here,
        )  # fmt: skip
    except Refused as refused:
        visit.course.refresh_from_db()
        form.refuse(refused, version=visit.course.version)
        return _shown(request, visit, suggestion, form, status=409)
    return HttpResponseRedirect(here)


def _shown(request: HttpRequest, visit: Treatment, suggestion: Suggestion, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    course = visit.course
    later = Treatment.objects.of(course.clinic).filter(course=course, number__gt=visit.number, state__in=["planned", "open"])
    decisions = MaintenanceDecision.objects.of(course.clinic).filter(course=course).select_related("created_by").order_by("-created_at")
    context = {
        "form": form,
        "suggestion": suggestion,
        "suggested": " or ".join(WORDS[choice].lower() for choice in suggestion.accepts) if suggestion.accepts else "",
        "decisions": decisions,
        "ended": course.state in ("stopped", "referred"),
        "following": later.order_by("number").first(),
        "open_reports": ReactionReport.objects.of(visit.clinic).filter(treatment__course=course).still_open().order_by("-reported_at"),
    }
    return render_step(request, visit, "maintenance", "maintenance/show.html", context, findings=suggestion.findings, status=status)
