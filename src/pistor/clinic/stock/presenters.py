"""Lots, vials and what became of them, as lines."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from pistor.actions.stock import MOVED, REASONS
from pistor.care.codes import Code, OwnCode, element_string, of_id, printable
from pistor.care.stock import SOON, WAYS, Held, Place, plain, warnings
from pistor.exchange.labels import label_pdf
from pistor.records.audit import AuditEvent
from pistor.records.library import library_of
from pistor.records.people import User
from pistor.records.stock import Lot, StockMove, Vial, held_of, left_in

STATES = {"usable": ("check", "Usable"), "quarantined": ("triangle", "In quarantine"), "recalled": ("octagon", "Recalled")}
MOST_MOVES = 200


def lot_row(lot: Lot, today: dt.date) -> dict[str, Any]:
    """A lot with its state in a word. One that expired is so whatever else was said of it, except recalled."""
    icon, word = STATES.get(lot.state, ("question", lot.state))
    if lot.expires_on < today and lot.state != Lot.State.RECALLED:
        icon, word = "octagon", "Expired"
    return {"lot": lot, "icon": icon, "word": word, "soon": word == "Usable" and lot.expires_on - today <= SOON}


def shelf(lots: Iterable[Lot], today: dt.date, *, every: bool) -> dict[str, Any]:
    """Each product with its lots in the order in which they are used, and what has to be done about them.

    Lots of which nothing is left stand there only where ``every`` is asked for.
    """
    lots = list(lots)
    held = {one.lot: one for one in held_of(lots)}
    shown = [lot for lot in lots if every or held[lot.pk].units != 0]
    groups: dict[uuid.UUID, dict[str, Any]] = {}
    for lot in shown:
        group = groups.setdefault(lot.product_id, {"product": lot.product, "rows": [], "held": []})
        group["rows"].append({**lot_row(lot, today), "units": held[lot.pk].units})
        group["held"].append(held[lot.pk])
    for group in groups.values():
        group["total"] = _usable(group.pop("held"), today)
        group["rows"].sort(key=lambda row: (row["word"] != "Usable", row["lot"].expires_on, row["lot"].lot_number))
    return {"groups": list(groups.values()), "todo": warnings(list(held.values()), today), "used_up": len(lots) - len(shown)}


def _usable(held: Iterable[Held], today: dt.date) -> Any:
    """What may be used of a product, or None while a usable lot was never counted."""
    units = [lot.units for lot in held if lot.usable(today)]
    return None if any(one is None for one in units) else sum(one for one in units if one is not None)


def lot_page(lot: Lot, today: dt.date) -> dict[str, Any]:
    moves = StockMove.objects.filter(lot=lot).select_related("vial", "created_by").order_by("-created_at", "-pk")[: MOST_MOVES + 1]
    lines = [move_line(move, Place.SHELF) for move in moves]
    return {
        "lot": lot, "row": lot_row(lot, today), "held": held_of([lot])[0], "moves": lines[:MOST_MOVES], "more": len(lines) > MOST_MOVES,
        "history": history(lot), "differences": list(lot.discrepancies.filter(resolved_at=None)), "opens": bool(lot.presentation),
    }  # fmt: skip


def move_line(move: StockMove, here: Place) -> dict[str, Any]:
    """One line of the ledger of a place: there it is more or less, and what moves elsewhere leaves it as it is."""
    way = Place(move.taken_from), Place(move.put_into)
    word = WAYS.get(way, "Moved")
    if move.units == 0:
        word = "Counted: it fits"
    sign = "+" if move.put_into == here else "−" if move.taken_from == here else ""
    return {
        "at": move.created_at, "word": word, "sign": sign, "units": move.units, "unit": move.unit, "vial": move.vial,
        "who": move.created_by.printed_name if move.created_by else "somebody", "reason": MOVED.get(move.reason, move.reason),
    }  # fmt: skip


def vial_rows(vials: Iterable[Vial], at: dt.datetime, *, lot: Lot | None = None) -> list[dict[str, Any]]:
    """Opened vials, each with what is left in it and how long it may be used."""
    vials = list(vials)
    left = left_in(vials)
    return [
        {"vial": vial, "lot": lot or vial.lot, "left": left[vial.pk], "over": bool(vial.discard_after and vial.discard_after < at), "shown": shown_code(vial)}
        for vial in vials
    ]


def vial_page(vial: Vial, at: dt.datetime) -> dict[str, Any]:
    moves = StockMove.objects.filter(vial=vial).select_related("created_by").order_by("-created_at", "-pk")[:MOST_MOVES]
    lines = [move_line(move, Place.VIAL) for move in moves]
    return {**vial_rows([vial], at)[0], "moves": lines, "differences": list(vial.discrepancies.filter(resolved_at=None))}


def shown_code(vial: Vial) -> str:
    """A vial's code as it stands on its label, in two halves."""
    return f"V {vial.code[:5]} {vial.code[5:]}"


def serves_one_patient(lot: Lot) -> bool:
    """What the library does not know is taken to serve one."""
    entry = library_of(lot.clinic).presentations.get(lot.presentation)
    return entry is None or entry.single_use


def lot_line(lot: Lot) -> str:
    held = held_of([lot])[0]
    there = "not counted yet" if held.units is None else f"{plain(held.units)} {held.unit} on the shelf"
    return f"{lot.product.name}, lot {lot.lot_number}, expires {_day(lot.expires_on)}: {there}."


def vial_line(vial: Vial) -> str:
    left = left_in([vial])[vial.pk]
    lot = vial.lot
    return f"{lot.product.name}, lot {lot.lot_number}, vial {shown_code(vial)}: {plain(left.units)} {lot.product.unit} left by the ledger."


def lot_label(lot: Lot) -> bytes:
    """For the shelf: the maker's own code where the article number is known, else one of ours."""
    gs1 = Code(lot.product.gtin, lot.lot_number, lot.expires_on) if lot.product.gtin and printable(lot.lot_number) else None
    code = element_string(gs1) if gs1 else str(of_id("L", lot.pk))
    lines = [f"Lot {lot.lot_number}", f"Expires {_day(lot.expires_on)}", *([lot.product.storage] if lot.product.storage else [])]
    return label_pdf(title=lot.product.name, code=code, shown=lot.product.gtin if gs1 else "", lines=lines)


def vial_label(vial: Vial) -> bytes:
    """For an opened vial: when it was opened, by whom, for whom, and until when it may be used."""
    opened = timezone.localtime(vial.opened_at)
    until = f"Until {_moment(vial.discard_after)}" if vial.discard_after else "Until: not known"
    who = vial.created_by.printed_name if vial.created_by else ""
    lines = [f"Lot {vial.lot.lot_number}", f"Opened {_moment(opened)}", f"by {who}", until, *([f"Only for {vial.patient.number}"] if vial.patient else [])]
    return label_pdf(title=vial.lot.product.name, code=str(OwnCode("V", vial.code)), shown=shown_code(vial), lines=lines)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"


def _moment(at: dt.datetime) -> str:
    here = timezone.localtime(at)
    return f"{_day(here)} {here:%H:%M}"


def history(lot: Lot) -> list[dict[str, Any]]:
    """Who changed the state of a lot, when and why, from the audit trail; the newest first."""
    of_no_patient = AuditEvent.objects.filter(patient_id=None, clinic_id=lot.clinic_id)  # the index leads past all that was done to patients
    verbs = ("lot.added", "lot.received", "lot.state")
    events = list(of_no_patient.filter(verb__in=verbs, subject_id=lot.pk).order_by("-sequence"))
    names = {user.pk: user.printed_name for user in User.objects.filter(clinic_id=lot.clinic_id, pk__in={event.actor for event in events})}
    return [{"at": event.at, "who": _name(names, event.actor), "what": _what(event)} for event in events]


def _name(names: dict[uuid.UUID, str], actor: uuid.UUID | None) -> str:
    return names.get(actor, "somebody") if actor else "somebody"


def _what(event: AuditEvent) -> str:
    if event.verb in ("lot.added", "lot.received"):
        return "Put on the shelf" if event.verb == "lot.added" else "A delivery was received"
    _, word = STATES.get(event.detail.get("after", ""), ("", "Changed"))
    reason = REASONS.get(event.detail.get("reason", ""))
    return f"{word}: {reason[0].lower()}{reason[1:]}" if reason else word
