"""Places spread evenly over the zone, at which coverage is read, and how far apart points are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pistor.care.exposure.order import Order, Region, Spot
from pistor.delivery.grids import usable

PLACES = 1500
MOST_DRAWN = 60_000
STEPS = 0.7548776662466927, 0.5698402909980532  # 1/g and 1/g² with g³ = g + 1: the most even sequence of its kind in the plane


def places_in(order: Order) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """About `PLACES` places (x, y; mm) inside the regions and outside what must not be injected; at the points where there is no region."""
    from shapely import contains_xy, prepare, union_all

    shape = union_all([usable(region.outline, region.no_go) for region in order.regions]) if order.regions else None
    if shape is None or shape.is_empty or shape.area <= 0:
        return tuple(spot.x_mm for spot in order.spots), tuple(spot.y_mm for spot in order.spots)
    left, top, right, bottom = shape.bounds
    drawn = min(MOST_DRAWN, math.ceil(PLACES * (right - left) * (bottom - top) / shape.area))
    number = np.arange(1, drawn + 1)
    x = left + (right - left) * ((0.5 + STEPS[0] * number) % 1.0)
    y = top + (bottom - top) * ((0.5 + STEPS[1] * number) % 1.0)
    prepare(shape)
    inside = contains_xy(shape, x, y)
    if not inside.any():
        return tuple(spot.x_mm for spot in order.spots), tuple(spot.y_mm for spot in order.spots)
    return tuple(x[inside].tolist()), tuple(y[inside].tolist())


def neighbour_mm(spots: Sequence[Spot]) -> float | None:
    """The median distance from a point to the nearest other one."""
    if len(spots) < 2:
        return None
    from scipy.spatial import cKDTree

    places = np.array([[spot.x_mm, spot.y_mm] for spot in spots])
    distance, _ = cKDTree(places).query(places, k=2)
    return float(np.median(distance[:, 1]))


def round_spots(spots: Sequence[Spot], spacing_mm: float) -> Region:
    """The area that points stand for where no area is given: their hull, widened by half the spacing."""
    from shapely.geometry import MultiPoint

    hull = MultiPoint([(spot.x_mm, spot.y_mm) for spot in spots]).convex_hull.buffer(spacing_mm / 2)
    return Region("the area around the points", tuple((float(x), float(y)) for x, y in hull.exterior.coords))
