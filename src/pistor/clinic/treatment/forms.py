"""The record of a treatment as a form: its lines follow from the checklist, the blend and the map."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from pistor.actions.treatment import Entry, LotTaken
from pistor.care.formulation import Topical
from pistor.care.treatment import METHODS, Record, ZoneGiven
from pistor.clinic.shared.forms import DescribedForm, StepForm
from pistor.knowledge import load
from pistor.knowledge.model import ChecklistStep
from pistor.knowledge.typed import decimal_of

AT_ONCE = (
    "light_headed", "hives", "swelling", "redness", "bruise", "severe_pain", "dusky_skin", "mouth_tingling", "breathing_trouble", "collapse", "racing_heart",
)  # fmt: skip
TOPICALS = 2
LOTS_PER_PART = 2
PHASES = {"before": "Before", "preparation": "Preparing", "during": "During", "after": "After"}
EXTRA = "x"  # the line of a zone that was not planned


class Measure(forms.CharField):
    """A number as it is typed: with a point or a comma, finite, and nothing else."""

    def __init__(self, *, what: str, **kwargs: Any) -> None:
        super().__init__(max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"}), **kwargs)
        self.what = what

    def clean(self, value: Any) -> Decimal | None:  # type: ignore[override]
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return decimal_of(typed)
        except ValueError as problem:
            raise forms.ValidationError(f"{problem} Enter {self.what}.") from None


class Whole(forms.IntegerField):
    def __init__(self, *, most: int, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"})
        messages = {"invalid": f"Enter a whole number from 0 to {most}."}
        super().__init__(required=False, min_value=0, max_value=most, widget=widget, error_messages=messages, **kwargs)


def anaesthetics() -> list[tuple[str, str]]:
    library = load()
    return [("", "Choose…"), *((id_, item.name) for id_, item in library.ingredients.items() if "local_anaesthetic" in item.classes)]


class TreatmentForm(StepForm):
    given_on = forms.DateField(label="Day of the treatment", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    skin_preparation = forms.CharField(
        label="Skin preparation", max_length=200, required=False, help_text="What was used, for example povidone-iodine.",
        widget=forms.TextInput(attrs={"list": "antiseptics", "autocomplete": "off"}),
    )  # fmt: skip
    anaesthesia = forms.ChoiceField(label="Anaesthesia", choices=list(METHODS.items()), widget=forms.RadioSelect, required=False)
    pain_score = Whole(label="Pain during the treatment, 0 to 10", most=10)
    reaction = forms.ChoiceField(label="Immediate reaction", choices=[("none", "None"), ("some", "Yes")], widget=forms.RadioSelect, required=False)
    reaction_signs = forms.MultipleChoiceField(label="What was seen", choices=[], widget=forms.CheckboxSelectMultiple, required=False)
    reaction_note = forms.CharField(label="In words", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    observed_minutes = Whole(label="Observed for, minutes", most=1440, help_text="No published time was found; your clinic's own rule counts.")
    note = forms.CharField(label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    over_limit_reason = forms.CharField(
        label="Reason for a dose over its limit", required=False, max_length=500, help_text="Only where more than a limit was really given."
    )

    def __init__(
        self,
        *args: Any,
        steps: Sequence[ChecklistStep],
        zones: Sequence[ZoneGiven],
        parts: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        other_zones: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.steps, self.zones, self.parts = steps, zones, parts
        signs = load().signs
        self.fields["reaction_signs"].choices = [(sign, signs[sign].text.en) for sign in AT_ONCE if sign in signs]  # type: ignore[attr-defined]
        for step in steps:
            self.fields[f"check_{step.id}"] = forms.BooleanField(label=step.text, required=False)
        for place in range(TOPICALS):
            self.fields[f"topical_{place}"] = forms.ChoiceField(label="Substance on the skin", choices=anaesthetics, required=False)
            self.fields[f"topical_dose_{place}"] = Measure(label="Dose on the skin, mg", what="the dose in mg")
        for number, (_, choices) in enumerate(parts):
            for place in range(LOTS_PER_PART):
                self.fields[f"lot_{number}_{place}"] = forms.ChoiceField(label="Lot", choices=[("", "Choose the lot…"), *choices], required=False)
                self.fields[f"lot_volume_{number}_{place}"] = Measure(label="Volume taken, mL", what="the volume in mL, for example 0.5")
        for key in [*(str(number) for number in range(len(zones))), EXTRA]:
            self.fields[f"points_{key}"] = Whole(label="Points", most=5000)
            self.fields[f"volume_{key}"] = Measure(label="Volume, mL", what="the volume in mL, for example 0.5")
            self.fields[f"reason_{key}"] = forms.CharField(label="Reason, if it differs from the plan", max_length=300, required=False)
        self.fields["extra_zone"] = forms.ChoiceField(label="Another zone that was treated", choices=[("", "None"), *other_zones], required=False)

    def line(self, *names: str) -> dict[str, forms.BoundField]:
        return {name: self[name] for name in names}

    @property
    def zone_lines(self) -> list[dict[str, Any]]:
        return [
            {"zone": zone, "points": self[f"points_{n}"], "volume": self[f"volume_{n}"], "reason": self[f"reason_{n}"]} for n, zone in enumerate(self.zones)
        ]

    @property
    def extra_line(self) -> dict[str, Any]:
        return {"zone": self["extra_zone"], "points": self[f"points_{EXTRA}"], "volume": self[f"volume_{EXTRA}"], "reason": self[f"reason_{EXTRA}"]}

    @property
    def lot_lines(self) -> list[dict[str, Any]]:
        return [
            {
                "presentation": presentation, "choices": choices,
                "rows": [{"lot": self[f"lot_{n}_{place}"], "volume": self[f"lot_volume_{n}_{place}"]} for place in range(LOTS_PER_PART)],
            }
            for n, (presentation, choices) in enumerate(self.parts)
        ]  # fmt: skip

    @property
    def topical_lines(self) -> list[dict[str, Any]]:
        return [{"ingredient": self[f"topical_{place}"], "dose": self[f"topical_dose_{place}"]} for place in range(TOPICALS)]

    @property
    def check_phases(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """The checklist in the order of the work, under its phases."""
        phases: dict[str, list[dict[str, Any]]] = {}
        for step in self.steps:
            phases.setdefault(PHASES[step.phase], []).append({"step": step, "field": self[f"check_{step.id}"]})
        return list(phases.items())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for key in [*(str(number) for number in range(len(self.zones))), EXTRA]:
            points, volume = data.get(f"points_{key}"), data.get(f"volume_{key}")
            if (points is None) != (volume is None) and not {f"points_{key}", f"volume_{key}"} & set(self.errors):
                self.add_error(f"points_{key}" if points is None else f"volume_{key}", "Points and volume belong together; enter both, or neither.")
        for number in range(len(self.parts)):
            for place in range(LOTS_PER_PART):
                lot, volume = data.get(f"lot_{number}_{place}"), data.get(f"lot_volume_{number}_{place}")
                if lot and volume is None and f"lot_volume_{number}_{place}" not in self.errors:
                    self.add_error(f"lot_volume_{number}_{place}", "Enter how much was taken from this lot, in mL.")
        if data.get("extra_zone") and data.get(f"points_{EXTRA}") is None:
            self.add_error(f"points_{EXTRA}", "Enter the points and the volume for this zone, or choose none.")
        return data

    def entry(self) -> Entry:
        """What was typed, as the action takes it. Only after ``is_valid``."""
        data = self.cleaned_data
        touched = [(str(number), zone) for number, zone in enumerate(self.zones) if data.get(f"points_{number}") is not None]
        zones = [_given(zone.zone, zone.side, zone.technique, data, key) for key, zone in touched]
        if data.get("extra_zone"):
            zone, _, side = data["extra_zone"].partition(":")
            zones.append(_given(zone, side, self.zones[0].technique if self.zones else "", data, EXTRA))
        topical = tuple(
            Topical(data[f"topical_{place}"], data[f"topical_dose_{place}"]) for place in range(TOPICALS) if data.get(f"topical_{place}")
        )
        lots = tuple(
            LotTaken(uuid.UUID(data[f"lot_{n}_{place}"]), data[f"lot_volume_{n}_{place}"])
            for n in range(len(self.parts))
            for place in range(LOTS_PER_PART)
            if data.get(f"lot_{n}_{place}")
        )
        record = Record(
            given_on=data["given_on"], checks={step.id: data[f"check_{step.id}"] for step in self.steps}, skin_preparation=data["skin_preparation"],
            anaesthesia=data["anaesthesia"], topical=topical if data["anaesthesia"] == "topical" else (), lots=(), zones=tuple(zones),
            pain_score=data["pain_score"], reaction=data["reaction"], reaction_signs=tuple(data["reaction_signs"]) if data["reaction"] == "some" else (),
            reaction_note=data["reaction_note"], observed_minutes=data["observed_minutes"], note=data["note"], over_limit_reason=data["over_limit_reason"],
        )  # fmt: skip
        return Entry(record, lots)


def _given(zone: str, side: str, technique: str, data: dict[str, Any], key: str) -> ZoneGiven:
    return ZoneGiven(zone, side, technique, data[f"points_{key}"], data[f"volume_{key}"], reason=data[f"reason_{key}"])


class LotForm(DescribedForm):
    """A lot that is not on the shelf yet, added without leaving the record."""

    presentation = forms.ChoiceField(
        label="Presentation", error_messages={"required": "Choose the presentation.", "invalid_choice": "Choose one of the blend."}
    )
    lot_number = forms.CharField(label="Lot number", max_length=60, error_messages={"required": "Enter the lot number as it stands on the package."})
    expires_on = forms.DateField(
        label="Expires on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Enter the day of expiry; where only a month is printed, its last day."},
    )  # fmt: skip

    prefix = "new"

    def __init__(self, *args: Any, presentations: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["presentation"].choices = presentations  # type: ignore[attr-defined]


def first_values(record: Record, zones: Sequence[ZoneGiven], parts: Sequence[tuple[str, Sequence[tuple[str, str]]]], today: dt.date, *, begun: bool,
                 taken: dict[str, list[tuple[str, Decimal]]], needed: dict[str, Decimal]) -> dict[str, Any]:  # fmt: skip
    """What stands in the form at first: what was recorded, else the plan and the lots that expire first."""
    given = {(zone.zone, zone.side): zone for zone in record.zones}
    first: dict[str, Any] = {
        "given_on": record.given_on if begun else today, "skin_preparation": record.skin_preparation, "anaesthesia": record.anaesthesia,
        "pain_score": record.pain_score, "reaction": record.reaction, "reaction_signs": list(record.reaction_signs), "reaction_note": record.reaction_note,
        "observed_minutes": record.observed_minutes, "note": record.note, "over_limit_reason": record.over_limit_reason,
        **{f"check_{key}": value for key, value in record.checks.items()},
    }  # fmt: skip
    for number, zone in enumerate(zones):
        row = given.pop((zone.zone, zone.side), None) if begun else zone
        if row is not None:
            first |= {f"points_{number}": row.points, f"volume_{number}": _plain(row.volume_ml), f"reason_{number}": row.reason}
    for row in list(given.values())[:1]:
        first |= {"extra_zone": f"{row.zone}:{row.side}", f"points_{EXTRA}": row.points}
        first |= {f"volume_{EXTRA}": _plain(row.volume_ml), f"reason_{EXTRA}": row.reason}
    for place, item in enumerate(record.topical[:TOPICALS]):
        first |= {f"topical_{place}": item.ingredient, f"topical_dose_{place}": "" if item.dose_mg is None else _plain(item.dose_mg)}
    for number, (presentation, choices) in enumerate(parts):
        rows = taken.get(presentation, [])
        if not begun and choices and not rows:
            rows = [(choices[0][0], needed.get(presentation, Decimal(0)))]
        for place, (lot, volume) in enumerate(rows[:LOTS_PER_PART]):
            first |= {f"lot_{number}_{place}": lot, f"lot_volume_{number}_{place}": _plain(volume)}
    return first


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
