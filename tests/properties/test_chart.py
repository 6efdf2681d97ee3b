"""Points, zones and syringes add up, whatever was done to them in whatever order."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.formulation import Part, compose
from pistor.care.injection_map import Change
from pistor.care.stock import LotGiven, plain
from pistor.care.syringe import SyringeFacts, given_of
from pistor.care.treatment import (
    Edits,
    PlannedPoint,
    Record,
    UnreadableEdits,
    ZoneGiven,
    against_plan,
    edits_from,
    edits_from_text,
    given_points,
    live,
    reckonable,
    total,
    unusable_numbers,
    whole_zones,
)
from pistor.care.treatment.shares import out_of
from pistor.knowledge import load

LIBRARY = load()
DAY = dt.date(2026, 11, 23)
EACH = Decimal("0.05")
PLAN = tuple(PlannedPoint(str(n), float(n), 1.0, EACH) for n in range(1, 13))
KEY = "neck_back:neck:left"
ml = st.integers(0, 500).map(lambda steps: steps * Decimal("0.001"))
place = st.tuples(*[st.integers(-500_000, 500_000).map(lambda steps: steps / 1000)] * 2)
commands = st.lists(
    st.tuples(st.sampled_from(["remove", "restore", "move", "add", "change"]), st.integers(1, 16), place, ml), max_size=40
)  # fmt: skip


def edited(steps):
    """A random sequence of edits, as a page makes them, beside the points kept by hand."""
    removed, moved, added, changed = set(), {}, {}, {}
    by_hand = {point.key: point for point in PLAN}
    out = set()
    for what, number, where, volume in steps:
        key = str(number) if number <= len(PLAN) else f"a{number}"
        if what == "add" and key.startswith("a") and key not in added:
            added[key] = where
            by_hand[key] = PlannedPoint(key, *where, changed[key].volume_ml if key in changed else EACH)
        elif key not in by_hand:
            continue
        elif what == "remove":
            removed.add(key)
            out.add(key)
        elif what == "restore":
            removed.discard(key)
            out.discard(key)
        elif what == "move":
            moved[key] = where
            by_hand[key] = replace(by_hand[key], x_mm=where[0], y_mm=where[1])
        elif what == "change":
            changed[key] = Change(volume)
            by_hand[key] = replace(by_hand[key], volume_ml=volume)
    return Edits(frozenset(removed), moved, added, changed), [point for key, point in by_hand.items() if key not in out]


@settings(deadline=None)
@given(commands)
def test_totals_are_the_sum_over_the_points_after_any_edits(steps):
    edits, by_hand = edited(steps)
    points = given_points(PLAN, edits, added_ml=EACH)
    assert {point.key: point for point in points} == {point.key: point for point in by_hand}
    assert total(points) == (len(by_hand), sum((point.volume_ml for point in by_hand), Decimal(0)))
    assert edits_from_text(json.dumps(edits.as_dict())) == edits  # kept and posted, nothing is lost
    made = charted([replace(zone_of(), edits=edits)])
    if edits:
        assert (made.points, made.volume_ml) == total(points)
        assert [zone.state for zone in made.zones] == ["changed"]


def zone_of(**fields) -> ZoneGiven:
    number, volume = total(PLAN)
    return replace(ZoneGiven("neck", "left", "nappage", number, volume, number, volume, state="given", plan=KEY), **fields)


def charted(zones, *, syringes={"K1": Decimal(9)}, planned=None) -> Record:  # noqa: B006 - only read
    record = Record(DAY, {}, "", "", (), tuple(zones))
    return against_plan(record, planned or (zone_of(),), lambda: {KEY: PLAN}, LIBRARY, syringes=syringes, added_ml={KEY: EACH})


@pytest.mark.parametrize(
    ("typed", "state", "points"),
    [
        ({"state": ""}, None, None),  # as planned, and nobody said that it was given
        ({"state": "given"}, "given", 12),
        ({"state": "changed"}, "given", 12),  # changed into the same
        ({"state": "", "points": 11}, "changed", 11),  # who types another number has said it
        ({"state": "given", "points": 11}, "changed", 11),
        ({"state": "given", "edits": Edits(frozenset({"1"}))}, "changed", 11),
        ({"state": "given", "edits": Edits(frozenset({"1"})), "points": 99, "volume_ml": Decimal(9)}, "changed", 11),  # the points are what counts
        ({"state": "given", "edits": Edits(moved={"1": (2.0, 2.0)})}, "changed", 12),
        ({"state": "not_given"}, "not_given", 0),
        ({"state": "not_given", "edits": Edits(frozenset({"1"})), "points": 4}, "not_given", 0),
        ({"state": "given", "plan": ""}, "given", 12),  # found by its place
        ({"state": "given", "planned_points": 3, "technique": "deep", "inserted_length_mm": Decimal(9)}, "given", 12),  # the plan cannot be posted
    ],
)
def test_what_is_typed_for_a_zone_is_held_against_its_plan(typed, state, points):
    zones = charted([zone_of(**typed)]).zones
    assert [(zone.state, zone.points) for zone in zones] == ([] if state is None else [(state, points)])
    for zone in zones:
        assert (zone.planned_points, zone.technique, zone.inserted_length_mm, zone.plan) == (12, "nappage", None, KEY)
        assert zone.syringe == ("K1" if zone.treated else "")


def test_a_zone_that_was_not_planned_has_no_plan_and_comes_out_of_what_is_left():
    extra = zone_of(zone="shoulder", plan="", planned_points=5, state="")
    found = charted([extra, zone_of(syringe="K2")], syringes={"K1": Decimal(1), "K2": Decimal(1)}).zones
    assert [(zone.zone, zone.state, zone.planned_points, zone.syringe, zone.shared) for zone in found] == [
        ("shoulder", "changed", None, "K1", "divided"), ("neck", "given", 12, "K2", "said"),
    ]  # fmt: skip


# 300 points of 0.02 mL in three zones, out of one syringe of 5 mL and one of 1.2 mL.
THREE = [zone_of(plan=f"m:{n}:left", zone=f"z{n}", points=100, volume_ml=Decimal(2), planned_points=100, planned_volume_ml=Decimal(2)) for n in range(3)]
TWO = {"A": Decimal(5), "B": Decimal("1.2")}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, [(0, "A", "2", 100), (1, "A", "2", 100), (2, "A", "1", 50), (2, "B", "1", 50)]),  # emptied, then the next: nobody has to say anything
        ({0: {"B": "1"}}, [(0, "A", "1", 50), (0, "B", "1", 50), (1, "A", "2", 100), (2, "A", "2", 100)]),  # the empty field is the rest
        ({0: {"A": "1", "B": "1"}}, [(0, "A", "1", 50), (0, "B", "1", 50), (1, "A", "2", 100), (2, "A", "2", 100)]),
        ({2: {"A": "1.99"}}, [(0, "A", "2", 100), (1, "A", "1.01", 51), (1, "B", "0.99", 49), (2, "A", "1.99", 100), (2, "B", "0.01", 0)]),
        ({0: {"A": "1", "B": "2"}}, "z0 left: 3 mL are said to have come out of the syringes, but 2 mL were given."),
        ({0: {"A": "0.5"}}, "z0 left: 0.5 mL are said"),  # the other does not hold the rest
        ({0: {"gone": "2"}}, "z0 left: 2 mL are said"),
        ({0: {"A": "-1"}}, "z0 left: the volume out of syringe A is below 0"),
        ({0: {"A": "NaN"}}, "z0 left: the volume out of syringe A is not a number"),
    ],
)
def test_zones_come_out_of_one_syringe_after_the_other_unless_somebody_says_otherwise(said, found):
    shares = {n: tuple((code, Decimal(ml)) for code, ml in of.items()) for n, of in said.items()}
    record = charted([replace(zone, shares=shares.get(n, ())) for n, zone in enumerate(THREE)], syringes=TWO, planned=THREE)
    if isinstance(found, str):
        assert [one.lower().startswith(found.lower()) for one in unusable_numbers(record)] == [True]
        assert reckonable(record).volume_ml == 6
        return
    assert unusable_numbers(record) == ()
    assert [(int(zone.plan[2]), zone.syringe, plain(zone.volume_ml), zone.points) for zone in record.zones] == found
    assert {int(zone.plan[2]) for zone in record.zones if zone.shared == "said"} == set(said)  # of two, who says one says both
    assert {zone.shared for zone in record.zones if int(zone.plan[2]) not in said} <= {"divided"}
    assert {zone.state for zone in record.zones} == {"given"}  # the whole of it is as planned


part = st.integers(0, 3000).map(lambda steps: steps * Decimal("0.001"))
lines = st.lists(st.tuples(st.integers(1, 300), part, st.dictionaries(st.sampled_from(["K1", "K2", "K3"]), part, max_size=2)), min_size=1, max_size=5)
made = st.lists(part, min_size=2, max_size=3).map(lambda each: {f"K{n}": volume for n, volume in enumerate(each, 1)})


@settings(deadline=None)
@given(made, lines)
def test_nothing_is_lost_or_made_up_where_zones_are_divided_over_syringes(held, typed):
    zones = [zone_of(plan=f"m:{n}:left", points=points, volume_ml=ml, shares=tuple(said.items())) for n, (points, ml, said) in enumerate(typed)]
    found = out_of(zones, held)
    for zone in zones:
        parts = [one for one in found if one.plan == zone.plan]
        assert (sum(one.points for one in parts), sum((one.volume_ml for one in parts), Decimal(0))) == (zone.points, zone.volume_ml)
        assert len({one.syringe for one in parts}) == len(parts)
        assert whole_zones(parts)[0].edits == zone.edits
        if len(parts) > 1 or parts[0].syringe:
            assert {code: ml for code, ml in zone.shares if ml}.items() <= {one.syringe: one.volume_ml for one in parts if one.shared == "said"}.items()
            assert zone.shares or {one.shared for one in parts} <= {"divided", ""}
    parted = {(one.plan, one.syringe): one.volume_ml for one in found if one.syringe}
    typed_ml = {(zone.plan, code): ml for zone in zones for code, ml in zone.shares}
    unsaid = {code: sum((ml for (plan, name), ml in parted.items() if name == code and (plan, name) not in typed_ml), Decimal(0)) for code in held}
    spoken = {code: sum((ml for zone in zones for name, ml in zone.shares if name == code), Decimal(0)) for code in held}
    assert all(unsaid[code] <= max(held[code] - spoken[code], Decimal(0)) for code in held)  # never more than is left beside what was said
    if any(one.syringe == "" and not one.shares and one.volume_ml for one in found):  # only once all is empty
        assert all(unsaid[code] == max(held[code] - spoken[code], Decimal(0)) for code in held)
    record = Record(DAY, {}, "", "", (), found)
    assert bool(unusable_numbers(record)) == any(one.shares for one in found)


def unreadable(data) -> str:
    with pytest.raises(UnreadableEdits) as said:
        given_points(PLAN, edits_from_text(data) if isinstance(data, str) else edits_from(data), added_ml=EACH)
    return str(said.value)


@pytest.mark.parametrize(
    "data",
    [
        "{", "[]", "7", '"x"', "[" * 5000, {"removed": 7}, {"moved": {"1": [1]}}, {"moved": {"1": ["x", 2]}}, {"moved": {"1": [1e9, 2]}},
        {"moved": {"1": [float("nan"), 2]}}, {"added": {"1": [1, 2]}}, {"added": {"a0": [1, 2]}}, {"added": {"<b>": [1, 2]}}, {"changed": {"1": {"ml": "-1"}}},
        {"changed": {"1": {"ml": "9"}}}, {"changed": {"1": {"ml": "0.00001"}}}, {"changed": {"1": {"ml": "ten"}}}, {"changed": {"1": 3}},
        {"removed": ["99"]}, {"added": {"a1": [1, 2]}, "removed": ["a2"]}, {"moved": {"99": [1, 2]}}, {"changed": {"a1": {"ml": "1"}}}, {"removed": [["1"]]}, {"moved": [1]},
    ],
)  # fmt: skip
def test_edits_that_cannot_be_are_refused_in_a_sentence(data):
    assert unreadable(data).endswith((".", "again."))


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["removed", "moved", "added", "changed", "1", "a1", "ml"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_whatever_is_posted_is_edits_or_a_sentence(data):
    try:
        given_points(PLAN, edits_from(data), added_ml=EACH)
    except UnreadableEdits as said:
        assert str(said)


volumes = st.integers(1, 4000).map(lambda steps: steps * Decimal("0.001"))
zones = st.lists(st.tuples(st.sampled_from(["", "K1", "K2", "K3"]), volumes), max_size=8)
held = st.lists(volumes, min_size=1, max_size=3).map(lambda made: {f"K{n}": volume for n, volume in enumerate(made, 1)})


@settings(deadline=None)
@given(held, zones)
def test_every_millilitre_given_came_out_of_a_syringe_or_could_not_have_been_given(held, zones):
    named = {code: sum((volume for name, volume in zones if name == code), Decimal(0)) for code in held}
    unnamed = sum((volume for name, volume in zones if not name), Decimal(0))
    found = given_of(held, zones)
    assert all(found[code] >= named[code] for code in held)
    assert all(found[code] <= max(held[code], named[code]) for code in held)
    room = sum((max(held[code] - named[code], Decimal(0)) for code in held), Decimal(0))
    assert sum(found.values()) == sum(named.values()) + min(unnamed, room)
    open_ones = [code for code in held if found[code] > named[code]]  # filled up in the order they were made
    before = list(held)[: list(held).index(open_ones[-1])] if open_ones else []
    assert all(found[code] >= held[code] for code in before)


@settings(deadline=None, max_examples=50)
@given(held, st.lists(st.tuples(st.sampled_from(["", "K1"]), st.integers(0, 30), st.booleans()), min_size=1, max_size=4))
def test_what_is_shown_while_charting_is_what_is_recorded_and_what_is_left(held, charted):
    blend = compose([Part("lidocaine_2pct", Decimal(3))], LIBRARY, policy="mixture", jurisdiction="US", application="pain")
    planned = [zone_of(plan=f"map:{n}:left", points=n + 1, planned_points=n + 1, volume_ml=(n + 1) * EACH, planned_volume_ml=(n + 1) * EACH) for n in range(4)]
    record = Record(DAY, {}, "", "", (), tuple(
        replace(zone, syringe=code, points=points, volume_ml=points * EACH, on_skin=film) for zone, (code, points, film) in zip(planned, charted, strict=False)
    ))  # fmt: skip
    until = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    made = [SyringeFacts(code, uuid.UUID(int=1), "ready", "clear", until, (LotGiven("x", "L", DAY, "usable", ml),), holds_this_blend=True) for code, ml in held.items()]
    found = live(record, planned, made, blend)
    assert found.points == sum(points for _, points, _ in charted)
    assert found.volume_ml == found.points * EACH
    assert found.on_skin_ml == sum((points * EACH for _, points, film in charted if film), Decimal(0))
    assert found.points_left == sum(zone.points for zone in planned[len(charted) :])
    assert found.volume_left_ml == found.points_left * EACH
    assert Decimal(found.amounts["lidocaine"]) == found.volume_ml * 20
    if found.volume_ml <= sum(held.values()) and all(left >= 0 for left in found.in_syringes_ml.values()):
        assert sum(found.in_syringes_ml.values()) == sum(held.values()) - found.volume_ml
    assert json.dumps(found.as_dict())
