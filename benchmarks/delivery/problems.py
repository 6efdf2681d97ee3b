"""What is computed: tissue, depots and times, and the box with its grid on which a stepper has to stand.

The reference problem, hold-outs A, B and C and the face plan are those of delivery.md 3.1 and 4.2 in the project's shared
reference. What it does not say of them is set here and said here. Nothing in the engine may be tuned on a hold-out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pistor.delivery.problem import REFLECT, SINK, Depot, Layer, Tissue

EPIDERMIS_MM, DERMIS_MM, HYPODERMIS_MM = 0.1, 1.9, 8.0
D_RATIOS, K_RATIOS = (25 / 36, 1.0, 50 / 36), (0.0, 1.0, 3 / 8)  # of the reference problem's layers to its dermis
SIGMA_100_UL_MM, SIGMA_10_UL_MM = 1.292, 0.60  # as given there: near the second moments of spheres of that volume
PLAN_SIDE_MM, PLAN_POINTS, PLAN_DEPTHS_MM, PLAN_MARGIN_MM, PLAN_APART_MM = 60.0, 200, (1.0, 2.0, 4.0), 4.0, 2.5


@dataclass(frozen=True)
class Case:
    """A problem between four mirroring walls at x, y = 0 and ``side_mm``, asked at the centres of cells of ``cell_mm``."""

    name: str
    what: str
    tissue: Tissue
    depots: tuple[Depot, ...]
    times_h: tuple[float, ...]
    side_mm: float = 20.0
    cell_mm: float = 0.25

    @property
    def lateral_mm(self) -> np.ndarray:
        """Centres of the cells along x, and along y."""
        return centres(self.side_mm, self.cell_mm)

    @property
    def depth_mm(self) -> np.ndarray:
        """Centres of the cells from the surface down."""
        return centres(self.tissue.depth_mm, self.cell_mm)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Times, depths, y, x."""
        return len(self.times_h), len(self.depth_mm), len(self.lateral_mm), len(self.lateral_mm)


def centres(length_mm: float, cell_mm: float) -> np.ndarray:
    return (np.arange(round(length_mm / cell_mm)) + 0.5) * cell_mm


def skin(diffusivities: tuple[float, float, float], clearances: tuple[float, float, float]) -> Tissue:
    """Epidermis, dermis and hypodermis over a sink, 10 mm in all."""
    names, thicknesses = ("epidermis", "dermis", "hypodermis"), (EPIDERMIS_MM, DERMIS_MM, HYPODERMIS_MM)
    return Tissue(tuple(map(Layer, names, thicknesses, diffusivities, clearances)), SINK)


def scaled_skin(dermis_d: float, dermis_k: float) -> Tissue:
    """The reference problem's skin for another solute: the layers keep their ratios to the dermis."""
    return skin(tuple(dermis_d * ratio for ratio in D_RATIOS), tuple(dermis_k * ratio for ratio in K_RATIOS))


REFERENCE_SKIN = skin((0.25, 0.36, 0.50), (0.0, 0.8, 0.3))


def reference() -> Case:
    return Case("reference", "reference problem", REFERENCE_SKIN, (Depot(10, 10, 2, SIGMA_100_UL_MM, SIGMA_100_UL_MM, 1),), (0.5, 1, 2, 4, 6))


def holdout_a() -> Case:
    depot = Depot(7.3, 11.9, 1.0, SIGMA_10_UL_MM, SIGMA_10_UL_MM, 1)
    return Case("A", "hold-out A: small, quick", scaled_skin(0.9, 4.4), (depot,), (0.25, 0.5, 1, 1.5, 2))


def holdout_b() -> Case:
    """The sigma is set here: 25 uL."""
    return Case("B", "hold-out B: 70 kDa", scaled_skin(0.017, 0.06), (Depot(11.7, 8.4, 0.8, 0.81, 0.81, 1),), (2, 6, 12, 24, 48))


def holdout_c() -> Case:
    """Depth and sigma are set here: 50 uL at 1.6 mm."""
    depot = Depot(8.8, 12.1, 1.6, 1.02, 1.02, 1)
    return Case("C", "hold-out C: contrast", skin((0.05, 0.7, 0.1), (0.0, 2.5, 0.2)), (depot,), (0.5, 1, 2, 4, 6))


def drawn(seed: int) -> Case:
    """A hold-out that nobody chose: five layers with partition, five oblate depots, times over two decades, all from the seed."""
    rng = np.random.default_rng(seed)
    thicknesses = (0.1, 0.27, rng.uniform(0.8, 1.4), rng.uniform(2, 4))
    layers = [
        Layer(f"layer {number}", round(float(thickness), 3), between(rng, 0.03, 1.2), between(rng, 0.02, 4), between(rng, 0.4, 2.5))
        for number, thickness in enumerate((*thicknesses, 0.0), 1)
        if thickness
    ]
    rest = round(10 - math.fsum(layer.thickness_mm for layer in layers), 3)
    layers.append(Layer("layer 5", rest, between(rng, 0.03, 1.2), between(rng, 0.02, 4), between(rng, 0.4, 2.5)))
    depots = tuple(
        Depot(*(float(v) for v in rng.uniform(6, 14, 2)), float(rng.uniform(0.5, 4)), between(rng, 0.6, 1.6), between(rng, 0.4, 0.9), between(rng, 0.2, 2))
        for _ in range(5)
    )
    times = tuple(sorted(between(rng, 0.1, 10) for _ in range(5)))
    return Case(f"drawn {seed}", f"hold-out drawn with seed {seed}", Tissue(tuple(layers), (SINK, REFLECT)[seed % 2]), depots, times)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform, three digits."""
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.3g}")


def plan(volume: str, points: int = PLAN_POINTS, cell_mm: float = 0.25, times: int = 24) -> Case:
    """The face plan: 1 mg in each point, points in turn at 1, 2 and 4 mm, every quarter of an hour up to six hours.

    Points are drawn uniformly (seed 4) at least 4 mm from the walls, and drawn again where closer than 2.5 mm to an earlier
    one; more than 200 points may come as close as the area forces them to.
    """
    sigma = {"0.1 mL": SIGMA_100_UL_MM, "10 uL": SIGMA_10_UL_MM}[volume]
    rng, placed = np.random.default_rng(4), np.empty((0, 2))
    apart = PLAN_APART_MM * min(1.0, math.sqrt(PLAN_POINTS / points))
    while len(placed) < points:
        candidate = rng.uniform(PLAN_MARGIN_MM, PLAN_SIDE_MM - PLAN_MARGIN_MM, 2)
        if not len(placed) or np.min(np.hypot(*(placed - candidate).T)) >= apart:
            placed = np.vstack([placed, candidate])
    depots = tuple(Depot(float(x), float(y), PLAN_DEPTHS_MM[number % 3], sigma, sigma, 1) for number, (x, y) in enumerate(placed))
    hours = tuple(float(hour) for hour in np.linspace(0, 6, times + 1)[1:])
    return Case(f"plan {volume}", f"face plan, {points} points of {volume}", REFERENCE_SKIN, depots, hours, PLAN_SIDE_MM, cell_mm)


def coarser(case: Case, cell_mm: float) -> Case:
    """The same problem on another grid, to try something out."""
    return replace(case, cell_mm=cell_mm)


def at_times(case: Case, times_h: list[float]) -> Case:
    """The same problem asked at other times."""
    return replace(case, times_h=tuple(times_h))


HOLDOUTS = {"A": holdout_a, "B": holdout_b, "C": holdout_c, "drawn 12": lambda: drawn(12), "drawn 47": lambda: drawn(47)}
PLANS = {"plan 0.1 mL": lambda: plan("0.1 mL"), "plan 10 uL": lambda: plan("10 uL")}
CASES = {"reference": reference, **HOLDOUTS, **PLANS}
