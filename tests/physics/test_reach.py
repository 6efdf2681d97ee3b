"""How far a point reaches and what lies between points, against two tables that were worked out with another solver."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pistor.delivery import depots, field
from pistor.delivery.problem import Depot, Layer, Tissue

DEPTH_MM = 1.0
TIMES_H = np.geomspace(1e-3, 300.0, 300)


def skin(diffusivity, clearance):
    """Fat that clears 0.4 times as fast as the dermis; the epidermis clears nothing."""
    return Tissue((Layer("epidermis", 0.1, diffusivity), Layer("dermis", 1.7, diffusivity, clearance), Layer("fat", 20.0, diffusivity, 0.4 * clearance)))


def reach_mm(solution, share):
    distance = np.linspace(0.0, 8.0, 801)
    exposure = solution.auc(distance, 0 * distance, np.full(801, DEPTH_MM))
    return np.interp(-share, -exposure / exposure[0], distance)


def gone_h(solution, part):
    return math.exp(np.interp(-math.log(1 - part), -np.log(solution.mass_mg), np.log(TIMES_H)))


@pytest.mark.parametrize(
    ("name", "diffusivity", "clearance", "r50", "r10", "t50", "t90"),
    [
        ("lidocaine", 0.35, 3.0, (0.83, 1.31, 1.61), (1.55, 2.41, 2.95), (0.26, 0.30), (0.9, 1.1)),
        ("small, in water", 0.75, 2.3, (0.92, 1.42, 1.72), (1.82, 2.67, 3.20), (0.34, 0.39), (1.3, 1.4)),
        ("caffeine by the law without gaps", 0.69, 0.79, (1.04, 1.58, 1.89), (2.25, 3.12, 3.64), (1.0, 1.2), (4.0, 4.3)),
        ("70 kDa", 0.017, 0.06, (0.91, 1.40, 1.70), (1.77, 2.63, 3.15), (13, 15), (47, 54)),
    ],
)
def test_reach_of_round_depots_of_ten_fifty_and_a_hundred_microlitres(name, diffusivity, clearance, r50, r10, t50, t90):
    for volume_ml, half, tenth in zip((0.01, 0.05, 0.1), r50, r10, strict=True):
        round_one = depots.bleb(depots.HYPODERMIS, volume_ml).sigma_lateral_mm
        solution = field.solve(skin(diffusivity, clearance), [Depot(0.0, 0.0, DEPTH_MM, round_one, round_one, 1.0)], TIMES_H)
        assert reach_mm(solution, 0.5) == pytest.approx(half, abs=0.02)
        assert reach_mm(solution, 0.1) == pytest.approx(tenth, abs=0.03)
        assert 0.95 * t50[0] < gone_h(solution, 0.5) < 1.05 * t50[1]
        assert 0.95 * t90[0] < gone_h(solution, 0.9) < 1.10 * t90[1]


@pytest.mark.parametrize(
    ("name", "diffusivity", "clearance", "volume_ml", "valleys"),
    [
        ("lidocaine", 0.35, 3.0, 0.02, (0.98, 0.61, 0.18, 0.03, 0.005, 0, 0)),
        ("small, in water", 0.75, 2.3, 0.02, (0.99, 0.71, 0.28, 0.08, 0.02, 0.002, 0)),
        ("70 kDa", 0.017, 0.06, 0.02, (0.99, 0.70, 0.27, 0.07, 0.02, 0.001, 0)),
        ("small, in water", 0.75, 2.3, 0.05, (1.00, 0.96, 0.69, 0.33, 0.12, 0.01, 0.001)),
    ],
)
def test_what_lies_between_the_points_of_a_square_lattice_of_wheals(name, diffusivity, clearance, volume_ml, valleys):
    wheal = depots.bleb(depots.DERMIS, volume_ml)
    for spacing, valley in zip((2, 3, 4, 5, 6, 8, 10), valleys, strict=True):
        steps = spacing * np.arange(-8, 10, dtype=float)
        placed = [Depot(x, y, DEPTH_MM, wheal.sigma_lateral_mm, wheal.sigma_vertical_mm, 1.0) for x in steps.tolist() for y in steps.tolist()]
        peak, between = field.solve(skin(diffusivity, clearance), placed, [1.0]).auc([0.0, spacing / 2], [0.0, spacing / 2], [DEPTH_MM] * 2)
        assert between / peak == pytest.approx(valley, abs=0.015)
