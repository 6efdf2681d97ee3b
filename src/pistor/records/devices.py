"""Devices, how they were cleaned, in which treatment they were used, and items that are used once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from pistor.care.devices import DeviceFacts
from pistor.records.base import ClinicRow
from pistor.records.stock import Lot
from pistor.records.treatment import Treatment


class Device(ClinicRow):
    class State(models.TextChoices):
        IN_USE = "in_use", "In use"
        OUT_OF_USE = "out_of_use", "Out of use"

    kind = models.CharField(max_length=60)  # an id of ``knowledge/data/devices``
    name = models.CharField(max_length=120)
    serial = models.CharField(max_length=60, blank=True)
    service_due_on = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.IN_USE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "kind", "serial"], condition=~Q(serial=""), name="device_once_per_clinic")]


class DeviceCleaning(ClinicRow):
    """One line of the cleaning log; ``created_by`` cleaned it at ``created_at``. Locked in the database."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="cleanings")
    method = models.CharField(max_length=20)  # a key of care.devices.METHODS
    water = models.CharField(max_length=10)  # a key of care.devices.WATERS
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["device", "-created_at"], name="cleaning_of_device")]


class DeviceUse(ClinicRow):
    """A device that treated a patient. Locks with the treatment."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="device_uses")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="uses")
    settings = models.CharField(max_length=200, blank=True)  # as set on the device, in its own words

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "treatment"], name="device_once_per_treatment")]


class SingleUse(ClinicRow):
    """An item that was used once and never again. Its code, where it bears one, cannot be used a second time. Locked in the database."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="single_uses")
    kind = models.CharField(max_length=20)  # a key of care.devices.ITEMS
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="single_uses", null=True)
    code = models.CharField(max_length=60, blank=True)  # the serial number of the piece

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "code"], condition=~Q(code=""), name="single_use_once")]


def device_facts(devices: Iterable[Device], visit: Treatment | None = None) -> tuple[DeviceFacts, ...]:
    """What ``care.devices`` asks of these devices, as it stands now; the uses of ``visit`` itself are left out."""
    rows = list(devices)
    cleaned = {row.device_id: row for row in DeviceCleaning.objects.filter(device__in=rows).order_by("created_at")}
    uses = DeviceUse.objects.filter(device__in=rows, treatment__given_on__isnull=False).exclude(treatment=visit)
    used: dict[object, dt.date] = dict(uses.values_list("device").annotate(last=models.Max("treatment__given_on")))
    return tuple(_facts(row, cleaned.get(row.pk), used.get(row.pk)) for row in rows)


def _facts(row: Device, cleaned: DeviceCleaning | None, used_on: dt.date | None) -> DeviceFacts:
    return DeviceFacts(
        kind=row.kind, name=row.name, in_use=row.state == Device.State.IN_USE, service_due_on=row.service_due_on,
        cleaned_at=cleaned.created_at.astimezone(ZoneInfo(row.clinic.time_zone)) if cleaned else None, water=cleaned.water if cleaned else None,
        used_on=used_on,
    )  # fmt: skip
