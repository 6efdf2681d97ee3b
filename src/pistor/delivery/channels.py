"""Channels of a microneedle roller or pen under a topical film: how fast the film enters the skin while they close."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .absorption import Influx
from .problem import DIFFUSIVITY_MM2_PER_H, DOSE_MG, PARTITION, THICKNESS_MM, within

Numbers = NDArray[np.float64]

COUNT_PER_CM2 = (0.1, 1e5)
RADIUS_MM = (0.001, 0.5)
DEPTH_MM = (0.01, 5.0)
PERMEABILITY_MM_PER_H = (0.0, 1e3)
FILM_MM = (1e-3, 10.0)
CLOSURE_H = (1e-3, 1e4)
CLEARANCES_BEFORE_CLOSURE = 1e4
OPEN_SHARE = 0.5

# Poisson terms further than so many standard deviations (and this many more) from the mean hold less than 1e-15 together.
DEVIATIONS, MARGIN = 9.0, 30


def channel_permeability_mm_per_h(
    *,
    count_per_cm2: float,
    radius_mm: float,
    depth_mm: float,
    channel_diffusivity_mm2_per_h: float,
    epidermis_mm: float,
    epidermis_diffusivity_mm2_per_h: float,
    dermis_diffusivity_mm2_per_h: float,
    partition: float = 1.0,
) -> float:
    """Permeability of open channels, per area of skin: flux (mg/mm²/h) = this x concentration in the film (mg/mm³).

    Each channel is a cylinder through which the solute diffuses, L/(pi r² D), in series with the tissue around its end,
    1/(4 r D K): a disc on a half-space of tissue. Which tissue that is depends on whether the channel passes the epidermis.
    ``partition`` is tissue over film. Channels must be far apart (at most half of the skin open); there is no flow in them.
    """
    count = within("count_per_cm2", count_per_cm2, COUNT_PER_CM2, "per cm²")
    radius = within("radius_mm", radius_mm, RADIUS_MM, "mm")
    depth = within("depth_mm", depth_mm, DEPTH_MM, "mm")
    inside = within("channel_diffusivity_mm2_per_h", channel_diffusivity_mm2_per_h, DIFFUSIVITY_MM2_PER_H, "mm²/h")
    epidermis = within("epidermis_mm", epidermis_mm, THICKNESS_MM, "mm")
    shallow = within("epidermis_diffusivity_mm2_per_h", epidermis_diffusivity_mm2_per_h, DIFFUSIVITY_MM2_PER_H, "mm²/h")
    deep = within("dermis_diffusivity_mm2_per_h", dermis_diffusivity_mm2_per_h, DIFFUSIVITY_MM2_PER_H, "mm²/h")
    ratio = within("partition", partition, PARTITION, "")
    per_mm2 = count / 100
    if per_mm2 * math.pi * radius**2 > OPEN_SHARE:
        most = 100 * OPEN_SHARE / (math.pi * radius**2)
        raise ValueError(
            f"count_per_cm2 is {count_per_cm2!r}; give a number from {COUNT_PER_CM2[0]:g} to {most:g} per cm²: more holes of this radius leave no skin between."
        )
    around = deep if depth >= epidermis else shallow
    resistance = depth / (math.pi * radius**2 * inside) + 1 / (4 * radius * around * ratio)
    return per_mm2 / resistance


def film_influx(*, dose_mg: float, film_mm: float, permeability_mm_per_h: float, closure_half_life_h: float | None) -> Influx:
    """What enters the skin from a film ``film_mm`` thick that its channels empty while they close by half every half-life.

    The film loses a·exp(-b t) of what it holds per hour, a = permeability/thickness, b = ln 2/half-life, so it holds
    dose·exp(-(a/b)(1 - exp(-b t))). Expanded in a/b that is a sum of exponentials of rates b, 2b, 3b, … whose amounts are
    the dose times the Poisson probabilities of mean a/b: all positive, dose·(1 - exp(-a/b)) together. Terms are left out
    that hold less than 1e-15 of the dose. ``closure_half_life_h`` None: the channels stay open.
    """
    dose = within("dose_mg", dose_mg, DOSE_MG, "mg")
    thickness = within("film_mm", film_mm, FILM_MM, "mm")
    permeability = within("permeability_mm_per_h", permeability_mm_per_h, PERMEABILITY_MM_PER_H, "mm/h")
    emptied = permeability / thickness
    if closure_half_life_h is None:
        return Influx(np.array([emptied]), np.array([dose]))
    closing = math.log(2) / within("closure_half_life_h", closure_half_life_h, CLOSURE_H, "h")
    mean = emptied / closing
    if mean > CLEARANCES_BEFORE_CLOSURE:
        longest = CLEARANCES_BEFORE_CLOSURE * math.log(2) / emptied
        raise ValueError(
            f"closure_half_life_h is {closure_half_life_h!r}; give a number from {CLOSURE_H[0]:g} to {longest:g} h, or none: the film is empty long before."
        )
    term, probability = _poisson(mean)
    return Influx(term * closing, dose * probability)


def _poisson(mean: float) -> tuple[Numbers, Numbers]:
    """The numbers from 1 on whose Poisson probability matters, and that probability.

    From the most probable number outwards by their ratios, then brought to the sum of 1 that they have with number 0:
    nothing underflows, and no logarithm loses digits at a large mean.
    """
    spread, mode = DEVIATIONS * math.sqrt(mean) + MARGIN, math.floor(mean)
    first, last = max(0, math.floor(mean - spread)), math.ceil(mean + spread)
    below = np.cumprod(np.arange(mode, first, -1) / max(mean, 1.0))[::-1]
    above = np.cumprod(mean / np.arange(mode + 1, last + 1))
    weight = np.concatenate([below, [1.0], above])
    matters = slice(1 if first == 0 else 0, None)
    return np.arange(first, last + 1, dtype=float)[matters], (weight / np.sum(weight))[matters]
