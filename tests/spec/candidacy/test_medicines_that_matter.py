"""The drug cross-checks: every medicine that is named, in words and by code, taken, stopped, and not asked about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pistor.care.candidacy import assess
from tests.spec.candidacy.patients import INTENTS, answer, medicine, ordinary, verdict

NUMBED = replace(INTENTS["skin"], topical=("lidocaine", "prilocaine"))  # under a cream of both
PROCAINE = replace(INTENTS["pain"], ingredients=("procaine",))

# rule                    | what is meant                     | named medicines                                                                          | a code for one of them
CLASSES = [
    ("anticoagulant", INTENTS["skin"], ("warfarin", "Apixaban 5 mg", "rivaroxaban", "dabigatran", "edoxaban", "heparin", "enoxaparin"), ("rxnorm", "1599538")),
    ("anticoagulant", INTENTS["skin"], ("héparine", "Xarelto", "Lixiana"), ("atc", "B01AF02")),
    ("antiplatelet", INTENTS["skin"], ("clopidogrel", "ticlopidine", "dipyridamole", "aspirin", "Kardegic 75"), ("rxnorm", "32968")),
    ("nsaid_duplicate", INTENTS["pain with diclofenac"], ("ibuprofen", "naproxen", "ketoprofen"), ("rxnorm", "3355")),
    ("nsaid_bruising", INTENTS["skin"], ("ibuprofen", "celecoxib"), ("atc", "M01AE01")),
    ("ssri", INTENTS["skin"], ("fluoxetine", "citalopram", "sertraline"), ("rxnorm", "4493")),
    ("isotretinoin", INTENTS["skin"], ("isotretinoin", "Roaccutane"), ("rxnorm", "6064")),
    ("class3_antiarrhythmic", INTENTS["pain"], ("amiodarone", "sotalol", "dronedarone"), ("rxnorm", "703")),
    (
        "methaemoglobin_inducer",
        NUMBED,
        ("dapsone", "sulfamethoxazole", "cotrimoxazole", "nitroglycerin", "isosorbide", "primaquine", "paracetamol", "phenytoin"),
        ("rxnorm", "3108"),
    ),
    ("immunosuppression", INTENTS["skin"], ("infliximab", "adalimumab", "etanercept", "methotrexate", "tacrolimus", "azathioprine"), ("atc", "L04AB04")),
    ("five_ari_duplicate", INTENTS["hair"], ("finasteride", "dutasteride"), ("atc", "G04CB01")),
    ("minoxidil_duplicate", INTENTS["hair with minoxidil"], ("minoxidil 5 % foam",), ("rxnorm", "6984")),
    ("procaine_cholinesterase", PROCAINE, ("pyridostigmine", "neostigmine", "donepezil"), None),
]
NAMED = [(rule, intent, label) for rule, intent, labels, _ in CLASSES for label in labels]
CODED = [(rule, intent, code) for rule, intent, _, code in CLASSES if code]


def found(library, intent, **fields):
    return {finding.rule: finding for finding in assess(ordinary(**fields), intent, library).findings if finding.effect != "ask"}


@pytest.mark.parametrize(("rule", "intent", "label"), NAMED, ids=[f"{rule}: {label}" for rule, _, label in NAMED])
def test_a_medicine_taken_is_told_by_name_and_one_stopped_long_ago_is_not(library, rule, intent, label):
    assert label in found(library, intent, medicines=(medicine(label),))[rule].because[0].value
    assert rule not in found(library, intent, medicines=(medicine(label, active=False),))


@pytest.mark.parametrize(("rule", "intent", "code"), CODED, ids=[f"{rule}: {code[1]}" for rule, _, code in CODED])
def test_a_code_alone_is_enough(library, rule, intent, code):
    assert rule in found(library, intent, medicines=(medicine("—", code=code),))


@pytest.mark.parametrize(("rule", "intent"), [row[:2] for row in CLASSES], ids=[f"{row[0]} {number}" for number, row in enumerate(CLASSES)])
def test_what_nobody_asked_is_asked_where_silence_is_a_danger(library, rule, intent):
    effects = {finding.rule: finding.effect for finding in assess(ordinary(), intent, library).findings}
    assert effects.get(rule) == ("ask" if library.contraindications[rule].ask else None)


@pytest.mark.parametrize("label", ["warfarin", "clopidogrel", "aspirin"])
def test_nobody_is_told_to_stop_a_blood_thinner_for_looks(library, label):
    texts = [finding.text for finding in found(library, INTENTS["skin"], medicines=(medicine(label),)).values()]
    assert any("do not stop it for a cosmetic reason" in text for text in texts)


def test_supplements_are_told_from_the_answer(library):
    assert found(library, INTENTS["skin"], answers=answer("supplements"))["supplements"].effect == "inform"


def test_a_filler_or_toxin_of_the_last_two_weeks_waits(library):
    result = verdict(ordinary(answers=answer("toxin_filler_14_days")), "skin", library)
    assert "toxin_filler_recent" in {finding.rule for finding in result.findings if finding.effect == "caution"}


def test_dutasteride_stops_for_a_woman_without_contraception_whatever_else_she_takes(library):
    fields = {"answers": answer("contraception", "none"), "medicines": (medicine("Dutasteride 0.5 MG Oral Capsule"),)}
    findings = found(library, INTENTS["hair"], **fields)
    assert findings["dutasteride_childbearing"].stops
    assert "five_ari_duplicate" in findings
