"""Recalls: who had a lot, a vial, a device, a room or an operator, what each of them was told, and alerts on what suspected infections share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate

from pistor.care.recall import Exposed, Exposure, Lesion, Source, is_suspected
from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.devices import Device, DeviceUse, SingleUse
from pistor.records.people import Clinic, User
from pistor.records.reactions import ReactionReport
from pistor.records.rooms import Room
from pistor.records.stock import Lot, Vial
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import LotCorrection, LotUse, Treatment, ZoneDose

Subject = Lot | Vial | Device | Room | User


class Scope(models.TextChoices):
    """What treatments can share. What is added here is added to :func:`subject_of`, :func:`given_with` and :func:`exposures_between`."""

    LOT = "lot", "Lot"  # of a product, a diluent or a single-use item
    VIAL = "vial", "Vial"
    DEVICE = "device", "Device"
    ROOM = "room", "Room"
    OPERATOR = "operator", "Operator"


class Recall(ClinicRow):
    """Everybody who had one lot, vial or device, or was treated in one room or by one operator, since a day, to be told."""

    scope = models.CharField(max_length=10, choices=Scope)
    subject = models.UUIDField()  # of the lot, the vial, the device, the room or the person
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


def subject_of(clinic: Clinic, scope: str, subject: uuid.UUID) -> Subject | None:
    """The lot, the vial, the device, the room or the person of this clinic that is meant; None where there is none."""
    found: QuerySet[Lot] | QuerySet[Vial] | QuerySet[Device] | QuerySet[Room] | QuerySet[User]
    if scope == Scope.LOT:
        found = Lot.objects.of(clinic).select_related("clinic")
    elif scope == Scope.VIAL:
        found = Vial.objects.of(clinic).select_related("clinic", "lot")
    elif scope == Scope.DEVICE:
        found = Device.objects.of(clinic).select_related("clinic")
    elif scope == Scope.ROOM:
        found = Room.objects.of(clinic).select_related("clinic")
    elif scope == Scope.OPERATOR:
        found = User.objects.filter(clinic=clinic)
    else:
        return None
    return found.filter(pk=subject).first()


def _used() -> QuerySet[Draw]:
    """What was drawn into syringes, but for those that were thrown away before anybody was given of them."""
    return Draw.objects.exclude(syringe__state=Syringe.State.DISCARDED, syringe__started_at__isnull=True)


def _dated(treatments: QuerySet[Treatment], clinic: Clinic) -> QuerySet[Treatment]:
    """With ``on``, the day each was given: as recorded, or while nobody has recorded it the day its first syringe was begun."""
    begun = Syringe.objects.filter(treatment=OuterRef("pk"), started_at__isnull=False).order_by("started_at")
    day = TruncDate("started_at", tzinfo=ZoneInfo(clinic.time_zone))
    dated: QuerySet[Treatment] = treatments.annotate(on=Coalesce("given_on", Subquery(begun.values(day=day)[:1])))
    return dated.filter(on__isnull=False)


def given_with(scope: str, subject: Subject, since: dt.date | None) -> QuerySet[Treatment]:
    """The treatments with this source that were given on or after a day (ever, for None), whether signed yet or not; ``on`` is the day."""
    if scope == Scope.OPERATOR:
        found = Treatment.objects.filter(performed_by=subject, clinic_id=subject.clinic_id, given_on__isnull=False).annotate(on=F("given_on"))
    else:
        with_it = Treatment.objects.filter(pk__in=_treatments_with(scope, subject), clinic_id=subject.clinic_id)
        found = _dated(with_it, subject.clinic)  # type: ignore[arg-type]
    return found.filter(on__gte=since) if since else found


def _treatments_with(scope: str, subject: Subject) -> QuerySet[Any]:
    """The ids of treatments that name a lot, drew from it, used an item of it or were corrected to it; that drew from a vial; that used a device; in a room.

    A treatment whose lot was corrected is found by the lot that was signed too: which of the two is right may be wrong again.
    """
    if scope == Scope.LOT:
        named, items, corrected = (model.objects.filter(lot=subject).values("treatment") for model in (LotUse, SingleUse, LotCorrection))
        return named.union(items, corrected, _used().filter(lot=subject).values("syringe__treatment"))
    if scope == Scope.VIAL:
        return _used().filter(vial=subject).values("syringe__treatment")
    if scope == Scope.DEVICE:
        return DeviceUse.objects.filter(device=subject).values("treatment")
    if scope == Scope.ROOM:
        return Treatment.objects.filter(room=subject).values("pk")
    raise ValueError(f"{scope} is nothing that treatments share")


def given_since(clinic: Clinic, since: dt.date) -> QuerySet[Treatment]:
    """Every treatment of a clinic that was given on or after a day, as :func:`given_with` gives them."""
    begun = Syringe.objects.filter(clinic=clinic, started_at__isnull=False).values("treatment")
    found = Treatment.objects.filter(Q(given_on__gte=since) | Q(given_on__isnull=True, pk__in=begun), clinic=clinic)
    return _dated(found, clinic).filter(on__gte=since)


def exposures_of(scope: str, subject: Subject, since: dt.date | None) -> list[Exposed]:
    """Every patient who had it since a day, the latest exposure first. Two queries, whatever the number of patients."""
    given = given_with(scope, subject, since)
    rows = given.values_list("patient").annotate(first=Min("on"), last=Max("on"), number=Count("pk", distinct=True)).order_by("-last", "patient")
    treated = ZoneDose.objects.filter(treatment__in=given.values("pk")).values_list("treatment__patient", "zone", "side").distinct().order_by("zone", "side")
    zones: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for patient, zone, side in treated:
        zones.setdefault(patient, []).append((zone, side))
    return [Exposed(patient, first, last, number, tuple(zones.get(patient, ()))) for patient, first, last, number in rows]


def exposures_between(clinic: Clinic, patients: Collection[uuid.UUID], since: dt.date, until: dt.date) -> list[Exposure]:
    """The treatments of some patients in some days, each with its sources."""
    visits = _dated(Treatment.objects.filter(clinic=clinic, patient__in=patients), clinic).filter(on__gte=since, on__lte=until)
    rows = list(visits.values_list("pk", "patient", "on", "performed_by"))
    sources: dict[uuid.UUID, set[Source]] = {pk: {Source(Scope.OPERATOR, str(operator))} if operator else set() for pk, _, _, operator in rows}
    for scope, found in _sources_of(list(sources)):
        for treatment, subject in found:
            sources[treatment].add(Source(scope, str(subject)))
    return [Exposure(patient, on, frozenset(sources[pk])) for pk, patient, on, _ in rows]


def _sources_of(treatments: list[uuid.UUID]) -> list[tuple[str, QuerySet[Any]]]:
    """What these treatments were given with, as pairs of treatment and source."""
    within, drawn = {"treatment__in": treatments}, _used().filter(syringe__treatment__in=treatments)
    return [
        (Scope.LOT, LotUse.objects.filter(**within).values_list("treatment", "lot")),
        (Scope.LOT, SingleUse.objects.filter(**within, lot__isnull=False).values_list("treatment", "lot")),
        (Scope.LOT, LotCorrection.objects.filter(**within).values_list("treatment", "lot")),
        (Scope.LOT, drawn.values_list("syringe__treatment", "lot")),
        (Scope.VIAL, drawn.filter(vial__isnull=False).values_list("syringe__treatment", "vial")),
        (Scope.DEVICE, DeviceUse.objects.filter(**within).values_list("treatment", "device")),
        (Scope.ROOM, Treatment.objects.filter(pk__in=treatments, room__isnull=False).values_list("pk", "room")),
    ]


def patients_between(given: QuerySet[Treatment], until: dt.date) -> int:
    """How many patients these treatments were given to, up to a day. ``given`` has ``on``."""
    return given.filter(on__lte=until).aggregate(number=Count("patient", distinct=True))["number"] or 0


def lesions_since(clinic: Clinic, began: dt.date) -> list[Lesion]:
    """The suspected lesions of a clinic that began on or after a day."""
    reported = dt.datetime.combine(began, dt.time(), dt.UTC) - dt.timedelta(days=1)  # never before it began, in whatever time zone; the index is by this
    reports = ReactionReport.objects.of(clinic).filter(reported_at__gte=reported, began_on__gte=began).exclude(level="advice")
    return [Lesion(patient, day, str(pk)) for pk, patient, day, triage in reports.values_list("pk", "patient", "began_on", "triage") if is_suspected(triage)]


def mixed_with(source: Lot | Vial, since: dt.date | None) -> list[Lot]:
    """The other lots that were given together with this one, or with what is in this vial, since a day; by product and number."""
    scope, own = (Scope.VIAL, source.lot_id) if isinstance(source, Vial) else (Scope.LOT, source.pk)
    given = given_with(scope, source, since).values("pk")
    named, corrected = (model.objects.filter(treatment__in=given).values("lot") for model in (LotUse, LotCorrection))
    together = named.union(corrected, _used().filter(syringe__treatment__in=given).values("lot"))
    return list(Lot.objects.filter(pk__in=together, clinic_id=source.clinic_id).exclude(pk=own).order_by("presentation", "lot_number"))


def lots_of(source: Lot | Vial, since: dt.date | None) -> list[Lot]:
    """What a recall of this lot or vial may freeze: its own lot first, then those of :func:`mixed_with`."""
    return [source.lot if isinstance(source, Vial) else source, *mixed_with(source, since)]


def ready_syringes(lots: Collection[Lot]) -> list[Syringe]:
    """The syringes that lie ready, or are begun and not booked yet, with something of these lots in them."""
    drawn = Draw.objects.filter(lot__in=lots, syringe__state=Syringe.State.READY).values("syringe")
    return list(Syringe.objects.filter(pk__in=drawn).select_related("patient").order_by("use_before", "pk"))


def open_alerts(clinic: Clinic) -> list[Alert]:
    """Alerts that nobody dismissed, in the order in which they were raised."""
    return list(Alert.objects.of(clinic).filter(dismissed_at__isnull=True).order_by("created_at", "pk"))
