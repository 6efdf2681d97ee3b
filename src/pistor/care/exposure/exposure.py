"""What the skin and the blood will see of an order: one field with its range for each dissolved substance, a reason for each other.

Everything here is a model's estimate. The field of the middle case comes from `delivery.field`, the range from virtual
patients whose parameters are drawn from the literature's own spread (`virtual`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pistor.care.evidence import Finding
from pistor.care.exposure import sentences
from pistor.care.exposure.bands import Banded, banded
from pistor.care.exposure.beside import beside_the_numbers
from pistor.care.exposure.blood import Comparison, Plasma, comparisons, disposition_of, plasma_of
from pistor.care.exposure.mixed import mixed
from pistor.care.exposure.order import Content, NoExposure, Order, Region, Spot, constricted
from pistor.care.exposure.places import neighbour_mm, places_in
from pistor.care.exposure.solute import Fenced, Solute, solute_of
from pistor.care.exposure.tissue import EPIDERMIS, HYPODERMIS, Site
from pistor.care.exposure.values import Value
from pistor.care.exposure.virtual import Setting, layer_at, setting_of
from pistor.delivery import ensemble
from pistor.delivery.depots import DERMIS, MM3_PER_ML
from pistor.delivery.depots import HYPODERMIS as FAT
from pistor.delivery.field import Kernel, solve
from pistor.delivery.limits import Load, load
from pistor.delivery.problem import Tissue
from pistor.delivery.sweep import MOST_WORKERS, Progress
from pistor.delivery.uncertainty import MOST_PATIENTS, Drivers, Sample, drivers, sample
from pistor.knowledge import Library

Array = NDArray[np.float64]

PATIENTS = 200
MOST_SEED = 2**32 - 1
TIMES_H = (0.0, *np.geomspace(1 / 60, 24.0, 23).tolist())
DEPTH_STEP_MM, SHOWN_DEPTH_MM = 0.1, 3.0
COVERED = tuple(share / 20 for share in range(21))
MOST_OF, LEAST_OF = 1, 19  # the shares of 5 % and 95 %
LEVELS, LOWEST_LEVEL = 60, 1e-4
FINE = 4000  # times between which a threshold is told to be passed
ANAESTHETIC = "local_anaesthetic"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of the zone (0 to 1) that gets at least each level of exposure (mg h/mm³) at the target depth."""

    level_mg_h_per_mm3: tuple[float, ...]
    share: Banded

    def as_dict(self) -> dict[str, Any]:
        return {"level_mg_h_per_mm3": list(self.level_mg_h_per_mm3), **self.share.as_dict()}


@dataclass(frozen=True, slots=True, eq=False)
class SoluteExposure:
    """One dissolved substance. Kernels are of 1 mg by a spot of the commonest kind, or by a piece of such a thread; each spot is of
    equal pieces that lie ``pieces_mm`` (x, y) beside it. Lengths in mm, times in hours."""

    id: str
    name: str
    mg_per_ml: float
    dose_mg: float
    doses_mg: tuple[float, ...]
    pieces_mm: tuple[tuple[float, float], ...]
    times_h: tuple[float, ...]
    depths_mm: tuple[float, ...]
    kernel: Kernel
    auc_kernel: Kernel
    half_gone_h: Banded
    nine_tenths_gone_h: Banded
    reach_half_mm: Banded
    reach_tenth_mm: Banded
    valley_over_peak: Banded
    diffusion_length_mm: float | None
    peak_mg_per_mm3: Banded
    auc_mg_h_per_mm3: Banded
    coverage: Coverage
    balance: dict[str, tuple[float, ...]]
    hours_above: Banded | None
    above: Banded | None
    absorbed_mg: Banded
    plasma: Plasma | None
    plasma_unknown: str
    limit: Value | None
    comparisons: tuple[Comparison, ...]
    drivers: Drivers | None
    values: tuple[Value, ...]
    findings: tuple[Finding, ...]

    def as_dict(self, spots: Sequence[Spot], neighbour: float | None, bleb_radius_mm: float, threshold: float | None) -> dict[str, Any]:
        points = [[spot.x_mm, spot.y_mm, dose] for spot, dose in zip(spots, self.doses_mg, strict=True)]
        return {
            "id": self.id, "name": self.name, "mg_per_ml": self.mg_per_ml, "dose_mg": self.dose_mg, "points": points,
            "pieces_mm": [list(piece) for piece in self.pieces_mm],
            "times_h": list(self.times_h), "depths_mm": list(self.depths_mm), "kernel": _kernel(self.kernel), "auc_kernel": _kernel(self.auc_kernel),
            "half_gone_h": self.half_gone_h.as_dict(), "nine_tenths_gone_h": self.nine_tenths_gone_h.as_dict(),
            "reach_half_mm": self.reach_half_mm.as_dict(), "reach_tenth_mm": self.reach_tenth_mm.as_dict(),
            "valley_over_peak": self.valley_over_peak.as_dict(), "neighbour_mm": neighbour, "diffusion_length_mm": self.diffusion_length_mm,
            "bleb_radius_mm": bleb_radius_mm, "peak_mg_per_mm3": self.peak_mg_per_mm3.as_dict(), "auc_mg_h_per_mm3": self.auc_mg_h_per_mm3.as_dict(),
            "threshold_mg_per_mm3": threshold, "hours_above_threshold": self.hours_above.as_dict() if self.hours_above else None,
            "share_above_threshold": self.above.as_dict() if self.above else None,
            "coverage": self.coverage.as_dict(), "balance": {name: list(row) for name, row in self.balance.items()},
            "absorbed_mg": self.absorbed_mg.as_dict(), "plasma": self.plasma.as_dict() if self.plasma else None, "plasma_unknown": self.plasma_unknown,
            **beside_the_numbers(self),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """The answer to an order."""

    order: Order
    site: Site
    layers: tuple[tuple[str, float], ...]
    target_depth_mm: float
    neighbour_mm: float | None
    bleb_radius_mm: float
    bleb_height_mm: float
    patients: int
    seed: int
    solutes: tuple[SoluteExposure | Fenced, ...]
    anaesthetics: Load | None
    findings: tuple[Finding, ...]
    knowledge_version: str

    @property
    def computed(self) -> tuple[SoluteExposure, ...]:
        return tuple(one for one in self.solutes if isinstance(one, SoluteExposure))

    @property
    def fenced(self) -> tuple[Fenced, ...]:
        return tuple(one for one in self.solutes if isinstance(one, Fenced))

    def as_dict(self) -> dict[str, Any]:
        order = self.order
        threshold = order.threshold_mg_per_ml / MM3_PER_ML if order.threshold_mg_per_ml is not None else None
        shown = (order.spots, self.neighbour_mm, self.bleb_radius_mm, threshold)
        return {
            "zone": order.zone, "technique": order.technique, "device": order.device,
            "depth_mm": order.typical.depth_mm, "target_depth_mm": self.target_depth_mm,
            "layers": [{"name": name, "thickness_mm": thickness} for name, thickness in self.layers],
            "regions": [_region(region) for region in order.regions],
            "points": len(order.spots), "volume_per_point_ml": order.typical.volume_ml, "spacing_mm": order.spacing_mm, "run_mm": order.run_mm,
            "row_angle_deg": order.row_angle_deg, "elsewhere_ml": order.elsewhere_ml,
            "weight_kg": order.weight_kg, "sex": order.sex, "vasoconstrictor": order.vasoconstrictor, "treatments": order.treatments,
            "interval_days": order.interval_days, "bleb": {"radius_mm": self.bleb_radius_mm, "height_mm": self.bleb_height_mm},
            "patients": self.patients, "seed": self.seed,
            "solutes": [one.as_dict(*shown) for one in self.computed], "fenced": [one.as_dict() for one in self.fenced],
            "anaesthetics": _load(self.anaesthetics), "findings": [finding.as_dict() for finding in self.findings],
            "knowledge_version": self.knowledge_version,
        }  # fmt: skip


def expose(order: Order, library: Library, *, patients: int = PATIENTS, seed: int = 0, workers: int = 1, progress: Progress | None = None) -> Exposure:
    """What the skin and the blood will see of this order. Raises :class:`NoExposure` where nothing can be reckoned."""
    for field, value, low, high in (("patients", patients, 1, MOST_PATIENTS), ("seed", seed, 0, MOST_SEED), ("workers", workers, 1, MOST_WORKERS)):
        if not low <= value <= high:
            raise NoExposure(f"{field} is {value}; give a whole number from {low} to {high:,}.")
    try:
        return _exposed(order, library, patients, seed, workers, progress)
    except ValueError as error:  # whatever the engine refuses, it says in a sentence
        raise NoExposure(str(error)) from None


def _exposed(order: Order, library: Library, patients: int, seed: int, workers: int, progress: Progress | None) -> Exposure:
    order = replace(order, vasoconstrictor=constricted(order.vasoconstrictor, order.contents, library))
    setting = setting_of(order, library)
    layers = tuple((layer.name, layer.thickness.number) for layer in setting.site.layers)
    target = _target_mm(order, layers, library)
    run = _Run(order, setting, target, sample(setting.priors(), patients, seed), workers, progress)
    solutes = tuple(run.of(content) for content in order.contents)
    radius, height = run.bleb()
    nearest = neighbour_mm(order.spots)
    computed = [one for one in solutes if isinstance(one, SoluteExposure)]
    anaesthetics = _anaesthetics(computed, library)
    whole = sentences.whole(order, target, nearest, (radius, height), run.skin_mm, anaesthetics, [one.name for one in computed])
    findings = (*setting.site.findings, *mixed(order, library), *whole)
    return Exposure(order, setting.site, layers, target, nearest, radius, height, patients, seed, solutes, anaesthetics, findings, library.version)


def _target_mm(order: Order, layers: Sequence[tuple[str, float]], library: Library) -> float:
    """The depth that is asked about: as given, else the middle of the layer that the technique is meant for unless the tip is in it."""
    bottom = math.fsum(thickness for _, thickness in layers)
    deepest = max(spot.depth_mm for spot in order.spots)
    for field, depth_mm in (("depth_mm", deepest), ("target_depth_mm", order.target_depth_mm)):
        if depth_mm is not None and depth_mm > bottom:
            raise NoExposure(f"{field} is {depth_mm:g}; give a number from 0 to {bottom:.3g} mm, as deep as the skin and the fat of this zone are known.")
    if order.target_depth_mm is not None:
        return order.target_depth_mm
    tip = order.typical.depth_mm
    technique = library.techniques.get(order.technique) if order.technique else None
    top = math.fsum(thickness for name, thickness in layers if name == EPIDERMIS)
    skin = math.fsum(thickness for name, thickness in layers if name != HYPODERMIS)
    if technique is not None and technique.target_layer == "dermis" and not top <= tip <= skin:
        return (top + skin) / 2
    return tip


class _Run:
    """One order in one skin; what its substances share."""

    def __init__(self, order: Order, setting: Setting, target_mm: float, drawn: Sample, workers: int, progress: Progress | None) -> None:
        self.order, self.setting, self.target_mm, self.drawn, self.workers, self.progress = order, setting, target_mm, drawn, workers, progress
        self.kinds = tuple(Counter(spot[2:] for spot in order.spots))
        first = order.typical[2:]
        self.kinds = (first, *(kind for kind in self.kinds if kind != first))
        self.kind = tuple(self.kinds.index(spot[2:]) for spot in order.spots)
        self.examples = tuple(next(spot for spot in order.spots if spot[2:] == kind) for kind in self.kinds)
        self.patients = [drawn.patient(index) for index in range(len(drawn))]
        self.pieces_mm = setting.pieces_mm(self.examples, order.row_angle_deg)
        self.place_x, self.place_y = places_in(order)
        self.skin_mm = math.fsum(layer.thickness.number for layer in setting.site.layers if layer.name != HYPODERMIS)

    def bleb(self) -> tuple[float, float]:
        """Radius and half height (mm) of the commonest bleb."""
        layer = DERMIS if self.order.typical.depth_mm <= self.skin_mm else FAT
        shape = self.setting.bleb_in(self.order.typical, layer)
        return shape.lateral_mm, shape.vertical_mm

    def of(self, content: Content) -> SoluteExposure | Fenced:
        """One substance, or why nothing is reckoned of it."""
        library = self.setting.library
        if content.ingredient not in library.ingredients:
            raise NoExposure(f"content names {content.ingredient!r}, which is not known; pistor knowledge list ingredients shows all.")
        found = solute_of(
            content.ingredient,
            library,
            presentation=content.presentation,
            depot_mg_per_ml=content.mg_per_ml,
            volume_per_point_ml=max(spot.volume_ml for spot in self.order.spots),
        )
        if isinstance(found, Solute) and content.mg_per_ml is None:
            return Fenced(
                found.id, found.name, "missing", f"The strength of {found.name} is not known in mg/mL, so there is no dose to follow.", missing=("mg_per_ml",)
            )
        return found if isinstance(found, Fenced) else self._exposed(found, content.mg_per_ml or 0.0)

    def _exposed(self, solute: Solute, mg_per_ml: float) -> SoluteExposure:
        order, setting = self.order, self.setting
        tissue = setting.tissue(solute, {})
        doses = tuple(spot.volume_ml * mg_per_ml for spot in order.spots)
        dose_mg = order.typical.volume_ml * mg_per_ml
        solution = solve(tissue, [setting.depot(order.typical, tissue, {})], TIMES_H)
        depths = _depths(tissue, order.typical.depth_mm, self.target_mm)
        answers, part = self._ensemble(solute, doses)
        zone_mg = math.fsum(doses)
        whole_mg = zone_mg + order.elsewhere_ml * mg_per_ml
        influx = replace(answers.influx, amount_mg=answers.influx.amount_mg * (part * whole_mg / zone_mg)[:, None])
        auc = answers.auc_per_mg * part * dose_mg
        disposition = disposition_of(solute, order.weight_kg)
        plasma = None
        if not isinstance(disposition, str):
            named = [("a point", dose_mg), ("the zone", zone_mg), ("the treatment", whole_mg)]
            plasma = plasma_of(disposition, influx, named, order.treatments, order.interval_days)
        budget = solution.budget
        exposed = SoluteExposure(
            id=solute.id,
            name=solute.name,
            mg_per_ml=mg_per_ml,
            dose_mg=whole_mg,
            doses_mg=doses,
            pieces_mm=self.pieces_mm,
            times_h=TIMES_H,
            depths_mm=depths,
            kernel=solution.kernel(depths),
            auc_kernel=solution.auc_kernel(depths),
            half_gone_h=banded(answers.t50_h),
            nine_tenths_gone_h=banded(answers.t90_h),
            reach_half_mm=banded(answers.r50_mm),
            reach_tenth_mm=banded(answers.r10_mm),
            valley_over_peak=banded(answers.coverage[:, LEAST_OF] / np.maximum(answers.coverage[:, MOST_OF], 1e-300)),
            diffusion_length_mm=_diffusion_length_mm(tissue, order.typical.depth_mm),
            peak_mg_per_mm3=banded(answers.concentration_per_mg.max(axis=1) * part * dose_mg),
            auc_mg_h_per_mm3=banded(auc),
            coverage=_coverage(answers.coverage * part[:, None]),
            balance={
                "mass": tuple(budget.mass_mg.tolist()),
                "cleared": tuple(budget.cleared_mg.sum(axis=1).tolist()),
                "lost_below": tuple(budget.lost_mg.tolist()),
            },
            hours_above=self._hours_above(answers.concentration_per_mg * part[:, None] * dose_mg),
            above=banded(answers.above) if order.threshold_mg_per_ml is not None else None,
            absorbed_mg=banded(influx.total_mg),
            plasma=plasma,
            plasma_unknown=disposition if isinstance(disposition, str) else "",
            limit=min(solute.plasma.limits, key=lambda value: value.number, default=None),
            comparisons=comparisons(solute, whole_mg, disposition),
            drivers=drivers(self.drawn, auc) if len(auc) == len(self.drawn) else None,
            values=(*solute.values, *setting.values()),
            findings=(*solute.findings, *sentences.failed(solute.name, len(self.drawn) - len(auc))),
        )
        told = sentences.of_solute(exposed, self.bleb()[0], neighbour_mm(order.spots))
        return replace(exposed, findings=(*told, *exposed.findings))

    def _ensemble(self, solute: Solute, doses: tuple[float, ...]) -> tuple[ensemble.Answers, Array]:
        """The virtual patients' answers, and the part of the dose that stays in each."""
        order, setting = self.order, self.setting
        threshold = order.threshold_mg_per_ml / MM3_PER_ML if order.threshold_mg_per_ml is not None else None
        x, y = (tuple(spot[axis] for spot in order.spots) for axis in (0, 1))
        plan = ensemble.Plan(x, y, doses, self.kind, self.place_x, self.place_y, TIMES_H[1:], COVERED, threshold, self.pieces_mm)
        made = [setting.patient(solute, self.examples, self.target_mm, drawn) for drawn in self.patients]
        answers, swept = ensemble.ensemble(plan, made, workers=self.workers, progress=self.progress)
        answers = replace(answers, coverage=answers.coverage.clip(min=0.0))  # what rounding leaves below zero far from every point
        kept = [drawn for drawn, result in zip(self.patients, swept.results, strict=True) if result is not None]
        return answers, np.array([setting.stays(drawn)[0] for drawn in kept])

    def _hours_above(self, concentration: Array) -> Banded | None:
        """Hours above the threshold at the target depth under a point, of concentrations (N, T) at the positive times."""
        if self.order.threshold_mg_per_ml is None:
            return None
        times = np.array(TIMES_H[1:])
        fine = np.linspace(0.0, times[-1], FINE)
        above = [np.interp(fine, times, row) > self.order.threshold_mg_per_ml / MM3_PER_ML for row in concentration]
        return banded(np.array([np.mean(row) * times[-1] for row in above]))


def _depths(tissue: Tissue, tip_mm: float, target_mm: float) -> tuple[float, ...]:
    """Every tenth of a millimetre at least as deep as the tip is twice, and the target itself."""
    deepest = min(tissue.depth_mm, max(SHOWN_DEPTH_MM, 2 * tip_mm))
    step = max(DEPTH_STEP_MM, deepest / 60)
    steps = np.arange(0.0, deepest + 1e-9, step)
    return tuple(sorted({*np.round(steps, 6).tolist(), round(min(target_mm, tissue.depth_mm), 6)}))


def _diffusion_length_mm(tissue: Tissue, tip_mm: float) -> float | None:
    """How far a molecule wanders, sqrt(D/k), in the layer of the tip; None where nothing clears it there."""
    layer = tissue.layers[layer_at(tissue, tip_mm)]
    return math.sqrt(layer.diffusivity_mm2_per_h / layer.clearance_per_h) if layer.clearance_per_h > 0 else None


def _coverage(least: Array) -> Coverage:
    """From the least exposure (N, Q) in the shares `COVERED` to the shares that get at least a level."""
    highest = float(least.max())
    if not math.isfinite(highest) or highest <= 0:
        return Coverage((), Banded((), (), ()))
    levels = np.geomspace(LOWEST_LEVEL * highest, highest, LEVELS)
    rising = np.log(np.maximum(least[:, ::-1], 1e-300))
    shares = [np.interp(np.log(levels), row, COVERED[::-1], left=1.0, right=0.0) for row in rising]
    return Coverage(tuple(levels.tolist()), banded(np.array(shares)))


def _anaesthetics(computed: Sequence[SoluteExposure], library: Library) -> Load | None:
    """The highest plasma peaks (95 of 100) of all local anaesthetics over their limits, as if they came at the same time."""
    found = [one for one in computed if ANAESTHETIC in library.ingredients[one.id].classes and one.plasma is not None]
    if not found:
        return None
    peaks = {one.name: np.array(one.plasma.cmax_mg_per_l.high) for one in found if one.plasma}
    return load(peaks, {one.name: one.limit.number if one.limit else None for one in found})


def _kernel(kernel: Kernel) -> dict[str, Any]:
    return {"variance_mm2": kernel.variance_mm2.tolist(), "weight_per_mm": kernel.weight_per_mm.tolist()}


def _region(region: Region) -> dict[str, Any]:
    holes = [[list(point) for point in hole] for hole in region.no_go]
    return {"name": region.name, "outline": [list(point) for point in region.outline], "no_go": holes}


def _load(found: Load | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"fraction": float(found.known), "unknown": list(found.unknown), "exceeded": found.exceeded}
