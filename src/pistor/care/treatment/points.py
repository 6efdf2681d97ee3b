"""Points as they were planned and as they were given: what was left out, moved, added or got another volume; and their sums.

The sum is always the sum over the points, never a number of points times a volume.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pistor.knowledge.typed import decimal_of

MOST_ML = Decimal(5)  # in one point, as the map allows
POSITION_MM = 10_000
_ADDED = re.compile(r"a[1-9][0-9]{0,3}")


class UnreadableEdits(ValueError):
    """Edits that cannot be taken; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class PlannedPoint:
    """One point of a zone's plan. ``key`` is its number in the zone; one that was added has a key of its own, a1, a2 and so on."""

    key: str
    x_mm: float
    y_mm: float
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Edits:
    """How the points that were given differ from those planned. ``changed`` holds volumes in mL, also of points that were added."""

    removed: frozenset[str] = frozenset()
    moved: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    added: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    changed: Mapping[str, Decimal] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.removed or self.moved or self.added or self.changed)

    def as_dict(self) -> dict[str, Any]:
        return {
            "removed": sorted(self.removed, key=_by_number),
            "moved": {key: list(self.moved[key]) for key in sorted(self.moved, key=_by_number)},
            "added": {key: list(self.added[key]) for key in sorted(self.added, key=_by_number)},
            "changed": {key: {"ml": format(self.changed[key], "f")} for key in sorted(self.changed, key=_by_number)},
        }


def edits_from(data: object) -> Edits:
    """Edits as they are kept or posted. Raises :class:`UnreadableEdits`; anything that is not there is no edit."""
    if not isinstance(data, Mapping) or not set(data) <= {"removed", "moved", "added", "changed"}:
        raise UnreadableEdits("What was changed on the points cannot be read. Reload the page and change them again.")
    removed, moved, added, changed = (data.get(key) or () for key in ("removed", "moved", "added", "changed"))
    try:
        return Edits(
            frozenset(str(key) for key in removed),
            {str(key): _place(place) for key, place in dict(moved).items()},
            {_new_key(key): _place(place) for key, place in dict(added).items()},
            {str(key): _volume(change) for key, change in dict(changed).items()},
        )
    except (TypeError, ValueError, KeyError, AttributeError) as problem:
        said = str(problem) if isinstance(problem, UnreadableEdits) else "What was changed on the points cannot be read. Change them again."
        raise UnreadableEdits(said) from None


def edits_from_text(text: str) -> Edits:
    """The same from JSON as a form posts it; empty is no edit."""
    if not text.strip():
        return Edits()
    try:
        return edits_from(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        raise UnreadableEdits("What was changed on the points cannot be read. Reload the page and change them again.") from None


def _new_key(key: object) -> str:
    if not _ADDED.fullmatch(str(key)):
        raise UnreadableEdits("A point was added without a number of its own. Add it again.")
    return str(key)


def _place(value: Any) -> tuple[float, float]:
    x, y = value
    place = float(x), float(y)
    if not all(math.isfinite(part) and abs(part) < POSITION_MM for part in place):
        raise UnreadableEdits("A point was put where the drawing does not reach. Put it again.")
    return place


def _volume(change: Any) -> Decimal:
    volume = decimal_of(str(change["ml"]))
    if not 0 <= volume <= MOST_ML or volume != round(volume, 3):
        raise UnreadableEdits(f"A point holds 0 to {MOST_ML} mL, in steps of 0.001 mL. Correct its volume.")
    return volume


def given_points(planned: Iterable[PlannedPoint], edits: Edits, *, added_ml: Decimal) -> tuple[PlannedPoint, ...]:
    """The points that were given: those planned, edited. ``added_ml`` is what an added point gets where nobody said.

    Raises :class:`UnreadableEdits` for edits of points that are not there.
    """
    points = {point.key: point for point in planned}
    points |= {key: PlannedPoint(key, x, y, added_ml) for key, (x, y) in edits.added.items()}
    unknown = (edits.removed | set(edits.moved) | set(edits.changed)) - set(points)
    if unknown:
        raise UnreadableEdits("A changed point is not on the plan. The plan was drawn anew: look at the points again.")
    for key, (x, y) in edits.moved.items():
        points[key] = replace(points[key], x_mm=x, y_mm=y)
    for key, volume in edits.changed.items():
        points[key] = replace(points[key], volume_ml=volume)
    return tuple(point for key, point in points.items() if key not in edits.removed)


def total(points: Iterable[PlannedPoint]) -> tuple[int, Decimal]:
    """How many points and how much in all of them together."""
    volumes = [point.volume_ml for point in points]
    return len(volumes), sum(volumes, Decimal(0))


def _by_number(key: str) -> tuple[str, int, str]:
    """a2 before a10, and 2 before 10."""
    letters = key.rstrip("0123456789")
    return letters, int(key[len(letters) :] or 0), key
