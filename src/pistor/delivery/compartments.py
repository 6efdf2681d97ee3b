"""What the blood will see: one- and two-compartment disposition, in closed form for any influx that is a sum of exponentials.

A bolus into the central compartment is there as sum of share_j · exp(-rate_j · t), shares positive and together 1. An
influx is therefore answered by that sum over pools that empty at rate_j, and so are the peripheral and the eliminated
amount. Litres, hours, milligrams; mg/L is µg/mL. Leading axes ``...`` are virtual patients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .absorption import AMOUNT_MG, HOURS, Array, Influx, first_order, numbers

CLEARANCE_L_PER_H = (1e-9, 1e6)
VOLUME_L = (1e-6, 1e6)
MICRO_RATE_PER_H = (1e-9, 1e6)

# The peak is sought between neighbours of so many times after each start, closer together the earlier.
TIMES_PER_START = 160
# Looks are so close together that a hump seen lower than this share of the highest cannot hold the peak.
NEARLY_HIGHEST = 0.9
# Looks closer together than this tell nothing apart.
SAME_START_H = 1e-6
# A peak later than so many of the body's slowest time constants says nothing about absorption: exp(-10) is left to say it.
LATEST_PEAK = 10.0
ROOT_TOLERANCE = 1e-14
MOST_STEPS = 300


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """Where what has arrived is (..., T): in the central compartment, in the peripheral one, eliminated."""

    central_mg: Array
    peripheral_mg: Array
    eliminated_mg: Array


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The greatest concentration and its time (...)."""

    time_h: Array
    concentration_mg_per_l: Array


@dataclass(frozen=True, slots=True, eq=False)
class Disposition:
    """How a substance leaves the blood: its clearance and central volume (...), and the rates (..., J) at which the shares (..., J) of
    a bolus leave the central compartment. Built by ``one_compartment``, ``two_compartments`` or ``micro_constants``."""

    clearance_l_per_h: Array
    central_l: Array
    rate_per_h: Array
    share: Array

    def concentration_mg_per_l(self, influx: Influx, times_h: Array) -> Array:
        """Concentration in the central compartment (..., T)."""
        xp = influx.rate_per_h.__array_namespace__()
        return _weighed(self.share, influx.present_mg(self.rate_per_h, times_h)) / xp.asarray(self.central_l)[..., None]

    def bolus_mg_per_l(self, dose_mg: Array, times_h: Array) -> Array:
        """Concentration (..., T) after a dose that is in the central compartment at time 0."""
        xp = self.rate_per_h.__array_namespace__()
        dose = numbers("dose_mg", dose_mg, (0.0, AMOUNT_MG[1]), "mg", xp)
        times = numbers("times_h", times_h, (0.0, HOURS[1]), "h", xp)
        left = _weighed(self.share, xp.exp(-self.rate_per_h[..., :, None] * times[..., None, :]))
        return (dose / self.central_l)[..., None] * left

    def amounts_mg(self, influx: Influx, times_h: Array) -> Amounts:
        """Where what has arrived is; the three add up to it."""
        xp = influx.rate_per_h.__array_namespace__()
        pools = influx.present_mg(self.rate_per_h, times_h)
        share, rate = xp.asarray(self.share), xp.asarray(self.rate_per_h)
        eliminated_share = share * xp.asarray(self.clearance_l_per_h / self.central_l)[..., None] / rate
        arrived = influx.arrived_mg(times_h)
        return Amounts(
            central_mg=_weighed(share, pools),
            peripheral_mg=_weighed(eliminated_share - share, pools),
            eliminated_mg=arrived - _weighed(eliminated_share, pools),
        )

    def auc_mg_h_per_l(self, influx: Influx) -> Array:
        """Area under the concentration to infinite time (...): what arrives over clearance, whatever its course."""
        xp = influx.rate_per_h.__array_namespace__()
        return influx.total_mg / xp.asarray(self.clearance_l_per_h)

    def peak(self, influx: Influx) -> Peak:
        """Time and height of the greatest concentration, where the slope of the closed form is zero or jumps below it.

        Looks at many times tell between which the slope falls through zero at nearly the greatest height; there the root is taken.
        Where an influx breaks off at a start, as when the blood flow falls, the slope has no root: each start is looked at itself.
        """
        xp = influx.rate_per_h.__array_namespace__()
        times = self._looks(influx)
        seen = self.concentration_mg_per_l(influx, times)
        low = times[..., :-1]
        high = xp.nextafter(times[..., 1:], low)  # the slope jumps at a start, so just before it
        higher = xp.maximum(seen[..., :-1], seen[..., 1:])
        hump = (self._slope(influx, low) > 0) & (self._slope(influx, high) <= 0) & (higher >= NEARLY_HIGHEST * xp.max(seen, axis=-1, keepdims=True))
        # As many places as the patient with most humps has; what is none in the others does no harm.
        most = max(1, int(xp.max(xp.sum(xp.astype(hump, xp.int64), axis=-1))))
        at = xp.argsort(xp.where(hump, -higher, xp.ones_like(higher)), axis=-1)[..., :most]
        root = falling_root(lambda time: self._slope(influx, time), xp.take_along_axis(low, at, axis=-1), xp.take_along_axis(high, at, axis=-1))
        seen_highest = xp.argmax(seen, axis=-1, keepdims=True)
        root = xp.concat([root, xp.take_along_axis(times, seen_highest, axis=-1)], axis=-1)
        top = self.concentration_mg_per_l(influx, root)
        highest = xp.argmax(top, axis=-1, keepdims=True)
        return Peak(xp.take_along_axis(root, highest, axis=-1)[..., 0], xp.take_along_axis(top, highest, axis=-1)[..., 0])

    def absorption_rate_per_h(self, peak_h: Array) -> Array:
        """The first-order rate (...) of absorption whose concentration is greatest at ``peak_h`` after its start (Bateman).

        The later the peak the slower the absorption, so there is exactly one; it may be slower than elimination.
        """
        xp = self.rate_per_h.__array_namespace__()
        slowest = xp.min(self.rate_per_h, axis=-1)
        latest = LATEST_PEAK / float(xp.max(slowest))
        time = numbers("peak_h", peak_h, (1e-6, latest), "h, ten times the slowest time constant", xp) + 0 * slowest
        low = xp.log(1e-12 * slowest)
        high = xp.maximum(xp.log(200 / time), xp.log(2 * slowest))
        return xp.exp(falling_root(lambda log_rate: self._slope(first_order(1.0 + 0 * time, xp.exp(log_rate)), time[..., None])[..., 0], low, high))

    def _slope(self, influx: Influx, times_h: Array) -> Array:
        """The slope (..., T) of the central amount (mg/h)."""
        pools = influx.present_mg(self.rate_per_h, times_h)
        return influx.rate_mg_per_h(times_h) - _weighed(self.share * self.rate_per_h, pools)

    def _looks(self, influx: Influx) -> Array:
        """Times (..., T) at which a look tells one hump from the next: each start, and after it in equal ratios."""
        xp = influx.rate_per_h.__array_namespace__()
        rates = xp.concat([_flat(influx.rate_per_h), _flat(xp.asarray(self.rate_per_h))])
        fastest, slowest = float(xp.max(rates)), float(xp.min(xp.where(rates > 0, rates, xp.max(rates))))
        starts = _different(influx.start_h, xp)
        longest = min(40 / slowest, HOURS[1] - float(xp.max(starts)))  # no time is later than the engine's last
        after = xp.exp(xp.linspace(math.log(1e-3 / fastest), math.log(longest), TIMES_PER_START, dtype=rates.dtype))
        after = xp.concat([xp.zeros((1,), dtype=rates.dtype), after])
        patients = np.broadcast_shapes(influx.rate_per_h.shape[:-1], influx.amount_mg.shape[:-1], starts.shape[:-1], self.rate_per_h.shape[:-1])
        times = xp.reshape(starts[..., :, None] + after, (*starts.shape[:-1], -1))
        return xp.broadcast_to(xp.sort(times, axis=-1), (*patients, times.shape[-1]))


def one_compartment(clearance_l_per_h: Array, volume_l: Array) -> Disposition:
    """A body that is one well-mixed volume."""
    clearance = numbers("clearance_l_per_h", clearance_l_per_h, CLEARANCE_L_PER_H, "L/h")
    volume = numbers("volume_l", volume_l, VOLUME_L, "L", clearance.__array_namespace__())
    rate = (clearance / volume)[..., None]
    return Disposition(clearance, volume, rate, 0 * rate + 1)


def two_compartments(clearance_l_per_h: Array, central_l: Array, exchange_l_per_h: Array, peripheral_l: Array) -> Disposition:
    """A central volume that is cleared, and a peripheral one with which it exchanges."""
    clearance = numbers("clearance_l_per_h", clearance_l_per_h, CLEARANCE_L_PER_H, "L/h")
    xp = clearance.__array_namespace__()
    central = numbers("central_l", central_l, VOLUME_L, "L", xp)
    exchange = numbers("exchange_l_per_h", exchange_l_per_h, CLEARANCE_L_PER_H, "L/h", xp)
    peripheral = numbers("peripheral_l", peripheral_l, VOLUME_L, "L", xp)
    return _two(clearance, central, clearance / central, exchange / central, exchange / peripheral)


def micro_constants(central_l: Array, k10_per_h: Array, k12_per_h: Array, k21_per_h: Array) -> Disposition:
    """Two compartments by their rates: elimination k10, to the periphery k12, and back k21."""
    central = numbers("central_l", central_l, VOLUME_L, "L")
    xp = central.__array_namespace__()
    given = {"k10_per_h": k10_per_h, "k12_per_h": k12_per_h, "k21_per_h": k21_per_h}
    k10, k12, k21 = (numbers(field, value, MICRO_RATE_PER_H, "per hour", xp) for field, value in given.items())
    return _two(k10 * central, central, k10, k12, k21)


def _two(clearance: Array, central: Array, k10: Array, k12: Array, k21: Array) -> Disposition:
    """Rates and shares without a difference of near numbers: the smaller rate from their product, the smaller share likewise."""
    xp = central.__array_namespace__()
    excess = k10 + k12 - k21
    apart = xp.hypot(excess, 2 * xp.sqrt(k12 * k21))
    fast = (k10 + k12 + k21 + apart) / 2
    slow = k10 * k21 / fast
    larger = (apart + xp.abs(excess)) / 2
    smaller = k12 * k21 / larger
    of_fast, of_slow = xp.where(excess > 0, larger, smaller), xp.where(excess > 0, smaller, larger)
    return Disposition(clearance, central, xp.stack([fast, slow], axis=-1), xp.stack([of_fast / apart, of_slow / apart], axis=-1))


def falling_root(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Where ``function``, which works on each element, falls through zero between ``low`` and ``high``.

    Regula falsi with the halving of a value that stays too long (Illinois), and a bisection every fourth step, so that it
    ends whatever the function is.
    """
    xp = low.__array_namespace__()
    at_low, at_high = function(low), function(high)
    low_stayed = high_stayed = xp.zeros_like(at_low, dtype=xp.bool)
    for step in range(MOST_STEPS):
        width = high - low
        if not bool(xp.any(width > ROOT_TOLERANCE * xp.maximum(xp.abs(low), xp.abs(high)))):
            break
        fall = at_low - at_high
        usable = (at_low >= 0) & (at_high <= 0) & (fall > 0) & (step % 4 != 3)
        share = xp.where(usable, at_low / xp.where(usable, fall, xp.ones_like(fall)), xp.full_like(fall, 0.5))
        middle = low + width * share
        at_middle = function(middle)
        left_of, right_of = at_middle >= 0, at_middle <= 0  # where the middle lies of the root; on it both ends close
        low, high = xp.where(left_of, middle, low), xp.where(right_of, middle, high)
        at_low = xp.where(left_of, at_middle, xp.where(low_stayed, at_low / 2, at_low))
        at_high = xp.where(right_of, at_middle, xp.where(high_stayed, at_high / 2, at_high))
        low_stayed, high_stayed = ~left_of, ~right_of
    return (low + high) / 2


def _weighed(weight: Array, pools: Array) -> Array:
    """Weights (..., J) times pools (..., J, T), summed over J."""
    xp = pools.__array_namespace__()
    return xp.matmul(xp.asarray(weight)[..., None, :], pools)[..., 0, :]


def _flat(array: Array) -> Array:
    return array.__array_namespace__().reshape(array, (-1,))


def _different(starts: Array, xp: Any) -> Array:
    """The starts (..., S) of each patient without those within ``SAME_START_H`` of the one before; who has fewer has some twice."""
    in_order = xp.sort(starts, axis=-1)
    new = xp.concat([xp.ones_like(in_order[..., :1], dtype=xp.bool), in_order[..., 1:] - in_order[..., :-1] > SAME_START_H], axis=-1)
    most = int(xp.max(xp.sum(xp.astype(new, xp.int64), axis=-1)))
    first = xp.argsort(xp.astype(~new, xp.int8), axis=-1, stable=True)[..., :most]
    return xp.take_along_axis(in_order, first, axis=-1)
