"""Report a reaction, and what was done about it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Min

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.recall import raise_alerts
from pistor.care.reactions import Triage, triage
from pistor.records.base import uuid7
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.reactions import ReactionFollowUp, ReactionReport
from pistor.records.treatment import Treatment

OUTCOMES = ("ongoing", "resolved", "referred")


def report_reaction(
    *,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None,
    treatment: Treatment,
    began_on: dt.date,
    signs: Collection[str],
    sites: int | None = None,
    zone: str = "",
    severity: str = "",
    description: str = "",
    location: str = "",
) -> ReactionReport:
    """Keep a report with the triage it got, and raise alerts on what it shares with others. Refuses dates that cannot be and unknown signs."""
    key = uuid7()
    location = location.replace("{id}", str(key))
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="report_reaction", token=token, at=at, location=location):
        visit = Treatment.objects.of(by.clinic).select_related("course", "patient", "clinic").filter(pk=treatment.pk).first()
        if visit is None:
            raise Refused("This visit is not of your clinic. Open it from the patient's page.")
        given_on = _given_on(visit, at)
        _check(visit, given_on, began_on, signs, sites, at)
        result = _triage(visit, given_on, began_on, signs, sites, description, at)
        report = ReactionReport.objects.create(
            id=key, clinic=visit.clinic, created_at=at, created_by=by, patient=visit.patient, treatment=visit, reported_at=at,
            began_on=began_on, signs=sorted(set(signs)), sites=sites, zone=zone, severity=severity, description=description.strip(),
            triage=result.as_dict(), level=result.level, knowledge_version=library_of(by.clinic).version,
        )  # fmt: skip
        audit(by=by, verb="report_reaction", subject=report, at=at, patient_id=visit.patient_id, level=result.level)
        raise_alerts(report, by=by, at=at)
        return report


def follow_up_reaction(
    *, by: User, at: dt.datetime, token: uuid.UUID | None, report: ReactionReport, action: str, outcome: str, location: str = ""
) -> ReactionFollowUp:
    """What was done, and how it stands now. The newest entry says whether the report is closed."""
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="follow_up_reaction", token=token, at=at, location=location):
        kept = ReactionReport.objects.of(by.clinic).filter(pk=report.pk).first()
        if kept is None:
            raise Refused("This report is not of your clinic. Open it from the visit.")
        if not action.strip():
            raise Refused("Nothing is written under what was done. Write it down, even if it was advice only.")
        if outcome not in OUTCOMES:
            raise Refused("The outcome is not one of ongoing, resolved or referred. Choose one.")
        row = ReactionFollowUp.objects.create(clinic=kept.clinic, created_at=at, created_by=by, report=kept, action=action.strip(), outcome=outcome)
        audit(by=by, verb="follow_up_reaction", subject=row, at=at, patient_id=kept.patient_id, outcome=outcome)
        return row


def _given_on(visit: Treatment, at: dt.datetime) -> dt.date:
    if visit.given_on is not None:
        return visit.given_on
    if visit.state == Treatment.State.OPEN:
        return min(visit.planned_on, _today(visit, at))
    raise Refused("This treatment has not been given, so nothing can have followed it. Report on the visit after which it began.")


def _check(visit: Treatment, given_on: dt.date, began_on: dt.date, signs: Collection[str], sites: int | None, at: dt.datetime) -> None:
    reasons = []
    if began_on > _today(visit, at):
        reasons.append("The day it began lies in the future. Enter the day on which it was first noticed.")
    elif began_on < given_on:
        reasons.append("The day it began lies before this treatment. Report it on the visit before, or correct the day.")
    known = library_of(visit.clinic).signs
    strange = sorted(set(signs) - set(known))
    if not signs:
        reasons.append("No sign is ticked. Tick what is seen or felt; without it nothing can be sorted.")
    if strange:
        reasons.append(f"Not a sign of the list: {', '.join(strange)}. Choose from the list.")
    if sites is not None and not 0 <= sites <= 1000:
        reasons.append("The number of places is not between 0 and 1000. Count them again, or leave it empty.")
    if reasons:
        raise Refused(*reasons)


def _triage(
    visit: Treatment, given_on: dt.date, began_on: dt.date, signs: Collection[str], sites: int | None, description: str, at: dt.datetime
) -> Triage:
    used = {ingredient for doses in visit.zone_doses.values_list("doses", flat=True) for ingredient in doses}
    if used:  # what is not known excludes no suspect
        used |= {product["ingredient"] for product in (visit.anaesthesia or {}).get("products", ())}
    return triage(
        library_of(visit.clinic),
        application=visit.course.application,
        signs=signs,
        hours_since=_hours_since(visit, given_on, at),
        hours_at_onset=Decimal(24 * (began_on - given_on).days),
        first_before_hours=_first_before_hours(visit, given_on),
        sites=sites,
        ingredients=used,
        description=description,
    )


def _first_before_hours(visit: Treatment, given_on: dt.date) -> Decimal | None:
    """How long before this treatment the same zone of this patient was first treated; None where it never was."""
    same = Treatment.objects.of(visit.clinic).filter(patient=visit.patient, course__zone=visit.course.zone, given_on__lt=given_on)
    first = same.aggregate(first=Min("given_on"))["first"]
    return Decimal(24 * (given_on - first).days) if first is not None else None


def _hours_since(visit: Treatment, given_on: dt.date, at: dt.datetime) -> Decimal:
    """From the signature where it was signed on the day itself, else in whole days."""
    zone = ZoneInfo(visit.clinic.time_zone)
    if visit.signed_at is not None and visit.signed_at.astimezone(zone).date() == given_on:
        return max(Decimal(0), Decimal(str(round((at - visit.signed_at).total_seconds() / 3600, 2))))
    return Decimal(24 * max(0, (_today(visit, at) - given_on).days))


def _today(visit: Treatment, at: dt.datetime) -> dt.date:
    return at.astimezone(ZoneInfo(visit.clinic.time_zone)).date()
