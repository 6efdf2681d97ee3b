"""When a patient may leave: the clinic's own rule, a table."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from pistor.care.discharge import leaving_in_words, minutes_between, missing_before_leaving, moments

PARIS = ZoneInfo("Europe/Paris")
DAY = dt.date(2026, 11, 23)


def at(clock: str, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), PARIS)


@pytest.mark.parametrize(
    ("last", "left", "now", "asked", "reason", "says"),
    [
        ("14:00", "14:15", "14:15", 15, "", ""),
        ("14:00", "14:20", "14:30", 15, "", ""),
        ("14:00", "14:14", "14:30", 15, "", "until 14:15. Wait until then, or write why"),
        ("14:00", "14:14", "14:30", 15, "  ", "until 14:15"),
        ("14:00", "14:14", "14:30", 15, "her taxi waited", ""),
        ("14:00", "14:00", "14:00", None, "", ""),
        ("14:00", "14:00", "14:00", 0, "", ""),
        ("14:00", "14:00", "14:00", 1, "", "until 14:01"),
        ("14:00", "14:31", "14:30", 15, "", "lies ahead"),
        ("14:00", "14:31", "14:30", 15, "a reason does not make it past", "lies ahead"),
        ("14:00", "13:59", "14:30", 15, "", "before the last point"),
        ("01:00", "13:01", "14:00", None, "", "12 hours"),
    ],
)
def test_a_patient_leaves_when_the_time_is_over_or_a_reason_is_given(last, left, now, asked, reason, says):
    missing = " ".join(missing_before_leaving(at(last), at(left), now=at(now), asked_minutes=asked, reason=reason))
    assert says in missing if says else missing == ""


def test_whoever_is_treated_before_midnight_may_leave_after_it():
    last, left = moments(DAY, dt.time(23, 50), dt.time(0, 10), PARIS)
    assert (left.date() - last.date()).days == 1
    assert minutes_between(last, left) == 20


def test_an_hour_that_the_clock_has_twice_is_told_apart_by_nobody_but_never_counts_below_nothing():
    """Summer time ends on 25 Oct 2026 at 3:00: the wall says 20 minutes, and so does the record."""
    last, left = moments(dt.date(2026, 10, 25), dt.time(2, 50), dt.time(3, 10), PARIS)
    assert minutes_between(last, left) == 20


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (59, 0), (60, 1), (899, 14), (900, 15)])
def test_minutes_are_never_rounded_up(seconds, minutes):
    assert minutes_between(at("14:00"), at("14:00") + dt.timedelta(seconds=seconds)) == minutes


@pytest.mark.parametrize(
    ("until", "left", "words"),
    [("14:35", None, "signed, may leave at 14:35"), ("14:35", "14:40", "signed, left at 14:40"), (None, None, "signed, leaving not noted"),
     (None, "14:40", "signed, left at 14:40")],
)  # fmt: skip
def test_the_task_list_says_it_in_words(until, left, words):
    assert leaving_in_words(at(until) if until else None, at(left) if left else None) == words
