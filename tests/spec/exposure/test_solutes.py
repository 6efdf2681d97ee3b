"""Which substances the engine takes, on what each number rests, and the reason where it takes none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pistor.care.exposure.solute import Fenced, Solute, solute_of
from pistor.care.exposure.values import How, constants_of, middle, priors_of
from pistor.delivery import properties as p
from pistor.delivery.depots import ANCHOR_MM, ANCHOR_RANGE_MM
from pistor.delivery.properties import Binding


@pytest.mark.parametrize(
    ("ingredient", "kind"),
    [
        ("deoxycholic_acid", "label_rules"), ("phosphatidylcholine_dc", "label_rules"),
        ("hyaluronic_acid_ncl", "residence"), ("hyaluronic_acid_cpm", "residence"), ("pdrn_pn", "residence"),
        ("triamcinolone_acetonide", "dissolution"), ("dutasteride", "dissolution"), ("retinol", "lipophilic"), ("alpha_tocopherol", "lipophilic"),
        ("botulinum_toxin_micro", "receptor"), ("cyanocobalamin", "missing"), ("peptides", "missing"),
    ],
)  # fmt: skip
def test_what_the_model_does_not_hold_for_gets_a_reason_and_no_number(library, ingredient, kind):
    found = solute_of(ingredient, library)
    assert isinstance(found, Fenced)
    assert found.kind == kind
    assert found.reason.endswith(".")
    assert found.sources or found.missing


def test_hyaluronic_acid_says_how_long_it_stays_and_by_whom(library):
    found = solute_of("hyaluronic_acid_ncl", library)
    assert 12 <= found.half_life.number <= 75
    assert {source.key for source in found.half_life.sources} == {"REED90", "LIUHA"}


def test_the_missing_input_is_named(library):
    assert solute_of("cyanocobalamin", library).missing == ("log P",)
    assert solute_of("tenoxicam", library).missing == ("molar mass", "log P")
    assert solute_of("dmae", library).missing == ("pKa",)


def test_more_than_a_millilitre_in_a_point_is_refused(library):
    assert isinstance(solute_of("lidocaine", library, volume_per_point_ml=1.0), Solute)
    found = solute_of("lidocaine", library, volume_per_point_ml=1.2)
    assert found.kind == "volume"
    assert "1.2 mL" in found.reason


def test_crystals_of_one_product_do_not_speak_against_the_dissolved_one(library):
    assert isinstance(solute_of("methylprednisolone", library, presentation="methylprednisolone_succinate_40mg_ml"), Solute)
    assert solute_of("methylprednisolone", library, presentation="methylprednisolone_acetate_40mg_ml").kind == "dissolution"


def test_a_product_that_may_be_crystals_is_refused(library):
    assert solute_of("methylprednisolone", library, presentation="methylprednisolone_40mg_ml").kind == "dissolution"


def test_every_ingredient_is_either_reckoned_with_cited_numbers_or_refused_with_a_reason(library):
    for ingredient in library.ingredients:
        found = solute_of(ingredient, library)
        if isinstance(found, Fenced):
            assert found.reason
            continue
        for value in found.values:
            assert value.how is How.ASSUMED or value.sources, (ingredient, value)
            assert value.grade in "ABCD"
        assert 0 < found.unbound.number <= 1
        assert 0 <= found.neutral.number <= 1
        assert found.diffusivity_mm2_per_h() > 0
        assert found.partition(fat=True) >= found.partition() > 0


def test_measured_goes_before_worked_out(library):
    lidocaine, biotin = solute_of("lidocaine", library), solute_of("biotin", library)
    assert (lidocaine.log_p.how, lidocaine.unbound.how, lidocaine.neutral.how) == (How.MEASURED,) * 3
    assert (biotin.log_p.how, biotin.unbound.how, biotin.neutral.how) == (How.CORRELATION, How.CORRELATION, How.ASSUMED)
    assert any(finding.rule == "charge_assumed" for finding in biotin.findings)


def test_albumin_is_used_up_by_a_strong_depot_of_what_it_binds(library):
    weak, strong = (solute_of("ketoprofen", library, depot_mg_per_ml=mg_per_ml) for mg_per_ml in (0.01, 25.0))
    assert weak.binding > 10 > strong.binding
    assert not any(finding.rule == "binding_saturated" for finding in weak.findings)
    told = next(finding for finding in strong.findings if finding.rule == "binding_saturated")
    assert "25 mg/mL" in told.text
    assert told.sources


def test_a_strong_solution_is_said_to_be_none_the_model_holds_for_at_once(library):
    rules = [finding.rule for finding in solute_of("ascorbic_acid", library, depot_mg_per_ml=100.0).findings]
    assert "strong_solution" in rules


def test_a_peptide_is_reckoned_and_said_to_leave_faster_than_that(library):
    calcitonin = solute_of("calcitonin_salmon", library)
    assert isinstance(calcitonin, Solute)
    told = next(finding for finding in calcitonin.findings if finding.rule == "large_molecule")
    assert "faster than reckoned" in told.text
    assert told.sources


def test_what_widens_or_narrows_vessels_says_so(library):
    def told(ingredient):
        return next((finding for finding in solute_of(ingredient, library).findings if finding.rule == "vasoactive"), None)

    assert all(told(ingredient) for ingredient in ("caffeine", "pentoxifylline", "buflomedil", "minoxidil"))
    assert {"LASKIN", "GUINARD92"} <= {source.key for source in told("lidocaine").sources}
    assert told("dexpanthenol") is None


def test_what_dissolves_in_oil_stays_longer_in_fat(library):
    lidocaine, carnitine = solute_of("lidocaine", library), solute_of("l_carnitine", library)
    assert lidocaine.clearance(3.0, fat=True).total_per_h < 0.5 * lidocaine.clearance(3.0).total_per_h
    assert carnitine.clearance(3.0, fat=True).total_per_h == pytest.approx(carnitine.clearance(3.0).total_per_h, rel=1e-3)


def test_what_the_comparison_with_other_ways_in_needs_is_read_or_none(library):
    txa = solute_of("tranexamic_acid", library).plasma
    assert (txa.oral_bioavailability.number, txa.im_bioavailability.number) == (0.47, 1.0)
    assert txa.clearance.number * 70 == pytest.approx(10.1, rel=0.01)  # L/h at 70 kg, as the same trial has it
    assert solute_of("lidocaine", library).plasma.limits[0].number == 6.0
    assert solute_of("glutathione", library).plasma.oral_bioavailability is None
    assert solute_of("thiocolchicoside", library).plasma.oral_bioavailability is None  # by mouth it does not reach the plasma as such


def test_a_spread_gives_its_ends_back(library):
    for prior in priors_of(library).values():
        low, middle, high = prior.quantile(np.array([0.05, 0.5, 0.95]))
        assert low == pytest.approx(prior.low)
        assert high == pytest.approx(prior.high)
        assert low < middle < high
        assert prior.sources


def test_an_unknown_ingredient_is_a_key_error(library):
    with pytest.raises(KeyError):
        solute_of("moonlight", library)


# What the published law makes of typical drugs (reference, table 1.3): molar mass, log P, part without charge, line of albumin,
# then diffusivity in mm²/h, clearance per hour without and with the way between the cells, at a flow of 0.132 a minute.
TABLE = {
    "lidocaine": (234.34, 2.44, 0.2403, Binding.BASE, 0.35, 3.0, 3.0),
    "procaine": (236.3, 2.14, 0.0307, Binding.BASE, 0.54, 4.3, 4.4),
    "caffeine": (194.19, -0.07, 1.0, Binding.BASE, 0.69, 0.79, 2.4),
    "salicylate": (138.12, 2.26, 3.715e-5, Binding.ACID, 0.92, 6.7, 6.7),
    "ketoprofen": (254.28, 3.12, 1.121e-3, Binding.ACID, 0.50, 5.3, 5.3),
    "minoxidil": (209.25, 1.24, 1.0, Binding.BASE, 0.48, 2.3, 2.7),
    "methotrexate": (454.4, -1.85, 1e-4, Binding.OTHER_ACID, 0.40, 0.001, 1.3),
    "triamcinolone acetonide": (434.5, 2.53, 1.0, Binding.BASE, 0.16, 0.53, 0.8),
}


@pytest.mark.parametrize("drug", TABLE)
def test_the_published_law_is_told_to_its_last_digit(library, drug):
    """With the plateau of the tracers off, which is ours, the law gives what was reckoned from it elsewhere."""
    molar_mass, log_p, neutral, kind, diffusivity, alone, with_gaps = TABLE[drug]
    law = replace(constants_of(library), diffusivity_plateau=0.0)
    unbound = p.unbound_by_correlation(p.log_d(log_p, neutral), kind, law)
    binding = p.binding_factor(unbound, log_p, neutral, law)
    found = p.effective_diffusivity_mm2_per_h(p.free_diffusivity_mm2_per_h(molar_mass, law), unbound, binding, law)
    assert found == pytest.approx(diffusivity, abs=0.006)
    for constants, clearance in ((replace(law, paracellular_ps=0.0), alone), (law, with_gaps)):
        wall = p.permeability_surface_per_h(molar_mass, log_p, constants)
        assert p.layer_clearance(wall, 0.132 * 60, binding, 0.0).total_per_h == pytest.approx(clearance, rel=0.02, abs=0.0005)


def test_the_wheal_is_one_fact(library):
    parameter = library.delivery_parameters["wheal_radius"]
    assert middle(parameter.quantity) == ANCHOR_MM
    ends = priors_of(library)["wheal_radius"].quantile(np.array([0.0, 1.0]))
    assert ends == pytest.approx(ANCHOR_RANGE_MM)
