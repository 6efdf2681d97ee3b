"""The simulation behind the figures on the alert: the same each time, never before the second report, and its file is of today's code."""

from __future__ import annotations

import pytest
from benchmarks.recall_alert import RESULTS, RUNS, TEN, YEARS, _false, false_alerts, incubation_of, outbreak_row, play

from pistor.knowledge import load

OUTBREAKS = load().outbreaks


def test_the_same_seed_plays_the_same():
    assert [play(OUTBREAKS["GAL11"], run, weigh=True) for run in range(5)] == [play(OUTBREAKS["GAL11"], run, weigh=True) for run in range(5)]


@pytest.mark.parametrize("key", TEN)
def test_an_alert_needs_two_who_were_exposed_and_comes_after_the_shortest_incubation(key):
    one = play(OUTBREAKS[key], 0)
    assert one.day is not None
    assert one.infected_by_then >= 2
    assert one.exposed_by_then >= one.infected_by_then
    assert one.day >= 3


def test_a_later_report_makes_a_later_alert():
    days = [sum(play(OUTBREAKS["COL96"], run, delay_days=delay).day for run in range(20)) for delay in (0, 14, 69)]
    assert days == sorted(days)


@pytest.mark.parametrize("key", ["GAL11", "IVAN13"])
def test_the_file_holds_what_the_code_gives(key):
    assert f"| {' | '.join(outbreak_row(OUTBREAKS[key], RUNS))} |" in RESULTS.read_text(encoding="utf-8")


def test_the_file_holds_the_false_alerts_that_the_code_gives():
    counted = false_alerts(20, 1, 2.0, YEARS)
    assert _false(counted) in RESULTS.read_text(encoding="utf-8")
    assert counted["any"] >= counted["lot"] >= counted["telling"]


def test_what_a_report_does_not_state_is_said_to_be_assumed():
    assert {key for key in TEN if "assumed" in incubation_of(OUTBREAKS[key])[0]} == {"CARB09", "VIL97", "MUN08", "ZENG25", "MMWR05", "IVAN13"}
