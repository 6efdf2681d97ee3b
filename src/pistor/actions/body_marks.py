"""Mark a place on the patient's skin, and end a mark."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Sequence

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.course import local_day
from pistor.delivery import grids
from pistor.records.body_marks import BodyMark
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.treatment import Treatment

MOST_CORNERS = 1000
LEAST_MM2 = 1.0


def add_mark(
    *,
    visit: Treatment,
    kind: str,
    text: str,
    map: str,
    outline: Sequence[tuple[float, float]],
    noted_on: dt.date | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> BodyMark:
    """Keep a mark of the patient of a visit. ``outline`` is in millimetres on the drawing as it is drawn; ``noted_on`` is today when not given."""
    with unit_of_work(by=by, capability=Capability.TAKE_HISTORY, verb="mark.added", token=token, at=at, location=location):
        visit = Treatment.objects.of(by.clinic).select_related("patient").get(pk=visit.pk)
        body = library_of(by.clinic).body_maps.get(map)
        said, today = " ".join(text.split()), local_day(by, at)
        if body is None:
            raise Refused(f"“{map[:60]}” is no known body map. Choose one of the list.")
        if kind not in BodyMark.Kind.values:
            raise Refused("Say what it is: a scar, an implant, an earlier reaction or something else.")
        if len(said) > 200:
            raise Refused("Describe it in at most 200 characters.")
        if kind == BodyMark.Kind.OTHER and not said:
            raise Refused("Describe what is marked.")
        if not 3 <= len(outline) <= MOST_CORNERS or not all(math.isfinite(place) for at_ in outline for place in at_):
            raise Refused(f"The outline needs from 3 to {MOST_CORNERS} corners. Mark the place anew.")
        if any(not (0 <= x <= body.width_mm and 0 <= y <= body.height_mm) for x, y in outline):
            raise Refused(f"The place lies beside the drawing, which is {body.width_mm:g} mm wide and {body.height_mm:g} mm high. Mark it on the body.")
        if grids.area_mm2(outline) < LEAST_MM2:
            raise Refused("The place is too small to be seen. Mark a larger one.")
        if noted_on is not None and noted_on > today:
            raise Refused("The day lies in the future. Enter the day on which it was seen.")
        row = BodyMark.objects.create(
            clinic_id=visit.clinic_id, created_at=at, created_by=by, patient=visit.patient, kind=kind, text=said, map=map, map_version=body.version,
            outline=[[round(x, 2), round(y, 2)] for x, y in outline], noted_on=noted_on or today,
        )  # fmt: skip
        audit(by=by, verb="mark.added", subject=row, at=at, patient_id=visit.patient_id, kind=kind)
    return row


def end_mark(*, mark: BodyMark, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> BodyMark:
    """From now on it is not shown on maps; the row stays."""
    with unit_of_work(by=by, capability=Capability.TAKE_HISTORY, verb="mark.ended", token=token, at=at, location=location):
        row: BodyMark = BodyMark.objects.of(by.clinic).select_for_update(of=("self",)).get(pk=mark.pk)
        why = " ".join(reason.split())
        if row.ended_at is not None:
            raise Refused("This mark was ended already.")
        if not why or len(why) > 300:
            raise Refused("Write why it ends, in at most 300 characters.")
        row.ended_at, row.ended_by, row.ended_reason = at, by, why
        row.save(update_fields=["ended_at", "ended_by", "ended_reason"])
        audit(by=by, verb="mark.ended", subject=row, at=at, patient_id=row.patient_id)
    return row
