"""The honest bar: a stencil stepper written by hand for exactly this problem, compiled by numba, two threads.

Second-order Runge-Kutta at the stability limit. Coefficients depend on depth only. What costs time in a stencil is memory, so
several steps pass over the tissue together: each thread walks along y through its share of planes of (depth, x), and a stage
follows the one before it at a distance of one plane, out of rings of four planes that stay in cache. At the border between
threads the planes that a stage needs from the other side are computed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.delivery.peers.cells import cells, initial
from benchmarks.delivery.problems import Case

TITLE = "numba stencil RK2, blocked in time"
THREADS = 2
TOGETHER = 4  # steps in one walk


def prepare(case: Case, real: Any = np.float64) -> Callable[[], np.ndarray]:
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    grid = cells(case)
    start = np.ascontiguousarray(initial(case).transpose(1, 0, 2), real)  # (Y, Z, X)
    rates = np.stack([grid.sideways, grid.above, grid.below, 4 * grid.sideways + grid.gone], axis=1)
    steps = [grid.step_h(span) for span in np.diff([0.0, *case.times_h])]
    found = np.empty(case.shape, real)
    now, after = np.empty_like(start), np.empty_like(start)

    def solve() -> np.ndarray:
        nonlocal now, after
        now[:] = start
        for number, (count, step_h) in enumerate(steps):
            scaled = (rates * step_h).astype(real)
            for done in range(0, count, TOGETHER):
                walk(now, after, scaled, min(TOGETHER, count - done))
                now, after = after, now
            found[number] = now.transpose(1, 0, 2)
        return found

    walk(start, after, rates.astype(real), 1)  # compiles
    return solve


@numba.njit(parallel=True, fastmath=True)
def walk(now, after, rates, steps):  # type: ignore[no-untyped-def]
    """``after`` is ``now`` some steps later. Level 2 n is the field after n steps, level 2 n + 1 the middle of the next step."""
    planes, deep, wide = now.shape
    levels = 2 * steps
    for share in numba.prange(THREADS):
        first, end = planes * share // THREADS, planes * (share + 1) // THREADS
        ring = np.empty((levels, 4, deep, wide), now.dtype)
        for front in range(max(0, first - levels), min(planes, end + levels) + levels):
            if front < planes and front < end + levels:
                ring[0, front % 4] = now[front]
            for level in range(1, levels + 1):
                plane, reach = front - level, levels - level
                if max(0, first - reach) <= plane < min(planes, end + reach):
                    base = ring[(level - 1) // 2 * 2, plane % 4]
                    before = ring[level - 1]
                    north, here, south = before[max(plane - 1, 0) % 4], before[plane % 4], before[min(plane + 1, planes - 1) % 4]
                    part = rates.dtype.type(0.5 if level % 2 else 1.0)
                    change(base, north, here, south, after[plane] if level == levels else ring[level, plane % 4], rates, part)


@numba.njit(fastmath=True)
def change(base, north, here, south, out, rates, part):  # type: ignore[no-untyped-def]
    """out = base + part * what the stencil gives for the plane ``here`` between its neighbours; walls mirror."""
    deep, wide = here.shape
    for z in range(deep):
        side, above, below, gone = part * rates[z, 0], part * rates[z, 1], part * rates[z, 2], part * rates[z, 3]
        was, mid, up, down, left, right, new = base[z], here[z], here[max(z - 1, 0)], here[min(z + 1, deep - 1)], north[z], south[z], out[z]
        for x in range(1, wide - 1):
            new[x] = was[x] + side * (mid[x - 1] + mid[x + 1] + left[x] + right[x]) + above * up[x] + below * down[x] - gone * mid[x]
        for x, inside in ((0, 1), (wide - 1, wide - 2)):
            new[x] = was[x] + side * (mid[x] + mid[inside] + left[x] + right[x]) + above * up[x] + below * down[x] - gone * mid[x]
