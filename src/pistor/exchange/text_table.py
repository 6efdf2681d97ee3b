"""A table of plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table whose columns are as wide as what stands in them; the first and the last begin at the left."""
    cells = [tuple(heads), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    last = len(widths) - 1
    return [
        "  ".join(cell.ljust(w) if at in (0, last) else cell.rjust(w) for at, (cell, w) in enumerate(zip(row, widths, strict=True))).rstrip() for row in cells
    ]
