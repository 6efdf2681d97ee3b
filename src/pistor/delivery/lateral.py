"""Sums of Gaussians over a plane, written against the array API so that NumPy, JAX or CuPy can carry it.

``x_mm`` decides where and how precisely the work is done: its namespace and its dtype are those of every array here.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Walls = tuple[float, float, float, float]  # x from, x to, y from, y to: mirrors


def namespace(array: Any) -> Any:
    """The functions that work on an array: its array API namespace, or its package where it offers none (CuPy)."""
    offered = getattr(array, "__array_namespace__", None)
    return offered() if offered else importlib.import_module(type(array).__module__.partition(".")[0])


def images(centre: Array, walls: tuple[float, float] | None, reach_mm: float) -> Array:
    """Where P depots stand along one axis, and their images behind its two mirrors (K, P), the depots themselves first.

    Images further than ``reach_mm`` outside are infinitely far away. Mirrors of both axes may be left apart: the sum over
    all images of a depot is the product of the sums along either axis.
    """
    if walls is None:
        return centre[None]
    low, high = walls
    rounds = math.ceil(reach_mm / (2 * (high - low))) + 1
    turns = 2 * (high - low) * np.arange(-rounds, rounds + 1)
    found = np.concatenate([np.add.outer(turns[turns != 0], centre), np.add.outer(turns, 2 * low - centre)])
    outside = np.maximum(low - found, found - high)
    found[outside > reach_mm] = math.inf
    nearest = np.take_along_axis(found, outside.argsort(axis=0), axis=0)
    return np.concatenate([centre[None], nearest[np.isfinite(nearest).any(axis=1)]])


def factors(x_mm: Any, y_mm: Any, x: Any, y: Any, variances: Sequence[Any], amount: Any) -> Iterator[tuple[Any, Any]]:
    """For each variance (a scalar, or one for each depot) two factors, (Y, P) and (P, X), whose product is the sum of
    amount·exp(-r²/2v)/(2 pi v) over P depots and their images, ``x`` (K, P) and ``y`` (L, P), on a grid."""
    across = [-0.5 * (x_mm[None, :] - x[k, :][:, None]) ** 2 for k in range(x.shape[0])]
    along = [-0.5 * (y_mm[None, :] - y[k, :][:, None]) ** 2 for k in range(y.shape[0])]
    for variance in variances:
        each = variance if getattr(variance, "ndim", 0) == 0 else variance[:, None]
        height = _gaussians(along, each) * (amount[:, None] / (2 * math.pi * each))
        yield height.T, _gaussians(across, each)


def _gaussians(exponents: Sequence[Any], variance: Any) -> Any:
    """Sum of exp(exponent/variance) over the images (P, N)."""
    xp = namespace(exponents[0])
    total = xp.exp(exponents[0] / variance)
    for exponent in exponents[1:]:
        total += xp.exp(exponent / variance)
    return total


def at_points(x_mm: Any, y_mm: Any, x: Any, y: Any, variance: Any, amounts: Any) -> Any:
    """The same sums at N points for amounts (R, P): (R, N)."""
    xp = namespace(x_mm)
    across = [(x_mm[:, None] - x[k, :][None, :]) ** 2 for k in range(x.shape[0])]
    along = [(y_mm[:, None] - y[k, :][None, :]) ** 2 for k in range(y.shape[0])]
    near = _gaussians([-0.5 * (one + other) for one in across for other in along], variance)
    return xp.matmul(amounts / (2 * math.pi * variance), near.T)
