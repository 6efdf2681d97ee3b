"""Evidence objects: what every decision returns, and every page, PDF, terminal and card shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pistor.knowledge import model


class Effect(StrEnum):
    """What a finding asks for, most serious first."""

    CONTRAINDICATED = "contraindicated"
    REFER = "refer"
    ASK = "ask"
    CAUTION = "caution"
    INFORM = "inform"


@dataclass(frozen=True, slots=True)
class Fact:
    """One input a finding rests on: what it is, its value, when it was so, and who says it."""

    name: str
    value: str
    date: dt.date | None
    origin: str

    def as_dict(self) -> dict[str, Any]:
        return {"fact": self.name, "value": self.value, "date": _iso(self.date), "origin": self.origin}


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A reference to an entry of ``knowledge/data/sources`` with the place in it and the grade of what it carries."""

    key: str
    locator: str
    grade: str
    text: str = ""
    reviewed: dt.date | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"key": self.key, "locator": self.locator, "grade": self.grade, "text": self.text, "reviewed": _iso(self.reviewed)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence a colleague would say, with everything needed to check it.

    ``missing`` holds ids of questions. ``stops`` marks the few findings that the server refuses to pass.
    """

    rule: str
    effect: Effect
    text: str
    because: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...] = ()
    limits: str = ""
    stops: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "effect": self.effect.value,
            "text": self.text,
            "because": [fact.as_dict() for fact in self.because],
            "missing": list(self.missing),
            "sources": [source.as_dict() for source in self.sources],
            "limits": self.limits,
            "stops": self.stops,
        }


def cited(items: Iterable[model.Cited]) -> tuple[SourceRef, ...]:
    """The references of some knowledge, one per source named, in order and without repeats."""
    refs = {
        (key, item.at): SourceRef(key, item.at, item.grade.value, getattr(item, "text", None) or "", item.reviewed)
        for item in items
        for key in item.source
    }
    return tuple(refs.values())


def finding_from_dict(data: dict[str, Any]) -> Finding:
    """Back from :meth:`Finding.as_dict`, for findings that were frozen into a record."""
    return Finding(
        rule=data["rule"],
        effect=Effect(data["effect"]),
        text=data["text"],
        because=tuple(Fact(f["fact"], f["value"], _date(f["date"]), f["origin"]) for f in data["because"]),
        missing=tuple(data["missing"]),
        sources=tuple(SourceRef(s["key"], s["locator"], s["grade"], s["text"], _date(s["reviewed"])) for s in data["sources"]),
        limits=data["limits"],
        stops=data["stops"],
    )


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
