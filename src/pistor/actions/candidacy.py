"""Answer what candidacy asks, go past a finding with a reason, and go on with the verdict."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from pistor.actions.consultation import RANGES, NewEntry, record_history
from pistor.actions.core import Refused, Stale, audit, claim_version, unit_of_work
from pistor.care.consultation import Kind
from pistor.care.evidence import Effect
from pistor.records.candidacy import Assessment, Override
from pistor.records.consultation import HistoryEntry, Patient
from pistor.records.course import Course
from pistor.records.intent import TO_PASS, Candidacy, candidacy_of, needs_reason
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.treatment import Treatment

ELSEWHERE = ("birth_date", "sex", "jurisdiction")  # answered on the patient's page and by the clinic, not here
REASON_LENGTH = (10, 500)


def answer_questions(
    *, by: User, at: dt.datetime, token: uuid.UUID | None, patient: Patient, version: int | None, answers: Mapping[str, str], location: str = ""
) -> list[HistoryEntry]:
    """Write the answers as history, one entry each. Questions without an answer stay *not asked*."""
    given = {question: value.strip() for question, value in answers.items() if value.strip()}
    if not given:
        raise Refused("No question was answered. Choose an answer, or “don't know” where the patient does not know.")
    library = library_of(by.clinic)
    entries = []
    for question, value in given.items():
        if question not in library.questions or question in ELSEWHERE:
            raise Refused(f"“{question[:60]}” is not asked here. Open the candidacy page again and answer what it asks.")
        entries.append(_entry(question, value, library.questions[question].text))
    return record_history(by=by, at=at, token=token, patient=patient, version=version, entries=entries, location=location)


def _entry(question: str, value: str, text: str) -> NewEntry:
    if question == "pregnancy":
        return NewEntry(Kind.PREGNANCY.value, text, {"state": value}, key=question)
    if question in RANGES:
        return NewEntry(Kind.MEASUREMENT.value, text, {"value": value, "unit": RANGES[question][2]}, key=question)
    return NewEntry(Kind.ANSWER.value, text, {"value": value, "note": ""}, key=question)


def review_verdict(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    course: Course,
    treatment: Treatment | None = None,
    version: int | None,
    digest: str,
    accepted: bool = True,
    location: str = "",
) -> Assessment:
    """The clinician looked at this verdict and goes on with it, or not. It is kept as it was shown."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="review_verdict", token=token, at=at, location=location):
        row, now = _now(by, at, course)
        if digest != now.digest:
            raise Stale("The verdict rests on other facts than when you opened this page. Nothing was saved; look at it again, then go on.")
        if accepted:
            _may_go_on(now)
        claim_version(row, version=version, by=by, at=at)
        visit = Treatment.objects.of(by.clinic).get(pk=treatment.pk, course=row) if treatment is not None else None
        assessment = Assessment.objects.create(
            clinic_id=row.clinic_id,
            created_at=at,
            created_by=by,
            course=row,
            treatment=visit,
            verdict=now.verdict.state.value,
            findings=[finding.as_dict() for finding in now.verdict.findings],
            missing=list(now.verdict.missing),
            intent=now.intent.as_dict(),
            inputs_digest=now.digest,
            knowledge_version=now.verdict.knowledge_version,
            accepted=accepted,
        )
        audit(by=by, verb="review_verdict", subject=assessment, at=at, patient_id=row.patient_id, verdict=now.verdict.state.value, accepted=accepted)
        return assessment


def _may_go_on(now: Candidacy) -> None:
    if now.stops:
        raise Refused(*(f"{finding.text} This cannot be overridden." for finding in now.stops))
    if now.questions:
        count = len(now.questions)
        raise Refused(
            f"{count} question{'s are' if count > 1 else ' is'} still open. Answer {'them' if count > 1 else 'it'} first; “don't know” is an answer too."
        )
    if now.to_override:
        raise Refused(*(f"{finding.text} Give a reason to go past it, or do not treat." for finding in now.to_override))


def override_finding(
    *, by: User, at: dt.datetime, token: uuid.UUID | None, course: Course, version: int | None, rule: str, reason: str, location: str = ""
) -> Override:
    """Go past a finding, and say why. Findings that stop are refused here, whoever asks."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="override_finding", token=token, at=at, location=location):
        row, now = _now(by, at, course)
        finding = next((found for found in now.verdict.findings if found.rule == rule), None)
        if finding is None:
            raise Refused("This finding does not hold any more. Open the page again.")
        if finding.stops:
            raise Refused(f"{finding.text} This cannot be overridden.")
        if finding.effect not in TO_PASS:
            raise Refused("This finding does not hold anything up; it needs no reason.")
        if finding.effect is Effect.ASK and not needs_reason(finding, now.picture):
            raise Refused("Answer the question first; “don't know” is an answer too.")
        text = " ".join(reason.split())
        if not REASON_LENGTH[0] <= len(text) <= REASON_LENGTH[1]:
            raise Refused(f"Write the reason in {REASON_LENGTH[0]} to {REASON_LENGTH[1]} characters; it is kept with the finding.")
        claim_version(row, version=version, by=by, at=at)
        Override.objects.filter(clinic_id=row.clinic_id, course=row, rule=rule, withdrawn_at__isnull=True).update(withdrawn_at=at, withdrawn_by=by)
        override = Override.objects.create(
            clinic_id=row.clinic_id, created_at=at, created_by=by, course=row, rule=rule[:120], finding=finding.as_dict(), reason=text
        )
        audit(by=by, verb="override_finding", subject=override, at=at, patient_id=row.patient_id, rule=rule)
        return override


def withdraw_override(*, by: User, at: dt.datetime, token: uuid.UUID | None, course: Course, version: int | None, rule: str, location: str = "") -> None:
    """Take back a reason: the finding counts again. The row stays and says who took it back and when."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="withdraw_override", token=token, at=at, location=location):
        row = _own(by, course)
        standing = list(Override.objects.filter(clinic_id=row.clinic_id, course=row, rule=rule, withdrawn_at__isnull=True))
        if not standing:
            raise Refused("There is no reason to take back here. Open the page again.")
        claim_version(row, version=version, by=by, at=at)
        for override in standing:
            override.withdrawn_at, override.withdrawn_by = at, by
            override.save(update_fields=["withdrawn_at", "withdrawn_by"])
            audit(by=by, verb="withdraw_override", subject=override, at=at, patient_id=row.patient_id, rule=rule)


def _now(by: User, at: dt.datetime, course: Course) -> tuple[Course, Candidacy]:
    row = _own(by, course)
    return row, candidacy_of(row, at.astimezone(ZoneInfo(by.clinic.time_zone)).date())  # type: ignore[union-attr]


def _own(by: User, course: Course) -> Course:
    row: Course | None = Course.objects.of(by.clinic).select_related("patient").filter(pk=course.pk).first()
    if row is None:
        raise Refused("This course is not one of your clinic.")
    return row
