"""A thousand random blends: the mass balance is exact, and nothing is called compatible that nobody looked at."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.formulation import Part, compose
from pistor.care.workbench import BlendVerdict, Recipe, as_dict, work_out
from pistor.knowledge import load
from pistor.knowledge.model import PairVerdict

LIBRARY = load()
ON = dt.date(2026, 11, 24)
VOLUME = st.decimals(Decimal("0.01"), Decimal(10), places=2)
PARTS = st.lists(st.tuples(st.sampled_from(sorted(LIBRARY.presentations)), VOLUME), min_size=1, max_size=6, unique_by=lambda part: part[0])


def blended(parts):
    return compose([Part(*part) for part in parts], LIBRARY, policy="mixture", jurisdiction=None, application=None)


@settings(max_examples=1000, deadline=None)
@given(PARTS, st.integers(2, 9))
def test_a_random_blend(parts, more):
    worked = work_out(Recipe(tuple(Part(id_, volume) for id_, volume in parts)), LIBRARY, ON)
    blend = worked.blend
    assert blend.volume_ml == sum(volume for _, volume in parts)
    for one in blend.concentrations:
        put_in = sum(
            (Fraction(component.strength.high) * Fraction(volume))
            for id_, volume in parts
            for component in LIBRARY.presentations[id_].components
            if (component.ingredient, component.strength.unit) == (one.ingredient, one.unit)
        )
        assert Fraction(one.amount) == put_in
    assert len(blend.pairs) == len(parts) * (len(parts) - 1) // 2
    for pair in blend.pairs:
        assert (pair.verdict is PairVerdict.NO_DATA) == (pair.rule is None)
        assert pair.sources or pair.verdict is PairVerdict.NO_DATA
    scaled = blended([(id_, volume * more / 10) for id_, volume in parts])
    assert {one.ingredient: one.amount * 10 for one in scaled.concentrations} == {one.ingredient: one.amount * more for one in blend.concentrations}
    turned = blended(parts[::-1])
    assert {one.ingredient: (one.amount, one.per_ml) for one in turned.concentrations} == {one.ingredient: (one.amount, one.per_ml) for one in blend.concentrations}
    assert (turned.ph.low, turned.ph.high, turned.osmolarity.low, turned.osmolarity.high) == (blend.ph.low, blend.ph.high, blend.osmolarity.low, blend.osmolarity.high)
    if any(pair.verdict is PairVerdict.NO_DATA for pair in blend.pairs):
        assert worked.verdict not in (BlendVerdict.COMPATIBLE, BlendVerdict.CAUTION, BlendVerdict.SINGLE)
    if worked.verdict is BlendVerdict.COMPATIBLE:
        assert blend.pairs
        assert all(pair.verdict is PairVerdict.COMPATIBLE for pair in blend.pairs)
    if blend.ph.low is not None:
        assert blend.ph.low <= blend.ph.high
        labels = [LIBRARY.presentations[id_].ph for id_, _ in parts]
        assert min(label.low for label in labels) - Decimal("0.01") <= blend.ph.low
        assert blend.ph.high <= max(label.high for label in labels) + Decimal("0.01")
    json.dumps(as_dict(worked), allow_nan=False)
