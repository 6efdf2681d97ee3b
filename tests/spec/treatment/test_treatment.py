"""What a record needs, and what it cannot hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.care.formulation import Part, compose
from pistor.care.treatment import LotGiven, Record, ZoneGiven, checklist, doses_in, missing_before_signing, record_as_dict, unusable_lots, unusable_numbers
from pistor.knowledge import load

LIBRARY = load()
DAY = dt.date(2026, 11, 23)


def zone(points=4, volume="0.5", planned=(4, "0.5"), **more):
    return ZoneGiven("neck", "left", "point_by_point", points, Decimal(volume), planned[0], Decimal(planned[1]) if planned[1] else None, **more)


def taken(state="usable", days=10, volume="1"):
    return LotGiven("lidocaine_2pct", "L", DAY + dt.timedelta(days=days), state, Decimal(volume))


def record(**fields):
    full = {
        "given_on": DAY, "checks": {step.id: True for step in checklist(LIBRARY, "pain")}, "skin_preparation": "x", "anaesthesia": "none", "topical": (),
        "lots": (taken(),), "zones": (zone(),), "pain_score": 0, "reaction": "none", "observed_minutes": 0, **fields,
    }  # fmt: skip
    return Record(**full)


def missing(**fields):
    return missing_before_signing(record(**fields), LIBRARY, "pain", ["lidocaine_2pct"], ())


def test_a_full_record_misses_nothing_and_zero_is_an_answer():
    assert missing() == ()


@pytest.mark.parametrize(
    ("zones", "says"),
    [
        ((zone(points=3),), "Neck left differs from the plan. Say why."),
        ((zone(volume="0.4"),), "Neck left differs from the plan. Say why."),
        ((zone(planned=(None, None)),), "was not planned"),
        ((zone(points=0, volume="0"),), "No zone is recorded as treated."),
    ],
)
def test_what_differs_from_the_plan_needs_a_reason(zones, says):
    assert any(says in sentence for sentence in missing(zones=zones))
    assert not any("differs" in sentence for sentence in missing(zones=tuple(zone(points=3, reason="bled") for _ in zones)))


@pytest.mark.parametrize(
    ("state", "days", "refused"), [("usable", 0, False), ("usable", -1, True), ("quarantined", 9, True), ("recalled", 9, True), ("strange", 9, True)]
)
def test_a_lot_is_good_through_its_last_day_and_only_while_usable(state, days, refused):
    assert bool(unusable_lots([taken(state, days)], DAY)) is refused


@pytest.mark.parametrize("volume", ["-0.001", "NaN", "sNaN", "Infinity", "-Infinity", "500.001", "1E+400", "0.0001"])
def test_impossible_volumes_are_said_and_never_raise(volume):
    assert unusable_numbers(record(zones=(zone(volume=volume),)))
    assert unusable_numbers(record(lots=(taken(volume=volume),)))


@pytest.mark.parametrize("application", ["pain", "skin", "hair", "fat"])
def test_every_application_has_tap_water_antiseptic_and_kit_in_its_list(application):
    ids = {step.id for step in checklist(LIBRARY, application)}
    assert {"no_tap_water", "emergency_kit", "new_needle"} <= ids
    assert len({"antiseptic_face", "antiseptic_body"} & ids) == 1


def test_every_step_rests_on_something():
    assert all(step.basis for step in LIBRARY.checklist_steps.values())


def test_doses_are_exact_decimals():
    blend = compose([Part("lidocaine_2pct", Decimal(3))], LIBRARY, policy="mixture", jurisdiction="US", application="pain")
    assert doses_in(blend, Decimal("0.7"))["lidocaine"] == "14"


def test_the_same_record_is_the_same_text_whatever_the_order():
    one, other = record(checks={"a": True, "b": False}), record(checks={"b": False, "a": True})
    assert record_as_dict(one) == record_as_dict(other)
    assert list(record_as_dict(one)["checks"]) == ["a", "b"]


@pytest.mark.parametrize("repeated", ["given_recorded", "observed"])
def test_a_step_that_only_repeats_what_the_record_asks_for_need_not_be_ticked(repeated):
    """Points, volumes, lots, pain and minutes are asked for one by one before a signature; a tick adds nothing to them."""
    ticked = {step.id: step.id != repeated for step in checklist(LIBRARY, "pain")}
    assert not [said for said in missing_before_signing(record(checks=ticked), LIBRARY, "pain", (), ()) if said.startswith("Not ticked")]
