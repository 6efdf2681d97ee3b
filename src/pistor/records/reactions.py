"""Reports of reactions, each with the triage it got and what became of it."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from pistor.records.base import ClinicQuerySet, ClinicRow
from pistor.records.consultation import Patient
from pistor.records.treatment import Treatment


class ReactionReports(ClinicQuerySet):
    def still_open(self) -> Self:
        """Those that nobody closed: without a follow-up, or whose newest one does not say resolved."""
        newest = ReactionFollowUp.objects.filter(report=OuterRef("pk")).order_by("-created_at", "-pk").values("outcome")[:1]
        return self.annotate(last_outcome=Subquery(newest)).filter(~Q(last_outcome="resolved") | Q(last_outcome__isnull=True))


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

    objects = ReactionReports.as_manager()

    class Meta:
        indexes = [models.Index(fields=["clinic", "-reported_at"], name="reaction_clinic_newest")]


class ReactionFollowUp(ClinicRow):
    """What was done, and how it went; the newest says whether the report is closed."""

    report = models.ForeignKey(ReactionReport, on_delete=models.PROTECT, related_name="follow_ups")
    action = models.TextField()
    outcome = models.CharField(max_length=20)  # ongoing, resolved, referred
