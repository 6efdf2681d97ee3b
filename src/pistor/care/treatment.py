"""Treatment: the one gate before it, and what a record needs before it can be signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.evidence import Effect, Finding, cited
from pistor.care.formulation import Blend, DoseCheck, Topical, dose_findings
from pistor.care.visit import VisitFacts, plan_needs
from pistor.knowledge import Library
from pistor.knowledge.model import ChecklistStep

MEANING = "I gave or supervised this treatment, and it is recorded here as it was given."
MOST_ML, MOST_POINTS, MOST_MINUTES = Decimal(500), 5000, 24 * 60
NEAR_EYE_OR_EAR = ("face", "scalp")
METHODS = {"none": "None", "cooling": "Cooling", "topical": "On the skin (cream, spray, patch)"}


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

    @property
    def deviates(self) -> bool:
        return self.points != self.planned_points or self.volume_ml != self.planned_volume_ml

    @property
    def label(self) -> str:
        side = "" if self.side == "mid" else f" {self.side}"
        return f"{self.zone.replace('_', ' ').capitalize()}{side}"


@dataclass(frozen=True, slots=True)
class LotGiven:
    """A lot that went into the blend."""

    presentation: str
    lot_number: str
    expires_on: dt.date
    state: str
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Record:
    """What was written down about a treatment. None and empty mean *not recorded*."""

    given_on: dt.date
    checks: Mapping[str, bool]
    skin_preparation: str
    anaesthesia: str
    topical: tuple[Topical, ...]
    lots: tuple[LotGiven, ...]
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
    def volume_per_point_ml(self) -> Decimal | None:
        """The largest mean of a zone."""
        return max((zone.volume_ml / zone.points for zone in self.zones if zone.points), default=None)


def missing_before_treatment(facts: VisitFacts) -> tuple[str, ...]:
    """Everything that has to be done before a treatment may be recorded and signed; empty where nothing is missing.

    The page shows this list and the server answers with it, so that both always say the same.
    """
    missing = [*plan_needs(facts)]
    if facts.questions_missing:
        missing += [f"Not asked yet: {question}" for question in facts.questions_missing]
    missing += [f"Needs a reason to go on: {sentence}" for sentence in facts.to_override]
    if not facts.verdict_reviewed:
        missing.append("A clinician has to look at the verdict for this visit.")
    if not facts.baseline_scored:
        missing.append("The score before the first treatment is not recorded.")
    missing += _consent(facts)
    return tuple(dict.fromkeys(missing))


def _consent(facts: VisitFacts) -> tuple[str, ...]:
    return {
        "signed": (),
        "outdated": ("The plan changed after the patient signed. Ask for consent again.",),
        "withdrawn": ("The patient withdrew the consent.",),
        "none": ("Consent is not signed.",),
    }[facts.consent]


def checklist(library: Library, application: str) -> tuple[ChecklistStep, ...]:
    """The steps for an application, in their order."""
    steps = [step for step in library.checklist_steps.values() if application in {found.value for found in step.applications}]
    return tuple(sorted(steps, key=lambda step: (step.order, step.id)))


def unusable_numbers(record: Record) -> tuple[str, ...]:
    """Numbers that cannot be, each in a sentence."""
    said = []
    for zone in record.zones:
        said += _volume(zone.volume_ml, f"The volume for {zone.label}")
        if not 0 <= zone.points <= MOST_POINTS:
            said.append(f"{zone.label}: {zone.points} points cannot be; enter 0 to {MOST_POINTS}.")
        elif zone.points == 0 and zone.volume_ml.is_finite() and zone.volume_ml > 0:
            said.append(f"{zone.label}: a volume was given at no point. Enter the number of points, or 0 mL.")
    for lot in record.lots:
        said += _volume(lot.volume_ml, f"The volume from lot {lot.lot_number}")
        if lot.volume_ml.is_finite() and lot.volume_ml == 0:
            said.append(f"Nothing was taken from lot {lot.lot_number}. Enter its volume, or leave the lot out.")
    for topical in record.topical:
        if topical.dose_mg is not None and (not topical.dose_mg.is_finite() or not 0 <= topical.dose_mg <= 10_000):
            said.append(f"The dose of {topical.ingredient} on the skin cannot be; enter 0 to 10 000 mg.")
    if record.pain_score is not None and not 0 <= record.pain_score <= 10:
        said.append("The pain score goes from 0 to 10.")
    if record.observed_minutes is not None and not 0 <= record.observed_minutes <= MOST_MINUTES:
        said.append(f"The minutes of observation go from 0 to {MOST_MINUTES}.")
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


def unusable_lots(lots: Iterable[LotGiven], on: dt.date) -> tuple[str, ...]:
    """Lots that must not be given on a day, each in a sentence."""
    said = []
    for lot in lots:
        if lot.state == "recalled":
            said.append(f"Lot {lot.lot_number} is recalled. Take another lot.")
        elif lot.state != "usable":
            said.append(f"Lot {lot.lot_number} is in quarantine. Take another lot until it is released.")
        elif lot.expires_on < on:
            said.append(f"Lot {lot.lot_number} expired on {lot.expires_on.day} {lot.expires_on:%b %Y}. Take another lot.")
    return tuple(said)


def missing_before_signing(record: Record, library: Library, application: str, parts: Iterable[str], checks: Iterable[DoseCheck]) -> tuple[str, ...]:
    """What has to be added before the record can be signed; empty where nothing is missing."""
    said = [f"Not ticked: {step.text}" for step in checklist(library, application) if step.required and not record.checks.get(step.id)]
    if not record.skin_preparation.strip():
        said.append("The skin preparation is not recorded.")
    if record.anaesthesia not in METHODS:
        said.append("The anaesthesia is not recorded; none is an answer too.")
    elif record.anaesthesia == "topical" and (not record.topical or any(item.dose_mg is None for item in record.topical)):
        said.append("The dose of the anaesthetic on the skin is not recorded, so its sum with the injected one is unknown. Enter it in mg.")
    taken = {lot.presentation for lot in record.lots}
    for part in dict.fromkeys(parts):
        if part not in taken:
            name = library.presentations[part].name if part in library.presentations else part
            said.append(f"No lot is recorded for {name}.")
    said += _zones(record)
    if record.pain_score is None:
        said.append("The pain score is not recorded; 0 means no pain.")
    if record.reaction not in ("none", "some"):
        said.append("Whether there was an immediate reaction is not recorded.")
    elif record.reaction == "some" and not (record.reaction_signs or record.reaction_note.strip()):
        said.append("There was an immediate reaction, but not which. Tick or write what was seen.")
    if record.observed_minutes is None:
        said.append("The minutes of observation are not recorded; 0 means that there was none.")
    if not record.over_limit_reason.strip():
        said += [f"{finding.text} Say why it was given all the same." for finding in dose_findings(checks) if finding.stops]
    return tuple(said)


def _zones(record: Record) -> list[str]:
    if not record.zones or record.points == 0:
        return ["No zone is recorded as treated."]
    said = [
        f"{zone.label} differs from the plan. Say why." if zone.planned_points is not None else f"{zone.label} was not planned. Say why it was treated."
        for zone in record.zones
        if zone.deviates and not zone.reason.strip()
    ]
    from_lots = sum((lot.volume_ml for lot in record.lots), Decimal(0))
    if record.lots and record.volume_ml > from_lots:
        said.append(f"{_plain(record.volume_ml)} mL were given, but the lots add up to {_plain(from_lots)} mL. Correct one of the two.")
    return said


def treatment_findings(record: Record, library: Library, checks: Iterable[DoseCheck]) -> tuple[Finding, ...]:
    """What to weigh about a record: doses against limits, and the antiseptic near eye and ear."""
    found = list(dose_findings(checks))
    near = sorted({zone.zone for zone in record.zones if zone.points} & set(NEAR_EYE_OR_EAR))
    step = library.checklist_steps.get("antiseptic_face")
    if near and "chlorhex" in record.skin_preparation.casefold() and step is not None:
        text = f"Chlorhexidine on the {' and '.join(near)}: near eye and ear it can do lasting harm. Povidone-iodine is named as the safer choice."
        found.append(Finding("antiseptic_near_eye", Effect.CAUTION, text, (), (), cited(step.basis[:1]), "No contact time for either was found."))
    return tuple(found)


def doses_in(blend: Blend, volume_ml: Decimal) -> dict[str, str]:
    """What a volume of the blend holds, by ingredient: plain numbers are mg, other units are written out."""
    doses = {}
    for item in blend.concentrations:
        dose = _plain(round(item.amount * volume_ml / blend.volume_ml, 6))
        doses[item.ingredient] = dose if item.amount_unit == "mg" else f"{dose} {item.amount_unit}"
    return doses


def record_as_dict(record: Record) -> dict[str, Any]:
    """The record as it is signed: plain text for every number, in an order of its own."""
    return {
        "given_on": record.given_on.isoformat(),
        "checks": {key: bool(value) for key, value in sorted(record.checks.items())},
        "skin_preparation": record.skin_preparation,
        "anaesthesia": record.anaesthesia,
        "topical": [{"ingredient": item.ingredient, "dose_mg": None if item.dose_mg is None else _plain(item.dose_mg)} for item in record.topical],
        "pain_score": record.pain_score,
        "reaction": record.reaction,
        "reaction_signs": sorted(record.reaction_signs),
        "reaction_note": record.reaction_note,
        "observed_minutes": record.observed_minutes,
        "note": record.note,
        "over_limit_reason": record.over_limit_reason,
    }


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
