"""Where the tip of a needle ends: geometry, then the layers under the skin as far as their thickness is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

INSERTED_MM = (0.1, 40.0)
ANGLE_DEG = (1.0, 90.0)
ORDER = ("epidermis", "dermis", "hypodermis")
DEEPER = "deeper"


@dataclass(frozen=True, slots=True)
class LayerThickness:
    """A layer with the least and the greatest thickness that was measured."""

    name: str
    low_mm: float
    high_mm: float


@dataclass(frozen=True, slots=True)
class Boundary:
    """The lower edge of a layer, between two depths."""

    name: str
    low_mm: float
    high_mm: float


def tip_depth_mm(inserted_length_mm: float, angle_deg: float) -> float:
    """Depth of the tip below the surface: inserted length times the sine of the angle to the skin."""
    length = _within("inserted_length_mm", inserted_length_mm, INSERTED_MM, "mm")
    angle = _within("angle_deg", angle_deg, ANGLE_DEG, "degrees")
    return length * math.sin(math.radians(angle))


def boundaries(layers: Sequence[LayerThickness]) -> tuple[Boundary, ...]:
    """Lower edges of the layers, counted from the surface, as far down as thicknesses are known without a gap.

    A dermis without an epidermis was measured together with it.
    """
    edges, low, high = [], 0.0, 0.0
    known = {layer.name: layer for layer in layers}
    for name in ORDER:
        layer = known.get(name)
        if layer is None:
            if name == "epidermis" and "dermis" in known:
                continue
            break
        low, high = low + layer.low_mm, high + layer.high_mm
        edges.append(Boundary(name, low, high))
    return tuple(edges)


def layers_at(depth_mm: float, layers: Sequence[LayerThickness]) -> tuple[str, ...]:
    """The layers in which this depth can lie, from the surface down; empty where that is unknown.

    Several answers mean that the measured thicknesses differ by more than the tip's distance from an edge.
    """
    if not math.isfinite(depth_mm) or depth_mm < 0:
        raise ValueError(f"depth_mm is {depth_mm}; give a depth of 0 mm or more.")
    edges = boundaries(layers)
    if not edges:
        return ()
    possible, top_low = [], 0.0
    for edge in edges:
        if top_low <= depth_mm and depth_mm < edge.high_mm:
            possible.append(edge.name)
        top_low = edge.low_mm
    below = {"epidermis": "", "dermis": "hypodermis", "hypodermis": DEEPER}[edges[-1].name]
    if depth_mm >= top_low:
        possible += [below] if below else []
    return tuple(possible)


def _within(field: str, value: float, bounds: tuple[float, float], unit: str) -> float:
    low, high = bounds
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{field} is {value}; give a number from {low:g} to {high:g} {unit}.")
    return float(value)
