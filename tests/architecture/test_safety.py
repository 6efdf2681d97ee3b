"""The hazard log: every hazard is controlled, and every control is held by tests that exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HAZARDS = yaml.safe_load((ROOT / "docs/safety/hazards.yaml").read_text(encoding="utf-8"))


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard["id"])
def test_a_hazard_says_what_leads_to_it_what_holds_it_and_what_is_left(hazard):
    assert set(hazard) == {"id", "hazard", "causes", "controls", "left"}
    assert hazard["causes"]
    assert hazard["left"]
    for control in hazard["controls"]:
        assert control["does"]
        assert control["tests"]
        for name in control["tests"]:
            path, _, test = name.partition("::")
            assert test in functions_of(path), f"{name} holds “{control['does']}” and is not there"


def test_every_hazard_has_a_name_of_its_own():
    names = [hazard["id"] for hazard in HAZARDS]
    assert len(names) == len(set(names))
