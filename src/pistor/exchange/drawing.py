"""The strokes that charts are made of, as SVG text: lines, words and axes.

Colours are attributes, never styles, so that a strict content policy shows them; text takes the colour of its
surroundings, so that dark pages and paper work alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

TEAL, GREY, AMBER = "#12857a", "#7d7d7d", "#c2570c"
SIZE = 15  # of all letters: still read where a phone shows the picture at three quarters
_TEXT = 'fill="currentColor" font-family="system-ui, sans-serif"'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "400") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{SIZE}" font-weight="{weight}" text-anchor="{anchor}" {_TEXT}>{escape(words)}</text>'


def svg(width: float, height: float, title: str, description: str, parts: Sequence[str]) -> str:
    label = escape(f"{title}. {description}", quote=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">'
    return "".join([head, f"<title>{escape(title)}</title>", *parts, "</svg>"])


def linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / ((high - low) or 1) * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """An axis of decades; what lies below ``low`` stands at its beginning."""
    whole = math.log10(high / low) or 1.0
    return lambda value: start + math.log10(max(value, low) / low) / whole * (end - start)


def path(places: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) + ("Z" if closed else "")


def decades(low: float, high: float) -> list[float]:
    """The powers of ten within an axis; where it holds fewer than three of them, twos and fives as well."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    whole = [10.0**power for power in powers if low <= 10.0**power * (1 + 1e-9) and 10.0**power <= high * (1 + 1e-9)]
    if len(whole) >= 3:
        return whole
    return [step * 10.0**power for power in powers for step in (1, 2, 5) if low <= step * 10.0**power <= high]


def ticks(high: float) -> list[float]:
    """Three to six round steps from nought to ``high``."""
    if high <= 0:
        return [0.0]
    power = 10.0 ** math.floor(math.log10(high))
    step = next(part * power for part in (0.2, 0.25, 0.5, 1, 2) if high / (part * power) <= 5)
    return [step * number for number in range(math.floor(high / step + 1e-9) + 1)]


def number(value: float | None, digits: int = 3) -> str:
    """So many significant digits, a leading zero, no trailing zero, thin spaces between thousands; *unknown* where there is no number."""
    if value is None or not math.isfinite(value):
        return "unknown"
    if value == 0:
        return "0"
    if abs(value) < 1e-6:
        return "less than 0.000001"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    whole, _, part = f"{round(value, places):.{max(0, places)}f}".partition(".")
    sign, whole = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    part = part.rstrip("0")
    grouped = f"{int(whole):,}".replace(",", "\u202f") if len(whole) > 4 else whole
    return f"{sign}{grouped}.{part}" if part else f"{sign}{grouped}"
