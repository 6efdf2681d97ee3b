"""What lies over an injection map: marks on the patient's skin, zones that rest since the last treatment, and where points went before.

Positions are millimetres on the drawing as it is drawn; :func:`on_patient` puts them into a patient's scale.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pistor.care.evidence import Effect, Fact, Finding
from pistor.care.injection_map import AS_DRAWN, InjectionMap, ground_of, shape_of
from pistor.delivery import grids
from pistor.knowledge import Library

CELL_MM = 5.0
KINDS = {"scar": "Scar", "implant": "Implant", "reaction": "Earlier reaction", "other": "Mark"}
Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the patient to be minded, outlined on the drawing of a body map."""

    id: str
    map: str
    kind: str
    text: str
    noted_on: dt.date
    outline: tuple[Position, ...]

    @property
    def label(self) -> str:
        return f"{KINDS[self.kind]}: {self.text}" if self.text else KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction that was reported after an earlier treatment; reports name a zone, no place in it."""

    zone: str
    began_on: dt.date
    signs: tuple[str, ...]

    def told(self, library: Library) -> str:
        zone = library.zones[self.zone].name if self.zone in library.zones else self.zone.replace("_", " ")
        return f"A reaction began on {self.began_on.isoformat()} after an earlier treatment ({zone}: {self.signs_told(library)})."

    def signs_told(self, library: Library) -> str:
        named = (library.signs[id_].text.en if id_ in library.signs else id_.replace("_", " ") for id_ in self.signs)
        return ", ".join(named) or "signs not recorded"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier treatment: the zones that got something, and its points by body map.

    ``interval_days`` is what was to lie between two treatments then; None is not known. ``unplaced`` points were given on a drawing that was replaced since.
    """

    on: dt.date
    zones: tuple[tuple[str, str], ...]
    interval_days: int | None
    points: Mapping[str, Sequence[Position]]
    unplaced: int = 0


@dataclass(frozen=True, slots=True)
class Resting:
    """A zone since its last treatment. ``days_left`` of its rest are to come; None: how long it should rest is not known."""

    zone: str
    side: str
    last_on: dt.date
    days_ago: int
    interval_days: int | None

    @property
    def days_left(self) -> int | None:
        return None if self.interval_days is None else max(0, self.interval_days - self.days_ago)

    @property
    def state(self) -> str:
        return "unknown" if self.days_left is None else "resting" if self.days_left else "rested"

    def told(self, label: str) -> str:
        ago = "today" if not self.days_ago else f"{self.days_ago} {'day' if self.days_ago == 1 else 'days'} ago"
        rest = {
            "unknown": "how long it should rest is unknown",
            "rested": f"its rest of {self.interval_days} days is over",
            "resting": f"{self.days_left} {'day' if self.days_left == 1 else 'days'} of its rest of {self.interval_days} days are left",
        }[self.state]
        return f"{label} was treated {ago}: {rest}."


@dataclass(frozen=True, slots=True)
class Heat:
    """How many points went into each cell of a body map. A cell is told by its upper left corner."""

    map: str
    cells: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class Overlays:
    marks: tuple[Mark, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    resting: tuple[Resting, ...] = ()
    heat: tuple[Heat, ...] = ()
    visits: int = 0  # that the heat is made of
    unplaced: int = 0  # points of them that are on no drawing of today
    lost: tuple[str, ...] = ()  # marks on a drawing that was replaced since: nobody knows where they are on that of today


def overlays_from(
    marks: Sequence[Mark], reactions: Sequence[Reaction], earlier: Sequence[Earlier], on: dt.date, *, visits: int, lost: Sequence[str] = ()
) -> Overlays:
    """The overlays of a day; the heat is of the newest ``visits`` treatments."""
    last = sorted(earlier, key=lambda one: one.on, reverse=True)[:visits]
    return Overlays(tuple(marks), tuple(reactions), resting_since(earlier, on), heat_of(last), len(last), sum(one.unplaced for one in last), tuple(lost))


def resting_since(earlier: Sequence[Earlier], on: dt.date) -> tuple[Resting, ...]:
    """Each zone that was ever treated, by its last treatment until that day."""
    newest: dict[tuple[str, str], Earlier] = {}
    for one in sorted((one for one in earlier if one.on <= on), key=lambda one: one.on):
        newest |= dict.fromkeys(one.zones, one)
    return tuple(Resting(zone, side, one.on, (on - one.on).days, one.interval_days) for (zone, side), one in sorted(newest.items()))


def heat_of(earlier: Sequence[Earlier]) -> tuple[Heat, ...]:
    """Points of these treatments, counted in square cells."""
    counts: dict[str, Counter[Position]] = {}
    for one in earlier:
        for map_, points in one.points.items():
            counts.setdefault(map_, Counter()).update((x // CELL_MM * CELL_MM, y // CELL_MM * CELL_MM) for x, y in points)
    return tuple(Heat(map_, tuple((x, y, count) for (x, y), count in sorted(cells.items()))) for map_, cells in counts.items())


def overlay_findings(drawn: InjectionMap, overlays: Overlays, library: Library) -> tuple[Finding, ...]:
    """What the overlays say of a map: zones that rest, marks and reactions where something is planned. They stop nothing."""
    return (*_resting(drawn, overlays), *_marks(drawn, overlays, library), *_reactions(drawn, overlays, library))


def _resting(drawn: InjectionMap, overlays: Overlays) -> tuple[Finding, ...]:
    since = {(one.zone, one.side): one for one in overlays.resting if one.state != "rested"}
    told = {one: zone.label for zone in drawn.zones if (one := since.get((zone.zone, zone.side)))}
    effects = {"resting": Effect.CAUTION, "unknown": Effect.INFORM}
    return tuple(
        Finding(
            rule=f"map.resting.{number}",
            effect=effects[one.state],
            text=one.told(label),
            because=(Fact("last treatment of the zone", one.last_on.isoformat(), one.last_on, "the signed treatment"),),
            limits="How long skin needs to rest was not measured: the interval is that of the course or its protocol.",
        )
        for number, (one, label) in enumerate(told.items(), 1)
    )


def _marks(drawn: InjectionMap, overlays: Overlays, library: Library) -> tuple[Finding, ...]:
    found = []
    for number, mark in enumerate(overlays.marks, 1):
        outline = on_patient(mark.outline, mark.map, drawn)
        here = [point for point in drawn.placed if point.area.map == mark.map]
        inside = grids.which_inside(outline, [(point.x_mm, point.y_mm) for point in here])
        rolled = [zone.label for zone, plan in zip(drawn.zones, drawn.zone_plans, strict=True) if zone.rolled and zone.map == mark.map
                  and (shape := shape_of(plan.area, library, drawn.scale)) and grids.area_mm2(outline, within=ground_of(plan, shape).polygon) > 0]  # fmt: skip
        if inside or rolled:
            lie = "1 point lies" if len(inside) == 1 else f"{len(inside)} points lie" if inside else f"The passes in {', '.join(rolled)} go over skin"
            text = f"{lie} in a place that was marked on {mark.noted_on.isoformat()} ({mark.label}). Look at it before you treat there."
            facts = (Fact(KINDS[mark.kind], mark.text or "marked", mark.noted_on, "marked on the body map"),)
            found.append(Finding(rule=f"map.mark.{number}", effect=Effect.CAUTION, text=text, because=facts))
    if overlays.lost:
        text = f"Marked on an earlier drawing, so that the place on this one is not known: {'; '.join(overlays.lost)}. Look for it and mark it anew."
        found.append(Finding(rule="map.mark_lost", effect=Effect.CAUTION, text=text))
    return tuple(found)


def _reactions(drawn: InjectionMap, overlays: Overlays, library: Library) -> tuple[Finding, ...]:
    planned = {zone.zone for zone in drawn.zones}
    return tuple(
        Finding(
            rule=f"map.reaction.{number}",
            effect=Effect.CAUTION,
            text=one.told(library),
            because=(Fact("reaction", one.signs_told(library), one.began_on, "a report"),),
        )
        for number, one in enumerate((one for one in overlays.reactions if one.zone in planned), 1)
    )


def on_patient(places: Sequence[Position], map_: str, drawn: InjectionMap | None) -> list[Position]:
    """Places on the drawing, in the scale in which a map is drawn."""
    factor = drawn.scale.get(map_, AS_DRAWN) if drawn else AS_DRAWN
    return [(round(x * factor.x, 2), round(y * factor.y, 2)) for x, y in places]


def overlays_as_dict(overlays: Overlays, drawn: InjectionMap | None, library: Library) -> dict[str, Any]:
    """For a page: positions in the scale of ``drawn``, and sentences beside the numbers."""
    labels = {(shape.zone, shape.side): shape.label for body in library.body_maps.values() for shape in body.zones}

    def rest(one: Resting) -> dict[str, Any]:
        told = one.told(next((label for (zone, side), label in labels.items() if (zone, side) == (one.zone, one.side)), one.zone))
        return {"zone": one.zone, "side": one.side, "days_ago": one.days_ago, "days_left": one.days_left, "state": one.state, "text": told}

    def heat(one: Heat) -> dict[str, Any]:
        factor = drawn.scale.get(one.map, AS_DRAWN) if drawn else AS_DRAWN
        cells = [[*on_patient([(x, y)], one.map, drawn)[0], count] for x, y, count in one.cells]
        return {"width_mm": round(CELL_MM * factor.x, 2), "height_mm": round(CELL_MM * factor.y, 2), "cells": cells}

    return {
        "marks": [
            {"id": mark.id, "map": mark.map, "kind": mark.kind, "text": mark.label, "noted_on": mark.noted_on.isoformat(),
             "outline": [list(place) for place in on_patient(mark.outline, mark.map, drawn)]}
            for mark in overlays.marks
        ],
        "reactions": [{"zone": one.zone, "began_on": one.began_on.isoformat(), "text": one.told(library)} for one in overlays.reactions],
        "resting": [rest(one) for one in overlays.resting],
        "heat": {one.map: heat(one) for one in overlays.heat},
        "visits": overlays.visits,
        "unplaced": overlays.unplaced,
        "lost": list(overlays.lost),
    }  # fmt: skip
