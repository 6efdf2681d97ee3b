"""Grids to choose from, as a picture and as links that fill the form of the injection map."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pistor.care.exposure.order import Order
from pistor.care.exposure.proposals import Proposed, as_it_is, proposed_grids, solute_in, wish_of
from pistor.care.exposure.virtual import setting_of
from pistor.care.injection_map import Generator
from pistor.exchange.drawing import number
from pistor.exchange.field_pictures import trade_off
from pistor.knowledge import Library

LETTERS = "ABCDEF"


def choices_of(order: Order, generator: Generator, ingredient: str, target_mm: float, library: Library) -> dict[str, Any]:
    """The proposals for the largest area of a plan, with its own volume. ``ValueError`` with a sentence where there are none."""
    solute, mg_per_ml = solute_in(order, ingredient, library)
    region, _, wish = wish_of(order, mg_per_ml, target_mm, library)
    setting = setting_of(order, library)
    own = {"spacing_mm": float(generator.spacing_mm), "volume_ml": float(generator.volume_per_point_ml), "depth_mm": float(generator.tip_depth_mm or 0)}
    found = proposed_grids(solute, setting, wish)
    now = as_it_is(solute, setting, wish, **own)
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
        "choice_area": region.name,
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
