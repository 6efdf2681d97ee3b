"""Where the dose is over time, and how fast the blood takes it up: the mode kappa = 0 alone, no matter how many points.

Integrated over the plane, only depth is left: sums of exponentials, exact at every time. Conservation is not assumed: what
is in the tissue, what each layer clears and what leaves through the bottom come from different rows of the matrices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pistor.delivery.absorption import Influx, together
from pistor.delivery.problem import SINK, Tissue
from pistor.delivery.vertical import Column

Array = NDArray[np.float64]

LONGEST_H = 1e9  # stands for "for ever" in an exponent
NOTHING = 1e-12  # share of the dose below which a mode is left out of an absorption


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of time over which the clearances stay the same; ``stop_h`` is infinite for the last."""

    start_h: float
    stop_h: float
    clearance_per_h: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The N modes of kappa = 0 over one step, for the whole dose: each holds ``mass`` at its start and drains at ``rate_per_h``.

    ``cleared_per_h`` (L, N) and ``lost_per_h`` (N,) say how fast layers and bottom take from it at its start, in mg/h;
    ``lost_at_once_mg`` is what a sink swallows at time zero.
    """

    step: Step
    rate_per_h: Array
    mass_mg: Array
    cleared_per_h: Array
    lost_per_h: Array
    lost_at_once_mg: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Where the dose is at each time (mg): in the tissue (T,), cleared by each layer (T, L), lost through the bottom (T,)."""

    mass_mg: Array
    cleared_mg: Array
    lost_mg: Array


def steps_of(tissue: Tissue) -> list[Step]:
    """The periods of a tissue and the time after them."""
    ends = [0.0, *(period.until_h for period in tissue.periods), math.inf]
    rates = [*(period.clearance_per_h for period in tissue.periods), tissue.clearance_per_h]
    return [Step(*step) for step in zip(ends[:-1], ends[1:], rates, strict=True)]


def stretches(column: Column, load: Array, dose_mg: float) -> list[Stretch]:
    """The stretches that follow from initial integrals with every shape function (`Column.full_loads` times doses)."""
    state = column.whiten_load(load)
    at_once = swallowed_mg(column, state, dose_mg)
    found: list[Stretch] = []
    for step in steps_of(column.tissue):
        rates, modes = (each[0] for each in column.modes(step.clearance_per_h, np.zeros(1), about_h=1.0))
        amounts = modes.T @ state
        found.append(stretch_of(column, step, rates, modes, amounts, 0.0 if found else at_once))
        if math.isfinite(step.stop_h):
            state = modes @ (np.exp(-rates * (step.stop_h - step.start_h)) * amounts)
    return found


def swallowed_mg(column: Column, state: Array, dose_mg: float) -> float:
    """What a sink takes of the dose before anything moves, for a whitened state (N,)."""
    held = (column.total[: column.free] @ column.inverse_transposed) @ state
    return dose_mg - float(held) if column.tissue.bottom == SINK else 0.0


def stretch_of(column: Column, step: Step, rates: Array, modes: Array, amounts: Array, at_once_mg: float) -> Stretch:
    """What the modes (N, N) of a step do to the dose, for their amounts (N,) at its start."""
    coefficients = column.inverse_transposed @ modes
    bottom = column.bottom_row(step.clearance_per_h)
    lost = rates * (column.bottom_mass @ coefficients) - bottom @ coefficients if column.tissue.bottom == SINK else np.zeros(len(rates))
    return Stretch(
        step,
        rates,
        (column.total[: column.free] @ coefficients) * amounts,
        (column.removal(step.clearance_per_h) @ coefficients) * amounts,
        lost * amounts,
        at_once_mg,
    )


def balance(drained: Sequence[Stretch], times_h: Array) -> Budget:
    """The dose at each time (T,)."""
    mass, lost = np.zeros(len(times_h)), np.zeros(len(times_h))
    cleared = np.zeros((len(times_h), len(drained[0].cleared_per_h)))
    gone, leaked = np.zeros(cleared.shape[1]), 0.0
    for stretch in drained:
        step, leaked = stretch.step, leaked + stretch.lost_at_once_mg
        here = (times_h >= step.start_h) & (times_h <= step.stop_h)
        spans = np.append(times_h[here], step.stop_h) - step.start_h
        passed = integrated(stretch.rate_per_h, spans)
        mass[here] = np.exp(-np.multiply.outer(spans[:-1], stretch.rate_per_h)) @ stretch.mass_mg
        by_layer, through = passed @ stretch.cleared_per_h.T, passed @ stretch.lost_per_h
        cleared[here], lost[here] = gone + by_layer[:-1], leaked + through[:-1]
        gone, leaked = gone + by_layer[-1], leaked + float(through[-1])
    return Budget(mass, cleared, lost)


def absorption(drained: Sequence[Stretch], shares: Sequence[Sequence[float]] | None = None, *, bottom: float = 1.0) -> Influx:
    """What the blood takes up, as a sum of exponentials.

    ``shares`` says for each step and layer which part of the clearance reaches the blood, by capillaries and lymph and not
    by metabolism (all of it where not said); ``bottom`` is that part of what leaves through a sink.
    """
    dose = float(sum(abs(stretch.mass_mg).sum() for stretch in drained[:1])) or 1.0
    parts = []
    for number, stretch in enumerate(drained):
        share = np.ones(len(stretch.cleared_per_h)) if shares is None else np.asarray(shares[number], dtype=float)
        taken = share @ stretch.cleared_per_h + bottom * stretch.lost_per_h
        rate = np.maximum(stretch.rate_per_h, 1e-300)
        kept = np.abs(taken / rate) > NOTHING * dose
        rate, amount, start = rate[kept], (taken / rate)[kept], stretch.step.start_h
        if stretch.lost_at_once_mg > NOTHING * dose:
            rate, amount = np.append(rate, rate.max(initial=1.0)), np.append(amount, bottom * stretch.lost_at_once_mg)
        parts.append(Influx(rate, amount, start))
        if math.isfinite(stretch.step.stop_h):  # what would have come later comes from the next stretch
            later = np.exp(-rate * (stretch.step.stop_h - start))
            parts.append(Influx(rate, -amount * later, stretch.step.stop_h))
    told = [part for part in parts if part.rate_per_h.shape[-1]] or [Influx(np.ones(1), np.zeros(1))]
    return told[0] if len(told) == 1 else together(told)


def integrated(rates: Array, spans: Array) -> Array:
    """Integral of exp(-rate t) over each span (S, N)."""
    grown = np.multiply.outer(np.minimum(spans, LONGEST_H), rates)
    safe = np.where(np.abs(grown) > 1e-12, rates, 1.0)
    return np.where(np.abs(grown) > 1e-12, -np.expm1(-grown) / safe, np.minimum(spans, LONGEST_H)[:, None])
