"""How much of each substance goes into a point, a treatment and a course."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.formulation.blend import Blend, plain


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts in ``unit`` (mg or units); None where a volume or a number of treatments is not known."""

    ingredient: str
    name: str
    unit: str
    active: bool
    per_point: Decimal | None
    per_treatment: Decimal
    per_course: Decimal | None

    def as_dict(self) -> dict[str, Any]:
        point, course = (None if value is None else plain(round(value, 6)) for value in (self.per_point, self.per_course))
        return {
            "ingredient": self.ingredient,
            "name": self.name,
            "unit": self.unit,
            "active": self.active,
            "per_point": point,
            "per_treatment": plain(round(self.per_treatment, 6)),
            "per_course": course,
        }


def amounts(blend: Blend, *, volume_per_point_ml: Decimal | None, volume_ml: Decimal | None, sessions: int | None) -> tuple[Amounts, ...]:
    """The amounts of every substance; ``volume_ml`` is what is injected per treatment, the whole blend where it is None."""
    injected = blend.volume_ml if volume_ml is None else volume_ml
    found = []
    for concentration in blend.concentrations:
        treatment = concentration.amount * injected / blend.volume_ml
        point = None if volume_per_point_ml is None else concentration.amount * volume_per_point_ml / blend.volume_ml
        course = None if sessions is None else treatment * sessions
        found.append(Amounts(concentration.ingredient, concentration.name, concentration.amount_unit, concentration.active, point, treatment, course))
    return tuple(found)
