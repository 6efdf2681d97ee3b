"""Numbers that keep where they come from, until the engine takes them; and how far each may be off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any

from pistor.care.evidence import SourceRef, cited
from pistor.delivery.properties import Constants
from pistor.delivery.uncertainty import Array, Spread
from pistor.knowledge import Library
from pistor.knowledge.model import Cited, DeliveryParameter, Grade, Quantity

_HUNDRED_G_MIN_PER_H = 0.6  # mL per 100 g and minute, as mL per mL and hour, with a millilitre of tissue taken as a gram


class How(StrEnum):
    """What a value rests on, the firmest first."""

    GIVEN = "given"  # by who asks
    MEASURED = "measured"
    CORRELATION = "correlation"  # worked out from other values by a published law
    ASSUMED = "assumed"  # nothing was read; what is taken instead is said


@dataclass(frozen=True, slots=True)
class Value:
    """One input of the engine, as a page shows it."""

    name: str
    number: float
    unit: str
    how: How
    sources: tuple[SourceRef, ...]
    note: str = ""

    @property
    def grade(self) -> str:
        """That of the weakest of its sources; D where there is none."""
        return max((source.grade for source in self.sources), default="D")

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "value": self.number, "unit": self.unit, "how": self.how.value, "grade": self.grade, "note": self.note,
            "sources": [source.as_dict() for source in self.sources],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prior:
    """A spread of which 5 of 100 lie below ``low`` and 5 above ``high``."""

    name: str
    unit: str
    shape: str
    low: float
    high: float
    sources: tuple[SourceRef, ...]

    def quantile(self, part: Array) -> Array:
        """The values below which these parts (between 0 and 1) lie."""
        return Spread(self.shape, self.low, self.high).quantile(part)


def middle(quantity: Quantity) -> float:
    """The number of a quantity, or the middle of its range."""
    ends = [float(end) for end in (quantity.low, quantity.high) if end is not None]
    return sum(ends) / len(ends)


def measured(name: str, quantity: Quantity, *, how: How = How.MEASURED, also: Iterable[Cited] = ()) -> Value:
    return Value(name, middle(quantity), quantity.unit, how, cited((quantity, *also)), quantity.note or "")


def parameter(id_: str, library: Library) -> Value:
    """A parameter of the tissue as a value; blood flow per hour, whatever it was measured in."""
    entry: DeliveryParameter = library.delivery_parameters[id_]
    quantity = entry.quantity
    number, unit = middle(quantity), quantity.unit
    if unit == "mL/min/100 g":
        number, unit = number * _HUNDRED_G_MIN_PER_H, "1/h"
    how = How.ASSUMED if entry.assumed else How.MEASURED if quantity.grade in (Grade.A, Grade.B) else How.CORRELATION
    return Value(entry.name, number, unit, how, cited((quantity,)), quantity.note or "")


@cache
def constants_of(library: Library) -> Constants:
    """The numbers of the correlations, as the knowledge holds them."""
    return Constants(**{field.name: middle(library.delivery_parameters[field.name].quantity) for field in fields(Constants)})


@cache
def priors_of(library: Library) -> dict[str, Prior]:
    """How far each parameter may be off, by the id of the parameter. One that is not here is not varied."""
    return {
        id_: Prior(id_, entry.quantity.unit, entry.prior.shape, float(entry.prior.low), float(entry.prior.high), cited((entry.prior,)))
        for id_, entry in library.delivery_parameters.items()
        if entry.prior is not None
    }
