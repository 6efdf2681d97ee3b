"""Finite volumes on the case's cubes, as good as second order gets there; what the explicit and sparse peers share.

A cell holds the mean partition, clearance and lateral K D of the layers that it cuts. Between the centres of two cells the
resistances h/(K D) of what lies between add up. The unknown is the cell's amount per volume c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.delivery.problems import Case
from pistor.delivery.problem import SINK, Tissue


@dataclass(frozen=True)
class Cells:
    """Rates per hour with which c of a cell at each depth changes by itself and its six neighbours."""

    sideways: np.ndarray  # (Z,) from each of the four neighbours at its depth
    above: np.ndarray  # (Z,) from the cell above
    below: np.ndarray  # (Z,) from the cell below
    gone: np.ndarray  # (Z,) to its neighbours above and below, the sink and clearance

    def step_h(self, longest_h: float, limit: float = 2.0) -> tuple[int, float]:
        """Number and length of equal steps that are stable: the fastest rate times the step stays under the limit."""
        fastest = np.max(self.gone + self.above + self.below + 8 * self.sideways)
        count = int(np.ceil(longest_h * fastest / limit / 0.99))
        return count, longest_h / count


def cells(case: Case) -> Cells:
    h, tissue = case.cell_mm, case.tissue
    edges = np.arange(len(case.depth_mm) + 1) * h
    partition = means(tissue, edges, [layer.partition for layer in tissue.layers])
    clearance = means(tissue, edges, [layer.partition * layer.clearance_per_h for layer in tissue.layers])
    kd = [layer.partition * layer.diffusivity_mm2_per_h for layer in tissue.layers]
    sideways = means(tissue, edges, kd) / partition / h**2
    between = 1 / (means(tissue, case.depth_mm, [1 / value for value in kd]) * h)  # (Z - 1,) conductance per area
    last = 1 / (means(tissue, edges[-1] - np.array([h / 2, 0]), [1 / value for value in kd]) * h / 2) if tissue.bottom == SINK else np.zeros(1)
    up, down = np.concatenate([[0.0], between]), np.concatenate([between, last])
    return Cells(
        sideways,
        up / h / np.concatenate([[1.0], partition[:-1]]),
        np.concatenate([between / h / partition[1:], [0.0]]),
        ((up + down) / h + clearance) / partition,
    )


def means(tissue: Tissue, edges: np.ndarray, values: list[float]) -> np.ndarray:
    """Mean over each interval between edges of what is constant in each layer."""
    integral = np.concatenate([[0.0], np.cumsum(np.array(values) * np.diff(tissue.edges_mm))])
    return np.diff(np.interp(edges, tissue.edges_mm, integral)) / np.diff(edges)


def initial(case: Case) -> np.ndarray:
    """(Z, Y, X) concentration of the depots at the centres, with what lies beyond surface and walls mirrored back."""
    found = np.zeros(case.shape[1:])
    for depot in case.depots:
        across = [mirrored(case.lateral_mm, centre, depot.sigma_lateral_mm, case.side_mm) for centre in (depot.y_mm, depot.x_mm)]
        down = sum(gaussian(case.depth_mm, centre, depot.sigma_vertical_mm) for centre in (depot.depth_mm, -depot.depth_mm))
        found += depot.dose_mg * down[:, None, None] * (across[0][:, None] * across[1])
    return found


def gaussian(at_mm: np.ndarray, centre_mm: float, sigma_mm: float) -> np.ndarray:
    return np.exp(-(((at_mm - centre_mm) / sigma_mm) ** 2) / 2) / (sigma_mm * np.sqrt(2 * np.pi))


def mirrored(at_mm: np.ndarray, centre_mm: float, sigma_mm: float, side_mm: float) -> np.ndarray:
    return sum(gaussian(at_mm, centre, sigma_mm) for centre in (centre_mm, -centre_mm, 2 * side_mm - centre_mm))
