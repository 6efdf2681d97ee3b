from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from pistor.care.stock import Take
from pistor.care.syringe import LOOKS
from pistor.clinic.shared.forms import Number, StepForm

LOTS_PER_PART = 3
SEEN = [(look, text) for look, text in LOOKS.items() if look != "not_said"]


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


def first_values(proposed: Sequence[Sequence[Take]], hours: Decimal | None, basis: str) -> dict[str, Any]:
    """What stands in the form at first, so that one press makes the syringe. ``proposed``: the takes of each part in order."""
    first: dict[str, Any] = {"own_hours": "" if hours is None else f"{hours.normalize():f}", "own_basis": basis}
    for number, takes in enumerate(proposed):
        for place, take in enumerate(takes[:LOTS_PER_PART]):
            first |= {f"lot_{number}_{place}": str(take.lot), f"volume_{number}_{place}": f"{take.units.normalize():f}"}
    return first


class LookForm(StepForm):
    look = forms.ChoiceField(label="How it looks", choices=SEEN, widget=forms.RadioSelect, error_messages={"required": "Say how it looks."})
    note = forms.CharField(label="Note", max_length=200, required=False)

    prefix = "look"


class DiscardForm(StepForm):
    reason = forms.CharField(label="Why it is thrown away", max_length=200, error_messages={"required": "Write why it is thrown away."})

    prefix = "discard"
