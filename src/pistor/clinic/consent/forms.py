"""What is filled in to sign a consent, and to withdraw one."""

from __future__ import annotations

from typing import Any

from django import forms

from pistor.clinic.shared.forms import StepForm

SIGNERS = [("patient", "The patient"), ("guardian", "A legal representative")]


class ConsentForm(StepForm):
    """The signature is drawn (path data in ``signature_path``) or made by typing the name and ticking ``typed``."""

    digest = forms.CharField(
        max_length=64, widget=forms.HiddenInput, error_messages={"required": "This page was changed on its way. Reload it and read again."}
    )
    language = forms.CharField(max_length=2, widget=forms.HiddenInput)
    read = forms.BooleanField(label="I have read this text, or it was read to me", error_messages={"required": "Tick this once the text has been read."})
    asked = forms.BooleanField(label="I could ask what I wanted to know", error_messages={"required": "Tick this once all questions are answered."})
    signer_kind = forms.ChoiceField(label="Who signs", choices=SIGNERS, widget=forms.RadioSelect, initial="patient")
    signer_name = forms.CharField(
        label="Name of the person who signs", max_length=200, error_messages={"required": "Type the name as it should stand under the text."}
    )
    signature_path = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60_000)
    typed = forms.BooleanField(label="I sign by typing my name instead of drawing", required=False)

    interpreter_name = forms.CharField(
        label="Name of the interpreter, if one helped", required=False, max_length=200,
        help_text="An interpreter signs beside the patient or the legal representative, never in their place.",
    )  # fmt: skip
    interpreted = forms.BooleanField(label="The interpreter signs the sentence above by typing the name", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("signature_path") and not data.get("typed"):
            self.add_error("typed", "Draw the signature in the field, or tick this to sign by typing the name.")
        if data.get("interpreter_name") and not data.get("interpreted"):
            self.add_error("interpreted", "Tick this once the interpreter has read the sentence above, or leave the name of the interpreter empty.")
        if data.get("interpreted") and not data.get("interpreter_name"):
            self.add_error("interpreter_name", "Type the name of the interpreter, or take the tick below away.")
        return data


class WithdrawForm(StepForm):
    reason = forms.CharField(label="Reason, if the patient gives one", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
