"""One plan in many virtual patients: what `field` would say of each of them, in a few milliseconds.

An answer is off by about a thousandth: of itself, or, for a concentration, of the greatest one in the tissue at that time.
All patients share one grid of Gaussian variances, anchored at 1 mm², so the plan is blurred once for all of them: a patient
is the weights of those maps. Only one depth is asked, so the modes are read there before time comes in.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pistor.delivery import mixture
from pistor.delivery.absorption import Influx
from pistor.delivery.budget import Step, Stretch, absorption, integrated, steps_of, stretch_of, swallowed_mg
from pistor.delivery.problem import MOST_DEPOTS, REFLECT, TIME_H, Depot, Tissue, below_surface, within
from pistor.delivery.sweep import Sweep, sweep
from pistor.delivery.vertical import Column, elements_for

Array = NDArray[np.float64]

TOLERANCE = 3e-3
DEGREE = 7
ROUNDS = 4  # of halved elements
WIDEST_MM2 = 1e4
RADII_MM = np.concatenate([[0.0], np.geomspace(0.02, 600.0, 400)])
SEARCH = 3, 64  # rounds in the search for a time, and times in each
EARLIEST_H, LATEST_H = 1e-4, 1e5
GONE = 24.0  # exp(-24) = 4e-11: with it, modes are kept that others still feed
SMOOTHED = 12.0  # exp(-12) = 6e-6
SLIGHT_PER_H = 1e-6
CACHED = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """What all patients share: P points with their doses and the kind of depot each is, R places of the zone, T times.

    ``covered`` are the shares of the zone for which the least exposure is asked. Every point is of equal pieces that lie
    ``pieces_mm`` (x, y) beside it: several make a thread. Plain tuples, so that a plan travels and is recognised.
    """

    x_mm: tuple[float, ...]
    y_mm: tuple[float, ...]
    dose_mg: tuple[float, ...]
    kind: tuple[int, ...]
    place_x_mm: tuple[float, ...]
    place_y_mm: tuple[float, ...]
    times_h: tuple[float, ...]
    covered: tuple[float, ...] = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    threshold_mg_per_mm3: float | None = None
    pieces_mm: tuple[tuple[float, float], ...] = ((0.0, 0.0),)

    def __post_init__(self) -> None:
        most = MOST_DEPOTS // max(1, len(self.pieces_mm))
        if not 1 <= len(self.x_mm) <= most:
            of_pieces = f" of {len(self.pieces_mm)} pieces each" if len(self.pieces_mm) > 1 else ""
            raise ValueError(f"x_mm holds {len(self.x_mm)} points{of_pieces}; give from 1 to {most}.")
        for field, other, against in (("y_mm", self.y_mm, self.x_mm), ("dose_mg", self.dose_mg, self.x_mm), ("kind", self.kind, self.x_mm),
                                      ("place_y_mm", self.place_y_mm, self.place_x_mm)):  # fmt: skip
            if len(other) != len(against):
                raise ValueError(f"{field} holds {len(other)} numbers; give {len(against)}, one for each point or place.")
        if not self.place_x_mm or not self.times_h:
            raise ValueError("place_x_mm or times_h is empty; give at least one place and one time.")
        for time in self.times_h:
            within("times_h", time, (EARLIEST_H, TIME_H[1]), "h")
        for share in self.covered:
            within("covered", share, (0.0, 1.0), "")


@dataclass(frozen=True, slots=True)
class Patient:
    """What differs: the tissue, a unit depot of each kind (its place does not count), the depth that is asked, and for each
    step and layer the share of what is cleared that reaches the blood (None: all)."""

    tissue: Tissue
    depots: tuple[Depot, ...]
    depth_mm: float
    reaches_blood: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of N patients, patients first.

    ``auc_per_mg`` (N,), h/mm³, and ``concentration_per_mg`` (N, T), 1/mm³: under a lone point of the first kind, at the depth asked;
    ``r50_mm``, ``r10_mm`` (N,): where the exposure beside it (of a thread: across its middle) has fallen to that share; ``t50_h``,
    ``t90_h`` (N,): when that share of the plan's dose has left the tissue, infinite where that takes longer than `LATEST_H`;
    ``coverage`` (N, Q), mg h/mm³: the least exposure in those shares of the zone; ``above`` (N, T): share of the zone above the threshold, zero without one;
    ``influx`` (N, ...): what the blood takes up of the whole plan, for `compartments`.
    """

    auc_per_mg: Array
    r50_mm: Array
    r10_mm: Array
    t50_h: Array
    t90_h: Array
    coverage: Array
    concentration_per_mg: Array
    above: Array
    influx: Influx


def ensemble(plan: Plan, patients: Sequence[Patient], **how: Any) -> tuple[Answers, Sweep]:
    """The answers of all patients that gave one, and the sweep they come from; ``how`` is what `sweep` takes."""
    swept = sweep(answer, [(plan, patient) for patient in patients], **how)
    return together([result for result in swept.results if result is not None]), swept


def together(rows: Sequence[dict[str, Any]]) -> Answers:
    """Answers of single patients (each what `answer` gives) side by side."""
    if not rows:
        raise ValueError("rows is empty; none of the virtual patients gave an answer.")
    columns = {field.name: np.stack([row[field.name] for row in rows]) for field in fields(Answers) if field.name != "influx"}
    return Answers(**columns, influx=side_by_side([row["influx"] for row in rows]))


def side_by_side(influxes: Sequence[Influx]) -> Influx:
    """Influxes of single patients as one (N, ...); those with fewer terms get terms of nothing."""
    most = max(influx.rate_per_h.shape[-1] for influx in influxes)

    def padded(column: Array) -> Array:
        row: Array = np.pad(column, (0, most - len(column)))
        return row

    return Influx(
        np.stack([padded(influx.rate_per_h) for influx in influxes]),
        np.stack([padded(influx.amount_mg) for influx in influxes]),
        np.stack([padded(np.broadcast_to(influx.start_h, influx.rate_per_h.shape)) for influx in influxes]),
    )


def answer(task: tuple[Plan, Patient]) -> dict[str, Any]:
    """One row of `Answers`."""
    plan, patient = task
    below_surface("depth_mm", patient.depth_mm, patient.tissue)
    if not max(plan.kind) < len(patient.depots):
        raise ValueError(f"depots holds {len(patient.depots)} kinds; the plan names kind {max(plan.kind)}.")
    solved = _Solved(plan, patient)
    return {**solved.exposure(), **solved.concentrations(), **solved.residence(), "influx": absorption(solved.drained, patient.reaches_blood)}


# ── the plan, blurred ───────────────────────────────────────────────────────────────────────────────────────────────────


@functools.lru_cache(maxsize=8)
def _spacing() -> float:
    return mixture.grid_for(1.0, 1.0, TOLERANCE / 2).spacing


@functools.lru_cache(maxsize=CACHED)
def _grid(first: int, last: int) -> tuple[mixture.Grid, Array]:
    """The grid that carries the variances exp(spacing·i) mm² from ``first`` to ``last``, and its wavenumbers."""
    grid = mixture.grid_for(math.exp(_spacing() * first), math.exp(_spacing() * last), TOLERANCE / 2)
    return grid, mixture.wavenumbers(grid)


def _grid_over(low_mm2: float, high_mm2: float) -> tuple[mixture.Grid, Array, int]:
    """The shared grid from below ``low_mm2`` to above ``high_mm2``, its wavenumbers, and the number of its first Gaussian."""
    first = math.floor(math.log(low_mm2) / _spacing())
    grid, kappa = _grid(first, max(first, math.ceil(math.log(high_mm2) / _spacing())))
    return grid, kappa, first - grid.margin


@functools.lru_cache(maxsize=CACHED)
def _map(plan: Plan, number: int) -> Array:
    """The doses of each kind (K, R), mg/mm², blurred by one Gaussian, at the places of the zone."""
    variance = math.exp(_spacing() * number)
    x, y = np.array(plan.place_x_mm), np.array(plan.place_y_mm)
    aside, along = np.array(plan.pieces_mm).T
    blurred = np.zeros((len(x), len(plan.x_mm)))
    for dx, dy in zip(aside, along, strict=True):
        squared = np.subtract.outer(x - dx, plan.x_mm) ** 2 + np.subtract.outer(y - dy, plan.y_mm) ** 2
        blurred += np.exp(squared / (-2 * variance))
    blurred /= 2 * math.pi * variance * len(aside)
    dose, kind = np.array(plan.dose_mg), np.array(plan.kind)
    return np.stack([blurred @ np.where(kind == k, dose, 0.0) for k in range(max(plan.kind) + 1)])


def _together(plan: Plan, variance_mm2: Array) -> Array:
    """What the pieces of a point together give in its middle, as a part of one Gaussian at its centre (M,)."""
    squared = np.sum(np.square(plan.pieces_mm), axis=1)
    part: Array = np.exp(np.divide.outer(squared, -2 * variance_mm2)).mean(axis=0)
    return part


@functools.lru_cache(maxsize=CACHED)
def _profile(number: int) -> Array:
    """One Gaussian at `RADII_MM`, 1/mm²."""
    variance = math.exp(_spacing() * number)
    profile: Array = np.exp(RADII_MM**2 / (-2 * variance)) / (2 * math.pi * variance)
    return profile


# ── one patient ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Modes of J wavenumbers over a stretch of constant clearance, as sums of the columns of ``basis`` (N, m): rates (J, m),
    modes (J, m, m), amounts (J, m, K)."""

    step: Step
    rates: Array
    modes: Array
    amounts: Array
    basis: Array

    def after(self, hours: float) -> Array:
        """States (J, N, K) so many hours after it began."""
        states: Array = self.basis @ (self.modes @ (np.exp(-self.rates * hours)[..., None] * self.amounts))
        return states


class _Solved:
    """One patient's column, its modes, and what they answer. K is the number of kinds of depot."""

    def __init__(self, plan: Plan, patient: Patient) -> None:
        self.plan, self.patient, tissue = plan, patient, patient.tissue
        self.steps, self.times = [_slightly(step) for step in steps_of(tissue)], np.array(plan.times_h)
        self.width_mm2 = np.array([depot.sigma_lateral_mm**2 for depot in patient.depots])
        self.dose = np.bincount(plan.kind, plan.dose_mg, len(patient.depots))
        speed = [layer.diffusivity_mm2_per_h for layer in tissue.layers]
        self.slow, self.fast = 2 * min(speed), 2 * max(speed)
        self.flat = self._resolved()
        self.grid, self.kappa, self.first = _grid_over(float(self.width_mm2.min()), self._widest_mm2())

    def _resolved(self) -> list[_Stretch]:
        """The modes at kappa = 0, after elements have been halved until none has a tail that counts."""
        depots = [(depot.depth_mm, depot.sigma_vertical_mm) for depot in self.patient.depots]
        elements = elements_for(self.patient.tissue, depots, float(self.times.min()), float(self.times.max()), DEGREE)
        for _ in range(ROUNDS):
            self.column = column = Column(self.patient.tissue, elements)
            self.sources = column.loads(depots)
            flat = self._modes()
            tails = column.tails(self._flat_states(flat)).max(axis=(1, 2))
            if math.sqrt(tails.sum()) <= TOLERANCE / 2:
                break
            elements = elements.split(tails > (TOLERANCE / 4) ** 2 / len(tails))
        return flat

    def _modes(self) -> list[_Stretch]:
        """Modes at kappa = 0 in every stretch, the slowest first."""
        now, found = self.sources[None], []
        for step in self.steps:
            quick_first = self.column.modes(step.clearance_per_h, np.zeros(1), about_h=float(np.median(self.times)))
            rates, modes = (each[..., ::-1] for each in quick_first)
            found.append(_Stretch(step, rates, modes, np.swapaxes(modes, 1, 2) @ now, np.eye(self.column.free)))
            if math.isfinite(step.stop_h):
                now = found[-1].after(step.stop_h - step.start_h)
        return found

    def _flat_states(self, flat: Sequence[_Stretch]) -> Array:
        """States at kappa = 0 at all times, and their integral over time (N, T + 1, K)."""
        states = np.zeros((self.column.free, len(self.times) + 1, self.sources.shape[1]))
        for stretch in flat:
            here, spans = self._within(stretch.step)
            decay = np.exp(-np.multiply.outer(stretch.rates[0], spans))
            states[:, :-1][:, here] = np.tensordot(stretch.modes[0], decay[..., None] * stretch.amounts[0][:, None], axes=1)
            lasting = integrated(stretch.rates[0], np.array([stretch.step.stop_h - stretch.step.start_h]))[0]
            states[:, -1] += stretch.modes[0] @ (lasting[:, None] * stretch.amounts[0])
        return states

    def _within(self, step: Step) -> tuple[NDArray[np.bool_], Array]:
        here = (self.times > step.start_h) & (self.times <= step.stop_h)
        return here, self.times[here] - step.start_h

    def _widest_mm2(self) -> float:
        """Greatest variance that anything asked here can have: by the last time, or as long as the exposure goes on."""
        last = self.flat[-1]
        ends = last.step.start_h + 2 * math.log(1 / TOLERANCE) / max(float(last.rates[0, 0]), 1e-12)
        return float(self.width_mm2.max() + max(self.fast * self.times.max(), min(self.fast * ends, WIDEST_MM2)))

    # ── sideways ────────────────────────────────────────────────────────────────────────────────────────────────────

    @functools.cached_property
    def blurred(self) -> Array:
        """The sources with their lateral width (J, N, K)."""
        sources: Array = self.sources * np.exp(-np.multiply.outer(self.kappa**2 / 2, self.width_mm2))[:, None, :]
        return sources

    @functools.cached_property
    def marched(self) -> list[_Stretch]:
        """Modes of all wavenumbers, sought among the sums of those modes at kappa = 0 that last until something is asked.

        That is a third of the work, and loses nothing that lasts. Every stretch has modes of its own to choose from.
        """
        now, found = self.blurred, []
        for flat in self.flat:
            slower, kappa = self._slower(flat), self._wide(flat.step)
            now = now[: len(kappa)]
            alone = np.diag(flat.rates[0][: slower.shape[1]])
            rates, modes = np.linalg.eigh(alone + kappa[:, None, None] ** 2 * self.column.lateral_among(slower))
            found.append(_Stretch(flat.step, rates, modes, np.swapaxes(modes, 1, 2) @ (slower.T @ now), slower))
            if math.isfinite(flat.step.stop_h):
                now = found[-1].after(flat.step.stop_h - flat.step.start_h)
        return found

    def _slower(self, flat: _Stretch) -> Array:
        """The modes (N, m) of a stretch at kappa = 0 of which anything is left when it is first asked about."""
        _, spans = self._within(flat.step)
        first = min([*spans, flat.step.stop_h - flat.step.start_h])
        slower: Array = flat.modes[0][:, : 1 + int(np.sum(flat.rates[0] * first < GONE))]
        return slower

    def _wide(self, step: Step) -> Array:
        """The wavenumbers, the lowest ones, that diffusion has not smoothed away when a stretch begins."""
        smoothed = self.kappa**2 * (self.width_mm2.min() + self.slow * step.start_h) / 2
        wide: Array = self.kappa[smoothed < SMOOTHED]
        return wide

    @functools.cached_property
    def reading(self) -> Array:
        row: Array = self.column.reading(np.array([self.patient.depth_mm]))[0]
        return row

    # ── what it answers ─────────────────────────────────────────────────────────────────────────────────────────────

    def concentrations(self) -> dict[str, Array]:
        """Under a lone point (T,), and the share of the zone above the threshold (T,)."""
        profile = np.zeros((len(self.kappa), len(self.times), len(self.width_mm2)))
        for stretch in self.marched:
            here, spans = self._within(stretch.step)
            decay = np.exp(-stretch.rates[:, None, :] * spans[:, None])
            profile[: len(decay), here] = decay @ ((self.reading @ stretch.basis @ stretch.modes)[:, :, None] * stretch.amounts)
        alone, above = np.zeros(len(self.times)), np.zeros(len(self.times))
        for t, time in enumerate(self.times):
            window = self.grid.window(self.width_mm2.min() + self.slow * time, self.width_mm2.max() + self.fast * time)
            variance = self.grid.variance_mm2[window]
            weights = mixture.fit(self.kappa, variance, profile[:, t])
            alone[t] = weights[:, 0] @ (_together(self.plan, variance) / (2 * math.pi * variance))
            if self.plan.threshold_mg_per_mm3 is not None:
                above[t] = np.mean(self._over_zone(weights, self.first + window.start) > self.plan.threshold_mg_per_mm3)
        return {"concentration_per_mg": alone, "above": above}

    def exposure(self) -> dict[str, Array]:
        """The area under the concentration: alone, beside, and over the zone."""
        tissue = self.patient.tissue
        if tissue.bottom == REFLECT and not any(tissue.clearance_per_h):
            never = np.full(len(self.plan.covered), math.inf)
            return {"auc_per_mg": np.array(math.inf), "r50_mm": np.array(math.inf), "r10_mm": np.array(math.inf), "coverage": never}
        weights = mixture.fit(self.kappa, self.grid.variance_mm2, self._integrals())
        beside = (weights[:, 0] * _together(self.plan, self.grid.variance_mm2)) @ np.stack([_profile(self.first + m) for m in range(len(weights))])
        least = np.quantile(self._over_zone(weights, self.first), [1 - share for share in self.plan.covered])
        return {"auc_per_mg": beside[0], "r50_mm": _reach(beside, 0.5), "r10_mm": _reach(beside, 0.1), "coverage": least}

    def _over_zone(self, weights: Array, first: int) -> Array:
        """Weights (M, K) of the Gaussians from number ``first`` on, over the zone (R,)."""
        kinds = max(self.plan.kind) + 1
        total = np.zeros(len(self.plan.place_x_mm))
        for m, weight in enumerate(weights):
            total += weight[:kinds] @ _map(self.plan, first + m)
        return total

    def _integrals(self) -> Array:
        """What is read at the depth, integrated over all time (J, K): the inverse of the operator, times what went in each stretch."""
        now, found = self.blurred, np.zeros((len(self.kappa), len(self.width_mm2)))
        for n, step in enumerate(self.steps):
            kappa = self._wide(step)
            now = now[: len(kappa)]
            later = self.marched[n].after(step.stop_h - step.start_h) if math.isfinite(step.stop_h) else np.zeros_like(now)
            found[: len(kappa)] += self.reading @ self.column.exposed(step.clearance_per_h, kappa, now - later)
            now = later
        return found

    @functools.cached_property
    def drained(self) -> list[Stretch]:
        """The whole dose, at kappa = 0."""
        at_once = swallowed_mg(self.column, self.sources @ self.dose, float(self.dose.sum()))
        swallowed = [at_once] + [0.0] * (len(self.flat) - 1)
        return [
            stretch_of(self.column, step, flat.rates[0], flat.modes[0], flat.amounts[0] @ self.dose, mg)
            for step, flat, mg in zip(steps_of(self.patient.tissue), self.flat, swallowed, strict=True)
        ]

    def residence(self) -> dict[str, Array]:
        return {"t50_h": np.array(self._left(0.5)), "t90_h": np.array(self._left(0.9))}

    def _left(self, share: float) -> float:
        """When this share of the dose has left the tissue."""
        low, high = EARLIEST_H, LATEST_H
        rounds, count = SEARCH
        for _ in range(rounds):
            times = np.geomspace(low, high, count)
            gone = self._mass(times) <= (1 - share) * self.dose.sum()
            if not gone[-1]:
                return math.inf
            first = max(int(np.argmax(gone)), 1)
            low, high = times[first - 1], times[first]
        return float(math.sqrt(low * high))

    def _mass(self, times: Array) -> Array:
        mass = np.zeros(len(times))
        for drained in self.drained:
            here = (times > drained.step.start_h) & (times <= drained.step.stop_h)
            mass[here] = np.exp(-np.multiply.outer(times[here] - drained.step.start_h, drained.rate_per_h)) @ drained.mass_mg
        return mass


def _slightly(step: Step) -> Step:
    """A step without any clearance gets one too small to notice: its operator has to have an inverse."""
    return step if any(step.clearance_per_h) else replace(step, clearance_per_h=(SLIGHT_PER_H,) * len(step.clearance_per_h))


def _reach(profile: Array, share: float) -> Array:
    """Where a profile at `RADII_MM` falls below a share of its centre. Between two radii a Gaussian is straight in log against r²."""
    below = np.flatnonzero(profile < share * profile[0])
    if not len(below):
        return np.array(math.inf)
    j = int(below[0])
    high, low = math.log(profile[j - 1] / profile[0]), math.log(max(profile[j] / profile[0], 1e-300))
    part = (high - math.log(share)) / (high - low)
    return np.array(math.sqrt(RADII_MM[j - 1] ** 2 + part * (RADII_MM[j] ** 2 - RADII_MM[j - 1] ** 2)))
