"""A course: what is meant to be done for one indication, from the first visit to maintenance."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient


class Course(ClinicRow):
    class State(models.TextChoices):
        PLANNING = "planning", "Being planned"
        ACTIVE = "active", "Under way"
        MAINTENANCE = "maintenance", "Maintenance"
        STOPPED = "stopped", "Stopped"
        REFERRED = "referred", "Referred"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    application = models.CharField(max_length=10)
    indication = models.CharField(max_length=60)
    zone = models.CharField(max_length=60)
    protocol = models.CharField(max_length=60, blank=True)
    policy = models.CharField(max_length=60)
    jurisdiction = models.CharField(max_length=2, blank=True)
    topical = models.JSONField(default=list)  # ingredient ids put on the skin before (a topical anaesthetic)
    goal = models.CharField(max_length=500, blank=True)
    confirmations = models.JSONField(default=dict)  # what the protocol made the clinician confirm, with who and when
    start_on = models.DateField(null=True, blank=True)
    interval_days = models.PositiveIntegerField(null=True, blank=True)
    sessions = models.PositiveIntegerField(null=True, blank=True)
    evaluation_on = models.DateField(null=True, blank=True)
    evaluation_after_treatments = models.PositiveIntegerField(null=True, blank=True)
    course_reason = models.CharField(max_length=500, blank=True)  # why the numbers differ from the protocol
    scheduled_at = models.DateTimeField(null=True)  # when the course step was completed
    state = models.CharField(max_length=12, choices=State, default=State.PLANNING)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at"], name="course_of_patient")]
