"""The knowledge as a person reads it in a terminal: every number with source, locator, grade and review date."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from pistor.knowledge import model as m
from pistor.knowledge.library import Library

Found = list[tuple[str, m.Known]]


def kinds() -> tuple[str, ...]:
    """The kinds of entry, named as the folders under ``data/``."""
    return tuple(m.KINDS)


def counts(library: Library) -> dict[str, int]:
    """How many entries of each kind there are."""
    return {kind: len(getattr(library, kind)) for kind in m.KINDS}


def counts_text(library: Library, serious: int, warnings: int) -> str:
    """One line that says what was checked and what came of it."""
    held = counts(library)
    kinds_held = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in held.items() if number)
    outcome = "everything resolves and is cited" if not serious else f"{serious} to mend"
    return f"{sum(held.values())} entries ({kinds_held}): {outcome}, {warnings} warnings; knowledge {library.version}"


def listing(library: Library, kind: str | None = None) -> dict[str, Any]:
    """Ids and names by kind."""
    chosen = [kind] if kind else [name for name, number in counts(library).items() if number]
    entries = {name: [{"id": id_, "name": title(entry)} for id_, entry in getattr(library, name).items()] for name in chosen}
    return {"version": library.version, "kinds": entries}


def listing_text(listed: dict[str, Any]) -> str:
    lines = []
    for kind, entries in listed["kinds"].items():
        lines.append(f"{kind} ({len(entries)})")
        width = min(max((len(entry["id"]) for entry in entries), default=0), 44)
        lines += [f"  {entry['id']:<{width}}  {entry['name']}".rstrip() for entry in entries]
    return "\n".join(lines)


def title(entry: m.Known) -> str:
    """What an entry is called: its name, title, or first words."""
    for field in ("name", "title", "text", "condition", "item", "what"):
        value = getattr(entry, field, None)
        if isinstance(value, m.Phrase):
            value = value.en
        if isinstance(value, m.Statement):
            value = value.text
        if isinstance(value, str):
            return value if len(value) <= 100 else value[:97].rstrip() + "…"
    return ""


def find(library: Library, id_: str) -> Found:
    """Entries with exactly this id, whatever their kind; upper and lower case are told apart only where they must be."""
    return library.find(id_) or [(kind, entry) for kind, found, entry in library.entries() if found.casefold() == id_.casefold()]


def nearest(library: Library, id_: str) -> list[str]:
    """Ids that look like what was typed."""
    known = {found.casefold(): found for _, found, _ in library.entries()}
    close = difflib.get_close_matches(id_.casefold(), known, n=5, cutoff=0.6)
    close += [name for name in known if id_.casefold() in name and name not in close][: 5 - len(close)]
    return [known[name] for name in close]


def as_dict(library: Library, found: Found) -> dict[str, Any]:
    """The entries and the sources they cite."""
    keys = {key for _, entry in found for key in _sources(entry)}
    return {
        "version": library.version,
        "entries": [{"kind": kind, "entry": entry.model_dump(mode="json", by_alias=True)} for kind, entry in found],
        "sources": {key: library.sources[key].model_dump(mode="json") for key in sorted(keys) if key in library.sources},
    }


def as_text(library: Library, found: Found) -> str:
    """The entries in full, then the sources they cite."""
    lines: list[str] = []
    for kind, entry in found:
        lines += [f"{kind}/{getattr(entry, 'id', '')}: {title(entry)}", *_lines(entry, 1), ""]
    keys = dict.fromkeys(key for _, entry in found for key in _sources(entry))
    if keys:
        lines.append("Sources")
        lines += [f"  [{key}] {_source(library.sources[key])}" for key in keys if key in library.sources]
    return "\n".join(lines).rstrip()


def _source(source: m.Source) -> str:
    place = f"doi {source.doi}" if source.doi else source.url or ""
    read = f"Read: {source.read}{', ' + source.note if source.note else ''}"
    return ". ".join(part for part in (source.title, read, place, f"Reviewed {source.reviewed}") if part)


def _sources(node: object) -> Iterator[str]:
    if isinstance(node, m.Cited | m.Trial):
        yield from node.source
    if isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from _sources(getattr(node, name))
    elif isinstance(node, tuple | list):
        for item in node:
            yield from _sources(item)
    elif isinstance(node, dict):
        for item in node.values():
            yield from _sources(item)


def _lines(node: BaseModel, depth: int) -> Iterator[str]:
    for name in type(node).model_fields:
        if name in {"id", "name", "title"} and depth == 1:
            continue
        yield from _field(name.replace("_", " ").strip(), getattr(node, name), depth)


def _field(label: str, value: object, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if value is None or value in ((), {}, ""):
        return
    if isinstance(value, m.Cited):
        yield f"{indent}{label}: {_value(value)}"
        yield f"{indent}  {_citation(value)}"
        yield from _conflict(getattr(value, "conflict", None), depth + 1)
    elif isinstance(value, m.Conflict):
        yield from _conflict(value, depth)
    elif isinstance(value, BaseModel):
        yield f"{indent}{label}:"
        yield from _lines(value, depth + 1)
    elif isinstance(value, tuple | list):
        yield from _items(label, tuple(value), depth)
    elif isinstance(value, dict):
        yield f"{indent}{label}:"
        for key, item in value.items():
            yield from _field(str(key).replace("_", " "), item, depth + 1)
    else:
        yield f"{indent}{label}: {_plain(value)}"


def _items(label: str, items: tuple[object, ...], depth: int) -> Iterator[str]:
    indent = "  " * depth
    if any(isinstance(item, BaseModel) for item in items):
        yield f"{indent}{label}:"
        for item in items:
            yield from _field("-", item, depth + 1)
    elif any(" " in str(item) for item in items):
        yield f"{indent}{label}:"
        yield from (f"{indent}  - {_plain(item)}" for item in items)
    elif len(items) > 40:
        yield f"{indent}{label}: {len(items)} items"
    else:
        yield f"{indent}{label}: {', '.join(_plain(item) for item in items)}"


def _value(cited: m.Cited) -> str:
    if isinstance(cited, m.Quantity):
        return f"{_range(cited.value, cited.min, cited.max)} {cited.unit}{f' ({cited.note})' if cited.note else ''}"
    if isinstance(cited, m.Statement):
        return cited.text
    if isinstance(cited, m.Reading):
        return " ".join(part for part in (_range(cited.value, cited.min, cited.max), cited.text) if part)
    return ", ".join(f"{name.replace('_', ' ')} {_plain(getattr(cited, name))}" for name in type(cited).model_fields if name not in m.Cited.model_fields)


def _range(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> str:
    if value is not None:
        return _plain(value)
    if low is not None and high is not None:
        return f"{_plain(low)} to {_plain(high)}"
    if high is not None:
        return f"at most {_plain(high)}"
    return f"at least {_plain(low)}" if low is not None else ""


def _citation(cited: m.Cited) -> str:
    return f"[{', '.join(cited.source)}] {cited.at}; grade {cited.grade.value}; reviewed {cited.reviewed}"


def _conflict(conflict: m.Conflict | None, depth: int) -> Iterator[str]:
    if conflict is None:
        return
    indent = "  " * depth
    yield f"{indent}CONFLICT: {conflict.note}{' To be confirmed before use.' if conflict.confirm else ''}"
    for reading in conflict.readings:
        yield f"{indent}  other: {_value(reading)}  {_citation(reading)}"


def _plain(value: object) -> str:
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple | list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
