"""Every row of the tables of both references, the clinical one and that of formulation, is in the library, or stands among what was left out, with the reason."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pistor.knowledge import load
from pistor.knowledge.reading import as_text

LIBRARY = load()
SECTIONS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(Path(__file__).parent.glob("reference_*/*.yaml"))}
ROWS = [(f"{name}: {row['row']}", row) for name, section in SECTIONS.items() for row in section["rows"]]


def numbers_in(text: str) -> set[Decimal]:
    """Every number that a text prints; a space or a comma may part its thousands."""
    return {Decimal(found) for found in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", re.sub(r"(?<=\d)[ \u2009\u202f,](?=\d{3}\b)", "", text))}


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])
def test_a_row_stands_in_the_library_with_its_numbers(row):
    assert row["in"], "name the entries that hold the row"
    entries = [(kind, getattr(LIBRARY, kind).get(id_)) for kind, _, id_ in (place.partition("/") for place in row["in"])]
    assert all(entry for _, entry in entries), f"one of {row['in']} is not there"
    missing = {Decimal(str(number)) for number in row.get("numbers", ())} - numbers_in(as_text(LIBRARY, entries))
    assert not missing, f"{row['in']} do not print {sorted(missing)}"


@pytest.mark.parametrize("name", SECTIONS)
def test_no_row_of_a_table_is_unaccounted_for(name):
    section = SECTIONS[name]
    told = [row["row"] for row in (*section["rows"], *section["left_out"])]
    assert len(told) == len(set(told)) == section["count"]
    assert all(len(row["why"]) > 5 for row in section["left_out"])
