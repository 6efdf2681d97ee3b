"""What changed since the last visit, and proposed facts beside what stands in the chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pistor.care.candidacy.matching import matcher_of
from pistor.care.consultation import Coding, Kind
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


def said_by(entry: HistoryEntry) -> str:
    """An entry in a few words: “active since 3 Mar 2024”."""
    value: dict[str, Any] = entry.value if isinstance(entry.value, dict) else {}
    if entry.kind == Kind.MEASUREMENT:
        return f"{value.get('value', '?')} {value.get('unit', '')}".strip()
    if entry.kind == Kind.PREGNANCY:
        return str(value.get("state", "unknown")).replace("_", " ")
    if entry.kind == Kind.ANSWER:
        answer = {"unknown": "does not know"}.get(str(value.get("value")), str(value.get("value", "?")).replace("_", " "))
        return f"{answer} ({value['note']})" if value.get("note") else answer
    if entry.kind == Kind.PROCEDURE:
        return f"on {_day(value.get('performed'))}" if value.get("performed") else "date not given"
    if value.get("refuted") is True:
        return "ruled out"
    active = value.get("active")
    words = {True: "active", False: "no longer active"}.get(active, "not said whether active")  # type: ignore[arg-type]
    begin, end = value.get("onset") or value.get("start"), value.get("abatement") or value.get("end")
    return words + (f" since {_day(begin)}" if begin else "") + (f", until {_day(end)}" if end else "")


def changes_since(entries: Iterable[HistoryEntry], moment: dt.datetime | None) -> list[str]:
    """Sentences on what was written after a moment: the last signed treatment."""
    if moment is None:
        return []
    return [f"{entry.label}: {said_by(entry)}" for entry in entries if (entry.decided_at or entry.created_at) > moment]


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


def _day(text: object) -> str:
    try:
        return f"{dt.date.fromisoformat(str(text)):%-d %b %Y}"
    except ValueError:
        return str(text)
