"""SciPy's sparse matrices: the same finite volumes, Crank-Nicolson of 0.1 h, conjugate gradients preconditioned by the diagonal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg

from benchmarks.delivery.peers.cells import cells, initial, means
from benchmarks.delivery.peers.scipy_rk2 import matrix
from benchmarks.delivery.problems import Case

TITLE = "SciPy sparse FV, Crank-Nicolson, CG"
STEP_H, TOLERANCE = 0.1, 1e-7


def prepare(case: Case) -> Callable[[], np.ndarray]:
    """With the cells' partition as weight the matrix is symmetric."""
    tissue = case.tissue
    partition = means(tissue, np.arange(case.shape[1] + 1) * case.cell_mm, [layer.partition for layer in tissue.layers])
    weight = sparse.diags_array(np.repeat(1 / partition, case.shape[2] * case.shape[3]))
    flow, start = weight @ matrix(case, cells(case)), initial(case).ravel()
    counts = [max(1, round(span / STEP_H)) for span in np.diff([0.0, *case.times_h])]
    lengths = [span / count for span, count in zip(np.diff([0.0, *case.times_h]), counts, strict=True)]
    systems = {length: (sparse.csr_array(weight - length / 2 * flow), sparse.csr_array(weight + length / 2 * flow)) for length in set(lengths)}
    scales = {length: sparse.diags_array(1 / after.diagonal()) for length, (after, _) in systems.items()}

    def solve() -> np.ndarray:
        now, found = start.copy(), np.empty(case.shape)
        for number, (count, length) in enumerate(zip(counts, lengths, strict=True)):
            after, before = systems[length]
            for _ in range(count):
                now, failed = cg(after, before @ now, x0=now, rtol=TOLERANCE, M=scales[length])
                assert not failed
            found[number] = now.reshape(case.shape[1:])
        return found

    return solve
