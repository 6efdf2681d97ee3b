"""The engine against everything that is known without it: exact solutions, laws of nature, and its own estimate of its error."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pistor.delivery import field
from pistor.delivery.finite_volume import solve as step_through
from pistor.delivery.problem import Depot, Layer, Period, Tissue
from pistor.delivery.vertical import Column, Elements
from tests.physics import exact
from tests.physics.problems import TABLE, depot, layers, problems

SHARP = 1e-12  # the tolerance at which the engine is held against what is exact
SOMETHING_MG = 1e-4  # of the 1 mg; where next to nothing is left, what is exact has no digits left either
GENERATED = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def places(tissue, placed, time_h, across=13, down=25):
    """Places (rho, z) over all of a tissue that has anything in it, denser around the depot."""
    spread = math.sqrt(placed.sigma_lateral_mm**2 + 2 * max(layer.diffusivity_mm2_per_h for layer in tissue.layers) * time_h)
    near = placed.depth_mm + placed.sigma_vertical_mm * np.linspace(-3, 3, 9)
    z = np.unique(np.clip(np.concatenate([np.linspace(0, tissue.depth_mm, down), near]), 0, tissue.depth_mm))
    rho, z = np.meshgrid(spread * np.linspace(0, 4, across), z)
    return rho.ravel(), z.ravel()


def engine(tissue, depots, times_h, rho, z, tolerance=SHARP):
    return field.solve(tissue, depots, times_h, tolerance=tolerance).concentration(rho, np.zeros_like(rho), z)


def worst(found, true):
    """The greatest error over the greatest value."""
    return np.max(np.abs(found - true)) / np.max(np.abs(true))


def in_the_mean_square(found, true, rho):
    """Relative error over space: every place stands for its ring."""
    return np.sqrt(np.sum(rho * (found - true) ** 2) / np.sum(rho * true**2))


# What is known exactly -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("time_h", "allowed"), [(0.1, 1.6e-10), (1, 2e-12), (4, 4e-14)])
def test_a_depot_in_a_medium_without_end(time_h, allowed):
    rho, z = places(Tissue(layers((60, 0.36, 0.8))), depot(30, 0.6), time_h)
    closed = exact.gaussian(np.hypot(rho, z - 30), time_h, D=0.36, k=0.8, s=0.6)
    assert worst(engine(Tissue(layers((25, 0.36, 0.8), (35, 0.36, 0.8))), [depot(30, 0.6)], [time_h], rho, z)[0], closed) < allowed


@pytest.mark.parametrize("time_h", [0.1, 1, 4])
@pytest.mark.parametrize("placed", [depot(0.5, 0.6), depot(0.0, 1.8, 0.35), depot(1.0, 0.3)])
def test_a_depot_under_the_surface(placed, time_h):
    tissue = Tissue(layers((0.1, 0.36, 0.8), (8, 0.36, 0.8)))
    rho, z = places(tissue, placed, time_h)
    closed = exact.gaussian_under_a_surface(
        rho, z, time_h, D=0.36, k=0.8, lateral=placed.sigma_lateral_mm, vertical=placed.sigma_vertical_mm, depth=placed.depth_mm
    )
    assert worst(engine(tissue, [placed], [time_h], rho, z)[0], closed) < 1e-12


def test_the_area_under_the_curve_of_a_depot_in_a_medium_without_end():
    r = np.linspace(0.05, 5, 25)
    found = field.solve(Tissue(layers((25, 0.36, 0.8), (35, 0.36, 0.8))), [depot(30, 0.6)], [1.0], tolerance=SHARP).auc(0.6 * r, 0 * r, 30 + 0.8 * r)
    assert worst(found, exact.auc_of_a_gaussian(r, D=0.36, k=0.8, s=0.6)) < 5.6e-11


def test_where_all_layers_clear_alike_the_mass_is_an_exponential():
    tissue = Tissue(layers((0.1, 0.05, 0.8, 2), (1.5, 0.7, 0.8, 1), (4, 0.1, 0.8, 9)), "reflect")
    times = np.array([0.0, 0.01, 0.3, 2, 10])
    found = field.solve(tissue, [depot(1.0, 0.6)], times, tolerance=SHARP)
    assert np.allclose(found.mass_mg, np.exp(-0.8 * times), rtol=1e-10)
    assert np.allclose(found.cleared_mg, -np.expm1(-0.8 * times), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("partition", [(1, 1), (1, 8), (8, 1), (0.2, 3)])
@pytest.mark.parametrize("time_h", [0.5, 3])
def test_two_half_spaces_share_a_sheet_of_depots(partition, time_h):
    """A depot so wide that its middle sees one dimension; its own widening is divided out."""
    tissue, wide = Tissue(layers((12, 0.1, 0, partition[0]), (12, 0.9, 0, partition[1]))), 50.0
    z = np.linspace(8, 16, 33)
    found = engine(tissue, [depot(11, wide, 0.1)], [time_h], np.zeros_like(z), z)[0] * 2 * math.pi * wide**2
    closed = exact.two_half_spaces(z - 12, time_h, D=(0.1, 0.9), K=partition, source=-1.0, s=0.1)
    assert worst(found, closed) < 2.2 * 0.9 * time_h / wide**2
    assert worst(found, exact.layered(tissue, depot(11, wide, 0.1, dose_mg=2 * math.pi * wide**2), np.zeros_like(z), z, time_h)) < 1e-10


@pytest.mark.parametrize("bottom", ["sink", "reflect"])
def test_a_slab_is_its_series_and_loses_what_the_series_says(bottom):
    tissue, times = Tissue(layers((1, 0.36, 0.8), (5, 0.36, 0.8)), bottom), [0.05, 1.0, 12.0]
    z = np.linspace(0, 6, 31)
    solved = field.solve(tissue, [depot(2, 1.0, 0.3)], times, tolerance=SHARP)
    for i, time_h in enumerate(times):
        series = exact.slab(z, time_h, D=0.36, k=0.8, thickness=6, s=0.3, depth=2, bottom=bottom) / (2 * math.pi * (1 + 0.72 * time_h))
        assert worst(solved.concentration(0 * z, 0 * z, z)[i], series) < 1e-10
        lost = exact.lost_from_a_slab(time_h, D=0.36, k=0.8, thickness=6, s=0.3, depth=2) if bottom == "sink" else 0.0
        assert abs(solved.lost_mg[i] - lost) < 1e-10


@pytest.mark.parametrize("name", TABLE)
def test_layers_of_any_kind(name):
    tissue, placed, times = TABLE[name]
    solved = field.solve(tissue, [placed], times, tolerance=1e-10)
    for i, time_h in enumerate(times):
        rho, z = places(tissue, placed, time_h)
        assert worst(solved.concentration(rho, 0 * rho, z)[i], exact.layered(tissue, placed, rho, z, time_h)) < 5e-9
        assert math.isclose(solved.mass_mg[i], exact.mass(tissue, placed, time_h), rel_tol=1e-9)


@pytest.mark.parametrize("name", [name for name in TABLE if name != "nothing clears"])
def test_the_area_under_the_curve_in_layers_of_any_kind(name):
    tissue, placed, times = TABLE[name]
    rho, z = places(tissue, placed, 0.0)
    found = field.solve(tissue, [placed], times, tolerance=1e-10).auc(rho, 0 * rho, z)
    assert worst(found, exact.layered_auc(tissue, placed, rho, z)) < 1e-9


@pytest.mark.parametrize("name", ["contrast", "lipophilic, fat takes it up"])
def test_the_stepper_that_shares_nothing_agrees_as_far_as_its_cells_allow(name):
    tissue, placed, times = TABLE[name]
    time_h, errors = times[1], []
    for cell_mm in (0.12, 0.06):
        rings = step_through(tissue, placed, [time_h], cell_mm=cell_mm, step_h=time_h * cell_mm)
        inside = rings.depth_mm < tissue.depth_mm
        z, rho = np.meshgrid(rings.depth_mm[inside], rings.radius_mm[::5], indexing="ij")
        found = engine(tissue, [placed], [time_h], rho.ravel(), z.ravel(), 1e-8)[0]
        errors.append(in_the_mean_square(rings.concentration_mg_per_mm3[0][inside][:, ::5].ravel(), found, rho.ravel()))
    assert errors[1] < 1e-2
    assert errors[0] / errors[1] > 2.8


# What the engine says of its own error ---------------------------------------------------------------------------


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("name", TABLE)
def test_the_true_error_is_about_what_the_engine_says_and_no_more_than_asked(name, tolerance):
    tissue, placed, times = TABLE[name]
    solved = field.solve(tissue, [placed], times, tolerance=tolerance)
    for i, time_h in enumerate(times):
        rho, z = places(tissue, placed, time_h)
        true = in_the_mean_square(solved.concentration(rho, 0 * rho, z)[i], exact.layered(tissue, placed, rho, z, time_h), rho)
        assert true <= 2 * solved.error[i]
        assert true <= tolerance
        assert solved.error[i] <= 10 * tolerance


@GENERATED
@given(problems(), st.sampled_from([1e-3, 1e-5, 1e-8]))
def test_the_same_holds_for_problems_nobody_chose(problem, tolerance):
    tissue, placed, time_h = problem
    rho, z = places(tissue, placed, time_h, across=9, down=9)
    solved = field.solve(tissue, [placed], [time_h], tolerance=tolerance)
    assume(solved.mass_mg[0] > SOMETHING_MG)
    found, true = solved.concentration(rho, 0 * rho, z)[0], exact.layered(tissue, placed, rho, z, time_h)
    error = in_the_mean_square(found, true, rho)
    assert error <= 2 * solved.error[0]
    assert error <= tolerance
    assert solved.error[0] <= 20 * tolerance
    assert found.min() >= -tolerance * true.max()


# Laws ------------------------------------------------------------------------------------------------------------


@GENERATED
@given(problems())
def test_the_dose_is_in_the_tissue_cleared_or_lost(problem):
    tissue, placed, time_h = problem
    solved = field.solve(tissue, [placed], [0.0, time_h / 10, time_h, 10 * time_h])
    assert np.allclose(solved.mass_mg + solved.cleared_mg + solved.lost_mg, placed.dose_mg, rtol=0, atol=1e-10)
    assert np.all(np.diff(solved.mass_mg) <= 1e-10) and np.all(np.diff(solved.cleared_mg) >= -1e-10) and np.all(np.diff(solved.lost_mg) >= -1e-10)


@pytest.mark.parametrize(("tissue", "placed", "time_h"), [
    (Tissue(layers((4.89, 1.06e-4, 0, 0.052), (0.0013, 0.0492, 0, 258))), depot(2.31, 0.588, 0.247), 31.0),  # a film of fat, quick against the rest
    (Tissue(layers((0.4, 0.0047, 0, 0.0016), (0.004, 0.118, 0), (0.71, 4.3e-4, 0.012, 0.53)), "sink"), depot(0.848, 0.54, 0.22), 41.0),
    (Tissue(layers((0.5, 0.05, 0.1), (0.05, 5.0, 0.1), (4, 0.05, 0.1))), depot(0.6, 0.3), 80.0),
    (Tissue(layers((56, 0.17, 0))), depot(24, 0.015, 0.01), 1500.0),  # a droplet in a layer five thousand times as thick
])  # fmt: skip
def test_neither_very_thin_layers_nor_very_small_depots_cost_any_dose(tissue, placed, time_h):
    solved = field.solve(tissue, [placed], [0.0, time_h])
    assert np.allclose(solved.mass_mg + solved.cleared_mg + solved.lost_mg, 1, rtol=0, atol=1e-11)
    if placed.sigma_vertical_mm > 0.1:  # the exact solution has no digits left for the droplet
        closely = field.solve(tissue, [placed], [time_h], tolerance=1e-10).mass_mg[0]
        assert math.isclose(closely, exact.mass(tissue, placed, time_h), rel_tol=1e-10)


@GENERATED
@given(problems(partitions=st.just(1.0)), st.floats(0.2, 0.8), st.floats(0.2, 0.8), st.floats(0.0, 3.0))
def test_what_one_place_gets_from_another_it_would_give_back(problem, here, there, apart_mm):
    """Reciprocity, where partition is one: two small depots each hold the same in the mean over the other's depths."""
    tissue, _, time_h = problem
    assume(tissue.depth_mm > 0.5)
    sigma = tissue.depth_mm / 50  # neither reaches a wall

    def seen(source, target):
        cuts = np.unique(np.clip([target - 8 * sigma, *tissue.edges_mm, target, target + 8 * sigma], target - 8 * sigma, target + 8 * sigma))
        z, weight = (np.concatenate(each) for each in zip(*(exact._panels(low, high, 6) for low, high in itertools.pairwise(cuts)), strict=True))
        weight *= np.exp(-((z - target) ** 2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
        inside = (z > 0) & (z < tissue.depth_mm)
        solved = field.solve(tissue, [depot(source, sigma)], [time_h], tolerance=1e-9)
        assume(solved.mass_mg[0] > SOMETHING_MG)
        return weight[inside] @ solved.concentration(0 * z[inside], 0 * z[inside] + apart_mm, z[inside])[0]

    one, other = here * tissue.depth_mm, there * tissue.depth_mm
    at_first = 1 / (2 * math.pi) ** 1.5 / sigma**3  # what the depots hold in their middle; far aside there is nothing but rounding
    assert abs(seen(one, other) - seen(other, one)) < 1e-7 * max(seen(one, one), seen(other, other)) + 1e-10 * at_first


@GENERATED
@given(problems(), st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(0, 1), st.floats(0.1, 5)), min_size=2, max_size=5))
def test_depots_add_up(problem, others):
    tissue, placed, time_h = problem
    depots = [
        replace(placed, x_mm=x, y_mm=y, depth_mm=level * tissue.depth_mm, dose_mg=dose, sigma_lateral_mm=placed.sigma_lateral_mm * (1 + dose / 10))
        for x, y, level, dose in others
    ]
    rho, z = places(tissue, placed, time_h, across=5, down=7)
    own = np.array([(one.x_mm, one.y_mm, one.depth_mm) for one in depots])  # where most is: an error is one of the greatest value
    x, y, z = (np.concatenate(pair) for pair in zip((rho, np.linspace(-2, 2, len(rho)), z), own.T, strict=True))
    ask = lambda some: field.solve(tissue, some, [0.0, time_h], tolerance=1e-9).concentration(x, y, z)  # noqa: E731
    together = ask(depots)
    assert worst(together, sum(ask([one]) for one in depots)) < 1e-7
    assert worst(ask([replace(one, dose_mg=one.dose_mg * 7) for one in depots]), 7 * together) < 1e-12


@GENERATED
@given(problems(), st.floats(-500, 500), st.floats(-500, 500), st.floats(0, 2 * math.pi))
def test_where_it_is_and_how_it_is_turned_does_not_matter(problem, dx, dy, angle):
    tissue, placed, time_h = problem
    pair = [placed, replace(placed, x_mm=1.5, y_mm=-0.5, dose_mg=2.0)]
    rho, z = places(tissue, placed, time_h, across=5, down=7)
    y = np.linspace(-2, 2, len(rho))
    turn = lambda x, y: (math.cos(angle) * x - math.sin(angle) * y + dx, math.sin(angle) * x + math.cos(angle) * y + dy)  # noqa: E731
    moved = [replace(one, x_mm=float(turn(one.x_mm, one.y_mm)[0]), y_mm=float(turn(one.x_mm, one.y_mm)[1])) for one in pair]
    here = field.solve(tissue, pair, [time_h]).concentration(rho, y, z)
    assert worst(field.solve(tissue, moved, [time_h]).concentration(*turn(rho, y), z), here) < 1e-9


@GENERATED
@given(problems(), st.floats(0.5, 2.0))
def test_a_tissue_twice_as_large_in_which_all_goes_four_times_as_fast_shows_the_same_picture(problem, scale):
    tissue, placed, time_h = problem
    large = Tissue(
        tuple(replace(one, thickness_mm=one.thickness_mm * scale, diffusivity_mm2_per_h=one.diffusivity_mm2_per_h * scale**2) for one in tissue.layers),
        tissue.bottom,
    )
    grown = Depot(0, 0, min(placed.depth_mm * scale, large.depth_mm), placed.sigma_lateral_mm * scale, placed.sigma_vertical_mm * scale, 1.0)
    rho, z = places(tissue, placed, time_h, across=5, down=7)
    found = field.solve(large, [grown], [time_h], tolerance=1e-8).concentration(rho * scale, 0 * rho, np.minimum(z * scale, large.depth_mm))
    assert worst(found * scale**3, field.solve(tissue, [placed], [time_h], tolerance=1e-8).concentration(rho, 0 * rho, z)) < 1e-6
    quick = Tissue(
        tuple(replace(one, diffusivity_mm2_per_h=one.diffusivity_mm2_per_h * scale, clearance_per_h=one.clearance_per_h * scale) for one in tissue.layers),
        tissue.bottom,
    )
    found = field.solve(quick, [placed], [time_h / scale], tolerance=1e-8).concentration(rho, 0 * rho, z)
    assert worst(found, field.solve(tissue, [placed], [time_h], tolerance=1e-8).concentration(rho, 0 * rho, z)) < 1e-6


def test_at_time_zero_there_is_the_depot_with_its_image():
    tissue, placed = Tissue(layers((0.3, 0.1, 1), (4, 0.5, 0, 5))), depot(0.4, 0.8, 0.3)
    rho, z = places(tissue, placed, 0.0)
    there = exact.gaussian_under_a_surface(rho, z, 0.0, D=1, k=0, lateral=0.8, vertical=0.3, depth=0.4)
    assert worst(engine(tissue, [placed], [0.0], rho, z)[0], there) < 1e-10


def test_times_may_come_in_any_order():
    tissue, placed, times = TABLE["contrast"]
    rho, z = places(tissue, placed, 1.0)
    shuffled = field.solve(tissue, [placed], [times[2], 0.0, times[0], times[3], times[1]])
    ordered = field.solve(tissue, [placed], [0.0, *times])
    assert np.array_equal(shuffled.concentration(rho, 0 * rho, z), ordered.concentration(rho, 0 * rho, z)[[3, 0, 1, 4, 2]])
    assert np.array_equal(shuffled.mass_mg, ordered.mass_mg[[3, 0, 1, 4, 2]])


def test_a_far_bottom_is_a_very_thick_layer():
    for name in ("small molecule, small bleb", "lipophilic, fat takes it up"):
        tissue, placed, times = TABLE[name]
        thick = Tissue((*tissue.layers[:-1], replace(tissue.layers[-1], thickness_mm=60.0)), "reflect")
        rho, z = places(tissue, placed, times[-1])
        assert worst(engine(tissue, [placed], times, rho, z, 1e-9), engine(thick, [placed], times, rho, z, 1e-9)) < 1e-7


def test_half_the_bottom_open_lies_between_open_and_shut():
    rows, placed = ((0.1, 0.3, 0.0), (1.5, 0.5, 1.0)), depot(1.0, 0.5)
    sink, far, shut = (field.solve(Tissue(layers(*rows), bottom), [placed], [1.0]) for bottom in ("sink", "far", "reflect"))
    deep = np.array([1.4])
    low, middle, high = (one.concentration([0.0], [0.0], deep)[0, 0] for one in (sink, far, shut))
    assert low < middle < high


# Blood that comes and goes ---------------------------------------------------------------------------------------


def test_a_period_in_which_all_clears_faster_is_a_factor():
    rows, placed, times = ((0.2, 0.3, 0.5, 2), (1.5, 0.5, 0.5), (4, 0.2, 0.5)), depot(1.0, 0.5), [0.1, 0.5, 1.0, 3.0]
    tissue = Tissue(layers(*rows), periods=(Period(0.5, (3.0, 3.0, 3.0)), Period(1.5, (0.0, 0.0, 0.0))))
    passed = [0.3, 1.5, 1.5, 1.5 + 0.5 * 1.5]
    rho, z = places(tissue, placed, 3.0)
    still = engine(Tissue(layers(*((a, b, 0.0, *rest) for a, b, _, *rest in rows))), [placed], times, rho, z)
    solved = field.solve(tissue, [placed], times, tolerance=SHARP)
    assert worst(solved.concentration(rho, 0 * rho, z), np.exp(-np.array(passed))[:, None] * still) < 1e-9
    assert np.allclose(solved.mass_mg + solved.cleared_mg + solved.lost_mg, 1, rtol=0, atol=1e-10)


def test_periods_that_change_nothing_change_nothing():
    tissue, placed, times = TABLE["lipophilic, fat takes it up"]
    same = replace(tissue, periods=(Period(0.3, tissue.clearance_per_h), Period(1.0, tissue.clearance_per_h)))
    rho, z = places(tissue, placed, 1.0)
    one, other = (field.solve(each, [placed], times, tolerance=1e-9) for each in (tissue, same))
    assert worst(one.concentration(rho, 0 * rho, z), other.concentration(rho, 0 * rho, z)) < 1e-8
    assert worst(one.auc(rho, 0 * rho, z), other.auc(rho, 0 * rho, z)) < 1e-7


def test_the_stepper_agrees_when_layers_clear_by_turns():
    rows, placed, times = ((0.2, 0.3, 0.0, 2), (1.5, 0.5, 1.0), (3, 0.2, 0.5)), depot(1.0, 0.5), [0.3, 0.8]
    tissue = Tissue(layers(*rows), "sink", (Period(0.2, (0.0, 6.0, 1.0)), Period(0.6, (0.0, 0.2, 3.0))))
    rings = step_through(tissue, placed, times, cell_mm=0.04, step_h=0.02)
    solved = field.solve(tissue, [placed], times, tolerance=1e-8)
    assert np.allclose(rings.mass_mg, solved.mass_mg, atol=3e-4) and np.allclose(rings.cleared_mg, solved.cleared_mg, atol=3e-4)
    z, rho = (grid.ravel() for grid in np.meshgrid(rings.depth_mm[::4], rings.radius_mm[::6], indexing="ij"))
    for i in range(2):
        assert in_the_mean_square(rings.concentration_mg_per_mm3[i][::4, ::6].ravel(), solved.concentration(rho, 0 * rho, z)[i], rho) < 4e-3


# Order, grids, kernels, other arrays -----------------------------------------------------------------------------


def test_the_error_of_the_elements_falls_with_their_number_to_the_power_of_their_degree():
    """On one layer cut into equal elements, against the slab's series: h^(p + 1) in the mean square."""
    tissue, z = Tissue(layers((4.0, 0.36, 0.8)), "reflect"), np.linspace(0, 4, 161)
    true = exact.slab(z, 0.2, D=0.36, k=0.8, thickness=4, s=0.35, depth=1.7, bottom="reflect")
    for degree in (2, 3, 5):
        errors = []
        for count in (8, 16):
            column = Column(tissue, Elements(np.linspace(0, 4, count + 1), np.zeros(count, dtype=np.int64), degree))
            rates, modes = (each[0] for each in column.modes(tissue.clearance_per_h, np.zeros(1), about_h=1.0))
            found = column.reading(z) @ (modes @ (np.exp(-0.2 * rates)[:, None] * (modes.T @ column.loads([(1.7, 0.35)]))))[:, 0]
            errors.append(np.linalg.norm(found - true))
        assert math.log2(errors[0] / errors[1]) > degree + 0.6


def test_volumes_and_slices_are_the_probes_on_a_grid():
    tissue, _, times = TABLE["contrast"]
    depots = [depot(1.4, 0.6), depot(0.7, 0.8, 0.3, 2.0, (1.0, -0.5)), depot(3.0, 0.6, at=(-1.0, 0.3))]
    x, y, z = np.linspace(-3, 3, 7), np.linspace(-2, 2, 5), np.array([0.0, 0.1, 1.4, 5.0])
    solved = field.solve(tissue, depots, [0.0, *times])
    probes = [grid.ravel() for grid in np.meshgrid(z, y, x, indexing="ij")]
    points = solved.concentration(probes[2], probes[1], probes[0]).reshape(5, 4, 5, 7)
    assert worst(solved.volume(x, y, z), points) < 1e-10
    assert worst(np.stack(list(solved.fields(x, y, z))), points) < 1e-10
    out = np.full((5, 4, 5, 7), np.nan)
    assert solved.volume(x, y, z, out=out) is out and worst(out, points) < 1e-10
    with pytest.raises(ValueError, match="out is not contiguous"):  # what is written to a copy would be lost
        solved.volume(x, y, z, out=np.empty((4, 5, 5, 7)).swapaxes(0, 1))
    assert worst(solved.auc_slices(x, y, z).ravel(), solved.auc(probes[2], probes[1], probes[0])) < 1e-10


def test_kernels_are_the_profile_of_a_unit_depot():
    tissue, placed, times = TABLE["oblate wheal"]
    r, z = np.linspace(0, 6, 13), np.array([0.0, 0.7, 2.0])
    solved = field.solve(tissue, [replace(placed, dose_mg=3.0)], times)
    at = solved.kernel(z).at(r)
    for i, depth in enumerate(z):
        assert worst(3 * at[:, i], solved.concentration(r, 0 * r, np.full(13, depth))) < 1e-9
        assert worst(3 * solved.auc_kernel(z).at(r)[i], solved.auc(r, 0 * r, np.full(13, depth))) < 1e-9


def test_mirrors_at_the_sides_are_images():
    tissue, placed, times = TABLE["the reference"]
    x = np.linspace(0, 4, 9)
    boxed = field.solve(tissue, [replace(placed, x_mm=1.0, y_mm=1.5)], times, walls=(0.0, 4.0, 0.0, 3.0), tolerance=1e-8).concentration(x, 0.5 * x, 0 * x + 1)
    images = [replace(placed, x_mm=8.0 * i + a, y_mm=6.0 * j + b) for i in range(-4, 5) for j in range(-4, 5) for a in (1.0, -1.0) for b in (1.5, -1.5)]
    assert worst(boxed, field.solve(tissue, images, times, tolerance=1e-8).concentration(x, 0.5 * x, 0 * x + 1)) < 1e-6


def test_walls_are_the_same_as_depots_behind_them():
    """Of several depots at once, one of them on a wall and the widest reaching over the box more than once; on a grid and at probes."""
    tissue, _, times = TABLE["contrast"]
    placed = [depot(1.4, 0.6, at=(0.5, 1.0)), depot(0.7, 0.8, 0.3, 2.0, (4.0, 2.9)), depot(3.0, 0.6, at=(2.0, 0.0))]
    x, y, z = np.linspace(0, 4, 5), np.linspace(0, 3, 4), np.array([0.1, 1.4])
    images = [
        replace(one, x_mm=8 * i + sx * one.x_mm, y_mm=6 * j + sy * one.y_mm)
        for one in placed for i in range(-8, 9) for j in range(-8, 9) for sx in (1, -1) for sy in (1, -1)
    ]  # fmt: skip
    boxed = field.solve(tissue, placed, times, walls=(0.0, 4.0, 0.0, 3.0), tolerance=1e-6)
    open_ = field.solve(tissue, images, times, tolerance=1e-6).volume(x, y, z)
    probes = [grid.ravel() for grid in np.meshgrid(z, y, x, indexing="ij")]
    assert worst(boxed.volume(x, y, z), open_) < 1e-5
    assert worst(boxed.concentration(probes[2], probes[1], probes[0]).reshape(open_.shape), open_) < 1e-5


def test_arrays_of_another_library_give_the_same_numbers():
    """array-api-strict refuses whatever the standard does not hold, so that what works with it works on a GPU's arrays."""
    xp = pytest.importorskip("array_api_strict")
    tissue, placed, times = TABLE["the reference"]
    x, y, z = np.linspace(-3, 3, 7), np.linspace(-2, 2, 5), np.array([0.0, 1.0, 2.0])
    solved = field.solve(tissue, [placed, replace(placed, x_mm=1.0, depth_mm=1.0, dose_mg=0.5)], times)
    strict = solved.volume(xp.asarray(x), xp.asarray(y), z)
    assert type(strict).__module__.startswith("array_api_strict")
    assert worst(np.asarray(strict), solved.volume(x, y, z)) < 1e-12
    assert worst(np.asarray(solved.auc_slices(xp.asarray(x), xp.asarray(y), z)), solved.auc_slices(x, y, z)) < 1e-12
    single = solved.volume(x.astype(np.float32), y.astype(np.float32), z)
    assert single.dtype == np.float32 and worst(single, solved.volume(x, y, z)) < 1e-5


# What cannot be asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "sentence"), [
    (lambda t, d: field.solve(t, [replace(d, depth_mm=10.1)], [1.0]), r"depth_mm of a depot is 10.1; give a number from 0 to 10 mm"),
    (lambda t, d: field.solve(t, [], [1.0]), r"depots holds 0; give from 1 to 5000"),
    (lambda t, d: field.solve(t, [d] * 5001, [1.0]), r"depots holds 5001; give from 1 to 5000"),
    (lambda t, d: field.solve(t, [d], [-1.0]), r"times_h is -1.0; give a number from 0"),
    (lambda t, d: field.solve(t, [d], [math.nan]), r"times_h is nan"),
    (lambda t, d: field.solve(t, [d], [1.0], tolerance=0.5), r"tolerance is 0.5; give a number from"),
    (lambda t, d: field.solve(t, [d], [1.0], tolerance=math.nan), r"tolerance is nan; give a number from"),
    (lambda t, d: field.solve(t, [d], [1.0]).concentration([0.0], [0.0], [10.5]), r"depth_mm is 10.5; give a number from 0 to 10 mm"),
    (lambda t, d: field.solve(t, [d], [1.0]).auc([0.0], [0.0], [math.nan]), r"depth_mm is nan"),
    (lambda t, d: Tissue(()), r"layers holds 0; give from 1 to 20"),
    (lambda t, d: Tissue(t.layers, "open"), r"bottom is 'open'; choose one of sink, reflect, far"),
    (lambda t, d: Layer("dermis", 0.0, 0.3), r"thickness_mm of layer 'dermis' is 0.0; give a number from 0.001 to 200 mm"),
    (lambda t, d: Layer("dermis", 1.0, math.inf), r"diffusivity_mm2_per_h of layer 'dermis' is inf"),
    (lambda t, d: Layer("dermis", 1.0, 0.3, -1.0), r"clearance_per_h of layer 'dermis' is -1.0"),
    (lambda t, d: Layer("dermis", 1.0, 0.3, 0.0, 0.0), r"partition of layer 'dermis' is 0.0"),
    (lambda t, d: replace(d, dose_mg=-1.0), r"dose_mg of a depot is -1.0; give a number from 0"),
    (lambda t, d: replace(d, sigma_lateral_mm=0.0), r"sigma_lateral_mm of a depot is 0.0"),
    (lambda t, d: replace(d, x_mm="1"), r"x_mm of a depot is '1'"),
    (lambda t, d: replace(t, periods=(Period(1.0, (0.0,)),)), r"clearance_per_h of a period holds 1 numbers; give one for each of 3 layers"),
    (lambda t, d: replace(t, periods=(Period(1.0, (0.0,) * 3), Period(1.0, (0.0,) * 3))), r"until_h of a period is 1; give more than 1 h"),
])  # fmt: skip
def test_what_cannot_be_asked_is_named_with_its_range(change, sentence):
    tissue, placed, _ = TABLE["the reference"]
    with pytest.raises(ValueError, match=sentence):
        change(tissue, placed)


def test_an_exposure_that_never_ends_is_infinite_and_not_a_number_out_of_nowhere():
    tissue, placed, _ = TABLE["nothing clears"]
    assert np.all(np.isinf(field.solve(tissue, [placed], [1.0]).auc([0.0, 2.0], [0.0, 0.0], [1.0, 3.0])))
