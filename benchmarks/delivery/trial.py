"""One solver on one problem in a process of its own, so that memory is its own: prints one line of JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common import ROOT
from benchmarks.delivery import problems, reference


@dataclass(frozen=True)
class Solver:
    """A module with ``TITLE`` and ``prepare(case, **options)``, which sets up and gives the call that is timed."""

    module: str
    options: dict[str, Any] = field(default_factory=dict)
    detail: str = ""
    threads: int = 2


SINGLE = {"real": np.float32}
SOLVERS = {
    "engine 1e-4": Solver("engine", {"tolerance": 1e-4}, "1e-4"),
    "engine 1e-4, 1 thread": Solver("engine", {"tolerance": 1e-4}, "1e-4, 1 thread", 1),
    "engine 1e-5": Solver("engine", {"tolerance": 1e-5}, "1e-5"),
    "engine 1e-5, 1 thread": Solver("engine", {"tolerance": 1e-5}, "1e-5, 1 thread", 1),
    "engine f32": Solver("engine", {"tolerance": 1e-4, **SINGLE}, "1e-4, f32"),
    "numba blocked": Solver("peers.numba_blocked"),
    "numba plain": Solver("peers.numba_plain"),
    "numba blocked f32": Solver("peers.numba_blocked", SINGLE, "f32"),
    "numba plain f32": Solver("peers.numba_plain", SINGLE, "f32"),
    "scipy rk2": Solver("peers.scipy_rk2"),
    "scipy cn": Solver("peers.scipy_cn"),
    "py-pde": Solver("peers.pypde_rk4"),
    "scikit-fem": Solver("peers.skfem_cn"),
    "fipy": Solver("peers.fipy_euler"),
}


def run(solver: str, case: str, repeats: int, cell_mm: float, patience_s: float = 1800) -> dict[str, Any]:
    """The trial in a process of its own; ``{"failed": why}`` where it gave nothing."""
    command = [sys.executable, "-m", "benchmarks.delivery.trial", solver, case, "--repeats", str(repeats), "--cell", str(cell_mm)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=patience_s)
    except subprocess.TimeoutExpired:
        return {"failed": f"did not end in {patience_s:.0f} s"}
    if done.returncode != 0:
        return {"failed": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def timed(call: Callable[[], Any], repeats: int) -> dict[str, Any]:
    """Median wall and processor seconds of a call."""
    wall, processor = [], []
    for _ in range(repeats):
        begun = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - begun[0])
        processor.append(time.process_time() - begun[1])
    return {"seconds": statistics.median(wall), "least": min(wall), "cpu_s": statistics.median(processor), "repeats": repeats}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("solver", choices=SOLVERS)
    parser.add_argument("case", choices=problems.CASES)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--cell", type=float, default=0.25)
    options = parser.parse_args()
    chosen = SOLVERS[options.solver]
    solver = importlib.import_module(f"benchmarks.delivery.{chosen.module}")
    threadpool_limits(chosen.threads)
    case = problems.coarser(problems.CASES[options.case](), options.cell)
    before_mb = peak_mb()
    begun = time.perf_counter()
    solve = solver.prepare(case, **chosen.options)
    found: dict[str, Any] = {"title": solver.TITLE, "setup_s": time.perf_counter() - begun}
    kept: list[np.ndarray] = []
    found |= timed(lambda: kept.__setitem__(slice(None), [solve()]), options.repeats)
    found |= {"imports_mb": before_mb, "peak_mb": peak_mb(), "fields_mb": kept[0].nbytes / 1e6}
    found["errors"] = errors_of(case, kept[0])
    if chosen.module == "engine":
        found["estimated"] = solver.solved(case, tolerance=chosen.options["tolerance"]).error.tolist()
    print(json.dumps(found))


def peak_mb() -> float:
    """Greatest resident size of this process. The one of ``getrusage`` would be that of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def errors_of(case: problems.Case, fields: np.ndarray) -> dict[str, float]:
    """Relative L2 by time; of a plan at some of its times, the last among them."""
    chosen = range(len(case.times_h)) if len(case.times_h) <= 6 else [0, 1, 3, 7, 11, len(case.times_h) - 1]
    asked = problems.at_times(case, [case.times_h[number] for number in chosen])
    wrong = reference.errors([fields[number] for number in chosen], reference.cached(asked))
    return dict(zip([f"{time:g}" for time in asked.times_h], wrong, strict=True))


if __name__ == "__main__":
    main()
