"""What we print is read back, from the drawing and from a photo of it; and the label holds the words too."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pistor.care.codes import Code, OwnCode, element_string, in_signs, of_id, of_patient, parse
from pistor.exchange.labels import label_pdf
from pistor.exchange.symbols import MOST_BYTES, NoSymbol, read_picture, symbol_svg
from tests.exchange.test_documents import text_of

ON = dt.date(2026, 11, 26)


def drawn(text: str, *, module: int = 6, margin: int = 4, turn: float = 0, grey: int = 0) -> Image.Image:
    """The SVG's squares as pixels, as a printer would set them."""
    svg = symbol_svg(text)
    width, height = (int(number) for number in re.search(r'width="(\d+)" height="(\d+)"', svg).groups())
    assert width == height, "a rectangle is read badly"
    picture = Image.new("L", ((width + 2 * margin) * module,) * 2, 255)
    bars = [[int(number) for number in bar] for bar in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h", svg)]
    assert bars
    for x, y, across, down in bars:
        left, top = (x + margin) * module, (y + margin) * module
        picture.paste(grey, (left, top, left + across * module, top + down * module))
    return picture.rotate(turn, fillcolor=255, expand=True)


def as_file(picture: Image.Image, format_: str = "PNG", **more) -> bytes:
    held = io.BytesIO()
    picture.save(held, format_, **more)
    return held.getvalue()


CODES = st.one_of(
    st.integers(0, 2**50 - 1).map(lambda number: OwnCode("V", in_signs(number))),
    st.uuids().map(lambda id_: of_id("L", id_)),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).map(of_patient),
    st.builds(Code, st.just("09501101530003"), st.from_regex(r"[A-Z0-9/-]{1,20}", fullmatch=True), st.dates(dt.date(2020, 1, 1), dt.date(2060, 1, 1))),
)


@settings(max_examples=20, deadline=None)
@given(CODES, st.sampled_from([0, 7, 90, 201]))
def test_what_we_draw_we_read_back_also_turned(code, turn):
    text = element_string(code) if isinstance(code, Code) else str(code)
    assert parse(read_picture(as_file(drawn(text, turn=turn))), ON) == code


@pytest.mark.parametrize(("format_", "more"), [("JPEG", {"quality": 60}), ("WEBP", {}), ("PNG", {})])
def test_a_photo_of_any_kind_that_telephones_make_is_read(format_, more):
    assert parse(read_picture(as_file(drawn("P1:V:4K7Q2M9XTB", grey=60).convert("RGB"), format_, **more)), ON) == OwnCode("V", "4K7Q2M9XTB")


def beside(*pictures: Image.Image) -> Image.Image:
    whole = Image.new("L", (sum(picture.width for picture in pictures), max(picture.height for picture in pictures)), 255)
    for place, picture in enumerate(pictures):
        whole.paste(picture, (sum(before.width for before in pictures[:place]), 0))
    return whole


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "no picture"),
        (as_file(Image.new("L", (40, 40), 255))[:60], "no picture"),
        (as_file(Image.new("L", (200, 200), 255)), "No code was found"),
        (as_file(beside(drawn("P1:V:4K7Q2M9XTB"), drawn("P1:V:4K7Q2M9XTC"))), "more than one"),
        (as_file(Image.new("L", (8000, 5001), 255)), "million pixels"),
        (bytes(MOST_BYTES + 1), "15 MB"),
    ],
    ids=["empty", "pdf", "svg", "gif", "cut", "white", "two", "huge", "heavy"],
)
def test_a_picture_without_one_code_is_refused_with_a_sentence(content, says):
    with pytest.raises(NoSymbol, match=says):
        read_picture(content)


def test_a_label_is_small_and_says_the_same_in_words():
    pdf = label_pdf(title="Lidocaine 1 %", code="P1:V:4K7Q2M9XTB", shown="V 4K7Q2 M9XTB", lines=["Lot L-1", "Opened 26 Nov 2026 09:00", '#panic("x")'], copies=2)
    import pypdf

    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert [(round(float(page.mediabox.width) * 25.4 / 72), round(float(page.mediabox.height) * 25.4 / 72)) for page in pages] == [(50, 25), (50, 25)]
    text = " ".join(text_of(pdf).split())
    assert all(word in text for word in ("Lidocaine 1 %", "V 4K7Q2 M9XTB", "Lot L-1", "Opened 26 Nov 2026 09:00", '#panic("x")'))
