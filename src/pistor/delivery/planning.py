"""Plans that a practitioner can choose from: the best regular grid, chosen points, and points with volumes of their own.

Every plan is judged by the same function, the mean of the objective over the worst scenarios, and only plans that keep
every hard limit are offered. The regular grid is where each search starts, so what is proposed is never worse than it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pistor.delivery import metrics
from pistor.delivery.field import Kernel
from pistor.delivery.grids import ROUNDED_MM, Polygon, grid_points, usable
from pistor.delivery.hard_limits import HardLimits, Points
from pistor.delivery.influence import Influence, Picture, Raster, field_of, influence_of, maps_of, mixed, raster_of, stacked
from pistor.delivery.objectives import Hinge, Objective
from pistor.delivery.problem import within

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Array = NDArray[np.float64]

GRID, NUDGED, CHOSEN, VOLUMES = "grid", "nudged", "chosen", "volumes"

PATTERNS = ("hexagonal", "square")
SPACINGS_MM = (3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0)
SEEDS = (0, 1, 2, 3)
STRENGTH_MG_PER_ML = (1e-6, 1e4)
MOST_SCENARIOS = 200
SHIFTS_MM = (1.0, 3.0)
MOST_CANDIDATES = 300  # positions among which whole numbers of points are chosen
FINEST_MM = 2.0  # how near candidates are at the nearest
TILE_PER_CANDIDATE = 4.0  # a tile is so many candidates wide
SAME_MM = 0.5  # candidates so near each other are one place
MOST_ROWS = 150  # places of the target that the programme of a tile looks at
PIECES = 3  # straight pieces that stand for a square
MOST_STEPS = 200


class Infeasible(ValueError):
    """No plan keeps the hard limits; the message names what cannot be met."""


@dataclass(frozen=True, slots=True)
class Bleb:
    """What can be injected at one point: depth and volume, and the profile of 1 mg so given, one kernel for each scenario.

    The first scenario is the nominal one. All kernels of a task show the same planes: the target's depths.
    """

    depth_mm: float
    volume_ml: float
    kernels: tuple[Kernel, ...]

    def __post_init__(self) -> None:
        within("volume_ml", self.volume_ml, (1e-4, 1.0), "mL", "of a bleb")
        if not 1 <= len(self.kernels) <= MOST_SCENARIOS:
            raise ValueError(f"kernels of a bleb holds {len(self.kernels)}; give one for each scenario, from 1 to {MOST_SCENARIOS}.")


@dataclass(frozen=True)
class Task:
    """What is asked: a zone and its raster, what can be injected, what is to be made small, and what must be kept.

    ``terms`` are (weight, objective). Of the scenarios, the worst ``worst_share`` count (conditional value at risk): 1
    takes the mean of all, a share below one scenario's takes the worst one.
    """

    polygon: Polygon
    no_go: Sequence[Polygon]
    blebs: Sequence[Bleb]
    strength_mg_per_ml: float
    terms: Sequence[tuple[float, Objective]]
    raster: Raster
    limits: HardLimits = field(default_factory=HardLimits)
    worst_share: float = 0.2

    def __post_init__(self) -> None:
        within("strength_mg_per_ml", self.strength_mg_per_ml, STRENGTH_MG_PER_ML, "mg/mL")
        within("worst_share", self.worst_share, (1e-3, 1.0), "")
        if not self.blebs or not self.terms:
            raise ValueError("blebs or terms is empty; give at least one depth with a volume, and one objective with its weight.")
        for weight, objective in self.terms:
            within("weight", weight, (0.0, 1e9), "", f"of {objective.name}")
        if len({len(bleb.kernels) for bleb in self.blebs}) > 1:
            raise ValueError("kernels of the blebs are for different numbers of scenarios; give every bleb one kernel for each.")

    @property
    def scenarios(self) -> int:
        return len(self.blebs[0].kernels)

    def volume_range_ml(self, depth_mm: float) -> tuple[float, float]:
        """Least and greatest volume of a point at a depth: within the blebs that are known there, and within the limits."""
        low, high = self.limits.volume_range_ml(self.strength_mg_per_ml)
        known = [bleb.volume_ml for bleb in self.blebs if bleb.depth_mm == depth_mm]
        return max(low, min(known)), min(high, max(known))

    def allowed(self, kind: int) -> bool:
        """Whether a point may hold this bleb as it is."""
        bleb = self.blebs[kind]
        low, high = self.volume_range_ml(bleb.depth_mm)
        return low <= bleb.volume_ml <= high

    def nearest(self, points: Points) -> NDArray[np.int64]:
        """The bleb that each point is most like (P,)."""
        known = np.array([(bleb.depth_mm, bleb.volume_ml) for bleb in self.blebs])
        found: NDArray[np.int64] = np.abs(known[None] - np.stack([points.depth_mm, points.volume_ml], axis=1)[:, None]).sum(axis=2).argmin(axis=1)
        return found

    def split(self, points: Points) -> tuple[Array, Array]:
        """The volume of each point laid on the kernels of the two blebs next in size (P, K), and its derivative by the volume.

        A larger bleb is wider: between two known volumes the profile of 1 mg goes in a straight line from one to the other.
        """
        shares, slopes = np.zeros((len(points), len(self.blebs))), np.zeros((len(points), len(self.blebs)))
        for depth in set(points.depth_mm.tolist()):
            kinds = sorted((k for k, bleb in enumerate(self.blebs) if bleb.depth_mm == depth), key=lambda k: self.blebs[k].volume_ml)
            if not kinds:
                raise ValueError(f"depth_mm of a point is {depth:g}; give one of {', '.join(f'{b.depth_mm:g}' for b in self.blebs)} mm.")
            mine = np.flatnonzero(points.depth_mm == depth)
            known, volume = np.array([self.blebs[k].volume_ml for k in kinds]), points.volume_ml[mine]
            hats = np.stack([np.interp(volume, known, row) for row in np.eye(len(kinds))], axis=1)
            rises = np.zeros_like(hats)
            for i in range(len(known) - 1):
                inside = (volume >= known[i]) & ((volume < known[i + 1]) | (i == len(known) - 2) & (volume <= known[i + 1]))
                rises[inside, i], rises[inside, i + 1] = -1 / (known[i + 1] - known[i]), 1 / (known[i + 1] - known[i])
            shares[mine[:, None], kinds] = volume[:, None] * hats
            slopes[mine[:, None], kinds] = hats + volume[:, None] * rises
        return shares, slopes

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernel of every bleb, with all scenarios (S, L, M)."""
        return stacked([bleb.kernels for bleb in self.blebs])

    def fields(self, points: Points) -> Array:
        """The field of a plan in every scenario (S, L, Y, X)."""
        shares, _ = self.split(points)
        point, kind = np.nonzero(shares)
        found = field_of(self.raster, points.x_mm[point], points.y_mm[point], shares[point, kind] * self.strength_mg_per_ml, kind, self.kernels)
        return self.by_scenario(found)

    def field(self, points: Points, scenario: int = 0) -> Array:
        """The field (L, Y, X) of a plan in one scenario."""
        found: Array = self.fields(points)[scenario]
        return found

    def by_scenario(self, planes: Array) -> Array:
        """Planes of all scenarios (S·L, Y, X) as (S, L, Y, X)."""
        return planes.reshape(self.scenarios, -1, *planes.shape[1:])

    def terms_of(self, fields: Array, volume_ml: Array) -> Array:
        """Every objective in every scenario (S, terms), without weights."""
        values = [objective.value(fields, self.raster, volume_ml) for _, objective in self.terms]
        return np.stack([np.broadcast_to(value, self.scenarios) for value in values], axis=1)

    def judged(self, terms: Array) -> tuple[float, Array, Array]:
        """The value of a plan, its objectives averaged over the scenarios that count, and how much each scenario counts."""
        weights = np.array([weight for weight, _ in self.terms])
        counted = worst(terms @ weights, self.worst_share)
        return float(counted @ terms @ weights), counted @ terms, counted

    def choice(self, kind: str, points: Points, fields: Array | None = None, **grid: Any) -> Choice:
        """A plan with what it is worth."""
        fields = self.fields(points) if fields is None else fields
        value, averaged, _ = self.judged(self.terms_of(fields, points.volume_ml))
        return Choice(kind, points, value, {o.name: float(v) for (_, o), v in zip(self.terms, averaged, strict=True)}, **grid)

    @cached_property
    def zone(self) -> BaseGeometry:
        """The polygon, with what rounding a position to a thousandth of a millimetre may cost."""
        return usable(self.polygon).buffer(ROUNDED_MM)

    def broken(self, points: Points) -> tuple[str, ...]:
        """A sentence for every limit that these points do not keep, and for points outside the zone."""
        import shapely

        out = int(np.sum(~shapely.contains_xy(self.zone, points.x_mm, points.y_mm)))
        outside = (f"{out} points lie outside the zone.",) if out else ()
        return outside + self.limits.broken(points, self.strength_mg_per_ml, self.no_go)


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan, its value (the smaller, the better) and each objective; a grid also says how `grids.grid_points` makes it."""

    kind: str
    points: Points
    value: float
    terms: dict[str, float]
    pattern: str = ""
    spacing_mm: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """The best regular grid, the best plan of all, every grid that keeps the limits, and what each step of the search gave."""

    grid: Choice
    best: Choice
    grids: tuple[Choice, ...]
    tried: tuple[Choice, ...]


def worst(values: Array, share: float) -> Array:
    """How much each scenario (S,) counts in the mean of the worst ``share`` of them: conditional value at risk."""
    count = max(share * len(values), 1.0)
    counted = np.zeros(len(values))
    order = np.argsort(-values, kind="stable")
    counted[order] = np.clip(count - np.arange(len(values)), 0.0, 1.0) / count
    return counted


def task_of(
    polygon: Polygon,
    no_go: Sequence[Polygon],
    blebs: Sequence[Bleb],
    *,
    strength_mg_per_ml: float,
    terms: Sequence[tuple[float, Objective]],
    limits: HardLimits | None = None,
    pixel_mm: float = 1.0,
    margin_mm: float = 5.0,
    worst_share: float = 0.2,
) -> Task:
    """A task on a raster of its own. Raises ``ValueError`` with a sentence for what cannot be planned."""
    raster = raster_of(polygon, no_go, pixel_mm=pixel_mm, margin_mm=margin_mm)
    return Task(polygon, tuple(no_go), tuple(blebs), strength_mg_per_ml, tuple(terms), raster, limits or HardLimits(), worst_share)


def propose(
    task: Task,
    *,
    patterns: Sequence[str] = PATTERNS,
    spacings_mm: Sequence[float] = SPACINGS_MM,
    seeds: Sequence[int] = SEEDS,
    choose: bool = True,
    volumes: bool = True,
    sweeps: int = 2,
    seconds: float = 2.0,
) -> Proposal:
    """Spacing, depth and volume of the best regular grid, and what choosing points and volumes adds to it.

    ``sweeps`` is how often every point is looked at in turn, ``seconds`` what the programme in whole numbers may take: only
    there do results depend on the machine. Raises `Infeasible` with a sentence that names what cannot be met.
    """
    grids = scan(task, patterns=patterns, spacings_mm=spacings_mm, seeds=seeds)
    grid = _best(grids)
    tried = [grid]
    if choose:
        tried += chosen(task, grid.points, seconds=seconds)
        tried += nudged(task, _best(tried).points, sweeps=sweeps)
    if volumes:
        tried += shaped(task, _best(tried).points)
    return Proposal(grid, _best(tried), grids, tuple(tried))


def _best(choices: Sequence[Choice]) -> Choice:
    return min(choices, key=lambda choice: choice.value)


# ── regular grids ───────────────────────────────────────────────────────────────────────────────────────────────────────


def scan(task: Task, *, patterns: Sequence[str] = PATTERNS, spacings_mm: Sequence[float] = SPACINGS_MM, seeds: Sequence[int] = SEEDS) -> tuple[Choice, ...]:
    """Every regular grid that keeps the limits, for each bleb, pattern, spacing and offset; a bleb that a point may not hold is cut to what it may."""
    found: list[Choice] = []
    refused: list[tuple[str, ...]] = []
    whole = _whole_plans(task)
    for pattern, spacing, seed in itertools.product(patterns, spacings_mm, seeds):
        try:
            places = np.array(grid_points(task.polygon, task.no_go, pattern=pattern, spacing_mm=spacing, seed=seed)).reshape(-1, 2)
        except ValueError as too_many:
            refused.append((str(too_many),))
            continue
        places = places[task.limits.clear(_alike(places, 0.0, 0.0), task.no_go)]
        maps = maps_of(task.raster.x_mm, task.raster.y_mm, places[:, 0], places[:, 1], np.ones(len(places)), task.kernels[0].variance_mm2)
        for depth, volume, kernel in whole:
            points = _alike(places, depth, volume)
            broken = task.broken(points) if len(points) else ("No point of a grid lies in the target and no_go_mm from every no-go area.",)
            if broken:
                refused.append(broken)
            else:
                found.append(task.choice(GRID, points, task.by_scenario(mixed(kernel, maps)), pattern=pattern, spacing_mm=spacing, seed=seed))
    if not found:
        nearest = sorted(refused, key=lambda broken: len(broken))[:1] or [("No pattern, spacing or offset was given.",)]
        raise Infeasible(f"No regular grid keeps the limits. {' '.join(nearest[0])}")
    return tuple(found)


def _whole_plans(task: Task) -> list[tuple[float, float, Kernel]]:
    """Depths and volumes that all points of a plan may have, and the kernel of such a point as a whole."""
    found = set()
    for bleb in task.blebs:
        low, high = task.volume_range_ml(bleb.depth_mm)
        if low <= high:
            found.add((bleb.depth_mm, min(max(bleb.volume_ml, low), high)))
    if not found:
        low, high = task.limits.volume_range_ml(task.strength_mg_per_ml)
        known = sorted(bleb.volume_ml for bleb in task.blebs)
        raise Infeasible(
            f"A point may hold from {low:g} to {high:g} mL by point_volume_ml and point_dose_mg; the blebs are of {known[0]:g} to {known[-1]:g} mL."
        )
    plans = []
    for depth, volume in sorted(found):
        shares, _ = task.split(_alike(np.zeros((1, 2)), depth, volume))
        weights = sum(share * task.strength_mg_per_ml * kernel.weight_per_mm for share, kernel in zip(shares[0], task.kernels, strict=True))
        plans.append((depth, volume, Kernel(task.kernels[0].variance_mm2, np.asarray(weights))))
    return plans


def _alike(places: Array, depth_mm: float, volume_ml: float) -> Points:
    return Points(places[:, 0], places[:, 1], np.full(len(places), depth_mm), np.full(len(places), volume_ml))


# ── one point after the other ───────────────────────────────────────────────────────────────────────────────────────────


def nudged(task: Task, start: Points, *, sweeps: int = 2) -> list[Choice]:
    """Each point in turn left out, shifted or given another bleb, whichever helps the plan most and keeps the limits.

    Empty where nothing helps.
    """
    plan = first = Nudges.of(task, start)
    for _ in range(sweeps):
        before = plan.value
        for index in range(len(start)):
            plan = plan.best_move(index)
        if plan.value > before * (1 - 1e-3):
            break
    found = plan.points
    return [task.choice(NUDGED, found)] if plan.value < first.value and len(found) and not task.broken(found) else []


@dataclass(frozen=True)
class Nudges:
    """A plan of blebs as they are, with its picture in all scenarios; a point without dose is left out."""

    task: Task
    picture: Picture
    kept: NDArray[np.bool_]
    value: float

    @staticmethod
    def of(task: Task, start: Points) -> Nudges:
        kind = task.nearest(start)
        dose = np.array([bleb.volume_ml for bleb in task.blebs])[kind] * task.strength_mg_per_ml
        picture = Picture.of(task.raster, start.x_mm, start.y_mm, dose, kind, task.kernels)
        return Nudges(task, picture, np.ones(len(start), dtype=bool), math.inf).revalued()

    @property
    def points(self) -> Points:
        now, kept = self.picture, self.kept
        depth = np.array([bleb.depth_mm for bleb in self.task.blebs])
        return Points(now.x_mm[kept], now.y_mm[kept], depth[now.kind[kept]], now.dose_mg[kept] / self.task.strength_mg_per_ml)

    def revalued(self) -> Nudges:
        volume = self.picture.dose_mg[self.kept] / self.task.strength_mg_per_ml
        return replace(self, value=self.task.judged(self.task.terms_of(self.task.by_scenario(self.picture.field), volume))[0])

    def best_move(self, index: int) -> Nudges:
        """The plan after the best move of one point, or as it is."""
        if not self.kept[index]:
            return self
        best, without = self, self._moved(index, {"dose_mg": 0.0})
        for move in self._moves(index):
            trial = without._moved(index, move).revalued()
            if trial.value < best.value and not self.task.broken(trial.points):
                best = trial
        return best

    def _moved(self, index: int, move: dict[str, Any]) -> Nudges:
        kept = self.kept.copy()
        kept[index] = move["dose_mg"] > 0
        return replace(self, picture=self.picture.moved(index, **move), kept=kept)

    def _moves(self, index: int) -> list[dict[str, Any]]:
        now = self.picture
        x, y, kind, dose = float(now.x_mm[index]), float(now.y_mm[index]), int(now.kind[index]), float(now.dose_mg[index])
        shifts = [(step * dx, step * dy) for step in SHIFTS_MM for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
        blebs = [(k, bleb.volume_ml * self.task.strength_mg_per_ml) for k, bleb in enumerate(self.task.blebs) if self.task.allowed(k)]
        return [
            {"dose_mg": 0.0},
            *({"x_mm": round(x + dx, 3), "y_mm": round(y + dy, 3), "dose_mg": dose} for dx, dy in shifts),
            *({"kind": k, "dose_mg": other} for k, other in blebs if k != kind),
        ]


# ── whole numbers of points ─────────────────────────────────────────────────────────────────────────────────────────────


def chosen(task: Task, start: Points, *, seconds: float = 2.0) -> list[Choice]:
    """Points chosen anew, tile by tile: a programme in whole numbers (HiGHS) for one tile while the others stay.

    Candidates are the places of ``start`` and of a finer grid, all with the bleb that is usual in ``start``. The programme
    sees the nominal scenario and straight pieces of the squares; what it finds is kept where the plan as a whole is judged
    better. Empty where nothing better is found before ``seconds`` have passed.
    """
    usual = int(np.bincount(task.nearest(start), minlength=1).argmax())
    if not len(start) or not task.allowed(usual):
        return []
    fine, tiles = _fine(task), _tiles(task)
    best, now = None, task.choice(GRID, start)
    for left, top, right, bottom in tiles:
        points = now.points
        inside = (left <= points.x_mm) & (points.x_mm < right) & (top <= points.y_mm) & (points.y_mm < bottom)
        kept = taken(points, ~inside)
        here = fine[(left <= fine[:, 0]) & (fine[:, 0] < right) & (top <= fine[:, 1]) & (fine[:, 1] < bottom)]
        places = np.concatenate([np.stack([points.x_mm, points.y_mm], axis=1)[inside], here])
        found = _tile(task, kept, places[_apart(places, kept, task.limits.spacing_mm)], usual, seconds / len(tiles))
        if found is None or not len(found) or task.broken(found):
            continue
        choice = task.choice(CHOSEN, found)
        if choice.value < now.value:
            best = now = choice
    return [best] if best else []


def _tile(task: Task, kept: Points, places: Array, kind: int, seconds: float) -> Points | None:
    """The points that stay with the best places of a tile, all with the same bleb; none where none were found in time."""
    from scipy.optimize import Bounds, milp

    if not len(places):
        return None
    bleb, kernel = task.blebs[kind], task.kernels[kind]
    nominal = Kernel(kernel.variance_mm2, kernel.weight_per_mm[0])
    influence = influence_of(task.raster, places[:, 0], places[:, 1], np.zeros(len(places)), [nominal])
    costs, rows, slacks, tops = _linear(task, influence, bleb.volume_ml, task.field(kept))
    answer = milp(
        np.concatenate([costs, slacks]),
        constraints=[*rows, *_limits(task, kept, places, bleb.volume_ml, len(slacks))],
        integrality=np.concatenate([np.ones(len(places)), np.zeros(len(slacks))]),
        bounds=Bounds(0, np.concatenate([np.ones(len(places)), tops])),
        options={"time_limit": seconds, "mip_rel_gap": 1e-3},
    )
    if answer.x is None:
        return None
    added = _alike(places[answer.x[: len(places)] > 0.5], bleb.depth_mm, bleb.volume_ml)
    both = ((getattr(kept, name), getattr(added, name)) for name in ("x_mm", "y_mm", "depth_mm", "volume_ml"))
    return Points(*(np.concatenate(each) for each in both))


def taken(points: Points, which: NDArray[np.bool_]) -> Points:
    """Some of the points."""
    return Points(points.x_mm[which], points.y_mm[which], points.depth_mm[which], points.volume_ml[which])


def _fine_mm(task: Task) -> float:
    return min(max(FINEST_MM, math.sqrt(task.raster.area_mm2 / MOST_CANDIDATES * 2 / math.sqrt(3))), 100.0)


def _fine(task: Task) -> Array:
    """Places of a grid (N, 2) as fine as their number allows, that keep their distance from what must not be injected."""
    places = np.array(grid_points(task.polygon, task.no_go, pattern="hexagonal", spacing_mm=_fine_mm(task))).reshape(-1, 2)
    return places[task.limits.clear(_alike(places, 0.0, 0.0), task.no_go)]


def _tiles(task: Task) -> list[tuple[float, float, float, float]]:
    """Boxes (left, top, right, bottom) of equal size that cover the zone."""
    left, top, right, bottom = task.zone.bounds
    wanted = TILE_PER_CANDIDATE * _fine_mm(task)
    across, along = (np.linspace(low, high, math.ceil((high - low) / wanted) + 1) for low, high in ((left, right), (top, bottom)))
    return [(float(a), float(c), float(b), float(d)) for c, d in itertools.pairwise(along) for a, b in itertools.pairwise(across)]


def _apart(places: Array, kept: Points, spacing_mm: float) -> NDArray[np.bool_]:
    """Which places keep the least spacing from all points that stay."""
    from scipy.spatial import KDTree

    if not len(kept) or not spacing_mm:
        return np.ones(len(places), dtype=bool)
    nearest: Array = KDTree(np.stack([kept.x_mm, kept.y_mm], axis=1)).query(places)[0]
    return nearest >= spacing_mm


def _linear(task: Task, influence: Influence, volume_ml: float, background: Array) -> tuple[Array, list[object], Array, Array]:
    """Costs of candidates, rows that make slacks as large as what is missing or too much, and costs and greatest sizes of the slacks.

    A square is a chain of straight pieces, each steeper than the one before, so that the cheapest fill up first.
    """
    from scipy.optimize import LinearConstraint
    from scipy.sparse import csr_array, eye_array, hstack

    dose, count = volume_ml * task.strength_mg_per_ml, influence.matrix.shape[0]
    hinges = [(weight, objective.hinge) for weight, objective in task.terms if objective.hinge is not None and weight]
    seen, share = _places_seen(task.raster, influence, dose, hinges)
    per_place, given = csr_array(influence.matrix)[:, seen].T * dose, background.reshape(-1)[seen]
    costs, rows, slacks, tops = np.zeros(count), [], [], []
    for number, (weight, hinge) in enumerate(hinges):
        width = 1 / PIECES if hinge.sign < 0 else 1.0
        pieces = [csr_array((len(seen), PIECES * len(seen)))] * len(hinges)
        pieces[number] = hstack([eye_array(len(seen)) * -hinge.sign] * PIECES, format="csr")
        missing = 1 - given / hinge.level
        rows.append(LinearConstraint(hstack([per_place / hinge.level, *pieces], format="csr"), *((missing, np.inf) if hinge.sign < 0 else (-np.inf, missing))))
        slacks.append(np.repeat(weight * share * width * (2 * np.arange(PIECES) + 1), len(seen)))
        tops.append(np.repeat([width] * (PIECES - 1) + [np.inf], len(seen)))
    nothing, alone = np.zeros((1, *influence.shape)), np.array([volume_ml])
    for weight, objective in task.terms:
        if objective.hinge is None:
            costs += weight * influence.gradient(objective.by_field(nothing, task.raster)) * dose
            costs += weight * float(np.sum(objective.value(nothing, task.raster, alone)))
    return costs, rows, np.concatenate([np.zeros(0), *slacks]), np.concatenate([np.zeros(0), *tops])


def _places_seen(raster: Raster, influence: Influence, dose: float, hinges: Sequence[tuple[float, Hinge]]) -> tuple[NDArray[np.int64], float]:
    """Places of the target that the candidates can change, every n-th of them, and the share of the target for which each stands."""
    inside = np.broadcast_to(raster.target, influence.shape).reshape(-1)
    lowest = min((hinge.level for _, hinge in hinges), default=math.inf)
    changed = np.flatnonzero(inside & (influence.field(np.full(influence.matrix.shape[0], dose)).reshape(-1) > 0.1 * lowest))
    every = max(1, math.ceil(len(changed) / MOST_ROWS))
    return changed[::every], every / int(inside.sum())


def _limits(task: Task, kept: Points, places: Array, volume_ml: float, slacks: int) -> list[object]:
    """As many points as the numbers and volumes left allow, and of places too near each other only one."""
    from scipy.optimize import LinearConstraint
    from scipy.sparse import csr_array, eye_array, hstack
    from scipy.spatial import KDTree

    at = hstack([eye_array(len(places)), csr_array((len(places), slacks))], format="csr")
    left = (task.limits.whole_ml(task.strength_mg_per_ml) - kept.volume_ml.sum()) / volume_ml
    if task.limits.most_points is not None:
        left = min(left, task.limits.most_points - len(kept))
    rows: list[object] = [LinearConstraint(at.sum(axis=0)[None, :], -np.inf, math.floor(left + 1e-9))] if math.isfinite(left) else []
    near = KDTree(places).query_pairs(max(task.limits.spacing_mm * (1 - 1e-9), SAME_MM), output_type="ndarray")
    if len(near):
        rows.append(LinearConstraint(at[near[:, 0]] + at[near[:, 1]], -np.inf, 1.0))
    return rows


# ── volumes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Volumes:
    """The points of a plan with their volumes free: the value and its gradient."""

    task: Task
    points: Points

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every point with every bleb of its depth."""
        depth = np.array([bleb.depth_mm for bleb in self.task.blebs])
        point, kind = np.nonzero(self.points.depth_mm[:, None] == depth[None, :])
        return point, kind

    @cached_property
    def _influence(self) -> Influence:
        point, kind = self._pairs
        return influence_of(self.task.raster, self.points.x_mm[point], self.points.y_mm[point], kind, self.task.kernels)

    def value(self, volume_ml: Array) -> tuple[float, Array]:
        """The value of the plan with these volumes (P,), and its gradient (P,)."""
        task, (point, kind) = self.task, self._pairs
        shares, slopes = task.split(replace(self.points, volume_ml=volume_ml))
        fields = task.by_scenario(self._influence.field(shares[point, kind] * task.strength_mg_per_ml))
        value, _, counted = task.judged(task.terms_of(fields, volume_ml))
        by_field, by_volume = np.zeros_like(fields), np.zeros_like(volume_ml)
        for weight, objective in task.terms:
            by_field += weight * counted[:, None, None, None] * objective.by_field(fields, task.raster)
            by_volume += weight * objective.by_volume(volume_ml)
        by_pair = self._influence.gradient(by_field) * slopes[point, kind] * task.strength_mg_per_ml
        return value, by_volume + np.bincount(point, by_pair, len(volume_ml))


def shaped(task: Task, points: Points) -> list[Choice]:
    """The same points with volumes of their own, by gradients; empty where no such volumes keep the limits.

    L-BFGS-B keeps the range of each point. Where the volume of all is limited too, SLSQP keeps both.
    """
    from scipy.optimize import Bounds, minimize

    low, high = np.array([task.volume_range_ml(depth) for depth in points.depth_mm.tolist()]).reshape(-1, 2).T
    whole = task.limits.whole_ml(task.strength_mg_per_ml)
    if not len(points) or (low > high).any() or low.sum() > whole:
        return []
    plan, unit = Volumes(task, points), float(high.max())  # volumes are counted in the largest one, as optimisers like it

    def valued(units: Array) -> tuple[float, Array]:
        value, gradient = plan.value(units * unit)
        return value, gradient * unit

    def fitted(units: Array) -> Array:
        """Within the range of each, and all cut alike where they are too much together."""
        volume = np.clip(units * unit, low, high)
        above = float((volume - low).sum())
        room = whole - float(low.sum())
        return low + (volume - low) * (room / above) if above > room else volume

    bounds, start = Bounds(low / unit, high / unit), points.volume_ml / unit
    found = minimize(valued, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MOST_STEPS}).x
    if found.sum() * unit > whole:
        room = {"type": "ineq", "fun": lambda units: whole / unit - units.sum(), "jac": lambda units: -np.ones(len(units))}
        options = {"maxiter": MOST_STEPS // 4, "ftol": 1e-6}
        found = minimize(valued, fitted(found) / unit, jac=True, method="SLSQP", bounds=bounds, constraints=[room], options=options).x
    found = fitted(found)
    better = replace(points, volume_ml=found)
    return [] if task.broken(better) else [task.choice(VOLUMES, better)]


# ── what is to be chosen from ───────────────────────────────────────────────────────────────────────────────────────────


def trade_off(task: Task, one: str, other: str, *, factors: Sequence[float] = (0.1, 0.3, 1.0, 3.0, 10.0), grids: Sequence[Choice] = ()) -> tuple[Choice, ...]:
    """Plans of which none is better than another in both objectives, from the least of ``one`` to the least of ``other``.

    They are regular grids, and grids with volumes of their own for several weights of ``other``. Both are names of the
    task's objectives; ``grids`` are those of an earlier scan.
    """
    names = [objective.name for _, objective in task.terms]
    for name in (one, other):
        if name not in names:
            raise ValueError(f"{name!r} is no objective of this task; choose from {', '.join(names)}.")
    found = list(grids or scan(task))
    starts = list(found)
    for factor in factors:
        leaning = replace(task, terms=[(weight * (factor if o.name == other else 1.0), o) for weight, o in task.terms])
        weights = {o.name: weight for weight, o in leaning.terms}
        start = min(starts, key=lambda choice: sum(weights[name] * value for name, value in choice.terms.items()))
        found += [task.choice(VOLUMES, each.points) for each in shaped(leaning, start.points)]
    return undominated(found, one, other)


def undominated(choices: Sequence[Choice], one: str, other: str) -> tuple[Choice, ...]:
    """Those that no other beats in both objectives, by rising ``one``."""
    kept: list[Choice] = []
    for choice in sorted(choices, key=lambda c: (c.terms[one], c.terms[other])):
        if not kept or choice.terms[other] < kept[-1].terms[other]:
            kept.append(choice)
    return tuple(kept)


def score_of(task: Task, choice: Choice, wanted: float, scenario: int = 0) -> metrics.Score:
    """The numbers of a plan's field that a page shows."""
    return metrics.score(task.field(choice.points, scenario), task.raster, wanted)
