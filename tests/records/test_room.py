"""The treatment room as the gate sees it: doses over all syringes and the skin, and the plan's points."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.actions.devices import use_item
from pistor.actions.injection_map import draw_map
from pistor.actions.treatment import Incomplete, sign_treatment
from pistor.care.formulation import Blend, Topical
from pistor.care.injection_map import Area, Generator, ZonePlan
from pistor.care.treatment import Edits, Record, ZoneGiven, gate
from pistor.knowledge import load
from pistor.records import room
from pistor.records.latest import latest_blend_and_map
from pistor.records.room import given_checks, planned_points, planned_zones, room_facts, room_of
from pistor.records.signed import broken
from pistor.records.stock import StockMove
from pistor.records.treatment import Treatment, ZoneDose
from tests.conftest import NOW, TODAY
from tests.ready import consented, full_entry, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db
LIBRARY = load()


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    return visit


def zone(volume, **fields) -> ZoneGiven:
    return replace(ZoneGiven("neck", "left", "nappage", 4, Decimal(volume), state="changed", reason="x"), **fields)


def record(*zones, topical=None) -> Record:
    on_skin = (Topical("lidocaine", Decimal(topical)),) if topical else ()
    return Record(TODAY, {}, "x", "topical" if topical else "none", on_skin, tuple(zones))


def lidocaine(visit, charted, library=LIBRARY):
    """The lidocaine of a treatment: its dose in mg, the limit of the label and the state."""
    blend = Blend.from_dict(latest_blend_and_map(visit.course)[0].result)
    checks = given_checks(visit, charted, blend, library)
    return next(check for check in checks if check.ingredient == "lidocaine" and check.scope == "dose_per_treatment")


def test_lidocaine_from_two_syringes_and_the_skin_is_summed(people, visit):
    """Row 25 of the reference: each alone stays below the limit, together they are over it."""
    one, two = syringe(visit, people.nurse, volume="0.4"), syringe(visit, people.nurse, volume="0.4")
    first, second = zone("0.4", syringe=one.code), zone("0.4", syringe=two.code, plan="")
    limit = lidocaine(visit, record(first)).limit
    cream = str(limit - 12)
    alone, together = lidocaine(visit, record(first, topical=cream)), lidocaine(visit, record(first, second, topical=cream))
    assert (alone.dose, together.dose) == (limit - 4, limit + 4)
    assert (alone.state, together.state) == ("near", "over")
    read_codes(visit, people.nurse)
    both = replace(full_entry(visit, lots=[]).record, anaesthesia="topical", topical=(Topical("lidocaine", Decimal(cream)),))
    both = replace(both, zones=(replace(both.zones[0], volume_ml=Decimal("0.4"), reason="x", syringe=one.code), replace(second, zone="shoulder")))
    assert [item.rule for item in gate(room_facts(visit, NOW, record=both))] == ["dose.limit"]
    assert gate(room_facts(visit, NOW, record=replace(both, over_limit_reason="left on by mistake"))) == ()


def test_a_rollers_film_is_on_the_skin_and_counted_in_full(people, visit):
    rolled = LIBRARY.techniques["nappage"].model_copy(update={"pattern": "passes"})
    library = replace(LIBRARY, techniques={**LIBRARY.techniques, "nappage": rolled})
    film = zone("0.3", on_skin=True, passes=4)
    mixed = lidocaine(visit, record(zone("0.1"), film), library)
    assert mixed.dose == 8
    assert [fact.value for fact in mixed.because if fact.name == "as a film on the skin"] == ["6 mg, counted in full"]
    assert lidocaine(visit, record(film), library).dose == 6
    typed = room.planned_record(visit.course, record(replace(film, zone="shoulder", on_skin=False)), [], library)
    assert [one.on_skin for one in typed.zones] == [True]


def test_the_points_of_the_plan_are_its_numbers_in_each_zone(people, visit):
    (planned,), points = planned_zones(visit.course), planned_points(visit.course, LIBRARY)
    assert planned.plan == "neck_back:neck:left"
    assert [point.key for point in points[planned.plan]] == ["1", "2", "3"]
    assert sum(point.volume_ml for point in points[planned.plan]) == planned.volume_ml
    assert len(points[planned.plan]) == planned.points == planned.planned_points


def test_what_is_typed_and_not_kept_is_asked_about_as_if_it_were(people, visit):
    made = syringe(visit, people.nurse)
    read_codes(visit, people.nurse)
    typed = full_entry(visit, lots=[]).record
    assert gate(room_facts(visit, NOW, record=typed)) == ()
    assert {item.rule for item in gate(room_facts(visit, NOW))} >= {"check", "zone.unconfirmed"}
    left_out = replace(typed.zones[0], edits=Edits(frozenset({"2"})))
    seen = room_of(visit, NOW, record=replace(typed, zones=(left_out,)))
    assert (seen.live.points, seen.live.in_syringes_ml) == (2, {made.code: Decimal("0.75")})
    assert [item.where for item in gate(seen.facts)] == ["reason_0"]


@pytest.mark.parametrize("volume", ["NaN", "Infinity", "-1", "1e999999", "501"])
def test_a_number_that_cannot_be_is_said_and_the_rest_still_adds_up(people, visit, volume):
    syringe(visit, people.nurse)
    seen = room_of(visit, NOW, record=record(zone(volume), zone("0.1", zone="shoulder")))
    assert [item.rule for item in gate(seen.facts) if item.rule.startswith(("record.numbers", "dose"))] == ["record.numbers"]
    assert seen.live.volume_ml == Decimal("0.1")


def test_a_roller_is_charted_in_passes_with_its_film_and_its_own_item(people):
    visit = planned_visit(people)
    rolled = Generator("passes", Decimal(1), Decimal(0), passes=4, on_skin_ml=Decimal("0.3"))
    draw_map(course=visit.course, zones=[ZonePlan(Area("neck_back", "neck", "left"), "roller_passes", rolled)], by=people.practitioner, at=NOW)
    consented(visit, people.practitioner)
    syringe(visit, people.nurse, volume="0.5")
    read_codes(visit, people.nurse)
    (planned,) = planned_zones(visit.course)
    assert (planned.points, planned.volume_ml, planned.passes, planned.on_skin) == (0, Decimal("0.3"), 4, True)
    full = full_entry(visit, lots=[])
    with pytest.raises(Incomplete) as refused:
        sign_treatment(visit=visit, entry=full, by=people.practitioner, at=NOW)
    assert [item.rule for item in refused.value.missing] == ["device.none"]
    use_item(visit=visit, kind="roller", code="R-1", by=people.nurse, at=NOW)
    signed = sign_treatment(visit=visit, entry=full, by=people.practitioner, at=NOW)
    zone = ZoneDose.objects.get(treatment=signed)
    assert (zone.points, zone.passes, zone.volume_ml, zone.given["on_skin"], zone.doses) == (0, 4, Decimal("0.3"), True, {"lidocaine": "6"})
    assert (StockMove.objects.get(put_into="patient").units, broken(Treatment.objects.get(pk=signed.pk))) == (Decimal("0.3"), ())
