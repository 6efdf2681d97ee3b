"""Proposed facts beside what stands in the chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pistor.care.candidacy.matching import matcher_of
from pistor.care.consultation import Coding, Kind
from pistor.clinic.shared.history import said_by
from pistor.knowledge import Library
from pistor.records.consultation import HistoryEntry

KINDS = {
    "allergy": "Allergies", "pregnancy": "Pregnancy", "medicine": "Medicines", "condition": "Conditions", "procedure": "Procedures",
    "measurement": "Measurements", "answer": "Answers",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A proposed fact beside what the chart says now. ``matters`` names the concept that rules ask for."""

    entry: HistoryEntry
    said: str
    now: tuple[str, ...]
    matters: str


@dataclass(slots=True)
class Section:
    kind: str
    title: str
    rows: list[Row] = field(default_factory=list)


def sections_of(proposals: Sequence[HistoryEntry], current: Sequence[HistoryEntry], library: Library) -> list[Section]:
    """Proposed facts by kind, with what decisions ask for first."""
    found = {kind: Section(kind, title) for kind, title in KINDS.items()}
    standing: dict[tuple[str, str], list[str]] = {}
    for entry in current:
        standing.setdefault((entry.kind, entry.key), []).append(said_by(entry))
    for proposal in proposals:
        section = found.setdefault(proposal.kind, Section(proposal.kind, proposal.kind.capitalize()))
        section.rows.append(Row(proposal, said_by(proposal), tuple(standing.get((proposal.kind, proposal.key), ())), matters(proposal, library)))
    for section in found.values():
        section.rows.sort(key=lambda row: not row.matters)
    return [section for section in found.values() if section.rows]


def matters(entry: HistoryEntry, library: Library) -> str:
    """The names of the concepts this entry speaks of, where a rule asks for them."""
    if entry.kind not in (Kind.CONDITION, Kind.MEDICINE, Kind.ALLERGY, Kind.PROCEDURE):
        return "asked for" if entry.kind != Kind.ANSWER else ""
    value: dict[str, Any] = entry.value if isinstance(entry.value, dict) else {}
    codings = tuple(Coding(c.get("system", ""), c.get("code", ""), c.get("display", "")) for c in value.get("codings") or [] if isinstance(c, dict))
    concepts = matcher_of(library).concepts(entry.kind, entry.label, codings)
    return ", ".join(sorted(library.concepts[c].name for c in concepts if c in library.concepts))
