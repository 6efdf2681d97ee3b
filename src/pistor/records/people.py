"""Clinics, the people who work in them, and what each role may do."""

from __future__ import annotations

from enum import StrEnum

from django.contrib.auth.models import AbstractUser
from django.db import models

from pistor.records.base import uuid7


class Role(models.TextChoices):
    PRACTITIONER = "practitioner", "Practitioner"
    NURSE = "nurse", "Nurse"
    FRONT_DESK = "front_desk", "Front desk"
    OWNER = "owner", "Clinic owner"


class Capability(StrEnum):
    SEE_PATIENTS = "see_patients"  # names and appointments
    EDIT_PATIENTS = "edit_patients"
    SEE_CLINICAL = "see_clinical"  # history, plans, treatments
    TAKE_HISTORY = "take_history"
    DECIDE = "decide"  # candidacy overrides, plans, evaluation
    TAKE_CONSENT = "take_consent"
    TREAT = "treat"  # record a treatment
    SIGN = "sign"
    PRESCRIBE = "prescribe"
    FOLLOW_UP = "follow_up"  # aftercare, reactions, scores
    KEEP_STOCK = "keep_stock"  # receive, open, waste and count
    MANAGE_STOCK = "manage_stock"  # take lots and devices out of use, and release them
    ERASE = "erase"  # take from the record for good what the law lets be erased
    MANAGE_CLINIC = "manage_clinic"


_C = Capability
CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.PRACTITIONER: frozenset(_C) - {_C.MANAGE_CLINIC},
    Role.NURSE: frozenset(
        {_C.SEE_PATIENTS, _C.EDIT_PATIENTS, _C.SEE_CLINICAL, _C.TAKE_HISTORY, _C.TAKE_CONSENT, _C.TREAT, _C.FOLLOW_UP, _C.KEEP_STOCK}
    ),
    Role.FRONT_DESK: frozenset({_C.SEE_PATIENTS, _C.EDIT_PATIENTS}),
    Role.OWNER: frozenset({_C.SEE_PATIENTS, _C.EDIT_PATIENTS, _C.SEE_CLINICAL, _C.KEEP_STOCK, _C.MANAGE_STOCK, _C.ERASE, _C.MANAGE_CLINIC}),
}


class Clinic(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    jurisdiction = models.CharField(max_length=2, blank=True, help_text="ISO 3166 alpha-2; empty means unknown")
    policy = models.CharField(max_length=60, default="single_active")
    language = models.CharField(max_length=2, default="en")
    time_zone = models.CharField(max_length=60, default="Europe/Paris")
    phone = models.CharField(max_length=40, blank=True)
    observation_minutes = models.PositiveIntegerField(null=True)  # from the last point until a patient may leave; None: the clinic has said none
    is_demo = models.BooleanField(default=False)
    local_knowledge = models.CharField(max_length=16, blank=True)  # changes with the clinic's own entries; empty where it has none

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person with a sign-in. Someone who works in two clinics has two sign-ins."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="users", null=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.FRONT_DESK)
    title = models.CharField(max_length=40, blank=True)

    def may(self, capability: Capability) -> bool:
        return self.is_active and capability in CAPABILITIES.get(self.role, frozenset())

    @property
    def printed_name(self) -> str:
        """As it stands under a signature."""
        return " ".join(part for part in (self.title, self.first_name, self.last_name) if part) or self.username
