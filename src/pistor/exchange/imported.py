"""What an import gives: a picture of the patient, and the single facts a clinician can accept or refuse."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from pistor.care.consultation import Allergy, Coding, Condition, Kind, Measurement, Medicine, PatientPicture, Pregnancy, Procedure

_KEY_LENGTH, _LABEL_LENGTH, _ORIGIN_LENGTH = 120, 300, 300


@dataclass(frozen=True, slots=True)
class Proposed:
    """One fact as it would be kept: the same fields as a history entry."""

    kind: str
    key: str
    label: str
    value: dict[str, Any]
    dated: dt.date | None
    origin: str


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """The picture as far as it could be read, its facts one by one, and sentences on what could not be read."""

    picture: PatientPicture
    proposed: tuple[Proposed, ...]
    notes: tuple[str, ...]


def proposals(picture: PatientPicture) -> tuple[Proposed, ...]:
    """Every fact of a picture as a proposal, in the order a page shows them."""
    found: list[Proposed] = []
    for condition in picture.conditions:
        found.append(_of(Kind.CONDITION, condition.label, _condition(condition), condition.onset, condition.origin))
    for medicine in picture.medicines:
        found.append(_of(Kind.MEDICINE, medicine.label, _medicine(medicine), medicine.start, medicine.origin))
    for allergy in picture.allergies:
        found.append(_of(Kind.ALLERGY, allergy.label, _allergy(allergy), allergy.recorded, allergy.origin))
    for procedure in picture.procedures:
        found.append(_of(Kind.PROCEDURE, procedure.label, _procedure(procedure), procedure.performed, procedure.origin))
    for statement in picture.pregnancy:
        found.append(_pregnancy(statement))
    for name, measurement in (("weight_kg", picture.weight_kg), ("height_cm", picture.height_cm)):
        if measurement is not None:
            found.append(_measurement(name, measurement))
    for id_, answer in picture.answers.items():
        found.append(_of(Kind.ANSWER, id_, {"value": answer.value, "note": answer.note}, answer.date, answer.origin, key=id_))
    return tuple(found)


def _of(kind: Kind, label: str, value: dict[str, Any], dated: dt.date | None, origin: str, key: str | None = None) -> Proposed:
    slug = key or re.sub(r"\W+", "_", label.casefold()).strip("_") or kind.value
    return Proposed(kind.value, slug[:_KEY_LENGTH], label[:_LABEL_LENGTH], value, dated, origin[:_ORIGIN_LENGTH])


def _pregnancy(statement: Pregnancy) -> Proposed:
    return _of(Kind.PREGNANCY, statement.state.replace("_", " "), {"state": statement.state}, statement.date, statement.origin, key="pregnancy")


def _measurement(name: str, measurement: Measurement) -> Proposed:
    value = {"value": str(measurement.value), "unit": measurement.unit}
    return _of(Kind.MEASUREMENT, f"{name.split('_')[0]} {measurement.value} {measurement.unit}", value, measurement.date, measurement.origin, key=name)


def _condition(c: Condition) -> dict[str, Any]:
    return {**_coded(c.label, c.codings), "active": c.active, "refuted": c.refuted, "onset": _iso(c.onset), "abatement": _iso(c.abatement)}


def _medicine(m: Medicine) -> dict[str, Any]:
    return {**_coded(m.label, m.codings), "active": m.active, "start": _iso(m.start), "end": _iso(m.end)}


def _allergy(a: Allergy) -> dict[str, Any]:
    return {**_coded(a.label, a.codings), "active": a.active, "refuted": a.refuted, "criticality": a.criticality}


def _procedure(p: Procedure) -> dict[str, Any]:
    return {**_coded(p.label, p.codings), "performed": _iso(p.performed)}


def _coded(label: str, codings: tuple[Coding, ...]) -> dict[str, Any]:
    return {"label": label, "codings": [{"system": c.system, "code": c.code, "display": c.display} for c in codings]}


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
