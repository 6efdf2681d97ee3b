"""How a dissolved substance moves, binds and leaves in skin, from its molar mass, partition and charge.

A published law for each step, with its numbers in :class:`Constants`: none stands in the code, so each can carry its
source and be varied. The form is that of distributed clearance: capillaries everywhere in a layer take up the unbound
drug, first through their wall and then by their flow, and the lymph takes what is left. Hours, millimetres, g/mol.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PH = 7.4
_MM2_PER_CM2, _S_PER_H = 100.0, 3600.0


class Binding(StrEnum):
    """Which line of the albumin correlation holds for a substance."""

    BASE = "base"  # bases and what carries no charge
    ACID = "acid"  # acids whose shape fits the sites of albumin, as the anti-inflammatory acids
    OTHER_ACID = "other_acid"  # other acids, and what carries both charges


@dataclass(frozen=True, slots=True)
class Constants:
    """The numbers of the laws below. ``replace`` one to see what hangs on it."""

    diffusivity_intercept: float  # log10 of cm²/s at 1 g/mol
    diffusivity_slope: float  # per decade of molar mass
    diffusivity_plateau: float  # cm²/s, which nothing up to the end of the plateau falls below
    diffusivity_plateau_end: float  # g/mol
    diffusivity_fall: float  # power of the molar mass beyond the plateau
    albumin_base_slope: float
    albumin_base_offset: float
    albumin_acid_slope: float
    albumin_acid_offset: float
    albumin_other_acid_slope: float
    albumin_other_acid_offset: float
    albumin_in_skin: float  # g/L
    albumin_in_plasma: float  # g/L
    albumin_phase: float  # part of the tissue that holds the albumin
    albumin_diffusivity: float  # cm²/s, of what is bound to it
    lipid_phase: float  # part of the tissue
    water_phase: float  # part of the tissue
    oil_slope: float  # of log10 of oil over water by that of octanol over water
    oil_offset: float
    fat_lipid: float  # part of fat that is oil
    capillary_intercept: float  # log10 of cm/h
    capillary_slope_log_p: float
    capillary_slope_molar_mass: float  # per g/mol
    capillary_over_skin: float  # wall of a capillary over the skin's barrier
    capillary_surface: float  # cm²/cm³
    paracellular_ps: float  # per hour, of the substance it was measured with
    paracellular_molar_mass: float  # g/mol, of that substance
    capillary_half_size: float  # g/mol, at which half as much passes as by diffusion alone
    capillary_size_power: float
    lymph: float  # per hour


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a layer loses an hour, as a part of what it holds: by blood, by lymph, by breaking down."""

    blood_per_h: float
    lymph_per_h: float
    metabolism_per_h: float = 0.0

    @property
    def total_per_h(self) -> float:
        return self.blood_per_h + self.lymph_per_h + self.metabolism_per_h


def neutral_fraction(charge: int, pka: Sequence[float], ph: float = PH) -> float:
    """The part whose charges add up to zero: ``charge`` is that of the form with all protons, ``pka`` in the order they leave."""
    weights, exponent = [1.0], 0.0
    for step in pka:
        exponent += ph - step
        weights.append(math.pow(10.0, exponent))
    return weights[charge] / math.fsum(weights) if 0 <= charge < len(weights) else 0.0


def log_d(log_p: float, neutral: float) -> float:
    """Partition of all charge states together, if the charged ones stay in the water."""
    return log_p + math.log10(max(neutral, 1e-12))


def free_diffusivity_mm2_per_h(molar_mass: float, c: Constants) -> float:
    """Diffusivity in the water of the tissue: a power of the molar mass, flat up to a few kDa, then falling to that power again.

    Two readings are joined, the law for drugs and the tracers that moved alike from 0.14 to 4 kDa: the greater one holds.
    """
    law = math.pow(10.0, c.diffusivity_intercept + c.diffusivity_slope * math.log10(molar_mass))
    beyond = max(1.0, molar_mass / c.diffusivity_plateau_end)
    return max(law, c.diffusivity_plateau * math.pow(beyond, c.diffusivity_fall)) * _MM2_PER_CM2 * _S_PER_H


def unbound_by_correlation(log_d: float, kind: Binding, c: Constants) -> float:
    """Part not bound in as much albumin as the fluid of the skin holds, from the partition at its pH."""
    slope, offset = {
        Binding.BASE: (c.albumin_base_slope, c.albumin_base_offset),
        Binding.ACID: (c.albumin_acid_slope, c.albumin_acid_offset),
        Binding.OTHER_ACID: (c.albumin_other_acid_slope, c.albumin_other_acid_offset),
    }[kind]
    return 1.0 / (1.0 + slope * math.exp(log_d) + offset)


def unbound_from_plasma(unbound_in_plasma: float, c: Constants) -> float:
    """The same from a measurement in plasma: what is bound for each free molecule goes with the albumin."""
    return 1.0 / (1.0 + (1.0 / unbound_in_plasma - 1.0) * c.albumin_in_skin / c.albumin_in_plasma)


def binding_factor(unbound: float, log_p: float, neutral: float, c: Constants) -> float:
    """Everything in the tissue for each part that is free in its water."""
    return (1.0 - c.albumin_phase) + c.albumin_phase / unbound + c.lipid_phase * neutral * math.pow(10.0, log_p)


def binding_factor_in_fat(binding: float, log_p: float, neutral: float, c: Constants) -> float:
    """The same in fat: what the dermis holds, and what dissolves in oil beside it."""
    oil = math.pow(10.0, c.oil_slope * log_p + c.oil_offset)
    return binding + c.fat_lipid * neutral * oil / c.water_phase


def effective_diffusivity_mm2_per_h(free_mm2_per_h: float, unbound: float, binding: float, c: Constants) -> float:
    """Diffusivity of everything together: what is bound to albumin moves with it, the rest of what is held does not."""
    carried = c.albumin_phase * c.albumin_diffusivity * _MM2_PER_CM2 * _S_PER_H * (1.0 - unbound) / unbound
    return (free_mm2_per_h + carried) / binding


def partition(binding: float, c: Constants) -> float:
    """Concentration in the tissue over that in water at its pH, at equilibrium."""
    return c.water_phase * binding


def permeability_surface_per_h(molar_mass: float, log_p: float, c: Constants) -> float:
    """What crosses the walls of the capillaries, per volume of tissue: through the cells and between them.

    Beyond a few kDa the gaps between the cells hold it back. Between the cells it goes with the diffusivity in water.
    """
    skin_cm_per_h = math.pow(10.0, c.capillary_intercept + c.capillary_slope_log_p * log_p + c.capillary_slope_molar_mass * molar_mass)
    gaps = c.paracellular_ps * math.pow(molar_mass / c.paracellular_molar_mass, c.diffusivity_slope)
    return c.capillary_over_skin * skin_cm_per_h * c.capillary_surface + gaps * passing(molar_mass, c)


def passing(molar_mass: float, c: Constants) -> float:
    """Part of a small molecule's way between the cells that is open to a molecule of this size."""
    return 1.0 / (1.0 + math.pow(molar_mass / c.capillary_half_size, c.capillary_size_power))


def layer_clearance(permeability_surface_per_h: float, flow_per_h: float, binding: float, lymph_per_h: float, metabolism_per_h: float = 0.0) -> Clearance:
    """The wall and the flow stand in series; what is bound waits. ``flow_per_h`` is blood per volume of tissue."""
    narrow, wide = sorted((permeability_surface_per_h, flow_per_h))
    blood = narrow / (1 + narrow / wide) if narrow > 0 else 0.0  # a product of two small ones would have lost its digits
    return Clearance(blood / binding, lymph_per_h / binding, metabolism_per_h)
