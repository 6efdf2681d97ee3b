"""Verdicts as they were given, and overrides with their reasons."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.course import Course


class Assessment(ClinicRow):
    """The clinician looked at this verdict and went on (or not). Frozen with the findings of that moment."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="assessments")
    treatment = models.ForeignKey("records.Treatment", on_delete=models.PROTECT, related_name="assessments", null=True)
    verdict = models.CharField(max_length=30)
    findings = models.JSONField()
    missing = models.JSONField(default=list)
    intent = models.JSONField()
    inputs_digest = models.CharField(max_length=64)  # of picture and intent; another digest now means: look again
    knowledge_version = models.CharField(max_length=60)
    accepted = models.BooleanField()  # the clinician decided to go on

    class Meta:
        indexes = [models.Index(fields=["course", "-created_at"], name="assessment_of_course")]


class Override(ClinicRow):
    """A finding the clinician goes past, and why. Findings that stop cannot be overridden."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="overrides")
    rule = models.CharField(max_length=120)
    finding = models.JSONField()
    reason = models.CharField(max_length=500)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
