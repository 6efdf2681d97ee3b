"""Every group that an ingredient or a product carries: an allergy to it stops the treatment, and silence never lets it pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pistor.care.candidacy import assess
from pistor.knowledge import load
from tests.spec.candidacy.patients import INTENTS, allergy, answered, ordinary

LIBRARY = load()
OF_INGREDIENTS = [(id_, (), group) for id_, entry in LIBRARY.ingredients.items() for group in entry.allergen_groups]
OF_PRODUCTS = [(entry.components[0].ingredient, (id_,), group) for id_, entry in LIBRARY.presentations.items() for group in entry.allergen_groups]
CARRIED = [*OF_INGREDIENTS, *OF_PRODUCTS]
IDS = [f"{products[0] if products else ingredient}: {group}" for ingredient, products, group in CARRIED]


def meant(ingredient, products):
    return replace(INTENTS["pain"], ingredients=(ingredient,), presentations=products, jurisdiction="DE")


@pytest.mark.parametrize(("ingredient", "products", "group"), CARRIED, ids=IDS)
def test_an_allergy_to_a_group_that_is_carried_stops(ingredient, products, group):
    intent = meant(ingredient, products)
    word = LIBRARY.concepts[LIBRARY.allergen_groups[group].concept].terms[0]
    findings = {f.rule: f for f in assess(answered(ordinary(allergies=(allergy(word),)), intent, LIBRARY), intent, LIBRARY).findings}
    assert findings["allergy_ingredient"].stops
    assert word in findings["allergy_ingredient"].text


@pytest.mark.parametrize(("ingredient", "products", "group"), CARRIED, ids=IDS)
def test_allergies_nobody_asked_about_never_make_it_eligible(ingredient, products, group):
    intent = meant(ingredient, products)
    everything = answered(ordinary(), intent, LIBRARY)
    silent = replace(everything, answers={key: value for key, value in everything.answers.items() if not key.startswith("allerg")})
    result = assess(silent, intent, LIBRARY)
    question = LIBRARY.concepts[LIBRARY.allergen_groups[group].concept].question
    assert result.state != "eligible"
    assert question in result.missing


def test_every_group_is_carried_by_something_or_lies_outside_the_syringe():
    assert set(LIBRARY.allergen_groups) - {group for _, _, group in CARRIED} == {"latex", "skin_antiseptic"}
