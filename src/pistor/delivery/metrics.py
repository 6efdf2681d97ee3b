"""Numbers that say what a field is worth: coverage, valleys between points, reach, what spills, how long it lasts.

Fields are (L, Y, X) and in the unit of the kernels they come from, mg/mm³ or mg h/mm³; shares are from 0 to 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pistor.delivery.field import Kernel
from pistor.delivery.grids import cell
from pistor.delivery.influence import Raster, planes_of
from pistor.delivery.problem import within

Array = NDArray[np.float64]

LEVELS = 101
TAIL = 9.0  # standard deviations after which a Gaussian adds nothing


@dataclass(frozen=True, slots=True)
class Coverage:
    """The fraction of places that get at least each level: the dose-area histogram of a slice, the dose-volume one of several."""

    level: Array
    fraction: Array


def coverage_curve(values: ArrayLike, levels: ArrayLike | None = None) -> Coverage:
    """Coverage of the places (N,), at the levels given or at steps from nothing to the greatest value."""
    ordered = np.sort(_places(values))
    at = np.linspace(0.0, float(ordered[-1]), LEVELS) if levels is None else np.asarray(levels, dtype=float)
    return Coverage(at, 1 - np.searchsorted(ordered, at, side="left") / len(ordered))


def level_reached_by(values: ArrayLike, share: float) -> float:
    """The greatest level that at least ``share`` of the places get: D95 for 0.95, D2 for 0.02."""
    ordered = np.sort(_places(values))[::-1]
    wanted = math.ceil(within("share", share, (0.0, 1.0), "") * len(ordered) - 1e-9)
    return float(ordered[max(wanted, 1) - 1])


def _places(values: ArrayLike) -> Array:
    found = np.asarray(values, dtype=float).ravel()
    if not found.size or not np.isfinite(found).all():
        raise ValueError(f"values holds {found.size} numbers, not all of them finite; give the field at one place or more.")
    return found


# ── one point, and an endless lattice of them ───────────────────────────────────────────────────────────────────────────


def reach_mm(kernel: Kernel, share: float, plane: int = 0) -> float:
    """Where a point's profile has fallen to ``share`` of its centre: r50 for 0.5, r10 for 0.1."""
    from scipy.optimize import brentq

    share = within("share", share, (1e-6, 1 - 1e-6), "")
    weight = planes_of(kernel)[plane] / (2 * math.pi * kernel.variance_mm2)
    height = float(weight.sum())

    def above(distance_mm: float) -> float:
        return float(weight @ np.exp(-0.5 * distance_mm**2 / kernel.variance_mm2)) - share * height

    far = math.sqrt(float(kernel.variance_mm2.min()))
    while above(far) > 0:
        far *= 1.5
    return float(brentq(above, 0.0, far, xtol=1e-10))


def lattice_valley_over_peak(kernel: Kernel, pattern: str, spacing_mm: float, plane: int = 0, *, run_mm: float | None = None) -> float:
    """The least over the greatest value of an endless lattice of equal points.

    The peak is at a point, the valley at the place farthest from all points: for a square or rectangle the middle of
    its cell, for the hexagonal pattern the centre of a triangle.
    """
    step, row, stagger = cell(pattern, spacing_mm, run_mm)
    farthest = (step / 2, row / 2) if not stagger else (step / 2, (row**2 - step**2 / 4) / (2 * row))
    peak, valley = lattice_level(kernel, pattern, spacing_mm, [(0.0, 0.0), farthest], plane, run_mm=run_mm)
    return float(valley / peak)


def lattice_level(
    kernel: Kernel, pattern: str, spacing_mm: float, at_mm: Sequence[tuple[float, float]], plane: int = 0, *, run_mm: float | None = None
) -> Array:
    """The value (N,) per mg in every point of an endless lattice, at places counted from one of its points."""
    step, row, stagger = cell(pattern, spacing_mm, run_mm)
    x, y = np.asarray(at_mm, dtype=float).T
    weight = planes_of(kernel)[plane] / (2 * math.pi * kernel.variance_mm2)
    if not stagger:
        return np.asarray(weight @ (_comb(x, step, kernel.variance_mm2) * _comb(y, row, kernel.variance_mm2)))
    even = _comb(x, step, kernel.variance_mm2) * _comb(y, 2 * row, kernel.variance_mm2)
    odd = _comb(x - stagger, step, kernel.variance_mm2) * _comb(y - row, 2 * row, kernel.variance_mm2)
    return np.asarray(weight @ (even + odd))


def _comb(position: Array, period: float, variance: Array) -> Array:
    """Sum over n of exp(-(x - n·period)²/2v): (M, N)."""
    count = math.ceil(TAIL * math.sqrt(float(variance.max())) / period) + 1
    teeth = position[:, None] - period * np.arange(-count, count + 1)
    return np.asarray(np.exp((-0.5 / variance)[:, None, None] * teeth**2).sum(axis=-1))


def even_level(kernel: Kernel, dose_mg: float, area_mm2: float, plane: int = 0) -> float:
    """The value that a dose would give everywhere if it were spread evenly over an endless area: what wide blebs tend to."""
    return float(planes_of(kernel)[plane].sum()) * dose_mg / area_mm2


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def time_above(times_h: Sequence[float], fields: Iterable[ArrayLike], threshold: float) -> Array:
    """Hours (...) that every place spends above a threshold, from fields (...) at rising times, taken one at a time.

    Between two times a field is taken to rise in a straight line and to fall exponentially, as what is cleared does.
    """
    threshold = within("threshold", threshold, (1e-300, 1e300), "")
    if len(times_h) < 2 or any(later <= sooner for sooner, later in itertools.pairwise(times_h)):
        raise ValueError("times_h does not rise; give two times or more, from the earliest to the latest.")
    each = iter(fields)
    before = np.array(next(each), dtype=float)  # copies: who streams fields may write them all into one place
    total: Array = np.zeros_like(before)
    for (sooner, later), field in zip(itertools.pairwise(times_h), each, strict=True):
        now = np.array(field, dtype=float)
        total += (later - sooner) * _share_above(before, now, threshold)
        before = now
    return total


def _share_above(before: Array, now: Array, threshold: float) -> Array:
    """The share of a stretch of time above the threshold."""
    safe_before, safe_now = np.maximum(before, 1e-300), np.maximum(now, 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        falling = np.log(safe_before / threshold) / np.log(safe_before / safe_now)
        rising = (now - threshold) / (now - before)
    above, ending = before > threshold, now > threshold
    return np.where(above & ending, 1.0, np.where(above, falling, np.where(ending, rising, 0.0)))


# ── a plan ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Score:
    """A plan's field in a few numbers. Levels are in its unit; the others are shares, from 0 to 1.

    ``covered`` gets at least the wanted level and ``hot`` at least ``HOT`` times as much; ``short`` is what is missing to
    it on average, as a share of it. ``spilled`` is the part of the whole that lies outside the target.
    """

    wanted: float
    covered: float
    short: float
    hot: float
    mean: float
    lowest: float
    highest: float
    d95: float
    d2: float
    valley_over_peak: float
    spilled: float
    outside_mean: float
    no_go_mean: float
    no_go_highest: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


HOT = 5.0


def score(field: Array, raster: Raster, wanted: float) -> Score:
    """The numbers of a field (L, Y, X), against the level wanted in the target."""
    wanted = within("wanted", wanted, (1e-300, 1e300), "")
    inside, forbidden, outside = (field[:, mask] for mask in (raster.target, raster.no_go, raster.outside))
    whole = float(field.sum())
    return Score(
        wanted=wanted,
        covered=float((inside >= wanted).mean()),
        short=float(np.maximum(1 - inside / wanted, 0).mean()),
        hot=float((inside >= HOT * wanted).mean()),
        mean=float(inside.mean()),
        lowest=float(inside.min()),
        highest=float(inside.max()),
        d95=level_reached_by(inside, 0.95),
        d2=level_reached_by(inside, 0.02),
        valley_over_peak=float(inside.min() / inside.max()) if inside.max() > 0 else 0.0,
        spilled=1 - float(inside.sum()) / whole if whole > 0 else 0.0,
        outside_mean=float(outside.mean()) if outside.size else 0.0,
        no_go_mean=float(forbidden.mean()) if forbidden.size else 0.0,
        no_go_highest=float(forbidden.max()) if forbidden.size else 0.0,
    )
