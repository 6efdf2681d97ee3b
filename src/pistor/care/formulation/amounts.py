"""How much of each substance goes into a point, a zone, a treatment, a course and a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.formulation.blend import Blend, plain

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts in ``unit`` (mg or units); None where a volume, a number of treatments or their interval is not known."""

    ingredient: str
    name: str
    unit: str
    active: bool
    per_point: Decimal | None
    per_treatment: Decimal
    per_course: Decimal | None
    per_year: Decimal | None = None
    per_zone: tuple[tuple[str, Decimal], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        point, course, year = (None if value is None else plain(round(value, 6)) for value in (self.per_point, self.per_course, self.per_year))
        return {
            "ingredient": self.ingredient,
            "name": self.name,
            "unit": self.unit,
            "active": self.active,
            "per_point": point,
            "per_zone": {zone: plain(round(value, 6)) for zone, value in self.per_zone},
            "per_treatment": plain(round(self.per_treatment, 6)),
            "per_course": course,
            "per_year": year,
        }


def amounts(
    blend: Blend,
    *,
    volume_per_point_ml: Decimal | None,
    volume_ml: Decimal | None,
    sessions: int | None,
    interval_days: int | None = None,
    zones_ml: Sequence[tuple[str, Decimal]] = (),
) -> tuple[Amounts, ...]:
    """The amounts of every substance; ``volume_ml`` is what is injected per treatment, the whole blend where it is None."""
    injected = blend.volume_ml if volume_ml is None else volume_ml
    in_a_year = treatments_within(YEAR_DAYS, sessions, interval_days)
    found = []
    for concentration in blend.concentrations:
        treatment = concentration.amount * injected / blend.volume_ml
        found.append(
            Amounts(
                concentration.ingredient,
                concentration.name,
                concentration.amount_unit,
                concentration.active,
                per_point=None if volume_per_point_ml is None else concentration.amount * volume_per_point_ml / blend.volume_ml,
                per_treatment=treatment,
                per_course=None if sessions is None else treatment * sessions,
                per_year=None if in_a_year is None or sessions is None else treatment * in_a_year,
                per_zone=tuple((zone, concentration.amount * ml / blend.volume_ml) for zone, ml in zones_ml),
            )
        )
    return tuple(found)


def treatments_within(days: Decimal | int, sessions: int | None, interval_days: int | None) -> int | None:
    """How many treatments of a course fall within a period, the first on its first day; None where the course does not say."""
    if sessions == 1:
        return 1
    if interval_days is None:
        return None
    fit = int((days - 1) // interval_days) + 1
    return fit if sessions is None else min(fit, sessions)
