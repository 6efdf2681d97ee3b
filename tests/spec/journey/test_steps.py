"""The task list: the state of each step and what is missing, by situation."""

from __future__ import annotations

import dataclasses

import pytest

from pistor.care.journey import STEPS, TITLES, StepState, VisitFacts, after_saving, next_step, steps
from tests.conftest import TODAY

NEW = VisitFacts(
    on=TODAY, number=1, treatment="open", history_recorded=False, questions_missing=("Is there a needle phobia?", "Is there a fever?"), baseline_scored=False,
    verdict="unknown", verdict_reviewed=False, stops=(), to_override=(), alternatives_discussed=False, blend_composed=False, blend_problems=(),
    map_drawn=False, map_problems=(), course_scheduled=False, consent="none", zones_recorded=False, aftercare_given=False, open_reactions=0,
    scored_today=False, evaluation_due=False, evaluation_decided=False,
)  # fmt: skip
ASKED = dataclasses.replace(NEW, history_recorded=True, questions_missing=(), baseline_scored=True, verdict="eligible")
PLANNED = dataclasses.replace(ASKED, verdict_reviewed=True, alternatives_discussed=True, blend_composed=True, map_drawn=True, course_scheduled=True)
READY = dataclasses.replace(PLANNED, consent="signed", scored_today=True)
SIGNED = dataclasses.replace(READY, treatment="signed", zones_recorded=True)
STOP = "Pregnant: no mesotherapy."

COMPLETED, IN_PROGRESS, TO_DO, CANNOT_START, PROBLEM = (
    StepState.COMPLETED, StepState.IN_PROGRESS, StepState.TO_DO, StepState.CANNOT_START, StepState.PROBLEM,
)  # fmt: skip
NO_SCORE, NO_BLEND, NO_MAP = "The score before the first treatment is not recorded.", "No blend is composed.", "No injection map is drawn."
NO_DATES, NO_TALK, NO_CONSENT = "The treatments have no dates yet.", "The alternatives have not been talked through.", "Consent is not signed."
LOOK, CHANGED, WITHDREW = (
    "A clinician has to look at the verdict for this visit.",
    "The plan changed after the patient signed. Ask for consent again.",
    "The patient withdrew the consent.",
)
SIGN_FIRST, CONSULT_FIRST, NOT_DUE = "The treatment has to be signed first.", "The consultation has to be recorded first.", "The evaluation point is not reached yet."
PLAN_NEEDS = (NO_TALK, NO_BLEND, NO_MAP, NO_DATES)

#    situation                                  facts, what differs                                       step             state         missing
ROWS = [
    ("nothing recorded",                        (NEW, {}),                                                "consultation",  TO_DO,        ("No history is recorded yet.",)),
    ("some questions are open",                 (NEW, {"history_recorded": True}),                        "consultation",  IN_PROGRESS,  NEW.questions_missing),
    ("only the first score lacks",              (ASKED, {"baseline_scored": False}),                      "consultation",  IN_PROGRESS,  (NO_SCORE,)),
    ("everything asked",                        (ASKED, {}),                                              "consultation",  COMPLETED,    ()),
    ("nothing recorded",                        (NEW, {}),                                                "candidacy",     CANNOT_START, (CONSULT_FIRST,)),
    ("no verdict can be made",                  (ASKED, {"verdict": None}),                               "candidacy",     CANNOT_START, (CONSULT_FIRST,)),
    ("questions are open",                      (NEW, {"history_recorded": True}),                        "candidacy",     IN_PROGRESS,  ("2 questions are open.",)),
    ("one question is open",                    (ASKED, {"questions_missing": ("Fever?",)}),              "candidacy",     IN_PROGRESS,  ("1 question is open.",)),
    ("a stop",                                  (ASKED, {"stops": (STOP,)}),                              "candidacy",     PROBLEM,      (STOP,)),
    ("a stop that was looked at",               (PLANNED, {"stops": (STOP,)}),                            "candidacy",     PROBLEM,      (STOP,)),
    ("a stop while questions are open",         (NEW, {"history_recorded": True, "stops": (STOP,)}),      "candidacy",     PROBLEM,      (STOP,)),
    ("a finding without a reason",              (ASKED, {"to_override": ("Fever.",)}),                    "candidacy",     PROBLEM,      ("Needs a reason to go on: Fever.",)),
    ("nobody looked at the verdict",            (ASKED, {}),                                              "candidacy",     TO_DO,        (LOOK,)),
    ("the verdict was accepted",                (PLANNED, {}),                                            "candidacy",     COMPLETED,    ()),
    ("not talked through",                      (ASKED, {}),                                              "alternatives",  TO_DO,        (NO_TALK,)),
    ("talked through",                          (PLANNED, {}),                                            "alternatives",  COMPLETED,    ()),
    ("a stop",                                  (PLANNED, {"stops": (STOP,)}),                            "formulation",   CANNOT_START, (STOP,)),
    ("no blend",                                (ASKED, {}),                                              "formulation",   TO_DO,        (NO_BLEND,)),
    ("a blend that must not be mixed",          (PLANNED, {"blend_problems": ("A and B precipitate.",)}), "formulation",   PROBLEM,      ("A and B precipitate.",)),
    ("a sound blend",                           (PLANNED, {}),                                            "formulation",   COMPLETED,    ()),
    ("a stop",                                  (PLANNED, {"stops": (STOP,)}),                            "injection_map", CANNOT_START, (STOP,)),
    ("no map",                                  (ASKED, {}),                                              "injection_map", TO_DO,        (NO_MAP,)),
    ("a map into a danger area",                (PLANNED, {"map_problems": ("Point 3 is at the eye.",)}), "injection_map", PROBLEM,      ("Point 3 is at the eye.",)),
    ("a stop",                                  (PLANNED, {"stops": (STOP,)}),                            "course",        CANNOT_START, (STOP,)),
    ("no dates",                                (ASKED, {}),                                              "course",        TO_DO,        (NO_DATES,)),
    ("dates",                                   (PLANNED, {}),                                            "course",        COMPLETED,    ()),
    ("nothing planned",                         (ASKED, {}),                                              "consent",       CANNOT_START, PLAN_NEEDS),
    ("a blend that must not be mixed",          (PLANNED, {"blend_problems": ("A and B precipitate.",)}), "consent",       CANNOT_START, ("A and B precipitate.",)),
    ("planned",                                 (PLANNED, {}),                                            "consent",       TO_DO,        (NO_CONSENT,)),
    ("the plan changed after the signature",    (PLANNED, {"consent": "outdated"}),                       "consent",       PROBLEM,      (CHANGED,)),
    ("withdrawn",                               (PLANNED, {"consent": "withdrawn"}),                      "consent",       PROBLEM,      (WITHDREW,)),
    ("signed",                                  (READY, {}),                                              "consent",       COMPLETED,    ()),
    ("asked and nothing else",                  (ASKED, {}),                                              "treatment",     CANNOT_START, (*PLAN_NEEDS, LOOK, NO_CONSENT)),
    ("a stop after consent",                    (READY, {"stops": (STOP,)}),                              "treatment",     CANNOT_START, (STOP,)),
    ("no consent",                              (PLANNED, {}),                                            "treatment",     CANNOT_START, (NO_CONSENT,)),
    ("consent for an older plan",               (READY, {"consent": "outdated"}),                         "treatment",     CANNOT_START, (CHANGED,)),
    ("consent withdrawn",                       (READY, {"consent": "withdrawn"}),                        "treatment",     CANNOT_START, (WITHDREW,)),
    ("a question opened again after consent",   (READY, {"questions_missing": ("Fever?",)}),              "treatment",     CANNOT_START, ("Not asked yet: Fever?",)),
    ("a finding without a reason after consent", (READY, {"to_override": ("Fever.",)}),                   "treatment",     CANNOT_START, ("Needs a reason to go on: Fever.",)),
    ("no first score",                          (READY, {"baseline_scored": False}),                      "treatment",     CANNOT_START, (NO_SCORE,)),
    ("everything there",                        (READY, {}),                                              "treatment",     TO_DO,        ()),
    ("zones recorded",                          (READY, {"zones_recorded": True}),                        "treatment",     IN_PROGRESS,  ("Not signed yet.",)),
    ("signed",                                  (SIGNED, {}),                                             "treatment",     COMPLETED,    ()),
    ("cancelled",                               (NEW, {"treatment": "cancelled"}),                        "treatment",     COMPLETED,    ()),
    ("not signed",                              (READY, {}),                                              "aftercare",     CANNOT_START, (SIGN_FIRST,)),
    ("signed",                                  (SIGNED, {}),                                             "aftercare",     TO_DO,        ("The aftercare sheet has not been given.",)),
    ("given",                                   (SIGNED, {"aftercare_given": True}),                      "aftercare",     COMPLETED,    ()),
    ("not signed",                              (READY, {}),                                              "reactions",     CANNOT_START, (SIGN_FIRST,)),
    ("signed, nothing reported",                (SIGNED, {}),                                             "reactions",     TO_DO,        ()),
    ("one report",                              (SIGNED, {"open_reactions": 1}),                          "reactions",     PROBLEM,      ("1 report is not closed.",)),
    ("two reports",                             (SIGNED, {"open_reactions": 2}),                          "reactions",     PROBLEM,      ("2 reports are not closed.",)),
    ("a report before the signature",           (READY, {"open_reactions": 1}),                           "reactions",     PROBLEM,      ("1 report is not closed.",)),
    ("no score today",                          (ASKED, {}),                                              "outcomes",      TO_DO,        ("No score is recorded for this visit.",)),
    ("scored",                                  (READY, {}),                                              "outcomes",      COMPLETED,    ()),
    ("early in the course",                     (SIGNED, {}),                                             "maintenance",   CANNOT_START, (NOT_DUE,)),
    ("the evaluation point",                    (SIGNED, {"evaluation_due": True}),                       "maintenance",   TO_DO,        ("The evaluation point is reached: continue, change, stop or refer.",)),
    ("decided",                                 (SIGNED, {"evaluation_due": True, "evaluation_decided": True}), "maintenance", COMPLETED, ()),
]  # fmt: skip


def facts(situation) -> VisitFacts:
    base, differs = situation
    return dataclasses.replace(base, **differs)


@pytest.mark.parametrize(("situation", "step", "state", "missing"), [row[1:] for row in ROWS], ids=[f"{row[2]}: {row[0]}" for row in ROWS])
def test_a_step_says_where_it_stands_and_what_is_missing(situation, step, state, missing):
    line = next(line for line in steps(facts(situation)) if line.name == step)
    assert (line.state, line.missing) == (state, missing)


@pytest.mark.parametrize(
    ("situation", "name"),
    [
        ((NEW, {}), "consultation"),
        ((ASKED, {"baseline_scored": False}), "consultation"),
        ((ASKED, {}), "candidacy"),
        ((ASKED, {"stops": (STOP,)}), "candidacy"),
        ((PLANNED, {"alternatives_discussed": False}), "alternatives"),
        ((PLANNED, {"blend_composed": False}), "formulation"),
        ((PLANNED, {"map_drawn": False}), "injection_map"),
        ((PLANNED, {"course_scheduled": False}), "course"),
        ((PLANNED, {}), "consent"),
        ((READY, {"consent": "withdrawn"}), "consent"),
        ((READY, {}), "treatment"),
        ((READY, {"zones_recorded": True}), "treatment"),
        ((SIGNED, {}), "aftercare"),
        ((SIGNED, {"open_reactions": 1}), "reactions"),
        ((SIGNED, {"aftercare_given": True, "open_reactions": 1}), "reactions"),
        ((SIGNED, {"aftercare_given": True}), None),
        ((SIGNED, {"aftercare_given": True, "scored_today": False}), "outcomes"),
        ((SIGNED, {"aftercare_given": True, "evaluation_due": True}), "maintenance"),
        ((SIGNED, {"aftercare_given": True, "evaluation_due": True, "evaluation_decided": True}), None),
        ((NEW, {"treatment": "cancelled"}), None),
        ((SIGNED, {"verdict_reviewed": False, "questions_missing": ("Fever?",)}), "aftercare"),  # what is past is no longer to do
    ],
)
def test_there_is_one_thing_to_do_next(situation, name):
    found = next_step(steps(facts(situation)))
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("situation", "here", "name"),
    [
        ((NEW, {}), "consultation", "alternatives"),  # candidacy cannot start before it
        ((ASKED, {"baseline_scored": False}), "consultation", "candidacy"),
        ((ASKED, {"baseline_scored": False}), "candidacy", "consultation"),
        ((PLANNED, {"blend_composed": False}), "alternatives", "formulation"),
        ((READY, {}), "consent", "treatment"),
        ((SIGNED, {}), "treatment", "aftercare"),
        ((SIGNED, {"open_reactions": 1}), "treatment", "reactions"),
        ((SIGNED, {"open_reactions": 1}), "reactions", "aftercare"),
        ((SIGNED, {"aftercare_given": True}), "aftercare", None),
    ],
)
def test_from_a_step_the_way_leads_to_another_that_can_be_done(situation, here, name):
    found = next_step(steps(facts(situation)), apart_from=here)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("situation", "saved", "name"),
    [
        ((NEW, {}), "consultation", None),  # something is still to be asked
        ((ASKED, {"baseline_scored": False}), "consultation", "outcomes"),
        ((ASKED, {}), "consultation", "candidacy"),
        ((ASKED, {"scored_today": True}), "outcomes", "candidacy"),
        ((ASKED, {}), "candidacy", None),  # declined, or not looked at
        ((PLANNED, {"map_drawn": False}), "formulation", "injection_map"),
        ((PLANNED, {"blend_problems": ("Too much.",)}), "formulation", None),
        ((PLANNED, {}), "course", "consent"),
        ((READY, {}), "consent", "treatment"),
        ((SIGNED, {"aftercare_given": True}), "aftercare", None),
    ],
)
def test_saving_a_step_leads_on_only_when_nothing_is_missing_in_it(situation, saved, name):
    found = after_saving(steps(facts(situation)), saved)
    assert (found.name if found else None) == name


def test_every_step_is_there_once_in_the_order_of_the_walk():
    lines = steps(NEW)
    assert tuple(line.name for line in lines) == STEPS
    assert [line.title for line in lines] == [TITLES[name] for name in STEPS]


def test_whatever_is_not_done_and_cannot_be_done_says_why():
    for situation in (NEW, ASKED, PLANNED, READY, SIGNED):
        for line in steps(situation):
            assert line.missing or line.state is not StepState.CANNOT_START, line
