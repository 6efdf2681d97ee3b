"""Points chosen one by one: never worse than the regular grid with as many punctures, never outside a limit, both after rounding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.care.exposure.order import Content, Order, Region, Spot
from pistor.care.exposure.proposals import Wish, wish_of
from pistor.care.exposure.single_points import READ_ML, objective_text, single_points, single_points_of
from pistor.care.exposure.solute import solute_of
from pistor.care.exposure.tissue import site_of
from pistor.care.exposure.virtual import Setting
from pistor.delivery.grids import LINES, outside
from pistor.delivery.planning import Infeasible
from pistor.knowledge import load

LIBRARY = load()
SQUARE = ((0.0, 0.0), (40.0, 0.0), (40.0, 30.0), (0.0, 30.0))
HOLE = ((10.0, 10.0), (22.0, 10.0), (22.0, 20.0), (10.0, 20.0))
WISH = Wish(SQUARE, (HOLE,), "hexagonal", volume_ml=1.0, strength_mg_per_ml=10.0, target_mm=1.0, depths_mm=(1.0,))
NOW = [Spot(5.0, 5.0, 1.0, 0.05), Spot(30.0, 25.0, 1.0, 0.05)]
ORDER = Order(
    zone="neck",
    spots=tuple(Spot(x, y, 1.0, 0.05) for x in (5.0, 15.0, 25.0, 35.0) for y in (5.0, 25.0)),
    regions=(Region("a square", SQUARE, (HOLE,)),),
    contents=(Content("lidocaine", 10.0),),
)


@pytest.fixture(scope="module")
def neck():
    return solute_of("lidocaine", LIBRARY, depot_mg_per_ml=10.0), Setting(site_of("neck", LIBRARY), LIBRARY)


@pytest.fixture(scope="module")
def found(neck):
    return single_points(*neck, WISH, NOW, skins=2)


def holds(pair, wish):
    """What nobody may find broken: the objective, the cover, the number, the volumes and the place of every point."""
    grid, chosen = pair.grid, pair.chosen
    assert chosen.missing <= grid.missing and chosen.covered >= grid.covered
    assert len(chosen.points) <= len(grid.points) and chosen.total_ml <= grid.total_ml + 1e-9 <= wish.volume_ml + 2e-9
    assert chosen.depth_mm == grid.depth_mm
    assert outside(wish.polygon, wish.no_go, [(point.x_mm, point.y_mm) for point in chosen.points]) == []
    if wish.point_volume_ml:
        assert all(wish.point_volume_ml[0] - 1e-9 <= point.volume_ml <= wish.point_volume_ml[1] + 1e-9 for point in chosen.points)


def test_points_are_better_than_the_grid_by_the_objective_that_is_stated(found):
    for pair in found.pairs:
        holds(pair, WISH)
    assert any(pair.better and pair.chosen.missing < 0.98 * pair.grid.missing for pair in found.pairs)
    assert "missing to half of what the same volume would give if it were spread evenly" in objective_text(found.skins)


def test_points_that_only_an_exact_hand_makes_better_are_not_offered(neck, monkeypatch):
    """Where a hand misses by more than points lie apart, no choice of points is better than another by enough to tell."""
    asked = []
    monkeypatch.setattr("pistor.care.exposure.single_points._by_hand", lambda task, one: asked.append(one) or 1.0)
    pairs = single_points(*neck, WISH, NOW, skins=1).pairs
    assert asked and all(not pair.better and pair.chosen == pair.grid for pair in pairs)


def test_volumes_are_few_and_can_be_read_and_places_can_be_written_down(found):
    for pair in found.pairs:
        usual = pair.grid.points[0].volume_ml
        assert {point.volume_ml for point in pair.chosen.points} <= {usual, *READ_ML}
        if pair.better:
            tenths = [abs(place * 10 - round(place * 10)) < 1e-6 for point in pair.chosen.points for place in (point.x_mm, point.y_mm)]
            assert sum(tenths) >= 0.8 * len(tenths), "only where a tenth would leave the area a place is finer"


def test_more_punctures_leave_less_missing(found):
    missing = [pair.chosen.missing for pair in found.pairs]
    assert missing == sorted(missing, reverse=True)


def test_the_worst_skin_is_no_better_than_the_middle_case_and_shares_are_shares(found):
    for pair in found.pairs:
        for one in (pair.grid, pair.chosen):
            assert 0 <= one.covered_least <= one.covered <= 1 and 0 <= one.missing <= 1 and 0 <= one.beside < 1


@given(
    wide=st.floats(15, 60), tall=st.floats(15, 60), volume_ml=st.floats(0.3, 3.0), holed=st.booleans(),
    point_ml=st.sampled_from([None, (0.01, 0.05), (0.02, 0.1), (0.033, 0.07)]), pattern=st.sampled_from(["hexagonal", "square"]),
)  # fmt: skip
@settings(max_examples=5, deadline=None)
def test_never_worse_than_the_grid_and_never_outside_a_limit(neck, wide, tall, volume_ml, holed, point_ml, pattern):
    hole = ((wide / 3, tall / 3), (wide / 2, tall / 3), (wide / 2, tall / 2), (wide / 3, tall / 2))
    outline = ((0.0, 0.0), (wide, 0.0), (wide, tall), (0.0, 0.7 * tall))
    wish = Wish(outline, (hole,) if holed else (), pattern, volume_ml, 10.0, 1.0, depths_mm=(1.0,), point_volume_ml=point_ml)
    with pytest.MonkeyPatch.context() as patched:  # what holds does not depend on how many are offered and how long they are sought
        patched.setattr("pistor.care.exposure.single_points.OFFERED", 2)
        patched.setattr("pistor.care.exposure.single_points.SECONDS", 0.2)
        try:
            pairs = single_points(*neck, wish, NOW, skins=1).pairs
        except Infeasible:
            return
    for pair in pairs:
        holds(pair, wish)


def test_what_cannot_be_shared_out_is_said_in_a_sentence(neck):
    with pytest.raises(Infeasible, match="No regular grid shares"):
        single_points(*neck, replace(WISH, volume_ml=0.01, point_volume_ml=(0.1, 0.2)), NOW, skins=1)


def test_an_order_says_what_may_be_proposed():
    region, spots, wish = wish_of(ORDER, 10.0, 1.0, LIBRARY)
    assert region.name == "a square" and len(spots) == 8 and wish.volume_ml == pytest.approx(0.4) and wish.no_go == (HOLE,)
    deep = wish_of(replace(ORDER, technique="nappage"), 10.0, 1.0, LIBRARY)[2]
    assert set(deep.depths_mm) == {2.0}, "published for nappage: 2 to 4 mm"
    threads = next(id_ for id_, technique in LIBRARY.techniques.items() if technique.pattern == LINES)
    with pytest.raises(ValueError, match="threads"):
        wish_of(replace(ORDER, technique=threads, run_mm=10.0), 10.0, 1.0, LIBRARY)


def test_a_substance_of_which_nothing_is_computed_gets_the_reason():
    with pytest.raises(ValueError, match="No points are proposed for"):
        single_points_of(replace(ORDER, contents=(Content("deoxycholic_acid", 10.0),)), "deoxycholic_acid", 1.0, LIBRARY)
