"""What is recorded for a visit, as the plain facts that the task list and the gate take."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, NamedTuple

from django.db import connection

from pistor.care.evidence import Effect
from pistor.care.visit import VisitFacts
from pistor.knowledge import Library
from pistor.records.consent import Consent
from pistor.records.course import Course
from pistor.records.discharge import leaving_of
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import Candidacy, candidacy_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.plan import plan_digest
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment


def facts_of(visit: Treatment, library: Library, on: dt.date, candidacy: Candidacy | None = None) -> VisitFacts:
    """The facts of a visit on a day. ``candidacy`` may be passed where the page has it already."""
    course = visit.course
    candidacy = candidacy or candidacy_of(course, on, library)
    blend, drawn = latest_blend_and_map(course)
    recorded = _recorded(visit, on)
    return VisitFacts(
        on=on,
        number=visit.number,
        treatment=visit.state,  # type: ignore[arg-type]
        history_recorded=bool(candidacy.picture.answers or candidacy.picture.conditions or candidacy.picture.medicines or candidacy.picture.allergies),
        questions_missing=tuple(library.questions[q].text for q in candidacy.questions if q in library.questions),
        baseline_scored=recorded.baseline or visit.number > 1,
        verdict=candidacy.verdict.state.value,
        verdict_reviewed=candidacy.reviewed(visit),
        stops=tuple(finding.text for finding in candidacy.stops),
        to_override=tuple(finding.text for finding in candidacy.to_override),
        alternatives_discussed=recorded.talked,
        blend_composed=blend is not None,
        blend_problems=_problems(blend.result if blend else {}),
        map_drawn=drawn is not None,
        map_problems=_problems(drawn.totals if drawn else {}),
        course_scheduled=course.scheduled_at is not None,
        consent=_consent(course, blend, drawn),
        zones_recorded=recorded.zones,
        aftercare_given=recorded.aftercare,
        open_reactions=ReactionReport.objects.filter(treatment=visit).still_open().count() if recorded.reports else 0,
        scored_today=recorded.scored_today,
        evaluation_due=_evaluation_due(course, recorded.signed, on),
        evaluation_decided=recorded.decided,
        leaving=leaving_of(visit, on),
    )


class _Recorded(NamedTuple):
    talked: bool
    zones: bool
    aftercare: bool
    reports: bool
    decided: bool
    baseline: bool
    scored_today: bool
    signed: int


# In SQL, because every page of a visit asks this, and composing it from models takes the server thirty times as long as answering it.
_RECORDED = """
SELECT
    EXISTS (SELECT 1 FROM records_alternativestalk WHERE course_id = %(course)s),
    EXISTS (SELECT 1 FROM records_zonedose WHERE treatment_id = %(visit)s),
    EXISTS (SELECT 1 FROM records_aftercaresheet WHERE treatment_id = %(visit)s),
    EXISTS (SELECT 1 FROM records_reactionreport WHERE treatment_id = %(visit)s),
    EXISTS (SELECT 1 FROM records_maintenancedecision WHERE treatment_id = %(visit)s),
    EXISTS (SELECT 1 FROM records_scalescore WHERE course_id = %(course)s AND is_baseline),
    EXISTS (SELECT 1 FROM records_scalescore WHERE course_id = %(course)s AND (measured_on = %(on)s OR treatment_id = %(visit)s)),
    (SELECT COUNT(*) FROM records_treatment WHERE course_id = %(course)s AND state = 'signed')
"""


def _recorded(visit: Treatment, on: dt.date) -> _Recorded:
    """What there is of this visit and its course, in one statement."""
    key = Treatment._meta.pk.get_db_prep_value
    asked = {"visit": key(visit.pk, connection), "course": key(visit.course_id, connection), "on": connection.ops.adapt_datefield_value(on)}
    with connection.cursor() as cursor:
        cursor.execute(_RECORDED, asked)
        return _Recorded(*cursor.fetchone())


def _problems(frozen: dict[str, Any]) -> tuple[str, ...]:
    """Sentences of the findings that stop, in a frozen blend or map."""
    findings = frozen.get("findings") or ()
    return tuple(f["text"] for f in findings if f.get("stops") and f.get("effect") == Effect.CONTRAINDICATED.value)


def _consent(course: Course, blend: Formulation | None, drawn: InjectionPlan | None) -> Literal["none", "signed", "outdated", "withdrawn"]:
    newest = Consent.objects.filter(course=course).order_by("-signed_at").values_list("plan_digest", "withdrawal").first()
    if newest is None:
        return "none"
    digest, withdrawal = newest
    if withdrawal:
        return "withdrawn"
    return "signed" if digest == plan_digest(course, blend, drawn) else "outdated"


def _evaluation_due(course: Course, signed: int | None, on: dt.date) -> bool:
    """Whether the course's evaluation point is reached, by date or by the number of signed treatments."""
    if course.evaluation_on and on >= course.evaluation_on:
        return True
    return bool(course.evaluation_after_treatments) and (signed or 0) >= (course.evaluation_after_treatments or 0)
