"""Whatever a camera or an enemy writes into a file, what is kept holds upright pixels and nothing else."""

from __future__ import annotations

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pistor.actions.pictures import LONGEST_SIDE, LONGEST_SMALL, MOST_BYTES, NoPhoto, new_picture
from tests.pictures import SECRET, exif, made, moving, pixels, png_bomb, profile

PARIS = ZoneInfo("Europe/Paris")


def text_chunk():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "SECRETTEXT")
    info.add_itxt("XML:com.adobe.xmp", "<x>SECRETXMP</x>")
    return info


ACCEPTED = {
    "JPEG with place, comment and profile": made(exif=exif(), comment=b"SECRETCOMMENT", icc_profile=profile() + SECRET),
    "JPEG with XMP": made(xmp=b"http://ns.adobe.com/xap/1.0/\0<x>SECRETXMP</x>"),
    "JPEG with a second picture": made("MPO", save_all=True, append_images=[Image.new("RGB", (400, 300))], exif=exif()),
    "JPEG with bytes behind it": made() + SECRET * 10,
    "JPEG in print colours": made(mode="CMYK"),
    "JPEG in grey": made(mode="L"),
    "PNG with text and place": made("PNG", exif=exif(), pnginfo=text_chunk()),
    "PNG with a palette": made("PNG", "P"),
    "PNG that one sees through": made("PNG", "RGBA"),
    "PNG of sixteen bits": made("PNG", "I;16"),
    "PNG in black and white": made("PNG", "1"),
    "WebP with place and XMP": made("WEBP", exif=exif(), xmp=b"<x>SECRETXMP</x>"),
    "PNG with a profile that is none": made("PNG", icc_profile=b"SECRET" * 50),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_only_pixels_are_kept(name):
    """Looked for in the bytes: the words, the markers of EXIF, XMP, profiles and comments, and what stands behind the end."""
    kept = new_picture(ACCEPTED[name], PARIS)
    for content in (kept.content, kept.small):
        assert not [mark for mark in (SECRET, b"Exif", b"GPS", b"http", b"ICC_PROFILE", b"xmp", b"\xff\xe1", b"\xff\xe2", b"\xff\xfe") if mark in _head(content)]
        assert SECRET not in content
        assert content.endswith(b"\xff\xd9")
        opened = Image.open(io.BytesIO(content))
        assert (opened.format, opened.mode) == ("JPEG", "RGB")
        assert not opened.getexif()
        assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert (kept.width, kept.height) == (400, 300)


def _head(content):
    """A JPEG as far as its scan: markers can only stand there."""
    return content[: content.index(b"\xff\xda")]


REFUSED = {
    "nothing": (b"", "cannot|no picture"),
    "words": (b"hello, I am a picture", "no picture"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "no picture"),
    "a web page named .jpg": (b"<!doctype html><script>alert(1)</script>", "no picture"),
    "GIF": (made("GIF"), "no picture"),
    "TIFF": (made("TIFF"), "no picture"),
    "BMP": (made("BMP"), "no picture"),
    "PDF": (made("PDF"), "no picture"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "HEIC"),
    "AVIF": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(200), "HEIC"),
    "a moving PNG": (moving("PNG"), "moving"),
    "a moving WebP": (moving("WEBP"), "moving"),
    "a JPEG cut off": (made(size=(1200, 900))[:3000], "cut off"),
    "a PNG cut off": (made("PNG", size=(1200, 900))[:900], "cut off"),
    "a WebP cut off": (made("WEBP", size=(1200, 900), lossless=True)[:60], "cut off"),
    "only the head of a JPEG": (b"\xff\xd8\xff\xe0" + bytes(20), "no picture"),
    "a bomb of 3600 million pixels": (png_bomb(60_000, 60_000), "50 million"),
    "a bomb of 90 million pixels": (png_bomb(10_000, 9_000), "50 million"),
    "a strip of one pixel": (made("PNG", size=(400, 1)), "too small"),
    "a spot": (made("PNG", size=(16, 16)), "too small"),
    "too many bytes": (made() + bytes(MOST_BYTES), "15 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photograph_is_refused_with_a_sentence(name):
    content, says = REFUSED[name]
    with pytest.raises(NoPhoto, match=says):
        new_picture(content, PARIS)


@pytest.mark.parametrize("turned", range(1, 9))
def test_it_stands_upright_whichever_way_the_camera_was_held(turned):
    """The eight turns and mirrors of EXIF, against the same turn done by hand."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
    held = pixels()
    upright = held.transpose(Image.Transpose(undo[turned])) if turned in undo else held
    kept = new_picture(made(exif=exif(turned), quality=95), PARIS)
    assert (kept.width, kept.height) == upright.size
    shown = Image.open(io.BytesIO(kept.content))
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)):
        place = int(x * upright.width), int(y * upright.height)
        assert all(abs(a - b) < 25 for a, b in zip(shown.getpixel(place), upright.getpixel(place), strict=True)), (turned, place)


@pytest.mark.parametrize(
    ("taken", "zone", "read"),
    [
        ("2026:11:20 09:15:30", "+02:00", dt.datetime(2026, 11, 20, 7, 15, 30, tzinfo=dt.UTC)),
        ("2026:11:20 09:15:30", "", dt.datetime(2026, 11, 20, 8, 15, 30, tzinfo=dt.UTC)),
        ("2026:07:20 09:15:30", "", dt.datetime(2026, 7, 20, 7, 15, 30, tzinfo=dt.UTC)),
        ("0000:00:00 00:00:00", "", None),
        ("2026:13:45 99:99:99", "", None),
        ("yesterday", "", None),
        ("2026:11:20 09:15:30", "noon", None),
    ],
)
def test_the_time_of_taking_is_kept_where_the_camera_said_one(taken, zone, read):
    assert new_picture(made(exif=exif(taken=taken, zone=zone)), PARIS).taken_at == read


def test_without_exif_nobody_knows_when_it_was_taken():
    assert new_picture(made("PNG"), PARIS).taken_at is None


def test_a_large_picture_is_kept_smaller_in_its_own_shape():
    kept = new_picture(made(size=(4032, 3024)), PARIS)
    small = Image.open(io.BytesIO(kept.small))
    assert (kept.width, kept.height) == Image.open(io.BytesIO(kept.content)).size == (LONGEST_SIDE, 1920)
    assert small.size == (LONGEST_SMALL, 360)
    assert len(kept.small) < 40_000


def test_colours_of_a_wide_profile_are_brought_to_the_usual_ones():
    """A profile is not kept, so what it means must be in the pixels: of L*a*b*-like primaries grey stays grey, red moves."""
    wide = new_picture(made(icc_profile=_swapped(), quality=95), PARIS)
    red, green, _ = Image.open(io.BytesIO(wide.content)).getpixel((20, 20))
    assert green > red  # the profile says that the first channel is green


def _swapped() -> bytes:
    """An sRGB profile whose red and green primaries are exchanged."""
    content = bytearray(profile())
    count = int.from_bytes(content[128:132], "big")
    places = {bytes(content[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    content[red + 4 : red + 12], content[green + 4 : green + 12] = content[green + 4 : green + 12], content[red + 4 : red + 12]
    return bytes(content)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ACCEPTED)), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=12), st.integers(0, 6000))
def test_damaged_files_end_in_a_picture_or_a_sentence(name, changes, cut):
    content = bytearray(ACCEPTED[name])
    for place, value in changes:
        content[place % len(content)] = value
    try:
        kept = new_picture(bytes(content[: len(content) - cut % len(content)]), PARIS)
    except NoPhoto as refused:
        assert str(refused).endswith(".")
    else:
        assert Image.open(io.BytesIO(kept.content)).size == (kept.width, kept.height)
        assert SECRET not in kept.content
