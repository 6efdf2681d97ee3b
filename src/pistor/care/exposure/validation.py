"""The engine beside what was measured: one line for each published measurement, what misses as plainly as what fits.

Predictions come from the laws, layers and solver that plans are reckoned with; animals are reckoned as people. A line passes within
a factor that was agreed on before (small molecules 3, large ones 4), or between the limits of the measurement's own entry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import pairwise

import numpy as np

from pistor.care.exposure.solute import Fenced, Plasma, Solute, solute_of
from pistor.care.exposure.tissue import EPIDERMIS, HYPODERMIS, PAPILLARY, RETICULAR, Site, site_of, tissue_of
from pistor.care.exposure.values import How, Value, constants_of, middle
from pistor.delivery import depots, field
from pistor.delivery import properties as p
from pistor.knowledge import Library
from pistor.knowledge.model import MEASUREMENT_GROUPS, Measured, Quantity, ResidenceMeasurement

SMALL_FACTOR, LARGE_FACTOR, WHEAL_FACTOR = 3.0, 4.0, 1.5
LARGE_G_PER_MOL = 1000.0
USUAL_ML = 0.05  # where a study does not say how much was injected
NO_DIFFERENCE = 0.1  # two routes that differ by less are the same to the engine
INTO_FAT_MM = 3.0  # below the dermis, where a study says no more than under the skin
_IN_WATER = -5.0
_TIMES_H = np.geomspace(1e-3, 1e4, 400)
_PER_H = {"1/h": 1.0, "1/min": 60.0}
_HOURS = {"h": 1.0, "min": 1 / 60}
_MM2_PER_H = {"cm2/min": 6000.0, "cm2/s": 360_000.0, "um2/s": 3.6e-3}
_G_PER_MOL = {"g/mol": 1.0, "kDa": 1000.0}


class Verdict(StrEnum):
    """What came of it, in the words that are shown."""

    WITHIN = "within the band"
    MISSED = "misses"
    ORDER_RIGHT = "order right"
    ORDER_WRONG = "order wrong"
    SET = "no test: set by it"
    OUTSIDE = "outside the model"
    NO_NUMBER = "no number"


FAILURES = frozenset((Verdict.MISSED, Verdict.ORDER_WRONG))
SUCCESSES = frozenset((Verdict.WITHIN, Verdict.ORDER_RIGHT))


@dataclass(frozen=True, slots=True)
class Line:
    """One prediction beside one measurement. ``times`` is predicted over measured; numbers are in ``unit``, None where there is none."""

    entry: ResidenceMeasurement
    what: str
    unit: str
    low: float | None
    high: float | None
    predicted: float | None
    times: float | None
    verdict: Verdict
    why: str


def lines(library: Library) -> tuple[Line, ...]:
    """Every measurement of the library, by group."""
    entries = sorted(library.residence_measurements.values(), key=lambda entry: list(MEASUREMENT_GROUPS).index(entry.group))
    return tuple(line for entry in entries for line in _lines(entry, library))


def _lines(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    if entry.compared is None:
        yield _uncompared(entry)
    else:
        yield from _COMPARED[entry.compared](entry, library)


def _uncompared(entry: ResidenceMeasurement) -> Line:
    verdict = Verdict.SET if entry.set_by_it else Verdict.OUTSIDE if entry.group == "outside" else Verdict.NO_NUMBER
    why = entry.outside.text if entry.outside else ""
    if not entry.measured:
        return Line(entry, entry.said[0].text, "", None, None, None, None, verdict, why)
    first = entry.measured[0]
    return Line(entry, first.what, first.quantity.unit, *_ends(first.quantity), None, None, verdict, why)


# ── one kind of comparison each ─────────────────────────────────────────────────────────────────────────────────────────


def _rate(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """What leaves an hour, as the half-life of what the solver leaves in the tissue gives it."""
    first = entry.measured[0]
    per_h = math.log(2) / _half_life_h(entry, library, entry.route)
    yield _by_factor(entry, first, per_h / _PER_H[first.quantity.unit])


def _half_life(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    first = entry.measured[0]
    yield _by_factor(entry, first, _half_life_h(entry, library, entry.route) / _HOURS[first.quantity.unit])


def _gone(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """The part that is gone after a time. What is held to the factor is the rate that each part comes from."""
    first, after = entry.measured[0], entry.after
    assert after is not None
    left = _left(entry, library, entry.route, middle(after))
    seen = 1 - middle(first.quantity) / 100
    times = math.log(left) / math.log(seen)
    line = _by_factor(entry, first, 100 * (1 - left))
    yield replace(line, times=times, verdict=_verdict(entry, times))


def _spread(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """Diffusivity of everything together, and what the published law by molar mass alone would say where that is not what is used."""
    first = entry.measured[0]
    solute = solute_for(entry, library)
    yield _by_factor(entry, first, solute.diffusivity_mm2_per_h() / _MM2_PER_H[first.quantity.unit])
    alone = replace(solute, constants=replace(solute.constants, diffusivity_plateau=0.0)).diffusivity_mm2_per_h()
    if not math.isclose(alone, solute.diffusivity_mm2_per_h()):
        line = _by_factor(entry, first, alone / _MM2_PER_H[first.quantity.unit])
        assert line.times is not None
        verdict = Verdict.WITHIN if _within(entry, line.times) else Verdict.MISSED
        yield replace(line, what=f"{first.what}, by the published law alone", verdict=verdict, why="The law that was left for this reason.")


def _vessels(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """The part of a small molecule's way between the cells that is open to each size."""
    for one in entry.measured:
        yield _by_factor(entry, one, p.passing(_mass(one.molar_mass), constants_of(library)))


def _size(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """Whether the heavier leaves the slower, as less of it reached the blood."""
    heavy = [_mass(one.molar_mass) for one in entry.measured]
    rates = [math.log(2) / _half_life_h(entry, library, entry.route, mass) for mass in heavy]
    falling = all(later < earlier for earlier, later in pairwise(rates))
    seen = [middle(one.quantity) for one in entry.measured]
    yield Line(
        entry, "Reached the blood, lightest over heaviest; predicted: the same of the rates", "ratio", seen[0] / seen[-1], seen[0] / seen[-1],
        rates[0] / rates[-1], None, Verdict.ORDER_RIGHT if falling else Verdict.ORDER_WRONG, "Only the order is held to it.",
    )  # fmt: skip


def _wheal(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    first, volume = entry.measured[0], entry.volume
    assert volume is not None
    shape = depots.bleb(depots.DERMIS, middle(volume), anchor_mm=_wheal_mm(library))
    yield _by_factor(entry, first, math.pi * shape.lateral_mm**2)


def _route(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """Half-life under the skin over that in it: which of the two is the faster."""
    first = entry.measured[0]
    under, into = (_half_life_h(entry, library, route) for route in ("subcutaneous", "intradermal"))
    faster, seen = under / into, middle(first.quantity)
    same_side = (faster > 1 + NO_DIFFERENCE) if seen > 1 else (faster < 1 - NO_DIFFERENCE)
    why = "The lymph takes as much from fat as from the dermis here." if abs(faster - 1) <= NO_DIFFERENCE else "Only the order is held to it."
    yield Line(entry, first.what, "ratio", *_ends(first.quantity), faster, None, Verdict.ORDER_RIGHT if same_side else Verdict.ORDER_WRONG, why)


def _depth(entry: ResidenceMeasurement, library: Library) -> Iterator[Line]:
    """The part that the reticular dermis and the fat clear, from deep over from shallow in the dermis."""
    site, solute = _site(entry, library), solute_for(entry, library)
    top, dermis = _top_and_dermis(site)
    shallow, deep = (_below_papillary(site, solute, top + part * dermis, library) for part in (0.25, 0.75))
    first = entry.measured[0]
    verdict = Verdict.ORDER_RIGHT if deep > shallow * (1 + NO_DIFFERENCE) else Verdict.ORDER_WRONG
    yield Line(entry, first.what, "ratio", *_ends(first.quantity), deep / shallow, None, verdict, "Only the order is held to it.")


_COMPARED: dict[str, Callable[[ResidenceMeasurement, Library], Iterator[Line]]] = {
    "rate": _rate, "half_life": _half_life, "gone": _gone, "spread": _spread, "vessels": _vessels, "size": _size, "wheal": _wheal, "route": _route,
    "depth": _depth,
}  # fmt: skip


# ── from numbers to verdicts ────────────────────────────────────────────────────────────────────────────────────────────


def _by_factor(entry: ResidenceMeasurement, one: Measured, predicted: float) -> Line:
    low, high = _ends(one.quantity)
    nearest = min(max(predicted, low), high) if low is not None and high is not None else low or high or predicted
    times = predicted / nearest
    verdict, why = _verdict(entry, times, predicted), ""
    if verdict is Verdict.SET:
        why = "The number that it rests on was read from here."
    return Line(entry, one.what, one.quantity.unit, low, high, predicted, times, verdict, why)


def _verdict(entry: ResidenceMeasurement, times: float, predicted: float | None = None) -> Verdict:
    if entry.set_by_it:
        return Verdict.SET
    if entry.accepted is not None and predicted is not None:
        low, high = _ends(entry.accepted)
        return Verdict.WITHIN if low is not None and high is not None and low <= predicted <= high else Verdict.MISSED
    return Verdict.WITHIN if _within(entry, times) else Verdict.MISSED


def _within(entry: ResidenceMeasurement, times: float) -> bool:
    return 1 / factor_of(entry) <= times <= factor_of(entry)


def factor_of(entry: ResidenceMeasurement) -> float:
    """By how much a prediction may be off, either way."""
    if entry.compared == "wheal":
        return WHEAL_FACTOR
    heavy = entry.group in ("peptides", "large") or (entry.molar_mass is not None and _mass(entry.molar_mass) > LARGE_G_PER_MOL)
    return LARGE_FACTOR if heavy else SMALL_FACTOR


def _ends(quantity: Quantity) -> tuple[float | None, float | None]:
    low, high = quantity.low, quantity.high
    return None if low is None else float(low), None if high is None else float(high)


def _mass(quantity: Quantity | None) -> float:
    assert quantity is not None
    return middle(quantity) * _G_PER_MOL[quantity.unit]


# ── what the solver says ────────────────────────────────────────────────────────────────────────────────────────────────


def _half_life_h(entry: ResidenceMeasurement, library: Library, route: str, mass: float | None = None) -> float:
    """When half of a depot has left the tissue, by the solver."""
    left = _solved(entry, library, route, mass).mass_mg
    return float(np.exp(np.interp(-math.log(0.5), -np.log(np.maximum(left, 1e-300)), np.log(_TIMES_H))))


def _left(entry: ResidenceMeasurement, library: Library, route: str, at_h: float) -> float:
    left = _solved(entry, library, route).mass_mg
    return float(np.exp(np.interp(math.log(at_h), np.log(_TIMES_H), np.log(np.maximum(left, 1e-300)))))


@cache
def _solved(entry: ResidenceMeasurement, library: Library, route: str, mass: float | None = None) -> field.Solution:
    """A depot of 1 mg in the middle of the dermis, or in the fat under it."""
    site, solute = _site(entry, library), solute_for(entry, library, mass)
    top, dermis = _top_and_dermis(site)
    fat = route == "subcutaneous"
    depth = top + dermis + INTO_FAT_MM if fat else top + dermis / 2
    layer = depots.HYPODERMIS if fat else depots.DERMIS
    volume = middle(entry.volume) if entry.volume else USUAL_ML
    return field.solve(tissue_of(site, solute), [depots.point_depot(0.0, 0.0, depth, volume, 1.0, layer=layer, anchor_mm=_wheal_mm(library))], _TIMES_H)


def _wheal_mm(library: Library) -> float:
    """Radius of the wheal of 0.1 mL."""
    return middle(library.delivery_parameters["wheal_radius"].quantity)


def _below_papillary(site: Site, solute: Solute, depth_mm: float, library: Library) -> float:
    """The part of a small depot that leaves from below the papillary dermis."""
    depot = depots.point_depot(0.0, 0.0, depth_mm, depots.VOLUME_ML[0], 1.0, layer=depots.DERMIS, anchor_mm=_wheal_mm(library))
    cleared = field.solve(tissue_of(site, solute), [depot], _TIMES_H).budget.cleared_mg[-1]
    deep = [layer.name in (RETICULAR, HYPODERMIS) for layer in site.layers]
    return float(cleared[deep].sum() / cleared.sum())


def _site(entry: ResidenceMeasurement, library: Library) -> Site:
    assert entry.zone is not None
    return site_of(entry.zone, library)


def _top_and_dermis(site: Site) -> tuple[float, float]:
    """Thickness of the epidermis, and of the dermis under it."""
    thick = {layer.name: layer.thickness.number for layer in site.layers}
    return thick[EPIDERMIS], thick[PAPILLARY] + thick[RETICULAR]


def solute_for(entry: ResidenceMeasurement, library: Library, mass: float | None = None) -> Solute:
    """The substance of the library, or one of the entry's own numbers: in the water and not bound where those are all it has."""
    if entry.ingredient is not None:
        found = solute_of(entry.ingredient, library)
        assert not isinstance(found, Fenced), found
        return found
    c = constants_of(library)
    molar_mass = Value("Molar mass", _mass(entry.molar_mass) if mass is None else mass, "g/mol", How.MEASURED, ())
    log_p = Value("log P", middle(entry.log_p) if entry.log_p else _IN_WATER, "log10", How.MEASURED if entry.log_p else How.ASSUMED, ())
    neutral = p.neutral_fraction(0, [middle(entry.pka)]) if entry.pka else 1.0
    unbound = p.unbound_by_correlation(p.log_d(log_p.number, neutral), p.Binding.ACID, c) if entry.pka else 1.0
    worked_out = How.CORRELATION if entry.pka else How.ASSUMED
    charge = Value("Part without charge at pH 7.4", neutral, "fraction", worked_out, ())
    return Solute(entry.id, entry.name, (), molar_mass, log_p, charge, Value("Part not bound", unbound, "fraction", worked_out, ()), c, Plasma())
