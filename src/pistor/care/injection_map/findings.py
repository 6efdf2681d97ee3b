"""What an injection map says about itself: where tips end, what is outside what is published, what is to be minded."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from pistor.care.consultation import Answer
from pistor.care.evidence import Effect, Fact, Finding, SourceRef, cited
from pistor.care.injection_map.values import PASSES, Generator, InjectionMap, Point, ZonePlan, ZoneTotal, tip_depth_mm
from pistor.delivery import depth, grids
from pistor.knowledge import Library
from pistor.knowledge.model import CautionArea, Cited, MapZone, Quantity, Technique, Zone

LAYER_WORDS = {"epidermis": "epidermis", "dermis": "dermis", "hypodermis": "fat under the skin", "deeper": "deeper than the fat"}
DEEP_MM = Decimal(4)  # KONDA13: should not be exceeded to be effective
INTRADERMAL = ("epidermis", "dermis")
FLAT = "Areas are measured on a flat drawing of an average adult, not on the patient."
FLAT_SKIN = "Skin thickness varies with site, sex, age and method of measurement; the published values stand for groups, not for this patient."
NO_TOTAL = ZoneTotal("", "", "", 0, Decimal(0), Decimal(0), None, "unknown", "unknown")


@dataclass(frozen=True, slots=True)
class Tip:
    """How a needle is put in. None is *not given*."""

    inserted_length_mm: Decimal | None
    angle_deg: Decimal | None

    @property
    def depth_mm(self) -> Decimal | None:
        return tip_depth_mm(self.inserted_length_mm, self.angle_deg)


@dataclass(frozen=True, slots=True)
class Layout:
    """A zone plan with its technique, its shape on the drawing and the points that are left."""

    plan: ZonePlan
    shape: MapZone
    method: Technique
    points: tuple[Point, ...] = ()
    total: ZoneTotal = field(default=NO_TOTAL)

    @property
    def label(self) -> str:
        if not self.plan.drawn:
            return self.shape.label
        return self.plan.label or f"Drawn area {self.plan.number} in {self.shape.label[0].lower()}{self.shape.label[1:]}"

    @property
    def tips(self) -> tuple[Tip, ...]:
        """How the needle is put in at its points, each way once; as the zone has it where there are none."""
        own = Tip(self.plan.generator.inserted_length_mm, self.plan.generator.angle_deg)
        return tuple(dict.fromkeys(Tip(point.inserted_length_mm, point.angle_deg) for point in self.points)) or (own,)


def below_the_fat(injection_map: InjectionMap, measured: Answer | None) -> tuple[Finding, ...]:
    """A caution where a tip ends below the fat that was measured at the site; no limit of thickness is published, so it stops nothing."""
    tip = max((zone.tip_depth_mm for zone in injection_map.zones if zone.tip_depth_mm is not None), default=None)
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


def skin_of(layout: Layout, library: Library) -> Zone | None:
    """What is known of the skin where an area lies: at the place that was measured, where the drawing names one."""
    zone = library.zones.get(layout.plan.area.zone)
    return zone.at(layout.shape.site) if zone else None


def layers_at(tip_mm: Decimal | None, zone: Zone | None) -> tuple[str, ...]:
    """The layers in which a tip can end; empty where depth or thickness is unknown."""
    return depth.layers_at(float(tip_mm), thicknesses(zone)) if tip_mm is not None and zone is not None else ()


def tip_words(tips: Iterable[Tip], zone: Zone | None) -> tuple[str, str]:
    """The one layer in which all these tips end, or *unknown*; and in words those in which they can."""
    found = [layers_at(tip.depth_mm, zone) for tip in tips]
    if not all(found):
        return "unknown", "unknown"
    layers = tuple(dict.fromkeys(itertools.chain.from_iterable(found)))
    return _one_layer(layers), " or ".join(LAYER_WORDS[name] for name in layers) or "unknown"


def thicknesses(zone: Zone) -> tuple[depth.LayerThickness, ...]:
    return tuple(
        depth.LayerThickness(layer.name, float(layer.thickness.low or 0), float(layer.thickness.high or layer.thickness.low or 0)) for layer in zone.layers
    )


def _one_layer(layers: tuple[str, ...]) -> str:
    if layers and set(layers) <= {"hypodermis", depth.DEEPER}:
        return "hypodermis"
    return layers[0] if len(layers) == 1 else "unknown"


# ── of all zones, and of those that are treated alike ───────────────────────────────────────────────────────────────


def findings_of(laid: Sequence[Layout], library: Library, least_spacing_mm: Callable[[Layout], Decimal]) -> tuple[Finding, ...]:
    groups: dict[tuple[str, Generator], list[Layout]] = {}
    for layout in laid:
        groups.setdefault((layout.plan.technique, replace(layout.plan.generator, seed=0, grid=0)), []).append(layout)
    found: list[Finding] = [*_no_points([layout.total for layout in laid])]
    for number, group in enumerate(groups.values()):
        own = _of_group(group, library, least_spacing_mm)
        found += own if len(groups) == 1 else [_placed_in(finding, group, number) for finding in own]
    return (*found, *_cautions([layout.total for layout in laid], library), *_caution_areas(laid), *_crowded(laid))


def _placed_in(finding: Finding, group: Sequence[Layout], number: int) -> Finding:
    """A finding of some of the zones, which says of which and has a rule of its own."""
    where = _listed([layout.label for layout in group])
    told = finding.text if f"({where})" in finding.text else f"{where[0].upper()}{where[1:]}: {finding.text[0].lower()}{finding.text[1:]}"
    return replace(finding, text=told, rule=f"{finding.rule}.{number + 1}" if number else finding.rule)


def _of_group(group: Sequence[Layout], library: Library, least_spacing_mm: Callable[[Layout], Decimal]) -> list[Finding]:
    """What is said of zones with one technique and one generator."""
    method, generator = group[0].method, group[0].plan.generator
    tips = list(dict.fromkeys(tip for layout in group for tip in layout.tips))
    depths = _ends([tip.depth_mm for tip in tips])
    angles = _ends([tip.angle_deg for tip in tips])
    if generator.pattern == PASSES:
        return [*_passes(method, generator), *_tip(group, library), *_each(method, "depth of the tip", "mm", method.depth_mm, depths)]
    volumes = _ends([point.volume_ml for layout in group for point in layout.points]) or (generator.volume_per_point_ml,)
    rows = generator.along_mm is not None and generator.pattern == grids.ROWS and generator.along_mm < generator.spacing_mm
    least = min((least_spacing_mm(layout) for layout in group if layout.points), default=generator.spacing_mm)
    return [
        *_tip(group, library),
        *_deep(method, max(depths, default=None), library),
        *_outside(method, "spacing", "mm", method.spacing_mm, least),
        *_outside(method, "distance between rows", "mm", method.spacing_mm, generator.spacing_mm if rows else None),
        *_each(method, "volume per point", "mL", method.volume_per_point_ml, volumes),
        *_each(method, "angle", "degrees", method.angle_deg, angles),
        *_each(method, "depth of the tip", "mm", method.depth_mm, depths),
    ]


def _ends(values: Iterable[Decimal | None]) -> tuple[Decimal, ...]:
    """The least and the greatest of what is known, once where they are the same."""
    known = [value for value in values if value is not None]
    return tuple(dict.fromkeys((min(known), max(known)))) if known else ()


def _each(method: Technique, what: str, unit: str, known: Quantity | None, given: Sequence[Decimal]) -> tuple[Finding, ...]:
    return tuple(itertools.chain.from_iterable(_outside(method, what, unit, known, value) for value in given))


def _passes(method: Technique, generator: Generator) -> tuple[Finding, ...]:
    """What a treatment in passes still has to say, and whether it is what is published."""
    asked = (("how often it passes over each place", generator.passes), ("how much is on the skin", generator.on_skin_ml))
    open_ = [what for what, value in asked if value is None]
    ask = Finding(rule="map.passes_open", effect=Effect.ASK, text=f"It is not said {' and '.join(open_)}.")
    lies = "The product lies on the skin as a film; how much of it goes in through the channels is not known."
    film = Finding(rule="map.film", effect=Effect.INFORM, text=lies)
    passes = None if generator.passes is None else Decimal(generator.passes)
    return (*((ask,) if open_ else ()), film, *_outside(method, "number of passes", "passes", method.passes, passes))


def _no_points(zones: Sequence[ZoneTotal]) -> tuple[Finding, ...]:
    empty = [zone.label for zone in zones if not zone.points and not zone.rolled]
    if not empty:
        return ()
    text = f"No point is left in {_listed(empty)}. Choose a closer spacing, or take the area out."
    return (Finding(rule="map.no_points", effect=Effect.ASK, text=text, stops=True, limits=FLAT),)


def _tip(group: Sequence[Layout], library: Library) -> tuple[Finding, ...]:
    """Where tips end against where the technique wants them, told once for zones with the same answer."""
    told: dict[tuple[Tip, str], list[Layout]] = {}
    for layout in group:
        for tip in layout.tips:
            if tip.depth_mm is None:
                text = "Inserted length or angle is not given, so the depth of the tip is unknown. Give both."
                return (Finding(rule="map.depth_unknown", effect=Effect.ASK, text=text, missing=()),)
            words = tip_words([tip], skin_of(layout, library))[1]
            told.setdefault((tip, words), []).append(layout)
    found = [_tip_finding(tip, words, members, library) for (tip, words), members in told.items()]
    return tuple(finding for finding in found if finding is not None)


def _tip_finding(tip: Tip, words: str, members: Sequence[Layout], library: Library) -> Finding | None:
    method = members[0].method
    where = _listed([layout.label for layout in members])
    zones = list({(layout.plan.area.zone, layout.shape.site): zone for layout in members if (zone := skin_of(layout, library))}.values())
    layers = layers_at(tip.depth_mm, zones[0] if zones else None)
    facts = (
        Fact("inserted length", f"{_amount(tip.inserted_length_mm)} mm", None, "the plan"),
        Fact("angle to the skin", f"{_amount(tip.angle_deg)} degrees", None, "the plan"),
        Fact("depth of the tip", f"{_amount(tip.depth_mm)} mm", None, "inserted length × sine of the angle"),
    )
    known: list[Cited] = [layer.thickness for zone in zones for layer in zone.layers]
    ends = f"The tip ends {_amount(tip.depth_mm)} mm deep"
    if not layers:
        text = f"{ends}. How thick the skin is there ({where}) is unknown, so it cannot be said in which layer that is."
        return Finding(rule="map.tip_unknown", effect=Effect.CAUTION, text=text, because=facts)
    if method.target_layer is None:
        if "dermis" in layers or "epidermis" in layers:
            return None
        return Finding(
            rule="map.tip_fat",
            effect=Effect.INFORM,
            text=f"{ends}: {words} ({where}).",
            because=facts,
            sources=(*cited(known), *_published(library)),
            limits=FLAT_SKIN,
        )
    if layers == (method.target_layer,):
        return None
    target = LAYER_WORDS[method.target_layer]
    if method.target_layer in layers:
        text = f"{ends}: {words} ({where}). {method.name} is meant for the {target}; published thicknesses do not decide it."
    else:
        text = f"{ends}: {words} ({where}), not in the {target} that {method.name.lower()} is meant for. {_remedy(method, tip, zones)}".strip()
    return Finding(rule="map.tip_layer", effect=Effect.CAUTION, text=text, because=facts, sources=(*cited(known), *_published(library)), limits=FLAT_SKIN)


def _remedy(method: Technique, tip: Tip, zones: Sequence[Zone]) -> str:
    """The longest insertion at this angle that surely stays in the target layer, where the thicknesses tell it."""
    if method.target_layer not in INTRADERMAL or tip.angle_deg is None:
        return ""
    edges = [edge for zone in zones for edge in depth.boundaries(thicknesses(zone)) if edge.name == method.target_layer]
    if not edges:
        return ""
    per_mm = depth.tip_depth_mm(1, float(tip.angle_deg))
    longest = int(min(edge.low_mm for edge in edges) / per_mm * 10) / 10
    return f"At {_amount(tip.angle_deg)} degrees, put in at most {longest:g} mm." if longest >= 0.3 else "Choose a flatter angle."


def _published(library: Library) -> tuple[SourceRef, ...]:
    if "MICH18" not in library.sources:
        return ()
    text = "Recomputed from length, insertion and angle, over 70 % of injections published as intradermal lay in fat."
    return (SourceRef("MICH18", "abstract", "B", text, library.sources["MICH18"].reviewed),)


def _deep(method: Technique, tip: Decimal | None, library: Library) -> tuple[Finding, ...]:
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


def _crowded(laid: Sequence[Layout]) -> tuple[Finding, ...]:
    """Points of neighbouring areas nearer to each other than half the spacing: each area has a grid of its own, so this happens where two meet."""
    from scipy.spatial import KDTree

    by_map: dict[str, list[tuple[Point, float]]] = {}
    for layout in laid:
        reach = float(layout.plan.generator.spacing_mm) / 2
        by_map.setdefault(layout.plan.area.map, []).extend((point, reach) for point in layout.points)
    near = [
        math.hypot(one.x_mm - other.x_mm, one.y_mm - other.y_mm)
        for points in by_map.values()
        if points
        for i, j in KDTree([(point.x_mm, point.y_mm) for point, _ in points]).query_pairs(max(reach for _, reach in points))
        for (one, reach), (other, its) in ((points[i], points[j]),)
        if one.zone_key != other.zone_key and math.hypot(one.x_mm - other.x_mm, one.y_mm - other.y_mm) <= min(reach, its)
    ]
    if not near:
        return ()
    what = "1 pair of points" if len(near) == 1 else f"{len(near)} pairs of points"
    lie = "lies" if len(near) == 1 else "lie"
    text = f"{what} of neighbouring areas {lie} less than half the spacing apart, down to {min(near):.1f} mm. Take one of each out."
    return (Finding(rule="map.crowded", effect=Effect.CAUTION, text=text, limits=FLAT),)


def _caution_areas(laid: Sequence[Layout]) -> tuple[Finding, ...]:
    """What is to be minded where points lie in a caution area, told once for both sides. It only informs where every tip surely ends above it.

    A zone treated in passes is treated all over, so that what lies in it counts as one place.
    """
    told: dict[str, tuple[CautionArea, list[Point], list[Tip], list[str]]] = {}
    for layout in laid:
        for spot in layout.shape.caution:
            inside = [layout.points[at] for at in grids.which_inside(spot.polygon, [(point.x_mm, point.y_mm) for point in layout.points])]
            tips = [Tip(point.inserted_length_mm, point.angle_deg) for point in inside]
            if layout.total.rolled and grids.area_mm2(spot.polygon, within=layout.plan.drawn or layout.shape.polygon) > 0:
                tips = list(layout.tips)
            if tips:
                _, points, before, where = told.get(spot.text, (spot, [], [], []))
                told[spot.text] = (spot, [*points, *inside], [*before, *tips], [*where, layout.label])
    return tuple(_caution_area(number, *found) for number, found in enumerate(told.values(), 1))


def _caution_area(number: int, spot: CautionArea, points: Sequence[Point], tips: Sequence[Tip], where: Sequence[str]) -> Finding:
    begins = spot.depth_mm.low if spot.depth_mm else None
    depths = [tip.depth_mm for tip in tips]
    deepest = None if None in depths else max(filter(None, depths), default=Decimal(0))
    above = begins is not None and deepest is not None and deepest < begins
    tip = Fact("depth of the tip", "unknown" if deepest is None else f"{_amount(deepest)} mm", None, "the plan")
    what = Fact("what is to be spared can begin", "unknown" if begins is None else f"{_amount(begins)} mm deep", None, "the drawing's caution area")
    lies = "1 point lies" if len(points) == 1 else f"{len(points)} points lie" if points else "The passes go over skin"
    return Finding(
        rule=f"map.caution_area.{number}",
        effect=Effect.INFORM if above else Effect.CAUTION,
        text=f"{lies} in a caution area ({_listed(where)}). {spot.text}",
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
