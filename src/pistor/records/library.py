"""A clinic's own additions to what is known, and the library as that clinic sees it."""

from __future__ import annotations

import uuid
from functools import lru_cache

from django.db import models

from pistor.knowledge import Library, load
from pistor.knowledge import model as m
from pistor.knowledge.local import overlay
from pistor.records.base import ClinicRow
from pistor.records.people import Clinic, User


class LocalEntry(ClinicRow):
    """One version of a clinic's own entry. An edit is a new row; the newest approved row of an id counts until it is withdrawn."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for a second person"
        APPROVED = "approved", "In use"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    kind = models.CharField(max_length=40)
    entry_id = models.CharField(max_length=80)
    copied_from = models.CharField(max_length=80)
    knowledge_version = models.CharField(max_length=80)  # what the copy was made from
    body = models.JSONField()
    source = models.JSONField()  # the clinic's own source, as an entry of sources
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "kind", "entry_id", "created_at"], name="local_by_entry")]

    def entry(self) -> m.Known:
        return m.KINDS[self.kind].model_validate(self.body)


def library_of(clinic: Clinic | None) -> Library:
    """What is published, with what this clinic added and a second person approved. Costs no query where a clinic added nothing."""
    if clinic is None or not clinic.local_knowledge:
        return load()
    return _with_local(clinic.pk, clinic.local_knowledge, load())


@lru_cache(maxsize=256)
def _with_local(clinic_id: uuid.UUID, stamp: str, published: Library) -> Library:
    rows = in_use(clinic_id)
    entries = [(row.kind, row.entry()) for row in rows]
    return overlay(published, entries, [m.Source.model_validate(row.source) for row in rows], stamp)


def in_use(clinic_id: uuid.UUID) -> list[LocalEntry]:
    """The clinic's additions that count now: of each id the newest row that was approved and not withdrawn, refused ones aside."""
    decided = LocalEntry.objects.filter(clinic_id=clinic_id, state__in=(LocalEntry.State.APPROVED, LocalEntry.State.WITHDRAWN)).order_by("decided_at", "pk")
    newest = {(row.kind, row.entry_id): row for row in decided}
    return [row for row in newest.values() if row.state == LocalEntry.State.APPROVED]
