"""Keeping an injection map: a new row where something changed, and nothing at all where nothing did."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.actions.core import Refused
from pistor.actions.formulation import compose_blend
from pistor.actions.injection_map import draw_map
from pistor.care.formulation import Blend, Part, compose
from pistor.care.injection_map import Area, Change, Edits, Generator, Scale, ZonePlan, make_map, zones_alike
from pistor.knowledge import load
from pistor.records.audit import AuditEvent
from pistor.records.course import Course
from pistor.records.doses import giving_of
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.latest import latest_blend_and_map
from pistor.records.plan import map_of, plan_digest
from pistor.records.room import planned_zones
from tests.conftest import NOW
from tests.ready import POINTS, planned_visit

pytestmark = pytest.mark.django_db
LEFT, RIGHT = (Area("neck_back", "neck", side) for side in ("left", "right"))
GRID = Generator("hexagonal", Decimal(20), Decimal("0.02"), Decimal(4), Decimal(30))
ROLLED = Generator("passes", Decimal(1), Decimal(0), Decimal("0.5"), Decimal(90), passes=3, on_skin_ml=Decimal("0.5"))


def test_a_map_that_is_kept_already_writes_nothing_and_leaves_consent_as_it_was(people):
    visit = planned_visit(people)
    do = {"by": people.practitioner, "at": NOW}
    kept = InjectionPlan.objects.get()
    before = plan_digest(visit.course, *latest_blend_and_map(visit.course)), AuditEvent.objects.count(), visit.course.version
    again = draw_map(course=visit.course, zones=map_of(kept, load()).zone_plans, version=visit.course.version, **do)
    visit.course.refresh_from_db()
    assert again.pk == kept.pk
    assert (plan_digest(visit.course, *latest_blend_and_map(visit.course)), AuditEvent.objects.count(), visit.course.version) == before
    edited = replace(map_of(kept, load()).zone_plans[0], edits=Edits(changed={"1": Change(volume_ml=Decimal("0.1"))}))
    new = draw_map(course=visit.course, zones=[edited], **do)
    assert new.pk != kept.pk and map_of(new, load()).zone_plans[0].edits == edited.edits
    assert new.volume_ml == Decimal(new.totals["volume_ml"]) == kept.volume_ml - Decimal("0.025")


def test_a_row_of_the_old_form_is_read_and_saving_it_unchanged_writes_nothing(people):
    visit = planned_visit(people)
    row = InjectionPlan.objects.get()
    removed = {"removed": ["neck_back:neck:left:1", "neck_back:neck:left:99"]}
    InjectionPlan.objects.update(zones=[], exceptions=removed, points=row.points - 1, volume_ml=row.volume_ml - Decimal("0.125"))
    row.refresh_from_db()
    library = load()
    old = map_of(row, library)
    side = row.areas[0]["side"]
    expected = make_map(zones_alike([Area("neck_back", "neck", side)], POINTS, "point_by_point", removed=removed["removed"]), library)
    assert old.placed == expected.placed and [point.key for point in old.taken_out] == ["neck_back:neck:left:1"]
    assert draw_map(course=visit.course, zones=old.zone_plans, by=people.practitioner, at=NOW).pk == row.pk


def test_each_zone_is_planned_with_its_own_technique_and_depth_and_its_dose_is_counted(people):
    visit = planned_visit(people)
    deep = ZonePlan(RIGHT, "point_by_point", replace(POINTS, inserted_length_mm=Decimal(4)))
    row = draw_map(course=visit.course, zones=[ZonePlan(LEFT, "pain_grid", GRID), deep], scale={"neck_back": Scale(1.1, 0.9)}, by=people.practitioner, at=NOW)
    planned = {zone.side: zone for zone in planned_zones(visit.course)}
    assert (planned["left"].technique, planned["left"].inserted_length_mm, planned["left"].angle_deg) == ("pain_grid", 4, 30)
    assert (planned["right"].technique, planned["right"].inserted_length_mm, planned["right"].angle_deg) == ("point_by_point", 4, 90)
    assert row.volume_ml == planned["left"].volume_ml + planned["right"].volume_ml
    assert map_of(row, load()).scale == {"neck_back": Scale(1.1, 0.9)}
    giving = giving_of(visit.course, load())
    assert giving.densest_ml_per_cm2 == map_of(row, load()).densest_ml_per_cm2 and giving.spacing_mm == 20


def test_a_film_counts_in_full_and_is_told_as_on_the_skin(people):
    visit, library = planned_visit(people), load()
    row = draw_map(course=visit.course, zones=[ZonePlan(LEFT, "roller_passes", ROLLED)], by=people.practitioner, at=NOW)
    giving, blend = giving_of(visit.course, library), Blend.from_dict(Formulation.objects.get().result)
    assert (row.points, row.volume_ml, giving.volume_ml, giving.on_skin_ml, giving.needed_ml) == (0, 0, 0, Decimal("0.5"), Decimal("0.5"))
    (check,) = [check for check in giving.checks(blend, library) if check.limit_id == "lidocaine_single_dose"]
    assert check.dose == 10 and [fact.value for fact in check.because if fact.name == "as a film on the skin"] == ["10 mg, counted in full"]
    assert giving.amounts(blend)[0].per_treatment == 10 and giving.zones_ml[0][1] == Decimal("0.5")
    open_ = [ZonePlan(LEFT, "roller_passes", replace(ROLLED, on_skin_ml=None))]
    draw_map(course=visit.course, zones=open_, by=people.practitioner, at=NOW)
    assert giving_of(visit.course, library).volume_ml is None, "where it is not said how much, the whole blend counts"


def test_a_point_outside_its_zone_is_refused_and_nothing_is_kept(people):
    visit = planned_visit(people)
    with pytest.raises(Refused, match="lies outside the zone"):
        draw_map(course=visit.course, zones=[ZonePlan(LEFT, "pain_grid", GRID, Edits(added={"a1": (1.0, 1.0)}))], by=people.practitioner, at=NOW)
    assert InjectionPlan.objects.count() == 1


def test_a_product_that_stays_under_the_skin_is_refused_where_one_zone_ends_in_it_or_is_rolled(people):
    visit = planned_visit(people)
    Course.objects.update(interval_days=30)
    acid = compose([Part("deoxycholic_acid_10mg_ml", Decimal(2))], load(), policy="single_active", jurisdiction="US", application="fat")
    Formulation.objects.update(result={**acid.as_dict(), "doses": []}, parts=[part.as_dict() for part in acid.parts], volume_ml=2)
    deep = ZonePlan(LEFT, "deep", replace(GRID, inserted_length_mm=Decimal(6), angle_deg=Decimal(90)))
    for plan, says in ((ZonePlan(RIGHT, "micropapule", GRID), "ends in the dermis"), (ZonePlan(RIGHT, "roller_passes", ROLLED), "opens the skin from above")):
        with pytest.raises(Refused, match=f"never into it; the chosen technique {says}"):
            draw_map(course=visit.course, zones=[deep, plan], by=people.practitioner, at=NOW)
    assert draw_map(course=visit.course, zones=[deep], by=people.practitioner, at=NOW).points
    with pytest.raises(Refused, match="ends in the dermis"):
        InjectionPlan.objects.update(zones=[plan.as_dict() for plan in (deep, ZonePlan(RIGHT, "micropapule", GRID))])
        compose_blend(course=visit.course, parts=[Part("deoxycholic_acid_10mg_ml", Decimal(2))], by=people.practitioner, at=NOW)
