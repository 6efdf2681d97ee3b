"""What changed between two states of the knowledge, said for a reviewer: what a clinician would do differently comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Weight = Literal["clinical", "evidence", "wording", "review"]
Entries = Mapping[str, Mapping[str, Mapping[str, Any]]]  # kind, id, and the entry as JSON

# By the last name in a change's path. What is not listed decides something: a number, a verdict, an effect, a scope.
_EVIDENCE = frozenset({"source", "at", "grade", "read", "year", "doi", "url", "authors", "container", "volume", "issue", "pages", "publisher", "licence"})
_WORDING = frozenset({"text", "note", "name", "title", "what", "why", "limits", "en", "fr", "synonyms", "terms", "excludes", "origin", "order", "data_gaps"})
_REVIEW = frozenset({"reviewed"})
_TELLING = frozenset({"sources", "conflicts", "outbreaks", "claims"})  # no rule decides by these
_HEAVY = ("clinical", "evidence", "wording", "review")
_CLINICAL_WORDING = frozenset({"contraindications", "incompatibilities", "mixture_rules", "aftercare_rules", "triage_rules", "jurisdictions"})


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is not what it was. ``path`` is empty where the whole entry came or went."""

    kind: str
    id: str
    path: str
    before: Any
    after: Any
    weight: Weight

    def __str__(self) -> str:
        where = f"{self.kind}/{self.id}"
        if not self.path:
            return f"{where}: {'added' if self.before is None else 'removed'}"
        return f"{where}: {self.path}: {said(self.before)} is now {said(self.after)}"

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "id": self.id, "path": self.path, "before": self.before, "after": self.after, "weight": self.weight}


def compare(before: Entries, after: Entries) -> tuple[Change, ...]:
    """Every change, the heaviest first, then in the order of kinds and ids."""
    found: list[Change] = []
    for kind in dict.fromkeys((*before, *after)):
        old, new = before.get(kind, {}), after.get(kind, {})
        for id_ in sorted({*old, *new}):
            if id_ not in old or id_ not in new:
                entry: Weight = "evidence" if kind in _TELLING else "clinical"
                found.append(Change(kind, id_, "", old.get(id_), new.get(id_), entry))
            else:
                found += [Change(kind, id_, path, a, b, _weight(kind, path)) for path, a, b in _values(old[id_], new[id_], "")]
    return tuple(sorted(found, key=lambda change: _HEAVY.index(change.weight)))


def _values(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of values that differ, with the way to them. Lists of entries with an id are compared by it, others by place."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            a, b = before.get(key), after.get(key)
            if key == "conflict":  # an entry of its own, compared there
                a, b = (value.get("id", value) if isinstance(value, Mapping) else value for value in (a, b))
            yield from _values(a, b, f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list) and before != after and any(isinstance(item, Mapping) for item in (*before, *after)):
        yield from _values(_by_name(before), _by_name(after), path)
    elif before != after:
        yield path, before, after


def _by_name(items: list[Any]) -> dict[str, Any]:
    """The items under their own id, name or text, so that one put in front does not change all that follow."""
    named: dict[str, Any] = {}
    for number, item in enumerate(items):
        said_name = (item[key] for key in ("id", "ingredient", "presentation", "zone", "name") if isinstance(item, Mapping) and item.get(key))
        name = str(next(said_name, number))
        named[name if name not in named else f"{name} {number}"] = item
    return named


def _weight(kind: str, path: str) -> Weight:
    names = path.split(".")
    if names[-1] in _REVIEW:
        return "review"
    if names[-1] == "confirm":
        return "clinical"
    if kind in _TELLING or names[-1] in _EVIDENCE or "conflict" in names:
        return "evidence"
    if names[-1] in _WORDING:
        return "clinical" if kind in _CLINICAL_WORDING and names[-1] == "text" else "wording"
    return "clinical"


def said(value: Any) -> str:
    """A value in few words."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("text", "value", "name", "id") if value.get(key) is not None), "an entry")
    text = ", ".join(said(item) for item in value) if isinstance(value, list) else str(value)
    return f"“{text[:117]}…”" if len(text) > 120 else f"“{text}”" if " " in text else text
