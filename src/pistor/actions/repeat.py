"""Repeat the last treatment: the syringe from the lots in hand, and the device that was used, in one step."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.devices import use_device
from pistor.actions.syringes import make_syringe
from pistor.actions.unsigned import unsigned_visit
from pistor.care.stock import Take
from pistor.records.devices import Device
from pistor.records.people import Capability, User
from pistor.records.repeat import last_given
from pistor.records.syringes import Syringe
from pistor.records.treatment import Treatment


def repeat_last(
    *,
    visit: Treatment,
    takes: Sequence[Take],
    look: str = "not_said",
    own_hours: Decimal | None = None,
    own_basis: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Syringe:
    """Make the syringe from ``takes`` and note the device of the last treatment of this course, where it is still in use.

    What was given then are the first values of the chart (:func:`pistor.records.repeat.last_given`): they are confirmed there
    by whoever gives them, and the checklist, the pain and the reactions are never taken over.
    """
    with unit_of_work(by=by, capability=Capability.TREAT, verb="treatment.repeated", token=token, at=at, location=location):
        visit = unsigned_visit(visit, by)
        last = last_given(visit)
        if last is None:
            raise Refused("No treatment of this course is signed yet, so there is nothing to repeat.")
        row = make_syringe(visit=visit, takes=takes, look=look, own_hours=own_hours, own_basis=own_basis, by=by, at=at)
        settings = dict(last.devices)
        for device in Device.objects.of(by.clinic).filter(pk__in=settings, state=Device.State.IN_USE).order_by("pk"):
            use_device(visit=visit, device=device, settings=settings[device.pk], by=by, at=at)
        audit(by=by, verb="treatment.repeated", subject=visit, at=at, patient_id=visit.patient_id, syringe=str(row.pk))
    return row
