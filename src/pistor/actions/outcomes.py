"""Record what a scale said."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.care.outcomes import OutOfRange, score
from pistor.knowledge import load
from pistor.knowledge.model import Scale
from pistor.records.outcomes import ScaleScore
from pistor.records.people import Capability, User
from pistor.records.treatment import Treatment


def record_score(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    treatment: Treatment,
    scale: str,
    measured_on: dt.date,
    items: Mapping[str, Decimal] | None = None,
    not_assessed_reason: str = "",
    location: str = "",
) -> ScaleScore:
    """A score, or that it was not assessed and why. A second one for the same day is a new row and counts instead."""
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="record_score", token=token, at=at, location=location):
        visit = _visit(by, treatment)
        known = _scale(scale)
        total = _total(known, items, not_assessed_reason)
        _check_day(visit, measured_on, at)
        row = ScaleScore.objects.create(
            clinic=visit.clinic, created_at=at, created_by=by, patient=visit.patient, course=visit.course, treatment=visit,
            scale=known.id, items={key: str(value) for key, value in (items or {}).items()} if total is not None else {},
            score=total, not_assessed_reason=not_assessed_reason.strip() if total is None else "",
            measured_on=measured_on, is_baseline=total is not None and _before_first_treatment(visit, measured_on),
        )  # fmt: skip
        audit(by=by, verb="record_score", subject=row, at=at, patient_id=visit.patient_id, scale=known.id, assessed=total is not None)
        return row


def _visit(by: User, treatment: Treatment) -> Treatment:
    visit: Treatment | None = Treatment.objects.of(by.clinic).select_related("course", "patient", "clinic").filter(pk=treatment.pk).first()
    if visit is None:
        raise Refused("This visit is not of your clinic. Open it from the patient's page.")
    return visit


def _scale(id_: str) -> Scale:
    scales = load().scales
    if id_ not in scales:
        raise Refused(f"There is no scale “{id_}”. Choose one of the list.")
    return scales[id_]


def _total(scale: Scale, items: Mapping[str, Decimal] | None, reason: str) -> Decimal | None:
    if items and reason.strip():
        raise Refused(f"{scale.short} has both a score and a reason why it was not assessed. Keep one of the two.")
    if not items:
        if not reason.strip():
            raise Refused(f"{scale.short} has no score. Enter it, or say why it was not assessed.")
        return None
    try:
        return score(scale, items)
    except OutOfRange as error:
        raise Refused(str(error)) from None


def _check_day(visit: Treatment, measured_on: dt.date, at: dt.datetime) -> None:
    if measured_on > at.astimezone(ZoneInfo(visit.clinic.time_zone)).date():
        raise Refused("The day of the score lies in the future. Enter the day on which it was taken.")
    born = visit.patient.birth_date
    if born is not None and measured_on < born:
        raise Refused("The day of the score lies before the patient was born. Correct the day.")


def _before_first_treatment(visit: Treatment, measured_on: dt.date) -> bool:
    """A score of the day of a treatment that is already signed may have been taken after it, and is no baseline."""
    return not Treatment.objects.of(visit.clinic).filter(course=visit.course, state=Treatment.State.SIGNED, given_on__lte=measured_on).exists()
