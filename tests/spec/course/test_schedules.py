"""Dates of a course."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.care.course import NoSchedule, make_schedule

START = dt.date(2026, 11, 23)


def days(schedule):
    return [(planned.on - START).days for planned in schedule.treatments]


@pytest.mark.parametrize(
    ("protocol", "expected", "evaluation"),
    [
        ("neck_pain_lidocaine", [0, 7, 14], 21),
        ("low_back_pain_lidocaine_ketoprofen", [0, 3, 6, 9, 12], 9),
        ("alopecia_dutasteride", [0, 7, 14, 21, 35, 49, 77], 84),
        ("facial_skin_hyaluronic_acid", [0, 30, 60], 90),
        ("melasma_tranexamic_acid", [0, 28, 56], 84),
        ("submental_deoxycholic_acid", [0, 30], 60),
    ],
)
def test_a_protocol_gives_its_own_days_and_evaluation(library, protocol, expected, evaluation):
    schedule = make_schedule(library.protocols[protocol], library, START)
    assert days(schedule) == expected
    assert (schedule.evaluation_on - START).days == evaluation


@pytest.mark.parametrize("protocol", ["neck_pain_lidocaine", "low_back_pain_lidocaine_ketoprofen", "alopecia_dutasteride", "facial_skin_hyaluronic_acid"])
def test_closed_days_never_bring_two_treatments_closer(library, protocol):
    open_, closed = (make_schedule(library.protocols[protocol], library, START, closed_days=d) for d in ((), (2, 5, 6, dt.date(2026, 12, 24))))
    gaps = [[b - a for a, b in zip(days(s), days(s)[1:], strict=False)] for s in (open_, closed)]
    assert all(with_closed >= without for without, with_closed in zip(*gaps, strict=True))
    assert not any(planned.on.weekday() in (2, 5, 6) or planned.on == dt.date(2026, 12, 24) for planned in closed.treatments)


def test_seven_deoxycholic_acid_treatments_stop_and_a_short_interval_is_a_caution(library):
    protocol = library.protocols["submental_deoxycholic_acid"]
    assert make_schedule(protocol, library, START, sessions=7).stops
    assert not make_schedule(protocol, library, START, sessions=6).stops
    rules = {finding.rule: finding.effect for finding in make_schedule(protocol, library, START, sessions=2, interval_days=14).findings}
    assert rules["course.interval"] == "caution"


def test_a_single_treatment_has_no_interval_and_a_second_one_needs_one(library):
    protocol = library.protocols["low_back_pain_sterile_water"]
    schedule = make_schedule(protocol, library, START)
    assert [planned.on for planned in schedule.treatments] == [START]
    assert schedule.evaluation_on == START + dt.timedelta(days=1)
    with pytest.raises(NoSchedule, match="single treatment and has no interval"):
        make_schedule(protocol, library, START, sessions=2)
    twice = make_schedule(protocol, library, START, sessions=2, interval_days=7)
    assert [planned.on for planned in twice.treatments] == [START, START + dt.timedelta(days=7)]


def test_every_protocol_is_held_to_its_own_numbers_and_to_nothing_less(library):
    tried = 0
    for protocol in library.protocols.values():
        most, least = protocol.sessions.high, protocol.interval_days and protocol.interval_days.low
        if most is not None:
            days = None if protocol.interval_days else 7
            allowed, more = (make_schedule(protocol, library, START, sessions=int(most) + beyond, interval_days=days) for beyond in (0, 1))
            assert "course.sessions" not in {finding.rule for finding in allowed.findings}, protocol.id
            assert "course.sessions" in {finding.rule for finding in more.findings}, protocol.id
            tried += 1
        if least is not None and least > 1:
            fits, sooner = (make_schedule(protocol, library, START, sessions=2, interval_days=int(least) - short) for short in (0, 1))
            assert "course.interval" not in {finding.rule for finding in fits.findings}, protocol.id
            assert "course.interval" in {finding.rule for finding in sooner.findings}, protocol.id
            tried += 1
    assert tried > 5


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"today": dt.date(2026, 11, 24)}, "has passed"),
        ({"sessions": 0}, "from 1 to 52"),
        ({"interval_days": 0}, "from 1 to 365"),
        ({"closed_days": range(7)}, "at least one open"),
    ],
)
def test_what_gives_no_dates_is_said_in_a_sentence(library, fields, says):
    with pytest.raises(NoSchedule, match=says):
        make_schedule(library.protocols["neck_pain_lidocaine"], library, START, **fields)
