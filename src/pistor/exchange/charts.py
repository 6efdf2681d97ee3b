"""Charts as SVG text, for pages and documents: scores over time, and published windows on one axis of time.

Plain values in, one string out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from pistor.exchange.drawing import AMBER, GREY, SIZE, TEAL, line, linear, svg, text


@dataclass(frozen=True, slots=True)
class ScorePoint:
    on: dt.date
    value: Decimal
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """A labelled horizontal line: the comparator arm of a trial."""

    label: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Window:
    """A span of hours after a treatment in which a reaction was published to begin."""

    label: str
    from_hours: float
    until_hours: float
    marks: tuple[float, ...] = ()  # medians
    open_ended: bool = False  # later is not excluded


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """What a score chart shows. Where no important difference is known, words stand in place of the band."""

    title: str
    description: str
    unit: str
    low: Decimal
    high: Decimal
    points: tuple[ScorePoint, ...]
    baseline: Decimal | None = None
    band: tuple[Decimal, Decimal] | None = None
    band_known: bool = False  # an important difference is published, even where it cannot be drawn without a baseline
    treatments: tuple[tuple[int, dt.date], ...] = ()
    levels: tuple[Level, ...] = ()


_W, _H, _LEFT, _RIGHT, _TOP, _BOTTOM = 440, 290, 56, 128, 24, 66


def score_chart(chart: ScoreChart) -> str:
    """The picture of one scale over the days of a course."""
    days = [point.on for point in chart.points] + [day for _, day in chart.treatments]
    first, last = (min(days), max(days)) if days else (dt.date(2000, 1, 1), dt.date(2000, 1, 2))
    x = linear(first.toordinal(), max(last.toordinal(), first.toordinal() + 1), _LEFT + 8, _W - _RIGHT - 8)
    y = linear(float(chart.low), float(chart.high), _H - _BOTTOM, _TOP)
    labels: list[tuple[float, str, str]] = []
    parts = [*_y_axis(chart, y)]
    if chart.band is not None:
        parts.append(_band(chart, y))
        labels.append((y(float(min(max(chart.band[1], chart.low), chart.high))) + 4, "below MCID", TEAL))
    if chart.baseline is not None:
        height = y(float(chart.baseline))
        parts.append(line(_LEFT, height, _W - _RIGHT, height, TEAL, dash="5 4"))
        labels.append((height, f"baseline {_n(chart.baseline)}", TEAL))
    for level in chart.levels:
        height = y(float(min(max(level.value, chart.low), chart.high)))
        parts.append(line(_LEFT, height, _W - _RIGHT, height, GREY, dash="2 4", width=2))
        labels.append((height, level.label, GREY))
    parts += _treatments(chart, x)
    parts += _course(chart, x, y)
    if chart.points:
        latest = chart.points[-1]
        if not latest.baseline:
            labels.append((y(float(latest.value)), f"{_n(latest.value)} now", "currentColor"))
    parts += _labels(labels)
    if not chart.band_known:
        parts.append(text(_LEFT + 6, _TOP - 8, "MCID unknown", weight="600"))
    parts.append(text(_LEFT, _H - 8, _day(first)))
    if last != first:
        parts.append(text(_W - _RIGHT, _H - 8, _day(last), anchor="end"))
    return svg(_W, _H, chart.title, chart.description, parts)


def window_chart(windows: Sequence[Window], *, began_hours: float | None, title: str, description: str) -> str:
    """Published windows of onset as bars, the report as a line through them. Time is logarithmic, up to 120 days."""
    row, top = 40, 28
    height = top + row * max(1, len(windows)) + 34
    end = max([2880.0, *(window.until_hours for window in windows), began_hours or 0])
    x = _logarithmic(end, 10, _W - 14)
    base = height - 30
    parts = []
    for hours, name in ((1, "1 h"), (24, "1 d"), (168, "1 wk"), (672, "4 wk"), (2016, "12 wk")):
        parts.append(line(x(hours), top - 8, x(hours), base, GREY, width=0.5))
        parts.append(text(x(hours), height - 12, name, anchor="middle"))
    for index, window in enumerate(windows):
        parts += _window(window, top + index * row, x, x(end))
    if began_hours is not None:
        at = x(began_hours)
        anchor = "end" if at > _W * 0.7 else "start"
        parts.append(line(at, top - 12, at, base, AMBER, width=2))
        parts.append(text(at + (-5 if anchor == "end" else 5), top - 12, "this report began", anchor=anchor, weight="600"))
    return svg(_W, height, title, description, parts)


def _window(window: Window, place: float, x: Callable[[float], float], edge: float) -> list[str]:
    left, right = x(window.from_hours), x(window.until_hours)
    span = f'x="{left:.1f}" y="{place + 15}" width="{max(right - left, 3):.1f}" height="12"'
    parts = [text(12, place + 10, window.label), f'<rect {span} rx="3" fill="{TEAL}" fill-opacity="0.45" stroke="{TEAL}"/>']
    if window.open_ended:
        parts.append(line(right, place + 21, edge, place + 21, TEAL, dash="2 3", width=2))
    return parts + [line(x(mark), place + 13, x(mark), place + 29, "currentColor", width=2) for mark in window.marks]


def _y_axis(chart: ScoreChart, y: Callable[[float], float]) -> list[str]:
    middle = (chart.low + chart.high) / 2
    parts = []
    for value in (chart.low, middle, chart.high):
        parts.append(line(_LEFT, y(float(value)), _W - _RIGHT, y(float(value)), GREY, width=0.5))
        parts.append(text(_LEFT - 6, y(float(value)) + 5, _n(value), anchor="end"))
    parts.append(text(_W - _RIGHT, _TOP - 8, chart.unit, anchor="end"))
    return parts


def _band(chart: ScoreChart, y: Callable[[float], float]) -> str:
    assert chart.band is not None
    top, bottom = y(float(min(chart.band[1], chart.high))), y(float(max(chart.band[0], chart.low)))
    return f'<rect x="{_LEFT}" y="{top:.1f}" width="{_W - _RIGHT - _LEFT}" height="{max(bottom - top, 1):.1f}" fill="{TEAL}" fill-opacity="0.14"/>'


def _treatments(chart: ScoreChart, x: Callable[[float], float]) -> list[str]:
    base = _H - _BOTTOM
    parts = [line(_LEFT, base, _W - _RIGHT, base, "currentColor")]
    for number, day in chart.treatments:
        place = x(day.toordinal())
        parts.append(line(place, base - 5, place, base + 7, AMBER, width=2))
        parts.append(text(place, base + 22, str(number), anchor="middle"))
    if chart.treatments:
        parts.append(text(_W - _RIGHT + 6, base + 22, "treatments"))
    return parts


def _course(chart: ScoreChart, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    places = [(x(point.on.toordinal()), y(float(point.value)), point) for point in chart.points]
    parts = []
    if len(places) > 1:
        path = " ".join(f"{left:.1f},{top:.1f}" for left, top, _ in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="2"/>')
    for left, top, point in places:
        fill = "none" if point.baseline else "currentColor"
        said = f"{_day(point.on)}: {_n(point.value)}{' (baseline)' if point.baseline else ''}"
        ring = f'cx="{left:.1f}" cy="{top:.1f}" r="5" fill="{fill}" stroke="currentColor" stroke-width="2"'
        parts.append(f"<circle {ring}><title>{escape(said)}</title></circle>")
    return parts


def _labels(labels: list[tuple[float, str, str]]) -> list[str]:
    """Labels at the ends of their lines, pushed apart so that none covers another."""
    parts, below = [], _TOP - 14.0
    for height, words, colour in sorted(labels, key=lambda label: label[0]):
        place = max(height, below + SIZE + 3)
        below = place
        parts.append(f'<rect x="{_W - _RIGHT + 5}" y="{place - 4:.1f}" width="8" height="3" fill="{colour}"/>')
        parts.append(text(_W - _RIGHT + 17, place + 5, words))
    return parts


def _logarithmic(end_hours: float, start: float, end: float) -> Callable[[float], float]:
    whole = math.log10(1 + end_hours)
    return lambda hours: start + math.log10(1 + max(0.0, hours)) / whole * (end - start)


def _n(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
