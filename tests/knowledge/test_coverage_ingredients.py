"""Every row of the reference's tables of ingredients is in the library, or stands among what was left out, with the reason."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pistor.care.candidacy.jurisdiction import jurisdiction_findings
from pistor.care.intent import intent_for
from pistor.knowledge import load
from pistor.knowledge.reading import as_text

LISTED = yaml.safe_load((Path(__file__).parent / "reference_ingredients.yaml").read_text(encoding="utf-8"))
LIBRARY = load()
# in the library, not in the reference's list
ADDED = {"prilocaine", "tenoxicam", "lysine_acetylsalicylate", "edetate_disodium", "water_for_injections", "hyaluronic_acid_cpm"}


def numbers_in(text: str) -> set[Decimal]:
    """Every number that a text prints; a space may part its thousands."""
    return {Decimal(found) for found in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", re.sub(r"(?<=\d)[ \u202f](?=\d{3}\b)", "", text))}


def products_of(ingredient: str) -> list:
    return [one for one in LIBRARY.presentations.values() if any(part.ingredient == ingredient for part in one.components)]


def values(physchem, protolysis) -> dict:
    """The numbers of an entry's physical chemistry, and its pKa values with those of the other side of a conflict."""
    found = {name: quantity.value for name, quantity in physchem if getattr(quantity, "unit", None)} if physchem else {}
    if physchem:
        found["log_p_estimated"] = [quantity.value for quantity in physchem.log_p_estimated]
        found["cas"] = physchem.identity.cas if physchem.identity else None
    pka = protolysis.pka if protolysis else ()
    found["pka"] = {quantity.value for quantity in pka} | {other.value for quantity in pka if quantity.conflict for other in quantity.conflict.readings}
    return found


def assert_values(expected: dict, found: dict, where: str) -> None:
    for name, value in expected.items():
        if name == "pka":
            assert {Decimal(str(one)) for one in value} <= found["pka"], where
        elif name == "log_p_estimated":
            assert [Decimal(str(one)) for one in value] == found[name], where
        elif name == "cas":
            assert value == found[name], where
        else:
            assert Decimal(str(value)) == found[name], f"{where}: {name}"


def test_all_ingredients_are_there_and_none_is_unaccounted_for():
    assert len(LISTED["ingredients"]) == 62
    assert set(LIBRARY.ingredients) == set(LISTED["ingredients"]) | ADDED


@pytest.mark.parametrize(("id_", "row"), LISTED["ingredients"].items(), ids=list(LISTED["ingredients"]))
def test_an_ingredient_has_what_its_row_holds(id_, row):
    entry, products = LIBRARY.ingredients[id_], products_of(id_)
    text = as_text(LIBRARY, [("ingredients", entry), *(("presentations", one) for one in products)])
    assert {Decimal(str(number)) for number in row.get("numbers", ())} <= numbers_in(text)
    assert_values({**row.get("physchem", {}), **({"pka": row["pka"]} if "pka" in row else {})}, values(entry.physchem, entry.protolysis), id_)
    for name, expected in row.get("members", {}).items():
        member = next(one for one in entry.members if one.name.casefold() == name)
        assert_values(expected, values(member.physchem, member.protolysis), f"{id_}: {name}")
    groups = set(entry.allergen_groups) | {group for one in products for group in one.allergen_groups}
    assert set(row.get("allergen_groups", ())) <= groups
    for field in ("pregnancy", "regulatory", "warnings"):
        assert getattr(entry, field) or not row.get(field), f"{id_} says nothing of {field}"


@pytest.mark.parametrize(("id_", "row"), LISTED["presentations"].items(), ids=list(LISTED["presentations"]))
def test_a_product_has_its_strength_ph_and_osmolarity(id_, row):
    product = LIBRARY.presentations[id_]
    component = next(part for part in product.components if part.ingredient == row["ingredient"])
    assert component.strength.value == Decimal(str(row["strength"]))
    for field in ("ph", "osmolarity"):
        if field in row:
            quantity = getattr(product, field) or product.ideal_osmolarity  # worked out where nobody states it
            assert [quantity.low, quantity.high] == [Decimal(str(end)) for end in row[field]]
    assert product.excipients or not row.get("excipients")


def test_all_pair_rules_are_there_with_their_verdicts():
    assert len(LISTED["pairs"]) == 37
    known = {(rule.a, rule.b): rule.verdict.value for rule in LIBRARY.incompatibilities.values()}
    assert {(row["a"], row["b"]): row["verdict"] for row in LISTED["pairs"]}.items() <= known.items()


def test_all_mixture_rules_are_there():
    assert len(LISTED["mixture_rules"]) == 14
    assert set(LISTED["mixture_rules"]) == set(LIBRARY.mixture_rules)


@pytest.mark.parametrize(("id_", "row"), LISTED["thresholds"].items(), ids=list(LISTED["thresholds"]))
def test_a_threshold_has_its_value(id_, row):
    quantity, (low, high, unit) = LIBRARY.thresholds[id_].quantity, row
    assert (quantity.low, quantity.high, quantity.unit) == (Decimal(str(low)), Decimal(str(high)), unit)


def test_allergen_groups_methods_and_sources_are_there():
    assert set(LISTED["allergen_groups"]) <= set(LIBRARY.allergen_groups)
    assert set(LISTED["methods"]) <= set(LIBRARY.methods)
    assert set(LISTED["sources"].values()) <= set(LIBRARY.sources)
    left_out = {row["what"].removeprefix("sources.") for row in LISTED["left_out"] if row["what"].startswith("sources.")}
    assert len(set(LISTED["sources"]) | left_out) == 145


def test_the_rules_of_countries_are_there():
    for place in LISTED["jurisdictions"].values():
        country, rule = place.split(".")
        assert rule in {one.id for one in LIBRARY.jurisdictions[country].rules}


def test_what_is_left_out_says_why():
    assert all(row["what"] and len(row["why"]) > 5 for row in LISTED["left_out"])


# ── what the rows are for ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("country", ["AT", "BE", "DE", "ES", "FR", "IE", "IT", "NL", "PT"])
def test_what_the_union_suspended_is_refused_in_each_of_its_states(country):
    found = jurisdiction_findings(intent_for(LIBRARY, "hair", ingredients=("buflomedil",), jurisdiction=country), LIBRARY)
    assert any(finding.stops and "buflomedil" in finding.text for finding in found)


def test_a_country_outside_has_no_rule_of_the_union():
    found = jurisdiction_findings(intent_for(LIBRARY, "hair", ingredients=("buflomedil",), jurisdiction="US"), LIBRARY)
    assert not any(finding.stops for finding in found)


def test_the_limit_of_caffeine_counts_caffeine_alone():
    single = next(limit for limit in LIBRARY.ingredients["caffeine"].limits if limit.id == "caffeine_single_dose")
    product = LIBRARY.presentations["caffeine_benzoate_125mg_ml"].components[0]
    assert single.absolute.value / product.strength.value == 2  # mL: 500 mg of caffeine and benzoate, at 250 mg/mL of both
