"""The same drug injected or swallowed: the totals that the library tells are those of the trials' own doses."""

from __future__ import annotations

from decimal import Decimal

import pytest


# Dose by mouth, in mg a day, and days: COS11 gave 80 mg twice daily for 12 days, SAG15 50 mg daily for 21.
@pytest.mark.parametrize(
    ("drug", "protocol", "daily_mg", "days", "injected_mg", "swallowed_mg", "less_percent"),
    [
        ("ketoprofen", "low_back_pain_lidocaine_ketoprofen", 160, 12, 800, 1920, 58),
        ("diclofenac", "pes_anserine_diclofenac", 50, 21, 225, 1050, 79),
    ],
)
def test_what_is_spared_follows_from_the_protocol_and_the_tablets(library, drug, protocol, daily_mg, days, injected_mg, swallowed_mg, less_percent):
    course = library.protocols[protocol]
    per_treatment = sum(
        part.volume_ml.value * component.strength.value
        for part in course.blend
        for component in library.presentations[part.presentation].components
        if component.ingredient == drug
    )
    assert per_treatment * course.sessions.value == injected_mg
    assert daily_mg * days == swallowed_mg
    assert round((1 - Decimal(injected_mg) / swallowed_mg) * 100) == less_percent
    told = next(dose for dose in library.ingredients[drug].doses if dose.text.startswith("Drug sparing"))
    assert told.grade == "D"
    said = told.text.replace(" ", "")
    assert f"={injected_mg}mg" in said
    assert f"={swallowed_mg}mgbymouth" in said
    assert f"{less_percent}%less" in said
