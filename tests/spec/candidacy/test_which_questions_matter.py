"""A visit asks what a rule for this treatment asks, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pistor.care.candidacy import assess
from pistor.care.candidacy.questions import questions_that_matter
from pistor.care.consultation import PatientPicture
from tests.spec.candidacy.patients import INTENTS, ON

FIELDS_OF_THEIR_OWN = {"birth_date", "sex", "jurisdiction", "pregnancy", "weight_kg", "height_cm"}


@pytest.mark.parametrize("meant", INTENTS)
def test_nothing_is_missing_later_that_was_not_asked(library, meant):
    missing = set(assess(PatientPicture(on=ON), INTENTS[meant], library).missing)
    assert missing - FIELDS_OF_THEIR_OWN <= questions_that_matter(INTENTS[meant], library)


@pytest.mark.parametrize(
    ("meant", "ingredient", "question"),
    [("pain", "prilocaine", "g6pd"), ("pain", "diclofenac", "peptic_ulcer"), ("pain", "procaine", "myasthenia"), ("hair", "minoxidil", "minoxidil_now")],
)
def test_a_question_for_one_product_waits_until_it_is_chosen(library, meant, ingredient, question):
    assert question not in questions_that_matter(replace(INTENTS[meant], ingredients=("lidocaine",)), library)
    assert question in questions_that_matter(replace(INTENTS[meant], ingredients=("lidocaine", ingredient)), library)


def test_every_question_is_for_something(library):
    of_rules = {id_ for intent in INTENTS.values() for id_ in questions_that_matter(intent, library)}
    assert {id_ for id_, question in library.questions.items() if question.kept_for} <= of_rules
    assert all(question.patient_text is None or question.patient_text.fr for question in library.questions.values())


def test_what_a_patient_can_answer_is_there_in_both_languages(library):
    asked_by_the_clinician = {"bdd_form", "bdd_screen", "dcq_score", "expectations", "jurisdiction", "pinch_thickness_mm", "platysma_laxity", "sex", "tumour_here"}
    assert {id_ for id_, question in library.questions.items() if question.patient_text is None} == asked_by_the_clinician


def test_what_may_be_printed_for_the_patient_names_no_disorder_of_the_mind(library):
    shown = [rule.text for rule in library.contraindications.values()] + [q.patient_text.en for q in library.questions.values() if q.patient_text]
    assert not [text for text in shown if "dysmorph" in text.casefold()]
