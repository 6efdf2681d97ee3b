"""The picture that decisions take, from the rows that are kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.care.consultation import Allergy, Answer, Coding, Condition, Measurement, Medicine, Pregnancy, Procedure
from pistor.records.picture import entry_value, picture_of, plain_value
from tests import factories
from tests.conftest import TODAY

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 5, 1)
CODE = (Coding("snomed", "19030005", "HIV"),)


@pytest.fixture
def patient(people):
    return factories.patient(people.practitioner)


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("condition", "hiv", Condition("VIH", CODE, True, False, DAY, None, "from Lyon")),
        ("condition", "flu", Condition("Flu", (), False, True, DAY, TODAY, "from Lyon")),
        ("medicine", "m", Medicine("Isotrétinoïne", (), None, DAY, TODAY, "from Lyon")),
        ("allergy", "a", Allergy("Latex", CODE, True, False, "high", DAY, "from Lyon")),
        ("procedure", "p", Procedure("استئصال", (), DAY, "from Lyon")),
        ("pregnancy", "pregnancy", Pregnancy("breastfeeding", DAY, "from Lyon")),
        ("measurement", "weight_kg", Measurement(Decimal("61.5"), "kg", DAY, "from Lyon")),
        ("answer", "keloid", Answer("keloid", "unknown", DAY, "from Lyon", "her mother has some")),
    ],
)
def test_a_value_comes_back_as_it_was_kept(patient, kind, key, value):
    entry = factories.history(patient, kind, key, entry_value(value), dated=DAY, origin="from Lyon")
    entry.refresh_from_db()
    assert plain_value(entry) == value


def test_what_nobody_asked_is_absent_and_not_no(patient):
    picture = picture_of(patient, TODAY)
    assert (picture.answers, picture.pregnancy, picture.weight_kg, picture.allergies) == ({}, (), None, ())
    assert picture.birth_date == dt.date(1985, 3, 14)


def test_one_query_is_enough(patient, django_assert_num_queries):
    factories.history(patient, "answer", "keloid", {"value": "no", "note": ""})
    with django_assert_num_queries(1):
        picture_of(patient, TODAY)


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_newest_answer_wins_whatever_was_written_first(patient, newest_first):
    said = [("no", DAY), ("yes", TODAY)]
    for value, day in reversed(said) if newest_first else said:
        factories.history(patient, "answer", "keloid", {"value": value, "note": ""}, dated=day)
        factories.history(patient, "pregnancy", "pregnancy", {"state": "not_pregnant" if value == "no" else "pregnant"}, dated=day)
    picture = picture_of(patient, TODAY)
    assert picture.answers["keloid"].value == "yes"
    assert [p.state for p in picture.pregnancy] == ["pregnant", "not_pregnant"]


def test_proposed_refused_replaced_and_removed_entries_never_reach_a_decision(patient):
    value = {"label": "x", "codings": [], "active": True, "refuted": False}
    for state in ("proposed", "refused"):
        factories.history(patient, "condition", state, value, state=state)
    new = factories.history(patient, "condition", "end", value, removed_reason="entered in error")
    factories.history(patient, "condition", "old", value, replaced_by=new)
    assert picture_of(patient, TODAY).conditions == ()


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("measurement", "weight_kg", {"value": "heavy", "unit": "kg"}),
        ("measurement", "weight_kg", {"value": "NaN", "unit": "kg"}),
        ("measurement", "weight_kg", {"value": "-3", "unit": "kg"}),
        ("measurement", "weight_kg", {}),
        ("answer", "keloid", []),
        ("answer", "keloid", {"value": 3}),
        ("condition", "c", {"label": "c", "codings": [7]}),
        ("condition", "c", {"label": "c", "codings": [{}]}),
        ("condition", "c", {"label": "c", "onset": "last spring"}),
        ("allergy", "a", {"label": "a", "active": "true"}),
        ("pregnancy", "pregnancy", {"state": "perhaps"}),
        ("telepathy", "t", {}),
    ],
)
def test_a_value_that_cannot_be_read_is_noted_and_the_rest_still_counts(patient, kind, key, value):
    factories.history(patient, kind, key, value, label="broken")
    factories.history(patient, "answer", "anticoagulant", {"value": "yes", "note": ""})
    picture = picture_of(patient, TODAY)
    assert [note.name for note in picture.notes] == ["broken"]
    assert picture.answers["anticoagulant"].value == "yes"
    assert picture.weight_kg is None
    assert "keloid" not in picture.answers
    assert not picture.conditions and not picture.allergies and not picture.pregnancy


def test_a_measurement_from_the_future_is_noted_and_not_used(patient):
    factories.history(patient, "measurement", "weight_kg", {"value": "60", "unit": "kg"}, dated=DAY)
    factories.history(patient, "measurement", "weight_kg", {"value": "90", "unit": "kg"}, dated=dt.date(2027, 1, 1))
    picture = picture_of(patient, TODAY)
    assert picture.weight_kg.value == Decimal(60)
    assert len(picture.notes) == 1
