"""Reads one YAML document into plain values, faster than a general loader and as it was written.

A scalar stays text unless it is empty, ``null``, ``true`` or ``false``; the types of the fields decide what it means, so
a number keeps the digits that its source printed. A key that stands twice in one mapping is an error, not the last one.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml import events as ev

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # only its events are used; without libyaml they come slower
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


def read(raw: bytes) -> Any:
    """The document in ``raw``. Raises :class:`yaml.YAMLError`."""
    parser = _Parser(raw)
    named: dict[str, Any] = {}
    outer: list[tuple[Any, Any]] = []  # the collections around the present one, with the key that each waits to fill
    inside: Any = None
    key: Any = None
    document: Any = None
    while True:
        event: Any = parser.get_event()
        type_ = type(event)
        value: Any
        if type_ is ev.ScalarEvent:
            value = _WORDS.get(event.value, event.value) if event.implicit[0] else event.value
        elif type_ is ev.MappingStartEvent:
            value = {}
        elif type_ is ev.SequenceStartEvent:
            value = []
        elif type_ is ev.MappingEndEvent or type_ is ev.SequenceEndEvent:
            inside, key = outer.pop()
            continue
        elif type_ is ev.AliasEvent:
            value = named[event.anchor]
        elif type_ is ev.StreamEndEvent:
            return document
        else:
            continue
        if inside is None:
            document = value
        elif type(inside) is list:
            inside.append(value)
        elif key is None:
            if value in inside:
                raise yaml.YAMLError(f"line {event.start_mark.line + 1}: {value} stands twice")
            key = value
            continue
        else:
            inside[key] = value
            key = None
        if type_ is not ev.AliasEvent and event.anchor:
            named[event.anchor] = value
        if type_ is ev.MappingStartEvent or type_ is ev.SequenceStartEvent:
            outer.append((inside, key))
            inside, key = value, None
