"""What is recorded for a visit, as far as the task list and the gate before treatment need it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal


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


def plan_needs(facts: VisitFacts) -> tuple[str, ...]:
    """What the plan still lacks before anybody can consent to it."""
    needs = [*facts.stops]
    if not facts.alternatives_discussed:
        needs.append("The alternatives have not been talked through.")
    if not facts.blend_composed:
        needs.append("No blend is composed.")
    if not facts.map_drawn:
        needs.append("No injection map is drawn.")
    if not facts.course_scheduled:
        needs.append("The treatments have no dates yet.")
    return (*needs, *facts.blend_problems, *facts.map_problems)
