"""Recalls: who had a lot or an operator, what each of them was told, and alerts on what suspected infections share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import models
from django.db.models import Count, Max, Min, Q, QuerySet

from pistor.care.recall import Exposed, Exposure, Lesion, Source, is_suspected
from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.people import Clinic, User
from pistor.records.reactions import ReactionReport
from pistor.records.stock import Lot
from pistor.records.treatment import LotUse, Treatment, ZoneDose


class Scope(models.TextChoices):
    """What treatments can share. What is added here is added to :func:`given_with` and :func:`exposures_between`, and nowhere else."""

    LOT = "lot", "Lot"
    OPERATOR = "operator", "Operator"


class Recall(ClinicRow):
    """Everybody who had one lot, or was treated by one operator, since a day, to be told."""

    scope = models.CharField(max_length=10, choices=Scope)
    subject = models.UUIDField()  # of the lot or the person
    since = models.DateField()
    told = models.TextField(blank=True)  # the clinic's own sentences in the letter
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    closed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "-created_at"], name="recall_newest")]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "scope", "subject"], condition=Q(closed_at__isnull=True), name="recall_open_once_per_subject"),
        ]


class RecallContact(ClinicRow):
    """One patient of a recall, and how far the contact has come; how it came so is in the events."""

    class State(models.TextChoices):
        TO_CONTACT = "to_contact", "To be told"
        WRITTEN = "written", "Letter sent"
        REACHED = "reached", "Told"
        ACKNOWLEDGED = "acknowledged", "Has confirmed"
        NOT_REACHABLE = "not_reachable", "Not reachable"

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="contacts")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=14, choices=State, default=State.TO_CONTACT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recall", "patient"], name="recall_contact_once")]


class RecallLetters(ClinicRow):
    """The letters of one printing, a page for each patient, byte for byte as they were made."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="letters")
    number = models.PositiveIntegerField()  # of letters
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)


class ContactEvent(ClinicRow):
    """What was done to reach a patient, and what came of it."""

    contact = models.ForeignKey(RecallContact, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=14, choices=RecallContact.State)
    how = models.CharField(max_length=10)  # letter, phone, visit, message
    note = models.CharField(max_length=500, blank=True)
    letters = models.ForeignKey(RecallLetters, on_delete=models.PROTECT, related_name="+", null=True)


class Alert(ClinicRow):
    """A source that suspected lesions of several patients share. It grows with each new one until somebody dismisses it."""

    scope = models.CharField(max_length=10, choices=Scope)
    subject = models.UUIDField()
    reports = models.JSONField()  # ids of the reaction reports that share it
    cases = models.PositiveIntegerField()
    suspected = models.PositiveIntegerField()
    exposed = models.PositiveIntegerField()
    treated = models.PositiveIntegerField()
    since = models.DateField()
    until = models.DateField()
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    dismissed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "scope", "subject"], condition=Q(dismissed_at__isnull=True), name="alert_open_once_per_subject"),
        ]


def subject_of(clinic: Clinic, scope: str, subject: uuid.UUID) -> Lot | User | None:
    """The lot or the person of this clinic that is meant; None where there is none."""
    if scope == Scope.LOT:
        return Lot.objects.of(clinic).filter(pk=subject).first()
    if scope == Scope.OPERATOR:
        return User.objects.filter(clinic=clinic, pk=subject).first()
    return None


def given_with(scope: str, subject: Lot | User, since: dt.date | None) -> QuerySet[Treatment]:
    """The treatments with this source that were given on or after a day (ever, for None), whether signed yet or not."""
    if scope == Scope.LOT:
        found = Treatment.objects.filter(lot_uses__lot=subject, clinic_id=subject.clinic_id)
    elif scope == Scope.OPERATOR:
        found = Treatment.objects.filter(performed_by=subject, clinic_id=subject.clinic_id)
    else:
        raise ValueError(f"{scope} is nothing that treatments share")
    return found.filter(given_on__isnull=False, **({"given_on__gte": since} if since else {}))


def exposures_of(scope: str, subject: Lot | User, since: dt.date | None) -> list[Exposed]:
    """Every patient who had it since a day, the latest exposure first. Two queries, whatever the number of patients."""
    given = given_with(scope, subject, since)
    rows = given.values_list("patient").annotate(first=Min("given_on"), last=Max("given_on"), number=Count("pk", distinct=True)).order_by("-last", "patient")
    treated = ZoneDose.objects.filter(treatment__in=given.values("pk")).values_list("treatment__patient", "zone", "side").distinct().order_by("zone", "side")
    zones: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for patient, zone, side in treated:
        zones.setdefault(patient, []).append((zone, side))
    return [Exposed(patient, first, last, number, tuple(zones.get(patient, ()))) for patient, first, last, number in rows]


def exposures_between(clinic: Clinic, patients: Collection[uuid.UUID], since: dt.date, until: dt.date) -> list[Exposure]:
    """The treatments of some patients in some days, each with its sources."""
    visits = Treatment.objects.filter(clinic=clinic, patient__in=patients, given_on__gte=since, given_on__lte=until)
    rows = list(visits.values_list("pk", "patient", "given_on", "performed_by"))
    lots: dict[uuid.UUID, list[uuid.UUID]] = {}
    for treatment, lot in LotUse.objects.filter(treatment__in=[row[0] for row in rows]).values_list("treatment", "lot"):
        lots.setdefault(treatment, []).append(lot)
    return [
        Exposure(patient, on, frozenset({
            *(Source(Scope.LOT, str(lot)) for lot in lots.get(pk, ())), *([Source(Scope.OPERATOR, str(operator))] if operator else ()),
        }))
        for pk, patient, on, operator in rows
    ]  # fmt: skip


def patients_between(given: QuerySet[Treatment], until: dt.date) -> int:
    """How many patients these treatments were given to, up to a day."""
    return given.filter(given_on__lte=until).aggregate(number=Count("patient", distinct=True))["number"] or 0


def lesions_since(clinic: Clinic, began: dt.date) -> list[Lesion]:
    """The suspected lesions of a clinic that began on or after a day."""
    reported = dt.datetime.combine(began, dt.time(), dt.UTC) - dt.timedelta(days=1)  # never before it began, in whatever time zone; the index is by this
    reports = ReactionReport.objects.of(clinic).filter(reported_at__gte=reported, began_on__gte=began).exclude(level="advice")
    return [Lesion(patient, day, str(pk)) for pk, patient, day, triage in reports.values_list("pk", "patient", "began_on", "triage") if is_suspected(triage)]


def mixed_with(lot: Lot, since: dt.date | None) -> list[Lot]:
    """The other lots that went into a blend together with this one since a day, by product and number."""
    together = LotUse.objects.filter(treatment__in=given_with(Scope.LOT, lot, since).values("pk")).exclude(lot=lot).values("lot").distinct()
    return list(Lot.objects.of(lot.clinic).filter(pk__in=together).order_by("presentation", "lot_number"))


def open_alerts(clinic: Clinic) -> list[Alert]:
    """Alerts that nobody dismissed, in the order in which they were raised."""
    return list(Alert.objects.of(clinic).filter(dismissed_at__isnull=True).order_by("created_at", "pk"))
