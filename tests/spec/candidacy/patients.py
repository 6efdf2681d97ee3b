"""Patients for the candidacy tables: ordinary ones about whom everything was asked, and how each row changes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from pistor.care.candidacy import assess
from pistor.care.consultation import Allergy, Answer, Coding, Condition, Measurement, Medicine, PatientPicture, Pregnancy, Procedure
from pistor.care.intent import Intent

ON = dt.date(2026, 11, 23)
_ORDINARY = {"bdd_screen": "negative", "weight_stable": "yes", "contraception": "reliable", "pain_diagnosis": "yes"}

INTENTS = {
    "pain": Intent("pain", "neck_pain", "neck", ("lidocaine",), jurisdiction="FR"),
    "pain with diclofenac": Intent("pain", "neck_pain", "neck", ("lidocaine", "diclofenac"), jurisdiction="FR"),
    "pain with ketoprofen": Intent("pain", "low_back_pain", "lumbar", ("lidocaine", "ketoprofen"), jurisdiction="FR"),
    "skin": Intent("skin", "facial_skin_quality", "face", ("hyaluronic_acid_ncl",), jurisdiction="FR"),
    "melasma": Intent("skin", "melasma", "face", ("tranexamic_acid",), jurisdiction="FR"),
    "botulinum": Intent("skin", "facial_skin_quality", "face", ("botulinum_toxin_micro",), jurisdiction="FR"),
    "hair": Intent("hair", "androgenetic_alopecia", "scalp", ("dutasteride",), jurisdiction="FR"),
    "hair with minoxidil": Intent("hair", "androgenetic_alopecia", "scalp", ("minoxidil",), jurisdiction="FR"),
    "fat": Intent("fat", "submental_fat", "submental", ("deoxycholic_acid",), jurisdiction="US"),
}


def ordinary(sex: str = "female", born: dt.date = dt.date(1985, 3, 14), on: dt.date = ON, **fields) -> PatientPicture:
    """Someone who answered no to everything, and is not pregnant."""
    pregnancy = (Pregnancy("not_pregnant", on, "asked at the visit"),) if sex == "female" else ()
    measured = {"weight_kg": measured_as("62", "kg"), "height_cm": measured_as("168", "cm")}
    return PatientPicture(**{"on": on, "birth_date": born, "birth_origin": "asked", "sex": sex, "pregnancy": pregnancy, **measured, **fields})


def answered(picture: PatientPicture, intent: Intent, library) -> PatientPicture:
    """The picture with every open question answered as an ordinary patient would; what is set stays."""
    answers = dict(picture.answers)
    for id_, question in library.questions.items():
        if id_ not in answers and id_ not in ("allergies", "conditions", "medicines") and (question.answer == "yes_no" or id_ in _ORDINARY):
            answers[id_] = Answer(id_, _ORDINARY.get(id_, "no"), picture.on, "asked at the visit")
    return replace(picture, answers=answers)


def verdict(picture: PatientPicture, application: str, library, **intent):
    wanted = replace(INTENTS[application], **intent)
    return assess(answered(picture, wanted, library), wanted, library)


def measured_as(value: str, unit: str) -> Measurement:
    return Measurement(Decimal(value), unit, ON, "measured")


def condition(label: str, active: bool | None = True, code: tuple[str, str] | None = None, **fields) -> Condition:
    return Condition(label, (Coding(*code, label),) if code else (), active, origin="record", **fields)


def medicine(label: str, active: bool | None = True, code: tuple[str, str] | None = None, **fields) -> Medicine:
    return Medicine(label, (Coding(*code, label),) if code else (), active, origin="record", **fields)


def allergy(label: str, active: bool | None = True, refuted: bool = False, code: tuple[str, str] | None = None) -> Allergy:
    return Allergy(label, (Coding(*code, label),) if code else (), active, refuted, origin="record")


def procedure(label: str) -> Procedure:
    return Procedure(label, (), dt.date(2020, 1, 1), "record")


def answer(id_: str, value: str = "yes") -> dict[str, Answer]:
    return {id_: Answer(id_, value, ON, "asked at the visit")}
