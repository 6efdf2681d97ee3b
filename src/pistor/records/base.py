"""What every clinical row has: a UUIDv7 key, its clinic, and who wrote it when."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from pistor.records.people import Clinic


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then random, so that keys sort by time."""
    value = int.from_bytes((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10), "big")
    value = value & ~(0xF000 << 64) | 0x7000 << 64
    value = value & ~(0xC000 << 48) | 0x8000 << 48
    return uuid.UUID(int=value)


class ClinicQuerySet(models.QuerySet):
    def of(self, clinic: Clinic | None) -> Self:
        """Only the rows of this clinic, and none for someone without one. Every page and action starts here."""
        return self.filter(clinic=clinic)


class ClinicRow(models.Model):
    """A row that belongs to one clinic."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No index of its own: a clinic has most rows of a table, and SQLite would choose it over the one that fits.
    clinic = models.ForeignKey("records.Clinic", on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)

    objects = ClinicQuerySet.as_manager()

    class Meta:
        abstract = True
