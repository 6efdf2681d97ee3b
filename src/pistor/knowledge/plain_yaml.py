"""Reads one YAML document into plain values, faster than a general loader and as it was written.

A scalar stays text unless it is empty, ``null``, ``true`` or ``false``; the types of the fields decide what it means, so
a number keeps the digits that its source printed. A key that stands twice in one mapping is an error, not the last one;
so are keys that are no words, nesting deeper than any entry needs, and an alias inside of what another may stand for.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml import events as ev

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # only its events are used; without libyaml they come slower
_DEEPEST = 50
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


def read(raw: bytes) -> Any:
    """The document in ``raw``. Raises :class:`yaml.YAMLError`."""
    parser = _Parser(raw)
    named: dict[str, Any] = {}
    outer: list[tuple[Any, Any, bool]] = []  # the collections around the present one: the key that each waits to fill, whether one of them has a name
    anchored = False
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
            inside, key, anchored = outer.pop()
            continue
        elif type_ is ev.AliasEvent:
            if anchored:  # else a few lines could stand for more than fits in memory, or for themselves
                raise _wrong(event, f"*{event.anchor} stands inside of what has an & name: write it out")
            if event.anchor not in named:
                raise _wrong(event, f"*{event.anchor} is no & name above")
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
            if type_ is not ev.ScalarEvent or value is None:
                raise _wrong(event, "a key is no word")
            if value in inside:
                raise _wrong(event, f"{value} stands twice")
            key = value
            continue
        else:
            inside[key] = value
            key = None
        if type_ is not ev.AliasEvent and event.anchor:
            named[event.anchor] = value
        if type_ is ev.MappingStartEvent or type_ is ev.SequenceStartEvent:
            if len(outer) == _DEEPEST:
                raise _wrong(event, f"more than {_DEEPEST} lists and mappings stand in each other")
            outer.append((inside, key, anchored))
            inside, key, anchored = value, None, anchored or bool(event.anchor)


def _wrong(event: Any, what: str) -> yaml.YAMLError:
    return yaml.YAMLError(f"line {event.start_mark.line + 1}: {what}")
