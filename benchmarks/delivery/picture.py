"""What the engine costs, drawn as an SVG without any library: one panel for each thing that grows, both axes logarithmic."""

from __future__ import annotations

import math
from html import escape

WIDTH, HEIGHT, GAP, TOP, LEFT, BOTTOM = 250, 190, 76, 40, 62, 62
STYLES = (("#0b4f6c", "none", "circle"), ("#b3541e", "7 4", "square"))  # told apart in grey too

Series = list[tuple[float, float]]
Panel = tuple[str, str, dict[str, Series]]  # what grows, its unit, seconds by name of the line


def drawing(title: str, panels: list[Panel]) -> str:
    """The panels side by side on one scale of seconds."""
    seconds = [y for _, _, lines in panels for line in lines.values() for _, y in line]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    width, height = LEFT + len(panels) * (WIDTH + GAP), TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#222" role="img">',
        f'<title>{escape(title)}</title><rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += panel_parts(LEFT + number * (WIDTH + GAP), panel, low, high)
    parts.append(legend(list(panels[0][2]), height - 12))
    return "\n".join([*parts, "</svg>", ""])


def panel_parts(left: float, panel: Panel, low: int, high: int) -> list[str]:
    what, unit, lines = panel
    steps = [x for line in lines.values() for x, _ in line]
    first, last = math.log10(min(steps)), math.log10(max(steps))

    def across(x: float) -> float:
        return left + 12 + (WIDTH - 24) * (math.log10(x) - first) / (last - first)

    def up(y: float) -> float:
        return TOP + HEIGHT - HEIGHT * (math.log10(y) - low) / (high - low)

    parts = [f'<text x="{left}" y="{TOP - 16}" font-weight="bold">{escape(what)}</text>']
    for power in range(low, high + 1):
        y, label = up(10.0**power), f"{10.0**power:g} s" if power >= 0 else f"{10.0 ** (power + 3):g} ms"
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for x in sorted(set(steps)):
        parts.append(f'<text x="{across(x):.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle" font-size="10">{short(x)}</text>')
    parts.append(f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 32}" text-anchor="middle">{escape(unit)}</text>')
    for (colour, dash, mark), line in zip(STYLES, lines.values(), strict=False):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [marker(across(x), up(y), colour, mark) for x, y in line]
    return parts


def marker(x: float, y: float, colour: str, mark: str) -> str:
    if mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'


def legend(names: list[str], y: float) -> str:
    parts, x = [], LEFT
    for (colour, dash, mark), name in zip(STYLES, names, strict=False):
        parts.append(f'<line x1="{x}" x2="{x + 32}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [marker(x + 16, y - 4, colour, mark), f'<text x="{x + 40}" y="{y}">{escape(name)}</text>']
        x += 64 + 7 * len(name)
    return "".join(parts)


def short(number: float) -> str:
    """12, 3.5 k, 2.3 M."""
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.2g}{letter}" if number < 10 * size else f"{number / size:.0f}{letter}"
    return f"{number:g}"
