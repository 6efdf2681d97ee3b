"""Small FHIR bundles for tests, built from plain dictionaries."""

from __future__ import annotations

import json
from typing import Any

SNOMED, RXNORM, LOINC = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1985-03-14", "gender": "female", "name": [{"family": "Moreau", "given": ["Claire"]}]}


def bundle(*resources: dict[str, Any], patient: dict[str, Any] | None = PATIENT, kind: str = "collection") -> dict[str, Any]:
    whole = ([patient] if patient else []) + list(resources)
    entries = [{"fullUrl": f"urn:uuid:{n:08}-0000-4000-8000-000000000000", "resource": res} for n, res in enumerate(whole)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def concept(text: str = "", system: str = "", code: str = "", display: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"text": text} if text else {}
    if code:
        made["coding"] = [{"system": system, "code": code, "display": display or text}]
    return made


def condition(text: str, clinical: str | None = "active", verification: str | None = "confirmed", **fields: Any) -> dict[str, Any]:
    made = {"resourceType": "Condition", "subject": {"reference": "Patient/p"}, "code": concept(text), **fields}
    if clinical:
        made["clinicalStatus"] = {"coding": [{"code": clinical}]}
    if verification:
        made["verificationStatus"] = {"coding": [{"code": verification}]}
    return made


def allergy(text: str, clinical: str | None = "active", verification: str | None = "confirmed", **fields: Any) -> dict[str, Any]:
    return {**condition(text, clinical, verification), "resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p"}, **fields}


def request(text: str, status: str = "active", **fields: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "status": status, "intent": "order", "medicationCodeableConcept": concept(text), **fields}


def observation(code: str, **value: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": concept("", LOINC, code), "effectiveDateTime": "2026-11-01", **value}
