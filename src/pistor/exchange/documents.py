"""Documents as PDF: a Typst template of ours, filled with plain data.

What people typed travels only as JSON inside ``sys.inputs``; it is never pasted into markup, so no name or note can
change a document. The same template and data give the same bytes on the same machine.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class DocumentError(Exception):
    """A document could not be made; the message says which and why."""


def render_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of ``templates/<template>.typ`` with ``data`` (strings, numbers, dates, lists and mappings of these).

    Numbers should arrive as finished text; decimals and dates are written as their plain form. SVG pictures are passed
    as text and drawn by the template.
    """
    import typst

    path = TEMPLATES / f"{template}.typ"
    if not path.is_file():
        raise DocumentError(f"There is no document template named {template}.")
    try:
        pdf = typst.compile(
            path,
            root=TEMPLATES,
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={"data": json.dumps(_plain(data), ensure_ascii=False)},
            timestamp=0,
        )
    except RuntimeError as error:  # typst.TypstError is one
        raise DocumentError(f"The document {template} could not be set: {error}") from error
    return bytes(pdf)


@cache
def _fonts() -> Any:
    """Text is set in the fonts inside the Typst wheel; the machine's own serve only scripts those do not have."""
    import typst

    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def _plain(value: object) -> Any:
    """JSON values only. Control characters are dropped, since no font draws them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} cannot stand in a document")
