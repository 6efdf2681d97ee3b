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


def test_the_rates_that_a_survey_misprinted_are_nowhere():
    """Section 4.4: shares of 17,376 patients that would mean less than one of them; told as unusable, repeated nowhere."""
    printed = {Decimal(rate) for rate in ("0.0021", "0.015", "0.0003", "0.00006")}
    telling = [(kind, id_) for kind, id_, entry in LIBRARY.entries() if kind in ("trials", "reactions", "claims", "comparisons") and "DUN06" in str(entry)]
    assert telling
    for kind, id_ in telling:
        assert not printed & numbers_in(as_text(LIBRARY, [(kind, getattr(LIBRARY, kind)[id_])])), f"{kind}/{id_}"


def test_the_most_of_one_practice_is_no_limit():
    limits = LIBRARY.ingredients["phosphatidylcholine_dc"].limits
    assert not [limit.id for limit in limits if limit.scope in ("dose_per_treatment", "dose_per_day")]
