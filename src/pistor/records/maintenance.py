"""Decisions at evaluation points."""

from __future__ import annotations

from django.db import models

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
