"""scikit-fem: trilinear hexahedra on the same grid, Crank-Nicolson of 0.1 h, conjugate gradients preconditioned by the diagonal.

Coefficients are taken at the quadrature points. Written for tissue without partition, as the problems that peers are given.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import skfem
from scipy import sparse
from scipy.sparse.linalg import cg
from skfem.helpers import dot, grad

from benchmarks.delivery.peers.cells import gaussian, mirrored
from benchmarks.delivery.peers.scipy_cn import STEP_H, TOLERANCE
from benchmarks.delivery.problems import Case
from pistor.delivery.problem import SINK

TITLE = "scikit-fem Q1, Crank-Nicolson, CG"


def prepare(case: Case) -> Callable[[], np.ndarray]:
    tissue = case.tissue
    assert all(layer.partition == 1 for layer in tissue.layers)
    edges = np.array(tissue.edges_mm[1:-1])
    across, down = (np.linspace(0, length, round(length / case.cell_mm) + 1) for length in (case.side_mm, tissue.depth_mm))
    mesh = skfem.MeshHex.init_tensor(across, across, down)
    basis = skfem.Basis(mesh, skfem.ElementHex1(), intorder=2)
    diffusivity, clearance = (
        np.array([getattr(layer, name) for layer in tissue.layers])[np.searchsorted(edges, basis.global_coordinates()[2])]
        for name in ("diffusivity_mm2_per_h", "clearance_per_h")
    )
    rate = skfem.BilinearForm(lambda u, v, w: w.d * dot(grad(u), grad(v)) + w.k * u * v).assemble(basis, d=diffusivity, k=clearance)
    mass = skfem.BilinearForm(lambda u, v, w: u * v).assemble(basis)
    free = np.flatnonzero(mesh.p[2] < tissue.depth_mm - 1e-9) if tissue.bottom == SINK else np.arange(mesh.p.shape[1])
    rate, mass = (sparse.csr_array(part[free][:, free]) for part in (rate, mass))
    x, y, z = mesh.p[:, free]
    start = sum(
        depot.dose_mg
        * mirrored(x, depot.x_mm, depot.sigma_lateral_mm, case.side_mm)
        * mirrored(y, depot.y_mm, depot.sigma_lateral_mm, case.side_mm)
        * sum(gaussian(z, centre, depot.sigma_vertical_mm) for centre in (depot.depth_mm, -depot.depth_mm))
        for depot in case.depots
    )
    counts = [max(1, round(span / STEP_H)) for span in np.diff([0.0, *case.times_h])]
    lengths = [span / count for span, count in zip(np.diff([0.0, *case.times_h]), counts, strict=True)]
    systems = {length: (mass + length / 2 * rate, mass - length / 2 * rate) for length in set(lengths)}
    scales = {length: sparse.diags_array(1 / after.diagonal()) for length, (after, _) in systems.items()}
    order = np.lexsort((mesh.p[0], mesh.p[1], mesh.p[2]))
    corners = (len(down), len(across), len(across))

    def solve() -> np.ndarray:
        now, found, whole = start.copy(), np.empty(case.shape), np.zeros(mesh.p.shape[1])
        for number, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            after, before = systems[length]
            for _ in range(count):
                now, failed = cg(after, before @ now, x0=now, rtol=TOLERANCE, M=scales[length])
                assert not failed
            whole[free] = now
            at = whole[order].reshape(corners)
            for axis in range(3):  # a trilinear field at the centre of a cell is the mean of its corners
                at = (at.take(range(at.shape[axis] - 1), axis) + at.take(range(1, at.shape[axis]), axis)) / 2
            found[number] = at
        return found

    return solve
