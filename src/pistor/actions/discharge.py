"""Let a patient leave after a treatment, and set how long the clinic watches before that."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.actions.summaries import keep_summary
from pistor.care.discharge import MOST_MINUTES, minutes_between, missing_before_leaving
from pistor.records.discharge import Discharge, discharge_of
from pistor.records.people import Capability, Clinic, User
from pistor.records.summaries import TreatmentSummary
from pistor.records.treatment import Treatment


def discharge(
    *,
    visit: Treatment,
    last_point_at: dt.datetime,
    left_at: dt.datetime,
    reason: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Discharge:
    """Note that the patient of a signed treatment left. Before the clinic's time is over that needs a reason."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="treatment.discharged", token=token, at=at, location=location):
        found = Treatment.objects.of(by.clinic).select_for_update(of=("self",)).select_related("course", "patient", "signed_by")
        visit = found.get(pk=visit.pk)
        visit.clinic = visit.course.clinic = visit.patient.clinic = by.clinic  # type: ignore[assignment]
        if visit.state != Treatment.State.SIGNED:
            raise Refused("The treatment has to be signed first.")
        if discharge_of(visit):
            raise Refused("It is noted already that this patient left.")
        zone, why, asked = ZoneInfo(visit.clinic.time_zone), " ".join(reason.split()), visit.clinic.observation_minutes
        if len(why) > 300:
            raise Refused("The reason holds at most 300 characters. Shorten it.")
        last, left = last_point_at.astimezone(zone), left_at.astimezone(zone)
        if missing := missing_before_leaving(last, left, now=at, asked_minutes=asked, reason=why):
            raise Refused(*missing)
        minutes = minutes_between(last, left)
        row: Discharge = Discharge.objects.create(
            clinic_id=visit.clinic_id, created_at=at, created_by=by, treatment=visit, last_point_at=last, left_at=left, minutes=minutes, asked_minutes=asked,
            reason=why if asked is not None and minutes < asked else "",
        )  # fmt: skip
        audit(by=by, verb="treatment.discharged", subject=row, at=at, patient_id=visit.patient_id, treatment=str(visit.pk), minutes=minutes)
        keep_summary(visit, occasion=TreatmentSummary.Occasion.DISCHARGE, by=by, at=at)
    return row


def set_observation(*, minutes: int | None, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Clinic:
    """How many minutes from the last point the clinic watches before a patient may leave; None takes the rule away."""
    with unit_of_work(by=by, capability=Capability.MANAGE_CLINIC, verb="clinic.observation", token=token, at=at, location=location):
        clinic = Clinic.objects.select_for_update().get(pk=clinic_id_of(by))
        if minutes is not None and not 0 <= minutes <= MOST_MINUTES:
            raise Refused(f"Enter 0 to {MOST_MINUTES} minutes, or leave the field empty where your clinic has no rule.")
        before, clinic.observation_minutes = clinic.observation_minutes, minutes
        clinic.save(update_fields=["observation_minutes"])
        audit(by=by, verb="clinic.observation", subject=clinic, at=at, before=before, after=minutes)
    return clinic
