"""The one line about allergies, as a table: *none known* only where that was asked or recorded."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.care.candidacy.allergies import known_allergies
from pistor.care.consultation import Allergy, Answer, Coding, PatientPicture
from pistor.knowledge import load

TODAY = dt.date(2026, 11, 24)
NONE_AT_ALL = Allergy("No known allergy", (Coding("SNOMED CT", "716186003"),), True)
NO_DRUGS = Allergy("No known drug allergy", (Coding("SNOMED CT", "409137002"),), True)
LIDOCAINE = Allergy("Lidocaine", (), True)


@pytest.mark.parametrize(
    ("entries", "answers", "said"),
    [
        ((), {}, "not asked"),
        ((NONE_AT_ALL,), {}, "none known"),
        ((NO_DRUGS,), {}, "none to medicines, others not asked"),
        ((LIDOCAINE,), {}, "Lidocaine"),
        ((LIDOCAINE, NONE_AT_ALL), {}, "Lidocaine"),
        ((LIDOCAINE,), {"allergies": "no"}, "Lidocaine"),
        ((NONE_AT_ALL,), {"allergy_nsaid": "yes"}, "NSAIDs and aspirin"),
        ((Allergy("Penicillin", (), True, refuted=True),), {}, "not asked"),
        ((Allergy("Penicillin", (), False),), {}, "not asked"),
        ((Allergy("Penicillin", (), None),), {}, "Penicillin"),
        ((), {"allergy_latex": "no", "allergy_nsaid": "no"}, "not fully asked"),
        ((), {"family_allergic_disease": "no"}, "not asked"),
        ((), {"allergies": "no"}, "none known"),
        ((), {"allergies": "unknown"}, "not fully asked"),
        ((), {"allergies": "yes"}, "yes, not named"),
    ],
)
def test_the_line(entries, answers, said):
    picture = PatientPicture(on=TODAY, allergies=entries, answers={key: Answer(key, value, TODAY, "asked") for key, value in answers.items()})
    assert known_allergies(picture, load()).text == said
