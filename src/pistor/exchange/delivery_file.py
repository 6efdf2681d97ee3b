"""What ``pistor deliver`` reads, in JSON or YAML. docs/reference/deliver.md describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pistor.care.exposure.film import FilmOrder
from pistor.care.exposure.order import Order
from pistor.exchange.case import load_yaml
from pistor.exchange.errors import Unusable, in_file
from pistor.exchange.raw_problem import RawProblem, read_raw
from pistor.exchange.treatment_file import is_plan, read_plan, read_treatment
from pistor.knowledge import Library

REFERENCE = "docs/reference/deliver.md"
LIMIT_BYTES = 16_000_000
RAW = ("layers", "depots", "probes")


def read_delivery_file(path: Path, library: Library, *, depth_mm: float | None = None) -> RawProblem | Order | FilmOrder:
    """The raw problem or the treatment in a file. Raises :class:`Unusable`, whose sentence begins with the file's name."""
    with in_file(path):
        return read(load(_bytes(path), path.suffix.lower() == ".json"), library, depth_mm)


def read(value: dict[str, Any], library: Library, depth_mm: float | None = None) -> RawProblem | Order | FilmOrder:
    """What a mapping asks: plain physics, a plan (with ``depth_mm`` before what it says of the tip), or a treatment in a few lines."""
    if not any(key in value for key in RAW) and is_plan(value):
        return read_plan(value, library, depth_mm)
    if depth_mm is not None:
        raise Unusable("--depth is for a plan; this file says itself how deep, in depth_mm.")
    return read_raw(value) if any(key in value for key in RAW) else read_treatment(value, library)


def load(data: bytes, is_json: bool = False) -> dict[str, Any]:
    """The mapping in these bytes, in JSON or YAML. Raises :class:`Unusable` with one sentence."""
    if len(data) > LIMIT_BYTES:
        raise Unusable(f"the file is larger than {LIMIT_BYTES / 1e6:.0f} MB; give fewer points, times or probes.")
    value = _json(data) if is_json or data[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else None
    if value is None and is_json:
        raise Unusable("the file is no JSON; correct it, or name it .yaml if it is YAML.")
    value = load_yaml(data, REFERENCE) if value is None else value
    if not isinstance(value, dict):
        raise Unusable(f"the file holds no mapping of keys and values; {REFERENCE} shows what can be asked.")
    return value


def _bytes(path: Path) -> bytes:
    """As much as is read at most and one byte more, so that a pipe without an end ends too."""
    with path.open("rb") as stream:
        return stream.read(LIMIT_BYTES + 1)


def _json(data: bytes) -> Any:
    """The value in JSON, or nothing where it is none."""
    try:
        return json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping in which no key is given twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Unusable(f"“{key[:40]}” is given twice; keep one of the two.")
        found[key] = value
    return found
