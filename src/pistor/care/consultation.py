"""Consultation: the patient as far as is known, with *not asked* as a state of its own.

A :class:`PatientPicture` is a plain value. ``records`` builds it from accepted history, ``exchange`` from a FHIR
bundle or a Pistor case; the decisions in ``care`` take nothing else about the patient.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pistor.care.evidence import Fact


class Kind(StrEnum):
    """The kinds of history entry; stored and imported under the same names."""

    CONDITION = "condition"
    MEDICINE = "medicine"
    ALLERGY = "allergy"
    PREGNANCY = "pregnancy"
    MEASUREMENT = "measurement"
    ANSWER = "answer"
    PROCEDURE = "procedure"


@dataclass(frozen=True, slots=True)
class Coding:
    """A code as it occurs in a record; ``system`` is one of the names in ``knowledge.model.Code``, or the raw URI."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    label: str
    codings: tuple[Coding, ...]
    active: bool | None  # None: the record does not say
    refuted: bool = False
    onset: dt.date | None = None
    abatement: dt.date | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Medicine:
    label: str
    codings: tuple[Coding, ...]
    active: bool | None
    start: dt.date | None = None
    end: dt.date | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Allergy:
    """``refuted`` and entered-in-error entries are kept so that a page can show them, and never count as allergies."""

    label: str
    codings: tuple[Coding, ...]
    active: bool | None
    refuted: bool = False
    criticality: str = ""
    recorded: dt.date | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    label: str
    codings: tuple[Coding, ...]
    performed: dt.date | None
    origin: str = ""


PregnancyState = Literal["pregnant", "not_pregnant", "breastfeeding", "trying", "unknown"]


@dataclass(frozen=True, slots=True)
class Pregnancy:
    state: PregnancyState
    date: dt.date | None
    origin: str


@dataclass(frozen=True, slots=True)
class Measurement:
    value: Decimal
    unit: str
    date: dt.date | None
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question of the knowledge base. ``value`` is yes, no, unknown, a choice, a number or an ISO date."""

    question: str
    value: str
    date: dt.date | None
    origin: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PatientPicture:
    """What is known of a patient on a day. Absence from a tuple means *not recorded*, never *no*."""

    on: dt.date
    birth_date: dt.date | None = None
    birth_origin: str = ""
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    name: str = ""
    deceased: bool = False
    deceased_on: dt.date | None = None
    conditions: tuple[Condition, ...] = ()
    medicines: tuple[Medicine, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    pregnancy: tuple[Pregnancy, ...] = ()  # newest first
    weight_kg: Measurement | None = None
    height_cm: Measurement | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    notes: tuple[Fact, ...] = ()  # what could not be read or contradicts, to be shown and never guessed about

    @property
    def age_years(self) -> int | None:
        """Completed years on the day of the picture, or None where the birth date is not known."""
        if self.birth_date is None or self.birth_date > self.on:
            return None
        had_birthday = (self.on.month, self.on.day) >= (self.birth_date.month, self.birth_date.day)
        return self.on.year - self.birth_date.year - (0 if had_birthday else 1)

    @property
    def bmi(self) -> Decimal | None:
        """Body mass index in kg/m2, or None where weight or height is not known."""
        if self.weight_kg is None or self.height_cm is None or self.height_cm.value <= 0:
            return None
        return (self.weight_kg.value / (self.height_cm.value / 100) ** 2).quantize(Decimal("0.1"))
