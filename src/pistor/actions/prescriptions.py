"""Prescribe a presentation for a patient, and end a prescription before its last day."""

from __future__ import annotations

import datetime as dt
import uuid

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.course import local_day
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.prescriptions import Prescription, PrescriptionEnd, ended_at
from pistor.records.treatment import Treatment

LONGEST = dt.timedelta(days=2 * 366)  # no rule of a country: a year that was mistyped


def prescribe(
    *,
    visit: Treatment,
    presentation: str,
    directions: str,
    valid_from: dt.date,
    valid_until: dt.date,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Prescription:
    """Prescribe for the patient of a visit. How long it is good is the prescriber's to say."""
    with unit_of_work(by=by, capability=Capability.PRESCRIBE, verb="prescription.given", token=token, at=at, location=location):
        visit = Treatment.objects.of(by.clinic).select_related("patient").get(pk=visit.pk)
        said = " ".join(directions.split())
        if presentation not in library_of(by.clinic).presentations:
            raise Refused(f"“{presentation[:60]}” is no known presentation. Choose one of the list.")
        if not said or len(said) > 500:
            raise Refused("Write how it is to be given, in at most 500 characters.")
        if valid_until < valid_from:
            raise Refused("The last day lies before the first. Correct one of the two.")
        if valid_until < local_day(by, at):
            raise Refused("The last day has passed already. Enter the day until which it is good.")
        if valid_until - valid_from > LONGEST:
            raise Refused(f"It would be good until {valid_until.year}. Check the year.")
        row = Prescription.objects.create(
            clinic_id=visit.clinic_id, created_at=at, created_by=by, patient=visit.patient, treatment=visit, presentation=presentation, directions=said,
            valid_from=valid_from, valid_until=valid_until,
        )  # fmt: skip
        audit(by=by, verb="prescription.given", subject=row, at=at, patient_id=visit.patient_id, presentation=presentation)
    return row


def end_prescription(
    *, prescription: Prescription, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> PrescriptionEnd:
    """From now on it covers nothing."""
    with unit_of_work(by=by, capability=Capability.PRESCRIBE, verb="prescription.ended", token=token, at=at, location=location):
        found = Prescription.objects.of(by.clinic).select_for_update(of=("self",)).select_related("end").get(pk=prescription.pk)
        why = " ".join(reason.split())
        if ended_at(found):
            raise Refused("This prescription was ended already.")
        if not why or len(why) > 300:
            raise Refused("Write why it ends, in at most 300 characters.")
        end = PrescriptionEnd.objects.create(clinic_id=found.clinic_id, created_at=at, created_by=by, prescription=found, reason=why)
        audit(by=by, verb="prescription.ended", subject=found, at=at, patient_id=found.patient_id)
    return end
