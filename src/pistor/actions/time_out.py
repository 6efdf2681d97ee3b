"""The time-out before the needle: the patient's code and the syringe's are read, and what does not fit stops."""

from __future__ import annotations

import datetime as dt
import uuid

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.course import local_day
from pistor.actions.unsigned import unsigned_visit
from pistor.care.codes import KINDS, OwnCode, Unreadable, parse, patient_number
from pistor.care.syringe import unusable
from pistor.records.latest import latest_blend_and_map
from pistor.records.people import Capability, User
from pistor.records.syringes import Syringe, syringe_facts
from pistor.records.treatment import TimeOut, Treatment


def time_out(
    *, visit: Treatment, patient_code: str, syringe_code: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> TimeOut:
    """Begin to give a syringe to a patient, when both codes are read and belong together and nothing is against it.

    The wrong patient, the wrong syringe or one that must not be given is refused; that it stopped is kept and audited.
    """
    with unit_of_work(by=by, capability=Capability.TREAT, verb="time_out", token=token, at=at, location=location):
        visit, on = unsigned_visit(visit, by), local_day(by, at)
        said = list(_wrong_patient(patient_code, visit, on))
        row, against = _syringe(syringe_code, visit, by, at, on)
        said += against
        kept = TimeOut.objects.create(
            clinic_id=visit.clinic_id, created_at=at, created_by=by, treatment=visit, syringe=row, passed=not said, patient_code=patient_code.strip()[:60],
            syringe_code=syringe_code.strip()[:60], said=said,
        )  # fmt: skip
        if row is not None and not said and row.started_at is None:
            row.started_at = at
            row.save(update_fields=["started_at"])
        ids = {"treatment": str(visit.pk), "syringe": str(row.pk) if row else None}
        audit(by=by, verb="time_out.stopped" if said else "time_out.passed", subject=kept, at=at, patient_id=visit.patient_id, **ids)
    if said:  # after the transaction, so that what stopped it stays written
        raise Refused(*said)
    return kept


def _wrong_patient(code: str, visit: Treatment, on: dt.date) -> tuple[str, ...]:
    """The code on the patient's label, or the number on it as it is typed."""
    number = code.strip()
    if number.casefold() == visit.patient.number.casefold():
        return ()
    try:
        read = parse(code, on)
    except Unreadable:
        read = OwnCode("P", number)
    if not isinstance(read, OwnCode) or read.kind != "P":
        what = KINDS[read.kind] if isinstance(read, OwnCode) else "package"
        return (f"This is the code of a {what}. Read the one of the patient.",)
    if patient_number(read).casefold() != visit.patient.number.casefold():
        return (f"“{patient_number(read)[:20]}” is not the number of this patient. Ask the patient for name and date of birth, and open the right visit.",)
    return ()


def _syringe(code: str, visit: Treatment, by: User, at: dt.datetime, on: dt.date) -> tuple[Syringe | None, tuple[str, ...]]:
    """The syringe that bears a code, and what is against giving it at this visit."""
    try:
        signs = _signs(code, on)
    except Unreadable as problem:
        return None, (str(problem),)
    row: Syringe | None = Syringe.objects.of(by.clinic).select_for_update(of=("self",)).filter(code=signs).first()
    if row is None:
        return None, (f"No syringe of your clinic bears the code “{code.strip()[:20]}”. Read it again.",)
    said = unusable(syringe_facts(row, latest_blend_and_map(visit.course)[0], visit.clinic), patient=visit.patient_id, at=at, on=on)
    if not said and row.treatment_id != visit.pk:
        said = (f"Syringe {row.code} was made for another visit of this patient. Make a new one.",)
    return row, said


def _signs(code: str, on: dt.date) -> str:
    """The ten signs of a syringe's code, as a scanner reads them from our label or a person types them."""
    bare = "".join(code.split()).replace("-", "").upper()
    try:
        read = parse(code if len(bare) != 10 else f"S:{bare}", on)
    except Unreadable:
        return bare
    if isinstance(read, OwnCode) and read.kind != "S":
        raise Unreadable(f"This is the code of a {KINDS[read.kind]}. Read the one on the syringe.")
    if not isinstance(read, OwnCode):
        raise Unreadable("This is the code of a package. Read the one on the syringe.")
    return read.code
