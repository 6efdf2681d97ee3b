"""The rooms in which a clinic treats. What patients of one room share is air, water and surfaces, so a recall asks for it."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow


class Room(ClinicRow):
    class State(models.TextChoices):
        IN_USE = "in_use", "In use"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State, default=State.IN_USE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="room_once_per_clinic")]
