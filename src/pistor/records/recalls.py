"""Recalls: who had a lot, a vial, a device, a room or an operator, what each of them was told, and alerts on what suspected infections share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery
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


def _given(treatments: QuerySet[Treatment], clinic: Clinic, since: dt.date | None) -> QuerySet[Treatment]:
    """Those given on or after a day (ever, for None), with ``on``, the day: as recorded, or while nobody has recorded it the day its first
    syringe was begun. That day is looked for only where none is recorded.
    """
    begun = Syringe.objects.filter(treatment=OuterRef("pk"), started_at__isnull=False).order_by("started_at")
    day = TruncDate("started_at", tzinfo=ZoneInfo(clinic.time_zone))
    dated: QuerySet[Treatment] = treatments.annotate(on=Coalesce("given_on", Subquery(begun.values(day=day)[:1])))
    if since is None:
        return dated.filter(on__isnull=False)
    return dated.filter(Q(given_on__gte=since) | Q(given_on__isnull=True), on__gte=since)  # the first half is for the index


def given_with(scope: str, subject: Subject, since: dt.date | None) -> QuerySet[Treatment]:
    """The treatments with this source that were given on or after a day (ever, for None), whether signed yet or not; ``on`` is the day."""
    if scope == Scope.OPERATOR:  # who performed it is recorded with the day, never before it
        of_one = Treatment.objects.filter(performed_by=subject, clinic_id=subject.clinic_id, given_on__isnull=False)
        return (of_one.filter(given_on__gte=since) if since else of_one).annotate(on=F("given_on"))
    with_it = Q(room=subject) if scope == Scope.ROOM else Q(pk__in=_treatments_with(scope, subject))
    return _given(Treatment.objects.filter(with_it, clinic_id=subject.clinic_id), subject.clinic, since)  # type: ignore[arg-type]


def _treatments_with(scope: str, subject: Subject) -> QuerySet[Any]:
    """The ids of treatments that name a lot, drew from it, used an item of it or were corrected to it; that drew from a vial; that used a device.

    A treatment whose lot was corrected is found by the lot that was signed too: which of the two is right may be wrong again.
    """
    if scope == Scope.LOT:
        named, items, corrected = (model.objects.filter(lot=subject).values("treatment") for model in (LotUse, SingleUse, LotCorrection))
        return named.union(items, corrected, _used().filter(lot=subject).values("syringe__treatment"))
    if scope == Scope.VIAL:
        return LotCorrection.objects.filter(vial=subject).values("treatment").union(_used().filter(vial=subject).values("syringe__treatment"))
    if scope == Scope.DEVICE:
        return DeviceUse.objects.filter(device=subject).values("treatment")
    raise ValueError(f"{scope} is nothing that treatments share")


def given_since(clinic: Clinic, since: dt.date) -> QuerySet[Treatment]:
    """Every treatment of a clinic that was given on or after a day, as :func:`given_with` gives them."""
    return _given(Treatment.objects.filter(clinic=clinic), clinic, since)


def exposures_of(scope: str, subject: Subject, since: dt.date | None, *, patients: Collection[uuid.UUID] | None = None) -> list[Exposed]:
    """Every patient, or of some patients each, who had it since a day, the latest exposure first. One query, whatever their number."""
    given = _to(given_with(scope, subject, since), patients)
    rows = given.values_list("patient").annotate(first=Min("on"), last=Max("on"), number=Count("pk")).order_by("-last", "patient")
    return [Exposed(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a source came: to how many patients, first and last on which days; None where it came to nobody."""

    patients: int
    first_on: dt.date | None
    last_on: dt.date | None


NOBODY = Reach(0, None, None)


def reach_of(scope: str, subject: Subject, since: dt.date | None) -> Reach:
    """How many patients had it since a day, and when. One query, whose answer is one line."""
    return Reach(**given_with(scope, subject, since).aggregate(patients=Count("patient", distinct=True), first_on=Min("on"), last_on=Max("on")))


def zones_of(
    scope: str, subject: Subject, since: dt.date | None, *, patients: Collection[uuid.UUID] | None = None
) -> dict[uuid.UUID, tuple[tuple[str, str], ...]]:
    """The zones and sides where each patient, or each of some patients, may have had it since a day. Whoever is not in it has none recorded.

    Of a lot or a vial these are the zones given out of a syringe that held it, and those of which nobody said the syringe: where only the
    page divided a zone between syringes, that is every zone of the visit. One query.
    """
    treated = _touched(scope, subject, _to(given_with(scope, subject, since), patients))
    zones: dict[uuid.UUID, list[tuple[str, str]]] = {}
    seen = ("zone_doses__zone", "zone_doses__side")
    for patient, zone, side in treated.values_list("patient", *seen).distinct().order_by(*seen):
        zones.setdefault(patient, []).append((zone, side))
    return {patient: tuple(found) for patient, found in zones.items()}


def zones_counted(scope: str, subject: Subject, since: dt.date | None) -> list[tuple[str, int]]:
    """In how many patients each zone may have had it since a day, as :func:`zones_of` says, most first. One query."""
    treated = _touched(scope, subject, given_with(scope, subject, since))
    return list(treated.values_list("zone_doses__zone").annotate(number=Count("patient", distinct=True)).order_by("-number", "zone_doses__zone"))


def _to(given: QuerySet[Treatment], patients: Collection[uuid.UUID] | None) -> QuerySet[Treatment]:
    return given if patients is None else given.filter(patient__in=patients)


def _touched(scope: str, subject: Subject, given: QuerySet[Treatment]) -> QuerySet[Treatment]:
    """One row for each zone of these treatments that it may have come to."""
    if scope not in (Scope.LOT, Scope.VIAL):
        return given.filter(zone_doses__zone__isnull=False)
    source = {str(scope): subject}
    held = Draw.objects.filter(**source).values("syringe").union(LotCorrection.objects.filter(**source, syringe__isnull=False).values("syringe"))
    divided = ZoneDose.objects.filter(treatment=OuterRef("pk"), given__shared="divided")
    may_have = Q(zone_doses__syringe__in=held) | Q(zone_doses__syringe__isnull=True) | Q(Exists(divided))
    if scope == Scope.LOT:  # what names the lot without a syringe may have come to every zone
        drawn = Draw.objects.filter(lot=subject).values("syringe__treatment")
        named = LotUse.objects.filter(lot=subject).exclude(treatment__in=drawn).values("treatment")
        items = SingleUse.objects.filter(lot=subject).values("treatment")
        may_have |= Q(pk__in=named.union(items, LotCorrection.objects.filter(lot=subject, syringe__isnull=True).values("treatment")))
    return given.filter(may_have, zone_doses__zone__isnull=False)


def exposures_between(clinic: Clinic, patients: Collection[uuid.UUID], since: dt.date, until: dt.date) -> list[Exposure]:
    """The treatments of some patients in some days, each with its sources."""
    visits = _given(Treatment.objects.filter(clinic=clinic, patient__in=patients), clinic, since).filter(on__lte=until)
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
        (Scope.VIAL, LotCorrection.objects.filter(**within, vial__isnull=False).values_list("treatment", "vial")),
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
