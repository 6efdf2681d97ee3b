"""A patient's courses, newest first, as lines a page can place."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from pistor.knowledge import load
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.outcomes import ScaleScore
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment

MOST_COURSES = 40


def courses_shown(patient: Patient, *, clinical: bool) -> list[dict[str, Any]]:
    """Each course with its visits; scores and reactions only for those who may see them."""
    visits = Treatment.objects.defer("signed_content", "note").order_by("-planned_on", "-number")
    of_patient = Course.objects.of(patient.clinic).filter(patient=patient).prefetch_related(Prefetch("treatments", queryset=visits))
    courses = list(of_patient.order_by("-created_at")[:MOST_COURSES])
    reports: dict[Any, list[ReactionReport]] = {}
    scores: dict[Any, list[ScaleScore]] = {}
    if clinical and courses:
        for report in ReactionReport.objects.of(patient.clinic).filter(patient=patient).order_by("reported_at"):
            reports.setdefault(report.treatment_id, []).append(report)
        for score in ScaleScore.objects.of(patient.clinic).filter(patient=patient, score__isnull=False).order_by("measured_on", "created_at"):
            scores.setdefault(score.course_id, []).append(score)
    return [_course(course, reports, scores.get(course.pk, [])) for course in courses]


def _course(course: Course, reports: dict[Any, list[ReactionReport]], scores: list[ScaleScore]) -> dict[str, Any]:
    library = load()
    indication = library.indications.get(course.indication)
    own = [score for score in scores if indication is None or score.scale == indication.primary_scale] or scores
    scale = library.scales.get(own[0].scale) if own else None
    return {
        "course": course,
        "name": indication.name if indication else course.indication.replace("_", " "),
        "visits": [{"visit": visit, "reports": reports.get(visit.pk, [])} for visit in course.treatments.all()],
        "score": {"name": scale.short if scale else own[0].scale, "first": own[0], "last": own[-1]} if len(own) > 1 else None,
    }
