"""From a course and a map to what the page shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from pistor.care.formulation import Blend, DoseCheck, UnusableBlend
from pistor.care.injection_map import Area, Edits, InjectionMap, NoMap, Point, Scales, ZonePlan, kept_scale, scale_from_dict, thicknesses
from pistor.care.overlays import Overlays
from pistor.clinic.injection_map.forms import BOUNDS, PATTERN_WORDS, ZONE
from pistor.clinic.shared.single_points import chosen_value
from pistor.clinic.shared.templatetags.pistor import unit
from pistor.delivery.depth import boundaries
from pistor.delivery.grids import RULE
from pistor.exchange.pictures import depth_svg, map_svg
from pistor.knowledge import Library
from pistor.knowledge.model import BodyMap, Protocol, Quantity, Technique
from pistor.records.course import Course
from pistor.records.doses import giving_of
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan
from pistor.records.plan import zone_plans_of

MOST_LISTED = 1000
CHECKED = mark_safe(" checked")
PATTERNS = {**{name: words for name, words in PATTERN_WORDS.items() if name}, "points": "A figure of so many points", "passes": "Passes over the skin"}
NUMBERS = (  # label and unit beside each number of a zone
    ("spacing_mm", "Spacing", "mm"), ("along_mm", "Along a row", "mm"), ("volume_per_point_ml", "At each point", "mL"), ("needle_length_mm", "Needle", "mm"),
    ("inserted_length_mm", "Length put in", "mm"), ("angle_deg", "Angle", "°"), ("passes", "Passes", ""), ("on_skin_ml", "On the skin", "mL"),
    ("seed", "Place of the grid", ""),
)  # fmt: skip


def zones_of(course: Course, library: Library) -> tuple[str, ...]:
    known = library.indications.get(course.indication)
    return tuple(dict.fromkeys((course.zone, *(known.zones if known else ()))))


def maps_of(course: Course, library: Library) -> tuple[BodyMap, ...]:
    """The body maps that show a zone of this course's indication."""
    zones = zones_of(course, library)
    return tuple(drawn for drawn in library.body_maps.values() if any(shape.zone in zones for shape in drawn.zones))


def first_values(course: Course, library: Library) -> dict[str, Any]:
    """What a map begins with where none is kept: what protocol and technique publish. What is not published is left out."""
    protocol = library.protocols.get(course.protocol)
    method = library.techniques.get(protocol.technique) if protocol else None
    zone = library.zones.get(course.zone)
    main = zone.body_map if zone else None
    return {
        "areas": [f"{main}:{shape.zone}:{shape.side}" for shape in library.body_maps[main].zones if shape.zone == course.zone]
        if main in library.body_maps
        else [],
        **({"technique": method.id, **published(method, protocol)} if method else {}),
    }


def drawn_earlier(plan: InjectionPlan | None, library: Library) -> bool:
    """Whether the kept map was made on a drawing, or by a rule for grids, that was replaced since: its points have other numbers today."""
    versions = {body.id: body.version for body in library.body_maps.values()}
    return plan is not None and any(zone.generator.grid != RULE or zone.area.version != versions.get(zone.area.map) for zone in zone_plans_of(plan))


def as_today(plan: InjectionPlan, library: Library) -> tuple[tuple[ZonePlan, ...], Scales]:
    """The zones and the scale of a kept map; where it was made on an earlier drawing, the same zones on that of today, without what was changed by hand."""
    zones = zone_plans_of(plan)
    if not drawn_earlier(plan, library):
        return zones, kept_scale(plan.scale)
    renewed = {made.key: made for zone in zones if (made := _zone_today(zone, library)) is not None}
    measured = {map_: {"from": one.as_dict()["from"]} for map_, one in kept_scale(plan.scale).items() if map_ in library.body_maps and one.measured}
    try:
        return tuple(renewed.values()), scale_from_dict(measured, library, {})
    except NoMap:  # what was measured is no longer drawn
        return tuple(renewed.values()), {}


def _zone_today(plan: ZonePlan, library: Library) -> ZonePlan | None:
    """The same zone and side on the drawing of today, or where that has it no more on the one that its zone names."""
    zone, side, known = plan.area.zone, plan.area.side, library.zones.get(plan.area.zone)
    for id_ in (plan.area.map, known.body_map if known else None):
        body = library.body_maps.get(id_ or "")
        if body and any((shape.zone, shape.side) == (zone, side) for shape in body.zones):
            drawn = plan.drawn if body.id == plan.area.map else ()
            area, generator = Area(body.id, zone, side, body.version), replace(plan.generator, grid=RULE)
            return replace(plan, area=area, drawn=drawn, number=plan.number if drawn else 0, generator=generator, edits=Edits(), chosen=())
    return None


def values_of(zones: Sequence[ZonePlan], library: Library) -> dict[str, Any]:
    """Zones as the list without a script shows them: the areas, and the numbers of the first."""
    if not zones:
        return {}
    first = zones[0]
    numbers = {name: getattr(first.generator, name) for name in BOUNDS}
    own = library.techniques.get(first.technique)
    return {
        "areas": [zone.key for zone in zones if not zone.drawn],
        "technique": first.technique,
        "pattern": "" if own and own.pattern == first.generator.pattern else first.generator.pattern,
        **{name: plain(Decimal(value)) for name, value in numbers.items() if value is not None},
    }


def zone_fields(zones: Sequence[Mapping[str, Any]], scale: Scales, library: Library) -> list[tuple[str, str, str]]:
    """Name, value and label of the fields that hold the map: one for each zone, and one for the scale."""

    def text(value: object) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    scaled = {map_: one.as_dict() for map_, one in scale.items()}
    return [*((f"{ZONE}{zone['key']}", text(zone), zone_label(zone, library)) for zone in zones), ("scale", text(scaled), "Scale to the patient")]


def zone_label(zone: Mapping[str, Any], library: Library) -> str:
    body = library.body_maps.get(str(zone.get("map")))
    shape = next((shape for shape in body.zones if (shape.zone, shape.side) == (zone.get("zone"), zone.get("side"))), None) if body else None
    return str(zone.get("label") or "") or (shape.label if shape else str(zone["key"]))


def lacking(zone: Mapping[str, Any], library: Library) -> str:
    """What a planned zone lacks still, as a sentence."""
    generator = zone["generator"]
    unused = generator.get("pattern") == "passes"
    there = (
        ("a technique", zone.get("technique")),
        ("a spacing", unused or zone.get("chosen") or generator.get("spacing_mm")),
        ("a volume", unused or zone.get("chosen") or generator.get("volume_per_point_ml")),
    )
    missing = [name for name, value in there if not value]
    return f"{zone_label(zone, library)} needs {', '.join(missing)}." if missing else ""


def zone_dicts(values: Mapping[str, Any], library: Library) -> list[dict[str, Any]]:
    """Zones of which not all is known yet, as the planner takes them."""
    begun = begun_with(values, library)
    keys = [key.split(":") for key in values.get("areas", ())]
    return [
        {
            "key": ":".join(key), "map": key[0], "map_version": library.body_maps[key[0]].version, "zone": key[1], "side": key[2],
            "drawn": None, "label": "", "chosen": None, "edits": {}, **begun,
        }
        for key in keys
        if key[0] in library.body_maps
    ]  # fmt: skip


def begun_with(values: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """Technique and generator of a new zone, from the values of the list. None is *not given*."""
    method = library.techniques.get(values.get("technique") or "")
    technique, pattern = (method.id, values.get("pattern") or method.pattern) if method else ("", values.get("pattern") or "hexagonal")
    numbers: dict[str, Any] = {name: values.get(name) or None for name in BOUNDS}
    whole = {"passes": _whole(numbers["passes"]), "seed": _whole(numbers["seed"]) or 0}
    return {"technique": technique, "generator": {**numbers, **whole, "pattern": pattern, "grid": RULE}}


def planner(*, values: Mapping[str, Any], course: Course, formulation: Formulation | None, library: Library) -> dict[str, Any]:
    """What the planner chooses from, as JSON. The zones are in fields of their own."""
    wanted = zones_of(course, library)
    return {
        "first": begun_with(values, library),
        "maps": [
            {
                "id": body.id, "title": body.title, "view": body.view,
                "areas": [
                    {"key": f"{body.id}:{shape.zone}:{shape.side}", "zone": shape.zone, "side": shape.side, "label": shape.label, "version": body.version}
                    for shape in body.zones if shape.zone in wanted
                ],
            }
            for body in maps_of(course, library)
        ],
        "techniques": [
            {
                "id": method.id, "name": method.name, "pattern": method.pattern, "url": reverse("library:entry", args=["techniques", method.id]),
                "published": begun_published(method), "facts": [[label, quantity_text(known)] for label, known in technique_facts(method)],
            }
            for method in library.techniques.values()
        ],
        "patterns": PATTERNS,
        "bounds": {name: [float(low), float(high)] for name, (low, high) in BOUNDS.items()},
        "blend_ml": plain(formulation.volume_ml) if formulation else None,
    }  # fmt: skip


def begun_published(method: Technique) -> dict[str, Any]:
    """The published numbers as a generator takes them."""
    return {name: int(value) if name == "passes" else value for name, value in published(method).items()}


def quantity_text(known: Quantity | None) -> str | None:
    """A published number or range in one line; None where none is published."""
    if known is None:
        return None
    low, high = known.min, known.max
    told = plain(known.value) if known.value is not None else f"{plain(low)} to {plain(high)}" if low is not None and high is not None else ""
    told = told or (f"up to {plain(high)}" if high is not None else f"from {plain(low)}" if low is not None else "")
    return f"{told} {unit(known.unit)}"


def suggested_values(query: Mapping[str, str]) -> dict[str, str]:
    """Spacing, volume and depth that another page suggests in the address; whatever is no plain number is left out."""
    numbers = ("spacing_mm", "volume_per_point_ml", "inserted_length_mm", "angle_deg")
    given = {name: query.get(name, "") for name in numbers}
    return {name: value for name, value in given.items() if re.fullmatch(r"\d{1,3}(\.\d{1,3})?", value, re.ASCII)}


def published(method: Technique, protocol: Protocol | None = None) -> dict[str, str]:
    """The lower end of what is published for each number; a number that is not published is left empty."""
    volume = (protocol.volume_per_point_ml if protocol else None) or method.volume_per_point_ml
    own = {
        "spacing_mm": (protocol.spacing_mm if protocol else None) or method.spacing_mm,
        "volume_per_point_ml": volume if volume and volume.low is not None else None,  # a bare maximum is a limit, no dose
        "needle_length_mm": method.needle_length_mm,
        "inserted_length_mm": (protocol.inserted_length_mm if protocol else None) or method.inserted_length_mm,
        "angle_deg": method.angle_deg,
        "passes": method.passes,
    }
    return {key: plain(low) for key, known in own.items() if known is not None and (low := _low(known)) is not None}


def technique_facts(method: Technique) -> list[tuple[str, Quantity | None]]:
    return [
        ("Depth", method.depth_mm),
        ("Needle", method.needle_length_mm),
        ("Angle", method.angle_deg),
        ("Volume at each point", method.volume_per_point_ml),
        ("Spacing", method.spacing_mm),
        *([("Points", method.points)] if method.points else []),
        *([("Passes", method.passes)] if method.passes else []),
    ]


def pictures(maps: tuple[BodyMap, ...], drawn: InjectionMap | None, overlays: Overlays, library: Library) -> list[dict[str, Any]]:
    """Maps with chosen areas first and large, with their points on them; the others small, to choose from."""
    used = {area.map for area in drawn.areas} if drawn else {body.id for body in maps}
    ordered = sorted(maps, key=lambda body: body.id not in used)
    return [
        {
            "view": body.view,
            "used": body.id in used,
            "svg": map_svg(drawn if body.id in used else None, library, body.id, legend=body.id in used, overlays=overlays),
        }
        for body in ordered
    ]


def depth_pictures(drawn: InjectionMap, library: Library) -> list[dict[str, str]]:
    """One picture of the needle in the skin for each zone of the body that is treated, and for each depth in it."""
    told = {}
    for total in drawn.zones:
        edges = [(edge.name, edge.low_mm, edge.high_mm) for edge in boundaries(thicknesses(library.zones[total.zone]))]
        svg = depth_svg(edges, _float(total.tip_depth_mm), _float(total.inserted_length_mm), _float(total.angle_deg))
        told[total.zone, total.tip_depth_mm] = {"name": library.zones[total.zone].name, "svg": svg, "tip": total.tip_text}
    return list(told.values())


def ingredient_totals(drawn: InjectionMap, formulation: Formulation | None) -> list[dict[str, Any]]:
    """Per active ingredient: what each point and the whole map give of the current blend."""
    if formulation is None:
        return []
    rows = []
    for concentration in formulation.result.get("concentrations", ()):
        per_ml = Decimal(str(concentration["per_ml"]))
        unit = str(concentration["unit"]).removesuffix("/mL")
        least, most = (per_ml * volume for volume in drawn.volumes_ml)
        rows.append({"name": concentration["name"], "unit": unit, "least": least, "most": most, "total": per_ml * drawn.needed_ml})
    return rows


def single_points(drawn: InjectionMap) -> list[dict[str, Any]]:
    """The areas whose points were chosen one by one: the value that keeps them, how many get how much, and where each lies."""
    labels = {total.key: total.label for total in drawn.zones}
    found = []
    for key, chosen in drawn.chosen.items():
        points = drawn.points_in(key)
        counts = sorted(Counter(point.volume_ml for point in points).items())
        found.append(
            {
                "value": chosen_value(key, chosen),
                "label": labels[key],
                "count": len(points),
                "told": ", ".join(f"{count} of {plain(volume)} mL" for volume, count in counts),
                "points": sorted(points, key=lambda point: (point.y_mm, point.x_mm)),
            }
        )
    return found


def dose_checks(course: Course, drawn: InjectionMap, formulation: Formulation | None, library: Library) -> list[DoseCheck]:
    """The doses of this map against their limits, as saving it would check them: what is over first, what has no limit last."""
    if formulation is None:
        return []
    try:
        checks = giving_of(course, library, drawn).checks(Blend.from_dict(formulation.result), library)
    except UnusableBlend:  # a kept blend with knowledge that is gone: the page for the blend says so
        return []
    return sorted(checks, key=lambda check: ("over", "near", "within", "unknown").index(check.state))


def point_choices(drawn: InjectionMap, *, listed: bool) -> SafeString:
    """Boxes to take points out: those that are out, and where they are asked for the others, with a field for place and volume of each."""
    rows = [(point, True) for point in drawn.taken_out]
    if not listed:
        return format_html('<div class="choices">{}</div>', _joined(_BOX, rows, drawn))
    rows = sorted([*rows, *((point, False) for point in drawn.placed)], key=lambda row: (row[0].zone_key, row[0].y_mm, row[0].x_mm))[:MOST_LISTED]
    return format_html('<div class="choices one-per-line">{}</div>', _joined(_BOX + _FIELD, rows, drawn))


_BOX = '<label class="choice"><input type="checkbox" name="removed" value="{key}"{out}><span>{label}, point {name}</span></label>'
_FIELD = '<input type="text" name="point.{key}" value="{place}" aria-label="{label}, point {name}: right, down, volume" autocomplete="off">'


def _joined(template: str, rows: Sequence[tuple[Point, bool]], drawn: InjectionMap) -> SafeString:
    labels = {total.key: total.label for total in drawn.zones}
    made = (
        format_html(
            template, key=point.key, out=CHECKED if out else "", label=labels[point.zone_key], name=point.name,
            place=f"{point.x_mm:.1f} {point.y_mm:.1f} {plain(point.volume_ml)}",
        )
        for point, out in rows
    )  # fmt: skip
    return mark_safe("".join(made))  # noqa: S308 - each of them is escaped


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _low(known: Quantity) -> Decimal | None:
    return known.low if known.low is not None else known.high


def _whole(text: Any) -> int | None:
    """A whole number that was typed, where it is one; nobody means one of twenty digits."""
    return int(text) if re.fullmatch(r"[0-9]{1,20}", str(text)) else None


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
