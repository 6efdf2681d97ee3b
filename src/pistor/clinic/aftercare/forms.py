from __future__ import annotations

from django import forms

from pistor.actions.aftercare import HOW
from pistor.clinic.shared.forms import StepForm


class GiveForm(StepForm):
    language = forms.CharField(max_length=2, widget=forms.HiddenInput)
    phone = forms.CharField(label="Number the patient can call", max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
    how = forms.ChoiceField(label="How it is given", choices=list(HOW.items()), widget=forms.RadioSelect)
