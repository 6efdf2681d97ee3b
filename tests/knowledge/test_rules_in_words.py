"""A rule as a nurse reads it says what the program decides by."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from pistor.knowledge import load
from pistor.knowledge import model as m
from pistor.knowledge.criteria import Criterion
from pistor.knowledge.reading import title
from pistor.knowledge.rules import cases_said, named_in, scope_said, text_said, when_said
from pistor.knowledge.tables import GROUPS, TABLES, columns, grouped

LIBRARY = load()
CRITERION = TypeAdapter(Criterion)


@pytest.mark.parametrize(
    ("criterion", "said"),
    [
        ({"condition": "bleeding_disorder", "status": "ever"}, "bleeding disorder, now or in the past"),
        ({"condition": "malignancy", "status": "past"}, "cancer in the past, not now"),
        ({"medicine": "isotretinoin", "within_days": 180}, "isotretinoin by mouth in the last 6 months"),
        ({"medicine": "anticoagulant"}, "anticoagulant now"),
        ({"allergy": "blend"}, "allergy to anything in the blend"),
        ({"pregnancy": ["pregnant", "trying"]}, "pregnant or trying to become pregnant"),
        ({"age_below": 18}, "younger than 18 years"),
        ({"bmi_above": 30}, "body mass index above 30 kg/m2"),
        ({"answer": "weight_stable", "is": "no"}, "“Has the weight been stable for 6 months?” is answered no"),
        ({"not": {"deceased": True}}, "always"),
        ({"all": [{"sex": "female"}, {"any": [{"age_below": 60}, {"pregnancy": "trying"}]}]}, "female and (younger than 60 years or trying to become pregnant)"),
        ({"condition": "dysphagia", "within_days": 14}, "dysphagia now, begun in the last 2 weeks"),
    ],
)
def test_a_criterion_is_said_as_it_is_decided(criterion, said):
    assert when_said(CRITERION.validate_python(criterion), LIBRARY) == said


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({}, "Every treatment"),
        ({"applications": ["skin", "hair"]}, "Skin and hair treatment"),
        ({"ingredients": ["deoxycholic_acid"], "zones_except": ["submental"]}, "With deoxycholic acid, anywhere but: under the chin"),
        ({"classes": ["nsaid"], "topical": ["prilocaine"]}, "With any NSAID or prilocaine on the skin"),
        ({"flags": ["contraception_required"]}, "With whatever is marked “harms an unborn child”"),
    ],
)
def test_a_scope_is_said_as_it_is_decided(scope, said):
    assert scope_said(m.Scope.model_validate(scope), LIBRARY) == said


@pytest.mark.parametrize("rule", LIBRARY.contraindications.values(), ids=list(LIBRARY.contraindications))
def test_a_row_of_the_manual_names_all_that_its_rule_rests_on(rule):
    said = " ".join((*cases_said(rule.when, LIBRARY), scope_said(rule.scope, LIBRARY))).casefold()
    for kind, id_ in named_in(rule.when, LIBRARY) + named_in(rule.scope, LIBRARY):
        entry = getattr(LIBRARY, kind)[id_]
        assert (entry.text if kind == "questions" else entry.name).casefold() in said, (kind, id_)
    assert "{" not in said + text_said(rule.text)


def shown(row):
    yield row.text
    for inner in row.rows:
        yield from shown(inner)


@pytest.mark.parametrize("kind", TABLES)
def test_every_cell_of_a_table_is_said_in_words(kind):
    for entry in getattr(LIBRARY, kind).values():
        for column in columns(kind):
            text = " ".join(shown(column.cell(entry, LIBRARY)))
            assert not any(code in text for code in ("Decimal(", "None", "{", "=(")), (entry.id, column.heading)


@pytest.mark.parametrize("kind", GROUPS)
def test_a_group_holds_every_entry_once_and_no_value_is_without_words(kind):
    entries = list(getattr(LIBRARY, kind).values())
    groups = grouped(kind, entries)
    assert sorted(entry.id for _, group in groups for entry in group) == sorted(entry.id for entry in entries)
    field, names = GROUPS[kind]
    assert {str(getattr(entry, field)) for entry in entries} <= set(names)


def test_the_names_of_entries_are_for_people():
    for kind, id_, entry in LIBRARY.entries():
        assert "{" not in title(entry), (kind, id_)
    assert title(LIBRARY.aftercare_rules["alcohol"]) == "Alcohol"
    assert title(LIBRARY.triage_rules["emergency_airway"]).startswith("Trouble with airway or breathing")
