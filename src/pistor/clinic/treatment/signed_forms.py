"""Forms beside a signed treatment: a text, a correction of its fields, and when the patient left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from pistor.care.amendment import Content, LotMeant, lot_places, plain, rolled
from pistor.care.treatment import METHODS
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.treatment.forms import AT_ONCE, TOPICALS, Measure, Whole, anaesthetics
from pistor.exchange.signed_words import sign_name
from pistor.knowledge import Library


class AmendmentForm(StepForm):
    kind = forms.ChoiceField(label="Kind", choices=[("correction", "Correction"), ("addition", "Addition")], widget=forms.RadioSelect)
    text = forms.CharField(label="What is corrected or added", max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))
    reason = forms.CharField(label="Reason", max_length=300)


class DischargeForm(StepForm):
    prefix = "leaving"  # it stands on one page with the amendment

    last_point = forms.TimeField(
        label="Last point at", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter when the last point was given.", "invalid": "Enter a time, for example 14:20."},
    )  # fmt: skip
    left = forms.TimeField(
        label="Left at", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter when the patient left.", "invalid": "Enter a time, for example 14:35."},
    )  # fmt: skip
    reason = forms.CharField(
        label="Why earlier than your clinic’s time", max_length=300, required=False, help_text="Only where the patient left before it was over."
    )


class CorrectionForm(StepForm):
    """Every field of a signed treatment that may be corrected, filled with what is known by now. ``version`` counts the amendments."""

    skin_preparation = forms.CharField(label="Skin preparation", max_length=200, required=False)
    anaesthesia = forms.ChoiceField(label="Anaesthesia", choices=list(METHODS.items()), widget=forms.RadioSelect)
    pain_score = Whole(label="Pain during the treatment, 0 to 10", most=10)
    reaction = forms.ChoiceField(label="Immediate reaction", choices=[("none", "None"), ("some", "Yes")], widget=forms.RadioSelect)
    reaction_signs = forms.MultipleChoiceField(label="What was seen", choices=[], widget=forms.CheckboxSelectMultiple, required=False)
    reaction_note = forms.CharField(label="In words", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    note = forms.CharField(label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    reason = forms.CharField(
        label="Why it is corrected", max_length=300, help_text="Stands beside the correction for good.",
        error_messages={"required": "Write why it is corrected."},
    )  # fmt: skip

    def __init__(self, *args: Any, content: Content, lots: Mapping[str, LotMeant], library: Library, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": first_values(content), **kwargs})
        self.content, self.places = content, lot_places(content)
        signs = dict.fromkeys([*AT_ONCE, *content["record"]["reaction_signs"]])
        self.fields["reaction_signs"].choices = [(sign, sign_name(library, sign)) for sign in signs]  # type: ignore[attr-defined]
        for place in range(TOPICALS):
            self.fields[f"topical_{place}"] = forms.ChoiceField(label="Substance on the skin", choices=anaesthetics, required=False)
            self.fields[f"topical_dose_{place}"] = Measure(label="Dose on the skin, mg", what="the dose in mg")
        for n in range(len(content["zones"])):
            self.fields[f"points_{n}"] = Whole(label="Passes", most=100) if rolled(content["zones"][n]) else Whole(label="Points", most=5000)
            self.fields[f"volume_{n}"] = Measure(label="Volume, mL", what="the volume in mL, for example 0.5")
            self.fields[f"reason_{n}"] = forms.CharField(label="Reason, if it differs from the plan", max_length=300, required=False)
        for n, (_, presentation, _) in enumerate(self.places):
            choices = [(lot.lot, lot.lot_number) for lot in lots.values() if lot.presentation == presentation]
            self.fields[f"lot_{n}"] = forms.ChoiceField(label="Lot", choices=choices, error_messages={"invalid_choice": "Choose a lot of the list."})

    @property
    def zone_lines(self) -> list[dict[str, Any]]:
        return [
            {"zone": zone, "points": self[f"points_{n}"], "volume": self[f"volume_{n}"], "reason": self[f"reason_{n}"]}
            for n, zone in enumerate(self.content["zones"])
        ]

    @property
    def lot_lines(self) -> list[dict[str, Any]]:
        return [{"presentation": presentation, "syringe": code, "lot": self[f"lot_{n}"]} for n, (_, presentation, code) in enumerate(self.places)]

    @property
    def topical_lines(self) -> list[dict[str, Any]]:
        return [{"ingredient": self[f"topical_{place}"], "dose": self[f"topical_dose_{place}"]} for place in range(TOPICALS)]

    def wanted(self) -> dict[str, Any]:
        """What was typed, by its place in the signed content. Only after ``is_valid``."""
        data = self.cleaned_data
        some = data["reaction"] == "some"
        values: dict[str, Any] = {
            "record/skin_preparation": data["skin_preparation"], "record/anaesthesia": data["anaesthesia"], "record/topical": self._topical(),
            "record/pain_score": data["pain_score"], "record/reaction": data["reaction"], "record/note": data["note"],
            "record/reaction_signs": sorted(data["reaction_signs"]) if some else [], "record/reaction_note": data["reaction_note"] if some else "",
        }  # fmt: skip
        for n, zone in enumerate(self.content["zones"]):
            volume = data[f"volume_{n}"]
            values |= {
                f"zones/{n}/{'passes' if rolled(zone) else 'points'}": data[f"points_{n}"], f"zones/{n}/volume_ml": None if volume is None else plain(volume),
                f"zones/{n}/deviation_reason": data[f"reason_{n}"],
            }  # fmt: skip
        return values | {path: data[f"lot_{n}"] for n, (path, _, _) in enumerate(self.places)}

    def _topical(self) -> list[dict[str, Any]]:
        data = self.cleaned_data
        if data["anaesthesia"] != "topical":
            return []
        rows: Sequence[tuple[str, Decimal | None]] = [(data[f"topical_{place}"], data[f"topical_dose_{place}"]) for place in range(TOPICALS)]
        return [{"ingredient": id_, "dose_mg": None if dose is None else plain(dose)} for id_, dose in rows if id_]


def first_values(content: Content) -> dict[str, Any]:
    """What is known by now, as the form shows it."""
    record = content["record"]
    same = ("skin_preparation", "anaesthesia", "pain_score", "reaction", "reaction_signs", "reaction_note", "note")
    first = {key: record.get(key) for key in same}
    for n, row in enumerate(record["topical"][:TOPICALS]):
        first |= {f"topical_{n}": row["ingredient"], f"topical_dose_{n}": row["dose_mg"] or ""}
    for n, zone in enumerate(content["zones"]):
        first |= {f"points_{n}": zone["passes" if rolled(zone) else "points"], f"volume_{n}": zone["volume_ml"], f"reason_{n}": zone["deviation_reason"]}
    at: dict[str, Any] = {}
    for n, (path, _, _) in enumerate(lot_places(content)):
        at[f"lot_{n}"] = _at(content, path)
    return first | at


def _at(content: Any, path: str) -> Any:
    for step in path.split("/"):
        content = content[int(step) if isinstance(content, list) else step]
    return content
