"""What this machine can do at most: products of matrices, and memory written, copied and streamed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

LARGE = 3072
FIELD_MB = 442  # the 24 volumes of the face plan in double precision
THREADS = min(2, os.cpu_count() or 1)


def best(call: Callable[[], Any], repeats: int = 7) -> float:
    """Least seconds: a bound is what the machine does when nothing disturbs it."""
    call()
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def product_gflops(rows: int, inner: int, columns: int, real: Any, many: int = 1) -> float:
    """Rate of (rows, inner) @ (inner, columns) into an array that is there, ``many`` times into different places."""
    rng = np.random.default_rng(0)
    left, right = rng.random((rows, inner)).astype(real), rng.random((inner, columns)).astype(real)
    out = np.zeros((many, rows, columns), real)

    def call() -> None:
        for place in out:
            np.matmul(left, right, out=place)

    return 2 * rows * inner * columns * many / best(call) / 1e9


def in_parts(length: int, work: Callable[[slice], Any]) -> Callable[[], None]:
    """The work on equal parts in as many threads as there are cores; NumPy lets go of the interpreter meanwhile."""
    pool = ThreadPoolExecutor(THREADS)
    cuts = [slice(length * n // THREADS, length * (n + 1) // THREADS) for n in range(THREADS)]
    return lambda: list(pool.map(work, cuts)) and None


def bandwidths() -> dict[str, float]:
    """GB/s of bytes named by the program: a fill counts what it writes, a copy and a triad what they read and write."""
    size = FIELD_MB * 1_000_000 // 8
    a, b, c = (np.ones(size) for _ in range(3))
    memory = a.view(np.uint8)

    def fill(part: slice) -> None:
        a[part] = 1.5

    def erase(part: slice) -> None:
        memory[part.start * 8 : part.stop * 8].fill(0)  # the C library's memset, which streams past the cache

    def copy(part: slice) -> None:
        np.copyto(a[part], b[part])

    fills = {"fill": size * 8 / best(in_parts(size, fill)) / 1e9, "memset": size * 8 / best(in_parts(size, erase)) / 1e9}
    return {**fills, "copy": 2 * size * 8 / best(in_parts(size, copy)) / 1e9, "triad": 3 * size * 8 / best(triad(a, b, c)) / 1e9}


def triad(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Callable[[], None]:
    import numba

    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))

    @numba.njit(parallel=True, fastmath=True)
    def stream(a, b, c):  # type: ignore[no-untyped-def]
        for i in numba.prange(a.shape[0]):
            a[i] = b[i] + 1.5 * c[i]

    return lambda: stream(a, b, c)


def roofline() -> dict[str, float]:
    """GF/s of large products, GB/s of memory."""
    return {"dgemm": product_gflops(LARGE, LARGE, LARGE, np.float64), "sgemm": product_gflops(LARGE, LARGE, LARGE, np.float32), **bandwidths()}


def bound_s(work: dict[str, float], rates: dict[str, float], real: Any, store: str) -> float:
    """Seconds that the products and one writing of the fields take at best, one after the other."""
    return work["gflop"] / rates["dgemm" if real is np.float64 else "sgemm"] + work["write_mb"] / 1e3 / rates[store]
