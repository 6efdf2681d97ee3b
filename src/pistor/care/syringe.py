"""A syringe made from lots: how much of each goes in, until when it may be given, and why it must not be.

A syringe holds the blend and nothing else, so that the doses worked out for the blend hold for what is in it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from pistor.care.evidence import SourceRef, cited
from pistor.care.formulation import Part
from pistor.care.formulation.handling import beyond_use, where_said
from pistor.care.stock import LotGiven, unusable_lots
from pistor.knowledge import Library

STEP_ML = Decimal("0.001")  # of every volume that is kept
OFF_ML = Decimal("0.01")  # by how much a part may miss its share: what is typed is rounded
MOST_HOURS = Decimal(72)  # no rule of a country: a number that was mistyped
LOOKS = {
    "clear": "As it should look, and no particles",
    "particles": "Particles",
    "changed": "Cloudy, coloured or in layers",
    "not_said": "Not looked at yet",
}


@dataclass(frozen=True, slots=True)
class SyringeFacts:
    """One syringe as it stands now."""

    code: str
    patient: uuid.UUID
    state: str  # ready, given, discarded
    look: str  # a key of LOOKS
    use_before: dt.datetime  # in the clinic's own time
    lots: tuple[LotGiven, ...]
    holds_this_blend: bool
    started_at: dt.datetime | None = None  # when giving it began

    @property
    def volume_ml(self) -> Decimal:
        """What was drawn into it."""
        return sum((lot.volume_ml for lot in self.lots), Decimal(0))


@dataclass(frozen=True, slots=True)
class UseBefore:
    """Until when a syringe may be given, and who says so. ``at`` None: nobody said, and ``basis`` says what was not found."""

    at: dt.datetime | None
    basis: str
    sources: tuple[SourceRef, ...] = ()


def use_before(
    made_at: dt.datetime, parts: Iterable[Part], jurisdiction: str | None, library: Library, *, own_hours: Decimal | None = None, own_basis: str = ""
) -> UseBefore:
    """Until when, counted from ``made_at``: by the clinician's own time and reason, else by the rule of the country.

    A country's rule is on what is mixed: for a syringe of one product there is none here.
    """
    hours, rule, sources = rule_hours(parts, jurisdiction, library)
    if own_hours is None:
        return UseBefore(None if hours is None else _later(made_at, hours), rule, sources)
    if not own_hours.is_finite():
        return UseBefore(None, rule)
    reason = " ".join(own_basis.split())
    if not reason and own_hours == hours:
        return UseBefore(_later(made_at, own_hours), rule, sources)
    longer = f" Longer than the rule: {rule}" if hours is not None and own_hours > hours else ""
    return UseBefore(_later(made_at, own_hours), f"{reason}{longer}" if reason else "")


def rule_hours(parts: Iterable[Part], jurisdiction: str | None, library: Library) -> tuple[Decimal | None, str, tuple[SourceRef, ...]]:
    """The hours that a country's rule gives for this blend, the rule in a sentence, and its sources. None: no rule was found."""
    if len({part.presentation for part in parts}) < 2:
        return None, "For how long a syringe of one product may be kept was not found.", ()
    country, times = beyond_use(jurisdiction, library)
    hours = times[0].time.high if times else None
    if country is None or hours is None:
        return None, f"For how long a mixture may be kept{where_said(country, jurisdiction)} was not found.", ()
    return hours, f"{country.name}: {times[0].what}, {_plain(hours)} h.", cited([times[0].time])


def unusable_hours(made: UseBefore, own_hours: Decimal | None) -> tuple[str, ...]:
    """Why a time cannot be taken, in sentences: not known, without a reason, or impossible."""
    if own_hours is not None and not (own_hours.is_finite() and 0 < own_hours <= MOST_HOURS):
        return (f"The syringe may be kept for {_plain(own_hours)} h, which cannot be. Enter more than 0 and at most {_plain(MOST_HOURS)} hours.",)
    if made.at is None:
        return (f"{made.basis} Enter for how many hours it may be given, and who says so.",)
    return () if made.basis else ("Enter who says for how long it may be given, for example your pharmacist or the label.",)


def unusable(syringe: SyringeFacts, *, patient: uuid.UUID, at: dt.datetime, on: dt.date) -> tuple[str, ...]:
    """Why a syringe must not be given to a patient at a moment, each in a sentence; empty where nothing is known against it.

    ``on`` is the day of the treatment. A syringe whose giving began in time stays good for what is recorded later.
    """
    named = f"Syringe {syringe.code}"
    if syringe.patient != patient:
        return (f"{named} is of another patient. Put it away and take the one with this patient's name.",)
    if syringe.state == "discarded":
        return (f"{named} was discarded. Make a new one.",)
    said = [f"{named}: {sentence}" for sentence in unusable_lots(syringe.lots, on)]
    if syringe.state == "given":
        said.append(f"{named} was given already. Make a new one.")
    if not syringe.holds_this_blend:
        said.append(f"{named} was made for a blend that was changed since. Discard it and make a new one.")
    if syringe.look == "not_said":
        said.append(f"Nobody has looked at syringe {syringe.code} yet. Look for particles, and say what you see.")
    elif syringe.look != "clear":
        seen = "particles" if syringe.look == "particles" else "a changed look"
        said.append(f"{named} was seen with {seen}. Discard it.")
    if syringe.use_before < (syringe.started_at or at):
        until = syringe.use_before
        said.append(f"{named} was good until {until:%H:%M} on {until.day} {until:%b %Y}. Discard it and make a new one.")
    return tuple(said)


def apportion(total_ml: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """A volume divided in proportion to ``weights``, in steps of 0.001 mL, so that the parts add up to it exactly.

    What rounding leaves over goes to the largest remainders, the first of equals. ``total_ml`` is in whole steps.
    """
    all_of_it = sum(weights, Decimal(0))
    exact = [total_ml * weight / all_of_it for weight in weights]
    floors = [share.quantize(STEP_ML, ROUND_FLOOR) for share in exact]
    over = int((total_ml - sum(floors, Decimal(0))) / STEP_ML)
    most = sorted(range(len(weights)), key=lambda place: (floors[place] - exact[place], place))[:over]
    return tuple(floor + STEP_ML if place in most else floor for place, floor in enumerate(floors))


def part_volumes(parts: Sequence[Part], volume_ml: Decimal) -> dict[str, Decimal]:
    """How much of each presentation goes into a syringe of this volume; the sum is the volume exactly."""
    held: dict[str, Decimal] = {}
    for part in parts:
        held[part.presentation] = held.get(part.presentation, Decimal(0)) + part.volume_ml
    return dict(zip(held, apportion(volume_ml, list(held.values())), strict=True))


def not_the_blend(parts: Sequence[Part], drawn_ml: Mapping[str, Decimal], library: Library) -> tuple[str, ...]:
    """How what was drawn of each presentation differs from the blend, in sentences."""
    total = sum(drawn_ml.values(), Decimal(0))
    if total <= 0:
        return ("Nothing is drawn. Enter how much was taken from each lot, in mL.",)
    meant = part_volumes(parts, total)
    said = [f"{_name(id_, library)} is not in the blend." for id_ in drawn_ml if id_ not in meant]
    for id_, share in meant.items():
        if abs(drawn_ml.get(id_, Decimal(0)) - share) > OFF_ML:
            said.append(
                f"{_plain(drawn_ml.get(id_, Decimal(0)))} mL of {_name(id_, library)} in {_plain(total)} mL is not the blend: it holds {_plain(share)} mL."
            )
    return tuple(said)


def given_of(held_ml: Mapping[str, Decimal], zones: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """How much was given out of each syringe, by its code, in the order they were made.

    ``held_ml`` is what each held; ``zones`` are the volumes given, each with the code of its syringe, or empty where nobody said:
    those came out of what was left in the syringes, one emptied after the other. What no syringe held is in none of them, so
    that a sum below the zones' says that the syringes cannot have held it all.
    """
    given, open_ml = dict.fromkeys(held_ml, Decimal(0)), Decimal(0)
    for code, volume in zones:
        if code in given:
            given[code] += volume
        elif not code:
            open_ml += volume
    for code, held in held_ml.items():
        taken = min(max(held - given[code], Decimal(0)), open_ml)
        given[code], open_ml = given[code] + taken, open_ml - taken
    return given


def _later(moment: dt.datetime, hours: Decimal) -> dt.datetime | None:
    """None where the number of hours cannot be."""
    return moment + dt.timedelta(minutes=float(hours * 60)) if abs(hours) <= MOST_HOURS else None


def _name(presentation: str, library: Library) -> str:
    return library.presentations[presentation].name if presentation in library.presentations else presentation.replace("_", " ")


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
