"""The steps of a visit as a task list: what is done, what comes next, and exactly what is missing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

STEPS = (
    "consultation", "candidacy", "alternatives", "formulation", "injection_map", "course",
    "consent", "treatment", "aftercare", "reactions", "outcomes", "maintenance",
)  # fmt: skip


class StepState(StrEnum):
    COMPLETED = "completed"
    IN_PROGRESS = "in_progress"
    TO_DO = "to_do"
    CANNOT_START = "cannot_start"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is recorded for a visit, as far as the task list and the gate before treatment need it."""

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


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the task list. ``missing`` are sentences; an empty tuple where nothing is."""

    name: str
    title: str
    state: StepState
    missing: tuple[str, ...] = ()
    detail: str = ""
