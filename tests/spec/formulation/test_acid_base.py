"""pH by charge balance: the worked cases of the reference, textbook limits, and what must hold for any mixture."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.care.formulation.acid_base import Protolyte, Solution, at_ph, charge_of_weak, mix, ph_of

ASCORBIC = Protolyte(0, (4.25, 10.5))
LIDOCAINE = Protolyte(1, (7.91,))
CARBONIC = Protolyte(0, (6.352, 10.329))
ACETIC = Protolyte(0, (4.76,))


def lidocaine_hydrochloride(mg_per_ml: float, volume_ml: float) -> Solution:
    base = mg_per_ml / 288.81
    return Solution(volume_ml, {LIDOCAINE: base}, -base)


def bicarbonate(mg_per_ml: float, volume_ml: float) -> Solution:
    sodium = mg_per_ml / 84.007
    return Solution(volume_ml, {CARBONIC: sodium}, sodium)


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        (Solution(1), 7.0),
        (Solution(1, {}, -0.1), 1.0),  # 0.1 M hydrochloric acid
        (Solution(1, {}, 0.1), 13.0),
        (Solution(1, {ASCORBIC: 500 / 176.124}, 110 / 39.997), 5.74),  # the vitamin C label: acid 500 mg, sodium hydroxide 110 mg per mL
        (mix([lidocaine_hydrochloride(20, 9), bicarbonate(84, 1)]), 7.25),
        (Solution(1, {ACETIC: 0.2}, 0.1), 4.76),  # half neutralised: the pKa
        (Solution(1, {CARBONIC: 0.1}, 0.1), (6.352 + 10.329) / 2),  # an ampholyte: the mean of its pKa values
    ],
)
def test_worked_cases(solution, expected):
    assert ph_of(solution) == pytest.approx(expected, abs=0.01)


def test_a_mixture_is_not_the_average_of_its_parts():
    acidic, alkaline = at_ph(9, {LIDOCAINE: 0.069}, 6.0), at_ph(1, {CARBONIC: 1.0}, 8.2)
    assert 7.1 < ph_of(mix([acidic, alkaline])) < 7.4  # the average would be 6.2


PH = st.floats(1, 13)
WEAK = st.dictionaries(st.sampled_from([ASCORBIC, LIDOCAINE, CARBONIC, ACETIC]), st.floats(1e-4, 3), max_size=4)
PART = st.tuples(st.floats(0.01, 50), WEAK, PH)


@given(PART)
def test_a_known_ph_comes_back(part):
    assert ph_of(at_ph(*part)) == pytest.approx(part[2], abs=1e-6)


@given(st.lists(PART, min_size=1, max_size=6))
def test_a_mixture_lies_between_its_parts_and_is_neutral(parts):
    mixture = mix([at_ph(*part) for part in parts])
    ph = ph_of(mixture)
    assert min(part[2] for part in parts) - 1e-6 <= ph <= max(part[2] for part in parts) + 1e-6
    scale = 1 + abs(mixture.strong) + sum(mixture.weak.values())
    assert math.isclose(charge_of_weak(mixture.weak, ph) + mixture.strong, 0, abs_tol=1e-9 * scale)


@given(st.lists(PART, min_size=2, max_size=4), st.floats(0, 1))
def test_more_base_never_makes_it_more_acidic(parts, more):
    mixture = mix([at_ph(*part) for part in parts])
    assert ph_of(Solution(mixture.volume_ml, mixture.weak, mixture.strong + more)) >= ph_of(mixture) - 1e-9


@given(PART, st.floats(0.01, 50))
def test_more_of_the_same_changes_nothing(part, volume):
    once = at_ph(*part)
    assert ph_of(mix([once, at_ph(volume, part[1], part[2])])) == pytest.approx(ph_of(once), abs=1e-6)
