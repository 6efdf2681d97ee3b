"""Osmolarity and tonicity: what is stated goes before what is worked out, and an ideal value shows its band."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pistor.care.formulation import Part, compose
from pistor.care.formulation.osmolarity import IDEAL, LABELLED, osmolar, tonicity
from pistor.knowledge import load

LIBRARY = load()


def parts(*rows):
    return [(LIBRARY.presentations[id_], Decimal(ml)) for id_, ml in rows]


def osmolarity(*rows):
    return compose([Part(id_, Decimal(ml)) for id_, ml in rows], LIBRARY, policy="mixture", jurisdiction=None, application=None)


def test_a_stated_value_goes_before_the_ideal_one():
    found = osmolar(LIBRARY.presentations["aminophylline_25mg_ml"], LIBRARY)
    assert (found.low, found.high, found.ideal.value) == (114, 170, 172)  # 114 measured, 170 by the maker


def test_an_ideal_value_shows_how_far_it_can_be_off():
    found = osmolar(LIBRARY.presentations["lidocaine_2pct"], LIBRARY)
    assert (found.stated, found.high) == (None, 344)
    assert found.low == 344 * LIBRARY.thresholds["ideal_osmolarity_lowest"].quantity.value
    blend = osmolarity(("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "1"))
    assert blend.osmolarity.basis == IDEAL
    assert {"computed_here", "nacl_baxter", "hid_aminophylline"} <= {source.key for source in blend.osmolarity.sources}


def test_stated_values_alone_have_no_band():
    found = osmolarity(("sodium_bicarbonate_84pct", "1"), ("sodium_chloride_09pct", "1")).osmolarity
    assert (found.low, found.high, found.basis) == (1154, 1154, LABELLED)


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([("ascorbic_acid_500mg_ml", "5"), ("sodium_chloride_09pct", "95")], None),  # about 570
        ([("ascorbic_acid_500mg_ml", "7"), ("sodium_chloride_09pct", "93")], "threshold:osmolality_max_sc"),
        ([("magnesium_sulfate_500mg_ml", "7"), ("sodium_chloride_09pct", "93")], None),
        ([("magnesium_sulfate_500mg_ml", "8"), ("sodium_chloride_09pct", "92")], "threshold:osmolality_max_sc"),
        ([("zinc_sulfate_5mg_ml", "1")], "threshold:osmolality_warn_low"),
        ([("lidocaine_1pct", "1")], None),  # only the lower end of its band is low
    ],
)
def test_the_window_of_what_tissue_bears(rows, rule):
    found = {finding.rule for finding in osmolarity(*rows).findings if finding.rule.startswith("threshold:osm")}
    assert found == ({rule} if rule else set())


def test_sodium_chloride_makes_a_dilution_isotonic():
    found = tonicity(parts(("zinc_sulfate_5mg_ml", "10")), LIBRARY)
    [(_, mg, e, sources)] = found.rows
    assert mg == 50
    assert {source.key for source in sources} == {"zn_amreg", "chemicals_pypi", "studylib_E"}
    assert found.to_add_mg == 90 - mg * e
    assert found.depression_c < Decimal("0.52")


def test_saline_is_isotonic_by_both_methods():
    found = tonicity(parts(("sodium_chloride_09pct", "10")), LIBRARY)
    assert abs(found.to_add_mg) < Decimal("0.2")  # the methods take sodium chloride as 58.5 g/mol
    assert found.depression_c == pytest.approx(Decimal("0.52"), abs=Decimal("0.002"))


def test_what_is_above_isotonic_needs_none():
    assert tonicity(parts(("magnesium_sulfate_500mg_ml", "1")), LIBRARY).to_add_mg < 0


def test_a_part_whose_composition_is_unknown_leaves_the_answer_open():
    found = tonicity(parts(("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")), LIBRARY)
    assert found.to_add_mg is None
    assert found.unknown == ("Ketoprofen 100 mg/2 mL ampoule",)
    assert "nacl_equivalent" not in {source.key for source in found.sources}
    assert "studylib_E" in {source.key for source in found.sources}
