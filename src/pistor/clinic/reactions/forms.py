"""What is asked about a reaction, and what was done about it."""

from __future__ import annotations

from django import forms

from pistor.clinic.shared.forms import StepForm
from pistor.knowledge import load
from pistor.knowledge.model import SIGN_GROUPS


def _signs() -> list[tuple[str, list[tuple[str, str]]]]:
    """By the part of the body that a caller speaks of; in each part in the order of the alphabet."""
    signs = sorted(load().signs.items(), key=lambda item: item[1].text.en)
    return [(heading, [(id_, sign.text.en) for id_, sign in signs if sign.group == group]) for group, heading in SIGN_GROUPS.items()]


def _zones() -> list[tuple[str, str]]:
    return [("", "Not said"), *((id_, zone.name) for id_, zone in load().zones.items()), ("other", "Elsewhere")]


class ReportForm(StepForm):
    signs = forms.MultipleChoiceField(
        label="What is seen or felt",
        choices=_signs,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick everything that is there, even if mild.",
        error_messages={"required": "Tick what is seen or felt; without it nothing can be sorted."},
    )
    began_on = forms.DateField(label="First noticed on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    sites = forms.IntegerField(label="At how many places", required=False, min_value=0, max_value=1000, help_text="Leave empty if not counted.")
    zone = forms.ChoiceField(label="Zone", choices=_zones, required=False)
    description = forms.CharField(label="In the patient's words", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class FollowUpForm(StepForm):
    action = forms.CharField(label="What was done", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    outcome = forms.ChoiceField(
        label="How it stands", choices=[("ongoing", "Still there"), ("resolved", "Gone"), ("referred", "Referred")], widget=forms.RadioSelect
    )
