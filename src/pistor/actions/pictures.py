"""A photograph made anew: what is kept holds pixels and nothing else, whatever the camera wrote beside them.

Place, owner, serial numbers and comments travel in EXIF, XMP, colour profiles and unused bytes of a file. None of these is
copied: the pixels are turned upright, brought to one colour space, and written as a new JPEG.
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000  # as telephones take them today
LEAST_SIDE = 64
LONGEST_SIDE, LONGEST_SMALL = 2560, 480  # of what is kept
QUALITY, QUALITY_SMALL = 88, 80
MOST_PROFILE = 64 * 1024  # bytes: profiles of cameras have some hundred
FORMATS = ("JPEG", "PNG", "WEBP")
EXIF, TAKEN, TAKEN_ZONE = 0x8769, 0x9003, 0x9011  # the EXIF directory, DateTimeOriginal, OffsetTimeOriginal
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")

TOO_MANY_PIXELS = "The picture has more than 50 million pixels. Take it again, smaller."
OTHER_KIND = "This is no picture that can be opened: it is cut off, damaged or of another kind. Use JPEG, PNG or WebP."


class NoPhoto(ValueError):
    """A file that cannot be kept as a photograph; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright JPEG of at most 2560 pixels in length, the same one small, and when the camera says it was taken."""

    content: bytes
    small: bytes
    width: int
    height: int
    taken_at: dt.datetime | None


def new_picture(content: bytes, zone: dt.tzinfo) -> Picture:
    """The photograph in ``content`` without anything but its pixels. A time without a zone is one of ``zone``. Raises NoPhoto."""
    if len(content) > MOST_BYTES:
        raise NoPhoto("The picture is larger than 15 MB. Take it again, smaller.")
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise NoPhoto("This is a HEIC picture, which cannot be read here. Set the camera to save JPEG, and take it again.")
    try:
        pixels, taken_at = _opened(content, zone)
        return Picture(_jpeg(pixels, LONGEST_SIDE, QUALITY), _jpeg(pixels, LONGEST_SMALL, QUALITY_SMALL), *_size(pixels, LONGEST_SIDE), taken_at)
    except NoPhoto:
        raise
    except Exception as problem:  # a file made to do harm may raise anything in a decoder, and is no more than a picture that cannot be opened
        raise NoPhoto(TOO_MANY_PIXELS if type(problem).__name__ == "DecompressionBombError" else OTHER_KIND) from None


def _opened(content: bytes, zone: dt.tzinfo) -> tuple[Pixels, dt.datetime | None]:
    """The pixels upright, without transparency, and the time of taking."""
    from PIL import Image, ImageOps

    with _quietly(), Image.open(io.BytesIO(content), formats=FORMATS) as opened:  # the kind follows from the bytes, never from the name
        if opened.width * opened.height > MOST_PIXELS:
            raise NoPhoto(TOO_MANY_PIXELS)
        if min(opened.size) < LEAST_SIDE:
            raise NoPhoto("The picture is too small to show anything. Take it again.")
        if opened.format in ("PNG", "WEBP") and getattr(opened, "is_animated", False):  # a JPEG may hold a second picture, for depth or brightness
            raise NoPhoto("This is a moving picture. Use a single photograph.")
        taken_at = _taken_at(opened, zone)
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than needed
        upright = ImageOps.exif_transpose(_in_srgb(opened))
    return _flat(upright), taken_at


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the library says of damaged files and of sizes above a bound that is higher than ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _taken_at(opened: Pixels, zone: dt.tzinfo) -> dt.datetime | None:
    """When the shutter was released, as the camera wrote it; None where it did not, or not so that it can be read."""
    try:
        found = opened.getexif().get_ifd(EXIF)
        moment = dt.datetime.strptime(str(found[TAKEN]).strip("\0 "), "%Y:%m:%d %H:%M:%S")
        said = str(found.get(TAKEN_ZONE, "")).strip("\0 ")
        return dt.datetime.fromisoformat(f"{moment.isoformat()}{said}") if said else moment.replace(tzinfo=zone)
    except Exception:  # EXIF holds whatever somebody wrote into it
        return None


def _in_srgb(opened: Pixels) -> Pixels:
    """The same colours in sRGB, because the profile that says which they are is not kept. Without a usable profile they are taken as they are."""
    from PIL import Image, ImageCms

    profile = opened.info.get("icc_profile")
    if opened.mode != "RGB" or not isinstance(profile, bytes) or not 0 < len(profile) <= MOST_PROFILE:
        return opened
    try:
        converted = ImageCms.profileToProfile(opened, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return opened
    assert isinstance(converted, Image.Image)  # not in place, so there is one
    converted.info["exif"] = opened.info.get("exif", b"")  # it still says which way is up
    return converted


def _flat(pixels: Pixels) -> Pixels:
    """Three channels; what is transparent is white."""
    from PIL import Image

    if pixels.mode in ("RGBA", "LA", "PA") or "transparency" in pixels.info:
        over = pixels.convert("RGBA")
        ground = Image.new("RGBA", over.size, "white")
        ground.alpha_composite(over)
        pixels = ground
    elif pixels.mode.startswith(("I", "F")):  # sixteen bits of grey: the upper eight
        pixels = pixels.convert("I").point(lambda value: value / 256).convert("L")
    return pixels.convert("RGB")



def _size(pixels: Pixels, longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(pixels.size))
    return max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale))


def _jpeg(pixels: Pixels, longest: int, quality: int) -> bytes:
    """A new picture of these pixels, no longer than so many."""
    from PIL import Image

    size = _size(pixels, longest)
    fresh = Image.new("RGB", size)  # nothing that was beside the old pixels comes along
    fresh.paste(pixels if size == pixels.size else pixels.resize(size, Image.Resampling.LANCZOS))
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()
