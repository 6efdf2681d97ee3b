"""From a course and a map to what the page shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from pistor.care.formulation import Blend, DoseCheck, UnusableBlend
from pistor.care.injection_map import InjectionMap, generator_from_dict, thicknesses
from pistor.clinic.shared.single_points import chosen_value
from pistor.delivery.depth import boundaries
from pistor.delivery.grids import RULE
from pistor.exchange.pictures import depth_svg, map_svg
from pistor.knowledge import Library
from pistor.knowledge.model import BodyMap, Protocol, Quantity, Technique
from pistor.records.course import Course
from pistor.records.doses import giving_of
from pistor.records.formulation import Formulation
from pistor.records.injection_map import InjectionPlan

MOST_LISTED = 1000
CHECKED = mark_safe(" checked")


def zones_of(course: Course, library: Library) -> tuple[str, ...]:
    known = library.indications.get(course.indication)
    return tuple(dict.fromkeys((course.zone, *(known.zones if known else ()))))


def maps_of(course: Course, library: Library) -> tuple[BodyMap, ...]:
    """The body maps that show a zone of this course's indication."""
    zones = zones_of(course, library)
    return tuple(drawn for drawn in library.body_maps.values() if any(shape.zone in zones for shape in drawn.zones))


def first_values(course: Course, plan: InjectionPlan | None, library: Library) -> dict[str, Any]:
    """What the form begins with: the kept map, else what protocol and technique publish, else nothing."""
    if plan is not None:
        return {
            "areas": [f"{area['map']}:{area['zone']}:{area['side']}" for area in plan.areas],
            "technique": plan.technique,
            "pattern": _pattern(plan.generator["pattern"], plan.technique, library),
            **{key: plain(Decimal(value)) for key, value in plan.generator.items() if key not in ("pattern", "grid") and value is not None},
        }
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
    return plan is not None and (
        generator_from_dict(plan.generator).grid != RULE
        or any(area.get("map_version") != library.body_maps[area["map"]].version for area in plan.areas if area["map"] in library.body_maps)
    )


def _pattern(drawn: str, technique: str, library: Library) -> str:
    """What the list of patterns says: nothing where the technique's own was drawn."""
    own = library.techniques.get(technique)
    return "" if own and own.pattern == drawn else drawn


def values_of(drawn: InjectionMap) -> dict[str, Any]:
    """A map as the fields of the form that make it."""
    numbers = {key: getattr(drawn.generator, key) for key in ("spacing_mm", "volume_per_point_ml", "inserted_length_mm", "angle_deg")}
    return {
        "areas": [f"{area.map}:{area.zone}:{area.side}" for area in drawn.areas],
        "technique": drawn.technique,
        "seed": str(drawn.generator.seed),
        **{key: plain(value) for key, value in numbers.items() if value is not None},
    }


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
    ]


def pictures(maps: tuple[BodyMap, ...], drawn: InjectionMap | None, library: Library) -> list[dict[str, Any]]:
    """Maps with chosen areas first and large, with their points on them; the others small, to choose from."""
    used = {area.map for area in drawn.areas} if drawn else {body.id for body in maps}
    ordered = sorted(maps, key=lambda body: body.id not in used)
    return [
        {"view": body.view, "used": body.id in used, "svg": map_svg(drawn if body.id in used else None, library, body.id, legend=body.id in used)}
        for body in ordered
    ]


def depth_pictures(drawn: InjectionMap, library: Library) -> list[dict[str, str]]:
    """One picture of the needle in the skin for each zone that is treated."""
    told = {}
    for total in drawn.zones:
        edges = [(edge.name, edge.low_mm, edge.high_mm) for edge in boundaries(thicknesses(library.zones[total.zone]))]
        tip, given = drawn.generator.tip_depth_mm, drawn.generator
        svg = depth_svg(edges, _float(tip), _float(given.inserted_length_mm), _float(given.angle_deg))
        told[total.zone] = {"name": library.zones[total.zone].name, "svg": svg, "tip": total.tip_text}
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
        rows.append({"name": concentration["name"], "unit": unit, "least": least, "most": most, "total": per_ml * drawn.volume_ml})
    return rows


def single_points(drawn: InjectionMap) -> list[dict[str, Any]]:
    """The areas whose points were chosen one by one: the value that keeps them, how many get how much, and where each lies."""
    labels = {(total.zone, total.side): total.label for total in drawn.zones}
    found = []
    for area in (area for area in drawn.areas if area.key in drawn.chosen):
        points = [point for point in drawn.placed if point.area == area]
        counts = sorted(Counter(point.volume_ml for point in points).items())
        found.append(
            {
                "value": chosen_value(area.key, drawn.chosen[area.key]),
                "label": labels[area.zone, area.side],
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
    """Boxes to take points out: those that are out, and the others where they are asked for."""
    rows = [(point, True) for point in drawn.taken_out]
    if listed:
        rows = sorted([*rows, *((point, False) for point in drawn.placed)], key=lambda row: (row[0].area.key, row[0].y_mm, row[0].x_mm))[:MOST_LISTED]
    labels = {(total.zone, total.side): total.label for total in drawn.zones}
    return format_html_join(
        "",
        '<label class="choice"><input type="checkbox" name="removed" value="{}"{}><span>{} at {}, {} <span class="unit">mm</span></span></label>',
        ((point.key, CHECKED if out else "", labels[point.area.zone, point.area.side], f"{point.x_mm:.0f}", f"{point.y_mm:.0f}") for point, out in rows),
    )


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _low(known: Quantity) -> Decimal | None:
    return known.low if known.low is not None else known.high


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
