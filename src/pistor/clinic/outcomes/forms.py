"""One score of one scale, or that it was not assessed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from pistor.clinic.shared.forms import Number, StepForm
from pistor.knowledge.model import Scale


class ScoreForm(StepForm):
    value = Number(required=False, max_digits=8, decimal_places=2, help_text="Within the range of the scale.")
    not_assessed_reason = forms.CharField(label="Or: why it was not assessed", required=False, max_length=300)
    measured_on = forms.DateField(label="Taken on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any = None, *, scale: Scale, today: dt.date) -> None:
        item = scale.items[0]
        low, high = f"{item.min.normalize():f}", f"{item.max.normalize():f}"
        super().__init__(data, prefix=scale.id, initial={"measured_on": today})
        self.fields["value"].label = item.text
        self.fields["value"].help_text = f"From {low} to {high}" + (f" {scale.unit}" if scale.unit and scale.unit != "ratio" else "")
