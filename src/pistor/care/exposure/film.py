"""A film on skin that a microneedle roller, pen or stamp has opened: what enters while the channels close, by depth and time, and in the blood.

The treated area is much wider than the skin is thick, so only depth is left: there is no point, no reach and no coverage.
What goes through skin between the channels is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pistor.care.evidence import Effect, Finding
from pistor.care.exposure import sentences
from pistor.care.exposure.bands import Banded, banded
from pistor.care.exposure.beside import beside_the_numbers
from pistor.care.exposure.blood import Comparison, Plasma, comparisons, disposition_of, plasma_of
from pistor.care.exposure.order import MG_PER_ML, TREATMENTS, WEIGHT_KG, Content, NoExposure, constricted
from pistor.care.exposure.solute import Fenced, Solute, solute_of
from pistor.care.exposure.tissue import HYPODERMIS, Site, Variation, site_of, tissue_of
from pistor.care.exposure.values import How, Prior, Value, parameter, priors_of
from pistor.delivery import channels
from pistor.delivery.absorption import Influx
from pistor.delivery.depots import MM3_PER_ML
from pistor.delivery.ensemble import side_by_side
from pistor.delivery.problem import Tissue, within
from pistor.delivery.properties import free_diffusivity_mm2_per_h
from pistor.delivery.surface import Soaked, soak
from pistor.delivery.uncertainty import MOST_PATIENTS, Drivers, Sample, drivers, sample
from pistor.knowledge import Library

Array = NDArray[np.float64]

TIMES_H = (0.0, *np.geomspace(1 / 60, 72.0, 25).tolist())
DEPTHS = 60
SHOWN_MM = 3.0
MM_PER_UM = 1e-3
MOST_SEED = 2**32 - 1
MICRONEEDLES = ("microneedle_pen", "microneedle_roller")  # ids of devices
AREA_CM2 = (0.01, 5000.0)
MEASURED_NEEDLE_MM = 0.77  # that of the parameters channel_depth and channel_width
OF_TISSUE = ("diffusivity_factor", "clearance_factor", "dermis_factor", "viable_epidermis", "papillary_clearance", "hypodermis_clearance")
NOT_LATERAL = "A film covers the whole area evenly: there is no point, so no reach, no coverage and no field over the zone."


@dataclass(frozen=True, slots=True)
class FilmOrder:
    """A film ``film_mm`` thick on ``area_cm2`` of skin with so many channels.

    ``channel_depth_mm``, ``channel_width_mm`` None: as measured, which is only for the needle of `MEASURED_NEEDLE_MM`.
    ``closure_half_life_h`` None: as under a cover, which has to be said (``covered``). Raises :class:`NoExposure`.
    """

    zone: str
    device: str
    contents: tuple[Content, ...]
    film_mm: float
    area_cm2: float
    channels_per_cm2: float
    needle_length_mm: float
    channel_depth_mm: float | None = None
    channel_width_mm: float | None = None
    closure_half_life_h: float | None = None
    covered: bool = False
    weight_kg: float | None = None
    sex: str | None = None
    vasoconstrictor: bool | None = None
    target_depth_mm: float | None = None
    treatments: int = 1
    interval_days: float = 0.0

    def __post_init__(self) -> None:
        if not math.isclose(self.needle_length_mm, MEASURED_NEEDLE_MM) and None in (self.channel_depth_mm, self.channel_width_mm):
            raise NoExposure(
                f"needle_length_mm is {self.needle_length_mm:g}: channels in skin were measured for a needle of {MEASURED_NEEDLE_MM:g} mm only. "
                "Give channel_depth_mm and channel_width_mm, as they are in the skin."
            )
        if self.closure_half_life_h is None and not self.covered:
            raise NoExposure("How fast open channels lose half of their opening was read only for covered skin; give covered: yes, or closure_half_life_h.")
        try:
            for field, value, bounds, unit in (
                ("film_mm", self.film_mm, channels.FILM_MM, "mm"), ("area_cm2", self.area_cm2, AREA_CM2, "cm²"),
                ("channels_per_cm2", self.channels_per_cm2, channels.COUNT_PER_CM2, "per cm²"),
                ("needle_length_mm", self.needle_length_mm, channels.DEPTH_MM, "mm"),
                ("channel_depth_mm", self.channel_depth_mm, channels.DEPTH_MM, "mm"),
                ("channel_width_mm", self.channel_width_mm, (2 * channels.RADIUS_MM[0], 2 * channels.RADIUS_MM[1]), "mm"),
                ("closure_half_life_h", self.closure_half_life_h, channels.CLOSURE_H, "h"), ("weight_kg", self.weight_kg, WEIGHT_KG, "kg"),
                ("treatments", self.treatments, TREATMENTS, ""),
                *((f"mg_per_ml of {one.ingredient}", one.mg_per_ml, MG_PER_ML, "mg/mL") for one in self.contents),
            ):  # fmt: skip
                if value is not None:
                    within(field, value, bounds, unit)
        except ValueError as error:
            raise NoExposure(str(error)) from None

    @property
    def volume_ml(self) -> float:
        return self.film_mm * self.area_cm2 * 100 / MM3_PER_ML


@dataclass(frozen=True, slots=True, eq=False)
class FilmSolute:
    """One dissolved substance under the film. ``profile_mg_per_mm3`` [time][depth] is that of the middle case; ``entered_mg``,
    ``in_skin_mg`` and ``absorbed_by_mg`` are of the whole area, the last two at each time."""

    id: str
    name: str
    mg_per_ml: float
    dose_mg: float
    times_h: tuple[float, ...]
    depths_mm: tuple[float, ...]
    profile_mg_per_mm3: tuple[tuple[float, ...], ...]
    peak_mg_per_mm3: Banded
    entered_mg: Banded
    in_skin_mg: Banded
    absorbed_by_mg: Banded
    absorbed_mg: Banded
    plasma: Plasma | None
    plasma_unknown: str
    limit: Value | None
    comparisons: tuple[Comparison, ...]
    drivers: Drivers | None
    values: tuple[Value, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        shared = ("id", "name", "mg_per_ml", "dose_mg", "plasma_unknown")
        bands = ("peak_mg_per_mm3", "entered_mg", "in_skin_mg", "absorbed_by_mg", "absorbed_mg")
        lateral = ("kernel", "auc_kernel", "reach_half_mm", "reach_tenth_mm", "valley_over_peak", "coverage")
        return {
            **{name: getattr(self, name) for name in shared}, **{name: getattr(self, name).as_dict() for name in bands}, **dict.fromkeys(lateral),
            "not_lateral": NOT_LATERAL, "points": [], "times_h": list(self.times_h), "depths_mm": list(self.depths_mm),
            "profile_mg_per_mm3": [list(row) for row in self.profile_mg_per_mm3],
            "plasma": self.plasma.as_dict() if self.plasma else None, **beside_the_numbers(self),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class FilmExposure:
    """The answer to a :class:`FilmOrder`."""

    order: FilmOrder
    layers: tuple[tuple[str, float], ...]
    target_depth_mm: float
    patients: int
    seed: int
    solutes: tuple[FilmSolute | Fenced, ...]
    findings: tuple[Finding, ...]
    knowledge_version: str

    @property
    def computed(self) -> tuple[FilmSolute, ...]:
        return tuple(one for one in self.solutes if isinstance(one, FilmSolute))

    @property
    def fenced(self) -> tuple[Fenced, ...]:
        return tuple(one for one in self.solutes if isinstance(one, Fenced))

    def as_dict(self) -> dict[str, Any]:
        order = self.order
        of_film = ("device", "film_mm", "area_cm2", "channels_per_cm2", "needle_length_mm")
        told = (*of_film, "channel_depth_mm", "channel_width_mm", "closure_half_life_h", "covered")
        shared = ("zone", "weight_kg", "sex", "vasoconstrictor", "treatments", "interval_days")
        return {
            **{name: getattr(order, name) for name in shared}, "film": {name: getattr(order, name) for name in told}, "target_depth_mm": self.target_depth_mm,
            "layers": [{"name": name, "thickness_mm": thickness} for name, thickness in self.layers], "regions": [], "points": 0, "depth_mm": 0.0,
            "patients": self.patients, "seed": self.seed, "solutes": [one.as_dict() for one in self.computed],
            "fenced": [one.as_dict() for one in self.fenced], "findings": [finding.as_dict() for finding in self.findings],
            "knowledge_version": self.knowledge_version,
        }  # fmt: skip


def expose_film(order: FilmOrder, library: Library, *, patients: int = 200, seed: int = 0) -> FilmExposure:
    """What the skin and the blood will see of a film over channels. Raises :class:`NoExposure`."""
    order = replace(order, vasoconstrictor=constricted(order.vasoconstrictor, order.contents, library))
    for field, value, low, high in (("patients", patients, 1, MOST_PATIENTS), ("seed", seed, 0, MOST_SEED)):
        if not low <= value <= high:
            raise NoExposure(f"{field} is {value}; give a whole number from {low} to {high:,}.")
    try:
        site = site_of(order.zone, library, sex=order.sex)
        run = _Run(order, site, library, patients, seed)
        solutes = tuple(run.of(content) for content in order.contents)
    except ValueError as error:  # whatever the engine refuses, it says in a sentence
        raise NoExposure(str(error)) from None
    layers = tuple((layer.name, layer.thickness.number) for layer in site.layers)
    findings = (*site.findings, Finding("exposure.model", Effect.INFORM, sentences.MODEL), *_told(order))
    return FilmExposure(order, layers, run.target_mm, patients, seed, solutes, findings, library.version)


class _Run:
    """One film on one skin; what its substances share."""

    def __init__(self, order: FilmOrder, site: Site, library: Library, patients: int, seed: int) -> None:
        self.order, self.site, self.library = order, site, library
        self.channels = _channel_values(order, library)
        priors = _priors(order, site, library)
        self.drawn: Sample = sample(priors, patients, seed)
        self.patients: list[dict[str, float]] = [self.drawn.patient(index) for index in range(patients)]
        skin = [layer.thickness.number for layer in site.layers if layer.name != HYPODERMIS]
        bottom = math.fsum(layer.thickness.number for layer in site.layers)
        if order.target_depth_mm is not None and not 0 <= order.target_depth_mm <= bottom:
            raise NoExposure(f"target_depth_mm is {order.target_depth_mm:g}; give a number from 0 to {bottom:.3g} mm.")
        self.target_mm = order.target_depth_mm if order.target_depth_mm is not None else (skin[0] + math.fsum(skin)) / 2

    def of(self, content: Content) -> FilmSolute | Fenced:
        """One substance, or why nothing is reckoned of it."""
        if content.ingredient not in self.library.ingredients:
            raise NoExposure(f"content names {content.ingredient!r}, which is not known; pistor knowledge list ingredients shows all.")
        found = solute_of(content.ingredient, self.library, presentation=content.presentation)
        if isinstance(found, Fenced):
            return found
        if content.mg_per_ml is None:
            reason = f"The strength of {found.name} is not known in mg/mL, so there is no dose to follow."
            return Fenced(found.id, found.name, "missing", reason, missing=("mg_per_ml",))
        return self._soaked(found, content.mg_per_ml)

    def _soaked(self, solute: Solute, mg_per_ml: float) -> FilmSolute:
        area_mm2, dose_mg = self.order.area_cm2 * 100, self.order.volume_ml * mg_per_ml
        times = np.array(TIMES_H)
        middle, _ = self._one(solute, mg_per_ml, {})
        depths = np.round(np.linspace(0.0, min(SHOWN_MM, middle.tissue.depth_mm), DEPTHS + 1), 6)
        found = [self._one(solute, mg_per_ml, drawn) for drawn in self.patients]
        influx = side_by_side([soaked.absorbed_per_mm2().scaled(area_mm2) for soaked, _ in found])
        entered = area_mm2 * np.array([film.total_mg for _, film in found])
        peak = np.array([soaked.concentration(min(self.target_mm, soaked.tissue.depth_mm)).max() for soaked, _ in found])
        disposition = disposition_of(solute, self.order.weight_kg)
        plasma = None
        if not isinstance(disposition, str):
            plasma = plasma_of(disposition, influx, [("the treatment", dose_mg)], self.order.treatments, self.order.interval_days)
        answer = FilmSolute(
            id=solute.id, name=solute.name, mg_per_ml=mg_per_ml, dose_mg=dose_mg, times_h=TIMES_H, depths_mm=tuple(depths.tolist()),
            profile_mg_per_mm3=tuple(tuple(row) for row in middle.concentration(depths).clip(min=0.0).tolist()),
            peak_mg_per_mm3=banded(peak), entered_mg=banded(entered),
            in_skin_mg=banded(area_mm2 * np.array([soaked.mass_mg_per_mm2 for soaked, _ in found]).clip(min=0.0)),
            absorbed_by_mg=banded(influx.arrived_mg(times).clip(min=0.0)), absorbed_mg=banded(influx.total_mg),
            plasma=plasma, plasma_unknown=disposition if isinstance(disposition, str) else "",
            limit=min(solute.plasma.limits, key=lambda value: value.number, default=None), comparisons=comparisons(solute, dose_mg, disposition),
            drivers=drivers(self.drawn, entered), values=(*solute.values, *self.site.values, *self.channels.values()), findings=solute.findings,
        )  # fmt: skip
        return replace(answer, findings=(_entering(answer), *sentences.of_blood(answer), *answer.findings))

    def _one(self, solute: Solute, mg_per_ml: float, drawn: Mapping[str, float]) -> tuple[Soaked, Influx]:
        """One virtual patient's skin, and what enters a square millimetre of it."""
        taken = {name: drawn.get(name, value.number) for name, value in self.channels.items()}
        tissue = self._tissue(solute, drawn)
        permeability = channels.channel_permeability_mm_per_h(
            count_per_cm2=self.order.channels_per_cm2,
            radius_mm=taken["channel_width"] * MM_PER_UM / 2,
            depth_mm=taken["channel_depth"] * MM_PER_UM,
            channel_diffusivity_mm2_per_h=free_diffusivity_mm2_per_h(solute.molar_mass.number, solute.constants),
            epidermis_mm=tissue.layers[0].thickness_mm,
            epidermis_diffusivity_mm2_per_h=tissue.layers[0].diffusivity_mm2_per_h,
            dermis_diffusivity_mm2_per_h=tissue.layers[1].diffusivity_mm2_per_h,
            partition=tissue.layers[1].partition,
        )
        film = channels.film_influx(
            dose_mg=mg_per_ml / MM3_PER_ML * self.order.film_mm,
            film_mm=self.order.film_mm,
            permeability_mm_per_h=permeability,
            closure_half_life_h=taken["channel_half_life_covered"],
        )
        return soak(tissue, film, TIMES_H, tolerance=1e-4), film

    def _tissue(self, solute: Solute, drawn: Mapping[str, float]) -> Tissue:
        flow = drawn["skin_flow_unknown"] / parameter("skin_flow_unknown", self.library).number if "skin_flow_unknown" in drawn else 1.0
        if self.order.vasoconstrictor:
            flow *= drawn.get("vasoconstrictor_flow", parameter("vasoconstrictor_flow", self.library).number)
        return tissue_of(self.site, solute, Variation(flow_factor=flow, **{name: drawn[name] for name in OF_TISSUE if name in drawn}))


def _channel_values(order: FilmOrder, library: Library) -> dict[str, Value]:
    """Depth and width (um) and half-life (h) of a channel, and how many there are, as given or as read."""
    found = {name: parameter(name, library) for name in ("channel_depth", "channel_width", "channel_half_life_covered")}
    for name, given, times in (
        ("channel_depth", order.channel_depth_mm, 1 / MM_PER_UM),
        ("channel_width", order.channel_width_mm, 1 / MM_PER_UM),
        ("channel_half_life_covered", order.closure_half_life_h, 1.0),
    ):
        if given is not None:
            found[name] = Value(_GIVEN[name], given * times, found[name].unit, How.GIVEN, ())
    count = Value("Channels", order.channels_per_cm2, "per cm²", How.GIVEN, ())
    return {**found, "channels": count, "film": Value("Thickness of the film", order.film_mm, "mm", How.GIVEN, ())}


_GIVEN = {"channel_depth": "Depth of a channel", "channel_width": "Width of a channel", "channel_half_life_covered": "Half of the opening of channels"}


def _priors(order: FilmOrder, site: Site, library: Library) -> dict[str, Prior]:
    """What is varied: the skin, and of the channels what was not given."""
    names = [*OF_TISSUE, *(name for name, value in _channel_values(order, library).items() if value.how is not How.GIVEN)]
    if site.flow.how is How.ASSUMED:
        names.append("skin_flow_unknown")
    if order.vasoconstrictor:
        names.append("vasoconstrictor_flow")
    known = priors_of(library)
    return {name: known[name] for name in names if name in known}


def _told(order: FilmOrder) -> tuple[Finding, ...]:
    """What holds for the whole film."""
    said = [
        NOT_LATERAL,
        "What enters between the channels, through whole skin, is left out, and so is fluid that the needles press in and blood or fluid in the channels.",
        "The film is taken to stay wet and mixed, and every channel to be open and filled with it: what enters is the most that can be expected.",
    ]
    if order.channel_depth_mm is None:
        said.append("Depth and width of the channels are those measured in hairless rats; in people nobody read them.")
    found = [Finding("exposure.film", Effect.INFORM, text) for text in said]
    if order.weight_kg is None:
        found.append(Finding("exposure.weight", Effect.ASK, "The weight is not given, so no concentration in plasma is reckoned."))
    return tuple(found)


def _entering(answer: FilmSolute) -> Finding:
    film, entered = sentences.number(answer.dose_mg), sentences.spread(answer.entered_mg)
    text = f"{answer.name}: of {film} mg in the film {entered} mg enter the skin while the channels close."
    return Finding("exposure.entered", Effect.INFORM, text)
