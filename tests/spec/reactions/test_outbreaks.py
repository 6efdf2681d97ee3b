"""What outbreaks teach: how many of those exposed fell ill, and how far back one looks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pistor.care.reactions import attack_rate
from pistor.knowledge import load

LIBRARY = load()


@pytest.mark.parametrize(
    ("key", "share", "low", "high"),
    [
        ("CARB09", "15.2", "9.6", "23.3"),
        ("VIL97", "17.5", "15.9", "19.2"),
        ("GAL11", "22.1", "14.3", "32.5"),
        ("COL96", "68.1", "56.4", "77.9"),
        ("CAM96", "77.9", "72.8", "82.2"),
    ],
)
def test_the_attack_rate_comes_with_its_interval(key, share, low, high):
    rate, interval = attack_rate(LIBRARY.outbreaks[key])
    assert (rate, interval.low, interval.high) == (Decimal(share), Decimal(low), Decimal(high))


def test_there_is_no_attack_rate_where_nobody_counted_who_was_exposed():
    assert {key for key, outbreak in LIBRARY.outbreaks.items() if attack_rate(outbreak)} == {"CARB09", "VIL97", "GAL11", "COL96", "CAM96"}
    assert all(outbreak.kind == "outbreak" for outbreak in LIBRARY.outbreaks.values() if attack_rate(outbreak))


def test_the_look_back_covers_the_longest_incubation_of_an_outbreak():
    look_back = LIBRARY.thresholds["lot_trace_look_back"].quantity.value
    assert look_back >= max(outbreak.incubation_days.high for outbreak in LIBRARY.outbreaks.values() if outbreak.incubation_days)
    told = [item.text for rule in LIBRARY.triage_rules.values() for item in rule.work_up if "look for other patients" in item.text]
    assert told
    assert all(f"over {look_back} days" in text for text in told)
