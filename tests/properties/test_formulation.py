"""What holds for any blend."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.formulation import Blend, Part, check_doses, compose, judge_pair
from pistor.knowledge import load
from pistor.knowledge.model import PairVerdict

LIBRARY = load()
SHELF = sorted(LIBRARY.presentations)
volumes = st.decimals(min_value="0.001", max_value="8", places=3)
blends = st.lists(st.tuples(st.sampled_from(SHELF), volumes), min_size=1, max_size=8)


def composed(rows: list[tuple[str, Decimal]]) -> Blend:
    return compose([Part(*row) for row in rows], LIBRARY, policy="mixture", jurisdiction=None, application="pain")


@given(blends)
@settings(max_examples=120, deadline=None)
def test_mass_is_balanced_exactly(rows):
    blend = composed(rows)
    assert blend.volume_ml == sum(volume for _, volume in rows)
    for concentration in blend.concentrations:
        put_in = sum(
            component.strength.high * volume
            for presentation, volume in rows
            for component in LIBRARY.presentations[presentation].components
            if component.ingredient == concentration.ingredient and component.strength.unit == concentration.unit
        )
        assert concentration.amount == put_in
        assert abs(concentration.per_ml * blend.volume_ml - put_in) < Decimal("1e-20")


@given(blends)
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_parts_changes_nothing(rows):
    there, back = composed(rows), composed(rows[::-1])
    assert {c.ingredient: c.amount for c in there.concentrations} == {c.ingredient: c.amount for c in back.concentrations}
    assert (there.ph.low, there.ph.high, there.osmolarity.low) == (back.ph.low, back.ph.high, back.osmolarity.low)
    assert {f.rule for f in there.stops} == {f.rule for f in back.stops}


@given(st.sampled_from(SHELF), st.sampled_from(SHELF))
@settings(max_examples=200, deadline=None)
def test_compatible_is_never_said_without_a_rule_and_pairs_have_no_order(a, b):
    there, back = (judge_pair(LIBRARY.presentations[x], LIBRARY.presentations[y], LIBRARY) for x, y in ((a, b), (b, a)))
    assert there.verdict is back.verdict
    if there.rule is None:
        assert there.verdict is PairVerdict.NO_DATA
    else:
        assert there.verdict is not PairVerdict.NO_DATA
        assert there.sources


@given(blends, st.one_of(st.none(), st.decimals(min_value=3, max_value=250, places=1)))
@settings(max_examples=80, deadline=None)
def test_within_is_never_said_without_a_limit_and_more_is_never_safer(rows, weight):
    blend = composed(rows)
    once = {check.limit_id: check for check in check_doses(blend, LIBRARY, weight_kg=weight)}
    twice = {check.limit_id: check for check in check_doses(blend, LIBRARY, weight_kg=weight, volume_ml=blend.volume_ml * 2)}
    for limit_id, check in once.items():
        assert check.limit is not None or check.state == "unknown"
        if check.state == "over":
            assert twice[limit_id].state == "over"


@given(blends)
@settings(max_examples=40, deadline=None)
def test_a_blend_reads_back_as_it_was_written(rows):
    blend = composed(rows)
    assert Blend.from_dict(blend.as_dict()).as_dict() == blend.as_dict()
