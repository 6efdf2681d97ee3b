"""What the blood sees: exact solutions, nothing made or lost, equal rates, and an independent integrator."""

from __future__ import annotations

import math
import re
from decimal import Decimal, localcontext

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from pistor.delivery.absorption import Absorption, Influx, first_order, together
from pistor.delivery.compartments import micro_constants, one_compartment, two_compartments

HOURS = np.array([0.0, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 12.0, 30.0, 100.0])
rates = st.floats(0.02, 50)
volumes = st.floats(1, 300)
bodies = st.one_of(
    st.builds(one_compartment, st.floats(0.5, 100), volumes),
    st.builds(two_compartments, st.floats(0.5, 100), volumes, st.floats(0.01, 200), volumes),
)


@st.composite
def influxes(draw):
    """A few doses with their own rates and starts."""
    count = draw(st.integers(1, 6))
    values = [draw(st.lists(kind, min_size=count, max_size=count)) for kind in (rates, st.floats(0.1, 100), st.floats(0, 20))]
    return Influx(*map(np.array, values))


def bateman(dose, bioavailability, ka, clearance, volume, t):
    ke = clearance / volume
    return dose * bioavailability * ka / volume / (ka - ke) * (np.exp(-ke * t) - np.exp(-ka * t))


def first_order_twice(influx):
    """The terms that start at 0, through a passage like them."""
    return Influx(influx.rate_per_h[:2], influx.amount_mg[:2]).through(Influx(influx.rate_per_h[:2], influx.amount_mg[:2]))


def test_by_mouth_is_batemans_function():
    curve = one_compartment(60.0, 90.0).concentration_mg_per_l(first_order(100.0, 1.7, bioavailability=0.35), HOURS)
    np.testing.assert_allclose(curve, bateman(100, 0.35, 1.7, 60, 90, HOURS), rtol=1e-12, atol=1e-16)


def test_a_lag_moves_the_curve():
    body, at = two_compartments(60.0, 30.0, 50.0, 60.0), np.linspace(0.75, 20, 50)
    late = body.concentration_mg_per_l(first_order(100.0, 1.7, lag_h=0.75), at)
    np.testing.assert_allclose(late, body.concentration_mg_per_l(first_order(100.0, 1.7), at - 0.75), rtol=1e-12, atol=1e-15)
    assert float(body.concentration_mg_per_l(first_order(100.0, 1.7, lag_h=0.75), np.array([0.7]))[0]) == 0


@pytest.mark.parametrize("gap", [0, 1e-16, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 5e-3, 9.99e-3, 1.001e-2, 0.1, -1e-13, -1e-9, -1e-3])
def test_equal_and_nearly_equal_rates(gap):
    slow = 2 / 3
    rate = slow * (1 + gap)
    got = Influx(np.array([rate]), np.array([1.0])).present_mg(np.array([slow]), HOURS[1:])[0]
    with localcontext() as exact:
        exact.prec = 80
        k, e = Decimal(rate), Decimal(slow)
        times = [Decimal(float(t)) for t in HOURS[1:]]
        want = [float(k * t * (-e * t).exp() if k == e else k * ((-e * t).exp() - (-k * t).exp()) / (k - e)) for t in times]
    np.testing.assert_allclose(got, want, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 100), volumes, st.floats(0.01, 200), volumes, rates, st.floats(0, 3))
def test_two_compartments_agree_with_an_integrator(clearance, central, exchange, peripheral, rate, lag):
    influx = first_order(10.0, rate, lag_h=lag)
    k10, k12, k21 = clearance / central, exchange / central, exchange / peripheral
    slope = np.array([[-rate, 0, 0, 0], [rate, -k10 - k12, k21, 0], [0, k12, -k21, 0], [0, k10, 0, 0]])
    times = lag + np.array([0.05, 0.3, 1.0, 4.0])
    want, state, before = [], [10.0, 0, 0, 0], lag
    for time in times:
        state = solve_ivp(lambda t, y: slope @ y, (before, time), state, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
        want, before = [*want, state[1:]], time
    got = two_compartments(clearance, central, exchange, peripheral).amounts_mg(influx, times)
    np.testing.assert_allclose(np.stack([got.central_mg, got.peripheral_mg, got.eliminated_mg]), np.array(want).T, rtol=0, atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(bodies, influxes(), st.floats(0, 200))
def test_nothing_is_made_or_lost(body, influx, hours):
    at = np.array([hours])
    amounts = body.amounts_mg(influx, at)
    parts = np.array([amounts.central_mg, amounts.peripheral_mg, amounts.eliminated_mg])
    total = float(influx.total_mg)
    assert abs(parts.sum() - float(influx.arrived_mg(at)[0])) <= 1e-12 * total
    assert parts.min() >= -1e-12 * total
    assert float(body.concentration_mg_per_l(influx, at)[0]) == pytest.approx(float(amounts.central_mg[0]) / float(body.central_l), rel=1e-14)


@settings(max_examples=100, deadline=None)
@given(bodies, influxes())
def test_the_area_is_what_arrived_over_clearance(body, influx):
    long_after = np.array([1e9])
    eliminated = float(body.amounts_mg(influx, long_after).eliminated_mg[0]) / float(body.clearance_l_per_h)
    assert float(body.auc_mg_h_per_l(influx)) == pytest.approx(eliminated, rel=1e-12)
    assert float(body.auc_mg_h_per_l(influx)) == pytest.approx(float(np.sum(influx.amount_mg)) / float(body.clearance_l_per_h), rel=1e-14)


def test_the_area_under_the_curve_itself():
    body, influx = two_compartments(45.0, 20.0, 30.0, 70.0), first_order(80.0, 0.9, bioavailability=0.8)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    area = sum(float(np.sum(weights * body.concentration_mg_per_l(influx, a + (b - a) * (nodes + 1) / 2))) * (b - a) / 2 for a, b in ((0, 5), (5, 50), (50, 400)))
    assert area == pytest.approx(float(body.auc_mg_h_per_l(influx)), rel=1e-11)


@settings(max_examples=200, deadline=None)
@given(bodies, influxes())
def test_nothing_rises_above_the_peak(body, influx):
    peak = body.peak(influx)
    begin, end = float(np.min(influx.start_h)), float(np.max(influx.start_h)) + 20
    looked = body.concentration_mg_per_l(influx, np.linspace(begin, end, 4001))
    assert float(np.max(looked)) <= float(peak.concentration_mg_per_l) * (1 + 1e-9)
    assert float(body.concentration_mg_per_l(influx, np.array([float(peak.time_h)]))[0]) == pytest.approx(float(peak.concentration_mg_per_l), rel=1e-12)


@pytest.mark.parametrize(("ka", "ke"), [(1.7, 0.6), (0.2, 1.5), (0.7, 0.7), (0.7, 0.7 * (1 + 1e-9)), (40, 0.05)])
def test_the_time_of_the_peak_and_back_to_the_rate(ka, ke):
    body = one_compartment(ke * 50, 50.0)
    when = 1 / ka if abs(ka - ke) < 1e-6 else math.log(ka / ke) / (ka - ke)
    assert float(body.peak(first_order(1.0, ka)).time_h) == pytest.approx(when, rel=1e-7)
    assert float(body.absorption_rate_per_h(when)) == pytest.approx(ka, rel=1e-9)


@settings(max_examples=100, deadline=None)
@example(two_compartments(93.0, 1.0, 0.01, 182.0), 5.0)  # its looks would go past the engine's last time
@given(bodies, st.floats(0.02, 5))
def test_every_peak_has_its_rate_of_absorption(body, share):
    when = share / float(np.min(body.rate_per_h))
    rate = body.absorption_rate_per_h(when)
    by_mouth = first_order(1.0, rate)
    # In a body that hardly exchanges the top is so flat that its height says more than its time.
    assert float(body.concentration_mg_per_l(by_mouth, np.array([when]))[0]) == pytest.approx(float(body.peak(by_mouth).concentration_mg_per_l), rel=1e-9)


def test_of_two_humps_nearly_as_high_the_higher_is_found():
    just_before = Influx(np.array([7.5, 1.0, 0.03125]), np.array([3.0, 1.0, 2.0]), np.array([0, 1.0, 0.5]))
    assert float(one_compartment(36.0, 172.0).peak(just_before).time_h) == pytest.approx(0.4909, abs=1e-4)
    body = two_compartments(80.25, 297.0, 91.0, 211.0)
    influx = Influx(np.array([1.0, 2.0, 1.0, 14.25, 2.0, 1.09960938]), np.array([0.5, 8.75, 1.5, 15.6875, 4.0, 17.15625]), np.array([0, 8.875, 0, 15.6953125, 2.0, 17.15625]))
    assert float(body.peak(influx).time_h) == pytest.approx(15.9302, abs=1e-4)


def test_a_course_is_the_sum_of_its_treatments_and_its_peak_comes_after_the_last():
    body, single = two_compartments(30.0, 20.0, 15.0, 80.0), Absorption(np.array([3.0, 0.4]), np.array([6.0, 2.0]))
    at = np.linspace(0, 100, 301)
    course = single.repeated([0, 24, 48])
    by_hand = sum(np.where(at >= start, body.concentration_mg_per_l(single, np.maximum(at - start, 0)), 0) for start in (0, 24, 48))
    np.testing.assert_allclose(body.concentration_mg_per_l(course, at), by_hand, rtol=1e-12, atol=1e-15)
    assert 48 < float(body.peak(course).time_h) < 50
    assert float(course.total_mg) == pytest.approx(24)
    np.testing.assert_allclose(body.concentration_mg_per_l(together([single, single.scaled(2.0)]), at), 3 * body.concentration_mg_per_l(single, at), rtol=1e-12)


def test_an_infinite_course_of_equal_treatments_would_accumulate_as_the_geometric_series():
    body, every = one_compartment(6.0, 40.0), 12.0
    course = first_order(10.0, 2.0).repeated([every * i for i in range(60)])
    last = body.concentration_mg_per_l(course, np.array([60 * every]))
    grown = [1 / (1 - math.exp(-rate * every)) for rate in (0.15, 2.0)]
    want = 10 / 40 * 2 / (2 - 0.15) * (grown[0] * math.exp(-0.15 * every) - grown[1] * math.exp(-2 * every))
    assert float(last[0]) == pytest.approx(want, rel=1e-12)


def test_a_bolus_starts_at_dose_over_volume_and_an_instant_absorption_is_one():
    body = two_compartments(60.0, 30.0, 50.0, 60.0)
    bolus = body.bolus_mg_per_l(90.0, HOURS)
    assert float(bolus[0]) == pytest.approx(3.0, rel=1e-14)
    np.testing.assert_allclose(body.concentration_mg_per_l(first_order(90.0, 1e10), HOURS[1:]), bolus[1:], rtol=1e-7)


def test_a_periphery_that_hardly_exchanges_is_no_periphery():
    for k21 in (0.4, 2.0, 9.0):
        thin = micro_constants(30.0, 2.0, 1e-9, k21).concentration_mg_per_l(first_order(5.0, 1.1), HOURS[:7])
        np.testing.assert_allclose(thin, one_compartment(60.0, 30.0).concentration_mg_per_l(first_order(5.0, 1.1), HOURS[:7]), rtol=1e-4)
    named, built = micro_constants(30.0, 2.0, 1.5, 0.5), two_compartments(60.0, 30.0, 45.0, 90.0)
    np.testing.assert_allclose(named.rate_per_h, built.rate_per_h, rtol=1e-14)
    np.testing.assert_allclose(np.sum(named.rate_per_h), 4.0, rtol=1e-14)
    np.testing.assert_allclose(np.prod(named.rate_per_h), 2.0 * 0.5, rtol=1e-14)


def test_what_leaves_the_skin_in_modes_of_either_sign():
    rate, amount = np.array([0.5, 4.0, 30.0]), np.array([1.4, -0.5, 0.1])
    skin = Absorption(rate, amount)
    at = np.linspace(0, 10, 2001)
    np.testing.assert_allclose(skin.arrived_mg(at), (amount * (1 - np.exp(-np.outer(at, rate)))).sum(1), atol=1e-15)
    np.testing.assert_allclose(skin.rate_mg_per_h(at), (amount * rate * np.exp(-np.outer(at, rate))).sum(1), atol=1e-13)
    assert float(Absorption(np.array([0.0, 1.0]), np.array([5.0, 2.0])).total_mg) == 2


@pytest.mark.parametrize("third", [2.5, 1.0, 1.0 * (1 + 3e-6), 1.0 * (1 + 1e-4), 0.0])
def test_from_a_film_through_skin_into_blood(third):
    film, skin = Influx(np.array([0.4, 1.0]), np.array([3.0, 2.0])), Absorption(np.array([0.7, third, 9.0]), np.array([0.6, 0.5, -0.2]))
    behind = film.through(skin)
    assert float(behind.total_mg) == pytest.approx(5.0 * float(skin.total_mg), rel=1e-9)
    for hours in (0.2, 1.0, 3.0, 10.0):
        want, _ = quad(lambda s, t=hours: float(film.rate_mg_per_h(np.array([s]))[0] * skin.arrived_mg(np.array([t - s]))[0]), 0, hours, epsabs=1e-13, epsrel=1e-12)
        assert float(behind.arrived_mg(np.array([hours]))[0]) == pytest.approx(want, abs=5e-9)
    late = film.delayed(2.0).through(skin.delayed(1.0))
    np.testing.assert_allclose(late.arrived_mg(np.array([2.9, 7.0])), [0, behind.arrived_mg(np.array([4.0]))[0]], atol=1e-12)
    with pytest.raises(ValueError, match="start_h holds several starts"):
        film.repeated([0, 1]).through(skin)


def test_the_peak_may_be_where_an_influx_breaks_off():
    """Three patients whose blood flow falls at another hour each: the concentration turns there, without a slope of zero."""
    ends = np.array([[0.2], [0.5], [0.9]])
    steady, gone = np.full((3, 1), 0.3), 10.0 * np.exp(-0.3 * ends)
    influx = Influx(np.hstack([steady, steady]), np.hstack([10.0 + 0 * ends, -gone]), np.hstack([0 * ends, ends]))
    body = one_compartment(36.0, 172.0)
    peak, at = body.peak(influx), np.linspace(0, 6, 60_001)
    np.testing.assert_allclose(peak.time_h, ends[:, 0], atol=1e-12)
    np.testing.assert_allclose(peak.concentration_mg_per_l, body.concentration_mg_per_l(influx, at).max(axis=-1), rtol=1e-9)


def test_virtual_patients_get_what_each_would_get_alone():
    chance = np.random.default_rng(4)
    clearance, ka = chance.uniform(10, 90, 7), chance.uniform(0.2, 4, (7, 3))
    influx = Influx(ka, np.array([1.0, 2.0, 3.0]), chance.uniform(0, 1, (7, 1)))
    body = two_compartments(clearance, 30.0, 20.0, chance.uniform(20, 60, 7))
    at = np.linspace(0, 24, 900)
    curves, peak, amounts = body.concentration_mg_per_l(influx, at), body.peak(influx), body.amounts_mg(influx, at)
    assert curves.shape == amounts.peripheral_mg.shape == (7, 900)
    assert peak.time_h.shape == (7,)
    for i in range(7):
        alone = type(body)(body.clearance_l_per_h[i], body.central_l[()], body.rate_per_h[i], body.share[i])
        one = Influx(ka[i], np.array([1.0, 2.0, 3.0]), influx.start_h[i])
        np.testing.assert_allclose(curves[i], alone.concentration_mg_per_l(one, at), rtol=1e-12, atol=1e-15)
        assert float(peak.time_h[i]) == pytest.approx(float(alone.peak(one).time_h), rel=1e-6)
    np.testing.assert_allclose(body.absorption_rate_per_h(np.full(7, 0.5)).shape, (7,))


def test_the_same_numbers_from_another_namespace_of_the_array_api():
    rate, amount, start, at = [0.5, 2.0, 2.0 * (1 + 1e-9)], [1.0, 2.0, 0.5], [0.0, 0.0, 3.0], np.linspace(0, 24, 50)
    here, there = Influx(np.array(rate), np.array(amount), np.array(start)), Influx(strict.asarray(rate), strict.asarray(amount), strict.asarray(start))
    body, other = two_compartments(60.0, 30.0, 50.0, 60.0), two_compartments(strict.asarray(60.0), strict.asarray(30.0), strict.asarray(50.0), strict.asarray(60.0))
    got = other.concentration_mg_per_l(there, strict.asarray(at))
    np.testing.assert_allclose(np.from_dlpack(got), body.concentration_mg_per_l(here, at), rtol=1e-13)
    assert float(other.peak(there.repeated([0, 5])).time_h) == pytest.approx(float(body.peak(here.repeated([0, 5])).time_h), rel=1e-8)
    np.testing.assert_allclose(np.from_dlpack(first_order_twice(there).arrived_mg(strict.asarray(at))), first_order_twice(here).arrived_mg(at), rtol=1e-9)
    assert float(other.absorption_rate_per_h(strict.asarray(0.7))) == pytest.approx(float(body.absorption_rate_per_h(0.7)), rel=1e-10)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: one_compartment(0.0, 5.0), "clearance_l_per_h is 0.0; give a number from 1e-09 to 1e+06 L/h."),
        (lambda: one_compartment(5.0, math.nan), "volume_l is nan; give a number from 1e-06 to 1e+06 L."),
        (lambda: one_compartment("much", 5.0), "clearance_l_per_h is 'much'; give numbers from 1e-09 to 1e+06 L/h."),
        (lambda: first_order(1.0, -2.0), "rate_per_h is -2.0; give a number from 0 to 1e+12 per hour."),
        (lambda: first_order(1.0, 2.0, bioavailability=1.2), "bioavailability is 1.2; give a number from 0 to 1."),
        (lambda: Influx(np.array([1.0, math.inf]), np.array([1.0, 1.0])), "rate_per_h is inf; give a number from 0 to 1e+12 per hour."),
        (lambda: first_order(1.0, 2.0).arrived_mg(np.array([0.0, math.nan])), "times_h is nan; give a number from -1e+12 to 1e+12 h."),
        (lambda: one_compartment(10.0, 10.0).absorption_rate_per_h(11.0), "peak_h is 11.0; give a number from 1e-06 to 10 h, ten times the slowest time constant."),
        (lambda: together([]), "influxes is empty; give one or more."),
    ],
)
def test_what_cannot_be_computed_is_said_in_a_sentence(make, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        make()
