"""The plain stepper: its errors fall with the square of its cells, it loses nothing, and it finds what is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from pistor.delivery.finite_volume import solve
from tests.physics import exact
from tests.physics.problems import TABLE, problems


def error(name, time_h, cell_mm, step_h):
    """Relative error, in the mean square over some rings, at one time."""
    tissue, placed, _ = TABLE[name]
    rings = solve(tissue, placed, [time_h], cell_mm=cell_mm, step_h=step_h)
    deep, wide = (np.arange(0, len(axis), max(1, len(axis) // 20)) for axis in (rings.depth_mm, rings.radius_mm))
    deep = deep[rings.depth_mm[deep] < tissue.depth_mm]
    z, rho = (grid.ravel() for grid in np.meshgrid(rings.depth_mm[deep], rings.radius_mm[wide], indexing="ij"))
    true = exact.layered(tissue, placed, rho, z, time_h)
    return np.linalg.norm(rings.concentration_mg_per_mm3[0][np.ix_(deep, wide)].ravel() - true) / np.linalg.norm(true)


@pytest.mark.parametrize(("name", "time_h", "cell_mm"), [
    ("contrast", 0.5, 0.1), ("lipophilic, fat takes it up", 0.5, 0.1), ("one thin sheet", 0.1, 0.05),
])  # fmt: skip
def test_half_the_cell_and_step_is_a_quarter_of_the_error_or_less(name, time_h, cell_mm):
    coarse, fine = error(name, time_h, cell_mm, time_h / 10), error(name, time_h, cell_mm / 2, time_h / 20)
    assert fine < 0.02
    assert coarse / fine > 3.2


@pytest.mark.parametrize("name", TABLE)
def test_the_dose_is_in_the_tissue_cleared_or_lost(name):
    tissue, placed, times = TABLE[name][0], TABLE[name][1], TABLE[name][2][:2]
    rings = solve(tissue, placed, times, cell_mm=0.2, step_h=times[-1] / 20)
    assert np.allclose(rings.mass_mg + rings.cleared_mg + rings.lost_mg, placed.dose_mg, rtol=1e-12)
    assert np.allclose(rings.mass_mg, [exact.mass(tissue, placed, time_h) for time_h in times], atol=0.02)
    assert tissue.bottom == "sink" or np.allclose(rings.lost_mg, 0, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(problems())
def test_no_ring_is_emptier_than_empty(problem):
    tissue, placed, time_h = problem
    cell = placed.sigma_vertical_mm / 2
    rings = solve(tissue, placed, [0.0, time_h], cell_mm=cell, step_h=time_h / 40)
    assert rings.concentration_mg_per_mm3.min() > -1e-6 * rings.concentration_mg_per_mm3.max()
    assert np.allclose(rings.mass_mg + rings.cleared_mg + rings.lost_mg, placed.dose_mg, rtol=1e-12)
