"""Lots on the shelf: add one, take one out of use."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.course import local_day
from pistor.knowledge import load
from pistor.records.people import Capability, User
from pistor.records.stock import Lot

LONGEST_SHELF_LIFE = dt.timedelta(days=20 * 365)


def add_lot(
    *,
    presentation: str,
    lot_number: str,
    expires_on: dt.date,
    manufacturer: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Lot:
    """Put a lot on the clinic's shelf. One that has expired is refused."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="lot.added", token=token, at=at) as submission:
        number, today = " ".join(lot_number.split()), local_day(by, at)
        if presentation not in load().presentations:
            raise Refused(f"“{presentation[:60]}” is no known presentation. Choose one of the blend.")
        if not number or len(number) > 60:
            raise Refused("Enter the lot number as it stands on the package, at most 60 characters.")
        if expires_on < today:
            raise Refused(f"Lot {number} expired on {expires_on.day} {expires_on:%b %Y}. It must not be used.")
        if expires_on > today + LONGEST_SHELF_LIFE:
            raise Refused(f"Lot {number} would expire in {expires_on.year}, which cannot be. Check the year.")
        try:
            with transaction.atomic():
                lot = Lot.objects.create(
                    clinic_id=by.clinic_id or "", created_at=at, created_by=by, presentation=presentation, lot_number=number,
                    manufacturer=manufacturer.strip()[:120], expires_on=expires_on,
                )  # fmt: skip
        except IntegrityError:
            already = f"Lot {number} of this presentation is on the shelf already. Choose it in the list; if it is not there, it may not be used."
            raise Refused(already) from None
        audit(by=by, verb="lot.added", subject=lot, at=at, presentation=presentation)
        if submission:
            submission.location = location
    return lot


def set_lot_state(*, lot: Lot, state: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Lot:
    """Quarantine, recall or release a lot. A recalled lot stays recalled."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="lot.state", token=token, at=at) as submission:
        lot = Lot.objects.of(by.clinic).select_for_update().get(pk=lot.pk)
        if state not in Lot.State.values:
            raise Refused("A lot is usable, in quarantine or recalled; choose one of these.")
        if lot.state == Lot.State.RECALLED and state != Lot.State.RECALLED:
            raise Refused(f"Lot {lot.lot_number} is recalled and stays so.")
        before, lot.state = lot.state, state
        lot.save(update_fields=["state"])
        audit(by=by, verb="lot.state", subject=lot, at=at, before=before, after=state)
        if submission:
            submission.location = location
    return lot
