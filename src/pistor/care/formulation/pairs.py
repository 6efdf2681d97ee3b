"""Two things in one syringe: which rule speaks of them, and what follows where none does.

The most specific rule wins (substance before class before anything); among equals an observation goes before theory,
and among those the most severe. A rule about an excipient is about another substance, so it is never overruled by
what is known of the actives. Without a rule the answer is *no data*, which is never *compatible*.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from pistor.care.evidence import SourceRef, cited
from pistor.knowledge import Library
from pistor.knowledge.model import PH_CLASSES, Grade, Incompatibility, PairVerdict, Presentation

SEVERITY = {
    verdict: rank
    for rank, verdict in enumerate(
        (
            PairVerdict.COMPATIBLE, PairVerdict.NO_DATA, PairVerdict.CONDITIONAL, PairVerdict.ANTAGONISM, PairVerdict.DEGRADES,
            PairVerdict.AVOID, PairVerdict.TURBID, PairVerdict.PRECIPITATES, PairVerdict.BLOCK,
        )
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PairResult:
    """What is known of two presentations in one syringe. ``others`` are the rules that apply too and did not decide."""

    a: str
    b: str
    verdict: PairVerdict
    text: str
    sources: tuple[SourceRef, ...]
    a_name: str = ""
    b_name: str = ""
    rule: str | None = None
    others: tuple[tuple[PairVerdict, str, tuple[SourceRef, ...]], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "a": self.a,
            "b": self.b,
            "a_name": self.a_name,
            "b_name": self.b_name,
            "verdict": self.verdict.value,
            "text": self.text,
            "rule": self.rule,
            "sources": [source.as_dict() for source in self.sources],
            "others": [{"verdict": verdict.value, "text": text, "sources": [source.as_dict() for source in sources]} for verdict, text, sources in self.others],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PairResult:
        return cls(
            a=data["a"],
            b=data["b"],
            verdict=PairVerdict(data["verdict"]),
            text=data["text"],
            sources=_sources(data["sources"]),
            a_name=data["a_name"],
            b_name=data["b_name"],
            rule=data["rule"],
            others=tuple((PairVerdict(other["verdict"]), other["text"], _sources(other["sources"])) for other in data["others"]),
        )


Subjects = dict[str, tuple[int, bool]]  # what rules may call a presentation: how specific that is, and whether it is about an excipient
Rules = dict[tuple[str, str], Incompatibility]


def judge_pair(a: Presentation, b: Presentation, library: Library) -> PairResult:
    """What is known of ``a`` and ``b`` together."""
    return judge_pairs((a, b), library)[0]


def judge_pairs(presentations: Sequence[Presentation], library: Library) -> tuple[PairResult, ...]:
    """Every pair of ``presentations``, in order."""
    rules = {(rule.a, rule.b): rule for rule in library.incompatibilities.values()}
    named = {side for pair in rules for side in pair}
    known = [(one, {name: fit for name, fit in _subjects(one, library).items() if name in named}) for one in presentations]
    return tuple(_judge(a, b, rules) for a, b in combinations(known, 2))


def _judge(left: tuple[Presentation, Subjects], right: tuple[Presentation, Subjects], rules: Rules) -> PairResult:
    (a, _), (b, _) = left, right
    found = _applying(left[1], right[1], rules)
    if not found:
        text = f"Nothing is known here of {a.name} with {b.name} in one syringe. Unknown is not compatible."
        return PairResult(a.id, b.id, PairVerdict.NO_DATA, text, (), a.name, b.name)
    winner = max(found, key=lambda rule: _weight(*rule))[0]
    # What an excipient does, and what a label forbids, holds whatever is known of the actives.
    firm = [rule for rule, (_, excipient) in found if excipient or rule.verdict is PairVerdict.BLOCK]
    winner = max((winner, *firm), key=lambda rule: SEVERITY[rule.verdict])
    others = tuple((rule.verdict, _said(rule), cited((rule.text,))) for rule, _ in found if rule is not winner)
    return PairResult(a.id, b.id, winner.verdict, _said(winner), cited((winner.text,)), a.name, b.name, winner.id, others)


def _said(rule: Incompatibility) -> str:
    """What a rule says, and where another source says otherwise."""
    return f"{rule.text.text} {rule.text.conflict.note}" if rule.text.conflict else rule.text.text


def _applying(a: Subjects, b: Subjects, rules: Rules) -> list[tuple[Incompatibility, tuple[int, bool]]]:
    """The rules about this pair, either way round, each with how specific it is and whether it is about an excipient."""
    found: dict[str, tuple[Incompatibility, tuple[int, bool]]] = {}
    for x, (x_rank, x_excipient) in a.items():
        for y, (y_rank, y_excipient) in b.items():
            for pair in ((x, y), (y, x)):
                if rule := rules.get(pair):
                    fit = x_rank + y_rank, x_excipient or y_excipient
                    found[rule.id] = rule, max(fit, found[rule.id][1]) if rule.id in found else fit
    return list(found.values())


def _weight(rule: Incompatibility, fit: tuple[int, bool]) -> tuple[int, int, int]:
    observed = rule.text.grade in (Grade.A, Grade.B)
    return fit[0], int(observed), SEVERITY[rule.verdict]


def _subjects(presentation: Presentation, library: Library) -> Subjects:
    """Its substances, their classes, its excipients and what its label says, and anything: as rules name them."""
    subjects: Subjects = {"*": (0, False)}
    for group in (*presentation.allergen_groups, *_classes_by_label(presentation)):
        subjects[f"class:{group}"] = 1, True
    for component in presentation.components:
        subjects[component.ingredient] = 2, False
        for class_ in library.ingredients[component.ingredient].classes:
            subjects[f"class:{class_}"] = 1, False
    return subjects


def _classes_by_label(presentation: Presentation) -> tuple[str, ...]:
    """Classes that follow from the labelled pH."""
    high = None if presentation.ph is None else presentation.ph.high
    return () if high is None else tuple(name for name, bound in PH_CLASSES.items() if high < bound)


def _sources(rows: list[dict[str, Any]]) -> tuple[SourceRef, ...]:
    return tuple(
        SourceRef(row["key"], row["locator"], row["grade"], row["text"], dt.date.fromisoformat(row["reviewed"]) if row["reviewed"] else None) for row in rows
    )
