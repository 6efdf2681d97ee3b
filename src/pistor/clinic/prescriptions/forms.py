from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from pistor.clinic.shared.forms import StepForm

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PrescriptionForm(StepForm):
    presentation = forms.ChoiceField(
        label="Presentation", error_messages={"required": "Choose what is prescribed.", "invalid_choice": "Choose one of the blend."}
    )
    directions = forms.CharField(
        label="Directions", max_length=500, help_text="Dose, place and number of times, as you word it.", error_messages={"required": "Write how it is given."}
    )
    valid_from = forms.DateField(label="From", widget=DATE, error_messages={"required": "Enter the first day."})
    valid_until = forms.DateField(
        label="Until", widget=DATE, help_text="The last day on which it may be given.", error_messages={"required": "Enter the last day."}
    )

    def __init__(self, *args: Any, presentations: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["presentation"].choices = presentations  # type: ignore[attr-defined]


class EndForm(StepForm):
    reason = forms.CharField(label="Why it ends", max_length=300, error_messages={"required": "Write why it ends."})

    def __init__(self, *args: Any, of: object, **kwargs: Any) -> None:
        """``of`` is the prescription: a page holds one such form for each."""
        super().__init__(*args, prefix=f"end-{of}", **kwargs)
