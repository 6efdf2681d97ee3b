"""What is asked of the field page in its address: numbers only, nothing about the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from django.http import QueryDict

from pistor.care.injection_map import PASSES, ChosenPoints, Edits, Generator, InjectionMap, NoMap, Regenerate, ZonePlan, apply, make_map
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
    """The map with the depth of the tip that the address supposes, in those zones that give none. Raises ``NotShown``."""
    open_ = [plan for plan in drawn.zone_plans if plan.generator.tip_depth_mm is None]
    if not open_ or (depth := _number("depth_mm", query.get("tip_mm"))) is None:
        return drawn
    plans = [replace(plan, generator=_straight(plan.generator, depth)) if plan in open_ else plan for plan in drawn.zone_plans]
    return make_map(plans, library, scale=drawn.scale)


def _straight(generator: Generator, depth_mm: Decimal) -> Generator:
    """The needle straight in, as deep as this."""
    return replace(generator, inserted_length_mm=depth_mm, angle_deg=Decimal(90), needle_length_mm=None)


def other_map(query: QueryDict, drawn: InjectionMap, library: Library) -> InjectionMap | None:
    """The map with the spacing, volume, depth or chosen points that the address asks for; None where it asks for none or for the same.
    Raises ``NotShown``.
    """
    asked = {name: value for name in RANGES if (value := _number(name, query.get(name))) is not None}
    now = numbers_of(drawn.generator)
    changed = {name: value for name, value in asked.items() if now[name] is None or value != now[name]}
    singles = _singles(query.getlist("points"))
    if not changed and not singles:
        return None
    try:
        made = make_map([_other(plan, now, changed, singles) for plan in drawn.zone_plans], library, scale=drawn.scale)
    except NoMap as none:
        raise NotShown(str(none)) from None
    if not made.points:
        raise NotShown(
            f"No point lies in the areas at a spacing of {changed['spacing_mm']} mm; choose a narrower one."
            if "spacing_mm" in changed
            else "No point is left in the areas."
        )
    return made


def _other(plan: ZonePlan, now: Mapping[str, Decimal | None], changed: Mapping[str, Decimal], singles: ChosenPoints) -> ZonePlan:
    """A zone as the other plan has it: a number changes where it is that of the main zone, so that zones of another kind stay what they are."""
    own = numbers_of(plan.generator)
    new = {name: value for name, value in changed.items() if own[name] == now[name] and plan.generator.pattern != PASSES}
    depth = new.pop("depth_mm", None)
    generator = replace(plan.generator, **new)
    if depth is not None:
        generator = _straight(generator, depth)
    if plan.key in singles:
        return replace(plan, generator=generator, chosen=tuple(singles[plan.key]), edits=Edits())
    return apply(plan, Regenerate(generator=generator, chosen=() if "spacing_mm" in new else None))


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
