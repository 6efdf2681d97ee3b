"""What may fall out, in which order and until when: a prediction warns and never decides, and what nobody published is said."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from types import MappingProxyType

import pytest

from pistor.care.evidence import Effect
from pistor.care.formulation import Part, compose
from pistor.care.formulation.windows import falls_out_at
from pistor.knowledge import load
from pistor.knowledge.model import Protolysis, Quantity

LIBRARY = load()


def findings(*rows, country=None, library=LIBRARY):
    parts = [Part(id_, Decimal(ml)) for id_, ml in rows]
    return {f.rule: f for f in compose(parts, library, policy="mixture", jurisdiction=country, application=None).findings}


def unseen():
    """The library as if nobody had ever looked at lidocaine with a base."""
    lidocaine = LIBRARY.ingredients["lidocaine"]
    blind = lidocaine.model_copy(update={"physchem": lidocaine.physchem.model_copy(update={"clear_below_ph": None})})
    rules = {id_: rule for id_, rule in LIBRARY.incompatibilities.items() if id_ != "lidocaine_bicarbonate"}
    return dataclasses.replace(
        LIBRARY, version="unseen", ingredients=MappingProxyType({**LIBRARY.ingredients, "lidocaine": blind}), incompatibilities=MappingProxyType(rules)
    )


def test_what_was_seen_goes_before_what_is_predicted():
    said = findings(("lidocaine_2pct", "9"), ("sodium_bicarbonate_84pct", "1"))["precipitation:predicted"]
    assert said.effect is Effect.INFORM
    assert "stayed clear" in said.text
    assert {"magis", "pascuet", "hwang"} <= {source.key for source in said.sources}


def test_a_prediction_alone_is_a_warning_and_no_more():
    said = findings(("lidocaine_2pct", "9"), ("sodium_bicarbonate_84pct", "1"), library=unseen())["precipitation:predicted"]
    assert said.effect is Effect.CAUTION
    assert not said.stops
    assert "Nobody is known to have looked" in said.text


@pytest.mark.parametrize("rows", [[("lidocaine_2pct", "9")], [("lidocaine_2pct", "1"), ("cyanocobalamin_1mg_ml", "20")]])
def test_nothing_is_predicted_of_one_product_or_where_it_dissolves(rows):
    assert "precipitation:predicted" not in findings(*rows, library=unseen())


def test_a_weak_acid_is_the_mirror_image():
    acid = LIBRARY.ingredients["lidocaine"]
    quantity = Quantity(value=4, unit="pKa", source="magis", at="formulas", grade="C", reviewed="2026-11-26")
    acid = acid.model_copy(update={"protolysis": Protolysis(charge=0, pka=(quantity,))})
    base = acid.model_copy(update={"protolysis": Protolysis(charge=1, pka=(quantity,))})
    assert falls_out_at(acid, 0.43) - 4 == pytest.approx(4 - falls_out_at(base, 0.43))
    assert falls_out_at(acid, 0.43) > 4
    assert falls_out_at(acid, 0.004) is None


@pytest.mark.parametrize(("country", "hours"), [("US", ["4 h", "1 hour", "12 h", "24 h"]), ("FR", ["pharmacy"]), ("DE", ["not found"]), (None, ["no country is set"]), ("ZZ", ["this country"])])
def test_until_when_it_may_be_given_depends_on_the_country(country, hours):
    said = findings(("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "1"), country=country)["mixture:beyond_use"].text
    assert all(word in said for word in hours)


def test_no_order_of_mixing_is_made_up():
    assert "No published order" in findings(("lidocaine_2pct", "1"), ("cyanocobalamin_1mg_ml", "1"))["mixture:order_unknown"].text


def test_an_order_that_two_pages_give_the_other_way_round_is_shown_with_both():
    said = findings(("lidocaine_2pct", "9"), ("sodium_bicarbonate_84pct", "1"))
    assert "drawn up first" in said["mixture:order"].text
    assert "Another page" in said["mixture:order"].text
    assert {source.key for source in said["mixture:order"].sources} == {"pemcin_buffer", "droracle_buffer"}
    assert "mixture:order_unknown" not in said


def test_one_product_is_neither_mixed_nor_kept():
    assert not {rule for rule in findings(("lidocaine_2pct", "1")) if rule.startswith("mixture:")}


@pytest.mark.parametrize(
    ("rows", "rule", "effect"),
    [
        ([("procaine_2pct", "1")], "threshold:ph_acceptable", Effect.CAUTION),
        ([("thiamine_100mg_ml", "1")], "threshold:ph_acceptable", Effect.CAUTION),
        ([("organic_silicium_1mg_ml", "1")], "threshold:ph_comfortable", Effect.INFORM),
        ([("lidocaine_2pct", "1")], None, None),
        ([("dexamethasone_4mg_ml", "1")], "threshold:citrate_buffer_max", Effect.INFORM),
        ([("deoxycholic_acid_10mg_ml", "1")], "threshold:ph_comfortable", Effect.INFORM),
    ],
)
def test_the_ph_and_buffer_windows(rows, rule, effect):
    found = {id_: f.effect for id_, f in findings(*rows).items() if id_.startswith(("threshold:ph", "threshold:c"))}
    assert found == ({rule: effect} if rule else {})
