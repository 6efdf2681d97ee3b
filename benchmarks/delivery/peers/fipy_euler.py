"""FiPy: its own finite volumes and solver on the same grid, implicit Euler of 0.1 h."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

os.environ.setdefault("FIPY_SOLVERS", "scipy")
import fipy

from benchmarks.delivery.peers.cells import initial, means
from benchmarks.delivery.problems import Case
from pistor.delivery.problem import SINK

TITLE = "FiPy, implicit Euler"
STEP_H = 0.1


def prepare(case: Case) -> Callable[[], np.ndarray]:
    """A cell holds the mean clearance of its layers; faces take the harmonic mean of the diffusivities, resistances in series."""
    tissue = case.tissue
    assert all(layer.partition == 1 for layer in tissue.layers)
    _, deep, rows, wide = case.shape
    mesh = fipy.Grid3D(dx=case.cell_mm, dy=case.cell_mm, dz=case.cell_mm, nx=wide, ny=rows, nz=deep)
    edges = np.arange(deep + 1) * case.cell_mm
    diffusivity, clearance = (
        fipy.CellVariable(mesh=mesh, value=np.repeat(means(tissue, edges, [getattr(layer, name) for layer in tissue.layers]), rows * wide))
        for name in ("diffusivity_mm2_per_h", "clearance_per_h")
    )
    now, start = fipy.CellVariable(mesh=mesh), initial(case).ravel()
    if tissue.bottom == SINK:
        now.constrain(0.0, mesh.exteriorFaces & (mesh.faceCenters[2] > tissue.depth_mm - case.cell_mm / 4))
    equation = fipy.TransientTerm() == fipy.DiffusionTerm(coeff=diffusivity.harmonicFaceValue) - fipy.ImplicitSourceTerm(coeff=clearance)
    spans = np.diff([0.0, *case.times_h])
    counts = [max(1, round(span / STEP_H)) for span in spans]

    solver = fipy.LinearCGSolver(tolerance=1e-9, iterations=2000)  # its default factorises, which in three dimensions does not end

    def solve() -> np.ndarray:
        now.setValue(start)
        found = np.empty(case.shape)
        for number, (span, count) in enumerate(zip(spans, counts, strict=True)):
            for _ in range(count):
                equation.solve(var=now, dt=span / count, solver=solver)
            found[number] = now.value.reshape(case.shape[1:])
        return found

    return solve
