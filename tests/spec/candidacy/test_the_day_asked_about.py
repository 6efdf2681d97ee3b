"""A record read later than the day that is asked about: its dates say what was so on that day."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.care.candidacy import assess
from pistor.care.consultation import Pregnancy, Procedure
from tests.spec.candidacy.patients import INTENTS, ON, condition, medicine, ordinary

BEFORE, AFTER = dt.date(2020, 1, 1), dt.date(2027, 1, 1)

CONDITIONS = [
    # status, onset, abatement -> effect of the rule on bleeding disorders ("ever") and on rheumatoid arthritis ("now")
    (True, BEFORE, None, "caution", "caution"),
    (True, AFTER, None, "ask", "ask"),
    (False, AFTER, None, "ask", "ask"),
    (False, BEFORE, AFTER, "caution", "caution"),
    (None, BEFORE, AFTER, "caution", "caution"),
    (None, None, AFTER, "caution", "ask"),
    (False, None, AFTER, "caution", "ask"),
    (False, BEFORE, ON, "caution", "ask"),
    (None, BEFORE, ON, "caution", "ask"),
]


@pytest.mark.parametrize(("active", "onset", "abatement", "ever", "now"), CONDITIONS)
def test_a_condition_counts_on_the_days_its_dates_say(library, active, onset, abatement, ever, now):
    had = tuple(condition(label, active, onset=onset, abatement=abatement) for label in ("Haemophilia A", "Rheumatoid arthritis"))
    effects = {f.rule: f.effect for f in assess(ordinary(conditions=had), INTENTS["skin"], library).findings}
    assert (effects["bleeding_disorder"], effects["autoimmune"]) == (ever, now)


@pytest.mark.parametrize(
    ("active", "start", "end", "effect"),
    [
        (True, BEFORE, None, "caution"),
        (True, AFTER, None, "ask"),
        (True, BEFORE, dt.date(2026, 11, 22), "ask"),
        (False, BEFORE, AFTER, "caution"),
        (False, None, AFTER, "ask"),
        (False, BEFORE, None, "ask"),
        (False, BEFORE, ON, "ask"),
    ],
)
def test_a_medicine_counts_on_the_days_its_dates_say(library, active, start, end, effect):
    taken = (medicine("Warfarin", active, start=start, end=end),)
    effects = {f.rule: f.effect for f in assess(ordinary(medicines=taken), INTENTS["skin"], library).findings}
    assert effects["anticoagulant"] == effect


def test_what_begins_later_is_asked_and_named_and_never_counted(library):
    later = ordinary(conditions=(condition("Malignant neoplasm of colon", onset=AFTER),), procedures=(Procedure("Neck lift", (), AFTER, "record"),))
    found = {f.rule: f for f in assess(later, INTENTS["fat"], library).findings}
    assert found["malignancy"].effect == "ask"
    assert "Malignant neoplasm of colon, dated 1 Jan 2027, after this day" in found["malignancy"].text
    assert "Neck lift, dated 1 Jan 2027, after this day" in found["prior_neck_surgery"].text
    assert "malignancy_past" not in found


PREGNANCIES = [
    ("begun and not ended by that day", dt.date(2026, 5, 1), dt.date(2027, 2, 1), "contraindicated"),
    ("ended before", dt.date(2025, 5, 1), dt.date(2026, 2, 1), "ask"),
    ("begun after", dt.date(2026, 12, 1), dt.date(2027, 8, 1), "ask"),
]


@pytest.mark.parametrize(("when", "onset", "abatement", "effect"), PREGNANCIES, ids=[row[0] for row in PREGNANCIES])
def test_a_pregnancy_that_the_record_calls_resolved(library, when, onset, abatement, effect):
    picture = ordinary(pregnancy=(), conditions=(condition("Normal pregnancy", False, onset=onset, abatement=abatement),))
    finding = next(f for f in assess(picture, INTENTS["skin"], library).findings if f.rule == "pregnancy")
    assert finding.effect == effect
    assert "41 years" not in finding.text  # her age lets the rule apply and is not why


def test_a_pregnancy_after_that_day_does_not_contradict_that_she_is_not_pregnant(library):
    picture = ordinary(conditions=(condition("Normal pregnancy", onset=AFTER),))
    rules = {f.rule for f in assess(picture, INTENTS["skin"], library).findings}
    assert not {"pregnancy", "contradiction_pregnancy"} & rules


def test_pregnant_and_not_pregnant_on_the_same_day_counts_as_pregnant(library):
    said = tuple(Pregnancy(state, ON, "imported record, Observation") for state in ("not_pregnant", "pregnant"))
    for order in (said, said[::-1]):
        assert assess(ordinary(pregnancy=order), INTENTS["skin"], library).state == "not_eligible"


def test_breastfeeding_stated_after_that_day_does_not_count(library):
    picture = ordinary(pregnancy=(Pregnancy("breastfeeding", AFTER, "asked at the visit"),))
    assert "breastfeeding" not in {f.rule for f in assess(picture, INTENTS["skin"], library).findings if f.effect == "contraindicated"}
