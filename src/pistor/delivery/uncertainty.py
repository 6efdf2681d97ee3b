"""How far an answer may be off: what is not known exactly is drawn for many virtual patients, and the answers are sorted.

A parameter is known by a spread. One point of a scrambled Sobol sequence is one virtual patient: it fills the spreads more
evenly than chance does, so a band settles with fewer of them. Everything here is numbers; what they mean is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

SHAPES = ("lognormal", "normal", "uniform", "loguniform")
LOW, HIGH = 0.05, 0.95
MOST_PATIENTS = 1_000_000
DEGREE = 3  # of the curves that an answer follows along one parameter
FEWEST_PER_CURVE = 4  # virtual patients for each coefficient of a curve, below which nothing is said of what drives


@dataclass(frozen=True, slots=True)
class Spread:
    """A parameter of which 5 of 100 values lie below ``low`` and 5 above ``high``."""

    shape: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"shape is {self.shape!r}; choose one of {', '.join(SHAPES)}.")
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}; give two numbers, the lower one first.")
        if self.shape.startswith("log") and self.low <= 0:
            raise ValueError(f"low is {self.low:g}; a {self.shape} spread needs more than 0.")

    def quantile(self, part: ArrayLike) -> Array:
        """The values below which these parts (between 0 and 1) lie."""
        from scipy.special import ndtri

        p = np.asarray(part, dtype=float)
        low, high = (math.log(end) if self.shape.startswith("log") else end for end in (self.low, self.high))
        where = (p - LOW) / (HIGH - LOW) if self.shape.endswith("uniform") else (1 + ndtri(p) / ndtri(HIGH)) / 2
        found = low + where * (high - low)
        return np.asarray(np.exp(found) if self.shape.startswith("log") else found, dtype=np.float64)


class Quantile(Protocol):
    """Whatever gives values for parts between 0 and 1."""

    def quantile(self, part: Array) -> Array: ...


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Virtual patients: for each parameter the part (N, d) of its spread that lies below its value, and the values (N, d)."""

    names: tuple[str, ...]
    part: Array
    value: Array

    def __len__(self) -> int:
        return len(self.part)

    def of(self, name: str) -> Array:
        """The values (N,) of one parameter."""
        values: Array = self.value[:, self.names.index(name)]
        return values

    def patient(self, index: int) -> dict[str, float]:
        """The parameters of one virtual patient."""
        return dict(zip(self.names, self.value[index].tolist(), strict=True))


def sample(spreads: Mapping[str, Quantile], count: int, seed: int = 0) -> Sample:
    """``count`` virtual patients; the same for the same spreads and seed, and the first of any longer sample of them."""
    if not 1 <= count <= MOST_PATIENTS:
        raise ValueError(f"count is {count}; give from 1 to {MOST_PATIENTS} virtual patients.")
    names = tuple(spreads)
    part = _sobol(len(names), count, seed)
    value = np.stack([spreads[name].quantile(part[:, i]) for i, name in enumerate(names)], axis=1) if names else part
    return Sample(names, part, value)


def _sobol(dimensions: int, count: int, seed: int) -> Array:
    """Points (count, dimensions) inside the unit cube."""
    from scipy.stats import qmc

    if not dimensions:
        return np.empty((count, 0))
    points: Array = qmc.Sobol(dimensions, rng=seed).random_base2(math.ceil(math.log2(count)))[:count]
    clipped: Array = np.clip(points, 2.0**-31, 1 - 2.0**-31)  # a spread without ends has no value at its very end
    return clipped


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The answer in the middle, and the two between which 90 of 100 lie; each in the shape of one answer."""

    median: Array
    low: Array
    high: Array


def band(answers: ArrayLike) -> Band:
    """The band of the answers (N, ...) of N virtual patients. Each end is an answer of one of them, so it may be infinite."""
    ordered = np.sort(np.asarray(answers, dtype=float), axis=0)
    if not len(ordered):
        raise ValueError("answers is empty; give at least one virtual patient.")
    if np.isnan(ordered).any():
        raise ValueError("answers holds something that is not a number.")
    low, median, high = (ordered[max(0, math.ceil(part * len(ordered) - 1e-9) - 1)] for part in (LOW, 0.5, HIGH))
    return Band(median, low, high)


@dataclass(frozen=True, slots=True)
class Drivers:
    """Which parameter an answer hangs on: the share of the variance of its logarithm that each explains by itself, the
    greatest first, and the share that only several explain together."""

    share: dict[str, float]
    together: float


def drivers(drawn: Sample, answer: ArrayLike) -> Drivers | None:
    """First-order Sobol indices of log answer (N,), from the sample that is there: no further runs.

    The logarithm is fitted by a sum of cubics, one in the normal score of each parameter; the variance of a cubic is its
    parameter's share. What a sum of cubics cannot follow (parameters that act through each other, steps) is ``together``. With N
    virtual patients a share is off by about 2/sqrt(N). Answers of zero or infinity are left out. None where
    nothing varies or too few are left.
    """
    from scipy.special import ndtri

    values = np.asarray(answer, dtype=float)
    if values.shape != (len(drawn),):
        raise ValueError(f"answer has the shape {values.shape}; give one number for each of {len(drawn)} virtual patients.")
    kept = np.isfinite(values) & (values > 0)
    if np.count_nonzero(kept) < FEWEST_PER_CURVE * (1 + DEGREE * len(drawn.names)) or not drawn.names:
        return None
    log = np.log(values[kept])
    centred = log - log.mean()
    variance = float(np.mean(centred**2))
    if variance <= 1e-18 * max(1.0, float(np.mean(log**2))):
        return None
    curves = _curves(ndtri(drawn.part[kept]))
    flat = curves.reshape(len(centred), -1)
    found = np.linalg.lstsq(flat, centred, rcond=None)[0].reshape(curves.shape[1:])
    parts = np.einsum("ndk,dk->nd", curves, found)
    share = np.var(parts, axis=0) / variance
    left = float(np.mean((centred - parts.sum(axis=1)) ** 2)) / variance
    order = np.argsort(-share, kind="stable")
    return Drivers({drawn.names[i]: float(share[i]) for i in order}, left)


def _curves(score: Array) -> Array:
    """Hermite polynomials (N, d, DEGREE) of normal scores (N, d), without their means."""
    curves = np.stack([score, score**2 - 1, score**3 - 3 * score], axis=2)
    centred: Array = curves - curves.mean(axis=0)
    return centred
