"""The form that makes a syringe from lots: a page of its own, and part of the chart that it is given in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest

from pistor.actions.course import local_day
from pistor.care.formulation import Blend
from pistor.care.stock import Take, first_expiring
from pistor.care.syringe import STEP_ML, part_volumes, rule_hours
from pistor.clinic.shared.forms import Number, StepForm
from pistor.clinic.shared.templatetags.pistor import day, words
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.room import planned_zones
from pistor.records.stock import Lot, held_of
from pistor.records.syringes import Syringe, kept
from pistor.records.treatment import Treatment

LOTS_PER_PART = 3
REMEMBERED = 100  # of the clinic's last visits, looked through for the time it gave a syringe of the same blend


class MakeForm(StepForm):
    """What is drawn of each lot, and until when it may be given. The two buttons say whether somebody looked at it already."""

    own_hours = Number(
        label="May be given for, hours", required=False, max_digits=5, decimal_places=2,
        error_messages={"invalid": "Enter the hours, for example 4."},
    )  # fmt: skip
    own_basis = forms.CharField(label="Who says so", max_length=200, required=False)

    def __init__(self, *args: Any, parts: Sequence[tuple[str, str, Sequence[tuple[str, str]]]], **kwargs: Any) -> None:
        """``parts``: presentation, name and the lots that can be chosen, as choices."""
        super().__init__(*args, **kwargs)
        self.parts = parts
        for number, (_, _, choices) in enumerate(parts):
            for place in range(LOTS_PER_PART):
                self.fields[f"lot_{number}_{place}"] = forms.ChoiceField(
                    label="Lot", choices=[("", "Choose the lot…"), *choices], required=False,
                    error_messages={"invalid_choice": "Choose a lot of the list."},
                )  # fmt: skip
                self.fields[f"volume_{number}_{place}"] = Number(
                    label="Volume drawn, mL", required=False, max_digits=8, decimal_places=3,
                    error_messages={"invalid": "Enter the volume in mL, for example 0.5."},
                )  # fmt: skip

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "choices": choices, "rows": [{"lot": self[f"lot_{n}_{p}"], "volume": self[f"volume_{n}_{p}"]} for p in range(LOTS_PER_PART)]}
            for n, (_, name, choices) in enumerate(self.parts)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for lot, volume in self._rows():
            if data.get(lot) and data.get(volume) is None and volume not in self.errors:
                self.add_error(volume, "Enter how much was taken from this lot, in mL.")
            elif data.get(volume) and not data.get(lot) and lot not in self.errors:
                self.add_error(lot, "Choose the lot that this volume was taken from.")
        return data

    def takes(self) -> list[Take]:
        """Only after ``is_valid``."""
        data = self.cleaned_data
        return [Take(uuid.UUID(data[lot]), data[volume], "mL") for lot, volume in self._rows() if data.get(lot)]

    def _rows(self) -> list[tuple[str, str]]:
        return [(f"lot_{number}_{place}", f"volume_{number}_{place}") for number in range(len(self.parts)) for place in range(LOTS_PER_PART)]


def posted_make_form(request: HttpRequest, visit: Treatment, *, prefix: str | None = None) -> MakeForm:
    """Checked against the whole shelf, so that the action can say why a lot is refused."""
    return MakeForm(request.POST, parts=_choices(visit, _shelf(visit)), prefix=prefix)


def make_form(request: HttpRequest, visit: Treatment, rows: Sequence[Syringe], *, prefix: str | None = None) -> MakeForm:
    """The whole blend, or more where the map needs more, less what is in a syringe already (``rows``), from the lots that expire first."""
    library, (blend_row, _) = library_of(visit.clinic), latest_blend_and_map(visit.course)
    parts = Blend.from_dict(blend_row.result).parts if blend_row else ()
    if not parts:
        return MakeForm(parts=(), prefix=prefix)
    blended, needed = (sum(volumes, Decimal(0)) for volumes in ((part.volume_ml for part in parts), (zone.volume_ml for zone in planned_zones(visit.course))))
    whole = max(blended, needed).quantize(STEP_ML)
    left = whole - sum((row.volume_ml for row in kept(rows)), Decimal(0))
    shares = part_volumes(parts, left if left > 0 else whole)
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    lots = _shelf(visit)
    held = dict(zip(lots, held_of(lots), strict=True))
    proposed = [first_expiring([held[lot] for lot in lots if lot.presentation == id_], share, today) for id_, share in shares.items()]
    hours, _, _ = rule_hours(parts, visit.course.jurisdiction or None, library)
    own_hours, own_basis = (hours, "") if hours is not None else _remembered(visit, {part.presentation for part in parts}, today)
    choices = _choices(visit, [lot for lot in lots if held[lot].usable(today)])
    return MakeForm(parts=choices, prefix=prefix, initial=first_values(proposed, own_hours, own_basis))


def _shelf(visit: Treatment) -> list[Lot]:
    """Every lot of what is in the blend, the first to expire first: one statement."""
    lots = Lot.objects.of(visit.clinic).filter(presentation__in=_presentations(visit)).select_related("product")
    return list(lots.order_by("expires_on", "lot_number"))


def _presentations(visit: Treatment) -> list[str]:
    blend_row, _ = latest_blend_and_map(visit.course)
    return list(dict.fromkeys(str(part["presentation"]) for part in (blend_row.parts if blend_row else ())))


def _choices(visit: Treatment, lots: Sequence[Lot]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """For each part of the blend its name and what may be drawn from."""
    library, found = library_of(visit.clinic), []
    for id_ in _presentations(visit):
        name = library.presentations[id_].name if id_ in library.presentations else words(id_)
        found.append((id_, name, [(str(lot.pk), f"{lot.lot_number}, expires {day(lot.expires_on)}") for lot in lots if lot.presentation == id_]))
    return found


def first_values(proposed: Sequence[Sequence[Take]], hours: Decimal | None, basis: str) -> dict[str, Any]:
    """What stands in the form at first, so that one press makes the syringe. ``proposed``: the takes of each part in order."""
    first: dict[str, Any] = {"own_hours": "" if hours is None else f"{hours.normalize():f}", "own_basis": basis}
    for number, takes in enumerate(proposed):
        for place, take in enumerate(takes[:LOTS_PER_PART]):
            first |= {f"lot_{number}_{place}": str(take.lot), f"volume_{number}_{place}": f"{take.units.normalize():f}"}
    return first


def _remembered(visit: Treatment, wanted: set[str], today: dt.date) -> tuple[Decimal | None, str]:
    """The time that the clinic itself gave its last syringe of the same presentations, looked for in its last visits."""
    visits = Treatment.objects.of(visit.clinic).filter(planned_on__lte=today).order_by("-planned_on").values("pk")[:REMEMBERED]
    last = Syringe.objects.filter(treatment__in=visits).select_related("formulation").defer("formulation__result").order_by("-created_at")
    for row in last:
        if {str(part["presentation"]) for part in row.formulation.parts} == wanted:
            minutes = Decimal(round((row.use_before - row.created_at).total_seconds() / 60))
            return (minutes / 60).quantize(Decimal("0.01")), row.use_before_basis[:200]
    return None, ""
