"""The layers of a zone as the engine takes them: as measured where they were, and said where they were not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.care.exposure.solute import solute_of
from pistor.care.exposure.tissue import EPIDERMIS, HYPODERMIS, PAPILLARY, RETICULAR, Variation, clearances, flow_periods, site_of, tissue_of
from pistor.care.exposure.values import How
from pistor.delivery.field import solve
from pistor.delivery.problem import FAR, SINK, Depot
from pistor.knowledge import load


def dermis_mm(site):
    return math.fsum(layer.thickness.number for layer in site.layers if layer.name in (PAPILLARY, RETICULAR))


@pytest.mark.parametrize(
    ("zone", "sex", "place", "dermis"),
    [
        ("face", "male", "forehead", 1.17), ("face", "female", "forehead", 0.86), ("face", "female", "zygoma", 0.87), ("submental", "male", None, 1.02),
        ("upper_arm", None, None, 2.02 - 0.1), ("shoulder", None, None, 2.54 - 0.1),
    ],
)  # fmt: skip
def test_the_dermis_is_as_thick_as_it_was_measured(library, zone, sex, place, dermis):
    assert dermis_mm(site_of(zone, library, sex=sex, place=place)) == pytest.approx(dermis)


def test_what_nobody_measured_is_said(library):
    site = site_of("knee", library)
    assert site.bottom == FAR
    assert {layer.thickness.how for layer in site.layers if layer.name in (PAPILLARY, HYPODERMIS)} == {How.ASSUMED}
    assert len(site.findings) == 2
    assert site_of("face", library).findings == ()
    assert site_of("face", library).bottom == SINK


def test_blood_flows_by_the_site(library):
    flow = {zone: site_of(zone, library).flow.number for zone in ("face", "upper_arm", "thigh")}
    assert flow["face"] > flow["upper_arm"] > flow["thigh"]
    assert flow["thigh"] == pytest.approx(5.7 * 0.6 * 4.8 / 4.6, rel=0.005)  # mL/100 g/min of the leg, per hour, by the thigh over the lower leg


@pytest.mark.parametrize(
    ("given_", "says"),
    [({"zone_id": "atlantis"}, "zone is 'atlantis'; choose one of abdomen"), ({"zone_id": "face", "sex": "x"}, "sex is 'x'; choose one of female, male"),
     ({"zone_id": "face", "place": "ear"}, "choose one of forehead"), ({"zone_id": "knee", "place": "cap"}, "No place in Knee was measured alone")],
)  # fmt: skip
def test_an_unknown_site_is_answered_with_a_sentence(library, given_, says):
    with pytest.raises(ValueError, match=says):
        site_of(library=library, **given_)


def test_every_zone_with_every_solute_is_a_problem_the_engine_takes(library):
    for zone in library.zones:
        for ingredient in ("lidocaine", "l_carnitine", "diclofenac", "calcitonin_salmon", "finasteride"):
            tissue = tissue_of(site_of(zone, library), solute_of(ingredient, library))
            assert [layer.name for layer in tissue.layers] == [EPIDERMIS, PAPILLARY, RETICULAR, HYPODERMIS]
            assert tissue.layers[0].clearance_per_h == 0  # no vessels
            assert tissue.layers[1].clearance_per_h >= tissue.layers[2].clearance_per_h >= tissue.layers[3].clearance_per_h > 0


@pytest.mark.parametrize(("zone", "ingredient"), [("face", "lidocaine"), ("thigh", "finasteride"), ("knee", "tranexamic_acid"), ("scalp", "calcitonin_salmon")])
def test_the_engine_solves_what_the_facts_give_and_loses_nothing(library, zone, ingredient):
    tissue = tissue_of(site_of(zone, library), solute_of(ingredient, library, depot_mg_per_ml=10.0))
    found = solve(tissue, [Depot(0.0, 0.0, 1.0, 0.9, 0.5, 1.0)], [0.25, 1.0, 6.0])
    assert found.mass_mg + found.cleared_mg + found.lost_mg == pytest.approx([1.0] * 3, abs=1e-8)
    assert list(found.mass_mg) == sorted(found.mass_mg, reverse=True)
    assert max(found.error) < 1e-5


def test_a_small_molecule_leaves_the_dermis_in_minutes_and_reaches_half_a_millimetre(library):
    for ingredient in ("lidocaine", "tranexamic_acid", "ascorbic_acid", "caffeine", "dexpanthenol"):
        reticular = tissue_of(site_of("face", library), solute_of(ingredient, library)).layers[2]
        assert 5 < 60 * math.log(2) / reticular.clearance_per_h < 40
        assert 0.25 < math.sqrt(reticular.diffusivity_mm2_per_h / reticular.clearance_per_h) < 0.75


def test_the_needle_raises_the_flow_for_a_while_and_epinephrine_holds_it_down(library):
    raised, rest = flow_periods(library)
    assert (raised.from_h, rest.factor) == (0.0, 1.0)
    assert raised.factor > 1
    assert rest.from_h == 0.5
    (held,) = flow_periods(library, vasoconstrictor=True)
    assert held.factor < 1


@given(st.floats(0.1, 10), st.floats(0.2, 5), st.floats(0.3, 3), st.floats(0.5, 1.5))
def test_variations_do_what_their_names_say(flow, clearance, diffusivity, dermis):
    library = load()
    site, solute = site_of("back", library), solute_of("lidocaine", library)
    as_read, varied = tissue_of(site, solute), tissue_of(site, solute, Variation(diffusivity, clearance, dermis))
    for before, after in zip(as_read.layers, varied.layers, strict=True):
        assert after.diffusivity_mm2_per_h == pytest.approx(before.diffusivity_mm2_per_h * diffusivity)
        assert after.clearance_per_h == pytest.approx(before.clearance_per_h * clearance)
    assert varied.layers[2].thickness_mm == pytest.approx(as_read.layers[2].thickness_mm * dermis)
    more, less = (clearances(site, solute, Variation(flow_factor=factor))[2] for factor in (flow * 1.5, flow))
    assert more.blood_per_h > less.blood_per_h
    assert more.lymph_per_h == less.lymph_per_h
