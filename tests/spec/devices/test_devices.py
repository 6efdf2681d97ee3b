"""What to weigh about a device: its service, its cleaning, and the water."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.care.devices import METHODS, WATERS, DeviceFacts, device_findings, unusable_device
from pistor.knowledge import load

DAY = dt.date(2026, 11, 23)
CLEANED = dt.datetime(2026, 11, 22, 18, 0, tzinfo=dt.UTC)


def device(**fields):
    plain = {"kind": "meso_gun", "name": "Gun", "in_use": True, "service_due_on": DAY, "cleaned_at": CLEANED, "water": "sterile", "used_on": DAY - dt.timedelta(days=1)}
    return DeviceFacts(**{**plain, **fields})


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, None),
        ({"service_due_on": DAY - dt.timedelta(days=1)}, "was due for service on 22 Nov 2026"),
        ({"service_due_on": None}, "due for service is not recorded"),
        ({"cleaned_at": None, "water": None}, "No cleaning of Gun is recorded"),
        ({"used_on": DAY}, "used on 23 Nov 2026, and no cleaning is recorded since"),
        ({"used_on": None}, None),
        ({"water": "tap"}, "last cleaned with tap water"),
        ({"water": "not_said"}, "With which water"),
        ({"water": "none"}, None),
        ({"kind": "gone"}, None),
    ],
)
def test_each_thing_to_weigh(fields, says):
    found = device_findings([device(**fields)], DAY, load())
    assert [says in finding.text for finding in found] == ([True] if says else [])


def test_tap_water_is_backed_by_the_outbreak_it_caused():
    (found,) = device_findings([device(water="tap")], DAY, load())
    assert "CARB09" in {source.key for source in found.sources}


def test_only_a_device_in_use_may_be_used():
    assert unusable_device(device()) == ()
    assert "out of use" in unusable_device(device(in_use=False))[0]


def test_not_said_is_an_answer():
    assert "not_said" in WATERS and "other" in METHODS
