from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.alternatives import record_alternatives_talk
from pistor.actions.core import Refused
from pistor.care.alternatives import compare
from pistor.care.benefit import benefit_of
from pistor.clinic.alternatives.forms import talk_form
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.comparison import cards_shown, rows_shown
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.shared.frame import render_step
from pistor.clinic.shared.trials import trials_shown
from pistor.records.alternatives import AlternativesTalk
from pistor.records.course import Course
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_CONSENT)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The options side by side, what the chosen protocol was shown to do, and what the patient prefers."""
    visit = visit_of(request, visit_id)
    form_class = talk_form(compare(library_of(request.user.clinic), visit.course.application, visit.course.indication))  # type: ignore[union-attr]
    if request.method != "POST":
        return _shown(request, visit, form_class())
    form = form_class(request.POST)
    if not form.is_valid():
        return _shown(request, visit, form, status=422)
    location = reverse("alternatives:show", args=[visit.pk])
    try:
        record_alternatives_talk(
            course=visit.course,
            preference=form.cleaned_data["preference"],
            note=form.cleaned_data["note"],
            by=request.user,  # type: ignore[arg-type]
            at=request.at,  # type: ignore[attr-defined]
            token=form.cleaned_data["token"],
            location=location,
        )
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form, status=409)
    return HttpResponseRedirect(location)


def _shown(request: HttpRequest, visit: Treatment, form: StepForm, *, status: int = 200) -> HttpResponse:
    library, course = library_of(request.user.clinic), visit.course  # type: ignore[union-attr]
    table = compare(library, course.application, course.indication)
    protocol = _protocol(course)
    benefit = benefit_of(library, protocol) if protocol else None
    talks = AlternativesTalk.objects.of(course.clinic).filter(course=course).select_related("created_by").order_by("-created_at")
    names = {option.id: option.name for option in table.options}
    context = {
        "form": form,
        "table": table,
        "rows": rows_shown(table),
        "cards": cards_shown(table),
        "benefit": benefit,
        "trials": trials_shown(benefit.trials) if benefit else (),
        "protocol": library.protocols[protocol] if protocol else None,
        "talks": [{"talk": talk, "preference": names.get(talk.preference, talk.preference.replace("_", " "))} for talk in talks],
    }
    return render_step(request, visit, "alternatives", "alternatives/show.html", context, status=status)


def _protocol(course: Course) -> str | None:
    """The protocol of the course, or the indication's first where none was chosen yet."""
    library = library_of(course.clinic)
    if course.protocol in library.protocols:
        return course.protocol
    indication = library.indications.get(course.indication)
    return next((id_ for id_ in indication.protocols if id_ in library.protocols), None) if indication else None
