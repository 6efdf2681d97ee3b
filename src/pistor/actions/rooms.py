"""Rooms: add one, close it or open it again, and record in which one a patient was treated."""

from __future__ import annotations

import datetime as dt
import uuid

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.records.people import Capability, User
from pistor.records.rooms import Room
from pistor.records.treatment import Treatment


def add_room(*, name: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Room:
    """Put a room on the clinic's list."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="room.added", token=token, at=at, location=location):
        said = " ".join(name.split())
        if not said or len(said) > 60:
            raise Refused("Enter a name for the room, of at most 60 characters.")
        if Room.objects.of(by.clinic).filter(name__iexact=said).exists():
            raise Refused(f"A room “{said}” is on the list already.")
        row: Room = Room.objects.create(clinic_id=clinic_id_of(by), created_at=at, created_by=by, name=said)
        audit(by=by, verb="room.added", subject=row, at=at)
    return row


def set_room_state(*, room: Room, state: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Room:
    """Close a room, so that no treatment is recorded in it any more, or open it again."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="room.changed", token=token, at=at, location=location):
        row: Room = Room.objects.of(by.clinic).select_for_update().get(pk=room.pk)
        if state not in Room.State.values:
            raise Refused("A room is in use or closed; choose one.")
        if row.state != state:
            row.state = state
            row.save(update_fields=["state"])
            audit(by=by, verb="room.changed", subject=row, at=at, state=state)
    return row


def use_room(*, visit: Treatment, room: Room | None, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Treatment:
    """Record in which room a patient is treated; None takes it back. A signed treatment keeps its own."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="room.used", token=token, at=at, location=location):
        row: Treatment = Treatment.objects.of(by.clinic).select_for_update(of=("self",)).get(pk=visit.pk)
        if row.state == Treatment.State.SIGNED:
            raise Refused("This treatment is signed and locked. Add an amendment instead.")
        if row.state == Treatment.State.CANCELLED:
            raise Refused("This visit was cancelled, so nothing can be recorded for it.")
        found = Room.objects.of(by.clinic).filter(pk=room.pk).first() if room else None
        if room and (found is None or found.state == Room.State.CLOSED):
            raise Refused("This room is closed, or not of your clinic. Choose another one.")
        if row.room_id != (found.pk if found else None):
            row.room = found
            row.save(update_fields=["room"])
            audit(by=by, verb="room.used", subject=row, at=at, patient_id=row.patient_id, room=str(found.pk) if found else "")
    return row
