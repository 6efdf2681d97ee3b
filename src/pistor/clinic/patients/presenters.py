"""The list of patients page by page; a patient's courses, newest first, as lines a page can place."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from pistor.clinic.outcomes.presenters import ScaleShown, show_scale
from pistor.knowledge import Library
from pistor.knowledge.model import Indication
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.library import library_of
from pistor.records.outcomes import ScaleScore
from pistor.records.reactions import ReactionReport
from pistor.records.search import page_of
from pistor.records.treatment import Treatment

SHOWN = 50
MOST_COURSES = 40


def one_page(found: QuerySet[Patient], asked: dict[str, Any]) -> dict[str, Any]:
    """The patients of the page that was asked for, and the pages beside it, each as what its form has to send."""
    order = "search" if asked["q"] else "-changed_at"
    place, back = asked["place"], asked["go"] == "previous"
    patients, more = page_of(found, order, size=SHOWN, **({"before" if back else "after": place} if place else {}))
    first = asked["first"] if place and (more or not back) else 1
    beside = []
    if patients and ((back and more) or (place and not back)):
        beside.append({"go": "previous", "word": "Previous", **_end(patients[0], order), "first": max(1, first - SHOWN)})
    if patients and (more or back):
        beside.append({"go": "next", "word": "Next", **_end(patients[-1], order), "first": first + len(patients)})
    return {"patients": patients, "beside": beside, "first": first, "last": first + len(patients) - 1}


def _end(patient: Patient, order: str) -> dict[str, Any]:
    return {"key": patient.search if order == "search" else patient.changed_at.isoformat(), "pk": patient.pk}


def courses_shown(patient: Patient, *, clinical: bool) -> list[dict[str, Any]]:
    """Each course with its visits; scores and reactions only for those who may see them."""
    visits = Treatment.objects.defer("signed_content", "note").order_by("-planned_on", "-number")
    of_patient = Course.objects.of(patient.clinic).filter(patient=patient).prefetch_related(Prefetch("treatments", queryset=visits))
    courses = list(of_patient.order_by("-created_at")[:MOST_COURSES])
    for course in courses:
        course.clinic = patient.clinic  # in memory already
    reports: dict[Any, list[ReactionReport]] = {}
    scores: dict[Any, list[ScaleScore]] = {}
    if clinical and courses:
        for report in ReactionReport.objects.of(patient.clinic).filter(patient=patient).defer("triage", "description").order_by("reported_at"):
            reports.setdefault(report.treatment_id, []).append(report)
        for score in ScaleScore.objects.of(patient.clinic).filter(patient=patient, score__isnull=False).order_by("measured_on", "created_at"):
            scores.setdefault(score.course_id, []).append(score)
    return [_course(course, reports, scores.get(course.pk, [])) for course in courses]


def _course(course: Course, reports: dict[Any, list[ReactionReport]], scores: list[ScaleScore]) -> dict[str, Any]:
    library = library_of(course.clinic)
    indication = library.indications.get(course.indication)
    visits = list(course.treatments.all())
    return {
        "course": course,
        "name": indication.name if indication else course.indication.replace("_", " "),
        "visits": [{"visit": visit, "reports": reports.get(visit.pk, [])} for visit in visits],
        "scores": _scores_shown(course, library, indication, visits, scores),
    }


def _scores_shown(course: Course, library: Library, indication: Indication | None, visits: list[Treatment], scores: list[ScaleScore]) -> ScaleShown | None:
    """The scale that counts most, as a picture, once it was taken twice."""
    taken = {score.scale for score in scores}
    ids = dict.fromkeys((indication.primary_scale, *indication.scales)) if indication else ()
    scale = next((library.scales[id_] for id_ in ids if id_ in taken and id_ in library.scales), None)
    if scale is None or sum(score.scale == scale.id for score in scores) < 2:
        return None
    given = sorted((visit.number, visit.given_on) for visit in visits if visit.given_on and visit.state != Treatment.State.CANCELLED)
    protocol = library.protocols.get(course.protocol)
    return show_scale(library, scale, scores, given, protocol.trials if protocol else (), primary=True, form=None)
