"""The plan of a course comes from what is recorded for it, and says what is missing."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.knowledge import load
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.plan import plan_digest, plan_missing, plan_of
from tests import factories
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(people):
    patient = factories.patient(people.practitioner)
    factories.history(patient, "measurement", "weight_kg", {"value": "60", "unit": "kg"})
    return factories.course(patient, protocol="neck_pain_lidocaine", policy="single_active")


def compose(course, volume="1"):
    row = {"clinic": course.clinic, "created_at": NOW, "created_by": course.created_by, "course": course, "knowledge_version": "x"}
    return Formulation.objects.create(parts=[{"presentation": "lidocaine_2pct", "volume_ml": volume}], volume_ml=volume, result={}, **row)


def draw(course, spacing="40"):
    row = {"clinic": course.clinic, "created_at": NOW, "created_by": course.created_by, "course": course, "knowledge_version": "x"}
    zone = next(area for area in load().body_maps["neck_back"].zones if area.zone == "neck")
    generator = {"pattern": "points", "spacing_mm": spacing, "volume_per_point_ml": "0.125", "inserted_length_mm": "2", "angle_deg": "90", "seed": 0}
    areas = [{"map": "neck_back", "zone": "neck", "side": zone.side}]
    return InjectionPlan.objects.create(technique="point_by_point", areas=areas, generator=generator, points=0, volume_ml=0, totals={}, **row)


def schedule(course, **fields):
    for name, value in {"scheduled_at": NOW, "start_on": TODAY, "sessions": 3, "interval_days": 7, **fields}.items():
        setattr(course, name, value)
    course.save()


def test_what_is_missing_is_said_in_the_order_of_the_steps(course):
    assert plan_of(course) is None
    assert [sentence.split()[0] for sentence in plan_missing(course)] == ["Compose", "Draw", "Set"]


def test_a_complete_course_has_a_plan_with_the_recorded_blend_map_and_dates(course):
    compose(course)
    drawn = draw(course)
    schedule(course)
    plan = plan_of(course)
    assert plan_missing(course) == ()
    assert [part.presentation for part in plan.blend.parts] == ["lidocaine_2pct"]
    assert str(plan.injection_map.generator.spacing_mm) == drawn.generator["spacing_mm"]
    assert [planned.on for planned in plan.schedule.treatments] == [TODAY + dt.timedelta(days=7 * n) for n in range(3)]
    assert plan.doses


def test_the_newest_blend_and_map_count_and_change_the_digest(course):
    compose(course)
    draw(course)
    schedule(course)
    before = plan_of(course).digest()
    assert plan_of(course).digest() == before
    compose(course, "2")
    after_blend = plan_of(course).digest()
    draw(course, "50")
    assert len({before, after_blend, plan_of(course).digest()}) == 3


def test_a_blend_of_a_product_nobody_knows_any_more_is_no_plan_and_no_crash(course):
    compose(course)
    Formulation.objects.update(parts=[{"presentation": "gone_for_good", "volume_ml": "1"}])
    InjectionPlan.objects.all().delete()
    draw(course)
    schedule(course)
    assert plan_of(course) is None
    assert "compose and draw again" in plan_missing(course)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "low_back_pain_lidocaine_ketoprofen"}, {"zone": "lumbar"}, {"sessions": 4}, {"interval_days": 8},
        {"start_on": TODAY + dt.timedelta(days=1)}, {"topical": ["lidocaine"]},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_whatever_a_patient_consents_to_changes_the_digest(course, change):
    schedule(course)
    made = compose(course), draw(course)
    before = plan_digest(course, *made)
    schedule(course, **change)
    course.refresh_from_db()
    assert plan_digest(course, *made) != before


def test_another_blend_or_another_map_changes_the_digest_and_nothing_else_does(course):
    schedule(course)
    blend, drawn = compose(course), draw(course)
    digests = [plan_digest(course, *made) for made in ((blend, drawn), (compose(course), drawn), (blend, draw(course)), (blend, None), (None, drawn))]
    assert len(set(digests)) == len(digests)
    course.refresh_from_db()
    assert plan_digest(course, blend, drawn) == digests[0]
