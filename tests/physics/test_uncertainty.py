"""How far an answer may be off: spreads as they were given, bands that hold what they promise, and who drives what."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pistor.delivery.uncertainty import SHAPES, Spread, band, drivers, sample

ends = st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)).filter(lambda pair: pair[0] < pair[1])


@settings(deadline=None)
@given(st.sampled_from(SHAPES), ends)
def test_five_of_a_hundred_lie_beyond_either_end_and_more_is_never_less(shape, pair):
    spread = Spread(shape, *pair)
    assert spread.quantile([0.05, 0.95]) == pytest.approx(pair, rel=1e-12)
    middle = math.sqrt(pair[0] * pair[1]) if shape.startswith("log") else sum(pair) / 2
    assert spread.quantile(0.5) == pytest.approx(middle, rel=1e-12)
    assert (np.diff(spread.quantile(np.linspace(0.001, 0.999, 200))) >= 0).all()


@pytest.mark.parametrize(
    ("shape", "law"),
    [
        ("normal", stats.norm(4, 2 / 1.6448536269514722)),
        ("lognormal", stats.lognorm(math.log(6 / 2) / 2 / 1.6448536269514722, scale=math.sqrt(12))),
        ("uniform", stats.uniform(2 - 4 / 18, 4 * 10 / 9)),
        ("loguniform", stats.loguniform(2 * 3 ** (-1 / 18), 2 * 3 ** (19 / 18))),
    ],
)
def test_quantiles_are_those_of_the_law(shape, law):
    part = np.array([0.001, 0.05, 0.2, 0.5, 0.77, 0.95, 0.999])
    assert Spread(shape, 2, 6).quantile(part) == pytest.approx(law.ppf(part), rel=1e-12)


@pytest.mark.parametrize(
    ("shape", "low", "high", "told"),
    [("triangular", 1, 2, "shape is 'triangular'"), ("lognormal", 0, 1, "more than 0"), ("normal", 2, 1, "lower one first"), ("normal", math.nan, 1, "two numbers")],
)
def test_a_spread_that_means_nothing_is_refused_in_words(shape, low, high, told):
    with pytest.raises(ValueError, match=told):
        Spread(shape, low, high)


def some(count, seed=0, names="abc"):
    return sample({name: Spread("lognormal", 0.5, 2) for name in names}, count, seed)


def test_patients_are_the_same_for_a_seed_and_a_longer_run_begins_with_a_shorter_one():
    assert np.array_equal(some(100).value, some(1000).value[:100])
    assert not np.array_equal(some(100, seed=1).value, some(100).value)
    assert some(3).patient(2) == dict(zip("abc", some(3).value[2].tolist(), strict=True))
    assert some(7).of("b") == pytest.approx(some(7).value[:, 1])


@settings(deadline=None, max_examples=30)
@given(st.integers(200, 2000), st.integers(0, 1000))
def test_every_parameter_fills_its_spread_more_evenly_than_chance(count, seed):
    part = some(count, seed).part
    ordered = np.sort(part, axis=0)
    gap = np.abs(ordered - (np.arange(count)[:, None] + 0.5) / count).max()
    assert gap < 0.6 / math.sqrt(count)  # what chance exceeds six times of seven
    assert ((part > 0) & (part < 1)).all()


def test_nothing_to_vary_gives_patients_all_the_same():
    drawn = sample({}, 5)
    assert len(drawn) == 5
    assert drawn.patient(4) == {}
    assert drivers(drawn, np.ones(5)) is None


@pytest.mark.parametrize("count", [0, -1, 10_000_000])
def test_a_number_of_patients_out_of_range_is_named(count):
    with pytest.raises(ValueError, match=f"count is {count}"):
        some(count)


def test_the_band_holds_what_it_promises():
    answer = some(1000).of("a")
    found = band(answer)
    assert [float(found.low), float(found.median), float(found.high)] == pytest.approx([0.5, 1.0, 2.0], rel=0.02)
    assert np.mean((answer >= found.low) & (answer <= found.high)) == pytest.approx(0.9, abs=0.01)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=60))
def test_a_band_is_made_of_answers_in_order_also_where_some_never_end(answers):
    found = band(np.array(answers))
    assert found.low <= found.median <= found.high
    assert {float(found.low), float(found.median), float(found.high)} <= {float(a) for a in answers}


def test_a_band_of_curves_is_a_curve_and_no_answer_is_no_band():
    curves = np.arange(2000.0).reshape(100, 4, 5)
    assert band(curves).median.shape == (4, 5)
    with pytest.raises(ValueError, match="not a number"):
        band([1.0, math.nan])
    with pytest.raises(ValueError, match="empty"):
        band(np.empty((0, 3)))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=7).filter(lambda w: max(map(abs, w)) > 0.3), st.integers(0, 99))
def test_drivers_of_a_known_law_are_its_squared_exponents(exponents, seed):
    """Where log answer is a sum of exponent · log parameter, the shares are exponent² · variance over their sum."""
    spreads = {f"p{i}": Spread("lognormal", 1 / (1.5 + i), 1.5 + i) for i in range(len(exponents))}
    drawn = sample(spreads, 1000, seed)
    answer = np.prod([drawn.of(f"p{i}") ** e for i, e in enumerate(exponents)], axis=0)
    parts = np.array([(e * math.log(1.5 + i)) ** 2 for i, e in enumerate(exponents)])
    found = drivers(drawn, answer)
    for i, part in enumerate(parts / parts.sum()):
        assert found.share[f"p{i}"] == pytest.approx(part, abs=0.03)
    assert found.together == pytest.approx(0, abs=1e-9)
    assert list(found.share.values()) == sorted(found.share.values(), reverse=True)


def test_what_two_parameters_do_only_together_is_neither_ones_share():
    drawn = sample({name: Spread("normal", -1, 1) for name in "abc"}, 1000)
    found = drivers(drawn, np.exp(drawn.of("a") * drawn.of("b")))
    assert found.together > 0.9
    assert max(found.share.values()) < 0.05


def test_a_driver_that_pulls_both_ways_is_found():
    drawn = sample({"a": Spread("normal", -1, 1), "b": Spread("uniform", 0, 1)}, 1000)
    found = drivers(drawn, np.exp(drawn.of("a") ** 2 + 0.01 * drawn.of("b")))
    assert next(iter(found.share)) == "a"
    assert found.share["a"] > 0.98


def test_where_nothing_varies_or_too_few_are_left_nothing_drives():
    assert drivers(some(1000), np.full(1000, 3.0)) is None
    assert drivers(some(20), some(20).of("a")) is None
    late = np.where(np.arange(1000) < 20, some(1000).of("a"), math.inf)
    assert drivers(some(1000), late) is None
    with pytest.raises(ValueError, match="one number for each of 1000"):
        drivers(some(1000), np.ones(3))
