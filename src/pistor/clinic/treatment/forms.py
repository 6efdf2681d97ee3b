"""The record of a treatment as a form: its lines follow from the checklist, the blend and the map."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms

from pistor.care.formulation import Topical
from pistor.care.stock import plain
from pistor.care.treatment import METHODS, Edits, Missing, Record, UnreadableEdits, ZoneGiven, edits_from_text, whole_zones
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
STATES = (("given", "As planned"), ("changed", "Changed"), ("not_given", "Not given"))  # of a zone, as answers
CODE = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
# What harms for good before anybody sees it, and nothing else on the page would show: one press for several never ticks these.
ALONE = ("identity_consent", "emergency_kit")
REASONS = ("Patient asked to stop", "Pain", "Bleeding", "Less was needed", "Skin not intact", "Reaction")  # offered; any other is typed


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


class EditsField(forms.CharField):
    """What was changed on the points of a zone, as JSON."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, required=False, max_length=60_000, widget=forms.HiddenInput(attrs={"data-label": label}))

    def clean(self, value: Any) -> Edits:  # type: ignore[override]
        try:
            return edits_from_text(super().clean(value))
        except UnreadableEdits as problem:
            raise forms.ValidationError(str(problem)) from None


LINE = ("state", "edits", "points", "volume", "passes", "reason")  # the fields of a planned zone


class TreatmentForm(StepForm):
    given_on = forms.DateField(label="Day of the treatment", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    skin_preparation = forms.CharField(
        label="Skin preparation", max_length=200, required=False, help_text="What was used, for example povidone-iodine.",
        widget=forms.TextInput(attrs={"list": "antiseptics", "autocomplete": "off"}),
    )  # fmt: skip
    anaesthesia = forms.ChoiceField(label="Anaesthesia", choices=list(METHODS.items()), widget=forms.RadioSelect, required=False)
    pain_score = forms.TypedChoiceField(
        label="Pain during the treatment: 0 is none, 10 the worst imaginable", choices=[(str(score), str(score)) for score in range(11)], coerce=int,
        empty_value=None, widget=forms.RadioSelect, required=False, error_messages={"invalid_choice": "The pain score goes from 0 to 10."},
    )  # fmt: skip
    reaction = forms.ChoiceField(label="Immediate reaction", choices=[("none", "None"), ("some", "Yes")], widget=forms.RadioSelect, required=False)
    reaction_signs = forms.MultipleChoiceField(label="What was seen", choices=[], widget=forms.CheckboxSelectMultiple, required=False)
    reaction_note = forms.CharField(label="In words", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    patient_code = forms.CharField(label="Code of the patient", required=False, max_length=260, widget=forms.TextInput(attrs=CODE))
    syringe_code = forms.CharField(label="Code on the syringe", required=False, max_length=80, widget=forms.TextInput(attrs=CODE))
    device_settings = forms.CharField(label="Its settings: depth, dose, rate", required=False, max_length=200)
    note = forms.CharField(label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    over_limit_reason = forms.CharField(
        label="Reason for a dose over its limit", required=False, max_length=500, help_text="Only where more than a limit was really given."
    )

    def __init__(
        self,
        *args: Any,
        steps: Sequence[ChecklistStep],
        zones: Sequence[ZoneGiven],
        other_zones: Sequence[tuple[str, str]],
        syringes: Sequence[str] = (),
        devices: Sequence[tuple[str, str]] = (),
        rooms: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        """``zones`` as the map plans them; ``syringes`` are the codes of those made, to choose from where there are several."""
        super().__init__(*args, **kwargs)
        self.steps, self.zones, self.syringes = steps, zones, syringes
        signs = load().signs
        self.fields["reaction_signs"].choices = [(sign, signs[sign].text.en) for sign in AT_ONCE if sign in signs]  # type: ignore[attr-defined]
        for step in steps:
            self.fields[f"check_{step.id}"] = forms.BooleanField(label=step.text, required=False)
        for place in range(TOPICALS):
            self.fields[f"topical_{place}"] = forms.ChoiceField(label="Substance on the skin", choices=anaesthetics, required=False)
            self.fields[f"topical_dose_{place}"] = Measure(label="Dose on the skin, mg", what="the dose in mg")
        for number, zone in enumerate(zones):
            self._add_line(str(number), zone)
        self._add_numbers(EXTRA)
        self.fields["extra_zone"] = forms.ChoiceField(label="Another zone that was treated", choices=[("", "None"), *other_zones], required=False)
        if rooms:
            self.fields["room"] = forms.ChoiceField(label="Room", choices=[("", "Not recorded"), *rooms], required=False)
        if devices:
            self.fields["device"] = forms.ChoiceField(label="Device", choices=[("", "None, or none more"), *devices], required=False)

    def _add_line(self, key: str, zone: ZoneGiven) -> None:
        self.fields[f"state_{key}"] = forms.ChoiceField(label="This zone was", choices=STATES, widget=forms.RadioSelect, required=False)
        self.fields[f"edits_{key}"] = EditsField(label=f"Points of {zone.label}")
        self._add_numbers(key)
        if zone.on_skin:
            self.fields[f"passes_{key}"] = Whole(label="Passes", most=100)

    def _add_numbers(self, key: str) -> None:
        self.fields[f"points_{key}"] = Whole(label="Points", most=5000)
        self.fields[f"volume_{key}"] = Measure(label="Volume, mL", what="the volume in mL, for example 0.5")
        self.fields[f"reason_{key}"] = forms.CharField(label="Reason, if it differs from the plan", max_length=300, required=False)
        for code, name in self._shares(key):
            self.fields[name] = Measure(label=f"Out of {code}, mL", what="the volume in mL, for example 0.5")

    def _shares(self, key: str) -> list[tuple[str, str]]:
        """Each syringe with the name of the field that says how much of a zone came out of it; with one there is nothing to say."""
        return [(code, f"from_{key}_{code}") for code in self.syringes] if len(self.syringes) > 1 else []

    @property
    def zone_lines(self) -> list[dict[str, Any]]:
        return [{"zone": zone, **self._line(str(n))} for n, zone in enumerate(self.zones)]

    @property
    def extra_line(self) -> dict[str, Any]:
        return {"zone": self["extra_zone"], **self._line(EXTRA)}

    def _line(self, key: str) -> dict[str, Any]:
        fields = {name: self[f"{name}_{key}"] if f"{name}_{key}" in self.fields else None for name in LINE}
        shares = [{"code": code, "field": self[name]} for code, name in self._shares(key)]
        return {**fields, "shares": shares, "shared": any(one["field"].value() or one["field"].errors for one in shares)}

    @property
    def topical_lines(self) -> list[dict[str, Any]]:
        return [{"ingredient": self[f"topical_{place}"], "dose": self[f"topical_dose_{place}"]} for place in range(TOPICALS)]

    @property
    def check_groups(self) -> dict[str, dict[str, Any]]:
        """The checklist in the order of the work, by phase; what asks for an answer of its own stands first."""
        groups: dict[str, dict[str, Any]] = {}
        for step in sorted(self.steps, key=lambda step: step.id not in ALONE):
            group = groups.setdefault(step.phase, {"id": f"checks-{step.phase}", "title": PHASES[step.phase], "lines": [], "apart": 0, "together": 0})
            group["lines"].append({"step": step, "field": self[f"check_{step.id}"], "alone": step.id in ALONE})
            group["apart" if step.id in ALONE else "together"] += 1
        return groups

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for key in [*(str(number) for number in range(len(self.zones))), EXTRA]:
            points, volume = data.get(f"points_{key}"), data.get(f"volume_{key}")
            if (points is None) != (volume is None) and not {f"points_{key}", f"volume_{key}"} & set(self.errors):
                self.add_error(f"points_{key}" if points is None else f"volume_{key}", "Points and volume belong together; enter both, or neither.")
        if data.get("extra_zone") and data.get(f"points_{EXTRA}") is None:
            self.add_error(f"points_{EXTRA}", "Enter the points and the volume for this zone, or choose none.")
        return data

    def tell(self, missing: Sequence[Missing]) -> None:
        """Say what is missing at the field that mends it, or above the form where none does. Nothing that was read is dropped."""
        kept = dict(self.cleaned_data)
        for one in missing:
            self.add_error(self.field_for(one.where), one.text)
        self.cleaned_data = kept

    def field_for(self, where: str) -> str | None:
        """The field that the gate means by a place of the chart."""
        kind, _, rest = where.partition("-")
        name = {"check": f"check_{rest}", "zone": f"state_{rest}", "patient": "patient_code", "syringe": "syringe_code"}.get(kind, where)
        name = "topical_dose_0" if where == "topical" else name
        return name if name in self.fields else None

    def record(self) -> Record:
        """What was typed, as far as it can be read: a field with an error is as if it were empty."""
        data = self.cleaned_data
        readable = [(str(n), zone) for n, zone in enumerate(self.zones) if not self._names(str(n)) & set(self.errors)]
        zones = [self._given(zone, key) for key, zone in readable if data[f"points_{key}"] is not None or data[f"state_{key}"]]
        if data.get("extra_zone") and data.get(f"points_{EXTRA}") is not None:
            zone, _, side = data["extra_zone"].partition(":")
            zones.append(self._given(ZoneGiven(zone, side, self.zones[0].technique if self.zones else "", 0, Decimal(0)), EXTRA))
        topical = tuple(Topical(data[f"topical_{n}"], data.get(f"topical_dose_{n}")) for n in range(TOPICALS) if data.get(f"topical_{n}"))
        reaction, anaesthesia = data.get("reaction", ""), data.get("anaesthesia", "")
        return Record(
            given_on=data.get("given_on") or self.initial["given_on"], checks={step.id: bool(data.get(f"check_{step.id}")) for step in self.steps},
            skin_preparation=data.get("skin_preparation", ""), anaesthesia=anaesthesia, topical=topical if anaesthesia == "topical" else (), zones=tuple(zones),
            pain_score=data.get("pain_score"), reaction=reaction, reaction_signs=tuple(data.get("reaction_signs", ())) if reaction == "some" else (),
            reaction_note=data.get("reaction_note", ""), note=data.get("note", ""),
            over_limit_reason=data.get("over_limit_reason", ""),
        )  # fmt: skip

    def _names(self, key: str) -> set[str]:
        return {*(f"{name}_{key}" for name in LINE), *(name for _, name in self._shares(key))}

    def _given(self, zone: ZoneGiven, key: str) -> ZoneGiven:
        """A line as it was typed; its plan is taken from the map, not from here."""
        data = self.cleaned_data
        return ZoneGiven(
            zone.zone, zone.side, zone.technique, data.get(f"points_{key}") or 0, data.get(f"volume_{key}") or Decimal(0),
            reason=data.get(f"reason_{key}", ""), state=data.get(f"state_{key}", ""), plan=zone.plan, edits=data.get(f"edits_{key}") or Edits(),
            shares=tuple((code, data[name]) for code, name in self._shares(key) if data.get(name) is not None), passes=data.get(f"passes_{key}"),
            on_skin=zone.on_skin,
        )  # fmt: skip


def first_values(record: Record, zones: Sequence[ZoneGiven], today: dt.date, *, begun: bool, room: str = "") -> dict[str, Any]:
    """What stands in the form at first: what was recorded, else the numbers of the plan, which nobody has confirmed."""
    given = {zone.plan or f"{zone.zone}:{zone.side}": zone for zone in typed_again(record.zones)}
    first: dict[str, Any] = {
        "given_on": record.given_on if begun else today, "skin_preparation": record.skin_preparation, "anaesthesia": record.anaesthesia,
        "pain_score": record.pain_score, "reaction": record.reaction, "reaction_signs": list(record.reaction_signs), "reaction_note": record.reaction_note,
        "room": room, "note": record.note, "over_limit_reason": record.over_limit_reason,
        **{f"check_{key}": value for key, value in record.checks.items()},
    }  # fmt: skip
    for number, zone in enumerate(zones):
        row = given.pop(zone.plan, None)
        first |= _line(str(number), row, row.state) if row else _line(str(number), zone, "")
    for row in list(given.values())[:1]:
        first |= {"extra_zone": f"{row.zone}:{row.side}", **_line(EXTRA, row, "")}
    return first | _topicals(record.topical)


def typed_again(zones: Sequence[ZoneGiven]) -> list[ZoneGiven]:
    """Each zone in one line, with what somebody said of its syringes; what nobody said is divided anew."""
    said: dict[tuple[str, str, str], list[tuple[str, Decimal]]] = {}
    for part in zones:
        if part.shared == "said":
            said.setdefault((part.plan, part.zone, part.side), []).append((part.syringe, part.volume_ml))
    return [replace(whole, shares=tuple(said.get((whole.plan, whole.zone, whole.side), ()))) for whole in whole_zones(zones)]


def _line(key: str, zone: ZoneGiven, state: str) -> dict[str, Any]:
    edits = json.dumps(zone.edits.as_dict(), separators=(",", ":")) if zone.edits else ""
    return {
        f"state_{key}": state, f"edits_{key}": edits, f"points_{key}": zone.points, f"volume_{key}": plain(zone.volume_ml), f"reason_{key}": zone.reason,
        f"passes_{key}": zone.passes, **{f"from_{key}_{code}": plain(volume) for code, volume in zone.shares},
    }  # fmt: skip


def repeated_values(last: Repeat | None) -> dict[str, Any]:
    """What the last treatment gave, as values of the form; nothing that was found, felt or checked then."""
    if last is None:
        return {}
    values: dict[str, Any] = {"skin_preparation": last.skin_preparation, "anaesthesia": last.anaesthesia, **_topicals(last.topical)}
    for number, zone in enumerate(last.zones):
        values |= _line(str(number), zone, zone.state)
    return values


def _topicals(topical: Sequence[Topical]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for place, item in enumerate(topical[:TOPICALS]):
        values |= {f"topical_{place}": item.ingredient, f"topical_dose_{place}": "" if item.dose_mg is None else plain(item.dose_mg)}
    return values
