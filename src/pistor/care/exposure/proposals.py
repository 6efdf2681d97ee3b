"""Regular grids to choose from: spacing, depth and volume that cover a zone with few punctures, for the volume there is.

Where no effective concentration is known, nobody can say how much is enough. What can be said is how evenly a volume is
spread: a place counts as covered where its exposure is at least half of what the same volume, spread evenly, would give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pistor.care.exposure.order import Order, Region, Spot
from pistor.care.exposure.solute import Fenced, Solute, solute_of
from pistor.care.exposure.virtual import Setting
from pistor.delivery import field, metrics, planning
from pistor.delivery.field import Kernel
from pistor.delivery.grids import LINES, ROUNDED_MM, Polygon, area_mm2, grid_points, usable
from pistor.delivery.hard_limits import HardLimits, Points
from pistor.delivery.objectives import Punctures, UnderDose
from pistor.knowledge import Library
from pistor.knowledge.model import Quantity

Array = NDArray[np.float64]

VOLUMES_ML = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # of which blebs are computed; between them they are interpolated
DEPTHS_MM = (0.5, 1.0, 1.5, 2.0)
SPACINGS_MM = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0)
USUAL_ML = 0.02
WANTED = 0.5  # of the exposure that the volume would give if it were spread evenly
MOST = 6  # offered at once
FINE_ML = 0.02  # below it a syringe is read to 0.001 mL, above to 0.005 mL
LEAST_USED = 0.5  # of the volume there is: a grid that leaves more of it in the syringe shares nothing out
LEAST_GAIN = 0.01  # of the zone: what more punctures must cover at least
PIXELS = 80  # of the longer side of the zone, at most


@dataclass(frozen=True, slots=True)
class Wish:
    """What may be proposed: the zone, the volume there is for it, the depth that is to be reached, and what a technique gives."""

    polygon: Polygon
    no_go: tuple[Polygon, ...]
    pattern: str
    volume_ml: float
    strength_mg_per_ml: float
    target_mm: float
    depths_mm: tuple[float, ...] = DEPTHS_MM
    point_volume_ml: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A regular grid and what it is worth. ``covered`` and ``valley_over_peak`` are shares from 0 to 1."""

    spacing_mm: float
    volume_ml: float
    depth_mm: float
    points: int
    covered: float
    valley_over_peak: float

    @property
    def total_ml(self) -> float:
        return self.points * self.volume_ml

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*self.__slots__, "total_ml")}


def wish_of(order: Order, mg_per_ml: float, target_mm: float, library: Library) -> tuple[Region, tuple[Spot, ...], Wish]:
    """The largest area of an order, its points, and what may be proposed for it: no more volume than they have, at depths and volumes
    of the technique. ``ValueError`` with a sentence where no points can be proposed.
    """
    if order.run_mm is not None:
        raise ValueError("No points are proposed for threads, which lie along tracks.")
    technique = library.techniques.get(order.technique) if order.technique else None
    region = max(order.regions, key=lambda one: area_mm2(one.outline, one.no_go))
    spots = _inside(order.spots, region)
    if not spots:
        raise ValueError(f"No point of this plan lies in {region.name}, so there is no volume to share out.")
    depths = {*DEPTHS_MM, order.typical.depth_mm}
    low, high = (technique.depth_mm.low, technique.depth_mm.high) if technique and technique.depth_mm else (None, None)
    published = tuple(sorted(depth for depth in depths if (low is None or depth >= low) and (high is None or depth <= high)))
    return region, spots, Wish(
        polygon=region.outline,
        no_go=region.no_go,
        pattern=technique.pattern if technique and technique.pattern != LINES else "hexagonal",
        volume_ml=sum(spot.volume_ml for spot in spots),
        strength_mg_per_ml=mg_per_ml,
        target_mm=target_mm,
        depths_mm=published or (order.typical.depth_mm,),
        point_volume_ml=_range(technique.volume_per_point_ml) if technique else None,
    )


def solute_in(order: Order, ingredient: str, library: Library) -> tuple[Solute, float]:
    """A substance of an order as the engine takes it, and its mg/mL. ``ValueError`` with the reason where nothing is computed of it."""
    content = next(one for one in order.contents if one.ingredient == ingredient)
    most_ml = max(spot.volume_ml for spot in order.spots)
    found = solute_of(ingredient, library, presentation=content.presentation, depot_mg_per_ml=content.mg_per_ml, volume_per_point_ml=most_ml)
    if isinstance(found, Fenced):
        raise ValueError(f"No points are proposed for {found.name}. {found.reason}")
    if content.mg_per_ml is None:
        raise ValueError(f"The strength of {found.name} is not known in mg/mL, so no points are proposed for it.")
    return found, content.mg_per_ml


def _inside(spots: Sequence[Spot], region: Region) -> tuple[Spot, ...]:
    import shapely

    area = usable(region.outline, region.no_go).buffer(ROUNDED_MM)
    return tuple(spot for spot in spots if shapely.contains_xy(area, spot.x_mm, spot.y_mm))


def _range(published: Quantity | None) -> tuple[float, float] | None:
    """What is published for a point, where it has both ends."""
    if published is None or published.low is None or published.high is None or published.high <= 0 or published.low == published.high:
        return None
    return float(published.low), float(published.high)


def proposed_grids(solute: Solute, setting: Setting, wish: Wish) -> tuple[Proposed, ...]:
    """Grids that share the volume out, of which none is beaten in punctures and in what it covers at once, by rising punctures.

    ``ValueError`` with a sentence where no grid keeps the limits.
    """
    task = _task(solute, setting, wish, VOLUMES_ML, wish.depths_mm)
    found: list[Proposed] = []
    for spacing in SPACINGS_MM:
        places = places_of(wish, spacing)
        for depth in wish.depths_mm if len(places) else ():
            points = _alike(places, depth, _share_ml(wish.volume_ml, len(places), task.volume_range_ml(depth)))
            if float(points.volume_ml.sum()) >= LEAST_USED * wish.volume_ml and not task.broken(points):
                found.append(_proposed(task, points, spacing))
    if not found:
        low, high = wish.point_volume_ml or (VOLUMES_ML[0], VOLUMES_ML[-1])
        raise planning.Infeasible(f"No regular grid shares {wish.volume_ml:g} mL out over this zone with {low:g} to {high:g} mL at each point.")
    best = _unbeaten(found)
    return tuple(best[at] for at in sorted({round(place) for place in np.linspace(0, len(best) - 1, min(MOST, len(best)))}))


def _share_ml(whole_ml: float, points: int, bounds: tuple[float, float]) -> float:
    """What a point gets of the volume, as finely as a syringe is read, within what a point may hold."""
    share = whole_ml / points
    step = 0.001 if share < FINE_ML else 0.005
    return min(max(math.floor(share / step + 1e-9) * step, bounds[0]), bounds[1])


def _unbeaten(grids: Sequence[Proposed]) -> list[Proposed]:
    kept: list[Proposed] = []
    for grid in sorted(grids, key=lambda grid: (grid.points, -grid.covered)):
        if not kept or grid.covered > kept[-1].covered + LEAST_GAIN:
            kept.append(grid)
    return kept


def places_of(wish: Wish, spacing_mm: float) -> Array:
    return np.array(grid_points(wish.polygon, wish.no_go, pattern=wish.pattern, spacing_mm=spacing_mm)).reshape(-1, 2)


def _alike(places: Array, depth_mm: float, volume_ml: float) -> Points:
    same = np.ones(len(places))
    return Points(places[:, 0], places[:, 1], depth_mm * same, volume_ml * same)


def as_it_is(solute: Solute, setting: Setting, wish: Wish, *, spacing_mm: float, volume_ml: float, depth_mm: float) -> Proposed:
    """The grid of a plan, judged like those that are proposed. ``ValueError`` where it cannot be."""
    task = _task(solute, setting, wish, (volume_ml,), (depth_mm,))
    places = places_of(wish, spacing_mm)
    if not len(places):
        raise ValueError(f"spacing_mm is {spacing_mm:g}; no point of such a grid lies in the zone.")
    return _proposed(task, _alike(places, depth_mm, volume_ml), spacing_mm)


def _task(solute: Solute, setting: Setting, wish: Wish, volumes_ml: Sequence[float], depths_mm: Sequence[float]) -> planning.Task:
    """Every depth with every volume, judged by what is missing to the level wanted and by the number of punctures."""
    kernels = {(depth, volume): kernel_of(solute, setting, depth, volume, wish) for depth in depths_mm for volume in volumes_ml}
    blebs = [planning.Bleb(depth, volume, (kernel,)) for (depth, volume), kernel in kernels.items()]
    aimed = kernel_of(solute, setting, wish.target_mm, USUAL_ML, wish)  # one yardstick for every plan
    wanted = WANTED * metrics.even_level(aimed, wish.volume_ml * wish.strength_mg_per_ml, area_mm2(wish.polygon, wish.no_go))
    limits = HardLimits(total_volume_ml=wish.volume_ml * (1 + 1e-9), point_volume_ml=wish.point_volume_ml)
    width = max(max(place[axis] for place in wish.polygon) - min(place[axis] for place in wish.polygon) for axis in (0, 1))
    terms = [(1.0, UnderDose(wanted)), (0.0, Punctures())]
    return planning.task_of(
        wish.polygon, wish.no_go, blebs, strength_mg_per_ml=wish.strength_mg_per_ml, terms=terms, limits=limits, pixel_mm=max(0.5, width / PIXELS)
    )


def kernel_of(solute: Solute, setting: Setting, depth_mm: float, volume_ml: float, wish: Wish, drawn: Mapping[str, float] | None = None) -> Kernel:
    """The exposure that 1 mg in such a bleb gives at the depth that is to be reached, in the middle case or in a skin that was drawn."""
    drawn = drawn or {}
    tissue = setting.tissue(solute, drawn)
    depot = setting.depot(Spot(0.0, 0.0, depth_mm, volume_ml), tissue, drawn)
    return field.solve(tissue, [depot], [1.0], tolerance=1e-4).auc_kernel([min(wish.target_mm, tissue.depth_mm)])


def _proposed(task: planning.Task, points: Points, spacing_mm: float) -> Proposed:
    wanted = next(term.wanted for _, term in task.terms if isinstance(term, UnderDose))
    scored = metrics.score(task.field(points), task.raster, wanted)
    return Proposed(spacing_mm, float(points.volume_ml[0]), float(points.depth_mm[0]), len(points), scored.covered, max(0.0, scored.valley_over_peak))
