"""What is tried on the bench: parts with volumes, and what is known of patient and treatment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from pistor.care.formulation import Part, Topical
from pistor.care.workbench import DEFAULT_POLICY, Recipe
from pistor.clinic.shared.forms import DescribedForm, Number
from pistor.knowledge import Library

ROWS = 6

CREAM = {"cream_lidocaine_mg": "lidocaine", "cream_prilocaine_mg": "prilocaine"}


class BlendForm(DescribedForm):
    """``country`` is the clinic's. Numbers that are left out are not known."""

    policy = forms.ChoiceField(label="Policy")
    technique = forms.ChoiceField(label="Technique", required=False)
    weight_kg = Number(label="Weight", help_text="kg", required=False, min_value=Decimal("0.3"), max_value=650, decimal_places=1)
    volume_per_point_ml = Number(
        label="Volume per point", help_text="mL", required=False, min_value=Decimal("0.001"), max_value=10, decimal_places=3
    )
    points = forms.IntegerField(label="Points", required=False, min_value=1, max_value=10_000)
    spacing_mm = Number(label="Spacing", help_text="mm", required=False, min_value=Decimal("0.1"), max_value=200, decimal_places=1)
    sessions = forms.IntegerField(label="Treatments", required=False, min_value=1, max_value=100)
    interval_days = forms.IntegerField(label="Days between", required=False, min_value=1, max_value=3650)
    cream_lidocaine_mg = Number(label="Lidocaine on the skin before", help_text="mg", required=False, min_value=0, max_value=10_000, decimal_places=1)
    cream_prilocaine_mg = Number(label="Prilocaine on the skin before", help_text="mg", required=False, min_value=0, max_value=10_000, decimal_places=1)
    allergies = forms.CharField(label="Allergies", help_text="Separated by commas", required=False, max_length=400)

    def __init__(self, *args: Any, country: str, library: Library, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        names = {one.id: one.name for one in library.presentations.values()}
        choices = [("", "None"), *sorted(names.items(), key=lambda pair: pair[1].casefold())]
        for number in range(1, ROWS + 1):
            self.fields[f"part_{number}"] = forms.ChoiceField(label=f"Presentation {number}", choices=choices, required=False)
            self.fields[f"ml_{number}"] = Number(
                label=f"Volume {number}", required=False, min_value=Decimal("0.001"), max_value=100, decimal_places=3, max_digits=9
            )
        self.fields["policy"].choices = [(one.id, one.name) for one in library.policies.values()]  # type: ignore[attr-defined]
        self.fields["policy"].initial = DEFAULT_POLICY
        self.fields["technique"].choices = [("", "Not chosen"), *((one.id, one.name) for one in library.techniques.values())]  # type: ignore[attr-defined]
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField | forms.IntegerField):
                field.widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"part_{number}"], self[f"ml_{number}"]) for number in range(1, ROWS + 1)]

    @property
    def details(self) -> list[forms.BoundField]:
        given = ("volume_per_point_ml", "points", "spacing_mm", "sessions", "interval_days")
        return [self[name] for name in (*given, "weight_kg", *CREAM, "allergies", "technique", "policy")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number in range(1, ROWS + 1):
            part, ml = data.get(f"part_{number}"), data.get(f"ml_{number}")
            if part and ml is None and f"ml_{number}" not in self.errors:
                self.add_error(f"ml_{number}", "Say how many mL of it.")
            if ml is not None and not part:
                self.add_error(f"part_{number}", "Choose what this volume is of.")
        if not any(data.get(f"part_{number}") for number in range(1, ROWS + 1)) and not self.errors:
            self.add_error("part_1", "Choose at least one presentation.")
        return data

    def recipe(self) -> Recipe:
        data = self.cleaned_data
        pairs = [(data[f"part_{number}"], data[f"ml_{number}"]) for number in range(1, ROWS + 1)]
        return Recipe(
            parts=tuple(Part(part, ml) for part, ml in pairs if part),
            policy=data["policy"],
            jurisdiction=self.country or None,
            technique=data["technique"] or None,
            weight_kg=data["weight_kg"],
            allergies=tuple(name for name in (said.strip() for said in data["allergies"].split(",")) if name),
            volume_per_point_ml=data["volume_per_point_ml"],
            points=data["points"],
            sessions=data["sessions"],
            interval_days=data["interval_days"],
            spacing_mm=data["spacing_mm"],
            topical=tuple(Topical(ingredient, data[field]) for field, ingredient in CREAM.items() if data[field]),
        )
