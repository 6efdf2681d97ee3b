"""Reports of reactions, each with the triage it got and what became of it."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.treatment import Treatment


class ReactionReport(ClinicRow):
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reaction_reports")
    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="reaction_reports")
    reported_at = models.DateTimeField()
    began_on = models.DateField()
    signs = models.JSONField()  # sign ids
    sites = models.PositiveSmallIntegerField(null=True)  # at how many injection sites
    zone = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=10, blank=True)
    description = models.TextField(blank=True)
    triage = models.JSONField()  # care.reactions.Triage.as_dict()
    level = models.CharField(max_length=12)
    knowledge_version = models.CharField(max_length=60)


class ReactionFollowUp(ClinicRow):
    """What was done, and how it went; the newest says whether the report is closed."""

    report = models.ForeignKey(ReactionReport, on_delete=models.PROTECT, related_name="follow_ups")
    action = models.TextField()
    outcome = models.CharField(max_length=20)  # ongoing, resolved, referred
