"""Numbers of a field: those of the published tables, those that are known exactly, and coverage that only ever falls."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.delivery.field import Kernel, solve
from pistor.delivery.grids import density_per_mm2, grid_points
from pistor.delivery.influence import field_of, raster_of
from pistor.delivery.metrics import (
    coverage_curve,
    even_level,
    lattice_level,
    lattice_valley_over_peak,
    level_reached_by,
    reach_mm,
    score,
    time_above,
)
from pistor.delivery.problem import Depot, Layer, Tissue

LIDOCAINE, HYDROPHILIC, CAFFEINE, MACROMOLECULE = (0.35, 3.0), (0.75, 2.3), (0.69, 0.79), (0.017, 0.06)
BELL = Kernel(np.array([2.0]), np.array([[1.0]]))
MIXED = Kernel(np.array([0.5, 1.4, 4.0]), np.array([[0.5, 0.3, 0.2]]))


def tissue_of(solute):
    """The layers of the tables, as far as they are told: clearance of the fat is 0.4 of that of the dermis, which is taken 1.9 mm thick."""
    diffusivity, clearance = solute
    return Tissue((Layer("epidermis", 0.1, diffusivity), Layer("dermis", 1.9, diffusivity, clearance), Layer("fat", 10.0, diffusivity, 0.4 * clearance)))


def sphere(volume_ul):
    sigma = (3 * volume_ul / (4 * math.pi)) ** (1 / 3) / math.sqrt(5)
    return sigma, sigma


def wheal(volume_ul):
    radius = 4 * (volume_ul / 100) ** (1 / 3)
    return radius / math.sqrt(5), 3 * volume_ul / (4 * math.pi * radius**2) / math.sqrt(5)


def exposure(solute, lateral, vertical):
    return solve(tissue_of(solute), [Depot(0.0, 0.0, 1.0, lateral, vertical, 1.0)], [1.0]).auc_kernel([1.0])


@pytest.mark.parametrize(
    ("solute", "rows"),
    [
        (LIDOCAINE, [(10, 0.83, 1.55), (50, 1.31, 2.41), (100, 1.61, 2.95)]),
        (HYDROPHILIC, [(10, 0.92, 1.82), (50, 1.42, 2.67), (100, 1.72, 3.20)]),
        (CAFFEINE, [(10, 1.04, 2.25), (50, 1.58, 3.12), (100, 1.89, 3.64)]),
        (MACROMOLECULE, [(10, 0.91, 1.77), (50, 1.40, 2.63), (100, 1.70, 3.15)]),
    ],
)
def test_reach_of_one_point_is_that_of_the_table(solute, rows):
    for volume_ul, half, tenth in rows:
        kernel = exposure(solute, *sphere(volume_ul))
        assert reach_mm(kernel, 0.5) == pytest.approx(half, abs=0.01)
        assert reach_mm(kernel, 0.1) == pytest.approx(tenth, abs=0.01)


@pytest.mark.parametrize(
    ("solute", "volume_ul", "valleys"),
    [
        (LIDOCAINE, 20, (0.98, 0.61, 0.18, 0.03, 0.005, 0, 0)),
        (HYDROPHILIC, 20, (0.99, 0.71, 0.28, 0.08, 0.02, 0.002, 0)),
        (MACROMOLECULE, 20, (0.99, 0.70, 0.27, 0.07, 0.02, 0.001, 0)),
        (HYDROPHILIC, 50, (1.00, 0.96, 0.69, 0.33, 0.12, 0.01, 0.001)),
    ],
)
def test_valleys_of_a_square_lattice_are_those_of_the_table(solute, volume_ul, valleys):
    """Within 0.015: the table does not tell the thickness of the dermis."""
    kernel = exposure(solute, *wheal(volume_ul))
    found = [lattice_valley_over_peak(kernel, "square", spacing) for spacing in (2, 3, 4, 5, 6, 8, 10)]
    assert found == pytest.approx(valleys, abs=0.015)
    assert found == sorted(found, reverse=True)


def test_an_endless_square_lattice_is_one_point_between_mirrors():
    spacing = 3.0
    tissue, depot = tissue_of(HYDROPHILIC), Depot(0.0, 0.0, 1.0, *wheal(20), 1.0)
    walls = (-spacing / 2, spacing / 2, -spacing / 2, spacing / 2)
    slices = solve(tissue, [depot], [1.0], walls=walls).auc_slices(np.array([0.0, spacing / 2]), np.array([0.0, spacing / 2]), [1.0])
    assert lattice_valley_over_peak(exposure(HYDROPHILIC, *wheal(20)), "square", spacing) == pytest.approx(slices[0, 1, 1] / slices[0, 0, 0], rel=1e-6)


@pytest.mark.parametrize("pattern", ["square", "hexagonal", "lines"])
def test_the_lattice_is_what_a_large_grid_is_in_its_middle(pattern):
    spacing, run = 3.4, 4.1 if pattern == "lines" else None
    zone = [(0.0, 0.0), (60.0, 0.0), (60.0, 60.0), (0.0, 60.0)]
    points = np.array(grid_points(zone, pattern=pattern, spacing_mm=spacing, run_mm=run, rule=1))  # with a point in the middle
    raster = raster_of([(28.0, 28.0), (32.0, 28.0), (32.0, 32.0), (28.0, 32.0)], pixel_mm=0.5, margin_mm=0.0)
    field = field_of(raster, *points.T, np.ones(len(points)), np.zeros(len(points), dtype=int), [MIXED])[0]
    at = [(x - 30.0, y - 30.0) for y in raster.y_mm for x in raster.x_mm]
    assert lattice_level(MIXED, pattern, spacing, at, run_mm=run).reshape(field.shape) == pytest.approx(field, rel=3e-3)
    assert lattice_valley_over_peak(MIXED, pattern, spacing, run_mm=run) <= (field.min() / field.max()) * (1 + 3e-3)


def test_points_near_each_other_give_what_an_even_spread_gives():
    dose = 1 / density_per_mm2("hexagonal", 1.0)
    assert lattice_level(MIXED, "hexagonal", 1.0, [(0.0, 0.0)]) == pytest.approx(even_level(MIXED, 1.0, dose), rel=1e-3)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_reach_of_a_gaussian(share):
    assert reach_mm(BELL, share) == pytest.approx(math.sqrt(-2 * 2.0 * math.log(share)), rel=1e-9)


fields = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=200)


@settings(max_examples=300, deadline=None)
@given(fields, st.floats(0.01, 1))
def test_coverage_starts_at_all_and_only_falls(values, share):
    curve = coverage_curve(values)
    assert curve.fraction[0] == 1.0
    assert (np.diff(curve.fraction) <= 0).all()
    level = level_reached_by(values, share)
    assert np.mean(np.array(values) >= level) >= share - 1e-12
    assert np.mean(np.array(values) > level) < share + 1e-12
    assert coverage_curve(values, [level]).fraction[0] == pytest.approx(np.mean(np.array(values) >= level))
    assert min(values) <= level_reached_by(values, 0.95) <= level_reached_by(values, 0.02) <= max(values)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.05, 5), st.floats(0.01, 0.95), st.lists(st.floats(0.01, 3), min_size=2, max_size=12))
def test_time_above_a_threshold_of_what_decays_is_exact(rate, threshold, steps):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    known = min(math.log(1 / threshold) / rate, times[-1])
    assert time_above(times, [np.array([math.exp(-rate * t)]) for t in times], threshold)[0] == pytest.approx(known, rel=1e-9)


def test_time_above_a_threshold_needs_one_field_at_a_time():
    def stream(out):
        for level in (0.0, 2.0, 2.0, 0.5):
            out[:] = level
            yield out

    assert time_above([0.0, 1.0, 2.0, 3.0], stream(np.empty((1, 2, 2))), 1.0) == pytest.approx(np.full((1, 2, 2), 0.5 + 1.0 + 0.5))
    with pytest.raises(ValueError, match="does not rise"):
        time_above([1.0, 1.0], [np.zeros(1)] * 2, 1.0)


def test_the_score_of_a_plan_tells_target_no_go_and_surroundings_apart():
    raster = raster_of([(0, 0), (10, 0), (10, 10), (0, 10)], [[(0, 0), (5, 0), (5, 10), (0, 10)]], pixel_mm=1.0, margin_mm=1.0)
    field = np.where(raster.target, 2.0, np.where(raster.no_go, 0.5, 0.25))[None]
    field[0, 1, 6], field[0, 1, 7] = 0.5, 20.0
    got = score(field, raster, 1.0)
    assert (got.covered, got.hot, got.short) == (pytest.approx(0.98), pytest.approx(0.02), pytest.approx(0.01))
    assert (got.no_go_mean, got.no_go_highest, got.outside_mean) == (0.5, 0.5, 0.25)
    assert (got.lowest, got.highest, got.valley_over_peak) == (0.5, 20.0, 0.025)
    assert got.spilled == pytest.approx((50 * 0.5 + 44 * 0.25) / field.sum())
    assert got.d95 == 2.0
