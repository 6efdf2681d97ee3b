"""Recognises what a coding or a label says: which concepts of the knowledge base it belongs to.

A code decides where the knowledge base lists it; otherwise the whole words of the label do, accents and case aside.
Everything that depends only on the library is prepared once per library.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from pistor.care.consultation import Coding
from pistor.knowledge import Library
from pistor.knowledge.model import Concept

_SAME_SYSTEM = {"icd10": "icd10cm"}  # the few subtrees we list mean the same in both
_LABEL_LENGTH = 500  # a label longer than this is prose; its beginning is enough


def words_of(text: str) -> str:
    """The words of a text, folded and single-spaced, with a space at both ends so that whole words can be found."""
    folded = unicodedata.normalize("NFKD", text[:_LABEL_LENGTH]).casefold()
    plain = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return f" {' '.join(plain.split())} "


@dataclass(frozen=True, slots=True)
class _Words:
    terms: tuple[str, ...]
    requires: tuple[str, ...]
    excludes: tuple[str, ...]

    def found_in(self, text: str) -> bool:
        """Whether a text says it: a term, beside it what must stand there, and nothing that makes it void."""
        if not any(term in text for term in self.terms) or any(word in text for word in self.excludes):
            return False
        return not self.requires or any(word in text for word in self.requires)


@dataclass(slots=True)
class Matcher:
    """Codes and words of one library, ready to be compared; remembers labels it has seen."""

    exact: dict[tuple[str, str], frozenset[str]]
    subtrees: tuple[tuple[str, str, str], ...]
    words: dict[str, dict[str, _Words]]
    any_term: dict[str, re.Pattern[str]]
    _seen: dict[tuple[str, str, tuple[tuple[str, str, str], ...]], frozenset[str]] = field(default_factory=dict)

    def concepts(self, kind: str, label: str, codings: Iterable[Coding]) -> frozenset[str]:
        """Ids of the concepts of ``kind`` (and of the negations) that this entry speaks of."""
        key = (kind, label, tuple((c.system, c.code, c.display) for c in codings))
        found = self._seen.get(key)
        if found is None:
            if len(self._seen) > 20_000:
                self._seen.clear()
            found = self._seen[key] = self._find(*key)
        return found

    def _find(self, kind: str, label: str, codings: tuple[tuple[str, str, str], ...]) -> frozenset[str]:
        found: set[str] = set()
        for system, code, _ in codings:
            system, code = _SAME_SYSTEM.get(system, system), code.replace(".", "").upper() if system != "ips" else code
            found |= self.exact.get((system, code), frozenset())
            found.update(id_ for sub, start, id_ in self.subtrees if sub == system and code.startswith(start))
        texts = [words_of(text) for text in {label, *(display for _, _, display in codings)} if text]
        for group in (kind, "negation"):
            pattern = self.any_term.get(group)
            if pattern is None or not any(pattern.search(text) for text in texts):
                continue
            for id_, words in self.words[group].items():
                if any(words.found_in(text) for text in texts):
                    found.add(id_)
        return frozenset(found)


_matchers: dict[str, Matcher] = {}  # by library version; the last few only


def matcher_of(library: Library) -> Matcher:
    """The matcher of this library, prepared on first use."""
    matcher = _matchers.get(library.version)
    if matcher is None:
        while len(_matchers) > 3:
            _matchers.pop(next(iter(_matchers)))
        matcher = _matchers[library.version] = _prepare(library.concepts.values())
    return matcher


def _prepare(concepts: Iterable[Concept]) -> Matcher:
    exact: dict[tuple[str, str], set[str]] = {}
    subtrees: list[tuple[str, str, str]] = []
    words: dict[str, dict[str, _Words]] = {}
    for concept in concepts:
        for code in concept.codes:
            system = _SAME_SYSTEM.get(code.system, code.system)
            plain = code.code if system == "ips" else code.code.replace(".", "").upper()
            exact.setdefault((system, plain), set()).add(concept.id)
            if code.subtree:
                subtrees.append((system, plain, concept.id))
        if concept.terms:
            entry = _Words(_forms(concept.terms), _forms(concept.requires), _forms(concept.excludes))
            words.setdefault(concept.kind, {})[concept.id] = entry
    any_term = {kind: _any(w.terms for w in entries.values()) for kind, entries in words.items()}
    return Matcher({k: frozenset(v) for k, v in exact.items()}, tuple(subtrees), words, any_term)


def _forms(words: Iterable[str]) -> tuple[str, ...]:
    """Each word as it is written, and with a plural s: an allergy to peanuts is one to peanut."""
    return tuple(dict.fromkeys(form for word in words for form in (words_of(word), words_of(f"{word}s"))))


def _any(terms: Iterable[tuple[str, ...]]) -> re.Pattern[str]:
    return re.compile("|".join(sorted({re.escape(term) for group in terms for term in group}, key=len, reverse=True)))
