"""A plan whose zones are treated in different ways says so, in doses, field, consent and print."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.consent import consent_sheet
from pistor.care.consultation import Measurement, PatientPicture
from pistor.care.exposure.order import NoExposure, order_from
from pistor.care.formulation import check_doses
from pistor.care.injection_map import Area, Change, Edits, Generator, Measured, Scale, ZonePlan, make_map
from pistor.care.intent import intent_for
from pistor.care.plan import make_plan
from pistor.exchange.plan import plan_page, plan_pdf
from pistor.knowledge import load
from tests.conftest import TODAY

LIBRARY = load()
LEFT, RIGHT = (Area("neck_back", "neck", side) for side in ("left", "right"))
GRID = Generator("hexagonal", Decimal(20), Decimal("0.02"), Decimal(4), Decimal(30))
DEEP = replace(GRID, spacing_mm=Decimal(15), volume_per_point_ml=Decimal("0.05"), inserted_length_mm=Decimal(4), angle_deg=Decimal(90))
THREADS = Generator("lines", Decimal(20), Decimal("0.1"), Decimal(15), Decimal(10))
ROLLED = Generator("passes", Decimal(1), Decimal(0), Decimal("0.5"), Decimal(90), passes=3, on_skin_ml=Decimal("1.5"))


@pytest.fixture(scope="module")
def plain():
    weight = Measurement(Decimal(60), "kg", TODAY, "asked")
    who = PatientPicture(on=TODAY, birth_date=dt.date(1980, 1, 2), sex="female", weight_kg=weight)
    return make_plan(who, intent_for(LIBRARY, "pain", indication="neck_pain", protocol="neck_pain_lidocaine"), LIBRARY, TODAY)


def with_zones(plan, *zones, **more):
    return replace(plan, injection_map=make_map(zones, LIBRARY, **more))


def page_of(plan):
    return plan_page(plan, LIBRARY, name="Test", birth_date=None, on=TODAY)["map"]


def test_each_point_is_followed_at_its_own_depth(plain):
    own = Edits(changed={"1": Change(inserted_length_mm=Decimal(1))})
    plan = with_zones(plain, ZonePlan(LEFT, "pain_grid", GRID, own), ZonePlan(RIGHT, "point_by_point", DEEP))
    order = order_from(plan.injection_map, plan.blend, LIBRARY)
    assert sorted({spot.depth_mm for spot in order.spots}) == [0.5, 2.0, 4.0]
    assert (order.elsewhere_ml, order.notes, len(order.regions)) == (0, (), 2)
    assert order.volume_ml == pytest.approx(float(plan.injection_map.volume_ml))


def test_threads_beside_points_and_films_count_for_the_blood_and_are_named(plain):
    plan = with_zones(plain, ZonePlan(LEFT, "pain_grid", GRID), ZonePlan(RIGHT, "linear_retrograde", THREADS))
    order = order_from(plan.injection_map, plan.blend, LIBRARY)
    left, right = plan.injection_map.zones
    main, other = (left, right) if left.points > right.points else (right, left)
    assert len(order.spots) == main.points and order.elsewhere_ml == pytest.approx(float(other.volume_ml))
    assert other.label in order.notes[0] and (order.run_mm is None) == (main is left)
    film = with_zones(plain, ZonePlan(LEFT, "pain_grid", GRID), ZonePlan(RIGHT, "roller_passes", ROLLED))
    assert order_from(film.injection_map, film.blend, LIBRARY).elsewhere_ml == pytest.approx(1.5)
    with pytest.raises(NoExposure, match="treated in passes"):
        order_from(with_zones(plain, ZonePlan(LEFT, "roller_passes", ROLLED)).injection_map, plain.blend, LIBRARY)


def test_consent_names_every_technique_and_what_lies_on_the_skin(plain):
    plan = with_zones(plain, ZonePlan(LEFT, "pain_grid", GRID), ZonePlan(RIGHT, "point_by_point", DEEP), ZonePlan(Area("back", "back", "left"), "papule", GRID))
    for language in ("en", "fr"):
        sheet = consent_sheet(LIBRARY, plan, language, "C")
        how = next(line for section in sheet.sections for line in section.lines if line.startswith(("How:", "Comment")))
        assert how.count(",") >= 3 and f" {plan.injection_map.points} points" in how
    rolled = with_zones(plain, ZonePlan(LEFT, "pain_grid", GRID), ZonePlan(RIGHT, "roller_passes", ROLLED))
    text = "\n".join(line for section in consent_sheet(LIBRARY, rolled, "en", "C").sections for line in section.lines)
    assert f"{rolled.injection_map.volume_ml.normalize():f} mL and 1.5 mL on the skin in all" in text


def test_the_printed_plan_says_how_each_zone_is_treated(plain):
    alike = page_of(plain)
    assert len(alike["ways"]) == 1 and alike["ways"][0]["where"] == ""
    own = Edits(changed={"1": Change(volume_ml=Decimal("0.1"))})
    scale = {"neck_back": Scale(1.1, 0.9, (Measured("neck", "left", "x", Decimal(70)),))}
    plan = with_zones(plain, ZonePlan(LEFT, "pain_grid", GRID, own), ZonePlan(RIGHT, "roller_passes", ROLLED), scale=scale)
    told = page_of(plan)
    grid, rolled = told["ways"]
    assert "1 of 0.1 mL" in grid["facts"] and "at 30 degrees" in grid["facts"] and grid["where"] == "Left side of the neck"
    assert rolled["facts"].startswith("3 passes over each place, 1.5 mL on the skin") and told["total"].endswith(", 1.5 mL on the skin")
    assert "scaled to the patient, Left side of the neck across 70 mm" in told["scale"]
    assert plan_pdf(plan, LIBRARY, name="Test", birth_date=None, on=TODAY).startswith(b"%PDF")


def test_a_limit_by_area_is_held_against_the_zone_that_gets_most(plain):
    """5 mL on 100 cm2 are within what 1 mL on 5 cm2 is over."""
    from tests.spec.formulation.test_blends import blend

    found = blend(("deoxycholic_acid_10mg_ml", "10"), application="fat")
    thin = {check.scope: check for check in check_doses(found, LIBRARY, volume_ml=Decimal(5), area_cm2=Decimal(100))}
    dense = {check.scope: check for check in check_doses(found, LIBRARY, volume_ml=Decimal(5), area_cm2=Decimal(100), densest_ml_per_cm2=Decimal("0.2"))}
    assert thin["dose_per_area"].dose == Decimal("0.5") and dense["dose_per_area"].dose == 2
    assert any(fact.name == "where most is given" for fact in dense["dose_per_area"].because)
