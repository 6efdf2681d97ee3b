"""The data types of FHIR R4, read without trusting their shape: whatever is not as expected reads as absent."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from pistor.care.consultation import Coding

SYSTEMS = {
    "http://snomed.info/sct": "snomed",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "urn:oid:2.16.840.1.113883.6.3": "icd10",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "http://loinc.org": "loinc",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "icd10",
    "http://www.whocc.no/atc": "atc",
    "http://fhir.de/CodeSystem/bfarm/atc": "atc",
    "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips": "ips",
}
_TEXT = 300
_CODE = 120
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?", re.ASCII | re.DOTALL)


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[dict[str, Any]]:
    """The mappings in a list; one mapping where a list belongs counts as a list of one."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def text(value: object) -> str:
    """A string on one line, without control characters or lone surrogates, cut to a length a page can show."""
    if not isinstance(value, str):
        return ""
    if len(value) <= _TEXT and value.isprintable() and "  " not in value:
        return value.strip()
    clean = "".join(c if c.isprintable() else " " for c in value[: _TEXT * 2].encode("utf-8", "ignore").decode())
    return " ".join(clean.split())[:_TEXT]


def codings(concept: object) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept."""
    found = []
    for coding in items(mapping(concept).get("coding")):
        system, code, display = text(coding.get("system")), text(coding.get("code"))[:_CODE], text(coding.get("display"))
        if code or display:
            found.append(Coding(SYSTEMS.get(system, system), code, display))
    return tuple(found)


def label(concept: object) -> str:
    """What a CodeableConcept says in words, or its code where it has none."""
    said = text(mapping(concept).get("text"))
    if said:
        return said
    listed = codings(concept)
    return next((c.display for c in listed if c.display), "") or next((c.code for c in listed if c.code), "")


def code_of(value: object) -> str:
    """The first code of a status, which R4 writes as a CodeableConcept or a plain code."""
    if isinstance(value, str):
        return value.strip().lower()[:_CODE]
    return next((c.code.lower() for c in codings(value) if c.code), "")


def day(value: object, *, last: bool = False) -> dt.date | None:
    """A date or dateTime as the day it was written with. A year or month alone is its first day, or its ``last``."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, of_month = int(match[1]), match[2], match[3]
    try:
        if of_month:
            return dt.date(year, int(month), int(of_month))
        number = int(month) if month else 12 if last else 1
        return dt.date(year, number, calendar.monthrange(year, number)[1] if last else 1)
    except (ValueError, calendar.IllegalMonthError):
        return None


def is_partial(value: object) -> bool:
    """Whether a date names a year or a month only."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    return match is not None and match[3] is None


def number(value: object) -> Decimal | None:
    """A finite number, whatever it was written as."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, int) and abs(value) > 10**12:
        return None
    try:
        result = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return result if result.is_finite() and abs(result) < 10**12 else None
