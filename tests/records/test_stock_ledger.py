"""The ledger in the database: append-only, never booked twice, and the sums that follow from it."""

from __future__ import annotations

import importlib
import uuid
from decimal import Decimal as D
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from pistor.actions.core import Refused
from pistor.actions.stock import Booked, book
from pistor.care.stock import Place as P
from pistor.records.stock import Lot, StockMove, Vial, held_of, left_in
from tests import factories
from tests.conftest import NOW
from tests.ready import lot

pytestmark = pytest.mark.django_db


def vial(row, **fields):
    given = {"clinic": row.product.clinic, "created_at": NOW, "lot": row, "code": uuid.uuid4().hex[:10], "container_units": D(10), "opened_at": NOW}
    return Vial.objects.create(**{**given, **fields})


def move(row, people, taken_from, put_into, units, *, booking=None, unit="mL", vial=None):
    return book([Booked(row, taken_from, put_into, D(units), unit, vial)], booking=booking or uuid.uuid4(), by=people.nurse, at=NOW)


def test_a_move_is_neither_changed_nor_removed(people):
    move(lot(people.clinic), people, P.OUTSIDE, P.SHELF, "5")
    for change in (lambda: StockMove.objects.update(units=9), lambda: StockMove.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            change()


def test_the_same_booking_moves_a_lot_or_a_vial_once(people):
    row, booking = lot(people.clinic), uuid.uuid4()
    first, second = vial(row), vial(row)
    move(row, people, P.OUTSIDE, P.SHELF, "20", booking=booking)
    for opened in (first, second):
        move(row, people, P.SHELF, P.VIAL, "10", booking=booking, vial=opened)
    for again in ((P.OUTSIDE, P.SHELF, None), (P.SHELF, P.VIAL, second)):
        with pytest.raises(IntegrityError), transaction.atomic():
            move(row, people, again[0], again[1], "1", booking=booking, vial=again[2])
    assert StockMove.objects.count() == 3


def test_what_is_on_the_shelf_and_in_a_vial_follows_from_the_moves(people, django_assert_num_queries):
    row, never = lot(people.clinic), lot(people.clinic, number="never counted")
    opened, empty = vial(row), vial(row)
    for way in ((P.OUTSIDE, P.SHELF, "30", None), (P.SHELF, P.VIAL, "10", opened), (P.VIAL, P.SYRINGE, "2.5", opened), (P.VIAL, P.SYRINGE, "3", opened),
                (P.SYRINGE, P.PATIENT, "5", None), (P.SHELF, P.WASTE, "4.125", None)):  # fmt: skip
        move(row, people, *way[:3], vial=way[3])
    lots = list(Lot.objects.select_related("product").order_by("lot_number"))
    with django_assert_num_queries(1):
        assert {one.lot_number: one.units for one in held_of(lots)} == {row.lot_number: D("15.875"), never.lot_number: None}
    with django_assert_num_queries(1):
        left = left_in([opened, empty])
    assert (left[opened.pk].units, left[opened.pk].punctures, left[empty.pk].units) == (D("4.5"), 2, D(0))


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ((P.OUTSIDE, P.SHELF, "5", "IU"), "counted in mL, not in IU"),
        ((P.OUTSIDE, P.SHELF, "5", "mg"), "counted in mL, not in mg"),
        ((P.OUTSIDE, P.SHELF, "0", "mL"), "above 0"),
        ((P.OUTSIDE, P.SHELF, "-1", "mL"), "above 0"),
        ((P.OUTSIDE, P.SHELF, "0.0005", "mL"), "three decimals"),
        ((P.OUTSIDE, P.SHELF, "1000000", "mL"), "below"),
        ((P.OUTSIDE, P.PATIENT, "1", "mL"), "cannot go this way"),
        ((P.SHELF, P.VIAL, "1", "mL"), "cannot go this way"),
    ],
)
def test_what_does_not_fit_is_not_booked(people, way, says):
    with pytest.raises(Refused, match=says):
        move(lot(people.clinic), people, *way[:3], unit=way[3])
    assert not StockMove.objects.exists()


def test_a_vial_of_another_lot_is_not_drawn_from(people):
    row, other = lot(people.clinic), lot(people.clinic, number="other")
    with pytest.raises(Refused, match="another lot"):
        move(row, people, P.VIAL, P.SYRINGE, "1", vial=vial(other))


def test_lots_from_before_there_were_products_get_theirs(people):
    """What the migration does to a shelf that was kept without products."""
    migration = importlib.import_module("pistor.records.migrations.0006_stock")
    other = factories.clinic()
    rows = [lot(people.clinic), lot(people.clinic, number="L-2"), lot(people.clinic, "sodium_chloride_09pct"), lot(people.clinic, "sold_no_more"), lot(other)]
    before = {row.pk: row.product_id for row in rows}
    with connection.cursor() as cursor:
        migration.products_of_lots(apps, SimpleNamespace(connection=connection, execute=cursor.execute))
    after = {row.pk: Lot.objects.select_related("product").get(pk=row.pk).product for row in rows}
    products = [after[row.pk] for row in rows]
    assert not {product.pk for product in products} & set(before.values())
    assert products[0] == products[1] != products[4]
    assert [product.kind for product in products[:4]] == ["product", "product", "diluent", "product"]
    assert products[0].name.startswith("Lidocaine")
    assert products[3].name == "sold no more"
    assert {product.unit for product in products} == {"mL"}
    assert all(product.clinic_id == row.product.clinic_id for product, row in zip(products, rows, strict=True))
