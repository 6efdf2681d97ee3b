"""Devices that touch the patient: what to weigh before one is used, and when it must not be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from pistor.care.evidence import Effect, Finding, SourceRef, cited
from pistor.knowledge import Library

METHODS = {
    "wiped": "Wiped with a disinfectant",
    "soaked": "Soaked in a disinfectant",
    "steam": "Sterilised with steam",
    "parts_replaced": "Parts that touch the patient replaced",
    "other": "In another way, see the note",
}
WATERS = {"none": "No water", "sterile": "Sterile water", "tap": "Tap water", "not_said": "Not said"}
ITEMS = {
    "needle": "Needle", "syringe": "Syringe", "tubing": "Tubing", "tip": "Needle tip or cartridge", "roller": "Roller", "plate": "Multi-injector plate",
    "other": "Other",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One device of the clinic. None means *not recorded*."""

    kind: str  # an id of ``knowledge/data/devices``
    name: str
    in_use: bool
    service_due_on: dt.date | None
    cleaned_at: dt.datetime | None
    water: str | None  # of the last cleaning: a key of WATERS
    used_on: dt.date | None  # the last day on which it touched a patient, before today's visit


def unusable_device(device: DeviceFacts) -> tuple[str, ...]:
    """Why a device must not be used, in sentences; empty where nothing is known against it."""
    return () if device.in_use else (f"{device.name} is out of use. Take another device.",)


def device_findings(devices: Iterable[DeviceFacts], on: dt.date, library: Library) -> tuple[Finding, ...]:
    """What to weigh about devices on a day: their service, the last cleaning and its water."""
    return tuple(finding for device in devices for finding in (*_service(device, on), *_cleaning(device, library)))


def _service(device: DeviceFacts, on: dt.date) -> Iterable[Finding]:
    due = device.service_due_on
    if due is None:
        yield Finding("device:service", Effect.ASK, f"When {device.name} is due for service is not recorded.")
    elif due < on:
        yield Finding("device:service", Effect.CAUTION, f"{device.name} was due for service on {_day(due)}.")


def _cleaning(device: DeviceFacts, library: Library) -> Iterable[Finding]:
    known = library.devices.get(device.kind)
    how = cited(known.cleaning) if known else ()
    if device.cleaned_at is None:
        yield Finding("device:cleaning", Effect.ASK, f"No cleaning of {device.name} is recorded.", sources=how)
        return
    if device.used_on is not None and device.cleaned_at.date() < device.used_on:
        text = f"{device.name} was used on {_day(device.used_on)}, and no cleaning is recorded since."
        yield Finding("device:cleaning", Effect.CAUTION, text, sources=how)
    if device.water == "tap":
        text = f"{device.name} was last cleaned with tap water, which has infected patients through a device rinsed with it. Clean it with sterile water first."
        yield Finding("device:tap_water", Effect.CAUTION, text, sources=_tap(library))
    elif device.water == "not_said":
        yield Finding("device:water", Effect.ASK, f"With which water {device.name} was last cleaned is not said.", sources=_tap(library))


def _tap(library: Library) -> tuple[SourceRef, ...]:
    """The outbreak from a device rinsed with tap water, and what was concluded from it."""
    return cited([*library.devices["meso_gun"].risks[:1], *library.devices["meso_gun"].cleaning[:1]])


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
