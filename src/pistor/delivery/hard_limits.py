"""The points of a plan, and what they must keep whatever else is gained by breaking it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pistor.delivery.grids import ROUNDED_MM, Polygon, usable
from pistor.delivery.problem import within

Array = NDArray[np.float64]

ROUNDED = 1e-9  # of a dose or volume: what adding up may cost
AMOUNT = (0.0, 1e6)
COUNT = (1, 5000)


@dataclass(frozen=True, slots=True)
class Points:
    """P injections: positions and depths (mm), volumes (mL)."""

    x_mm: Array
    y_mm: Array
    depth_mm: Array
    volume_ml: Array

    def __len__(self) -> int:
        return len(self.x_mm)


@dataclass(frozen=True, slots=True)
class HardLimits:
    """What a plan must keep; ``None`` where there is no limit. Ranges are (least, most) for each point."""

    total_dose_mg: float | None = None
    total_volume_ml: float | None = None
    point_dose_mg: tuple[float, float] | None = None
    point_volume_ml: tuple[float, float] | None = None
    most_points: int | None = None
    no_go_mm: float = 0.0
    spacing_mm: float = 0.0

    def __post_init__(self) -> None:
        for name, unit in (("total_dose_mg", "mg"), ("total_volume_ml", "mL")):
            if getattr(self, name) is not None:
                within(name, getattr(self, name), AMOUNT, unit)
        for name, unit in (("point_dose_mg", "mg"), ("point_volume_ml", "mL")):
            if getattr(self, name) is not None:
                low, high = (within(name, value, AMOUNT, unit) for value in getattr(self, name))
                if low > high:
                    raise ValueError(f"{name} is from {low:g} to {high:g} {unit}; give the least first.")
        if self.most_points is not None:
            within("most_points", self.most_points, COUNT, "points")
        within("no_go_mm", self.no_go_mm, (0.0, 100.0), "mm")
        within("spacing_mm", self.spacing_mm, (0.0, 100.0), "mm")

    def volume_range_ml(self, strength_mg_per_ml: float) -> tuple[float, float]:
        """Least and greatest volume of a point, by its volume and by its dose."""
        low, high = self.point_volume_ml or (0.0, math.inf)
        if self.point_dose_mg is not None:
            low, high = max(low, self.point_dose_mg[0] / strength_mg_per_ml), min(high, self.point_dose_mg[1] / strength_mg_per_ml)
        return low, high

    def whole_ml(self, strength_mg_per_ml: float) -> float:
        """Greatest volume of all points together."""
        by_dose = math.inf if self.total_dose_mg is None else self.total_dose_mg / strength_mg_per_ml
        return min(by_dose, math.inf if self.total_volume_ml is None else self.total_volume_ml)

    def broken(self, points: Points, strength_mg_per_ml: float, no_go: Sequence[Polygon] = ()) -> tuple[str, ...]:
        """A sentence for every limit that the points do not keep; none where they keep all."""
        volume = float(points.volume_ml.sum())
        found = [
            _over("total_dose_mg", "All points together hold", volume * strength_mg_per_ml, self.total_dose_mg, "mg"),
            _over("total_volume_ml", "All points together hold", volume, self.total_volume_ml, "mL"),
            _over("most_points", "The plan has", len(points), self.most_points, "points"),
            _outside("point_dose_mg", points.volume_ml * strength_mg_per_ml, self.point_dose_mg, "mg"),
            _outside("point_volume_ml", points.volume_ml, self.point_volume_ml, "mL"),
            self._too_near(points, no_go),
            self._crowded(points),
        ]
        return tuple(sentence for sentence in found if sentence)

    def clear(self, points: Points, no_go: Sequence[Polygon]) -> NDArray[np.bool_]:
        """Which points (P,) keep their distance from every no-go area."""
        return _distance_mm(points, no_go) >= self.no_go_mm - ROUNDED_MM

    def _too_near(self, points: Points, no_go: Sequence[Polygon]) -> str:
        near = int(np.sum(~self.clear(points, no_go)))
        return f"{near} points lie less than {self.no_go_mm:g} mm from a no-go area (no_go_mm)." if near else ""

    def _crowded(self, points: Points) -> str:
        from scipy.spatial import KDTree

        if not self.spacing_mm or len(points) < 2:
            return ""
        apart = KDTree(np.stack([points.x_mm, points.y_mm], axis=1)).query(np.stack([points.x_mm, points.y_mm], axis=1), k=2)[0][:, 1].min()
        return f"Two points are {apart:.3g} mm apart; spacing_mm asks for {self.spacing_mm:g} mm." if apart < self.spacing_mm - ROUNDED_MM else ""


def _distance_mm(points: Points, no_go: Sequence[Polygon]) -> Array:
    """How far each point lies from the nearest no-go area (P,): less than zero inside, endless where there is none."""
    import shapely

    places, nearest = shapely.points(points.x_mm, points.y_mm), np.full(len(points), math.inf)
    for hole in no_go:
        area = usable(hole)
        nearest = np.minimum(nearest, np.where(shapely.contains(area, places), -1.0, shapely.distance(area, places)))
    return nearest


def _over(name: str, what: str, value: float, most: float | None, unit: str) -> str:
    if most is None or value <= most * (1 + ROUNDED):
        return ""
    return f"{what} {value:.4g} {unit}; {name} allows {most:g} {unit}."


def _outside(name: str, values: Array, bounds: tuple[float, float] | None, unit: str) -> str:
    if bounds is None or not len(values):
        return ""
    low, high = bounds
    if float(values.min()) >= low * (1 - ROUNDED) and float(values.max()) <= high * (1 + ROUNDED):
        return ""
    return f"Points hold from {values.min():.4g} to {values.max():.4g} {unit}; {name} allows from {low:g} to {high:g} {unit}."
