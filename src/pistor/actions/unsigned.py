"""A visit whose treatment is not signed yet, for what belongs to it: syringes, devices, items, the time-out."""

from __future__ import annotations

from pistor.actions.core import Refused
from pistor.records.latest import keep_latest
from pistor.records.people import User
from pistor.records.treatment import Treatment


def unsigned_visit(visit: Treatment, by: User) -> Treatment:
    """The visit with its course, locked, while what belongs to it can still change."""
    found: Treatment = Treatment.objects.of(by.clinic).select_for_update(of=("self",)).select_related("course", "patient").get(pk=visit.pk)
    if found.state == Treatment.State.SIGNED:
        raise Refused("This treatment is signed and locked. Add an amendment instead.")
    if found.state == Treatment.State.CANCELLED:
        raise Refused("This visit was cancelled, so nothing can be recorded for it.")
    found.clinic = found.course.clinic = found.patient.clinic = by.clinic  # type: ignore[assignment]  # one clinic: the manager asked for it
    keep_latest(found.course)
    return found
