"""The table a nurse can read: what is known, what is meant, what comes out and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from pistor.care.candidacy import assess
from pistor.care.intent import intent_for
from tests.spec.candidacy.patients import INTENTS, ON, allergy, answer, answered, condition, measured_as, medicine, ordinary, procedure, verdict

TEN_YEARS = dt.date(2016, 11, 23)


def days_ago(days: int) -> dt.date:
    return ON - dt.timedelta(days=days)


# what is known of the patient                                            | application            | verdict                    | deciding rule
TABLE = [
    ("nothing but noes", {}, "pain", "eligible", None),
    ("nothing but noes", {}, "skin", "eligible", None),
    ("nothing but noes", {"sex": "male"}, "hair", "eligible", None),
    ("nothing but noes", {}, "fat", "eligible", None),
    # skin and allergy
    ("herpes in the area today", {"answers": answer("infection_here")}, "skin", "not_eligible", "infection_site"),
    ("a tumour in the area", {"answers": answer("tumour_here")}, "pain", "not_eligible", "tumour_in_area"),
    ("allergy to lidocaine", {"allergies": (allergy("Lidocaine"),)}, "pain", "not_eligible", "allergy_ingredient"),
    ("allergy to lidocaine, Xylocaine by name", {"allergies": (allergy("XYLOCAINE 2%"),)}, "pain", "not_eligible", "allergy_ingredient"),
    ("allergy to a relative, mepivacaine", {"allergies": (allergy("mepivacaine"),)}, "pain", "not_eligible", "allergy_ingredient"),
    ("answered yes to a local anaesthetic", {"answers": answer("allergy_local_anaesthetic")}, "pain", "not_eligible", "allergy_ingredient"),
    ("refuted allergy to lidocaine", {"allergies": (allergy("Lidocaine", refuted=True),)}, "pain", "eligible", None),
    ("allergy to lidocaine, resolved", {"allergies": (allergy("Lidocaine", active=False),)}, "pain", "eligible", None),
    ("allergy to lidocaine, status not given", {"allergies": (allergy("Lidocaine", active=None),)}, "pain", "not_eligible", "allergy_ingredient"),
    ("allergy to lidocaine, no lidocaine used", {"allergies": (allergy("Lidocaine"),)}, "skin", "eligible", None),
    ("allergy to latex", {"allergies": (allergy("Latex allergy", code=("snomed", "300916003")),)}, "pain", "eligible", None),
    ("allergy to bee venom and to nuts", {"allergies": (allergy("Allergy to bee venom"), allergy("Allergy to nut"))}, "pain", "eligible", None),
    ("allergy to aspirin, diclofenac in the blend", {"allergies": (allergy("Aspirin"),)}, "pain with diclofenac", "not_eligible", "allergy_ingredient"),
    ("allergy to aspirin, no NSAID in the blend", {"allergies": (allergy("Aspirin"),)}, "pain", "eligible", None),
    ("allergy to dutasteride by name", {"sex": "male", "allergies": (allergy("Dutasteride"),)}, "hair", "not_eligible", "allergy_ingredient"),
    ("refuted allergy to dutasteride by name", {"sex": "male", "allergies": (allergy("Dutasteride", refuted=True),)}, "hair", "eligible", None),
    ("allergy to dutasteride by name, resolved", {"sex": "male", "allergies": (allergy("Dutasteride", active=False),)}, "hair", "eligible", None),
    ("allergy to chlorhexidine", {"allergies": (allergy("Chlorhexidine"),)}, "skin", "eligible_with_conditions", "allergy_antiseptic"),
    ("allergy to lidocaine, in German", {"allergies": (allergy("Allergie gegen Lidocain"),)}, "pain", "not_eligible", "allergy_ingredient"),
    ("allergy to local anaesthetics, in French", {"allergies": (allergy("Anesthésiques locaux"),)}, "pain", "not_eligible", "allergy_ingredient"),
    ("allergy to aspirin, in French", {"allergies": (allergy("Aspirine"),)}, "pain with diclofenac", "not_eligible", "allergy_ingredient"),
    # age
    ("17 years", {"born": days_ago(17 * 365)}, "skin", "not_eligible", "minor"),
    ("17 years", {"born": days_ago(17 * 365)}, "fat", "not_eligible", "minor"),
    ("17 years", {"born": days_ago(17 * 365)}, "pain", "refer", "minor_pain"),
    ("18 years today", {"born": dt.date(2008, 11, 23)}, "skin", "eligible", None),
    ("18 years tomorrow", {"born": dt.date(2008, 11, 24)}, "skin", "not_eligible", "minor"),
    # bleeding
    ("haemophilia", {"conditions": (condition("Haemophilia A"),)}, "skin", "eligible_with_conditions", "bleeding_disorder"),
    ("haemophilia", {"conditions": (condition("Haemophilia A"),)}, "fat", "refer", "bleeding_disorder_fat"),
    ("history of thrombocytopenia", {"conditions": (condition("History of thrombocytopenia"),)}, "skin", "eligible_with_conditions", "bleeding_disorder"),
    (
        "von Willebrand disease by ICD code only",
        {"conditions": (condition("VWD", code=("icd10cm", "D68.01")),)},
        "skin",
        "eligible_with_conditions",
        "bleeding_disorder",
    ),
    (
        "warfarin",
        {"medicines": (medicine("Warfarin Sodium 5 MG Oral Tablet", code=("rxnorm", "855332")),)},
        "skin",
        "eligible_with_conditions",
        "anticoagulant",
    ),
    ("apixaban by its name", {"medicines": (medicine("apixaban 5 MG Oral Tablet [Eliquis]"),)}, "skin", "eligible_with_conditions", "anticoagulant"),
    ("dabigatran by its ATC code", {"medicines": (medicine("x", code=("atc", "B01AE07")),)}, "skin", "eligible_with_conditions", "anticoagulant"),
    ("warfarin, stopped", {"medicines": (medicine("Warfarin", active=False),)}, "skin", "eligible", None),
    ("heparin cream", {"medicines": (medicine("heparin topical gel"),)}, "skin", "eligible", None),
    ("aspirin", {"medicines": (medicine("Aspirin 81 MG Oral Tablet"),)}, "skin", "eligible_with_conditions", "antiplatelet"),
    # immunity and cancer
    ("HIV", {"conditions": (condition("Human immunodeficiency virus infection"),)}, "pain", "eligible_with_conditions", "immunosuppression"),
    ("infliximab", {"medicines": (medicine("infliximab 100 MG Injection"),)}, "skin", "eligible_with_conditions", "immunosuppression"),
    ("hydrocortisone cream", {"medicines": (medicine("Hydrocortisone 10 MG/ML Topical Cream"),)}, "skin", "eligible", None),
    ("rheumatoid arthritis", {"conditions": (condition("Rheumatoid arthritis"),)}, "skin", "eligible_with_conditions", "autoimmune"),
    ("active cancer", {"conditions": (condition("Malignant neoplasm of breast"),)}, "skin", "refer", "malignancy"),
    ("cancer by ICD code only", {"conditions": (condition("—", code=("icd10cm", "C50.919")),)}, "skin", "refer", "malignancy"),
    ("cancer, resolved", {"conditions": (condition("Malignant neoplasm of breast", active=False),)}, "skin", "eligible_with_conditions", "malignancy_past"),
    ("cancer, resolved, and now back pain", {"conditions": (condition("Malignant neoplasm of breast", active=False),)}, "pain", "refer", "pain_red_flags"),
    ("cancer refuted", {"conditions": (condition("Malignant neoplasm of breast", refuted=True),)}, "skin", "eligible", None),
    ("cancer, in German", {"conditions": (condition("Mammakarzinom links"),)}, "skin", "refer", "malignancy"),
    ("cancer of the past, in German", {"conditions": (condition("Zustand nach Mammakarzinom"),)}, "skin", "eligible_with_conditions", "malignancy_past"),
    ("cancer of the past, in French", {"conditions": (condition("Antécédents de cancer du sein"),)}, "skin", "eligible_with_conditions", "malignancy_past"),
    ("pregnant, in German", {"conditions": (condition("Schwangerschaft"),), "pregnancy": ()}, "skin", "not_eligible", "pregnancy"),
    ("warfarin, in Spanish", {"medicines": (medicine("Warfarina 5 mg"),)}, "skin", "eligible_with_conditions", "anticoagulant"),
    ("history of cancer", {"conditions": (condition("History of breast cancer"),)}, "skin", "eligible_with_conditions", "malignancy_past"),
    ("history of cancer by code only", {"conditions": (condition("—", code=("icd10cm", "Z85.3")),)}, "skin", "eligible_with_conditions", "malignancy_past"),
    ("history of cancer, and now back pain", {"conditions": (condition("History of breast cancer"),)}, "pain", "refer", "pain_red_flags"),
    ("leukaemia in remission", {"conditions": (condition("Acute leukemia in remission"),)}, "skin", "eligible_with_conditions", "malignancy_past"),
    ("no history of cancer", {"conditions": (condition("No history of cancer"),)}, "skin", "eligible", None),
    ("mother had cancer", {"conditions": (condition("Family history of breast cancer"),)}, "skin", "eligible", None),
    ("screened for cancer", {"conditions": (condition("Screening for malignant neoplasm of colon"),)}, "skin", "eligible", None),
    # diabetes
    ("diabetes, well controlled", {"conditions": (condition("Diabetes"),), "answers": answer("diabetes_controlled", "no")}, "fat", "eligible", None),
    (
        "diabetes, not well controlled",
        {"conditions": (condition("Diabetes"),), "answers": answer("diabetes_controlled")},
        "fat",
        "eligible_with_conditions",
        "diabetes_lipolysis",
    ),
    # medicines
    ("isotretinoin now", {"medicines": (medicine("isotretinoin 20 MG Oral Capsule"),)}, "skin", "eligible_with_conditions", "isotretinoin"),
    (
        "isotretinoin until 5 months ago",
        {"medicines": (medicine("Isotretinoin", False, end=days_ago(150)),)},
        "skin",
        "eligible_with_conditions",
        "isotretinoin",
    ),
    ("isotretinoin until 7 months ago", {"medicines": (medicine("Isotretinoin", False, end=days_ago(210)),)}, "skin", "eligible", None),
    ("amiodarone", {"medicines": (medicine("Amiodarone 200 MG Oral Tablet"),)}, "pain", "eligible_with_conditions", "class3_antiarrhythmic"),
    ("amiodarone, no anaesthetic", {"medicines": (medicine("Amiodarone 200 MG Oral Tablet"),)}, "skin", "eligible", None),
    ("sertraline", {"medicines": (medicine("sertraline 50 MG Oral Tablet"),)}, "skin", "eligible", None),
    (
        "naproxen by mouth, NSAID in the blend",
        {"medicines": (medicine("Naproxen 500 MG Oral Tablet"),)},
        "pain with diclofenac",
        "eligible_with_conditions",
        "nsaid_duplicate",
    ),
    ("naproxen by mouth, no NSAID in the blend", {"medicines": (medicine("Naproxen 500 MG Oral Tablet"),)}, "pain", "eligible", None),
    # tranexamic acid in melasma: what its labels rule out
    ("nothing but noes", {}, "melasma", "eligible", None),
    ("thrombosis of a leg, now", {"conditions": (condition("Acute deep venous thrombosis"),)}, "melasma", "not_eligible", "tranexamic_thrombosis"),
    ("pulmonary embolism, healed", {"conditions": (condition("Pulmonary embolism", active=False),)}, "melasma", "not_eligible", "tranexamic_thrombosis"),
    ("pulmonary embolism, refuted", {"conditions": (condition("Pulmonary embolism", refuted=True),)}, "melasma", "eligible", None),
    ("mother had a thrombosis", {"conditions": (condition("Family history of deep vein thrombosis"),)}, "melasma", "refer", "tranexamic_clot_risk"),
    ("thrombosis by ICD code", {"conditions": (condition("Acute embolism of deep veins", code=("icd10cm", "I82.402")),)}, "melasma", "not_eligible", "tranexamic_thrombosis"),
    ("answered yes to a clot", {"answers": answer("thrombosis")}, "melasma", "not_eligible", "tranexamic_thrombosis"),
    ("thrombosis of a leg, no tranexamic acid", {"conditions": (condition("Acute deep venous thrombosis"),)}, "skin", "eligible", None),
    ("answered yes to a risk of clots", {"answers": answer("thrombophilia")}, "melasma", "refer", "tranexamic_clot_risk"),
    ("thrombophilia by ICD code", {"conditions": (condition("Activated protein C resistance", code=("icd10cm", "D68.51")),)}, "melasma", "refer", "tranexamic_clot_risk"),
    ("atrial fibrillation by code only", {"conditions": (condition("AF", code=("snomed", "49436004")),)}, "melasma", "refer", "tranexamic_clot_risk"),
    ("stroke of the past", {"conditions": (condition("Stroke", active=False),)}, "melasma", "refer", "tranexamic_clot_risk"),
    ("uses the pill", {"medicines": (medicine("Yaz 28 Day Pack", code=("rxnorm", "748856")),)}, "melasma", "refer", "tranexamic_contraceptive"),
    ("stopped the pill", {"medicines": (medicine("ethinyl estradiol / drospirenone", active=False),)}, "melasma", "eligible", None),
    ("uses the pill, by ATC code only", {"medicines": (medicine("Leeloo", code=("atc", "G03AA07")),)}, "melasma", "refer", "tranexamic_contraceptive"),
    ("a pill without oestrogen, by ATC code", {"medicines": (medicine("Desogestrel", code=("atc", "G03AC09")),)}, "melasma", "eligible", None),
    ("answered yes to the pill", {"answers": answer("hormonal_contraceptive")}, "melasma", "refer", "tranexamic_contraceptive"),
    ("uses the pill, no tranexamic acid", {"medicines": (medicine("ethinyl estradiol / drospirenone"),)}, "skin", "eligible", None),
    ("on dialysis", {"conditions": (condition("End stage renal disease, on dialysis"),)}, "melasma", "not_eligible", "tranexamic_renal"),
    ("epilepsy", {"conditions": (condition("Epilepsy", code=("snomed", "84757009")),)}, "melasma", "not_eligible", "tranexamic_convulsions"),
    ("one seizure long ago", {"conditions": (condition("History of single seizure (situation)"),)}, "melasma", "not_eligible", "tranexamic_convulsions"),
    ("epilepsy, no tranexamic acid", {"conditions": (condition("Epilepsy"),)}, "skin", "eligible", None),
    ("bleeding around the brain", {"conditions": (condition("Subarachnoid hemorrhage"),)}, "melasma", "not_eligible", "tranexamic_brain_bleeding"),
    ("allergy to tranexamic acid by name", {"allergies": (allergy("Tranexamic acid"),)}, "melasma", "not_eligible", "allergy_ingredient"),
    # botulinum toxin in microdroplets
    ("myasthenia", {"conditions": (condition("Myasthenia gravis"),)}, "botulinum", "refer", "botulinum_neuromuscular"),
    ("nothing but noes", {}, "botulinum", "eligible", None),
    # NSAID labels
    (
        "heart failure",
        {"conditions": (condition("Chronic congestive heart failure (disorder)"),)},
        "pain with diclofenac",
        "not_eligible",
        "nsaid_heart_failure",
    ),
    ("heart failure, lidocaine alone", {"conditions": (condition("Chronic congestive heart failure (disorder)"),)}, "pain", "eligible", None),
    ("stroke years ago", {"conditions": (condition("Stroke", False, onset=TEN_YEARS),)}, "pain with diclofenac", "not_eligible", "nsaid_vascular"),
    ("ulcer years ago", {"conditions": (condition("Gastric ulcer", False),)}, "pain with ketoprofen", "not_eligible", "nsaid_ulcer"),
    ("warfarin with ketoprofen", {"medicines": (medicine("Warfarin"),)}, "pain with ketoprofen", "not_eligible", "ketoprofen_bleeding"),
    ("asthma after aspirin", {"answers": answer("nsaid_asthma")}, "pain with diclofenac", "not_eligible", "nsaid_asthma"),
    # hair
    (
        "finasteride by mouth",
        {"sex": "male", "medicines": (medicine("Finasteride 1 MG Oral Tablet"),)},
        "hair",
        "eligible_with_conditions",
        "five_ari_duplicate",
    ),
    ("a woman without contraception", {"answers": answer("contraception", "none")}, "hair", "not_eligible", "dutasteride_childbearing"),
    ("a woman without contraception, minoxidil", {"answers": answer("contraception", "none")}, "hair with minoxidil", "eligible", None),
    # fat
    ("dysphagia years ago", {"conditions": (condition("Dysphagia", False),)}, "fat", "not_eligible", "dysphagia"),
    ("neck lift years ago", {"procedures": (procedure("Neck lift"),)}, "fat", "eligible_with_conditions", "prior_neck_surgery"),
    ("lax skin, not fat", {"answers": answer("platysma_laxity")}, "fat", "refer", "platysma_laxity"),
    ("body mass index 31.9", {"weight_kg": measured_as("90", "kg")}, "fat", "eligible_with_conditions", "bmi_over_30"),
    ("body mass index 42.5", {"weight_kg": measured_as("120", "kg")}, "fat", "not_eligible", "bmi_over_40"),
    ("body mass index 42.5", {"weight_kg": measured_as("120", "kg")}, "skin", "eligible", None),
    ("weight changes", {"answers": answer("weight_stable", "no")}, "fat", "eligible_with_conditions", "unstable_weight"),
    # mind and red flags
    ("positive screen for body dysmorphic disorder", {"answers": answer("bdd_screen", "positive")}, "skin", "refer", "bdd_positive"),
    ("the same, reviewed", {"answers": answer("bdd_screen", "positive_reviewed")}, "skin", "eligible_with_conditions", "bdd_reviewed"),
    ("fever with the pain", {"answers": answer("red_flag_fever")}, "pain", "refer", "pain_red_flags"),
    ("new weakness with the pain", {"answers": answer("red_flag_neurological")}, "pain", "refer", "pain_red_flags"),
    ("keloid", {"conditions": (condition("Keloid scar"),)}, "skin", "eligible_with_conditions", "keloid"),
    ("vaccinated 3 days ago", {"answers": answer("vaccine_7_days")}, "skin", "eligible", None),
    ("the patient's own score of concern, at the bound", {"answers": answer("dcq_score", "9")}, "skin", "refer", "dcq_high"),
    ("the same below the bound", {"answers": answer("dcq_score", "8")}, "skin", "eligible", None),
    (
        "a high score, reviewed in an interview",
        {"answers": answer("dcq_score", "12") | answer("bdd_screen", "positive_reviewed")},
        "skin",
        "eligible_with_conditions",
        "bdd_reviewed",
    ),
    ("a high score, and a form that calls it negative", {"answers": answer("dcq_score", "12")}, "hair", "refer", "dcq_high"),
    ("body dysmorphic disorder by code only", {"conditions": (condition("—", code=("icd10cm", "F45.22")),)}, "fat", "refer", "bdd_positive"),
    # skin and earlier treatments
    ("cold sores that come back", {"answers": answer("cold_sores")}, "skin", "eligible_with_conditions", "cold_sores"),
    ("a peel last week", {"answers": answer("peel_retinoid_14_days")}, "skin", "eligible", None),
    ("a bad reaction to an injection", {"answers": answer("previous_injection_reaction")}, "pain", "refer", "previous_injection_reaction"),
    ("liposuction abroad last month", {"answers": answer("procedure_elsewhere")}, "skin", "eligible_with_conditions", "procedure_abroad"),
    # illnesses by code and in words
    ("epilepsy", {"conditions": (condition("Epilepsy"),)}, "pain", "eligible_with_conditions", "anaesthetic_caution"),
    ("epilepsy by code only", {"conditions": (condition("—", code=("snomed", "84757009")),)}, "pain", "eligible_with_conditions", "anaesthetic_caution"),
    ("epilepsy, no anaesthetic", {"conditions": (condition("Epilepsy"),)}, "skin", "eligible", None),
    ("complete heart block", {"conditions": (condition("Complete atrioventricular block"),)}, "pain", "not_eligible", "complete_heart_block"),
    ("complete heart block by code only", {"conditions": (condition("—", code=("icd10cm", "I44.2")),)}, "pain", "not_eligible", "complete_heart_block"),
    ("HIV by code only", {"conditions": (condition("—", code=("snomed", "86406008")),)}, "skin", "eligible_with_conditions", "immunosuppression"),
    ("a transplant by code only", {"conditions": (condition("—", code=("icd10cm", "Z94.0")),)}, "skin", "eligible_with_conditions", "immunosuppression"),
    ("lupus by code only", {"conditions": (condition("—", code=("icd10cm", "M32.10")),)}, "skin", "eligible_with_conditions", "autoimmune"),
    ("type 1 diabetes by code only", {"conditions": (condition("—", code=("icd10cm", "E10.9")),), "answers": answer("diabetes_controlled")}, "fat",
     "eligible_with_conditions", "diabetes_lipolysis"),
    ("heart failure by code only", {"conditions": (condition("—", code=("icd10cm", "I50.9")),)}, "pain with diclofenac", "not_eligible", "nsaid_heart_failure"),
    ("severe kidney disease by code only", {"conditions": (condition("—", code=("icd10cm", "N18.4")),)}, "pain with ketoprofen", "not_eligible", "nsaid_renal"),
    ("cirrhosis by code only", {"conditions": (condition("—", code=("icd10cm", "K74.60")),)}, "fat", "eligible_with_conditions", "liver_disease_lipolysis"),
    ("zoster by code only", {"conditions": (condition("—", code=("icd10cm", "B02.9")),)}, "skin", "eligible_with_conditions", "infection_recorded"),
]


@pytest.mark.parametrize(("known", "fields", "application", "expected", "rule"), TABLE, ids=[f"{row[0]}: {row[2]}" for row in TABLE])
def test_verdict(library, known, fields, application, expected, rule):
    result = verdict(ordinary(**fields), application, library)
    deciding = [finding.rule for finding in result.findings if finding.effect not in ("inform",)]
    assert (result.state, result.missing) == (expected, ()), [(f.rule, f.effect.value, f.missing) for f in result.findings]
    assert rule is None or rule in deciding


def test_every_finding_says_why_with_source_grade_and_limits(library):
    result = verdict(ordinary(medicines=(medicine("Warfarin", start=TEN_YEARS),)), "skin", library)
    finding = next(f for f in result.findings if f.rule == "anticoagulant")
    assert "Warfarin since 23 Nov 2016" in finding.text
    assert "do not stop it for a cosmetic reason" in finding.text
    assert (finding.because[0].value, finding.because[0].date, finding.because[0].origin) == ("Warfarin", TEN_YEARS, "record")
    assert {source.key for source in finding.sources} >= {"KYB", "JCAD13"}
    assert all(source.grade in "ABCD" for source in finding.sources)
    assert finding.limits


def test_isotretinoin_shows_both_sides_of_the_conflict(library):
    basis = library.contraindications["isotretinoin"].basis[0]
    assert basis.conflict
    assert "6 months" in basis.conflict.readings[1].text
    assert {"ASDS17", "ACSI17"} <= set(basis.source)


def test_latex_is_told_but_stops_nothing_with_lidocaine(library):
    result = verdict(ordinary(allergies=(allergy("Latex allergy"),)), "pain", library)
    assert [f.effect for f in result.findings if f.rule == "allergy_latex"] == ["inform"]
    assert "allergy_ingredient" in result.checked


PROCAINE = replace(INTENTS["pain"], ingredients=("procaine",))


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({"conditions": (condition("Myasthenia gravis"),)}, "procaine_myasthenia"),
        ({"conditions": (condition("—", code=("icd10cm", "G70.00")),)}, "procaine_myasthenia"),
        ({"conditions": (condition("Pseudocholinesterase deficiency"),)}, "procaine_cholinesterase"),
        ({"allergies": (allergy("Sulfa"),)}, "allergy_ingredient"),
        ({"allergies": (allergy("Methylparaben"),)}, "allergy_ingredient"),
    ],
)
def test_what_rules_out_procaine_leaves_lidocaine(library, known, rule):
    ruled_out = {f.rule for f in assess(ordinary(**known), PROCAINE, library).findings if f.effect == "contraindicated"}
    assert rule in ruled_out
    assert not {f.rule for f in assess(ordinary(**known), INTENTS["pain"], library).findings if f.effect == "contraindicated"}


def test_a_complete_heart_block_rules_out_procaine_too(library):
    known = ordinary(conditions=(condition("—", code=("icd10cm", "I44.2")),))
    assert "complete_heart_block" in {f.rule for f in assess(known, PROCAINE, library).findings if f.effect == "contraindicated"}


def test_two_labels_that_disagree_on_procaine_are_both_shown(library):
    conflict = library.contraindications["procaine_myasthenia"].basis[0].conflict
    assert {source for reading in conflict.readings for source in reading.source} == {"PROCSTEROP", "PROCSTG"}


def test_a_product_for_the_surface_of_the_skin_is_not_injected(library):
    serum = library.presentations["hyaluronic_acid_ncl_14mg_g"].model_copy(update={"flags": ("not_for_injection",)})
    made = replace(library, presentations={**library.presentations, serum.id: serum})
    intent = replace(INTENTS["skin"], presentations=(serum.id,))
    finding = next(f for f in assess(ordinary(), intent, made).findings if f.rule == "not_injectable_product")
    assert finding.stops
    assert serum.name in {fact.value for fact in finding.because}
    assert "not_injectable_product" not in {f.rule for f in assess(ordinary(), intent, library).findings}


def test_where_no_rule_is_known_what_the_authorities_said_is_pointed_to(library):
    texts = {country: next(f.text for f in verdict(ordinary(), "skin", library, jurisdiction=country).findings if f.rule == "jurisdiction_no_rule") for country in ("GB", "ZZ")}
    assert "in the library" in texts["GB"]
    assert "in the library" not in texts["ZZ"]


# country                          | zone       | verdict        | rule
COUNTRIES = [
    ("FR", "submental", "not_eligible", "jurisdiction_fr_fat_lysis_injection"),
    ("US", "submental", "eligible", "jurisdiction_us_deoxycholic_acid_submental"),
    ("US", "abdomen", "not_eligible", "jurisdiction_us_deoxycholic_acid_elsewhere"),
    (None, "submental", "cannot_tell", "jurisdiction_unknown"),
    ("DE", "submental", "cannot_tell", "jurisdiction_no_rule"),
    ("GB", "submental", "cannot_tell", "jurisdiction_no_rule"),
    ("BR", "submental", "not_eligible", "jurisdiction_br_deoxycholate"),
    ("ZZ", "submental", "cannot_tell", "jurisdiction_no_rule"),
]


@pytest.mark.parametrize(("country", "zone", "expected", "rule"), COUNTRIES)
def test_fat_goes_by_the_law_of_the_country(library, country, zone, expected, rule):
    result = verdict(ordinary(), "fat", library, jurisdiction=country, zone=zone)
    assert result.state == expected
    finding = next(f for f in result.findings if f.rule == rule)
    assert finding.stops == (expected == "not_eligible")


STOPPED, UNKNOWN = "not_eligible", "cannot_tell"
# protocol                             | FR     | US     | BR     | IT     | country not known
PLACES = [
    ("submental_phosphatidylcholine_dc", STOPPED, STOPPED, STOPPED, UNKNOWN, UNKNOWN),
    ("body_fat_deoxycholic_acid", STOPPED, STOPPED, STOPPED, STOPPED, STOPPED),
    ("body_fat_pcdc_8_weeks", STOPPED, STOPPED, STOPPED, UNKNOWN, UNKNOWN),
    ("body_fat_pcdc_4_weeks", STOPPED, STOPPED, STOPPED, UNKNOWN, UNKNOWN),
    ("body_fat_pcdc_3_weeks", STOPPED, STOPPED, STOPPED, UNKNOWN, UNKNOWN),
    ("body_fat_pcdc_2_weeks", STOPPED, STOPPED, STOPPED, UNKNOWN, UNKNOWN),
    ("body_fat_lipolytic_blend", STOPPED, STOPPED, STOPPED, STOPPED, STOPPED),
    ("cellulite_intradermal_blend", STOPPED, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ("cellulite_collagenase", STOPPED, "eligible_with_conditions", UNKNOWN, UNKNOWN, UNKNOWN),
    ("lipoma_deoxycholic_acid", STOPPED, STOPPED, STOPPED, STOPPED, STOPPED),
    ("lipoma_phosphatidylcholine_dc", STOPPED, STOPPED, STOPPED, "refer", "refer"),
]


@pytest.mark.parametrize(("protocol", "country", "expected"), [
    (protocol, country, expected) for protocol, *states in PLACES for country, expected in zip(("FR", "US", "BR", "IT", None), states, strict=True)
])  # fmt: skip
def test_every_other_fat_protocol_goes_by_the_law_and_the_label(library, protocol, country, expected):
    """In each zone of its indication: a stop holds wherever the needle goes, and where no law is known nothing is called eligible."""
    indication = library.indications[library.protocols[protocol].indication]
    for zone in indication.zones:
        intent = intent_for(library, "fat", zone=zone, jurisdiction=country, protocol=protocol)
        result = assess(answered(ordinary(), intent, library), intent, library)
        states = {expected, UNKNOWN} if (protocol, country) == ("cellulite_collagenase", "US") and zone.startswith("thigh") else {expected}
        assert result.state in states, (zone, [(f.rule, f.effect) for f in result.findings])
        assert any(f.stops for f in result.findings) == (result.state == STOPPED)


def test_the_table_of_places_leaves_out_no_fat_protocol(library):
    fat = {id_ for entry in library.indications.values() if entry.application == "fat" for id_ in entry.protocols}
    assert {row[0] for row in PLACES} == fat - {"submental_deoxycholic_acid"}  # whose own table stands above


def test_fat_of_the_belly_is_stopped_unless_somebody_asks_for_another_product(library):
    intent = intent_for(library, "fat", zone="abdomen", jurisdiction="DE")
    assert (intent.indication, intent.ingredients) == ("body_fat", ("deoxycholic_acid",))
    assert "dc_outside_submental" in [f.rule for f in assess(ordinary(), intent, library).findings if f.stops]


@pytest.mark.parametrize(
    ("protocol", "zone", "said"),
    [("facial_skin_hyaluronic_acid", "hand", True), ("facial_skin_botulinum_microdroplets", "neck_front", True), ("facial_skin_hyaluronic_acid", "face", False),
     ("facial_skin_polycomponent", "decollete", False)],
)  # fmt: skip
def test_what_was_tried_in_the_face_only_says_so_elsewhere(library, protocol, zone, said):
    intent = intent_for(library, "skin", zone=zone, jurisdiction="FR", protocol=protocol)
    rules = {f.rule: f.effect for f in assess(answered(ordinary(), intent, library), intent, library).findings}
    assert ("skin_outside_the_face" in rules) is said
    assert not said or rules["skin_outside_the_face"] == "caution"


def test_a_body_mass_index_above_30_reads_that_this_is_no_way_to_lose_weight(library):
    for indication in (entry for entry in library.indications.values() if entry.application == "fat"):
        intent = intent_for(library, "fat", indication.id, jurisdiction="IT")
        texts = [f.text for f in assess(ordinary(weight_kg=measured_as("90", "kg")), intent, library).findings]
        assert any("not a weight-loss method" in text for text in texts)


@pytest.mark.parametrize("application", ["skin", "pain", "hair"])
def test_the_french_ban_on_dissolving_fat_is_not_passed_by_another_application(library, application):
    result = verdict(ordinary(), application, library, jurisdiction="FR", ingredients=("phosphatidylcholine_dc",))
    assert "jurisdiction_fr_fat_lysis_products" in [f.rule for f in result.findings if f.stops]


ACUTE, CHRONIC = "yes", "no"


@pytest.mark.parametrize(
    ("protocol", "pain", "rule"),
    [
        ("low_back_pain_lidocaine_ketoprofen", CHRONIC, "acute_protocol"),
        ("low_back_pain_lidocaine_ketoprofen", ACUTE, None),
        ("low_back_pain_lidocaine", ACUTE, "chronic_protocol"),
        ("low_back_pain_lidocaine", CHRONIC, None),
        ("neck_pain_lidocaine", ACUTE, "chronic_protocol"),
        ("neck_pain_lidocaine", CHRONIC, None),
    ],
)
def test_a_protocol_studied_in_the_other_kind_of_pain_says_so(library, protocol, pain, rule):
    result = verdict(ordinary(answers=answer("pain_acute", pain)), "pain", library, protocol=protocol)
    cautions = {f.rule for f in result.findings if f.effect == "caution"}
    assert cautions & {"acute_protocol", "chronic_protocol"} == ({rule} if rule else set())


def test_acute_or_chronic_is_asked_where_the_protocol_was_studied_in_one(library):
    meant = replace(INTENTS["pain"], protocol="neck_pain_lidocaine")
    assert "pain_acute" in assess(ordinary(), meant, library).missing
    assert "pain_acute" not in assess(ordinary(), replace(meant, protocol="neck_pain_lidocaine_diclofenac"), library).missing


def test_elsewhere_an_unknown_country_is_told_and_asked_of_nobody(library):
    result = verdict(ordinary(), "skin", library, jurisdiction=None)
    assert result.state == "eligible"
    assert [f.effect for f in result.findings if f.rule == "jurisdiction_unknown"] == ["inform"]


def test_deoxycholic_acid_is_not_for_the_belly_whatever_the_country(library):
    result = verdict(ordinary(), "fat", library, jurisdiction="DE", zone="abdomen")
    assert result.state == "not_eligible"
    assert any(f.rule == "dc_outside_submental" and f.stops for f in result.findings)


@pytest.mark.parametrize("protocol", ["knee_piroxicam", "acute_injury_tenoxicam", "chronic_spinal_pain_lidocaine_acetylsalicylate", "pes_anserine_diclofenac"])
@pytest.mark.parametrize(("known", "rule"), [
    ({"conditions": (condition("Peptic ulcer"),)}, "nsaid_ulcer"),
    ({"conditions": (condition("Congestive heart failure"),)}, "nsaid_heart_failure"),
    ({"answers": answer("nsaid_asthma")}, "nsaid_asthma"),
    ({"allergies": (allergy("Aspirin"),)}, "allergy_ingredient"),
])  # fmt: skip
def test_what_forbids_an_nsaid_forbids_every_one_that_a_trial_injected(library, protocol, known, rule):
    intent = intent_for(library, "pain", protocol=protocol)
    picture = answered(ordinary(**known), intent, library)
    assert rule in {finding.rule for finding in assess(picture, intent, library).findings if finding.effect == "contraindicated"}


def test_saline_and_water_are_no_nsaid(library):
    for protocol in ("chronic_spinal_pain_saline", "low_back_pain_sterile_water"):
        intent = intent_for(library, "pain", protocol=protocol)
        picture = answered(ordinary(conditions=(condition("Peptic ulcer"),), allergies=(allergy("Aspirin"), allergy("Lidocaine"))), intent, library)
        assert [finding.rule for finding in assess(picture, intent, library).findings if finding.effect == "contraindicated"] == []


def test_at_the_knee_its_own_indication_is_proposed(library):
    assert intent_for(library, "pain", zone="knee").indication == "knee_osteoarthritis"
    assert intent_for(library, "pain", zone="lumbar").indication == "low_back_pain"
    assert intent_for(library, "pain", indication="low_back_pain", ingredients=["sodium_chloride_09"]).protocol is None
    assert intent_for(library, "pain", indication="chronic_spinal_pain", ingredients=["sodium_chloride_09"]).protocol == "chronic_spinal_pain_saline"
