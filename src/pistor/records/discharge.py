"""When a patient left after a treatment, and how long they were watched before."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from pistor.care.discharge import leaving_in_words, may_leave_at
from pistor.records.base import ClinicRow
from pistor.records.treatment import Treatment


class Discharge(ClinicRow):
    """The end of a visit, noted once after the signature. Locked in the database."""

    treatment = models.OneToOneField(Treatment, on_delete=models.PROTECT, related_name="discharge")
    last_point_at = models.DateTimeField()
    left_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()  # whole minutes from the last point to leaving
    asked_minutes = models.PositiveIntegerField(null=True)  # what the clinic asked for on that day; None: it had said none
    reason = models.CharField(max_length=300, blank=True)  # why it was shorter

    class Meta:
        constraints = [models.CheckConstraint(name="discharge_after_last_point", condition=Q(left_at__gte=F("last_point_at")))]


def discharge_of(visit: Treatment) -> Discharge | None:
    return Discharge.objects.of(visit.clinic).filter(treatment=visit).select_related("created_by").first()


def last_point_by(visit: Treatment) -> dt.datetime | None:
    """When the last point was given at the latest: before the signature, and before the minutes that were watched until then.

    None where the treatment was not signed on the day it was given: nothing is known then.
    """
    if visit.signed_at is None or not signed_on_the_day(visit):
        return None
    return visit.signed_at - dt.timedelta(minutes=visit.observed_minutes or 0)


def may_leave(visit: Treatment) -> dt.datetime | None:
    """When a patient may leave at the latest. None where the last point is not known, or the clinic asks for no time."""
    last, minutes = last_point_by(visit), visit.clinic.observation_minutes
    return may_leave_at(last, minutes) if last is not None and minutes is not None else None


def signed_on_the_day(visit: Treatment) -> bool:
    """Whether a treatment was signed on the day it was given, while the patient may still be there."""
    return visit.signed_at is not None and visit.signed_at.astimezone(ZoneInfo(visit.clinic.time_zone)).date() == visit.given_on


def awaited(visit: Treatment, on: dt.date) -> bool:
    """Whether it is the day on which a treatment was given and signed, so that the patient may still be there."""
    return visit.given_on == on and signed_on_the_day(visit)


def leaving_of(visit: Treatment, on: dt.date) -> str:
    """Whether the patient may leave or has left, for the task list; nothing where that is no question any more."""
    if visit.state != Treatment.State.SIGNED:
        return ""
    zone = ZoneInfo(visit.clinic.time_zone)
    row = Discharge.objects.of(visit.clinic).filter(treatment=visit).only("left_at").first()
    if row is None and not awaited(visit, on):
        return ""
    until = may_leave(visit)
    return leaving_in_words(until.astimezone(zone) if until else None, row.left_at.astimezone(zone) if row else None)
