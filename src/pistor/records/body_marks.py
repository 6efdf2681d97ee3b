"""Marks on the patient's skin: scars, implants, places of earlier reactions, each outlined on a body map."""

from __future__ import annotations

from django.db import models

from pistor.care.overlays import Mark
from pistor.knowledge import Library
from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient


class BodyMark(ClinicRow):
    class Kind(models.TextChoices):
        SCAR = "scar", "Scar"
        IMPLANT = "implant", "Implant"
        REACTION = "reaction", "Earlier reaction"
        OTHER = "other", "Other"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="body_marks")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=200, blank=True)
    map = models.CharField(max_length=60)
    map_version = models.PositiveIntegerField()
    outline = models.JSONField()  # [[x_mm, y_mm]] on the drawing as it is drawn, whatever the patient's scale
    noted_on = models.DateField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    ended_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at"], name="body_mark_of_patient")]


def marks_of(patient: Patient) -> models.QuerySet[BodyMark]:
    """All of a patient, the newest first, those that were ended too."""
    return BodyMark.objects.filter(patient=patient).select_related("created_by", "ended_by").order_by("-created_at", "-pk")


def on_a_drawing_of_today(row: BodyMark, library: Library) -> bool:
    """Whether its drawing was not replaced since: else its place is not known on that of today."""
    return row.map in library.body_maps and library.body_maps[row.map].version == row.map_version


def mark_of(row: BodyMark) -> Mark:
    return Mark(str(row.pk), row.map, row.kind, row.text, row.noted_on, tuple((float(x), float(y)) for x, y in row.outline))
