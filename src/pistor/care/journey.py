"""The steps of a visit as a task list: what is done, what comes next, and exactly what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pistor.care.treatment import missing_before_treatment
from pistor.care.visit import VisitFacts, plan_needs

__all__ = ["STEPS", "TITLES", "Step", "StepState", "VisitFacts", "after_saving", "next_step", "steps"]

STEPS = (
    "consultation", "candidacy", "alternatives", "formulation", "injection_map", "course",
    "consent", "treatment", "aftercare", "reactions", "outcomes", "maintenance",
)  # fmt: skip

CANCELLED = "cancelled"
NO_BASELINE = "The score before the first treatment is not recorded."


class StepState(StrEnum):
    COMPLETED = "completed"
    IN_PROGRESS = "in_progress"
    TO_DO = "to_do"
    CANNOT_START = "cannot_start"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the task list. ``missing`` are sentences; an empty tuple where nothing is."""

    name: str
    title: str
    state: StepState
    missing: tuple[str, ...] = ()
    detail: str = ""


TITLES = {
    "consultation": "Consultation",
    "candidacy": "Candidacy",
    "alternatives": "Alternatives",
    "formulation": "Blend",
    "injection_map": "Injection map",
    "course": "Course",
    "consent": "Consent",
    "treatment": "Treatment",
    "aftercare": "Aftercare",
    "reactions": "Reactions",
    "outcomes": "Outcomes",
    "maintenance": "Maintenance",
}


def steps(facts: VisitFacts) -> tuple[Step, ...]:
    """The task list of a visit, in the order of the walk."""
    return tuple(Step(name, TITLES[name], *_STATES[name](facts)) for name in STEPS)


def next_step(list_: tuple[Step, ...], *, apart_from: str = "") -> Step | None:
    """The one thing to do next: an open reaction before all else, then the first step that is open and can be done now.

    What was left open before a treatment that is signed is no longer to do. ``apart_from`` names the step one is on.
    """
    by_name = {step.name: step for step in list_}
    if by_name["reactions"].state is StepState.PROBLEM and apart_from != "reactions":
        return by_name["reactions"]
    if by_name["treatment"].detail == CANCELLED:
        return None
    signed = by_name["treatment"].state is StepState.COMPLETED
    ahead = list_[STEPS.index("treatment") :] if signed else list_
    open_ = (StepState.PROBLEM, StepState.IN_PROGRESS, StepState.TO_DO)
    return next((step for step in ahead if step.state in open_ and step.name not in ("reactions", apart_from)), None)


def after_saving(list_: tuple[Step, ...], name: str) -> Step | None:
    """Where saving a step leads, for whoever wants to go on; None while something is still to be done there.

    The score before the first treatment belongs to the consultation and stands on the page of scores.
    """
    own = list_[STEPS.index(name)]
    finished = own.state is StepState.COMPLETED
    onward = next_step(list_, apart_from=name) if finished else own
    if onward and onward.missing == (NO_BASELINE,):
        return list_[STEPS.index("outcomes")]
    return onward if finished else None


_Line = tuple[StepState, tuple[str, ...]] | tuple[StepState, tuple[str, ...], str]
_DONE: _Line = (StepState.COMPLETED, ())


def _consultation(facts: VisitFacts) -> _Line:
    if not facts.history_recorded:
        return StepState.TO_DO, ("No history is recorded yet.",)
    missing = facts.questions_missing
    if missing:
        return StepState.IN_PROGRESS, missing
    return _DONE if facts.baseline_scored else (StepState.IN_PROGRESS, (NO_BASELINE,))


def _candidacy(facts: VisitFacts) -> _Line:
    if facts.verdict is None or not facts.history_recorded:
        return StepState.CANNOT_START, ("The consultation has to be recorded first.",)
    if facts.stops:
        return StepState.PROBLEM, facts.stops
    if facts.questions_missing:
        number = len(facts.questions_missing)
        return StepState.IN_PROGRESS, (f"{number} question{' is' if number == 1 else 's are'} open.",)
    if facts.to_override:
        return StepState.PROBLEM, tuple(f"Needs a reason to go on: {sentence}" for sentence in facts.to_override)
    return _DONE if facts.verdict_reviewed else (StepState.TO_DO, ("A clinician has to look at the verdict for this visit.",))


def _alternatives(facts: VisitFacts) -> _Line:
    return _DONE if facts.alternatives_discussed else (StepState.TO_DO, ("The alternatives have not been talked through.",))


def _planning_waits_for(facts: VisitFacts) -> tuple[str, ...]:
    return facts.stops


def _formulation(facts: VisitFacts) -> _Line:
    if waits := _planning_waits_for(facts):
        return StepState.CANNOT_START, waits
    if not facts.blend_composed:
        return StepState.TO_DO, ("No blend is composed.",)
    return (StepState.PROBLEM, facts.blend_problems) if facts.blend_problems else _DONE


def _injection_map(facts: VisitFacts) -> _Line:
    if waits := _planning_waits_for(facts):
        return StepState.CANNOT_START, waits
    if not facts.map_drawn:
        return StepState.TO_DO, ("No injection map is drawn.",)
    return (StepState.PROBLEM, facts.map_problems) if facts.map_problems else _DONE


def _course(facts: VisitFacts) -> _Line:
    if waits := _planning_waits_for(facts):
        return StepState.CANNOT_START, waits
    return _DONE if facts.course_scheduled else (StepState.TO_DO, ("The treatments have no dates yet.",))


def _consent(facts: VisitFacts) -> _Line:
    if facts.consent == "signed":
        return _DONE
    needs = plan_needs(facts)
    if needs:
        return StepState.CANNOT_START, needs
    if facts.consent == "outdated":
        return StepState.PROBLEM, ("The plan changed after the patient signed. Ask for consent again.",)
    if facts.consent == "withdrawn":
        return StepState.PROBLEM, ("The patient withdrew the consent.",)
    return StepState.TO_DO, ("Consent is not signed.",)


def _treatment(facts: VisitFacts) -> _Line:
    if facts.treatment == "signed":
        return StepState.COMPLETED, (), facts.leaving
    if facts.treatment == "cancelled":
        return StepState.COMPLETED, (), CANCELLED
    missing = missing_before_treatment(facts)
    if missing:
        return StepState.CANNOT_START, missing
    return (StepState.IN_PROGRESS, ("Not signed yet.",)) if facts.zones_recorded else (StepState.TO_DO, ())


def _aftercare(facts: VisitFacts) -> _Line:
    if facts.aftercare_given:
        return _DONE
    if facts.treatment != "signed":
        return StepState.CANNOT_START, ("The treatment has to be signed first.",)
    return StepState.TO_DO, ("The aftercare sheet has not been given.",)


def _reactions(facts: VisitFacts) -> _Line:
    if facts.open_reactions:
        one = facts.open_reactions == 1
        return StepState.PROBLEM, (f"{facts.open_reactions} {'report is' if one else 'reports are'} not closed.",)
    if facts.treatment != "signed":
        return StepState.CANNOT_START, ("The treatment has to be signed first.",)
    return StepState.TO_DO, (), "nothing reported"


def _outcomes(facts: VisitFacts) -> _Line:
    return _DONE if facts.scored_today else (StepState.TO_DO, ("No score is recorded for this visit.",))


def _maintenance(facts: VisitFacts) -> _Line:
    if facts.evaluation_decided:
        return _DONE
    if facts.evaluation_due:
        return StepState.TO_DO, ("The evaluation point is reached: continue, change, stop or refer.",)
    return StepState.CANNOT_START, ("The evaluation point is not reached yet.",)


_STATES: dict[str, Callable[[VisitFacts], _Line]] = {
    "consultation": _consultation,
    "candidacy": _candidacy,
    "alternatives": _alternatives,
    "formulation": _formulation,
    "injection_map": _injection_map,
    "course": _course,
    "consent": _consent,
    "treatment": _treatment,
    "aftercare": _aftercare,
    "reactions": _reactions,
    "outcomes": _outcomes,
    "maintenance": _maintenance,
}
