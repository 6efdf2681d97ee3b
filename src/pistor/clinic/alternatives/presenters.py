"""Alternatives as finished words and bars: what is published, the comparator beside it, no order of merit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pistor.care.alternatives import Table
from pistor.care.benefit import Benefit, BenefitArm, BenefitOutcome, TrialBenefit
from pistor.care.evidence import SourceRef, cited
from pistor.knowledge import model
from pistor.knowledge.outline import value_text

BAR_WIDTH = 240.0  # of the drawing's own units; the page scales it
_WITHIN_A_NUMBER = re.compile(r"(?<=\d) (?=\d{3}\b|%|(?:mg|mL|mm|cm)\b)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer. ``text`` empty means unknown."""

    option: str
    text: str
    sources: tuple[SourceRef, ...]
    conflict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowShown:
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Card:
    name: str
    rows: tuple[tuple[str, Cell], ...]


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


def rows_shown(table: Table) -> tuple[RowShown, ...]:
    """The table by rows, for wide pages."""
    names = [option.name for option in table.options]
    return tuple(RowShown(row.label, tuple(_cell(name, cell) for name, cell in zip(names, row.cells, strict=True))) for row in table.rows)


def cards_shown(table: Table) -> tuple[Card, ...]:
    """The same table by option, for narrow pages; every card has every row, unknown or not."""
    return tuple(Card(option.name, tuple((label, _cell(option.name, cell)) for label, cell in table.card(option.id))) for option in table.options)


def trials_shown(benefit: Benefit) -> tuple[TrialShown, ...]:
    return tuple(_trial(trial) for trial in benefit.trials)


def _cell(option: str, statement: model.Statement | None) -> Cell:
    if statement is None:
        return Cell(option, "", ())
    conflict = (statement.conflict.note, *map(_reading, statement.conflict.readings)) if statement.conflict else ()
    return Cell(option, _unbroken(statement.text), cited([statement]), conflict)


def _reading(reading: model.Reading) -> str:
    return f"{_unbroken(value_text(reading))} [{', '.join(reading.source)} {reading.grade.value}]"


def _unbroken(text: str) -> str:
    """The text with its numbers and their units kept on one line: columns are narrow here."""
    return _WITHIN_A_NUMBER.sub("\u00a0", text)


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
    low, high = min([Decimal(0), *values]), max([Decimal(0), *values])
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
        parts.append(f"95 % interval {arm.interval.low} to {arm.interval.high} %")
    if arm.text:
        parts.append(arm.text)
    return ", ".join(parts).replace(" %, of ", " % of ")


def _sentence(text: str) -> str:
    return text if text.startswith("p ") else text[:1].upper() + text[1:]  # a p-value stays small
