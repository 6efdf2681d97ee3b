"""Stock: receive a lot, open a vial, waste and count, take a lot out of use. Every unit that moves is in the ledger, in the same transaction."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.actions.course import local_day
from pistor.care.codes import in_signs
from pistor.care.stock import UNITS, WAYS, Place, is_diluent, plain, reconcile
from pistor.records.consultation import Patient
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.stock import Discrepancy, Lot, Product, StockMove, Vial, left_in, on_shelf

REASONS = {  # codes, so that the audit trail can keep them
    "notice": "Notice of the manufacturer or an authority",
    "reaction": "Suspected in a reaction or an infection",
    "package": "Package damaged, opened or not readable",
    "storage": "Not stored as the label asks",
    "checked": "Checked, and nothing was found",
    "mistake": "Marked by mistake",
}
WASTED = {  # codes, as above
    "expired": "Expired",
    "damaged": "Damaged or not readable",
    "contaminated": "Touched, dropped or left open",
    "time": "Open for too long",
    "rest": "Rest of an opened vial",
    "recalled": "Recalled or quarantined",
}
MOVED = {**WASTED, "corrected": "Correction of a signed treatment"}  # why something moved
RELEASING = ("checked", "mistake")  # the reasons that fit a lot that is usable again
MOST_UNITS = 1_000_000
LONGEST_SHELF_LIFE = dt.timedelta(days=20 * 365)


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
        counted = Place.COUNT in (move.taken_from, move.put_into)  # a count that fits moves nothing
        if move.units < 0 or (move.units == 0 and not counted) or move.units != round(move.units, 3) or move.units >= MOST_UNITS:
            raise Refused("Enter an amount above 0 and below 1 000 000, with at most three decimals.")
        if (move.taken_from, move.put_into) not in WAYS or (Place.VIAL in (move.taken_from, move.put_into)) is not (move.vial is not None):
            raise Refused("Stock cannot go this way.")
        rows.append(StockMove(
            clinic_id=clinic_id_of(by), created_at=at, created_by=by, lot=move.lot, vial=move.vial, taken_from=move.taken_from, put_into=move.put_into,
            units=move.units, unit=move.unit, booking=booking, reason=reason,
        ))  # fmt: skip
    return StockMove.objects.bulk_create(rows)


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as it is first received. ``presentation`` is of the library, and empty for a single-use item."""

    presentation: str
    name: str = ""  # where empty, the library's
    gtin: str = ""
    unit: str = "mL"
    prescription: str = Product.Prescription.NOT_SAID
    storage: str = ""


def receive(
    *,
    product: Product | NewProduct,
    lot_number: str,
    expires_on: dt.date,
    containers: int,
    container_units: Decimal,
    unit: str,
    manufacturer: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Lot:
    """Put a delivery on the shelf: so many containers of so many units each. A further delivery adds to the lot that is there."""
    with unit_of_work(by=by, capability=Capability.KEEP_STOCK, verb="lot.received", token=token, at=at, location=location):
        number = _checked(lot_number, expires_on, local_day(by, at))
        kept = _add_product(product, by=by, at=at) if isinstance(product, NewProduct) else Product.objects.of(by.clinic).get(pk=product.pk)
        if containers < 1 or containers > 10_000:
            raise Refused("Enter how many containers came, from 1 to 10 000.")
        if not _countable(container_units):
            raise Refused("Enter how much each container holds, above 0 and below 1 000 000, with at most three decimals.")
        if kept.container_units is None:
            kept.container_units = container_units
            kept.save(update_fields=["container_units"])
        lot = Lot.objects.select_for_update().filter(product=kept, lot_number=number).first() or Lot.objects.create(
            clinic_id=clinic_id_of(by), created_at=at, created_by=by, product=kept, presentation=kept.presentation, lot_number=number,
            manufacturer=manufacturer.strip()[:120], expires_on=expires_on,
        )  # fmt: skip
        if lot.expires_on != expires_on:
            there = f"{lot.expires_on.day} {lot.expires_on:%b %Y}"
            raise Refused(f"Lot {number} is on the shelf with the expiry {there}. One of the two is wrong: look at the packages, and put what differs aside.")
        if lot.state == Lot.State.RECALLED:
            raise Refused(f"Lot {number} is recalled. Do not put it on the shelf; send it back.")
        _book_one(lot, Place.OUTSIDE, Place.SHELF, container_units * containers, unit, booking=token, by=by, at=at)
        audit(by=by, verb="lot.received", subject=lot, at=at, product=str(kept.pk))
    return lot


def _add_product(new: NewProduct, *, by: User, at: dt.datetime) -> Product:
    entry = library_of(by.clinic).presentations.get(new.presentation)
    if new.presentation and entry is None:
        raise Refused(f"“{new.presentation[:60]}” is no known presentation. Choose one of the list.")
    name = " ".join(new.name.split())[:200] or (entry.name[:200] if entry else "")
    if not name:
        raise Refused("Enter what it is, as it stands on the package.")
    if new.unit not in UNITS or (new.unit == "piece") is not (entry is None):
        raise Refused("What is injected is counted in mL, mg or IU, and single-use items in pieces. Choose the unit.")
    kind = Product.Kind.ITEM if entry is None else Product.Kind.DILUENT if is_diluent(new.presentation) else Product.Kind.PRODUCT
    try:
        with transaction.atomic():
            product: Product = Product.objects.create(
                clinic_id=clinic_id_of(by), created_at=at, created_by=by, presentation=new.presentation, name=name, kind=kind, gtin=new.gtin, unit=new.unit,
                prescription=new.prescription, storage=new.storage.strip()[:200],
            )  # fmt: skip
    except IntegrityError:
        raise Refused("A product with this article number is on the list already. Choose it there.") from None
    audit(by=by, verb="product.added", subject=product, at=at, presentation=new.presentation)
    return product


def describe_product(
    *,
    product: Product,
    container_units: Decimal | None,
    par_units: Decimal | None,
    prescription: str,
    storage: str,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Product:
    """Say what one container holds, how much should be there, how it is stored, and whether it needs a prescription."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="product.described", token=token, at=at, location=location):
        product = Product.objects.of(by.clinic).select_for_update().get(pk=product.pk)
        if any(units is not None and not _countable(units) for units in (container_units, par_units)):
            raise Refused("Enter amounts above 0 and below 1 000 000, or leave the field empty where nobody knows.")
        if prescription not in Product.Prescription.values:
            raise Refused("Say whether the product needs a prescription, or that it is not known.")
        product.container_units, product.par_units, product.prescription, product.storage = container_units, par_units, prescription, storage.strip()[:200]
        product.save(update_fields=["container_units", "par_units", "prescription", "storage"])
        audit(by=by, verb="product.described", subject=product, at=at, prescription=prescription)
    return product


def open_vial(
    *,
    lot: Lot,
    container_units: Decimal | None = None,
    patient: Patient | None = None,
    discard_after: dt.datetime | None = None,
    discard_basis: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Vial:
    """Open one container. It has a code for its label; what it holds is the product's, or said where nobody knows that yet.

    A product that serves one patient a container needs the patient. Until when an open one may be used is said with its basis,
    or stays unknown: none is assumed.
    """
    with unit_of_work(by=by, capability=Capability.KEEP_STOCK, verb="vial.opened", token=token, at=at, location=location):
        lot = _locked(lot, by)
        _refuse_unusable(lot, local_day(by, at))
        held = container_units or lot.product.container_units
        if held is None:
            raise Refused(f"Enter how many {lot.product.unit} the container holds, as it stands on its label.")
        if not _countable(held):
            raise Refused("A container holds more than 0 and less than 1 000 000 units.")
        entry = library_of(by.clinic).presentations.get(lot.presentation)
        if entry is None:
            raise Refused("Only what is drawn up is opened as a vial. Single-use items are taken from the pack.")
        if patient is None and entry.single_use:
            raise Refused("A container of this product serves one patient. Enter the patient's number.")
        if discard_after is not None and (discard_after <= at or not discard_basis.strip()):
            raise Refused("Until when it may be used lies ahead, and has a basis: the label, the pharmacy or your own rule.")
        _refuse_more_than_held(lot, held)
        vial = add_vial(lot, held, opened_at=at, patient=patient, discard_after=discard_after, discard_basis=discard_basis.strip()[:200], by=by, at=at)
        _book_one(lot, Place.SHELF, Place.VIAL, held, lot.product.unit, vial=vial, booking=token, by=by, at=at)
        audit(by=by, verb="vial.opened", subject=vial, at=at, patient_id=patient.pk if patient else None, lot=str(lot.pk))
    return vial


def add_vial(lot: Lot, held: Decimal, *, opened_at: dt.datetime, by: User, at: dt.datetime, **known: Any) -> Vial:
    """The row of an opened container with a code of its own, inside the transaction of the action that books its opening."""
    code = in_signs(secrets.randbits(50))
    own = {"clinic_id": clinic_id_of(by), "created_at": at, "created_by": by}
    row: Vial = Vial.objects.create(**own, lot=lot, code=code, container_units=held, opened_at=opened_at, **known)
    return row


def waste(
    *,
    lot: Lot,
    units: Decimal,
    unit: str,
    reason: str,
    vial: Vial | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> StockMove:
    """Throw away some of a lot from the shelf, or from an opened vial of it. No more than is there."""
    with unit_of_work(by=by, capability=Capability.KEEP_STOCK, verb="stock.wasted", token=token, at=at, location=location):
        lot = _locked(lot, by)
        if reason not in WASTED:
            raise Refused("Choose why it is thrown away.")
        if vial is None:
            _refuse_more_than_held(lot, units)
        elif units > left_in([vial])[vial.pk].units:
            raise Refused(f"There are only {plain(left_in([vial])[vial.pk].units)} {unit} left in this vial by the ledger. Close it, and enter what you find.")
        place = Place.VIAL if vial else Place.SHELF
        move = _book_one(lot, place, Place.WASTE, units, unit, vial=vial, booking=token, by=by, at=at, reason=reason)
        audit(by=by, verb="stock.wasted", subject=lot, at=at, reason=reason)
    return move


def close_vial(
    *, vial: Vial, found: Decimal, unit: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> Discrepancy | None:
    """End a vial: what is found in it is thrown away. Where that is not what the ledger has left in it, the difference is returned."""
    with unit_of_work(by=by, capability=Capability.KEEP_STOCK, verb="vial.closed", token=token, at=at, location=location):
        lot = _locked(vial.lot, by)
        vial = Vial.objects.of(by.clinic).select_for_update().get(pk=vial.pk)
        if vial.closed_at is not None:
            raise Refused("This vial is closed already.")
        if found < 0 or unit != lot.product.unit:
            raise Refused(f"Enter what is left in the vial, in {lot.product.unit}; 0 where it is empty.")
        left = left_in([vial])[vial.pk].units
        more = reconcile(vial.container_units, vial.container_units - left, found)  # above 0: missing
        if more:
            way = (Place.VIAL, Place.COUNT) if more > 0 else (Place.COUNT, Place.VIAL)
            _book_one(lot, *way, abs(more), unit, vial=vial, booking=token, by=by, at=at)
        if found:
            _book_one(lot, Place.VIAL, Place.WASTE, found, unit, vial=vial, booking=token, by=by, at=at, reason="rest")
        vial.closed_at = at
        vial.save(update_fields=["closed_at"])
        audit(by=by, verb="vial.closed", subject=vial, at=at, patient_id=vial.patient_id, lot=str(lot.pk), fits=not more)
        return note_difference(lot, left, found, vial=vial, by=by, at=at) if more else None


def count(
    *, lot: Lot, found: Decimal, unit: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> Discrepancy | None:
    """Set what is closed on the shelf to what was counted. The first count of a lot only says it; later ones may find a difference."""
    with unit_of_work(by=by, capability=Capability.KEEP_STOCK, verb="stock.counted", token=token, at=at, location=location):
        lot = _locked(lot, by)
        if not 0 <= found < MOST_UNITS:
            raise Refused("Enter what is on the shelf, from 0 to below 1 000 000.")
        held = on_shelf([lot])[lot.pk]
        missing = held.units - found
        way = (Place.SHELF, Place.COUNT) if missing > 0 else (Place.COUNT, Place.SHELF)
        _book_one(lot, *way, abs(missing), unit, booking=token, by=by, at=at)
        differs = held.known and missing != 0
        audit(by=by, verb="stock.counted", subject=lot, at=at, fits=not differs)
        return note_difference(lot, held.units, found, by=by, at=at) if differs else None


def resolve_discrepancy(
    *, discrepancy: Discrepancy, explanation: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> Discrepancy:
    """Say why a count did not fit. The ledger holds what was found already."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="discrepancy.resolved", token=token, at=at, location=location):
        row: Discrepancy = Discrepancy.objects.of(by.clinic).select_for_update().get(pk=discrepancy.pk)
        if row.resolved_at is not None:
            raise Refused("Somebody explained this difference already.")
        said = " ".join(explanation.split())
        if not said or len(said) > 300:
            raise Refused("Write what explains the difference, in at most 300 characters.")
        row.resolved_at, row.resolved_by, row.explanation = at, by, said
        row.save(update_fields=["resolved_at", "resolved_by", "explanation"])
        audit(by=by, verb="discrepancy.resolved", subject=row, at=at, lot=str(row.lot_id))
    return row


def _countable(units: Decimal) -> bool:
    """Whether the ledger can hold so much as it is: PostgreSQL would round what has more decimals."""
    return 0 < units < MOST_UNITS and units == round(units, 3)


def _checked(lot_number: str, expires_on: dt.date, today: dt.date) -> str:
    """The lot number without stray spaces, of a lot that has not expired."""
    number = " ".join(lot_number.split())
    if not number or len(number) > 60:
        raise Refused("Enter the lot number as it stands on the package, at most 60 characters.")
    if expires_on < today:
        raise Refused(f"Lot {number} expired on {expires_on.day} {expires_on:%b %Y}. It must not be used.")
    if expires_on > today + LONGEST_SHELF_LIFE:
        raise Refused(f"Lot {number} would expire in {expires_on.year}, which cannot be. Check the year.")
    return number


def _locked(lot: Lot, by: User) -> Lot:
    """The lot with its product, held until the transaction ends: who moves stock of it waits."""
    found: Lot = Lot.objects.of(by.clinic).select_for_update(of=("self",)).select_related("product").get(pk=lot.pk)
    return found


def _refuse_unusable(lot: Lot, today: dt.date) -> None:
    if lot.state != Lot.State.USABLE:
        raise Refused(f"Lot {lot.lot_number} is {lot.get_state_display().lower()} and must not be used.")
    if lot.expires_on < today:
        raise Refused(f"Lot {lot.lot_number} expired on {lot.expires_on.day} {lot.expires_on:%b %Y}. It must not be used.")


def _refuse_more_than_held(lot: Lot, units: Decimal) -> None:
    held = on_shelf([lot])[lot.pk]
    if held.known and units > held.units:
        raise Refused(f"By the ledger {plain(held.units)} {lot.product.unit} of lot {lot.lot_number} are on the shelf. Count the lot first.")


def _book_one(
    lot: Lot, taken_from: Place, put_into: Place, units: Decimal, unit: str, *, vial: Vial | None = None, booking: uuid.UUID | None, by: User, at: dt.datetime,
    reason: str = "",
) -> StockMove:  # fmt: skip
    """One move, booked for the form that was sent."""
    move = Booked(lot, taken_from, put_into, units, unit, vial)
    return book([move], booking=booking or uuid.uuid4(), by=by, at=at, reason=reason)[0]


def note_difference(lot: Lot, expected: Decimal, found: Decimal, *, vial: Vial | None = None, by: User, at: dt.datetime) -> Discrepancy:
    """What does not fit the ledger, to be explained by somebody; inside the transaction of the action that books it."""
    row: Discrepancy = Discrepancy.objects.create(
        clinic_id=clinic_id_of(by), created_at=at, created_by=by, lot=lot, vial=vial, expected_units=expected, found_units=found, unit=lot.product.unit
    )
    return row


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
