"""What suspected infections share: counted by patients, within the look-back, the most telling source first."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.reactions import triage
from pistor.care.recall import (
    Exposed,
    Exposure,
    Lesion,
    Shared,
    Source,
    at_least,
    attack_rate,
    by_specificity,
    cases_among,
    common_sources,
    is_suspected,
    least_patients,
    look_back_days,
    near,
)  # fmt: skip
from pistor.knowledge import load

LIBRARY = load()
DAY = dt.date(2026, 11, 23)
LOT, OTHER, OPERATOR = Source("lot", "1"), Source("lot", "2"), Source("operator", "1")


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def common(lesions, exposures, **more):
    return common_sources(lesions, exposures, **{"window_days": 120, "least": 2, **more})


def test_the_numbers_come_from_the_knowledge_base():
    assert (look_back_days(LIBRARY), least_patients(LIBRARY)) == (120, 2)


@pytest.mark.parametrize(
    ("signs", "hours", "suspected"),
    [
        (["lump"], 33 * 24, True),
        (["lump", "lump_multiple"], 8 * 24, True),
        (["firmness"], 30 * 24, True),
        (["bruise"], 24, False),
        (["itching"], 24, False),
        (["collapse"], 1, False),
    ],
)
def test_a_report_is_a_suspected_lesion_where_mycobacteria_are_and_more_than_advice_is_asked(signs, hours, suspected):
    found = triage(LIBRARY, application="pain", signs=signs, hours_since=Decimal(hours))
    assert is_suspected(found.as_dict()) is suspected
    assert not is_suspected({**found.as_dict(), "level": "advice"})


@pytest.mark.parametrize(("days", "shared"), [(0, True), (1, True), (120, True), (121, False), (-1, False)])
def test_a_source_counts_from_the_day_it_was_had_to_the_end_of_the_look_back(days, shared):
    lesions = [Lesion("a", DAY), Lesion("b", DAY)]
    exposures = [Exposure("a", ago(30), frozenset({LOT})), Exposure("b", ago(days), frozenset({LOT}))]
    assert (LOT in common(lesions, exposures)) is shared


def test_a_lesion_is_looked_at_with_those_that_began_within_the_look_back_before_and_after():
    lesions = [Lesion(days, ago(days)) for days in (-121, -120, 0, 120, 121)]
    assert [lesion.patient for lesion in near(lesions, DAY, window_days=120)] == [-120, 0, 120]


def test_two_lesions_of_one_patient_share_nothing():
    lesions = [Lesion("a", DAY, "1"), Lesion("a", ago(3), "2")]
    assert common(lesions, [Exposure("a", ago(30), frozenset({LOT})), Exposure("a", ago(20), frozenset({LOT}))]) == {}


def test_each_patients_lots_are_their_own():
    lesions = [Lesion("a", DAY), Lesion("b", DAY), Lesion("c", DAY)]
    exposures = [
        Exposure("a", ago(30), frozenset({LOT, OPERATOR})), Exposure("b", ago(20), frozenset({LOT, OTHER, OPERATOR})), Exposure("c", ago(9), frozenset({OPERATOR})),
        Exposure("d", ago(9), frozenset({LOT, OTHER})),
    ]  # fmt: skip
    assert common(lesions, exposures) == {LOT: {"a", "b"}, OPERATOR: {"a", "b", "c"}}
    assert common(lesions, exposures, least=3) == {OPERATOR: {"a", "b", "c"}}


def test_the_most_telling_source_stands_first_and_what_everybody_had_last():
    everybody = Shared(OPERATOR, cases=3, suspected=3, exposed=400, treated=400)
    wide, narrow = Shared(OTHER, 2, 3, 300, 400), Shared(LOT, 2, 3, 12, 400)
    assert by_specificity([everybody, wide, narrow]) == (narrow, wide, everybody)
    assert (everybody.everybody, everybody.chance) == (True, 1.0)
    assert not narrow.everybody


def brute(cases: int, of: int, marked: int, total: int) -> float:
    draws = list(itertools.combinations(range(total), of))
    return sum(sum(one < marked for one in draw) >= cases for draw in draws) / len(draws)


@given(data=st.data(), total=st.integers(1, 9))
@settings(deadline=None)
def test_chance_is_the_share_of_all_draws(data, total):
    of, marked = data.draw(st.integers(0, total)), data.draw(st.integers(0, total))
    cases = data.draw(st.integers(0, min(of, marked)))
    assert at_least(cases, of=of, marked=marked, total=total) == pytest.approx(brute(cases, of, marked, total), abs=1e-12)


@pytest.mark.parametrize(("cases", "exposed", "rate", "low", "high"), [(16, 105, "15.2", "9.6", "23.3"), (0, 50, "0.0", "0.0", "7.1"), (2, 2, "100.0", "34.2", "100.0")])
def test_the_attack_rate_comes_with_wilsons_interval(cases, exposed, rate, low, high):
    found, interval = attack_rate(cases, exposed)
    assert (found, interval.low, interval.high) == (Decimal(rate), Decimal(low), Decimal(high))


@pytest.mark.parametrize(("cases", "exposed"), [(1, 0), (0, 0), (3, 2), (-1, 5)])
def test_no_rate_without_people_to_count(cases, exposed):
    with pytest.raises(ValueError, match="no rate"):
        attack_rate(cases, exposed)


@pytest.mark.parametrize(("began", "counts"), [(ago(50), False), (ago(40), True), (ago(10) + dt.timedelta(days=120), True), (ago(10) + dt.timedelta(days=121), False)])
def test_a_case_began_after_the_first_and_within_the_look_back_of_the_last_exposure(began, counts):
    exposed = [Exposed("a", ago(40), ago(10), 3), Exposed("b", ago(40), ago(10), 3)]
    assert cases_among(exposed, [Lesion("a", began), Lesion("c", began)], window_days=120) == ({"a"} if counts else set())
