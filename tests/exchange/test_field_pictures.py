"""Pictures of a field: readable by everybody, well formed, and with the same numbers in words and in a table."""

from __future__ import annotations

import base64
import math
import re
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from pistor.delivery import field
from pistor.delivery.problem import Depot, Layer, Tissue
from pistor.exchange import field_pictures as pictures
from pistor.exchange.drawing import number
from pistor.exchange.raster import contour, palette_rgb, png, shade_of

TISSUE = Tissue((Layer("epidermis", 0.08, 0.25), Layer("papillary dermis", 0.2, 0.36, 4.0), Layer("reticular dermis", 1.5, 0.36, 2.5), Layer("fat", 8, 0.3, 1.0)))
TIMES = (0.0, *np.geomspace(1 / 60, 8, 20))
DEPTHS = tuple(np.linspace(0, 3, 25))
SQUARE = ((0.0, 0.0), (40.0, 0.0), (40.0, 30.0), (0.0, 30.0))
HOLE = ((10.0, 10.0), (14.0, 10.0), (14.0, 14.0))
ODD = 'Left <side> & "rim"'


@pytest.fixture(scope="module")
def kernel():
    return field.solve(TISSUE, [Depot(0, 0, 1.0, 1.6, 0.4, 1.0)], TIMES).kernel(DEPTHS)


def all_of_them(kernel):
    profile = kernel.at([0.0])[..., 0]
    layers = [("epidermis", 0.0, 0.08), ("papillary dermis", 0.08, 0.28), ("reticular dermis", 0.28, 1.78), ("fat under the skin", 1.78, 9.78)]
    points = [(8.0 * column + 4, 8.0 * row + 4, 1.0) for column in range(5) for row in range(4)]
    level = tuple(np.geomspace(1, 1000, 30))
    share = pictures.Banded(*(tuple(1 / (1 + (value / middle) ** 2) for value in level) for middle in (60, 30, 120)))
    hours = tuple(np.linspace(0, 12, 40))
    curve = pictures.Banded(*(tuple(high * math.exp(-0.4 * time) for time in hours) for high in (0.2, 0.1, 0.5)))
    return (
        pictures.depth_time(ODD, TIMES, DEPTHS, profile, layers, 1.0),
        pictures.zone_field(ODD, [pictures.Region(ODD, SQUARE, (HOLE,))], points, kernel.variance_mm2, kernel.weight_per_mm[8, 8], what=f"{ODD}, 1 mm deep", threshold=5),
        pictures.coverage(ODD, level, share, threshold=40, other=share, other_name=ODD),
        pictures.plasma(ODD, hours, curve, limit=5.0, limit_name=ODD, others=[(ODD, curve.low)]),
        pictures.side_by_side(ODD, [(ODD, 900.0, 300.0, 2000.0), ("Plasma", 0.05, None, None), ("On the skin", None, None, None)], note=ODD),
        pictures.drivers(ODD, [(ODD, 0.7), ("Depth of the tip", 0.2)]),
        pictures.trade_off(ODD, [(ODD, 40, 0.4, False), ("B", 90, 0.8, True)], x_label="punctures", y_label="share", current=(60, 0.4)),
    )


def test_what_is_above_the_strength_in_the_syringe_is_said_where_it_is_shown(kernel):
    profile = kernel.at([0.0])[..., 0]
    told = [pictures.depth_time(ODD, TIMES, DEPTHS, profile, [("skin", 0.0, 8.0)], 1.0, syringe=strength).caption for strength in (1.0, 1e9)]
    assert ["leave the first minutes aside" in caption for caption in told] == [True, False]


def test_every_picture_is_well_formed_and_says_what_it_shows(kernel):
    for picture in all_of_them(kernel):
        root = ElementTree.fromstring(picture.svg)
        assert root.get("role") == "img" and ODD in "".join(root.itertext()) + root.get("aria-label"), picture.key
        assert picture.caption[-1] in ".”" and "nan" not in picture.svg and "inf" not in picture.svg.lower().replace("information", ""), picture.key
        assert picture.table.rows and {len(row) for row in picture.table.rows} == {len(picture.table.head)}, picture.key


def test_nothing_in_a_picture_needs_a_style_a_script_or_another_place(kernel):
    for picture in all_of_them(kernel):
        assert not re.search(r"style=|<style|<script|\bon\w+=|url\(|\bid=|https?://(?!www\.w3\.org/2000/svg)", picture.svg), picture.key
        assert all(address.startswith("data:image/png;base64,") for address in re.findall(r'href="([^"]*)"', picture.svg))


def test_the_palette_grows_lighter_all_the_way():
    """So that it is read in grey, on paper and by every eye."""
    red, green, blue = (palette_rgb().astype(float).T / 255) ** 2.2
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (np.diff(light) > 0).all() and light[-1] > 20 * light[0]


def test_a_png_holds_the_shades_that_were_given():
    shades = np.arange(6, dtype=np.uint8).reshape(2, 3)
    data = png(shades)
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", data[16:24]) == (3, 2)
    body, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        body += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    assert zlib.decompress(body) == b"\0\0\1\2" + b"\0\3\4\5"


def test_shades_follow_the_logarithm_and_keep_within_the_palette():
    value = np.array([[0.0, 1.0, 10.0, 100.0, 1e9]])
    assert shade_of(value, 1.0, 100.0, log=True).tolist() == [[0, 0, 64, 127, 127]]
    assert shade_of(np.array([[0.0, 50.0, 100.0]]), 0.0, 100.0, log=False).tolist() == [[0, 64, 127]]


def test_a_contour_runs_where_the_level_is():
    x = y = np.linspace(-50, 50, 101)
    cone = 50 - np.hypot(*np.meshgrid(x, y))
    places = [tuple(map(float, pair.split())) for pair in re.split("[ML]", contour(cone, 20.3, x, y)) if pair]
    assert all(abs(math.hypot(*place) - 29.7) < 0.1 for place in places)
    assert places[0] == places[-1] and len(places) > 200, "a ring is one closed line"
    assert contour(cone, 90.0, x, y) == ""


def test_the_field_on_the_picture_is_the_field_of_the_engine(kernel):
    points = [(3.0, 4.0, 2.0), (9.0, 5.0, 0.5)]
    x, y = np.linspace(0, 12, 7), np.linspace(0, 9, 5)
    drawn = pictures.field_on_grid(kernel.variance_mm2, kernel.weight_per_mm[6, 8], points, x, y)
    solution = field.solve(TISSUE, [Depot(a, b, 1.0, 1.6, 0.4, dose) for a, b, dose in points], [TIMES[6]])
    assert np.allclose(drawn, solution.volume(x, y, [DEPTHS[8]])[0, 0], rtol=1e-3, atol=1e-5 * drawn.max())


def test_layers_are_named_once_and_in_order(kernel):
    words = [text.text for text in ElementTree.fromstring(all_of_them(kernel)[0].svg).iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in words if word in ("epidermis", "papillary dermis", "reticular dermis", "fat under the skin")] == ["epidermis", "papillary dermis", "reticular dermis", "fat under the skin"]


def test_an_unknown_limit_and_an_unknown_route_are_said_to_be_unknown(kernel):
    flat = pictures.plasma("Plasma", (0.0, 1.0, 2.0), pictures.Banded((0.1, 0.2, 0.1)), limit=None)
    assert "toxic limit is unknown" in flat.caption
    route = all_of_them(kernel)[4]
    assert ("On the skin", "unknown", "unknown") in route.table.rows and "On the skin: unknown" in route.svg


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (0.5, "0.5"), (2.0, "2"), (0.00001234, "0.0000123"), (90314, "90\u202f300"), (1234.4, "1230"), (999.6, "1000"), (1e-9, "less than 0.000001"), (-3.14159, "−3.14"), (math.nan, "unknown")],
)
def test_numbers_cannot_be_misread(value, told):
    assert number(value) == told


def test_rasters_stay_small(kernel):
    for picture in all_of_them(kernel):
        assert len(picture.svg) < 120_000, (picture.key, len(picture.svg))
        for data in re.findall(r"base64,([^\"]*)", picture.svg):
            assert base64.b64decode(data, validate=True)[:4] == b"\x89PNG"
