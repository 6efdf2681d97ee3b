"""Depots stand for the fluid that was injected: its volume, its second moments, its dose; too much of it is refused."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.delivery.depots import Placement, bleb, point_depot, thread_depots
from pistor.delivery.problem import Depot

volumes = st.floats(1e-3, 1.0)
fillings = st.floats(0.3, 1.0)


def line(depots, *, of=(1.0, 0.0, 0.0)):
    """Dose per mm at each place along a line, from the depots' density integrated across it."""
    along = np.array([(d.x_mm, d.y_mm, d.depth_mm) for d in depots]) @ np.array(of)
    sigma = depots[0].sigma_lateral_mm
    return lambda at: sum(d.dose_mg * np.exp(-((at - s) ** 2) / (2 * sigma**2)) for d, s in zip(depots, along, strict=True)) / (sigma * math.sqrt(2 * math.pi))


def test_a_tenth_of_a_millilitre_makes_the_wheal_of_a_tuberculin_test():
    wheal = bleb("dermis", 0.1)
    assert 2 * wheal.lateral_mm == 8
    assert wheal.vertical_mm == pytest.approx(300 / (4 * math.pi * 16))
    assert wheal.sigma_lateral_mm == pytest.approx(4 / math.sqrt(5))
    assert bleb("hypodermis", 0.1).sigma_lateral_mm == pytest.approx((300 / (4 * math.pi)) ** (1 / 3) / math.sqrt(5), rel=1e-12)


@given(volumes, fillings, st.sampled_from(["dermis", "hypodermis"]), st.floats(3, 5))
def test_the_soaked_ellipsoid_holds_the_volume(volume, filling, layer, anchor):
    shape = bleb(layer, volume, filling=filling, anchor_mm=anchor)
    assert 4 / 3 * math.pi * shape.lateral_mm**2 * shape.vertical_mm * filling == pytest.approx(1000 * volume, rel=1e-12)
    if layer == "hypodermis":
        assert shape.lateral_mm == shape.vertical_mm
    elif filling == 1:
        assert shape.vertical_mm < shape.lateral_mm


def test_the_second_moment_of_an_ellipsoid_is_a_fifth_of_its_semi_axis_squared():
    chance = np.random.default_rng(1).uniform(-1, 1, (400_000, 3))
    inside = chance[(chance**2).sum(1) <= 1]
    assert inside[:, 0].std() == pytest.approx(1 / math.sqrt(5), rel=3e-3)


def test_what_flows_back_is_missing_from_dose_and_volume():
    depot = point_depot(0, 0, 1.0, 0.05, 1.0, layer="dermis", placement=Placement(backflow=0.2))
    assert depot.dose_mg == pytest.approx(0.8)
    assert depot.sigma_lateral_mm == pytest.approx(bleb("dermis", 0.04).sigma_lateral_mm)


def test_a_spread_of_depths_is_the_mean_of_the_depots_it_would_give():
    still, spread = (point_depot(0, 0, 4.0, 0.02, 1.0, layer="hypodermis", placement=Placement(depth_sd_mm=s)) for s in (0.0, 0.7))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    for z in (2.0, 3.5, 4.0, 5.1):
        mean = sum(w * normal(z, 4.0 + 0.7 * n, still.sigma_vertical_mm) for n, w in zip(nodes, weights, strict=True)) / math.sqrt(2 * math.pi)
        assert normal(z, 4.0, spread.sigma_vertical_mm) == pytest.approx(mean, rel=1e-9)
    assert spread.sigma_lateral_mm == still.sigma_lateral_mm


def normal(z, centre, sigma):
    return math.exp(-((z - centre) ** 2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))


@settings(max_examples=80, deadline=None)
@given(st.floats(0.005, 1.0), st.floats(2, 60), fillings, st.floats(-1, 1), st.floats(0, math.pi))
def test_a_thread_has_its_dose_middle_and_length(volume, length, filling, slope, turn):
    rise = max(-7.0, length * 0.5 * slope)
    level = math.sqrt(length**2 - rise**2)
    start, end = (2.0, 3.0, 8.0), (2.0 + level * math.cos(turn), 3.0 + level * math.sin(turn), 8.0 + rise)
    depots = thread_depots(start, end, volume, 3.0, placement=Placement(filling=filling))
    at = np.array([(d.x_mm, d.y_mm, d.depth_mm) for d in depots])
    assert sum(d.dose_mg for d in depots) == pytest.approx(3.0, rel=1e-12)
    np.testing.assert_allclose(at.mean(0), (np.array(start) + end) / 2, atol=1e-9)
    along = at @ ((np.array(end) - start) / math.dist(start, end))
    variance = along.var() + depots[0].sigma_lateral_mm ** 2
    if len(depots) > 1:
        assert variance == pytest.approx(length**2 / 12, rel=1e-9)
    assert depots[0].sigma_lateral_mm == depots[0].sigma_vertical_mm
    assert (2 * depots[0].sigma_lateral_mm) ** 2 * math.pi * length * filling == pytest.approx(1000 * volume, rel=1e-9)


@pytest.mark.parametrize(("end", "volume"), [((40.0, 0.0, 2.0), 0.1), ((30.0, 20.0, 9.0), 0.2), ((0.0, 40.0, 2.0), 0.02)])
def test_a_thread_is_even_along_its_middle(end, volume):
    start = (0.0, 0.0, 2.0)
    depots = thread_depots(start, end, volume, 2.0)
    length = math.dist(start, end)
    of = (np.array(end) - start) / length
    middle = float((np.array(start) + end) @ of) / 2
    dose = line(depots, of=of)(np.linspace(middle - length / 5, middle + length / 5, 2001))
    assert np.ptp(dose) <= 1e-6 * dose.mean()
    assert dose.mean() == pytest.approx(2.0 / length, rel=0.02)


def test_a_thread_shorter_than_thick_is_one_depot():
    (depot,) = thread_depots((0.0, 0.0, 3.0), (1.0, 0.0, 3.0), 0.5, 1.0)
    assert (depot.x_mm, depot.depth_mm, depot.dose_mg) == (0.5, 3.0, 1.0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: bleb("dermis", 1.5), "volume_ml is 1.5; give a number from 0.0001 to 1 mL per point: more is driven by pressure, not by diffusion."),
        (lambda: bleb("dermis", 0), "volume_ml is 0; give a number from 0.0001 to 1 mL."),
        (lambda: bleb("dermis", -0.1), "volume_ml is -0.1; give a number from 0.0001 to 1 mL."),
        (lambda: bleb("dermis", math.nan), "volume_ml is nan; give a number from 0.0001 to 1 mL."),
        (lambda: bleb("muscle", 0.1), "layer is 'muscle'; choose one of dermis, hypodermis."),
        (lambda: bleb("dermis", 0.1, filling=0), "filling is 0; give a number from 0.1 to 1."),
        (lambda: Placement(backflow=1.0), "backflow is 1.0; give a number from 0 to 0.99."),
        (lambda: point_depot(0, 0, -1.0, 0.1, 1.0, layer="dermis"), "depth_mm of a depot is -1.0; give a number from 0 to 2000 mm."),
        (lambda: thread_depots((0, 0, 2.0), (0, 0, 2.0), 0.1, 1.0), "length of a thread is 0.0; give a number from 0.5 to 100 mm."),
        (lambda: thread_depots((0, 0, 2.0), (9, 0, -0.5), 0.1, 1.0), "end_mm[2] is -0.5; give a number from 0 to 2000 mm."),
        (lambda: thread_depots((0, 0, 2.0), (0, math.inf, 2.0), 0.1, 1.0), "end_mm[1] is inf; give a number from -2000 to 2000 mm."),
    ],
)
def test_what_cannot_be_injected_is_refused_in_a_sentence(make, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        make()


def test_depots_are_what_the_engine_is_asked():
    assert isinstance(point_depot(1, 2, 3, 0.01, 0.5, layer="dermis"), Depot)
