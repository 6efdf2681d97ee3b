"""Find entries by what people call them: name, synonym, brand, code, or the first letters of any of these."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from pydantic import BaseModel

from pistor.knowledge import model as m
from pistor.knowledge.library import Library
from pistor.knowledge.reading import title

# Kinds people look for come before those that other entries lead to.
FIRST = ("ingredients", "presentations", "indications", "protocols", "contraindications", "incompatibilities", "techniques", "zones", "reactions", "scales")
LAST = ("concepts", "signs", "questions", "sources")
MOST = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """``on`` is the name that matched, where it is not the title."""

    kind: str
    id: str
    title: str
    on: str


def search(library: Library, query: str, *, most: int = MOST) -> tuple[Hit, ...]:
    """Entries that every word of ``query`` fits, the closest first."""
    words = folded(query).split()
    if not words:
        return ()
    found = []
    for kind, id_, shown, called in names(library):
        best = max(((_fit(name, words), said) for name, said in called), default=(0, ""))
        if best[0]:
            found.append((-best[0], _rank(kind), shown.casefold(), Hit(kind, id_, shown, best[1] if folded(best[1]) != folded(shown) else "")))
    return tuple(hit for *_, hit in sorted(found, key=lambda row: row[:3])[:most])


def nearest(library: Library, query: str, *, most: int = 6) -> tuple[Hit, ...]:
    """Entries called nearly so, for a word that is misspelt."""
    called = {name: Hit(kind, id_, shown, said) for kind, id_, shown, all_ in names(library) if kind not in LAST for name, said in all_}
    return tuple(dict.fromkeys(called[name] for name in get_close_matches(folded(query[:60]), called, n=most, cutoff=0.75)))


def folded(text: str) -> str:
    """Lower case, no accents, no punctuation."""
    plain = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    return " ".join(plain.split())


def _fit(name: str, words: list[str]) -> int:
    """How well a folded name fits: the whole of it, its beginning, the beginnings of its words, or parts of them."""
    whole = " ".join(words)
    if name == whole:
        return 4
    if name.startswith(whole):
        return 3
    if all(f" {word}" in f" {name}" for word in words):
        return 2
    return 1 if all(word in name for word in words) else 0


def _rank(kind: str) -> int:
    return FIRST.index(kind) if kind in FIRST else len(FIRST) + 1 + LAST.index(kind) if kind in LAST else len(FIRST)


@cache
def names(library: Library) -> tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]:
    """Of every entry its kind, id, title and names, each folded and as written."""
    return tuple(
        (kind, id_, title(entry) or id_.replace("_", " "), tuple((folded(name), name) for name in dict.fromkeys((*_called(entry), id_.replace("_", " "), id_))))
        for kind, id_, entry in library.entries()
    )


def _called(entry: m.Known) -> Iterable[str]:
    """Every name of an entry."""
    yield title(entry)
    for field in ("name", "synonyms", "brands", "terms", "short", "authors", "doi"):
        value = getattr(entry, field, None)
        yield from (name for name in ((value,) if isinstance(value, str) else value or ()) if isinstance(name, str))
    yield from _codes(entry)


def _codes(node: object) -> Iterator[str]:
    if isinstance(node, m.Code):
        yield node.code
        yield node.display
    elif isinstance(node, BaseModel):
        for field in type(node).model_fields:
            yield from _codes(getattr(node, field))
    elif isinstance(node, tuple | list):
        for item in node:
            yield from _codes(item)
