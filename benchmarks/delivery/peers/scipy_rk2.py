"""SciPy's sparse matrices: the same finite volumes as a CSR matrix, second-order Runge-Kutta at the stability limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from benchmarks.delivery.peers.cells import Cells, cells, initial
from benchmarks.delivery.problems import Case

TITLE = "SciPy sparse FV, RK2"


def prepare(case: Case) -> Callable[[], np.ndarray]:
    grid, start = cells(case), initial(case).ravel()
    rate = matrix(case, grid)
    steps = [grid.step_h(span) for span in np.diff([0.0, *case.times_h])]

    def solve() -> np.ndarray:
        now, found = start.copy(), np.empty(case.shape)
        for number, (count, step_h) in enumerate(steps):
            for _ in range(count):
                now += step_h * (rate @ (now + step_h / 2 * (rate @ now)))
            found[number] = now.reshape(case.shape[1:])
        return found

    return solve


def matrix(case: Case, grid: Cells) -> sparse.csr_array:
    """Rates of change per hour, cells in the order z, y, x."""
    wide = case.shape[3]
    chain = sparse.diags_array([np.ones(wide - 1), -np.r_[1.0, np.full(wide - 2, 2.0), 1.0], np.ones(wide - 1)], offsets=[-1, 0, 1])
    across = sparse.kron(chain, sparse.eye_array(wide)) + sparse.kron(sparse.eye_array(wide), chain)
    down = sparse.diags_array([grid.above[1:], -grid.gone, grid.below[:-1]], offsets=[-1, 0, 1])
    rate = sparse.kron(sparse.diags_array(grid.sideways), across) + sparse.kron(down, sparse.eye_array(wide * wide))
    return sparse.csr_array(rate)
