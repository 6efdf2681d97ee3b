"""Points as they were given, over those that were planned; and their sums.

The sum is always the sum over the points, never a number of points times a volume.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pistor.care.injection_map import VOLUME_PER_POINT_ML, Edits, NoMap, edits_from_dict

MOST_ML = VOLUME_PER_POINT_ML[1]


class UnreadableEdits(ValueError):
    """Edits that cannot be taken; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class PlannedPoint:
    """One point of a zone's plan. ``key`` is its own in the zone."""

    key: str
    x_mm: float
    y_mm: float
    volume_ml: Decimal


def edits_from(data: object) -> Edits:
    """Edits as they are kept or posted. Raises :class:`UnreadableEdits`; what is not there is no edit."""
    try:
        edits = edits_from_dict(data)
    except (NoMap, OverflowError) as problem:
        raise UnreadableEdits(str(problem)) from None
    for change in edits.changed.values():
        if change.volume_ml is not None and not (0 <= change.volume_ml <= MOST_ML and change.volume_ml == round(change.volume_ml, 3)):
            raise UnreadableEdits(f"A point holds 0 to {MOST_ML} mL, in steps of 0.001 mL. Correct its volume.")
    return edits


def edits_from_text(text: str) -> Edits:
    """The same from JSON as a form posts it; empty is no edit."""
    if not text.strip():
        return Edits()
    try:
        return edits_from(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        raise UnreadableEdits("What was changed on the points cannot be read. Reload the page and change them again.") from None


def given_points(planned: Iterable[PlannedPoint], edits: Edits, *, added_ml: Decimal) -> tuple[PlannedPoint, ...]:
    """The points that were given: those planned, edited. ``added_ml`` is what an added point gets where nobody said.

    Raises :class:`UnreadableEdits` for edits of points that are not there, and for an added point under the key of a planned one.
    """
    points = {point.key: point for point in planned}
    if edits.added.keys() & points.keys():
        raise UnreadableEdits("A point was added under the number of a planned one. Add it again.")
    points |= {key: PlannedPoint(key, x, y, added_ml) for key, (x, y) in edits.added.items()}
    if (edits.removed | edits.moved.keys() | edits.changed.keys()) - points.keys():
        raise UnreadableEdits("A changed point is not on the plan. The plan was drawn anew: look at the points again.")
    for key, (x, y) in edits.moved.items():
        points[key] = replace(points[key], x_mm=x, y_mm=y)
    for key, change in edits.changed.items():
        points[key] = replace(points[key], volume_ml=points[key].volume_ml if change.volume_ml is None else change.volume_ml)
    return tuple(point for key, point in points.items() if key not in edits.removed)


def total(points: Iterable[PlannedPoint]) -> tuple[int, Decimal]:
    """How many points and how much in all of them together."""
    volumes = [point.volume_ml for point in points]
    return len(volumes), sum(volumes, Decimal(0))
