"""From a course and its protocol to what the page shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pistor.care.benefit import VERDICTS
from pistor.care.course import Schedule, usual_interval_days, usual_sessions
from pistor.knowledge.model import Protocol
from pistor.records.course import Course
from pistor.records.treatment import Treatment

DEFAULT_CLOSED = (5, 6)  # Saturday and Sunday, to be changed on the page


def first_values(course: Course, protocol: Protocol, visit_on: dt.date) -> dict[str, Any]:
    """What the form begins with: the course as it was scheduled, else the protocol's own numbers."""
    spaced = protocol.treatment_days is None and protocol.interval_days is not None
    if course.scheduled_at is not None:
        own = course.interval_days == usual_interval_days(protocol) or (protocol.treatment_days is not None and not course.course_reason)
        return {
            "start": course.start_on,
            "sessions": course.sessions,
            "interval_days": None if own and not spaced else course.interval_days,
            "closed": DEFAULT_CLOSED,
            "reason": course.course_reason,
        }
    return {
        "start": visit_on,
        "sessions": usual_sessions(protocol),
        "interval_days": usual_interval_days(protocol) if spaced else None,
        "closed": DEFAULT_CLOSED,
    }


def evidence(protocol: Protocol) -> str:
    return VERDICTS[protocol.verdict]


def rows(schedule: Schedule, kept: dict[int, Treatment]) -> list[dict[str, Any]]:
    """Each treatment with its day, the days since the one before, and what already stands for it."""
    out, before = [], None
    for planned in schedule.treatments:
        row = kept.get(planned.number)
        fixed = row is not None and row.state != Treatment.State.PLANNED
        on = (row.given_on or row.planned_on) if row is not None and fixed else planned.on
        out.append(
            {
                "number": planned.number,
                "on": on,
                "weekday": f"{on:%A}",
                "since": (on - before).days if before else None,
                "moved": planned.moved_days,
                "state": row.get_state_display() if row is not None else "to be planned",
                "evaluate": schedule.evaluation_on == planned.on,
            }
        )
        before = on
    return out
