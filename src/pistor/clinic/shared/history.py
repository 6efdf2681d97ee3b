"""What an entry of the history says in a few words, and what changed in it since a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from pistor.care.consultation import Kind
from pistor.records.consultation import HistoryEntry, Patient
from pistor.records.picture import age_of

NOTHING_FOUND = ("no", "negative")


@dataclass(frozen=True, slots=True)
class Changes:
    """Sentences on what is new or different, and how many questions were asked again with nothing new in the answer."""

    lines: tuple[str, ...] = ()
    asked_again: int = 0

    def __bool__(self) -> bool:
        return bool(self.lines or self.asked_again)


def changes_since(patient: Patient, moment: dt.datetime | None) -> Changes:
    """What was written, accepted or taken out after a moment: the last signed treatment."""
    if moment is None:
        return Changes()
    accepted = HistoryEntry.objects.of(patient.clinic).filter(patient=patient, state=HistoryEntry.State.ACCEPTED)
    after = list(accepted.filter(Q(created_at__gt=moment) | Q(decided_at__gt=moment)))
    replaced = accepted.filter(replaced_by__in=[entry.pk for entry in after])
    before = {(entry.kind, entry.key): said_by(entry) for entry in replaced if (entry.decided_at or entry.created_at) <= moment}
    newest = {(entry.kind, entry.key): entry for entry in sorted(after, key=age_of)}
    lines = [_line(entry) for key, entry in newest.items() if not _nothing_new(entry, before.get(key))]
    return Changes(tuple(lines), len(newest) - len(lines))


def _nothing_new(entry: HistoryEntry, before: str | None) -> bool:
    """The same answer again, or a first plain no."""
    if entry.removed_reason:
        return False
    if before is not None:
        return said_by(entry) == before
    return entry.kind == Kind.ANSWER and said_by(entry) in NOTHING_FOUND


def _line(entry: HistoryEntry) -> str:
    label = entry.label.rstrip("?") if entry.kind == Kind.ANSWER else entry.label
    said = f"taken out, {entry.removed_reason}" if entry.removed_reason else said_by(entry)
    return label if said in label else f"{label}: {said}"  # a measurement bears its value in its label


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


def _day(text: object) -> str:
    try:
        return f"{dt.date.fromisoformat(str(text)):%-d %b %Y}"
    except ValueError:
        return str(text)
