"""Prescriptions: written once, never changed; ended by a row of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import models

from pistor.care.prescriptions import PrescriptionFacts
from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.treatment import Treatment


class Prescription(ClinicRow):
    """A presentation for a patient, from its first to its last day. ``created_by`` prescribed it. Locked in the database."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="prescriptions")
    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="+")  # the visit at which it was written
    presentation = models.CharField(max_length=60)
    directions = models.CharField(max_length=500)  # dose, site and number as the prescriber words it
    valid_from = models.DateField()
    valid_until = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["patient", "presentation", "-valid_until"], name="prescription_of_patient")]
        constraints = [models.CheckConstraint(name="prescription_ends_after_it_begins", condition=models.Q(valid_until__gte=models.F("valid_from")))]


class PrescriptionEnd(ClinicRow):
    """A prescription was ended before its last day. Locked in the database."""

    prescription = models.OneToOneField(Prescription, on_delete=models.PROTECT, related_name="end")
    reason = models.CharField(max_length=300)


def prescriptions_of(patient: Patient) -> models.QuerySet[Prescription]:
    """All of a patient, the one that lasts longest first, each with its end and who wrote it."""
    return Prescription.objects.filter(patient=patient).select_related("created_by", "end__created_by").order_by("-valid_until", "-created_at")


def prescription_facts(rows: Iterable[Prescription]) -> tuple[PrescriptionFacts, ...]:
    return tuple(PrescriptionFacts(row.presentation, row.valid_from, row.valid_until, ended=ended_at(row) is not None) for row in rows)


def ended_at(row: Prescription) -> dt.datetime | None:
    end = getattr(row, "end", None)
    return end.created_at if end else None
