"""What the physics says of this plan, in plain sentences with its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pistor.care.evidence import Effect, Finding
from pistor.care.exposure.bands import Banded
from pistor.care.exposure.order import GUN
from pistor.delivery.depots import MM3_PER_ML
from pistor.delivery.limits import Load

if TYPE_CHECKING:
    from pistor.care.exposure.exposure import SoluteExposure
    from pistor.care.exposure.film import FilmSolute
    from pistor.care.exposure.order import Order

DENSER_THREAD = 2.0  # of the middle of a Gaussian over an even cylinder of the same second moments
DENSER = 4 * math.pi / 3 * 5**1.5 / (2 * math.pi) ** 1.5  # centre of a Gaussian over an even ellipsoid of the same second moments
ISLANDS = 0.3  # below that part the least of the zone is called much less than the most
NEAR = 2.0  # times below a toxic level: nearer than that is told as a part of it, with a caution
NOTHING = 0.005  # a part so small that it would be told as 0 %
MODEL = "A model's estimate from published numbers, not a measurement: use it to compare plans, not as a concentration that is there."
DRIVERS = {
    "diffusivity_factor": "How fast it spreads",
    "clearance_factor": "How fast blood and lymph take it",
    "dermis_factor": "How thick the dermis is",
    "viable_epidermis": "How thick the epidermis is",
    "papillary_clearance": "Capillaries of the upper dermis",
    "hypodermis_clearance": "Clearance in the fat",
    "wheal_radius": "How wide the bleb is",
    "filling_fraction": "How much of the tissue the fluid fills",
    "depth_scatter": "How far the depth is off",
    "backflow": "How much runs back out",
    "gun_depth_scatter": "How far the gun's depth scatters",
    "skin_flow_unknown": "Blood flow of the skin there",
    "injection_hyperaemia": "Blood flow just after the needle",
    "injection_hyperaemia_end": "How long that lasts",
    "channel_depth": "How deep the channels are",
    "channel_width": "How wide the channels are",
    "channel_half_life_covered": "How long the channels stay open",
    "vasoconstrictor_flow": "Blood flow with the vasoconstrictor",
}


def of_solute(exposed: SoluteExposure, bleb_mm: float, neighbour: float | None) -> tuple[Finding, ...]:
    """When it is gone, how far it gets, whether points join, and what the blood sees of it."""
    return (_gone(exposed), _reach(exposed, bleb_mm), *_islands(exposed, neighbour), *of_blood(exposed), *_dense(exposed))


def whole(
    order: Order, target_mm: float, neighbour: float | None, bleb_mm: tuple[float, float], skin_mm: float, anaesthetics: Load | None, computed: Sequence[str]
) -> tuple[Finding, ...]:
    """What holds for the whole treatment."""
    tip, (radius_mm, height_mm) = order.typical.depth_mm, bleb_mm
    bleb = f"{order.typical.volume_ml:.3g} mL soak about {number(2 * radius_mm)} mm across and {number(2 * height_mm)} mm in depth."
    if order.run_mm is not None:
        bleb = (
            f"{order.typical.volume_ml:.3g} mL along {number(order.run_mm)} mm soak a thread about {number(2 * radius_mm)} mm thick. "
            f"It is reckoned level, {number(tip)} mm deep, with the point as its middle."
        )
    found = [Finding("exposure.model", Effect.INFORM, MODEL), Finding("exposure.bleb", Effect.INFORM, bleb)]
    if tip <= skin_mm < 2 * height_mm:
        text = (
            f"That is more than the skin there is thick ({number(skin_mm)} mm): it bulges, which the engine leaves out, and part of it is reckoned in the fat."
        )
        found.append(Finding("exposure.bulge", Effect.CAUTION, text))
    if abs(target_mm - tip) > 0.05:
        text = f"The tip ends {number(tip)} mm deep; what is said of the field holds at the target depth of {number(target_mm)} mm."
        found.append(Finding("exposure.target", Effect.INFORM, text))
    kinds = len({spot[2:] for spot in order.spots})
    if kinds > 1:
        text = f"Points differ in depth or volume ({kinds} kinds): coverage and blood reckon each as it is, the single point shown is of the commonest kind."
        found.append(Finding("exposure.kinds", Effect.INFORM, text))
    if order.device == GUN:
        text = (
            "How far the depth of a gun scatters from shot to shot is assumed, as nobody measured one: what is said of a point is the mean of many shots. "
            "What a gun loses on the skin is not known; it is taken to be as with a needle by hand."
        )
        found.append(Finding("exposure.gun", Effect.INFORM, text))
    if order.elsewhere_ml > 0:
        text = f"{order.elsewhere_ml:.3g} mL go to areas on other drawings: the blood gets them too, reckoned as if they were in this skin."
        found.append(Finding("exposure.elsewhere", Effect.INFORM, text))
    if order.weight_kg is None and computed:
        text = "The weight is not given, so no concentration in plasma is reckoned."
        found.append(Finding("exposure.weight", Effect.ASK, text))
    if neighbour is not None and computed and neighbour < 2 * radius_mm:
        text = f"Blebs of {number(radius_mm)} mm radius, {number(neighbour)} mm apart, overlap: how the fluid then shares the tissue is left out."
        found.append(Finding("exposure.overlap", Effect.INFORM, text))
    return (*found, *_together(anaesthetics), *(Finding("exposure.note", Effect.INFORM, note) for note in order.notes))


def failed(name: str, count: int) -> tuple[Finding, ...]:
    """Where virtual patients gave no answer."""
    if not count:
        return ()
    return (Finding("exposure.failed", Effect.CAUTION, f"{name}: {count} virtual patients gave no answer and are left out of the range."),)


def _gone(exposed: SoluteExposure) -> Finding:
    text = f"{exposed.name}: half has left the tissue after {hours(exposed.half_gone_h)}, nine tenths after {hours(exposed.nine_tenths_gone_h)}."
    return Finding("exposure.gone", Effect.INFORM, text)


def _reach(exposed: SoluteExposure, bleb_mm: float) -> Finding:
    text = (
        f"{exposed.name}: beside a point its exposure falls to half within {spread(exposed.reach_half_mm)} mm and to a tenth within "
        f"{spread(exposed.reach_tenth_mm)} mm."
    )
    length = exposed.diffusion_length_mm
    if length is not None and length < bleb_mm:
        text += (
            f" It diffuses about {number(length)} mm before blood and lymph take it; the bleb is {number(bleb_mm)} mm in radius: its size decides the reach."
        )
    elif length is not None:
        text += f" It diffuses about {number(length)} mm before it is taken, farther than the bleb reaches ({number(bleb_mm)} mm in radius)."
    return Finding("exposure.reach", Effect.INFORM, text)


def _islands(exposed: SoluteExposure, neighbour: float | None) -> tuple[Finding, ...]:
    ratio = exposed.valley_over_peak.median
    if neighbour is None or not isinstance(ratio, float):
        return ()
    apart = f"{exposed.name}: points are {number(neighbour)} mm apart"
    if float(np.max(exposed.valley_over_peak.high)) < NOTHING:
        return (Finding("exposure.islands", Effect.CAUTION, f"{apart}; between them the zone gets next to nothing. The points stay islands."),)
    text = f"{apart}; 95 % of the zone get at least {percent(exposed.valley_over_peak)} of what its best 5 % get."
    if ratio < ISLANDS:
        return (Finding("exposure.islands", Effect.CAUTION, f"{text} The points stay islands."),)
    return (Finding("exposure.even", Effect.INFORM, text),)


def of_blood(exposed: SoluteExposure | FilmSolute) -> tuple[Finding, ...]:
    """What the plasma gets of it, beside the same dose by mouth and beside a toxic level."""
    if exposed.plasma is None:
        return (Finding("exposure.plasma_unknown", Effect.INFORM, exposed.plasma_unknown),)
    peak, high = exposed.plasma.cmax_mg_per_l, exposed.plasma.cmax_mg_per_l.high
    text = f"{exposed.name}: {number(exposed.dose_mg)} mg raise the plasma to {spread(peak)} micrograms/mL after {hours(exposed.plasma.tmax_h)}."
    mouth = next((one for one in exposed.comparisons if one.name == "by mouth" and one.cmax_mg_per_l is not None), None)
    if mouth is not None and mouth.cmax_mg_per_l is not None:
        text += f" The same dose by mouth: {number(mouth.cmax_mg_per_l)} micrograms/mL."
    if exposed.limit is None:
        return (Finding("exposure.plasma", Effect.INFORM, f"{text} No toxic level was read."),)
    text += f" {beside_limit(peak, exposed.limit.number)}"
    near = not isinstance(high, float) or not high < exposed.limit.number / NEAR
    return (Finding("exposure.plasma", Effect.CAUTION if near else Effect.INFORM, text, sources=exposed.limit.sources),)


def beside_limit(peak: Banded, limit: float) -> str:
    """A peak in plasma beside a toxic level, both in micrograms/mL.

    Not the middle but the end of the range that 95 of 100 stay below is compared, and always rounded toward the danger.
    """
    middle, high = (math.inf if isinstance(end, tuple) else float(end) for end in (peak.median, peak.high))
    known = f"The lowest toxic level that was read is {number(limit)} micrograms/mL"
    if not math.isfinite(high):
        return f"{known}; how near the highest patients come to it cannot be told."
    if middle >= limit:
        return f"{known}; in this model more than half of the patients are above it."
    if high >= limit:
        return f"{known}; in this model the upper end of the range is above it."
    if high > limit / NEAR:
        return f"{known}; in this model the upper end of the range is {math.ceil(100 * high / limit)} % of it."
    if high <= 0:
        return f"{known}; in this model next to nothing comes into the blood."
    return f"{known}; in this model 95 of 100 patients stay at least {number(at_least(limit / high))} times below it, which is no margin of safety."


def at_least(ratio: float) -> float:
    """A ratio above 1 with one digit that counts, rounded down."""
    power = 10.0 ** math.floor(math.log10(ratio))
    return math.floor(ratio / power * (1 + 1e-12)) * power


def _dense(exposed: SoluteExposure) -> tuple[Finding, ...]:
    """Where the model holds more in the middle of a point than the syringe does."""
    peak_mg_per_ml = MM3_PER_ML * float(np.max(exposed.peak_mg_per_mm3.median))
    if peak_mg_per_ml <= exposed.mg_per_ml:
        return ()
    peak, strength = number(peak_mg_per_ml), number(exposed.mg_per_ml)
    what, denser = ("thread", DENSER_THREAD) if len(exposed.pieces_mm) > 1 else ("point", DENSER)
    text = (
        f"{exposed.name}: the highest concentration reckoned, {peak} mg/mL, is more than the {strength} mg/mL injected. A {what} is reckoned as a "
        f"Gaussian, {number(denser)} times as dense in its middle as the bleb, and what likes fat gathers in it: the first minutes say little."
    )
    return (Finding("exposure.dense", Effect.CAUTION, text),)


def _together(anaesthetics: Load | None) -> tuple[Finding, ...]:
    if anaesthetics is None:
        return ()
    used = 100 * float(anaesthetics.known)
    if anaesthetics.unknown:
        text = f"Local anaesthetics together use at least {number(used)} % of their toxic levels; that of {', '.join(anaesthetics.unknown)} is not known."
        return (Finding("exposure.anaesthetics", Effect.CAUTION, text),)
    share = f"{number(at_most(used))} %"
    text = f"Local anaesthetics together use up to {share} of their toxic levels, with the peaks that 95 of 100 stay below, as if all came at once."
    return (Finding("exposure.anaesthetics", Effect.CAUTION if anaesthetics.exceeded else Effect.INFORM, text),)


# ── numbers in sentences ────────────────────────────────────────────────────────────────────────────────────────────


def number(value: float) -> str:
    """Two digits that count, without an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "without end"
    return f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".")


def at_most(value: float) -> float:
    """Two digits that count, rounded up."""
    if value <= 0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / step * (1 - 1e-12)) * step


def spread(band: Banded) -> str:
    """The middle with its range."""
    middle, low, high = (float(end) for end in (band.median, band.low, band.high) if not isinstance(end, tuple))
    return f"{number(middle)} ({number(low)} to {number(high)})"


def hours(band: Banded) -> str:
    """A time with its range, in the unit that suits its middle."""
    middle, low, high = (float(end) for end in (band.median, band.low, band.high) if not isinstance(end, tuple))
    unit, factor = ("minutes", 60.0) if middle < 2 else ("hours", 1.0) if middle < 72 else ("days", 1 / 24)
    return f"{number(middle * factor)} ({number(low * factor)} to {number(high * factor)}) {unit}"


def percent(band: Banded) -> str:
    middle, low, high = (float(end) for end in (band.median, band.low, band.high) if not isinstance(end, tuple))
    return f"{number(100 * middle)} % ({number(100 * low)} to {number(100 * high)})"
