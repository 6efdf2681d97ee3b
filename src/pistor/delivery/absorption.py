"""Amounts that arrive as a sum of exponentials: from skin into blood and lymph, from gut or muscle, from a film into skin.

A term brings ``amount`` in all, at the rate amount · rate · exp(-rate · (t - start)) from its start on. The modes of an
eigenproblem are such terms, and so is first-order absorption; terms of modes may be negative, their sum is not. Whatever
these amounts fill next, if it empties in proportion to what it holds, is known in closed form. Leading axes ``...`` are
virtual patients; the arrays may be those of any namespace of the array API.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = Any  # of NumPy, or of another namespace of the array API

RATE_PER_H = (0.0, 1e12)
AMOUNT_MG = (-1e12, 1e12)
HOURS = (-1e12, 1e12)
FRACTION = (0.0, 1.0)

# Below this relative gap of two rates the difference of their exponentials is no longer taken by subtraction.
NEAR = 0.01
# Equal rates of two stages are set apart by twice this. Its square is the error of that, its inverse the loss of digits.
APART = 1e-5
# Far below any rate per hour that means something; the difference quotient of two equal rates is taken over this gap.
NO_GAP_PER_H = 1e-30
# exp(-700) is nothing, and still a normal number: processors are slow with those below.
NOTHING_LEFT = 700.0
# Numbers that are worked on at once, and the least number of times.
BLOCK, LEAST_BLOCK = 12_000, 16


@dataclass(frozen=True, slots=True, eq=False)
class Influx:
    """Terms of ``amount_mg`` (..., N) that arrive at ``rate_per_h`` (..., N) from ``start_h`` (..., 1 or N) on.

    Raises ``ValueError`` where a value is no number or out of range. A term of rate 0 never arrives.
    """

    rate_per_h: Array
    amount_mg: Array
    start_h: Array = 0.0

    def __post_init__(self) -> None:
        rate = numbers("rate_per_h", self.rate_per_h, RATE_PER_H, "per hour")
        xp = rate.__array_namespace__()
        amount = numbers("amount_mg", self.amount_mg, AMOUNT_MG, "mg", xp)
        start = numbers("start_h", self.start_h, HOURS, "h", xp)
        for name, array in (("rate_per_h", rate), ("amount_mg", amount), ("start_h", start)):
            object.__setattr__(self, name, array if array.ndim else xp.reshape(array, (1,)))

    @property
    def total_mg(self) -> Array:
        """What will have arrived in the end (...)."""
        xp = self.rate_per_h.__array_namespace__()
        return xp.sum(xp.where(self.rate_per_h > 0, self.amount_mg, 0 * self.amount_mg), axis=-1)

    def arrived_mg(self, times_h: Array) -> Array:
        """What has arrived by these times (T,) or (..., T): sum of amount · (1 - exp(-rate · elapsed)), (..., T)."""
        return self._in_blocks(times_h, lambda elapsed: _summed(self.amount_mg, -_decayed(self.rate_per_h, elapsed, less_one=True)))

    def rate_mg_per_h(self, times_h: Array) -> Array:
        """How fast it arrives at these times (..., T). At its start a term counts already."""
        return self._in_blocks(times_h, self._arriving)

    def present_mg(self, emptied_per_h: Array, times_h: Array) -> Array:
        """What a pool holds that this fills and that empties at ``emptied_per_h`` (..., J), for each of them: (..., J, T).

        Duhamel's integral in closed form, also where rates are equal or nearly so.
        """
        emptied = numbers("emptied_per_h", emptied_per_h, RATE_PER_H, "per hour", self.rate_per_h.__array_namespace__())
        return self._in_blocks(times_h, lambda elapsed: self._pools(emptied, elapsed))

    def _arriving(self, elapsed: Array) -> Array:
        xp = elapsed.__array_namespace__()
        share = _decayed(self.rate_per_h, elapsed)
        return _summed(self.amount_mg * self.rate_per_h, xp.where(elapsed >= 0, share, 0 * share))

    def _pools(self, emptied: Array, elapsed: Array) -> Array:
        xp = elapsed.__array_namespace__()
        to_come = _decayed(self.rate_per_h, elapsed)
        return xp.stack([self._pool(emptied[..., j : j + 1], elapsed, to_come) for j in range(emptied.shape[-1])], axis=-2)

    def _pool(self, emptied: Array, elapsed: Array, to_come: Array) -> Array:
        """One pool (..., T): rate · (exp(-emptied · elapsed) - exp(-rate · elapsed)) / (rate - emptied), summed over the terms."""
        xp, brought = elapsed.__array_namespace__(), self.amount_mg * self.rate_per_h
        gap = self.rate_per_h - emptied
        near = xp.abs(gap) < NEAR * self.rate_per_h
        weight = xp.where(near, 0 * brought, brought / xp.where(near, xp.ones_like(gap), gap))
        held = _summed(weight, _decayed(emptied, elapsed) - to_come)
        (columns,) = xp.nonzero(xp.any(xp.reshape(near, (-1, near.shape[-1])), axis=0))
        if not columns.shape[0]:
            return held
        # Near terms, few: exp(-slower · elapsed) · (1 - exp(-gap · elapsed)) / gap.
        gap = xp.maximum(xp.take(xp.abs(gap), columns, axis=-1), xp.asarray(NO_GAP_PER_H, dtype=gap.dtype))
        slower = xp.minimum(xp.take(self.rate_per_h, columns, axis=-1), emptied)
        since = elapsed if elapsed.shape[-2] == 1 else xp.take(elapsed, columns, axis=-2)
        weight = xp.take(xp.where(near, brought, 0 * brought), columns, axis=-1) / gap
        return held - _summed(weight, _decayed(gap, since, less_one=True) * _decayed(slower, since))

    def through(self, passage: Influx) -> Influx:
        """What arrives behind a passage, through which an amount of 1 arrives as ``passage`` says: from a film, through skin, into blood.

        Both have one start. Rates that are equal, or nearly, are set apart around their mean, at an error below 1e-9 of the amount.
        """
        if self.start_h.shape[-1] > 1 or passage.start_h.shape[-1] > 1:
            raise ValueError("start_h holds several starts; pass one course through, and delay or repeat what comes of it.")
        xp = self.rate_per_h.__array_namespace__()
        rate, onward = self.rate_per_h[..., :, None], passage.rate_per_h[..., None, :]
        amount = self.amount_mg[..., :, None] * passage.amount_mg[..., None, :]
        rate, onward, amount = xp.broadcast_arrays(rate, onward, amount)
        middle, gap = (rate + onward) / 2, rate - onward
        near = xp.abs(gap) <= 2 * APART * middle
        apart = xp.where(near, 0 * amount, amount) / xp.where(near, xp.ones_like(gap), gap)
        rates, amounts = [rate[..., :, 0], onward[..., 0, :]], [-xp.sum(apart * onward, axis=-1), xp.sum(apart * rate, axis=-2)]
        flat = (*middle.shape[:-2], -1)
        (pairs,) = xp.nonzero(xp.any(xp.reshape(near, (-1, math.prod(near.shape[-2:]))), axis=0))
        if pairs.shape[0]:
            shared = xp.take(xp.reshape(middle, flat), pairs, axis=-1)
            held = xp.take(xp.reshape(xp.where(near, amount, 0 * amount), flat), pairs, axis=-1) / (2 * APART)
            rates += [shared * (1 + APART), shared * (1 - APART)]
            amounts += [-held * (1 - APART), held * (1 + APART)]
        return Influx(xp.concat(rates, axis=-1), xp.concat(amounts, axis=-1), self.start_h + passage.start_h)

    def scaled(self, factor: Array) -> Influx:
        """The same course in time of ``factor`` (a number, or (...)) times the amount."""
        times = numbers("factor", factor, AMOUNT_MG, "", self.rate_per_h.__array_namespace__())
        return replace(self, amount_mg=self.amount_mg * times[..., None])

    def delayed(self, hours: Array) -> Influx:
        """The same, so many hours (a number, or (...)) later."""
        later = numbers("hours", hours, HOURS, "h", self.rate_per_h.__array_namespace__())
        return replace(self, start_h=self.start_h + later[..., None])

    def repeated(self, at_h: Sequence[float]) -> Influx:
        """A course: the same again at each of these times, on top of what is still there."""
        return together([self.delayed(hours) for hours in at_h])

    def _in_blocks(self, times_h: Array, answer: Callable[[Array], Array]) -> Array:
        """The answer (..., T) to the time (..., 1 or N, T) since each start, over so few times at once that it stays in cache."""
        xp = self.rate_per_h.__array_namespace__()
        times = numbers("times_h", times_h, HOURS, "h", xp)
        since = times[..., None, :] - self.start_h[..., :, None]
        count = since.shape[-1]
        step = max(LEAST_BLOCK, BLOCK // max(1, math.prod(self.rate_per_h.shape)))
        blocks = [answer(since[..., first : min(first + step, count)]) for first in range(0, max(1, count), step)]
        return blocks[0] if len(blocks) == 1 else xp.concat(blocks, axis=-1)


Absorption = Influx  # what leaves the skin, and arrives in blood and lymph


def first_order(dose_mg: Array, rate_per_h: Array, *, bioavailability: Array = 1.0, lag_h: Array = 0.0) -> Influx:
    """A dose of which the bioavailable share arrives at one rate after a lag: by mouth, into muscle, through the skin.

    Each is a number or one per patient (...).
    """
    rate = numbers("rate_per_h", rate_per_h, RATE_PER_H, "per hour")
    xp = rate.__array_namespace__()
    dose = numbers("dose_mg", dose_mg, (0.0, AMOUNT_MG[1]), "mg", xp)
    share = numbers("bioavailability", bioavailability, FRACTION, "", xp)
    lag = numbers("lag_h", lag_h, (0.0, HOURS[1]), "h", xp)
    return Influx(rate[..., None], (dose * share)[..., None], lag[..., None])


def together(influxes: Sequence[Influx]) -> Influx:
    """The sum of several: points, zones, treatments."""
    if not influxes:
        raise ValueError("influxes is empty; give one or more.")
    xp = influxes[0].rate_per_h.__array_namespace__()
    terms = [xp.broadcast_arrays(influx.rate_per_h, influx.amount_mg, influx.start_h) for influx in influxes]
    patients = np.broadcast_shapes(*(rate.shape[:-1] for rate, _, _ in terms))
    joined = [xp.concat([xp.broadcast_to(term[field], (*patients, term[field].shape[-1])) for term in terms], axis=-1) for field in range(3)]
    return Influx(*joined)


def numbers(field: str, value: Array, bounds: tuple[float, float], unit: str, xp: Any = None) -> Array:
    """The value as an array of ``xp`` (its own namespace, or NumPy's); a sentence naming the field where a number is out of range."""
    if xp is None:
        xp = value.__array_namespace__() if hasattr(value, "__array_namespace__") else np
    try:
        array = xp.asarray(value, dtype=value.dtype if hasattr(value, "dtype") and xp.isdtype(value.dtype, "real floating") else xp.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{field} is {value!r}; give numbers from {bounds[0]:g} to {bounds[1]:g} {unit}".rstrip() + ".") from None
    wrong = ~((array >= bounds[0]) & (array <= bounds[1]))
    if bool(xp.any(wrong)):
        first = float(xp.reshape(array, (-1,))[int(xp.argmax(xp.astype(xp.reshape(wrong, (-1,)), xp.int8)))])
        raise ValueError(f"{field} is {first!r}; give a number from {bounds[0]:g} to {bounds[1]:g} {unit}".rstrip() + ".")
    return array


def _summed(weight: Array, terms: Array) -> Array:
    """Weights (..., N) times terms (..., N or 1, T), summed over N: (..., T)."""
    xp = weight.__array_namespace__()
    return xp.matmul(weight[..., None, :], terms)[..., 0, :]


def _decayed(rate: Array, elapsed: Array, *, less_one: bool = False) -> Array:
    """exp(-rate · elapsed), or that less 1: rates (..., N), times since the start (..., 1 or N, T). Nothing happens before the start."""
    xp = elapsed.__array_namespace__()
    zero, least = xp.asarray(0.0, dtype=elapsed.dtype), xp.asarray(-NOTHING_LEFT, dtype=elapsed.dtype)
    exponent = xp.maximum(-rate[..., :, None] * xp.maximum(elapsed, zero), least)
    return xp.expm1(exponent) if less_one else xp.exp(exponent)
