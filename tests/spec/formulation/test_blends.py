"""Blends as a pharmacist would check them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.evidence import Effect
from pistor.care.formulation import Blend, DoseCheck, Part, Topical, UnusableBlend, amounts, check_doses, compose, dose_findings, judge_pair
from pistor.knowledge import load
from pistor.knowledge.model import PairVerdict

LIBRARY = load()


def blend(*rows: tuple[str, str], policy: str = "mixture", country: str | None = None, application: str = "pain", **more: str) -> Blend:
    parts = [Part(presentation, Decimal(volume)) for presentation, volume in rows]
    return compose(parts, LIBRARY, policy=policy, jurisdiction=country, application=application, **more)


def rules(found: Blend) -> dict[str, bool]:
    return {finding.rule: finding.stops for finding in found.findings}


def verdict(a: str, b: str) -> PairVerdict:
    return judge_pair(LIBRARY.presentations[a], LIBRARY.presentations[b], LIBRARY).verdict


@pytest.mark.parametrize(
    ("rows", "ingredient", "per_ml", "amount"),
    [
        ([("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")], "lidocaine", "4", "20"),
        ([("lidocaine_2pct", "1"), ("lidocaine_1pct", "1")], "lidocaine", "15", "30"),
        ([("lidocaine_2pct", "1"), ("lidocaine_2pct", "1.5")], "lidocaine", "20", "50"),
        ([("diclofenac_25mg_ml", "1"), ("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "3")], "diclofenac", "5", "25"),
        ([("ketoprofen_50mg_ml", "3.2")], "ketoprofen", "50", "160"),
        ([("dutasteride_0_05pct", "2")], "dutasteride", "0.5", "1"),
        ([("dutasteride_0_005pct", "2")], "dutasteride", "0.05", "0.1"),
        ([("minoxidil_0_5pct", "2")], "minoxidil", "5", "10"),
        ([("cyanocobalamin_1mg_ml", "1"), ("sodium_chloride_09pct", "1")], "cyanocobalamin", "0.5", "1"),
    ],
)
def test_concentrations_add_up_over_presentations(rows, ingredient, per_ml, amount):
    found = {c.ingredient: c for c in blend(*rows).concentrations}[ingredient]
    assert (found.per_ml, found.amount) == (Decimal(per_ml), Decimal(amount))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("lidocaine_2pct", "diclofenac_25mg_ml", PairVerdict.CONDITIONAL),
        ("diclofenac_akis_75mg_ml", "mepivacaine_1pct", PairVerdict.CONDITIONAL),
        ("ketoprofen_50mg_ml", "lidocaine_2pct", PairVerdict.AVOID),
        ("procaine_1pct", "diclofenac_25mg_ml", PairVerdict.AVOID),
        ("lidocaine_1pct", "triamcinolone_10mg_ml", PairVerdict.COMPATIBLE),
        ("lidocaine_2pct", "sodium_bicarbonate_84pct", PairVerdict.CONDITIONAL),
        ("sodium_bicarbonate_84pct", "thiamine_100mg_ml", PairVerdict.DEGRADES),
        ("ascorbic_acid_500mg_ml", "thiamine_100mg_ml", PairVerdict.DEGRADES),
        ("hyaluronidase_hylenex_150u_ml", "hyaluronic_acid_ncl_14mg_g", PairVerdict.ANTAGONISM),
        ("lidocaine_2pct", "caffeine_benzoate_125mg_ml", PairVerdict.ANTAGONISM),
        ("pentoxifylline_20mg_ml", "ketorolac_30mg_ml", PairVerdict.BLOCK),
        ("phosphatidylcholine_dc_50mg_ml", "lidocaine_1pct", PairVerdict.AVOID),
        # the excipient, not the drug: the ampoule's sulfite, even where nothing is known of the two drugs
        ("diclofenac_25mg_ml", "thiamine_100mg_ml", PairVerdict.DEGRADES),
        ("diclofenac_akis_75mg_ml", "thiamine_100mg_ml", PairVerdict.NO_DATA),
        ("procaine_1pct", "hyaluronidase_hylenex_150u_ml", PairVerdict.DEGRADES),
        # what a label forbids is not undone by a rule about a class
        ("deoxycholic_acid_10mg_ml", "lidocaine_1pct", PairVerdict.BLOCK),
        ("deoxycholic_acid_10mg_ml", "sodium_chloride_09pct", PairVerdict.BLOCK),
        ("lidocaine_2pct", "sodium_chloride_09pct", PairVerdict.NO_DATA),
        ("tranexamic_acid_100mg_ml", "dexpanthenol_250mg_ml", PairVerdict.NO_DATA),
    ],
)
def test_pairs_are_judged_alike_whichever_is_named_first(a, b, expected):
    assert verdict(a, b) is expected
    assert verdict(b, a) is expected


def test_no_data_says_so_in_words_and_cites_nothing():
    pair = blend(("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")).pairs[0]
    assert "Unknown is not compatible" in pair.text
    assert pair.sources == ()


def test_diclofenac_with_lidocaine_names_the_vehicle_it_depends_on():
    found = next(f for f in blend(("diclofenac_akis_75mg_ml", "1"), ("lidocaine_2pct", "1")).findings if f.rule == "pair:diclofenac_lidocaine")
    assert found.effect is Effect.CAUTION
    assert "bicarbonate" in found.text
    assert "milky in water or saline" in found.text
    assert found.sources[0].key == "tringali"


def test_a_rule_that_did_not_decide_is_still_shown():
    pair = judge_pair(LIBRARY.presentations["diclofenac_25mg_ml"], LIBRARY.presentations["lidocaine_2pct"], LIBRARY)
    assert pair.verdict is PairVerdict.CONDITIONAL
    assert [other[0] for other in pair.others] == [PairVerdict.AVOID]


@pytest.mark.parametrize("other", ["lidocaine_1pct", "sodium_chloride_09pct", "hyaluronidase_hylenex_150u_ml", "aminophylline_25mg_ml"])
def test_deoxycholic_acid_with_anything_stops(other):
    assert rules(blend(("deoxycholic_acid_10mg_ml", "2"), (other, "1"), application="fat"))["mixture:single_syringe"]


def test_deoxycholic_acid_alone_does_not_stop():
    assert not blend(("deoxycholic_acid_10mg_ml", "10"), policy="licensed_only", country="US", application="fat").stops


@pytest.mark.parametrize(
    ("rows", "policy", "country", "rule", "stops"),
    [
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "mixture", "FR", "jurisdiction:mixing_pharmacy_only", True),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "pharmacy_prepared", "FR", "jurisdiction:mixing_pharmacy_only", False),
        ([("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")], "single_active", "FR", "jurisdiction:mixing_pharmacy_only", False),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "mixture", "US", "jurisdiction:mixing_unknown", False),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "mixture", None, "jurisdiction:mixing_unknown", False),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "mixture", "ZZ", "jurisdiction:mixing_unknown", False),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], "single_active", None, "policy:single_active:actives", True),
        ([("dutasteride_0_05pct", "2")], "licensed_only", None, "policy:licensed_only:licensed", True),
        ([("hyaluronic_acid_ncl_14mg_g", "2")], "licensed_only", None, "policy:licensed_only:licence_unknown", False),
        ([("dutasteride_0_05pct", "2")], "single_active", None, "presentation:compounded", False),
        ([("dutasteride_0_05pct", "2")], "pharmacy_prepared", "FR", "policy:pharmacy_prepared:order", False),
        ([("ketorolac_30mg_ml", "1")], "mixture", None, "mixture:water_soluble", True),
        ([("triamcinolone_10mg_ml", "1")], "mixture", None, "mixture:suspension", False),
        ([("sodium_bicarbonate_84pct", "1")], "mixture", None, "threshold:osmolality_max_sc", False),
        ([("zinc_sulfate_5mg_ml", "1")], "mixture", None, "ingredient:undiluted", True),
        ([("phosphatidylcholine_dc_50mg_ml", "1")], "mixture", None, "ingredient:regulator_warning", False),
        ([("minoxidil_0_5pct", "2")], "mixture", None, "ingredient:other_application", False),
    ],
)
def test_policy_country_and_vehicle(rows, policy, country, rule, stops):
    assert rules(blend(*rows, policy=policy, country=country))[rule] is stops


def test_one_active_with_a_diluent_fits_one_active_per_syringe():
    assert "policy:single_active:actives" not in rules(blend(("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4"), policy="single_active"))


def test_a_single_product_is_not_mixed_so_no_country_forbids_mixing_it():
    assert not any(rule.startswith("jurisdiction") for rule in rules(blend(("lidocaine_2pct", "1"), country="FR")))


def test_deoxycholic_acid_does_not_go_into_the_skin():
    assert rules(blend(("deoxycholic_acid_10mg_ml", "1"), application="fat", technique="micropapule")).get("ingredient:not_intradermal") is True


@pytest.mark.parametrize(
    ("rows", "ph", "unknown"),
    [
        ([("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")], ("4.72", "7"), ()),
        ([("lidocaine_2pct", "1")], ("5", "7"), ()),
        ([("lidocaine_2pct", "1"), ("ketoprofen_50mg_ml", "1")], None, ("Ketoprofen 100 mg/2 mL ampoule",)),
    ],
)
def test_ph_is_a_range_of_labels_or_unknown_with_the_part_named(rows, ph, unknown):
    found = blend(*rows).ph
    assert found.unknown == unknown
    assert (found.low, found.high) == ((Decimal(ph[0]), Decimal(ph[1])) if ph else (None, None))


def test_osmolarity_is_the_mean_by_volume():
    assert blend(("lidocaine_2pct", "1"), ("sodium_chloride_09pct", "4")).osmolarity.high == Decimal("315.2")  # (344 + 4 * 308) / 5
    assert not blend(("lidocaine_2pct", "1"), ("methylprednisolone_40mg_ml", "1")).osmolarity.known


def test_the_excipients_of_a_presentation_join_the_allergen_groups():
    assert {"nsaid_cross", "sulfite", "benzyl_alcohol"} <= set(blend(("diclofenac_25mg_ml", "1")).allergen_groups)
    assert "sulfite" not in blend(("diclofenac_akis_75mg_ml", "1")).allergen_groups


def test_the_tenfold_conflict_is_asked_once_with_every_side_and_its_sources():
    items = blend(("dutasteride_0_05pct", "2"), application="hair", protocol="alopecia_dutasteride").to_confirm
    assert [item.kind for item in items] == ["concentration", "protocol", "protocol"]
    assert [(option.value, option.sources[0].key) for option in items[0].options] == [
        (Decimal("0.5"), "ABD09"), (Decimal("0.05"), "EJD23"), (Decimal("0.1"), "PILOT17"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "at least one"),
        ([("lidocaine_2pct", "0")], "more than 0 mL"),
        ([("lidocaine_2pct", "-2")], "is -2 mL"),
        ([("lidocaine_2pct", "NaN")], "not a number"),
        ([("lidocaine_2pct", "Infinity")], "not a number"),
        ([("lidocaine_2pct", "1E+20")], "cannot be entered"),
        ([("lidocaine_2pct", "60"), ("lidocaine_1pct", "60")], "whole blend"),
        ([("lidocaine_2pct", "1E-9")], "more than six decimals"),
        ([("lidocaïne", "1")], "not in the library"),
    ],
)
def test_volumes_that_cannot_be_get_one_sentence(rows, says):
    with pytest.raises(UnusableBlend, match=says) as error:
        blend(*rows)
    assert isinstance(error.value, ValueError)


def test_a_blend_and_its_doses_survive_being_written_down():
    found = blend(("dutasteride_0_05pct", "2"), ("diclofenac_25mg_ml", "1"), ("lidocaine_2pct", "1"), protocol="alopecia_dutasteride")
    assert Blend.from_dict(found.as_dict()).as_dict() == found.as_dict()
    for check in check_doses(found, LIBRARY, weight_kg=Decimal(70), points=10, volume_per_point_ml=Decimal("0.1")):
        assert DoseCheck.from_dict(check.as_dict()).as_dict() == check.as_dict()


# ── doses ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def lidocaine(volume: str, **given) -> DoseCheck:
    return next(check for check in check_doses(blend(("lidocaine_2pct", volume)), LIBRARY, **given) if check.limit_id == "lidocaine_single_dose")


@pytest.mark.parametrize(
    ("weight", "limit", "volume", "state"),
    [
        ("60", "270", "1", "within"),
        ("60", "270", "13.5", "near"),
        ("60", "270", "13.55", "over"),
        ("70", "300", "13.55", "near"),  # 4.5 mg/kg would be 315 mg; the absolute limit is the smaller
        ("70", "300", "15.05", "over"),
        ("40", "180", "9.5", "over"),
    ],
)
def test_the_smaller_of_the_limit_per_kilogram_and_the_absolute_one_counts(weight, limit, volume, state):
    check = lidocaine(volume, weight_kg=Decimal(weight))
    assert check.limit == Decimal(limit)
    assert check.state == state


def test_without_a_weight_the_dose_is_unknown_and_asks_for_it():
    check = lidocaine("1")
    assert check.state == "unknown"
    assert check.missing == ("weight_kg",)
    assert [f.missing for f in dose_findings([check])] == [("weight_kg",)]


def test_without_a_weight_a_dose_above_the_absolute_limit_is_over_all_the_same():
    assert lidocaine("16").state == "over"


def test_over_a_labels_limit_stops():
    (finding,) = dose_findings([lidocaine("16", weight_kg=Decimal(80))])
    assert (finding.effect, finding.stops) == (Effect.CONTRAINDICATED, True)


def test_over_a_limit_that_is_no_labels_is_a_caution():
    checks = check_doses(blend(("procaine_2pct", "30")), LIBRARY)
    assert [(f.effect, f.stops) for f in dose_findings(checks)] == [(Effect.CAUTION, False)]


def test_topical_lidocaine_counts_where_its_dose_is_known_and_is_unknown_where_not():
    assert lidocaine("10", weight_kg=Decimal(70), topical=(Topical("lidocaine", Decimal(125)),)).state == "over"
    assert lidocaine("10", weight_kg=Decimal(70), topical=("lidocaine",)).state == "unknown"


@pytest.mark.parametrize(
    ("rows", "total", "state"),
    [
        ([("lidocaine_2pct", "6"), ("procaine_2pct", "10")], "0.8", "near"),  # 120/300 + 200/500
        ([("lidocaine_2pct", "9"), ("mepivacaine_2pct", "9")], "1.05", "over"),  # 180/300 + 180/400: each alone is within
        ([("lidocaine_2pct", "1"), ("mepivacaine_2pct", "1")], None, "within"),
    ],
)
def test_local_anaesthetics_add_up(rows, total, state):
    checks = {check.limit_id: check for check in check_doses(blend(*rows), LIBRARY, weight_kg=Decimal(70))}
    assert checks["local_anaesthetic_sum"].state == state
    assert total is None or checks["local_anaesthetic_sum"].dose == Decimal(total)
    assert "over" not in {check.state for key, check in checks.items() if key != "local_anaesthetic_sum"}


def test_an_anaesthetic_without_a_known_maximum_makes_the_sum_unknown():
    boundless = LIBRARY.ingredients["prilocaine"].model_copy(update={"limits": ()})
    library = replace(LIBRARY, ingredients={**LIBRARY.ingredients, "prilocaine": boundless})
    checks = check_doses(blend(("procaine_1pct", "1")), library, topical=(Topical("prilocaine", Decimal(1)),))
    assert next(check for check in checks if check.limit_id == "local_anaesthetic_sum").state == "unknown"


@pytest.mark.parametrize(("cream_g", "state"), [("0", "within"), ("1", "near"), ("2.5", "over")])
def test_a_numbing_cream_counts_with_the_lidocaine_that_is_injected(cream_g, state):
    """20 mL of 1 % in 60 kg are 200 of 270 mg; each gram of the cream adds 25 mg of lidocaine and 25 mg of prilocaine."""
    cream = LIBRARY.presentations["lidocaine_prilocaine_cream"]
    topical = [Topical(part.ingredient, part.strength.value * Decimal(cream_g)) for part in cream.components]
    checks = {check.limit_id: check for check in check_doses(blend(("lidocaine_1pct", "20")), LIBRARY, weight_kg=Decimal(60), topical=topical)}
    assert checks["lidocaine_single_dose"].limit == Decimal(270)
    assert checks["lidocaine_single_dose"].dose == 200 + 25 * Decimal(cream_g)
    assert checks["local_anaesthetic_sum"].state == state


def test_a_cream_is_not_injected():
    found = blend(("lidocaine_prilocaine_cream", "1"))
    assert ("presentation:not_for_injection", True) in {(finding.rule, finding.stops) for finding in found.findings}


def test_no_known_maximum_is_unknown_and_never_within():
    checks = check_doses(blend(("hyaluronic_acid_ncl_14mg_g", "2"), application="skin"), LIBRARY, weight_kg=Decimal(60))
    assert [(check.state, check.limit) for check in checks] == [("unknown", None)]


LABEL = {
    "volume_per_point_ml": Decimal("0.2"), "points": 50, "sessions": 6, "spacing_mm": Decimal(10), "interval_days": 30, "area_cm2": Decimal(50),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "over"),
    [
        ({}, set()),
        ({"volume_per_point_ml": Decimal("0.21"), "points": 40}, {"deoxycholic_acid_point"}),
        ({"spacing_mm": Decimal(9)}, {"deoxycholic_acid_spacing"}),
        ({"points": 51}, {"deoxycholic_acid_points", "deoxycholic_acid_volume", "deoxycholic_acid_area"}),
        ({"sessions": 7}, {"deoxycholic_acid_treatments"}),
        ({"interval_days": 27}, {"deoxycholic_acid_interval"}),
        ({"area_cm2": Decimal(40)}, {"deoxycholic_acid_area"}),
    ],
)
def test_every_limit_of_the_deoxycholic_acid_label_holds(change, over):
    checks = check_doses(blend(("deoxycholic_acid_10mg_ml", "10"), application="fat"), LIBRARY, **{**LABEL, **change})
    assert {check.limit_id for check in checks if check.state == "over"} == over
    assert all(finding.stops for finding in dose_findings(checks))


def test_limits_that_need_what_nobody_gave_are_unknown():
    checks = check_doses(blend(("deoxycholic_acid_10mg_ml", "2"), application="fat"), LIBRARY)
    assert {check.limit_id for check in checks if check.state == "unknown"} == {
        "deoxycholic_acid_area", "deoxycholic_acid_point", "deoxycholic_acid_spacing",
        "deoxycholic_acid_points", "deoxycholic_acid_treatments", "deoxycholic_acid_interval",
    }  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"weight_kg": Decimal(0)}, {"weight_kg": Decimal(-70)}, {"weight_kg": Decimal("NaN")}, {"weight_kg": Decimal("1E+30")}, {"points": 0}, {"points": -1},
        {"sessions": 0}, {"volume_ml": Decimal(-1)}, {"volume_per_point_ml": Decimal("sNaN")}, {"area_cm2": Decimal(0)}, {"spacing_mm": Decimal("Infinity")},
        {"interval_days": -7}, {"topical": (Topical("lidocaine", Decimal(-5)),)},
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused(given):
    with pytest.raises(UnusableBlend):
        check_doses(blend(("lidocaine_2pct", "1")), LIBRARY, **given)


def test_amounts_per_point_treatment_and_course():
    found = blend(("ketoprofen_50mg_ml", "3.2"))
    (row,) = amounts(found, volume_per_point_ml=Decimal("0.1"), volume_ml=None, sessions=5)
    assert (row.per_point, row.per_treatment, row.per_course) == (Decimal(5), Decimal(160), Decimal(800))  # 800 mg: COS11's drug-sparing arithmetic
