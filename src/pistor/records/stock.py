"""Products, their lots on the shelf, opened vials, and the ledger of every unit that moved."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.db.models import Case, Count, F, Q, Sum, When

from pistor.care.stock import UNITS, Held, Place
from pistor.records.base import ClinicRow
from pistor.records.people import Clinic

UNITS_FIELD = {"max_digits": 9, "decimal_places": 3}
PLACES = [(place.value, place.value) for place in Place]


class Product(ClinicRow):
    """What the clinic orders: one line of a supplier's list, counted in one unit for ever."""

    class Kind(models.TextChoices):
        PRODUCT = "product", "Product to inject"
        DILUENT = "diluent", "Diluent"
        ITEM = "item", "Single-use item"

    class Prescription(models.TextChoices):
        YES = "yes", "Prescription only"
        NO = "no", "No prescription needed"
        NOT_SAID = "not_said", "Not known"

    presentation = models.CharField(max_length=60, blank=True)  # of the library; empty for items
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    gtin = models.CharField(max_length=14, blank=True)  # 14 digits
    unit = models.CharField(max_length=5, choices=list(UNITS.items()))
    container_units = models.DecimalField(**UNITS_FIELD, null=True)  # in one vial, ampoule or pack
    prescription = models.CharField(max_length=8, choices=Prescription, default=Prescription.NOT_SAID)
    storage = models.CharField(max_length=200, blank=True)
    par_units = models.DecimalField(**UNITS_FIELD, null=True)  # below this it is ordered again

    class Meta:
        indexes = [models.Index(fields=["clinic", "presentation"], name="product_of_presentation")]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "gtin"], name="product_gtin_once_per_clinic", condition=~Q(gtin="")),
            models.CheckConstraint(name="product_units_positive", condition=Q(container_units__gt=0) | Q(container_units__isnull=True)),
        ]


class Lot(ClinicRow):
    class State(models.TextChoices):
        USABLE = "usable", "Usable"
        QUARANTINED = "quarantined", "Quarantined"
        RECALLED = "recalled", "Recalled"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    presentation = models.CharField(max_length=60, blank=True)  # the product's
    lot_number = models.CharField(max_length=60)
    manufacturer = models.CharField(max_length=120, blank=True)
    expires_on = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.USABLE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "lot_number"], name="lot_once_per_product")]

    def __str__(self) -> str:
        return self.lot_number


class Vial(ClinicRow):
    """One opened container. What is left in it and how often it was punctured follow from its moves."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="vials")
    code = models.CharField(max_length=10)  # printed on its label
    container_units = models.DecimalField(**UNITS_FIELD)
    opened_at = models.DateTimeField()
    patient = models.ForeignKey("records.Patient", on_delete=models.PROTECT, related_name="vials", null=True)  # the only one it may serve
    discard_after = models.DateTimeField(null=True)  # None: nobody knows a time
    discard_basis = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lot", "opened_at"], name="vial_of_lot")]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "code"], name="vial_code_once_per_clinic"),
            models.CheckConstraint(name="vial_units_positive", condition=Q(container_units__gt=0)),
        ]


class StockMove(ClinicRow):
    """So many units of a lot out of one place and into another. Never changed and never removed: a mistake is counted right."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="moves")
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, related_name="moves", null=True)
    taken_from = models.CharField(max_length=8, choices=PLACES)
    put_into = models.CharField(max_length=8, choices=PLACES)
    units = models.DecimalField(**UNITS_FIELD)
    unit = models.CharField(max_length=5, choices=list(UNITS.items()))
    booking = models.UUIDField()  # what it belongs to: the form that was sent, or the syringe
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["lot", "created_at"], name="stock_move_of_lot")]
        constraints = [
            # Whoever tries again, a way of one lot is booked once for one form or syringe, and that of one vial once.
            models.UniqueConstraint(
                fields=["booking", "lot", "taken_from", "put_into"], name="stock_move_booked_once", condition=Q(vial__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["booking", "vial", "taken_from", "put_into"], name="stock_move_of_vial_booked_once", condition=Q(vial__isnull=False)
            ),
            # A count that fits moves nothing, and is kept as that.
            models.CheckConstraint(
                name="stock_move_positive",
                condition=(Q(units__gt=0) | Q(units=0) & (Q(taken_from="count") | Q(put_into="count"))) & ~Q(taken_from=F("put_into")),
            ),
        ]


class Discrepancy(ClinicRow):
    """A count or a finished vial that did not fit the ledger, until somebody said why."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="discrepancies")
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, related_name="discrepancies", null=True)
    expected_units = models.DecimalField(**UNITS_FIELD)
    found_units = models.DecimalField(**UNITS_FIELD)
    unit = models.CharField(max_length=5, choices=list(UNITS.items()))
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    explanation = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "resolved_at"], name="discrepancy_open_first")]


def usable_lots(clinic: Clinic, presentation: str, on: dt.date) -> models.QuerySet[Lot]:
    """Lots that may be given on a day, first to expire first. A lot is good through the day it expires on."""
    return Lot.objects.of(clinic).filter(presentation=presentation, state=Lot.State.USABLE, expires_on__gte=on).order_by("expires_on", "lot_number")


def _exact(units: Decimal) -> Decimal:
    """A sum as it is: SQLite adds decimals as floats, whose error is far below the three decimals that are kept."""
    return round(units, 3)


def in_place(place: Place) -> Sum:
    """The sum over moves of what is in a place: what was put into it less what was taken out; None without a move."""
    signed = Case(When(put_into=place, then=F("units")), When(taken_from=place, then=-F("units")), output_field=models.DecimalField(**UNITS_FIELD))
    return Sum(signed)


@dataclass(frozen=True, slots=True)
class OnShelf:
    """What the moves say is closed on the shelf, and whether that is known: somebody received or counted the lot here."""

    units: Decimal
    known: bool


def on_shelf(lots: Iterable[Lot]) -> dict[uuid.UUID, OnShelf]:
    """For each lot what is on the shelf: one statement."""
    ids = [lot.pk for lot in lots]
    moves = StockMove.objects.filter(lot__in=ids).filter(Q(put_into=Place.SHELF) | Q(taken_from=Place.SHELF))
    sure = Count("pk", filter=Q(taken_from__in=(Place.OUTSIDE, Place.COUNT)) | Q(put_into=Place.COUNT))
    rows = moves.order_by().values_list("lot").annotate(units=in_place(Place.SHELF), sure=sure)
    found = {lot: OnShelf(_exact(units), bool(sure)) for lot, units, sure in rows}
    return {id_: found.get(id_, OnShelf(Decimal(0), known=False)) for id_ in ids}


def held_of(lots: Iterable[Lot]) -> list[Held]:
    """The lots, each with its product, as plain values with what the ledger says is on the shelf."""
    lots = list(lots)
    shelf = on_shelf(lots)
    return [
        Held(
            lot.pk, lot.lot_number, lot.product_id, lot.product.name, lot.expires_on, lot.state, shelf[lot.pk].units if shelf[lot.pk].known else None,
            lot.product.unit, lot.product.par_units,
        )
        for lot in lots
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Left:
    """What is in an opened vial by the ledger, and how often it was drawn from; what was booked back was not."""

    units: Decimal
    punctures: int


def left_in(vials: Iterable[Vial]) -> dict[uuid.UUID, Left]:
    """For each vial what is left in it: one statement."""
    ids = [vial.pk for vial in vials]
    drawn, back = (Count("pk", filter=Q(taken_from=one, put_into=other)) for one, other in ((Place.VIAL, Place.SYRINGE), (Place.SYRINGE, Place.VIAL)))
    rows = StockMove.objects.filter(vial__in=ids).order_by().values_list("vial").annotate(units=in_place(Place.VIAL), punctures=drawn - back)
    found = {vial: Left(_exact(units or Decimal(0)), punctures) for vial, units, punctures in rows}
    return {id_: found.get(id_, Left(Decimal(0), 0)) for id_ in ids}
