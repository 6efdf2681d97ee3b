"""The pH of a mixture by charge balance: what is dissolved decides, and the pH of the parts is never averaged.

A solution is electrically neutral. Strong ions (sodium, chloride and the like) keep their charge at every pH, so only
their difference matters; weak acids and bases take up or give off protons until the sum is zero. Both the weak solutes
and the difference of the strong ions simply add up when solutions are mixed, and where a label gives the pH of a part,
that pH says how large its difference of strong ions must be, whatever made it so. So a mixture needs no recipe of its
parts, only their weak solutes and their labelled pH; the ends of the labelled ranges give the ends of the answer,
because more base never makes a mixture more acidic.

Ideal dilute solution at 25 degrees Celsius, closed to the air: activity, temperature and loss of carbon dioxide are
left out. Concentrations are mmol/mL, which is mol/L.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PKW = 14.0
_LOWEST_PH, _HIGHEST_PH = -2.0, 16.0
_STEPS = 60  # halvings of 18 units: far below what a double can tell apart


@dataclass(frozen=True, slots=True)
class Protolyte:
    """A weak acid or base: the charge of its fully protonated form and its pKa values, from the first proton lost."""

    charge: int
    pka: tuple[float, ...]

    def mean_charge(self, ph: float) -> float:
        """Average charge per molecule, in elementary charges, from ``charge`` down to ``charge - len(pka)``."""
        weight, total, weighted = 1.0, 1.0, 0.0
        for lost, pka in enumerate(self.pka, start=1):
            weight *= 10.0 ** (ph - pka)
            total += weight
            weighted += lost * weight
        return self.charge - weighted / total


@dataclass(frozen=True, slots=True)
class Solution:
    """``weak`` in mmol/mL by protolyte; ``strong`` is strong cations less strong anions, in mmol of charge per mL."""

    volume_ml: float
    weak: Mapping[Protolyte, float] = field(default_factory=dict)
    strong: float = 0.0


def charge_of_weak(weak: Mapping[Protolyte, float], ph: float) -> float:
    """Charge of everything but the strong ions at a pH, in mmol of charge per mL."""
    water = 10.0**-ph - 10.0 ** (ph - PKW)
    return float(water + sum(amount * protolyte.mean_charge(ph) for protolyte, amount in weak.items()))


def at_ph(volume_ml: float, weak: Mapping[Protolyte, float], ph: float) -> Solution:
    """A solution whose pH is known: its strong ions are whatever makes it neutral there."""
    return Solution(volume_ml, weak, -charge_of_weak(weak, ph))


def ph_of(solution: Solution) -> float:
    """The pH at which a solution is neutral, by bisection: the charge falls steadily as the pH rises."""
    low, high = _LOWEST_PH, _HIGHEST_PH
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if charge_of_weak(solution.weak, middle) + solution.strong > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def mix(solutions: Sequence[Solution]) -> Solution:
    """Solutions poured together; volumes are taken to add up."""
    volume = sum(solution.volume_ml for solution in solutions)
    weak: dict[Protolyte, float] = {}
    for solution in solutions:
        for protolyte, amount in solution.weak.items():
            weak[protolyte] = weak.get(protolyte, 0.0) + amount * solution.volume_ml / volume
    return Solution(volume, weak, sum(solution.strong * solution.volume_ml for solution in solutions) / volume)
