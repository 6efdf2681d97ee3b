"""Drawings as SVG text, for pages and for PDF alike: presentation attributes only, no style, no script."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from html import escape

from pistor.care.course import Schedule
from pistor.care.injection_map import AS_DRAWN, InjectionMap, Point, ZonePlan, drawing_of, ground_of
from pistor.care.overlays import CELL_MM, Mark, Overlays, on_patient
from pistor.knowledge import Library
from pistor.knowledge.model import BodyMap, Landmark, MapZone

INK, SOFT_INK, SHEET, SKIN, SHADE = "#3b4a4f", "#8b989b", "#fffdf9", "#f8f1e8", "#ebdfd0"
TEAL, TEAL_SOFT, NO_GO, RING, HALO = "#0f6b6b", "#cfe5e2", "#a34733", "#17262b", "#ffffff"
HEAT, MARKED = "#d98e04", "#5b2a86"
FILL = {"epidermis": "#fde9a9", "dermis": "#7cb7d8", "hypodermis": "#1d4e79", "unknown": "#ffffff"}
LAYER_LABEL = {"epidermis": "epidermis", "dermis": "dermis", "hypodermis": "fat under the skin", "unknown": "layer unknown"}
FONT = 'font-family="system-ui, -apple-system, Segoe UI, Noto Sans, DejaVu Sans, sans-serif"'


def map_svg(
    injection_map: InjectionMap | None,
    library: Library,
    view: str,
    *,
    chosen: Collection[str] = (),
    legend: bool = True,
    names: bool = True,
    zoom: bool = True,
    overlays: Overlays | None = None,
    moved_from: Mapping[str, tuple[float, float]] | None = None,
) -> str:
    """A body map with its zones, and the points of ``injection_map`` that lie on it, in the version it was made on.

    ``overlays`` lie under the points. ``chosen`` are keys ``zone:side`` to highlight where there is no map yet; ``zoom`` shows small areas
    with their surroundings only; ``names`` are those of landmarks. With ``moved_from`` the map is one of what was given: that is where the points
    that were given elsewhere were planned, and what differs from the plan is marked. For a script that draws points of its own, zones carry ``data-area`` and
    ``data-no-go``, and the points are one group.
    """
    body, scale = _body(injection_map, library, view), injection_map.scale.get(view, AS_DRAWN) if injection_map else AS_DRAWN
    plans = [plan for plan in injection_map.zone_plans if plan.area.map == view] if injection_map else []
    picked = frozenset(f"{plan.area.zone}:{plan.area.side}" for plan in plans) if injection_map else frozenset(chosen)
    x, y, width, height = _window(body, picked) if zoom else (0.0, 0.0, body.width_mm, body.height_mm)
    unit = max(width, 0.6 * height) / 205  # line weights follow the size of what is drawn
    below, room = _legend(body, injection_map, view, unit, width, height, moved_from is not None) if legend else ("", 0.0)
    whole = height + room
    outlines = [_drawn_outline(plan, body, unit) for plan in plans if plan.drawn]
    points = [_points(injection_map, plan, unit) for plan in plans] if injection_map else []
    crosses = [_crosses(injection_map, plan, unit, _out(moved_from is not None)) for plan in plans] if injection_map else []
    marks = [_differences(injection_map, plan, unit, moved_from) for plan in plans] if injection_map and moved_from is not None else []
    return "".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {whole:.5g}" width="{width:g}" height="{whole:.5g}" role="img" class="body-map"',
        f' data-map="{view}" data-size="{body.width_mm:g} {body.height_mm:g}" data-scale="{scale.x:g} {scale.y:g}" {FONT}>',
        f"<title>{escape(body.title)}</title><desc>{escape(_described(body, injection_map, view))}</desc>",
        f'<rect width="{width:g}" height="{whole:.5g}" rx="{3 * unit:.3g}" fill="{SHEET}"/>',
        f'<svg x="0" y="0" width="{width:g}" height="{height:g}" viewBox="{x:g} {y:g} {width:g} {height:g}">',
        _ground(body, view, picked, (x, y, width, height), unit, names),
        _overlays(overlays, injection_map, body, view, unit) if overlays and body.version == library.body_maps[view].version else "",
        '<g class="placed">',
        *outlines,
        *points,
        *crosses,
        *marks,
        "</g></svg>",
        _side_letters(body, unit, width),
        below,
        "</svg>",
    ))  # fmt: skip


def _overlays(overlays: Overlays, drawn: InjectionMap | None, body: BodyMap, view: str, unit: float) -> str:
    """Under the points: where points went before, how long zones still rest, and the patient's marks. Each kind is a group of its own."""
    factor = drawn.scale.get(view, AS_DRAWN) if drawn else AS_DRAWN
    cells = [cell for heat in overlays.heat if heat.map == view for cell in heat.cells]
    most = max((count for *_, count in cells), default=1)
    warm = "".join(
        f'<rect x="{x * factor.x:.1f}" y="{y * factor.y:.1f}" width="{CELL_MM * factor.x:.2f}" height="{CELL_MM * factor.y:.2f}" '
        f'fill-opacity="{0.25 + 0.5 * count / most:.2f}"/>'
        for x, y, count in cells
    )
    resting = {(one.zone, one.side): one for one in overlays.resting if one.state != "rested"}
    words = "".join(_rests(shape, resting[shape.zone, shape.side].days_left, unit) for shape in body.zones if (shape.zone, shape.side) in resting)
    marks = "".join(_mark(mark, drawn, unit) for mark in overlays.marks if mark.map == view)
    return f'<g class="overlay-heat" fill="{HEAT}">{warm}</g><g class="overlay-rest">{words}</g><g class="overlay-marks">{marks}</g>'


def _rests(shape: MapZone, days_left: int | None, unit: float) -> str:
    x, y = (sum(place[axis] for place in shape.polygon) / len(shape.polygon) for axis in (0, 1))
    said = "rest unknown" if days_left is None else f"rests {days_left} d"
    return (
        f'<path d="{_closed(shape.polygon)}" fill="none" {_dotted(RING, 0.8 * unit)}/>'
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{7 * unit:.1f}" text-anchor="middle" fill="{RING}" stroke="{HALO}" stroke-width="{1.4 * unit:.2f}" '
        f'paint-order="stroke">{said}</text>'
    )


def _mark(mark: Mark, drawn: InjectionMap | None, unit: float) -> str:
    outline = on_patient(mark.outline, mark.map, drawn)
    x, y = (sum(place[axis] for place in outline) / len(outline) for axis in (0, 1))
    return (
        f'<g data-mark="{mark.id}"><title>{escape(mark.label)}</title>'
        f'<path d="{_closed(outline)}" fill="{HALO}" fill-opacity="0.6" stroke="{HALO}" stroke-width="{1.6 * unit:.2f}"/>'
        f'<path d="{_closed(outline)}" fill="none" stroke="{MARKED}" stroke-width="{0.8 * unit:.2f}"/>'
        f'<text x="{x:.1f}" y="{y + 2.2 * unit:.1f}" font-size="{6 * unit:.1f}" font-weight="600" text-anchor="middle" fill="{MARKED}">'
        f"{escape(mark.kind[0].upper())}</text></g>"
    )


def _body(injection_map: InjectionMap | None, library: Library, view: str) -> BodyMap:
    """The drawing that the map was made on, in the patient's scale; where the map has nothing on it, that of today."""
    used = next((area for area in injection_map.areas if area.map == view), None) if injection_map else None
    return (drawing_of(used, library, injection_map.scale) if used and injection_map else None) or library.body_maps[view]


@lru_cache(maxsize=128)
def _ground(body: BodyMap, view: str, picked: frozenset[str], window: tuple[float, float, float, float], unit: float, named: bool) -> str:
    """All of a map that is not points. It depends on the chosen areas only, so it is drawn once."""
    line = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
    return "".join(
        (
            _hatch(view, unit),
            f'<defs><g id="body-{view}">{_paths(body.outline)}</g></defs><use href="#body-{view}" fill="{SKIN}"/>',
            f'<g fill="{SHADE}">{_paths(body.shades)}</g>',
            f'<use href="#body-{view}" {line} stroke="{INK}" stroke-width="{0.75 * unit:.2f}"/>',
            *(_zone(shape, view, unit, f"{shape.zone}:{shape.side}" in picked) for shape in body.zones),
            *(_no_go(shape, view, unit) for shape in body.zones),
            *(_caution(shape, unit) for shape in body.zones),
            f'<g {line} stroke="{INK}" stroke-opacity="0.7" stroke-width="{0.5 * unit:.2f}">{_paths(body.details)}</g>',
            *(_landmark(mark, window, unit, named) for mark in body.landmarks),
        )
    )


def _paths(paths: Sequence[str]) -> str:
    return "".join(f'<path d="{path}"/>' for path in paths)


def _window(body: BodyMap, picked: Collection[str]) -> tuple[float, float, float, float]:
    """The part of a map to show: all of it, or what surrounds the chosen areas where those are small."""
    xy = [point for shape in body.zones if f"{shape.zone}:{shape.side}" in picked for point in shape.polygon]
    if not xy:
        return 0.0, 0.0, body.width_mm, body.height_mm
    left, right = min(p[0] for p in xy), max(p[0] for p in xy)
    top, bottom = min(p[1] for p in xy), max(p[1] for p in xy)
    side = max(right - left, bottom - top) * 1.7
    if side > 0.7 * max(body.width_mm, body.height_mm):
        return 0.0, 0.0, body.width_mm, body.height_mm
    width, height = min(side, body.width_mm), min(side, body.height_mm)
    x = min(max((left + right - width) / 2, 0), body.width_mm - width)
    y = min(max((top + bottom - height) / 2, 0), body.height_mm - height)
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


def depth_svg(
    layers: Sequence[tuple[str, float, float]], tip_mm: float | None, inserted_mm: float | None, angle_deg: float | None, *, scale_mm: float = 0
) -> str:
    """The needle in the skin, to scale. ``layers`` are (name, lower edge at least, lower edge at most) in millimetres."""
    deepest = max([edge for _, _, edge in layers[:2]] + [tip_mm or 0]) * 1.25
    deepest = max(deepest, scale_mm, 2.0)
    width, height, top, left = 460.0, 250.0, 26.0, 54.0
    per_mm = (height - top - 16) / deepest

    def y(mm: float) -> float:
        return top + mm * per_mm

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" class="depth-bar" {FONT}>',
        f"<title>{'Where the tip ends' if tip_mm is not None else 'Layers of the skin'}</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="6" fill="{SHEET}"/>',
    ]
    above, shades = 0.0, {"epidermis": "#fbe7c6", "dermis": "#f5d5c4", "hypodermis": "#f8ecb8"}
    named = {name for name, _, _ in layers}
    drawn = [*layers]
    if "dermis" in named and "hypodermis" not in named:
        drawn.append(("hypodermis", deepest, deepest))
    last = ""
    for name, low, high in drawn:
        bottom = min((low + high) / 2, deepest)
        if bottom <= above:
            continue
        parts.append(f'<rect x="{left:g}" y="{y(above):.1f}" width="{width - left - 12:g}" height="{(bottom - above) * per_mm:.1f}" fill="{shades[name]}"/>')
        if (bottom - above) * per_mm > 15:
            parts.append(
                f'<text x="{width - 20:g}" y="{(y(above) + y(bottom)) / 2 + 4:.1f}" font-size="12" text-anchor="end" fill="{INK}">{LAYER_LABEL[name]}</text>'
            )
        if high > low and low < deepest:
            parts.append(
                f'<rect x="{left:g}" y="{y(low):.1f}" width="{width - left - 12:g}" height="{(min(high, deepest) - low) * per_mm:.1f}" fill="{INK}" fill-opacity="0.12"/>'
            )
        above, last = bottom, name
    if not layers:
        parts.append(f'<rect x="{left:g}" y="{top:g}" width="{width - left - 12:g}" height="{height - top - 16:.1f}" fill="#e7e7e4"/>')
        parts.append(
            '<defs><pattern id="no-data" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0,0V8" stroke="#b3b5b2" stroke-width="2"/></pattern></defs>'
            f'<rect x="{left:g}" y="{top:g}" width="{width - left - 12:g}" height="{height - top - 16:.1f}" fill="url(#no-data)"/>'
        )
        parts.append(
            f'<text x="{width - 20:g}" y="{height / 2:g}" font-size="12" text-anchor="end" fill="{INK}" stroke="{HALO}" stroke-width="4" paint-order="stroke">thickness unknown here</text>'
        )
    elif last == "hypodermis" and above < deepest:
        parts.append(
            f'<text x="{width - 20:g}" y="{min(y(above) + 16, height - 20):.1f}" font-size="12" text-anchor="end" fill="{INK}">deeper than the fat</text>'
        )
    step = 1 if deepest <= 8 else 2
    for mm in range(0, int(deepest) + 1, step):
        parts.append(
            f'<path d="M{left - 5:g},{y(mm):.1f}h5" stroke="{INK}" stroke-width="1"/><text x="{left - 9:g}" y="{y(mm) + 4:.1f}" font-size="11" text-anchor="end" fill="{INK}">{mm}</text>'
        )
    parts.append(f'<text x="8" y="14" font-size="11" fill="{INK}">mm deep</text><path d="M{left:g},{top:g}H{width - 12:g}" stroke="{INK}" stroke-width="1.4"/>')
    if tip_mm is not None and inserted_mm is not None and angle_deg is not None:
        run = math.sqrt(max(inserted_mm**2 - tip_mm**2, 0)) * per_mm
        entry = left + 50
        shrink = min(1.0, 190 / run) if run else 1.0
        x, back = entry + run * shrink, math.tan(math.radians(90 - min(angle_deg, 89.9))) * 24 * shrink
        parts.append(
            f'<path d="M{entry - min(back, 44):.1f},{top - 22:g}L{entry:.1f},{top:g}L{x:.1f},{y(tip_mm):.1f}" fill="none" stroke="{HALO}" stroke-width="6" stroke-linecap="round"/>'
        )
        parts.append(
            f'<path d="M{entry - min(back, 44):.1f},{top - 22:g}L{entry:.1f},{top:g}L{x:.1f},{y(tip_mm):.1f}" fill="none" stroke="{RING}" stroke-width="2.4" stroke-linecap="round"/>'
        )
        parts.append(f'<circle cx="{x:.1f}" cy="{y(tip_mm):.1f}" r="5" fill="{TEAL}" stroke="{HALO}" stroke-width="2"/>')
        parts.append(
            f'<text x="{x + 11:.1f}" y="{y(tip_mm) + 4:.1f}" font-size="13" font-weight="600" fill="{RING}" stroke="{HALO}" stroke-width="3" paint-order="stroke">tip {tip_mm:.1f} mm</text>'
        )
    return "".join(parts) + "</svg>"


def timeline_svg(schedule: Schedule) -> str:
    """Treatments as ticks on a line of time, with the evaluation."""
    start, marks = schedule.treatments[0].on, [planned.on for planned in schedule.treatments]
    end = max([*marks, schedule.evaluation_on])
    span = max((end - start).days, 1)
    width, left, right, y = 720.0, 46.0, 56.0, 62.0

    def x(day: dt.date) -> float:
        return left + (day - start).days / span * (width - left - right)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} 124" width="{width:g}" height="124" role="img" class="timeline" {FONT}>',
        f"<title>Treatments from {_day(start)}, evaluation on {_day(schedule.evaluation_on)}</title>",
        f'<rect width="{width:g}" height="124" rx="6" fill="{SHEET}"/><path d="M{left:g},{y:g}H{width - right:g}" stroke="{SOFT_INK}" stroke-width="2"/>',
    ]
    radius = 11.0 if len(marks) <= 16 else 6.0
    labelled = -100.0
    for planned in schedule.treatments:
        at = x(planned.on)
        parts.append(f'<circle cx="{at:.1f}" cy="{y:g}" r="{radius:g}" fill="{TEAL}" stroke="{HALO}" stroke-width="2"/>')
        if radius > 8:
            parts.append(f'<text x="{at:.1f}" y="{y + 4:g}" font-size="11" font-weight="600" text-anchor="middle" fill="#ffffff">{planned.number}</text>')
        if at - labelled >= 52:
            parts.append(f'<text x="{at:.1f}" y="{y + 32:g}" font-size="12" text-anchor="middle" fill="{INK}">{planned.on.day} {planned.on:%b}</text>')
            labelled = at
    at = x(schedule.evaluation_on)
    parts.append(
        f'<path d="M{at:.1f},{y - 13:g}V{y - 30:g}" stroke="{NO_GO}" stroke-width="1.6"/><path d="M{at:.1f},{y - 22:g}l7,7l-7,7l-7,-7z" fill="{HALO}" stroke="{NO_GO}" stroke-width="2"/>'
    )
    anchor = "end" if at > width - 150 else "middle" if at > 120 else "start"
    parts.append(
        f'<text x="{at + (8 if anchor == "end" else 0):.1f}" y="20" font-size="12" font-weight="600" text-anchor="{anchor}" fill="{NO_GO}">evaluate, {_day(schedule.evaluation_on)}</text>'
    )
    parts.append(f'<text x="{left:g}" y="116" font-size="11" fill="{INK}">{start.year if start.year == end.year else f"{start.year} to {end.year}"}</text>')
    return "".join(parts) + "</svg>"


# ── parts of a body map ─────────────────────────────────────────────────────────────────────────────────────────────


def _hatch(view: str, unit: float) -> str:
    step = 2.8 * unit
    return (
        f'<defs><pattern id="no-go-{view}" width="{step:.2f}" height="{step:.2f}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="{step:.2f}" height="{step:.2f}" fill="{HALO}" fill-opacity="0.45"/><path d="M0,0V{step:.2f}" stroke="{NO_GO}" stroke-width="{0.55 * unit:.2f}" stroke-opacity="0.85"/></pattern></defs>'
    )


def _zone(shape: MapZone, view: str, unit: float, picked: bool) -> str:
    look = (
        f'fill="{TEAL_SOFT}" fill-opacity="0.85" stroke="{TEAL}" stroke-width="{0.8 * unit:.2f}"'
        if picked
        else f'fill="{TEAL_SOFT}" fill-opacity="0.28" stroke="{SOFT_INK}" stroke-width="{0.45 * unit:.2f}" stroke-dasharray="{2 * unit:.1f} {1.6 * unit:.1f}"'
    )
    return (
        f'<path class="map-zone{" chosen" if picked else ""}" data-area="{view}:{shape.zone}:{shape.side}" d="{_closed(shape.polygon)}" {look} stroke-linejoin="round">'
        f"<title>{escape(shape.label)}</title></path>"
    )


def _no_go(shape: MapZone, view: str, unit: float) -> str:
    label = escape(shape.no_go_label or "Not injected")
    return "".join(
        f'<path data-no-go="{view}:{shape.zone}:{shape.side}" d="{_closed(hole)}" fill="url(#no-go-{view})" stroke="{NO_GO}" stroke-width="{0.35 * unit:.2f}" stroke-linejoin="round"><title>{label}</title></path>'
        for hole in shape.no_go
    )


def _caution(shape: MapZone, unit: float) -> str:
    return "".join(
        f'<path d="{_closed(spot.polygon)}" fill="none" stroke="{HALO}" stroke-width="{2.2 * unit:.2f}" stroke-linejoin="round"/>'
        f'<path d="{_closed(spot.polygon)}" {_dotted(NO_GO, unit)}><title>{escape(spot.text)}</title></path>'
        for spot in shape.caution
    )


def _landmark(mark: Landmark, window: tuple[float, float, float, float], unit: float, named: bool) -> str:
    """What is felt as a dotted line, and its name where the name fits into what is shown."""
    ink, size = _ink(mark), 6 * unit
    felt = f'<path d="{mark.path}" {_dotted(ink, unit)}><title>{escape(mark.label)}</title></path>' if mark.path else ""
    if mark.care:  # a light band below keeps it legible on hatching
        felt = f'<path d="{mark.path}" fill="none" stroke="{HALO}" stroke-width="{2.6 * unit:.2f}" stroke-linecap="round"/>{felt}'
    if mark.at is None or not named:
        return felt
    x, y, width, height = window
    length = 0.54 * size * len(mark.label)
    start = mark.at[0] - {"start": 0, "middle": length / 2, "end": length}[mark.anchor]
    if start < x or start + length > x + width or not y + size <= mark.at[1] <= y + height:
        return felt
    return (
        f'{felt}<text x="{mark.at[0]:g}" y="{mark.at[1]:g}" font-size="{size:.1f}" text-anchor="{mark.anchor}" fill="{ink}" '
        f'stroke="{SKIN}" stroke-width="{0.9 * unit:.1f}" stroke-opacity="0.85" paint-order="stroke">{escape(mark.label)}</text>'
    )


def _ink(mark: Landmark) -> str:
    return NO_GO if mark.care else INK


def _dotted(ink: str, unit: float) -> str:
    return f'fill="none" stroke="{ink}" stroke-width="{unit:.2f}" stroke-dasharray="0 {2.2 * unit:.2f}" stroke-linecap="round"'


def _side_letters(body: BodyMap, unit: float, width: float) -> str:
    """R and L are the patient's own right and left, at the edge nearest to them."""
    at = {shape.side: sum(x for x, _ in shape.polygon) / len(shape.polygon) for shape in body.zones}
    if not {"left", "right"} <= at.keys():
        return ""
    left_on_left = at["left"] < at["right"]
    letters = ("L", "R") if left_on_left else ("R", "L")
    y = 12 * unit
    return "".join(
        f'<text x="{x:g}" y="{y:g}" font-size="{9 * unit:.1f}" font-weight="600" text-anchor="middle" fill="{SOFT_INK}">{letter}</text>'
        for x, letter in zip((9 * unit, width - 9 * unit), letters, strict=True)
    )


def radius_mm(volume_ml: float, spacing_mm: float, unit: float) -> float:
    """Size by volume, within what can be seen and does not overlap."""
    by_volume = 1.15 * unit * math.cbrt(volume_ml / 0.02)
    return max(0.55 * unit, min(by_volume, 2.6 * unit, 0.36 * spacing_mm))


def _drawn_outline(plan: ZonePlan, body: BodyMap, unit: float) -> str:
    """A zone that was drawn freehand, as far as it may be injected."""
    shape = next(shape for shape in body.zones if (shape.zone, shape.side) == (plan.area.zone, plan.area.side))
    rings = "".join(_closed([(x, y) for x, y in ring]) for ring in ground_of(plan, shape).outlines())
    return f'<path d="{rings}" fill="none" stroke="{TEAL}" stroke-width="{0.9 * unit:.2f}" stroke-dasharray="{3 * unit:.2f} {1.5 * unit:.2f}"/>'


def _points(injection_map: InjectionMap, plan: ZonePlan, unit: float) -> str:
    """The points of one zone as dots of one path, each volume drawn three times: light ring, dark ring, filling."""
    total = next(zone for zone in injection_map.zones if zone.key == plan.key)
    placed = injection_map.points_in(plan.key)
    if not placed:
        return ""
    spacing = float(injection_map.least_spacing_mm if plan.chosen or plan.edits.added or plan.edits.moved else plan.generator.spacing_mm)
    radii = {volume: radius_mm(float(volume), spacing, unit) for volume in sorted({point.volume_ml for point in placed})}
    key = f"points-{plan.key.replace(':', '-')}"
    taken = " ".join(point.name for point in injection_map.taken_out if point.zone_key == plan.key)
    whole = f'<path id="{key}" data-points="{plan.key}" data-taken="{taken}" data-reach="{1.34 * max(radii.values()):.2f}" d="{_dots(placed)}"/>'
    ids = [key] if len(radii) == 1 else [f"{key}-{number}" for number in range(len(radii))]
    parts = [f'<path id="{id_}" d="{_dots([p for p in placed if p.volume_ml == ml])}"/>' for id_, ml in zip(ids, radii, strict=True) if id_ != key]
    drawn = "".join(
        f'<use href="#{id_}" stroke="{ink}" stroke-width="{2 * wide * radius:.2f}"/>'
        for id_, radius in zip(ids, radii.values(), strict=True)
        for ink, wide in ((HALO, 1.34), (RING, 1.17), (FILL[total.tip_layer], 0.83))
    )
    return f'<defs>{whole}{"".join(parts)}</defs><g class="map-point" stroke-linecap="round">{drawn}</g>'


def _dots(points: Sequence[Point]) -> str:
    return "".join(f"M{point.x_mm:.1f} {point.y_mm:.1f}h0" for point in points)


def _ring(x: float, y: float, radius: float, fill: str) -> str:
    line = radius * 0.34
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius + line:.2f}" fill="{HALO}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.2f}" fill="{fill}" stroke="{RING}" stroke-width="{line:.2f}"/>'
    )


def _crosses(injection_map: InjectionMap, plan: ZonePlan, unit: float, ink: str) -> str:
    marks = "".join(_cross_at(point.x_mm, point.y_mm, 1.2 * unit) for point in injection_map.taken_out if point.zone_key == plan.key)
    return f'<path d="{marks}" {_line(ink, unit)}/>' if marks else ""


def _cross_at(x: float, y: float, half: float) -> str:
    return f"M{x - half:.1f} {y - half:.1f}l{2 * half:.1f} {2 * half:.1f}m0 {-2 * half:.1f}l{-2 * half:.1f} {2 * half:.1f}"


def _out(as_given: bool) -> str:
    """What was planned and not given is a difference like the others; what the plan itself takes out is not."""
    return MARKED if as_given else SOFT_INK


def _line(ink: str, unit: float) -> str:
    return f'fill="none" stroke="{ink}" stroke-width="{0.6 * unit:.2f}" stroke-linecap="round" stroke-linejoin="round"'


def _differences(injection_map: InjectionMap, plan: ZonePlan, unit: float, moved_from: Mapping[str, tuple[float, float]]) -> str:
    """What was given otherwise than planned: a line from where a point was meant to be, a square around one that was added, a ring for its volume."""
    placed = injection_map.points_in(plan.key)
    lines = "".join(f"M{x:.1f} {y:.1f}L{point.x_mm:.1f} {point.y_mm:.1f}" for point in placed if point.key in moved_from for x, y in (moved_from[point.key],))
    squares = "".join(_square_at(point.x_mm, point.y_mm, 2.6 * unit) for point in placed if "a" in point.flags)
    rings = "".join(_ring_at(point.x_mm, point.y_mm, 2.9 * unit) for point in placed if "v" in point.flags)
    return f'<path class="differs" d="{lines}{squares}{rings}" {_line(MARKED, unit)}/>' if lines or squares or rings else ""


def _square_at(x: float, y: float, half: float) -> str:
    return f"M{x - half:.1f} {y - half:.1f}h{2 * half:.1f}v{2 * half:.1f}h{-2 * half:.1f}Z"


def _ring_at(x: float, y: float, radius: float) -> str:
    return f"M{x - radius:.1f} {y:.1f}a{radius:.1f} {radius:.1f} 0 1 0 {2 * radius:.1f} 0a{radius:.1f} {radius:.1f} 0 1 0 {-2 * radius:.1f} 0"


def _legend(
    body: BodyMap, injection_map: InjectionMap | None, view: str, unit: float, width: float, height: float, as_given: bool
) -> tuple[str, float]:
    """What the signs mean and how long a millimetre is, below the picture; and how much room that takes."""
    size, line, left = 7 * unit, 10 * unit, 9 * unit
    out, x, y = [], left, height + 6 * unit
    for symbol, text in _signs(body, injection_map, view, unit, as_given):
        end = x + 6 * unit + len(text) * size * 0.5
        if end > width - left and x > left:
            x, y = left, y + line
        out.append(
            f'<g transform="translate({x:.1f} {y + 2 * unit:.1f})">{symbol}</g><text x="{x + 6 * unit:.1f}" y="{y + 4.2 * unit:.1f}" font-size="{size:.1f}" fill="{INK}">{escape(text)}</text>'
        )
        x += 14 * unit + len(text) * size * 0.54
    bar = 20 if width < 160 else 50 if width < 300 else 100
    start = width - bar - 9 * unit
    if x > start - 24 * unit:
        y += line
    base = y + 4.4 * unit
    out.append(
        f'<path d="M{start:.1f},{base - 1.6 * unit:.1f}v{1.6 * unit:.1f}h{bar}v{-1.6 * unit:.1f}" fill="none" stroke="{INK}" stroke-width="{0.6 * unit:.2f}"/>'
    )
    out.append(f'<text x="{start - 2 * unit:.1f}" y="{base:.1f}" font-size="{size:.1f}" text-anchor="end" fill="{INK}">{bar} mm</text>')
    return "".join(out), base + 5 * unit - height


def _signs(body: BodyMap, injection_map: InjectionMap | None, view: str, unit: float, as_given: bool) -> list[tuple[str, str]]:
    def swatch(fill: str, stroke: str) -> str:
        return f'<rect x="{-3 * unit:.1f}" y="{-2.4 * unit:.1f}" width="{6 * unit:.1f}" height="{4.8 * unit:.1f}" fill="{fill}" stroke="{stroke}" stroke-width="{0.5 * unit:.2f}"/>'

    here = [zone for zone in injection_map.zones if zone.map == view and zone.points] if injection_map else []
    items = [(_ring(0, 0, 2 * unit, FILL[layer]), f"tip: {LAYER_LABEL[layer]}") for layer in dict.fromkeys(zone.tip_layer for zone in here)]
    items.append((swatch(TEAL_SOFT, TEAL), "area"))
    if any(shape.no_go for shape in body.zones):
        items.append((swatch(f"url(#no-go-{view})", NO_GO), "not injected"))
    if any(shape.caution for shape in body.zones):
        items.append((f'<path d="M{-3 * unit:.1f},{-2 * unit:.1f}h{6 * unit:.1f}v{4 * unit:.1f}h{-6 * unit:.1f}Z" {_dotted(NO_GO, unit)}/>', "take care"))
    items += [(f'<path d="M{-3 * unit:.1f},0H{3.2 * unit:.1f}" {_dotted(_ink(mark), unit)}/>', mark.label) for mark in body.landmarks if mark.care]
    if injection_map and any(point.area.map == view for point in injection_map.taken_out):
        items.append((f'<path d="{_cross_at(0, 0, 1.6 * unit)}" {_line(_out(as_given), unit)}/>', "not given" if as_given else "taken out"))
    if injection_map and as_given:
        flags = {flag for point in injection_map.placed if point.area.map == view for flag in point.flags}
        marks = (
            ("m", f"M{-3 * unit:.1f} 0h{6 * unit:.1f}", "from where it was planned"), ("a", _square_at(0, 0, 2 * unit), "added"),
            ("v", _ring_at(0, 0, 2 * unit), "another volume"),
        )  # fmt: skip
        items += [(f'<path d="{path}" {_line(MARKED, unit)}/>', text) for flag, path, text in marks if flag in flags]
    return items


def _closed(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points) + "Z"


def _described(body: BodyMap, injection_map: InjectionMap | None, view: str) -> str:
    if injection_map is None:
        left_out = dict.fromkeys(shape.no_go_label for shape in body.zones if shape.no_go_label)
        minded = dict.fromkeys(f"Take care: {spot.text}" for shape in body.zones for spot in shape.caution)
        return " ".join((f"{body.view}. Areas: {', '.join(shape.label for shape in body.zones)}.", *(f"{label.rstrip('.')}." for label in left_out), *minded))
    told = [f"{zone.label}: {'passes' if zone.rolled else f'{zone.points} points'}" for zone in injection_map.zones if zone.map == view]
    return f"{body.view}. {'; '.join(told) or 'No points'}."


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
