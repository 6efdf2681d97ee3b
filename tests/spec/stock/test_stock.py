"""Stock as plain values: what is where, what is taken first, and what somebody has to be told."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.stock import WAYS, Held, Move, Place, balance, first_expiring, plain, reconcile, warnings

ON = dt.date(2026, 11, 26)
PRODUCT = uuid.UUID(int=1)


def held(number: str, days: int, units: str | None = "10", *, state: str = "usable", unit: str = "mL", par: str | None = None, product: int = 1) -> Held:
    lot, owner = uuid.uuid5(PRODUCT, number), uuid.UUID(int=product)
    return Held(lot, number, owner, "Lidocaine 2 %", ON + dt.timedelta(days=days), state, D(units) if units else None, unit, D(par) if par else None)


def taken(lots, need: str, **more):
    numbers = {lot.lot: lot.lot_number for lot in lots}
    return [(numbers[take.lot], str(take.units)) for take in first_expiring(lots, D(need), ON, **more)]


@pytest.mark.parametrize(
    ("lots", "need", "takes"),
    [
        ([held("late", 90), held("early", 5)], "4", [("early", "4")]),
        ([held("late", 90), held("early", 5, "3")], "4", [("early", "3"), ("late", "1")]),
        ([held("today", 0, "3")], "2", [("today", "2")]),
        ([held("gone", -1), held("ill", 5, state="quarantined"), held("bad", 5, state="recalled"), held("good", 60)], "2", [("good", "2")]),
        ([held("early", 5, "0"), held("late", 9)], "2", [("late", "2")]),
        ([held("minus", 5, "-2"), held("late", 9)], "2", [("late", "2")]),
        ([held("never counted", 5, None), held("late", 9)], "20", [("never counted", "20")]),
        ([held("iu", 5, unit="IU"), held("ml", 9)], "2", [("ml", "2")]),
        ([held("short", 5, "1")], "2", [("short", "1")]),
        ([held("B", 5, "1"), held("A", 5, "1")], "1.5", [("A", "1"), ("B", "0.5")]),
        ([held("early", 5)], "0", []),
        ([], "2", []),
    ],
)
def test_the_first_to_expire_is_taken_first_and_nothing_that_may_not_be_used(lots, need, takes):
    assert taken(lots, need) == takes


def test_millilitres_never_come_out_of_a_lot_counted_in_units_of_activity():
    assert taken([held("iu", 5, unit="IU")], "2") == []
    assert taken([held("iu", 5, unit="IU")], "2", unit="IU") == [("iu", "2")]


LOTS = st.lists(st.tuples(st.integers(-5, 60), st.decimals(0, 20, places=3), st.sampled_from(["usable", "quarantined"])), max_size=8)


@settings(deadline=None)
@given(LOTS, st.decimals(0, 50, places=3))
def test_what_is_taken_is_the_need_or_all_there_is_and_never_skips_an_earlier_lot(drawn, need):
    lots = [held(f"L{n}", days, str(units), state=state) for n, (days, units, state) in enumerate(drawn)]
    takes = {take.lot: take.units for take in first_expiring(lots, need, ON)}
    usable = [lot for lot in lots if lot.usable(ON)]
    assert sum(takes.values()) == min(need, sum((lot.units for lot in usable), D(0)))
    for lot in usable:
        if takes.get(lot.lot, D(0)) > 0:
            assert all(takes.get(other.lot, D(0)) == other.units for other in usable if other.expires_on < lot.expires_on)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(WAYS)), st.decimals("0.001", 100, places=3))))
def test_nothing_is_lost_between_places(steps):
    moves = [Move(*way, units) for way, units in steps]
    assert sum((balance(moves, place) for place in Place), D(0)) == 0


def test_a_vial_that_was_drawn_and_wasted_whole_holds_nothing():
    moves = [
        Move(Place.OUTSIDE, Place.SHELF, D(20)), Move(Place.SHELF, Place.VIAL, D(10)), Move(Place.VIAL, Place.SYRINGE, D("3.5")),
        Move(Place.VIAL, Place.SYRINGE, D(4)), Move(Place.VIAL, Place.WASTE, D("2.5")), Move(Place.SYRINGE, Place.PATIENT, D(7)),
    ]  # fmt: skip
    assert [balance(moves, place) for place in (Place.SHELF, Place.VIAL, Place.SYRINGE, Place.PATIENT)] == [D(10), D(0), D("0.5"), D(7)]
    assert reconcile(D(10), D("7.5"), D("2.5")) == 0
    assert reconcile(D(10), D("7.5"), D(1)) == D("1.5")


@pytest.mark.parametrize(
    ("lots", "said"),
    [
        ([held("A", 31)], []),
        ([held("A", 30)], ["Lidocaine 2 %, lot A: expires in 30 days. Use it first."]),
        ([held("A", 1)], ["Lidocaine 2 %, lot A: expires tomorrow. Use it first."]),
        ([held("A", 0)], ["Lidocaine 2 %, lot A: expires today. Use it first."]),
        ([held("A", -1)], ["Lidocaine 2 %, lot A: expired. Take it off the shelf."]),
        ([held("A", -1, None)], ["Lidocaine 2 %, lot A: expired. Take it off the shelf."]),
        ([held("A", -1, "0")], []),
        ([held("A", -1, state="recalled")], []),
        ([held("B", 9), held("A", 2)], ["Lidocaine 2 %, lot A: expires in 2 days. Use it first.", "Lidocaine 2 %, lot B: expires in 9 days. Use it first."]),
        ([held("A", 99, "4", par="5")], ["Lidocaine 2 %: 4 mL left; at least 5 should be there. Order it."]),
        ([held("A", 99, "5", par="5")], []),
        ([held("A", 99, "3", par="5"), held("B", 99, "2", par="5")], []),
        ([held("A", 99, "3", par="5"), held("B", 99, "2", par="5", state="quarantined")], ["Lidocaine 2 %: 3 mL left; at least 5 should be there. Order it."]),
        ([held("A", 99, "3", par="5"), held("B", 99, None, par="5")], []),
        ([held("A", 99, "0", par="5")], ["Lidocaine 2 %: 0 mL left; at least 5 should be there. Order it."]),
        ([held("A", 99, "1")], []),
    ],
)
def test_what_somebody_has_to_be_told_about_the_shelf(lots, said):
    assert [finding.text for finding in warnings(lots, ON)] == said


def test_an_expired_lot_stops_and_a_late_one_only_warns():
    assert [(finding.rule, finding.stops) for finding in warnings([held("A", -1), held("B", 3)], ON)] == [("stock.expired", True), ("stock.expires_soon", False)]


@pytest.mark.parametrize(("units", "text"), [("10", "10"), ("10.000", "10"), ("0.500", "0.5"), ("1E+2", "100"), ("0", "0")])
def test_an_amount_cannot_be_misread(units, text):
    assert plain(D(units)) == text
