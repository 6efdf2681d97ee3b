"""A number as people type it: one reading for every field, so that 1,5 is never fifteen and 1,500 is never guessed."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f")  # between thousands
_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def decimal_of(text: str) -> Decimal:
    """With a point or a comma, finite. Raises :class:`ValueError` with the reason where it has none or two readings."""
    bare = text.strip().translate(_SPACES)
    if _TWO_READINGS.fullmatch(bare):
        raise ValueError(f"“{text[:20]}” can be read in two ways; write {bare.replace(',', '.')} or {bare.replace(',', '')}.")
    try:
        number = Decimal(bare.replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"“{text[:20]}” is not a number.")
    return number
