"""The plan draws the steps together: nothing that may be acted on where a stop stands, and nothing guessed."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from pistor.care.consultation import Condition, Measurement, PatientPicture
from pistor.care.intent import intent_for
from pistor.care.plan import make_plan
from tests.conftest import TODAY


def picture(**known):
    weight = Measurement(Decimal(60), "kg", TODAY, "asked")
    return PatientPicture(**{"on": TODAY, "birth_date": dt.date(1980, 1, 2), "sex": "female", "weight_kg": weight, **known})


def plan(library, application, *, start=TODAY, who=None, parts=None, **meant):
    return make_plan(who or picture(), intent_for(library, application, **meant), library, start, parts=parts)


INDICATIONS = [
    ("pain", "neck_pain", "neck_pain_lidocaine", 3),
    ("skin", "facial_skin_quality", "facial_skin_hyaluronic_acid", 3),
    ("skin", "melasma", "melasma_tranexamic_acid", 3),
    ("hair", "androgenetic_alopecia", "alopecia_dutasteride", 7),
    ("hair", "androgenetic_alopecia", "alopecia_dutasteride_quarterly", 3),
    ("hair", "female_pattern_hair_loss", "alopecia_minoxidil", 10),
    ("hair", "female_pattern_hair_loss", "alopecia_dutasteride_women", 12),
]


@pytest.mark.parametrize(("application", "indication", "protocol", "treatments"), INDICATIONS)
def test_each_indication_gets_its_protocols_blend_map_doses_and_dates(library, application, indication, protocol, treatments):
    made = plan(library, application, indication=indication, protocol=protocol, jurisdiction="GB")
    assert made.withheld == ()
    assert made.blend is not None
    assert made.injection_map is not None
    assert made.injection_map.points > 0
    assert made.doses
    assert len(made.schedule.treatments) == treatments
    assert made.schedule.treatments[0].on == TODAY
    assert made.benefit.trials
    assert made.reactions


def test_deoxycholic_acid_under_the_chin_stays_within_its_label(library):
    made = plan(library, "fat", jurisdiction="US")
    assert made.injection_map.points <= 50
    assert made.injection_map.volume_ml <= 10
    assert made.injection_map.generator.spacing_mm >= 10
    assert made.blend.volume_ml == made.injection_map.volume_ml
    assert not [dose.what for dose in made.doses if dose.state == "over"]


def test_neck_pain_takes_no_more_points_than_its_study(library):
    made = plan(library, "pain", indication="neck_pain", jurisdiction="GB")
    assert made.injection_map.points <= 8
    assert any("Spacing widened" in text for text in made.assumed)


def test_france_gets_a_verdict_and_a_reason_and_no_dose_for_fat(library):
    made = plan(library, "fat", jurisdiction="FR")
    assert made.verdict.state.value == "not_eligible"
    assert made.withheld
    assert (made.blend, made.injection_map, made.doses, made.schedule) == (None, None, (), None)


def test_a_person_who_died_gets_no_plan(library):
    made = plan(library, "pain", jurisdiction="GB", who=picture(deceased=True, deceased_on=dt.date(2020, 1, 1)))
    assert made.withheld
    assert made.doses == ()


def test_without_weight_a_limit_by_weight_is_unknown_and_never_within(library):
    made = plan(library, "pain", indication="neck_pain", jurisdiction="GB", who=picture(weight_kg=None))
    by_weight = [dose for dose in made.doses if "weight_kg" in dose.missing]
    assert by_weight
    assert all(dose.state == "unknown" for dose in by_weight)


def test_the_vitamin_blend_is_not_mixed_from_amounts_nobody_published(library):
    made = plan(library, "skin", protocol="facial_skin_vitamin_blend", jurisdiction="GB")
    assert made.blend is None
    assert made.doses == ()
    assert made.benefit.verdict == "negative"


def test_the_vitamin_blend_needs_a_policy_that_mixes_and_a_look_at_every_component(library):
    meant = intent_for(library, "skin", protocol="facial_skin_vitamin_blend")
    withheld = make_plan(picture(), meant, library, TODAY, policy="single_active")
    assert withheld.schedule is None
    assert "does not allow" in withheld.withheld[0]
    allowed = make_plan(picture(), meant, library, TODAY, policy="mixture")
    assert allowed.benefit.verdict == "negative"
    assert any("allergies" in sentence for sentence in allowed.confirm)
    assert any("No amounts were published" in note for note in allowed.assumed)


@pytest.mark.parametrize(
    ("policy", "indication", "protocol"),
    [
        ("single_active", "low_back_pain", "low_back_pain_lidocaine"),
        ("licensed_only", "low_back_pain", "low_back_pain_lidocaine"),
        ("mixture", "low_back_pain", "low_back_pain_lidocaine_ketoprofen"),
        ("single_active", "neck_pain", "neck_pain_lidocaine"),
        ("mixture", "facial_skin_quality", "facial_skin_hyaluronic_acid"),  # never the negative one by itself
        ("licensed_only", "androgenetic_alopecia", "alopecia_dutasteride"),  # none fits: the blend then says what is forbidden
    ],
)
def test_the_policy_decides_which_protocol_is_proposed(library, policy, indication, protocol):
    application = library.indications[indication].application.value
    assert intent_for(library, application, indication, policy=policy).protocol == protocol


def test_a_chosen_protocol_is_kept_and_a_policy_that_forbids_it_stops_its_blend(library):
    meant = intent_for(library, "pain", protocol="low_back_pain_lidocaine_ketoprofen", policy="single_active")
    assert meant.protocol == "low_back_pain_lidocaine_ketoprofen"
    made = make_plan(picture(), meant, library, TODAY, policy="single_active")
    assert "allows one active substance" in made.withheld[0]
    assert not made.doses


def test_tranexamic_acid_is_diluted_to_the_weaker_of_two_strengths_and_that_is_to_be_confirmed(library):
    made = plan(library, "skin", protocol="melasma_tranexamic_acid", jurisdiction="GB")
    (active,) = [item for item in made.blend.concentrations if item.active]
    assert (active.ingredient, active.per_ml) == ("tranexamic_acid", Decimal(4))
    assert made.injection_map.volume_ml <= made.blend.volume_ml
    assert any("25-fold" in text for text in made.confirm)
    undiluted = plan(library, "skin", protocol="melasma_tranexamic_acid_undiluted", jurisdiction="GB")
    assert undiluted.blend is None  # no volume was published for it


def test_melasma_is_told_to_go_on_with_sunscreen_and_facial_skin_is_not(library):
    assert "sun_melasma" in plan(library, "skin", indication="melasma", jurisdiction="GB").aftercare
    assert "sun_melasma" not in plan(library, "skin", indication="facial_skin_quality", jurisdiction="GB").aftercare


def test_the_dutasteride_concentration_is_to_be_confirmed(library):
    made = plan(library, "hair", protocol="alopecia_dutasteride", jurisdiction="US")
    assert any("0.005 %" in text for text in made.confirm)


def test_products_without_a_protocol_get_no_map_of_somebody_elses(library):
    made = plan(library, "pain", indication="neck_pain", ingredients=("thiocolchicoside",), jurisdiction="GB")
    assert made.protocol is None
    assert made.injection_map is None
    assert made.blend is None


def test_the_same_plan_has_the_same_digest_and_a_moved_start_keeps_it(library):
    first = plan(library, "pain", indication="neck_pain", jurisdiction="GB")
    again = plan(library, "pain", indication="neck_pain", jurisdiction="GB", start=TODAY + dt.timedelta(days=7))
    assert first.digest() == again.digest()


def test_another_blend_has_another_digest(library):
    from pistor.care.formulation import Part

    first = plan(library, "pain", indication="neck_pain", jurisdiction="GB")
    more = plan(library, "pain", indication="neck_pain", jurisdiction="GB", parts=(Part("lidocaine_2pct", Decimal(2)),))
    assert first.digest() != more.digest()


def test_the_plan_is_plain_json(library):
    made = plan(library, "fat", jurisdiction="US", who=picture(conditions=(Condition("Żółtaczka", (), None),)))
    told = json.loads(json.dumps(made.as_dict(), ensure_ascii=False))
    assert {"verdict", "findings", "blend", "doses", "injection_map", "schedule", "benefit", "reactions", "missing", "knowledge_version"} <= set(told)


def test_body_fat_without_published_amounts_gets_dates_and_no_map(library):
    """53 mL over a whole abdomen would be an amount that nobody published."""
    made = plan(library, "fat", protocol="body_fat_pcdc_8_weeks", jurisdiction="IT")
    assert (made.withheld, made.blend, made.injection_map, made.doses) == ((), None, None, ())
    assert len(made.schedule.treatments) == 4
    assert any("No volume per point is published" in note for note in made.assumed)  # only the most of one practice


@pytest.mark.parametrize("protocol", ["body_fat_deoxycholic_acid", "body_fat_lipolytic_blend", "lipoma_deoxycholic_acid"])
def test_what_the_label_or_a_withdrawal_forbids_is_told_and_never_dosed(library, protocol):
    made = plan(library, "fat", protocol=protocol, jurisdiction="IT")
    assert made.withheld
    assert (made.blend, made.injection_map, made.schedule, made.doses) == (None, None, None, ())
    assert made.benefit.trials


def test_a_blend_that_no_study_names_is_no_single_active(library):
    withheld = make_plan(picture(), intent_for(library, "fat", protocol="cellulite_intradermal_blend"), library, TODAY, policy="single_active")
    assert "does not allow" in withheld.withheld[0]
    assert intent_for(library, "fat", "cellulite", policy="licensed_only").protocol == "cellulite_collagenase"


def test_sterile_water_stands_in_one_square_as_its_trials_had_it(library):
    drawn = plan(library, "pain", protocol="low_back_pain_sterile_water", jurisdiction="GB").injection_map
    assert drawn.points == 4
    assert drawn.volume_ml == Decimal("0.4")
    assert len(drawn.areas) == 1
    (left, right), (top, bottom) = (sorted({round(getattr(point, axis)) for point in drawn.placed}) for axis in ("x_mm", "y_mm"))
    assert (right - left, bottom - top) == (30, 30)


@pytest.mark.parametrize("protocol", ["melasma_tranexamic_acid", "facial_skin_hyaluronic_acid_cpm"])
def test_points_that_belong_to_a_square_centimetre_keep_their_spacing(library, protocol):
    """Wider apart, the same points would give each square centimetre a third of the dose that was studied."""
    made = plan(library, "skin", protocol=protocol, jurisdiction="GB")
    drawn = made.injection_map
    assert drawn.generator.spacing_mm == 10
    assert drawn.points == 40
    assert min(zone.points for zone in drawn.zones) >= 9  # each area has its share
    assert any("Put them where the patient needs them" in note for note in made.notes)


@pytest.mark.parametrize(
    ("protocol", "named"),
    [("low_back_pain_sterile_water", False), ("chronic_spinal_pain_saline", False), ("low_back_pain_lidocaine", True), ("calcific_shoulder_edta_procaine", True)],
)
def test_toxicity_of_local_anaesthetics_is_a_risk_only_where_one_is_given(library, protocol, named):
    who = picture()
    meant = intent_for(library, "pain", protocol=protocol, jurisdiction="GB")
    assert ("last" in {risk.id for risk in make_plan(who, meant, library, TODAY).reactions}) is named
    under_cream = intent_for(library, "pain", protocol=protocol, jurisdiction="GB", topical=("lidocaine",))
    assert "last" in {risk.id for risk in make_plan(who, under_cream, library, TODAY).reactions}


def test_the_warning_of_disodium_edta_comes_before_any_blend(library):
    made = plan(library, "pain", indication="calcific_shoulder_tendinitis", jurisdiction="GB")
    (warning,) = [finding for finding in made.verdict.findings if finding.rule == "edta_regulator_warning"]
    assert "deaths" in warning.text
    assert made.verdict.state.value == "not_eligible"
