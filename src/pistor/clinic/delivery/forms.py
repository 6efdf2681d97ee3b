"""What is asked of the field page in its address: numbers only, nothing about the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict

from pistor.care.injection_map import ChosenPoints, Generator, InjectionMap, NoMap, chosen_as_json, make_map
from pistor.clinic.shared.single_points import chosen_from
from pistor.knowledge import Library

RANGES = {
    "spacing_mm": ("Spacing", "mm", "1", "100"),
    "volume_per_point_ml": ("Volume at each point", "mL", "0.001", "1"),
    "depth_mm": ("Depth of the tip", "mm", "0.1", "13"),
}
MEASURES, SCALES = ("concentration", "exposure"), ("log", "linear")


class NotShown(ValueError):
    """The other plan cannot be made; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked at. ``time`` and ``depth`` number the times and depths of the answer; None takes its own choice."""

    solute: str = ""
    time: int | None = None
    depth: int | None = None
    measure: str = "concentration"
    scale: str = "log"


def choice_of(query: Mapping[str, str]) -> Choice:
    """What the address asks for; whatever cannot be read is left to the page."""
    measure, scale = query.get("measure", ""), query.get("scale", "")
    return Choice(
        query.get("solute", ""),
        _whole(query.get("time")),
        _whole(query.get("depth")),
        measure if measure in MEASURES else MEASURES[0],
        scale if scale in SCALES else SCALES[0],
    )


def with_tip(query: Mapping[str, str], drawn: InjectionMap, library: Library) -> InjectionMap:
    """The map with the depth of the tip that the address supposes, where the map itself gives none. Raises ``NotShown``."""
    if drawn.generator.tip_depth_mm is not None or (depth := _number("depth_mm", query.get("tip_mm"))) is None:
        return drawn
    straight = replace(drawn.generator, inserted_length_mm=depth, angle_deg=Decimal(90), needle_length_mm=None)
    return make_map(drawn.areas, straight, drawn.technique, library, exceptions=_exceptions(drawn))


def _exceptions(drawn: InjectionMap) -> dict[str, Any]:
    return {"removed": list(drawn.removed), "chosen": chosen_as_json(drawn.chosen)}


def other_map(query: QueryDict, drawn: InjectionMap, library: Library) -> InjectionMap | None:
    """The map with the spacing, volume, depth or chosen points that the address asks for; None where it asks for none or for the same.
    Raises ``NotShown``.
    """
    asked = {name: value for name in RANGES if (value := _number(name, query.get(name))) is not None}
    given = drawn.generator
    now = numbers_of(given)
    changed = {name: value for name, value in asked.items() if now[name] is None or value != now[name]}
    singles = _singles(query.getlist("points"))
    if not changed and not singles:
        return None
    depth = changed.pop("depth_mm", None)
    straight = {"inserted_length_mm": depth, "angle_deg": Decimal(90), "needle_length_mm": None} if depth is not None else {}
    kept = {} if "spacing_mm" in changed else _exceptions(drawn)
    if singles:
        kept = {"removed": [key for key in drawn.removed if key.rpartition(":")[0] not in singles], "chosen": chosen_as_json({**drawn.chosen, **singles})}
    try:
        made = make_map(drawn.areas, replace(given, **changed, **straight), drawn.technique, library, exceptions=kept)
    except NoMap as none:
        raise NotShown(str(none)) from None
    if not made.points:
        raise NotShown(
            f"No point lies in the areas at a spacing of {changed['spacing_mm']} mm; choose a narrower one."
            if "spacing_mm" in changed
            else "No point is left in the areas."
        )
    return made


def _singles(values: Sequence[str]) -> ChosenPoints:
    try:
        return chosen_from(values)
    except NoMap as none:
        raise NotShown(str(none)) from None


def numbers_of(generator: Generator) -> dict[str, Decimal | None]:
    return {"spacing_mm": generator.spacing_mm, "volume_per_point_ml": generator.volume_per_point_ml, "depth_mm": generator.tip_depth_mm}


def _number(name: str, text: str | None) -> Decimal | None:
    if not text:
        return None
    label, unit, low, high = RANGES[name]
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not Decimal(low) <= value <= Decimal(high):
        raise NotShown(f"{label} is {text[:20]!r}; give a number from {low} to {high} {unit}.")
    return value


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else None
