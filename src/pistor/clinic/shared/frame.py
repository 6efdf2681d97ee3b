"""The frame around a step: patient banner, the steps of the visit, the findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pistor.care.evidence import Finding
from pistor.records.treatment import Treatment


def render_step(
    request: HttpRequest,
    visit: Treatment,
    step: str,
    template: str,
    context: dict[str, Any],
    *,
    findings: Sequence[Finding] = (),
    status: int = 200,
) -> HttpResponse:
    """A page of one step inside the visit frame. ``findings`` go to the right-hand region."""
    frame = {"visit": visit, "patient": visit.patient, "course": visit.course, "step": step, "findings": findings}
    return render(request, template, {**frame, **context}, status=status)
