"""Receiving, opening, wasting and counting: each books its moves in the same transaction, once, in the product's own unit."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.stock import (
    Booked,
    NewProduct,
    book,
    close_vial,
    count,
    describe_product,
    open_vial,
    receive,
    resolve_discrepancy,
    set_lot_state,
    waste,
)
from pistor.care.stock import Place
from pistor.records.audit import AuditEvent
from pistor.records.stock import Discrepancy, Lot, Product, StockMove, Vial, held_of, left_in
from tests import factories, ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
LATER = TODAY + dt.timedelta(days=300)
LIDOCAINE, BOTTLE, TOXIN = "lidocaine_2pct", "lidocaine_1pct_multidose", "botulinum"


def received(people, product=None, **more):
    given = {"product": product or NewProduct(BOTTLE), "lot_number": "L-1", "expires_on": LATER, "containers": 3, "container_units": D(10), "unit": "mL"}
    return receive(**{**given, "by": people.nurse, "at": NOW, **more})


def shelf(row):
    return held_of([Lot.objects.select_related("product").get(pk=row.pk)])[0].units


def test_what_is_received_is_on_the_shelf_and_in_the_trail(people):
    row = received(people)
    assert (shelf(row), row.product.kind, row.product.unit, row.product.container_units) == (D(30), "product", "mL", D(10))
    assert [event.verb for event in AuditEvent.objects.order_by("sequence")] == ["product.added", "lot.received"]
    again = received(people, row.product, containers=1)
    assert (again.pk, shelf(row), Product.objects.count()) == (row.pk, D(40), 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": "IU"}, "counted in mL, not in IU"),
        ({"unit": "mg"}, "counted in mL, not in mg"),
        ({"container_units": D("0.0001")}, "three decimals"),
        ({"container_units": D(-1)}, "above 0"),
        ({"containers": 0}, "how many containers"),
        ({"lot_number": "  "}, "lot number"),
        ({"expires_on": TODAY - dt.timedelta(days=1)}, "expired"),
        ({"expires_on": TODAY + dt.timedelta(days=9000)}, "Check the year"),
        ({"product": NewProduct("nothing_known")}, "no known presentation"),
        ({"product": NewProduct("", unit="piece"), "unit": "piece"}, "what it is"),
        ({"product": NewProduct(BOTTLE, unit="piece"), "unit": "piece"}, "in pieces"),
        ({"product": NewProduct("", name="Needle", unit="mL")}, "in pieces"),
        ({"product": NewProduct(BOTTLE, unit="drops"), "unit": "drops"}, "Choose the unit"),
    ],
)
def test_a_delivery_that_does_not_fit_leaves_nothing(people, change, says):
    with pytest.raises(Refused, match=says):
        received(people, **change)
    assert not Product.objects.exists()
    assert not StockMove.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_lot_is_one_thing_with_one_expiry(people):
    row = received(people)
    with pytest.raises(Refused, match="One of the two is wrong"):
        received(people, row.product, expires_on=LATER + dt.timedelta(days=1))
    set_lot_state(lot=row, state="recalled", reason="notice", by=people.owner, at=NOW)
    with pytest.raises(Refused, match="recalled"):
        received(people, row.product)
    other = received(people, NewProduct(BOTTLE, name="of another maker"))
    assert other.pk != row.pk


def test_an_article_number_is_one_product(people):
    new = NewProduct(BOTTLE, gtin="09501101530003")
    received(people, new)
    with pytest.raises(Refused, match="already"):
        received(people, new, lot_number="L-2")


def test_units_of_activity_and_milligrams_stay_their_own(people):
    row = received(people, NewProduct("calcitonin_200u_ml", unit="IU"), unit="IU", container_units=D(400), containers=2)
    assert shelf(row) == D(800)
    for unit in ("mL", "mg"):
        for act in (lambda unit=unit: waste(lot=row, units=D(1), unit=unit, reason="damaged", by=people.nurse, at=NOW),
                    lambda unit=unit: count(lot=row, found=D(800), unit=unit, by=people.nurse, at=NOW)):  # fmt: skip
            with pytest.raises(Refused, match="counted in IU"):
                act()
    assert shelf(row) == D(800)


def opened(people, row, **more):
    return open_vial(**{"lot": row, "by": people.nurse, "at": NOW, **more})


def drawn(people, vial, units, patient=None):
    booking = uuid.uuid4()
    book([Booked(vial.lot, Place.VIAL, Place.SYRINGE, D(units), "mL", vial)], booking=booking, by=people.nurse, at=NOW)


def test_a_vial_keeps_when_it_was_opened_how_often_drawn_from_and_what_is_left(people):
    row = received(people)
    vial = opened(people, row, discard_after=NOW + dt.timedelta(hours=24), discard_basis="label")
    drawn(people, vial, "2")
    drawn(people, vial, "3.5")
    left = left_in([vial])[vial.pk]
    assert (shelf(row), left.units, left.punctures, vial.opened_at, len(vial.code)) == (D(20), D("4.5"), 2, NOW, 10)
    assert close_vial(vial=vial, found=D("4.5"), unit="mL", by=people.nurse, at=NOW) is None
    assert not Discrepancy.objects.exists()
    with pytest.raises(Refused, match="closed already"):
        close_vial(vial=vial, found=D(0), unit="mL", by=people.nurse, at=NOW)


@pytest.mark.parametrize(("found", "ways"), [("4", {"vial>waste": "4", "vial>count": "4"}), ("0", {"vial>count": "8"}), ("9", {"count>vial": "1", "vial>waste": "9"})])
def test_drawn_and_waste_that_are_not_the_vial_leave_a_difference_to_explain(people, found, ways):
    vial = opened(people, received(people))
    drawn(people, vial, "2")
    row = close_vial(vial=vial, found=D(found), unit="mL", by=people.nurse, at=NOW)
    assert (row.expected_units, row.found_units, row.vial, row.resolved_at) == (D(8), D(found), vial, None)
    closing = StockMove.objects.filter(vial=vial).exclude(put_into="syringe").exclude(taken_from="shelf")
    assert {f"{move.taken_from}>{move.put_into}": str(move.units.normalize()) for move in closing} == ways
    assert left_in([vial])[vial.pk].units == 0
    with pytest.raises(NotAllowed):
        resolve_discrepancy(discrepancy=row, explanation="spilt", by=people.nurse, at=NOW)
    with pytest.raises(Refused, match="Write what explains"):
        resolve_discrepancy(discrepancy=row, explanation=" ", by=people.owner, at=NOW)
    assert resolve_discrepancy(discrepancy=row, explanation="spilt", by=people.owner, at=NOW).resolved_by == people.owner
    with pytest.raises(Refused, match="already"):
        resolve_discrepancy(discrepancy=row, explanation="again", by=people.owner, at=NOW)


@pytest.mark.parametrize(
    ("prepare", "more", "says"),
    [
        (lambda row: Lot.objects.filter(pk=row.pk).update(state="quarantined"), {}, "quarantined"),
        (lambda row: Lot.objects.filter(pk=row.pk).update(state="recalled"), {}, "recalled"),
        (lambda row: Lot.objects.filter(pk=row.pk).update(expires_on=TODAY - dt.timedelta(days=1)), {}, "expired"),
        (lambda row: None, {"container_units": D(31)}, "Count the lot first"),
        (lambda row: None, {"container_units": D(-1)}, "more than 0"),
        (lambda row: None, {"discard_after": NOW, "discard_basis": "label"}, "lies ahead"),
        (lambda row: None, {"discard_after": NOW + dt.timedelta(hours=1)}, "has a basis"),
        (lambda row: Product.objects.update(container_units=None), {}, "how many mL"),
    ],
)
def test_what_may_not_be_opened_stays_closed(people, prepare, more, says):
    row = received(people)
    prepare(row)
    with pytest.raises(Refused, match=says):
        opened(people, row, **more)
    assert not Vial.objects.exists()
    assert shelf(row) == D(30)


def test_a_container_for_one_patient_names_the_patient(people):
    row = received(people, NewProduct(LIDOCAINE), container_units=D(2))
    with pytest.raises(Refused, match="one patient"):
        opened(people, row)
    patient = factories.patient(people.nurse)
    assert opened(people, row, patient=patient).patient == patient


def test_single_use_items_are_no_vials(people):
    row = received(people, NewProduct("", name="Needle 30 G", unit="piece"), unit="piece", container_units=D(100))
    assert (row.product.kind, row.presentation, shelf(row)) == ("item", "", D(300))
    with pytest.raises(Refused, match="taken from the pack"):
        opened(people, row)


def test_no_more_is_wasted_than_is_there(people):
    row = received(people)
    vial = opened(people, row)
    waste(lot=row, units=D(20), unit="mL", reason="damaged", by=people.nurse, at=NOW)
    waste(lot=row, units=D(4), unit="mL", reason="time", vial=vial, by=people.nurse, at=NOW)
    for more in ({}, {"vial": vial, "units": D("6.001")}):
        with pytest.raises(Refused, match="ledger"):
            waste(**{"lot": row, "units": D("0.001"), "unit": "mL", "reason": "damaged", "by": people.nurse, "at": NOW, **more})
    with pytest.raises(Refused, match="why"):
        waste(lot=row, units=D(1), unit="mL", reason="", vial=vial, by=people.nurse, at=NOW)
    assert (shelf(row), left_in([vial])[vial.pk].units) == (D(0), D(6))


def test_a_lot_is_received_until_the_day_it_expires(people):
    assert received(people, expires_on=TODAY).state == "usable"


def test_the_first_count_says_what_is_there_and_a_later_one_what_is_missing(people):
    row = ready.lot(people.clinic, BOTTLE, "old")  # on the shelf from before there was a ledger
    opened(people, row, container_units=D(10))
    assert shelf(row) is None
    assert count(lot=row, found=D(20), unit="mL", by=people.nurse, at=NOW) is None
    assert shelf(row) == D(20)
    assert count(lot=row, found=D(20), unit="mL", by=people.nurse, at=NOW) is None
    less = count(lot=row, found=D(15), unit="mL", by=people.nurse, at=NOW)
    more = count(lot=row, found=D(16), unit="mL", by=people.nurse, at=NOW)
    assert [(found.expected_units, found.found_units) for found in (less, more)] == [(D(20), D(15)), (D(15), D(16))]
    assert shelf(row) == D(16)
    for wrong in (D(-1), D(1_000_000)):
        with pytest.raises(Refused):
            count(lot=row, found=wrong, unit="mL", by=people.nurse, at=NOW)


def test_a_lot_that_was_counted_empty_is_empty_and_not_unknown(people):
    row = ready.lot(people.clinic, BOTTLE, "old")  # on the shelf from before there was a ledger
    count(lot=row, found=D(0), unit="mL", by=people.nurse, at=NOW)
    assert shelf(row) == D(0)


def test_the_same_form_is_taken_once(people):
    token, row = uuid.uuid4(), received(people)
    vial = opened(people, row)
    acts = {
        "receive": lambda: received(people, row.product, token=token),
        "open": lambda: opened(people, row, token=token),
        "waste": lambda: waste(lot=row, units=D(1), unit="mL", reason="damaged", by=people.nurse, at=NOW, token=token),
        "count": lambda: count(lot=row, found=D(9), unit="mL", by=people.nurse, at=NOW, token=token),
        "close": lambda: close_vial(vial=vial, found=D(1), unit="mL", by=people.nurse, at=NOW, token=token),
    }
    for act in acts.values():
        token = uuid.uuid4()
        act()
        before = StockMove.objects.count()
        with pytest.raises(AlreadyDone):
            act()
        assert StockMove.objects.count() == before


def test_who_may_keep_stock_and_in_which_clinic(people):
    row = received(people, by=people.owner)
    with pytest.raises(NotAllowed):
        received(people, by=people.front_desk)
    vial, difference = opened(people, row), count(lot=row, found=D(1), unit="mL", by=people.practitioner, at=NOW)
    for act, error in (
        (lambda by: count(lot=row, found=D(1), unit="mL", by=by, at=NOW), Lot.DoesNotExist),
        (lambda by: opened(people, row, by=by), Lot.DoesNotExist),
        (lambda by: waste(lot=row, units=D(1), unit="mL", reason="damaged", by=by, at=NOW), Lot.DoesNotExist),
        (lambda by: close_vial(vial=vial, found=D(1), unit="mL", by=by, at=NOW), Lot.DoesNotExist),
        (lambda by: received(people, row.product, by=by), Product.DoesNotExist),
        (lambda by: resolve_discrepancy(discrepancy=difference, explanation="x", by=by, at=NOW), Discrepancy.DoesNotExist),
    ):
        with pytest.raises(error):
            act(people.stranger)


def test_a_product_is_described_by_whoever_manages_stock(people):
    row = received(people).product
    said = {"product": row, "container_units": D(5), "par_units": D(20), "prescription": "yes", "storage": "2 to 8 °C", "at": NOW}
    with pytest.raises(NotAllowed):
        describe_product(**said, by=people.nurse)
    for wrong in ({"par_units": D(0)}, {"prescription": "perhaps"}, {"container_units": D(-1)}):
        with pytest.raises(Refused):
            describe_product(**{**said, **wrong}, by=people.owner)
    describe_product(**said, by=people.owner)
    row.refresh_from_db()
    assert (row.prescription, row.par_units, row.storage) == ("yes", D(20), "2 to 8 °C")


STEPS = st.lists(st.tuples(st.sampled_from(["receive", "open", "draw", "waste", "count", "close"]), st.decimals("0.001", 30, places=3)), min_size=1, max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STEPS)
def test_whatever_is_done_nothing_is_lost_and_nothing_is_below_zero(people, steps):
    """Every unit that came from outside is in one place, whatever was refused on the way."""
    row, vials = received(people, NewProduct(BOTTLE, name=str(uuid.uuid4()))), []
    for what, units in steps:
        try:
            if what == "receive":
                received(people, row.product, container_units=units)
            elif what == "open":
                vials.append(opened(people, row))
            elif what == "draw" and vials and left_in(vials)[vials[-1].pk].units >= units:
                drawn(people, vials[-1], units)
            elif what == "waste":
                waste(lot=row, units=units, unit="mL", reason="damaged", by=people.nurse, at=NOW)
            elif what == "count":
                count(lot=row, found=units, unit="mL", by=people.nurse, at=NOW)
            elif what == "close" and vials:
                close_vial(vial=vials[-1], found=units, unit="mL", by=people.nurse, at=NOW)
        except Refused:
            pass
    moves = list(StockMove.objects.filter(lot=row))
    sums = {place: sum((move.units * ((move.put_into == place) - (move.taken_from == place)) for move in moves), D(0)) for place in Place}
    assert sum(sums.values()) == 0
    assert shelf(row) == sums[Place.SHELF] >= 0
    assert sum(left.units for left in left_in(vials).values()) == sums[Place.VIAL] >= 0
    assert all(left.units >= 0 for left in left_in(vials).values())
