"""Move the ledger where a lot of a signed treatment is corrected, in the transaction that corrects it.

What the ledger holds of a draw is booked back from the wrong lot, way by way, and booked anew out of the right one; both stand in it.
The booking of these moves follows from the amendment and the draw, so that none is moved twice for one amendment. What is
true is booked even where it must not have been used, or where by the ledger it was not there: the amendment says so, and the
difference is left for somebody to explain.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.actions.core import Refused
from pistor.actions.stock import Booked, add_vial, book, note_difference
from pistor.actions.syringes import MOST_CONTAINERS, serving_vials
from pistor.care.amendment import Change, Content, Redrawn, redrawn
from pistor.care.stock import Place, plain
from pistor.care.syringe import apportion
from pistor.records.amendments import signed_content
from pistor.records.library import library_of
from pistor.records.people import User
from pistor.records.signed import amendments_of
from pistor.records.stock import Lot, StockMove, Vial, left_in, on_shelf
from pistor.records.treatment import LotCorrection, Treatment

P = Place
STATES = {"quarantined": "it is in quarantine", "recalled": "it is recalled"}


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of it: sentences for the amendment, what else changed in the content, and the rows by which a recall finds the right lots."""

    said: tuple[str, ...]
    changes: tuple[Change, ...]
    corrections: tuple[LotCorrection, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger holds of one draw, in mL: from the shelf (None) or out of which vials, and what became of it."""

    taken: tuple[tuple[Vial | None, Decimal], ...]
    given: Decimal
    wasted: Decimal


def move_stock(visit: Treatment, content: Content, changes: Sequence[Change], *, amendment: uuid.UUID, by: User, at: dt.datetime) -> Moved:
    """Move the ledger for the draws whose lots ``changes`` correct; ``content`` is what is known before them.

    All that goes back is booked before anything comes out, so that lots that were mistaken for each other are there.
    """
    draws = redrawn(content, changes)
    lots = _locked([lot for draw in draws for lot in (str(draw.draw["lot"]), draw.lot)], by)
    held = {draw.path: _held(visit, draw) for draw in draws}
    said: list[str] = []
    after: list[Change] = []
    rows: list[tuple[Lot, uuid.UUID, Vial | None]] = []
    for draw in draws:
        said += _back(lots[str(draw.draw["lot"])], held[draw.path], booking=_booking(amendment, draw.path), by=by, at=at)
    for draw in draws:
        vials, lines = _out(visit, draw, lots[draw.lot], held[draw.path], booking=_booking(amendment, draw.path), by=by, at=at)
        said += lines
        after.append(Change(f"{draw.path}/vial", draw.draw["vial"], str(vials[0].pk) if len(vials) == 1 and vials[0] else None))
        rows += [(lots[draw.lot], uuid.UUID(draw.syringe["syringe"]), vial) for vial in vials or [None]]
    own = {"clinic_id": visit.clinic_id, "created_at": at, "created_by": by, "treatment": visit, "amendment_id": amendment}
    corrections = tuple(LotCorrection(**own, lot=lot, syringe_id=syringe, vial=vial) for lot, syringe, vial in dict.fromkeys(rows))
    against = [line for lot in dict.fromkeys(lots[draw.lot] for draw in draws) for line in _against(lot, visit)]
    return Moved((*said, *against), tuple(change for change in after if change.before != change.after), corrections)


def _booking(amendment: uuid.UUID, path: str) -> uuid.UUID:
    return uuid.uuid5(amendment, path)


def _locked(ids: Iterable[str], by: User) -> Mapping[str, Lot]:
    """The lots with their products, locked in one order for everybody."""
    found = Lot.objects.of(by.clinic).select_for_update(of=("self",)).select_related("product").filter(pk__in=set(ids)).order_by("pk")
    return {str(lot.pk): lot for lot in found}


def _held(visit: Treatment, draw: Redrawn) -> Held | None:
    """What the ledger holds of a draw by now: as it was signed, or as the last amendment of it left it. None where none was ever booked.

    What was given of a syringe is booked by lot, so that draws of one lot share it by their volumes, always as they were signed.
    """
    _, n, _, m = draw.path.split("/")
    signed = signed_content(visit)["syringes"][int(n)]
    first, syringe = signed["draws"][int(m)], uuid.UUID(signed["syringe"])
    booked = StockMove.objects.filter(booking=syringe, lot=first["lot"])
    drawn = booked.filter(put_into=P.SYRINGE)
    if not drawn.exists():
        return None
    places = [place for place, row in enumerate(signed["draws"]) if row["lot"] == first["lot"]]
    total = sum(booked.filter(put_into=P.PATIENT).values_list("units", flat=True), Decimal(0))
    given = apportion(total, [Decimal(signed["draws"][place]["volume_ml"]) for place in places])[places.index(int(m))]
    amended = [row.pk for row in amendments_of(visit) if any(change["path"] == f"{draw.path}/lot" for change in row.changes)]
    if amended:
        drawn = StockMove.objects.filter(booking=_booking(amended[-1], draw.path), put_into=P.SYRINGE, taken_from__in=(P.SHELF, P.VIAL))
    else:
        drawn = drawn.filter(vial=first["vial"])
    taken = tuple((move.vial, move.units) for move in drawn.select_related("vial").order_by("created_at", "pk"))
    return Held(taken, given, Decimal(first["volume_ml"]) - given)


def _back(lot: Lot, held: Held | None, *, booking: uuid.UUID, by: User, at: dt.datetime) -> list[str]:
    """Book a draw back to where it came from. A container that was opened for nothing else was not opened at all."""
    if held is None or not held.taken:
        return []
    moves = [Booked(lot, place, P.SYRINGE, units, "mL") for place, units in ((P.PATIENT, held.given), (P.WASTE, held.wasted)) if units]
    said: list[str] = []
    unopened: list[Decimal] = []
    for vial, units in held.taken:
        if vial is None:
            moves.append(Booked(lot, P.SYRINGE, P.SHELF, units, "mL"))
            said.append(f"{plain(units)} mL back on the shelf")
            continue
        moves.append(Booked(lot, P.SYRINGE, P.VIAL, units, "mL", vial))
        wasted = _with_nothing_else(vial, units)
        if wasted is not None:
            moves += [Booked(lot, P.WASTE, P.VIAL, wasted, "mL", vial)] if wasted else []
            moves.append(Booked(lot, P.VIAL, P.SHELF, vial.container_units, "mL", vial))
            unopened.append(vial.container_units)
            vial.closed_at = vial.closed_at or at
            vial.save(update_fields=["closed_at"])
        elif vial.closed_at is None:
            said.append(f"{plain(units)} mL back in the opened vial {vial.code}")
        else:
            moves.append(Booked(lot, P.VIAL, P.COUNT, units, "mL", vial))
            note_difference(lot, units, Decimal(0), vial=vial, by=by, at=at)
            said.append(f"{plain(units)} mL more than was found when vial {vial.code} was closed; explain the difference")
    said = [*(f"{_containers_of(number, size)} back on the shelf, as not opened" for size, number in Counter(unopened).items()), *said]
    back = sum((move.units for move in moves if move.put_into is P.SHELF), Decimal(0))
    if taken_back := min(back, _found_by_corrections(lot)):
        moves.append(Booked(lot, P.SHELF, P.COUNT, taken_back, "mL"))
        said.append(f"{plain(taken_back)} mL that a correction had to find are taken back")
    book(moves, booking=booking, by=by, at=at, reason="corrected")
    return [f"Stock, lot {lot.lot_number}: {line}." for line in said]


def _found_by_corrections(lot: Lot) -> Decimal:
    """What corrections had to find on the shelf of a lot so that it could be taken from there, less what they took back since."""
    moved = StockMove.objects.filter(lot=lot, vial=None, reason="corrected")
    found, back = (
        sum(moved.filter(taken_from=one, put_into=other).values_list("units", flat=True), Decimal(0)) for one, other in ((P.COUNT, P.SHELF), (P.SHELF, P.COUNT))
    )
    return found - back


def _with_nothing_else(vial: Vial, units: Decimal) -> Decimal | None:
    """What was thrown away of a container that was opened for its draw and holds nothing else, once these units are back; None for any other."""
    moves = [(move.taken_from, move.put_into, move.units, move.created_at) for move in StockMove.objects.filter(vial=vial)]
    opened = {at for taken_from, put_into, _, at in moves if (taken_from, put_into) == (P.SHELF, P.VIAL)}
    drawn = [(ml, at) for taken_from, put_into, ml, at in moves if (taken_from, put_into) == (P.VIAL, P.SYRINGE)]
    back = sum((ml for taken_from, put_into, ml, _ in moves if (taken_from, put_into) == (P.SYRINGE, P.VIAL)), Decimal(0))
    if not opened & {at for _, at in drawn} or sum((ml for ml, _ in drawn), Decimal(0)) - back != units:
        return None
    rest = [(put_into, ml, at) for taken_from, put_into, ml, at in moves if P.COUNT in (taken_from, put_into) or (taken_from, put_into) == (P.VIAL, P.WASTE)]
    if any(put_into != P.WASTE or at not in opened for put_into, _, at in rest):
        return None
    return sum((ml for _, ml, _ in rest), Decimal(0))


def _out(
    visit: Treatment, draw: Redrawn, lot: Lot, held: Held | None, *, booking: uuid.UUID, by: User, at: dt.datetime
) -> tuple[list[Vial | None], list[str]]:
    """Book a draw out of the right lot. Gives the vials it is out of (None is the shelf itself), and what is to be said."""
    if held is None:
        return [], []
    named = f"Stock, lot {lot.lot_number}:"
    if lot.product.unit != "mL":
        return [], [f"{named} nothing is booked, since it is counted in {lot.product.unit}. Count it."]
    volume, made_at = held.given + held.wasted, dt.datetime.fromisoformat(draw.syringe["made_at"])
    opened = list(_from_opened(lot, volume, visit, made_at))
    more = volume - sum((ml for _, ml in opened), Decimal(0))
    size = lot.product.container_units or Decimal(0)  # 0: nobody said, so it is taken from the shelf itself
    sizes = list(_containers(lot, more, size)) if size else []
    said = _short(lot, size * len(sizes) or more, booking=booking, by=by, at=at) if more else []
    taken: list[tuple[Vial | None, Decimal]] = [*opened, *([(None, more)] if more and not size else [])]
    entry = library_of(visit.clinic).presentations.get(lot.presentation)
    single_use = entry is None or entry.single_use
    moves: list[Booked] = []
    for ml in sizes:
        known: dict[str, Any] = {"patient": visit.patient, "closed_at": made_at} if single_use else {}
        vial = add_vial(lot, size, opened_at=made_at, by=by, at=at, **known)
        moves.append(Booked(lot, P.SHELF, P.VIAL, size, "mL", vial))
        moves += [Booked(lot, P.VIAL, P.WASTE, size - ml, "mL", vial)] if single_use and size > ml else []
        taken.append((vial, ml))
    moves += [Booked(lot, P.VIAL if vial else P.SHELF, P.SYRINGE, ml, "mL", vial) for vial, ml in taken]
    moves += [Booked(lot, P.SYRINGE, place, units, "mL") for place, units in ((P.PATIENT, held.given), (P.WASTE, held.wasted)) if units]
    book(moves, booking=booking, by=by, at=at, reason="corrected")
    where = [f"out of the opened vial {vial.code}" for vial, _ in opened]
    if sizes:
        where.append(f"out of {_containers_of(len(sizes), size)}{'' if single_use else ', opened and to be closed with what is left'}")
    elif more:
        where.append("from the shelf")
    return [vial for vial, _ in taken], [f"{named} {plain(volume)} mL {' and '.join(where)}.", *said]


def _from_opened(lot: Lot, volume: Decimal, visit: Treatment, made_at: dt.datetime) -> Iterator[tuple[Vial, Decimal]]:
    """As much as was there in vials that stood open when the syringe was made and still do."""
    vials = [vial for vial in serving_vials(lot, visit.patient_id, made_at) if vial.opened_at <= made_at]
    left = left_in(vials)
    for vial in vials:
        if (ml := min(volume, left[vial.pk].units)) > 0:
            yield vial, ml
            volume -= ml


def _containers(lot: Lot, volume: Decimal, size: Decimal) -> Iterator[Decimal]:
    """How much comes out of each new container."""
    if volume > size * MOST_CONTAINERS:
        raise Refused(f"{plain(volume)} mL would be more than {MOST_CONTAINERS} containers of lot {lot.lot_number}. Check what one of them holds.")
    while volume > 0:
        yield min(volume, size)
        volume -= min(volume, size)


def _short(lot: Lot, need: Decimal, *, booking: uuid.UUID, by: User, at: dt.datetime) -> list[str]:
    """Where by the ledger less is on the shelf than was taken from it: as much is found, and the difference is to be explained."""
    there = on_shelf([lot])[lot.pk]
    if not there.known or need <= there.units:
        return []
    book([Booked(lot, P.COUNT, P.SHELF, need - there.units, "mL")], booking=booking, by=by, at=at, reason="corrected")
    note_difference(lot, there.units, need, by=by, at=at)
    return [f"Stock, lot {lot.lot_number}: by the ledger {plain(there.units)} mL were on the shelf, and {plain(need)} mL were taken; explain the difference."]


def _containers_of(number: int, size: Decimal) -> str:
    return f"{'a container' if number == 1 else f'{number} containers'} of {plain(size)} mL"


def _against(lot: Lot, visit: Treatment) -> list[str]:
    """What is against a lot that was given all the same."""
    said = [STATES[lot.state]] if lot.state in STATES else []
    if lot.expires_on < (visit.given_on or visit.planned_on):
        said.append(f"it had expired on {lot.expires_on.day} {lot.expires_on:%b %Y}")
    return [f"Lot {lot.lot_number}: {line}, and was given." for line in said]
