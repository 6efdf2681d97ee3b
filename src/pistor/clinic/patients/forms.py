from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime

from pistor.care.benefit import VERDICTS
from pistor.clinic.shared.forms import CHANGED, StepForm
from pistor.knowledge import Library, load
from pistor.knowledge.model import Application, Indication, Protocol
from pistor.records.consultation import Patient
from pistor.records.search import Place

NO_DATE = "This is no date. Write it as year-month-day, for example 1985-03-14."
DATES = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]  # the same three that the search reads


class SearchForm(forms.Form):
    q = forms.CharField(
        max_length=120,
        required=False,
        strip=True,
        error_messages={"max_length": "This is longer than 120 signs. Write a name, a record number or a date of birth."},
    )
    go = forms.ChoiceField(choices=[("next", "Next"), ("previous", "Previous")], required=False)
    key = forms.CharField(max_length=240, required=False, strip=False)
    pk = forms.UUIDField(required=False)
    first = forms.IntegerField(min_value=1, required=False)

    def clean(self) -> dict[str, Any]:
        """``place`` is where the page begins or ends that was asked for; it travels in the form, because the key is a name."""
        data: dict[str, Any] = super().clean()  # type: ignore[assignment]
        data["place"] = None
        if data.get("go") and not self.errors:
            key = data["key"] if data["q"] else _moment(data["key"])
            if not key or not data["pk"] or not data["first"]:
                raise forms.ValidationError(CHANGED)
            data["place"] = Place(key, data["pk"])
        return data


def _moment(text: str) -> dt.datetime | None:
    """As the list writes it beside its buttons: with an offset, and no day that never was or that other zones do not have."""
    try:
        read = parse_datetime(text)
        return read.astimezone(dt.UTC) if read and read.tzinfo else None
    except (ValueError, OverflowError):
        return None


class PatientForm(StepForm):
    family_name = forms.CharField(label="Family name", max_length=100, widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}))
    given_name = forms.CharField(label="Given name", max_length=100, required=False, widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}))
    birth_date = forms.DateField(
        label="Date of birth",
        required=False,
        input_formats=DATES,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": NO_DATE},
    )
    sex = forms.ChoiceField(
        label="Sex", choices=Patient.Sex.choices, initial=Patient.Sex.UNKNOWN, widget=forms.RadioSelect, help_text="As far as it matters for treatment."
    )
    phone = forms.CharField(label="Phone", max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}))
    email = forms.CharField(label="E-mail", max_length=254, required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}))
    language = forms.ChoiceField(label="Language of printed sheets", choices=[("en", "English"), ("fr", "French")], widget=forms.RadioSelect, initial="en")


class EditForm(PatientForm):
    deceased_on = forms.DateField(
        label="Date of death",
        required=False,
        input_formats=DATES,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": NO_DATE},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].required = True  # without it, nobody could tell that a colleague was here in between
        self.fields["version"].error_messages["required"] = CHANGED


class NewPatientForm(PatientForm):
    same_person_checked = forms.BooleanField(label="This is another person than those shown above", required=False, widget=forms.HiddenInput)


class StartForm(StepForm):
    indication = forms.ChoiceField(label="What is to be treated", widget=forms.RadioSelect, error_messages={"required": "Choose what is to be treated."})
    protocol = forms.ChoiceField(
        label="Protocol",
        required=False,
        help_text="Only for what is chosen above. Left as it is, the first one that your clinic's policy allows is taken.",
        error_messages={"invalid_choice": "This protocol is not known; choose one of the list."},
    )
    goal = forms.CharField(
        label="What the patient hopes for",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text="In the patient's words.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        library = load()
        self.fields["indication"].choices = [  # type: ignore[attr-defined]
            (application.capitalize(), [_place(library, indication, zone) for indication in _of(library, application) for zone in indication.zones])
            for application in Application
        ]
        self.fields["protocol"].choices = [  # type: ignore[attr-defined]
            ("", "As the clinic's policy allows"),
            *(
                (indication.name, [(id_, _evidence(library.protocols[id_])) for id_ in indication.protocols])
                for application in Application
                for indication in _of(library, application)
            ),
        ]


def _of(library: Library, application: Application) -> list[Indication]:
    return [indication for indication in library.indications.values() if indication.application == application]


def _place(library: Library, indication: Indication, zone: str) -> tuple[str, str]:
    return f"{indication.id}:{zone}", indication.name + (f", {library.zones[zone].name.lower()}" if len(indication.zones) > 1 else "")


def _evidence(protocol: Protocol) -> str:
    """Name and, in a word, what its studies say: seen before the protocol is chosen."""
    return f"{protocol.name} – {VERDICTS[protocol.verdict].partition(':')[0].lower()}"
