"""Patients, their history, and what an imported record proposes about them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from pistor.actions.core import Refused, Stale, audit, claim_version, clinic_id_of, unit_of_work
from pistor.actions.course import local_day
from pistor.care.consultation import Kind, PatientPicture, PregnancyState
from pistor.exchange.errors import Unusable
from pistor.exchange.files import read_bytes
from pistor.exchange.imported import ImportedRecord, Proposed
from pistor.knowledge import load
from pistor.knowledge.model import Question
from pistor.knowledge.typed import decimal_of
from pistor.records.base import uuid7
from pistor.records.consultation import HistoryEntry, ImportedDocument, Patient, search_key
from pistor.records.course import Course
from pistor.records.library import library_of
from pistor.records.people import Capability, Clinic, User
from pistor.records.picture import age_of, current_entries

ASKED = "asked at the visit"
ANSWERS_YES_NO = ("yes", "no", "unknown")
RANGES = {"weight_kg": (Decimal("0.3"), Decimal(650), "kg"), "height_cm": (Decimal(20), Decimal(280), "cm")}
LISTED = (Kind.CONDITION, Kind.MEDICINE, Kind.ALLERGY, Kind.PROCEDURE)
WHO = "Check whom this record is about: "  # begins the notes that make the clinician confirm the patient
_OLDEST = dt.date(1870, 1, 1)


# ── patients ──


def add_patient(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    family_name: str,
    given_name: str = "",
    birth_date: dt.date | None = None,
    sex: str = "unknown",
    phone: str = "",
    email: str = "",
    language: str = "en",
    number: str = "",
    location: str = "",
) -> Patient:
    """A new patient of the actor's clinic. Without a ``number`` the clinic's next free one is given."""
    key = uuid7()
    location = location or f"/patients/{key}/"
    with unit_of_work(by=by, capability=Capability.EDIT_PATIENTS, verb="add_patient", token=token, at=at, location=location):
        names = {"family_name": family_name, "given_name": given_name, "birth_date": birth_date, "sex": sex}
        fields = _patient_fields(by, at, {**names, "phone": phone, "email": email, "language": language})
        clinic = Clinic.objects.select_for_update().get(pk=clinic_id_of(by))  # one at a time, so that numbers are given once
        chosen = _free(clinic, number.strip()) or next_number(clinic)
        patient = Patient.objects.create(
            id=key, clinic=clinic, created_at=at, created_by=by, changed_at=at, changed_by=by, number=chosen, search=_search(fields, chosen), **fields
        )
        audit(by=by, verb="add_patient", subject=patient, at=at, patient_id=patient.pk)
        return patient


def edit_patient(
    *, by: User, at: dt.datetime, token: uuid.UUID | None, patient: Patient, version: int | None, location: str = "", **fields: Any
) -> Patient:
    """Change what is known of who the patient is. Fields that are not given stay as they are."""
    known = ("family_name", "given_name", "birth_date", "sex", "phone", "email", "language", "deceased_on")
    unknown = set(fields) - set(known)
    if unknown:
        raise TypeError(f"a patient has no {', '.join(sorted(unknown))}")
    location = location or f"/patients/{patient.pk}/"
    with unit_of_work(by=by, capability=Capability.EDIT_PATIENTS, verb="edit_patient", token=token, at=at, location=location):
        row = _own(by, patient)
        values = _patient_fields(by, at, {name: fields.get(name, getattr(row, name)) for name in known})
        claim_version(row, version=version, by=by, at=at)
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, values[name])
        row.search = _search(values, row.number)
        row.save(update_fields=[*changed, "search"])
        audit(by=by, verb="edit_patient", subject=row, at=at, patient_id=row.pk, changed=changed)
        return row


def _free(clinic: Clinic, number: str) -> str:
    """A record number that somebody chose, if it can be had."""
    if len(number) > 20 or not number.isprintable():
        raise Refused("The record number is longer than 20 characters or holds signs that cannot be printed. Shorten it, or leave it empty.")
    if number and Patient.objects.of(clinic).filter(number=number).exists():
        raise Refused(f"The record number {number} is taken by another patient. Choose another, or leave it empty to get the next free one.")
    return number


_OWN_NUMBER = re.compile(r"P[0-9]+")


def next_number(clinic: Clinic) -> str:
    """The clinic's next free record number; call it with the clinic's row locked."""
    # The range lets the index find the highest numbers; a pattern would read every patient of the clinic.
    highest = Patient.objects.of(clinic).filter(number__gte="P0", number__lt="Q").order_by("-number").values_list("number", flat=True)[:50]
    number = max((int(taken[1:]) for taken in highest if _OWN_NUMBER.fullmatch(taken)), default=0) + 1
    while Patient.objects.of(clinic).filter(number=f"P{number:06}").exists():
        number += 1
    return f"P{number:06}"


def _patient_fields(by: User, at: dt.datetime, given: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are kept, or one sentence for each that cannot be kept."""
    values, wrong, today = dict(given), [], local_day(by, at)
    for name, length in (("family_name", 100), ("given_name", 100), ("phone", 40), ("email", 254)):
        values[name] = " ".join(_printable(str(values[name] or "")).split())
        if len(values[name]) > length:
            wrong.append(f"The {name.replace('_', ' ')} is longer than {length} characters. Shorten it.")
    if not values["family_name"]:
        wrong.append("The family name is empty. Write it, or the one name the patient has.")
    for name, what in (("birth_date", "date of birth"), ("deceased_on", "date of death")):
        day = values.get(name)
        if day is not None and not _OLDEST <= day <= today:
            wrong.append(f"The {what} {day:%-d %b %Y} is {'in the future' if day > today else 'too long ago'}. Correct it.")
    if values.get("deceased_on") and values["birth_date"] and values["deceased_on"] < values["birth_date"]:
        wrong.append("The date of death is before the date of birth. Correct one of the two.")
    if values["sex"] not in Patient.Sex.values:
        wrong.append(f"The sex is none of {', '.join(Patient.Sex.values)}. Choose one.")
    if values["language"] not in ("en", "fr"):
        wrong.append("The language is neither English nor French. Choose one of the two for printed sheets.")
    if wrong:
        raise Refused(*wrong)
    return values


def _search(fields: dict[str, Any], number: str) -> str:
    number = search_key(number)
    return f"{search_key(fields['family_name'], fields['given_name'])[: 239 - len(number)]} {number}"


# ── history ──


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A fact to record, in the JSON shape of its kind (see :mod:`pistor.records.picture`).

    ``key`` is the question for answers, the measurement's name, or empty for a listed thing. ``replaces`` names the
    listed entry this one corrects; answers, measurements and pregnancy replace what was said before by themselves.
    """

    kind: str
    label: str
    value: dict[str, Any]
    key: str = ""
    dated: dt.date | None = None
    replaces: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """An entry that should not stand, and why. The entry stays; a row that ends it says so."""

    entry: uuid.UUID
    reason: str


def record_history(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    patient: Patient,
    version: int | None,
    entries: Sequence[NewEntry] = (),
    removals: Sequence[Removal] = (),
    course: Course | None = None,
    goal: str | None = None,
    origin: str = ASKED,
    location: str = "",
) -> list[HistoryEntry]:
    """Write new entries; each replaces what it corrects and nothing is overwritten. Returns what was written."""
    with unit_of_work(by=by, capability=Capability.TAKE_HISTORY, verb="record_history", token=token, at=at, location=location):
        row = _own(by, patient)
        today = local_day(by, at)
        wrong = [sentence for entry in entries if (sentence := _wrong_with(entry, today))]
        wrong += ["A removal needs a reason, for example “entered in error”." for removal in removals if not removal.reason.strip()][:1]
        if wrong:
            raise Refused(*wrong)
        claim_version(row, version=version, by=by, at=at)
        standing = {entry.pk: entry for entry in current_entries(row)}
        written = [_write(by, at, row, entry, standing, today, origin) for entry in entries]
        ended = [_end(by, at, removal, standing, today) for removal in removals]
        if course is not None and goal is not None:
            _set_goal(by, at, row, course, goal)
        audit(by=by, verb="record_history", subject=row, at=at, patient_id=row.pk, written=len(written), removed=len(ended))
        return [*written, *ended]


def _write(by: User, at: dt.datetime, patient: Patient, entry: NewEntry, standing: dict[uuid.UUID, HistoryEntry], today: dt.date, origin: str) -> HistoryEntry:
    kind = Kind(entry.kind)
    key = entry.key or ("pregnancy" if kind is Kind.PREGNANCY else key_of(entry.label))
    if kind in LISTED:
        if entry.replaces is not None and entry.replaces not in standing:
            raise Stale(f"“{_shown(entry.label)}” was changed or removed by someone else after you opened this page. Look at it now, then save again.")
        before = [standing[entry.replaces]] if entry.replaces else [e for e in standing.values() if _same_thing(e, kind.value, key, entry.value)]
    else:
        before = [e for e in standing.values() if e.kind == kind.value and e.key == key]
    new = HistoryEntry.objects.create(
        clinic_id=patient.clinic_id, created_at=at, created_by=by, patient=patient, kind=kind.value, key=key, label=_shown(entry.label),
        value=entry.value, dated=entry.dated or today, origin=origin[:300], state=HistoryEntry.State.ACCEPTED, decided_at=at, decided_by=by,
    )  # fmt: skip
    _replace(before, new)
    for old in before:
        standing.pop(old.pk)
    standing[new.pk] = new
    return new


def _end(by: User, at: dt.datetime, removal: Removal, standing: dict[uuid.UUID, HistoryEntry], today: dt.date) -> HistoryEntry:
    old = standing.pop(removal.entry, None)
    if old is None:
        raise Stale("An entry you removed was changed or removed by someone else. Look at what is there now, then save again.")
    end = HistoryEntry.objects.create(
        clinic_id=old.clinic_id, created_at=at, created_by=by, patient=old.patient, kind=old.kind, key=old.key, label=old.label, value=old.value,
        dated=today, origin=ASKED, state=HistoryEntry.State.ACCEPTED, decided_at=at, decided_by=by, removed_reason=_shown(removal.reason),
    )  # fmt: skip
    _replace([old], end)
    return end


def _replace(before: Sequence[HistoryEntry], new: HistoryEntry) -> None:
    """Point the older rows at the newer one; of two writers at once only the first can."""
    if before and HistoryEntry.objects.filter(pk__in=[old.pk for old in before], replaced_by__isnull=True).update(replaced_by=new) != len(before):
        raise Stale("Someone else changed this history at the same moment. Nothing was overwritten. Look at what is there now, then save again.")


def _same_thing(entry: HistoryEntry, kind: str, key: str, value: dict[str, Any]) -> bool:
    """Whether a listed entry speaks of the same episode: the same name, and the same beginning where one is known."""
    if (entry.kind, entry.key) != (kind, key):
        return False
    begin = {Kind.CONDITION: "onset", Kind.MEDICINE: "start", Kind.PROCEDURE: "performed"}.get(Kind(kind))
    if begin is None:
        return True
    return entry.value.get(begin) == value.get(begin) or None in (entry.value.get(begin), value.get(begin))


def _set_goal(by: User, at: dt.datetime, patient: Patient, course: Course, goal: str) -> None:
    row = Course.objects.of(patient.clinic).select_for_update().get(pk=course.pk, patient=patient)
    text = " ".join(_printable(goal).split())
    if len(text) > 500:
        raise Refused("The goal is longer than 500 characters. Shorten it.")
    if row.goal != text:
        claim_version(row, version=None, by=by, at=at)
        row.goal = text
        row.save(update_fields=["goal"])


def key_of(label: str) -> str:
    """The key of a listed thing: its name, folded."""
    return (re.sub(r"\W+", "_", label.casefold()).strip("_") or "entry")[:120]


def _wrong_with(entry: NewEntry, today: dt.date) -> str | None:
    """One sentence on why an entry cannot be kept, or None."""
    name = _shown(entry.label) or entry.kind
    if entry.kind not in tuple(Kind):
        return f"“{name}” is of no kind that is recorded here."
    if entry.dated is not None and not _OLDEST <= entry.dated <= today:
        return f"“{name}” is dated {entry.dated:%-d %b %Y}, which is {'in the future' if entry.dated > today else 'too long ago'}. Correct the date."
    return _CHECKS[Kind(entry.kind)](entry, name, today)


def _wrong_answer(entry: NewEntry, name: str, today: dt.date) -> str | None:
    question = load().questions.get(entry.key)
    answer = str(entry.value.get("value") or "")
    if question is None:
        return f"“{_shown(entry.key)}” is no question of the knowledge base."
    if len(str(entry.value.get("note") or "")) > 500:
        return f"The note to “{question.text}” is longer than 500 characters. Shorten it."
    if answer == "unknown" or answer in allowed_answers(question):
        return None
    if question.answer == "date" and (day := _day(answer)) is not None:
        return f"The date for “{question.text}” is in the future. Correct it." if day > today else None
    if question.answer == "number" and (number := _number(answer)) is not None and number >= 0:
        return None
    kind = {"date": "a date", "number": "a number that is not negative"}.get(question.answer, "one of " + ", ".join((*allowed_answers(question), "unknown")))
    return f"The answer to “{question.text}” is “{_shown(answer)[:40]}”. Give {kind}."


def allowed_answers(question: Question) -> tuple[str, ...]:
    """The answers a question offers by name; *unknown* is always allowed besides."""
    return ("yes", "no") if question.answer == "yes_no" else question.choices


def _wrong_measurement(entry: NewEntry, name: str, today: dt.date) -> str | None:
    if entry.key not in RANGES:
        return f"“{name}” is no measurement that is recorded here."
    low, high, unit = RANGES[entry.key]
    number = _number(str(entry.value.get("value") or ""))
    if number is None or not low <= number <= high:
        return f"The {entry.key.split('_')[0]} is no number from {low} to {high} {unit}. Correct it, or leave it empty."
    return None if entry.value.get("unit") == unit else f"The {entry.key.split('_')[0]} is kept in {unit}."


def _wrong_pregnancy(entry: NewEntry, name: str, today: dt.date) -> str | None:
    states = get_args(PregnancyState)
    return None if entry.value.get("state") in states else f"The state of pregnancy is none of {', '.join(s.replace('_', ' ') for s in states)}. Choose one."


def _wrong_listed(entry: NewEntry, name: str, today: dt.date) -> str | None:
    if not _shown(entry.label):
        return f"A {entry.kind} has no name. Write what it is, or remove the line."
    if len(entry.label) > 300:
        return f"The name of a {entry.kind} is longer than 300 characters. Shorten it."
    begin, end = entry.value.get("onset") or entry.value.get("start"), entry.value.get("abatement") or entry.value.get("end")
    for text in (begin, end):
        if text is not None and (_day(str(text)) is None or _day(str(text)) > today):  # type: ignore[operator]
            return f"A date of “{name}” is in the future or cannot be read. Correct it."
    if begin and end and str(end) < str(begin):
        return f"“{name}” ends before it begins. Correct one of the two dates."
    return None


_CHECKS = {
    Kind.ANSWER: _wrong_answer,
    Kind.MEASUREMENT: _wrong_measurement,
    Kind.PREGNANCY: _wrong_pregnancy,
    Kind.CONDITION: _wrong_listed,
    Kind.MEDICINE: _wrong_listed,
    Kind.ALLERGY: _wrong_listed,
    Kind.PROCEDURE: _wrong_listed,
}


# ── imported records ──


class AlreadyImported(Refused):
    """This very file was imported for this patient before; ``document`` is what was kept of it."""

    def __init__(self, document: ImportedDocument) -> None:
        self.document = document
        super().__init__(f"This same file was imported for this patient on {document.created_at:%-d %b %Y}. Nothing was written twice.")


def import_document(
    *, by: User, at: dt.datetime, token: uuid.UUID | None, patient: Patient, data: bytes, name: str = "", location: str = ""
) -> ImportedDocument:
    """Read a record someone brought and propose its facts. Nothing counts until :func:`decide_proposals` accepts it.

    Raises :class:`Refused` with one sentence where the file cannot be used, and :class:`AlreadyImported`.
    """
    digest = hashlib.sha256(data).hexdigest()
    location = location or f"/patients/{patient.pk}/"
    with unit_of_work(by=by, capability=Capability.TAKE_HISTORY, verb="import_document", token=token, at=at, location=location):
        row = _own(by, patient)
        earlier = ImportedDocument.objects.of(row.clinic).filter(patient=row, sha256=digest).first()
        if earlier is not None:
            raise AlreadyImported(earlier)
        today = local_day(by, at)
        try:
            record = read_bytes(data, today, name=name, library=library_of(by.clinic))
        except Unusable as problem:
            raise Refused(problem.sentence) from None
        new = _not_known_yet(row, record)
        document = ImportedDocument.objects.create(
            clinic_id=row.clinic_id, created_at=at, created_by=by, patient=row, sha256=digest, summary=_summary(new, len(record.proposed)),
            notes=[*doubts_about_person(row, record.picture), *record.notes, *_cannot_be(new, today)],
        )  # fmt: skip
        HistoryEntry.objects.bulk_create(
            HistoryEntry(
                clinic_id=row.clinic_id, created_at=at, created_by=by, patient=row, kind=p.kind, key=p.key, label=_shown(p.label), value=p.value,
                dated=p.dated, origin=f"{p.origin}"[:300], state=HistoryEntry.State.PROPOSED, document=document,
            )
            for p in new
        )  # fmt: skip
        audit(by=by, verb="import_document", subject=document, at=at, patient_id=row.pk, proposed=len(new))
        return document


def decide_proposals(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    patient: Patient,
    accepted: Collection[uuid.UUID],
    refused: Collection[uuid.UUID] = (),
    version: int | None = None,
    person_confirmed: bool = False,
    location: str = "",
) -> int:
    """Accept or refuse proposed facts. Returns how many now count. All are decided, or none."""
    with unit_of_work(by=by, capability=Capability.TAKE_HISTORY, verb="decide_proposals", token=token, at=at, location=location):
        row = _own(by, patient)
        chosen = set(accepted) | set(refused)
        if not chosen:
            raise Refused("No fact was accepted or refused. Choose at least one, or go back.")
        if set(accepted) & set(refused):
            raise Refused("A fact was both accepted and refused. Choose one of the two.")
        proposed = {e.pk: e for e in HistoryEntry.objects.of(row.clinic).select_related("document").filter(patient=row, pk__in=chosen)}
        if len(proposed) != len(chosen):
            raise Refused("A proposed fact is not in this patient's record. Open the list again.")
        taken = [proposed[pk] for pk in accepted]
        if not person_confirmed and any(note.startswith(WHO) for e in taken if e.document for note in e.document.notes):
            raise Refused("The imported record may be about someone else. Confirm that it is this patient's, or refuse its facts.")
        claim_version(row, version=version, by=by, at=at)
        open_ = HistoryEntry.objects.filter(state=HistoryEntry.State.PROPOSED)
        moved = open_.filter(pk__in=[e.pk for e in taken]).update(state=HistoryEntry.State.ACCEPTED, decided_at=at, decided_by=by)
        moved += open_.filter(pk__in=list(refused)).update(state=HistoryEntry.State.REFUSED, decided_at=at, decided_by=by)
        if moved != len(chosen):
            raise Stale("Someone else decided some of these facts after you opened this page. Nothing was changed. Look at what is left, then decide again.")
        _settle(row, taken)
        audit(by=by, verb="decide_proposals", subject=row, at=at, patient_id=row.pk, accepted=len(taken), refused=len(refused))
        return len(taken)


def _settle(patient: Patient, taken: Sequence[HistoryEntry]) -> None:
    """Where an accepted fact and an older row speak of the same thing, the newer one stands."""
    fresh = {e.pk for e in taken}
    for new in taken:
        kind = Kind(new.kind)
        alike = HistoryEntry.objects.filter(
            patient=patient, kind=new.kind, key=new.key, state=HistoryEntry.State.ACCEPTED, replaced_by__isnull=True, removed_reason=""
        ).exclude(pk=new.pk)
        for old in alike:
            if old.pk in fresh and kind in LISTED:
                continue  # two episodes of one record
            if kind in LISTED and not _same_thing(old, new.kind, new.key, new.value):
                continue
            if kind in LISTED or age_of(old) <= age_of(new):
                HistoryEntry.objects.filter(pk=old.pk, replaced_by__isnull=True).update(replaced_by=new)
            else:
                HistoryEntry.objects.filter(pk=new.pk, replaced_by__isnull=True).update(replaced_by=old)


def _not_known_yet(patient: Patient, record: ImportedRecord) -> list[Proposed]:
    """The facts of a record that are neither accepted nor waiting already, each once."""
    rows = HistoryEntry.objects.of(patient.clinic).filter(
        patient=patient, state__in=(HistoryEntry.State.ACCEPTED, HistoryEntry.State.PROPOSED), replaced_by__isnull=True, removed_reason=""
    )
    seen = {_identity(e.kind, e.key, e.value, e.dated) for e in rows}
    new = []
    for proposed in record.proposed:
        identity = _identity(proposed.kind, proposed.key, proposed.value, proposed.dated)
        if identity not in seen:
            seen.add(identity)
            new.append(proposed)
    return new


def _cannot_be(proposed: Sequence[Proposed], today: dt.date) -> list[str]:
    """What could not be typed by hand is still proposed, because a wrong date makes no fact untrue; but it is said."""
    found = (_wrong_with(NewEntry(p.kind, _shown(p.label), p.value, key=p.key, dated=p.dated), today) for p in proposed)
    return [sentence for sentence in found if sentence]


def _identity(kind: str, key: str, value: dict[str, Any], dated: dt.date | None) -> tuple[str, ...]:
    day = "" if kind in (Kind.CONDITION, Kind.MEDICINE, Kind.PROCEDURE) else str(dated)  # these carry their dates in the value
    return kind, key, json.dumps(value, sort_keys=True), day


def doubts_about_person(patient: Patient, picture: PatientPicture) -> list[str]:
    """Sentences on where the record's person differs from the chart's; a clinician must then confirm who it is."""
    doubts = []
    if picture.birth_date is not None and patient.birth_date is not None and picture.birth_date != patient.birth_date:
        doubts.append(f"{WHO}it gives {picture.birth_date:%-d %b %Y} as date of birth, the chart {patient.birth_date:%-d %b %Y}.")
    names = set(_name_words(picture.name))
    if names and not names & set(_name_words(patient.family_name)):
        doubts.append(f"{WHO}it names “{_shown(picture.name)[:120]}”, and the chart another family name.")
    if picture.sex in ("female", "male") and patient.sex in ("female", "male") and picture.sex != patient.sex:
        doubts.append(f"{WHO}it gives {picture.sex} as sex, the chart {patient.sex}.")
    if picture.deceased and patient.deceased_on is None:
        on = f" on {picture.deceased_on:%-d %b %Y}" if picture.deceased_on else ""
        doubts.append(f"{WHO}it says that the patient died{on}, and the chart does not.")
    return doubts


def _name_words(name: str) -> list[str]:
    return [word.strip("0123456789") for word in re.findall(r"\w+", search_key(name))]


def _summary(new: Sequence[Proposed], found: int) -> str:
    counts = {kind.value: sum(p.kind == kind for p in new) for kind in Kind}
    said = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in counts.items() if count)
    known = f"; {found - len(new)} already known" if found > len(new) else ""
    return (said or "nothing new") + known


def _plural(kind: str, count: int) -> str:
    if count == 1 or kind == "pregnancy":
        return kind
    return {"allergy": "allergies"}.get(kind, f"{kind}s")


# ── small things ──


def _own(by: User, patient: Patient) -> Patient:
    row: Patient | None = Patient.objects.of(by.clinic).select_for_update(of=("self",)).select_related("clinic").filter(pk=patient.pk).first()
    if row is None:
        raise Refused("This patient is not in your clinic's records.")
    return row


def _printable(text: str) -> str:
    """Without control characters and without the marks that turn the direction of the text around them."""
    return "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)


def _shown(text: str) -> str:
    return " ".join(_printable(text).split())[:300]


def _number(text: str) -> Decimal | None:
    try:
        return decimal_of(text[:20])
    except ValueError:
        return None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
