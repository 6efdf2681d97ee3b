"""How a blend is made and for how long it may be given: order, a look at it, at once, and the time that a country allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from pistor.care.evidence import Effect, Finding, SourceRef, cited
from pistor.care.formulation.blend import Interval, plain
from pistor.care.formulation.pairs import PairResult
from pistor.knowledge import Library
from pistor.knowledge.model import BeyondUse, Jurisdiction, Presentation


def findings(
    presentations: Sequence[Presentation], pairs: tuple[PairResult, ...], ph: Interval, jurisdiction: str | None, library: Library
) -> Iterable[Finding]:
    """Nothing where nothing is mixed."""
    if len(presentations) < 2:
        return
    yield from _order(pairs, library)
    text = "Look at the syringe after mixing and 5 minutes later: inject only what is limpid."
    if ph.known:
        text += " A pH measured outside the range of the parts means that something reacted."
    yield Finding("mixture:look", Effect.INFORM, text, (), (), (*rule(library, "mr12_look"), *(rule(library, "mr03_ph_between") if ph.known else ())))
    if at_once := library.mixture_rules.get("mr13_immediate_use"):
        yield Finding("mixture:immediate_use", Effect.INFORM, at_once.text.text, (), (), cited((at_once.text,)))
    yield _time(jurisdiction, library)


def rule(library: Library, id_: str) -> tuple[SourceRef, ...]:
    """The sources of a mixture rule."""
    found = library.mixture_rules.get(id_)
    return cited((found.text,)) if found else ()


def _order(pairs: tuple[PairResult, ...], library: Library) -> Iterator[Finding]:
    orders = {pair.rule: order for pair in pairs if (known := library.incompatibilities.get(pair.rule or "")) and (order := known.order)}
    for order in orders.values():
        text = f"{order.text} {order.conflict.note}" if order.conflict else order.text
        sources = cited((order, *(order.conflict.readings if order.conflict else ())))
        yield Finding("mixture:order", Effect.INFORM, text, (), (), sources)
    if len(orders) < len(pairs):
        text = f"No published order of mixing was found for {'the others' if orders else 'these'}."
        yield Finding("mixture:order_unknown", Effect.INFORM, text, (), (), (), "The order can decide what falls out.")


def beyond_use(jurisdiction: str | None, library: Library) -> tuple[Jurisdiction | None, tuple[BeyondUse, ...]]:
    """The country and until when its rules let a mixture be given: its own, or those of what it is part of."""
    country = library.jurisdictions.get(jurisdiction) if jurisdiction else None
    places = [country, *(library.jurisdictions[id_] for id_ in country.part_of if id_ in library.jurisdictions)] if country else []
    return country, next((place.beyond_use for place in places if place.beyond_use), ())


def _time(jurisdiction: str | None, library: Library) -> Finding:
    country, times = beyond_use(jurisdiction, library)
    if times:
        first, rest = times[0], times[1:]
        other = f" {first.time.conflict.note} Where in doubt, the shorter." if first.time.conflict else ""
        text = f"{country.name if country else ''}: what is {first.what} is given within {_hours(first)} h.{other}"
        text += "".join(f" {one.what.capitalize()}: {_hours(one)} h." for one in rest)
        limits = "The time of the rule; the chemistry may allow less."
        return Finding("mixture:beyond_use", Effect.INFORM, text, (), (), cited([one.time for one in times]), limits)
    if country and country.mixing_in_clinic == "pharmacy_only":
        text = f"{country.name}: only a pharmacy mixes, and its label says until when it may be given; no time for the clinic was found."
        return Finding("mixture:beyond_use", Effect.INFORM, text, (), (), cited([country.mixing] if country.mixing else []))
    text = f"For how long a mixture may be kept{where_said(country, jurisdiction)} was not found: give it at once and discard what is left."
    return Finding("mixture:beyond_use", Effect.INFORM, text, (), (), (), "Ask the pharmacist.")


def where_said(country: Jurisdiction | None, jurisdiction: str | None) -> str:
    """The country inside a sentence; that none is set is said, not left out."""
    return f" in {country.spoken}" if country else " in this country" if jurisdiction else " (no country is set)"


def _hours(one: BeyondUse) -> str:
    return plain(one.time.high if one.time.high is not None else Decimal(0))
