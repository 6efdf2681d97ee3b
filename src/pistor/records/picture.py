"""History entries to the picture that decisions take, and plain values back to what an entry stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast, get_args

from pistor.care.consultation import (
    Allergy,
    Answer,
    Coding,
    Condition,
    Kind,
    Measurement,
    Medicine,
    PatientPicture,
    Pregnancy,
    PregnancyState,
    Procedure,
)
from pistor.care.evidence import Fact
from pistor.records.consultation import HistoryEntry, Patient

CHART = "patient's chart"
Value = Condition | Medicine | Allergy | Procedure | Pregnancy | Measurement | Answer


class Unreadable(ValueError):
    """The stored value of an entry is not what its kind needs."""


def current_entries(patient: Patient) -> list[HistoryEntry]:
    """What stands in the history now: accepted, not replaced, not removed; oldest first, in one query."""
    entries = HistoryEntry.objects.filter(
        clinic_id=patient.clinic_id, patient=patient, state=HistoryEntry.State.ACCEPTED, replaced_by__isnull=True, removed_reason=""
    )
    return sorted(entries, key=age_of)


def age_of(entry: HistoryEntry) -> tuple[dt.date, dt.datetime, str]:
    """Sorts entries by what they speak of, then by when they were written: the last of one key is the one that counts."""
    return entry.dated or entry.created_at.date(), entry.created_at, str(entry.pk)


def picture_of(patient: Patient, on: dt.date) -> PatientPicture:
    """The patient as recorded, on a day. What nobody asked is absent; what cannot be read is a note, not a guess."""
    return picture_from(patient, current_entries(patient), on)


def picture_from(patient: Patient, entries: Iterable[HistoryEntry], on: dt.date) -> PatientPicture:
    """The picture these entries give, oldest first as :func:`current_entries` returns them."""
    found: dict[type, list[Any]] = {type_: [] for type_ in (Condition, Medicine, Allergy, Procedure, Pregnancy)}
    measured: dict[str, Measurement] = {}
    answers: dict[str, Answer] = {}
    notes: list[Fact] = []
    for entry in entries:
        try:
            value = plain_value(entry)
        except Unreadable as problem:
            notes.append(Fact(entry.label or entry.kind, f"could not be read and was left out: {problem}", entry.dated, entry.origin))
            continue
        if isinstance(value, Measurement | Answer | Pregnancy) and value.date is not None and value.date > on:
            notes.append(Fact(entry.label or entry.kind, "is dated after the day of the assessment and was not used", entry.dated, entry.origin))
        elif isinstance(value, Measurement):
            measured[entry.key] = value
        elif isinstance(value, Answer):
            answers[value.question] = value
        else:
            found[type(value)].append(value)
    return PatientPicture(
        on=on,
        birth_date=patient.birth_date,
        birth_origin=CHART,
        sex=cast(Literal["female", "male", "other", "unknown"], patient.sex if patient.sex in Patient.Sex.values else "unknown"),
        name=f"{patient.given_name} {patient.family_name}".strip(),
        deceased=patient.deceased_on is not None,
        deceased_on=patient.deceased_on,
        conditions=tuple(found[Condition]),
        medicines=tuple(found[Medicine]),
        allergies=tuple(found[Allergy]),
        procedures=tuple(found[Procedure]),
        pregnancy=tuple(reversed(found[Pregnancy])),
        weight_kg=measured.get("weight_kg"),
        height_cm=measured.get("height_cm"),
        answers=answers,
        notes=tuple(notes),
    )


def plain_value(entry: HistoryEntry) -> Value:
    """The plain value an entry stores. Raises :class:`Unreadable`."""
    value = entry.value
    if not isinstance(value, dict):
        raise Unreadable("its value is not a mapping")
    try:
        return _READERS[Kind(entry.kind)](entry, value)
    except Unreadable:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
        raise Unreadable("its value does not fit its kind") from None


def entry_value(value: Value) -> dict[str, Any]:
    """What an entry stores for a plain value; its date, origin and key stand in columns of their own."""
    match value:
        case Condition():
            return {**_coded(value), "active": value.active, "refuted": value.refuted, "onset": _iso(value.onset), "abatement": _iso(value.abatement)}
        case Medicine():
            return {**_coded(value), "active": value.active, "start": _iso(value.start), "end": _iso(value.end)}
        case Allergy():
            return {**_coded(value), "active": value.active, "refuted": value.refuted, "criticality": value.criticality}
        case Procedure():
            return {**_coded(value), "performed": _iso(value.performed)}
        case Pregnancy():
            return {"state": value.state}
        case Measurement():
            return {"value": str(value.value), "unit": value.unit}
        case Answer():
            return {"value": value.value, "note": value.note}


def _coded(value: Condition | Medicine | Allergy | Procedure) -> dict[str, Any]:
    return {"label": value.label, "codings": [{"system": c.system, "code": c.code, "display": c.display} for c in value.codings]}


def _condition(entry: HistoryEntry, v: dict[str, Any]) -> Condition:
    return Condition(
        _label(entry, v), _codings(v), _flag(v, "active"), _flag(v, "refuted") is True, _day(v.get("onset")), _day(v.get("abatement")), entry.origin
    )


def _medicine(entry: HistoryEntry, v: dict[str, Any]) -> Medicine:
    return Medicine(_label(entry, v), _codings(v), _flag(v, "active"), _day(v.get("start")), _day(v.get("end")), entry.origin)


def _allergy(entry: HistoryEntry, v: dict[str, Any]) -> Allergy:
    return Allergy(
        _label(entry, v), _codings(v), _flag(v, "active"), _flag(v, "refuted") is True, str(v.get("criticality") or ""), entry.dated, entry.origin
    )


def _procedure(entry: HistoryEntry, v: dict[str, Any]) -> Procedure:
    return Procedure(_label(entry, v), _codings(v), _day(v.get("performed")), entry.origin)


def _pregnancy(entry: HistoryEntry, v: dict[str, Any]) -> Pregnancy:
    if v.get("state") not in get_args(PregnancyState):
        raise Unreadable("it names no state of pregnancy")
    return Pregnancy(cast(PregnancyState, v["state"]), entry.dated, entry.origin)


def _measurement(entry: HistoryEntry, v: dict[str, Any]) -> Measurement:
    number = Decimal(str(v["value"]))
    if not number.is_finite() or number <= 0:
        raise Unreadable("it holds no positive number")
    return Measurement(number, str(v["unit"]), entry.dated, entry.origin)


def _answer(entry: HistoryEntry, v: dict[str, Any]) -> Answer:
    answer = v.get("value")
    if not isinstance(answer, str) or not answer:
        raise Unreadable("it holds no answer")
    return Answer(entry.key, answer, entry.dated, entry.origin, str(v.get("note") or ""))


_READERS: dict[Kind, Callable[[HistoryEntry, dict[str, Any]], Value]] = {
    Kind.CONDITION: _condition,
    Kind.MEDICINE: _medicine,
    Kind.ALLERGY: _allergy,
    Kind.PROCEDURE: _procedure,
    Kind.PREGNANCY: _pregnancy,
    Kind.MEASUREMENT: _measurement,
    Kind.ANSWER: _answer,
}


def _label(entry: HistoryEntry, v: dict[str, Any]) -> str:
    label = v.get("label") or entry.label
    if not isinstance(label, str) or not label:
        raise Unreadable("it names nothing")
    return label


def _codings(v: dict[str, Any]) -> tuple[Coding, ...]:
    return tuple(Coding(str(c["system"]), str(c["code"]), str(c.get("display") or "")) for c in v.get("codings") or [])


def _flag(v: dict[str, Any], name: str) -> bool | None:
    value = v.get(name)
    if value is not None and not isinstance(value, bool):
        raise Unreadable(f"“{name}” is neither true nor false")
    return value


def _day(text: object) -> dt.date | None:
    return dt.date.fromisoformat(str(text)) if text else None


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
