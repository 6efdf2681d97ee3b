"""The decision at an evaluation point."""

from __future__ import annotations

from django import forms

from pistor.clinic.shared.forms import StepForm
from pistor.records.maintenance import MaintenanceDecision


class DecisionForm(StepForm):
    choice = forms.ChoiceField(
        label="How it goes on", choices=MaintenanceDecision.Choice.choices, widget=forms.RadioSelect, error_messages={"required": "Choose one of the four."}
    )
    next_on = forms.DateField(
        label="Next treatment on", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), help_text="Needed to continue."
    )
    reason = forms.CharField(
        label="Reason", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="Needed where you decide otherwise than suggested."
    )
