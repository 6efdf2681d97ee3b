"""Shares of limits add up; what is unknown is never counted as nothing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pistor.delivery.limits import load


def test_two_anaesthetics_at_half_their_limits_reach_the_limit():
    doses = load({"lidocaine": 150.0, "procaine": 250.0}, {"lidocaine": 300.0, "procaine": 500.0})
    assert float(doses.total) == 1
    assert doses.exceeded is True


def test_concentrations_add_up_at_each_time():
    curves = load({"a": np.array([0.0, 1.0, 2.0]), "b": np.array([0.5, 0.5, 0.0])}, {"a": 5.0, "b": 1.0})
    np.testing.assert_allclose(curves.total, [0.5, 0.7, 0.4])
    assert curves.exceeded is False


def test_an_unknown_limit_leaves_the_sum_unknown_but_not_what_is_known_of_it():
    some = load({"lidocaine": 100.0, "other": 1e-6}, {"lidocaine": 300.0, "other": None})
    assert some.total is None
    assert some.exceeded is None
    assert some.unknown == ("other",)
    assert float(some.known) == pytest.approx(1 / 3)
    assert load({"other": 1.0}, {}).exceeded is None
    assert load({"lidocaine": 400.0, "other": 1.0}, {"lidocaine": 300.0}).exceeded is True


def test_none_of_a_substance_needs_no_limit():
    assert load({"lidocaine": 30.0, "other": 0.0}, {"lidocaine": 300.0}).exceeded is False


@pytest.mark.parametrize(
    ("values", "limits", "says"),
    [
        ({"lidocaine": -1.0}, {"lidocaine": 300.0}, "values of 'lidocaine' hold -1.0; give numbers of 0 or more."),
        ({"lidocaine": float("nan")}, {"lidocaine": 300.0}, "values of 'lidocaine' hold nan; give numbers of 0 or more."),
        ({"lidocaine": 1.0}, {"lidocaine": 0.0}, "limits of 'lidocaine' is 0.0; give a number above 0, or None where it is unknown."),
    ],
)
def test_what_makes_no_sense_is_said(values, limits, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        load(values, limits)
