"""Keep the injection map of a course: a new row each time, with its totals and findings of that moment."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from pistor.actions.core import Refused, audit, claim_version, unit_of_work
from pistor.care.formulation import Blend, dose_findings
from pistor.care.injection_map import Area, ChosenPoints, Generator, InjectionMap, NoMap, chosen_as_json, make_map
from pistor.knowledge import Library
from pistor.records.course import Course
from pistor.records.doses import giving_of
from pistor.records.injection_map import InjectionPlan
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability, User


def draw_map(
    *,
    course: Course,
    areas: Sequence[Area],
    technique: str,
    generator: Generator,
    removed: Sequence[str] = (),
    chosen: ChosenPoints | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    version: int | None = None,
    location: str = "",
) -> InjectionPlan:
    """Make the map and keep its generator and exceptions. Refuses a map without points and doses past a limit that stops."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="injection_map.drawn", token=token, at=at, location=location):
        course = Course.objects.of(by.clinic).get(pk=course.pk)
        library = library_of(by.clinic)
        try:
            drawn = make_map(areas, generator, technique, library, exceptions={"removed": removed, "chosen": chosen_as_json(chosen or {})})
        except NoMap as error:
            raise Refused(str(error)) from None
        if drawn.stops:
            raise Refused(*drawn.stops)
        claim_version(course, version=version, by=by, at=at)
        row = InjectionPlan.objects.create(
            clinic=course.clinic,
            created_at=at,
            created_by=by,
            course=course,
            technique=technique,
            areas=[area.as_dict() for area in drawn.areas],
            generator=generator.as_dict(),
            exceptions={"removed": list(drawn.removed), "chosen": chosen_as_json(drawn.chosen)},
            points=drawn.points,
            volume_ml=drawn.volume_ml,
            totals=drawn.as_dict(),
            knowledge_version=library.version,
        )
        _refuse_doses(course, drawn, library)
        audit(by=by, verb="injection_map.drawn", subject=row, at=at, patient_id=course.patient_id, course=str(course.pk))
        return row


def _refuse_doses(course: Course, drawn: InjectionMap, library: Library) -> None:
    """With this map in place the blend may pass a limit; then neither is kept."""
    formulation = latest_blend_and_map(course)[0]
    if formulation is None:
        return
    checks = giving_of(course, library).checks(Blend.from_dict(formulation.result), library)
    stops = [finding.text for finding in dose_findings(checks) if finding.stops]
    if stops:
        raise Refused(*stops)
