"""The influence of injections: the same field by every way, the same wherever the zone lies, and a moved point as if all were new."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.delivery.field import Kernel, solve
from pistor.delivery.influence import Picture, field_of, influence_of, raster_of, stacked
from pistor.delivery.problem import Depot, Layer, Tissue

ZONE = [(0.0, 0.0), (40.0, 0.0), (40.0, 30.0), (0.0, 30.0)]
HOLE = [(10.0, 10.0), (16.0, 10.0), (16.0, 16.0), (10.0, 16.0)]
SMALL = Kernel(np.array([0.4, 1.1, 3.0]), np.array([[0.5, 0.3, 0.1], [0.1, 0.4, 0.2]]))
LARGE = Kernel(np.array([1.5, 4.0]), np.array([[0.6, 0.3], [0.2, 0.5]]))
TISSUE = Tissue((Layer("epidermis", 0.1, 0.3), Layer("dermis", 1.9, 0.36, 2.0), Layer("fat", 10.0, 0.5, 0.8)))


def scattered(count, seed=1):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 40, count), rng.uniform(0, 30, count), rng.uniform(0.1, 2.0, count), rng.integers(0, 2, count)


def test_pixels_belong_where_their_centre_lies():
    raster = raster_of(ZONE, [HOLE], pixel_mm=1.0, margin_mm=5.0)
    assert raster.target.shape == (40, 50)
    assert raster.target.sum() == 40 * 30 - 36
    assert raster.no_go.sum() == 36
    assert raster.outside.sum() == 50 * 40 - 40 * 30
    assert raster.area_mm2 == pytest.approx(1164)


def test_a_field_is_that_of_the_engine():
    x, y, dose, _ = scattered(12)
    raster = raster_of(ZONE, pixel_mm=0.5)
    depots = [Depot(a, b, 1.0, 0.9, 0.6, d) for a, b, d in zip(x, y, dose, strict=True)]
    solution = solve(TISSUE, depots, [0.25, 1.0])
    late = solution.auc_kernel([0.5, 1.5])
    assert field_of(raster, x, y, dose, [0] * 12, [late]) == pytest.approx(solution.auc_slices(raster.x_mm, raster.y_mm, [0.5, 1.5]), rel=1e-9, abs=1e-12)
    then = field_of(raster, x, y, dose, [0] * 12, [solution.kernel([0.5, 1.5])])
    whole = solution.volume(raster.x_mm, raster.y_mm, [0.5, 1.5])
    assert then == pytest.approx(whole.reshape(then.shape), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("pixel_mm", [0.5, 3.0])
def test_the_matrix_gives_the_field_and_its_transpose(pixel_mm):
    """Small pixels under narrow kernels make it sparse, large ones dense."""
    x, y, dose, kind = scattered(60)
    raster = raster_of(ZONE, [HOLE], pixel_mm=pixel_mm, margin_mm=0.0 if pixel_mm > 1 else 5.0)
    influence = influence_of(raster, x, y, kind, [SMALL, LARGE])
    field = field_of(raster, x, y, dose, kind, [SMALL, LARGE])
    assert np.abs(influence.field(dose) - field).max() < 2e-5 * field.max()
    weight = np.random.default_rng(2).normal(size=field.shape)
    assert influence.gradient(weight) @ dose == pytest.approx((weight * field).sum(), rel=1e-4, abs=1e-4 * np.abs(weight * field).sum())


def test_kernels_of_other_tissues_are_written_on_the_same_gaussians():
    thick, quick = (Tissue((Layer("epidermis", 0.1, 0.3), Layer("dermis", 1.2 * f, 0.36 * f, 2.0 * f), Layer("fat", 10.0, 0.5, 0.8))) for f in (1.0, 2.0))
    given = [[solve(t, [Depot(0, 0, 1.0, s, 0.6, 1.0)], [1.0]).auc_kernel([0.5, 1.5]) for t in (thick, quick)] for s in (0.6, 1.8)]
    distance = np.linspace(0, 8, 60)
    for group, one in zip(given, stacked(given), strict=True):
        wanted = np.stack([kernel.at(distance) for kernel in group])
        assert np.abs(one.at(distance) - wanted).max() < 1e-4 * wanted.max()


def test_narrow_kernels_on_a_large_zone_are_kept_sparse():
    influence = influence_of(raster_of([(0, 0), (120, 0), (120, 120), (0, 120)]), [60.0], [60.0], [0], [SMALL])
    assert influence.matrix.nnz < 0.05 * math.prod(influence.shape)


def test_a_lattice_point_a_whole_pixel_further_gives_the_same_a_pixel_further():
    raster = raster_of(ZONE, pixel_mm=0.5)
    rows = influence_of(raster, [15.0, 17.5], [12.0, 14.0], [0, 0], [SMALL])
    first, second = (rows.field(dose) for dose in ([1.0, 0.0], [0.0, 1.0]))
    assert second[:, 4:, 5:] == pytest.approx(first[:, :-4, :-5], rel=1e-5, abs=1e-5 * first.max())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 19),
            st.one_of(st.none(), st.floats(-5, 45)),
            st.one_of(st.none(), st.floats(-5, 35)),
            st.one_of(st.none(), st.floats(0, 5)),
            st.one_of(st.none(), st.integers(0, 1)),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_a_moved_point_gives_the_field_that_starting_anew_gives(moves):
    picture = Picture.of(raster_of(ZONE), *scattered(20), [SMALL, LARGE])
    first = picture.field.copy()
    now = picture
    for index, x, y, dose, kind in moves:
        now = now.moved(index, x_mm=x, y_mm=y, dose_mg=dose, kind=kind)
    anew = field_of(now.raster, now.x_mm, now.y_mm, now.dose_mg, now.kind, now.kernels)
    assert np.abs(now.field - anew).max() < 1e-10 * first.max()
    assert np.array_equal(picture.field, first)  # the plan before is still there, to go back to


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: raster_of(ZONE, pixel_mm=0.0), "pixel_mm is 0.0; give a number from 0.1 to 10 mm"),
        (lambda: raster_of([(0, 0), (900, 0), (900, 900), (0, 900)], pixel_mm=0.1), "at most 1000000"),
        (lambda: raster_of(ZONE, [ZONE]), "no area outside its no-go areas"),
        (lambda: influence_of(raster_of(ZONE, pixel_mm=0.1), *[np.zeros(5000)] * 3, [LARGE]), "take fewer candidates"),
        (lambda: Picture.of(raster_of(ZONE), *scattered(3), [SMALL, LARGE]).moved(3, x_mm=1.0), "from 0 to 2"),
    ],
)
def test_what_cannot_be_laid_out_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
