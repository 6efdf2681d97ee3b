"""Grids to choose from, as a picture and as links that fill the form of the injection map."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pistor.care.exposure.proposals import Proposed, Wish, as_it_is, proposed_grids
from pistor.care.exposure.solute import Fenced, solute_of
from pistor.care.exposure.tissue import SEXES, site_of
from pistor.care.exposure.values import parameter
from pistor.care.plan import Plan
from pistor.exchange.drawing import number
from pistor.exchange.field_pictures import trade_off
from pistor.knowledge import Library
from pistor.knowledge.model import Quantity

LETTERS = "ABCDEF"


def choices_of(plan: Plan, ingredient: str, exposure: dict[str, Any], library: Library, *, sex: str) -> dict[str, Any]:
    """The proposals for the largest area of a plan, with its own volume. ``ValueError`` with a sentence where there are none."""
    drawn, blend = plan.injection_map, plan.blend
    assert drawn is not None
    assert blend is not None
    largest = max(drawn.zones, key=lambda zone: zone.area_cm2)
    area = next(area for area in drawn.areas if (area.zone, area.side) == (largest.zone, largest.side))
    body = library.body_map(area.map, area.version)
    shape = next(shape for shape in body.zones if (shape.zone, shape.side) == (area.zone, area.side)) if body else None
    strength = next(float(part.per_ml) for part in blend.concentrations if part.ingredient == ingredient)
    solute = solute_of(ingredient, library, depot_mg_per_ml=strength)
    if shape is None or isinstance(solute, Fenced) or not largest.points:
        raise ValueError("No grid can be proposed for this substance in this area.")
    method = library.techniques[drawn.technique]
    given = drawn.generator
    own = {"spacing_mm": float(given.spacing_mm), "volume_ml": float(given.volume_per_point_ml), "depth_mm": float(given.tip_depth_mm or 0)}
    wish = Wish(
        polygon=shape.polygon,
        no_go=shape.no_go,
        pattern=given.pattern if given.pattern in ("hexagonal", "square", "points") else "hexagonal",
        volume_ml=float(largest.volume_ml),
        strength_mg_per_ml=strength,
        target_mm=exposure["target_depth_mm"],
        point_volume_ml=_range(method.volume_per_point_ml),
        wheal_radius_mm=parameter("wheal_radius", library).number,
    )
    site = site_of(area.zone, library, sex=sex if sex in SEXES else None)
    found = proposed_grids(solute, site, wish)
    now = as_it_is(solute, site, wish, **own)
    picture = trade_off(
        "What more punctures buy",
        [(LETTERS[at], one.points, 100 * one.covered, False) for at, one in enumerate(found)],
        x_label="punctures",
        y_label="% of the area covered",
        current=(now.points, 100 * now.covered),
    )
    return {
        "choices": [_shown(LETTERS[at], one) for at, one in enumerate(found)],
        "now": _shown("This plan", now),
        "choice_area": largest.label,
        "trade_off": picture,
    }


def _shown(name: str, one: Proposed) -> dict[str, Any]:
    """A proposal in words, and the addresses that look at it and that take it into the form."""
    spacing, volume, depth = (f"{value:.3f}".rstrip("0").rstrip(".") for value in (one.spacing_mm, one.volume_ml, one.depth_mm))
    return {
        "name": name,
        "spacing": spacing,
        "volume": volume,
        "depth": depth,
        "points": one.points,
        "total": number(one.total_ml),
        "covered": f"{100 * one.covered:.0f}",
        "look": urlencode({"spacing_mm": spacing, "volume_per_point_ml": volume, "depth_mm": depth}),
        "take": urlencode({"spacing_mm": spacing, "volume_per_point_ml": volume, "inserted_length_mm": depth, "angle_deg": 90}),
    }


def _range(published: Quantity | None) -> tuple[float, float] | None:
    """What is published for a point, where it has both ends."""
    if published is None or published.low is None or published.high is None or published.high <= 0 or published.low == published.high:
        return None
    return float(published.low), float(published.high)
