"""Scores of a course: entered at this visit, shown over time."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.outcomes import record_score
from pistor.clinic.outcomes.forms import ScoreForm
from pistor.clinic.outcomes.presenters import finding_of, show_scale
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.knowledge.model import Scale
from pistor.records.library import library_of
from pistor.records.outcomes import ScaleScore, scores_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    visit = visit_of(request, visit_id)
    today = request.at.astimezone(ZoneInfo(visit.clinic.time_zone)).date()  # type: ignore[attr-defined]
    scales = _scales(visit)
    if request.method != "POST":
        return _shown(request, visit, {scale.id: ScoreForm(scale=scale, today=today) for scale in scales})
    asked = request.POST.get("scale", "")
    forms = {scale.id: ScoreForm(request.POST if scale.id == asked else None, scale=scale, today=today) for scale in scales}
    form = forms.get(asked)
    if form is None:
        return _shown(request, visit, forms, problem="That scale is not one of this indication. Choose one below.", status=422)
    if not form.is_valid():
        return _shown(request, visit, forms, status=422)
    data = form.cleaned_data
    here = reverse("outcomes:show", args=[visit.pk])
    try:
        record_score(
            by=request.user, at=request.at, token=data["token"], treatment=visit, scale=asked, measured_on=data["measured_on"],  # type: ignore[arg-type, attr-defined]
            items=form.answers() or None, not_assessed_reason=data["not_assessed_reason"], location=here,
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, forms, status=409)
    return HttpResponseRedirect(here)


def _scales(visit: Treatment) -> list[Scale]:
    """The scales of the indication, the primary one first."""
    library = library_of(visit.clinic)
    indication = library.indications.get(visit.course.indication)
    if indication is None:
        return []
    ids = dict.fromkeys((indication.primary_scale, *indication.scales))
    return [library.scales[id_] for id_ in ids if id_ in library.scales]


def _shown(request: HttpRequest, visit: Treatment, forms: dict[str, ScoreForm], *, problem: str = "", status: int = 200) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    course = visit.course
    scores = scores_of(course)
    given = Treatment.objects.of(course.clinic).filter(course=course, given_on__isnull=False).exclude(state="cancelled").order_by("number")
    treatments = list(given.values_list("number", "given_on"))
    protocol = library.protocols.get(course.protocol)
    shown = [
        show_scale(library, scale, scores, treatments, protocol.trials if protocol else (), primary=index == 0, form=forms[scale.id])
        for index, scale in enumerate(_scales(visit))
    ]
    latest_by_id = {}
    for row in ScaleScore.objects.of(course.clinic).filter(course=course).order_by("created_at"):
        latest_by_id[row.scale] = row
    skipped = {id_: row.not_assessed_reason for id_, row in latest_by_id.items() if row.score is None}
    findings = [finding for one in shown if (finding := finding_of(one))]
    context = {"scales": shown, "skipped": skipped, "problem": problem}
    return render_step(request, visit, "outcomes", "outcomes/show.html", context, findings=findings, status=status)
