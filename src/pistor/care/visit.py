"""What is recorded for a visit, as far as the task list and the gate before treatment need it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps a treatment from being signed.

    ``rule`` names the rule that asks for it, ``text`` says it in sentences, ``where`` is the part of the chart that mends it
    (see :mod:`pistor.care.treatment.gate`), or else the step of the visit.
    """

    rule: str
    text: str
    where: str

    def as_dict(self) -> dict[str, str]:
        return {"rule": self.rule, "text": self.text, "where": self.where}


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Plain facts about one visit; sentences where a page will show them."""

    on: dt.date
    number: int  # of the treatment in its course
    treatment: Literal["planned", "open", "signed", "cancelled"]
    history_recorded: bool
    questions_missing: tuple[str, ...]  # texts of questions that candidacy still needs
    baseline_scored: bool
    verdict: str | None  # what candidacy says now; None where it cannot be computed yet
    verdict_reviewed: bool  # a clinician accepted exactly this verdict for this visit
    stops: tuple[str, ...]  # sentences of findings that the server refuses to pass
    to_override: tuple[str, ...]  # sentences of findings that need a reason to go past, and have none
    alternatives_discussed: bool
    blend_composed: bool
    blend_problems: tuple[str, ...]
    map_drawn: bool
    map_problems: tuple[str, ...]
    course_scheduled: bool
    consent: Literal["none", "signed", "outdated", "withdrawn"]
    zones_recorded: bool
    aftercare_given: bool
    open_reactions: int
    scored_today: bool
    evaluation_due: bool
    evaluation_decided: bool
    leaving: str = ""  # of a signed treatment: whether the patient may leave or has left, in words


def plan_missing(facts: VisitFacts) -> tuple[Missing, ...]:
    """What the plan still lacks before anybody can consent to it."""
    missing = [Missing("before.stop", sentence, "candidacy") for sentence in facts.stops]
    if not facts.alternatives_discussed:
        missing.append(Missing("before.alternatives", "The alternatives have not been talked through.", "alternatives"))
    if not facts.blend_composed:
        missing.append(Missing("before.blend", "No blend is composed.", "formulation"))
    if not facts.map_drawn:
        missing.append(Missing("before.map", "No injection map is drawn.", "injection_map"))
    if not facts.course_scheduled:
        missing.append(Missing("before.dates", "The treatments have no dates yet.", "course"))
    missing += [Missing("before.blend", sentence, "formulation") for sentence in facts.blend_problems]
    missing += [Missing("before.map", sentence, "injection_map") for sentence in facts.map_problems]
    return tuple(missing)


def plan_needs(facts: VisitFacts) -> tuple[str, ...]:
    """The same as sentences."""
    return tuple(item.text for item in plan_missing(facts))
