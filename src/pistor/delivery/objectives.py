"""What a plan is to achieve, as numbers to be made small, each with its gradient.

An objective sees the fields (S, L, Y, X) of a plan over a raster, one for each scenario, and the volumes (P,) of its points.
It has one value for each scenario (S,), or a single one where the field does not matter. Levels are in the unit of the field;
values have none, or the one that their name says, so that weights can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pistor.delivery.influence import Raster
from pistor.delivery.problem import within

Array = NDArray[np.float64]

LEVEL = (1e-300, 1e300)
COST = (0.0, 1e9)


@dataclass(frozen=True, slots=True)
class Hinge:
    """A level of the target below (sign -1) or above (sign 1) which a linear programme counts what is missing or too much."""

    level: float
    sign: int


class Objective:
    """An objective is convex in the field; what it does not depend on has gradient zero.

    Every subclass is picked up by the tests of gradients. ``hinge`` stands in for the objective where only linear ones
    can be; without a hinge the objective itself is linear in the field and adds up over the points.
    """

    name: ClassVar[str]

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        raise NotImplementedError

    def by_field(self, field: Array, raster: Raster) -> Array:
        """The derivative of each scenario's value by its field (S, L, Y, X)."""
        return np.zeros_like(field)

    def by_volume(self, volume_ml: Array) -> Array:
        """The derivative by each point's volume, the field held (P,)."""
        return np.zeros_like(volume_ml)

    @property
    def hinge(self) -> Hinge | None:
        return None


@dataclass(frozen=True)
class UnderDose(Objective):
    """Mean over the target of the squared share that is missing to the level wanted."""

    name: ClassVar[str] = "under_dose"
    wanted: float

    def __post_init__(self) -> None:
        within("wanted", self.wanted, LEVEL, "")

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return _mean(np.maximum(1 - field[..., raster.target] / self.wanted, 0) ** 2)

    def by_field(self, field: Array, raster: Raster) -> Array:
        return _spread(field, raster.target, -2 / self.wanted * np.maximum(1 - field[..., raster.target] / self.wanted, 0))

    @property
    def hinge(self) -> Hinge:
        return Hinge(self.wanted, -1)


@dataclass(frozen=True)
class OverDose(Objective):
    """Mean over the target of the squared share by which the greatest level meant is exceeded: hot spots."""

    name: ClassVar[str] = "over_dose"
    most: float

    def __post_init__(self) -> None:
        within("most", self.most, LEVEL, "")

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return _mean(np.maximum(field[..., raster.target] / self.most - 1, 0) ** 2)

    def by_field(self, field: Array, raster: Raster) -> Array:
        return _spread(field, raster.target, 2 / self.most * np.maximum(field[..., raster.target] / self.most - 1, 0))

    @property
    def hinge(self) -> Hinge:
        return Hinge(self.most, 1)


@dataclass(frozen=True)
class Spill(Objective):
    """Mean level around the target, against the level wanted in it."""

    name: ClassVar[str] = "spill"
    wanted: float

    def __post_init__(self) -> None:
        within("wanted", self.wanted, LEVEL, "")

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return _mean(field[..., raster.outside]) / self.wanted

    def by_field(self, field: Array, raster: Raster) -> Array:
        return _spread(field, raster.outside, 1 / self.wanted)


@dataclass(frozen=True)
class NoGo(Objective):
    """Mean level inside the areas that must not be injected, against the level wanted in the target."""

    name: ClassVar[str] = "no_go"
    wanted: float

    def __post_init__(self) -> None:
        within("wanted", self.wanted, LEVEL, "")

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return _mean(field[..., raster.no_go]) / self.wanted

    def by_field(self, field: Array, raster: Raster) -> Array:
        return _spread(field, raster.no_go, 1 / self.wanted)


@dataclass(frozen=True)
class Punctures(Objective):
    """How many points are injected."""

    name: ClassVar[str] = "punctures"

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return float(len(volume_ml))


@dataclass(frozen=True)
class Pain(Objective):
    """Pain of all points on a scale that the caller knows: so much for every point, and so much more for each mL in it."""

    name: ClassVar[str] = "pain"
    each: float
    per_ml: float = 0.0

    def __post_init__(self) -> None:
        within("each", self.each, COST, "")
        within("per_ml", self.per_ml, COST, "per mL")

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return self.each * len(volume_ml) + self.per_ml * float(volume_ml.sum())

    def by_volume(self, volume_ml: Array) -> Array:
        return np.full_like(volume_ml, self.per_ml)


@dataclass(frozen=True)
class Volume(Objective):
    """Volume of all points, mL."""

    name: ClassVar[str] = "volume_ml"

    def value(self, field: Array, raster: Raster, volume_ml: Array) -> Array | float:
        return float(volume_ml.sum())

    def by_volume(self, volume_ml: Array) -> Array:
        return np.ones_like(volume_ml)


def _mean(places: Array) -> Array:
    """Mean over planes and places (S, L, N); nothing where there is no place."""
    found: Array = places.mean(axis=(-2, -1)) if places.shape[-1] else np.zeros(places.shape[:-2])
    return found


def _spread(field: Array, mask: NDArray[np.bool_], value: Array | float) -> Array:
    """A derivative of a mean over the places of a mask (S, L, Y, X)."""
    found = np.zeros_like(field)
    if mask.any():
        found[..., mask] = value / (field.shape[-3] * mask.sum())
    return found
