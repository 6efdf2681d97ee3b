from __future__ import annotations

from typing import Any

from django import forms

from pistor.care.course import LONGEST_INTERVAL_DAYS, MOST_SESSIONS
from pistor.clinic.shared.forms import StepForm

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _whole(label: str, most: int, hint: str) -> forms.IntegerField:
    message = f"Give a whole number from 1 to {most}, or leave it empty for the protocol's own."
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        required=False,
        help_text=hint,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), message),
    )


class CourseForm(StepForm):
    start = forms.DateField(
        label="First treatment on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose the day of the first treatment.", "invalid": "Give a day such as 2026-11-23."},
    )
    sessions = _whole("Number of treatments", MOST_SESSIONS, "Empty: as the protocol has it.")
    interval_days = _whole("Days between treatments", LONGEST_INTERVAL_DAYS, "Empty: as the protocol has it.")
    closed = forms.TypedMultipleChoiceField(
        label="Closed on",
        choices=tuple(enumerate(WEEKDAYS)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Treatments move to the next open day.",
        error_messages={"invalid_choice": "Choose days of the week."},
    )
    reason = forms.CharField(
        label="Reason, where the numbers differ from the protocol",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "Keep the reason to 500 characters."},
    )

    def numbers(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"start": given["start"], "sessions": given["sessions"], "interval_days": given["interval_days"], "closed_days": tuple(given["closed"])}
