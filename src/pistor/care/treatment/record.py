"""What is written down about a treatment: zone by zone what was given beside what was planned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from pistor.care.evidence import Effect, Finding, cited
from pistor.care.formulation import Blend, DoseCheck, Topical, dose_findings
from pistor.care.injection_map import Edits
from pistor.care.stock import LotGiven, plain
from pistor.knowledge import Library

MEANING = "I gave or supervised this treatment, and it is recorded here as it was given."
MOST_ML, MOST_POINTS, MOST_MINUTES, MOST_PASSES = Decimal(500), 5000, 24 * 60, 100
NEAR_EYE_OR_EAR = ("face", "scalp")
METHODS = {"none": "None", "cooling": "Cooling", "topical": "On the skin (cream, spray, patch)"}
State = Literal["", "given", "changed", "not_given"]
Shared = Literal["", "said", "divided"]  # somebody said it; or nobody did, and one syringe was emptied after the other
STATES: dict[State, str] = {"given": "Given as planned", "changed": "Given otherwise", "not_given": "Not given"}


@dataclass(frozen=True, slots=True)
class ZoneGiven:
    """What one zone got, beside what was planned for it. No plan for it means that it was not planned."""

    zone: str
    side: str
    technique: str
    points: int
    volume_ml: Decimal
    planned_points: int | None = None
    planned_volume_ml: Decimal | None = None
    reason: str = ""
    inserted_length_mm: Decimal | None = None
    angle_deg: int | None = None
    state: State = ""  # empty: nobody has confirmed it
    plan: str = ""  # the key of its zone plan, map:zone:side; empty where it was not planned
    edits: Edits = field(default_factory=Edits)
    syringe: str = ""  # the code of the syringe it was given from; empty: nobody said which
    shares: tuple[tuple[str, Decimal], ...] = ()  # as typed: the code of a syringe, and how many mL came out of it
    shared: Shared = ""  # where there was more than one syringe: who says that it came out of this one
    passes: int | None = None  # of a roller over the zone, which has no points
    planned_passes: int | None = None
    on_skin: bool = False  # the volume was put on the skin and not injected: a roller's film
    called: str = ""  # what the map calls it

    @property
    def deviates(self) -> bool:
        if self.planned_points is None:
            return True
        another_volume = self.planned_volume_ml is not None and self.volume_ml != self.planned_volume_ml  # of a film nobody may have said how much
        return (self.points, self.passes) != (self.planned_points, self.planned_passes) or another_volume or bool(self.edits)

    @property
    def treated(self) -> bool:
        return self.state in ("given", "changed") and (self.points > 0 or bool(self.passes) or not self.volume_ml.is_zero())

    @property
    def label(self) -> str:
        side = "" if self.side == "mid" else f" {self.side}"
        return self.called or f"{self.zone.replace('_', ' ').capitalize()}{side}"


@dataclass(frozen=True, slots=True)
class Record:
    """What was written down about a treatment. None and empty mean *not recorded*."""

    given_on: dt.date
    checks: Mapping[str, bool]
    skin_preparation: str
    anaesthesia: str
    topical: tuple[Topical, ...]
    zones: tuple[ZoneGiven, ...]
    pain_score: int | None = None
    reaction: str = ""  # none, some
    reaction_signs: tuple[str, ...] = ()
    reaction_note: str = ""
    observed_minutes: int | None = None
    note: str = ""
    over_limit_reason: str = ""

    @property
    def volume_ml(self) -> Decimal:
        return sum((zone.volume_ml for zone in self.zones), Decimal(0))

    @property
    def points(self) -> int:
        return sum(zone.points for zone in self.zones)

    @property
    def on_skin_ml(self) -> Decimal:
        """What of the volume was put on the skin and not injected."""
        return sum((zone.volume_ml for zone in self.zones if zone.on_skin), Decimal(0))

    @property
    def volume_per_point_ml(self) -> Decimal | None:
        """The largest mean of a zone, or what one point was changed to where that is more."""
        zones = whole_zones(self.zones)
        means = [zone.volume_ml / zone.points for zone in zones if zone.points]
        edits = [(key, change.volume_ml, zone.edits) for zone in zones for key, change in zone.edits.changed.items()]
        changed = [volume for key, volume, of_zone in edits if volume is not None and key not in of_zone.removed]
        return max((*means, *changed), default=None)


def whole_zones(zones: Iterable[ZoneGiven]) -> tuple[ZoneGiven, ...]:
    """Each zone of the plan with all that it got, out of however many syringes."""
    found: dict[tuple[str, str, str, str], ZoneGiven] = {}
    for zone in zones:
        one = found.get(_place(zone))
        found[_place(zone)] = zone if one is None else replace(
            one, points=one.points + zone.points, volume_ml=one.volume_ml + zone.volume_ml, reason=one.reason or zone.reason,
            edits=one.edits.then(zone.edits), syringe="", shared="",
        )  # fmt: skip
    return tuple(found.values())


def _place(zone: ZoneGiven) -> tuple[str, str, str, str]:
    return zone.plan, zone.zone, zone.side, zone.technique


def unusable_numbers(record: Record) -> tuple[str, ...]:
    """Numbers that cannot be, each in a sentence."""
    said = [*(sentence for sentences in _unusable(record.zones).values() for sentence in sentences), *(one for zone in record.zones for one in _unshared(zone))]
    for topical in record.topical:
        if topical.dose_mg is not None and (not topical.dose_mg.is_finite() or not 0 <= topical.dose_mg <= 10_000):
            said.append(f"The dose of {topical.ingredient} on the skin cannot be; enter 0 to 10 000 mg.")
    if record.pain_score is not None and not 0 <= record.pain_score <= 10:
        said.append("The pain score goes from 0 to 10.")
    if record.observed_minutes is not None and not 0 <= record.observed_minutes <= MOST_MINUTES:
        said.append(f"The minutes of observation go from 0 to {MOST_MINUTES}.")
    return tuple(said)


def _unusable(zones: Sequence[ZoneGiven]) -> dict[tuple[str, str, str, str], list[str]]:
    """Why the numbers of each zone cannot be, by its place; of a zone out of two syringes one may have no point of its own."""
    said: dict[tuple[str, str, str, str], list[str]] = {}
    for zone in zones:
        said.setdefault(_place(zone), []).extend(_impossible(zone))
    for zone in whole_zones(zone for zone in zones if not said[_place(zone)]):
        if zone.points == 0 and not zone.on_skin and zone.volume_ml > 0:
            said[_place(zone)].append(f"{zone.label}: a volume was given at no point. Enter the number of points, or 0 mL.")
    return said


def _impossible(zone: ZoneGiven) -> list[str]:
    said = _volume(zone.volume_ml, f"{zone.label}: the volume")
    if not 0 <= zone.points <= MOST_POINTS:
        said.append(f"{zone.label}: {zone.points} points cannot be; enter 0 to {MOST_POINTS}.")
    if zone.passes is not None and not 0 <= zone.passes <= MOST_PASSES:
        said.append(f"{zone.label}: {zone.passes} passes cannot be; enter 0 to {MOST_PASSES}.")
    return said


def _unshared(zone: ZoneGiven) -> list[str]:
    """Why what is said to have come out of the syringes cannot be what the zone got."""
    said = [sentence for code, volume in zone.shares for sentence in _volume(volume, f"{zone.label}: the volume out of syringe {code}")]
    if zone.shares and not said:
        shared, given = plain(sum((volume for _, volume in zone.shares), Decimal(0))), plain(zone.volume_ml)
        said.append(f"{zone.label}: {shared} mL are said to have come out of the syringes, but {given} mL were given. Correct one of the two.")
    return said


def reckonable(record: Record) -> Record:
    """The record with nothing in the place of zones' numbers that cannot be, so that the rest can still be added up."""
    bad = _unusable(record.zones)
    nothing: dict[str, Any] = {"points": 0, "volume_ml": Decimal(0), "passes": None}
    return replace(record, zones=tuple(replace(zone, shares=(), **(nothing if bad[_place(zone)] else {})) for zone in record.zones))


def unusable_takes(lots: Iterable[LotGiven]) -> tuple[str, ...]:
    """Volumes taken from lots that cannot be, each in a sentence."""
    said = []
    for lot in lots:
        said += _volume(lot.volume_ml, f"The volume from lot {lot.lot_number}")
        if lot.volume_ml.is_finite() and lot.volume_ml == 0:
            said.append(f"Nothing was taken from lot {lot.lot_number}. Enter its volume, or leave the lot out.")
    return tuple(said)


def _volume(value: Decimal, what: str) -> list[str]:
    if not value.is_finite():
        return [f"{what} is not a number; enter it in mL, for example 0.5."]
    if value < 0:
        return [f"{what} is below 0; enter what was given, in mL."]
    if value > MOST_ML:
        return [f"{what} is above {MOST_ML} mL, which cannot be. Check the decimal point."]
    if value != round(value, 3):
        return [f"{what} has more than three decimals; round it to 0.001 mL."]
    return []


def treatment_findings(record: Record, library: Library, checks: Iterable[DoseCheck]) -> tuple[Finding, ...]:
    """What to weigh about a record: doses against limits, and the antiseptic near eye and ear."""
    found = list(dose_findings(checks))
    near = sorted({zone.zone for zone in record.zones if zone.points or zone.on_skin} & set(NEAR_EYE_OR_EAR))
    step = library.checklist_steps.get("antiseptic_face")
    if near and "chlorhex" in record.skin_preparation.casefold() and step is not None:
        text = f"Chlorhexidine on the {' and '.join(near)}: near eye and ear it can do lasting harm. Povidone-iodine is named as the safer choice."
        found.append(Finding("antiseptic_near_eye", Effect.CAUTION, text, (), (), cited(step.basis[:1]), "No contact time for either was found."))
    return tuple(found)


def doses_in(blend: Blend, volume_ml: Decimal) -> dict[str, str]:
    """What a volume of the blend holds, by ingredient: plain numbers are mg, other units are written out."""
    doses = {}
    for item in blend.concentrations:
        dose = plain(round(item.amount * volume_ml / blend.volume_ml, 6))
        doses[item.ingredient] = dose if item.amount_unit == "mg" else f"{dose} {item.amount_unit}"
    return doses


def record_as_dict(record: Record) -> dict[str, Any]:
    """The record as it is signed: plain text for every number, in an order of its own."""
    return {
        "given_on": record.given_on.isoformat(),
        "checks": {key: bool(value) for key, value in sorted(record.checks.items())},
        "skin_preparation": record.skin_preparation,
        "anaesthesia": record.anaesthesia,
        "topical": [{"ingredient": item.ingredient, "dose_mg": None if item.dose_mg is None else plain(item.dose_mg)} for item in record.topical],
        "pain_score": record.pain_score,
        "reaction": record.reaction,
        "reaction_signs": sorted(record.reaction_signs),
        "reaction_note": record.reaction_note,
        "observed_minutes": record.observed_minutes,
        "note": record.note,
        "over_limit_reason": record.over_limit_reason,
    }
