"""Channels that close under a film: the closed form against the integral, no loss, and the limits of a hole."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from pistor.delivery.channels import channel_permeability_mm_per_h, film_influx
from pistor.delivery.compartments import one_compartment

ROLLER = {
    "count_per_cm2": 200.0,
    "radius_mm": 0.035,
    "depth_mm": 0.15,
    "channel_diffusivity_mm2_per_h": 2.0,
    "epidermis_mm": 0.1,
    "epidermis_diffusivity_mm2_per_h": 0.25,
    "dermis_diffusivity_mm2_per_h": 0.4,
}


@settings(max_examples=100, deadline=None)
@given(st.floats(0.001, 100), st.floats(0.01, 1), st.floats(1e-6, 0.5), st.floats(0.02, 60), st.floats(0, 50))
def test_the_film_empties_as_the_integral_says(dose, thickness, permeability, half_life, hours):
    influx = film_influx(dose_mg=dose, film_mm=thickness, permeability_mm_per_h=permeability, closure_half_life_h=half_life)
    a, b = permeability / thickness, math.log(2) / half_life
    left = math.exp(a / b * math.expm1(-b * hours))
    at = np.array([hours])
    assert float(influx.arrived_mg(at)[0]) == pytest.approx(dose * (1 - left), rel=1e-12, abs=1e-14 * dose)
    assert float(influx.rate_mg_per_h(at)[0]) == pytest.approx(dose * a * math.exp(-b * hours) * left, rel=1e-10, abs=1e-12 * dose * a)
    assert float(np.min(influx.amount_mg)) >= 0


@pytest.mark.parametrize("ratio", [1e-6, 0.1, 1.0, 30.0, 900.0, 9990.0])
def test_what_is_left_out_is_less_than_said(ratio):
    influx = film_influx(dose_mg=1.0, film_mm=0.01, permeability_mm_per_h=0.01 * ratio * math.log(2), closure_half_life_h=1.0)
    assert float(influx.total_mg) == pytest.approx(-math.expm1(-ratio), rel=1e-14)
    assert influx.rate_per_h.shape[0] < 2000


def test_channels_that_stay_open_and_such_that_close_slowly():
    opened = film_influx(dose_mg=2.0, film_mm=0.1, permeability_mm_per_h=0.02, closure_half_life_h=None)
    slow = film_influx(dose_mg=2.0, film_mm=0.1, permeability_mm_per_h=0.02, closure_half_life_h=1000.0)
    at = np.linspace(0, 5, 20)
    np.testing.assert_allclose(opened.arrived_mg(at), 2 * (1 - np.exp(-0.2 * at)), rtol=1e-13)
    np.testing.assert_allclose(slow.arrived_mg(at), opened.arrived_mg(at), rtol=3e-3)


def test_what_it_fills_is_duhamels_integral():
    influx = film_influx(dose_mg=2.0, film_mm=0.05, permeability_mm_per_h=0.03, closure_half_life_h=1.5)
    # The third of its rates equals the rate at which the pool empties.
    emptied = 3 * math.log(2) / 1.5
    for hours in (0.3, 1.0, 4.0):
        want, _ = quad(lambda s, t=hours: float(influx.rate_mg_per_h(np.array([s]))[0]) * math.exp(-emptied * (t - s)), 0, hours, epsabs=1e-13, epsrel=1e-12)
        assert float(influx.present_mg(np.array([emptied]), np.array([hours]))[0, 0]) == pytest.approx(want, rel=1e-10)
    body = one_compartment(emptied * 10, 10.0)
    assert float(body.auc_mg_h_per_l(influx)) == pytest.approx(2 * -math.expm1(-0.6 * 1.5 / math.log(2)) / (emptied * 10), rel=1e-12)


def test_a_hole_is_a_cylinder_and_the_tissue_round_its_end():
    # 1/(4 r D): a disc held at 1 draws the current density I/(2 pi r sqrt(r² - s²)); at its centre that makes 1.
    radius, diffusivity = 0.035, 0.4
    potential, _ = quad(lambda angle: 1 / (2 * math.pi * radius * diffusivity), 0, math.pi / 2)  # s = r sin(angle)
    alone = channel_permeability_mm_per_h(**ROLLER | {"depth_mm": 0.1, "channel_diffusivity_mm2_per_h": 100.0})
    assert alone == pytest.approx(2 / (potential + 0.1 / (math.pi * radius**2 * 100)), rel=1e-12)


def test_more_holes_wider_or_shorter_let_more_through_and_a_shallow_one_ends_in_epidermis():
    plain = channel_permeability_mm_per_h(**ROLLER)
    assert channel_permeability_mm_per_h(**ROLLER | {"count_per_cm2": 400.0}) == pytest.approx(2 * plain)
    assert channel_permeability_mm_per_h(**ROLLER | {"radius_mm": 0.05}) > plain > channel_permeability_mm_per_h(**ROLLER | {"depth_mm": 0.3})
    ends = [channel_permeability_mm_per_h(**ROLLER | {"depth_mm": depth}) for depth in (0.0999, 0.1)]
    assert ends[0] < 0.9 * ends[1]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: film_influx(dose_mg=math.nan, film_mm=0.1, permeability_mm_per_h=1.0, closure_half_life_h=1.0), "dose_mg is nan; give a number from 0 to 100000 mg."),
        (lambda: film_influx(dose_mg=1.0, film_mm=0.0, permeability_mm_per_h=1.0, closure_half_life_h=1.0), "film_mm is 0.0; give a number from 0.001 to 10 mm."),
        (
            lambda: film_influx(dose_mg=1.0, film_mm=0.001, permeability_mm_per_h=1.0, closure_half_life_h=1000.0),
            "closure_half_life_h is 1000.0; give a number from 0.001 to 6.93147 h, or none: the film is empty long before.",
        ),
        (
            lambda: channel_permeability_mm_per_h(**ROLLER | {"count_per_cm2": 20000.0}),
            "count_per_cm2 is 20000.0; give a number from 0.1 to 12992.2 per cm²: more holes of this radius leave no skin between.",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(make, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        make()
