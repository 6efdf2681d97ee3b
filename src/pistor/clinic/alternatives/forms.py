from __future__ import annotations

from django import forms

from pistor.actions.alternatives import NONE, NOTE_LENGTH, UNDECIDED
from pistor.care.alternatives import Table
from pistor.clinic.shared.forms import StepForm


def talk_form(table: Table) -> type[StepForm]:
    """The form whose choices are the options of this table. Choices stand on the class, before anything is validated."""
    options = [(option.id, option.name) for option in table.options]

    class TalkForm(StepForm):
        preference = forms.ChoiceField(
            label="What the patient prefers",
            choices=[*options, (NONE, "None of these, but another way"), (UNDECIDED, "Undecided, wants time")],
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

    return TalkForm
