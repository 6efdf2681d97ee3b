"""Leaving after a treatment: how long a patient is watched is the clinic's own rule. No published time was found."""

from __future__ import annotations

import datetime as dt

LONGEST = dt.timedelta(hours=12)  # from the last point to leaving; more is a time that was mistyped
MOST_MINUTES = 24 * 60


def may_leave_at(last_point_at: dt.datetime, minutes: int) -> dt.datetime:
    return last_point_at + dt.timedelta(minutes=minutes)


def moments(day: dt.date, last: dt.time, left: dt.time, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """Two times of a day as moments. The second is the next day's where it is earlier: somebody treated at 23:50 leaves at 0:10."""
    later = day if left >= last else day + dt.timedelta(days=1)
    return dt.datetime.combine(day, last, zone), dt.datetime.combine(later, left, zone)


def missing_before_leaving(
    last_point_at: dt.datetime, left_at: dt.datetime, *, now: dt.datetime, asked_minutes: int | None, reason: str
) -> tuple[str, ...]:
    """Why a patient cannot be noted as left, each in a sentence; empty where nothing is against it.

    ``asked_minutes`` is the clinic's rule; None where it has none. The moments are in the clinic's own zone.
    """
    if left_at > now:
        return (f"{left_at:%H:%M} lies ahead. Note it when the patient leaves, and check both times.",)
    if left_at < last_point_at:
        return ("The patient cannot have left before the last point. Check both times.",)
    if left_at - last_point_at > LONGEST:
        return ("More than 12 hours lie between the last point and leaving. Check both times.",)
    if asked_minutes is not None and not reason.strip() and left_at < may_leave_at(last_point_at, asked_minutes):
        until = may_leave_at(last_point_at, asked_minutes)
        return (f"Your clinic watches for {asked_minutes} minutes, here until {until:%H:%M}. Wait until then, or write why the patient left earlier.",)
    return ()


def minutes_between(last_point_at: dt.datetime, left_at: dt.datetime) -> int:
    """Whole minutes, never rounded up."""
    return int((left_at - last_point_at).total_seconds() // 60)


def leaving_in_words(until: dt.datetime | None, left_at: dt.datetime | None) -> str:
    """For the task list of a signed visit: when the patient left, or from when on they may."""
    if left_at is not None:
        return f"signed, left at {left_at:%H:%M}"
    return f"signed, may leave at {until:%H:%M}" if until else "signed, leaving not noted"
