"""The stencil stepper as one writes it in twenty-five lines: two sweeps a step over the whole box, compiled by numba, two threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.delivery.peers.cells import cells, initial
from benchmarks.delivery.problems import Case

TITLE = "numba stencil RK2, plain"
THREADS = 2


def prepare(case: Case, real: Any = np.float64) -> Callable[[], np.ndarray]:
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    grid, start = cells(case), initial(case).astype(real)
    rates = np.stack([grid.sideways, grid.above, grid.below, 4 * grid.sideways + grid.gone], axis=1)
    steps = [grid.step_h(span) for span in np.diff([0.0, *case.times_h])]
    found, half = np.empty(case.shape, real), np.empty_like(start)

    def solve() -> np.ndarray:
        now = start.copy()
        for number, (count, step_h) in enumerate(steps):
            middle, whole = (rates * step_h / 2).astype(real), (rates * step_h).astype(real)
            for _ in range(count):
                sweep(now, now, half, middle)
                sweep(now, half, now, whole)
            found[number] = now
        return found

    sweep(start, start, half, rates.astype(real))  # compiles
    return solve


@numba.njit(parallel=True, fastmath=True)
def sweep(base, field, out, rates):  # type: ignore[no-untyped-def]
    """out = base + what the stencil gives for field; walls mirror. ``out`` may be ``base``."""
    deep, rows, wide = field.shape
    for line in numba.prange(deep * rows):
        z, y = line // rows, line % rows
        side, above, below, gone = rates[z]
        mid, left, right = field[z, y], field[z, max(y - 1, 0)], field[z, min(y + 1, rows - 1)]
        up, down, was, new = field[max(z - 1, 0), y], field[min(z + 1, deep - 1), y], base[z, y], out[z, y]
        for x in range(1, wide - 1):
            new[x] = was[x] + side * (mid[x - 1] + mid[x + 1] + left[x] + right[x]) + above * up[x] + below * down[x] - gone * mid[x]
        for x, inside in ((0, 1), (wide - 1, wide - 2)):
            new[x] = was[x] + side * (mid[x] + mid[inside] + left[x] + right[x]) + above * up[x] + below * down[x] - gone * mid[x]
