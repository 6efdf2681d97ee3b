"""The two ways in which a map is sent: planned, with a field for each zone, or as a list of areas with one set of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from pistor.care.injection_map import (
    PASSES,
    Add,
    Alter,
    Area,
    Change,
    Command,
    Edits,
    Generator,
    Move,
    NoMap,
    Scales,
    ZonePlan,
    apply,
    make_map,
    scale_from_dict,
    zone_plan_from_text,
)
from pistor.clinic.shared.forms import Number, StepForm
from pistor.clinic.shared.single_points import chosen_from
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
BOUNDS = {  # of what can be typed at all
    "spacing_mm": ("1", "100"),
    "along_mm": ("1", "100"),
    "volume_per_point_ml": ("0", "5"),
    "needle_length_mm": ("0.1", "40"),
    "inserted_length_mm": ("0.1", "40"),
    "angle_deg": ("1", "90"),
    "on_skin_ml": ("0.01", "50"),
    "passes": ("1", "100"),
    "seed": ("0", str(MOST_SEED)),
}
ZONE, POINT, ADDED = "zone.", "point.", "add."  # how the fields of zones, of points and of added points begin
UNUSED = {"spacing_mm": Decimal(10), "volume_per_point_ml": Decimal(0)}  # of a zone treated in passes
_TYPED = re.compile(r"\s*(\d{1,4}(?:[.,]\d{1,3})?)[\s;]+(\d{1,4}(?:[.,]\d{1,3})?)(?:[\s;]+(\d(?:[.,]\d{1,4})?))?\s*", re.ASCII)


def _sentence(name: str, label: str) -> str:
    low, high = BOUNDS[name]
    return f"Give a number from {low} to {high} {'degrees' if 'degrees' in label else 'mL' if 'mL' in label else 'mm'}."


def _number(name: str, label: str, *, hint: str = "") -> Number:
    low, high = BOUNDS[name]
    return Number(
        label=label,
        min_value=Decimal(low),
        max_value=Decimal(high),
        max_digits=8,
        decimal_places=3,
        required=False,
        show_hidden_initial=True,
        help_text=hint,
        widget=forms.TextInput(attrs={"class": "num"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits"), _sentence(name, label)),
    )


def _whole(name: str, label: str, hint: str = "") -> forms.IntegerField:
    low, high = map(int, BOUNDS[name])
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        required=False,
        show_hidden_initial=True,
        help_text=hint,
        widget=forms.TextInput(attrs={"class": "num", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), f"Give a whole number from {low} to {high}."),
    )


class PlannerForm(StepForm):
    """As the planner sends it: every zone is a field of its own, named ``zone.`` and its key."""


class InjectionMapForm(StepForm):
    """The map as a list, without a script: areas, and one set of numbers for those that are ticked."""

    NUMBERS = ("technique", "pattern", *BOUNDS)

    areas = forms.MultipleChoiceField(
        label="Areas",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one area, in this list or on the picture.",
            "invalid_choice": "One of the areas is not drawn here; choose again.",
        },
    )
    technique = forms.ChoiceField(
        label="Technique", show_hidden_initial=True, error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a technique from the list.")
    )
    pattern = forms.ChoiceField(
        label="Pattern",
        choices=list(PATTERN_WORDS.items()),
        required=False,
        show_hidden_initial=True,
        error_messages={"invalid_choice": "Choose a pattern from the list."},
    )
    spacing_mm = _number("spacing_mm", "Spacing, mm")
    along_mm = _number("along_mm", "Between points of a row, mm", hint="For rows. Empty: as far as between the rows.")
    volume_per_point_ml = _number("volume_per_point_ml", "Volume at each point, mL")
    needle_length_mm = _number("needle_length_mm", "Needle length, mm")
    inserted_length_mm = _number("inserted_length_mm", "Length put in, mm", hint="How much of the needle is under the skin.")
    angle_deg = _number("angle_deg", "Angle to the skin, degrees", hint="90 is straight in.")
    passes = _whole("passes", "Passes over each place", "For a roller or a stamp.")
    on_skin_ml = _number("on_skin_ml", "Volume on the skin of each area, mL", hint="For a roller or a stamp.")
    seed = _whole(
        "seed", "Place of the grid", "0 begins on the middle of each area. Another number shifts the grid; the same number always gives the same points."
    )

    def __init__(self, *args: Any, library: Library, maps: tuple[BodyMap, ...], zones: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.library = library
        self.fields["areas"].choices = [  # type: ignore[attr-defined]
            (f"{drawn.id}:{shape.zone}:{shape.side}", shape.label) for drawn in maps for shape in drawn.zones if shape.zone in zones
        ]
        self.fields["technique"].choices = [("", "Choose a technique"), *((id_, method.name) for id_, method in library.techniques.items())]  # type: ignore[attr-defined]
        self._errors = None  # the choices were not there yet when the form first looked at itself

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        method = self.library.techniques.get(given.get("technique", ""))
        for name in UNUSED if method and method.pattern != PASSES else ():
            if given.get(name) is None and name not in self.errors:
                self.add_error(name, _sentence(name, str(self.fields[name].label)))
        return given

    def chosen_areas(self) -> list[Area]:
        return [Area(*key.split(":")) for key in self.cleaned_data.get("areas", ())]

    def generator(self) -> Generator:
        given = self.cleaned_data
        pattern = self.library.techniques[given["technique"]].pattern
        return Generator(
            pattern=pattern if pattern == PASSES else given["pattern"] or pattern,
            spacing_mm=given["spacing_mm"] if given["spacing_mm"] is not None else UNUSED["spacing_mm"],
            volume_per_point_ml=given["volume_per_point_ml"] if given["volume_per_point_ml"] is not None else UNUSED["volume_per_point_ml"],
            inserted_length_mm=given["inserted_length_mm"],
            angle_deg=given["angle_deg"],
            needle_length_mm=given["needle_length_mm"],
            seed=given["seed"] or 0,
            along_mm=given["along_mm"],
            passes=given["passes"] if pattern == PASSES else None,
            on_skin_ml=given["on_skin_ml"] if pattern == PASSES else None,
        )

    def plans(self, before: Sequence[ZonePlan], scale: Scales) -> tuple[ZonePlan, ...]:
        """The zones that are ticked: new ones with the numbers of the list, those there were before with theirs unless the numbers were changed.

        Raises ``NoMap`` where points that were typed cannot be read.
        """
        known, technique, generator = {plan.key: plan for plan in before}, self.cleaned_data["technique"], self.generator()
        changed = not before or not set(self.NUMBERS).isdisjoint(self.changed_data)
        wanted = [known.get(area.key) or ZonePlan(area, technique, generator) for area in self.chosen_areas()]
        wanted += [plan for plan in before if plan.drawn and plan.key in self._listed("drawn")]
        singles, plans = chosen_from(self._listed("chosen")), []
        for plan in wanted:
            made = with_numbers(plan, technique, generator) if changed else plan
            made = replace(made, chosen=tuple(singles.get(plan.key, ())))
            if plan.key in known and same_places(made, plan):
                for command in self._typed(plan, scale):
                    made = apply(made, command)
            gone = frozenset(key.rpartition(":")[2] for key in self._listed("removed") if key.rpartition(":")[0] == plan.key)
            plans.append(replace(made, edits=replace(made.edits, removed=gone)))
        return tuple(plans)

    def _typed(self, plan: ZonePlan, scale: Scales) -> Iterator[Command]:
        """What was typed for single points of a zone."""
        begins = f"{POINT}{plan.key}:"
        if any(name.startswith(begins) for name in self.data):
            drawn = make_map([plan], self.library, scale=scale)
            for point in (*drawn.placed, *drawn.taken_out):
                x, y, ml = _place(self.data.get(f"{begins}{point.name}", ""), f"point {point.name}") or (point.x_mm, point.y_mm, None)
                if max(abs(x - point.x_mm), abs(y - point.y_mm)) > 0.05:  # it is shown to a tenth
                    yield Move({point.name: (x, y)})
                if ml is not None and ml != point.volume_ml:
                    yield Alter(frozenset({point.name}), Change(volume_ml=ml))
        if added := _place(self.data.get(f"{ADDED}{plan.key}", ""), "another point"):
            yield Add(added[:2])

    def _listed(self, name: str) -> list[str]:
        found: list[str] = self.data.getlist(name)  # type: ignore[union-attr]
        return found


def asked(data: QueryDict, form: InjectionMapForm | None, library: Library) -> tuple[tuple[ZonePlan, ...], Scales]:
    """Zone plans and scale that a posted form asks for, planned or, with ``form``, listed. Raises ``NoMap``."""
    plans = tuple(zone_plan_from_text(text) for text in zone_texts(data))
    scale = scale_from_dict(_json(data.get("scale", "")), library, {plan.area.map: plan.area.version for plan in plans})
    return (plans if form is None else form.plans(plans, scale)), scale


def zone_texts(data: Mapping[str, Any]) -> list[str]:
    return [str(data[name]) for name in data if name.startswith(ZONE) and data[name]]


def with_numbers(plan: ZonePlan, technique: str, generator: Generator) -> ZonePlan:
    """The zone with other numbers. What was changed by hand stays where the points do."""
    made = replace(plan, technique=technique, generator=generator)
    return made if same_places(plan, made) else replace(made, edits=Edits())


def same_places(one: ZonePlan, other: ZonePlan) -> bool:
    """Whether two plans of a zone have their points, before any edit, in the same places with the same numbers."""
    return _places(one) == _places(other)


def _places(plan: ZonePlan) -> tuple[Any, ...]:
    made = plan.generator
    run = made.inserted_length_mm if made.pattern == "lines" else None
    return (plan.area, plan.drawn, plan.chosen, *(() if plan.chosen else (made.pattern, made.spacing_mm, made.along_mm, made.seed, made.grid, run)))


def _place(text: str, what: str) -> tuple[float, float, Decimal | None] | None:
    if not text.strip():
        return None
    found = _TYPED.fullmatch(text)
    if found is None:
        raise NoMap(f"“{text[:40]}” is no place for {what}: give right and down in mm, then mL, for example 101.5 88 0.05.")
    x, y, ml = (part.replace(",", ".") if part else "" for part in found.groups())
    return float(x), float(y), Decimal(ml) if ml else None


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        raise NoMap("The scale of the drawings cannot be read; measure anew.") from None
