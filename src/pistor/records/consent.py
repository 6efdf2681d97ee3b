"""Consent: the text that was shown for this plan, signed and frozen. Withdrawal is a row of its own."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.course import Course
from pistor.records.documents import Document


class Consent(ClinicRow):
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="consents")
    plan_digest = models.CharField(max_length=64)  # another digest now means: the plan changed, ask again
    text_id = models.CharField(max_length=60)
    text_version = models.PositiveIntegerField()
    language = models.CharField(max_length=2)
    sections = models.JSONField()  # [{"heading", "body"}] exactly as shown; an interpreter's own signature is one of them
    signer_name = models.CharField(max_length=200)
    signer_kind = models.CharField(max_length=20, default="patient")  # patient, guardian
    meaning = models.CharField(max_length=300)
    signature_path = models.TextField()  # SVG path data as drawn
    signed_at = models.DateTimeField()
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="consent")
    knowledge_version = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["course", "-signed_at"], name="consent_of_course")]


class ConsentWithdrawal(ClinicRow):
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(max_length=500, blank=True)
