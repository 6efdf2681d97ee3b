from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from pistor.actions.photos import MOST_AT_ONCE
from pistor.actions.pictures import MOST_BYTES
from pistor.clinic.shared.forms import StepForm
from pistor.records.photos import Photo, PhotoUse

ANSWERS = (("", "Not asked"), ("yes", "Yes"), ("no", "No"))


class Pictures(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Any number of files, none of them opened here: what they are is the decoder's to say."""

    widget = Pictures

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        return [super(PicturesField, self).clean(one, initial) for one in data or ()]


class PhotoForm(StepForm):
    """Two ways to the same pictures: a tablet's camera opens at once, and a choice of files takes several."""

    camera = PicturesField(
        label="With the camera", required=False, widget=Pictures(attrs={"accept": "image/*", "capture": "environment"}),
        help_text="On a tablet or a telephone this opens the camera.",
    )  # fmt: skip
    files = PicturesField(
        label="From files", required=False, widget=Pictures(attrs={"accept": "image/jpeg,image/png,image/webp"}),  # a telephone then hands over JPEG
        help_text=f"JPEG, PNG or WebP, at most {MOST_BYTES // 1024 // 1024} MB each and {MOST_AT_ONCE} at once.",
    )  # fmt: skip
    moment = forms.ChoiceField(
        label="What they show", choices=Photo.Moment.choices, widget=forms.RadioSelect, error_messages={"required": "Say whether they show before or after."}
    )
    note = forms.CharField(label="Note", max_length=200, required=False, help_text="For example the side and the view. It stands with each of them.")
    teaching = forms.ChoiceField(label="May they be shown in teaching?", choices=ANSWERS, required=False, widget=forms.RadioSelect)
    publication = forms.ChoiceField(label="May they be published?", choices=ANSWERS, required=False, widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="The patient was asked and agrees to be photographed for the record", required=False)

    def __init__(self, *args: Any, ask: bool, **kwargs: Any) -> None:
        """``ask``: whether the signed consent does not say it already."""
        super().__init__(*args, **kwargs)
        if not ask:
            del self.fields["agreed"]

    def uses(self) -> dict[str, bool]:
        """The answers of the patient, where they were asked."""
        return {use: self.cleaned_data[use] == "yes" for use in PhotoUse.Use.values if self.cleaned_data[use]}

    @property
    def chosen(self) -> list[UploadedFile]:
        return [*self.cleaned_data["camera"], *self.cleaned_data["files"]]


class RemovalForm(StepForm):
    reason = forms.CharField(
        label="Why it is removed", max_length=300, help_text="For example another patient, or not sharp.",
        error_messages={"required": "Write why it is removed."},
    )  # fmt: skip


class UseForm(StepForm):
    """What the patient says of one use of a picture."""

    use = forms.ChoiceField(choices=PhotoUse.Use.choices, widget=forms.HiddenInput)
    agreed = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    all_pictures = forms.BooleanField(label="The same for all pictures of this patient", required=False)


class ErasureForm(StepForm):
    reason = forms.CharField(
        label="Who or what asks for it", max_length=300, help_text="For example the patient, by letter of 3 March 2026.",
        error_messages={"required": "Write who asked for it or which rule asks for it."},
    )  # fmt: skip
