"""From molar mass, partition and charge to spreading and clearance: a published table, the tracers it was held beside, and what must never turn round."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pistor.care.exposure.values import constants_of
from pistor.delivery import properties as p

FLOW_PER_H = 7.92  # 0.132 a minute, the flow of the published model


@pytest.fixture(scope="module")
def c():
    from pistor.knowledge import load

    return constants_of(load())


def worked(c, molar_mass, log_p, neutral, kind, flow=FLOW_PER_H):
    unbound = p.unbound_by_correlation(p.log_d(log_p, neutral), kind, c)
    binding = p.binding_factor(unbound, log_p, neutral, c)
    diffusivity = p.effective_diffusivity_mm2_per_h(p.free_diffusivity_mm2_per_h(molar_mass, c), unbound, binding, c)
    wall = p.permeability_surface_per_h(molar_mass, log_p, c)
    return diffusivity, p.layer_clearance(wall, flow, binding, 0.0).total_per_h


BASE, ACID, OTHER = p.Binding.BASE, p.Binding.ACID, p.Binding.OTHER_ACID


@pytest.mark.parametrize(
    ("name", "molar_mass", "log_p", "charge", "pka", "kind", "diffusivity", "law", "with_gaps"),
    [
        ("lidocaine", 234.3, 2.44, 1, [7.9], BASE, 0.35, 3.0, 3.0),
        ("procaine", 236.3, 2.14, 1, [9.0], BASE, 0.54, 4.3, 4.4),
        ("caffeine", 194.2, -0.07, 0, [], BASE, 0.69, 0.79, 2.4),
        ("salicylate", 138.1, 2.26, 0, [2.97], ACID, 0.92, 6.7, 6.7),
        ("ketoprofen", 254.3, 3.12, 0, [4.45], ACID, 0.50, 5.3, 5.3),
        ("diclofenac", 296.1, 4.51, 0, [4.0], ACID, 0.35, 4.2, 4.2),
        ("minoxidil", 209.2, 1.24, 0, [], BASE, 0.48, 2.3, 2.7),
        ("ascorbate", 176.1, -1.85, 0, [4.2], OTHER, 0.74, 0.06, 2.1),
        ("dexpanthenol", 205.3, -1.9, 0, [], BASE, 0.75, 0.04, 2.2),
        ("carnitine", 161.2, -4.5, 0, [], BASE, 0.90, 0.001, 2.5),
        ("methotrexate", 454.4, -1.85, 0, [4.7], OTHER, 0.40, 0.001, 1.3),
        ("triamcinolone acetonide", 434.5, 2.53, 0, [], BASE, 0.16, 0.53, 0.8),
    ],
)
def test_the_published_table(c, name, molar_mass, log_p, charge, pka, kind, diffusivity, law, with_gaps):
    """Diffusivity (mm²/h) and clearance (1/h) with and without the way between the cells, without the plateau that was added later."""
    c = replace(c, diffusivity_plateau=0.0)
    neutral = p.neutral_fraction(charge, pka)
    spread, cleared = worked(c, molar_mass, log_p, neutral, kind)
    assert spread == pytest.approx(diffusivity, rel=0.03, abs=0.006)
    assert cleared == pytest.approx(with_gaps, rel=0.05)
    assert worked(replace(c, paracellular_ps=0.0), molar_mass, log_p, neutral, kind)[1] == pytest.approx(law, rel=0.06, abs=0.005)


def test_tracers_up_to_4_kda_move_alike_and_a_dextran_of_70_as_it_was_measured(c):
    per_minute = [p.free_diffusivity_mm2_per_h(mass, c) / 100 / 60 for mass in (623.0, 4000.0)]  # cm²/min
    assert all(0.8e-4 < one < 1e-4 for one in per_minute)
    at_70_kda_um2_per_s = p.free_diffusivity_mm2_per_h(70_000.0, c) / 3.6e-3
    assert 1 <= at_70_kda_um2_per_s <= 20


@pytest.mark.parametrize(("molar_mass", "reached"), [(10_000.0, 0.5), (20_000.0, 0.2), (40_000.0, 0.06)])
def test_the_walls_hold_back_what_was_missing_in_plasma(c, molar_mass, reached):
    assert p.passing(molar_mass, c) == pytest.approx(reached, rel=0.05)


def test_a_large_protein_leaves_by_lymph_at_the_rate_that_was_measured(c):
    wall = p.permeability_surface_per_h(150_000.0, -5.0, c)
    found = p.layer_clearance(wall, FLOW_PER_H, 1.0, c.lymph)
    assert found.blood_per_h < 0.01 * found.lymph_per_h
    assert 6 < math.log(2) / found.total_per_h < 24  # hours, a dextran of this size in the instep


@given(st.floats(50, 2e5), st.floats(1.0, 3.0))
def test_what_is_heavier_moves_and_passes_no_faster(c, molar_mass, times):
    heavier = molar_mass * times
    assert p.free_diffusivity_mm2_per_h(heavier, c) <= p.free_diffusivity_mm2_per_h(molar_mass, c)
    assert p.permeability_surface_per_h(heavier, -3.0, c) <= p.permeability_surface_per_h(molar_mass, -3.0, c)


@given(st.floats(-5, 5), st.floats(0, 2), st.floats(0.001, 1.0), st.sampled_from(p.Binding))
def test_what_likes_fat_more_is_bound_more(c, log_p, more, neutral, kind):
    first, second = (p.unbound_by_correlation(p.log_d(one, neutral), kind, c) for one in (log_p, log_p + more))
    assert 0 < second <= first < 1
    assert p.binding_factor(second, log_p + more, neutral, c) >= p.binding_factor(first, log_p, neutral, c) >= 1


@given(st.floats(0, 1e3, allow_subnormal=False), st.floats(0, 1e3, allow_subnormal=False), st.floats(1, 50))
@example(1.8053072590361307e-31, 7.720137407561513e-290, 1.0)
def test_blood_takes_no_more_than_the_wall_lets_through_or_the_flow_carries(wall, flow, binding):
    found = p.layer_clearance(wall, flow, binding, 0.06)
    assert 0 <= found.blood_per_h * binding <= min(wall, flow) * (1 + 1e-12)
    assert found.total_per_h == found.blood_per_h + found.lymph_per_h + found.metabolism_per_h


@pytest.mark.parametrize(("charge", "pka", "part"), [(1, [7.4], 0.5), (0, [4.4], 1 / 1001), (0, [], 1.0), (1, [2.0, 10.0], 1.0), (2, [], 0.0)])
def test_the_part_without_a_charge(charge, pka, part):
    assert p.neutral_fraction(charge, pka) == pytest.approx(part, rel=0.005)


def test_plasma_that_binds_as_much_as_the_skin_gives_its_own_part_back(c):
    same = replace(c, albumin_in_skin=c.albumin_in_plasma)
    assert p.unbound_from_plasma(0.33, same) == pytest.approx(0.33)
    assert p.unbound_from_plasma(0.33, c) > 0.33
