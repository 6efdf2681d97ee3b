"""From a volume and a technique to Gaussian depots: wheal in the dermis, sphere in fat, filament along a needle's track.

A depot has the second moments of the body of fluid that it stands for: semi-axis/√5 for an ellipsoid, radius/2 across a
cylinder, length/√12 along it. What lies above the surface is mirrored back by ``problem.Depot``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .problem import DOSE_MG, POSITION_MM, Depot, within

DERMIS, HYPODERMIS = "dermis", "hypodermis"
LAYERS = (DERMIS, HYPODERMIS)

VOLUME_ML = (1e-4, 1.0)
MM3_PER_ML = 1000.0
ANCHOR_ML = 0.1
# For want of an argument. The delivery parameter wheal_radius holds value, range and source, and goes before it.
ANCHOR_MM, ANCHOR_RANGE_MM = 4.0, (3.0, 5.0)
FILLING = (0.1, 1.0)
BACKFLOW = (0.0, 0.99)
DEPTH_SD_MM = (0.0, 5.0)
THREAD_MM = (0.5, 100.0)
MOST_PIECES = 1000


@dataclass(frozen=True, slots=True)
class Bleb:
    """An ellipsoid of tissue soaked by the fluid: semi-axes along the surface and across it."""

    lateral_mm: float
    vertical_mm: float

    @property
    def sigma_lateral_mm(self) -> float:
        """Root of the second moment along the surface."""
        return self.lateral_mm / math.sqrt(5)

    @property
    def sigma_vertical_mm(self) -> float:
        """Root of the second moment across it."""
        return self.vertical_mm / math.sqrt(5)


@dataclass(frozen=True, slots=True)
class Placement:
    """How a technique misses: ``depth_sd_mm`` of the tip's depth from point to point, and the fraction that flows back out.

    ``filling`` is the share of the soaked tissue that the fluid takes up: 1 pushes the tissue aside, less seeps between.
    """

    depth_sd_mm: float = 0.0
    backflow: float = 0.0
    filling: float = 1.0

    def __post_init__(self) -> None:
        within("depth_sd_mm", self.depth_sd_mm, DEPTH_SD_MM, "mm")
        within("backflow", self.backflow, BACKFLOW, "")
        within("filling", self.filling, FILLING, "")


EXACT = Placement()


def bleb(layer: str, volume_ml: float, *, filling: float = 1.0, anchor_mm: float = ANCHOR_MM) -> Bleb:
    """The soaked ellipsoid round a tip in this layer: an oblate wheal in the dermis, a sphere in the hypodermis.

    A wheal's radius is taken to grow with the cube root of the volume from ``anchor_mm`` at 0.1 mL, the one volume at which it
    was measured; its height follows from the volume.
    """
    _volume_mm3(volume_ml)
    return _bleb(layer, volume_ml, filling, anchor_mm)


def _bleb(layer: str, volume_ml: float, filling: float, anchor_mm: float) -> Bleb:
    """That of what stays, which after backflow may be less than can be injected."""
    soaked = volume_ml * MM3_PER_ML / within("filling", filling, FILLING, "")
    if layer == HYPODERMIS:
        radius = (3 * soaked / (4 * math.pi)) ** (1 / 3)
        return Bleb(radius, radius)
    if layer != DERMIS:
        raise ValueError(f"layer is {layer!r}; choose one of {', '.join(LAYERS)}.")
    lateral = within("anchor_mm", anchor_mm, ANCHOR_RANGE_MM, "mm") * (volume_ml / ANCHOR_ML) ** (1 / 3)
    return Bleb(lateral, 3 * soaked / (4 * math.pi * lateral**2))


def point_depot(
    x_mm: float, y_mm: float, depth_mm: float, volume_ml: float, dose_mg: float, *, layer: str, placement: Placement = EXACT, anchor_mm: float = ANCHOR_MM
) -> Depot:
    """The depot of one injection. ``layer`` (``dermis`` or ``hypodermis``) is where the tip lies.

    A depth that varies from point to point widens the depot: the mean of Gaussians whose centres are normally distributed
    is the Gaussian with the variances added, exactly, so one depot gives the expected field, amounts and AUC at the price of one.
    What single points do above a threshold it does not give; for that, draw depths and compute each.
    """
    stays = _staying(volume_ml, placement)
    shape = _bleb(layer, stays, placement.filling, anchor_mm)
    sigma = math.hypot(shape.sigma_vertical_mm, placement.depth_sd_mm)
    return Depot(x_mm, y_mm, depth_mm, shape.sigma_lateral_mm, sigma, _left(dose_mg, placement))


def thread_depots(
    start_mm: tuple[float, float, float], end_mm: tuple[float, float, float], volume_ml: float, dose_mg: float, *, placement: Placement = EXACT
) -> tuple[Depot, ...]:
    """The depots of a filament that a needle leaves while it is drawn back, between two points (x, y, depth), level or slanted.

    Equal pieces no further apart than their sigma add up to a line that is even within 1e-8, and together they have the
    filament's own length, sqrt(12 variances) along it. A filament shorter than it is thick is one depot.
    """
    ends = [_place("start_mm", start_mm), _place("end_mm", end_mm)]
    length = within("length of a thread", math.dist(*ends), THREAD_MM, "mm")
    across = _staying(volume_ml, placement) * MM3_PER_ML / (placement.filling * length)
    sigma = math.sqrt(across / math.pi) / 2
    along = _pieces(length, sigma)
    if len(along) > MOST_PIECES:
        raise ValueError(f"volume_ml is {volume_ml!r} on {length:g} mm, a filament so thin that it takes {len(along)} depots; give at most {MOST_PIECES}.")
    centre = [(a + b) / 2 for a, b in zip(*ends, strict=True)]
    towards = [(b - a) / length for a, b in zip(*ends, strict=True)]
    dose, vertical = _left(dose_mg, placement) / len(along), math.hypot(sigma, placement.depth_sd_mm)
    placed = [[c + at * t for c, t in zip(centre, towards, strict=True)] for at in along]
    return tuple(Depot(x, y, depth, sigma, vertical, dose) for x, y, depth in placed)


def _place(field: str, point: tuple[float, float, float]) -> list[float]:
    ranges = (POSITION_MM, POSITION_MM, (0.0, POSITION_MM[1]))
    return [within(f"{field}[{axis}]", value, bounds, "mm") for axis, (value, bounds) in enumerate(zip(point, ranges, strict=True))]


def _pieces(length: float, sigma: float) -> list[float]:
    """Where along the track, from its middle, the pieces lie: their variance and sigma² together are length²/12."""
    spread = length**2 / 12 - sigma**2
    count = math.ceil(length / sigma)
    if spread <= 0 or count < 2:
        return [0.0]
    step = math.sqrt(12 * spread / (count**2 - 1))
    return [step * (i - (count - 1) / 2) for i in range(count)]


def _staying(volume_ml: float, placement: Placement) -> float:
    _volume_mm3(volume_ml)
    return volume_ml * (1 - placement.backflow)


def _left(dose_mg: float, placement: Placement) -> float:
    return within("dose_mg", dose_mg, DOSE_MG, "mg") * (1 - placement.backflow)


def _volume_mm3(volume_ml: float) -> float:
    if isinstance(volume_ml, int | float) and VOLUME_ML[1] < volume_ml < math.inf:
        raise ValueError(
            f"volume_ml is {volume_ml!r}; give a number from {VOLUME_ML[0]:g} to {VOLUME_ML[1]:g} mL per point: more is driven by pressure, not by diffusion."
        )
    return within("volume_ml", volume_ml, VOLUME_ML, "mL") * MM3_PER_ML
