"""The blend and the map of a course that count now."""

from __future__ import annotations

from pistor.records.course import Course
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan


def latest_blend_and_map(course: Course) -> tuple[Formulation | None, InjectionPlan | None]:
    """The blend and the map that count now.

    A page asks for them many times and writes nothing in between, so :func:`keep_latest` lets it ask the database once.
    """
    if not hasattr(course, "_latest"):
        return _formulation(course), _drawing(course)
    if course._latest is None:
        course._latest = _formulation(course), _drawing(course)
    return course._latest


def keep_latest(course: Course) -> None:
    """Let this object remember its blend and map. For pages, and for an action that holds the course locked."""
    course._latest = None  # type: ignore[attr-defined]


def _formulation(course: Course) -> Formulation | None:
    return Formulation.objects.of(course.clinic).filter(course=course).order_by("-created_at", "-pk").first()


def _drawing(course: Course) -> InjectionPlan | None:
    return InjectionPlan.objects.of(course.clinic).filter(course=course).order_by("-created_at", "-pk").first()
