"""A point on a body map is two rings, light and dark: on whatever ground it lies, one of them stands out, and the two from each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.exchange.pictures import FILL, HALO, RING

MAP_CSS = Path(__file__).resolve().parents[2] / "src/pistor/clinic/shared/static/shared/map/map.css"
TONES = ("#f6ede4", "#e9cfb5", "#d0a17b", "#a0704a", "#65412b", "#2f211b")  # of skin, from very light to very dark
LEAST = 3.0  # WCAG 1.4.11, for what is needed to understand a picture
PICKED = "#c2570c"


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tone", TONES)
def test_a_point_stands_out_on_every_tone_of_skin(tone):
    assert max(contrast(HALO, tone), contrast(RING, tone)) >= LEAST


@given(st.integers(0, 0xFFFFFF))
def test_and_on_whatever_a_photo_has_there(number):
    ground = f"#{number:06x}"
    assert max(contrast(HALO, ground), contrast(RING, ground)) >= LEAST


def test_the_rings_stand_out_from_each_other_and_what_is_picked_from_both():
    assert contrast(HALO, RING) >= 4.5
    assert contrast(PICKED, HALO) >= LEAST and contrast(PICKED, RING) >= LEAST


def test_the_map_that_follows_the_hand_has_the_colours_of_the_printed_one():
    css = MAP_CSS.read_text()
    used = {name: re.search(rf"\.map-stage \.{name}[^{{]*\{{ stroke: (#[0-9a-f]{{6}})", css)[1] for name in ("halo", "ring", "fill.picked")}  # type: ignore[index]
    layers = dict(re.findall(r"\.map-stage \.fill\.(epidermis|dermis|hypodermis) \{ stroke: (#[0-9a-f]{6})", css))
    assert used == {"halo": HALO, "ring": RING, "fill.picked": PICKED}
    assert layers == {name: colour for name, colour in FILL.items() if name != "unknown"}
