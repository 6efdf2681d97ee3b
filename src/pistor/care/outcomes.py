"""Outcomes: what a scale says, and whether a change is as large as people notice.

A change is held against every published minimal important difference of the scale. Where none is known the answer is
*unknown*, never *enough* and never *none*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import prod
from typing import Any, Literal

from pistor.care.evidence import SourceRef, cited
from pistor.knowledge.library import Library
from pistor.knowledge.model import Quantity, Scale

Direction = Literal["better", "worse", "same", "not_comparable"]
Against = Literal["reached", "below", "between", "unknown"]


class OutOfRange(ValueError):
    """An answer is not one the scale allows; the message is a sentence that names item, answer and range."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One published minimal important difference and how the change stands to it."""

    text: str
    relative: bool
    low: Decimal
    high: Decimal
    state: Against
    sources: tuple[SourceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "text": self.text, "relative": self.relative, "low": str(self.low), "high": str(self.high),
            "state": self.state, "sources": [source.as_dict() for source in self.sources],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """``absolute`` is signed as the scores are; ``improvement`` is positive where it is for the better."""

    baseline: Decimal
    now: Decimal
    absolute: Decimal
    relative_percent: Decimal | None
    improvement: Decimal | None
    direction: Direction
    state: Against
    thresholds: tuple[Threshold, ...]
    sentences: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "baseline": str(self.baseline), "now": str(self.now), "absolute": str(self.absolute),
            "relative_percent": None if self.relative_percent is None else str(self.relative_percent),
            "direction": self.direction, "state": self.state,
            "thresholds": [threshold.as_dict() for threshold in self.thresholds], "sentences": list(self.sentences),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparator:
    """What the comparator arm of a trial did on this scale: a value, or a change from baseline."""

    trial: str
    name: str
    value: Decimal
    kind: Literal["value", "change"]
    time: str
    sources: tuple[SourceRef, ...]


def score(scale: Scale, items: Mapping[str, Decimal]) -> Decimal:
    """The sum of the items, or of the scale's terms. Raises :class:`OutOfRange` for a missing, strange or impossible answer."""
    strange = set(items) - {item.id for item in scale.items}
    if strange:
        raise OutOfRange(f"{scale.short} has no item {', '.join(sorted(strange))}.")
    for item in scale.items:
        answer = items.get(item.id)
        if answer is None:
            raise OutOfRange(f"{scale.short}: “{item.text}” has no answer. Enter it, or record the scale as not assessed.")
        if not answer.is_finite() or not item.min <= answer <= item.max:
            raise OutOfRange(f"{scale.short}: {answer} is not between {_n(item.min)} and {_n(item.max)}. Correct the score.")
    return _total(scale, items)


def bounds(scale: Scale) -> tuple[Decimal, Decimal]:
    """The lowest and the highest score that the items allow."""
    return _total(scale, {item.id: item.min for item in scale.items}), _total(scale, {item.id: item.max for item in scale.items})


def _total(scale: Scale, items: Mapping[str, Decimal]) -> Decimal:
    if not scale.terms:
        return sum((items[item.id] for item in scale.items), Decimal(0))
    return sum((term.factor * prod(items[item] for item in term.items) for term in scale.terms), Decimal(0))


def change(scale: Scale, baseline: Decimal, now: Decimal) -> Change:
    """The change from baseline, absolute and relative, against each published minimal important difference."""
    absolute = now - baseline
    relative = (absolute / baseline * 100).quantize(Decimal("0.1")) if baseline else None
    improvement = _improvement(scale, absolute)
    direction = _direction(improvement)
    improved_percent = _improvement(scale, relative) if relative is not None else None
    thresholds = tuple(_threshold(item, improvement, improved_percent) for item in scale.mcid)
    state = _overall(thresholds) if improvement is not None else "unknown"
    made = Change(baseline, now, absolute, relative, improvement, direction, state, thresholds, ())
    return Change(baseline, now, absolute, relative, improvement, direction, state, thresholds, _sentences(scale, made))


def band(scale: Scale, baseline: Decimal) -> tuple[Decimal, Decimal] | None:
    """The scores around the baseline that are less than any published difference, for drawing; None where unknown."""
    sizes = [_size(item, baseline) for item in scale.mcid]
    known = [size for size in sizes if size is not None]
    return (baseline - min(known), baseline + min(known)) if known else None


def comparators(library: Library, scale: Scale, trials: tuple[str, ...]) -> tuple[Comparator, ...]:
    """Comparator arms with a number on this very scale, by the scale's name in the trial's measure and its unit."""
    found = []
    for id_ in trials:
        trial = library.trials.get(id_)
        for outcome in trial.outcomes if trial else ():
            control = outcome.control
            if trial is None or control is None or control.value is None or outcome.kind not in ("value", "change"):
                continue
            if not _same_scale(scale, outcome.measure, outcome.unit):
                continue
            refs = tuple(SourceRef(key, outcome.at, trial.grade.value, outcome.result, trial.reviewed) for key in trial.source)
            found.append(Comparator(id_, control.name, control.value, outcome.kind, outcome.time, refs))
    return tuple(found)


def _same_scale(scale: Scale, measure: str, unit: str | None) -> bool:
    """Strict on purpose: a 0 to 10 pain scale is not a 100 mm one, and a wrong comparison is worse than none."""
    words = measure.casefold().replace("(", " ").replace(")", " ").replace(",", " ").split()
    names = {scale.short.casefold(), scale.id}
    if scale.id == "tv_ratio":
        return "vellus" in words and unit == scale.unit
    if scale.id == "hair_density":
        return unit == scale.unit
    return bool(names & set(words)) and (unit is None or unit == scale.unit or scale.unit == "points")


def _improvement(scale: Scale, difference: Decimal) -> Decimal | None:
    if scale.better == "none" or scale.rates_change:
        return None
    return difference if scale.better == "higher" else -difference


def _direction(improvement: Decimal | None) -> Direction:
    if improvement is None:
        return "not_comparable"
    return "better" if improvement > 0 else "worse" if improvement < 0 else "same"


def _threshold(item: Quantity, improvement: Decimal | None, percent: Decimal | None) -> Threshold:
    relative = item.unit == "%"
    low, high = item.low or item.high or Decimal(0), item.high or item.low or Decimal(0)
    moved = percent if relative else improvement
    state: Against = "unknown" if moved is None else "reached" if moved >= high else "between" if moved >= low else "below"
    span = _n(low) if low == high else f"{_n(low)} to {_n(high)}"
    text = f"{span} {_unit(item.unit, span)}" + (f" ({item.note})" if item.note else "")
    return Threshold(text, relative, low, high, state, cited([item]))


def _overall(thresholds: tuple[Threshold, ...]) -> Against:
    """Any published difference that is reached counts; below means below every one of them."""
    states = {threshold.state for threshold in thresholds} - {"unknown"}
    if not states:
        return "unknown"
    if "reached" in states:
        return "reached"
    return "between" if "between" in states else "below"


def _size(item: Quantity, baseline: Decimal) -> Decimal | None:
    low = item.low or item.high
    if low is None:
        return None
    size = abs(baseline) * low / 100 if item.unit == "%" else low
    return size or None


def _sentences(scale: Scale, made: Change) -> tuple[str, ...]:
    unit = f" {scale.unit}" if scale.unit and scale.unit != "ratio" else ""
    if made.direction == "not_comparable":
        return (f"{scale.short} is {_n(made.now)}{unit}; it is not compared with a baseline.",)
    if made.direction == "same":
        first = f"{scale.short} is unchanged at {_n(made.now)}{unit}."
    else:
        size = _n(abs(made.absolute))
        moved = f"{size}{_unit(unit, size)}" + (f" ({_n(abs(made.relative_percent))} %)" if made.relative_percent is not None else "")
        first = f"{scale.short} is {made.direction} by {moved}: from {_n(made.baseline)} to {_n(made.now)}."
    if not made.thresholds:
        return (first, f"MCID unknown: {scale.mcid_unknown or 'none published that could be read.'}")
    words = {"reached": "reaches", "below": "is below", "between": "lies inside the range of", "unknown": "cannot be held against"}
    return (first, *(f"It {words[threshold.state]} the published minimal important difference of {threshold.text}." for threshold in made.thresholds))


def _unit(unit: str, number: str) -> str:
    return unit.removesuffix("s") if number == "1" and unit.strip() == "points" else unit


def _n(value: Decimal) -> str:
    return f"{value.normalize():f}"
