"""The page on how far to trust the field says what the program says today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from pistor.care.exposure.validation import FAILURES, lines
from pistor.knowledge import load

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("tables", DOCS / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_tables_are_those_of_the_program(tables):
    """Out of date: ``./pistor docs --tables`` writes them anew. Read the sentences around them again then."""
    written = tables.PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- made: (\w+) -->", written)) == set(tables.MADE)
    assert tables.page(written, load()) == written


def test_what_misses_stands_in_bold_and_before_what_holds(tables):
    written = tables.PAGE.read_text(encoding="utf-8")
    missed = [line for line in lines(load()) if line.verdict in FAILURES]
    assert written.count("**misses**") + written.count("**order wrong**") == len(missed)
    told = re.search(r"<!-- made: tally -->\n(.*?)\n<!-- end -->", written, re.DOTALL)[1]
    for line in missed:
        assert told.index(line.entry.name) < told.index(" hold, ")


def test_its_pictures_are_there_and_say_what_they_show(tables):
    written = tables.PAGE.read_text(encoding="utf-8")
    for name in re.findall(r"\(\.\./images/([\w.-]+)\)", written):
        assert 'role="img"' in (DOCS / "images" / name).read_text(encoding="utf-8")
