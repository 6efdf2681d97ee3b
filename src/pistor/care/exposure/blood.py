"""What the blood will see of it: plasma after the injection, after the same dose by mouth, into muscle and on the skin, and toxic limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pistor.care.exposure.bands import Banded, banded
from pistor.care.exposure.solute import Solute
from pistor.care.exposure.values import Value
from pistor.delivery.absorption import Influx, first_order
from pistor.delivery.compartments import Disposition, one_compartment, two_compartments

Array = NDArray[np.float64]

TIMES_H = (0.0, *np.geomspace(0.05, 24.0, 48).tolist())
SOUGHT_H = np.geomspace(0.01, 72.0, 96)  # times among which a peak is sought
HOURS_PER_DAY = 24.0
NOTHING_LEFT = 1e-4  # of a peak: what is below it when the next treatment comes is not followed
MOUTH, MUSCLE, SKIN = "by mouth", "into muscle", "on the skin"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same dose another way. ``reason`` says why there is no curve, or what it rests on."""

    name: str
    absorbed_mg: float | None = None
    plasma_mg_per_l: tuple[float, ...] | None = None
    cmax_mg_per_l: float | None = None
    tmax_h: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        cmax = self.cmax_mg_per_l
        return {
            "name": self.name, "absorbed_mg": self.absorbed_mg, "plasma_mg_per_l": None if self.plasma_mg_per_l is None else list(self.plasma_mg_per_l),
            "cmax_mg_per_l": None if cmax is None else {"median": cmax, "low": cmax, "high": cmax}, "tmax_h": self.tmax_h, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plasma:
    """Concentration (mg/L) over time after the treatment, its peak, and the peak after a point, the zone, the treatment and the course."""

    times_h: tuple[float, ...]
    curve: Banded
    cmax_mg_per_l: Banded
    tmax_h: Banded
    auc_mg_h_per_l: Banded
    peaks: tuple[tuple[str, float, Banded], ...]  # of what, its mg, its peak

    def as_dict(self) -> dict[str, Any]:
        return {
            "times_h": list(self.times_h), **self.curve.as_dict(), "cmax_mg_per_l": self.cmax_mg_per_l.as_dict(), "tmax_h": self.tmax_h.as_dict(),
            "auc_mg_h_per_l": self.auc_mg_h_per_l.as_dict(),
            "peaks": [{"of": of, "dose_mg": dose, "cmax_mg_per_l": peak.as_dict()} for of, dose, peak in self.peaks],
        }  # fmt: skip


def disposition_of(solute: Solute, weight_kg: float | None) -> Disposition | str:
    """How the body of this weight gets rid of it, or why that is not known."""
    known = solute.plasma
    if weight_kg is None:
        return "The weight is not given, so no concentration in plasma is reckoned."
    if known.clearance is None:
        return f"No clearance of {solute.name} was read, so no concentration in plasma is reckoned."
    clearance = np.array(known.clearance.number * weight_kg)
    if known.central_volume and known.peripheral_volume and known.exchange:
        central, peripheral, exchange = (value.number * weight_kg for value in (known.central_volume, known.peripheral_volume, known.exchange))
        return two_compartments(clearance, np.array(central), np.array(exchange), np.array(peripheral))
    if known.volume is not None:
        return one_compartment(clearance, np.array(known.volume.number * weight_kg))
    if known.half_life is not None:  # of one compartment: V = CL t1/2 / ln 2
        return one_compartment(clearance, clearance * known.half_life.number / math.log(2))
    return f"No volume of distribution of {solute.name} was read, so no concentration in plasma is reckoned."


def plasma_of(disposition: Disposition, influx: Influx, doses: Sequence[tuple[str, float]], treatments: int, interval_days: float) -> Plasma:
    """``influx`` (N, ...) is that of the whole treatment; ``doses`` are the mg of a point, the zone and the treatment, in this order.

    Everything is linear, so a point's peak is the treatment's by its share of the dose. What is left from one treatment to the
    next is added up for the course.
    """
    times = np.array(TIMES_H)
    curve = disposition.concentration_mg_per_l(influx, times)
    time_h, peak = _peak(disposition.concentration_mg_per_l(influx, SOUGHT_H))
    whole_mg = doses[-1][1]
    peaks = [(of, mg, banded(peak * (mg / whole_mg))) for of, mg in doses]
    if treatments > 1 and interval_days > 0:
        peaks.append((f"the course of {treatments}", whole_mg * treatments, banded(_course(disposition, influx, peak, treatments, interval_days))))
    return Plasma(TIMES_H, banded(curve.clip(min=0.0)), banded(peak), banded(time_h), banded(disposition.auc_mg_h_per_l(influx)), tuple(peaks))


def _course(disposition: Disposition, influx: Influx, peak: Array, treatments: int, interval_days: float) -> Array:
    """The peak (N,) after the last treatment, on top of what the ones before have left."""
    gap_h = HOURS_PER_DAY * interval_days
    left = disposition.concentration_mg_per_l(influx, np.array([gap_h]))[:, 0]
    if np.all(left <= NOTHING_LEFT * peak):
        return peak
    after = SOUGHT_H + gap_h * np.arange(treatments)[:, None]
    summed = disposition.concentration_mg_per_l(influx, after.reshape(-1)).reshape(len(peak), treatments, -1).sum(axis=1)
    return np.maximum(peak, _peak(summed)[1])


def _peak(concentration: Array) -> tuple[Array, Array]:
    """Time and height (N,) of the greatest of the concentrations (N, S) at `SOUGHT_H`, by the parabola through it and its neighbours.

    Within 1 % of `Disposition.peak`, far less than patients differ by, at a tenth of its cost: a page waits for it.
    """
    best = np.clip(concentration.argmax(axis=1), 1, len(SOUGHT_H) - 2)
    left, middle, right = (concentration[np.arange(len(best)), best + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.clip(np.divide((left - right) / 2, bend, out=np.zeros_like(bend), where=bend < 0), -1.0, 1.0)
    return SOUGHT_H[best] * (SOUGHT_H[1] / SOUGHT_H[0]) ** shift, np.maximum(middle - (left - right) * shift / 4, 0.0)


def comparisons(solute: Solute, dose_mg: float, disposition: Disposition | str) -> tuple[Comparison, ...]:
    """The same dose by mouth, into muscle and on the skin."""
    known = solute.plasma
    return (
        _swallowed(MOUTH, solute, dose_mg, disposition, known.oral_bioavailability, known.oral_tmax),
        _swallowed(MUSCLE, solute, dose_mg, disposition, known.im_bioavailability, known.im_tmax),
        _on_the_skin(solute, dose_mg),
    )


def _swallowed(name: str, solute: Solute, dose_mg: float, disposition: Disposition | str, taken_up: Value | None, tmax: Value | None) -> Comparison:
    """First-order uptake that peaks when it was seen to. Into muscle all is taken up unless it was read otherwise."""
    if taken_up is None and name == MOUTH:
        return Comparison(name, reason=f"How much of {solute.name} is taken up {name} was not read.")
    part = taken_up.number if taken_up else 1.0
    reason = "" if taken_up else "All of it is taken to reach the blood."
    if isinstance(disposition, str):
        return Comparison(name, dose_mg * part, reason=disposition)
    if tmax is None:
        return Comparison(name, dose_mg * part, reason=f"When {solute.name} peaks {name} was not read.")
    try:
        rate = disposition.absorption_rate_per_h(np.array(tmax.number))
    except ValueError:
        return Comparison(name, dose_mg * part, reason=f"The peak {name} is later than its half-life in plasma allows.")
    influx = first_order(np.array(dose_mg), rate, bioavailability=part)
    curve = disposition.concentration_mg_per_l(influx, np.array(TIMES_H)).reshape(-1)
    peak = disposition.peak(influx)
    return Comparison(name, dose_mg * part, tuple(curve.tolist()), float(peak.concentration_mg_per_l), float(peak.time_h), reason)


def _on_the_skin(solute: Solute, dose_mg: float) -> Comparison:
    part = solute.plasma.topical_absorbed
    if part is None:
        return Comparison(SKIN, reason=f"How much of {solute.name} goes through whole skin was not read.")
    return Comparison(SKIN, dose_mg * part.number, reason="Only the part that is taken up was read, not its course.")
