from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from pistor.care.devices import ITEMS, METHODS, WATERS
from pistor.clinic.shared.forms import StepForm
from pistor.knowledge import load
from pistor.records.devices import Device
from pistor.records.rooms import Room

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _kinds() -> list[tuple[str, str]]:
    return [("", "Choose…"), *((device.id, device.name) for device in load().devices.values())]


class DeviceForm(StepForm):
    kind = forms.ChoiceField(label="Kind", choices=_kinds, error_messages={"required": "Choose the kind of device."})
    name = forms.CharField(label="Name", max_length=120, help_text="As your team calls it.", error_messages={"required": "Enter a name."})
    serial = forms.CharField(label="Serial number", max_length=60, required=False)
    service_due_on = forms.DateField(label="Next service on", required=False, widget=DATE)


class StateForm(StepForm):
    state = forms.ChoiceField(label="From now on it is", choices=Device.State.choices, widget=forms.RadioSelect, error_messages={"required": "Choose one."})
    service_due_on = forms.DateField(label="Next service on", required=False, widget=DATE)


class CleaningForm(StepForm):
    method = forms.ChoiceField(label="How", choices=list(METHODS.items()), widget=forms.RadioSelect, error_messages={"required": "Say how it was cleaned."})
    water = forms.ChoiceField(label="Water", choices=list(WATERS.items()), widget=forms.RadioSelect, error_messages={"required": "Say with which water."})
    note = forms.CharField(label="Note", max_length=200, required=False)

    prefix = "cleaning"


class RoomForm(StepForm):
    name = forms.CharField(label="Name", max_length=60, help_text="As your team calls it.", error_messages={"required": "Enter a name."})


class RoomStateForm(StepForm):
    state = forms.ChoiceField(choices=Room.State.choices, widget=forms.HiddenInput)


class UsedRoomForm(StepForm):
    """The room of this treatment."""

    room = forms.ChoiceField(label="Room", required=False, error_messages={"invalid_choice": "Choose a room of the list."})

    prefix = "room"

    def __init__(self, *args: Any, rooms: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room"].choices = [("", "Not recorded"), *rooms]  # type: ignore[attr-defined]


class UseForm(StepForm):
    """A device of the clinic for this treatment."""

    device = forms.ChoiceField(label="Device", error_messages={"required": "Choose the device.", "invalid_choice": "Choose a device of the list."})
    settings = forms.CharField(label="Settings", max_length=200, required=False, help_text="As set on the device: depth, dose, rate.")

    prefix = "use"

    def __init__(self, *args: Any, devices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["device"].choices = [("", "Choose…"), *devices]  # type: ignore[attr-defined]


class ItemForm(StepForm):
    """A needle, tip, roller or tubing: used once."""

    kind = forms.ChoiceField(label="What", choices=[("", "Choose…"), *ITEMS.items()], error_messages={"required": "Choose what was used."})
    code = forms.CharField(label="Code on the package", max_length=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    lot = forms.ChoiceField(label="Lot", required=False, error_messages={"invalid_choice": "Choose a lot of the list."})

    prefix = "item"

    def __init__(self, *args: Any, lots: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lot"].choices = [("", "Not of a lot on the shelf"), *lots]  # type: ignore[attr-defined]
