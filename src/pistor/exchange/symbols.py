"""Square codes (Data Matrix): drawn for our labels, and read from a photo where a browser may not use its camera."""

from __future__ import annotations

import io
import re

from pistor.care.codes import GS

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP")


class NoSymbol(ValueError):
    """A picture from which no code could be read; the message says why, and what to do."""


def symbol_svg(text: str) -> str:
    """A square Data Matrix as SVG. A text in brackets is drawn as GS1 element string, with its separators."""
    import zxingcpp

    # A long GS1 code would become a flat rectangle, which many cameras read badly; what is misspelt here is ignored in silence.
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, gs1=text.startswith("("), force_square=True)
    return re.sub(r"^.*?(?=<svg)", "", made.to_svg(), flags=re.DOTALL)


def symbol_on_screen(text: str) -> str:
    """The same, large enough to be read from a screen, dark on white with the quiet zone of two modules in any theme."""
    drawn = symbol_svg(text)
    modules = int(drawn.split('width="', 1)[1].split('"', 1)[0]) + 4
    ground = f'<rect x="-2" y="-2" width="{modules}" height="{modules}" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {modules} {modules}" width="132" height="132">{ground}{drawn[drawn.index(">") + 1:]}'


def read_picture(content: bytes) -> str:
    """The text of the one code in a picture, with all its separators and one at the end. Raises NoSymbol."""
    import zxingcpp
    from PIL import Image, ImageOps

    if len(content) > MOST_BYTES:
        raise NoSymbol("The picture is larger than 15 MB. Take it again, smaller.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NoSymbol("The picture has more than 40 million pixels. Take it again, smaller.")
            picture = ImageOps.exif_transpose(opened).convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        if isinstance(problem, NoSymbol):
            raise
        raise NoSymbol("This is no picture that can be opened. Use JPEG, PNG or WebP; some telephones save HEIC, which cannot be read here.") from None
    found = {code.text: code for code in zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)}
    square = {text: code for text, code in found.items() if code.symbology in (zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode)}
    if len(square or found) > 1:
        raise NoSymbol("There is more than one code in the picture. Take it again with one package alone.")
    for text, code in (square or found).items():
        return f"{code.symbology_identifier}{text}{GS}"
    raise NoSymbol("No code was found in the picture. Hold still, fill half of it with the square code, and avoid glare; or type the lot.")
