"""The aftercare sheet that was given, word for word."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.documents import Document
from pistor.records.treatment import Treatment


class AftercareSheet(ClinicRow):
    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="aftercare_sheets")
    language = models.CharField(max_length=2)
    content = models.JSONField()  # care.aftercare.Sheet.as_dict()
    how = models.CharField(max_length=40)  # printed, shown on screen
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="aftercare_sheet")
    knowledge_version = models.CharField(max_length=60)
