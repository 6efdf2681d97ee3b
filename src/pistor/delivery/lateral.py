"""Sums of Gaussians over a plane, written against the array API so that NumPy, JAX or CuPy can carry it.

``x_mm`` decides where and how precisely the work is done: its namespace and its dtype are those of every array here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Walls = tuple[float, float, float, float]  # x from, x to, y from, y to: mirrors

REACH = 8.0  # a Gaussian is less than 1e-14 of its height there


def one_dimensional(position: Any, centre: Any, variance: Any, mirrors: tuple[float, float] | None) -> Any:
    """exp(-(x - c)²/2v) as (P, X), for positions (X,), centres (P,) and variances (P,) or a scalar, summed over mirror images."""
    xp = position.__array_namespace__()
    scale = -0.5 / variance
    scale = scale if getattr(scale, "ndim", 0) == 0 else scale[:, None]
    value = xp.exp(scale * (position[None, :] - centre[:, None]) ** 2)
    for image in _images(centre, variance, mirrors):
        value = value + xp.exp(scale * (position[None, :] - image[:, None]) ** 2)
    return value


def _images(centre: Any, variance: Any, mirrors: tuple[float, float] | None) -> list[Any]:
    """Centres behind the mirrors from which something still arrives."""
    if mirrors is None:
        return []
    low, high = mirrors
    reach = REACH * math.sqrt(float(variance if getattr(variance, "ndim", 0) == 0 else variance.max()))
    found = []
    rounds = math.ceil(reach / (2 * (high - low))) + 1
    known = np.asarray(centre)
    for turn in range(-rounds, rounds + 1):
        for image, there in ((centre, known), (2 * low - centre, 2 * low - known)):
            moved = there + 2 * turn * (high - low)
            if (turn or image is not centre) and (np.maximum(low - moved, moved - high) < reach).any():
                found.append(image + 2 * turn * (high - low))
    return found


def plane(x_mm: Any, y_mm: Any, x: Any, y: Any, variance: Any, amount: Any, walls: Walls | None = None) -> Any:
    """Sum over P Gaussians of amount·exp(-r²/2v)/(2 pi v) on a grid: (Y, X), or (R, Y, X) for amounts (R, P)."""
    across = one_dimensional(x_mm, x, variance, walls and walls[:2])
    along = one_dimensional(y_mm, y, variance, walls and walls[2:])
    scaled = amount / (2 * math.pi * variance)
    xp = x_mm.__array_namespace__()
    if scaled.ndim == 1:
        return xp.matmul(along.T * scaled, across)
    return xp.stack([xp.matmul(along.T * row, across) for row in scaled])


def at_points(x_mm: Any, y_mm: Any, x: Any, y: Any, variance: Any, amount: Any) -> Any:
    """The same sum at N points (N,), or (R, N) for amounts (R, P)."""
    xp = x_mm.__array_namespace__()
    squared = (x_mm[:, None] - x[None, :]) ** 2 + (y_mm[:, None] - y[None, :]) ** 2
    value = xp.exp(-0.5 * squared / variance)
    scaled = amount / (2 * math.pi * variance)
    return xp.matmul(scaled, value.T)


