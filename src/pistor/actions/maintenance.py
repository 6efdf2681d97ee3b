"""Decide how a course goes on."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.care.maintenance import Suggestion, suggest
from pistor.records.course import Course
from pistor.records.library import library_of
from pistor.records.maintenance import MaintenanceDecision, progress_of
from pistor.records.outcomes import baseline_and_latest, scores_of
from pistor.records.people import Capability, User
from pistor.records.treatment import Treatment

ENDED = {"stop": Course.State.STOPPED, "refer": Course.State.REFERRED}


def suggestion_for(course: Course, *, today: dt.date) -> Suggestion:
    """What is suggested for a course now; the page shows it and the decision is held against it."""
    library = library_of(course.clinic)
    indication = library.indications.get(course.indication)
    scale = library.scales.get(indication.primary_scale) if indication else None
    baseline, latest = baseline_and_latest(scores_of(course), scale.id) if scale else (None, None)
    return suggest(
        library.protocols.get(course.protocol),
        scale,
        progress_of(course),
        baseline=baseline.score if baseline else None,
        now=latest.score if latest else None,
        today=today,
    )


def decide_maintenance(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    version: int | None,
    treatment: Treatment,
    choice: str,
    reason: str = "",
    next_on: dt.date | None = None,
    location: str = "",
) -> MaintenanceDecision:
    """Keep the decision with the suggestion it answered; *continue* makes the next treatment, *stop* and *refer* end the course."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="decide_maintenance", token=token, at=at, location=location):
        visit = Treatment.objects.of(by.clinic).select_related("course", "patient", "clinic").filter(pk=treatment.pk).first()
        if visit is None:
            raise Refused("This visit is not of your clinic. Open it from the patient's page.")
        course: Course = visit.course
        today = at.astimezone(ZoneInfo(visit.clinic.time_zone)).date()
        suggestion = suggestion_for(course, today=today)
        _check(course, suggestion, choice, reason, next_on, today)
        claim_version(course, version=version, by=by, at=at)
        following = _following(visit) if choice == "continue" else None
        if choice == "continue" and following is None and next_on is not None:
            following = _next_treatment(visit, next_on, by=by, at=at)
        if choice in ENDED:
            _cancel_planned(course, by=by, at=at)
        course.state = _state(course, suggestion, choice)
        course.save(update_fields=["state"])
        row = MaintenanceDecision.objects.create(
            clinic=visit.clinic, created_at=at, created_by=by, course=course, treatment=visit, choice=choice,
            suggestion=suggestion.as_dict(), reason=reason.strip(), next_on=following.planned_on if following else next_on,
            knowledge_version=library_of(by.clinic).version,
        )  # fmt: skip
        audit(by=by, verb="decide_maintenance", subject=row, at=at, patient_id=visit.patient_id, choice=choice, suggested=suggestion.choice)
        return row


def _check(course: Course, suggestion: Suggestion, choice: str, reason: str, next_on: dt.date | None, today: dt.date) -> None:
    if choice not in MaintenanceDecision.Choice.values:
        raise Refused("The decision is not one of continue, change, stop or refer. Choose one.")
    if course.state in ENDED.values():
        raise Refused(f"This course was ended ({course.get_state_display().lower()}). Start a new course for another treatment.")
    done = progress_of(course).treatments_done
    if choice in ("continue", "change") and done == 0:
        raise Refused("No treatment of this course has been signed, so there is nothing to evaluate. Sign the treatment first, or stop the course.")
    if choice == "continue" and next_on is None:
        raise Refused("There is no date for the next treatment. Enter one to continue.")
    if next_on is not None and next_on < today:
        raise Refused("The next treatment lies in the past. Enter today or a later day.")
    why = _reason_needed(suggestion, choice, next_on)
    if why and not reason.strip():
        raise Refused(f"{why} Write down why; both are kept.")


def _reason_needed(suggestion: Suggestion, choice: str, next_on: dt.date | None) -> str:
    if suggestion.accepts and choice not in suggestion.accepts:
        return f"Your decision ({choice}) differs from what is suggested ({' or '.join(suggestion.accepts)})."
    if choice == "continue" and any(finding.rule == "maintenance/cannot_tell" for finding in suggestion.findings):
        return "Whether it helped cannot be told, and you continue."
    if choice == "continue" and next_on and suggestion.next_on and next_on < suggestion.next_on:
        return "The date is earlier than the protocol's interval."
    return ""


def _following(visit: Treatment) -> Treatment | None:
    """A later treatment that is already planned is not planned twice."""
    later = Treatment.objects.of(visit.clinic).filter(course=visit.course, number__gt=visit.number, state__in=["planned", "open"])
    return later.order_by("number").first()


def _next_treatment(visit: Treatment, next_on: dt.date, *, by: User, at: dt.datetime) -> Treatment:
    last = Treatment.objects.of(visit.clinic).filter(course=visit.course).order_by("-number").values_list("number", flat=True).first()
    return Treatment.objects.create(
        clinic=visit.clinic, created_at=at, created_by=by, changed_at=at, changed_by=by, course=visit.course, patient=visit.patient,
        number=(last or 0) + 1, planned_on=next_on, state=Treatment.State.PLANNED,
    )  # fmt: skip


def _cancel_planned(course: Course, *, by: User, at: dt.datetime) -> None:
    for planned in Treatment.objects.of(course.clinic).filter(course=course, state=Treatment.State.PLANNED):
        claim_version(planned, version=None, by=by, at=at)
        planned.state = Treatment.State.CANCELLED
        planned.save(update_fields=["state"])
        audit(by=by, verb="cancel_treatment", subject=planned, at=at, patient_id=planned.patient_id)


def _state(course: Course, suggestion: Suggestion, choice: str) -> str:
    if choice in ENDED:
        return ENDED[choice]
    if choice == "change":
        return Course.State.PLANNING
    protocol = library_of(course.clinic).protocols.get(course.protocol)
    planned = course.sessions or (int(protocol.sessions.high or 0) if protocol else 0)
    return Course.State.MAINTENANCE if planned and progress_of(course).treatments_done >= planned else Course.State.ACTIVE
