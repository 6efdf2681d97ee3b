"""Points chosen one by one, each with a volume of its own, beside the regular grids with as many punctures and as much volume.

What is chosen is judged in several virtual skins at once, after rounding: positions to a tenth of a millimetre, volumes to a few
that a syringe can be read at. A place counts by its share of what the same volume would give in the same skin if it were spread evenly, so
how fast that skin clears the substance does not matter, only how evenly it gets it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pistor.care.exposure.order import Order, Region, Spot
from pistor.care.exposure.proposals import USUAL_ML, VOLUMES_ML, WANTED, Proposed, Wish, kernel_of, places_of, proposed_grids, solute_in, wish_of
from pistor.care.exposure.solute import Solute
from pistor.care.exposure.virtual import Setting, setting_of
from pistor.delivery import metrics, planning
from pistor.delivery.field import Kernel
from pistor.delivery.grids import area_mm2
from pistor.delivery.hard_limits import HardLimits, Points
from pistor.delivery.influence import raster_of
from pistor.delivery.objectives import UnderDose
from pistor.delivery.uncertainty import sample
from pistor.knowledge import Library

Array = NDArray[np.float64]

SKINS = 6  # drawn ones, beside that of the middle case
SEED = 0
PIXELS = 50  # of the longer side of the zone, at most
OFFERED = 4  # numbers of punctures for which points are chosen
MOST_CHOSEN = 100  # points that anybody would place one by one
LEAST_GAIN = 0.01  # of what a grid leaves missing: for less nobody should leave a grid
SECONDS = 0.5  # for the programme in whole numbers, for each number of punctures
HAND_MM, HANDS = 1.0, 3  # how far (standard deviation, each way) a hand puts a point off, which is assumed; how often that is tried
READ_ML = (0.002, 0.003, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2)  # few, so that nobody has to set each point anew
ROUND_UP = 0.3  # of the way to the next volume, where the whole allows it
PLACE_MM = 1  # decimals of a position
FEWER, MORE = 0.2, 5.0  # volumes of a point, as parts of what the grid's points have


class Injection(NamedTuple):
    """A point on the drawing and what it gets."""

    x_mm: float
    y_mm: float
    volume_ml: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Points and what they are worth. ``missing`` is the objective (see `objective_text`), the smaller the better; shares go from 0 to 1.

    ``covered`` gets at least half of an even spread in the middle case, ``covered_least`` in the worst of the skins; ``beside`` is the part of
    the exposure at the target depth that lies outside the area.
    """

    points: tuple[Injection, ...]
    depth_mm: float
    spacing_mm: float | None  # of a grid
    missing: float
    covered: float
    covered_least: float
    beside: float

    @property
    def total_ml(self) -> float:
        return math.fsum(point.volume_ml for point in self.points)

    @property
    def volumes_ml(self) -> tuple[float, float]:
        """The least and the most that a point gets."""
        volumes = [point.volume_ml for point in self.points]
        return min(volumes), max(volumes)

    def as_dict(self) -> dict[str, Any]:
        return {
            "depth_mm": self.depth_mm, "spacing_mm": self.spacing_mm, "punctures": len(self.points), "total_ml": round(self.total_ml, 6),
            "missing": self.missing, "covered": self.covered, "covered_least": self.covered_least, "beside": self.beside,
            "points": [list(point) for point in self.points],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """A regular grid, and the points chosen in its place: never worse, and the grid itself where nothing clearly better was found."""

    grid: Judged
    chosen: Judged

    @property
    def better(self) -> bool:
        return self.chosen.missing < self.grid.missing


@dataclass(frozen=True, slots=True)
class SinglePoints:
    """What can be chosen from, by rising punctures, and the plan as it is."""

    pairs: tuple[Pair, ...]
    now: Judged
    skins: int

    def as_dict(self) -> dict[str, Any]:
        pairs = [{"grid": pair.grid.as_dict(), "chosen": pair.chosen.as_dict()} for pair in self.pairs]
        return {"objective": objective_text(self.skins), "skins": self.skins, "now": self.now.as_dict(), "choices": pairs}


def objective_text(skins: int) -> str:
    """What is made small, in words."""
    return (
        "At each place of the area: the part that is missing to half of what the same volume would give if it were spread evenly, squared; "
        f"averaged over the area, and over the worst fifth of {skins} virtual skins."
    )


@dataclass(frozen=True, slots=True)
class ProposedPoints:
    """What can be chosen from in the largest area of an order, for one of its substances."""

    substance: str
    region: Region
    target_mm: float
    found: SinglePoints

    def as_dict(self) -> dict[str, Any]:
        return {"substance": self.substance, "area": self.region.name, "target_depth_mm": self.target_mm, **self.found.as_dict()}


def single_points_of(order: Order, ingredient: str, target_mm: float, library: Library) -> ProposedPoints:
    """``ValueError`` with a sentence where there are no points to choose from."""
    solute, mg_per_ml = solute_in(order, ingredient, library)
    region, spots, wish = wish_of(order, mg_per_ml, target_mm, library)
    return ProposedPoints(solute.name, region, target_mm, single_points(solute, setting_of(order, library), wish, spots))


def single_points(solute: Solute, setting: Setting, wish: Wish, now: Sequence[Spot], *, skins: int = SKINS) -> SinglePoints:
    """For some regular grids the points chosen instead, with as many punctures, no more volume and the same depth.

    ``now`` are the points of the plan as it is. ``ValueError`` with a sentence where no grid keeps the limits.
    """
    grids = _some([grid for grid in proposed_grids(solute, setting, wish) if grid.points <= MOST_CHOSEN])
    if not grids:
        raise planning.Infeasible(f"Every grid that shares the volume out has more than {MOST_CHOSEN} points, too many to choose one by one.")
    drawn = [{}, *_drawn(setting, skins)]
    even = [metrics.even_level(kernel_of(solute, setting, wish.target_mm, USUAL_ML, wish, one), _dose_mg(wish), _area_mm2(wish)) for one in drawn]
    known = _Known(solute, setting, wish, drawn, even)
    pairs = tuple(_pair(known, grid) for grid in grids)
    return SinglePoints(pairs, known.judged(_points_of(now), None), len(drawn))


def _some(grids: Sequence[Proposed]) -> list[Proposed]:
    return [grids[at] for at in sorted({round(place) for place in np.linspace(0, len(grids) - 1, min(OFFERED, len(grids)))})] if grids else []


def _drawn(setting: Setting, skins: int) -> list[dict[str, float]]:
    drawn = sample(setting.priors(), skins, SEED)
    return [drawn.patient(index) for index in range(len(drawn))]


def _dose_mg(wish: Wish) -> float:
    return wish.volume_ml * wish.strength_mg_per_ml


def _area_mm2(wish: Wish) -> float:
    return area_mm2(wish.polygon, wish.no_go)


def _points_of(spots: Sequence[Spot]) -> Points:
    return Points(*(np.array([float(spot[axis]) for spot in spots]) for axis in range(4)))


class _Known:
    """The kernels that were worked out so far, as parts of an even spread, in the middle case and in every skin drawn."""

    def __init__(self, solute: Solute, setting: Setting, wish: Wish, drawn: Sequence[dict[str, float]], even: Sequence[float]) -> None:
        self.solute, self.setting, self.wish, self.drawn, self.even = solute, setting, wish, drawn, even
        self.blebs: dict[tuple[float, float], planning.Bleb] = {}
        width = max(max(place[axis] for place in wish.polygon) - min(place[axis] for place in wish.polygon) for axis in (0, 1))
        self.raster = raster_of(wish.polygon, wish.no_go, pixel_mm=max(0.5, width / PIXELS))

    def bleb(self, depth_mm: float, volume_ml: float) -> planning.Bleb:
        """Between two volumes of `VOLUMES_ML` the profile of 1 mg goes in a straight line from one to the other."""
        if (depth_mm, volume_ml) not in self.blebs:
            above = int(np.searchsorted(VOLUMES_ML, volume_ml))
            if volume_ml in VOLUMES_ML or not 0 < above < len(VOLUMES_ML):
                kernels = tuple(self._kernel(depth_mm, volume_ml, at) for at in range(len(self.drawn)))
            else:
                less, more = (self.bleb(depth_mm, VOLUMES_ML[at]) for at in (above - 1, above))
                part = (volume_ml - less.volume_ml) / (more.volume_ml - less.volume_ml)
                kernels = tuple(_between(one, other, part) for one, other in zip(less.kernels, more.kernels, strict=True))
            self.blebs[depth_mm, volume_ml] = planning.Bleb(depth_mm, volume_ml, kernels)
        return self.blebs[depth_mm, volume_ml]

    def _kernel(self, depth_mm: float, volume_ml: float, at: int) -> Kernel:
        kernel = kernel_of(self.solute, self.setting, depth_mm, volume_ml, self.wish, self.drawn[at])
        return Kernel(kernel.variance_mm2, kernel.weight_per_mm / self.even[at])

    def task(self, depth_mm: float, volumes_ml: Sequence[float], limits: HardLimits) -> planning.Task:
        blebs = tuple(self.bleb(depth_mm, volume) for volume in sorted(set(volumes_ml)))
        return planning.Task(
            self.wish.polygon, self.wish.no_go, blebs, self.wish.strength_mg_per_ml, ((1.0, UnderDose(WANTED)),), self.raster, limits
        )

    def judged(self, points: Points, spacing_mm: float | None) -> Judged:
        """Any points, as long as no more than a few volumes and depths are among them or they lie between the volumes known."""
        depths = set(points.depth_mm.tolist())
        tasks = {depth: self.task(depth, _around(points.volume_ml[points.depth_mm == depth]), HardLimits()) for depth in depths}
        fields = sum(task.fields(planning.taken(points, points.depth_mm == depth)) for depth, task in tasks.items())
        return _judged(next(iter(tasks.values())), points, np.asarray(fields), spacing_mm)


def _between(one: Kernel, other: Kernel, part: float) -> Kernel:
    """A kernel on the Gaussians of both."""
    weights = np.concatenate([(1 - part) * one.weight_per_mm, part * other.weight_per_mm], axis=-1)
    return Kernel(np.concatenate([one.variance_mm2, other.variance_mm2]), weights)


def _around(volumes_ml: Array) -> tuple[float, ...]:
    """The volumes themselves where they are few, else known ones from the least to the most of them."""
    mine = sorted(set(volumes_ml.tolist()))
    return tuple(mine) if len(mine) <= 3 else (mine[0], *(volume for volume in VOLUMES_ML if mine[0] < volume < mine[-1]), mine[-1])


def _judged(task: planning.Task, points: Points, fields: Array, spacing_mm: float | None) -> Judged:
    missing = task.judged(task.terms_of(fields, points.volume_ml))[0]
    scores = [metrics.score(field, task.raster, WANTED) for field in fields]
    placed = tuple(Injection(*row) for row in zip(points.x_mm.tolist(), points.y_mm.tolist(), points.volume_ml.tolist(), strict=True))
    least = min(score.covered for score in scores)
    return Judged(placed, float(points.depth_mm[0]), spacing_mm, missing, scores[0].covered, least, max(0.0, scores[0].spilled))


# ── one number of punctures ─────────────────────────────────────────────────────────────────────────────────────────────


def _pair(known: _Known, grid: Proposed) -> Pair:
    """The grid and the best that was found from it: points chosen, then volumes shaped, each rounded before it is judged."""
    wish, places = known.wish, places_of(known.wish, grid.spacing_mm)
    start = Points(places[:, 0], places[:, 1], np.full(len(places), grid.depth_mm), np.full(len(places), grid.volume_ml))
    low, high = wish.point_volume_ml or (VOLUMES_ML[0], VOLUMES_ML[-1])
    least, most = max(FEWER * grid.volume_ml, low), min(MORE * grid.volume_ml, high)
    volumes = [grid.volume_ml, *(volume for volume in VOLUMES_ML if least <= volume <= most)]
    limits = HardLimits(total_volume_ml=grid.total_ml, point_volume_ml=wish.point_volume_ml, most_points=grid.points)
    task = known.task(grid.depth_mm, volumes, limits)
    readable = sorted({grid.volume_ml, *(volume for volume in READ_ML if least <= volume <= most)})
    first = best = _judged(task, start, task.fields(start), grid.spacing_mm)
    placed = [start, *(choice.points for choice in planning.chosen(task, start, seconds=SECONDS))]
    for points in [_on_tenths(task, one) for one in placed]:
        for found in (points, *(choice.points for choice in planning.shaped(task, points))):
            rounded = replace(found, volume_ml=_as_read(found.volume_ml, readable, grid.total_ml))
            if not task.broken(rounded):
                judged = _judged(task, rounded, task.fields(rounded), None)
                best = judged if judged.missing < best.missing and judged.covered >= first.covered else best
    gained = best.missing < first.missing * (1 - LEAST_GAIN) and _by_hand(task, best) < _by_hand(task, first)
    return Pair(first, best if gained else first)


def _by_hand(task: planning.Task, one: Judged) -> float:
    """What is missing on average where a hand puts every point a little off."""
    off, (x, y, volume) = np.random.default_rng(SEED), np.array(one.points).T
    depth = np.full(len(x), one.depth_mm)
    tried = [Points(x + off.normal(0, HAND_MM, len(x)), y + off.normal(0, HAND_MM, len(x)), depth, volume) for _ in range(HANDS)]
    return float(np.mean([task.judged(task.terms_of(task.fields(points), volume))[0] for points in tried]))


def _on_tenths(task: planning.Task, points: Points) -> Points:
    """Positions that can be written down; one that would leave the area by it stays where it is."""
    import shapely

    x, y = np.round(points.x_mm, PLACE_MM), np.round(points.y_mm, PLACE_MM)
    moved = replace(points, x_mm=x, y_mm=y)
    stays = shapely.contains_xy(task.zone, x, y) & task.limits.clear(moved, task.no_go)
    return replace(points, x_mm=np.where(stays, x, points.x_mm), y_mm=np.where(stays, y, points.y_mm))


def _as_read(volume_ml: Array, readable: Sequence[float], whole_ml: float) -> Array:
    """Volumes (P,) out of those that can be read, together no more than the whole: first down, then up where most is missing."""
    steps = np.array(readable)
    at = np.clip(np.searchsorted(steps, volume_ml + 1e-9, side="right") - 1, 0, len(steps) - 1)
    up = np.minimum(at + 1, len(steps) - 1)
    wish = np.divide(volume_ml - steps[at], steps[up] - steps[at], out=np.zeros(len(at)), where=up > at)
    total = float(steps[at].sum())
    for index in np.argsort(-wish, kind="stable").tolist():
        more = float(steps[up[index]] - steps[at[index]])
        if wish[index] >= ROUND_UP and total + more <= whole_ml + 1e-9:
            at[index], total = up[index], total + more
    found: Array = steps[at]
    return found
