"""Trials as finished words and bars: every arm with its number, its interval and its comparator, in absolute numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pistor.care.benefit import BenefitArm, BenefitOutcome, TrialBenefit
from pistor.care.evidence import SourceRef, cited

BAR_WIDTH = 240.0  # of the drawing's own units; the page scales it


@dataclass(frozen=True, slots=True)
class Bar:
    """One arm as a bar. Positions are numbers of the drawing; ``text`` is what stands beside it."""

    name: str
    role: str
    text: str
    no_data: bool
    x: float
    width: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class OutcomeShown:
    heading: str
    bars: tuple[Bar, ...]
    drawn: bool  # False: only words were reported, nothing to draw
    zero: float
    result: str
    comparator: str  # empty, or the sentence that there was none
    source: SourceRef
    label: str  # what a screen reader says of the picture


@dataclass(frozen=True, slots=True)
class TrialShown:
    heading: str
    about: str
    outcomes: tuple[OutcomeShown, ...]
    adverse_events: tuple[tuple[str, tuple[SourceRef, ...]], ...]
    notes: tuple[str, ...]


def trials_shown(trials: Iterable[TrialBenefit]) -> tuple[TrialShown, ...]:
    return tuple(_trial(trial) for trial in trials)


def _trial(trial: TrialBenefit) -> TrialShown:
    people = f"{trial.n} people" if trial.n is not None else "number of people not readable"
    against = f"{trial.active}; against {trial.control}" if trial.control else f"{trial.active}; no comparator"
    return TrialShown(
        heading=f"{trial.id}: {trial.condition}",
        about=f"{_sentence(trial.design)}, {people}. {_sentence(against)}. {_sentence(trial.schedule)}.",
        outcomes=tuple(_outcome(outcome) for outcome in trial.outcomes),
        adverse_events=tuple((item.text, cited([item])) for item in trial.adverse_events),
        notes=trial.notes,
    )


def _outcome(outcome: BenefitOutcome) -> OutcomeShown:
    values = [arm.value for arm in outcome.arms if arm.value is not None]
    low, high = _scale(outcome, values)
    bars = tuple(_bar(arm, low, high) for arm in outcome.arms)
    return OutcomeShown(
        heading=f"{_sentence(outcome.measure)} ({outcome.time})",
        bars=bars,
        drawn=bool(values),
        zero=_place(Decimal(0), low, high),
        result=f"{_sentence(outcome.result)}.",
        comparator="" if outcome.has_comparator or outcome.is_difference else "No comparator: how people do without it is not known from this.",
        source=outcome.source,
        label="; ".join(f"{bar.name}: {bar.text}" for bar in bars),
    )


def _scale(outcome: BenefitOutcome, values: list[Decimal]) -> tuple[Decimal, Decimal]:
    """Shares stand on 0 to 100; everything else on a scale that holds zero and every arm."""
    if outcome.kind == "proportion":
        return Decimal(0), Decimal(100)
    ends = [end for arm in outcome.arms if arm.interval for end in (arm.interval.low, arm.interval.high)]
    low, high = min([Decimal(0), *values, *ends]), max([Decimal(0), *values, *ends])
    return (low, high) if high > low else (Decimal(0), Decimal(1))


def _bar(arm: BenefitArm, low: Decimal, high: Decimal) -> Bar:
    interval = arm.interval
    ends = (_place(arm.value, low, high), _place(Decimal(0), low, high)) if arm.value is not None else (0.0, 0.0)
    return Bar(
        name=arm.name,
        role=arm.role,
        text=_reported(arm),
        no_data=arm.no_data,
        x=min(ends),
        width=round(abs(ends[0] - ends[1]), 1),
        low=_place(interval.low, low, high) if interval else None,
        high=_place(interval.high, low, high) if interval else None,
    )


def _place(value: Decimal, low: Decimal, high: Decimal) -> float:
    return round(float((value - low) / (high - low)) * BAR_WIDTH, 1) if high > low else 0.0


def _reported(arm: BenefitArm) -> str:
    """The number with its unit, people and interval; the reported words; or that there is no data."""
    if arm.no_data:
        return "no data"
    if arm.value is None:
        return arm.text
    parts = [f"{format(arm.value, 'f')} {arm.unit}".strip() + (f" (SD {format(arm.spread, 'f')})" if arm.spread is not None else "")]
    if arm.n is not None:
        parts.append(f"of {arm.n} people" if arm.unit == "%" and arm.interval else f"{arm.n} people")
    if arm.interval:
        parts.append(f"95 % interval {arm.interval.low} to {arm.interval.high}{' %' if arm.unit == '%' else ''}")
    if arm.text:
        parts.append(arm.text)
    return ", ".join(parts).replace(" %, of ", " % of ")


def _sentence(text: str) -> str:
    return text if text.startswith("p ") else text[:1].upper() + text[1:]  # a p-value stays small
