"""What stands in the text a patient signs, for every protocol in both languages."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.care.consent import consent_sheet, covered_by_label, frequencies_of, meaning
from pistor.care.consultation import Measurement, PatientPicture
from pistor.care.injection_map import Area, make_map, zones_alike
from pistor.care.intent import intent_for
from pistor.care.plan import make_plan
from pistor.knowledge import load

LIBRARY = load()
DAY = dt.date(2026, 11, 23)
FR = LIBRARY.consent_texts["injections_fr"]


def plan_for(protocol):
    indication = LIBRARY.indications[LIBRARY.protocols[protocol].indication]
    picture = PatientPicture(on=DAY, birth_date=dt.date(1985, 1, 1), sex="male", weight_kg=Measurement(Decimal(70), "kg", DAY, "asked"))
    intent = intent_for(LIBRARY, indication.application, indication.id, None, (), "US", protocol)
    return make_plan(picture, intent, LIBRARY, DAY)


def text_of(sheet):
    return "\n".join(line for section in sheet.sections for line in (section.heading, *section.lines))


PLANS = {id_: plan_for(id_) for id_ in LIBRARY.protocols}
WHOLE = sorted(id_ for id_, plan in PLANS.items() if plan.blend and plan.injection_map and plan.schedule)


def test_most_protocols_have_a_whole_plan():
    assert {"neck_pain_lidocaine", "submental_deoxycholic_acid"} <= set(WHOLE)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("protocol", WHOLE)
def test_every_placeholder_is_filled_and_everything_owed_is_said(protocol, language):
    plan = PLANS[protocol]
    sheet = consent_sheet(LIBRARY, plan, language, "Clinique du Parc")
    text = text_of(sheet)
    assert "{" not in text
    assert "Clinique du Parc" in text
    assert len(plan.reactions) > 3
    words = FR.words if language == "fr" else {}
    named = [words.get(f"reactions.{risk.id}") or risk.name for risk in plan.reactions]
    assert all(f"{name[0].upper()}{name[1:]}{' :' if language == 'fr' else ':'} " in text for name in named)
    unknown = "fréquence non établie" if language == "fr" else "frequency not established"
    assert text.count(unknown) == sum(1 for risk in plan.reactions if not frequencies_of(risk, plan))
    if language == "fr":
        assert "(en anglais)" not in text


def test_what_was_counted_for_another_product_is_not_told():
    text = text_of(consent_sheet(LIBRARY, PLANS["neck_pain_lidocaine"], "en", "C"))
    assert "deoxycholic" not in text
    assert "fillers" not in text
    assert "Swelling: frequency not established" in text
    assert "Bruise: 38.7 % (knee mesotherapy)" in text


def test_use_outside_the_label_is_told_unless_the_label_covers_the_plan():
    labelled = PLANS["submental_deoxycholic_acid"]
    assert covered_by_label(labelled, ["submental"])
    assert "Use outside the label" not in text_of(consent_sheet(LIBRARY, labelled, "en", "C"))
    assert "Use outside the label" in text_of(consent_sheet(LIBRARY, PLANS["neck_pain_lidocaine"], "en", "C"))
    other = replace(labelled, blend=PLANS["neck_pain_lidocaine"].blend)
    assert not covered_by_label(other, ["submental"])
    assert not covered_by_label(replace(labelled, protocol=None), ["submental"])


def _section(plan, heading, language="en"):
    sheet = consent_sheet(LIBRARY, plan, language, "C")
    return next(section for section in sheet.sections if section.heading == heading)


@pytest.mark.parametrize(("language", "heading"), [("en", "Use outside the label"), ("fr", "Usage hors autorisation")])
@pytest.mark.parametrize("protocol", WHOLE)
def test_the_licence_of_every_active_of_the_blend_is_told(protocol, language, heading):
    plan = replace(PLANS[protocol], protocol=None)  # never covered by a label
    lines = _section(plan, heading, language).lines
    for item in plan.blend.concentrations:
        name = FR.words[f"ingredients.{item.ingredient}"] if language == "fr" else LIBRARY.ingredients[item.ingredient].name
        colon = " :" if language == "fr" else ":"
        assert any(line.startswith(f"{name[0].upper()}{name[1:]}{colon} ") for line in lines) is item.active, name


def test_what_is_added_to_a_blend_is_told_with_it():
    corticosteroid = PLANS["low_back_pain_lidocaine_ketoprofen"].blend
    lines = _section(replace(PLANS["neck_pain_lidocaine"], blend=corticosteroid), "Use outside the label").lines
    assert "Ketoprofen: Estonia: licensed into muscle and as an infusion; into the skin is off-label." in lines
    assert "Methylprednisolone: its licence was not read; use in the skin is taken to be outside it." in lines


@pytest.mark.parametrize(("country", "protocol", "told"), [
    ("FR", "neck_pain_lidocaine_diclofenac", True), ("FR", "neck_pain_lidocaine", False), ("US", "neck_pain_lidocaine_diclofenac", False),
])  # fmt: skip
def test_what_the_country_says_of_mixing_is_told_where_actives_are_mixed(country, protocol, told):
    plan = replace(PLANS[protocol], intent=replace(PLANS[protocol].intent, jurisdiction=country))
    assert ("mixed extemporaneously in pharmacies only" in text_of(consent_sheet(LIBRARY, plan, "en", "C"))) is told


def _elsewhere(plan):
    """The labelled product, drawn on the neck."""
    drawn = plan.injection_map
    side = next(area.side for area in LIBRARY.body_maps["neck_back"].zones if area.zone == "neck")
    return replace(plan, injection_map=make_map(zones_alike([Area("neck_back", "neck", side)], drawn.generator, drawn.technique), LIBRARY))


OUTSIDE = {
    "another place": _elsewhere,
    "more points": lambda plan: replace(plan, injection_map=replace(plan.injection_map, points=51)),
    "closer points": lambda plan: _with_generator(plan, spacing_mm=Decimal(5)),
    "more per point": lambda plan: _with_generator(plan, volume_per_point_ml=Decimal("0.4")),
    "another technique": lambda plan: _otherwise(plan, technique="nappage"),
    "shorter interval": lambda plan: replace(plan, schedule=replace(plan.schedule, interval_days=7)),
    "more treatments": lambda plan: replace(plan, schedule=replace(plan.schedule, treatments=plan.schedule.treatments * 4)),
}


def _with_generator(plan, **other):
    drawn = plan.injection_map
    least = min(drawn.least_spacing_mm, other.get("spacing_mm", drawn.least_spacing_mm))
    made = _otherwise(plan, generator=replace(drawn.generator, **other))
    return replace(made, injection_map=replace(made.injection_map, least_spacing_mm=least))


def _otherwise(plan, **other):
    """The same points, in another way in all zones."""
    drawn = plan.injection_map
    return replace(plan, injection_map=replace(drawn, zone_plans=tuple(replace(zone, **other) for zone in drawn.zone_plans)))


@pytest.mark.parametrize("change", OUTSIDE)
def test_a_labelled_product_used_otherwise_is_told_as_outside_the_label(change):
    plan = OUTSIDE[change](PLANS["submental_deoxycholic_acid"])
    assert "Use outside the label" in text_of(consent_sheet(LIBRARY, plan, "en", "C"))


def test_the_benefit_stands_beside_its_comparator():
    text = text_of(consent_sheet(LIBRARY, PLANS["submental_deoxycholic_acid"], "en", "C"))
    assert "70 % of 256 people with deoxycholic acid, 18.6 % of 250 people with placebo" in text
    assert "87 %" in text  # swelling


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("protocol", ["low_back_pain_lidocaine", "low_back_pain_lidocaine_ketoprofen"])
def test_the_result_of_another_treatment_is_not_told_as_the_benefit_of_this_one(protocol, language):
    text = text_of(consent_sheet(LIBRARY, PLANS[protocol], language, "C"))
    assert "88 %" not in text  # sterile water beside an intravenous painkiller
    assert "sterile" not in text


def test_a_result_is_told_only_for_exactly_the_actives_that_were_studied():
    skin = PLANS["facial_skin_hyaluronic_acid"]
    assert "-10 % with hyaluronic acid" in text_of(consent_sheet(LIBRARY, skin, "en", "C"))
    (one,) = [item for item in skin.blend.concentrations if item.active]
    mixed = replace(skin, blend=replace(skin.blend, concentrations=(one, replace(one, ingredient="ascorbic_acid", name="Ascorbic acid"))))
    assert "-10 % with hyaluronic acid" not in text_of(consent_sheet(LIBRARY, mixed, "en", "C"))
    renamed = replace(skin, blend=replace(skin.blend, concentrations=(replace(one, name="Sodium hyaluronate"),)))
    assert "-10 % with hyaluronic acid" in text_of(consent_sheet(LIBRARY, renamed, "en", "C"))


def test_a_change_in_percent_does_not_read_like_a_share_of_people():
    text = text_of(consent_sheet(LIBRARY, PLANS["facial_skin_hyaluronic_acid"], "en", "C"))
    assert "-10 % with hyaluronic acid (30 people), 7 % with saline (30 people)" in text
    assert "% of 30 people" not in text


@pytest.mark.parametrize("protocol", WHOLE)
def test_both_languages_tell_the_benefit_in_the_same_numbers(protocol):
    told = {language: consent_sheet(LIBRARY, PLANS[protocol], language, "C") for language in ("en", "fr")}
    numbers = [sorted(_numbers(" ".join(told[language].sections[place].lines).replace(",", "."))) for language, place in _benefit_places(told)]
    assert numbers[0] == numbers[1]


def _benefit_places(told):
    headings = {"en": "What can be expected", "fr": "Ce que l’on peut attendre"}
    return [(language, [section.heading for section in sheet.sections].index(headings[language])) for language, sheet in told.items()]


def test_the_treatment_itself_is_no_alternative_to_it():
    text = text_of(consent_sheet(LIBRARY, PLANS["submental_deoxycholic_acid"], "en", "C"))
    assert "You can also choose: Liposuction, Cryolipolysis; or no treatment." in text
    melasma = _section(PLANS["melasma_tranexamic_acid"], "Other ways").lines[0]
    assert "Tranexamic acid tablets" in melasma
    assert "injections" not in melasma


def test_french_has_a_word_for_everything_a_consent_can_name():
    for kind in ("indications", "protocols", "reactions", "comparisons", "zones", "techniques"):
        assert [id_ for id_ in getattr(LIBRARY, kind) if f"{kind}.{id_}" not in FR.words] == []
    assert [id_ for id_, ingredient in LIBRARY.ingredients.items() if ingredient.regulatory and f"regulatory.{id_}" not in FR.words] == []
    assert [id_ for id_, country in LIBRARY.jurisdictions.items() if country.mixing and f"mixing.{id_}" not in FR.words] == []
    assert [id_ for protocol in LIBRARY.protocols.values() for id_ in protocol.ingredients if f"ingredients.{id_}" not in FR.words] == []
    assert [id_ for id_, protocol in LIBRARY.protocols.items() if protocol.data_gaps and f"gaps.{id_}" not in FR.words] == []


def test_french_says_the_same_numbers():
    for id_, protocol in LIBRARY.protocols.items():
        english = sorted(_numbers(protocol.summary.text))
        assert sorted(_numbers(FR.words[f"protocols.{id_}"].replace(",", "."))) == english, id_


def _numbers(text):
    return list(re.findall(r"\d+(?:\.\d+)?", text))


def test_a_signature_says_who_agrees_to_what():
    assert "on behalf of the patient" in meaning("en", "guardian", typed=False)
    assert meaning("fr", "patient", typed=True).endswith("Je signe en tapant mon nom.")
    for language in ("en", "fr"):
        for kind in ("patient", "guardian"):
            assert len(meaning(language, kind, typed=True)) <= 300


@pytest.mark.parametrize(
    ("protocol", "word", "said"),
    [
        ("low_back_pain_sterile_water", "scalp", False),
        ("alopecia_minoxidil", "dutasteride into the scalp", True),
        ("facial_skin_hyaluronic_acid", "tranexamic", False),
        ("melasma_tranexamic_acid", "needling with tranexamic acid", True),
    ],
)
def test_a_frequency_stands_only_beside_what_it_was_counted_for(protocol, word, said):
    (risks,) = [section for section in consent_sheet(LIBRARY, PLANS[protocol], "en", "C").sections if section.heading == "What can go wrong"]
    assert (word in "\n".join(risks.lines)) is said


def test_how_much_water_is_in_water_is_not_told():
    text = text_of(consent_sheet(LIBRARY, PLANS["low_back_pain_sterile_water"], "en", "C"))
    assert "Sterile water for injections, ampoule, 0.4" in text
    assert "mg/mL" not in text


def test_french_writes_its_semicolon_and_ph_as_french_and_chemists_do():
    text = text_of(consent_sheet(LIBRARY, PLANS["alopecia_minoxidil"], "fr", "C"))
    assert "\u00a0; " in text
    assert ") ; " not in text
    assert "pH et véhicule" in text
