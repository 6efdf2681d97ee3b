"""Findings come in the order of the reference: what nobody at the table can mend comes first, doses and advice last."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.care.evidence import Effect, Finding
from pistor.care.formulation import Part
from pistor.care.formulation.order import in_order, place_of
from pistor.care.workbench import Recipe, work_out
from pistor.knowledge import load

LIBRARY = load()
ON = dt.date(2026, 11, 26)
IN_ORDER = [
    "jurisdiction_fr_fat_lysis_injection",  # stops
    "ingredient:withdrawn",
    "allergy_ingredient",
    "policy:single_active:actives",
    "mixture:single_syringe",
    "pair:aminophylline_acidic",
    "threshold:ph_acceptable",
    "precipitation:predicted",
    "pair:no_data",
    "limit:lidocaine_single_dose",
    "mixture:look",
]


def test_the_order_does_not_depend_on_how_the_findings_came():
    found = [Finding(rule, Effect.CAUTION, rule, stops=True) for rule in IN_ORDER]
    for turned in (found[::-1], found[3:] + found[:3], sorted(found, key=lambda finding: finding.rule)):
        assert [finding.rule for finding in in_order(turned)] == IN_ORDER


def test_a_country_that_only_leaves_a_question_open_is_advice():
    asked, forbidden = (Finding("jurisdiction:mixing", Effect.CAUTION, "", stops=stops) for stops in (False, True))
    assert place_of(forbidden) == 0
    assert place_of(asked) == place_of(Finding("mixture:look", Effect.INFORM, ""))


def test_a_real_blend_is_told_in_this_order():
    worked = work_out(
        Recipe(
            (Part("deoxycholic_acid_10mg_ml", Decimal(2)), Part("lidocaine_1pct", Decimal(40)), Part("cyanocobalamin_1mg_ml", Decimal(1))),
            application="fat", policy="single_active", jurisdiction="FR", allergies=("cobalt",), weight_kg=Decimal(60),
        ),
        LIBRARY, ON,
    )  # fmt: skip
    places = [place_of(finding) for finding in worked.findings]
    assert places == sorted(places)
    rules = [finding.rule for finding in worked.findings]
    for rule in ("jurisdiction_fr_fat_lysis_injection", "allergy_ingredient", "policy:single_active:actives", "mixture:single_syringe", "pair:no_data", "limit:lidocaine_single_dose"):
        assert rule in rules
    assert rules[0].startswith("jurisdiction")
    assert worked.findings[0].stops


@pytest.mark.parametrize("country", ["DE", "FR", "IT"])
def test_what_the_law_forbids_blocks(country):
    worked = work_out(Recipe((Part("deoxycholic_acid_10mg_ml", Decimal(2)),), application="fat", jurisdiction=country), LIBRARY, ON)
    assert (worked.verdict == "block") is (country == "FR")
