"""The clinic's devices with their cleaning log, and what a patient is treated with."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.devices import add_device, clean_device, drop_device, set_device, use_device, use_item
from pistor.actions.rooms import use_room
from pistor.care.devices import ITEMS, METHODS, WATERS, device_findings
from pistor.clinic.devices.forms import CleaningForm, DeviceForm, ItemForm, StateForm, UsedRoomForm, UseForm
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.shared.frame import render_step
from pistor.clinic.shared.templatetags.pistor import day
from pistor.records.devices import Device, DeviceCleaning, DeviceUse, SingleUse, device_facts
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.rooms import Room
from pistor.records.stock import Lot
from pistor.records.treatment import Treatment

SHOWN = 100


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_STOCK)
def list_(request: HttpRequest) -> HttpResponse:
    """Every device of the clinic, and the form that adds one."""
    form = DeviceForm(request.POST or None)
    if request.method != "POST":
        return _listed(request, form)
    if not form.is_valid():
        return _listed(request, form, 422)
    data, here = form.cleaned_data, reverse("devices:list")
    try:
        add_device(
            kind=data["kind"], name=data["name"], serial=data["serial"], service_due_on=data["service_due_on"], by=request.user, at=request.at,  # type: ignore[arg-type, attr-defined]
            token=data["token"], location=here,
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _listed(request, form, 409)
    return HttpResponseRedirect(here)


def _listed(request: HttpRequest, form: DeviceForm, status: int = 200) -> HttpResponse:
    devices = list(Device.objects.of(request.user.clinic).select_related("clinic").order_by("state", "name", "pk"))  # type: ignore[union-attr]
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    rows = [{"device": device, "facts": facts, "overdue": _overdue(device, today)} for device, facts in zip(devices, device_facts(devices), strict=True)]
    context = {"rows": rows, "form": form, "may_change": request.user.may(Capability.MANAGE_STOCK), "waters": WATERS}  # type: ignore[union-attr]
    return render(request, "devices/list.html", {**context, "draft": drafts_for(request)}, status=status)


def _overdue(device: Device, today: Any) -> bool:
    return device.service_due_on is not None and device.service_due_on < today


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_STOCK)
def show(request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
    """One device: what to weigh before it is used, its cleaning log, its state."""
    device = _device(request, device_id)
    if request.method != "POST":
        return _shown(request, device)
    form = StateForm(request.POST)
    if not form.is_valid():
        return _shown(request, device, state=form, status=422)
    data, here = form.cleaned_data, reverse("devices:show", args=[device.pk])
    try:
        set_device(
            device=device, state=data["state"], service_due_on=data["service_due_on"], by=request.user, at=request.at, token=data["token"], location=here  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, device, state=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def cleaning(request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
    """Take a line for the cleaning log."""
    device = _device(request, device_id)
    here = reverse("devices:show", args=[device.pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    form = CleaningForm(request.POST)
    if not form.is_valid():
        return _shown(request, device, clean=form, status=422)
    data = form.cleaned_data
    try:
        clean_device(
            device=device, method=data["method"], water=data["water"], note=data["note"], by=request.user, at=request.at, token=data["token"], location=here  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, device, clean=form, status=409)
    return HttpResponseRedirect(here)


def _device(request: HttpRequest, device_id: uuid.UUID) -> Device:
    device: Device = get_object_or_404(Device.objects.of(request.user.clinic).select_related("clinic"), pk=device_id)  # type: ignore[union-attr]
    return device


def _shown(request: HttpRequest, device: Device, *, state: StateForm | None = None, clean: CleaningForm | None = None, status: int = 200) -> HttpResponse:
    library, today = library_of(request.user.clinic), local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined, union-attr]
    drafts = drafts_for(request, *(reverse(f"devices:{name}", args=[device.pk]) for name in ("show", "cleaning")))
    log = list(DeviceCleaning.objects.filter(device=device).select_related("created_by").order_by("-created_at")[: SHOWN + 1])
    context = {
        "device": device, "known": library.devices.get(device.kind), "findings": device_findings(device_facts([device]), today, library),
        "log": [{"row": row, "method": METHODS.get(row.method, row.method), "water": WATERS.get(row.water, row.water)} for row in log[:SHOWN]],
        "more": len(log) > SHOWN, "state_form": state or StateForm(initial={"state": device.state, "service_due_on": device.service_due_on}),
        "cleaning_form": clean or CleaningForm(), "may_change": request.user.may(Capability.MANAGE_STOCK), "may_clean": request.user.may(Capability.TREAT),  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "devices/show.html", {**context, "draft": drafts}, status=status)


# ── with which one a patient is treated ─────────────────────────────────────────────────────────────────────────────


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def used(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The room, the devices and the single-use items of a treatment."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _used_shown(request, visit)
    do = request.POST.get("do", "")
    if do.startswith("drop-"):
        return _dropped(request, visit, do.removeprefix("drop-"))
    name, form = _posted(request, visit, do)
    shown = {name: form}
    if not form.is_valid():
        return _used_shown(request, visit, status=422, **shown)
    here = reverse("devices_used:show", args=[visit.pk])
    try:
        _record(request, visit, do, form.cleaned_data, here)
    except Refused as refused:
        form.refuse(refused)
        return _used_shown(request, visit, status=409, **shown)
    return HttpResponseRedirect(here)


def _posted(request: HttpRequest, visit: Treatment, do: str) -> tuple[str, StepForm]:
    """The form that was sent, and its name on the page."""
    if do == "item":
        return "item_form", ItemForm(request.POST, lots=_item_lots(visit))
    if do == "room":
        return "room_form", UsedRoomForm(request.POST, rooms=_rooms(visit))
    return "use_form", UseForm(request.POST, devices=_choices(visit))


def _record(request: HttpRequest, visit: Treatment, do: str, data: dict[str, Any], here: str) -> None:
    given: dict[str, Any] = {"visit": visit, "by": request.user, "at": request.at, "token": data["token"], "location": here}  # type: ignore[attr-defined]
    if do == "item":
        lot = Lot.objects.of(visit.clinic).get(pk=data["lot"]) if data["lot"] else None
        use_item(kind=data["kind"], code=data["code"], lot=lot, **given)
    elif do == "room":
        use_room(room=Room.objects.of(visit.clinic).get(pk=data["room"]) if data["room"] else None, **given)
    else:
        use_device(device=Device.objects.of(visit.clinic).get(pk=data["device"]), settings=data["settings"], **given)


def _dropped(request: HttpRequest, visit: Treatment, device: str) -> HttpResponse:
    here = reverse("devices_used:show", args=[visit.pk])
    use = next((use for use in _uses(visit) if str(use.device_id) == device), None)
    if use is not None:
        try:
            drop_device(visit=visit, device=use.device, by=request.user, at=request.at)  # type: ignore[arg-type, attr-defined]
        except Refused as refused:
            return _used_shown(request, visit, refused=refused.reasons, status=409)
    return HttpResponseRedirect(here)


def _used_shown(request: HttpRequest, visit: Treatment, *, status: int = 200, **forms: Any) -> HttpResponse:
    library = library_of(visit.clinic)
    uses = _uses(visit)
    items = SingleUse.objects.filter(treatment=visit).select_related("lot").order_by("created_at")
    context = {
        "uses": uses, "items": [{"row": row, "kind": ITEMS.get(row.kind, row.kind)} for row in items], "none_listed": not _choices(visit),
        "use_form": UseForm(devices=_choices(visit)), "room_form": UsedRoomForm(rooms=_rooms(visit), initial={"room": str(visit.room_id or "")}),
        "item_form": ItemForm(lots=_item_lots(visit)), "open": visit.state in ("planned", "open"),
        "may_treat": request.user.may(Capability.TREAT), **forms,  # type: ignore[union-attr]
    }  # fmt: skip
    findings = device_findings(device_facts([use.device for use in uses], visit), local_day(request.user, request.at), library)  # type: ignore[arg-type, attr-defined]
    return render_step(request, visit, "treatment", "devices/used.html", context, findings=findings, status=status)


def _uses(visit: Treatment) -> list[DeviceUse]:
    return list(DeviceUse.objects.filter(treatment=visit).select_related("device", "device__clinic").order_by("created_at"))


def _rooms(visit: Treatment) -> list[tuple[str, str]]:
    """The rooms in use, and the one recorded already even where it was closed since."""
    rooms = Room.objects.of(visit.clinic).filter(Q(state=Room.State.IN_USE) | Q(pk=visit.room_id)).order_by("name")
    return [(str(room.pk), room.name) for room in rooms]


def _choices(visit: Treatment) -> list[tuple[str, str]]:
    devices = Device.objects.of(visit.clinic).filter(state=Device.State.IN_USE).order_by("name")
    return [(str(device.pk), f"{device.name}, {device.serial}" if device.serial else device.name) for device in devices]


def _item_lots(visit: Treatment) -> list[tuple[str, str]]:
    """Lots of single-use items that are on the shelf and may be used."""
    lots = Lot.objects.of(visit.clinic).filter(product__kind="item", state=Lot.State.USABLE).select_related("product").order_by("expires_on")
    return [(str(lot.pk), f"{lot.product.name}, {lot.lot_number}, expires {day(lot.expires_on)}") for lot in lots]
