"""The plan of a course as a PDF to print."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse

from pistor.actions.course import local_day
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.exchange import plan as printed
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.plan import plan_missing, plan_of


@page(Capability.SEE_CLINICAL)
def plan_pdf(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The plan as it is now, or a page that says what is missing before there is one."""
    visit = visit_of(request, visit_id)
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    plan = plan_of(visit.course, today)
    if plan is None:
        return render_step(request, visit, "course", "course/no_plan.html", {"missing": plan_missing(visit.course)}, status=409)
    patient = visit.patient
    pdf = printed.plan_pdf(plan, library_of(request.user.clinic), name=str(patient), birth_date=patient.birth_date, on=today, clinic=visit.clinic.name)  # type: ignore[union-attr]
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="plan-{patient.number.encode("ascii", "ignore").decode() or "patient"}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
