"""Answers to scales."""

from __future__ import annotations

import datetime as dt

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.treatment import Treatment


class ScaleScore(ClinicRow):
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="scores")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="scores")
    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="scores", null=True)
    scale = models.CharField(max_length=60)
    items = models.JSONField()  # {item id: "number"}
    score = models.DecimalField(max_digits=8, decimal_places=2, null=True)  # null: recorded as not assessed
    not_assessed_reason = models.CharField(max_length=300, blank=True)
    measured_on = models.DateField()
    is_baseline = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["course", "scale", "measured_on"], name="scores_of_course")]


def scores_of(course: Course) -> list[ScaleScore]:
    """The scores that count, oldest first: of several for one scale and day the one entered last, and none marked not assessed.

    On the day of the first treatment the one before it and the one after it count both.
    """
    rows = ScaleScore.objects.of(course.clinic).filter(course=course).order_by("measured_on", "created_at", "id")
    newest: dict[tuple[str, dt.date, bool], ScaleScore] = {}
    for row in rows:
        if row.score is None:
            for before in (True, False):
                newest.pop((row.scale, row.measured_on, before), None)
        else:
            newest[row.scale, row.measured_on, row.is_baseline] = row
    return list(newest.values())


def baseline_and_latest(scores: list[ScaleScore], scale: str) -> tuple[ScaleScore | None, ScaleScore | None]:
    """The last score before the first treatment, and the last one after it."""
    mine = [row for row in scores if row.scale == scale]
    before = [row for row in mine if row.is_baseline]
    after = [row for row in mine if not row.is_baseline]
    return (before[-1] if before else None), (after[-1] if after else None)
