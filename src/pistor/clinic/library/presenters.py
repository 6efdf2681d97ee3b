"""The knowledge as pages: one for every entry, with what it rests on, where sources disagree, and what refers to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pistor.care.alternatives import compare
from pistor.care.benefit import reported
from pistor.care.reactions import attack_rate
from pistor.clinic.shared.comparison import cards_shown, rows_shown
from pistor.clinic.shared.trials import trials_shown
from pistor.exchange.pictures import map_svg
from pistor.knowledge import Library
from pistor.knowledge import model as m
from pistor.knowledge.finder import Hit, nearest, search
from pistor.knowledge.links import Key, referred_by
from pistor.knowledge.outline import Row, outline, value_text
from pistor.knowledge.reading import HEADING, counts, title
from pistor.knowledge.tables import columns, grouped

Address = Callable[[str, str], str]  # kind and id (empty for the list of a kind) to where the page is

# What a reader meets first, in groups; every kind stands in one of them.
SHELVES = (
    ("What is injected", ("ingredients", "presentations", "incompatibilities", "mixture_rules", "thresholds", "allergen_groups", "policies")),
    ("What it is for", ("indications", "protocols", "trials", "scales", "comparisons", "claims")),
    ("Where and how", ("techniques", "devices", "zones", "body_maps", "earlier_body_maps", "checklist_steps", "aftercare_rules", "check_ins")),
    ("Who, and what can happen", ("contraindications", "questions", "concepts", "reactions", "signs", "triage_rules", "outbreaks")),
    ("Law and words", ("jurisdictions", "consent_texts")),
    ("Where it comes from", ("sources", "conflicts", "methods", "delivery_parameters", "residence_measurements")),
)
# What people come to ask, and the table that answers.
MANUAL = {
    "contraindications": "Who should not be treated", "incompatibilities": "What may be mixed", "checklist_steps": "What to check around the needle",
    "aftercare_rules": "What a patient may do afterwards", "triage_rules": "Who has to be seen after a reaction", "jurisdictions": "What a country forbids",
    "trials": "What trials have shown", "claims": "What is said, and what holds", "conflicts": "Where sources disagree",
}  # fmt: skip
GRADES = {
    "A": "Regulator, label, randomised trial or systematic review",
    "B": "Study without random allocation, or consensus",
    "C": "A page of a practice or a vendor",
    "D": "Our own derivation from cited values",
    "M": "From memory: never shipped as a fact",
}
# What a reader should know before the first row.
ABOUT = {
    "contraindications": "Reasons not to treat, to treat otherwise, or to ask. The program decides by exactly these rows; a clinician may go past all but "
    "those at which it stops, with a reason that is kept.",
    "incompatibilities": "What is known of two things in one syringe. A pair that stands nowhere here has no data, which is not the same as compatible.",
    "triage_rules": "Which signs, how long after a treatment, need whom. The most urgent row that fits counts.",
    "trials": "Trials as reported, with and without effect. Nothing is pooled here.",
    "outbreaks": "Infections that went from one vial, device or room to many patients.",
    "claims": "What is said of mesotherapy, and what the evidence says.",
    "conflicts": "Where sources disagree. Every side is kept.",
    "jurisdictions": "What a country says. What no row names is unknown, never allowed.",
    "comparisons": "What else there is for the same goal. Each stands beside the others on the page of its indication.",
    "check_ins": "When a patient is asked how it is going, unasked.",
    "concepts": "What a record can say, and the words and codes by which it is recognised.",
    "delivery_parameters": "What the delivery engine reckons with, each number with how far it may be off.",
    "residence_measurements": "How long things stay in the skin and how they spread, as it was measured: the delivery engine is held beside it.",
    "methods": "How what is not measured is worked out, and where the answer was held beside what was seen.",
    "earlier_body_maps": "Drawings that were replaced. What was recorded on them is still shown on them.",
    "mixture_rules": "What holds for a blend as a whole.",
    "policies": "How much mixing a clinic allows itself.",
    "thresholds": "Bounds that hold for every blend or treatment.",
    "sources": "Every reference, and how much of it was really read.",
}  # fmt: skip
MANY = 12  # entries; a longer page can be narrowed
IN_ORDER = frozenset({"checklist_steps", "aftercare_rules"})  # read in their own order, not by the alphabet
_UNSEEN = HEADING | {"reviewed", "url", "doi"}
_DRAWN = frozenset({"design", "n", "active", "control", "schedule", "outcomes", "adverse_events", "notes"})  # of a trial: told as a picture


def words(kind: str) -> str:
    """The name of a kind, or of anything else that is kept under a short name."""
    return _SPELT.get(kind) or kind.replace("_", " ")


_SPELT = {"check_ins": "check-ins"}


def shelves(library: Library, address: Address) -> list[dict[str, Any]]:
    """The kinds with how many entries each holds; a kind that no shelf names stands on the last but one."""
    held = counts(library)
    named = {kind for _, kinds in SHELVES for kind in kinds}
    rest = tuple(kind for kind in held if kind not in named)
    grouped = [(name, (*kinds, *rest) if name == "Law and words" else kinds) for name, kinds in SHELVES]
    return [
        {"name": name, "kinds": [{"name": words(kind).capitalize(), "url": address(kind, ""), "count": held[kind]} for kind in kinds if held.get(kind)]}
        for name, kinds in grouped
    ]


def manual(library: Library, address: Address) -> list[dict[str, str]]:
    return [{"asked": asked, "url": address(kind, "")} for kind, asked in MANUAL.items() if getattr(library, kind)]


def kind_page(library: Library, kind: str, address: Address) -> dict[str, Any]:
    """The entries of a kind in their groups: side by side in a table where it has columns, else each with its first cited sentence."""
    heads = columns(kind)
    groups = []
    for name, entries in grouped(kind, getattr(library, kind).values()):
        lines = [
            {"title": title(entry) or words(entry.id), "url": address(kind, entry.id), "about": "" if heads else _about(entry),
             "cells": [{"heading": head.heading, "row": _row(head.cell(entry, library), library, address)} for head in heads]}
            for entry in entries
        ]  # fmt: skip
        groups.append({"name": name, "entries": lines if kind in IN_ORDER else sorted(lines, key=lambda line: line["title"].casefold())})
    many = len(getattr(library, kind)) > MANY
    return {"kind": words(kind), "about": ABOUT.get(kind, ""), "groups": groups, "headings": [head.heading for head in heads], "many": many}


def _about(entry: m.Known) -> str:
    if isinstance(entry, m.Comparison) and (target := entry.rows.get("target")):
        return value_text(target)
    for field in ("summary", "text", "evidence", "role", "condition", "substance_class", "design"):
        value = getattr(entry, field, None)
        said = value.text if isinstance(value, m.Statement) else value.en if isinstance(value, m.Phrase) else value
        if isinstance(said, str) and said != title(entry):
            return said if len(said) <= 160 else f"{said[:157].rstrip()}…"
    return ""


def found(library: Library, query: str, address: Address) -> list[dict[str, str]]:
    return [_hit(hit, address) for hit in search(library, query)]


def nearly_found(library: Library, query: str, address: Address) -> list[dict[str, str]]:
    return [_hit(hit, address) for hit in nearest(library, query)]


def _hit(hit: Hit, address: Address) -> dict[str, str]:
    return {"title": hit.title, "kind": words(hit.kind), "url": address(hit.kind, hit.id), "on": hit.on}


def entry_page(library: Library, kind: str, id_: str, address: Address) -> dict[str, Any]:
    """Everything one page says. The caller has looked that the entry exists."""
    entry = getattr(library, kind)[id_]
    by = referred_by(library).get((kind, id_), ())
    return {
        "kind": words(kind), "kind_url": address(kind, ""), "id": id_, "title": title(entry) or words(id_), "reviewed": entry.reviewed,
        "rows": [_row(row, library, address) for row in _rows(entry, library)],
        "trial": trials_shown([reported(entry)])[0] if isinstance(entry, m.Trial) else None,
        "comparison": _comparison(library, entry) if isinstance(entry, m.Indication) else None,
        "gaps": list(getattr(entry, "data_gaps", ())),
        "picture": map_svg(None, library, entry.id, zoom=False) if kind == "body_maps" else "",
        "origin": _origin(entry) if isinstance(entry, m.Source) else None,
        "referred_by": _grouped(by, library, address),
        "conflicts": _conflicts(outline(entry, library)),
    }  # fmt: skip


def _rows(entry: m.Known, library: Library) -> Iterator[Row]:
    """What stands in the entry, and beside an outbreak's two numbers what is worked out of them."""
    for row in outline(entry, library, skip=_UNSEEN | (_DRAWN if isinstance(entry, m.Trial) else frozenset())):
        yield row
        if row.label == "exposed" and isinstance(entry, m.Outbreak) and (rate := attack_rate(entry)):
            share, interval = rate
            yield Row("attack rate", f"{share} % (95 % interval {interval.low} to {interval.high} %), worked out of the two numbers above by Wilson's method")


_IDS = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+(?:, [a-z0-9_]+)*|[a-z0-9_]+(?:, [a-z0-9]+(?:_[a-z0-9]+)+)+")


def _row(row: Row, library: Library, address: Address) -> dict[str, Any]:
    return {
        "label": row.label,
        "text": words(row.text) if row.cited is None and _IDS.fullmatch(row.text) else row.text,
        "links": [_link(key, library, address) for key in row.links],
        "cite": _citation(row.cited, library, address) if row.cited is not None else None,
        "conflict": _conflict(row.conflict, library, address) if row.conflict is not None else None,
        "rows": [_row(inner, library, address) for inner in row.rows],
    }


def _comparison(library: Library, indication: m.Indication) -> dict[str, Any]:
    table = compare(library, indication.application, indication.id)
    return {"table": table, "rows": rows_shown(table), "cards": cards_shown(table)}


def _citation(cited: m.Cited, library: Library, address: Address) -> dict[str, Any]:
    works = [(key, library.sources[key]) for key in cited.source if key in library.sources]
    keys = [{"name": work.short, "url": address("sources", key), "title": work.title} for key, work in works]
    return {"keys": keys, "at": cited.at, "grade": cited.grade.value, "means": GRADES[cited.grade.value], "reviewed": cited.reviewed}


def _conflict(conflict: m.Conflict, library: Library, address: Address) -> dict[str, Any]:
    readings = [{"text": value_text(reading), "cite": _citation(reading, library, address)} for reading in conflict.readings]
    return {"note": conflict.note, "held_to": conflict.held_to, "confirm": conflict.confirm, "readings": readings, "url": address("conflicts", conflict.id)}


def _conflicts(rows: Iterable[Row]) -> int:
    return sum((row.conflict is not None) + _conflicts(row.rows) for row in rows)


def _link(key: Key, library: Library, address: Address) -> dict[str, str]:
    kind, id_ = key
    return {"title": title(getattr(library, kind)[id_]) or words(id_), "url": address(kind, id_)}


def _grouped(keys: Iterable[Key], library: Library, address: Address) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, str]]] = {}
    for key in keys:
        groups.setdefault(words(key[0]), []).append(_link(key, library, address))
    return [{"kind": kind, "entries": entries} for kind, entries in groups.items()]


def _origin(source: m.Source) -> dict[str, str]:
    """Where the original is. Only addresses of the web become links."""
    url = f"https://doi.org/{source.doi}" if source.doi else source.url or ""
    return {"url": url if url.startswith(("https://", "http://")) else "", "said": f"doi {source.doi}" if source.doi else source.url or ""}
