"""Products on the shelf: lots with their expiry."""

from __future__ import annotations

import datetime as dt

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.people import Clinic


class Lot(ClinicRow):
    class State(models.TextChoices):
        USABLE = "usable", "Usable"
        QUARANTINED = "quarantined", "Quarantined"
        RECALLED = "recalled", "Recalled"

    presentation = models.CharField(max_length=60)
    lot_number = models.CharField(max_length=60)
    manufacturer = models.CharField(max_length=120, blank=True)
    expires_on = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.USABLE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "presentation", "lot_number"], name="lot_once_per_clinic"),
        ]

    def __str__(self) -> str:
        return self.lot_number


def usable_lots(clinic: Clinic, presentation: str, on: dt.date) -> models.QuerySet[Lot]:
    """Lots that may be given on a day, first to expire first. A lot is good through the day it expires on."""
    return Lot.objects.of(clinic).filter(presentation=presentation, state=Lot.State.USABLE, expires_on__gte=on).order_by("expires_on", "lot_number")
