"""Silence is a question, never a yes; contradictions are shown, never resolved by a guess."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from pistor.care.candidacy import assess
from pistor.care.consultation import Answer, PatientPicture, Pregnancy
from tests.spec.candidacy.patients import INTENTS, ON, allergy, answer, condition, medicine, ordinary, verdict


def test_an_empty_record_tells_nothing(library):
    for application, intent in INTENTS.items():
        result = assess(PatientPicture(on=ON), intent, library)
        assert result.state == "cannot_tell" and "birth_date" in result.missing, application


@pytest.mark.parametrize("application", ["pain", "skin", "melasma", "hair", "fat"])
def test_one_unanswered_question_is_enough_not_to_know(library, application):
    whole = verdict(ordinary(), application, library)
    assert whole.state == "eligible"
    intent = INTENTS[application]
    from tests.spec.candidacy.patients import answered

    picture = answered(ordinary(), intent, library)
    asked = assess(ordinary(), intent, library).missing
    assert len(asked) >= 8
    for question in asked:
        left_out = replace(picture, answers={k: v for k, v in picture.answers.items() if k != question})
        result = assess(left_out, intent, library)
        assert result.state == "cannot_tell" and question in result.missing, question


@pytest.mark.parametrize("application", ["pain", "skin", "hair", "fat"])
def test_do_not_know_is_no_answer(library, application):
    result = verdict(ordinary(answers=answer("infection_here", "unknown")), application, library)
    assert result.state == "cannot_tell"
    assert result.missing == ("infection_here",)


NEGATIONS = [
    ("IPS: no known allergies", (allergy("No known allergies", code=("ips", "no-known-allergies")),), True),
    ("SNOMED: no known allergy", (allergy("none", code=("snomed", "716186003")),), True),
    ("IPS: no known medication allergies", (allergy("x", code=("ips", "no-known-medication-allergies")),), True),
    ("written: NKDA", (allergy("NKDA"),), True),
    ("written: No known allergies", (allergy("No Known Allergies"),), True),
    ("refuted: no known allergies", (allergy("No known allergies", refuted=True),), False),
    ("only a latex allergy is recorded", (allergy("Latex allergy"),), False),
    ("nothing recorded", (), False),
]


@pytest.mark.parametrize(("said", "entries", "closes"), NEGATIONS, ids=[row[0] for row in NEGATIONS])
def test_only_an_explicit_no_closes_the_question_on_allergy(library, said, entries, closes):
    result = assess(ordinary(allergies=entries), INTENTS["pain"], library)
    assert ("allergy_local_anaesthetic" not in result.missing) == closes


def test_no_known_drug_allergy_says_nothing_about_antiseptics_on_the_skin(library):
    result = assess(ordinary(allergies=(allergy("No known drug allergies"),)), INTENTS["pain"], library)
    assert "allergy_antiseptic" in result.missing


# sex, birth date, statement, condition                                                            -> what about pregnancy
SINCE = dt.date(2026, 9, 1)
PREGNANCY = [
    ("recorded pregnant, 12 weeks", {"conditions": (condition("Normal pregnancy", onset=SINCE),), "pregnancy": ()}, "not_eligible"),
    ("recorded pregnant, no date", {"conditions": (condition("Pregnant"),), "pregnancy": ()}, "not_eligible"),
    ("recorded and resolved", {"conditions": (condition("Normal pregnancy", False, onset=dt.date(2016, 5, 9), abatement=dt.date(2016, 5, 16)),)}, "eligible"),
    ("resolved, and nobody asked", {"conditions": (condition("Normal pregnancy", False, onset=dt.date(2016, 5, 9)),), "pregnancy": ()}, "cannot_tell"),
    ("recorded 2007 and never closed", {"conditions": (condition("Tubal pregnancy", onset=dt.date(2007, 2, 8)),), "pregnancy": ()}, "cannot_tell"),
    ("recorded 2007, answered no today", {"conditions": (condition("Tubal pregnancy", onset=dt.date(2007, 2, 8)),)}, "eligible"),
    ("a miscarriage long ago", {"conditions": (condition("Miscarriage in first trimester", onset=dt.date(2007, 2, 8)),)}, "eligible"),
    ("recorded pregnant, answered no today", {"conditions": (condition("Normal pregnancy", onset=SINCE),)}, "cannot_tell"),
    ("stated pregnant today", {"pregnancy": (Pregnancy("pregnant", ON, "asked"),)}, "not_eligible"),
    ("stated pregnant in 2020", {"pregnancy": (Pregnancy("pregnant", dt.date(2020, 1, 1), "asked"),)}, "cannot_tell"),
    ("stated not pregnant 6 months ago", {"pregnancy": (Pregnancy("not_pregnant", dt.date(2026, 5, 23), "asked"),)}, "cannot_tell"),
    ("breastfeeding", {"pregnancy": (Pregnancy("breastfeeding", ON, "asked"),)}, "not_eligible"),
    ("nobody asked", {"pregnancy": ()}, "cannot_tell"),
    ("a woman of 72, nobody asked", {"pregnancy": (), "born": dt.date(1954, 1, 1)}, "eligible"),
    ("a man, nobody asked", {"sex": "male"}, "eligible"),
    ("sex not recorded", {"sex": "unknown", "pregnancy": ()}, "cannot_tell"),
]


@pytest.mark.parametrize(("known", "fields", "expected"), PREGNANCY, ids=[row[0] for row in PREGNANCY])
def test_pregnancy(library, known, fields, expected):
    result = verdict(ordinary(**fields), "skin", library)
    assert result.state == expected, [(f.rule, f.effect.value, f.text) for f in result.findings]


def test_a_pregnancy_left_open_for_years_is_named_in_the_question(library):
    result = verdict(ordinary(pregnancy=(), conditions=(condition("Tubal pregnancy", onset=dt.date(2007, 2, 8)),)), "skin", library)
    finding = next(f for f in result.findings if f.rule == "pregnancy")
    assert "Tubal pregnancy" in finding.text
    assert "more than 10 months ago" in finding.text
    assert finding.missing == ("pregnancy",)


def test_an_imported_not_pregnant_leaves_breastfeeding_open(library):
    picture = ordinary(pregnancy=(Pregnancy("not_pregnant", ON, "imported record, Observation"),))
    assert "breastfeeding" in assess(picture, INTENTS["skin"], library).missing


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (dt.date(2008, 2, 29), dt.date(2026, 2, 28), 17),
        (dt.date(2008, 2, 29), dt.date(2026, 3, 1), 18),
        (dt.date(2008, 2, 29), dt.date(2028, 2, 29), 20),
    ],
)
def test_age_of_someone_born_on_29_february(library, born, on, years):
    picture = ordinary(born=born, on=on)
    assert picture.age_years == years
    assert (verdict(picture, "skin", library).state == "not_eligible") == (years < 18)


def test_the_dead_are_not_treated_and_nothing_more_is_asked(library):
    result = verdict(ordinary(deceased=True, deceased_on=dt.date(2020, 5, 4)), "pain", library)
    assert (result.state, result.missing, [f.rule for f in result.findings]) == ("not_eligible", (), ["deceased"])
    assert "4 May 2020" in result.findings[0].text
    assert result.findings[0].stops


CONTRADICTIONS = [
    ("born after today", {"born": dt.date(2027, 1, 1)}, "birth_date_in_future", "cannot_tell"),
    ("born in 1850", {"born": dt.date(1850, 1, 1)}, "birth_date_implausible", "cannot_tell"),
    ("ended before it began", {"conditions": (condition("Sprain", False, onset=ON, abatement=dt.date(2020, 1, 1)),)}, "ends_before_it_begins", "eligible"),
    ("begins next year", {"conditions": (condition("Sprain", False, onset=dt.date(2027, 1, 1)),)}, "dated_in_future", "eligible"),
    (
        "recorded active with an end date",
        {"conditions": (condition("Haemophilia A", True, abatement=dt.date(2020, 1, 1)),)},
        "active_with_end_date",
        "eligible_with_conditions",
    ),
    (
        "an allergy given and refuted",
        {"allergies": (allergy("Latex"), allergy("latex", refuted=True))},
        "given_and_refuted",
        "eligible",
    ),
    ("an allergy in words that no list holds", {"allergies": (allergy("ليدوكايين"),)}, "other_allergies", "eligible"),
    (
        "a pregnant man",
        {"sex": "male", "conditions": (condition("Pregnancy", onset=dt.date(2026, 9, 1)),)},
        "pregnant_and_male",
        "cannot_tell",
    ),
    (
        "record says warfarin, answer says no",
        {"medicines": (medicine("Warfarin"),), "answers": answer("anticoagulant", "no")},
        "contradiction_anticoagulant",
        "eligible_with_conditions",
    ),
    (
        "no known allergies, and an allergy",
        {"allergies": (allergy("No known allergies"), allergy("Lidocaine"))},
        "contradiction_allergy_amide_anaesthetic",
        "not_eligible",
    ),
]


@pytest.mark.parametrize(("known", "fields", "rule", "expected"), CONTRADICTIONS, ids=[row[0] for row in CONTRADICTIONS])
def test_what_contradicts_itself_is_shown(library, known, fields, rule, expected):
    result = verdict(ordinary(**fields), "pain", library)
    finding = next((f for f in result.findings if f.rule == rule), None)
    assert finding is not None, [f.rule for f in result.findings]
    assert finding.because
    assert result.state == expected


def test_a_stopped_isotretinoin_without_an_end_date_is_asked(library):
    picture = ordinary(medicines=(medicine("Isotretinoin", False),))
    assert "isotretinoin" in assess(picture, INTENTS["skin"], library).missing


def test_no_medicines_at_all_does_not_answer_for_the_last_six_months(library):
    picture = ordinary(answers={"medicines": Answer("medicines", "no", ON, "asked")})
    missing = assess(picture, INTENTS["skin"], library).missing
    assert "isotretinoin" in missing
    assert "anticoagulant" not in missing


def test_a_recorded_diabetes_is_named_where_its_control_is_asked(library):
    result = assess(ordinary(conditions=(condition("Diabetes", onset=dt.date(2019, 3, 5)),)), INTENTS["fat"], library)
    finding = next(f for f in result.findings if f.rule == "diabetes_lipolysis")
    assert (finding.effect, finding.missing) == ("ask", ("diabetes_controlled",))
    assert [fact.value for fact in finding.because] == ["Diabetes"]
    assert "contradiction_diabetes" not in {f.rule for f in result.findings}


def test_a_cancer_that_is_over_is_told_even_before_anything_is_asked(library):
    rules = {f.rule: f.effect for f in assess(ordinary(conditions=(condition("Breast cancer", False),)), INTENTS["skin"], library).findings}
    assert (rules["malignancy"], rules["malignancy_past"]) == ("ask", "caution")


@pytest.mark.parametrize("label", ["Allergy to peanuts", "Eggs", "Soybeans"])
def test_an_allergy_in_the_plural_is_the_same_allergy(library, label):
    wanted = replace(INTENTS["fat"], ingredients=("phosphatidylcholine_dc",))  # every product of it that is known holds lecithin
    assert "allergy_ingredient" in {f.rule for f in assess(ordinary(allergies=(allergy(label),)), wanted, library).findings if f.stops}


def test_an_allergy_to_what_only_some_products_hold_is_asked_until_one_is_chosen(library):
    picture = ordinary(allergies=(allergy("Beef"),))
    wanted = replace(INTENTS["skin"], ingredients=("hyaluronidase",))
    finding = next(f for f in assess(picture, wanted, library).findings if f.rule == "allergy_ingredient")
    assert (finding.effect, finding.because[0].value) == ("ask", "Beef")
    bovine = next(p.id for p in library.presentations.values() if "bovine_protein" in p.allergen_groups)
    chosen = assess(picture, replace(wanted, presentations=(bovine,)), library)
    assert "allergy_ingredient" in {f.rule for f in chosen.findings if f.stops}


@pytest.mark.parametrize(
    ("label", "closes_latex", "closes_ingredient"),
    [
        ("No known allergies", True, True),
        ("Keine bekannten Allergien", True, True),
        ("No known allergies to medications", False, True),
        ("Keine bekannten Allergien gegen Medikamente", False, True),
        ("No known food allergies", False, False),
    ],
)
def test_what_is_denied_reaches_no_further_than_it_says(library, label, closes_latex, closes_ingredient):
    missing = assess(ordinary(allergies=(allergy(label),)), INTENTS["pain"], library).missing
    assert ("allergy_antiseptic" not in missing, "allergy_ingredient" not in missing) == (closes_latex, closes_ingredient)
