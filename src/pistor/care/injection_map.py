"""The injection map: areas, a technique and a spacing generate the points; say where the needle's tip ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from pistor.care.consultation import Answer
from pistor.care.evidence import Effect, Fact, Finding, SourceRef, cited
from pistor.delivery import depth, grids
from pistor.knowledge import Library
from pistor.knowledge.model import BodyMap, CautionArea, Cited, MapZone, Quantity, Technique, Zone

LAYER_WORDS = {"epidermis": "epidermis", "dermis": "dermis", "hypodermis": "fat under the skin", "deeper": "deeper than the fat"}
VOLUME_PER_POINT_ML = (Decimal("0.001"), Decimal(5))
POSITION_MM = 10_000
DEEP_MM = Decimal(4)  # KONDA13: should not be exceeded to be effective
INTRADERMAL = ("epidermis", "dermis")
FLAT = "Areas are measured on a flat drawing of an average adult, not on the patient."


class NoMap(ValueError):
    """No map can be made of this; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Area:
    """A zone of a body map on one side. ``version`` is the drawing's; None is the drawing of today."""

    map: str
    zone: str
    side: str
    version: int | None = None

    @property
    def key(self) -> str:
        return f"{self.map}:{self.zone}:{self.side}"

    def as_dict(self) -> dict[str, Any]:
        return {"map": self.map, "map_version": self.version, "zone": self.zone, "side": self.side}


@dataclass(frozen=True, slots=True)
class Generator:
    """What the points come from. A length or an angle of None is *not given*; the depth is then unknown.

    ``grid`` is the rule of :mod:`pistor.delivery.grids` by which the lattice is placed. Maps keep the rule they were drawn by.
    """

    pattern: str
    spacing_mm: Decimal
    volume_per_point_ml: Decimal
    inserted_length_mm: Decimal | None = None
    angle_deg: Decimal | None = None
    needle_length_mm: Decimal | None = None
    seed: int = 0
    grid: int = grids.RULE
    along_mm: Decimal | None = None  # between the points of a row, for rows; None is as far as between the rows

    def as_dict(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "spacing_mm": str(self.spacing_mm),
            "volume_per_point_ml": str(self.volume_per_point_ml),
            "inserted_length_mm": _text(self.inserted_length_mm),
            "angle_deg": _text(self.angle_deg),
            "needle_length_mm": _text(self.needle_length_mm),
            "seed": self.seed,
            "grid": self.grid,
            "along_mm": _text(self.along_mm),
        }

    @property
    def tip_depth_mm(self) -> Decimal | None:
        if self.inserted_length_mm is None or self.angle_deg is None:
            return None
        return Decimal(str(round(depth.tip_depth_mm(float(self.inserted_length_mm), float(self.angle_deg)), 2)))


@dataclass(frozen=True, slots=True)
class Point:
    """A point on a body map. ``key`` is stable while areas and generator, or the points chosen, stay the same."""

    key: str
    area: Area
    x_mm: float
    y_mm: float
    volume_ml: Decimal


class Chosen(NamedTuple):
    """A point that was chosen one by one, with a volume of its own."""

    x_mm: float
    y_mm: float
    volume_ml: Decimal


ChosenPoints = Mapping[str, Sequence[Chosen]]  # by the key of the area in which they stand in the place of the generator's


@dataclass(frozen=True, slots=True)
class ZoneTotal:
    """What one zone gets. ``tip_layer`` is *unknown* where thickness is unknown or allows two layers; ``tip_text`` says which."""

    zone: str
    side: str
    label: str
    points: int
    volume_ml: Decimal
    area_cm2: Decimal
    tip_depth_mm: Decimal | None
    tip_layer: str
    tip_text: str
    map: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "map": self.map,
            "zone": self.zone,
            "side": self.side,
            "label": self.label,
            "points": self.points,
            "volume_ml": str(self.volume_ml),
            "area_cm2": str(self.area_cm2),
            "tip_depth_mm": _text(self.tip_depth_mm),
            "tip_layer": self.tip_layer,
            "tip_text": self.tip_text,
        }


@dataclass(frozen=True, slots=True)
class InjectionMap:
    areas: tuple[Area, ...]
    generator: Generator
    technique: str
    zones: tuple[ZoneTotal, ...]
    points: int
    volume_ml: Decimal
    findings: tuple[Finding, ...] = ()
    removed: tuple[str, ...] = ()  # keys of generated points that were taken out
    chosen: ChosenPoints = field(default_factory=dict)
    placed: tuple[Point, ...] = field(default=(), repr=False)  # the points that are left
    taken_out: tuple[Point, ...] = field(default=(), repr=False)

    @property
    def area_cm2(self) -> Decimal:
        return sum((zone.area_cm2 for zone in self.zones), Decimal(0))

    @property
    def volumes_ml(self) -> tuple[Decimal, Decimal]:
        """The least and the most that a point gets."""
        volumes = [point.volume_ml for point in self.placed] or [self.generator.volume_per_point_ml]
        return min(volumes), max(volumes)

    @property
    def least_spacing_mm(self) -> Decimal:
        """What the generator keeps between points, or the shortest distance between chosen ones where that is less."""
        return _least_spacing_mm(self.generator, self.placed, self.chosen)

    @property
    def stops(self) -> tuple[str, ...]:
        return tuple(finding.text for finding in self.findings if finding.stops)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the single points: those follow from areas, generator and exceptions."""
        return {
            "areas": [area.as_dict() for area in self.areas],
            "generator": self.generator.as_dict(),
            "technique": self.technique,
            "zones": [zone.as_dict() for zone in self.zones],
            "points": self.points,
            "volume_ml": str(self.volume_ml),
            "area_cm2": str(self.area_cm2),
            "removed": list(self.removed),
            "chosen": chosen_as_json(self.chosen),
            "most_per_point_ml": str(self.volumes_ml[1]),
            "least_spacing_mm": str(self.least_spacing_mm),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def area_from_dict(data: Mapping[str, Any]) -> Area:
    return Area(str(data["map"]), str(data["zone"]), str(data["side"]), data.get("map_version"))


def generator_from_dict(data: Mapping[str, Any]) -> Generator:
    """A generator as it was kept. One without a rule for the grid is from before there was a second."""
    return Generator(
        pattern=data["pattern"],
        spacing_mm=Decimal(data["spacing_mm"]),
        volume_per_point_ml=Decimal(data["volume_per_point_ml"]),
        inserted_length_mm=_decimal(data.get("inserted_length_mm")),
        angle_deg=_decimal(data.get("angle_deg")),
        needle_length_mm=_decimal(data.get("needle_length_mm")),
        seed=int(data.get("seed", 0)),
        grid=int(data.get("grid", 1)),
        along_mm=_decimal(data.get("along_mm")),
    )


def chosen_as_json(chosen: ChosenPoints) -> dict[str, list[list[Any]]]:
    return {area: [[point.x_mm, point.y_mm, str(point.volume_ml)] for point in points] for area, points in chosen.items()}


def chosen_from_json(kept: Mapping[str, Sequence[Sequence[Any]]] | None) -> dict[str, tuple[Chosen, ...]]:
    """Raises :class:`NoMap` for anything that is no points."""
    try:
        return {str(area): tuple(Chosen(float(x), float(y), Decimal(str(ml))) for x, y, ml in points) for area, points in (kept or {}).items()}
    except (TypeError, ValueError, AttributeError, InvalidOperation):
        raise NoMap("The points chosen one by one are not as the map keeps them: x and y in mm and a volume in mL for each; choose them anew.") from None


def make_map(
    areas: Sequence[Area],
    generator: Generator,
    technique: str,
    library: Library,
    *,
    exceptions: Mapping[str, Any] | None = None,
) -> InjectionMap:
    """Points, totals per zone and findings. Raises :class:`NoMap`.

    ``exceptions`` is ``{"removed": [point keys], "chosen": {area key: [[x, y, mL]]}}``: in an area with chosen points the generator makes none.
    """
    method = library.techniques.get(technique)
    if method is None:
        raise NoMap(f"“{technique}” is no known technique; known are {', '.join(library.techniques)}.")
    drawn = _drawn(areas, library)
    _check(generator, method)
    wanted_out = tuple(dict.fromkeys((exceptions or {}).get("removed", ())))
    singles = chosen_from_json((exceptions or {}).get("chosen"))
    chosen = {area.key: singles[area.key] for area, _ in drawn if singles.get(area.key)}
    placed: list[Point] = []
    taken_out: list[Point] = []
    zones: list[ZoneTotal] = []
    for area, shape in drawn:
        points = _singled(area, shape, chosen[area.key]) if area.key in chosen else _points(area, shape, generator)
        left = [point for point in points if point.key not in wanted_out]
        taken_out += [point for point in points if point.key in wanted_out]
        placed += left
        if len(placed) > grids.MOST_POINTS:
            raise NoMap(
                f"The spacing of {generator.spacing_mm} mm needs more than {grids.MOST_POINTS} points in these areas; choose a wider spacing or fewer areas."
            )
        zones.append(_total(area, shape, left, generator, library))
    total = sum((zone.volume_ml for zone in zones), Decimal(0))
    return InjectionMap(
        areas=tuple(area for area, _ in drawn),
        generator=generator,
        technique=technique,
        zones=tuple(zones),
        points=len(placed),
        volume_ml=total,
        findings=(
            *_findings(method, generator, zones, library, placed, chosen),
            *_caution_areas(drawn, placed, generator.tip_depth_mm),
            *_crowded(generator, placed),
        ),
        chosen=chosen,
        removed=tuple(point.key for point in taken_out),
        placed=tuple(placed),
        taken_out=tuple(taken_out),
    )


def below_the_fat(injection_map: InjectionMap, measured: Answer | None) -> tuple[Finding, ...]:
    """A caution where the tip ends below the fat that was measured at the site; no limit of thickness is published, so it stops nothing."""
    tip = injection_map.generator.tip_depth_mm
    try:
        fat = Decimal(measured.value) if measured else None
    except InvalidOperation:  # "not known"
        fat = None
    if measured is None or fat is None or tip is None or tip <= fat:
        return ()
    facts = (
        Fact("depth of the tip", f"{_amount(tip)} mm", None, "inserted length × sine of the angle"),
        Fact("thickness of the fat", f"{_amount(fat)} mm", measured.date, measured.origin),
    )
    text = f"The tip ends {_amount(tip)} mm deep and the fat measured there is {_amount(fat)} mm thick: put less of the needle in, or slant it."
    limits = "A fold is pinched by hand; the skin above the fat is in it."
    return (Finding(rule="map.below_the_fat", effect=Effect.CAUTION, text=text, because=facts, limits=limits),)


def points_of(injection_map: InjectionMap, area: Area | None = None) -> list[tuple[float, float]]:
    """Positions in millimetres on the body map, of all areas or of one."""
    return [(point.x_mm, point.y_mm) for point in injection_map.placed if area is None or point.area == area]


def areas_of(library: Library, zone: str) -> tuple[tuple[BodyMap, MapZone], ...]:
    """Where a zone is drawn, on every body map that has it."""
    return tuple((drawn, shape) for drawn in library.body_maps.values() for shape in drawn.zones if shape.zone == zone)


def tip_layers(generator: Generator, zone: Zone) -> tuple[str, ...]:
    """The layers in which the tip can end; empty where depth or thickness is unknown."""
    tip = generator.tip_depth_mm
    return depth.layers_at(float(tip), thicknesses(zone)) if tip is not None else ()


def thicknesses(zone: Zone) -> tuple[depth.LayerThickness, ...]:
    return tuple(
        depth.LayerThickness(layer.name, float(layer.thickness.low or 0), float(layer.thickness.high or layer.thickness.low or 0)) for layer in zone.layers
    )


# ── geometry ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _drawn(areas: Sequence[Area], library: Library) -> list[tuple[Area, MapZone]]:
    if not areas:
        raise NoMap("No area is chosen; choose at least one area on the picture or in the list.")
    found: list[tuple[Area, MapZone]] = []
    for area in dict.fromkeys(areas):
        if area.map not in library.body_maps:
            raise NoMap(f"“{area.map}” is no known body map; known are {', '.join(library.body_maps)}.")
        body_map = library.body_map(area.map, area.version)
        if body_map is None:
            raise NoMap(f"Version {area.version} of the body map “{area.map}” is not kept here; draw the map again.")
        shape = next((shape for shape in body_map.zones if (shape.zone, shape.side) == (area.zone, area.side)), None)
        if shape is None:
            raise NoMap(f"{body_map.title} has no zone {area.zone} {area.side}; it has {', '.join(f'{z.zone} {z.side}' for z in body_map.zones)}.")
        twin = next((other for other, _ in found if (other.zone, other.side) == (area.zone, area.side)), None)
        if twin is not None:
            raise NoMap(f"{shape.label} is chosen in two views ({twin.map} and {area.map}) and would count twice; choose it in one view.")
        found.append((replace(area, version=body_map.version), shape))
    return found


def _check(generator: Generator, method: Technique) -> None:
    low, high = VOLUME_PER_POINT_ML
    if method.volume_per_point_ml is not None and method.volume_per_point_ml.high == 0:
        low = Decimal(0)  # the needle alone
    volume = generator.volume_per_point_ml
    if not volume.is_finite() or not low <= volume <= high:
        raise NoMap(f"volume_per_point_ml is {volume}; give a number from {low} to {high} mL.")
    longest = generator.needle_length_mm
    if longest is not None and (not longest.is_finite() or not 1 <= longest <= 40):
        raise NoMap(f"needle_length_mm is {longest}; give a number from 1 to 40 mm.")
    if longest is not None and generator.inserted_length_mm is not None and generator.inserted_length_mm > longest:
        raise NoMap(f"inserted_length_mm is {generator.inserted_length_mm}, more than the needle's {longest} mm; give at most the length of the needle.")
    try:
        if generator.inserted_length_mm is not None:
            depth.tip_depth_mm(float(generator.inserted_length_mm), float(generator.angle_deg if generator.angle_deg is not None else 90))
        grids.cell(generator.pattern, float(generator.spacing_mm), _run_mm(generator))
    except ValueError as error:
        raise NoMap(str(error)) from None


def _run_mm(generator: Generator) -> float | None:
    run = {grids.LINES: generator.inserted_length_mm, grids.ROWS: generator.along_mm}.get(generator.pattern)
    return None if run is None else float(run)


def _points(area: Area, shape: MapZone, generator: Generator) -> list[Point]:
    try:
        found = grids.grid_points(
            shape.polygon,
            shape.no_go,
            pattern=generator.pattern,
            spacing_mm=float(generator.spacing_mm),
            run_mm=_run_mm(generator),
            seed=generator.seed,
            rule=generator.grid,
        )
    except ValueError as error:
        raise NoMap(str(error)) from None
    return [Point(f"{area.key}:{number}", area, x, y, generator.volume_per_point_ml) for number, (x, y) in enumerate(found, 1)]


def _singled(area: Area, shape: MapZone, chosen: Sequence[Chosen]) -> list[Point]:
    """The chosen points of an area, as long as each lies in it and holds what a point may hold."""
    low, high = VOLUME_PER_POINT_ML
    if len(chosen) > grids.MOST_POINTS:
        raise NoMap(f"{shape.label} has {len(chosen)} points chosen one by one; give at most {grids.MOST_POINTS}.")
    for point in chosen:
        if not point.volume_ml.is_finite() or not low <= point.volume_ml <= high:
            raise NoMap(f"A chosen point in {shape.label} gets {point.volume_ml} mL; give a number from {low} to {high} mL.")
        if not all(abs(place) < POSITION_MM for place in (point.x_mm, point.y_mm)):  # also where it is no number
            raise NoMap(f"A chosen point in {shape.label} lies at {point.x_mm:g}, {point.y_mm:g} mm, which is not on the drawing.")
    out = grids.outside(shape.polygon, shape.no_go, [(point.x_mm, point.y_mm) for point in chosen])
    if out:
        raise NoMap(f"{out} of the chosen points of {shape.label} lie outside it or where nothing may be injected; choose them anew.")
    return [Point(f"{area.key}:{number}", area, *point) for number, point in enumerate(chosen, 1)]


def _least_spacing_mm(generator: Generator, placed: Sequence[Point], chosen: ChosenPoints) -> Decimal:
    from scipy.spatial import KDTree

    spacings = [_closer_along(generator) or generator.spacing_mm] if any(point.area.key not in chosen for point in placed) else []
    for area in chosen:
        places = [(point.x_mm, point.y_mm) for point in placed if point.area.key == area]
        if len(places) > 1:
            spacings.append(Decimal(str(round(float(KDTree(places).query(places, k=2)[0][:, 1].min()), 1))))
    return min(spacings, default=generator.spacing_mm)


def _closer_along(generator: Generator) -> Decimal | None:
    """The distance along the rows, where it is less than that between them."""
    along = generator.along_mm if generator.pattern == grids.ROWS else None
    return along if along is not None and along < generator.spacing_mm else None


def _total(area: Area, shape: MapZone, points: Sequence[Point], generator: Generator, library: Library) -> ZoneTotal:
    layers = tip_layers(generator, library.zones[area.zone]) if area.zone in library.zones else ()
    return ZoneTotal(
        zone=area.zone,
        side=area.side,
        label=shape.label,
        points=len(points),
        volume_ml=sum((point.volume_ml for point in points), Decimal(0)),
        area_cm2=Decimal(str(round(grids.area_mm2(shape.polygon, shape.no_go) / 100, 1))),
        tip_depth_mm=generator.tip_depth_mm,
        tip_layer=_one_layer(layers),
        tip_text=" or ".join(LAYER_WORDS[name] for name in layers) or "unknown",
        map=area.map,
    )


def _one_layer(layers: tuple[str, ...]) -> str:
    if layers and set(layers) <= {"hypodermis", depth.DEEPER}:
        return "hypodermis"
    return layers[0] if len(layers) == 1 else "unknown"


# ── findings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _findings(
    method: Technique, generator: Generator, zones: Sequence[ZoneTotal], library: Library, placed: Sequence[Point], chosen: ChosenPoints
) -> tuple[Finding, ...]:
    volumes = sorted({point.volume_ml for point in placed}) or [generator.volume_per_point_ml]
    each = [_outside(method, "volume per point", "mL", method.volume_per_point_ml, volume) for volume in dict.fromkeys((volumes[0], volumes[-1]))]
    return (
        *_no_points(zones),
        *_tip(method, generator, zones, library),
        *_deep(method, generator, library),
        *_outside(method, "spacing", "mm", method.spacing_mm, _least_spacing_mm(generator, placed, chosen)),
        *_outside(method, "distance between rows", "mm", method.spacing_mm, generator.spacing_mm if _closer_along(generator) else None),
        *itertools.chain.from_iterable(each),
        *_outside(method, "angle", "degrees", method.angle_deg, generator.angle_deg),
        *_outside(method, "depth of the tip", "mm", method.depth_mm, generator.tip_depth_mm),
        *_cautions(zones, library),
    )


def _no_points(zones: Sequence[ZoneTotal]) -> tuple[Finding, ...]:
    empty = [zone.label for zone in zones if not zone.points]
    if not empty:
        return ()
    text = f"No point is left in {_listed(empty)}. Choose a closer spacing, or take the area out."
    return (Finding(rule="map.no_points", effect=Effect.ASK, text=text, stops=True, limits=FLAT),)


def _tip(method: Technique, generator: Generator, zones: Sequence[ZoneTotal], library: Library) -> tuple[Finding, ...]:
    """Where the tip ends against where the technique wants it, told once for zones with the same answer."""
    if generator.tip_depth_mm is None:
        text = "Inserted length or angle is not given, so the depth of the tip is unknown. Give both."
        return (Finding(rule="map.depth_unknown", effect=Effect.ASK, text=text, missing=()),)
    groups: dict[str, list[ZoneTotal]] = {}
    for zone in zones:
        groups.setdefault(zone.tip_text, []).append(zone)
    found = []
    for words, members in groups.items():
        finding = _tip_finding(method, generator, words, members, library)
        if finding is not None:
            found.append(finding)
    return tuple(found)


def _tip_finding(method: Technique, generator: Generator, words: str, members: Sequence[ZoneTotal], library: Library) -> Finding | None:
    where = _listed([zone.label for zone in members])
    layers = tip_layers(generator, library.zones[members[0].zone])
    facts = (
        Fact("inserted length", f"{_amount(generator.inserted_length_mm)} mm", None, "the plan"),
        Fact("angle to the skin", f"{_amount(generator.angle_deg)} degrees", None, "the plan"),
        Fact("depth of the tip", f"{_amount(generator.tip_depth_mm)} mm", None, "inserted length × sine of the angle"),
    )
    known: list[Cited] = [layer.thickness for zone in {z.zone for z in members} for layer in library.zones[zone].layers]
    tip = f"The tip ends {_amount(generator.tip_depth_mm)} mm deep"
    if not layers:
        text = f"{tip}. How thick the skin is there ({where}) is unknown, so it cannot be said in which layer that is."
        return Finding(rule="map.tip_unknown", effect=Effect.CAUTION, text=text, because=facts)
    if method.target_layer is None:
        if "dermis" in layers or "epidermis" in layers:
            return None
        return Finding(
            rule="map.tip_fat",
            effect=Effect.INFORM,
            text=f"{tip}: {words} ({where}).",
            because=facts,
            sources=(*cited(known), *_published(library)),
            limits=FLAT_SKIN,
        )
    if layers == (method.target_layer,):
        return None
    target = LAYER_WORDS[method.target_layer]
    if method.target_layer in layers:
        text = f"{tip}: {words} ({where}). {method.name} is meant for the {target}; published thicknesses do not decide it."
    else:
        text = f"{tip}: {words} ({where}), not in the {target} that {method.name.lower()} is meant for. {_remedy(method, generator, members, library)}".strip()
    return Finding(rule="map.tip_layer", effect=Effect.CAUTION, text=text, because=facts, sources=(*cited(known), *_published(library)), limits=FLAT_SKIN)


FLAT_SKIN = "Skin thickness varies with site, sex, age and method of measurement; the published values stand for groups, not for this patient."


def _remedy(method: Technique, generator: Generator, members: Sequence[ZoneTotal], library: Library) -> str:
    """The longest insertion at this angle that surely stays in the target layer, where the thicknesses tell it."""
    if method.target_layer not in INTRADERMAL or generator.angle_deg is None:
        return ""
    edges = [edge for zone in members for edge in depth.boundaries(thicknesses(library.zones[zone.zone])) if edge.name == method.target_layer]
    if not edges:
        return ""
    per_mm = depth.tip_depth_mm(1, float(generator.angle_deg))
    longest = int(min(edge.low_mm for edge in edges) / per_mm * 10) / 10
    return f"At {_amount(generator.angle_deg)} degrees, put in at most {longest:g} mm." if longest >= 0.3 else "Choose a flatter angle."


def _published(library: Library) -> tuple[SourceRef, ...]:
    if "MICH18" not in library.sources:
        return ()
    text = "Recomputed from length, insertion and angle, over 70 % of injections published as intradermal lay in fat."
    return (SourceRef("MICH18", "abstract", "B", text, library.sources["MICH18"].reviewed),)


def _deep(method: Technique, generator: Generator, library: Library) -> tuple[Finding, ...]:
    tip = generator.tip_depth_mm
    if tip is None or tip <= DEEP_MM or method.target_layer == "hypodermis":
        return ()
    review = library.sources.get("KONDA13")
    ref = SourceRef("KONDA13", "technique", "B", "Penetration should not exceed 4 mm to be effective.", review.reviewed if review else None)
    text = f"The tip ends {_amount(tip)} mm deep. A review asks not to go deeper than 4 mm; beyond that the product is under the skin."
    return (Finding(rule="map.deeper_than_4_mm", effect=Effect.CAUTION, text=text, sources=(ref,)),)


def _outside(method: Technique, what: str, unit: str, known: Quantity | None, given: Decimal | None) -> tuple[Finding, ...]:
    """A number outside what the technique's source gives. Where no number is published, that is said."""
    if given is None:
        return ()
    rule = f"map.{what.replace(' ', '_')}"
    if known is None:
        if what in ("angle", "depth of the tip"):
            return ()
        text = f"No {what} is published for {method.name.lower()}; {_amount(given)} {unit} is the clinician's own choice."
        return (Finding(rule=rule, effect=Effect.INFORM, text=text),)
    low, high = known.low, known.high
    if (low is None or given >= low) and (high is None or given <= high):
        return ()
    side = "below" if low is not None and given < low else "above"
    text = f"The {what} of {_amount(given)} {unit} is {side} what is published for {method.name.lower()}: {_range(known)} {unit}."
    refs = cited([known, *(known.conflict.readings if known.conflict else ())])
    limits = known.conflict.note if known.conflict else ""
    return (
        Finding(rule=rule, effect=Effect.CAUTION, text=text, because=(Fact(what, f"{_amount(given)} {unit}", None, "the plan"),), sources=refs, limits=limits),
    )


def _crowded(generator: Generator, placed: Sequence[Point]) -> tuple[Finding, ...]:
    """Points of neighbouring areas nearer to each other than half the spacing: each area has a grid of its own, so this happens where two meet."""
    from scipy.spatial import KDTree

    by_map: dict[str, list[Point]] = {}
    for point in placed:
        by_map.setdefault(point.area.map, []).append(point)
    pairs = [
        (one, other)
        for points in by_map.values()
        for i, j in KDTree([(point.x_mm, point.y_mm) for point in points]).query_pairs(float(generator.spacing_mm) / 2)
        for one, other in ((points[i], points[j]),)
        if one.area != other.area
    ]
    if not pairs:
        return ()
    nearest = min(math.hypot(one.x_mm - other.x_mm, one.y_mm - other.y_mm) for one, other in pairs)
    what = "1 pair of points" if len(pairs) == 1 else f"{len(pairs)} pairs of points"
    lie = "lies" if len(pairs) == 1 else "lie"
    text = f"{what} of neighbouring areas {lie} less than half the spacing apart, down to {nearest:.1f} mm. Take one of each out."
    return (Finding(rule="map.crowded", effect=Effect.CAUTION, text=text, limits=FLAT),)


def _caution_areas(drawn: Sequence[tuple[Area, MapZone]], placed: Sequence[Point], tip_mm: Decimal | None) -> tuple[Finding, ...]:
    """What is to be minded where points lie in a caution area, told once for both sides. It only informs where the tip surely ends above it."""
    told: dict[str, tuple[CautionArea, int, list[str]]] = {}
    for area, shape in drawn:
        points = [(point.x_mm, point.y_mm) for point in placed if point.area == area] if shape.caution else []
        for spot in shape.caution:
            if inside := grids.how_many_inside(spot.polygon, points):
                _, before, where = told.get(spot.text, (spot, 0, []))
                told[spot.text] = (spot, before + inside, [*where, shape.label])
    return tuple(_caution_area(number, *found, tip_mm) for number, found in enumerate(told.values(), 1))


def _caution_area(number: int, spot: CautionArea, inside: int, where: Sequence[str], tip_mm: Decimal | None) -> Finding:
    begins = spot.depth_mm.low if spot.depth_mm else None
    above = begins is not None and tip_mm is not None and tip_mm < begins
    tip = Fact("depth of the tip", "unknown" if tip_mm is None else f"{_amount(tip_mm)} mm", None, "the plan")
    what = Fact("what is to be spared can begin", "unknown" if begins is None else f"{_amount(begins)} mm deep", None, "the drawing's caution area")
    return Finding(
        rule=f"map.caution_area.{number}",
        effect=Effect.INFORM if above else Effect.CAUTION,
        text=f"{inside} {'point lies' if inside == 1 else 'points lie'} in a caution area ({_listed(where)}). {spot.text}",
        because=(tip, what),
        sources=cited([spot, *([spot.depth_mm] if spot.depth_mm else [])]),
        limits="The dotted place is an aid on the drawing of an average adult; feel for it on the patient.",
    )


def _cautions(zones: Sequence[ZoneTotal], library: Library) -> tuple[Finding, ...]:
    named = dict.fromkeys(zone.zone for zone in zones)
    return tuple(
        Finding(rule=f"map.zone.{id_}.{number}", effect=Effect.INFORM, text=statement.text, sources=cited([statement]))
        for id_ in named
        for number, statement in enumerate(library.zones[id_].cautions if id_ in library.zones else (), 1)
    )


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _range(known: Quantity) -> str:
    if known.value is not None:
        return _amount(known.value)
    if known.min is None or known.max is None:
        return f"at most {_amount(known.max)}" if known.max is not None else f"at least {_amount(known.min)}"
    return f"{_amount(known.min)} to {_amount(known.max)}"


def _amount(value: Decimal | None) -> str:
    if value is None:
        return "unknown"
    text = f"{round(value, 3):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _listed(names: Sequence[str]) -> str:
    lower = [name[0].lower() + name[1:] for name in names]
    return lower[0] if len(lower) == 1 else f"{', '.join(lower[:-1])} and {lower[-1]}"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
