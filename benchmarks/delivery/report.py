"""Everything in one run: the machine, the engine, its peers, the views of a plan and what grows with what."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, noise
from benchmarks.common import machine as named_machine
from benchmarks.delivery import engine, machine, picture, problems, reference, trial

HERE = Path(__file__).parent
PICTURE = ROOT / "docs" / "images" / "delivery-cost.svg"
PARTS = ("machine", "oracle", "reference", "holdouts", "plan", "views", "cost")
ENGINES = ("engine 1e-4", "engine 1e-4, 1 thread", "engine 1e-5", "engine 1e-5, 1 thread")
PEERS = ("numba blocked", "numba plain", "scipy rk2", "scipy cn", "py-pde", "scikit-fem", "fipy")
PLAN_ENGINES = ("engine 1e-4", "engine 1e-5", "engine f32")
PLAN_PEERS = ("numba blocked", "numba plain", "numba blocked f32", "numba plain f32", "scipy rk2")
SLOW = {"scipy rk2": 5, "scipy cn": 3, "py-pde": 3, "scikit-fem": 3, "fipy": 1}  # repeats of who takes seconds
Row = dict[str, Any]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench delivery")
    parser.add_argument("--quick", action="store_true", help="cells of 1 mm and few repeats: shows that everything runs, measures nothing")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--peers", default=",".join(dict.fromkeys((*PEERS, *PLAN_PEERS))), help="which solvers to run beside the engine; empty for none")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--markdown", help="where the report goes; RESULTS.md beside this file, unless --quick")
    parser.add_argument("--out", help="the same as JSON")
    options = parser.parse_args(arguments)
    peers, parts = [name.strip() for name in options.peers.split(",") if name.strip()], options.parts.split(",")
    wrong = {*peers} - {*PEERS, *PLAN_PEERS} | {*parts} - {*PARTS}
    if wrong:
        raise SystemExit(f"not known: {', '.join(sorted(wrong))}; see ./pistor bench delivery --help")
    run = Run(peers, 3 if options.quick else options.repeats, 1.0 if options.quick else 0.25)
    before = noise()
    for part in PARTS:
        if part in parts:
            getattr(run, part)()
    run.close(before, noise())
    target = Path(options.markdown) if options.markdown else None if options.quick else HERE / "RESULTS.md"
    if target:
        target.write_text("\n".join(run.lines) + "\n")
    if not options.quick and "cost" in parts:
        PICTURE.write_text(picture.drawing("What a plan costs the engine", run.panels))
    if options.out:
        Path(options.out).write_text(json.dumps({"benchmark": "delivery", "machine": named_machine(), "noise_s": [before, noise()], **run.raw}, indent=1))


class Run:
    """Measures part after part; says each line as soon as it is known."""

    def __init__(self, peers: Sequence[str], repeats: int, cell_mm: float) -> None:
        self.peers, self.repeats, self.cell_mm = peers, repeats, cell_mm
        self.lines: list[str] = []
        self.raw: dict[str, Any] = {}
        self.panels: list[picture.Panel] = []
        self.rates: dict[str, float] = {}
        about = named_machine()
        self.say("# What the delivery engine costs, and how far it is from the truth", "")
        self.say(f"{about['cpu']}, {about['cores']} cores, Python {about['python']}, NumPy {np.__version__}; {dt.date.today():%d %B %Y}.")
        self.say(
            "By `./pistor bench delivery`. Every solver runs in a process of its own. Times are medians in the warm process: its start, imports,",
            "compilation and setup (matrices, meshes) are not in them. The engine's hold everything from the depots to the fields, with its own",
            "estimate of its error, and each call gets slightly other times, so that nothing remembered helps. Errors are relative L2 at",
            "the cell centres against an independent reference. Memory is the greatest resident size of the process.",
        )

    def say(self, *lines: str) -> None:
        self.lines += lines
        print(*lines, sep="\n", flush=True)

    def table(self, columns: Sequence[str]) -> None:
        self.say("", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}")

    def row(self, *cells: Any) -> None:
        self.say(f"| {' | '.join(str(cell) for cell in cells)} |")

    def trials(self, part: str, case: str, solvers: Sequence[str]) -> dict[str, Row]:
        found = {}
        for solver in solvers:
            repeats = min(self.repeats, SLOW.get(solver, self.repeats))
            found[solver] = trial.run(solver, case, repeats, self.cell_mm)
        self.raw.setdefault(part, {})[case] = found
        return found

    def chosen(self, peers: Sequence[str]) -> list[str]:
        return [name for name in peers if name in self.peers]

    # ── the parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def machine(self) -> None:
        self.rates = self.raw["machine"] = machine.roofline()
        self.say("", "## The machine", "", "Best of eight, two threads. `fill` stores as a program does; `memset` streams past the cache.")
        self.table(("dgemm GF/s", "sgemm GF/s", "fill GB/s", "memset GB/s", "copy GB/s", "triad GB/s"))
        self.row(*(f"{self.rates[name]:.3g}" for name in ("dgemm", "sgemm", "fill", "memset", "copy", "triad")))

    def oracle(self) -> None:
        self.say("", "## The reference", "")
        self.say("For every lateral mode its own vertical eigenproblem on spectral elements of degree 24 (`reference.py`), against degree 30,")
        self.say("elements half as long and more modes: greatest difference over the times. The plans have the same tissue and sigmas.")
        self.table(("problem", "relative L2"))
        for name in ("reference", *problems.HOLDOUTS):
            case = problems.coarser(problems.CASES[name](), self.cell_mm)
            difference = max(reference.errors(reference.cached(case), reference.finer(case)))
            self.raw.setdefault("oracle", {})[name] = difference
            self.row(case.what, f"{difference:.1e}")

    def reference(self) -> None:
        self.say("", "## Reference problem", "", f"20 x 20 x 10 mm at {self.cell_mm:g} mm, five times from 0.5 to 6 h.")
        self.compare("reference", ENGINES, PEERS)

    def plan(self) -> None:
        for case in problems.PLANS:
            self.say("", f"## Face {case}", "", f"200 points at three depths, 60 x 60 x 10 mm at {self.cell_mm:g} mm, 24 times from 0.25 to 6 h.")
            self.say("py-pde, scikit-fem and FiPy were not run at this size.")
            found = self.compare(case, PLAN_ENGINES, PLAN_PEERS)
            if self.rates:
                self.bound(case, found)

    def compare(self, case: str, engines: Sequence[str], peers: Sequence[str]) -> dict[str, Row]:
        """One table: the engine, then the peers with how many times the engine's time they take."""
        found = self.trials("fields", case, [*engines, *self.chosen(peers)])
        fast, fine = quickest(found, "engine 1e-4"), quickest(found, "engine 1e-5")
        self.table(("solver", "median", "least", "n", "x Pistor 1e-4", "x Pistor 1e-5", "CPU s", "setup s", "peak MB", "error by time", "estimated"))
        for name, row in found.items():
            title = label(name, row)
            if "failed" in row:
                self.row(title, f"failed: {row['failed']}", *[""] * 9)
                continue
            errors = ", ".join(f"{error:.1e}" for error in row["errors"].values())
            estimated = f"{max(row['estimated']):.1e}" if "estimated" in row else ""
            self.row(
                title, seconds(row["seconds"]), seconds(row["least"]), row["repeats"], times(row["seconds"], fast), times(row["seconds"], fine),
                f"{row['cpu_s']:.3g}", f"{row['setup_s']:.2g}", f"{row['peak_mb']:.0f}", errors, estimated,
            )  # fmt: skip
        first = next((row for row in found.values() if "errors" in row), None)
        if first:
            self.say("", f"Errors at {', '.join(first['errors'])} h; estimated: the greatest that the engine expects.")
        return found

    def bound(self, case: str, found: dict[str, Row]) -> None:
        self.say("", "Share of what the machine allows: products at its best rate, then the fields written once.")
        self.table(("setting", "GF", "MB", "bound by fill", "bound by memset", "median", "share by fill", "share by memset", "products of this shape GF/s"))
        for name in PLAN_ENGINES:
            if "seconds" not in found.get(name, {}):
                continue
            real, tolerance = trial.SOLVERS[name].options.get("real", np.float64), trial.SOLVERS[name].options["tolerance"]
            work = engine.work(problems.coarser(problems.CASES[case](), self.cell_mm), real, tolerance)
            bounds = [machine.bound_s(work, self.rates, real, store) for store in ("fill", "memset")]
            rate = machine.product_gflops(int(work["depths"]), int(work["inner"]), int(work["plane"]), real, many=8)
            took = found[name]["seconds"]
            shares = [f"{bound / took:.0%}" for bound in bounds]
            self.row(label(name, found[name]), f"{work['gflop']:.3g}", f"{work['write_mb']:.0f}", *map(seconds, bounds), seconds(took), *shares, f"{rate:.3g}")

    def holdouts(self) -> None:
        self.say("", "## Problems on which nothing was tuned", "")
        self.say("Greatest error over the times. Drawn problems: five layers with partition and five oblate depots, all from a seed.")
        self.table(("problem", "Pistor 1e-4", "true", "estimated", "Pistor 1e-5", "true", "estimated", "numba stencil", "true"))
        for name in problems.HOLDOUTS:
            solvers = ("engine 1e-4", "engine 1e-5", *self.chosen(["numba blocked"]))
            cells: list[str] = []
            for solver, row in self.trials("fields", name, solvers).items():
                failed = "failed" in row
                cells += ["failed", ""] if failed else [seconds(row["seconds"]), f"{max(row['errors'].values()):.1e}"]
                if solver.startswith("engine"):
                    cells.append("" if failed else f"{max(row['estimated']):.1e}")
            self.row(problems.HOLDOUTS[name]().what, *cells, *[""] * (8 - len(cells)))

    def views(self) -> None:
        self.say("", "## What a page asks of the plan", "", "From the depots on, nothing kept between calls where nothing else is said; at 1e-4.")
        self.table(("view", *(f"{case}, {kind}" for case in problems.PLANS for kind in ("f64", "f32"))))
        asked = [engine.views(problems.coarser(make(), self.cell_mm), real, 1e-4) for make in problems.PLANS.values() for real in (np.float64, np.float32)]
        found = {view: [self.median(calls[view]) for calls in asked] for view in asked[0]}
        for view, medians in found.items():
            self.row(view, *map(seconds, medians))
        self.raw["views"] = found

    def median(self, call: Callable[[], Any]) -> float:
        call()
        return float(trial.timed(call, self.repeats)["seconds"])

    def cost(self) -> None:
        """Time for all fields of the plan as one of points, cells and times grows."""
        growing: dict[str, list[tuple[float, dict[str, Any]]]] = {
            "points": [(count, {"points": count}) for count in (10, 50, 200, 1000, 5000)],
            "cells": [(0.0, {"cell_mm": size}) for size in (2.0, 1.0, 0.5, 0.25)],
            "times": [(count, {"times": count}) for count in (1, 4, 24, 96)],
        }
        self.say("", "## What grows with what", "")
        self.say("All fields of the face plan in single precision at 1e-4: 200 points, 24 times and cells of 0.5 mm but for what grows.")
        self.table(("number", "of", *problems.PLANS))
        for what, steps in growing.items():
            lines: dict[str, picture.Series] = {name: [] for name in problems.PLANS}
            for number, changes in steps:
                medians = []
                for name, line in lines.items():
                    case = problems.plan(name.removeprefix("plan "), **{"cell_mm": 0.5, **changes})
                    size = float(number or np.prod(case.shape[1:]))
                    medians.append(self.median(engine.prepare(case, np.float32, 1e-4)))
                    line.append((size, medians[-1]))
                self.row(f"{size:,.0f}", what, *map(seconds, medians))
            self.panels.append((f"Time by number of {what}", what, lines))
        self.raw["cost"] = [(what, lines) for what, _, lines in self.panels]
        self.say("", f"![Time by number of points, cells and times](../../{PICTURE.relative_to(ROOT)})")

    def close(self, before: float, after: float) -> None:
        self.say("", f"A fixed job of one core took {before} s before the run and {after} s after it: a busy machine would show.")


def quickest(found: dict[str, Row], start: str) -> float | None:
    """Least median of the engine's rows at one tolerance."""
    return min((row["seconds"] for name, row in found.items() if name.startswith(start) and "seconds" in row), default=None)


def label(name: str, row: Row) -> str:
    detail = trial.SOLVERS[name].detail
    return f"{row.get('title', name)}{', ' if detail else ''}{detail}"


def seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def times(value: float, against: float | None) -> str:
    return f"{value / against:.3g}" if against else ""
