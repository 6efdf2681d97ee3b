"""What changed in the history since the last treatment: nothing new is counted, everything else is told."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.clinic.shared.history import changes_since
from pistor.records.consultation import HistoryEntry
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
BEFORE, AFTER = NOW - dt.timedelta(days=20), NOW + dt.timedelta(days=1)


@pytest.fixture
def patient(people):
    return factories.patient(people.practitioner)


def answer(patient, at, value, key="anticoagulant", note="", replaces=None, **more) -> HistoryEntry:
    entry = factories.history(patient, "answer", key, {"value": value, "note": note}, created_at=at, dated=at.date(), label=f"{key}?", **more)
    if replaces:
        HistoryEntry.objects.filter(pk=replaces.pk).update(replaced_by=entry)
    return entry


def test_a_first_visit_has_nothing_to_compare_with(patient):
    answer(patient, AFTER, "yes")
    assert not changes_since(patient, None)


@pytest.mark.parametrize(
    ("was", "is_now", "lines", "asked_again"),
    [
        ("no", "no", (), 1),
        ("yes", "yes", (), 1),
        ("no", "yes", ("anticoagulant: yes",), 0),
        ("yes", "no", ("anticoagulant: no",), 0),
        ("no", "unknown", ("anticoagulant: does not know",), 0),
        (None, "no", (), 1),
        (None, "negative", (), 1),
        (None, "yes", ("anticoagulant: yes",), 0),
        (None, "unknown", ("anticoagulant: does not know",), 0),
    ],
)
def test_an_answer(patient, was, is_now, lines, asked_again):
    earlier = answer(patient, BEFORE, was) if was else None
    answer(patient, AFTER, is_now, replaces=earlier)
    found = changes_since(patient, NOW)
    assert (found.lines, found.asked_again) == (lines, asked_again)


def test_a_change_and_back_again_is_nothing_new_and_a_note_is(patient):
    first = answer(patient, BEFORE, "no")
    second = answer(patient, AFTER, "yes", replaces=first)
    third = answer(patient, AFTER + dt.timedelta(hours=1), "no", replaces=second)
    assert changes_since(patient, NOW).asked_again == 1
    answer(patient, AFTER + dt.timedelta(hours=2), "no", note="stopped in May", replaces=third)
    assert changes_since(patient, NOW).lines == ("anticoagulant: no (stopped in May)",)


def test_a_new_illness_is_told_however_much_else_was_asked(patient):
    for number in range(40):
        answer(patient, AFTER, "no", key=f"question {number}")
    factories.history(patient, "medicine", "warfarin", {"active": True, "codings": []}, created_at=AFTER - dt.timedelta(hours=5), label="Warfarin")
    found = changes_since(patient, NOW)
    assert (found.lines, found.asked_again) == (("Warfarin: active",), 40)


def test_what_was_accepted_or_taken_out_since_is_told_and_what_only_waits_is_not(patient):
    factories.history(patient, "allergy", "latex", {"active": True}, created_at=BEFORE, decided_at=AFTER, label="Latex")
    factories.history(patient, "allergy", "soya", {"active": True}, created_at=AFTER, state="proposed", label="Soya")
    gone = factories.history(patient, "condition", "asthma", {"active": True}, created_at=BEFORE, decided_at=BEFORE, label="Asthma")
    end = factories.history(patient, "condition", "asthma", {"active": True}, created_at=AFTER, label="Asthma", removed_reason="entered in error")
    HistoryEntry.objects.filter(pk=gone.pk).update(replaced_by=end)
    assert set(changes_since(patient, NOW).lines) == {"Latex: active", "Asthma: taken out, entered in error"}


def test_a_new_weight_is_told_once(patient):
    factories.history(patient, "measurement", "weight_kg", {"value": "76", "unit": "kg"}, created_at=AFTER, label="Weight 76 kg")
    assert changes_since(patient, NOW).lines == ("Weight 76 kg",)
