"""What needs a prescription, and whether one is in date.

Whether a product needs one is said by the clinic for its own products: no source read here says it for every country, so
*not said* is a state of its own, and it is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pistor.knowledge import Library

Needed = Literal["yes", "no", "not_said"]


@dataclass(frozen=True, slots=True)
class PrescriptionFacts:
    """One prescription for the patient in front of us."""

    presentation: str
    valid_from: dt.date
    valid_until: dt.date
    ended: bool = False

    def covers(self, presentation: str, on: dt.date) -> bool:
        """It is good from its first to its last day, both included."""
        return not self.ended and self.presentation == presentation and self.valid_from <= on <= self.valid_until


def in_date(prescriptions: Iterable[PrescriptionFacts], presentation: str, on: dt.date) -> PrescriptionFacts | None:
    """The prescription that covers a presentation on a day, the one that lasts longest; None where there is none."""
    covering = [one for one in prescriptions if one.covers(presentation, on)]
    return max(covering, key=lambda one: one.valid_until, default=None)


def missing_prescriptions(needed: Mapping[str, Needed], prescriptions: Iterable[PrescriptionFacts], on: dt.date, library: Library) -> tuple[str, ...]:
    """What is missing before these presentations may be given on a day, in sentences. ``needed``: presentation to what the clinic says of it."""
    kept, said = tuple(prescriptions), []
    for presentation, answer in needed.items():
        name = library.presentations[presentation].name if presentation in library.presentations else presentation.replace("_", " ")
        if answer == "not_said":
            said.append(f"Whether {name} needs a prescription is not said. Say so on the page of the product.")
        elif answer == "yes" and in_date(kept, presentation, on) is None:
            said.append(f"{name} needs a prescription, and none is in date for this patient.{_last(kept, presentation, on)}")
    return tuple(said)


def _last(prescriptions: Iterable[PrescriptionFacts], presentation: str, on: dt.date) -> str:
    """Why the last one does not cover the day, if there was one."""
    of_it = [one for one in prescriptions if one.presentation == presentation]
    if not of_it:
        return ""
    last = max(of_it, key=lambda one: one.valid_until)
    if last.ended:
        return " The last one was ended."
    if last.valid_from > on:
        return f" One begins on {last.valid_from.day} {last.valid_from:%b %Y}."
    return f" The last one ran out on {last.valid_until.day} {last.valid_until:%b %Y}."
