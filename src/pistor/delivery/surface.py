"""What comes in through the surface: a film on top of channels that close, on a treated area much wider than skin is thick.

Only depth is left then. Every mode of the column fills from the influx and empties at its own rate, which is Duhamel's
integral over sums of exponentials: exact at every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pistor.delivery.absorption import Influx
from pistor.delivery.budget import absorption, stretches
from pistor.delivery.problem import TIME_H, Tissue, below_surface, within
from pistor.delivery.vertical import Column, elements_for

Array = NDArray[np.float64]

MOST_ROUNDS = 12
THIN_MM = 0.01  # stands for the width of a source that lies in the surface itself


@dataclass(frozen=True, slots=True)
class Soaked:
    """Tissue under an influx in mg per mm² of skin; ``states`` are whitened (N, T)."""

    tissue: Tissue
    influx: Influx
    times_h: Array
    column: Column
    states: Array

    def concentration(self, depth_mm: ArrayLike) -> Array:
        """Concentration (T, Z), mg/mm³ of tissue."""
        depth = np.atleast_1d(np.asarray(depth_mm, dtype=float))
        for one in depth:
            below_surface("depth_mm", float(one), self.tissue)
        read: Array = (self.column.reading(depth) @ self.states).T
        return read

    @property
    def mass_mg_per_mm2(self) -> Array:
        """What is in the tissue (T,)."""
        column = self.column
        mass: Array = (column.total[: column.free] @ column.inverse_transposed) @ self.states
        return mass

    def absorbed_per_mm2(self) -> Influx:
        """What the blood takes up, as a sum of exponentials; what leaves through a sink counts."""
        return self.influx.through(absorption(stretches(self.column, self.column.surface_load(), 1.0)))


def soak(tissue: Tissue, influx: Influx, times_h: Iterable[float], *, tolerance: float = 1e-6) -> Soaked:
    """The tissue at these times under an influx that begins at time zero. ``tolerance`` bounds the tails of the elements, relative, in L2.

    Raises ``ValueError``: for periods of other perfusion, which cannot be told apart from the closing of the channels.
    """
    times = np.array([within("times_h", time, TIME_H, "h") for time in times_h])
    if tissue.periods:
        raise ValueError(f"periods holds {len(tissue.periods)}; give a tissue of one perfusion under a film.")
    if np.any(influx.start_h != 0):
        raise ValueError("start_h of the influx is not 0; a film begins at time zero.")
    later = times[times > 0]
    degree = max(6, min(14, math.ceil(3.5 - math.log10(tolerance))))
    ends = (float(later.min()), float(later.max())) if later.size else (1.0, 1.0)
    elements = elements_for(tissue, [(0.0, THIN_MM)], *ends, degree)
    for _ in range(MOST_ROUNDS):
        column = Column(tissue, elements)
        states = _filled(column, influx, times)
        worst = column.tails(states).max(axis=1)
        if math.sqrt(worst.sum()) <= tolerance:
            break
        elements = elements.split(worst > (tolerance / 2) ** 2 / len(worst))
    return Soaked(tissue, influx, times, column, states)


def _filled(column: Column, influx: Influx, times_h: Array) -> Array:
    """Whitened states (N, T): each mode a pool that its share of the influx fills."""
    rates, modes = (each[0] for each in column.modes(column.tissue.clearance_per_h, np.zeros(1), about_h=1.0))
    share = modes.T @ column.whiten_load(column.surface_load())
    held: Array = modes @ (share[:, None] * influx.present_mg(np.maximum(rates, 0.0), times_h))
    return held
