"""What the skin and the blood will see, as pictures: SVG text with a caption that says what to notice, and a table twin.

Plain values in, one :class:`Picture` out. Concentrations come in mg/mm³ of tissue and are shown in micrograms/mL, the
unit of plasma levels, so that skin and blood can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pistor.delivery import lateral
from pistor.exchange.drawing import AMBER, GREY, SIZE, TEAL, decades, line, linear, logarithmic, number, path, svg, text, ticks
from pistor.exchange.raster import SHADES, contour, raster, shade_of

Array = NDArray[np.float64]

UG_PER_ML = 1e6  # of one mg/mm³
UNIT = "micrograms/mL"
AREA_UNIT = "micrograms·h/mL"
DECADES = 3  # shown below the highest value on a logarithmic scale
NOTHING = 1e-5  # of the highest value
ROUGH = 2  # digits of a model's number
FEW_POINTS = 80  # with more of them every line is made of so many rings that fewer lines are drawn
INK, HALO = "#17262b", "#ffffff"
_W, _LEFT, _TOP = 440, 56, 24


@dataclass(frozen=True, slots=True)
class Table:
    """The same numbers for those who cannot see the picture."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    key: str
    title: str
    svg: str
    caption: str
    table: Table


@dataclass(frozen=True, slots=True)
class Banded:
    """A curve with its 5-95 % band; ``low`` and ``high`` are empty where only the middle is known."""

    middle: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def scaled(self, factor: float) -> Banded:
        return Banded(*(tuple(value * factor for value in values) for values in (self.middle, self.low, self.high)))

    def told(self, at: int) -> str:
        """The number and its band, as words."""
        return with_band(self.middle[at], self.low[at], self.high[at]) if self.low else number(self.middle[at], ROUGH)


@dataclass(frozen=True, slots=True)
class Region:
    """An area of the skin and what in it is not injected, as polygons in mm."""

    name: str
    outline: tuple[tuple[float, float], ...]
    no_go: tuple[tuple[tuple[float, float], ...], ...] = ()


def with_band(middle: float | None, low: float | None, high: float | None) -> str:
    """A number with its 5-95 % band, where there is one."""
    if low is None or high is None:
        return number(middle, ROUGH)
    return f"{number(middle, ROUGH)} ({number(low, ROUGH)} to {number(high, ROUGH)})"


# ── depth and time ──────────────────────────────────────────────────────────────────────────────────────────────────


def depth_time(
    name: str,
    times_h: Sequence[float],
    depths_mm: Sequence[float],
    concentration: ArrayLike,
    layers: Sequence[tuple[str, float, float]],
    tip_mm: float | None,
    *,
    syringe: float | None = None,
    thread: bool = False,
) -> Picture:
    """Concentration (T, Z) in mg/mm³ straight under a point, the middle of a ``thread``, or under a film (``tip_mm`` None). ``layers`` are (name, from mm, to mm);
    ``syringe`` is the strength in it, in micrograms/mL."""
    times, depths, value = np.array(times_h, dtype=float), np.array(depths_mm, dtype=float), np.array(concentration, dtype=float) * UG_PER_ML
    later = times > 0
    times, value = times[later], value[later]
    bottom, high = float(depths[-1]), float(value.max()) or 1.0
    low = high / 10**DECADES
    width, top, height = 232, 30, 190
    grid_t, grid_z = np.geomspace(times[0], times[-1], 120), np.linspace(depths[0], bottom, 96)
    plane = _resampled(value, times, depths, grid_t, grid_z, low)
    x, y = logarithmic(times[0], times[-1], _LEFT, _LEFT + width), linear(0, bottom, top, top + height)
    parts = [raster(shade_of(plane, low, high, log=True), _LEFT, y(depths[0]), width, y(bottom) - y(depths[0]))]
    at_t = np.array([x(time) for time in grid_t])
    at_z = np.array([y(depth) for depth in grid_z])
    levels = [high / 10**step for step in range(1, DECADES)]
    parts += [_contour(contour(plane, level, at_t, at_z), light=level < high / 5) for level in (high / 2, *levels)]
    parts += _layer_lines(layers, bottom, x(times[-1]), y)
    if tip_mm is not None:
        parts.append(f'<circle cx="{_LEFT + 7}" cy="{y(min(tip_mm, bottom)):.1f}" r="5" fill="{HALO}" stroke="{INK}" stroke-width="2.5"/>')
    parts += [text(_LEFT - 6, y(depth) + 5, number(depth), anchor="end") for depth in ticks(bottom)]
    parts.append(text(8, top - 12, "depth, mm"))
    base = top + height
    shown = _apart(_times(times[0], times[-1]), x, 52)
    parts += [line(x(time), base, x(time), base + 5, "currentColor") + text(x(time), base + 21, _time(time), anchor="middle") for time in shown]
    parts.append(text(_LEFT + width + 22, base + 21, "after"))
    parts += _scale(low, high, base + 40, log=True, unit=UNIT, marks=(high / 2, *levels))
    reach = _half_depth(depths, value[0])
    gone = _fallen(times, value.max(axis=1), high / 10)
    under = "the middle of one thread" if thread else "one point"
    where, ring = (f"Under {under}", "; the ring is the tip") if tip_mm is not None else ("Under the film", "")
    caption = f"{where}. The lines are a half, a tenth and a hundredth of the highest concentration, {number(high, ROUGH)} {UNIT}{ring}."
    caption += f" At the first time shown, depths from {number(reach[0], ROUGH)} to {number(reach[1], ROUGH)} mm hold at least half of it."
    caption += f" It is down to a tenth after {span(gone)}." if gone is not None else f" After {span(float(times[-1]))} it is still above a tenth."
    caption += above_the_syringe(high, syringe)
    picture = svg(_W, base + 92, f"{name}: concentration by depth and time", caption, parts)
    return Picture("depth_time", "Depth and time", picture, caption, _depth_table(f"{name} {where.lower()}", times, depths, value, layers))


def above_the_syringe(highest: float, syringe: float | None) -> str:
    """A sentence, after a space, where more is reckoned than was injected (both in micrograms/mL); else nothing."""
    return f" {too_dense(syringe)}" if syringe is not None and highest > syringe else ""


def too_dense(syringe: float) -> str:
    """What is said where a concentration above that in the syringe is shown."""
    why = "the model piles a point up in its middle, and what likes fat gathers in it"
    return f"Higher than the {number(syringe)} {UNIT} in the syringe, because {why}: leave the first minutes aside."


def _resampled(value: Array, times: Array, depths: Array, grid_t: Array, grid_z: Array, low: float) -> Array:
    """The logarithm drawn out evenly over log time and depth: (Z, T)."""
    logged = np.log(np.maximum(value, low * 1e-3))
    by_time = np.stack([np.interp(np.log(grid_t), np.log(times), column) for column in logged.T])
    even: Array = np.exp(np.stack([np.interp(grid_z, depths, row) for row in by_time.T], axis=1))
    return even


def _layer_lines(layers: Sequence[tuple[str, float, float]], bottom: float, right: float, y: Callable[[float], float]) -> list[str]:
    """Boundaries over the picture, and the names beside it, pushed apart where layers are thin."""
    parts, below = [], 0.0
    for name, start, end in layers:
        if start >= bottom:
            break
        if start > 0:
            parts.append(line(_LEFT, y(start), right + 4, y(start), HALO, width=2.5) + line(_LEFT, y(start), right + 4, y(start), INK, width=1, dash="4 3"))
        middle = y((start + min(end, bottom)) / 2)
        place = max(middle, below + SIZE + 2)
        below = place
        parts.append(f'<path d="M{right + 1:.1f} {middle:.1f}L{right + 8:.1f} {place:.1f}" stroke="{GREY}" fill="none"/>')
        parts.append(text(right + 11, place + 5, name))
    return parts


def _half_depth(depths: Array, profile: Array) -> tuple[float, float]:
    """From where to where a profile holds at least half of its highest value."""
    inside = np.nonzero(profile >= profile.max() / 2)[0]
    return float(depths[inside[0]]), float(depths[inside[-1]])


def _fallen(times: Array, value: Array, level: float) -> float | None:
    """When a falling curve passes a level, on a logarithmic scale; None where it never does."""
    below = np.nonzero(value <= level)[0]
    if not below.size:
        return None
    at = int(below[0])
    if at == 0:
        return float(times[0])
    logged = np.log(np.maximum(value[at - 1 : at + 1], 1e-300))
    return float(np.interp(-math.log(level), -logged, times[at - 1 : at + 1]))


def _depth_table(name: str, times: Array, depths: Array, value: Array, layers: Sequence[tuple[str, float, float]]) -> Table:
    chosen = [int(np.abs(depths - depth).argmin()) for depth in sorted({(start + min(end, depths[-1])) / 2 for _, start, end in layers if start < depths[-1]})]
    picked = np.unique(np.linspace(0, len(times) - 1, min(4, len(times))).astype(int))
    head = ("Depth, mm", *(span(float(times[at])) for at in picked))
    rows = tuple((number(float(depths[z])), *(_or_nothing(float(value[at, z]), value.max()) for at in picked)) for z in dict.fromkeys(chosen))
    return Table(f"{name}, {UNIT}", head, rows)


def _or_nothing(value: float, highest: float) -> str:
    """A number; so far below the highest the model has no digit to give."""
    return number(value, ROUGH) if value > NOTHING * highest else "next to nothing"


# ── the field over the zone ─────────────────────────────────────────────────────────────────────────────────────────


def field_on_grid(variance_mm2: ArrayLike, weight_per_mm: ArrayLike, points: ArrayLike, x_mm: Array, y_mm: Array) -> Array:
    """Sum over points (x, y, dose mg) of the kernel's Gaussians: (Y, X), in mg/mm³ or mg·h/mm³."""
    placed = np.asarray(points, dtype=float).reshape(-1, 3)
    weights = np.asarray(weight_per_mm, dtype=float)
    plane = np.zeros((len(y_mm), len(x_mm)))
    carrying = np.flatnonzero(weights)  # at one time most of the Gaussians of all times carry nothing
    variances = [float(np.asarray(variance_mm2)[at]) for at in carrying]
    gaussians = lateral.factors(x_mm, y_mm, placed[None, :, 0], placed[None, :, 1], variances, placed[:, 2])
    for weight, (along, across) in zip(weights[carrying], gaussians, strict=True):
        plane += (weight * along) @ across
    return np.maximum(plane, 0.0)


def zone_field(
    title: str,
    regions: Sequence[Region],
    points: ArrayLike,
    variance_mm2: ArrayLike,
    weight_per_mm: ArrayLike,
    *,
    what: str,
    unit: str = UNIT,
    threshold: float | None = None,
    log: bool = True,
    high: float | None = None,
    threads: Sequence[Sequence[tuple[float, float]]] = (),
) -> Picture:
    """The field at one depth over the areas, with the points. ``threshold`` and ``high`` are in ``unit``; ``what`` says depth and time.

    ``threads`` are lines in mm that stand for the points they are reckoned of.
    """
    placed = np.asarray(points, dtype=float).reshape(-1, 3)
    left, right, top, bottom = _bounds(regions, placed)
    wide, tall = right - left, bottom - top
    scale = min((_W - 16) / wide, 380 / tall)
    steps = min(max(160, int(wide / 0.4)), 220)
    x_mm, y_mm = np.linspace(left, right, steps), np.linspace(top, bottom, max(2, round(steps * tall / wide)))
    plane = field_on_grid(variance_mm2, weight_per_mm, placed, x_mm, y_mm) * UG_PER_ML
    high = high or float(plane.max()) or 1.0
    low = high / 10**DECADES if log else 0.0
    start = (_W - wide * scale) / 2
    x, y = linear(left, right, start, start + wide * scale), linear(top, bottom, 8, 8 + tall * scale)
    levels = [high / 2, high / 10, high / 100][: 3 if len(placed) <= FEW_POINTS else 2 if len(placed) <= 4 * FEW_POINTS else 1]
    at_x, at_y = np.array([x(place) for place in x_mm]), np.array([y(place) for place in y_mm])
    parts = [raster(shade_of(plane, low, high, log=log), start, 8, wide * scale, tall * scale)]
    parts += [_contour(contour(plane, level, at_x, at_y), light=level < (high / 5 if log else high / 3)) for level in levels]
    if threshold is not None:
        parts.append(_contour(contour(plane, threshold, at_x, at_y), light=threshold < (high / 5 if log else high / 3), width=2.6))
    for region in regions:
        shape = path([(x(a), y(b)) for a, b in region.outline], closed=True)
        parts.append(f'<path d="{shape}" fill="none" stroke="{HALO}" stroke-width="3"/><path d="{shape}" fill="none" stroke="{TEAL}" stroke-width="1.6"/>')
        parts += [_no_go(path([(x(a), y(b)) for a, b in hole], closed=True)) for hole in region.no_go]
    ring = max(1.2, min(3.0, 0.6 * scale))
    lines = threads or [[(a, b), (a, b)] for a, b, _ in placed]
    dots = "".join(path([(x(a), y(b)) for a, b in ends]) for ends in lines)
    parts.append(
        "".join(
            f'<path d="{dots}" fill="none" stroke="{ink}" stroke-width="{2 * size:.1f}" stroke-linecap="round"/>'
            for ink, size in ((HALO, ring * 1.5), (INK, ring * 1.15), (HALO, ring * 0.6))
        )
    )
    base = 8 + tall * scale
    parts += _bar(wide, scale, base + 12)
    parts += _scale(low, high, base + 46, log=log, unit=unit, marks=(*levels, *([threshold] if threshold is not None else [])))
    inside = _inside(regions, x_mm, y_mm)
    within = plane[inside] if inside.any() else plane.ravel()
    names = ("a half", "a tenth", "a hundredth")[: len(levels)]
    told = f"Lines at {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"A line at {names[0]}"
    drawn = "double lines are the threads" if threads else "double rings are the points"
    caption = f"{what}. {told} of {number(high, ROUGH)} {unit}; {drawn}."
    caption += (
        f" Half of the area holds less than {number(float(np.median(within)), ROUGH)} {unit}, a tenth of it less than {number(float(np.quantile(within, 0.1)), ROUGH)}."
    )
    rows = tuple(
        (f"at least {number(level, ROUGH)}", f"{100 * float((within >= level).mean()):.0f} %")
        for level in sorted({*levels, *([threshold] if threshold is not None else [])}, reverse=True)
    )
    table = Table(f"Share of the area, {what[0].lower()}{what[1:]}", (unit, "of the area"), rows)
    return Picture("zone_field", title, svg(_W, base + 98, title, caption, parts), caption, table)


def _bounds(regions: Sequence[Region], placed: Array) -> tuple[float, float, float, float]:
    """What encloses areas and points, with a margin of 4 mm."""
    xy = np.array([place for region in regions for place in region.outline] or placed[:, :2].tolist() or [(0.0, 0.0)], dtype=float)
    if len(placed):
        xy = np.concatenate([xy, placed[:, :2]])
    (left, top), (right, bottom) = xy.min(axis=0) - 4, xy.max(axis=0) + 4
    return float(left), float(right), float(top), float(bottom)


def _inside(regions: Sequence[Region], x_mm: Array, y_mm: Array) -> NDArray[np.bool_]:
    """Which places of a grid lie in an area and in nothing that is not injected: (Y, X)."""
    from shapely import contains_xy
    from shapely.geometry import Polygon

    grid_x, grid_y = np.meshgrid(x_mm, y_mm)
    found = np.zeros(grid_x.shape, dtype=bool)
    for region in regions:
        here = contains_xy(Polygon(region.outline), grid_x, grid_y)
        for hole in region.no_go:
            here &= ~contains_xy(Polygon(hole), grid_x, grid_y)
        found |= here
    return found


def _no_go(shape: str) -> str:
    return f'<path d="{shape}" fill="{HALO}" fill-opacity="0.75" stroke="#a34733" stroke-width="1.6" stroke-dasharray="3 3"><title>not injected</title></path>'


def _bar(wide_mm: float, scale: float, y: float) -> list[str]:
    """How long a round number of millimetres is."""
    length = max(step for step in (1, 2, 5, 10, 20, 50, 100) if step <= max(1.0, wide_mm / 4))
    return [
        f'<path d="M12 {y - 4:.1f}v8m0 -4h{length * scale:.1f}m0 -4v8" fill="none" stroke="currentColor" stroke-width="1.6"/>',
        text(18 + length * scale, y + 5, f"{length} mm"),
    ]


def _contour(data: str, *, light: bool, width: float = 1.2) -> str:
    """Light on the dark half of the palette, dark on the light one."""
    ink = HALO if light else INK
    return f'<path d="{data}" fill="none" stroke-linejoin="round" stroke="{ink}" stroke-width="{width:.1f}"/>' if data else ""


def _scale(low: float, high: float, y: float, *, log: bool, unit: str, marks: Sequence[float]) -> list[str]:
    """The shades with their numbers, and a line where each contour lies."""
    left, width = 12.0, _W - 24.0
    at = logarithmic(low, high, left, left + width) if log else linear(low, high, left, left + width)
    parts = [raster(np.arange(SHADES, dtype=np.uint8)[None, :], left, y, width, 14)]
    parts += [line(at(mark), y - 3, at(mark), y + 17, "currentColor", width=1.6) for mark in marks if low < mark <= high]
    shown = [place for place in (decades(low, high) if log else ticks(high)) if place >= low]
    if log and len(shown) > 4:
        shown = shown[-4:]
    for place in shown:
        anchor = "start" if at(place) < left + 20 else "end" if at(place) > left + width - 20 else "middle"
        parts.append(text(at(place), y + 31, number(place), anchor=anchor))
    parts.append(text(left, y + 48, f"{unit}{', each step a factor of ten' if log else ''}"))
    return parts


# ── curves ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def coverage(
    title: str, level: Sequence[float], share: Banded, *, unit: str = UNIT, threshold: float | None = None, other: Banded | None = None, other_name: str = ""
) -> Picture:
    """Which share of the zone (0 to 1) gets at least each level (in ``unit``), with its band and, dashed, another plan's."""
    low, high = max(min(level), max(level) / 10 ** (DECADES + 1)), max(level)
    x, y = logarithmic(low, high, _LEFT, _W - 16), linear(0, 1, 226, _TOP)
    parts = _frame_y([(part / 100, f"{part} %") for part in (0, 25, 50, 75, 100)], y)
    parts += [line(x(value), 226, x(value), 231, "currentColor") + text(x(value), 247, number(value), anchor="middle") for value in decades(low, high)]
    parts.append(text(_W - 16, 268, unit, anchor="end"))
    parts += _curve(level, share, x, y)
    if other is not None:
        parts += [_dashed(level, other.middle, x, y), text(x(level[_nearest(other.middle, 0.12)]), y(0.12) - 6, other_name, anchor="start")]
    if threshold is not None and low < threshold < high:
        parts.append(line(x(threshold), _TOP, x(threshold), 226, AMBER, width=2, dash="5 4") + text(x(threshold) + 5, _TOP + 12, "threshold", weight="600"))
    most = f" 95 % {_gets(level, share, 0.95)}," if share.middle[0] >= 0.5 else ""  # where half gets less than is drawn, they do too
    caption = f"Half of the zone gets {_gets(level, share, 0.5)} {unit},{most} its best 5 % {_gets(level, share, 0.05)}."
    caption += " The shade is the 5-95 % band." if share.low else ""
    rows = tuple(
        (number(level[at], ROUGH), _percent(share.middle[at]), f"{_percent(share.low[at])} to {_percent(share.high[at])}" if share.low else "unknown")
        for at in np.unique(np.linspace(0, len(level) - 1, 9).astype(int))
    )
    return Picture("coverage", title, svg(_W, 276, title, caption, parts), caption, Table(title, (f"At least, {unit}", "of the zone", "5-95 % band"), rows))


def plasma(
    title: str,
    times_h: Sequence[float],
    level: Banded,
    *,
    limit: float | None,
    limit_name: str = "toxic limit",
    limit_said: str = "",
    highest_said: str = "",
    others: Sequence[tuple[str, Sequence[float]]] = (),
) -> Picture:
    """Plasma concentration over time in micrograms/mL with its band; ``limit`` None is *unknown*, ``limit_said`` is what is to be said of
    it beside this plan, ``highest_said`` what of the peaks of patients, which are not the peak of the curve. ``others`` are other routes, dashed."""
    peak = max([*level.middle, *level.high])
    peak_at = int(np.argmax(level.middle))
    highest = max([peak, *(max(values) for _, values in others), *([limit] if limit else [])], default=1.0) or 1.0
    log = highest > 8 * max(level.middle)
    lowest = max(max(level.middle) / 100, highest * 1e-6) or highest / 100
    y = logarithmic(lowest, highest * 1.3, 226, _TOP) if log else linear(0, highest * 1.15, 226, _TOP)
    x = linear(0, times_h[-1], _LEFT, _W - 16)
    parts = _frame_y([(value, number(value)) for value in (_few(decades(lowest, highest * 1.3)) if log else ticks(highest * 1.15))], y)
    parts += [line(x(time), 226, x(time), 231, "currentColor") + text(x(time), 247, number(time), anchor="middle") for time in ticks(times_h[-1])]
    parts += [text(_W - 16, 268, "hours after the treatment", anchor="end"), text(8, 14, UNIT)]
    parts += _curve(times_h, level, x, y)
    above = 226.0 + SIZE
    for name, values in sorted(others, key=lambda other: other[1][-1]):
        above = min(y(values[-1]) - 6, above - SIZE - 3)
        parts += [_dashed(times_h, values, x, y), text(_W - 18, above, name, anchor="end")]
    if limit:
        parts.append(
            line(_LEFT, y(limit), _W - 16, y(limit), AMBER, width=2) + text(_W - 18, y(limit) - 6, f"{limit_name} {number(limit)}", anchor="end", weight="600")
        )
    caption = highest_said or f"Highest {level.told(peak_at)} {UNIT}, {span(times_h[peak_at])} after the treatment."
    caption += f" {limit_said}" if limit_said else f" The {limit_name} is {number(limit)} {UNIT}." if limit else f" The {limit_name} is unknown."
    chosen = np.unique(np.linspace(0, len(times_h) - 1, min(9, len(times_h))).astype(int))
    rows = tuple(
        (span(times_h[at]), number(level.middle[at], ROUGH), f"{number(level.low[at], ROUGH)} to {number(level.high[at], ROUGH)}" if level.low else "unknown") for at in chosen
    )
    return Picture("plasma", title, svg(_W, 276, title, caption, parts), caption, Table(f"{title}, {UNIT}", ("After", "Plasma", "5-95 % band"), rows))


def side_by_side(title: str, rows: Sequence[tuple[str, float | None, float | None, float | None]], *, unit: str = UNIT, note: str = "") -> Picture:
    """Values (name, middle, low, high) on one logarithmic axis, both numbers written out; a middle of None is *unknown*."""
    known = [value for _, *values in rows for value in values if value]
    high, low = max(known, default=1.0), min(known, default=0.1)
    high, low = 10.0 ** math.ceil(math.log10(high) - 1e-9), 10.0 ** math.floor(math.log10(low) + 1e-9)
    low = min(low, high / 10)
    x, row = logarithmic(low, high, 14, _W - 14), 54
    base = 20 + row * len(rows)
    parts = [
        line(x(value), 8, x(value), base, GREY, width=0.5)
        + text(x(value), base + 18, number(value), anchor="start" if value == low else "end" if value == high else "middle")
        for value in _few(decades(low, high))
    ]
    for index, (name, middle, least, most) in enumerate(rows):
        y = 26 + index * row
        parts += _value_line(name, middle, least, most, x, y)
    parts.append(text(14, base + 38, f"{unit}, each step a factor of ten"))
    first = next(((name, middle) for name, middle, *_ in rows if middle), None)
    caption = " ".join(filter(None, [_times_as_high(rows, first), note, "The bars are 5-95 % bands." if any(least for _, _, least, _ in rows) else ""]))
    told = tuple(
        (
            name,
            number(middle, ROUGH) if middle is not None else "unknown",
            f"{number(least, ROUGH)} to {number(most, ROUGH)}" if least is not None and most is not None else "unknown",
        )
        for name, middle, least, most in rows
    )
    return Picture("side_by_side", title, svg(_W, base + 46, title, caption, parts), caption, Table(title, ("", unit, "5-95 % band"), told))


def _value_line(name: str, middle: float | None, least: float | None, most: float | None, x: Callable[[float], float], y: float) -> list[str]:
    if middle is None:
        return [
            text(14, y, f"{name}: unknown", weight="600"),
            f'<line x1="14" y1="{y + 14}" x2="{_W - 14}" y2="{y + 14}" stroke="{GREY}" stroke-dasharray="2 4"/>',
        ]
    parts = [text(14, y, f"{name}: {number(middle, ROUGH)}", weight="600"), line(14, y + 14, _W - 14, y + 14, GREY, width=0.5)]
    if least is not None and most is not None:
        parts.append(f'<rect x="{x(least):.1f}" y="{y + 8}" width="{max(2.0, x(most) - x(least)):.1f}" height="12" rx="3" fill="{TEAL}" fill-opacity="0.35"/>')
    return [*parts, f'<circle cx="{x(middle):.1f}" cy="{y + 14}" r="6" fill="{TEAL}" stroke="currentColor" stroke-width="1.5"/>']


def _times_as_high(rows: Sequence[tuple[str, float | None, float | None, float | None]], first: tuple[str, float] | None) -> str:
    """The first row against each other one, in words."""
    if first is None:
        return "No number is known here."
    told = [(name, first[1] / middle) for name, middle, *_ in rows if middle and name != first[0]]
    if not told:
        return ""
    parts = [
        f"about {number(ratio, 1)} times “{name[0].lower()}{name[1:]}”" if ratio >= 2 else f"about {number(100 * ratio, 1)} % of “{name[0].lower()}{name[1:]}”"
        for name, ratio in told
    ]
    return f"{first[0]} is {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."


def drivers(title: str, shares: Sequence[tuple[str, float]]) -> Picture:
    """Which input explains how much (0 to 1) of the spread of the answer, the largest first."""
    shown = sorted(shares, key=lambda item: -item[1])[:7]
    row = 38
    parts = []
    for index, (name, share) in enumerate(shown):
        y = 22 + index * row
        width = (_W - 90) * max(0.0, min(1.0, share))
        parts += [
            text(14, y, name),
            f'<rect x="14" y="{y + 6}" width="{max(width, 1.5):.1f}" height="12" rx="2" fill="{TEAL}"/>',
            text(22 + width, y + 17, _percent(share)),
        ]
    first = shown[0] if shown else ("nothing", 0.0)
    caption = (
        f"Most of the width of the band, {_percent(first[1])}, comes from {first[0][0].lower()}{first[0][1:]}: to know that better would help most."
        if shown
        else "No input was varied."
    )
    height = 16 + row * max(1, len(shown))
    return Picture(
        "drivers",
        title,
        svg(_W, height, title, caption, parts),
        caption,
        Table(title, ("Input", "share of the spread"), tuple((name, _percent(share)) for name, share in shares)),
    )


def trade_off(
    title: str, points: Sequence[tuple[str, float, float, bool]], *, x_label: str, y_label: str, current: tuple[float, float] | None = None,
    others: Sequence[tuple[str, float, float]] = (), series: tuple[str, str] = ("", ""),
) -> Picture:
    """Plans to choose from: (name, x, y, chosen); ``others`` are a second series, and ``series`` names both. The present plan is a cross."""
    places = [*((a, b) for _, a, b, _ in points), *((a, b) for _, a, b in others), *([current] if current else [])]
    right, top = (max((place[axis] for place in places), default=1) * 1.08 or 1 for axis in (0, 1))
    x, y = linear(0, right, _LEFT, _W - 16), linear(0, top, 226, _TOP)
    parts = _frame_y([(value, number(value)) for value in ticks(top)], y)
    parts += [line(x(value), 226, x(value), 231, "currentColor") + text(x(value), 247, number(value), anchor="middle") for value in ticks(right)]
    parts += [text(_W - 16, 268, x_label, anchor="end"), text(8, 14, y_label)]
    for along, ink in ((sorted((x(a), y(b)) for _, a, b, _ in points), GREY), (sorted((x(a), y(b)) for _, a, b in others), TEAL)):
        parts.append(f'<path d="{path(along)}" fill="none" stroke="{ink}" stroke-width="1.5"/>' if len(along) > 1 else "")
    for name, a, b, chosen in points:
        parts.append(
            f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="{9 if chosen else 6}" fill="{TEAL if chosen else HALO}" stroke="{INK if chosen else TEAL}" stroke-width="2.5"><title>{escape(name)}</title></circle>'
        )
        parts.append(text(x(a), y(b) + (22 if others else -11), name, anchor="middle", weight="650" if chosen else "400"))
    for name, a, b in others:
        parts.append(f'<rect x="{x(a) - 5.5:.1f}" y="{y(b) - 5.5:.1f}" width="11" height="11" fill="{TEAL}" stroke="{HALO}"><title>{escape(name)}</title></rect>')
        parts.append(text(x(a), y(b) - 11, name, anchor="middle", weight="650"))
    if current:
        a, b = x(current[0]), y(current[1])
        parts.append(
            f'<path d="M{a - 6:.1f} {b - 6:.1f}l12 12m0 -12l-12 12" stroke="{AMBER}" stroke-width="3" fill="none"/>'
            + text(min(a + 10, _W - 96), b + (34 if others else 18), "this plan", weight="600")
        )
    kinds = f"Rings are {series[0]}, squares {series[1]}" if others else "Each ring is a plan to choose"
    caption = f"{kinds}; the cross is this plan. Along {'a' if others else 'the'} line one is bought with the other."
    rows = tuple((name, number(a), number(b)) for name, a, b in ((*((name, a, b) for name, a, b, _ in points), *others)))
    return Picture("trade_off", title, svg(_W, 276, title, caption, parts), caption, Table(title, ("Plan", x_label, y_label), rows))


def _frame_y(marks: Sequence[tuple[float, str]], y: Callable[[float], float]) -> list[str]:
    parts = [line(_LEFT, 226, _W - 16, 226, "currentColor")]
    for value, words in marks:
        parts += [line(_LEFT, y(value), _W - 16, y(value), GREY, width=0.5), text(_LEFT - 6, y(value) + 5, words, anchor="end")]
    return parts


def _curve(at: Sequence[float], level: Banded, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    parts = []
    if level.low:
        there = [(x(place), y(value)) for place, value in zip(at, level.high, strict=True)]
        back = [(x(place), y(value)) for place, value in zip(at, level.low, strict=True)][::-1]
        parts.append(f'<path d="{path([*there, *back], closed=True)}" fill="{TEAL}" fill-opacity="0.22"/>')
        parts += [f'<path d="{path(edge)}" fill="none" stroke="{TEAL}" stroke-width="0.8"/>' for edge in (there, back)]
    middle = path([(x(place), y(value)) for place, value in zip(at, level.middle, strict=True)])
    return [*parts, f'<path d="{middle}" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linejoin="round"/>']


def _dashed(at: Sequence[float], value: Sequence[float], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    return f'<path d="{path([(x(place), y(height)) for place, height in zip(at, value, strict=True)])}" fill="none" stroke="{GREY}" stroke-width="2" stroke-dasharray="6 4"/>'


def _gets(level: Sequence[float], share: Banded, part: float) -> str:
    """What a part of the zone gets, in words; the curve may begin where fewer get anything."""
    return f"at least {number(level[_nearest(share.middle, part)], ROUGH)}" if share.middle[0] >= part else f"less than {number(level[0], ROUGH)}"


def _nearest(falling: Sequence[float], wanted: float) -> int:
    """The last place of a falling curve that still holds ``wanted``."""
    held = [at for at, value in enumerate(falling) if value >= wanted]
    return held[-1] if held else 0


def _apart(values: Sequence[float], x: Callable[[float], float], room: float) -> list[float]:
    """The marks that have room beside the one before."""
    kept: list[float] = []
    for value in values:
        if not kept or x(value) - x(kept[-1]) >= room:
            kept.append(value)
    return kept


def _few(values: Sequence[float], most: int = 5) -> list[float]:
    """Every n-th of many marks, the last among them."""
    step = max(1, math.ceil(len(values) / most))
    return list(values[::-1][::step][::-1])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _times(first: float, last: float) -> list[float]:
    return [time for time in (1 / 60, 1 / 12, 0.25, 1, 4, 12, 24, 72, 168, 720) if first <= time * 1.001 and time <= last * 1.001]


def _time(hours: float) -> str:
    """A time as short as an axis needs it."""
    if hours < 0.99:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} d"


def span(hours: float | None) -> str:
    """A duration in the unit that a person would use."""
    if hours is None:
        return "unknown"
    if hours < 1:
        return f"{number(float(f'{hours * 60:.2g}'))} min"
    return f"{number(float(f'{hours:.2g}'))} h" if hours < 48 else f"{number(float(f'{hours / 24:.2g}'))} days"
