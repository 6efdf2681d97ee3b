"""A plane of numbers as a picture inside an SVG: shades as a small PNG, and lines of equal height over it."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Blue to yellow, even in lightness and alike for every kind of colour vision: anchors of the palette cividis.
PALETTE = ("#00204d", "#00336f", "#39486b", "#575c6d", "#707173", "#8a8779", "#a69d75", "#c4b56c", "#e4cf5b", "#ffea46")
SHADES = 128


def palette_rgb(shades: int = SHADES) -> NDArray[np.uint8]:
    """The palette as (shades, 3) bytes, from dark to light."""
    anchors = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in PALETTE], dtype=float)
    places = np.linspace(0, len(PALETTE) - 1, shades)
    return np.stack([np.interp(places, np.arange(len(PALETTE)), anchors[:, channel]) for channel in range(3)], axis=1).round().astype(np.uint8)


def shade_of(value: NDArray[np.float64], low: float, high: float, *, log: bool) -> NDArray[np.uint8]:
    """Which shade each value takes: the first at or below ``low``, the last at or above ``high``."""
    if log:
        value, low, high = np.log(np.maximum(value, low)), math.log(low), math.log(high)
    part = np.clip((value - low) / ((high - low) or 1.0), 0, 1)
    return np.rint(part * (SHADES - 1)).astype(np.uint8)


def png(shades: NDArray[np.uint8]) -> bytes:
    """Shades (height, width), the top row first, as a PNG of indexed colours."""
    height, width = shades.shape
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(shades))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette_rgb().tobytes()), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


def raster(shades: NDArray[np.uint8], x: float, y: float, width: float, height: float) -> str:
    """The shades as a picture inside an SVG, stretched over a rectangle."""
    data = base64.b64encode(png(shades)).decode()
    place = f'x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
    return f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'


def contour(value: NDArray[np.float64], level: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Where ``value`` (Y, X) on the grid ``x``, ``y`` crosses ``level``, as the data of a path (marching squares).

    A saddle is cut as if its middle were the mean of its corners. Segments are joined where they meet, which keeps the
    path short.
    """
    corners = (value[:-1, :-1], value[:-1, 1:], value[1:, 1:], value[1:, :-1])
    above = [corner >= level for corner in corners]
    case = above[0] * 1 + above[1] * 2 + above[2] * 4 + above[3] * 8
    segments: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for row, column in zip(*np.nonzero((case > 0) & (case < 15)), strict=True):
        at = [float(corner[row, column]) for corner in corners]
        kind = int(case[row, column])
        edges = _CUTS[kind] if kind not in _SADDLES or sum(at) / 4 < level else _SADDLES[kind]
        box = (float(x[column]), float(x[column + 1]), float(y[row]), float(y[row + 1]))
        for first, second in edges:
            start, end = _crossing(first, at, level, box), _crossing(second, at, level, box)
            if start != end:
                segments.setdefault(start, []).append(end)
                segments.setdefault(end, []).append(start)
    return _joined(segments)


# Edges of a cell: 0 top, 1 right, 2 bottom, 3 left. Corners: 1 top left, 2 top right, 4 bottom right, 8 bottom left.
_CUTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip
_SADDLES = {5: ((3, 2), (1, 0)), 10: ((0, 3), (2, 1))}


def _crossing(edge: int, at: Sequence[float], level: float, box: tuple[float, float, float, float]) -> tuple[float, float]:
    first, second = at[edge], at[(edge + 1) % 4]
    part = (level - first) / ((second - first) or 1.0)
    left, right, top, bottom = box
    x, y = {0: (left + part * (right - left), top), 1: (right, top + part * (bottom - top)),
            2: (right - part * (right - left), bottom), 3: (left, bottom - part * (bottom - top))}[edge]  # fmt: skip
    return round(x, 1), round(y, 1)


def _joined(segments: dict[tuple[float, float], list[tuple[float, float]]]) -> str:
    """Walks along segments that share an end, from open ends first, so that rings close and lines stay whole."""
    parts = []
    for start in sorted(segments, key=lambda place: len(segments[place]) != 1):
        while segments[start]:
            walk = [start]
            while segments[walk[-1]]:
                onward = segments[walk[-1]].pop()
                segments[onward].remove(walk[-1])
                walk.append(onward)
            parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in walk))
    return "".join(parts)
