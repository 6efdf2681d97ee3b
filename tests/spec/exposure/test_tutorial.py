"""The tutorial notebook runs, and shows what it says it shows."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def notebook():
    spec = importlib.util.spec_from_file_location("notebook", DOCS / "notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(cell):
    """What a cell shows as text; of a picture its caption."""
    return ["".join(output.get("text") or output["data"]["text/plain"]) for output in cell.get("outputs", ())]


def test_its_code_runs_and_shows_what_is_stored(notebook):
    """Out of date: ``./pistor docs --tables`` runs it anew. Read the sentences around it again then."""
    stored = notebook.read()
    for then, now in zip(stored["cells"], notebook.executed(stored)["cells"], strict=True):
        assert words(then) == words(now), "".join(then["source"])


def test_it_is_a_notebook_of_version_4_that_shows_pictures_too(notebook):
    stored = notebook.read()
    assert (stored["nbformat"], stored["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in stored["cells"]}) == len(stored["cells"])
    for cell in stored["cells"]:
        assert {"cell_type", "id", "metadata", "source"} <= set(cell)
        assert ("outputs" in cell and "execution_count" in cell) == (cell["cell_type"] == "code")
    pictures = [output["data"]["image/svg+xml"] for cell in stored["cells"] for output in cell.get("outputs", ()) if "image/svg+xml" in output.get("data", {})]
    assert len(pictures) == 2
    for picture in pictures:
        assert ElementTree.fromstring("".join(picture)).get("role") == "img"
