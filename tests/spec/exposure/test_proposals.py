"""Grids to choose from: none beaten by another, within the volume there is and what a point may hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pistor.care.exposure.proposals import Wish, as_it_is, proposed_grids
from pistor.care.exposure.solute import solute_of
from pistor.care.exposure.tissue import site_of
from pistor.care.exposure.virtual import Setting
from pistor.delivery.planning import Infeasible
from pistor.knowledge import load

SQUARE = ((0.0, 0.0), (50.0, 0.0), (50.0, 40.0), (0.0, 40.0))
WISH = Wish(SQUARE, (), "hexagonal", volume_ml=2.0, strength_mg_per_ml=10.0, target_mm=1.0)


@pytest.fixture(scope="module")
def lidocaine():
    library = load()
    return solute_of("lidocaine", library, depot_mg_per_ml=10.0), Setting(site_of("neck", library), library)


@pytest.fixture(scope="module")
def proposed(lidocaine):
    return proposed_grids(*lidocaine, WISH)


def test_more_punctures_always_buy_more_cover(proposed):
    assert len(proposed) >= 3
    for fewer, more in pairwise(proposed):
        assert more.points > fewer.points and more.covered > fewer.covered


def test_a_proposal_shares_out_what_there_is_and_no_more(proposed):
    assert all(WISH.volume_ml / 2 <= one.total_ml <= WISH.volume_ml * (1 + 1e-6) for one in proposed)
    assert all(0 <= one.covered <= 1 and one.valley_over_peak >= 0 for one in proposed)


def test_volumes_can_be_read_on_a_syringe(proposed):
    for one in proposed:
        step = 0.001 if one.volume_ml < 0.02 else 0.005
        assert abs(one.volume_ml / step - round(one.volume_ml / step)) < 1e-6


def test_where_blebs_are_small_the_depth_that_is_aimed_at_is_the_depth_proposed(proposed):
    assert {one.depth_mm for one in proposed if one.volume_ml <= 0.05} == {WISH.target_mm}


def test_what_a_point_may_hold_is_kept(lidocaine):
    assert all(0.1 - 1e-9 <= one.volume_ml <= 0.2 + 1e-9 for one in proposed_grids(*lidocaine, replace(WISH, point_volume_ml=(0.1, 0.2))))


def test_a_proposal_is_judged_like_the_plan_that_it_is(lidocaine, proposed):
    for one in proposed[:3]:
        again = as_it_is(*lidocaine, WISH, spacing_mm=one.spacing_mm, volume_ml=one.volume_ml, depth_mm=one.depth_mm)
        assert again.points == one.points and again.covered == pytest.approx(one.covered, abs=0.02)


def test_the_proposal_with_as_many_punctures_covers_no_less_than_a_plan_that_shares_out_the_same_volume_less_deep(lidocaine, proposed):
    one = proposed[-1]
    shallow = as_it_is(*lidocaine, WISH, spacing_mm=one.spacing_mm, volume_ml=one.volume_ml, depth_mm=2.0)
    assert one.covered >= shallow.covered


def test_points_keep_out_of_what_is_not_injected(lidocaine):
    hole = ((10.0, 10.0), (40.0, 10.0), (40.0, 30.0), (10.0, 30.0))
    whole, less = (proposed_grids(*lidocaine, replace(WISH, no_go=no_go)) for no_go in ((), (hole,)))
    assert less[-1].points < whole[-1].points


def test_what_cannot_be_shared_out_is_said_in_a_sentence(lidocaine):
    with pytest.raises(Infeasible, match=r"No regular grid shares 0.01 mL out over this zone with 0.1 to 0.2 mL at each point\."):
        proposed_grids(*lidocaine, replace(WISH, volume_ml=0.01, point_volume_ml=(0.1, 0.2)))
