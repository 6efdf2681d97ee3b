"""Frozen documents: the bytes that were shown, with their hash."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient


class Document(ClinicRow):
    class Kind(models.TextChoices):
        CONSENT = "consent", "Consent"
        AFTERCARE = "aftercare", "Aftercare sheet"
        PLAN = "plan", "Plan"
        TREATMENT = "treatment", "Summary of a treatment"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
