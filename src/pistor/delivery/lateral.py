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


def mirrored(x: Array, y: Array, walls: Walls | None, reach_mm: float) -> tuple[Array, Array, NDArray[np.int64]]:
    """Positions of the depots and of their images behind mirrors, and which depot each is: images are depots.

    Images further than ``reach_mm`` outside the walls are left out.
    """
    if walls is None:
        return x, y, np.arange(len(x))
    across, which_x = _images(x, walls[0], walls[1], reach_mm)
    along, which_y = _images(y, walls[2], walls[3], reach_mm)
    pairs = [(i, j) for owner in range(len(x)) for i in np.flatnonzero(which_x == owner) for j in np.flatnonzero(which_y == owner)]
    columns, rows = np.array(pairs).T
    return across[columns], along[rows], which_x[columns]


def _images(centre: Array, low: float, high: float, reach_mm: float) -> tuple[Array, NDArray[np.int64]]:
    """Centres and their images along one axis, and whose they are."""
    rounds = math.ceil(reach_mm / (2 * (high - low))) + 1
    turns = 2 * (high - low) * np.arange(-rounds, rounds + 1)
    images = np.concatenate([np.add.outer(turns, centre), np.add.outer(turns, 2 * low - centre)])
    near = (images > low - reach_mm) & (images < high + reach_mm)
    return images[near], np.broadcast_to(np.arange(len(centre)), images.shape)[near]


def factors(x_mm: Any, y_mm: Any, x: Any, y: Any, variances: Sequence[Any], amount: Any) -> Iterator[tuple[Any, Any]]:
    """For each variance (a scalar, or one for each depot) two factors, (Y, P) and (P, X), whose product is the sum of
    amount·exp(-r²/2v)/(2 pi v) over P depots on a grid."""
    xp = namespace(x_mm)
    across = -0.5 * (x_mm[None, :] - x[:, None]) ** 2
    along = -0.5 * (y_mm[None, :] - y[:, None]) ** 2
    for variance in variances:
        each = variance if getattr(variance, "ndim", 0) == 0 else variance[:, None]
        height = xp.exp(along / each) * (amount[:, None] / (2 * math.pi * each))
        yield height.T, xp.exp(across / each)


def at_points(x_mm: Any, y_mm: Any, x: Any, y: Any, variance: Any, amounts: Any) -> Any:
    """The same sums at N points for amounts (R, P): (R, N)."""
    xp = namespace(x_mm)
    squared = (x_mm[:, None] - x[None, :]) ** 2 + (y_mm[:, None] - y[None, :]) ** 2
    return xp.matmul(amounts / (2 * math.pi * variance), xp.exp(-0.5 * squared / variance).T)
