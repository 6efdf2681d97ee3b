"""What is filled in to sign a consent, and to withdraw one."""

from __future__ import annotations

from typing import Any

from django import forms

from pistor.clinic.consent.words import words_in
from pistor.clinic.shared.forms import StepForm

SIGNERS = ("patient", "guardian")


class ConsentForm(StepForm):
    """The signature is drawn (path data in ``signature_path``) or made by typing the name and ticking ``typed``.

    Its words are those of the language that the text is read in, because the patient ticks and signs here.
    """

    digest = forms.CharField(
        max_length=64, widget=forms.HiddenInput, error_messages={"required": "This page was changed on its way. Reload it and read again."}
    )
    language = forms.CharField(max_length=2, widget=forms.HiddenInput)
    read = forms.BooleanField()
    asked = forms.BooleanField()
    signer_kind = forms.ChoiceField(choices=[(kind, kind) for kind in SIGNERS], widget=forms.RadioSelect, initial="patient")
    signer_name = forms.CharField(max_length=200, required=False)
    signature_path = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60_000)
    typed = forms.BooleanField(required=False)
    interpreter_name = forms.CharField(required=False, max_length=200)
    interpreted = forms.BooleanField(required=False)

    def __init__(self, *args: Any, language: str, patient: str, **kwargs: Any) -> None:
        """``patient`` is the name that stands under a drawn signature of the patient where none is typed."""
        super().__init__(*args, **kwargs)
        self.words, self.patient = words_in(language), patient
        self.fields["signer_name"].help_text = self.words["name_hint"].format(patient=patient)
        self.fields["language"].initial = language
        for name in ("read", "asked", "signer_name", "typed", "interpreter_name", "interpreted"):
            self.fields[name].label = self.words[name]
        self.fields["signer_kind"].label = self.words["who"]
        self.fields["interpreter_name"].help_text = self.words["interpreter_hint"]
        for name, first in (("read", "read_first"), ("asked", "asked_first")):
            self.fields[name].error_messages["required"] = self.words[first]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        drawn = bool(data.get("signature_path")) and not data.get("typed")
        if not drawn and not data.get("typed"):
            self.add_error("typed", self.words["sign_somehow"])
        if not data.get("signer_name") and "signer_name" not in self.errors:
            if drawn and data.get("signer_kind") == "patient":
                data["signer_name"] = self.patient
            else:
                self.add_error("signer_name", self.words["name_first"])
        if data.get("interpreter_name") and not data.get("interpreted"):
            self.add_error("interpreted", self.words["interpreted_first"])
        if data.get("interpreted") and not data.get("interpreter_name"):
            self.add_error("interpreter_name", self.words["interpreter_name_first"])
        return data


class WithdrawForm(StepForm):
    reason = forms.CharField(label="Reason, if the patient gives one", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
