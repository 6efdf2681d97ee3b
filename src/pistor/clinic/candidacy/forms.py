"""The questions of a verdict answered in place, a reason to go past a finding, and going on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from pistor.actions.candidacy import REASON_LENGTH
from pistor.clinic.shared.forms import Number, StepForm
from pistor.knowledge.model import Question

UNKNOWN = ("unknown", "Don't know")
_WORDS = {
    "not_pregnant": "Not pregnant, not trying, not breastfeeding",
    "none": "None, and pregnancy is possible",
    "positive_reviewed": "Positive, and reviewed in an interview",
}


class AnswersForm(StepForm):
    """One field per open question, named ``q_`` and its id; every one may stay empty."""

    def __init__(self, *args: Any, questions: Sequence[Question] = (), **kwargs: Any) -> None:
        self.base_fields = {**self.base_fields, **{f"q_{question.id}": field_for(question) for question in questions}}
        super().__init__(*args, **kwargs)

    @property
    def asked(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("q_")]

    def answers(self) -> dict[str, str]:
        """What was answered, by question; what was left empty is not in it."""
        given = {name[2:]: value for name, value in self.cleaned_data.items() if name.startswith("q_")}
        return {question: value.isoformat() if hasattr(value, "isoformat") else str(value) for question, value in given.items() if value not in (None, "")}


def field_for(question: Question) -> forms.Field:
    """The field in which a question is answered; its hint says why it is asked."""
    common: dict[str, Any] = {"label": question.text, "help_text": question.why, "required": False}
    if question.answer == "number":
        label = f"{question.text} ({question.unit})" if question.unit else question.text
        return Number(**{**common, "label": label}, min_value=0, max_digits=7, decimal_places=2)
    if question.answer == "date":
        return forms.DateField(**common, widget=forms.DateInput(attrs={"type": "date"}))
    named = ("yes", "no") if question.answer == "yes_no" else question.choices
    choices = [(value, _WORDS.get(value, value[:1].upper() + value[1:].replace("_", " "))) for value in named]
    return forms.ChoiceField(**common, choices=[*choices, UNKNOWN], widget=forms.RadioSelect)


class OverrideForm(StepForm):
    rule = forms.CharField(widget=forms.HiddenInput, max_length=120)
    reason = forms.CharField(
        label="Reason to go past this finding",
        help_text="It is kept with the finding, your name and the time.",
        min_length=REASON_LENGTH[0],
        max_length=REASON_LENGTH[1],
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class WithdrawForm(StepForm):
    rule = forms.CharField(widget=forms.HiddenInput, max_length=120)


class GoOnForm(StepForm):
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
