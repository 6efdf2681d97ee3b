"""Makes records for tests. Each takes only what the test is about; the rest is ordinary."""

from __future__ import annotations

import datetime as dt
import itertools

from pistor.records.consultation import HistoryEntry, Patient, search_key
from pistor.records.course import Course
from pistor.records.devices import Device
from pistor.records.people import Clinic, User
from pistor.records.rooms import Room
from pistor.records.stock import Product
from pistor.records.treatment import Treatment

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
_numbers = itertools.count(1)


def clinic(**fields) -> Clinic:
    return Clinic.objects.create(**{"name": "Clinic", "jurisdiction": "FR", "time_zone": "Europe/Paris", **fields})


def user(clinic: Clinic, role: str = "practitioner", **fields) -> User:
    name = f"{role}{next(_numbers)}"
    return User.objects.create(**{"username": name, "clinic": clinic, "role": role, "first_name": "Rosa", "last_name": role.title(), **fields})


def patient(by: User, **fields) -> Patient:
    number = next(_numbers)
    values = {
        "clinic": by.clinic, "created_at": NOW, "created_by": by, "changed_at": NOW, "changed_by": by,
        "number": f"P{number:05}", "family_name": f"Moreau{number}", "given_name": "Claire",
        "birth_date": dt.date(1985, 3, 14), "sex": "female", **fields,
    }  # fmt: skip
    return Patient.objects.create(search=search_key(values["family_name"], values["given_name"], values["number"]), **values)


def history(patient: Patient, kind: str, key: str, value: dict, **fields) -> HistoryEntry:
    values = {
        "clinic": patient.clinic,
        "created_at": NOW,
        "created_by": patient.created_by,
        "origin": "asked at the visit",
        "dated": NOW.date(),
        "label": key,
        **fields,
    }
    return HistoryEntry.objects.create(patient=patient, kind=kind, key=key, value=value, **values)


def course(patient: Patient, **fields) -> Course:
    values = {
        "clinic": patient.clinic, "created_at": NOW, "created_by": patient.created_by, "changed_at": NOW, "patient": patient,
        "application": "pain", "indication": "neck_pain", "zone": "neck", "policy": "mixture",
        "jurisdiction": patient.clinic.jurisdiction, **fields,
    }  # fmt: skip
    return Course.objects.create(**values)


def visit(course: Course, **fields) -> Treatment:
    values = {
        "clinic": course.clinic, "created_at": NOW, "created_by": course.created_by, "changed_at": NOW, "course": course,
        "patient": course.patient, "number": 1, "planned_on": NOW.date(), "state": "open", **fields,
    }  # fmt: skip
    return Treatment.objects.create(**values)


def product(clinic: Clinic, presentation: str = "lidocaine_2pct", **fields) -> Product:
    """The clinic's product of a presentation, counted in millilitres unless said otherwise; made once."""
    found = Product.objects.of(clinic).filter(presentation=presentation, **fields).first()
    name = presentation.replace("_", " ") or "Needle 30 G"
    kind = "product" if presentation else "item"
    values = {"clinic": clinic, "created_at": NOW, "presentation": presentation, "name": name, "kind": kind, "unit": "mL" if presentation else "piece", **fields}
    return found or Product.objects.create(**values)


def room(clinic: Clinic, **fields) -> Room:
    return Room.objects.create(**{"clinic": clinic, "created_at": NOW, "name": f"Room {next(_numbers)}", **fields})


def device(clinic: Clinic, **fields) -> Device:
    values = {"clinic": clinic, "created_at": NOW, "kind": "meso_gun", "name": "Gun", "serial": f"G{next(_numbers)}", **fields}
    return Device.objects.create(**values)
