"""The exact solutions against each other: each comes from its own derivation, so that agreement means that both are right."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from pistor.delivery.problem import Tissue
from tests.physics import exact
from tests.physics.problems import TABLE, depot, layers, problems

RHO, DEPTH = np.linspace(0, 4, 13), np.linspace(0, 6, 13)


def worst(found, true):
    """The greatest error over the greatest value."""
    return np.max(np.abs(found - true)) / np.max(np.abs(true))


@pytest.mark.parametrize("time_h", [0.001, 0.05, 0.5, 6, 48])
@pytest.mark.parametrize(("lateral", "vertical"), [(1.292, 1.292), (0.3, 0.3), (2.0, 0.3)])
def test_layers_that_are_alike_are_one_medium(time_h, lateral, vertical):
    tissue = Tissue(layers((0.1, 0.36, 0.8), (1.9, 0.36, 0.8), (3, 0.36, 0.8)))
    closed = exact.gaussian_under_a_surface(RHO, DEPTH, time_h, D=0.36, k=0.8, lateral=lateral, vertical=vertical, depth=2.0)
    assert worst(exact.layered(tissue, depot(2.0, lateral, vertical), RHO, DEPTH, time_h), closed) < 1e-12


def test_a_depot_far_from_everything_is_a_gaussian_that_grows():
    closed = exact.gaussian(np.hypot(RHO, DEPTH - 3), 0.5, D=0.36, k=0.8, s=0.3)
    deep = exact.gaussian_under_a_surface(RHO, DEPTH + 27, 0.5, D=0.36, k=0.8, lateral=0.3, vertical=0.3, depth=30.0)
    assert worst(deep, closed) < 1e-14


def test_the_area_under_the_curve_is_the_integral_of_the_curve():
    r, (time, weight) = np.array([0.05, 0.5, 1.5, 3.0]), exact._panels(0.0, 1.0, 40)
    stretched = 40 * time**4  # more nodes early on
    summed = (weight * 160 * time**3) @ exact.gaussian(r, stretched[:, None], D=0.36, k=0.8, s=0.6)
    assert np.allclose(summed, exact.auc_of_a_gaussian(r, D=0.36, k=0.8, s=0.6), rtol=1e-10)


def test_the_area_under_the_curve_in_layers_is_that_of_one_medium_where_they_are_alike():
    tissue, r = Tissue(layers((20, 0.36, 0.8), (20, 0.36, 0.8))), np.linspace(0.1, 4, 13)
    found = exact.layered_auc(tissue, depot(30.0, 0.6), r * 0.6, 30 + r * 0.8)
    assert np.allclose(found, exact.auc_of_a_gaussian(r, D=0.36, k=0.8, s=0.6), rtol=1e-9)


@pytest.mark.parametrize("bottom", ["sink", "reflect"])
@pytest.mark.parametrize("time_h", [0.05, 1, 30])
def test_a_slab_cut_in_two_is_the_slab(bottom, time_h):
    tissue, z = Tissue(layers((1, 0.36, 0.8), (9, 0.36, 0.8)), bottom), np.linspace(0, 10, 21)
    series = exact.slab(z, time_h, D=0.36, k=0.8, thickness=10, s=0.2, depth=2, bottom=bottom)
    assert worst(exact.vertical(tissue, depot(2, 1, 0.2), np.zeros(1), z, time_h)[0], series) < 1e-12


@pytest.mark.parametrize("partition", [(1, 1), (1, 8), (8, 1), (0.2, 3)])
@pytest.mark.parametrize("time_h", [0.5, 3])
def test_two_thick_layers_are_two_half_spaces(partition, time_h):
    tissue, z = Tissue(layers((30, 0.1, 0, partition[0]), (30, 0.9, 0, partition[1]))), np.linspace(27, 34, 22)
    closed = exact.two_half_spaces(z - 30, time_h, D=(0.1, 0.9), K=partition, source=-1.0, s=0.1)
    assert worst(exact.vertical(tissue, depot(29, 1, 0.1), np.zeros(1), z, time_h)[0], closed) < 1e-12


def test_what_a_slab_loses_is_what_it_no_longer_holds():
    tissue = Tissue(layers((10, 0.36, 0)), "sink")
    for time_h in (1.0, 20.0, 100.0):
        held = exact.mass(tissue, depot(2, 1, 0.5), time_h)
        assert math.isclose(held + exact.lost_from_a_slab(time_h, D=0.36, k=0, thickness=10, s=0.5, depth=2), 1, abs_tol=1e-12)


@settings(max_examples=10, deadline=None)
@given(problems(bottoms=("reflect", "far")))
def test_where_all_layers_clear_alike_the_mass_is_an_exponential(problem):
    tissue, placed, time_h = problem
    alike = Tissue(tuple(replace(layer, clearance_per_h=0.5) for layer in tissue.layers), tissue.bottom)
    within = 1.0 if tissue.bottom == "reflect" else exact.mass(alike, placed, time_h) * math.exp(0.5 * time_h)
    assert math.isclose(exact.mass(alike, placed, time_h), within * math.exp(-0.5 * time_h), rel_tol=1e-9)
    assert 0.999999 < within < 1.000001


@pytest.mark.parametrize("name", ["contrast", "lipophilic, fat takes it up", "fat repels it"])
def test_thinner_layers_of_the_same_stuff_change_nothing(name):
    tissue, placed, times = TABLE[name]
    halves = tuple(replace(layer, thickness_mm=layer.thickness_mm / 2) for layer in tissue.layers for _ in range(2))
    rho, z = np.linspace(0, 3, 5), np.linspace(0, tissue.depth_mm, 5)
    for time_h in times[::2]:
        whole = exact.layered(tissue, placed, rho, z, time_h)
        assert worst(exact.layered(Tissue(halves, tissue.bottom), placed, rho, z, time_h), whole) < 1e-10
