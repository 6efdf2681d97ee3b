"""Decisions at evaluation points."""

from __future__ import annotations

from django.db import models

from pistor.care.maintenance import Progress
from pistor.records.base import ClinicRow
from pistor.records.course import Course
from pistor.records.treatment import Treatment


class MaintenanceDecision(ClinicRow):
    class Choice(models.TextChoices):
        CONTINUE = "continue", "Continue"
        CHANGE = "change", "Change"
        STOP = "stop", "Stop"
        REFER = "refer", "Refer"

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="decisions")
    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="decisions")
    choice = models.CharField(max_length=10, choices=Choice)
    suggestion = models.JSONField()  # care.maintenance.Suggestion.as_dict()
    reason = models.CharField(max_length=500, blank=True)
    next_on = models.DateField(null=True)
    knowledge_version = models.CharField(max_length=60)


def progress_of(course: Course) -> Progress:
    """How far a course has come: signed treatments, and the plan as it stands in the course."""
    given = Treatment.objects.of(course.clinic).filter(course=course, state=Treatment.State.SIGNED).order_by("number").values_list("given_on", "planned_on")
    days = [given_on or planned_on for given_on, planned_on in given]
    return Progress(
        treatments_done=len(days),
        last_on=max(days) if days else None,
        evaluation_on=course.evaluation_on,
        evaluation_after=course.evaluation_after_treatments,
        sessions=course.sessions,
        interval_days=course.interval_days,
    )
