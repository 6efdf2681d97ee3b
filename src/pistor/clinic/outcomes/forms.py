"""One score of one scale, item by item, or that it was not assessed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms

from pistor.clinic.shared.forms import Number, StepForm
from pistor.knowledge.model import Scale, ScaleItem


class ScoreForm(StepForm):
    """One field for each item of the scale, then why it was not assessed and the day."""

    not_assessed_reason = forms.CharField(label="Or: why it was not assessed", required=False, max_length=300)
    measured_on = forms.DateField(label="Taken on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any = None, *, scale: Scale, today: dt.date) -> None:
        super().__init__(data, prefix=scale.id, initial={"measured_on": today})
        self.scale = scale
        for item in scale.items:
            self.fields[item.id] = Number(label=item.text, required=False, max_digits=8, decimal_places=2, help_text=_hint(scale, item))

    def answers(self) -> dict[str, Decimal]:
        """What was entered, by item; empty where nothing was."""
        return {item.id: self.cleaned_data[item.id] for item in self.scale.items if self.cleaned_data[item.id] is not None}

    def item_fields(self) -> list[forms.BoundField]:
        """The fields of the items, in their order."""
        return [self[item.id] for item in self.scale.items]


def _hint(scale: Scale, item: ScaleItem) -> str:
    low, high = f"{item.min.normalize():f}", f"{item.max.normalize():f}"
    unit = f" {scale.unit}" if len(scale.items) == 1 and scale.unit and scale.unit != "ratio" else ""
    return f"From {low} to {high}{unit}" + "".join(f"; {anchor}" for anchor in item.anchors)
