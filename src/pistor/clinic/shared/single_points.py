"""Points chosen one by one as one value of an address or a form: short, and made of signs that an address keeps as they are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pistor.care.injection_map import Chosen, NoMap, chosen_from_json

BETWEEN, WITHIN = "*", "_"
LONGEST = 12_000  # signs: some 600 points, six times what anybody is offered


def chosen_value(area: str, points: Iterable[Chosen]) -> str:
    """The area and, for each point, x and y in mm and the volume in mL."""
    told = (WITHIN.join((f"{point.x_mm:g}", f"{point.y_mm:g}", f"{point.volume_ml.normalize():f}")) for point in points)
    return BETWEEN.join((area, *told))


def chosen_from(values: Iterable[str]) -> dict[str, tuple[Chosen, ...]]:
    """The points of each area in such values. Raises ``NoMap``."""
    given = list(values)
    if any(len(value) > LONGEST for value in given):
        raise NoMap(f"The points chosen one by one in an area take more than {LONGEST} signs; choose fewer points.")
    split = (value.split(BETWEEN) for value in given)
    return chosen_from_json({area: [tuple(point.split(WITHIN)) for point in points] for area, *points in split})


def as_chosen(x_mm: float, y_mm: float, volume_ml: float) -> Chosen:
    """A point of the engine as the map keeps it."""
    return Chosen(round(x_mm, 3), round(y_mm, 3), Decimal(str(round(volume_ml, 4))))
