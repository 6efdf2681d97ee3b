"""One function per FHIR R4 resource that a decision needs: resource in, plain value out, None where it says nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from pistor.care.consultation import Allergy, Coding, Condition, Measurement, Medicine, Pregnancy, PregnancyState, Procedure
from pistor.exchange.fhir.values import code_of, codings, day, items, label, mapping, number, text

Resource = dict[str, Any]
Resolve = Callable[[Resource, object], Resource]  # the resource a reference points to, {} where it is not in the file

ORIGIN = "imported record, {}"
_WRONG = {"refuted", "entered-in-error"}
_ACTIVE = {"active": True, "recurrence": True, "relapse": True, "inactive": False, "remission": False, "resolved": False}
_NOT_SAID = {"no-allergy-info", "no-problem-info", "no-medication-info"}  # IPS: "no information", which is not "none"

WEIGHT, HEIGHT, PREGNANCY = "29463-7", "8302-2", "82810-3"
READ_CODES = frozenset({WEIGHT, HEIGHT, PREGNANCY})
_PREGNANT: dict[str, PregnancyState] = {
    "LA15173-0": "pregnant", "77386006": "pregnant",
    "LA26683-5": "not_pregnant", "60001007": "not_pregnant",
    "LA4489-6": "unknown", "261665006": "unknown", "152231000119106": "unknown", "146799005": "unknown",
}  # fmt: skip
_KG = {"kg": "1", "g": "0.001", "[lb_av]": "0.45359237", "lb": "0.45359237", "lbs": "0.45359237", "[lb_us]": "0.45359237", "pounds": "0.45359237"}
_CM = {
    "cm": "1",
    "m": "100",
    "mm": "0.1",
    "[in_i]": "2.54",
    "in": "2.54",
    "inch": "2.54",
    "inches": "2.54",
    "[in_us]": "2.54",
    "[ft_i]": "30.48",
    "ft": "30.48",
}
_PLAUSIBLE = {"weight_kg": (Decimal("0.3"), Decimal(650)), "height_cm": (Decimal(20), Decimal(280))}


def says_nothing(found: Iterable[Coding]) -> bool:
    """Whether a resource only says that there is no information."""
    return any(c.system == "ips" and c.code in _NOT_SAID for c in found)


def condition(resource: Resource) -> Condition | None:
    coded = codings(resource.get("code"))
    name = label(resource.get("code"))
    if not name or says_nothing(coded):
        return None
    active = _ACTIVE.get(code_of(resource.get("clinicalStatus")))
    onset = day(resource.get("onsetDateTime")) or day(mapping(resource.get("onsetPeriod")).get("start"))
    abatement = _end((resource.get("abatementDateTime"), mapping(resource.get("abatementPeriod")).get("end")), onset, active)
    if active is None and abatement is None and _ended_otherwise(resource):
        active = False
    return Condition(
        label=name,
        codings=coded,
        active=active,
        refuted=code_of(resource.get("verificationStatus")) in _WRONG,
        onset=onset,
        abatement=abatement,
        origin=ORIGIN.format("Condition"),
    )


def _end(written: Iterable[object], start: dt.date | None, active: bool | None) -> dt.date | None:
    """The end that is written. Of a year or a month it is the last day, unless the status says that the end was reached within it."""
    for value in written:
        if last := day(value, last=True):
            first = max(filter(None, (day(value), start if start and start <= last else None)))
            return first if active is False else last
    return None


def _ended_otherwise(resource: Resource) -> bool:
    return resource.get("abatementBoolean") is True or any(resource.get(f"abatement{kind}") for kind in ("Age", "Range", "String"))


def allergy(resource: Resource) -> Allergy | None:
    coded = list(codings(resource.get("code")))
    name = label(resource.get("code"))
    for reaction in items(resource.get("reaction")):
        substance = label(reaction.get("substance"))
        coded += codings(reaction.get("substance")) or ([Coding("", "", substance)] if substance else [])
        name = name or substance
    if not name or says_nothing(coded):
        return None
    status = code_of(resource.get("clinicalStatus"))
    kind = text(resource.get("type"))
    return Allergy(
        label=f"{name} (recorded as intolerance)" if kind == "intolerance" else name,
        codings=tuple(coded),
        active={"active": True, "inactive": False, "resolved": False}.get(status),
        refuted=code_of(resource.get("verificationStatus")) in _WRONG,
        criticality=text(resource.get("criticality"))[:20],
        recorded=day(resource.get("recordedDate")) or day(resource.get("onsetDateTime")),
        origin=ORIGIN.format("AllergyIntolerance"),
    )


def medicine(resource: Resource, resolve: Resolve) -> Medicine | None:
    """A MedicationRequest, MedicationStatement or MedicationAdministration."""
    kind, status = str(resource["resourceType"]), code_of(resource.get("status"))
    if status in ("entered-in-error", "not-done", "draft") or resource.get("doNotPerform") is True:
        return None
    name, coded = _medication(resource, resolve)
    if not name or says_nothing(coded):
        return None
    active, start, end = _COURSES[kind](resource, status)
    return Medicine(label=name, codings=coded, active=active, start=start, end=end, origin=ORIGIN.format(kind))


def _medication(resource: Resource, resolve: Resolve) -> tuple[str, tuple[Coding, ...]]:
    concept = resource.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        return label(concept), codings(concept)
    reference = mapping(resource.get("medicationReference"))
    medication = resolve(resource, reference.get("reference"))
    coded = list(codings(medication.get("code")))
    name = label(medication.get("code"))
    for ingredient in items(medication.get("ingredient")):
        coded += codings(ingredient.get("itemCodeableConcept"))
        name = name or label(ingredient.get("itemCodeableConcept"))
    return name or text(reference.get("display")), tuple(coded)


def _requested(resource: Resource, status: str) -> tuple[bool | None, dt.date | None, dt.date | None]:
    active = {"active": True, "completed": False, "stopped": False, "cancelled": False}.get(status)
    if active and code_of(resource.get("intent")) in ("proposal", "plan", "option"):
        active = None  # meant, but perhaps never taken
    ends = []
    for dosage in items(resource.get("dosageInstruction")):
        bounds = mapping(mapping(mapping(dosage.get("timing")).get("repeat")).get("boundsPeriod"))
        ends.append(day(bounds.get("end"), last=True))
    planned = max((e for e in ends if e is not None), default=None) if ends and None not in ends else None
    return active, day(resource.get("authoredOn")), planned if active is not False else None  # stopped before or after what was planned


def _stated(resource: Resource, status: str) -> tuple[bool | None, dt.date | None, dt.date | None]:
    active = {"active": True, "completed": False, "stopped": False, "not-taken": False}.get(status)
    period = mapping(resource.get("effectivePeriod"))
    start = day(period.get("start")) or day(resource.get("effectiveDateTime")) or day(resource.get("dateAsserted"))
    return active, start, _end((period.get("end"),), start, active)


def _given(resource: Resource, status: str) -> tuple[bool | None, dt.date | None, dt.date | None]:
    """A single administration: over when it was given, except while it runs."""
    period = mapping(resource.get("effectivePeriod"))
    start = day(period.get("start")) or day(resource.get("effectiveDateTime"))
    end = day(period.get("end"), last=True) or day(resource.get("effectiveDateTime"), last=True)
    if status == "in-progress":
        return True, start, day(period.get("end"), last=True)
    return {"completed": False, "stopped": False}.get(status), start, end


_COURSES = {"MedicationRequest": _requested, "MedicationStatement": _stated, "MedicationAdministration": _given}


def procedure(resource: Resource) -> Procedure | None:
    if code_of(resource.get("status")) in ("entered-in-error", "not-done", "preparation"):
        return None
    name = label(resource.get("code"))
    if not name:
        return None
    performed = day(resource.get("performedDateTime")) or day(mapping(resource.get("performedPeriod")).get("start"))
    return Procedure(name, codings(resource.get("code")), performed, ORIGIN.format("Procedure"))


def observed_on(resource: Resource) -> dt.date | None:
    period = mapping(resource.get("effectivePeriod"))
    return day(resource.get("effectiveDateTime")) or day(period.get("start")) or day(resource.get("effectiveInstant")) or day(resource.get("issued"))


def loinc_codes(resource: Resource) -> set[str]:
    """Those LOINC codes of an observation that are read; most observations in a record carry none of them."""
    concept = resource.get("code")
    for coding in items(concept.get("coding") if isinstance(concept, dict) else None):
        code = coding.get("code")
        if isinstance(code, str) and code in READ_CODES:
            break
    else:
        return set()
    return {c.code for c in codings(resource.get("code")) if c.system == "loinc"} & READ_CODES


def measurement(resource: Resource, name: str) -> Measurement | str:
    """A weight or height in our units, or a sentence on why it cannot be used."""
    quantity = mapping(resource.get("valueQuantity"))
    value = number(quantity.get("value"))
    units = _KG if name == "weight_kg" else _CM
    unit = next((u for u in (text(quantity.get("code")), text(quantity.get("unit"))) if u.lower() in units), None)
    what = name.split("_")[0]
    if value is None or unit is None:
        return f"A {what} has no number or no known unit and was not used."
    converted = (value * Decimal(units[unit.lower()])).quantize(Decimal("0.01")).normalize()
    low, high = _PLAUSIBLE[name]
    if not low <= converted <= high:
        return f"A {what} of {value} {unit} is not plausible and was not used."
    return Measurement(Decimal(f"{converted:f}"), name.split("_")[1], observed_on(resource), ORIGIN.format("Observation"))


def pregnancy(resource: Resource) -> Pregnancy | None:
    """A pregnancy status (LOINC 82810-3)."""
    value = resource.get("valueCodeableConcept")
    state = next((_PREGNANT[c.code] for c in codings(value) if c.code in _PREGNANT), None)
    if state is None:
        said = label(value).casefold()
        state = "not_pregnant" if said.startswith("not pregnant") else "pregnant" if said == "pregnant" else "unknown"
    return Pregnancy(state, observed_on(resource), ORIGIN.format("Observation"))
