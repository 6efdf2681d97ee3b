"""The record of a treatment as a form: its lines follow from the checklist, the blend and the map."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms

from pistor.actions.treatment import Entry
from pistor.care.formulation import Topical
from pistor.care.treatment import METHODS, STATES, Edits, Record, UnreadableEdits, ZoneGiven, edits_from_text
from pistor.care.treatment.repeat import Repeat
from pistor.clinic.shared.forms import StepForm
from pistor.knowledge import load
from pistor.knowledge.model import ChecklistStep
from pistor.knowledge.typed import decimal_of

AT_ONCE = (
    "light_headed", "hives", "swelling", "redness", "bruise", "severe_pain", "dusky_skin", "mouth_tingling", "breathing_trouble", "collapse", "racing_heart",
)  # fmt: skip
TOPICALS = 2
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


def _anaesthetics() -> list[tuple[str, str]]:
    library = load()
    return [("", "Choose…"), *((id_, item.name) for id_, item in library.ingredients.items() if "local_anaesthetic" in item.classes)]


class EditsField(forms.CharField):
    """What was changed on the points of a zone, as JSON."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> Edits:  # type: ignore[override]
        try:
            return edits_from_text(super().clean(value))
        except UnreadableEdits as problem:
            raise forms.ValidationError(str(problem)) from None


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
        syringes: Sequence[tuple[str, str]],
        other_zones: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.steps, self.zones, self.syringes = steps, zones, syringes
        signs = load().signs
        self.fields["reaction_signs"].choices = [(sign, signs[sign].text.en) for sign in AT_ONCE if sign in signs]  # type: ignore[attr-defined]
        for step in steps:
            self.fields[f"check_{step.id}"] = forms.BooleanField(label=step.text, required=False)
        for place in range(TOPICALS):
            self.fields[f"topical_{place}"] = forms.ChoiceField(label="Substance on the skin", choices=_anaesthetics, required=False)
            self.fields[f"topical_dose_{place}"] = Measure(label="Dose on the skin, mg", what="the dose in mg")
        for key in [*(str(number) for number in range(len(zones))), EXTRA]:
            self.fields[f"points_{key}"] = Whole(label="Points", most=5000)
            self.fields[f"volume_{key}"] = Measure(label="Volume, mL", what="the volume in mL, for example 0.5")
            self.fields[f"passes_{key}"] = Whole(label="Passes over it", most=100)
            self.fields[f"syringe_{key}"] = forms.ChoiceField(label="From syringe", choices=[("", "One after the other"), *syringes], required=False)
            self.fields[f"reason_{key}"] = forms.CharField(label="Reason, if it differs from the plan", max_length=300, required=False)
        for number in range(len(zones)):
            self.fields[f"state_{number}"] = forms.ChoiceField(label="Given", choices=[("", "Not confirmed"), *STATES.items()], required=False)
            self.fields[f"edits_{number}"] = EditsField(required=False)
        self.fields["extra_zone"] = forms.ChoiceField(label="Another zone that was treated", choices=[("", "None"), *other_zones], required=False)

    def line(self, *names: str) -> dict[str, forms.BoundField]:
        return {name: self[name] for name in names}

    @property
    def zone_lines(self) -> list[dict[str, Any]]:
        return [
            {"zone": zone, **{name: self[f"{name}_{n}"] for name in ("state", "points", "volume", "passes", "syringe", "reason", "edits")}}
            for n, zone in enumerate(self.zones)
        ]

    @property
    def extra_line(self) -> dict[str, Any]:
        return {"zone": self["extra_zone"], "points": self[f"points_{EXTRA}"], "volume": self[f"volume_{EXTRA}"], "reason": self[f"reason_{EXTRA}"]}

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
        for key in [*(str(number) for number, zone in enumerate(self.zones) if not zone.on_skin), EXTRA]:
            points, volume = data.get(f"points_{key}"), data.get(f"volume_{key}")
            if (points is None) != (volume is None) and not {f"points_{key}", f"volume_{key}"} & set(self.errors):
                self.add_error(f"points_{key}" if points is None else f"volume_{key}", "Points and volume belong together; enter both, or neither.")
        if data.get("extra_zone") and data.get(f"points_{EXTRA}") is None:
            self.add_error(f"points_{EXTRA}", "Enter the points and the volume for this zone, or choose none.")
        return data

    def entry(self) -> Entry:
        """What was typed, as the action takes it. Only after ``is_valid``."""
        data = self.cleaned_data
        zones = [zone for number, planned in enumerate(self.zones) if (zone := _confirmed(planned, data, number)) is not None]
        if data.get("extra_zone"):
            zone, _, side = data["extra_zone"].partition(":")
            technique = self.zones[0].technique if self.zones else ""
            zones.append(ZoneGiven(
                zone, side, technique, data[f"points_{EXTRA}"], data[f"volume_{EXTRA}"], reason=data[f"reason_{EXTRA}"], state="changed",
                syringe=data[f"syringe_{EXTRA}"], passes=data[f"passes_{EXTRA}"],
            ))  # fmt: skip
        topical = tuple(
            Topical(data[f"topical_{place}"], data[f"topical_dose_{place}"]) for place in range(TOPICALS) if data.get(f"topical_{place}")
        )
        record = Record(
            given_on=data["given_on"], checks={step.id: data[f"check_{step.id}"] for step in self.steps}, skin_preparation=data["skin_preparation"],
            anaesthesia=data["anaesthesia"], topical=topical if data["anaesthesia"] == "topical" else (), zones=tuple(zones),
            pain_score=data["pain_score"], reaction=data["reaction"], reaction_signs=tuple(data["reaction_signs"]) if data["reaction"] == "some" else (),
            reaction_note=data["reaction_note"], observed_minutes=data["observed_minutes"], note=data["note"], over_limit_reason=data["over_limit_reason"],
        )  # fmt: skip
        return Entry(record)


def _confirmed(planned: ZoneGiven, data: dict[str, Any], number: int) -> ZoneGiven | None:
    """What was typed for a zone of the plan; what was left empty is as planned. None: nothing was typed and nothing confirmed."""
    state, points, volume = data[f"state_{number}"], data[f"points_{number}"], data[f"volume_{number}"]
    if volume is None and not state:
        return None
    points, volume = (planned.points, planned.volume_ml) if volume is None else (0 if planned.on_skin else points, volume)
    passes = data[f"passes_{number}"]
    return replace(
        planned, state=state, points=points, volume_ml=volume, reason=data[f"reason_{number}"], edits=data[f"edits_{number}"],
        syringe=data[f"syringe_{number}"], passes=planned.passes if passes is None else passes,
    )  # fmt: skip


class AmendmentForm(StepForm):
    kind = forms.ChoiceField(label="Kind", choices=[("correction", "Correction"), ("addition", "Addition")], widget=forms.RadioSelect)
    text = forms.CharField(label="What is corrected or added", max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))
    reason = forms.CharField(label="Reason", max_length=300)


class TimeOutForm(StepForm):
    """The codes of the patient and of the syringe in the hand."""

    patient_code = forms.CharField(
        label="Code of the patient", max_length=260, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Scan the label of the patient, or type the number on it."},
    )  # fmt: skip
    syringe_code = forms.CharField(
        label="Code on the syringe", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Scan or type the code that stands on the syringe."},
    )  # fmt: skip


def first_values(record: Record, zones: Sequence[ZoneGiven], today: dt.date, *, begun: bool, again: Repeat | None = None) -> dict[str, Any]:
    """What stands in the form at first: what was recorded, else what is repeated, else the plan."""
    given = {zone.plan: zone for zone in record.zones if zone.plan}
    topical = record.topical
    first: dict[str, Any] = {
        "given_on": record.given_on if begun else today, "skin_preparation": record.skin_preparation, "anaesthesia": record.anaesthesia,
        "pain_score": record.pain_score, "reaction": record.reaction, "reaction_signs": list(record.reaction_signs), "reaction_note": record.reaction_note,
        "observed_minutes": record.observed_minutes, "note": record.note, "over_limit_reason": record.over_limit_reason,
        **{f"check_{key}": value for key, value in record.checks.items()},
    }  # fmt: skip
    if again is not None and not begun:
        first |= {"skin_preparation": again.skin_preparation, "anaesthesia": again.anaesthesia}
        zones, topical = again.zones, again.topical
    for number, zone in enumerate(zones):
        row = given.get(zone.plan) or (zone if again is not None and not begun else replace(zone, state=""))
        first |= {
            f"state_{number}": row.state, f"points_{number}": row.points, f"volume_{number}": _plain(row.volume_ml), f"reason_{number}": row.reason,
            f"passes_{number}": row.passes, f"syringe_{number}": row.syringe, f"edits_{number}": json.dumps(row.edits.as_dict()) if row.edits else "",
        }  # fmt: skip
    for row in [zone for zone in record.zones if not zone.plan][:1]:
        first |= {
            "extra_zone": f"{row.zone}:{row.side}", f"points_{EXTRA}": row.points, f"volume_{EXTRA}": _plain(row.volume_ml), f"reason_{EXTRA}": row.reason,
            f"passes_{EXTRA}": row.passes, f"syringe_{EXTRA}": row.syringe,
        }  # fmt: skip
    for place, item in enumerate(topical[:TOPICALS]):
        first |= {f"topical_{place}": item.ingredient, f"topical_dose_{place}": "" if item.dose_mg is None else _plain(item.dose_mg)}
    return first


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
