"""The summary of a signed treatment as a document that is kept: as it was signed, and again whenever something is added to it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pistor.actions.course import local_day
from pistor.care.aftercare import moment_in
from pistor.care.amendment import Content, zones_given
from pistor.care.injection_map import NoMap
from pistor.care.treatment import UnreadableEdits, charted
from pistor.exchange.pictures import map_svg
from pistor.exchange.signed import treatment_pdf
from pistor.exchange.signed_words import differences, drawn_in_words, signed_words, with_corrections
from pistor.knowledge import Library
from pistor.records.amendments import signed_content, steps_of
from pistor.records.discharge import Discharge, awaited, discharge_of, may_leave
from pistor.records.documents import Document
from pistor.records.injection_map import InjectionPlan
from pistor.records.library import library_of
from pistor.records.people import User
from pistor.records.plan import map_of
from pistor.records.summaries import TreatmentSummary
from pistor.records.treatment import Amendment, Treatment


def keep_summary(
    visit: Treatment, *, occasion: str = TreatmentSummary.Occasion.SIGNED, amendment: Amendment | None = None, by: User, at: dt.datetime
) -> TreatmentSummary:
    """Make the summary as it stands now and keep it, inside the transaction of what it is the summary of."""
    row = summary_row(visit, TreatmentSummary.Occasion.AMENDMENT if amendment else occasion, local_day(by, at), amendment=amendment, by=by, at=at)
    row.document.save(force_insert=True)
    row.save(force_insert=True)
    return row


def summary_row(visit: Treatment, occasion: str, on: dt.date, *, amendment: Amendment | None = None, by: User, at: dt.datetime) -> TreatmentSummary:
    """The summary as it stands on a day and its document, neither of them written."""
    pdf = summary_pdf(visit, on)
    own: dict[str, Any] = {"clinic_id": visit.clinic_id, "created_at": at, "created_by": by}
    title = f"Treatment {visit.number}, {TreatmentSummary.Occasion(occasion).label.lower()}"
    document = Document(**own, patient=visit.patient, kind=Document.Kind.TREATMENT, title=title, content=pdf, sha256=hashlib.sha256(pdf).hexdigest())
    return TreatmentSummary(**own, treatment=visit, occasion=occasion, amendment=amendment, document=document)


def summary_pdf(visit: Treatment, on: dt.date) -> bytes:
    """The summary as it stands on a day, with the points that were given on the map."""
    library, steps = library_of(visit.clinic), steps_of(visit)
    words = _words(visit, steps, library, on)
    content = {**{key: value for key, value in words.items() if key != "discharge"}, "clinic": visit.clinic.name, "footer": f"Signed {visit.sha256}"}
    pictures, note = _pictures(visit, _known(visit, steps), library)
    return treatment_pdf(content=content, sha256=visit.sha256, pictures=pictures, pictured=note)


def summary_words(visit: Treatment, library: Library, on: dt.date) -> dict[str, Any]:
    """What was signed in words, with what was corrected beside it, the amendments with each field they changed, and the leaving."""
    return _words(visit, steps_of(visit), library, on)


def _words(visit: Treatment, steps: Sequence[tuple[Amendment, Content, Content]], library: Library, on: dt.date) -> dict[str, Any]:
    at, left = _local(visit, visit.signed_at or visit.changed_at), discharge_of(visit)
    words, now = (signed_words(content, library, at) for content in (signed_content(visit), _known(visit, steps)))
    words["signer"] = words["signer"] or (visit.signed_by.printed_name if visit.signed_by else "")
    words["patient"] = words["patient"] or str(visit.patient)
    return {**with_corrections(words, now), "amendments": _amendments(visit, steps, library), "discharge": left, "leaving": leaving_words(visit, left, on)}


def _known(visit: Treatment, steps: Sequence[tuple[Amendment, Content, Content]]) -> Content:
    """What was signed, with all that was corrected since."""
    return steps[-1][2] if steps else signed_content(visit)


def leaving_words(visit: Treatment, row: Discharge | None, on: dt.date) -> str:
    """When the patient left, or on the day itself from when on they may, in a sentence."""
    if row:
        said = f"Left at {_local(visit, row.left_at):%H:%M}, {row.minutes} minutes after the last point at {_local(visit, row.last_point_at):%H:%M}."
        return f"{said} Earlier than the clinic's {row.asked_minutes} minutes: {row.reason}" if row.reason else said
    until = may_leave(visit)
    if not awaited(visit, on):
        return "Leaving was not noted."
    if until is None:
        return "The clinic has set no time of observation, and no published one was found. Leaving is not noted."
    said = f"May leave at {_local(visit, until):%H:%M} at the latest"
    return f"{said}: the clinic watches for {visit.clinic.observation_minutes} minutes from the last point, which was before the signature."


def _amendments(visit: Treatment, steps: Sequence[tuple[Amendment, Content, Content]], library: Library) -> list[dict[str, Any]]:
    shown = []
    for row, before, after in steps:
        at = _local(visit, row.created_at)
        changed = differences(signed_words(before, library, at), signed_words(after, library, at)) if row.changes else ()
        shown.append({
            "kind": row.get_kind_display(), "text": row.text, "reason": row.reason, "by": row.created_by.printed_name if row.created_by else "",
            "at": moment_in("en", at), "sha256": row.sha256, "differences": [one.as_dict() for one in changed],
        })  # fmt: skip
    return shown


def _pictures(visit: Treatment, content: Content, library: Library) -> tuple[list[str], str]:
    """What was given on the map that was signed for, one drawing for each view, and what cannot be drawn of it in words.

    No drawing where the knowledge has the map no more.
    """
    plans, named = InjectionPlan.objects.of(visit.clinic).filter(course=visit.course_id), content.get("map")
    then = plans.filter(pk=named) if named else plans.filter(created_at__lte=visit.signed_at)  # content of kind 1 does not name it
    drawn = then.order_by("-created_at", "-pk").first()
    if drawn is None:
        return [], ""
    try:
        made = charted(map_of(drawn, library), zones_given(content))
    except (NoMap, UnreadableEdits):
        return [], ""
    views = dict.fromkeys(area.map for area in made.drawn.areas)
    return [map_svg(made.drawn, library, view, moved_from=made.moved_from) for view in views], drawn_in_words(made)


def _local(visit: Treatment, moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(ZoneInfo(visit.clinic.time_zone))
