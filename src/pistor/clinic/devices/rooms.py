"""The clinic's rooms: a treatment says in which one it was given, and a recall finds who was in it."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.rooms import add_room, set_room_state
from pistor.clinic.devices.forms import RoomForm, RoomStateForm
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import drafts_for
from pistor.records.people import Capability
from pistor.records.rooms import Room


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_STOCK)
def rooms(request: HttpRequest) -> HttpResponse:
    """Every room of the clinic, and the form that adds one."""
    form = RoomForm(request.POST or None)
    if request.method != "POST":
        return _listed(request, form)
    if not form.is_valid():
        return _listed(request, form, 422)
    data, here = form.cleaned_data, reverse("devices:rooms")
    try:
        add_room(name=data["name"], by=request.user, at=request.at, token=data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _listed(request, form, 409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_STOCK)
def room(request: HttpRequest, room_id: uuid.UUID) -> HttpResponse:
    """Take the answer whether a room is in use."""
    found: Room = get_object_or_404(Room.objects.of(request.user.clinic), pk=room_id)  # type: ignore[union-attr]
    here = reverse("devices:rooms")
    if request.method != "POST":
        return HttpResponseRedirect(here)
    form = RoomStateForm(request.POST)
    if not form.is_valid():
        return _listed(request, RoomForm(), 422, problem="A room is in use or closed; press the button beside it again.")
    try:
        set_room_state(room=found, state=form.cleaned_data["state"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        return _listed(request, RoomForm(), 409, problem=" ".join(refused.reasons))
    return HttpResponseRedirect(here)


def _listed(request: HttpRequest, form: RoomForm, status: int = 200, *, problem: str = "") -> HttpResponse:
    found = Room.objects.of(request.user.clinic).order_by("-state", "name")  # type: ignore[union-attr]
    rows = [{"room": row, "form": RoomStateForm(initial={"state": "closed" if row.state == Room.State.IN_USE else "in_use"})} for row in found]
    context = {"rows": rows, "form": form, "problem": problem, "may_change": request.user.may(Capability.MANAGE_STOCK)}  # type: ignore[union-attr]
    return render(request, "devices/rooms.html", {**context, "draft": drafts_for(request)}, status=status)
