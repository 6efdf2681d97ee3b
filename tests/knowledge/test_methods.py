"""The numbers that the methods state, worked out again from the masses and pKa values in the library."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from pistor.care.formulation import Part, compose
from pistor.care.formulation.ph import composed_ph
from pistor.knowledge import load

LIBRARY = load()


def computed(method: str, case: str) -> float:
    return next(float(check.computed.value) for check in LIBRARY.methods[method].checks if check.case.startswith(case))


def mmol(presentation: str) -> float:
    """What the first component's strength amounts to, in mmol/mL."""
    component = LIBRARY.presentations[presentation].components[0]
    return float(component.strength.value / component.molar_mass.value)


@pytest.mark.parametrize(
    ("case", "milliosmoles"),
    [
        ("Magnesium sulfate", 2 * mmol("magnesium_sulfate_500mg_ml")),
        ("Sodium bicarbonate", 2 * mmol("sodium_bicarbonate_84pct")),
        # theophylline 19.7 mg/mL and ethylenediamine, each as one particle
        ("Aminophylline", 19.7 / float(LIBRARY.ingredients["aminophylline"].physchem.molar_mass.value) + 3.74 / 60.098),
    ],
)
def test_ideal_osmolarity(case, milliosmoles):
    assert milliosmoles * 1000 == pytest.approx(computed("osmolarity_ideal", case), abs=1)


@pytest.mark.parametrize(
    ("case", "factor", "molar_mass"),
    [
        ("Lidocaine", 1.8, 288.82),
        ("Procaine", 1.8, 272.78),
        ("Sodium bicarbonate", 1.8, 84.007),
        ("Magnesium sulfate", 1.4, 246.47),
        ("Caffeine", 1.0, 194.191),
    ],
)
def test_sodium_chloride_equivalent(case, factor, molar_mass):
    assert 58.5 / 1.8 * factor / molar_mass == pytest.approx(computed("nacl_equivalent", case), abs=0.0006)


@pytest.mark.parametrize(("case", "presentation"), [("Lidocaine 10", "lidocaine_1pct"), ("Lidocaine 20", "lidocaine_2pct")])
def test_the_formula_predicts_turbidity_where_none_was_seen(case, presentation):
    lidocaine = LIBRARY.ingredients["lidocaine"]
    dissolves, held = float(lidocaine.physchem.solubility.value), mmol(presentation)
    predicted = float(lidocaine.protolysis.pka[0].value) + math.log10(dissolves / (held - dissolves))
    assert predicted == pytest.approx(computed("precipitation", case), abs=0.01)
    assert predicted < float(lidocaine.physchem.clear_below_ph.value)  # observed beats predicted


def test_ph_by_charge_balance_reproduces_the_stated_cases():
    assert composed_ph(LIBRARY.presentations["ascorbic_acid_500mg_ml"], LIBRARY) == pytest.approx(computed("ph_of_mixture", "Ascorbic"), abs=0.01)
    parts = [Part("lidocaine_2pct", Decimal(9)), Part("sodium_bicarbonate_84pct", Decimal(1))]
    found = compose(parts, LIBRARY, policy="mixture", jurisdiction=None, application=None).ph
    assert float(found.low) < computed("ph_of_mixture", "Nine parts") < float(found.high)
