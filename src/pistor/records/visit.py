"""What is recorded for a visit, as the plain facts that the task list and the gate take."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.db.models import Count, Exists, Subquery

from pistor.care.evidence import Effect
from pistor.care.visit import VisitFacts
from pistor.knowledge import Library
from pistor.records.aftercare import AftercareSheet
from pistor.records.alternatives import AlternativesTalk
from pistor.records.consent import Consent
from pistor.records.course import Course
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import Candidacy, candidacy_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.maintenance import MaintenanceDecision
from pistor.records.outcomes import ScaleScore
from pistor.records.plan import plan_digest
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment, ZoneDose


def facts_of(visit: Treatment, library: Library, on: dt.date, candidacy: Candidacy | None = None) -> VisitFacts:
    """The facts of a visit on a day. ``candidacy`` may be passed where the page has it already."""
    course = visit.course
    candidacy = candidacy or candidacy_of(course, on, library)
    blend, drawn = latest_blend_and_map(course)
    exist = _what_exists(visit)
    scores = list(ScaleScore.objects.of(visit.clinic).filter(course=course).values_list("scale", "is_baseline", "measured_on", "treatment_id"))
    return VisitFacts(
        on=on,
        number=visit.number,
        treatment=visit.state,  # type: ignore[arg-type]
        history_recorded=bool(candidacy.picture.answers or candidacy.picture.conditions or candidacy.picture.medicines or candidacy.picture.allergies),
        questions_missing=tuple(library.questions[q].text for q in candidacy.questions if q in library.questions),
        baseline_scored=any(baseline for _, baseline, _, _ in scores) or visit.number > 1,
        verdict=candidacy.verdict.state.value,
        verdict_reviewed=candidacy.reviewed(visit),
        stops=tuple(finding.text for finding in candidacy.stops),
        to_override=tuple(finding.text for finding in candidacy.to_override),
        alternatives_discussed=exist["talked"],
        blend_composed=blend is not None,
        blend_problems=_problems(blend.result if blend else {}),
        map_drawn=drawn is not None,
        map_problems=_problems(drawn.totals if drawn else {}),
        course_scheduled=course.scheduled_at is not None,
        consent=_consent(course, blend, drawn),
        zones_recorded=exist["zones"],
        aftercare_given=exist["aftercare"],
        open_reactions=ReactionReport.objects.filter(treatment=visit).still_open().count() if exist["reports"] else 0,
        scored_today=any(day == on or treatment == visit.pk for _, _, day, treatment in scores),
        evaluation_due=_evaluation_due(course, exist["signed"], on),
        evaluation_decided=exist["decided"],
    )


def _what_exists(visit: Treatment) -> dict[str, Any]:
    """What there is of this visit and its course, asked in one query."""
    of_visit, of_course = {"treatment": visit.pk}, {"course": visit.course_id}
    signed = Treatment.objects.filter(course=visit.course_id, state=Treatment.State.SIGNED).order_by().values("course").annotate(n=Count("pk"))
    return Treatment.objects.filter(pk=visit.pk).values(
        talked=Exists(AlternativesTalk.objects.filter(**of_course)),
        zones=Exists(ZoneDose.objects.filter(**of_visit)),
        aftercare=Exists(AftercareSheet.objects.filter(**of_visit)),
        reports=Exists(ReactionReport.objects.filter(**of_visit)),
        decided=Exists(MaintenanceDecision.objects.filter(**of_visit)),
        signed=Subquery(signed.values("n")),
    )[0]


def _problems(frozen: dict[str, Any]) -> tuple[str, ...]:
    """Sentences of the findings that stop, in a frozen blend or map."""
    findings = frozen.get("findings") or ()
    return tuple(f["text"] for f in findings if f.get("stops") and f.get("effect") == Effect.CONTRAINDICATED.value)


def _consent(course: Course, blend: Formulation | None, drawn: InjectionPlan | None) -> Literal["none", "signed", "outdated", "withdrawn"]:
    newest = Consent.objects.filter(course=course).select_related("withdrawal").defer("signature_path", "sections").order_by("-signed_at").first()
    if newest is None:
        return "none"
    if hasattr(newest, "withdrawal"):
        return "withdrawn"
    return "signed" if newest.plan_digest == plan_digest(course, blend, drawn) else "outdated"


def _evaluation_due(course: Course, signed: int | None, on: dt.date) -> bool:
    """Whether the course's evaluation point is reached, by date or by the number of signed treatments."""
    if course.evaluation_on and on >= course.evaluation_on:
        return True
    return bool(course.evaluation_after_treatments) and (signed or 0) >= (course.evaluation_after_treatments or 0)
