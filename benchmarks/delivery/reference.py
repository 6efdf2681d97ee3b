"""The independent reference: lateral cosine modes, and for each its own vertical eigenproblem on fine spectral elements.

Shares no code and no idea but the equations with the engine: no Gaussian mixture, no interpolation over wavenumbers. For each
squared wavenumber q that occurs, K du/dt = d/dz (K D du/dz) - K (k + D q) u with c = K u is solved by Gauss-Lobatto elements of
high degree, diagonal mass and a dense symmetric eigenproblem; time is exact. Cosines between mirroring walls carry
a Gaussian depot with all its images exactly.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.polynomial import legendre
from threadpoolctl import threadpool_limits

from benchmarks.common import ROOT
from benchmarks.delivery.problems import Case
from pistor.delivery.problem import SINK, Depot, Tissue

NEGLIGIBLE = 36.0  # modes below e^-36 are left out
CACHE = ROOT / "var" / "bench" / "delivery"


@dataclass(frozen=True)
class Column:
    """Spectral elements over the depth of a tissue: nodes, and for every node of every element its place among the unknowns."""

    depth_mm: np.ndarray  # (n,)
    mass: np.ndarray  # (n,) integral of K
    stiffness: np.ndarray  # (n, n) integral of K D du/dz dv/dz + K k u v
    lateral: np.ndarray  # (n,) integral of K D, to be multiplied by q
    length: np.ndarray  # (n,) integral of 1, the weights of a source
    elements: tuple[tuple[float, float, float, slice], ...]  # from, to, K, unknowns
    free: slice  # the unknowns that a sink leaves


def gauss_lobatto(degree: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and weights on [-1, 1], and the matrix that differentiates there."""
    last = legendre.Legendre.basis(degree)
    nodes = np.concatenate([[-1.0], np.sort(last.deriv().roots().real), [1.0]])
    for _ in range(3):  # the roots of the companion matrix, polished
        slope, bend = last.deriv()(nodes[1:-1]), last.deriv(2)(nodes[1:-1])
        nodes[1:-1] -= slope / bend
    at = last(nodes)
    gaps = nodes[:, None] - nodes[None, :] + np.eye(degree + 1)
    differentiate = at[:, None] / (at[None, :] * gaps)
    np.fill_diagonal(differentiate, 0.0)
    np.fill_diagonal(differentiate, -differentiate.sum(1))
    return nodes, 2 / (degree * (degree + 1) * at**2), differentiate


def column(tissue: Tissue, degree: int, element_mm: float) -> Column:
    """Elements end at interfaces. Thin ones take a lower degree: the same accuracy, and eigenvalues that round-off leaves alone."""
    pieces = []
    for top, bottom, layer in zip(tissue.edges_mm[:-1], tissue.edges_mm[1:], tissue.layers, strict=True):
        cuts = np.linspace(top, bottom, max(1, round((bottom - top) / element_mm)) + 1)
        pieces += [(a, b, layer, max(8, round(degree * min(1.0, ((b - a) / element_mm) ** 0.5)))) for a, b in pairwise(cuts)]
    size = sum(piece[3] for piece in pieces) + 1
    depth, mass, lateral, length, stiffness = *(np.zeros(size) for _ in range(4)), np.zeros((size, size))
    elements, first = [], 0
    for a, b, layer, order in pieces:
        nodes, weights, differentiate = gauss_lobatto(order)
        at, half = slice(first, first + order + 1), (b - a) / 2
        depth[at] = a + half * (nodes + 1)
        share = weights * half
        kd = layer.partition * layer.diffusivity_mm2_per_h
        mass[at] += layer.partition * share
        lateral[at] += kd * share
        length[at] += share
        stiffness[at, at] += kd * (differentiate.T * (weights / half)) @ differentiate
        stiffness[range(first, at.stop), range(first, at.stop)] += layer.partition * layer.clearance_per_h * share
        elements.append((a, b, layer.partition, at))
        first += order
    return Column(depth, mass, stiffness, lateral, length, tuple(elements), slice(0, size - (tissue.bottom == SINK)))


def reader(grid: Column, depth_mm: np.ndarray) -> np.ndarray:
    """(Z, n) that turns the unknowns u into concentrations at these depths."""
    read = np.zeros((len(depth_mm), len(grid.depth_mm)))
    for a, b, partition, at in grid.elements:
        rows = np.flatnonzero((depth_mm >= a) & (depth_mm < b))
        nodes = grid.depth_mm[at]
        scale = np.array([1 / np.prod((node - np.delete(nodes, number)) / ((b - a) / 4)) for number, node in enumerate(nodes)])
        gaps = depth_mm[rows, None] - nodes[None, :]
        exact = np.abs(gaps) < 1e-13
        terms = scale / np.where(exact, 1.0, gaps)
        read[rows, at] = partition * np.where(exact.any(1, keepdims=True), exact, terms / terms.sum(1, keepdims=True))
    return read


def responses(case: Case, grid: Column, squares: np.ndarray, depots: list[Depot], times_h: np.ndarray) -> np.ndarray:
    """(q, group, time, depth) of c for a unit vertical source of each group; a time of infinity asks for the AUC."""
    read = reader(grid, case.depth_mm)[:, grid.free]
    root = np.sqrt(grid.mass[grid.free])
    sources = np.stack([vertical(depot, grid.depth_mm) * grid.length for depot in depots])[:, grid.free] / root
    fixed = grid.stiffness[grid.free, grid.free] / root[:, None] / root[None, :]
    rate_per_square = grid.lateral[grid.free] / grid.mass[grid.free]
    found = np.empty((len(squares), len(depots), len(times_h), len(case.depth_mm)))
    with threadpool_limits(1):
        for number, square in enumerate(squares):
            rates, modes = np.linalg.eigh(fixed + np.diag(rate_per_square * square))
            fade = np.where(np.isinf(times_h)[:, None], 1 / rates, np.exp(-rates * np.where(np.isinf(times_h), 0, times_h)[:, None]))
            amounts = (sources @ modes)[:, None, :] * fade
            found[number] = amounts @ ((read / root) @ modes).T
    return found


def vertical(depot: Depot, depth_mm: np.ndarray) -> np.ndarray:
    """The depot along the depth per mm, with what would lie above the surface mirrored back."""
    s = depot.sigma_vertical_mm
    return sum(np.exp(-(((depth_mm - centre) / s) ** 2) / 2) for centre in (depot.depth_mm, -depot.depth_mm)) / (s * np.sqrt(2 * np.pi))


def spectrum(depots: list[Depot], side_mm: float, waves: np.ndarray) -> np.ndarray:
    """(m, n) cosine coefficients of the lateral Gaussians of these depots, all images in."""
    share = np.where(waves == 0, 1, 2) / side_mm
    x, y, dose = (np.array([getattr(depot, name) for depot in depots]) for name in ("x_mm", "y_mm", "dose_mg"))
    fade = share * np.exp(-((depots[0].sigma_lateral_mm * waves) ** 2) / 2)
    return (fade[:, None] * np.cos(waves[:, None] * y) * dose) @ (fade[:, None] * np.cos(waves[:, None] * x)).T


def fields(case: Case, degree: int = 24, element_mm: float = 1.2, negligible: float = NEGLIGIBLE) -> np.ndarray:
    """(T, Z, Y, X) concentrations in mg/mm³ at the cell centres; times may hold infinity for the AUC in mg h/mm³."""
    groups = defaultdict(list)
    for depot in case.depots:
        groups[depot.depth_mm, depot.sigma_lateral_mm, depot.sigma_vertical_mm].append(depot)
    times_h = np.array(case.times_h, float)
    slowest = min(layer.diffusivity_mm2_per_h for layer in case.tissue.layers)
    earliest = 0.0 if np.isinf(times_h).any() else times_h.min()
    spread = min(depot.sigma_lateral_mm**2 / 2 for depot in case.depots) + slowest * earliest
    most = int(np.ceil(np.sqrt(negligible / spread) * case.side_mm / np.pi))
    numbers = np.arange(most + 1)
    waves = numbers * np.pi / case.side_mm
    sums = numbers[:, None] ** 2 + numbers[None, :] ** 2
    kept, place = np.unique(np.where(sums <= most**2, sums, -1), return_inverse=True)
    place = place.reshape(sums.shape) - 1  # -1, left out, comes first
    grid = column(case.tissue, degree, element_mm)
    response = responses(case, grid, kept[1:] * (np.pi / case.side_mm) ** 2, [group[0] for group in groups.values()], times_h)
    sources = [np.where(place >= 0, spectrum(group, case.side_mm, waves), 0) for group in groups.values()]
    cosines = np.cos(waves[:, None] * case.lateral_mm)
    found = np.empty(case.shape)
    for time in range(len(times_h)):
        for depth in range(len(case.depth_mm)):
            field = sum(source * response[place, number, time, depth] for number, source in enumerate(sources))
            found[time, depth] = cosines.T @ field @ cosines
    return found


def finer(case: Case) -> np.ndarray:
    """What the reference is checked against: higher degree, twice the elements, more modes."""
    return fields(case, degree=30, element_mm=0.6, negligible=NEGLIGIBLE + 6)


def cached(case: Case) -> np.ndarray:
    """The reference's fields, computed once: kept in var/, under what the problem and this file say."""
    key = hashlib.sha256(repr(case).encode() + Path(__file__).read_bytes()).hexdigest()[:20]
    file = CACHE / f"{key}.npy"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part.npy")
        np.save(unfinished, fields(case))
        unfinished.rename(file)
    return np.load(file, mmap_mode="r")


def errors(found: Sequence[np.ndarray], exact: Sequence[np.ndarray]) -> list[float]:
    """Relative L2 at each time."""
    return [float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(found, exact, strict=True)]
