"""Syringes made from lots for one patient, and what was drawn into each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from pistor.care.prescriptions import Needed
from pistor.care.stock import LotGiven
from pistor.care.syringe import LOOKS, SyringeFacts
from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.formulation import Formulation
from pistor.records.people import Clinic
from pistor.records.stock import Lot, Product, Vial
from pistor.records.treatment import Treatment


class Syringe(ClinicRow):
    """Made by ``created_by`` at ``created_at`` from the blend of a visit. Locks with the treatment."""

    class State(models.TextChoices):
        READY = "ready", "Ready"
        GIVEN = "given", "Given"
        DISCARDED = "discarded", "Discarded"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="syringes")
    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="syringes")
    formulation = models.ForeignKey(Formulation, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=10)  # printed on its label
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)
    look = models.CharField(max_length=10, choices=list(LOOKS.items()), default="not_said")
    look_note = models.CharField(max_length=200, blank=True)
    looked_at = models.DateTimeField(null=True)
    looked_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    checked_at = models.DateTimeField(null=True)  # by somebody else than who made it
    checked_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    use_before = models.DateTimeField()
    use_before_basis = models.CharField(max_length=400)
    started_at = models.DateTimeField(null=True)  # when giving it began
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    state_at = models.DateTimeField()
    state_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "code"], name="syringe_code_once_per_clinic")]


class Draw(ClinicRow):
    """So much of one lot, or of one opened vial of it, in one syringe. Locked in the database."""

    syringe = models.ForeignKey(Syringe, on_delete=models.PROTECT, related_name="draws")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="draws", db_index=False)
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, related_name="draws", null=True)
    presentation = models.CharField(max_length=60)
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)

    class Meta:
        indexes = [models.Index(fields=["lot", "syringe"], name="draw_of_lot")]  # from a lot to its syringes
        constraints = [
            models.UniqueConstraint(fields=["syringe", "lot"], condition=Q(vial__isnull=True), name="draw_of_lot_once_per_syringe"),
            models.UniqueConstraint(fields=["syringe", "vial"], condition=Q(vial__isnull=False), name="draw_of_vial_once_per_syringe"),
            models.CheckConstraint(name="draw_positive", condition=Q(volume_ml__gt=0)),
        ]


def syringes_of(visit: Treatment) -> list[Syringe]:
    """Every syringe made at a visit in the order of making, each with its draws, their lots and products: two statements."""
    draws = models.Prefetch("draws", Draw.objects.select_related("lot__product", "vial").order_by("presentation", "created_at", "pk"))
    rows = Syringe.objects.filter(treatment=visit).select_related("formulation", "created_by", "looked_by", "checked_by")
    return list(rows.prefetch_related(draws).order_by("created_at", "pk"))


def kept(syringes: Iterable[Syringe]) -> list[Syringe]:
    """Those that were not discarded: what the treatment is given from."""
    return [row for row in syringes if row.state != Syringe.State.DISCARDED]


def syringe_facts(row: Syringe, blend: Formulation | None, clinic: Clinic) -> SyringeFacts:
    """A syringe as ``care.syringe`` takes it, against the newest blend of the course."""
    return SyringeFacts(
        code=row.code, patient=row.patient_id, state=row.state, look=row.look, use_before=row.use_before.astimezone(ZoneInfo(clinic.time_zone)),
        lots=tuple(_lot(draw) for draw in row.draws.all()), started_at=row.started_at,
        holds_this_blend=blend is not None and _parts(row.formulation) == _parts(blend),
    )  # fmt: skip


def _lot(draw: Draw) -> LotGiven:
    return LotGiven(draw.presentation, draw.lot.lot_number, draw.lot.expires_on, draw.lot.state, draw.volume_ml)


def _parts(blend: Formulation) -> list[tuple[str, Decimal]]:
    return [(str(part["presentation"]), Decimal(str(part["volume_ml"]))) for part in blend.parts]


def lots_drawn(syringes: Iterable[Syringe]) -> list[tuple[Lot, Decimal]]:
    """Each lot in these syringes with the volume of it, in the order of drawing."""
    found: dict[object, tuple[Lot, Decimal]] = {}
    for draw in (draw for row in syringes for draw in row.draws.all()):
        _, before = found.get(draw.lot_id, (draw.lot, Decimal(0)))
        found[draw.lot_id] = draw.lot, before + draw.volume_ml
    return list(found.values())


def needed_by_lots(lots: Iterable[Lot]) -> dict[str, Needed]:
    """For each presentation of these lots whether it needs a prescription: what the clinic says of the very products in hand."""
    said: dict[str, list[str]] = {}
    for lot in lots:
        said.setdefault(lot.presentation, []).append(lot.product.prescription)
    return {presentation: _needed(answers) for presentation, answers in said.items()}


def prescription_needed(clinic: Clinic, presentations: Sequence[str]) -> dict[str, Needed]:
    """The same for presentations of which nothing is drawn yet: by every product the clinic has of them."""
    said: dict[str, list[str]] = {presentation: [] for presentation in presentations}
    for presentation, answer in Product.objects.of(clinic).filter(presentation__in=presentations).values_list("presentation", "prescription"):
        said[presentation].append(answer)
    return {presentation: _needed(answers) for presentation, answers in said.items()}


def _needed(answers: Sequence[str]) -> Needed:
    """Where products differ, the stricter; *not said* where one of them is not said, or there is none."""
    if "yes" in answers:
        return "yes"
    return "no" if answers and set(answers) == {"no"} else "not_said"
