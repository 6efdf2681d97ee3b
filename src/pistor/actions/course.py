"""Start a course, and set the dates of its treatments."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.care.course import NoSchedule, Schedule, make_schedule, usual_interval_days, usual_sessions
from pistor.care.intent import UnknownId, intent_for
from pistor.knowledge.model import Protocol
from pistor.records.base import uuid7
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.library import library_of
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
    key = uuid7()
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="start_course", token=token, at=at, location=f"/visits/{key}/"):
        patient = _patient(by, patient)
        library = library_of(by.clinic)
        if indication not in library.indications:
            raise Refused(f"“{indication}” is no known indication. Choose one of: {', '.join(library.indications)}.")
        known = library.indications[indication]
        try:
            intent = intent_for(
                library, known.application, indication, zone, (), by.clinic.jurisdiction or None, protocol, policy=by.clinic.policy  # type: ignore[union-attr]
            )  # fmt: skip
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
        first = {"number": 1, "planned_on": local_day(by, at), "state": Treatment.State.OPEN}
        visit = Treatment.objects.create(id=key, course=course, patient=patient, **first, **written)
        audit(by=by, verb="start_course", subject=course, at=at, patient_id=patient.pk, visit=str(visit.pk))
        return visit


def schedule_course(
    *,
    course: Course,
    start: dt.date,
    by: User,
    at: dt.datetime,
    sessions: int | None = None,
    interval_days: int | None = None,
    closed_days: Collection[int | dt.date] = (),
    reason: str = "",
    token: uuid.UUID | None = None,
    version: int | None = None,
    location: str = "",
) -> Schedule:
    """Set the dates: planned treatments follow them, visits that are open, signed or cancelled stay as they are.

    Numbers that differ from the protocol need a reason. Refuses more treatments than a label allows, and dates that
    have passed.
    """
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="schedule_course", token=token, at=at, location=location):
        course = Course.objects.of(by.clinic).select_related("patient").get(pk=course.pk)
        library, today = library_of(by.clinic), local_day(by, at)
        protocol = library.protocols.get(course.protocol)
        if protocol is None:
            raise Refused("This course has no protocol, so there is nothing to take dates from. Choose a protocol first.")
        if course.state in (Course.State.STOPPED, Course.State.REFERRED):
            raise Refused(f"This course has ended ({course.get_state_display().lower()}). Start a new course to treat again.")
        if course.patient.deceased_on is not None:
            raise Refused("This patient is recorded as having died, so nothing can be planned.")
        kept = {row.number: row for row in Treatment.objects.of(by.clinic).select_for_update().filter(course=course)}
        begun = _begun_on(kept)
        try:
            schedule = make_schedule(
                protocol, library, start, sessions=sessions, interval_days=interval_days, closed_days=closed_days, today=None if begun == start else today
            )
        except NoSchedule as error:
            raise Refused(str(error)) from None
        _refuse(schedule, protocol, sessions, interval_days, reason, kept, today)
        claim_version(course, version=version, by=by, at=at)
        _write(course, schedule, kept, by, at)
        course.start_on, course.sessions, course.interval_days = schedule.treatments[0].on, schedule.sessions, schedule.interval_days
        course.evaluation_on, course.evaluation_after_treatments = schedule.evaluation_on, schedule.evaluation_after
        course.course_reason, course.scheduled_at = reason.strip()[:500], at
        if course.state == Course.State.PLANNING:
            course.state = Course.State.ACTIVE
        course.save()
        audit(by=by, verb="schedule_course", subject=course, at=at, patient_id=course.patient_id, treatments=schedule.sessions)
        return schedule


def differs(protocol: Protocol, sessions: int | None, interval_days: int | None) -> bool:
    """Whether these numbers are not the protocol's own."""
    other_interval = interval_days is not None and (protocol.treatment_days is not None or interval_days != usual_interval_days(protocol))
    return other_interval or (sessions is not None and sessions != usual_sessions(protocol))


def _begun_on(kept: dict[int, Treatment]) -> dt.date | None:
    """The day of the first visit, once it is open or signed: a day that may lie behind us."""
    first = kept.get(1)
    if first is None or first.state not in (Treatment.State.SIGNED, Treatment.State.OPEN):
        return None
    return first.given_on or first.planned_on


def _refuse(
    schedule: Schedule, protocol: Protocol, sessions: int | None, interval_days: int | None, reason: str, kept: dict[int, Treatment], today: dt.date
) -> None:
    if schedule.stops:
        raise Refused(*schedule.stops)
    if differs(protocol, sessions, interval_days) and not reason.strip():
        raise Refused("The number of treatments or the interval differs from the protocol. Say why in a sentence, then save again.")
    signed = [number for number, row in kept.items() if row.state == Treatment.State.SIGNED and number > schedule.sessions]
    if signed:
        raise Refused(f"Treatment {max(signed)} is already signed, so the course cannot end before it. Plan at least {max(signed)} treatments.")
    for planned in schedule.treatments:
        row = kept.get(planned.number)
        if planned.on < today and (row is None or row.state == Treatment.State.PLANNED):
            raise Refused(
                f"Treatment {planned.number} would fall on {planned.on.day} {planned.on:%b %Y}, which has passed. Choose a longer interval or a later start."
            )


def _write(course: Course, schedule: Schedule, kept: dict[int, Treatment], by: User, at: dt.datetime) -> None:
    """Planned rows follow the schedule; one that is no longer in it holds nothing yet and goes."""
    dates = {planned.number: planned.on for planned in schedule.treatments}
    for number, on in dates.items():
        row = kept.get(number)
        if row is None:
            written = {"clinic": by.clinic, "created_at": at, "created_by": by, "changed_at": at, "changed_by": by}
            Treatment.objects.create(course=course, patient=course.patient, number=number, planned_on=on, state=Treatment.State.PLANNED, **written)
        elif row.state == Treatment.State.PLANNED and row.planned_on != on:
            claim_version(row, version=None, by=by, at=at)
            Treatment.objects.of(by.clinic).filter(pk=row.pk).update(planned_on=on)
    for number, row in kept.items():
        if number not in dates and row.state == Treatment.State.PLANNED:
            row.delete()


def local_day(by: User, at: dt.datetime) -> dt.date:
    """The day it is at the clinic."""
    return at.astimezone(ZoneInfo(by.clinic.time_zone)).date()  # type: ignore[union-attr]


def _patient(by: User, patient: Patient) -> Patient:
    found: Patient | None = Patient.objects.of(by.clinic).select_for_update().filter(pk=patient.pk).first()
    if found is None:
        raise Refused("This patient is not in your clinic's records.")
    if found.deceased_on is not None:
        raise Refused("This patient is recorded as having died, so no course can be started. If that is wrong, correct the patient's record first.")
    return found
