"""Who may see what: the door of every page, and the only way pages reach a patient or a visit."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from pistor.actions.core import AlreadyDone, NotAllowed, taking
from pistor.clinic.shared.drafts import taken_with
from pistor.clinic.shared.frame import onward_from
from pistor.records.consultation import Patient
from pistor.records.latest import keep_latest
from pistor.records.people import Capability
from pistor.records.treatment import Treatment

View = Callable[..., HttpResponse]
METHODS = ("GET", "HEAD", "POST")


def page(capability: Capability, *, write: Capability | None = None) -> Callable[[View], View]:
    """A page for people whose role includes ``capability`` (and ``write`` to post to it).

    A form that was already taken leads to its result; a role that does not fit is told so, with 403. A form of a visit that
    is sent to ``?then=next`` leads on to the next step, once nothing is missing in its own.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            needed = write if write and request.method not in ("GET", "HEAD") else capability
            if not request.user.may(needed):  # type: ignore[union-attr]
                return _not_your_role(request)
            try:
                with taking(taken_with(request)):
                    response = view(request, *args, **kwargs)
                if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
                    _say_saved(request)
                    return _led_on(request, kwargs) or response
                return response
            except AlreadyDone as done:
                return _led_on(request, kwargs) or HttpResponseRedirect(done.location or request.path)
            except NotAllowed:
                return _not_your_role(request)

        guarded.needed_to_save = write or capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def _led_on(request: HttpRequest, names: dict[str, Any]) -> HttpResponse | None:
    """Where "and go on" leads from here; None where it was not asked for, or something is still to be done in this step."""
    if request.GET.get("then") != "next" or "visit_id" not in names:
        return None
    onward = onward_from(request, visit_of(request, names["visit_id"]))
    return HttpResponseRedirect(onward) if onward else None


def _say_saved(request: HttpRequest) -> None:
    zone = ZoneInfo(request.user.clinic.time_zone)  # type: ignore[union-attr]
    messages.success(request, f"Saved {request.at.astimezone(zone):%H:%M}")  # type: ignore[attr-defined]


def _not_your_role(request: HttpRequest) -> HttpResponse:
    return render(request, "shared/not_your_role.html", status=403)


def patient_of(request: HttpRequest, patient_id: uuid.UUID) -> Patient:
    """The patient of the clinic in front of us, or 404 whoever else's it may be."""
    patient: Patient = get_object_or_404(Patient.objects.of(request.user.clinic), pk=patient_id)  # type: ignore[union-attr]
    patient.clinic = request.user.clinic  # type: ignore[assignment, union-attr]  # in memory already
    return patient


def visit_of(request: HttpRequest, visit_id: uuid.UUID) -> Treatment:
    """The visit with its course and patient, or 404 where it is not this clinic's."""
    visits = Treatment.objects.of(request.user.clinic).select_related("course", "patient")  # type: ignore[union-attr]
    visit: Treatment = get_object_or_404(visits, pk=visit_id)
    # One clinic and one patient in memory, so that nothing below asks the database for them again.
    visit.clinic = visit.course.clinic = visit.patient.clinic = request.user.clinic  # type: ignore[assignment, union-attr]
    visit.course.patient = visit.patient
    keep_latest(visit.course)
    return visit
