"""What is to be injected, as the engine is asked: points on one drawing, what is in the syringe, and who gets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from pistor.care.formulation import Blend, Interval
from pistor.care.injection_map import PASSES, InjectionMap, Point, ZonePlan, ZoneTotal, drawing_of, ground_of
from pistor.care.plan import Plan
from pistor.delivery.depots import THREAD_MM, VOLUME_ML
from pistor.delivery.grids import LINES, MOST_POINTS
from pistor.delivery.problem import POSITION_MM, within
from pistor.knowledge import Library
from pistor.knowledge.model import MapZone

WEIGHT_KG = (2.0, 400.0)
MG_PER_ML = (1e-6, 1000.0)
DEPTH_MM = (0.0, 200.0)
TREATMENTS = (1, 100)
INTERVAL_DAYS = (0.0, 400.0)
GUN = "meso_gun"  # the device whose depth scatters from shot to shot
VASOCONSTRICTOR = "vasoconstrictor"
ROW_ANGLE_DEG = (-180.0, 180.0)
OTHERWISE = "{} treated otherwise ({}): what goes in there counts for the blood, and is not in this field."
NO_RUN = "How long the tracks of the threads are is not said, so each is reckoned as a single point at the tip."
MOST_CONTENTS = 40


class NoExposure(ValueError):
    """Nothing can be reckoned of this; the message says why, in a sentence."""


class Spot(NamedTuple):
    """Where a needle goes in, how deep its tip ends, and how much it leaves there."""

    x_mm: float
    y_mm: float
    depth_mm: float
    volume_ml: float


@dataclass(frozen=True, slots=True)
class Region:
    """An area to treat, in millimetres on the drawing, without what must not be injected in it."""

    name: str
    outline: tuple[tuple[float, float], ...]
    no_go: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """One substance in the syringe. ``mg_per_ml`` is None where its strength is in units or not known."""

    ingredient: str
    mg_per_ml: float | None
    presentation: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One treatment. ``spots`` lie on one drawing; ``elsewhere_ml`` is what the other drawings of the plan get of the same blend.

    ``run_mm``: each spot is the middle of a thread of that length, level at its depth, ``row_angle_deg`` round from the x axis; None: a
    point. ``device`` None: a needle by hand. ``target_depth_mm`` None: the depth of the tip. ``weight_kg`` and ``sex`` None: not known, and then not guessed.
    ``vasoconstrictor`` None: there is one where the content holds one. ``ph`` and ``osmolarity`` (mOsm/L) are those of the blend, None
    where there is none. Raises :class:`NoExposure`.
    """

    zone: str
    spots: tuple[Spot, ...]
    regions: tuple[Region, ...]
    contents: tuple[Content, ...]
    technique: str | None = None
    spacing_mm: float | None = None
    elsewhere_ml: float = 0.0
    weight_kg: float | None = None
    sex: str | None = None
    vasoconstrictor: bool | None = None
    target_depth_mm: float | None = None
    threshold_mg_per_ml: float | None = None
    treatments: int = 1
    interval_days: float = 0.0
    run_mm: float | None = None
    row_angle_deg: float = 0.0
    device: str | None = None
    ph: Interval | None = None
    osmolarity: Interval | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.spots) <= MOST_POINTS:
            raise NoExposure(f"points holds {len(self.spots):,}; give from 1 to {MOST_POINTS:,}.")
        if not 1 <= len(self.contents) <= MOST_CONTENTS:
            raise NoExposure(f"content holds {len(self.contents)} substances; give from 1 to {MOST_CONTENTS}.")
        for spot in self.spots:
            _checked("x_mm", spot.x_mm, POSITION_MM, "mm")
            _checked("y_mm", spot.y_mm, POSITION_MM, "mm")
            _checked("depth_mm", spot.depth_mm, DEPTH_MM, "mm")
            _checked("volume_per_point_ml", spot.volume_ml, VOLUME_ML, "mL: more is driven by pressure, which the engine does not reckon")
        for content in self.contents:
            if content.mg_per_ml is not None:
                _checked(f"mg_per_ml of {content.ingredient}", content.mg_per_ml, MG_PER_ML, "mg/mL")
        for name, value, bounds, unit in (
            ("weight_kg", self.weight_kg, WEIGHT_KG, "kg"),
            ("target_depth_mm", self.target_depth_mm, DEPTH_MM, "mm"),
            ("threshold_mg_per_ml", self.threshold_mg_per_ml, MG_PER_ML, "mg/mL"),
            ("treatments", self.treatments, TREATMENTS, ""),
            ("interval_days", self.interval_days, INTERVAL_DAYS, "days"),
            ("elsewhere_ml", self.elsewhere_ml, (0.0, 1000.0), "mL"),
            ("run_mm", self.run_mm, THREAD_MM, "mm"),
            ("angle", self.row_angle_deg, ROW_ANGLE_DEG, "degrees"),
        ):
            if value is not None:
                _checked(name, value, bounds, unit)

    @property
    def volume_ml(self) -> float:
        """What the points of this drawing get together."""
        return sum(spot.volume_ml for spot in self.spots)

    @property
    def typical(self) -> Spot:
        """The first of the spots whose depth and volume most of them have."""
        [(kind, _)] = Counter(spot[2:] for spot in self.spots).most_common(1)
        return next(spot for spot in self.spots if spot[2:] == kind)


def order_of(
    plan: Plan,
    library: Library,
    *,
    depth_mm: float | None = None,
    weight_kg: float | None = None,
    sex: str | None = None,
    vasoconstrictor: bool | None = None,
    target_depth_mm: float | None = None,
    threshold_mg_per_ml: float | None = None,
) -> Order:
    """The order that a plan amounts to, for a patient of this weight and sex. ``depth_mm`` goes before what the
    plan says of the tip. Raises :class:`NoExposure`."""
    if plan.withheld:
        raise NoExposure(f"The plan is withheld, so nothing is reckoned of it: {plan.withheld[0]}")
    planned = order_from(plan.injection_map, plan.blend, library, sessions=plan.schedule.sessions if plan.schedule else 1, depth_mm=depth_mm)
    return replace(
        planned,
        interval_days=float(plan.schedule.interval_days) if plan.schedule else 0.0,
        weight_kg=weight_kg,
        sex=sex if sex in ("female", "male") else None,
        vasoconstrictor=vasoconstrictor,
        target_depth_mm=target_depth_mm,
        threshold_mg_per_ml=threshold_mg_per_ml,
    )


def order_from(drawn: InjectionMap | None, blend: Blend | None, library: Library, *, sessions: int = 1, depth_mm: float | None = None) -> Order:
    """The order of a map and a blend, for a patient of whom nothing is said."""
    if drawn is not None and not drawn.placed and any(zone.rolled for zone in drawn.zones):
        raise NoExposure("The plan is treated in passes, with the product as a film on the skin: there are no points to follow. pistor deliver reckons a film.")
    if drawn is None or not drawn.placed:
        raise NoExposure("The plan has no points yet, so there is nothing to follow; draw the map first.")
    field = _field_of(drawn, library, depth_mm)
    plan, threads = field.main, _threads(field.main, library)
    run = plan.generator.inserted_length_mm if threads else None
    return Order(
        zone=field.zone,
        spots=field.spots,
        regions=field.regions,
        contents=contents_of(blend, library),
        technique=plan.technique,
        spacing_mm=float(plan.generator.spacing_mm),
        elsewhere_ml=field.elsewhere_ml,
        treatments=sessions,
        ph=blend.ph if blend else None,
        osmolarity=blend.osmolarity if blend else None,
        run_mm=float(run) if run is not None else None,
        notes=(*((NO_RUN,) if threads and run is None else ()), *field.notes),
    )


def contents_of(blend: Blend | None, library: Library) -> tuple[Content, ...]:
    """The active substances of a blend, each with the product it comes from."""
    if blend is None:
        raise NoExposure("The plan has no blend with volumes, so there is no dose to follow; choose products and volumes first.")
    products = {component.ingredient: part.presentation for part in blend.parts for component in library.presentations[part.presentation].components}
    return tuple(
        Content(one.ingredient, float(one.per_ml) if one.unit == "mg/mL" else None, products.get(one.ingredient)) for one in blend.concentrations if one.active
    )


def constricted(said: bool | None, contents: Sequence[Content], library: Library) -> bool:
    """Whether a vasoconstrictor is with it: as was said, else where a substance of the content is one."""
    if said is not None:
        return said
    return any(VASOCONSTRICTOR in library.ingredients[content.ingredient].classes for content in contents if content.ingredient in library.ingredients)


class _Field(NamedTuple):
    """What can be followed in one field: the points of one drawing that are of one kind, single points or threads of one length."""

    main: ZonePlan
    zone: str
    spots: tuple[Spot, ...]
    regions: tuple[Region, ...]
    elsewhere_ml: float
    notes: tuple[str, ...]


def _field_of(drawn: InjectionMap, library: Library, depth_mm: float | None) -> _Field:
    """The drawing with most points, and on it the zones of the kind that has most of them. What else the plan holds is ``elsewhere``."""
    pairs = list(zip(drawn.zone_plans, drawn.zones, strict=True))
    main_map = Counter(point.area.map for point in drawn.placed).most_common(1)[0][0]
    on_it = [(plan, total) for plan, total in pairs if plan.area.map == main_map and total.points]
    kinds: Counter[tuple[bool, Decimal | None]] = Counter()
    for plan, total in on_it:
        kinds[_kind(plan, library)] += total.points
    kind = kinds.most_common(1)[0][0]
    own = [(plan, total) for plan, total in on_it if _kind(plan, library) == kind]
    main = max(own, key=lambda pair: pair[1].points)[0]
    keys = {plan.key for plan, _ in own}
    points = [point for point in drawn.placed if point.zone_key in keys]
    others = [(plan, total) for plan, total in pairs if plan.key not in keys and (plan.area.map == main_map or plan.generator.pattern == PASSES)]
    injected = drawn.volume_ml - sum((point.volume_ml for point in points), Decimal(0))
    return _Field(
        main,
        Counter(point.area.zone for point in points).most_common(1)[0][0],
        tuple(Spot(point.x_mm, point.y_mm, _depth(point, depth_mm), float(point.volume_ml)) for point in points),
        tuple(_region(plan, total, drawn, library) for plan, total in own),
        float(injected + drawn.on_skin_ml),
        _otherwise(others, library),
    )


def _kind(plan: ZonePlan, library: Library) -> tuple[bool, Decimal | None]:
    """Whether the needle leaves threads, and of what length."""
    threads = _threads(plan, library)
    return threads, plan.generator.inserted_length_mm if threads else None


def _threads(plan: ZonePlan, library: Library) -> bool:
    technique = library.techniques.get(plan.technique)
    return LINES in (plan.generator.pattern, technique.pattern if technique else None)


def _depth(point: Point, depth_mm: float | None) -> float:
    tip = point.tip_depth_mm if depth_mm is None else depth_mm
    if tip is None:
        raise NoExposure("The depth of the tip is not known, so nothing is reckoned; give the inserted length and the angle, or the depth.")
    return float(tip)


def _region(plan: ZonePlan, total: ZoneTotal, drawn: InjectionMap, library: Library) -> Region:
    """A zone as it is treated; of one that was drawn freehand the largest piece that lies in its zone."""
    drawing = drawing_of(plan.area, library, drawn.scale)
    shape = next(shape for shape in drawing.zones if (shape.zone, shape.side) == (plan.area.zone, plan.area.side)) if drawing else None
    assert shape is not None  # the map could not have been made
    if not plan.drawn:
        return region_of(shape)
    ground = ground_of(plan, shape)
    return Region(total.label, tuple(map(_pair, ground.largest())), ground.no_go)


def _otherwise(others: Sequence[tuple[ZonePlan, ZoneTotal]], library: Library) -> tuple[str, ...]:
    if not others:
        return ()
    named = ", ".join(total.label for _, total in others)
    how = ", ".join(dict.fromkeys(library.techniques[plan.technique].name.lower() for plan, _ in others if plan.technique in library.techniques))
    return (OTHERWISE.format(f"{named} {'is' if len(others) == 1 else 'are'}", how),)


def region_of(shape: MapZone) -> Region:
    return Region(shape.label, tuple(map(_pair, shape.polygon)), tuple(tuple(map(_pair, hole)) for hole in shape.no_go))


def _pair(point: tuple[float, float]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _checked(field: str, value: float, bounds: tuple[float, float], unit: str) -> None:
    try:
        within(field, value, bounds, unit)
    except ValueError as error:
        raise NoExposure(str(error)) from None
