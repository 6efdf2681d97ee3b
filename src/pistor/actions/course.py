"""Start a course, and set the dates of its treatments."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.care.intent import UnknownId, intent_for
from pistor.knowledge import load
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.people import Capability, User
from pistor.records.treatment import Treatment


def start_course(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    patient: Patient,
    indication: str,
    zone: str | None = None,
    protocol: str | None = None,
    goal: str = "",
) -> Treatment:
    """A course in planning for one indication, with its first visit open today. Returns that visit."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="start_course", token=token, at=at) as submission:
        patient = _patient(by, patient)
        library = load()
        if indication not in library.indications:
            raise Refused(f"“{indication}” is no known indication. Choose one of: {', '.join(library.indications)}.")
        known = library.indications[indication]
        try:
            intent = intent_for(library, known.application, indication, zone, (), by.clinic.jurisdiction or None, protocol)  # type: ignore[union-attr]
        except UnknownId as error:
            raise Refused(str(error)) from None
        if intent.zone not in known.zones:
            raise Refused(f"{known.name} is not treated in the zone “{intent.zone}” here. Choose one of: {', '.join(known.zones)}.")
        if intent.protocol is not None and intent.protocol not in known.protocols:
            raise Refused(f"The protocol “{intent.protocol}” is not one for {known.name}. Choose one of: {', '.join(known.protocols)}.")
        written = {"clinic": by.clinic, "created_at": at, "created_by": by, "changed_at": at, "changed_by": by}
        course = Course.objects.create(
            patient=patient,
            application=known.application,
            indication=indication,
            zone=intent.zone,
            protocol=intent.protocol or "",
            policy=by.clinic.policy,  # type: ignore[union-attr]
            jurisdiction=by.clinic.jurisdiction,  # type: ignore[union-attr]
            goal=goal.strip()[:500],
            **written,
        )
        visit = Treatment.objects.create(course=course, patient=patient, number=1, planned_on=local_day(by, at), state=Treatment.State.OPEN, **written)
        audit(by=by, verb="start_course", subject=course, at=at, patient_id=patient.pk, visit=str(visit.pk))
        if submission:
            submission.location = f"/visits/{visit.pk}/"
        return visit


def local_day(by: User, at: dt.datetime) -> dt.date:
    """The day it is at the clinic."""
    return at.astimezone(ZoneInfo(by.clinic.time_zone)).date()  # type: ignore[union-attr]


def _patient(by: User, patient: Patient) -> Patient:
    found = Patient.objects.of(by.clinic).select_for_update().filter(pk=patient.pk).first()  # type: ignore[arg-type]
    if found is None:
        raise Refused("This patient is not in your clinic's records.")
    if found.deceased_on is not None:
        raise Refused("This patient is recorded as having died, so no course can be started. If that is wrong, correct the patient's record first.")
    return found
