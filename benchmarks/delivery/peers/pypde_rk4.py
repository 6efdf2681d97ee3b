"""py-pde: its finite differences with the numpy backend, fourth-order Runge-Kutta of 0.025 h.

By delivery.md 3 the numba backend gave nothing within 200 s where coefficients are fields of this size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pde

from benchmarks.delivery.peers.cells import initial, means
from benchmarks.delivery.problems import Case
from pistor.delivery.problem import SINK

TITLE = "py-pde, RK4"
STEP_H = 0.025


def prepare(case: Case) -> Callable[[], np.ndarray]:
    tissue = case.tissue
    assert all(layer.partition == 1 for layer in tissue.layers)
    _, deep, rows, wide = case.shape
    grid = pde.CartesianGrid([[0, tissue.depth_mm], [0, case.side_mm], [0, case.side_mm]], [deep, rows, wide])
    edges = np.arange(deep + 1) * case.cell_mm
    values = ([getattr(layer, name) for layer in tissue.layers] for name in ("diffusivity_mm2_per_h", "clearance_per_h"))
    diffusivity, clearance = (pde.ScalarField(grid, np.broadcast_to(means(tissue, edges, value)[:, None, None], grid.shape)) for value in values)
    closed, bottom = {"derivative": 0}, {"value": 0} if tissue.bottom == SINK else {"derivative": 0}
    sides = {"x-": closed, "x+": bottom, "y": closed, "z": closed}
    equation = pde.PDE(
        {"c": "d * laplace(c) + dot(slope, gradient(c)) - k * c"},
        bc=sides,
        consts={"d": diffusivity, "slope": diffusivity.gradient({"derivative": 0}), "k": clearance},
    )
    start = pde.ScalarField(grid, initial(case))
    stepper = pde.RungeKuttaSolver(equation, backend="numpy").make_stepper(start, STEP_H)
    stepper(start.copy(), 0.0, STEP_H)  # compiles
    spans = list(zip([0.0, *case.times_h[:-1]], case.times_h, strict=True))

    def solve() -> np.ndarray:
        now, found = start.copy(), np.empty(case.shape)
        for number, (begin, end) in enumerate(spans):
            stepper(now, begin, end)
            found[number] = now.data
        return found

    return solve
