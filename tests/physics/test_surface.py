"""A film on the surface against Duhamel's integral of the half-space, and its books."""

import numpy as np
import pytest
from scipy.integrate import quad

from pistor.delivery.absorption import Influx
from pistor.delivery.channels import film_influx
from pistor.delivery.problem import Layer, Period, Tissue
from pistor.delivery.surface import soak

DIFFUSIVITY, CLEARANCE = 0.4, 1.1
HALF_SPACE = Tissue((Layer("dermis", 6.0, DIFFUSIVITY, CLEARANCE),), "far")
SKIN = (Layer("epidermis", 0.1, 0.1, 0.0, 2.0), Layer("dermis", 1.9, 0.4, 1.2), Layer("fat", 4.0, 0.3, 0.4, 3.0))


def half_space(influx: Influx, depth_mm: float, time_h: float) -> float:
    """Influx times the surface source of a half-space, exp(-k s - z²/4Ds)/sqrt(pi D s), integrated over s = u²."""

    def integrand(root: float) -> float:
        if root == 0:
            return 0.0
        since = root * root
        arriving = float(influx.rate_mg_per_h(np.array([time_h - since]))[0])
        return 2 * arriving * np.exp(-CLEARANCE * since - depth_mm**2 / (4 * DIFFUSIVITY * since)) / np.sqrt(np.pi * DIFFUSIVITY)

    return quad(integrand, 0, np.sqrt(time_h), epsabs=1e-14, epsrel=1e-12)[0]


def test_a_film_on_a_half_space_agrees_with_duhamels_integral():
    influx = Influx(np.array([0.5, 1.0, CLEARANCE]), np.array([2.0, 1.0, 0.5]))  # one rate equal to the clearance
    times, depths = [0.1, 0.5, 2.0, 6.0], [0.0, 0.2, 0.5, 1.0, 2.0]
    found = soak(HALF_SPACE, influx, times, tolerance=1e-8).concentration(depths)
    exact = np.array([[half_space(influx, depth, time) for depth in depths] for time in times])
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-9 * exact.max())


@pytest.mark.parametrize("bottom", ["sink", "reflect", "far"])
def test_what_went_in_is_in_the_tissue_or_in_the_blood(bottom):
    influx = film_influx(dose_mg=0.01, film_mm=0.1, permeability_mm_per_h=0.02, closure_half_life_h=2.0)
    times = np.array([0.05, 0.5, 3.0, 24.0])
    soaked = soak(Tissue(SKIN, bottom), influx, times)
    left = influx.arrived_mg(times) - soaked.mass_mg_per_mm2 - soaked.absorbed_per_mm2().arrived_mg(times)
    np.testing.assert_allclose(left, 0.0, atol=1e-10 * influx.total_mg)


def test_a_film_and_other_perfusion_are_not_mixed_in_silence():
    with pytest.raises(ValueError, match="periods holds 1"):
        soak(Tissue(SKIN, "far", (Period(1.0, (0.0, 2.0, 1.0)),)), Influx(np.ones(1), np.ones(1)), [1.0])
