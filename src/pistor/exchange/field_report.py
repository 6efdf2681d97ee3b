"""An exposure as people read it: plain sentences, pictures with their tables, and a report in one file that prints on A4.

It reads the dictionary of ``care.exposure.Exposure.as_dict``, which the page and ``pistor deliver --json`` show as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

import numpy as np

from pistor.care.exposure.single_points import Judged, ProposedPoints, SinglePoints, objective_text
from pistor.exchange import field_pictures as draw
from pistor.exchange.drawing import number
from pistor.exchange.exposure_text import POINTS_HEAD, POINTS_NOTE, points_rows
from pistor.exchange.field_pictures import AREA_UNIT, UG_PER_ML, UNIT, Banded, Picture, Region
from pistor.knowledge.model import Source

Json = Mapping[str, Any]

SHOWN_DEPTH_MM = 3.0  # at least, and twice the depth of the tip


def regions_of(exposure: Json) -> tuple[Region, ...]:
    return tuple(Region(area["name"], _polygon(area["outline"]), tuple(_polygon(hole) for hole in area["no_go"])) for area in exposure["regions"])


def plainly(solute: Json) -> tuple[str, ...]:
    """What the physics says of one substance, in sentences that stand under its name."""
    before = f"{solute['name']}: "
    return tuple(_upper(finding["text"].removeprefix(before)) for finding in solute["findings"])


def pictures_of(exposure: Json, solute: Json) -> tuple[Picture, ...]:
    """The pictures of one substance, apart from the field over the zone (see :func:`field_of`)."""
    found = [_depth_time(exposure, solute)]
    if solute["coverage"]:
        found.append(_coverage(exposure, solute))
    if solute.get("plasma"):
        found += [_plasma(solute), _local_and_systemic(exposure, solute)]
    if solute.get("drivers"):
        found.append(draw.drivers("What the band comes from", [(item["name"], item["share"]) for item in solute["drivers"]]))
    return tuple(found)


def syringe_of(solute: Json) -> float:
    """The strength in the syringe, micrograms/mL."""
    return 1000.0 * float(solute["mg_per_ml"])


def field_of(
    exposure: Json, solute: Json, *, time: int, depth: int, measure: str = "concentration", log: bool = True, title: str = "", high: float | None = None
) -> Picture:
    """The field over the areas at one of the solute's times and depths, or its whole exposure (``measure`` is then ``exposure``)."""
    whole = measure == "exposure"
    kernel = solute["auc_kernel"] if whole else solute["kernel"]
    weight = kernel["weight_per_mm"][depth] if whole else kernel["weight_per_mm"][time][depth]
    when = "all over time" if whole else f"{draw.span(solute['times_h'][time])} after the injection"
    what = f"{solute['name']} {_mm(solute['depths_mm'][depth])} deep, {when}"
    threshold = None if whole or not solute.get("threshold_mg_per_mm3") else solute["threshold_mg_per_mm3"] * UG_PER_ML
    return draw.zone_field(
        title or "The field over the zone", regions_of(exposure), _pieces(solute), kernel["variance_mm2"], weight,
        what=what, unit=AREA_UNIT if whole else UNIT, threshold=threshold, log=log, high=high, threads=_threads(solute),
    )  # fmt: skip


def _pieces(solute: Json) -> list[list[float]]:
    """Every depot (x, y, mg): the points themselves, or the pieces of threads."""
    pieces = solute["pieces_mm"]
    return [[x + dx, y + dy, dose / len(pieces)] for x, y, dose in solute["points"] for dx, dy in pieces]


def _threads(solute: Json) -> list[list[tuple[float, float]]]:
    """From where to where each thread runs, in mm; none where points are single ones."""
    pieces = solute["pieces_mm"]
    return [[(x + dx, y + dy) for dx, dy in (pieces[0], pieces[-1])] for x, y, _ in solute["points"]] if len(pieces) > 1 else []


def _depth_time(exposure: Json, solute: Json) -> Picture:
    tip = float(exposure["depth_mm"])
    film = solute.get("profile_mg_per_mm3")
    depths = np.array(solute["depths_mm"], dtype=float)
    shown = depths <= max(SHOWN_DEPTH_MM, 2 * tip)
    layers, top = [], 0.0
    for layer in exposure["layers"]:
        layers.append((layer["name"], top, top + layer["thickness_mm"]))
        top += layer["thickness_mm"]
    if film is not None:
        return draw.depth_time(solute["name"], solute["times_h"], depths.tolist(), film, layers, None)
    kernel = solute["kernel"]
    variance = np.array(kernel["variance_mm2"], dtype=float)
    beside = np.sum(np.square(solute["pieces_mm"]), axis=1)
    together = np.exp(np.divide.outer(beside, -2 * variance)).mean(axis=0)
    unit = np.array(kernel["weight_per_mm"], dtype=float) @ (together / (2 * np.pi * variance))
    under = np.maximum(unit[:, shown], 0) * solute["points"][0][2]
    return draw.depth_time(solute["name"], solute["times_h"], depths[shown].tolist(), under, layers, tip, syringe=syringe_of(solute), thread=len(solute["pieces_mm"]) > 1)


def _coverage(exposure: Json, solute: Json) -> Picture:
    curve = solute["coverage"]
    title = f"Coverage of the zone, {_mm(exposure['target_depth_mm'])} deep"
    level = [value * UG_PER_ML for value in curve["level_mg_h_per_mm3"]]
    return draw.coverage(title, level, _curve(curve), unit=AREA_UNIT)


def _plasma(solute: Json) -> Picture:
    plasma, limit = solute["plasma"], solute.get("limit")
    others = [(way["name"], way["plasma_mg_per_l"]) for way in solute.get("comparisons", ()) if way.get("plasma_mg_per_l")]
    curve = _curve(plasma)
    end = _quiet_from([curve.middle, *(values for _, values in others)])
    cut = Banded(curve.middle[:end], curve.low[:end], curve.high[:end])
    ways = [(name, values[:end]) for name, values in others]
    known, said = (limit["mg_per_l"], limit["told"]) if limit else (None, "")
    peak, after = plasma["cmax_mg_per_l"], plasma["tmax_h"]
    highest = f"Highest {draw.with_band(peak['median'], peak['low'], peak['high'])} {UNIT}, {draw.span(after['median'])} after the treatment."
    return draw.plasma("In the blood", plasma["times_h"][:end], cut, limit=known, limit_said=said, highest_said=highest, others=ways)


def _quiet_from(curves: Sequence[Sequence[float]]) -> int:
    """How many of the times are worth showing: until every curve is down to a fiftieth of its highest."""
    last = [max(at for at, value in enumerate(curve) if value >= max(curve) / 50) for curve in curves if max(curve) > 0]
    return min(len(curves[0]), max([*last, 2]) + 2)


def _local_and_systemic(exposure: Json, solute: Json) -> Picture:
    local, blood = solute["peak_mg_per_mm3"], solute["plasma"]["cmax_mg_per_l"]
    rows: list[tuple[str, float | None, float | None, float | None]] = [
        (f"Skin at {_mm(exposure['target_depth_mm'])} under {'the film' if exposure.get('film') else 'a point'}", *(local[key] * UG_PER_ML for key in ("median", "low", "high"))),
        ("Blood, from the film" if exposure.get("film") else "Blood, from these injections", *(blood[key] for key in ("median", "low", "high"))),
    ]
    for way in solute.get("comparisons", ()):
        peak = way.get("cmax_mg_per_l")
        rows.append((f"Blood, same dose {way['name']}", *((peak[key] for key in ("median", "low", "high")) if peak else (None, None, None))))
    reasons = [f"{way['name'][0].upper()}{way['name'][1:]}: {_lower(way['reason'])}" for way in solute.get("comparisons", ()) if way.get("reason")]
    dense = draw.above_the_syringe(local["median"] * UG_PER_ML, syringe_of(solute)).strip()
    return draw.side_by_side("Skin against blood, the highest of each", rows, note=" ".join(filter(None, [dense, *reasons])))


def points_trade_off(found: SinglePoints) -> Picture:
    """Regular grids and chosen points: what more punctures buy."""
    return draw.trade_off(
        "What more punctures buy, and what choosing points adds",
        [(str(at), len(pair.grid.points), 100 * pair.grid.covered, False) for at, pair in enumerate(found.pairs, 1)],
        others=[(str(at), len(pair.chosen.points), 100 * pair.chosen.covered) for at, pair in enumerate(found.pairs, 1) if pair.better],
        series=("regular grids", "points chosen in their place"),
        x_label="punctures",
        y_label="% of the area covered",
        current=(len(found.now.points), 100 * found.now.covered),
    )


def _mm(depth: float) -> str:
    """A depth to the hundredth: nobody places a needle closer."""
    return f"{number(round(depth, 2))} mm"


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _curve(banded: Json) -> Banded:
    return Banded(*(tuple(value or 0.0 for value in banded[key]) for key in ("median", "low", "high")))


def _polygon(places: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in places)


# ── the report ──────────────────────────────────────────────────────────────────────────────────────────────────────

FIRST_LOOK_H = 0.5  # of the field over the zone


def report_html(
    exposure: Json, *, title: str, subtitle: str = "", on: str = "", works: Mapping[str, Source] = MappingProxyType({}), proposed: ProposedPoints | None = None
) -> str:
    """The whole answer as one page without anything from elsewhere: no script, no font, no picture that is not in it.

    ``works`` are the sources of the library by their keys; those that the answer rests on are listed at the end.
    """
    foot = f"Made by Pistor{f' on {on}' if on else ''}. Estimated by a model, not measured in a patient: to compare plans, never as a dose. It is not a cleared medical device."
    if version := exposure.get("knowledge_version"):
        foot += f" Knowledge {version}."
    solutes = [_solute_section(exposure, solute) for solute in exposure["solutes"]]
    body = [_overview(exposure), *solutes, _points_section(proposed) if proposed else "", _fenced_section(exposure), _works_section(exposure, works)]
    page = Template((Path(__file__).parent / "templates" / "field_report.html").read_text(encoding="utf-8"))
    return page.substitute(title=escape(title), subtitle=escape(subtitle), body="\n".join(filter(None, body)), foot=escape(foot))


def _overview(exposure: Json) -> str:
    rows = [("Zone", exposure["zone"].replace("_", " ")), *_put(exposure), ("Depth looked at", _mm(exposure["target_depth_mm"]))]
    table = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f'<section><h2>What was computed</h2><div class="table-wrap"><table>{table}</table></div>{_findings(exposure["findings"])}</section>'


def _put(exposure: Json) -> list[tuple[str, str]]:
    """How it is put into the skin: at points, or as a film on channels."""
    if film := exposure.get("film"):
        return [
            ("Film", f"{number(film['film_mm'])} mm on {number(film['area_cm2'])} cm²"),
            ("Channels", f"{number(film['channels_per_cm2'])} per cm², needle {number(film['needle_length_mm'])} mm"),
        ]
    return [
        ("Points", str(exposure["points"])),
        ("Volume at each point", f"{number(exposure['volume_per_point_ml'])} mL"),
        ("Depth of the tip", f"{number(exposure['depth_mm'])} mm"),
    ]


def _solute_section(exposure: Json, solute: Json) -> str:
    shown = (*_first_look(exposure, solute), *pictures_of(exposure, solute))
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in plainly(solute))
    drawn = "".join(f"<div><h3>{escape(picture.title)}</h3>{_figure(picture)}</div>" for picture in shown)
    return f'<section><h2>{escape(solute["name"])}</h2><ul>{said}</ul><div class="pictures">{drawn}</div>{_inputs(solute["values"])}</section>'


def _first_look(exposure: Json, solute: Json) -> tuple[Picture, ...]:
    """The field over the zone; none of a film, which is the same everywhere."""
    if solute["kernel"] is None:
        return ()
    times, depths = solute["times_h"], solute["depths_mm"]
    time = min(range(len(times)), key=lambda at: abs(times[at] - FIRST_LOOK_H))
    depth = min(range(len(depths)), key=lambda at: abs(depths[at] - exposure["target_depth_mm"]))
    return (field_of(exposure, solute, time=time, depth=depth),)


def _figure(picture: Picture) -> str:
    table = picture.table
    head = "".join(f'<th scope="col"{"" if not at else " class=num"}>{escape(cell) or "What"}</th>' for at, cell in enumerate(table.head))
    rows = "".join("<tr>" + "".join(_cell(at, cell) for at, cell in enumerate(row)) + "</tr>" for row in table.rows)
    twin = f'<details><summary>As a table</summary><div class="table-wrap"><table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    return f"<figure>{picture.svg}<figcaption>{escape(picture.caption)}</figcaption>{twin}</figure>"


def _cell(at: int, cell: str) -> str:
    if at == 0:
        return f'<th scope="row">{escape(cell)}</th>'
    return '<td class="nodata">unknown</td>' if cell == "unknown" else f'<td class="num">{escape(cell)}</td>'


def _inputs(values: Sequence[Json]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(value["name"])}</th><td class="num">{escape(number(value["value"]))}</td><td>{escape(value["unit"])}</td><td>{escape(value["how"])}</td>'
        f'<td><span class="grade">{escape(value["grade"] or "–")}</span> {escape("; ".join(_cited(ref) for ref in value["sources"]))}</td></tr>'
        for value in values
    )
    head = '<tr><th scope="col">Input</th><th scope="col" class="num">Value</th><th scope="col">Unit</th><th scope="col">How known</th><th scope="col">Grade and source</th></tr>'
    caption = "Every number that went in, how it is known, and from where"
    return f'<details><summary>What it was computed from</summary><div class="table-wrap"><table><caption>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table></div></details>'


def _fenced_section(exposure: Json) -> str:
    if not exposure["fenced"]:
        return ""
    told = "".join(f"<li><strong>{escape(item['name'])}.</strong> {escape(item['reason'])} <span class=\"muted\">{escape('; '.join(_cited(ref) for ref in item['sources']))}</span></li>" for item in exposure["fenced"])
    return f"<section><h2>Not computed</h2><ul>{told}</ul></section>"


def _works_section(exposure: Json, works: Mapping[str, Source]) -> str:
    """What the keys beside the numbers stand for."""
    named = [works[key] for key in sorted(_keys(exposure)) if key in works]
    if not named:
        return ""
    told = "".join(f"<li><strong>{escape(work.id)}</strong> {escape(_work(work))}</li>" for work in named)
    return f"<section><h2>Sources</h2><details><summary>{len(named)} works that the numbers come from</summary><ul>{told}</ul></details></section>"


def _keys(value: Any) -> set[str]:
    """The keys of every source that an answer names, wherever in it."""
    if isinstance(value, Mapping):
        found = {ref["key"] for ref in value.get("sources", ())}
        return found.union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping) else set()


def _work(work: Source) -> str:
    where = f"doi {work.doi}" if work.doi else work.url.partition("://")[2] if work.url else ""
    return ". ".join(filter(None, (work.title.rstrip("."), str(work.year or ""), where, f"Read: {work.read}")))


def _points_section(proposed: ProposedPoints) -> str:
    """The trade-off picture, and the points of each choice in a fold."""
    found, picture = proposed.found, points_trade_off(proposed.found)
    head = "".join(f'<th scope="col"{" class=num" if at else ""}>{escape(cell or "Plan")}</th>' for at, cell in enumerate(POINTS_HEAD))
    rows = "".join("<tr>" + "".join(_cell(at, cell) for at, cell in enumerate(row)) + "</tr>" for row in points_rows(found))
    folds = "".join(_places(f"Points {at}", pair.chosen) for at, pair in enumerate(found.pairs, 1) if pair.better)
    return (
        f"<section><h2>Points to choose from</h2><p>{escape(proposed.substance)} in {escape(proposed.region.name)}, {_mm(proposed.target_mm)} deep.</p>"
        f'<div class="pictures"><div><h3>{escape(picture.title)}</h3>{_figure(picture)}</div></div>'
        f'<div class="table-wrap"><table><caption>Regular grids, and the points chosen in their place</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f"<p>Missing: {escape(objective_text(found.skins))}</p><p>{escape(POINTS_NOTE)}</p>{folds}</section>"
    )


def _places(name: str, chosen: Judged) -> str:
    rows = "".join(
        f'<tr><th scope="row">{at}</th>' + "".join(f'<td class="num">{number(value)}</td>' for value in point) + "</tr>" for at, point in enumerate(chosen.points, 1)
    )
    head = '<tr><th scope="col">Point</th><th scope="col" class="num">x, mm</th><th scope="col" class="num">y, mm</th><th scope="col" class="num">mL</th></tr>'
    return f'<details><summary>{name}: where each lies</summary><div class="table-wrap"><table><caption>{name}, {_mm(chosen.depth_mm)} deep</caption><thead>{head}</thead><tbody>{rows}</tbody></table></div></details>'


def _findings(found: Sequence[Json]) -> str:
    return "".join(f'<p class="finding">{escape(item["text"])}</p>' for item in found)


def _cited(ref: Json) -> str:
    return ", ".join(filter(None, (ref.get("key", ""), ref.get("locator", ""))))
