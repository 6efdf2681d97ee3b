"""Expected benefit: absolute numbers with the comparator, honest about what was not read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pistor.care.alternatives import ROWS, compare
from pistor.care.benefit import benefit_of, mean_interval, measured_for, reported, student_95, wilson


# Known values of the Wilson score interval (z = 1.96), computed by hand from the formula.
@pytest.mark.parametrize(
    ("percent", "n", "low", "high"),
    [
        ("70.0", 256, "64.1", "75.3"),
        ("18.6", 250, "14.3", "23.9"),
        ("0", 250, "0.0", "1.5"),
        ("100", 10, "72.2", "100.0"),
        ("50", 10, "23.7", "76.3"),
        ("62.8", 86, "52.2", "72.3"),
    ],
)
def test_the_interval_of_a_share_is_wilsons(percent, n, low, high):
    interval = wilson(Decimal(percent), n)
    assert (interval.low, interval.high) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(("percent", "n"), [("50", 0), ("50", -3), ("-1", 10), ("101", 10)])
def test_a_share_that_cannot_be_has_no_interval(percent, n):
    with pytest.raises(ValueError, match="no interval"):
        wilson(Decimal(percent), n)


# Printed tables of Student's t give 2.776, 2.262, 2.131, 2.045 and 1.984 for 4, 9, 15, 29 and 99 degrees of freedom.
@pytest.mark.parametrize(("freedom", "t"), [(4, 2.776), (9, 2.262), (15, 2.131), (29, 2.045), (99, 1.984)])
def test_student_is_that_of_the_tables(freedom, t):
    assert student_95(freedom) == pytest.approx(t, abs=0.003)


def test_the_interval_of_a_mean_needs_its_spread_and_its_people(library):
    arms = {arm.role: arm for outcome in reported(library.trials["CUI16"]).outcomes for arm in outcome.arms if arm.spread is not None}
    assert (arms["treated"].value, arms["treated"].spread, arms["treated"].n) == (Decimal("2.9"), Decimal("2.2"), 34)
    assert (arms["treated"].interval.low, arms["treated"].interval.high) == (Decimal("2.13"), Decimal("3.67"))
    with pytest.raises(ValueError, match="no interval"):
        mean_interval(Decimal(3), Decimal(1), 2)
    for trial in library.trials.values():
        for outcome in reported(trial).outcomes:
            for arm in outcome.arms:
                told = outcome.kind == "proportion" or (arm.spread is not None and (arm.n or 0) >= 5)
                assert (arm.interval is not None) == (arm.value is not None and arm.n is not None and told), trial.id


def test_both_arms_of_the_submental_trial_are_told(library):
    outcome = benefit_of(library, "submental_deoxycholic_acid").trials[0].outcomes[0]
    assert [(arm.role, str(arm.value), arm.n) for arm in outcome.arms] == [("treated", "70.0", 256), ("comparator", "18.6", 250)]


def test_a_share_without_its_number_of_people_gets_no_interval(library):
    kept = next(trial for trial in benefit_of(library, "submental_deoxycholic_acid").trials if trial.id == "REFLT")
    assert all(arm.interval is None for outcome in kept.outcomes for arm in outcome.arms)


@pytest.mark.parametrize(("protocol", "actives", "trials"), [
    ("submental_deoxycholic_acid", ["deoxycholic_acid"], {"REF1", "REF2", "REFLT", "ROT09"}),
    ("submental_deoxycholic_acid", ["deoxycholic_acid", "lidocaine"], set()),
    ("submental_deoxycholic_acid", ["phosphatidylcholine_dc"], set()),
    ("body_fat_pcdc_8_weeks", ["phosphatidylcholine_dc"], {"SAL08"}),
    ("body_fat_deoxycholic_acid", ["deoxycholic_acid"], set()),
    ("cellulite_collagenase", ["collagenase"], {"RELEASE1", "RELEASE2"}),
    ("facial_skin_hyaluronic_acid", ["hyaluronic_acid_ncl"], {"BASP13", "DUT23"}),
    ("alopecia_minoxidil", ["minoxidil"], {"UZEL"}),
    ("alopecia_dutasteride_women", ["dutasteride"], set()),  # the trial's preparation held more than dutasteride
    ("low_back_pain_lidocaine_ketoprofen", ["lidocaine", "ketoprofen", "methylprednisolone"], set()),
    ("low_back_pain_sterile_water", ["water_for_injections"], {"CUI16"}),  # in the other trial a painkiller was given into a vein as well
    ("chronic_spinal_pain_saline", [], set()),
    ("submental_deoxycholic_acid", [], set()),
])  # fmt: skip
def test_arms_are_picked_by_the_ids_of_what_was_injected(library, protocol, actives, trials):
    assert {trial.id for trial, _ in measured_for(benefit_of(library, protocol), actives)} == trials


def test_an_arm_that_was_not_readable_is_no_data_and_never_zero(library):
    needle_only = benefit_of(library, "neck_pain_lidocaine").trials[0].outcomes[0].arms[1]
    assert needle_only.no_data
    assert needle_only.value is None
    assert needle_only.as_dict()["no_data"] is True


def test_the_vitamin_blend_is_told_as_negative_and_keeps_its_trials(library):
    told = benefit_of(library, "facial_skin_vitamin_blend")
    assert told.verdict == "negative"
    assert {"AMIN06", "ELD12"} <= {trial.id for trial in told.trials}
    assert not told.no_data


def test_a_trial_without_a_control_says_so(library):
    series = next(trial for trial in benefit_of(library, "neck_pain_lidocaine_diclofenac").trials if trial.id == "RAN24")
    assert series.control is None
    assert not any(outcome.has_comparator for outcome in series.outcomes)


def test_the_weaker_of_two_trials_is_told_as_well(library):
    """66.5 and 22.2 % of 258 each, beside 70.0 and 18.6 % of the first."""
    second = next(trial for trial in benefit_of(library, "submental_deoxycholic_acid").trials if trial.id == "REF2")
    assert [(str(arm.value), arm.n) for arm in second.outcomes[0].arms] == [("66.5", 258), ("22.2", 258)]


def test_a_difference_between_arms_is_known_as_one(library):
    count = next(trial for trial in benefit_of(library, "alopecia_dutasteride").trials if trial.id == "ABD09").outcomes[0]
    assert count.is_difference
    assert not count.has_comparator


def test_every_protocol_tells_its_benefit(library):
    for protocol in library.protocols:
        assert benefit_of(library, protocol).as_dict()["trials"]


def test_options_stand_in_the_order_of_the_alphabet(library):
    for indication in library.indications.values():
        names = [option.name for option in compare(library, indication.application.value, indication.id).options]
        assert names == sorted(names, key=str.casefold)


@pytest.mark.parametrize(("indication", "options"), [
    ("low_back_pain", {"mesotherapy", "oral_nsaid", "trigger_point_injection", "exercise_therapy", "no_treatment_pain"}),
    ("knee_osteoarthritis", {"mesotherapy", "oral_nsaid_knee", "exercise_knee", "no_treatment_knee"}),
    ("calcific_shoulder_tendinitis", {"mesotherapy", "shoulder_needle_lavage", "no_treatment_shoulder"}),
    ("neck_pain", {"mesotherapy", "oral_nsaid", "trigger_point_injection", "exercise_therapy", "no_treatment_pain"}),
    ("androgenetic_alopecia", {
        "mesotherapy", "topical_minoxidil", "oral_minoxidil", "oral_finasteride", "topical_finasteride", "oral_dutasteride", "hair_transplant", "prp_scalp",
        "microneedling_scalp", "low_level_laser", "no_treatment_hair",
    }),
    ("female_pattern_hair_loss", {
        "mesotherapy", "topical_minoxidil", "hair_transplant", "prp_scalp", "microneedling_scalp", "low_level_laser", "no_treatment_hair_women",
    }),
    ("facial_skin_quality", {"mesotherapy", "botulinum_toxin", "filler", "microneedling", "no_treatment_skin"}),
    ("melasma", {
        "tranexamic_acid_injections", "topical_hydroquinone", "triple_combination_cream", "oral_tranexamic_acid", "microneedling", "chemical_peel",
        "no_treatment_melasma",
    }),
    ("submental_fat", {"deoxycholic_acid_injection", "liposuction", "cryolipolysis", "no_treatment_fat"}),
    ("body_fat", {"injection_lipolysis", "lipolytic_mesotherapy", "liposuction", "cryolipolysis", "weight_management", "no_treatment_fat"}),
    ("cellulite", {"mesotherapy_cellulite", "collagenase_injection", "subcision", "shock_waves", "weight_management", "no_treatment_cellulite"}),
    ("lipoma", {"injection_lipolysis", "lipoma_excision", "no_treatment_lipoma"}),
])  # fmt: skip
def test_the_usual_options_are_there_and_no_treatment_among_them(library, indication, options):
    assert {option.id for option in compare(library, library.indications[indication].application.value, indication).options} == options


def test_a_cell_stays_short_enough_to_read_beside_others(library):
    cells = [(option.id, row, statement.text) for option in library.comparisons.values() for row, statement in option.rows.items()]
    assert [(id_, row) for id_, row, text in cells if len(text.split()) > 36] == []


def test_a_cell_without_a_source_is_unknown(library):
    table = compare(library, "fat", "submental_fat")
    duration = next(row for row in table.rows if row.id == "duration")
    cryolipolysis = [option.id for option in table.options].index("cryolipolysis")
    assert duration.cells[cryolipolysis] is None
    assert table.as_dict()["rows"][table.rows.index(duration)]["cells"][cryolipolysis] is None


def test_every_cell_that_is_filled_is_cited(library):
    for option in library.comparisons.values():
        assert set(option.rows) <= set(ROWS)
        assert all(statement.source and statement.at for statement in option.rows.values())


def test_every_option_card_answers_every_row_of_the_table(library):
    table = compare(library, "skin", "facial_skin_quality")
    assert [label for label, _ in table.card("filler")] == [row.label for row in table.rows]
