"""What a record needs, and what it cannot hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.formulation import Part, compose
from pistor.care.injection_map import Change
from pistor.care.treatment import (
    Edits,
    LotGiven,
    Record,
    ZoneGiven,
    checklist,
    doses_in,
    record_as_dict,
    unusable_lots,
    unusable_numbers,
    unusable_takes,
)
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
        "zones": (zone(),), "pain_score": 0, "reaction": "none", **fields,
    }  # fmt: skip
    return Record(**full)


@pytest.mark.parametrize(
    ("state", "days", "refused"), [("usable", 0, False), ("usable", -1, True), ("quarantined", 9, True), ("recalled", 9, True), ("strange", 9, True)]
)
def test_a_lot_is_good_through_its_last_day_and_only_while_usable(state, days, refused):
    assert bool(unusable_lots([taken(state, days)], DAY)) is refused


@pytest.mark.parametrize("volume", ["-0.001", "NaN", "sNaN", "Infinity", "-Infinity", "500.001", "1E+400", "0.0001"])
def test_impossible_volumes_are_said_and_never_raise(volume):
    assert unusable_numbers(record(zones=(zone(volume=volume),)))
    assert unusable_takes([taken(volume=volume)])


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
    """Points, volumes, lots and pain are asked for one by one before a signature, and the observation at discharge; a tick adds nothing to them."""
    assert [step.required for step in checklist(LIBRARY, "pain") if step.id == repeated] == [False]


@pytest.mark.parametrize(("fields", "deviates"), [({}, False), ({"points": 3}, True), ({"volume_ml": Decimal("0.4")}, True), ({"planned_points": None}, True),
                                                  ({"passes": 2}, True), ({"edits": Edits(moved={"1": (0, 0)})}, True)])  # fmt: skip
def test_what_differs_from_the_plan(fields, deviates):
    assert replace(zone(), **fields).deviates is deviates


def test_what_one_point_was_changed_to_counts_where_it_is_more_than_the_mean():
    assert record(zones=(zone(edits=Edits(changed={"1": Change(Decimal("0.3")), "2": Change(Decimal("0.9"))}, removed=frozenset({"2"}))),)).volume_per_point_ml == Decimal("0.3")
    assert record(zones=(zone(),)).volume_per_point_ml == Decimal("0.125")


def test_a_film_is_on_the_skin_and_has_no_points():
    film = zone(points=0, on_skin=True, passes=4)
    assert unusable_numbers(record(zones=(film,))) == ()
    assert (record(zones=(film, zone())).on_skin_ml, record(zones=(film, zone())).volume_ml) == (Decimal("0.5"), Decimal(1))
    assert "101 passes cannot be" in " ".join(unusable_numbers(record(zones=(zone(passes=101),))))
