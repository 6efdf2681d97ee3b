"""A file someone names on the command line or brings to the clinic: a FHIR bundle or a Pistor case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pistor.exchange.case import read_case
from pistor.exchange.errors import Unusable, in_file
from pistor.exchange.fhir import read_record
from pistor.exchange.imported import ImportedRecord
from pistor.knowledge import Library

LIMIT_BYTES = 64_000_000


def read_file(path: Path | str, on: dt.date, library: Library | None = None) -> ImportedRecord:
    """The record in a file. Raises :class:`Unusable`, whose sentence begins with the file's name."""
    path = Path(path)
    with in_file(path):
        size = path.stat().st_size
        if path.is_dir():
            raise Unusable("this is a folder; name a file with one patient's record.")
        if size > LIMIT_BYTES:
            raise Unusable(
                f"the file has {size / 1e6:.0f} MB and at most {LIMIT_BYTES / 1e6:.0f} MB are read; export fewer years, or leave out documents and images."
            )
        return read_bytes(path.read_bytes() if path.is_file() else _up_to_the_limit(path), on, name=path.name, library=library)


def _up_to_the_limit(path: Path) -> bytes:
    """What comes out of a pipe or a device, which has no size to ask for beforehand."""
    with path.open("rb") as stream:
        return stream.read(LIMIT_BYTES + 1)


def read_bytes(data: bytes, on: dt.date, *, name: str = "", library: Library | None = None) -> ImportedRecord:
    """The record in these bytes; its name decides between JSON and YAML where the content does not."""
    if len(data) > LIMIT_BYTES:
        raise Unusable(f"The file is larger than {LIMIT_BYTES / 1e6:.0f} MB; export fewer years, or leave out documents and images.")
    start = data[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_yaml = name.lower().endswith((".yaml", ".yml")) or (not name.lower().endswith(".json") and start[:1] not in (b"{", b"[", b"<", b""))
    return read_case(data, on, library=library) if is_yaml else read_record(data, on)
