"""Keep the blend of a course: a new row each time, with the result of that moment."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.care.formulation import Blend, Part, ToConfirm, UnusableBlend, compose, dose_findings
from pistor.knowledge.typed import decimal_of
from pistor.records.course import Course
from pistor.records.doses import giving_of, techniques_of
from pistor.records.formulation import Formulation
from pistor.records.library import library_of
from pistor.records.people import Capability, User


def compose_blend(
    *,
    course: Course,
    parts: Sequence[Part],
    policy: str = "",
    confirmations: Mapping[str, str] | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    version: int | None = None,
    location: str = "",
) -> Formulation:
    """Compose ``parts`` and keep the blend with its findings, doses and confirmations.

    ``confirmations`` holds what was confirmed by the id of :class:`ToConfirm`: the concentration read on the vial, or
    any text for a sentence of the protocol. Refuses a blend that stops, an open confirmation, and numbers that cannot be.
    """
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="formulation.composed", token=token, at=at, location=location):
        course = Course.objects.of(by.clinic).select_related("clinic", "patient").get(pk=course.pk)
        library, chosen = library_of(by.clinic), policy or course.policy
        try:
            blend = compose(
                parts,
                library,
                policy=chosen,
                jurisdiction=course.jurisdiction or None,
                application=course.application,
                technique=techniques_of(course, library),
                protocol=course.protocol or None,
            )
            checks = giving_of(course, library).checks(blend, library)
        except UnusableBlend as error:
            raise Refused(str(error)) from None
        if any(part.volume_ml != round(part.volume_ml, 3) for part in blend.parts):
            raise Refused("A volume has more than three decimals; round it to 0.001 mL.")
        stops = [finding.text for finding in (*blend.stops, *(finding for finding in dose_findings(checks) if finding.stops))]
        if stops:
            raise Refused(*stops)
        confirmed = _confirmed(blend, confirmations or {}, by, at)
        claim_version(course, version=version, by=by, at=at)
        if chosen != course.policy:
            course.policy = chosen
            course.save(update_fields=["policy"])
        formulation = Formulation.objects.create(
            clinic=course.clinic,
            created_at=at,
            created_by=by,
            course=course,
            parts=[part.as_dict() for part in blend.parts],
            volume_ml=blend.volume_ml,
            result={**blend.as_dict(), "doses": [check.as_dict() for check in checks]},
            confirmations=confirmed,
            knowledge_version=library.version,
        )
        audit(by=by, verb="formulation.composed", subject=formulation, at=at, patient_id=course.patient_id, course=str(course.pk), policy=chosen)
    return formulation


def _confirmed(blend: Blend, given: Mapping[str, str], by: User, at: dt.datetime) -> list[dict[str, Any]]:
    """Each confirmation with who and when; refuses what is open or does not fit the chosen presentation."""
    rows, open_ = [], []
    for item in blend.to_confirm:
        value = given.get(item.id, "").strip()
        if not value:
            open_.append(f"Please confirm first: {item.what}")
        elif item.kind == "concentration" and (reason := _wrong_concentration(item, value)):
            open_.append(reason)
        else:
            rows.append({"id": item.id, "what": item.what, "value": value, "by": str(by.pk), "at": at.isoformat()})
    if open_:
        raise Refused(*open_)
    return rows


def _wrong_concentration(item: ToConfirm, value: str) -> str | None:
    unit = item.options[0].unit if item.options else "mg/mL"
    try:
        number = decimal_of(value)
    except ValueError as problem:
        return f"{problem} Enter the concentration on the vial in {unit}."
    if number != item.expected:
        held = f"{item.expected} {unit}"
        return f"You confirmed {value[:40]} {unit}, but the chosen presentation holds {held}. Choose the presentation that stands in front of you."
    return None
