"""What the engine is asked: layers of tissue, what closes them below, and depots in them. Millimetres, hours, milligrams.

In layer i the concentration c (mg/mm³ of tissue) obeys dc/dt = div(D_i grad c) - k_i c. Across an interface the flux
D dc/dz and the activity c/K are continuous; the surface lets nothing through; sideways the tissue has no end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

SINK, REFLECT, FAR = "sink", "reflect", "far"
BOTTOMS = (SINK, REFLECT, FAR)

MOST_LAYERS = 20
MOST_DEPOTS = 5000
MOST_TIMES = 10_000
THICKNESS_MM = (0.001, 200.0)
DIFFUSIVITY_MM2_PER_H = (1e-6, 100.0)
CLEARANCE_PER_H = (0.0, 1000.0)
PARTITION = (1e-4, 1e4)
POSITION_MM = (-2000.0, 2000.0)
SIGMA_MM = (0.01, 50.0)
DOSE_MG = (0.0, 1e5)
TIME_H = (0.0, 1e5)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of tissue. ``clearance_per_h`` removes by blood, lymph and metabolism together; ``partition`` is the
    concentration here over that in a reference phase (water) at equilibrium."""

    name: str
    thickness_mm: float
    diffusivity_mm2_per_h: float
    clearance_per_h: float = 0.0
    partition: float = 1.0

    def __post_init__(self) -> None:
        at = f"of layer {self.name!r}"
        within("thickness_mm", self.thickness_mm, THICKNESS_MM, "mm", at)
        within("diffusivity_mm2_per_h", self.diffusivity_mm2_per_h, DIFFUSIVITY_MM2_PER_H, "mm²/h", at)
        within("clearance_per_h", self.clearance_per_h, CLEARANCE_PER_H, "per hour", at)
        within("partition", self.partition, PARTITION, "", at)


@dataclass(frozen=True, slots=True)
class Period:
    """Clearances of the layers (1/h, from the surface down) until a time: more blood after the needle, less with a vasoconstrictor."""

    until_h: float
    clearance_per_h: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tissue:
    """Layers from the surface down, and what lies below them.

    ``sink`` keeps the concentration at the bottom at zero, ``reflect`` lets nothing through, ``far`` continues the last
    layer without end. In ``periods``, one after the other from time zero, other clearances hold; then those of the layers.
    """

    layers: tuple[Layer, ...]
    bottom: str = FAR
    periods: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MOST_LAYERS:
            raise ValueError(f"layers holds {len(self.layers)}; give from 1 to {MOST_LAYERS}.")
        if self.bottom not in BOTTOMS:
            raise ValueError(f"bottom is {self.bottom!r}; choose one of {', '.join(BOTTOMS)}.")
        before_h = 0.0
        for period in self.periods:
            if len(period.clearance_per_h) != len(self.layers):
                raise ValueError(f"clearance_per_h of a period holds {len(period.clearance_per_h)} numbers; give one for each of {len(self.layers)} layers.")
            within("until_h", period.until_h, TIME_H, "h", "of a period")
            for rate in period.clearance_per_h:
                within("clearance_per_h", rate, CLEARANCE_PER_H, "per hour", "of a period")
            if period.until_h <= before_h:
                raise ValueError(f"until_h of a period is {period.until_h:g}; give more than {before_h:g} h, where it begins.")
            before_h = period.until_h

    @property
    def depth_mm(self) -> float:
        """Depth of the bottom below the surface."""
        return math.fsum(layer.thickness_mm for layer in self.layers)

    @property
    def clearance_per_h(self) -> tuple[float, ...]:
        """Clearances of the layers after the last period."""
        return tuple(layer.clearance_per_h for layer in self.layers)

    @property
    def edges_mm(self) -> tuple[float, ...]:
        """Depths of the surface, of every interface and of the bottom."""
        edges = [0.0]
        for layer in self.layers:
            edges.append(edges[-1] + layer.thickness_mm)
        return tuple(edges)


@dataclass(frozen=True, slots=True)
class Depot:
    """A Gaussian depot: its dose, centre and second moments. What would lie above the surface is mirrored back."""

    x_mm: float
    y_mm: float
    depth_mm: float
    sigma_lateral_mm: float
    sigma_vertical_mm: float
    dose_mg: float

    def __post_init__(self) -> None:
        within("x_mm", self.x_mm, POSITION_MM, "mm", "of a depot")
        within("y_mm", self.y_mm, POSITION_MM, "mm", "of a depot")
        within("depth_mm", self.depth_mm, (0.0, POSITION_MM[1]), "mm", "of a depot")
        within("sigma_lateral_mm", self.sigma_lateral_mm, SIGMA_MM, "mm", "of a depot")
        within("sigma_vertical_mm", self.sigma_vertical_mm, SIGMA_MM, "mm", "of a depot")
        within("dose_mg", self.dose_mg, DOSE_MG, "mg", "of a depot")


def checked(tissue: Tissue, depots: Iterable[Depot], times_h: Iterable[float]) -> tuple[tuple[Depot, ...], tuple[float, ...]]:
    """The depots and times, or a ``ValueError`` that names what cannot be computed in this tissue."""
    found = tuple(depots)
    if not 1 <= len(found) <= MOST_DEPOTS:
        raise ValueError(f"depots holds {len(found)}; give from 1 to {MOST_DEPOTS}.")
    for depot in found:
        below_surface("depth_mm", depot.depth_mm, tissue, "of a depot")
    times = tuple(times_h)
    if not 1 <= len(times) <= MOST_TIMES:
        raise ValueError(f"times_h holds {len(times)}; give from 1 to {MOST_TIMES}.")
    return found, tuple(within("times_h", time, TIME_H, "h") for time in times)


def below_surface(field: str, depth_mm: float, tissue: Tissue, at: str = "") -> float:
    """The depth, if it lies between the surface and the bottom of the model."""
    return within(field, depth_mm, (0.0, tissue.depth_mm), "mm, the bottom of the model", at)


def within(field: str, value: float, bounds: tuple[float, float], unit: str, at: str = "") -> float:
    """The number as a float; a sentence naming field, value and allowed range where it is none or lies outside."""
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
        where = f" {at}" if at else ""
        raise ValueError(f"{field}{where} is {value!r}; give a number from {low:g} to {high:g} {unit}".rstrip() + ".")
    return float(value)
