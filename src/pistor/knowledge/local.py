"""A clinic's own copies of entries: edited leaf by leaf, cited by the clinic, laid over what is published.

What is published is never edited. A copy of a product or a protocol gets an id of its own; a copy of an aftercare text
takes the published one's place in that clinic, where both stay readable.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

from pistor.knowledge import model as m
from pistor.knowledge.check import problems
from pistor.knowledge.library import Library
from pistor.knowledge.outline import label_of
from pistor.knowledge.typed import decimal_of

OWN_ID = "own_id"
SAME_ID = "same_id"
COPYABLE: dict[str, Literal["own_id", "same_id"]] = {"presentations": "own_id", "protocols": "own_id", "aftercare_rules": "same_id"}
PREFIX = "local_"
_NUMBERS = ("value", "min", "max")
_TEXTS = ("name", "text", "note", "en", "fr", "item")
# What a published product may leave open and a clinic's label may say.
_OPEN = {"presentations": {"ph": "pH", "osmolarity": "mOsm/L", "container_ml": "mL"}}


class NotAcceptable(ValueError):
    """The copy cannot be used; the message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that can be edited. ``path`` is dotted; ``value`` is as written, empty where nothing is known."""

    path: str
    label: str
    value: str
    unit: str
    number: bool


def leaves(kind: str, entry: m.Known) -> tuple[Leaf, ...]:
    """The values of an entry that a clinic may set, in the order of its type."""
    return (*_leaves(entry.model_dump(mode="json", by_alias=True), "", "", ""), *_missing(kind, entry))


def _leaves(node: Any, path: str, label: str, unit: str) -> Iterator[Leaf]:
    if isinstance(node, Mapping):
        unit = str(node.get("unit") or "")
        for key, value in node.items():
            here = f"{path}.{key}" if path else key
            if key == "basis" or key == "conflict":
                continue
            if key in _NUMBERS and value is not None and "unit" in node:
                yield Leaf(here, label if key == "value" else f"{label}, {'lowest' if key == 'min' else 'highest'}", str(value), unit, True)
            elif key in _TEXTS and isinstance(value, str):
                yield Leaf(here, _text_label(label, key), value, "", False)
            elif isinstance(value, Mapping | list):
                yield from _leaves(value, here, label_of(key) if not label else f"{label}, {label_of(key)}", unit)
    elif isinstance(node, list):
        for number, item in enumerate(node, 1):
            yield from _leaves(item, f"{path}.{number - 1}", label if len(node) == 1 else f"{label} {number}", unit)


def _text_label(label: str, key: str) -> str:
    named = {"en": "English", "fr": "French", "text": "", "name": "name", "item": "name", "note": "note"}[key]
    return ", ".join(part for part in (label, named) if part) or key


def _missing(kind: str, entry: m.Known) -> Iterator[Leaf]:
    for field, unit in _OPEN.get(kind, {}).items():
        if getattr(entry, field, None) is None:
            for end, said in (("min", "lowest"), ("max", "highest")):
                yield Leaf(f"{field}.{end}", f"{label_of(field)}, {said}", "", unit, True)


def edited(kind: str, entry: m.Known, changes: Mapping[str, str], *, id_: str, source: m.Source, grade: str, at: str, on: dt.date) -> m.Known:
    """A copy of ``entry`` with the leaves in ``changes`` set; every value touched is cited by ``source``.

    Raises :class:`NotAcceptable` where a value is no number, a path is not one of :func:`leaves`, or the copy does not hold together.
    """
    body = copy.deepcopy(entry.model_dump(mode="json", by_alias=True))
    known = {leaf.path: leaf for leaf in leaves(kind, entry)}
    citation = {"source": [source.id], "at": at, "grade": grade, "reviewed": on.isoformat()}
    for path, written in changes.items():
        leaf = known.get(path)
        if leaf is None:
            raise NotAcceptable(f"{path} is not something that can be changed here.")
        if written.strip() != leaf.value:
            _set(body, path, _value(leaf, written), leaf.unit, citation)
    body |= {"id": id_, "reviewed": on.isoformat()}
    try:
        return m.KINDS[kind].model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotAcceptable(f"{label_of(place.split('.')[0]).capitalize()}: {first['msg'].removeprefix('Value error, ')}.") from None


def _value(leaf: Leaf, written: str) -> str | None:
    said = " ".join(written.split())
    if not leaf.number:
        if not said:
            raise NotAcceptable(f"{leaf.label.capitalize()} is empty; write what holds in your clinic.")
        return said
    if not said:
        return None
    try:
        number = decimal_of(said)
    except ValueError as problem:
        raise NotAcceptable(f"{leaf.label.capitalize()}: {problem}") from None
    if number < 0 or number > 1_000_000:
        raise NotAcceptable(f"{leaf.label.capitalize()} is {said[:40]}; it must be a number of 0 or more.")
    return str(number)


def _set(body: dict[str, Any], path: str, value: str | None, unit: str, citation: Mapping[str, Any]) -> None:
    """Set one leaf, and cite the clinic on the value that it belongs to. A number that is emptied is not known any more."""
    *way, last = path.split(".")
    node: Any = body
    for step in way:
        inner = node[int(step)] if isinstance(node, list) else node.get(step)
        if inner is None:
            inner = node[step] = {"unit": unit}
        node = inner
    node[last] = value
    if "source" in node or node.get("unit"):
        node.update(citation)
        node.pop("conflict", None)  # the clinic has decided which holds here
    if node.get("unit") and all(node.get(name) is None for name in _NUMBERS):
        parent: Any = body
        for step in way[:-1]:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        parent[way[-1]] = None


def own_id(name: str, taken: Iterable[str]) -> str:
    """An id for a copy, from its name."""
    held = set(taken)
    stem = PREFIX + (re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:40] or "entry")
    return next(id_ for number in range(1, 10_000) if (id_ := stem if number == 1 else f"{stem}_{number}") not in held)


def overlay(library: Library, entries: Iterable[tuple[str, m.Known]], sources: Iterable[m.Source], stamp: str) -> Library:
    """The library with a clinic's own entries in it. A copied protocol is offered beside its original."""
    kinds: dict[str, dict[str, Any]] = {"sources": {**library.sources, **{source.id: source for source in sources}}}
    for kind, entry in entries:
        held = kinds.setdefault(kind, dict(getattr(library, kind)))
        held[entry.id] = entry  # type: ignore[attr-defined]
        if isinstance(entry, m.Protocol):
            indications = kinds.setdefault("indications", dict(library.indications))
            indication = indications[entry.indication]
            if entry.id not in indication.protocols:
                indications[entry.indication] = indication.model_copy(update={"protocols": (*indication.protocols, entry.id)})
    frozen = {kind: MappingProxyType(held) for kind, held in kinds.items()}
    return replace(library, version=f"{library.version}+local.{stamp[:8]}", **frozen)  # type: ignore[arg-type]


def wrong_with(library: Library, kind: str, id_: str) -> tuple[str, ...]:
    """What is wrong with one entry of a library, as the check of the published knowledge would say it. Its dates are the program's own, not judged."""
    return tuple(f"{found.what[0].upper()}{found.what[1:]}." for found in problems(library, dt.date.max) if found.serious and found.place.split(":")[0] == id_)
