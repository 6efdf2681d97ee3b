"""Stock as a ledger between places: what is where is what came in less what went out, in the unit the product is counted in.

Nothing is lost between places: a millilitre that leaves the shelf is in a vial, a syringe, a patient or the waste, or a count
found that it was not there. Units are never converted: millilitres, milligrams, international units and pieces do not mix.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pistor.care.evidence import Effect, Fact, Finding

SOON = dt.timedelta(days=30)  # how long before it expires a lot is named
UNITS = {"mL": "mL", "mg": "mg", "IU": "IU (international units)", "piece": "pieces"}


class Place(StrEnum):
    OUTSIDE = "outside"  # where deliveries come from
    SHELF = "shelf"  # closed containers
    VIAL = "vial"  # one opened container
    SYRINGE = "syringe"
    PATIENT = "patient"
    WASTE = "waste"
    COUNT = "count"  # what a count found more or less than the ledger held


_P = Place
WAYS: dict[tuple[Place, Place], str] = {  # every way a unit can go, in a word
    (_P.OUTSIDE, _P.SHELF): "Received",
    (_P.SHELF, _P.VIAL): "Opened",
    (_P.SHELF, _P.SYRINGE): "Drawn",
    (_P.VIAL, _P.SYRINGE): "Drawn",
    (_P.SYRINGE, _P.PATIENT): "Given",
    (_P.SHELF, _P.WASTE): "Wasted",
    (_P.VIAL, _P.WASTE): "Wasted",
    (_P.SYRINGE, _P.WASTE): "Wasted",
    (_P.COUNT, _P.SHELF): "Found by a count",
    (_P.SHELF, _P.COUNT): "Missing at a count",
    (_P.COUNT, _P.VIAL): "Found in the vial",
    (_P.VIAL, _P.COUNT): "Missing in the vial",
    # And back, where a signed treatment named the wrong lot:
    (_P.PATIENT, _P.SYRINGE): "Booked back: given",
    (_P.WASTE, _P.SYRINGE): "Booked back: wasted",
    (_P.SYRINGE, _P.VIAL): "Booked back: drawn",
    (_P.SYRINGE, _P.SHELF): "Booked back: drawn",
    (_P.WASTE, _P.VIAL): "Booked back: wasted",
    (_P.VIAL, _P.SHELF): "Booked back: opened",
}


@dataclass(frozen=True, slots=True)
class Move:
    """So many units out of one place and into another."""

    taken_from: Place
    put_into: Place
    units: Decimal


@dataclass(frozen=True, slots=True)
class LotGiven:
    """A lot of which something was drawn or given."""

    presentation: str
    lot_number: str
    expires_on: dt.date
    state: str  # usable, quarantined or recalled
    volume_ml: Decimal


def unusable_lots(lots: Iterable[LotGiven], on: dt.date) -> tuple[str, ...]:
    """Lots that must not be given on a day, each in a sentence."""
    said = []
    for lot in lots:
        if lot.state == "recalled":
            said.append(f"Lot {lot.lot_number} is recalled. Take another lot.")
        elif lot.state != "usable":
            said.append(f"Lot {lot.lot_number} is in quarantine. Take another lot until it is released.")
        elif lot.expires_on < on:
            said.append(f"Lot {lot.lot_number} expired on {lot.expires_on.day} {lot.expires_on:%b %Y}. Take another lot.")
    return tuple(said)


def is_diluent(presentation: str) -> bool:
    """Whether a presentation of the library is there to thin others: saline of any kind."""
    return presentation.startswith("sodium_chloride_")


def balance(moves: Iterable[Move], place: Place) -> Decimal:
    """What is in a place after some moves."""
    return sum((move.units * ((move.put_into is place) - (move.taken_from is place)) for move in moves), Decimal(0))


def reconcile(container: Decimal, drawn: Decimal, wasted: Decimal) -> Decimal:
    """What a container held beyond what was drawn and wasted: 0 where it fits, above 0 where something is missing."""
    return container - drawn - wasted


@dataclass(frozen=True, slots=True)
class Held:
    """One lot on the shelf. ``units`` is None while nobody has received or counted it here: not known is not nothing."""

    lot: uuid.UUID
    lot_number: str
    product: uuid.UUID
    name: str
    expires_on: dt.date
    state: str  # usable, quarantined or recalled
    units: Decimal | None
    unit: str
    par_units: Decimal | None = None  # of the product: below this it is ordered again; None where nobody said

    def usable(self, on: dt.date) -> bool:
        """A lot is good through the day it expires on."""
        return self.state == "usable" and self.expires_on >= on


@dataclass(frozen=True, slots=True)
class Take:
    """So much out of one lot."""

    lot: uuid.UUID
    units: Decimal
    unit: str


def first_expiring(held: Iterable[Held], need: Decimal, on: dt.date, *, unit: str = "mL") -> tuple[Take, ...]:
    """From which lots to take what is needed: the first to expire first, and none that may not be used.

    Lots counted in another unit are passed over. A lot that was never counted is taken to hold what is still needed, since
    somebody has it in hand. What is taken together is less than the need where there is not enough.
    """
    takes: list[Take] = []
    for lot in sorted((lot for lot in held if lot.usable(on) and lot.unit == unit), key=lambda lot: (lot.expires_on, lot.lot_number)):
        units = need if lot.units is None else min(need, lot.units)
        if units > 0:
            takes.append(Take(lot.lot, units, unit))
            need -= units
    return tuple(takes)


def warnings(held: Sequence[Held], on: dt.date) -> tuple[Finding, ...]:
    """What somebody has to do about the shelf: lots that expired or soon will, then products that run low."""
    dated = sorted((lot for lot in held if lot.units != 0 and lot.state != "recalled"), key=lambda lot: (lot.expires_on, lot.name, lot.lot_number))
    return (*(finding for lot in dated if (finding := _expiry(lot, on))), *_low(held, on))


def _expiry(lot: Held, on: dt.date) -> Finding | None:
    left = (lot.expires_on - on).days
    because = (Fact("expires on", lot.expires_on.isoformat(), None, f"lot {lot.lot_number}"),)
    if left < 0:
        return Finding("stock.expired", Effect.CONTRAINDICATED, f"{lot.name}, lot {lot.lot_number}: expired. Take it off the shelf.", because, stops=True)
    if left > SOON.days:
        return None
    when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
    return Finding("stock.expires_soon", Effect.CAUTION, f"{lot.name}, lot {lot.lot_number}: expires {when}. Use it first.", because)


def _low(held: Sequence[Held], on: dt.date) -> tuple[Finding, ...]:
    products: dict[uuid.UUID, list[Held]] = {}
    for lot in held:
        products.setdefault(lot.product, []).append(lot)
    found = []
    for lots in products.values():
        first, par = lots[0], lots[0].par_units
        good = [lot for lot in lots if lot.usable(on)]
        if par is None or any(lot.units is None for lot in good):
            continue  # nobody said how much there should be, or how much there is
        there = sum((lot.units for lot in good if lot.units is not None), Decimal(0))
        if there < par:
            because = (Fact("usable", f"{there} {first.unit}", on, "stock ledger"), Fact("at least", f"{par} {first.unit}", None, "product"))
            said = f"{first.name}: {plain(there)} {first.unit} left; at least {plain(par)} should be there. Order it."
            found.append(Finding("stock.low", Effect.CAUTION, said, because))
    return tuple(sorted(found, key=lambda finding: finding.text))


def plain(units: Decimal) -> str:
    """A number of units without trailing zeros and without an exponent."""
    text = format(units, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
