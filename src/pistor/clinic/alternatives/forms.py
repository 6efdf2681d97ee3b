from __future__ import annotations

from typing import Any

from django import forms

from pistor.actions.alternatives import NONE, NOTE_LENGTH, UNDECIDED
from pistor.care.alternatives import Table
from pistor.clinic.shared.forms import StepForm


class TalkForm(StepForm):
    preference = forms.ChoiceField(
        label="What the patient prefers",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the patient prefers, or undecided."},
    )
    note = forms.CharField(
        label="Note",
        help_text="In the patient's own words where possible.",
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = [(option.id, option.name) for option in table.options]
        self.fields["preference"].choices = [*options, (NONE, "None of these"), (UNDECIDED, "Undecided, wants time")]  # type: ignore[attr-defined]
