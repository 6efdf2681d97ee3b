from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import Refused, Stale
from pistor.actions.course import local_day, schedule_course
from pistor.care.course import NoSchedule, Schedule, make_schedule
from pistor.clinic.course.forms import CourseForm
from pistor.clinic.course.presenters import evidence, first_values, rows
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.exchange.pictures import timeline_svg
from pistor.knowledge import load
from pistor.knowledge.model import Protocol
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """When the treatments are, when to look at the response, when to stop, and what follows."""
    visit, library = visit_of(request, visit_id), library_of(request.user.clinic)  # type: ignore[union-attr]
    protocol = library.protocols.get(visit.course.protocol)
    if protocol is None:
        return render_step(request, visit, "course", "course/show.html", {"protocol": None}, status=200 if request.method != "POST" else 409)
    if request.method != "POST":
        today = local_day(request.user, request.at)  # type: ignore[arg-type,attr-defined]
        begun = visit.course.treatments.order_by("number").first()
        first = first_values(visit.course, protocol, max(today, begun.planned_on) if begun else today)
        form = CourseForm(initial=first, version=visit.course.version)
        schedule = _made(
            protocol, {"start": first["start"], "sessions": first["sessions"], "interval_days": first["interval_days"], "closed_days": first["closed"]}
        )
        return _shown(request, visit, protocol, form, schedule)
    return _posted(request, visit, protocol)


def _posted(request: HttpRequest, visit: Treatment, protocol: Protocol) -> HttpResponse:
    form, do = CourseForm(request.POST, version=visit.course.version), request.POST.get("do", "save")
    if not form.is_valid():
        return _shown(request, visit, protocol, form, None, status=422)
    try:
        schedule = make_schedule(protocol, library_of(request.user.clinic), **form.numbers())  # type: ignore[union-attr]
    except NoSchedule as error:
        form.add_error(None, str(error))
        return _shown(request, visit, protocol, form, None, status=422)
    if do != "save":
        return _shown(request, visit, protocol, form, schedule)
    location = reverse("course:show", args=[visit.pk])
    try:
        schedule_course(
            course=visit.course,
            **form.numbers(),
            reason=form.cleaned_data["reason"],
            by=request.user,  # type: ignore[arg-type]
            at=request.at,  # type: ignore[attr-defined]
            token=form.cleaned_data["token"],
            version=form.cleaned_data["version"],
            location=location,
        )
    except Refused as refused:
        visit.course.refresh_from_db()
        form.refuse(refused, version=visit.course.version if isinstance(refused, Stale) else None)
        return _shown(request, visit, protocol, form, schedule, status=409)
    return HttpResponseRedirect(location)


def _made(protocol: Protocol, numbers: dict[str, Any]) -> Schedule | None:
    try:
        return make_schedule(protocol, load(), **numbers)
    except NoSchedule:
        return None


def _shown(request: HttpRequest, visit: Treatment, protocol: Protocol, form: CourseForm, schedule: Schedule | None, *, status: int = 200) -> HttpResponse:
    kept = {row.number: row for row in visit.course.treatments.all()}
    context = {
        "form": form,
        "protocol": protocol,
        "evidence": evidence(protocol),
        "schedule": schedule,
        "rows": rows(schedule, kept) if schedule else [],
        "timeline": timeline_svg(schedule) if schedule else "",
    }
    return render_step(request, visit, "course", "course/show.html", context, findings=schedule.findings if schedule else (), status=status)
