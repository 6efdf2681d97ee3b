"""Labels to stick on: a square code that Pistor reads again, and the words for whoever reads it without one."""

from __future__ import annotations

from collections.abc import Sequence

from pistor.exchange.documents import render_pdf
from pistor.exchange.symbols import symbol_svg


def label_pdf(*, title: str, code: str, shown: str, lines: Sequence[str], copies: int = 1) -> bytes:
    """Labels of 50 x 25 mm, one a page, as label printers take them.

    ``code`` is what the symbol holds: one of our own, or a GS1 element string in brackets. ``shown`` is how it is typed where
    it cannot be scanned. The title is what is in the container; a line holds some 30 signs.
    """
    return render_pdf("label", {"title": title, "symbol": symbol_svg(code), "shown": shown, "lines": list(lines), "copies": copies, "lang": "en"})
