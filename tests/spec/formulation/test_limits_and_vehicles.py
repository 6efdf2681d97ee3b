"""Limits over a period, products that bring what their substance does not, buffers, and sources that disagree on a pair."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from types import MappingProxyType

import pytest

from pistor.care.formulation import Part, compose
from pistor.care.formulation.doses import check_doses
from pistor.care.formulation.ph import predicted_ph
from pistor.knowledge import load
from pistor.knowledge.model import Component, Presentation, Quantity

LIBRARY = load()


def quantity(value, unit):
    return Quantity(value=value, unit=unit, source="botox_mpr", at="dosage", grade="C", reviewed="2026-11-24")


TOXIN = Presentation(
    id="toxin", reviewed="2026-11-24", name="Toxin 25 units/mL", components=(Component(ingredient="botulinum_toxin_micro", strength=quantity(25, "units/mL")),)
)
WITH_TOXIN = dataclasses.replace(LIBRARY, version="with toxin", presentations=MappingProxyType({**LIBRARY.presentations, "toxin": TOXIN}))


def blend(*parts, library=LIBRARY, technique=None):
    return compose([Part(id_, Decimal(volume)) for id_, volume in parts], library, policy="mixture", jurisdiction=None, application=None, technique=technique)


@pytest.mark.parametrize(
    ("sessions", "interval", "state", "dose"),
    [
        (1, None, "within", 200),
        (3, 90, "within", 200),  # the second falls on the day after the period
        (3, 45, "near", 400),
        (3, 30, "over", 600),
        (4, 10, "over", 800),
        (None, 45, "near", 400),
        (3, None, "unknown", 200),
    ],
)
def test_doses_within_the_period_add_up(sessions, interval, state, dose):
    checks = check_doses(blend(("toxin", "8"), library=WITH_TOXIN), WITH_TOXIN, volume_ml=Decimal(8), sessions=sessions, interval_days=interval)
    found = next(check for check in checks if check.limit_id == "botulinum_3_months")
    assert (found.state, found.dose) == (state, Decimal(dose))


def test_a_product_that_holds_alcohol_is_named_even_where_its_substance_does_not():
    found = blend(("ketoprofen_50mg_ml", "1")).findings
    said = next(finding for finding in found if finding.rule == "presentation:vehicle")
    assert "alcohol" in said.text
    assert not said.stops
    assert "ketonal_apteka" in {source.key for source in said.sources}


def test_a_product_that_must_stay_out_of_the_skin_stops_a_technique_that_ends_there():
    into_skin = next(id_ for id_, technique in LIBRARY.techniques.items() if technique.target_layer == "dermis")
    acetate = ("methylprednisolone_acetate_40mg_ml", "1")
    assert any(finding.rule == "presentation:not_intradermal" and finding.stops for finding in blend(acetate, technique=into_skin).findings)
    assert not any(finding.rule == "presentation:not_intradermal" for finding in blend(acetate).findings)


def test_a_substance_that_was_withdrawn_stops():
    flagged = LIBRARY.ingredients["caffeine"].model_copy(update={"flags": ("withdrawn",)})
    library = dataclasses.replace(LIBRARY, version="withdrawn", ingredients=MappingProxyType({**LIBRARY.ingredients, "caffeine": flagged}))
    found = blend(("caffeine_benzoate_125mg_ml", "1"), library=library).findings
    assert any(finding.rule == "ingredient:withdrawn" and finding.stops for finding in found)


def test_a_buffer_among_the_excipients_resists_a_change_of_ph():
    citrate = LIBRARY.presentations["dexamethasone_4mg_ml"].buffers[0]
    plain = LIBRARY.presentations["lidocaine_1pct"]
    buffered = plain.model_copy(update={"buffers": (citrate,)})
    strong = (LIBRARY.presentations["sodium_bicarbonate_84pct"], Decimal(1))
    without, with_ = (predicted_ph([(one, Decimal(100)), strong], LIBRARY) for one in (plain, buffered))
    assert with_[0] < without[0]  # from the lower end of its label it rises less


def test_where_sources_disagree_on_a_pair_both_are_said():
    pair = blend(("lidocaine_2pct", "10"), ("sodium_bicarbonate_84pct", "1")).pairs[0]
    assert pair.verdict == "conditional"
    assert "28 days" in pair.text
    assert "microscope" in pair.text


@pytest.mark.parametrize(("other", "verdict"), [("sodium_bicarbonate_84pct", "precipitates"), ("dexamethasone_4mg_ml", "precipitates")])
def test_mepivacaine_grows_crystals(other, verdict):
    assert blend(("mepivacaine_2pct", "9"), (other, "1")).pairs[0].verdict == verdict


def test_hyaluronidase_loses_activity_with_what_is_labelled_below_ph_4_6():
    assert blend(("hyaluronidase_hylenex_150u_ml", "1"), ("thiamine_100mg_ml", "1")).pairs[0].verdict == "degrades"
    assert blend(("hyaluronidase_hylenex_150u_ml", "1"), ("cyanocobalamin_1mg_ml", "1")).pairs[0].verdict == "no_data"
