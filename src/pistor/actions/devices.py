"""Devices: add one, note how it was cleaned, take it out of use, and record with which one a patient was treated."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import IntegrityError, transaction

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.course import local_day
from pistor.actions.unsigned import unsigned_visit
from pistor.care.devices import ITEMS, METHODS, WATERS, unusable_device
from pistor.care.stock import LotGiven, unusable_lots
from pistor.records.devices import Device, DeviceCleaning, DeviceUse, SingleUse, device_facts
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.stock import Lot
from pistor.records.treatment import Treatment

LONGEST_TO_SERVICE = dt.timedelta(days=10 * 366)


def add_device(
    *,
    kind: str,
    name: str,
    serial: str = "",
    service_due_on: dt.date | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Device:
    """Put a device on the clinic's list."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="device.added", token=token, at=at, location=location):
        said, number = " ".join(name.split()), " ".join(serial.split())
        if kind not in library_of(by.clinic).devices:
            raise Refused(f"“{kind[:60]}” is no known kind of device. Choose one of the list.")
        if not said or len(said) > 120 or len(number) > 60:
            raise Refused("Enter a name of at most 120 characters and a serial number of at most 60.")
        _refuse_service(service_due_on, by, at)
        try:
            with transaction.atomic():
                row = Device.objects.create(
                    clinic_id=by.clinic_id or "", created_at=at, created_by=by, kind=kind, name=said, serial=number, service_due_on=service_due_on
                )
        except IntegrityError:
            raise Refused(f"A device of this kind with the serial number {number} is on the list already.") from None
        audit(by=by, verb="device.added", subject=row, at=at, kind=kind)
    return row


def set_device(
    *,
    device: Device,
    state: str,
    service_due_on: dt.date | None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Device:
    """Take a device out of use or back into it, and say when it is due for service."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="device.changed", token=token, at=at, location=location):
        row: Device = Device.objects.of(by.clinic).select_for_update().get(pk=device.pk)
        if state not in Device.State.values:
            raise Refused("A device is in use or out of use; choose one.")
        if service_due_on != row.service_due_on:
            _refuse_service(service_due_on, by, at)
        before, row.state, row.service_due_on = row.state, state, service_due_on
        row.save(update_fields=["state", "service_due_on"])
        due = service_due_on.isoformat() if service_due_on else None
        audit(by=by, verb="device.changed", subject=row, at=at, before=before, after=state, service_due_on=due)
    return row


def _refuse_service(due: dt.date | None, by: User, at: dt.datetime) -> None:
    if due and due > local_day(by, at) + LONGEST_TO_SERVICE:
        raise Refused(f"The service would be due in {due.year}. Check the year.")


def clean_device(
    *, device: Device, method: str, water: str, note: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> DeviceCleaning:
    """Add a line to the cleaning log. The method and the water are asked; *not said* is an answer of its own."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="device.cleaned", token=token, at=at, location=location):
        row, said = Device.objects.of(by.clinic).get(pk=device.pk), " ".join(note.split())
        if method not in METHODS or water not in WATERS:
            raise Refused("Say how it was cleaned and with which water; not said is an answer too.")
        if method == "other" and not said:
            raise Refused("Write in the note how it was cleaned.")
        if len(said) > 200:
            raise Refused("The note holds at most 200 characters. Shorten it.")
        cleaning = DeviceCleaning.objects.create(
            clinic_id=row.clinic_id, created_at=at, created_by=by, device=row, method=method, water=water, note=said
        )
        audit(by=by, verb="device.cleaned", subject=row, at=at, method=method, water=water)
    return cleaning


def use_device(
    *, visit: Treatment, device: Device, settings: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> DeviceUse:
    """Record that a device treats the patient of a visit. One that is out of use is refused; the same one again changes its settings."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="device.used", token=token, at=at, location=location):
        visit, row, said = unsigned_visit(visit, by), Device.objects.of(by.clinic).select_related("clinic").get(pk=device.pk), " ".join(settings.split())
        if refused := unusable_device(device_facts([row], visit)[0]):
            raise Refused(*refused)
        if len(said) > 200:
            raise Refused("The settings hold at most 200 characters. Shorten them.")
        use, _ = DeviceUse.objects.update_or_create(
            device=row, treatment=visit, defaults={"settings": said},
            create_defaults={"settings": said, "clinic_id": visit.clinic_id, "created_at": at, "created_by": by},
        )  # fmt: skip
        audit(by=by, verb="device.used", subject=row, at=at, patient_id=visit.patient_id, treatment=str(visit.pk))
    return use


def drop_device(*, visit: Treatment, device: Device, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> None:
    """Take back that a device treated the patient, before the treatment is signed."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="device.dropped", token=token, at=at, location=location):
        visit = unsigned_visit(visit, by)
        removed, _ = DeviceUse.objects.of(by.clinic).filter(treatment=visit, device=device).delete()
        if removed:
            audit(by=by, verb="device.dropped", subject=device, at=at, patient_id=visit.patient_id, treatment=str(visit.pk))


def use_item(
    *,
    visit: Treatment,
    kind: str,
    code: str = "",
    lot: Lot | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> SingleUse:
    """Record an item that is used once. One whose code was recorded before, for whomever, is refused."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="item.used", token=token, at=at, location=location):
        visit, number = unsigned_visit(visit, by), "".join(code.split())
        if kind not in ITEMS:
            raise Refused("Choose what was used.")
        if len(number) > 60:
            raise Refused("The code holds at most 60 characters.")
        if not number and lot is None:
            raise Refused("Enter the code on the package or choose its lot, so that it can be found again.")
        found = Lot.objects.of(by.clinic).get(pk=lot.pk) if lot else None
        if found and (said := unusable_lots([LotGiven("", found.lot_number, found.expires_on, found.state, Decimal(1))], local_day(by, at))):
            raise Refused(*said)
        _refuse_reused(number, visit)
        try:
            with transaction.atomic():
                row = SingleUse.objects.create(
                    clinic_id=visit.clinic_id, created_at=at, created_by=by, treatment=visit, kind=kind, lot=found, code=number
                )
        except IntegrityError:  # somebody was quicker
            _refuse_reused(number, visit)
            raise
        audit(by=by, verb="item.used", subject=row, at=at, patient_id=visit.patient_id, treatment=str(visit.pk), kind=kind)
    return row


def _refuse_reused(code: str, visit: Treatment) -> None:
    before = SingleUse.objects.filter(clinic_id=visit.clinic_id, code=code).first() if code else None
    if before:
        where = "in this treatment already" if before.treatment_id == visit.pk else f"on {before.created_at.day} {before.created_at:%b %Y} already"
        raise Refused(f"The item {code} was used {where}. What is for single use is never used again: take a new one.")
