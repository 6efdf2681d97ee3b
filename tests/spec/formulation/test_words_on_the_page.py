"""Numbers that cannot be misread."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pistor.care.formulation import Part, compose
from pistor.clinic.formulation.presenters import number, pairs_shown
from pistor.knowledge import load


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.50", "0.5"), ("4.000", "4"), ("0.0025", "0.0025"), ("1.00049", "1"), ("100", "100"), ("12500", "12\u202f500"), ("0.3333333", "0.333"), (None, "")],
)
def test_numbers_have_a_leading_zero_no_trailing_zero_and_thin_thousands(value, text):
    assert number(None if value is None else Decimal(value)) == text


def test_the_most_serious_pair_comes_first_and_unknown_comes_before_compatible():
    shelf = ("lidocaine_2pct", "triamcinolone_10mg_ml", "thiamine_100mg_ml", "sodium_bicarbonate_84pct")
    blend = compose([Part(one, Decimal(1)) for one in shelf], load(), policy="mixture", jurisdiction=None, application="pain")
    words = [pair.word for pair in pairs_shown(blend.pairs)]
    assert words[0] == "Degrades"
    assert words[-1] == "Compatible as studied"
    assert words[-2] == "No data"
