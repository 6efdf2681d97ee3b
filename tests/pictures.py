"""Pictures as cameras and their enemies make them."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageCms

SECRET = b"SECRET"  # stands in whatever must not be kept


def exif(turned: int = 1, taken: str = "2026:11:20 09:15:30", zone: str = "") -> Image.Exif:
    """Who took it with what, where and when."""
    made = Image.Exif()
    made[0x0112], made[0x010F], made[0x0110], made[0x013B] = turned, "SECRETMAKER", "SECRETMODEL", "SECRETOWNER"
    place = made.get_ifd(0x8825)
    place.update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2), 29: "SECRETDATE"})
    inner = made.get_ifd(0x8769)
    inner.update({0x9003: taken, 0xA431: "SECRETSERIAL", 0x9286: "SECRETCOMMENT"})
    if zone:
        inner[0x9011] = zone
    return made


def pixels(mode: str = "RGB", size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Red in the upper left quarter, so that one sees which way is up."""
    picture = Image.new("RGB", size, (210, 180, 160))
    picture.paste((220, 30, 30), (0, 0, size[0] // 2, size[1] // 2))
    return picture if mode == "RGB" else picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)


def made(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (400, 300), **more) -> bytes:
    out = io.BytesIO()
    pixels(mode, size).save(out, kind, **more)
    return out.getvalue()


def profile(name: str = "sRGB") -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A few kilobytes that claim to be a very large picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", zlib.compress(bytes(10**6))) + png_chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    return made(kind, save_all=True, append_images=[Image.new("RGB", (400, 300), "blue")])
