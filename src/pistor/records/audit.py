"""The audit trail: append-only, one hash chain per clinic."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.db import models

from pistor.records.base import uuid7

if TYPE_CHECKING:
    from pistor.records.people import Clinic


class AuditHead(models.Model):
    """Where a clinic's chain ends. Locked while an event is added, so that the order is one."""

    clinic = models.OneToOneField("records.Clinic", on_delete=models.PROTECT, primary_key=True, related_name="+")
    sequence = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="0" * 64)


class AuditEvent(models.Model):
    """Who did what to which record. Ids only: no names, no clinical content, and no foreign keys to hold on to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey("records.Clinic", on_delete=models.PROTECT, related_name="+")
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    patient_id = models.UUIDField(null=True, db_index=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "sequence"], name="audit_sequence_once")]

    def digest(self) -> str:
        """The hash this event must have: over everything in it and the hash before it."""
        body: dict[str, Any] = {
            "clinic": str(self.clinic_id),
            "sequence": self.sequence,
            "at": self.at.astimezone(dt.UTC).isoformat(),
            "actor": str(self.actor) if self.actor else None,
            "verb": self.verb,
            "subject": self.subject,
            "subject_id": str(self.subject_id),
            "patient_id": str(self.patient_id) if self.patient_id else None,
            "detail": self.detail,
            "previous": self.previous,
        }
        return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify_chain(clinic: Clinic) -> list[str]:
    """Every break in a clinic's chain, as sentences; an empty list where each event follows from the one before."""
    breaks: list[str] = []
    expected, previous = 1, "0" * 64
    for event in AuditEvent.objects.filter(clinic=clinic).order_by("sequence").iterator(chunk_size=2000):
        if event.sequence != expected:
            breaks.append(f"Event {expected} is missing: the next one kept is {event.sequence}.")
        if event.previous != previous:
            breaks.append(f"Event {event.sequence} ({event.verb}) does not follow from the one before it: something was removed, inserted or changed.")
        if event.digest() != event.sha256:
            breaks.append(f"Event {event.sequence} ({event.verb}) was changed after it was written.")
        expected, previous = event.sequence + 1, event.sha256
    head = AuditHead.objects.filter(clinic=clinic).first()
    end = (head.sequence, head.sha256) if head else (0, "0" * 64)
    if end != (expected - 1, previous):
        breaks.append(f"The chain ends at event {expected - 1}, but its head says {end[0]}: events were removed or added at the end.")
    return breaks
