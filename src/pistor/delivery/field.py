"""The engine: depots in layered tissue, at any depth, place and time, without time stepping.

Depth is solved by spectral elements and their modes (`vertical`), width by a mixture of Gaussians (`mixture`). Everything
asked of a solution is then a small matrix of weights times a few blurred dose maps (`lateral`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pistor.delivery import lateral, mixture
from pistor.delivery.absorption import Influx
from pistor.delivery.budget import Budget, Stretch, absorption, balance, integrated, steps_of, stretches
from pistor.delivery.problem import FAR, REFLECT, Depot, Tissue, below_surface, checked
from pistor.delivery.vertical import Column, elements_for, initial_profile

Array = NDArray[np.float64]

TOLERANCE = 1e-5
TIGHTEST, LOOSEST = 1e-12, 1e-2
MOST_ROUNDS = 12
MOST_UNKNOWNS = 600  # more are not worth their time; the estimated error then says so
MOST_TYPICAL = 40  # kinds of depots by which the elements are judged
MOST_LOOKED_AT = 12  # times at which the elements are judged
WIDEST_MM2 = 1e6  # a metre: nothing is asked that far away
ENDLESS_MM2 = 1e14  # where nothing clears, the exposure falls with distance only
AT_ONCE = 4  # times of a volume that one product works out
CHUNK = 2_000_000  # numbers held at once while probes are read


@dataclass(frozen=True, slots=True)
class Spectrum:
    """States of the column for J wavenumbers at T times: whitened (J, N, T, R), for R sources."""

    kappa_per_mm: Array
    states: Array


def solve(
    tissue: Tissue,
    depots: Iterable[Depot],
    times_h: Iterable[float],
    *,
    tolerance: float = TOLERANCE,
    walls: lateral.Walls | None = None,
) -> Solution:
    """The solution for depots that are there at time zero, at times in any order.

    ``tolerance`` bounds the relative L2 error over space at each time as the engine estimates it itself (`Solution.error`).
    Sideways the tissue has no end, or mirrors at ``walls`` (x from, x to, y from, y to; mm). Raises ``ValueError``.
    """
    found, times = checked(tissue, depots, times_h)
    if not TIGHTEST <= tolerance <= LOOSEST:
        raise ValueError(f"tolerance is {tolerance:g}; give a number from {TIGHTEST:g} to {LOOSEST:g}.")
    return Solution(tissue, found, np.array(times), tolerance, walls)


@dataclass(frozen=True, slots=True)
class Exposed:
    """The spectrum of the area under the concentration, and the Gaussians it is written in."""

    column: Column
    grid: mixture.Grid
    spectrum: Spectrum


@dataclass(frozen=True, slots=True)
class Kernel:
    """One unit depot's lateral profile: sum of weight·exp(-r²/2v)/(2 pi v) over M Gaussians.

    ``variance_mm2`` (M,); ``weight_per_mm`` (T, Z, M) for concentrations, (Z, M) in h/mm for the area under them.
    """

    variance_mm2: Array
    weight_per_mm: Array

    def at(self, distance_mm: ArrayLike) -> Array:
        """Concentration or exposure per mg at distances (N,): (..., N)."""
        squared = np.square(np.atleast_1d(np.asarray(distance_mm, dtype=float)))
        gaussians = np.exp(-np.multiply.outer(0.5 / self.variance_mm2, squared)) / (2 * math.pi * self.variance_mm2)[:, None]
        profile: Array = self.weight_per_mm @ gaussians
        return profile


class Solution:
    """What became of the depots. Times (T,) as they were given; depths, positions in mm; concentrations in mg/mm³ of tissue."""

    def __init__(self, tissue: Tissue, depots: Sequence[Depot], times_h: Array, tolerance: float, walls: lateral.Walls | None) -> None:
        self.tissue, self.times_h, self.tolerance, self.walls = tissue, times_h, tolerance, walls
        self.x_mm, self.y_mm, depth, width, height, self.dose_mg = (np.array(column) for column in zip(*(_numbers(d) for d in depots), strict=True))
        self.kinds, self._kind = _kinds(depth, height)
        self.narrowest_mm2 = float(width.min() ** 2)
        self.extra_mm2: Array = width**2 - self.narrowest_mm2
        self._later = times_h > 0
        later = times_h[self._later]
        self._first_h = float(later.min()) if later.size else 1.0
        self._last_h = float(later.max()) if later.size else 1.0
        self._middle_h = math.sqrt(self._first_h * self._last_h)
        looked_at = _spread_out(later) if later.size else np.array([self._last_h])
        here_and_there = np.array([0.0, 1 / math.sqrt(self.narrowest_mm2)])
        self.column = self._resolved(self._first_h, lambda column, loads: self._march(column, here_and_there, loads, looked_at))
        self._sources, self._shares = _compressed(self.column.loads(self.kinds), self._kind, 1e-3 * tolerance)

    # ── how well ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _resolved(self, first_h: float, states_of: Callable[[Column, Array], Array]) -> Column:
        """Elements halved until none of them has a tail that counts in what will be read from them: states (J, N, ...)."""
        degree = max(6, min(14, math.ceil(4.5 - math.log10(self.tolerance))))
        elements = elements_for(self.tissue, self.kinds, first_h, self._last_h, degree)
        for _ in range(MOST_ROUNDS):
            column = Column(self.tissue, elements)
            tails = column.tails(states_of(column, column.loads(_typical(self.kinds))).swapaxes(0, 1))
            worst = tails.reshape(len(tails), -1).max(axis=1, initial=0.0)
            if math.sqrt(worst.sum()) <= self.tolerance / 2 or column.free > MOST_UNKNOWNS:
                break
            elements = elements.split(worst > (self.tolerance / 4) ** 2 / len(worst))
        return column

    @cached_property
    def error(self) -> Array:
        """Relative L2 error over space (T,), estimated: tails of the elements, and what the Gaussians cannot represent."""
        spectrum = self._spectrum
        tails = self.column.tails(spectrum.states.swapaxes(0, 1)).sum(axis=0)
        size = np.sum(spectrum.states**2, axis=1)
        weight = np.gradient(spectrum.kappa_per_mm) if len(spectrum.kappa_per_mm) > 1 else np.ones(1)
        weight = weight * (spectrum.kappa_per_mm + 1e-9) * np.exp(-self.narrowest_mm2 * spectrum.kappa_per_mm**2)
        amount = np.sum(self._amounts**2, axis=1)
        lost = np.einsum("j,r,jtr->t", weight, amount, tails * size)
        kept = np.einsum("j,r,jtr->t", weight, amount, size)
        vertical = np.sqrt(np.divide(lost, kept, out=np.zeros_like(lost), where=kept > 0))
        low, high = self._variances
        error = np.zeros(len(self.times_h))
        error[self._later] = vertical + self._grid.error * np.sqrt(high / low)[self._later]
        return error

    # ── the spectrum and its mixture ────────────────────────────────────────────────────────────────────────────────

    def _march(self, column: Column, kappa: Array, sources: Array, times: Array) -> Array:
        """Whitened states (J, N, T, R) at positive times, from one stretch of constant clearance to the next."""
        states = np.zeros((len(kappa), column.free, len(times), sources.shape[1]))
        now = np.broadcast_to(sources, (len(kappa), *sources.shape))
        for step in steps_of(self.tissue):
            here = (times > step.start_h) & (times <= step.stop_h)
            if not here.any() and step.stop_h >= times.max(initial=0.0):
                break
            rates, modes = column.modes(step.clearance_per_h, kappa, self._middle_h)
            amounts = modes.swapaxes(1, 2) @ now
            decay = np.exp(-rates[:, :, None] * (times[here] - step.start_h))
            kept = (decay[..., None] * amounts[:, :, None]).reshape(len(kappa), column.free, -1)
            states[:, :, here] = (modes @ kept).reshape(len(kappa), column.free, -1, sources.shape[1])
            if math.isfinite(step.stop_h):
                now = modes @ (np.exp(-rates * (step.stop_h - step.start_h))[..., None] * amounts)
        return states

    @cached_property
    def _variances(self) -> tuple[Array, Array]:
        """Least and greatest lateral variance (mm²) at each time, of the narrowest depot."""
        speed = [layer.diffusivity_mm2_per_h for layer in self.tissue.layers]
        return self.narrowest_mm2 + 2 * min(speed) * self.times_h, self.narrowest_mm2 + 2 * max(speed) * self.times_h

    @cached_property
    def _grid(self) -> mixture.Grid:
        low, high = self._variances
        wide = math.sqrt(float((high / low).max()))  # as in `error`: the narrowest Gaussians err most against the widest profile
        return mixture.grid_for(float(low.min()), float(high.max()), self.tolerance / (2 * wide))

    @cached_property
    def _spectrum(self) -> Spectrum:
        kappa = mixture.wavenumbers(self._grid)
        return Spectrum(kappa, self._march(self.column, kappa, self._sources, self.times_h[self._later]))

    @cached_property
    def _windows(self) -> list[slice]:
        return [self._grid.window(low, high) for low, high in zip(*self._variances, strict=True)]

    def weights(self, depth_mm: ArrayLike) -> list[Array]:
        """For each time the weights (Z, M, R) of its window of Gaussians at these depths, per mm, for R sources."""
        depth = self._depths(depth_mm)
        kappa = self._spectrum.kappa_per_mm
        states, sources = self._spectrum.states, self._sources.shape[1]
        profile = np.empty((len(kappa), len(depth), len(self.times_h), sources))
        read = self.column.reading(depth) @ states.reshape(len(kappa), self.column.free, -1)
        profile[:, :, self._later] = read.reshape(len(kappa), len(depth), -1, sources)
        profile[:, :, ~self._later] = self._start(depth)[:, None]
        profile *= np.exp(-self.narrowest_mm2 * kappa**2 / 2)[:, None, None, None]
        variance = self._grid.variance_mm2
        return [np.moveaxis(mixture.fit(kappa, variance[w], profile[:, :, t]), 0, 1) for t, w in enumerate(self._windows)]

    def _start(self, depth: Array) -> Array:
        """Profiles (Z, R) of the sources at time zero, each as the mixture of the kinds' own that it is."""
        kinds = np.stack([initial_profile(self.tissue, depth, *kind) for kind in self.kinds], axis=1)
        start: Array = kinds @ np.linalg.pinv(self._shares, rcond=0.0)
        return start

    @property
    def _amounts(self) -> Array:
        """Dose of every depot in every source (R, P)."""
        amounts: Array = self._shares[:, self._kind] * self.dose_mg
        return amounts

    # ── what one asks ───────────────────────────────────────────────────────────────────────────────────────────────

    def concentration(self, x_mm: ArrayLike, y_mm: ArrayLike, depth_mm: ArrayLike) -> Array:
        """Concentration (T, N) at N probes."""
        x, y, depth = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (x_mm, y_mm, depth_mm))
        levels, level = np.unique(self._depths(depth), return_inverse=True)
        return self._at_points(x, y, level, self._grid.variance_mm2, self._windows, self.weights(levels))

    def auc(self, x_mm: ArrayLike, y_mm: ArrayLike, depth_mm: ArrayLike) -> Array:
        """Area under the concentration from time zero to infinity, mg h/mm³ (N,); infinite where nothing ever removes the dose."""
        x, y, depth = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (x_mm, y_mm, depth_mm))
        levels, level = np.unique(self._depths(depth), return_inverse=True)
        if not self.removed:
            return np.full(len(x), math.inf)
        grid = self._exposed.grid
        exposure: Array = self._at_points(x, y, level, grid.variance_mm2, [slice(None)], [self.auc_weights(levels)])[0]
        return exposure

    def auc_slices(self, x_mm: Any, y_mm: Any, depth_mm: ArrayLike) -> Any:
        """The same on a grid (Z, Y, X), in the namespace and precision of ``x_mm``."""
        return _weighted(self.auc_weights(depth_mm), self._maps(self._exposed.grid.variance_mm2, x_mm, y_mm), None)

    def auc_weights(self, depth_mm: ArrayLike) -> Array:
        """Weights (Z, M, R) of the Gaussians of `auc_variance_mm2` at these depths, h/mm, for R sources."""
        if not self.removed:
            raise ValueError("clearance_per_h is 0 in every layer above a reflecting bottom, so the exposure never ends; give a clearance or another bottom.")
        exposed = self._exposed
        kappa = exposed.spectrum.kappa_per_mm
        profile = exposed.column.reading(self._depths(depth_mm)) @ exposed.spectrum.states[:, :, 0]
        profile *= np.exp(-self.narrowest_mm2 * kappa**2 / 2)[:, None, None]
        return np.moveaxis(mixture.fit(kappa, exposed.grid.variance_mm2, profile), 0, 1)

    @property
    def removed(self) -> bool:
        """Whether anything takes the dose away in the end."""
        return self.tissue.bottom != REFLECT or any(self.tissue.clearance_per_h)

    @cached_property
    def _exposed(self) -> Exposed:
        """States integrated over all time, on a grid of variances of its own."""
        here_and_there = np.array([1e-3, 1.0]) / math.sqrt(self.narrowest_mm2)
        column = self._resolved(0.0, lambda column, loads: self._integrals(column, here_and_there, loads))
        fastest = max(layer.diffusivity_mm2_per_h for layer in self.tissue.layers)
        kept = self.tissue.bottom == FAR and not any(self.tissue.clearance_per_h)
        if kept:
            spread = ENDLESS_MM2
        else:
            to_come = 2 * math.log(1 / self.tolerance) / max(column.slowest_per_h(self.tissue.clearance_per_h), 1e-12)
            spread = min(2 * fastest * (steps_of(self.tissue)[-1].start_h + to_come), WIDEST_MM2)
        grid = mixture.grid_for(self.narrowest_mm2, self.narrowest_mm2 + spread, self.tolerance / 2)
        kappa = mixture.wavenumbers(grid)
        if kept:  # integrated over an endless plane the exposure is infinite, at every single point it is not
            kappa = kappa[1:]
        loads = column.loads(self.kinds)
        sources = loads if self._sources.shape[1] == len(self.kinds) else loads @ np.linalg.pinv(self._shares)
        return Exposed(column, grid, Spectrum(kappa, self._integrals(column, kappa, sources)[:, :, None]))

    def _integrals(self, column: Column, kappa: Array, sources: Array) -> Array:
        """Whitened states integrated over all time (J, N, R)."""
        now = np.broadcast_to(sources, (len(kappa), *sources.shape))
        total = np.zeros(now.shape)
        for step in steps_of(self.tissue):
            if math.isinf(step.stop_h):
                return total + column.exposed(step.clearance_per_h, kappa, now)
            rates, modes = column.modes(step.clearance_per_h, kappa, self._middle_h)
            amounts, span = np.swapaxes(modes, 1, 2) @ now, step.stop_h - step.start_h
            total += modes @ (np.stack([integrated(row, np.array([span]))[0] for row in rates])[..., None] * amounts)
            now = modes @ (np.exp(-rates * span)[..., None] * amounts)
        return total

    def kernel(self, depth_mm: ArrayLike) -> Kernel:
        """The profile of one unit depot of the first kind at each time and depth."""
        variance = self._grid.variance_mm2
        weights = np.zeros((len(self.times_h), np.size(depth_mm), len(variance)))
        for row, window, found in zip(weights, self._windows, self.weights(depth_mm), strict=True):
            row[:, window] = found @ self._shares[:, 0]
        return Kernel(variance, weights)

    def auc_kernel(self, depth_mm: ArrayLike) -> Kernel:
        """The area under it."""
        return Kernel(self._exposed.grid.variance_mm2, self.auc_weights(depth_mm) @ self._shares[:, 0])

    def fields(self, x_mm: Any, y_mm: Any, depth_mm: ArrayLike, *, out: Any = None) -> Iterator[Any]:
        """Concentration (Z, Y, X) at one time after the other, never all at once, in the namespace and precision of ``x_mm``.

        ``out`` (Z, Y, X), NumPy only, is written anew for every time.
        """
        maps = self.maps(x_mm, y_mm)
        for weights, window in zip(self.weights(depth_mm), self._windows, strict=True):
            yield _weighted(weights, maps[window, ...], out)

    def volume(self, x_mm: Any, y_mm: Any, depth_mm: ArrayLike, out: Any = None) -> Any:
        """Concentration (T, Z, Y, X) on a grid; ``out``, NumPy only, is contiguous. Raises ``ValueError``."""
        if out is not None and not out.flags.c_contiguous:
            raise ValueError("out is not contiguous; give an array in the order times, depths, y, x.")
        if out is None and isinstance(x_mm, np.ndarray):
            out = np.empty((len(self.times_h), np.size(depth_mm), y_mm.shape[0], x_mm.shape[0]), dtype=x_mm.dtype)
        if out is None:
            return lateral.namespace(x_mm).stack(list(self.fields(x_mm, y_mm, depth_mm)))
        maps, depths = self.maps(x_mm, y_mm), np.size(depth_mm)
        for times, weights, window in self._together(self.weights(depth_mm)):
            _weighted(weights.reshape(-1, *weights.shape[2:]), maps[window, ...], out[times].reshape(len(weights) * depths, *out.shape[2:]))
        return out

    def _together(self, weights: Sequence[Array]) -> Iterator[tuple[slice, Array, slice]]:
        """Times next to each other with the weights (T, Z, M, R) of the window that holds all of theirs: a product with
        more rows reads the maps less often."""
        for start in range(0, len(weights), AT_ONCE):
            times = slice(start, min(start + AT_ONCE, len(weights)))
            windows = self._windows[times]
            whole = slice(min(w.start for w in windows), max(w.stop for w in windows))
            filled = np.zeros((len(windows), weights[0].shape[0], whole.stop - whole.start, weights[0].shape[2]))
            for row, window, found in zip(filled, windows, weights[times], strict=True):
                row[:, window.start - whole.start : window.stop - whole.start] = found
            yield times, filled, whole

    def maps(self, x_mm: Any, y_mm: Any) -> Any:
        """Dose maps (M, R, Y, X), one for each Gaussian of the grid and each source, mg/mm². All times share them."""
        return self._maps(self._grid.variance_mm2, x_mm, y_mm)

    def _maps(self, variance_mm2: Array, x_mm: Any, y_mm: Any) -> Any:
        """Maps (M, R, Y, X): for each Gaussian and source one product of two thin matrices."""
        xp = lateral.namespace(x_mm)
        x, y = self._placed(variance_mm2[-1])
        shape = (len(variance_mm2), len(self._amounts), y_mm.shape[0], x_mm.shape[0])
        out = np.empty(shape, dtype=x_mm.dtype) if xp is np else None
        rows: list[list[Any]] = [[] for _ in variance_mm2]
        for r, amount in enumerate(self._amounts):
            on = np.flatnonzero(amount)
            here = [xp.asarray(a, dtype=x_mm.dtype) for a in (x[:, on], y[:, on], amount[on])]
            extra = self.extra_mm2[on]
            spread = [xp.asarray(v + extra if extra.any() else v, dtype=x_mm.dtype) for v in variance_mm2]
            for m, (height, width) in enumerate(lateral.factors(x_mm, y_mm, here[0], here[1], spread, here[2])):
                if out is not None:
                    np.matmul(height, width, out=out[m, r])
                else:
                    rows[m].append(xp.matmul(height, width))
        return out if out is not None else xp.stack([xp.stack(row) for row in rows])

    def _placed(self, widest_mm2: float) -> tuple[Array, Array]:
        """Positions of the depots and their images, (K, P) across and (L, P) along."""
        reach = math.sqrt(2 * math.log(10 / self.tolerance) * (widest_mm2 + self.extra_mm2.max()))
        across, along = (self.walls[:2], self.walls[2:]) if self.walls else (None, None)
        return lateral.images(self.x_mm, across, reach), lateral.images(self.y_mm, along, reach)

    def _at_points(self, x: Array, y: Array, level: NDArray[np.int64], variance: Array, windows: Sequence[slice], weights: Sequence[Array]) -> Array:
        at_x, at_y = self._placed(variance[-1])
        found = np.zeros((len(windows), len(x)))
        size = max(1, CHUNK // (at_x.size * at_y.shape[0]))
        for part in (slice(start, start + size) for start in range(0, len(x), size)):
            near = np.stack([lateral.at_points(x[part], y[part], at_x, at_y, v + self.extra_mm2, self._amounts) for v in variance])
            for t, (window, weight) in enumerate(zip(windows, weights, strict=True)):
                found[t, part] = np.einsum("nmr,mrn->n", weight[level[part]], near[window])
        return found

    # ── what is left, and what is gone ──────────────────────────────────────────────────────────────────────────────

    @cached_property
    def budget(self) -> Budget:
        """Mass balance over time, from the mode kappa = 0 alone."""
        found = balance(self._drained, self.times_h)
        start_mg = float(self._load_mg[:: self.column.elements.degree].sum())  # exact, however coarse the elements are for what comes later
        mass, lost = np.where(self._later, found.mass_mg, start_mg), np.where(self._later, found.lost_mg, self.dose_mg.sum() - start_mg)
        return Budget(mass, found.cleared_mg, lost)

    def absorption(self, shares: Sequence[Sequence[float]] | None = None, *, bottom: float = 1.0) -> Influx:
        """What the blood takes up, as a sum of exponentials; see `budget.absorption`."""
        return absorption(self._drained, shares, bottom=bottom)

    @cached_property
    def _drained(self) -> list[Stretch]:
        return stretches(self.column, self._load_mg, float(self.dose_mg.sum()))

    @cached_property
    def _load_mg(self) -> Array:
        """Integrals of the whole dose with every shape function (`Column.full_loads`)."""
        load: Array = self.column.full_loads(self.kinds) @ np.bincount(self._kind, self.dose_mg, len(self.kinds))
        return load

    @property
    def mass_mg(self) -> Array:
        return self.budget.mass_mg

    @property
    def cleared_mg(self) -> Array:
        cleared: Array = self.budget.cleared_mg.sum(axis=1)
        return cleared

    @property
    def lost_mg(self) -> Array:
        return self.budget.lost_mg

    def _depths(self, depth_mm: ArrayLike) -> Array:
        depth = np.atleast_1d(np.asarray(depth_mm, dtype=float))
        for worst in (depth.min(), depth.max()) if depth.size and np.isfinite(depth).all() else depth:
            below_surface("depth_mm", float(worst), self.tissue)
        return depth


def _weighted(weights: Array, maps: Any, out: Any) -> Any:
    """Weights (Z, M, R) times maps (M, R, Y, X): (Z, Y, X)."""
    xp = lateral.namespace(maps)
    kinds, sources, height, width = maps.shape
    flat = xp.reshape(maps, (kinds * sources, height * width))
    matrix = xp.asarray(np.ascontiguousarray(weights).reshape(len(weights), -1), dtype=maps.dtype)
    if out is not None:
        np.matmul(matrix, flat, out=out.reshape(len(weights), height * width))
        return out
    return xp.reshape(xp.matmul(matrix, flat), (len(weights), height, width))


def _numbers(depot: Depot) -> tuple[float, float, float, float, float, float]:
    return depot.x_mm, depot.y_mm, depot.depth_mm, depot.sigma_lateral_mm, depot.sigma_vertical_mm, depot.dose_mg


def _kinds(depth: Array, height: Array) -> tuple[list[tuple[float, float]], NDArray[np.int64]]:
    """The different (depth_mm, sigma_vertical_mm), and which of them each depot is."""
    seen: dict[tuple[float, float], int] = {}
    kind = [seen.setdefault(pair, len(seen)) for pair in zip(depth.tolist(), height.tolist(), strict=True)]
    return list(seen), np.array(kind)


def _typical(kinds: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most a few dozen of the kinds, evenly over depth, the flattest among them."""
    if len(kinds) <= MOST_TYPICAL:
        return kinds
    by_depth = sorted(kinds)
    chosen = [by_depth[i] for i in np.linspace(0, len(kinds) - 1, MOST_TYPICAL).astype(int)]
    return [*chosen, min(kinds, key=lambda kind: kind[1])]


def _spread_out(times_h: Array) -> Array:
    """At most a dozen of the times, the earliest and the last among them, evenly on a log scale."""
    known = np.unique(times_h)
    if len(known) <= MOST_LOOKED_AT:
        return known
    wanted = np.geomspace(known[0], known[-1], MOST_LOOKED_AT)
    return np.unique(known[np.clip(np.searchsorted(known, wanted * (1 - 1e-12)), 0, len(known) - 1)])


def _compressed(loads: Array, kind: NDArray[np.int64], tolerance: float) -> tuple[Array, Array]:
    """Sources (N, R) and the share of each in every kind (R, U): hundreds of depths span a few dozen profiles."""
    left, size, right = np.linalg.svd(loads, full_matrices=False)
    rank = int(np.sum(size > tolerance * size[0]))
    if rank >= loads.shape[1]:
        return loads, np.eye(loads.shape[1])
    return left[:, :rank], size[:rank, None] * right[:rank]
