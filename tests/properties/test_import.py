"""Whatever a file holds, reading it gives a record or one sentence, and assessing the record gives a verdict."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor.care.candidacy import assess
from pistor.exchange.case import read_case
from pistor.exchange.errors import Unusable
from pistor.exchange.fhir import read_record
from pistor.exchange.files import read_bytes
from pistor.knowledge import load
from tests.exchange.bundles import allergy, bundle, concept, condition, observation, request
from tests.spec.candidacy.patients import INTENTS

ON = dt.date(2026, 11, 23)
DATA = Path(__file__).parents[1] / "exchange" / "data"
SUMMARY = json.loads((DATA / "summary_none_known.json").read_text())
CASE = yaml.safe_load((DATA / "case_ordinary.yaml").read_text())
RICH = bundle(
    condition("Haemophilia A", onsetDateTime="2020-10", abatementDateTime="2021"),
    allergy("Lidocaine", reaction=[{"substance": concept("Lidocaine")}], recordedDate="2020"),
    request("Warfarin", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"end": "2021"}}}}]),
    {**request("x"), "contained": [{"resourceType": "Medication", "id": "m", "code": concept("Heparin")}], "medicationReference": {"reference": "#m"}},
    {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": concept("Docetaxel"),
        "effectivePeriod": {"start": "2020", "end": "2021"},
    },
    observation("29463-7", valueQuantity={"value": 62, "unit": "kg"}),
    observation("82810-3", valueCodeableConcept=concept("Pregnant")),
    {"resourceType": "Procedure", "status": "completed", "code": concept("Neck lift"), "performedPeriod": {"start": "2020"}},
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=30),
    st.just([]),
    st.just({}),
    st.just([[[]]]),
    st.just({"coding": {"coding": 1}}),
    st.sampled_from(
        ["9999-99-99", "0000-01-01", "2020-02-30", "9" * 5000, "\ud800", "\x00", "‮", "urn:uuid:x", "#", "Patient/", 10**400, 1e308, "no-known-allergies"]
    ),
    st.recursive(
        st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
    ),
)


def places(value, path=()):
    """Every place in a nested value."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def put(value, path, new):
    """A copy of a nested value with something else at a place; new is a marker for *taken away*."""
    if not path:
        return new
    changed = copy.deepcopy(value)
    at = changed
    for key in path[:-1]:
        at = at[key]
    if new is Ellipsis:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return changed


def check(read):
    try:
        record = read()
    except Unusable as told:
        assert told.sentence
        assert "\n" not in told.sentence
        assert len(told.sentence) < 500
        return
    for intent in (INTENTS["pain with diclofenac"], INTENTS["hair"], INTENTS["fat"]):
        verdict = assess(record.picture, intent, load())
        json.dumps(verdict.as_dict()).encode()
        assert verdict.state != "eligible"  # none of these records answers everything
    for proposal in record.proposed:
        json.dumps(proposal.value, ensure_ascii=False).encode()


@pytest.mark.parametrize("whole", [SUMMARY, RICH], ids=["summary", "rich"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_bundle_with_anything_anywhere(whole, data):
    changed = whole
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(changed), key=str)))
        new = data.draw(ODD | st.just(Ellipsis)) if path else data.draw(st.dictionaries(st.text(max_size=5), ODD, max_size=2))
        changed = put(changed, path, new)
        if not isinstance(changed, dict):
            return
    check(lambda: read_record(changed, ON))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_case_with_anything_anywhere(data):
    path = data.draw(st.sampled_from(sorted((p for p in places(CASE) if p), key=str)))
    changed = put(CASE, path, data.draw(ODD | st.just(Ellipsis)))
    check(lambda: read_case(changed, ON, load()))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300), name=st.sampled_from(["a.json", "a.yaml", "a.txt", ""]))
def test_any_bytes(data, name):
    check(lambda: read_bytes(data, ON, name=name, library=load()))


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(0, 3000), junk=st.binary(max_size=4))
def test_a_file_cut_off_or_damaged(cut, junk):
    whole = json.dumps(RICH).encode()
    check(lambda: read_bytes(whole[:cut] + junk + (whole[cut + 4 :] if len(junk) == 4 else b""), ON, name="a.json", library=load()))
