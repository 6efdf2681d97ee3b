"""What is asked to find the patients of a source, to reach them, and to close."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from pistor.actions.recall import HOW
from pistor.clinic.shared.forms import CHANGED, DescribedForm, StepForm
from pistor.records.devices import Device
from pistor.records.people import Clinic, User
from pistor.records.recalls import RecallContact, Scope
from pistor.records.rooms import Room
from pistor.records.stock import Lot

MOST_DAYS = 3660
_DAY = {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class LookForm(DescribedForm):
    """Which lot, device, room or operator, and since when: a question only, so it travels in the address. Nothing of a patient is in it."""

    number = forms.CharField(label="Lot number", required=False, max_length=60, help_text="Also of a diluent or an item. Its beginning is enough.")
    device = forms.ModelChoiceField(label="Or device", queryset=Device.objects.none(), required=False, empty_label="None chosen")
    room = forms.ModelChoiceField(label="Or room", queryset=Room.objects.none(), required=False, empty_label="None chosen")
    operator = forms.ModelChoiceField(label="Or operator", queryset=User.objects.none(), required=False, empty_label="Nobody chosen")
    days = forms.IntegerField(label="Look back, in days", min_value=1, max_value=MOST_DAYS)

    def __init__(self, *args: Any, clinic: Clinic | None, days: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["device"].queryset = Device.objects.of(clinic).order_by("name", "serial")  # type: ignore[attr-defined]
        self.fields["device"].label_from_instance = lambda device: f"{device.name}, {device.serial}" if device.serial else device.name  # type: ignore[attr-defined]
        self.fields["room"].queryset = Room.objects.of(clinic).order_by("name")  # type: ignore[attr-defined]
        self.fields["room"].label_from_instance = lambda room: room.name  # type: ignore[attr-defined]
        self.fields["operator"].queryset = User.objects.filter(clinic=clinic).order_by("last_name", "username")  # type: ignore[attr-defined]
        self.fields["operator"].label_from_instance = lambda user: user.printed_name  # type: ignore[attr-defined]
        self.fields["days"].initial = days
        self.fields["days"].help_text = f"{days} days cover the published times from an injection to a lesion; later ones are on record too."


class OpenForm(StepForm):
    scope = forms.ChoiceField(choices=Scope.choices, widget=forms.HiddenInput, error_messages={"required": CHANGED, "invalid_choice": CHANGED})
    subject = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": CHANGED, "invalid": CHANGED})
    since = forms.DateField(label="Everybody who had it since", error_messages={"required": "Enter the first day."}, **_DAY)  # type: ignore[arg-type]
    told = forms.CharField(
        label="What the letter says of it, in your words", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stands in every letter as you type it. The rest of the letter is written already, in English and French.",
    )  # fmt: skip


class FreezeForm(StepForm):
    prefix = "freeze"
    lots = forms.TypedMultipleChoiceField(
        label="Put in quarantine", coerce=uuid.UUID, widget=forms.CheckboxSelectMultiple, error_messages={"required": "Choose at least one lot."}
    )

    def __init__(self, *args: Any, lots: list[tuple[Lot, str]], **kwargs: Any) -> None:
        """``lots`` are those that may be frozen, with their names; all of them are proposed."""
        super().__init__(*args, **kwargs)
        self.fields["lots"].choices = [(str(lot.pk), name) for lot, name in lots]  # type: ignore[attr-defined]
        self.fields["lots"].initial = [str(lot.pk) for lot, _ in lots]


class LettersForm(StepForm):
    prefix = "letters"
    phone = forms.CharField(label="Number the patients call", max_length=40, error_messages={"required": "Enter the number. The letter asks to call it."})


class AddForm(StepForm):
    prefix = "add"


class CloseForm(StepForm):
    prefix = "close"
    reason = forms.CharField(label="Why, if somebody has not confirmed", required=False, max_length=300)


class ContactForm(StepForm):
    state = forms.ChoiceField(
        label="What came of it", choices=[choice for choice in RecallContact.State.choices if choice[0] != RecallContact.State.TO_CONTACT],
        widget=forms.RadioSelect, error_messages={"required": "Say what came of it."},
    )  # fmt: skip
    how = forms.ChoiceField(label="How", choices=list(HOW.items()), widget=forms.RadioSelect, error_messages={"required": "Say how."})
    note = forms.CharField(label="Note", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class DismissForm(StepForm):
    reason = forms.CharField(
        label="Why nothing more is done about it", max_length=300, widget=forms.Textarea(attrs={"rows": 2}), error_messages={"required": "Write the reason."}
    )
