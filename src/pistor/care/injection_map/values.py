"""What an injection map is made of and what it says: plain values, in millimetres and millilitres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from pistor.care.evidence import Finding
from pistor.delivery import depth, grids

VOLUME_PER_POINT_ML = (Decimal("0.001"), Decimal(5))
ON_SKIN_ML = (Decimal("0.01"), Decimal(50))  # a guard against typing errors
PASSES_RANGE = (1, 100)
POSITION_MM = 10_000
PASSES = "passes"  # the pattern of rollers and stamps: no single points, a film on the skin

Position = tuple[float, float]


class NoMap(ValueError):
    """No map can be made of this; each of ``reasons`` says why, in a sentence."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


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
    """What the points of a zone come from. A length or an angle of None is *not given*; the depth is then unknown.

    ``grid`` is the rule of :mod:`pistor.delivery.grids` by which the lattice is placed. Maps keep the rule they were drawn by.
    With the pattern ``passes`` there are no points: spacing and volume per point are unused, and ``on_skin_ml`` is the film on the zone.
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
    passes: int | None = None  # over each place
    on_skin_ml: Decimal | None = None  # on the whole zone; None is not given

    def as_dict(self) -> dict[str, Any]:
        return {
            "pattern": self.pattern,
            "spacing_mm": f"{self.spacing_mm:f}",
            "volume_per_point_ml": f"{self.volume_per_point_ml:f}",
            "inserted_length_mm": text(self.inserted_length_mm),
            "angle_deg": text(self.angle_deg),
            "needle_length_mm": text(self.needle_length_mm),
            "seed": self.seed,
            "grid": self.grid,
            "along_mm": text(self.along_mm),
            **({"passes": self.passes, "on_skin_ml": text(self.on_skin_ml)} if self.pattern == PASSES else {}),
        }

    @property
    def tip_depth_mm(self) -> Decimal | None:
        return tip_depth_mm(self.inserted_length_mm, self.angle_deg)


def tip_depth_mm(inserted_length_mm: Decimal | None, angle_deg: Decimal | None) -> Decimal | None:
    if inserted_length_mm is None or angle_deg is None:
        return None
    return Decimal(str(round(depth.tip_depth_mm(float(inserted_length_mm), float(angle_deg)), 2)))


class Chosen(NamedTuple):
    """A point that was chosen one by one, with a volume of its own."""

    x_mm: float
    y_mm: float
    volume_ml: Decimal


ChosenPoints = Mapping[str, Sequence[Chosen]]  # by the key of the zone in which they stand in the place of the generator's


@dataclass(frozen=True, slots=True)
class Change:
    """What a single point gets in place of what its zone gives. None: as the zone has it."""

    volume_ml: Decimal | None = None
    inserted_length_mm: Decimal | None = None
    angle_deg: Decimal | None = None

    def as_dict(self) -> dict[str, str]:
        named = (("ml", self.volume_ml), ("inserted_mm", self.inserted_length_mm), ("angle_deg", self.angle_deg))
        return {name: f"{value:f}" for name, value in named if value is not None}


@dataclass(frozen=True, slots=True)
class Edits:
    """What was changed by hand. Points are named by their number in the zone (``"12"``), added ones ``"a1"``, ``"a2"`` and so on."""

    removed: frozenset[str] = frozenset()
    moved: Mapping[str, Position] = field(default_factory=dict)
    added: Mapping[str, Position] = field(default_factory=dict)
    changed: Mapping[str, Change] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.removed or self.moved or self.added or self.changed)

    def then(self, later: Edits) -> Edits:
        """These edits, and later ones of the same points on top of them: what was given, over what was planned."""
        changed = {key: merged(self.changed.get(key), later.changed.get(key)) for key in {**self.changed, **later.changed}}
        return Edits(self.removed | later.removed, {**self.moved, **later.moved}, {**self.added, **later.added}, changed)

    def as_dict(self) -> dict[str, Any]:
        return {
            "removed": sorted(self.removed, key=point_order),
            "moved": {key: list(place) for key, place in sorted(self.moved.items(), key=lambda item: point_order(item[0]))},
            "added": {key: list(place) for key, place in sorted(self.added.items(), key=lambda item: point_order(item[0]))},
            "changed": {key: change.as_dict() for key, change in sorted(self.changed.items(), key=lambda item: point_order(item[0]))},
        }


def merged(first: Change | None, later: Change | None) -> Change:
    """``later`` where it says something, else ``first``."""
    first, later = first or Change(), later or Change()
    return Change(
        first.volume_ml if later.volume_ml is None else later.volume_ml,
        first.inserted_length_mm if later.inserted_length_mm is None else later.inserted_length_mm,
        first.angle_deg if later.angle_deg is None else later.angle_deg,
    )


def point_order(key: str) -> tuple[bool, int]:
    """Generated points by their number, then added ones by theirs."""
    return key.startswith("a"), int(key.lstrip("a") or 0)


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """One zone with its own technique and generator, and what was changed in it by hand.

    ``chosen`` points stand in the place of the generator's. ``drawn`` is the outline of a zone drawn freehand inside ``area`` (mm on the
    drawing, in the patient's scale), ``number`` tells such zones apart and ``label`` is its name.
    """

    area: Area
    technique: str
    generator: Generator
    edits: Edits = Edits()
    chosen: tuple[Chosen, ...] = ()
    drawn: tuple[Position, ...] = ()
    label: str = ""
    number: int = 0

    @property
    def key(self) -> str:
        return f"{self.area.key}:d{self.number}" if self.drawn else self.area.key

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            **self.area.as_dict(),
            "drawn": [list(place) for place in self.drawn] or None,
            "label": self.label,
            "technique": self.technique,
            "generator": self.generator.as_dict(),
            "chosen": [[point.x_mm, point.y_mm, f"{point.volume_ml:f}"] for point in self.chosen] or None,
            "edits": self.edits.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Point:
    """A point on a body map. ``key`` is that of its zone and its own in it: stable while the zone's generator, or the points chosen, stay the same.

    ``flags``: ``m`` moved, ``a`` added, ``v`` with a volume or a depth of its own, ``r`` taken out.
    """

    key: str
    area: Area
    x_mm: float
    y_mm: float
    volume_ml: Decimal
    inserted_length_mm: Decimal | None = None
    angle_deg: Decimal | None = None
    flags: str = ""

    @property
    def zone_key(self) -> str:
        return self.key.rpartition(":")[0]

    @property
    def name(self) -> str:
        """Its own key in its zone."""
        return self.key.rpartition(":")[2]

    @property
    def tip_depth_mm(self) -> Decimal | None:
        return tip_depth_mm(self.inserted_length_mm, self.angle_deg)


@dataclass(frozen=True, slots=True)
class ZoneTotal:
    """What one zone gets. ``tip_layer`` is *unknown* where thickness is unknown or allows two layers; ``tip_text`` says which.

    ``volume_ml`` is injected, the sum over the points; ``on_skin_ml`` is a film on the skin of a zone treated in ``passes``.
    ``tip_depth_mm`` is that of the deepest point.
    """

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
    key: str = ""
    technique: str = ""
    inserted_length_mm: Decimal | None = None
    angle_deg: Decimal | None = None
    passes: int | None = None
    on_skin_ml: Decimal | None = None

    @property
    def rolled(self) -> bool:
        """Whether it is treated in passes, with no single points."""
        return self.passes is not None

    def as_dict(self) -> dict[str, Any]:
        return {
            "map": self.map,
            "zone": self.zone,
            "side": self.side,
            "label": self.label,
            "points": self.points,
            "volume_ml": f"{self.volume_ml:f}",
            "area_cm2": f"{self.area_cm2:f}",
            "tip_depth_mm": text(self.tip_depth_mm),
            "tip_layer": self.tip_layer,
            "tip_text": self.tip_text,
            "key": self.key,
            "technique": self.technique,
            "inserted_length_mm": text(self.inserted_length_mm),
            "angle_deg": text(self.angle_deg),
            **({"passes": self.passes, "on_skin_ml": text(self.on_skin_ml)} if self.rolled else {}),
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """A length taken on the patient: how far a zone reaches across (x) or from top to bottom (y)."""

    zone: str
    side: str
    along: str
    mm: Decimal

    def as_dict(self) -> dict[str, str]:
        return {"of": f"{self.zone}:{self.side}", "along": self.along, "mm": f"{self.mm:f}"}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much larger the patient is than the drawing of one body map, across and from top to bottom, and what that was measured by."""

    x: float = 1.0
    y: float = 1.0
    measured: tuple[Measured, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"x": self.x, "y": self.y, "from": [one.as_dict() for one in self.measured]}


Scales = Mapping[str, Scale]  # by the id of the body map; a map that is not named is drawn as it is
AS_DRAWN = Scale()


@dataclass(frozen=True, slots=True)
class InjectionMap:
    zone_plans: tuple[ZonePlan, ...]
    zones: tuple[ZoneTotal, ...]  # one for each of the plans
    points: int
    volume_ml: Decimal
    area_cm2: Decimal
    findings: tuple[Finding, ...] = ()
    placed: tuple[Point, ...] = field(default=(), repr=False)  # the points that are left
    taken_out: tuple[Point, ...] = field(default=(), repr=False)
    scale: Scales = field(default_factory=dict)
    least_spacing_mm: Decimal = Decimal(0)  # what the generators keep between points, or the shortest distance where points were put by hand
    densest_ml_per_cm2: Decimal | None = None  # of any zone; None where all are treated alike, so that the whole says it

    @property
    def main(self) -> ZonePlan:
        """The zone with most points, for what can say one number only."""
        counts = [total.points for total in self.zones]
        return self.zone_plans[counts.index(max(counts))]

    @property
    def generator(self) -> Generator:
        return self.main.generator

    @property
    def technique(self) -> str:
        return self.main.technique

    @property
    def techniques(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(plan.technique for plan in self.zone_plans))

    @property
    def alike(self) -> bool:
        """Whether all zones have one technique and one generator."""
        return len({(plan.technique, plan.generator) for plan in self.zone_plans}) == 1

    @property
    def areas(self) -> tuple[Area, ...]:
        return tuple(dict.fromkeys(plan.area for plan in self.zone_plans))

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(point.key for point in self.taken_out)

    @property
    def chosen(self) -> dict[str, tuple[Chosen, ...]]:
        return {plan.key: plan.chosen for plan in self.zone_plans if plan.chosen}

    @property
    def volumes_ml(self) -> tuple[Decimal, Decimal]:
        """The least and the most that a point gets."""
        volumes = [point.volume_ml for point in self.placed] or [self.generator.volume_per_point_ml]
        return min(volumes), max(volumes)

    @property
    def on_skin_ml(self) -> Decimal:
        """What is put on the skin of zones treated in passes, as far as it is said."""
        return sum((zone.on_skin_ml for zone in self.zones if zone.on_skin_ml is not None), Decimal(0))

    @property
    def needed_ml(self) -> Decimal:
        """What has to be in the syringe."""
        return self.volume_ml + self.on_skin_ml

    @property
    def stops(self) -> tuple[str, ...]:
        return tuple(finding.text for finding in self.findings if finding.stops)

    def points_in(self, key: str) -> list[Point]:
        """The points that are left in one zone, by its key."""
        return [point for point in self.placed if point.zone_key == key]

    def totals(self) -> dict[str, Any]:
        """Everything but what it is made from and the single points."""
        return {
            "areas": [area.as_dict() for area in self.areas],
            "generator": self.generator.as_dict(),
            "technique": self.technique,
            "zones": [zone.as_dict() for zone in self.zones],
            "points": self.points,
            "volume_ml": f"{self.volume_ml:f}",
            "on_skin_ml": f"{self.on_skin_ml:f}",
            "area_cm2": f"{self.area_cm2:f}",
            "most_per_point_ml": f"{self.volumes_ml[1]:f}",
            "least_spacing_mm": f"{self.least_spacing_mm:f}",
            "densest_ml_per_cm2": text(self.densest_ml_per_cm2),
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def as_dict(self) -> dict[str, Any]:
        """The totals and the zone plans that make the map again."""
        plans = [plan.as_dict() for plan in self.zone_plans]
        return {**self.totals(), "zone_plans": plans, "scale": {map_: one.as_dict() for map_, one in self.scale.items()}}


def text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
