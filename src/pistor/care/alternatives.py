"""Other ways to the same goal, side by side: facts as they are published, no order of merit, unknown where none is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pistor.care.evidence import cited
from pistor.knowledge import Library, model

ROWS: dict[str, str] = {
    "target": "What it is for",
    "mechanism": "How it works",
    "setting": "How it is done",
    "onset": "When it shows",
    "duration": "How long it lasts",
    "downtime": "Days afterwards",
    "candidates": "For whom",
    "efficacy": "What was measured",
    "adverse_events": "What can go wrong",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One way to treat. ``reviewed`` is when its facts were last read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One question, answered for every option in the order of the table; None is *unknown*."""

    id: str
    label: str
    cells: tuple[model.Statement | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    options: tuple[Option, ...]
    rows: tuple[Row, ...]

    def card(self, option: str) -> tuple[tuple[str, model.Statement | None], ...]:
        """One option with every question, for pages too narrow for columns."""
        at = [found.id for found in self.options].index(option)
        return tuple((row.label, row.cells[at]) for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        return {
            "options": [{"id": option.id, "name": option.name} for option in self.options],
            "rows": [{"id": row.id, "label": row.label, "cells": [_cell(cell) for cell in row.cells]} for row in self.rows],
        }


def compare(library: Library, application: str, indication: str | None = None) -> Table:
    """The options of an indication, or of the whole application, by name, with no treatment among them; rows that no option answers are dropped.

    Options stand in the order of the alphabet, so that their place says nothing about their worth.
    """
    chosen = [library.comparisons[key] for key in _options(library, application, indication)]
    chosen.sort(key=lambda entry: entry.name.casefold())
    rows = (Row(row, label, tuple(entry.rows.get(row) for entry in chosen)) for row, label in ROWS.items())  # type: ignore[call-overload]
    return Table(tuple(Option(entry.id, entry.name) for entry in chosen), tuple(row for row in rows if any(row.cells)))


def _options(library: Library, application: str, indication: str | None) -> list[str]:
    known = library.indications.get(indication or "")
    if known is not None:
        return [key for key in (*known.alternatives, known.untreated) if key in library.comparisons]
    return [key for key, entry in library.comparisons.items() if application in {found.value for found in entry.applications}]


def _cell(statement: model.Statement | None) -> dict[str, Any] | None:
    return {"text": statement.text, "sources": [ref.as_dict() for ref in cited([statement])]} if statement else None
