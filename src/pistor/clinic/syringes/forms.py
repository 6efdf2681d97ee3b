from __future__ import annotations

from django import forms

from pistor.care.syringe import LOOKS
from pistor.clinic.shared.forms import StepForm

SEEN = [(look, text) for look, text in LOOKS.items() if look != "not_said"]


class LookForm(StepForm):
    look = forms.ChoiceField(label="How it looks", choices=SEEN, widget=forms.RadioSelect, error_messages={"required": "Say how it looks."})
    note = forms.CharField(label="Note", max_length=200, required=False)

    prefix = "look"


class DiscardForm(StepForm):
    reason = forms.CharField(label="Why it is thrown away", max_length=200, error_messages={"required": "Write why it is thrown away."})

    prefix = "discard"
