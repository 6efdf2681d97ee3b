"""The engine through its doors: as one more solver, and what a page asks of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.delivery.problems import Case
from pistor.delivery import field
from pistor.delivery.influence import Picture, Raster
from pistor.delivery.problem import Depot

TITLE = "Pistor"
SLICE_DEPTH_MM = 2.0
CURVE_TIMES = 1000


def prepare(case: Case, real: Any = np.float64, tolerance: float = field.TOLERANCE) -> Callable[[], np.ndarray]:
    """Everything from the depots to the fields, the engine's own estimate of its error included.

    Each call moves the times by a billionth, so that nothing remembered from the call before is of use.
    """
    found = np.empty(case.shape, real)
    calls = itertools.count(1)

    def run() -> np.ndarray:
        solution = solved(case, [time * (1 + 1e-9 * next(calls)) for time in case.times_h], tolerance)
        assert solution.error.shape == (len(case.times_h),)
        return solution.volume(*axes(case, real), case.depth_mm, out=found)

    run()
    return run


def axes(case: Case, real: Any) -> tuple[np.ndarray, np.ndarray]:
    lateral = case.lateral_mm.astype(real)
    return lateral, lateral


def solved(case: Case, times_h: Any = None, tolerance: float = field.TOLERANCE, depots: tuple[Depot, ...] = ()) -> field.Solution:
    walls = (0.0, case.side_mm, 0.0, case.side_mm)
    return field.solve(case.tissue, depots or case.depots, case.times_h if times_h is None else times_h, tolerance=tolerance, walls=walls)


def work(case: Case, real: Any, tolerance: float) -> dict[str, float]:
    """What the fields of a plan need at least: flops of the products (GF) and bytes written once (MB), by the engine's own sizes."""
    solution = solved(case, tolerance=tolerance)
    _, depths, rows, wide = case.shape
    sizes = [weights.shape for weights in solution.weights(case.depth_mm[:1])]
    columns = sum(gaussians * sources for _, gaussians, sources in sizes)
    maps = solution.maps(*axes(case, real)).shape[0]
    flops = 2 * depths * columns * rows * wide + 2 * maps * len(case.depots) * rows * wide
    inner = max(gaussians * sources for _, gaussians, sources in sizes)
    return {"gflop": flops / 1e9, "write_mb": np.prod(case.shape) * np.dtype(real).itemsize / 1e6, "depths": depths, "inner": inner, "plane": rows * wide}


def views(case: Case, real: Any, tolerance: float) -> dict[str, Callable[[], Any]]:
    """What somebody looks at, each from the depots on but for the last: nothing is kept but the memory that is written to."""
    x, y = axes(case, real)
    one, level = np.empty((1, *case.shape[1:]), real), np.array([SLICE_DEPTH_MM])
    flat, moving = np.empty((len(case.times_h), 1, *case.shape[2:]), real), itertools.count(1)
    curve_h, held = np.linspace(0.0, case.times_h[-1], CURVE_TIMES), solved(case, tolerance=tolerance)

    def maxima() -> np.ndarray:
        greatest = np.zeros(case.shape[1:], real)
        for now in solved(case, tolerance=tolerance).fields(x, y, case.depth_mm, out=one[0]):
            np.maximum(greatest, now, out=greatest)
        return greatest

    picture = drawn(case, tolerance)

    def moved() -> np.ndarray:
        return picture.moved(0, x_mm=case.depots[0].x_mm + 0.01 * next(moving)).field

    def anew() -> np.ndarray:
        first = replace(case.depots[0], x_mm=case.depots[0].x_mm + 0.01 * next(moving))
        return solved(case, (1.0,), tolerance, (first, *case.depots[1:])).volume(x, y, level, out=flat[:1])

    return {
        "one time, whole volume": lambda: solved(case, (1.0,), tolerance).volume(x, y, case.depth_mm, out=one),
        "one depth slice, all times": lambda: solved(case, tolerance=tolerance).volume(x, y, level, out=flat),
        "greatest concentration in every cell over all times": maxima,
        "AUC in every cell": lambda: solved(case, tolerance=tolerance).auc_slices(x, y, case.depth_mm),
        "one point moved: slice at 1 h": moved,
        "the same from the depots on": anew,
        f"systemic curve, {CURVE_TIMES:,} times": lambda: solved(case, tolerance=tolerance).absorption().arrived_mg(curve_h),
        "the same of a solution that is there": lambda: held.absorption().arrived_mg(curve_h),
    }


def drawn(case: Case, tolerance: float) -> Picture:
    """The slice of the plan at one hour as a page keeps it while a point is dragged, without walls: one kernel for each kind of depot."""
    kinds = sorted({(depot.depth_mm, depot.sigma_lateral_mm, depot.sigma_vertical_mm) for depot in case.depots})
    units = [Depot(0.0, 0.0, depth, lateral, vertical, 1.0) for depth, lateral, vertical in kinds]
    kernels = [field.solve(case.tissue, [unit], (1.0,), tolerance=tolerance).kernel([SLICE_DEPTH_MM]) for unit in units]
    kind = [kinds.index((depot.depth_mm, depot.sigma_lateral_mm, depot.sigma_vertical_mm)) for depot in case.depots]
    x, y, dose = ([getattr(depot, name) for depot in case.depots] for name in ("x_mm", "y_mm", "dose_mg"))
    inside = np.ones((len(case.lateral_mm), len(case.lateral_mm)), dtype=bool)
    return Picture.of(Raster(case.lateral_mm, case.lateral_mm, inside, ~inside), x, y, dose, kind, [one_layer(kernel) for kernel in kernels])


def one_layer(kernel: field.Kernel) -> field.Kernel:
    """The kernel at its one time: weights (Z, M)."""
    return field.Kernel(kernel.variance_mm2, kernel.weight_per_mm[0])
