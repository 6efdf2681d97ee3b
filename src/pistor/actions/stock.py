"""Lots on the shelf: add one, take one out of use."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.actions.course import local_day
from pistor.care.stock import WAYS, Place, is_diluent
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.stock import Lot, Product, StockMove, Vial

REASONS = {  # codes, so that the audit trail can keep them
    "notice": "Notice of the manufacturer or an authority",
    "reaction": "Suspected in a reaction or an infection",
    "package": "Package damaged, opened or not readable",
    "storage": "Not stored as the label asks",
    "checked": "Checked, and nothing was found",
    "mistake": "Marked by mistake",
}
RELEASING = ("checked", "mistake")  # the reasons that fit a lot that is usable again
MOST_UNITS = 1_000_000
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
    with unit_of_work(by=by, capability=Capability.TREAT, verb="lot.added", token=token, at=at, location=location):
        number, today = " ".join(lot_number.split()), local_day(by, at)
        if presentation not in library_of(by.clinic).presentations:
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
                    clinic_id=by.clinic_id or "", created_at=at, created_by=by, product=product_of(presentation, by=by, at=at), presentation=presentation,
                    lot_number=number, manufacturer=manufacturer.strip()[:120], expires_on=expires_on,
                )  # fmt: skip
        except IntegrityError:
            already = f"Lot {number} of this presentation is on the shelf already. Choose it in the list; if it is not there, it may not be used."
            raise Refused(already) from None
        audit(by=by, verb="lot.added", subject=lot, at=at, presentation=presentation)
    return lot


def product_of(presentation: str, *, by: User, at: dt.datetime) -> Product:
    """The product that the clinic first had of a presentation, made where there is none: counted in millilitres, the rest not said."""
    found: Product | None = Product.objects.of(by.clinic).filter(presentation=presentation, unit="mL").order_by("created_at").first()
    if found is not None:
        return found
    name = library_of(by.clinic).presentations[presentation].name[:200]
    kind = Product.Kind.DILUENT if is_diluent(presentation) else Product.Kind.PRODUCT
    return Product.objects.create(
        clinic_id=clinic_id_of(by), created_at=at, created_by=by, presentation=presentation, name=name, kind=kind, unit="mL"
    )


@dataclass(frozen=True, slots=True)
class Booked:
    """So many units of a lot, or of one opened vial of it, out of one place and into another."""

    lot: Lot
    taken_from: Place
    put_into: Place
    units: Decimal
    unit: str
    vial: Vial | None = None


def book(moves: Iterable[Booked], *, booking: uuid.UUID, by: User, at: dt.datetime, reason: str = "") -> list[StockMove]:
    """Write moves of stock, inside the transaction of the action that makes them. Returns the rows.

    ``booking`` says what they belong to: the same one cannot book the same way of a lot or vial twice. Raises Refused for
    a unit that the product is not counted in, a vial of another lot, no amount, or a way that nothing can go.
    """
    rows = []
    for move in moves:
        if move.unit != move.lot.product.unit:
            raise Refused(f"{move.lot.product.name} is counted in {move.lot.product.unit}, not in {move.unit}.")
        if move.vial is not None and move.vial.lot_id != move.lot.pk:
            raise Refused("This vial is of another lot. Choose the vial again.")
        if move.units <= 0 or move.units != round(move.units, 3) or move.units >= MOST_UNITS:
            raise Refused("Enter an amount above 0 and below 1 000 000, with at most three decimals.")
        if (move.taken_from, move.put_into) not in WAYS or (Place.VIAL in (move.taken_from, move.put_into)) is not (move.vial is not None):
            raise Refused("Stock cannot go this way.")
        rows.append(StockMove(
            clinic_id=clinic_id_of(by), created_at=at, created_by=by, lot=move.lot, vial=move.vial, taken_from=move.taken_from, put_into=move.put_into,
            units=move.units, unit=move.unit, booking=booking, reason=reason,
        ))  # fmt: skip
    return StockMove.objects.bulk_create(rows)


def set_lot_state(
    *,
    lot: Lot,
    state: str,
    reason: str,
    by: User,
    at: dt.datetime,
    shown: str | None = None,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Lot:
    """Quarantine, recall or release a lot. A recalled lot stays recalled.

    ``shown`` is the state that was on the screen: where it is another by now, nothing is changed.
    """
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="lot.state", token=token, at=at, location=location):
        lot = Lot.objects.of(by.clinic).select_for_update().get(pk=lot.pk)
        if state not in Lot.State.values:
            raise Refused("A lot is usable, in quarantine or recalled; choose one of these.")
        if lot.state == Lot.State.RECALLED and state != Lot.State.RECALLED:
            raise Refused(f"Lot {lot.lot_number} is recalled and stays so.")
        if shown is not None and shown != lot.state:
            raise Refused("Somebody changed the state of this lot after you opened this page. Look at it as it is now, then save again.")
        if state == lot.state:
            raise Refused(f"Lot {lot.lot_number} is in this state already.")
        if reason not in REASONS or (reason in RELEASING) is not (state == Lot.State.USABLE):
            raise Refused("Choose a reason that fits: why the lot is taken out of use, or why it may be used again.")
        before, lot.state = lot.state, state
        lot.save(update_fields=["state"])
        audit(by=by, verb="lot.state", subject=lot, at=at, before=before, after=state, reason=reason)
    return lot
