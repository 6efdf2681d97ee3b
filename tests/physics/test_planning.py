"""Plans that are proposed: never worse than the regular grid, never outside a hard limit, and gradients that are true."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor.delivery import planning
from pistor.delivery.field import Kernel
from pistor.delivery.grids import grid_points
from pistor.delivery.hard_limits import HardLimits, Points
from pistor.delivery.influence import raster_of
from pistor.delivery.metrics import even_level
from pistor.delivery.objectives import NoGo, Objective, OverDose, Pain, Punctures, Spill, UnderDose, Volume
from pistor.delivery.planning import Bleb, Infeasible, Volumes, propose, scan, task_of, trade_off, undominated, worst

ZONE = [(0.0, 0.0), (30.0, 0.0), (34.0, 18.0), (15.0, 26.0), (0.0, 20.0)]
HOLE = [(10.0, 8.0), (15.0, 8.0), (15.0, 13.0), (10.0, 13.0)]
STRENGTH = 10.0
ARGUMENTS = {"wanted": 0.7, "most": 0.9, "each": 2.0, "per_ml": 30.0}
EVERY = [kind(**{f.name: ARGUMENTS[f.name] for f in dataclasses.fields(kind)}) for kind in Objective.__subclasses__()]
QUICK = {"spacings_mm": (4.0, 6.0, 9.0), "seeds": (0, 1), "seconds": 0.2}


def kernel(volume_ml, spread=1.0, held=1.0):
    """Wider for larger blebs; ``spread`` and ``held`` make scenarios of it."""
    variance = (1.8 * (volume_ml / 0.02) ** (1 / 3)) ** 2 / 5
    return Kernel(variance * np.array([1.0, 1.8, 3.0]) + 0.3 * spread, held * np.array([[0.3, 0.15, 0.05]]))


SCENARIOS = ((1.0, 1.0), (0.5, 0.6), (2.0, 1.5), (1.0, 0.4), (1.5, 0.8))


def blebs(scenarios=1, depths=(1.0,), volumes=(0.01, 0.02, 0.05)):
    return [Bleb(depth, volume, tuple(kernel(volume, s, h / depth) for s, h in SCENARIOS[:scenarios])) for depth in depths for volume in volumes]


WANTED = even_level(kernel(0.02), 60 * 0.02 * STRENGTH, 600.0)


def task(limits=None, *, scenarios=1, polygon=ZONE, no_go=(HOLE,), terms=None, **options):
    terms = terms or [(1.0, UnderDose(WANTED)), (0.05, OverDose(4 * WANTED)), (0.1, Spill(WANTED)), (0.1, NoGo(WANTED)), (0.002, Punctures()), (0.05, Volume())]
    return task_of(polygon, no_go, blebs(scenarios, **options), strength_mg_per_ml=STRENGTH, terms=terms, limits=limits, pixel_mm=1.5)


# ── objectives ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("objective", EVERY, ids=lambda o: o.name)
def test_every_gradient_is_that_of_finite_differences(objective):
    raster = raster_of(ZONE, [HOLE], pixel_mm=4.0)
    rng = np.random.default_rng(3)
    field, volume = rng.uniform(0.1, 1.5, (3, 2, *raster.target.shape)), rng.uniform(0.01, 0.05, 7)
    way, step = rng.normal(size=field.shape), 1e-6
    slope = (objective.value(field + step * way, raster, volume) - objective.value(field - step * way, raster, volume)) / (2 * step)
    assert (objective.by_field(field, raster) * way).sum(axis=(1, 2, 3)) == pytest.approx(np.broadcast_to(slope, 3), rel=1e-5, abs=1e-8)
    along = rng.normal(size=7)
    slope = (objective.value(field, raster, volume + step * along) - objective.value(field, raster, volume - step * along)) / (2 * step)
    assert objective.by_volume(volume) @ along == pytest.approx(slope, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("objective", EVERY, ids=lambda o: o.name)
def test_every_objective_without_a_hinge_is_linear_and_every_one_is_convex(objective):
    raster, rng = raster_of(ZONE, [HOLE], pixel_mm=4.0), np.random.default_rng(4)
    (one, other), volume = rng.uniform(0.0, 2.0, (2, 1, *raster.target.shape)), np.full(3, 0.02)
    middle = objective.value((one + other) / 2, raster, volume)
    ends = (objective.value(one, raster, volume) + objective.value(other, raster, volume)) / 2
    assert middle <= ends + 1e-12
    if objective.hinge is None:
        assert middle == pytest.approx(ends)
        alone = sum(objective.value(0 * one, raster, np.array([v])) for v in volume)
        assert objective.value(0 * one, raster, volume) == pytest.approx(alone)


def test_names_of_objectives_are_their_own():
    assert len({objective.name for objective in EVERY}) == len(EVERY)


@pytest.mark.parametrize("scenarios", [1, 4])
def test_the_gradient_by_volumes_is_that_of_finite_differences_through_blebs_that_grow(scenarios):
    asked = task(scenarios=scenarios, terms=[(1.0, UnderDose(WANTED)), (0.2, OverDose(2 * WANTED)), (0.1, Spill(WANTED)), (1.0, Pain(1.0, 5.0))])
    places = np.array(grid_points(ZONE, [HOLE], pattern="hexagonal", spacing_mm=6.0))
    rng = np.random.default_rng(5)
    plan = Volumes(asked, Points(places[:, 0], places[:, 1], np.full(len(places), 1.0), rng.uniform(0.012, 0.045, len(places))))
    value, gradient = plan.value(plan.points.volume_ml)
    assert value == pytest.approx(asked.choice("grid", plan.points).value, rel=1e-5)
    way = rng.normal(size=len(places))
    ahead, behind = (asked.choice("grid", dataclasses.replace(plan.points, volume_ml=plan.points.volume_ml + step * way)).value for step in (1e-6, -1e-6))
    assert gradient @ way == pytest.approx((ahead - behind) / 2e-6, rel=1e-4)


# ── scenarios ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50), st.floats(0.001, 1))
def test_the_mean_of_the_worst_lies_between_the_mean_and_the_worst(values, share):
    counted = worst(np.array(values), share)
    assert counted.sum() == pytest.approx(1.0)
    assert (counted >= 0).all()
    assert np.mean(values) - 1e-9 <= counted @ values <= max(values) + 1e-9
    assert (worst(np.array(values), 1.0) @ values) == pytest.approx(np.mean(values), abs=1e-9)


def test_a_plan_is_worth_what_its_worst_scenarios_say():
    asked = task(scenarios=5)  # the worst fifth of five is the worst one
    grid = scan(asked, spacings_mm=(5.0,), seeds=(0,))[0]
    alone = [dataclasses.replace(asked, blebs=[dataclasses.replace(b, kernels=(b.kernels[s],)) for b in asked.blebs]) for s in range(5)]
    assert grid.value == pytest.approx(max(each.choice("grid", grid.points).value for each in alone))


# ── proposals ───────────────────────────────────────────────────────────────────────────────────────────────────────────

limits_of = st.builds(
    HardLimits,
    total_dose_mg=st.one_of(st.none(), st.floats(2.0, 15.0)),
    total_volume_ml=st.one_of(st.none(), st.floats(0.3, 1.5)),
    point_dose_mg=st.sampled_from([None, (0.05, 0.3)]),
    point_volume_ml=st.sampled_from([None, (0.01, 0.02), (0.03, 0.04)]),
    most_points=st.one_of(st.none(), st.integers(8, 60)),
    no_go_mm=st.floats(0.0, 3.0),
    spacing_mm=st.floats(0.0, 5.0),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(limits_of, st.sampled_from([1, 3]), st.floats(0.3, 3.0))
def test_a_proposal_is_never_worse_than_a_grid_and_never_outside_a_limit(limits, scenarios, wanted):
    terms = [(1.0, UnderDose(wanted * WANTED)), (0.05, OverDose(4 * wanted * WANTED)), (0.1, Spill(wanted * WANTED)), (0.002, Punctures())]
    asked = task(limits, scenarios=scenarios, terms=terms)
    try:
        found = propose(asked, **QUICK)
    except Infeasible as none:
        assert "No regular grid keeps the limits. " in str(none)
        return
    assert found.best.value <= found.grid.value == min(grid.value for grid in found.grids)
    for choice in (*found.grids, *found.tried):
        assert not limits.broken(choice.points, STRENGTH, [HOLE])
        assert not asked.broken(choice.points)
    assert found.best.value == pytest.approx(asked.choice("grid", found.best.points).value)


def test_a_volume_between_two_blebs_is_their_mean():
    asked = task(terms=[(1.0, Volume())])
    points = Points(np.array([20.0]), np.array([12.0]), np.array([1.0]), np.array([0.035]))
    small, large = (asked.field(dataclasses.replace(points, volume_ml=np.array([volume]))) / volume for volume in (0.02, 0.05))
    assert asked.field(points) == pytest.approx(0.035 * (small + large) / 2)


def test_a_grid_is_proposed_as_the_plan_can_keep_it():
    grid = propose(task(), **QUICK).grid
    points = grid_points(ZONE, [HOLE], pattern=grid.pattern, spacing_mm=grid.spacing_mm, seed=grid.seed)
    assert points == list(zip(grid.points.x_mm.tolist(), grid.points.y_mm.tolist(), strict=True))
    assert len(set(grid.points.volume_ml)) == len(set(grid.points.depth_mm)) == 1


def test_every_step_of_the_search_helps_where_there_is_something_to_gain():
    asked = task(HardLimits(no_go_mm=1.0))
    found = propose(asked, **QUICK)
    assert planning.nudged(asked, found.grid.points)[0].value < found.grid.value
    assert found.best.value < 0.97 * found.grid.value
    assert planning.shaped(asked, found.grid.points)[0].value < found.grid.value


def test_points_chosen_in_whole_numbers_fill_what_a_plan_left_empty():
    """So small that every programme is solved to its end, however busy the machine."""
    zone = [(0.0, 0.0), (13.0, 0.0), (13.0, 11.0), (0.0, 11.0)]
    asked = task(HardLimits(spacing_mm=2.0), polygon=zone, no_go=(), volumes=(0.02,), terms=[(1.0, UnderDose(WANTED)), (0.02, Punctures())])
    grid = min(scan(asked, spacings_mm=(4.0, 5.0, 6.0), seeds=(0, 1)), key=lambda choice: choice.value)
    half = planning.taken(grid.points, grid.points.x_mm < 6.0)
    found = planning.chosen(asked, half, seconds=600.0)[0]
    assert len(half) < len(found.points)
    assert found.value < grid.value * 1.05
    assert not asked.broken(found.points)


def test_the_depth_that_gives_more_to_the_target_is_proposed():
    assert propose(task(depths=(1.0, 2.5)), **QUICK).grid.points.depth_mm[0] == 1.0


def test_volumes_keep_a_total_that_binds():
    asked = task(HardLimits(total_volume_ml=0.5))
    start = min(scan(asked, spacings_mm=(5.0, 6.0), seeds=(0,)), key=lambda choice: choice.value)
    shaped = planning.shaped(asked, start.points)[0]
    assert shaped.points.volume_ml.sum() <= 0.5 * (1 + 1e-9)
    assert shaped.value < start.value


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (HardLimits(most_points=1), "most_points allows 1 points"),
        (HardLimits(total_volume_ml=0.001), "total_volume_ml allows 0.001 mL"),
        (HardLimits(total_dose_mg=0.01), "total_dose_mg allows 0.01 mg"),
        (HardLimits(spacing_mm=20.0), "spacing_mm asks for 20 mm"),
        (HardLimits(no_go_mm=60.0), "no_go_mm from every no-go area"),
        (HardLimits(point_volume_ml=(0.2, 0.3)), "from 0.2 to 0.3 mL by point_volume_ml"),
        (HardLimits(point_dose_mg=(0.01, 0.05)), "from 0.001 to 0.005 mL by point_volume_ml and point_dose_mg; the blebs are of 0.01 to 0.05 mL"),
    ],
)
def test_limits_that_cannot_be_met_are_named(limits, sentence):
    with pytest.raises(Infeasible, match=sentence):
        propose(task(limits), **QUICK)


def test_a_large_zone_is_planned_with_the_spacings_that_it_can_have():
    zone = [(0.0, 0.0), (200.0, 0.0), (200.0, 200.0), (0.0, 200.0)]
    asked = task_of(zone, [], blebs(volumes=(0.05,)), strength_mg_per_ml=STRENGTH, terms=[(1.0, UnderDose(WANTED))], pixel_mm=5.0)
    assert {grid.spacing_mm for grid in scan(asked, spacings_mm=(2.0, 5.0), seeds=(0,))} == {5.0}
    with pytest.raises(Infeasible, match="at most 5000 points"):
        scan(asked, spacings_mm=(2.0,), seeds=(0,))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: HardLimits(point_volume_ml=(0.2, 0.1)), "give the least first"),
        (lambda: HardLimits(total_dose_mg=math.nan), "total_dose_mg is nan"),
        (lambda: UnderDose(0.0), "wanted is 0.0"),
        (lambda: Bleb(1.0, 5.0, (kernel(0.02),)), "volume_ml of a bleb is 5.0"),
        (lambda: task_of(ZONE, [], [], strength_mg_per_ml=1.0, terms=[(1.0, Volume())]), "blebs or terms is empty"),
        (lambda: trade_off(task(), "under_dose", "beauty"), "'beauty' is no objective of this task"),
    ],
)
def test_bad_input_is_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_points_that_break_a_limit_are_told_one_by_one():
    points = Points(np.array([11.0, 12.0, 50.0]), np.array([9.0, 9.0, 9.0]), np.full(3, 1.0), np.array([0.01, 0.05, 0.02]))
    limits = HardLimits(total_volume_ml=0.05, most_points=2, point_volume_ml=(0.02, 0.04), no_go_mm=1.0, spacing_mm=3.0)
    broken = " ".join(dataclasses.replace(task(), limits=limits).broken(points))
    for sentence in ("1 points lie outside", "hold 0.08 mL", "has 3 points", "from 0.01 to 0.05 mL", "2 points lie less than 1 mm", "1 mm apart"):
        assert sentence in broken


# ── the trade-off ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_plan_of_a_trade_off_beats_another_in_both():
    asked = task()
    grids = scan(asked, **{name: QUICK[name] for name in ("spacings_mm", "seeds")})
    curve = trade_off(asked, "under_dose", "spill", grids=grids)
    assert len(curve) > 3
    under, spill = ([choice.terms[name] for choice in curve] for name in ("under_dose", "spill"))
    assert under == sorted(under)
    assert all(later < sooner for sooner, later in itertools.pairwise(spill))
    for grid in grids:
        assert any(c.terms["under_dose"] <= grid.terms["under_dose"] and c.terms["spill"] <= grid.terms["spill"] for c in curve)
    punctures = [choice.terms["punctures"] for choice in undominated(grids, "under_dose", "punctures")]
    assert punctures == sorted(punctures, reverse=True)
