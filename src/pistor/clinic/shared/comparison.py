"""Options side by side as finished words: what is published of each, no order of merit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pistor.care.alternatives import Table
from pistor.care.evidence import SourceRef, cited
from pistor.knowledge import model
from pistor.knowledge.outline import value_text

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


def rows_shown(table: Table) -> tuple[RowShown, ...]:
    """The table by rows, for wide pages."""
    names = [option.name for option in table.options]
    return tuple(RowShown(row.label, tuple(_cell(name, cell) for name, cell in zip(names, row.cells, strict=True))) for row in table.rows)


def cards_shown(table: Table) -> tuple[Card, ...]:
    """The same table by option, for narrow pages; every card has every row, unknown or not."""
    return tuple(Card(option.name, tuple((label, _cell(option.name, cell)) for label, cell in table.card(option.id))) for option in table.options)


def _cell(option: str, statement: model.Statement | None) -> Cell:
    if statement is None:
        return Cell(option, "", ())
    conflict = (statement.conflict.note, *map(_reading, statement.conflict.beside(statement))) if statement.conflict else ()
    return Cell(option, _unbroken(statement.text), cited([statement]), conflict)


def _reading(reading: model.Reading) -> str:
    return f"{_unbroken(value_text(reading))} [{', '.join(reading.source)} {reading.grade.value}]"


def _unbroken(text: str) -> str:
    """The text with its numbers and their units kept on one line: columns are narrow here."""
    return _WITHIN_A_NUMBER.sub("\u00a0", text)
