from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from pistor.care.injection_map import Area, Generator
from pistor.clinic.shared.forms import Number, StepForm
from pistor.knowledge import Library
from pistor.knowledge.model import BodyMap

MOST_SEED = 9999
PATTERN_WORDS = {
    "": "As the technique has it",
    "hexagonal": "Hexagonal grid",
    "square": "Square grid",
    "rows": "Rows, to and fro",
    "lines": "Lines, one track behind another",
}


def _number(label: str, low: str, high: str, *, required: bool = True, hint: str = "") -> Number:
    unit = "degrees" if "degrees" in label else "mL" if "mL" in label else "mm"
    message = f"Give a number from {low} to {high} {unit}."
    return Number(
        label=label,
        min_value=Decimal(low),
        max_value=Decimal(high),
        max_digits=8,
        decimal_places=3,
        required=required,
        help_text=hint,
        widget=forms.TextInput(attrs={"class": "num"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits"), message),
    )


class InjectionMapForm(StepForm):
    areas = forms.MultipleChoiceField(
        label="Areas",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one area, in this list or on the picture.",
            "invalid_choice": "One of the areas is not drawn here; choose again.",
        },
    )
    technique = forms.ChoiceField(label="Technique", error_messages={"invalid_choice": "Choose a technique from the list."})
    pattern = forms.ChoiceField(
        label="Pattern", choices=list(PATTERN_WORDS.items()), required=False, error_messages={"invalid_choice": "Choose a pattern from the list."}
    )
    spacing_mm = _number("Spacing, mm", "1", "100")
    along_mm = _number("Between points of a row, mm", "1", "100", required=False, hint="For rows. Empty: as far as between the rows.")
    volume_per_point_ml = _number("Volume at each point, mL", "0", "5")
    needle_length_mm = _number("Needle length, mm", "1", "40", required=False)
    inserted_length_mm = _number("Length put in, mm", "0.1", "40", required=False, hint="How much of the needle is under the skin.")
    angle_deg = _number("Angle to the skin, degrees", "1", "90", required=False, hint="90 is straight in.")
    seed = forms.IntegerField(
        label="Place of the grid",
        min_value=0,
        max_value=MOST_SEED,
        required=False,
        help_text="0 begins on the middle of each area. Another number shifts the grid; the same number always gives the same points.",
        widget=forms.TextInput(attrs={"class": "num", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), f"Give a whole number from 0 to {MOST_SEED}."),
    )

    def __init__(self, *args: Any, library: Library, maps: tuple[BodyMap, ...], zones: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.library = library
        self.fields["areas"].choices = [  # type: ignore[attr-defined]
            (f"{drawn.id}:{shape.zone}:{shape.side}", shape.label) for drawn in maps for shape in drawn.zones if shape.zone in zones
        ]
        self.fields["technique"].choices = [(id_, method.name) for id_, method in library.techniques.items()]  # type: ignore[attr-defined]
        self._errors = None  # the choices were not there yet when the form first looked at itself

    def chosen_areas(self) -> list[Area]:
        return [Area(*key.split(":")) for key in self.cleaned_data.get("areas", ())]

    def generator(self) -> Generator:
        given = self.cleaned_data
        return Generator(
            pattern=given["pattern"] or self.library.techniques[given["technique"]].pattern,
            spacing_mm=given["spacing_mm"],
            volume_per_point_ml=given["volume_per_point_ml"],
            inserted_length_mm=given["inserted_length_mm"],
            angle_deg=given["angle_deg"],
            needle_length_mm=given["needle_length_mm"],
            seed=given["seed"] or 0,
            along_mm=given["along_mm"],
        )
