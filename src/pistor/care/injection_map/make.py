"""Zone plans become points, totals and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from pistor.care.injection_map.findings import Layout, findings_of, skin_of, tip_words
from pistor.care.injection_map.scale import scaled
from pistor.care.injection_map.values import (
    AS_DRAWN,
    ON_SKIN_ML,
    PASSES,
    PASSES_RANGE,
    POSITION_MM,
    VOLUME_PER_POINT_ML,
    Area,
    Change,
    Generator,
    InjectionMap,
    NoMap,
    Point,
    Position,
    Scales,
    ZonePlan,
    ZoneTotal,
)
from pistor.delivery import depth, grids
from pistor.knowledge import Library
from pistor.knowledge.model import BodyMap, MapZone, Technique

LEAST_DRAWN_MM2 = 20.0
Outline = tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the points of one zone may lie: ``polygon`` without ``no_go``, and only ``within`` the zone that it was drawn in."""

    polygon: Outline
    no_go: tuple[Outline, ...]
    within: Outline | None = None

    @property
    def area_mm2(self) -> float:
        return _area_mm2(self.polygon, self.no_go, self.within)

    def outside(self, places: Sequence[Position]) -> list[int]:
        return grids.outside(self.polygon, self.no_go, places, self.within)

    def largest(self) -> Outline:
        """The outline of its largest piece, with holes filled."""
        shape = grids.usable(self.polygon, (), self.within)
        piece = max(getattr(shape, "geoms", [shape]), key=lambda found: found.area)
        return tuple((round(x, 3), round(y, 3)) for x, y in piece.exterior.coords[:-1])

    def outlines(self) -> list[list[list[float]]]:
        """What is left of it, as closed rings of corners (mm): for drawing a zone that was drawn freehand."""
        shape = grids.usable(self.polygon, self.no_go, self.within)
        pieces = [piece for piece in getattr(shape, "geoms", [shape]) if piece.geom_type == "Polygon"]
        return [[[round(x, 2), round(y, 2)] for x, y in ring.coords] for piece in pieces for ring in (piece.exterior, *piece.interiors)]


def make_map(zones: Sequence[ZonePlan], library: Library, *, scale: Scales | None = None) -> InjectionMap:
    """Points, totals per zone and findings. Raises :class:`NoMap` with a sentence for each zone that cannot be made."""
    scale = scale or {}
    laid = _laid_out(zones, library, scale)
    refused: list[str] = []
    points: list[list[Point]] = []
    for layout in laid:
        try:
            _check(layout.plan.generator, layout.method)
            points.append(_points(layout, ground_of(layout.plan, layout.shape)))
        except NoMap as none:
            refused += none.reasons
    if refused:
        raise NoMap(*dict.fromkeys(refused))
    left = [[point for point in own if "r" not in point.flags] for own in points]
    if sum(map(len, left)) > grids.MOST_POINTS:
        widest = max(layout.plan.generator.spacing_mm for layout in laid)
        raise NoMap(f"The spacing of {widest} mm needs more than {grids.MOST_POINTS} points in these areas; choose a wider spacing or fewer areas.")
    laid = [replace(layout, points=tuple(own)) for layout, own in zip(laid, left, strict=True)]
    laid = [replace(layout, total=_total(layout, library)) for layout in laid]
    placed = tuple(point for own in left for point in own)
    return InjectionMap(
        zone_plans=tuple(layout.plan for layout in laid),
        zones=tuple(layout.total for layout in laid),
        points=len(placed),
        volume_ml=sum((point.volume_ml for point in placed), Decimal(0)),
        area_cm2=_whole_area_cm2(laid),
        findings=findings_of(laid, library, least_spacing_mm),
        placed=placed,
        taken_out=tuple(point for own in points for point in own if "r" in point.flags),
        scale={map_: one for map_, one in scale.items() if any(layout.plan.area.map == map_ for layout in laid)},
        least_spacing_mm=min((least_spacing_mm(layout) for layout in laid if layout.points), default=laid[0].plan.generator.spacing_mm),
        densest_ml_per_cm2=_densest(laid),
    )


def drawing_of(area: Area, library: Library, scale: Scales) -> BodyMap | None:
    """The body map of an area, in the version it was made on and in the patient's scale."""
    body_map = library.body_map(area.map, area.version) if area.map in library.body_maps else None
    if body_map is None:
        return None
    factor = scale.get(area.map, AS_DRAWN)
    return scaled(body_map, factor.x, factor.y)


def shape_of(area: Area, library: Library, scale: Scales) -> MapZone | None:
    """An area as it is drawn, in the patient's scale."""
    body_map = drawing_of(area, library, scale)
    return next((shape for shape in body_map.zones if (shape.zone, shape.side) == (area.zone, area.side)), None) if body_map else None


def ground_of(plan: ZonePlan, shape: MapZone) -> Ground:
    """Where the points of a zone plan may lie on the (scaled) zone ``shape``."""
    if plan.drawn:
        return Ground(plan.drawn, shape.no_go, shape.polygon)
    return Ground(shape.polygon, shape.no_go)


def points_of(injection_map: InjectionMap, area: Area | None = None) -> list[tuple[float, float]]:
    """Positions in millimetres on the body map, of all areas or of one."""
    return [(point.x_mm, point.y_mm) for point in injection_map.placed if area is None or point.area == area]


# ── zones ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _laid_out(zones: Sequence[ZonePlan], library: Library, scale: Scales) -> list[Layout]:
    """Each plan with its technique and its shape on the drawing."""
    if not zones:
        raise NoMap("No area is chosen; choose at least one area on the picture or in the list.")
    found: dict[str, Layout] = {}
    for plan in zones:
        method = library.techniques.get(plan.technique)
        if method is None:
            raise NoMap(f"“{plan.technique}” is no known technique; known are {', '.join(library.techniques)}.")
        area = plan.area
        if area.map not in library.body_maps:
            raise NoMap(f"“{area.map}” is no known body map; known are {', '.join(library.body_maps)}.")
        body_map = drawing_of(area, library, scale)
        if body_map is None:
            raise NoMap(f"Version {area.version} of the body map “{area.map}” is not kept here; draw the map again.")
        shape = next((shape for shape in body_map.zones if (shape.zone, shape.side) == (area.zone, area.side)), None)
        if shape is None:
            raise NoMap(f"{body_map.title} has no zone {area.zone} {area.side}; it has {', '.join(f'{z.zone} {z.side}' for z in body_map.zones)}.")
        layout = Layout(replace(plan, area=replace(area, version=body_map.version)), shape, method)
        if plan.key in found:
            raise NoMap(f"{layout.label} is planned twice; keep one of the two.")
        found[plan.key] = layout
    _refuse_twins(list(found.values()))
    return list(found.values())


def _refuse_twins(laid: Sequence[Layout]) -> None:
    """A whole zone in one view holds whatever is chosen or drawn of it in another, and would count twice."""
    for whole in laid:
        area = whole.plan.area
        twin = next(
            (other for other in laid if (other.plan.area.zone, other.plan.area.side) == (area.zone, area.side) and other.plan.area.map != area.map), None
        )
        if twin is not None and not whole.plan.drawn:
            views = f"{area.map} and {twin.plan.area.map}"
            raise NoMap(f"{whole.shape.label} is chosen in two views ({views}) and would count twice; choose it in one view.")
        if len({other.plan.area.version for other in laid if other.plan.area.map == area.map}) > 1:
            raise NoMap(f"The body map “{area.map}” is used in two versions; draw its zones anew on one of them.")


def _check(generator: Generator, method: Technique) -> None:
    if (generator.pattern == PASSES) != (method.pattern == PASSES):
        how = "is given in passes and has no points" if method.pattern == PASSES else "is given point by point, not in passes"
        raise NoMap(f"{method.name} {how}; choose its own pattern.")
    _check_needle(generator)
    if generator.pattern == PASSES:
        _check_passes(generator)
        return
    low, high = VOLUME_PER_POINT_ML
    if method.volume_per_point_ml is not None and method.volume_per_point_ml.high == 0:
        low = Decimal(0)  # the needle alone
    volume = generator.volume_per_point_ml
    if not volume.is_finite() or not low <= volume <= high:
        raise NoMap(f"volume_per_point_ml is {volume}; give a number from {low} to {high} mL.")
    try:
        grids.cell(generator.pattern, float(generator.spacing_mm), _run_mm(generator))
    except ValueError as error:
        raise NoMap(str(error)) from None


def _check_needle(generator: Generator) -> None:
    longest = generator.needle_length_mm
    if longest is not None and (not longest.is_finite() or not _shortest_mm(generator) <= longest <= 40):
        raise NoMap(f"needle_length_mm is {longest}; give a number from {_shortest_mm(generator)} to 40 mm.")
    _check_tip(generator, generator.inserted_length_mm, generator.angle_deg)


def _shortest_mm(generator: Generator) -> Decimal:
    return Decimal("0.1") if generator.pattern == PASSES else Decimal(1)  # the needles of a roller are short


def _check_tip(generator: Generator, inserted_mm: Decimal | None, angle_deg: Decimal | None) -> None:
    longest = generator.needle_length_mm
    if longest is not None and inserted_mm is not None and inserted_mm > longest:
        raise NoMap(f"inserted_length_mm is {inserted_mm}, more than the needle's {longest} mm; give at most the length of the needle.")
    try:
        if inserted_mm is not None or angle_deg is not None:
            depth.tip_depth_mm(float(inserted_mm if inserted_mm is not None else 1), float(angle_deg if angle_deg is not None else 90))
    except ValueError as error:
        raise NoMap(str(error)) from None


def _check_passes(generator: Generator) -> None:
    low, high = PASSES_RANGE
    if generator.passes is not None and not low <= generator.passes <= high:
        raise NoMap(f"passes is {generator.passes}; give a whole number from {low} to {high}.")
    least, most = ON_SKIN_ML
    film = generator.on_skin_ml
    if film is not None and (not film.is_finite() or not least <= film <= most):
        raise NoMap(f"on_skin_ml is {film}; give a number from {least} to {most} mL.")


# ── points ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _run_mm(generator: Generator) -> float | None:
    run = {grids.LINES: generator.inserted_length_mm, grids.ROWS: generator.along_mm}.get(generator.pattern)
    return None if run is None else float(run)


def _points(layout: Layout, ground: Ground) -> list[Point]:
    """All points of a zone, those that were taken out too, by number and then as they were added."""
    plan = layout.plan
    if plan.drawn and ground.area_mm2 < LEAST_DRAWN_MM2:
        raise NoMap(f"Nothing is left of {layout.label} inside {layout.shape.label} that may be injected; draw it anew.")
    if plan.generator.pattern == PASSES:
        if plan.edits or plan.chosen:
            raise NoMap(f"{layout.label} is treated in passes and has no single points; take the changes of points back.")
        return []
    begun = _singled(layout, ground) if plan.chosen else _generated(layout, ground)
    return _edited(layout, ground, begun) if plan.edits else begun


def _generated(layout: Layout, ground: Ground) -> list[Point]:
    plan, generator = layout.plan, layout.plan.generator
    try:
        spacing = float(generator.spacing_mm)
        found = _lattice(ground.polygon, ground.no_go, ground.within, generator.pattern, spacing, _run_mm(generator), generator.seed, generator.grid)
    except ValueError as error:
        raise NoMap(str(error)) from None
    key, tip = plan.key, (generator.inserted_length_mm, generator.angle_deg)
    return [Point(f"{key}:{number}", plan.area, x, y, generator.volume_per_point_ml, *tip) for number, (x, y) in enumerate(found, 1)]


@lru_cache(maxsize=256)
def _lattice(
    polygon: Outline, no_go: tuple[Outline, ...], within: Outline | None, pattern: str, spacing_mm: float, run_mm: float | None, seed: int, rule: int
) -> tuple[Position, ...]:
    return tuple(grids.grid_points(polygon, no_go, pattern=pattern, spacing_mm=spacing_mm, run_mm=run_mm, seed=seed, rule=rule, within=within))


@lru_cache(maxsize=256)
def _area_mm2(polygon: Outline, no_go: tuple[Outline, ...], within: Outline | None) -> float:
    return grids.area_mm2(polygon, no_go, within)


def _singled(layout: Layout, ground: Ground) -> list[Point]:
    """The chosen points of a zone, as long as each lies in it and holds what a point may hold."""
    plan, label, chosen = layout.plan, layout.label, layout.plan.chosen
    low, high = VOLUME_PER_POINT_ML
    if len(chosen) > grids.MOST_POINTS:
        raise NoMap(f"{label} has {len(chosen)} points chosen one by one; give at most {grids.MOST_POINTS}.")
    for point in chosen:
        if not point.volume_ml.is_finite() or not low <= point.volume_ml <= high:
            raise NoMap(f"A chosen point in {label} gets {point.volume_ml} mL; give a number from {low} to {high} mL.")
        if not all(abs(place) < POSITION_MM for place in (point.x_mm, point.y_mm)):  # also where it is no number
            raise NoMap(f"A chosen point in {label} lies at {point.x_mm:g}, {point.y_mm:g} mm, which is not on the drawing.")
    out = ground.outside([(point.x_mm, point.y_mm) for point in chosen])
    if out:
        raise NoMap(f"{len(out)} of the chosen points of {label} lie outside it or where nothing may be injected; choose them anew.")
    tip = plan.generator.inserted_length_mm, plan.generator.angle_deg
    return [Point(f"{plan.key}:{number}", plan.area, *point, *tip) for number, point in enumerate(chosen, 1)]


def _edited(layout: Layout, ground: Ground, begun: Sequence[Point]) -> list[Point]:
    """The points after what was done to them by hand. Refuses what lies where it must not."""
    plan, edits = layout.plan, layout.plan.edits
    generator = plan.generator
    tip = generator.inserted_length_mm, generator.angle_deg
    added = [Point(f"{plan.key}:{key}", plan.area, *place, generator.volume_per_point_ml, *tip, flags="a") for key, place in edits.added.items()]
    points = {point.name: point for point in (*begun, *added)}
    strange = [key for key in (*edits.moved, *edits.changed) if key not in points]
    if strange:
        raise NoMap(f"{layout.label}: point {strange[0]} was changed and is not there any more; undo the changes of single points.")
    for key, (x, y) in edits.moved.items():
        points[key] = replace(points[key], x_mm=x, y_mm=y, flags=f"{points[key].flags}m")
    for key, change in edits.changed.items():
        points[key] = _altered(layout, points[key], change)
    for key in edits.removed & points.keys():
        points[key] = replace(points[key], flags=f"{points[key].flags}r")
    _refuse_misplaced(layout, ground, [points[key] for key in points if (key in edits.moved or key in edits.added) and key not in edits.removed])
    return list(points.values())


def _altered(layout: Layout, point: Point, change: Change) -> Point:
    low, high = VOLUME_PER_POINT_ML
    generator = layout.plan.generator
    volume = point.volume_ml if change.volume_ml is None else change.volume_ml
    if generator.volume_per_point_ml == 0:
        low = Decimal(0)
    if not volume.is_finite() or not low <= volume <= high:
        raise NoMap(f"{layout.label}: point {point.name} gets {volume} mL; give a number from {low} to {high} mL.")
    inserted = point.inserted_length_mm if change.inserted_length_mm is None else change.inserted_length_mm
    angle = point.angle_deg if change.angle_deg is None else change.angle_deg
    try:
        _check_tip(generator, inserted, angle)
    except NoMap as none:
        raise NoMap(f"{layout.label}, point {point.name}: {none}") from None
    return replace(point, volume_ml=volume, inserted_length_mm=inserted, angle_deg=angle, flags=f"{point.flags}v")


def _refuse_misplaced(layout: Layout, ground: Ground, points: Sequence[Point]) -> None:
    places = [(point.x_mm, point.y_mm) for point in points]
    out = ground.outside(places)
    if not out:
        return
    forbidden = [at for at in out if any(grids.which_inside(hole, [places[at]]) for hole in ground.no_go)]
    first = points[(forbidden or out)[0]]
    name = f"Point {first.name} of {layout.label}" if len(out) == 1 else f"Point {first.name} of {layout.label} and {len(out) - 1} more"
    where = "where nothing may be injected" if forbidden else "outside the zone"
    raise NoMap(f"{name} {'lies' if len(out) == 1 else 'lie'} {where}. Put {'it' if len(out) == 1 else 'them'} elsewhere, or take the change back.")


# ── totals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _total(layout: Layout, library: Library) -> ZoneTotal:
    plan, generator = layout.plan, layout.plan.generator
    layer, words = tip_words(layout.tips, skin_of(layout, library))
    rolled = generator.pattern == PASSES
    return ZoneTotal(
        zone=plan.area.zone,
        side=plan.area.side,
        label=layout.label,
        points=len(layout.points),
        volume_ml=sum((point.volume_ml for point in layout.points), Decimal(0)),
        area_cm2=Decimal(str(round(ground_of(plan, layout.shape).area_mm2 / 100, 1))),
        tip_depth_mm=max((tip.depth_mm for tip in layout.tips if tip.depth_mm is not None), default=None),
        tip_layer=layer,
        tip_text=words,
        map=plan.area.map,
        key=plan.key,
        technique=plan.technique,
        inserted_length_mm=generator.inserted_length_mm,
        angle_deg=generator.angle_deg,
        passes=(generator.passes or 0) if rolled else None,
        on_skin_ml=generator.on_skin_ml if rolled else None,
    )


def least_spacing_mm(layout: Layout) -> Decimal:
    """What the generator keeps between points, or the shortest distance where points were put by hand."""
    from scipy.spatial import KDTree

    plan = layout.plan
    spacing = closer_along(plan.generator) or plan.generator.spacing_mm
    by_hand = plan.chosen or plan.edits.moved or plan.edits.added
    if not by_hand:
        return spacing
    places = [(point.x_mm, point.y_mm) for point in layout.points]
    if len(places) < 2:
        return spacing
    nearest = Decimal(str(round(float(KDTree(places).query(places, k=2)[0][:, 1].min()), 1)))
    return nearest if plan.chosen else min(nearest, spacing)


def closer_along(generator: Generator) -> Decimal | None:
    """The distance along the rows, where it is less than that between them."""
    along = generator.along_mm if generator.pattern == grids.ROWS else None
    return along if along is not None and along < generator.spacing_mm else None


def _whole_area_cm2(laid: Sequence[Layout]) -> Decimal:
    """The areas together. Where a drawn zone lies in another, the skin that both have counts once."""
    from shapely import union_all

    total = Decimal(0)
    for map_ in dict.fromkeys(layout.plan.area.map for layout in laid):
        here = [layout for layout in laid if layout.plan.area.map == map_]
        if any(layout.plan.drawn for layout in here):
            grounds = [ground_of(layout.plan, layout.shape) for layout in here]
            together = union_all([grids.usable(ground.polygon, ground.no_go, ground.within) for ground in grounds])
            total += Decimal(str(round(together.area / 100, 1)))
        else:
            total += sum((layout.total.area_cm2 for layout in here), Decimal(0))
    return total


def _densest(laid: Sequence[Layout]) -> Decimal | None:
    """The most that a square centimetre of any zone gets (mL), with what other zones put in there; None where all are treated alike."""
    own = {(layout.plan.technique, replace(layout.plan.generator, seed=0)) for layout in laid}
    by_hand = any(layout.plan.drawn or layout.plan.chosen or layout.plan.edits.added or layout.plan.edits.changed for layout in laid)
    if len(own) == 1 and not by_hand:
        return None
    densities = [_in_it_ml(layout, laid) / area for layout in laid if (area := layout.total.area_cm2)]
    return round(max(densities), 4) if densities else None


def _in_it_ml(layout: Layout, laid: Sequence[Layout]) -> Decimal:
    ground = ground_of(layout.plan, layout.shape)
    volume = layout.total.volume_ml + (layout.total.on_skin_ml or 0)
    for other in laid:
        if other is not layout and other.plan.area.map == layout.plan.area.map and (layout.plan.drawn or other.plan.drawn):
            out = set(ground.outside([(point.x_mm, point.y_mm) for point in other.points]))
            volume += sum((point.volume_ml for at, point in enumerate(other.points) if at not in out), Decimal(0))
    return volume
