"""Answers to scales."""

from __future__ import annotations

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
