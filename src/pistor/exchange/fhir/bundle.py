"""FHIR R4 bundles and International Patient Summaries, read into a picture of one patient."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import replace
from typing import Any, Literal, NoReturn, cast

import orjson

from pistor.care.consultation import Allergy, Coding, Condition, Measurement, Medicine, PatientPicture, Pregnancy, Procedure
from pistor.care.evidence import Fact
from pistor.exchange.errors import Unusable
from pistor.exchange.fhir import resources as r
from pistor.exchange.fhir.values import code_of, codings, day, is_partial, items, mapping, text
from pistor.exchange.imported import ImportedRecord, proposals

_MEDICINES = ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
_NONE_KNOWN = {"48765-2": "allergies", "10160-0": "medicines", "11450-4": "conditions"}  # LOINC codes of IPS sections
_ORIGIN = "imported record"


def read_record(data: dict[str, Any] | bytes, on: dt.date) -> ImportedRecord:
    """A bundle about one patient as it stood on a day. Raises :class:`Unusable` with one sentence."""
    bundle = parse(data) if isinstance(data, bytes) else data
    if not isinstance(bundle, dict):
        raise Unusable("The record is no JSON object; export it again as a FHIR R4 Bundle.")
    return _Reader(bundle, on).read()


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in these bytes."""
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:2]:
        raise Unusable("The file is written in UTF-16; save it as UTF-8 and try again.")
    if start[:1] == b"<":
        raise Unusable("The file is XML (or a web page), and only JSON is read; export the record as FHIR R4 JSON.")
    if not start:
        raise Unusable("The file is empty; export the record again as a FHIR R4 Bundle in JSON.")
    try:
        value = _loads(data)
    except UnicodeDecodeError as error:
        raise Unusable(f"The file is not UTF-8 text (byte {error.start}); save it as UTF-8 and try again.") from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and "resourceType" in str(error.doc)[error.pos : error.pos + 400]:
            raise Unusable(
                f"The file holds several JSON objects (the second begins in line {error.lineno}), as NDJSON does; join them into one Bundle."
            ) from None
        raise Unusable(f"The JSON is broken in line {error.lineno}, column {error.colno} ({error.msg}); export the record again.") from None
    except RecursionError:
        raise Unusable("The JSON is nested too deeply to be a patient record; export the record again.") from None
    except ValueError:
        raise Unusable("The JSON holds a number too long to read; export the record again.") from None
    if not isinstance(value, dict):
        raise Unusable(f"The file holds a JSON {_NAMES.get(type(value), 'value')} where a FHIR Bundle is expected; export the whole record as a Bundle.")
    return value


def _loads(data: bytes) -> Any:
    """Read quickly; what the quick reader refuses goes to the standard library's, whose errors name line and column."""
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)


_NAMES = {list: "list", str: "text", int: "number", float: "number", bool: "true or false", type(None): "null"}


def _no_constant(name: str) -> NoReturn:
    raise Unusable(f"The JSON holds {name}, which is no number in JSON; export the record again.")


class _Reader:
    """Walks a bundle once and gathers what a decision needs."""

    def __init__(self, bundle: dict[str, Any], on: dt.date) -> None:
        self.on = on
        self.notes: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.resources: list[dict[str, Any]] = []
        self.by_reference: dict[str, dict[str, Any]] = {}
        self.conditions: list[Condition] = []
        self.medicines: list[Medicine] = []
        self.allergies: list[Allergy] = []
        self.procedures: list[Procedure] = []
        self.pregnancy: list[Pregnancy] = []
        self.measured: dict[str, Measurement] = {}
        self._collect(bundle)
        self.patient = self._one_patient()
        self.own = self._names_of_patient()

    def _collect(self, bundle: dict[str, Any]) -> None:
        kind = text(bundle.get("resourceType"))
        if not kind:
            raise Unusable("The JSON has no resourceType, so it is no FHIR record; export the record as a FHIR R4 Bundle.")
        if kind != "Bundle":
            raise Unusable(f"The file holds a single {kind} where a Bundle is expected; export the whole record as a Bundle.")
        entries = bundle.get("entry", [])
        if not isinstance(entries, list):
            raise Unusable("Bundle.entry is not a list, so the file is no FHIR R4 Bundle; export the record again.")
        for entry in entries:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                self.skipped["entries without a resource"] += 1
                continue
            self.resources.append(resource)
            id_ = resource.get("id")
            if isinstance(id_, str):
                self.by_reference.setdefault(f"{resource['resourceType']}/{id_}", resource)
            url = entry.get("fullUrl")
            if isinstance(url, str):
                self.by_reference.setdefault(url, resource)

    def _one_patient(self) -> dict[str, Any]:
        patients = [res for res in self.resources if res["resourceType"] == "Patient"]
        distinct = {text(p.get("id")) or str(place): p for place, p in enumerate(patients)}
        if len(distinct) > 1:
            if about := self._subject_of_summary():
                return about
            raise Unusable(f"The Bundle holds {len(distinct)} patients where one is expected; export one patient at a time.")
        for field, what in (("birthDate", "dates of birth"), ("gender", "sexes")):
            if len({text(p.get(field)) for p in patients} - {""}) > 1:
                raise Unusable(f"The Bundle gives the patient two {what}; correct the record and export it again.")
        return patients[0] if patients else {}

    def _subject_of_summary(self) -> dict[str, Any]:
        """The patient whom a document says that it is about."""
        summary = next((res for res in self.resources if res["resourceType"] == "Composition"), {})
        about = self.resolve(summary, mapping(summary.get("subject")).get("reference"))
        return about if about.get("resourceType") == "Patient" else {}

    def _names_of_patient(self) -> set[str]:
        return {name for name, resource in self.by_reference.items() if resource is self.patient}

    def _is_about_someone_else(self, resource: dict[str, Any]) -> bool:
        about = resource.get("subject") or resource.get("patient")
        subject = about.get("reference") if isinstance(about, dict) else None
        if not isinstance(subject, str) or not self.own or subject in self.own:
            return False
        return subject.split("/_history/")[0].rsplit("/", 2)[-2:] not in [name.rsplit("/", 2)[-2:] for name in self.own]

    def resolve(self, resource: dict[str, Any], reference: object) -> dict[str, Any]:
        """The resource a reference points to: contained, by its full URL, or by type and id."""
        if not isinstance(reference, str):
            return {}
        if reference.startswith("#"):
            return next((c for c in items(resource.get("contained")) if c.get("id") == reference[1:]), {})
        plain = reference.split("/_history/")[0]
        return self.by_reference.get(plain) or self.by_reference.get("/".join(plain.rsplit("/", 2)[-2:])) or {}

    def read(self) -> ImportedRecord:
        for resource in self.resources:
            kind = resource["resourceType"]
            if kind in _READERS:
                if self._is_about_someone_else(resource):
                    self.skipped["entries about another patient"] += 1
                else:
                    _READERS[kind](self, resource)
        picture = self._picture()
        notes = (*self.notes, *(f"{count} {what} were left out." for what, count in self.skipped.items()))
        facts = tuple(Fact("import", note, None, _ORIGIN) for note in dict.fromkeys(notes))
        picture = replace(picture, notes=facts)
        return ImportedRecord(picture, proposals(picture), tuple(dict.fromkeys(notes)))

    # ── one resource type each ──

    def condition(self, resource: dict[str, Any]) -> None:
        value = r.condition(resource)
        if value is None:
            self.skipped["conditions that name nothing"] += 1
            return
        self._check_date(resource, "onsetDateTime", value.label)
        self._check_date(resource, "abatementDateTime", value.label)
        self.conditions.append(value)

    def allergy(self, resource: dict[str, Any]) -> None:
        value = r.allergy(resource)
        if value is None:
            self.skipped["allergies that name nothing"] += 1
        else:
            self.allergies.append(value)

    def medicine(self, resource: dict[str, Any]) -> None:
        value = r.medicine(resource, self.resolve)
        if value is not None:
            self.medicines.append(value)
        elif code_of(resource.get("status")) not in ("entered-in-error", "not-done", "draft") and resource.get("doNotPerform") is not True:
            self.skipped["medicines that name nothing"] += 1

    def procedure(self, resource: dict[str, Any]) -> None:
        if (value := r.procedure(resource)) is not None:
            self.procedures.append(value)

    def observation(self, resource: dict[str, Any]) -> None:
        codes = r.loinc_codes(resource)
        if not codes or code_of(resource.get("status")) in ("entered-in-error", "cancelled"):
            return
        if r.PREGNANCY in codes and (statement := r.pregnancy(resource)) is not None:
            self.pregnancy.append(statement)
        for code, name in ((r.WEIGHT, "weight_kg"), (r.HEIGHT, "height_cm")):
            if code in codes:
                self._measure(resource, name)

    def _measure(self, resource: dict[str, Any], name: str) -> None:
        value = r.measurement(resource, name)
        if isinstance(value, str):
            self.notes.append(value)
        elif value.date is not None and value.date > self.on:
            self.notes.append(f"A {name.split('_')[0]} is dated after the day of this assessment and was not used.")
        elif name not in self.measured or (value.date or dt.date.min) >= (self.measured[name].date or dt.date.min):
            self.measured[name] = value

    def composition(self, resource: dict[str, Any]) -> None:
        """Sections of a patient summary that are empty because nothing is known, which is an answer."""
        for section in items(resource.get("section")):
            what = next((_NONE_KNOWN[c.code] for c in codings(section.get("code")) if c.code in _NONE_KNOWN), None)
            if what is None or section.get("entry") or code_of(section.get("emptyReason")) != "nilknown":
                continue
            stated = day(resource.get("date"))
            origin = r.ORIGIN.format("Composition")
            if what == "allergies":
                self.allergies.append(
                    Allergy("No known allergies", (Coding("ips", "no-known-allergies", "No known allergies"),), True, recorded=stated, origin=origin)
                )
            elif what == "medicines":
                self.medicines.append(
                    Medicine("No known medications", (Coding("ips", "no-known-medications", "No known medications"),), True, start=stated, origin=origin)
                )
            else:
                self.conditions.append(
                    Condition("No known problems", (Coding("ips", "no-known-problems", "No known problems"),), True, onset=stated, origin=origin)
                )

    def _check_date(self, resource: dict[str, Any], name: str, what: str) -> None:
        if name in resource and day(resource[name]) is None:
            self.notes.append(f"A date of “{what}” cannot be read and was left out.")

    # ── the patient ──

    def _picture(self) -> PatientPicture:
        patient = self.patient
        if not patient:
            self.notes.append("The Bundle holds no Patient, so age and sex are not known.")
        born = patient.get("birthDate")
        birth_date = day(born, last=True)
        if born is not None and birth_date is None:
            self.notes.append("The date of birth cannot be read.")
        elif is_partial(born):
            self.notes.append(f"Only {text(born)} is known of the date of birth; its last day was taken, so that the patient is not made older.")
        deceased, deceased_on = self._deceased()
        sex = code_of(patient.get("gender"))
        return PatientPicture(
            on=self.on,
            birth_date=birth_date,
            birth_origin=r.ORIGIN.format("Patient"),
            sex=cast(Literal["female", "male", "other", "unknown"], sex if sex in ("female", "male", "other") else "unknown"),
            name=_name(patient),
            deceased=deceased,
            deceased_on=deceased_on,
            conditions=tuple(self.conditions),
            medicines=tuple(self.medicines),
            allergies=tuple(self.allergies),
            procedures=tuple(self.procedures),
            pregnancy=tuple(sorted(self.pregnancy, key=lambda p: p.date or dt.date.min, reverse=True)),
            weight_kg=self.measured.get("weight_kg"),
            height_cm=self.measured.get("height_cm"),
        )

    def _deceased(self) -> tuple[bool, dt.date | None]:
        when = day(self.patient.get("deceasedDateTime"))
        if when is not None and when > self.on:
            self.notes.append("The recorded date of death is after the day of this assessment.")
            return False, None
        return self.patient.get("deceasedBoolean") is True or "deceasedDateTime" in self.patient, when


def _name(patient: dict[str, Any]) -> str:
    names = list(items(patient.get("name")))
    chosen = next((n for n in names if n.get("use") == "official"), names[0] if names else {})
    given = chosen.get("given")
    parts = [text(part) for part in given] if isinstance(given, list) else []
    whole = " ".join(part for part in (*parts, text(chosen.get("family"))) if part)
    return (whole or text(chosen.get("text")))[:200]


_READERS = {
    "Condition": _Reader.condition,
    "AllergyIntolerance": _Reader.allergy,
    **dict.fromkeys(_MEDICINES, _Reader.medicine),
    "Procedure": _Reader.procedure,
    "Observation": _Reader.observation,
    "Composition": _Reader.composition,
}
