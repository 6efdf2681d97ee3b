"""A number with its range: the middle of the virtual patients, and the two between which 90 of 100 lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pistor.delivery.uncertainty import band

Numbers = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Banded:
    """Plain numbers, or one tuple for each end. JSON has no infinity, so an end without a number is None there."""

    median: Numbers
    low: Numbers
    high: Numbers

    def as_dict(self) -> dict[str, Any]:
        return {"median": _plain(self.median), "low": _plain(self.low), "high": _plain(self.high)}


def banded(answers: ArrayLike) -> Banded:
    """Of answers (N,) or (N, ...)."""
    found = band(np.atleast_1d(np.asarray(answers, dtype=float)))
    return Banded(_numbers(found.median), _numbers(found.low), _numbers(found.high))


def _numbers(end: np.ndarray[Any, Any]) -> Numbers:
    return float(end) if np.ndim(end) == 0 else tuple(np.asarray(end).tolist())


def _plain(end: Numbers) -> Any:
    if isinstance(end, tuple):
        return [number if math.isfinite(number) else None for number in end]
    return end if math.isfinite(end) else None
