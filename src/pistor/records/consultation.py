"""Patients and their history. History is never overwritten: a newer entry replaces an older one and names it."""

from __future__ import annotations

import unicodedata

from django.db import models

from pistor.records.base import ClinicRow

_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})  # letters that no accent can be taken from


def search_key(*parts: str) -> str:
    """Names as they are searched: case folded, accents dropped, single spaces."""
    text = unicodedata.normalize("NFKD", " ".join(part for part in parts if part))
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).casefold().translate(_PLAIN).split())


class Patient(ClinicRow):
    class Sex(models.TextChoices):
        FEMALE = "female", "Female"
        MALE = "male", "Male"
        OTHER = "other", "Other"
        UNKNOWN = "unknown", "Not recorded"

    number = models.CharField(max_length=20, help_text="the clinic's own record number")
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=10, choices=Sex, default=Sex.UNKNOWN)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=2, default="en")
    deceased_on = models.DateField(null=True, blank=True)
    search = models.CharField(max_length=240, editable=False)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "search"], name="patient_search"),
            models.Index(fields=["clinic", "-changed_at"], name="patient_changed"),
        ]
        constraints = [models.UniqueConstraint(fields=["clinic", "number"], name="patient_number_once_per_clinic")]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.given_name}".strip(", ")


class ImportedDocument(ClinicRow):
    """A FHIR bundle someone brought: its digest and what was read from it, never its text."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="imports")
    sha256 = models.CharField(max_length=64)
    summary = models.CharField(max_length=200)
    notes = models.JSONField(default=list)


class HistoryEntry(ClinicRow):
    """One fact about a patient, as ``care.consultation`` names its kinds.

    ``value`` is the JSON form of the plain value (see :mod:`pistor.records.picture`). ``state`` is *proposed* for what
    an import found and nobody has looked at; only *accepted* entries reach a decision.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="history")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=120, help_text="question id, measurement name, or the label's own key")
    label = models.CharField(max_length=300)
    value = models.JSONField(default=dict)
    dated = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.ACCEPTED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    document = models.ForeignKey(ImportedDocument, on_delete=models.PROTECT, related_name="entries", null=True)
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, related_name="replaces", null=True)
    removed_reason = models.CharField(max_length=300, blank=True)  # set on the entry that ends another ("entered in error")

    class Meta:
        indexes = [models.Index(fields=["patient", "state", "replaced_by"], name="history_current")]
