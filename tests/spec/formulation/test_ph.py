"""The pH of blends from the library: what the reference worked out, what labels say, and where nothing can be said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pistor.care.formulation import Part, compose
from pistor.care.formulation.ph import BETWEEN, COMPUTED, composed_ph
from pistor.knowledge import load

LIBRARY = load()


def ph(*parts):
    blend = compose([Part(id_, Decimal(volume)) for id_, volume in parts], LIBRARY, policy="mixture", jurisdiction=None, application=None)
    return blend.ph


@pytest.mark.parametrize(("presentation", "computed"), [("ascorbic_acid_500mg_ml", 5.74)])
def test_a_labels_composition_gives_its_ph(presentation, computed):
    label = LIBRARY.presentations[presentation].ph
    found = composed_ph(LIBRARY.presentations[presentation], LIBRARY)
    assert found == pytest.approx(computed, abs=0.01)
    assert float(label.low) <= found <= float(label.high)


def test_bicarbonate_lifts_lidocaine_to_where_it_was_measured():
    found = ph(("lidocaine_2pct", "9"), ("sodium_bicarbonate_84pct", "1"))
    assert found.basis == COMPUTED
    assert found.low < Decimal("7.25") < found.high  # worked out from the bare salts; 6.90 to 7.09 was measured with epinephrine
    assert found.high - found.low < Decimal("1.2")  # the parts' labels lie 3.5 apart
    assert {"ionize_pka", "dm_lido_fk", "bicarb_label"} <= {source.key for source in found.sources}


def test_saline_changes_little():
    alone, diluted = LIBRARY.presentations["lidocaine_2pct"].ph, ph(("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "1"))
    assert abs(diluted.low - alone.low) <= Decimal("0.10")
    assert abs(diluted.high - alone.high) < Decimal("0.05")


def test_one_product_keeps_its_label():
    label = LIBRARY.presentations["procaine_2pct"].ph
    assert (ph(("procaine_2pct", "1")).low, ph(("procaine_2pct", "1")).high) == (label.low, label.high)


def test_a_part_without_a_ph_leaves_none():
    found = ph(("lidocaine_2pct", "1"), ("diclofenac_25mg_ml", "1"))
    assert (found.low, found.high) == (None, None)
    assert found.unknown


def test_parts_whose_protons_are_not_known_stay_between_their_labels():
    assert LIBRARY.ingredients["l_carnitine"].protolysis is None
    found = ph(("procaine_2pct", "1"), ("l_carnitine_200mg_ml", "1"))
    assert (found.low, found.high, found.basis) == (Decimal("3.0"), Decimal("6.5"), BETWEEN)
