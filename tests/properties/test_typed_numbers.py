"""Numbers as people type them: what is read is what was meant, and what has two readings is not guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.knowledge.typed import decimal_of


@pytest.mark.parametrize(
    ("typed", "read"),
    [("0.5", "0.5"), ("0,5", "0.5"), (" 61,5 ", "61.5"), ("0,125", "0.125"), ("12,50", "12.50"), ("1 500", "1500"), ("1\u202f500,25", "1500.25"), ("-2", "-2"), ("1e2", "100"),
     ("٠٫٥".replace("٫", "."), "0.5"), ("1.500", "1.500"), ("10,0000", "10.0000")],
)  # fmt: skip
def test_one_reading(typed, read):
    assert decimal_of(typed) == Decimal(read)


@pytest.mark.parametrize("typed", ["1,500", "-1,500", " 12,345 ", "999,999"])
def test_two_readings_are_not_guessed_and_both_are_named(typed):
    with pytest.raises(ValueError, match="two ways") as told:
        decimal_of(typed)
    bare = typed.strip()
    assert bare.replace(",", ".") in str(told.value)
    assert bare.replace(",", "") in str(told.value)


@pytest.mark.parametrize("typed", ["", "heavy", "NaN", "Infinity", "1,2,3", "1.2.3", "0x10", "--1", "½"])
def test_no_reading(typed):
    with pytest.raises(ValueError, match="is not a number"):
        decimal_of(typed)


@given(st.decimals(min_value=0, max_value=999, places=2, allow_nan=False, allow_infinity=False))
def test_a_comma_means_what_a_point_means(number):
    assert decimal_of(f"{number:f}".replace(".", ",")) == number == decimal_of(f"{number:f}")


@given(st.text(max_size=12))
def test_whatever_is_typed_is_read_or_refused_in_a_sentence(text):
    try:
        assert decimal_of(text).is_finite()
    except ValueError as told:
        assert str(told).endswith(".")
