"""What each injection gives to each place, laid out once, so that a plan is scored by one product and a moved point by two patches.

A kernel is the lateral profile of 1 mg (`field.Kernel`): as a concentration (mg/mm³) or as the area under it (mg h/mm³), at
one depth or several, at one time or several. Its leading axes become L planes; everything here is a field (L, Y, X).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pistor.delivery import mixture
from pistor.delivery.field import Kernel
from pistor.delivery.grids import Polygon, usable
from pistor.delivery.problem import within

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

PIXEL_MM = (0.1, 10.0)
MARGIN_MM = (0.0, 50.0)
MOST_PIXELS = 1_000_000
MOST_NUMBERS = 100_000_000  # held by an influence matrix: 400 MB
NEGLIGIBLE = 1e-6  # of a kernel's greatest value: beyond, a matrix holds nothing
SPARSE_BELOW = 0.2  # share of numbers that count, under which a sparse matrix is the faster one
ROWS_AT_ONCE = 64
FITTED = 1e-5  # relative error of a kernel written on other Gaussians


@dataclass(frozen=True, slots=True)
class Raster:
    """Square pixels over a zone: centres ``x_mm`` (X,), ``y_mm`` (Y,); which lie in the target and which must not be injected (Y, X)."""

    x_mm: Array
    y_mm: Array
    target: Mask
    no_go: Mask

    @property
    def outside(self) -> Mask:
        """Neither target nor no-go."""
        return ~(self.target | self.no_go)

    @property
    def pixel_mm(self) -> float:
        return float(self.x_mm[1] - self.x_mm[0])

    @property
    def area_mm2(self) -> float:
        """Area of the target, in whole pixels."""
        return float(self.target.sum()) * self.pixel_mm**2


def raster_of(polygon: Polygon, no_go: Sequence[Polygon] = (), *, pixel_mm: float = 1.0, margin_mm: float = 5.0) -> Raster:
    """Pixels over a polygon and a margin around it; a pixel belongs where its centre lies. Raises ``ValueError``."""
    from shapely import contains_xy

    step = within("pixel_mm", pixel_mm, PIXEL_MM, "mm")
    margin = within("margin_mm", margin_mm, MARGIN_MM, "mm")
    allowed, whole = usable(polygon, no_go), usable(polygon)
    if allowed.is_empty:
        raise ValueError("polygon has no area outside its no-go areas; give a zone that can be injected.")
    left, top, right, bottom = whole.bounds
    width, height = (math.ceil((high - low + 2 * margin) / step) for low, high in ((left, right), (top, bottom)))
    if width * height > MOST_PIXELS:
        raise ValueError(f"pixel_mm is {step:g}, which needs {width * height} pixels here; choose pixels that make at most {MOST_PIXELS}.")
    x = left - margin + step * (np.arange(max(width, 2)) + 0.5)
    y = top - margin + step * (np.arange(max(height, 2)) + 0.5)
    across, along = (grid.ravel() for grid in np.meshgrid(x, y))
    target = contains_xy(allowed, across, along).reshape(len(y), len(x))
    if not target.any():
        raise ValueError(f"pixel_mm is {step:g}, and no pixel's centre lies in the target; choose smaller pixels.")
    forbidden = np.zeros_like(target)
    for hole in no_go:
        forbidden |= contains_xy(usable(hole), across, along).reshape(target.shape)
    return Raster(x, y, target, forbidden & ~target)


def planes_of(kernel: Kernel) -> Array:
    """The weights of a kernel as (L, M): its depths, or its times and depths, one after the other."""
    return kernel.weight_per_mm.reshape(-1, len(kernel.variance_mm2))


def stacked(groups: Sequence[Sequence[Kernel]]) -> tuple[Kernel, ...]:
    """For every group of kernels one that holds them all, (S, L, M), and all of them on the same Gaussians.

    Fields of many scenarios then are one product of weights and maps. Kernels on other Gaussians are fitted to 1e-5.
    """
    every = [kernel for group in groups for kernel in group]
    if len({len(planes_of(kernel)) for kernel in every}) != 1:
        raise ValueError("weight_per_mm of the kernels shows different planes; give all kernels at the same depths and times.")
    if all(np.array_equal(kernel.variance_mm2, every[0].variance_mm2) for kernel in every):
        return tuple(Kernel(every[0].variance_mm2, np.stack([planes_of(kernel) for kernel in group])) for group in groups)
    low, high = min(float(kernel.variance_mm2.min()) for kernel in every), max(float(kernel.variance_mm2.max()) for kernel in every)
    grid = mixture.grid_for(low, high, FITTED)
    kappa = mixture.wavenumbers(grid)

    def fitted(kernel: Kernel) -> Array:
        spectrum = np.exp(-np.multiply.outer(kappa**2 / 2, kernel.variance_mm2)) @ planes_of(kernel).T
        return mixture.fit(kappa, grid.variance_mm2, spectrum).T

    return tuple(Kernel(grid.variance_mm2, np.stack([fitted(kernel) for kernel in group])) for group in groups)


def reach_of(kernel: Kernel, share: float = NEGLIGIBLE) -> float:
    """The distance (mm) beyond which no plane holds more than ``share`` of the kernel's greatest value."""
    narrowest, widest = (math.sqrt(float(v)) for v in (kernel.variance_mm2.min(), kernel.variance_mm2.max()))
    distance = np.append(0.0, np.geomspace(narrowest / 10, 8 * widest, 400))
    profile = np.abs(kernel.at(distance)).reshape(-1, len(distance)).max(axis=0)
    counts = np.flatnonzero(profile > share * profile.max())
    return float(distance[min(counts[-1] + 1, len(distance) - 1)]) if counts.size else 0.0


def field_of(raster: Raster, x_mm: ArrayLike, y_mm: ArrayLike, dose_mg: ArrayLike, kind: ArrayLike, kernels: Sequence[Kernel]) -> Array:
    """The field (L, Y, X) of P doses, of which ``kind`` (P,) names the kernel."""
    x, y, dose, which = np.asarray(x_mm, dtype=float), np.asarray(y_mm, dtype=float), np.asarray(dose_mg, dtype=float), np.asarray(kind, dtype=int)
    found = np.zeros((len(planes_of(kernels[0])), len(raster.y_mm), len(raster.x_mm)))
    for number, kernel in enumerate(kernels):
        chosen = (which == number) & (dose != 0)
        if chosen.any():
            found += _planes(raster.x_mm, raster.y_mm, x[chosen], y[chosen], dose[chosen], kernel)
    return found


def _planes(to_x: Array, to_y: Array, x: Array, y: Array, dose: Array, kernel: Kernel) -> Array:
    return mixed(kernel, maps_of(to_x, to_y, x, y, dose, kernel.variance_mm2))


def mixed(kernel: Kernel, maps: Array) -> Array:
    """The field (L, Y, X) from the maps (M, Y, X) of a kernel's Gaussians."""
    field = planes_of(kernel) @ maps.reshape(len(maps), -1)
    return field.reshape(-1, *maps.shape[1:])


def maps_of(to_x: Array, to_y: Array, x: Array, y: Array, dose: Array, variance: Array) -> Array:
    """Doses blurred by each of M Gaussians (M, Y, X), mg/mm². Points of a lattice share rows and columns, so exponentials are taken once for each."""
    columns, column = np.unique(x, return_inverse=True)
    rows, row = np.unique(y, return_inverse=True)
    across, along = _bells(to_x, columns, variance), _bells(to_y, rows, variance)  # (M, C, X), (M, R, Y)
    along /= (2 * math.pi * variance)[:, None, None]
    if len(rows) * len(columns) <= 8 * len(x):
        doses = np.zeros((len(rows), len(columns)))
        np.add.at(doses, (row, column), dose)
        return np.asarray(np.swapaxes(along, 1, 2) @ (doses @ across))
    return np.asarray((np.swapaxes(along[:, row], 1, 2) * dose) @ across[:, column])


def _bells(to: Array, centre: Array, variance: Array) -> Array:
    """exp(-(x - c)²/2v) for M variances: (M, P, X)."""
    bells: Array = np.exp((-0.5 / variance)[:, None, None] * (to[None, None, :] - centre[None, :, None]) ** 2)
    return bells


@dataclass(frozen=True, slots=True)
class Influence:
    """What 1 mg at each of P candidates gives to each place: float32 (P, L·Y·X), dense, or sparse where most of it is nothing."""

    matrix: Any
    shape: tuple[int, int, int]

    def field(self, dose_mg: ArrayLike) -> Array:
        """The field (L, Y, X) of doses (P,)."""
        found: Array = np.asarray(self.matrix.T @ np.asarray(dose_mg, dtype=np.float32), dtype=float)
        return found.reshape(self.shape)

    def gradient(self, by_field: Array) -> Array:
        """What one more mg at each candidate (P,) changes, from what one more at each place (L, Y, X) changes."""
        found: Array = np.asarray(self.matrix @ by_field.reshape(-1).astype(np.float32), dtype=float)
        return found


def influence_of(raster: Raster, x_mm: ArrayLike, y_mm: ArrayLike, kind: ArrayLike, kernels: Sequence[Kernel]) -> Influence:
    """The influence matrix of P candidates, of which ``kind`` (P,) names the kernel. Raises ``ValueError`` where it would be too large."""
    x, y, which = np.asarray(x_mm, dtype=float), np.asarray(y_mm, dtype=float), np.asarray(kind, dtype=int)
    shape = (len(planes_of(kernels[0])), len(raster.y_mm), len(raster.x_mm))
    voxels, pixels = math.prod(shape), shape[1] * shape[2]
    within_reach = np.array([min(math.pi * (reach_of(kernel) / raster.pixel_mm) ** 2, pixels) / pixels for kernel in kernels])
    share = float(within_reach[which].mean()) if len(which) else 1.0
    sparse = share < SPARSE_BELOW
    held = len(x) * voxels * (2 * share if sparse else 1)
    if held > MOST_NUMBERS:
        raise ValueError(
            f"{len(x)} candidates on {voxels} voxels need {held:.0f} numbers, more than {MOST_NUMBERS}; take fewer candidates, larger pixels or fewer depths."
        )
    return Influence((_sparse if sparse else _dense)(raster, x, y, which, kernels, shape), shape)


def _dense(raster: Raster, x: Array, y: Array, which: Whole, kernels: Sequence[Kernel], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    matrix = np.zeros((len(x), *shape), dtype=np.float32)
    for number, kernel in enumerate(kernels):
        mine = np.flatnonzero(which == number)
        for rows in (mine[start : start + ROWS_AT_ONCE] for start in range(0, len(mine), ROWS_AT_ONCE)):
            matrix[rows] = _rows(raster, x[rows], y[rows], kernel)
    return matrix.reshape(len(x), -1)


def _sparse(raster: Raster, x: Array, y: Array, which: Whole, kernels: Sequence[Kernel], shape: tuple[int, int, int]) -> Any:
    from scipy.sparse import csr_array, vstack

    parts, order = [], []
    for number, kernel in enumerate(kernels):
        mine = np.flatnonzero(which == number)
        least = NEGLIGIBLE * float(np.abs(kernel.at(0.0)).max())
        for rows in (mine[start : start + ROWS_AT_ONCE] for start in range(0, len(mine), ROWS_AT_ONCE)):
            block = _rows(raster, x[rows], y[rows], kernel).reshape(len(rows), -1)
            parts.append(csr_array(np.where(np.abs(block) > least, block, 0.0), dtype=np.float32))
            order.append(rows)
    stacked = vstack(parts, format="csr") if parts else csr_array((0, math.prod(shape)), dtype=np.float32)
    return stacked[np.argsort(np.concatenate(order))] if order else stacked


def _rows(raster: Raster, x: Array, y: Array, kernel: Kernel) -> Array:
    """Fields of 1 mg at each of a few points (P, L, Y, X)."""
    across = np.moveaxis(_bells(raster.x_mm, x, kernel.variance_mm2), 1, 0)  # (P, M, X)
    along = np.moveaxis(_bells(raster.y_mm, y, kernel.variance_mm2), 1, 0)
    scaled = planes_of(kernel) / (2 * math.pi * kernel.variance_mm2)
    return np.stack([(np.swapaxes(along, 1, 2) * row) @ across for row in scaled], axis=1)


@dataclass(frozen=True)
class Picture:
    """The field of a plan, kept up to date: a point that moves or changes its dose costs two patches, whatever the plan holds."""

    raster: Raster
    x_mm: Array
    y_mm: Array
    dose_mg: Array
    kind: Whole
    kernels: tuple[Kernel, ...]
    field: Array

    @staticmethod
    def of(raster: Raster, x_mm: ArrayLike, y_mm: ArrayLike, dose_mg: ArrayLike, kind: ArrayLike, kernels: Sequence[Kernel]) -> Picture:
        x, y, dose, which = (np.array(a, dtype=t) for a, t in ((x_mm, float), (y_mm, float), (dose_mg, float), (kind, np.int64)))
        return Picture(raster, x, y, dose, which, tuple(kernels), field_of(raster, x, y, dose, which, kernels))

    @cached_property
    def reaches_mm(self) -> tuple[float, ...]:
        """How far each kernel is patched: to 1e-12 of its greatest value, so that a thousand moves do not show."""
        return tuple(reach_of(kernel, 1e-12) for kernel in self.kernels)

    def moved(self, index: int, *, x_mm: float | None = None, y_mm: float | None = None, dose_mg: float | None = None, kind: int | None = None) -> Picture:
        """The picture with one point elsewhere, or with another dose or kernel; what is not given stays."""
        if not 0 <= index < len(self.x_mm):
            raise ValueError(f"index is {index}; give a point from 0 to {len(self.x_mm) - 1}.")
        now = {"x_mm": x_mm, "y_mm": y_mm, "dose_mg": dose_mg, "kind": kind}
        changed = {name: getattr(self, name).copy() for name in now}
        for name, value in now.items():
            if value is not None:
                changed[name][index] = value
        moved = replace(self, **changed, field=self.field.copy())
        moved.__dict__["reaches_mm"] = self.reaches_mm
        self._add(moved.field, index, -1.0)
        moved._add(moved.field, index, 1.0)
        return moved

    def _add(self, field: Array, index: int, sign: float) -> None:
        """Adds one point's patch to a field in place."""
        x, y, kernel, reach = self.x_mm[index], self.y_mm[index], self.kernels[self.kind[index]], self.reaches_mm[self.kind[index]]
        columns = slice(*np.searchsorted(self.raster.x_mm, (x - reach, x + reach)))
        rows = slice(*np.searchsorted(self.raster.y_mm, (y - reach, y + reach)))
        if self.dose_mg[index] and columns.start < columns.stop and rows.start < rows.stop:
            field[:, rows, columns] += _planes(
                self.raster.x_mm[columns], self.raster.y_mm[rows], np.array([x]), np.array([y]), np.array([sign * self.dose_mg[index]]), kernel
            )
