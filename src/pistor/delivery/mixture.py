"""The lateral profile as a mixture of a few Gaussians.

Follow a molecule: while it wanders through the layers its lateral variance grows by 2 D(z) dt. So at every depth and time
the lateral profile is a positive mixture of Gaussians whose variances lie between sigma² + 2 D_min t and
sigma² + 2 D_max t (Feynman-Kac; clearance only weighs the paths). Gaussians on one grid of variances, evenly spaced on a
log scale, reproduce all of them to an error that is known before anything is computed. A few wavenumbers fix the weights.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPACINGS = (0.5, 0.35, 0.25, 0.18, 0.13, 0.1, 0.08)  # of ln(variance), tried from the coarsest
MARGINS = (1, 2, 3, 4, 5)  # grid points beyond either end of an interval
REACH = 7.5  # exp(-REACH²/2) = 6e-13: wavenumbers above REACH/sqrt(variance) carry nothing


@dataclass(frozen=True, slots=True)
class Grid:
    """Variances first·exp(spacing·i) (mm²), and the greatest relative L2 error of a mixture within them."""

    variance_mm2: Array
    spacing: float
    margin: int
    error: float

    def window(self, low_mm2: float, high_mm2: float) -> slice:
        """The grid points that carry mixtures of variances from ``low_mm2`` to ``high_mm2``."""
        first = self.variance_mm2[0] * math.exp(self.spacing * self.margin)
        start = math.floor(math.log(low_mm2 / first) / self.spacing + 1e-9)
        stop = math.ceil(math.log(high_mm2 / first) / self.spacing - 1e-9) + 2 * self.margin + 1
        return slice(max(start, 0), min(stop, len(self.variance_mm2)))


def grid_for(low_mm2: float, high_mm2: float, tolerance: float) -> Grid:
    """The grid with fewest points that carries variances from ``low_mm2`` to ``high_mm2`` to ``tolerance``."""
    spacing, margin, error = _spacing_for(tolerance)
    count = math.ceil(math.log(high_mm2 / low_mm2) / spacing - 1e-9) + 1
    steps = np.arange(-margin, count + margin)
    return Grid(low_mm2 * np.exp(spacing * steps), spacing, margin, error)


@functools.lru_cache(maxsize=64)
def _spacing_for(tolerance: float) -> tuple[float, int, float]:
    """Spacing and margin by their cost: margin points at both ends and the points of an interval of a factor of 2."""
    choices = sorted((2 * margin + math.log(2) / spacing, spacing, margin) for spacing in SPACINGS for margin in MARGINS)
    best = (math.inf, SPACINGS[-1], MARGINS[-1])
    for _, spacing, margin in choices:
        error = worst_error(spacing, margin)
        best = min(best, (error, spacing, margin))
        if error <= tolerance:
            return spacing, margin, error
    return best[1], best[2], best[0]


@functools.lru_cache(maxsize=64)
def worst_error(spacing: float, margin: int) -> float:
    """Greatest relative L2 error in the plane of any mixture within a grid cell, written in the grid's own Gaussians.

    The error of a mixture is at most the weighted sum of those of its parts, and its norm at least that of its widest
    part, so the error is bounded by that of single Gaussians, found here by least squares over wavenumbers.
    """
    kappa, weight = _rule(1.0)
    grid = np.exp(spacing * np.arange(-margin, margin + 2))
    within = np.exp(spacing * np.linspace(0.0, 1.0, 9))
    basis = weight[:, None] * _spectrum(kappa, grid)
    wanted = weight[:, None] * _spectrum(kappa, within) * np.sqrt(2 * within)
    found = np.linalg.lstsq(basis, wanted, rcond=1e-15)[0]
    return float(np.sqrt(np.sum((basis @ found - wanted) ** 2, axis=0)).max())


def wavenumbers(grid: Grid) -> Array:
    """The wavenumbers (1/mm) that fix the weights on the grid, zero among them."""
    first = grid.variance_mm2[0]
    return np.array(_wavenumbers(len(grid.variance_mm2), grid.spacing, grid.error)) / math.sqrt(first)


@functools.lru_cache(maxsize=512)
def _wavenumbers(count: int, spacing: float, error: float) -> tuple[float, ...]:
    """For a grid from variance 1: the rows that a pivoted factorisation of its spectra keeps, as many as are independent."""
    from scipy.linalg import qr

    variance = np.exp(spacing * np.arange(count))
    lowest = REACH / math.sqrt(variance[-1]) / 60
    kappa = np.concatenate([[0.0], np.geomspace(lowest, REACH, 120 + 4 * count)])
    weight = np.sqrt(np.gradient(kappa) * np.maximum(kappa, lowest))
    rows = weight[:, None] * _spectrum(kappa, variance) * np.sqrt(2 * variance)
    u, singular, _ = np.linalg.svd(rows, full_matrices=False)
    rank = int(np.sum(singular > 0.1 * error * singular[0]))
    _, chosen = qr(u[:, :rank].T, mode="r", pivoting=True)
    return tuple(np.unique(np.concatenate([[0.0], kappa[chosen[: rank + 1]]])).tolist())


def fit(kappa_per_mm: Array, variance_mm2: Array, spectrum: Array) -> Array:
    """Weights (M, ...) of M Gaussians from a spectrum (J, ...) at J wavenumbers, by least squares.

    The Gaussians are nearly dependent, so weights come from the singular vectors one factor after the other: an inverse
    written out would lose all digits to rounding.
    """
    rows, u, singular, columns = _factors(kappa_per_mm.tobytes(), variance_mm2.tobytes())
    flat = spectrum.reshape(len(kappa_per_mm), -1)
    weights: Array = columns @ ((u.T @ (rows[:, None] * flat)) / singular[:, None])
    return weights.reshape(len(variance_mm2), *spectrum.shape[1:])


@functools.lru_cache(maxsize=512)
def _factors(kappa_per_mm: bytes, variance_mm2: bytes) -> tuple[Array, Array, Array, Array]:
    """Row weights (J,), left vectors, singular values, and right vectors in weights of Gaussians (M, rank).

    Rows count as they do in the plane, by their wavenumber, and Gaussians by their norm there: both matter where variances
    span many decades.
    """
    kappa, variance = np.frombuffer(kappa_per_mm), np.frombuffer(variance_mm2)
    width = math.sqrt(variance[0])
    positive = kappa[kappa > 0]
    rows = np.maximum(kappa, positive.min(initial=1 / width) / 2) * width
    rows /= 1 + rows
    norm = np.sqrt(variance / variance[0])
    u, singular, vt = np.linalg.svd(rows[:, None] * _spectrum(kappa, variance) * norm, full_matrices=False)
    kept = singular > 1e-14 * singular[0]
    return rows, u[:, kept], singular[kept], norm[:, None] * vt[kept].T


def _spectrum(kappa_per_mm: Array, variance_mm2: Array) -> Array:
    return np.exp(-np.multiply.outer(kappa_per_mm**2 / 2, variance_mm2))


def _rule(variance_mm2: float) -> tuple[Array, Array]:
    """Wavenumbers and root weights for integrals over the plane of a spectrum no narrower than ``variance_mm2``."""
    points, weights = np.polynomial.legendre.leggauss(80)
    top = REACH / math.sqrt(variance_mm2)
    kappa = top * (1 + points) / 2
    return kappa, np.sqrt(kappa * weights * top / 2)


