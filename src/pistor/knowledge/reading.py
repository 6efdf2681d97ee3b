"""The knowledge as a person reads it in a terminal: every number with source, locator, grade and review date."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pistor.knowledge import model as m
from pistor.knowledge.library import Library
from pistor.knowledge.outline import Row, outline, value_text
from pistor.knowledge.rules import side_said, text_said

Found = list[tuple[str, m.Known]]
HEADING = frozenset({"id", "name", "title", "item"})  # shown above the rows


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
    if isinstance(entry, m.Incompatibility):
        a, b = (side_said(side) for side in (entry.a, entry.b))
        return f"{a[:1].upper()}{a[1:]} with {b}: {entry.verdict.value.replace('_', ' ')}"
    if isinstance(entry, m.Trial):
        return f"{entry.id}: {entry.condition}"
    if isinstance(entry, m.Outbreak):
        return f"{entry.id}: {entry.place}"
    if isinstance(entry, m.AftercareRule):
        return entry.item
    if isinstance(entry, m.TriageRule) and entry.basis:
        return _first(entry.basis[0].text)
    if isinstance(entry, m.EarlierBodyMap):
        return f"{entry.title}, version {entry.version}"
    if isinstance(entry, m.CheckIn):
        return f"{value_text(entry.after_days)} after {entry.after.replace('_', ' ').replace('first', 'the first').replace('last', 'the last')}"
    if isinstance(entry, m.MixtureRule):
        return _first(entry.id.partition("_")[2].replace("_", " ").capitalize())
    for field in ("name", "title", "said", "text", "condition", "item", "what", "note"):
        value = getattr(entry, field, None)
        if isinstance(value, m.Phrase):
            value = value.en
        if isinstance(value, m.Statement):
            value = value.text
        if isinstance(value, str):
            return _first(text_said(value))
    return ""


def _first(text: str) -> str:
    return text if len(text) <= 100 else text[:97].rstrip() + "…"


def find(library: Library, id_: str) -> Found:
    """Entries with exactly this id, whatever their kind; upper and lower case are told apart only where they must be."""
    return library.find(id_) or [(kind, entry) for kind, found, entry in library.entries() if found.casefold() == id_.casefold()]


def nearest(library: Library, id_: str) -> list[str]:
    """Ids that look like what was typed."""
    known = {found.casefold(): found for _, found, _ in library.entries()}
    close = difflib.get_close_matches(id_.casefold(), known, n=5, cutoff=0.6)
    close += [name for name in known if id_ and id_.casefold() in name and name not in close][: 5 - len(close)]
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
        lines += [f"{kind}/{getattr(entry, 'id', '')}: {title(entry)}", *_lines(outline(entry, library, skip=HEADING), 1), ""]
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
    if isinstance(node, m.Cited | m.Trial | m.Outbreak):
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


def _lines(rows: tuple[Row, ...], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for row in rows:
        yield f"{indent}{row.label or '-'}: {row.text}".rstrip()
        if row.cited is not None:
            yield f"{indent}  {_citation(row.cited)}"
        yield from _conflict(row.conflict, depth + 1)
        yield from _lines(row.rows, depth + 1)


def _citation(cited: m.Cited) -> str:
    return f"[{', '.join(cited.source)}] {cited.at}; grade {cited.grade.value}; reviewed {cited.reviewed}"


def _conflict(conflict: m.Conflict | None, depth: int) -> Iterator[str]:
    if conflict is None:
        return
    indent = "  " * depth
    yield f"{indent}CONFLICT: {conflict.note}{' To be confirmed before use.' if conflict.confirm else ''}"
    if conflict.held_to:
        yield f"{indent}  {conflict.held_to}"
    for reading in conflict.readings:
        yield f"{indent}  - {value_text(reading)}  {_citation(reading)}"
