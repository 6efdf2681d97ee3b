"""That alternatives were talked through, and what was shown."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.course import Course


class AlternativesTalk(ClinicRow):
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="alternatives_talks")
    shown = models.JSONField()  # ids of the options shown
    preference = models.CharField(max_length=60)  # id of the option the patient prefers
    note = models.CharField(max_length=1000, blank=True)
    knowledge_version = models.CharField(max_length=60)
