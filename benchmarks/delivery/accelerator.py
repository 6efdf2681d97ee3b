"""The full face plan on an accelerator, through the same call: ``PYTHONPATH=src python -m benchmarks.delivery.accelerator``.

Needs CuPy or JAX and a GPU; says what it found otherwise. Reports the best of several runs after a warm-up, with the
device synchronised, and the error against the plan in double precision on the processor.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from pistor.delivery import field
from pistor.delivery.problem import Depot, Layer, Tissue

TISSUE = Tissue((Layer("epidermis", 0.1, 0.25, 0.0), Layer("dermis", 1.9, 0.36, 0.8), Layer("hypodermis", 8.0, 0.5, 0.3)), "sink")
CELL_MM, TIMES_H = 0.25, np.linspace(0.25, 6.0, 24)
WALLS = (0.0, 60.0, 0.0, 60.0)


def plan(sigma_mm: float) -> list[Depot]:
    """200 points in a field of 60 by 60 mm at three depths, always the same."""
    places = np.random.default_rng(3).uniform(3, 57, (200, 2))
    return [Depot(float(x), float(y), (1.0, 2.0, 4.0)[i % 3], sigma_mm, sigma_mm, 1 / 200) for i, (x, y) in enumerate(places)]


def backends() -> dict[str, tuple]:
    """Name -> (namespace, synchronise) of what is installed and has a device."""
    found = {"numpy": (np, lambda array: None)}
    try:
        import cupy

        cupy.zeros(1)
        found["cupy"] = (cupy, lambda array: cupy.cuda.get_current_stream().synchronize())
    except Exception as error:
        print("cupy:", error, file=sys.stderr)
    try:
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_default_matmul_precision", "highest")  # its default multiplies float32 with ten bits
        found[f"jax on {jax.devices()[0].device_kind}"] = (jax.numpy, lambda array: array.block_until_ready())
    except Exception as error:
        print("jax:", error, file=sys.stderr)
    return found


def measure(name: str, xp: object, wait, sigma_mm: float, dtype: str, tolerance: float, repeats: int) -> dict:
    depots, axis = plan(sigma_mm), (np.arange(240) + 0.5) * CELL_MM
    depth = (np.arange(40) + 0.5) * CELL_MM
    x = xp.asarray(axis.astype(dtype))
    seconds, peak = [], []
    for _ in range(repeats):
        begin = time.perf_counter()
        solution = field.solve(TISSUE, depots, TIMES_H, tolerance=tolerance, walls=WALLS)
        estimate = float(solution.error.max())
        fields = solution.volume(x, x, depth)
        wait(fields)
        seconds.append(time.perf_counter() - begin)
        del fields
        begin = time.perf_counter()
        highest = None
        for one in solution.fields(x, x, depth):
            highest = one if highest is None else xp.maximum(highest, one)
        wait(highest)
        peak.append(time.perf_counter() - begin)
    exact = field.solve(TISSUE, depots, TIMES_H[[0, 11, 23]], tolerance=1e-9, walls=WALLS)
    errors = []
    whole = solution.volume(x, x, depth)
    for one, right in zip((0, 11, 23), exact.fields(axis, axis, depth), strict=True):
        got = np.asarray(whole[one].get() if hasattr(whole, "get") else whole[one], dtype=float)
        errors.append(float(np.sqrt(np.sum((got - right) ** 2) / np.sum(right**2))))
    return {
        "backend": name,
        "sigma_mm": sigma_mm,
        "dtype": dtype,
        "tolerance": tolerance,
        "fields_ms": 1e3 * float(np.median(seconds[1:])),
        "best_ms": 1e3 * min(seconds),
        "maxima_ms": 1e3 * float(np.median(peak[1:])),
        "estimate": estimate,
        "errors": errors,
    }


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for name, (xp, wait) in backends().items():
        for sigma_mm in (1.292, 0.6):
            for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-5)):
                print(json.dumps(measure(name, xp, wait, sigma_mm, dtype, tolerance, repeats)), flush=True)


if __name__ == "__main__":
    main()
