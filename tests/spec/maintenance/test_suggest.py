"""What is suggested at an evaluation point, and which day is proposed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.care.maintenance import Progress, suggest
from pistor.knowledge import load

LIBRARY = load()
TODAY = dt.date(2026, 11, 23)
LAST = dt.date(2026, 11, 20)


def ask(protocol="neck_pain_lidocaine", scale="nrs", baseline=None, now=None, **progress):
    fields = {"treatments_done": 3, "last_on": LAST, **progress}
    return suggest(
        LIBRARY.protocols.get(protocol),
        LIBRARY.scales.get(scale),
        Progress(**fields),
        baseline=None if baseline is None else Decimal(baseline),
        now=None if now is None else Decimal(now),
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("fields", "choice", "rule"),
    [
        ({"baseline": 8, "now": 4}, "continue", "reached"),
        ({"baseline": 8, "now": "7.5"}, "stop", "below"),
        ({"baseline": 8, "now": 8}, "stop", "below"),
        ({"baseline": 6, "now": 8}, "refer", "worse"),
        ({"baseline": 8, "now": "8.1"}, "stop", "below"),  # worse by less than anyone notices
        ({"baseline": 6, "now": 8, "treatments_done": 1}, "refer", "worse"),  # before the evaluation point too
        ({"baseline": 8, "now": 8, "treatments_done": 1}, None, "not_due"),
        ({"baseline": None, "now": 4}, None, "cannot_tell"),
        ({"baseline": 8, "now": None}, None, "cannot_tell"),
        ({"scale": "vas100", "baseline": 60, "now": 50}, None, "between"),
        ({"protocol": "submental_deoxycholic_acid", "scale": "smfrs_cr", "baseline": 3, "now": 2}, None, "mcid_unknown"),
        ({"protocol": "submental_deoxycholic_acid", "scale": "smfrs_cr", "baseline": 3, "now": 4}, "refer", "worse"),
        ({"scale": None, "baseline": 3, "now": 2}, None, "cannot_tell"),
    ],
)
def test_the_scores_suggest(fields, choice, rule):
    result = ask(**fields)
    assert result.choice == choice
    assert [finding.rule for finding in result.findings] == [f"maintenance/{rule}"]
    assert (choice in result.accepts) if choice else result.accepts == ()


def test_below_the_difference_the_stop_rule_is_said_and_change_is_as_good():
    result = ask(baseline=8, now=8)
    assert result.accepts == ("stop", "change")
    assert LIBRARY.protocols["neck_pain_lidocaine"].stop_rule.text in result.findings[0].text
    assert result.findings[0].sources


@pytest.mark.parametrize(
    ("progress", "due"),
    [
        ({"treatments_done": 0, "last_on": None}, False),
        ({"treatments_done": 2}, False),
        ({"treatments_done": 3}, True),
        ({"treatments_done": 1, "evaluation_after": 1}, True),
        ({"treatments_done": 1, "evaluation_on": TODAY}, True),
        ({"treatments_done": 1, "evaluation_on": TODAY + dt.timedelta(days=1)}, False),
    ],
)
def test_the_evaluation_is_due(progress, due):
    assert ask(**progress).due is due


@pytest.mark.parametrize(
    ("fields", "next_on", "says"),
    [
        ({"treatments_done": 1}, dt.date(2026, 11, 27), "7 days after the last"),
        ({"treatments_done": 1, "interval_days": 14}, dt.date(2026, 12, 4), "14 days after the last"),
        ({"treatments_done": 1, "last_on": dt.date(2026, 1, 1)}, TODAY, "7 days"),
        ({"treatments_done": 3}, None, "No interval for maintenance is established"),
        ({"protocol": "submental_deoxycholic_acid", "treatments_done": 2}, dt.date(2026, 12, 20), "30 days after the last"),
        ({"protocol": "submental_deoxycholic_acid", "treatments_done": 6}, None, "None as routine"),
        ({"protocol": "alopecia_dutasteride", "treatments_done": 12}, dt.date(2027, 2, 18), "Every 3 months"),
        ({"protocol": None}, None, "No protocol"),
    ],
)
def test_a_date_is_proposed_only_where_an_interval_is_known(fields, next_on, says):
    result = ask(**fields)
    assert result.next_on == next_on
    assert says in result.next_text


def test_it_survives_being_written_down():
    assert ask(baseline=8, now=4).as_dict()["choice"] == "continue"
