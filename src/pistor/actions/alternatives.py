"""Alternatives: that the options were talked through, and which one the patient prefers."""

from __future__ import annotations

import datetime as dt
import uuid

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.care.alternatives import compare
from pistor.records.alternatives import AlternativesTalk
from pistor.records.course import Course
from pistor.records.library import library_of
from pistor.records.people import Capability, User

UNDECIDED, NONE = "undecided", "none"  # still thinking; none of these
NOTE_LENGTH = 1000


def record_alternatives_talk(
    *,
    course: Course,
    preference: str,
    note: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> AlternativesTalk:
    """Keep that the comparison was shown, and what the patient prefers. A later talk is a new row; the newest counts.

    ``preference`` is the id of an option that is shown for this indication, *undecided* or *none*.
    """
    verb = "alternatives.talked_through"
    with unit_of_work(by=by, capability=Capability.TAKE_CONSENT, verb=verb, token=token, at=at, location=location):
        course = Course.objects.of(by.clinic).get(pk=course.pk)
        library = library_of(by.clinic)
        shown = [option.id for option in compare(library, course.application, course.indication).options]
        if preference not in (*shown, UNDECIDED, NONE):
            raise Refused("Choose one of the options that are shown, none of them, or undecided.")
        if len(note) > NOTE_LENGTH:
            raise Refused(f"The note has {len(note)} characters; shorten it to {NOTE_LENGTH}.")
        talk = AlternativesTalk.objects.create(
            clinic=course.clinic,
            created_at=at,
            created_by=by,
            course=course,
            shown=shown,
            preference=preference,
            note=note.strip(),
            knowledge_version=library.version,
        )
        audit(by=by, verb=verb, subject=talk, at=at, patient_id=course.patient_id, course=str(course.pk), preference=preference)
    return talk
