"""The last day, the last year and the last number for which a criterion holds, and the first for which it does not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from pistor.care.candidacy.chart import chart_of
from pistor.care.candidacy.criteria import BREASTFEEDING_DAYS, NOT_PREGNANT_DAYS, PREGNANCY_DAYS, Case, ask
from pistor.care.consultation import Pregnancy
from pistor.knowledge import criteria as c
from tests.spec.candidacy.patients import INTENTS, ON, answer, condition, measured_as, medicine, ordinary


def days_ago(days: int) -> dt.date:
    return ON - dt.timedelta(days=days)


def weighing(kg: str) -> dict:
    """With a height of 2 m a quarter of the weight is the body mass index."""
    return {"weight_kg": measured_as(kg, "kg"), "height_cm": measured_as("200", "cm")}


def said(state: str, days: int) -> dict:
    return {"pregnancy": (Pregnancy(state, days_ago(days), "asked at the visit"),)}


def stopped(days: int) -> dict:
    return {"medicines": (medicine("Isotretinoin", False, end=days_ago(days)),)}


def began(days: int) -> dict:
    return {"conditions": (condition("Stroke", onset=days_ago(days)),)}


ISOTRETINOIN = c.MedicineIs(medicine="isotretinoin", within_days=180)
STROKE = c.ConditionIs(condition="vascular_disease", within_days=90)
BMI = c.BmiAbove(bmi_above=Decimal(30))
ABOVE, BELOW = c.AnswerIs(answer="pain_diagnosis", above=Decimal(5)), c.AnswerIs(answer="pain_diagnosis", below=Decimal(5))
PREGNANT, BREASTFEEDING = c.PregnancyIs(pregnancy=("pregnant",)), c.PregnancyIs(pregnancy=("breastfeeding",))

TABLE = [
    ("age: the day before the birthday", c.AgeBelow(age_below=18), {"born": dt.date(2008, 11, 24)}, True),
    ("age: the birthday", c.AgeBelow(age_below=18), {"born": dt.date(2008, 11, 23)}, False),
    ("body mass index at the bound", BMI, weighing("120"), False),
    ("body mass index above it", BMI, weighing("120.4"), True),
    ("an answer at the upper bound", ABOVE, {"answers": answer("pain_diagnosis", "5")}, False),
    ("an answer above it", ABOVE, {"answers": answer("pain_diagnosis", "5.1")}, True),
    ("an answer at the lower bound", BELOW, {"answers": answer("pain_diagnosis", "5")}, False),
    ("an answer below it", BELOW, {"answers": answer("pain_diagnosis", "4.9")}, True),
    ("a medicine stopped on the last day that counts", ISOTRETINOIN, stopped(180), True),
    ("a medicine stopped the day before", ISOTRETINOIN, stopped(181), None),
    ("a condition that began on the last day that counts", STROKE, began(90), True),
    ("a condition that began the day before", STROKE, began(91), None),
    ("pregnant, said on the last day that counts", PREGNANT, said("pregnant", PREGNANCY_DAYS), True),
    ("pregnant, said the day before", PREGNANT, said("pregnant", PREGNANCY_DAYS + 1), None),
    ("not pregnant, said on the last day that counts", PREGNANT, said("not_pregnant", NOT_PREGNANT_DAYS), False),
    ("not pregnant, said the day before", PREGNANT, said("not_pregnant", NOT_PREGNANT_DAYS + 1), None),
    ("breastfeeding, said on the last day that counts", BREASTFEEDING, said("breastfeeding", BREASTFEEDING_DAYS), True),
    ("breastfeeding, said the day before", BREASTFEEDING, said("breastfeeding", BREASTFEEDING_DAYS + 1), None),
]


@pytest.mark.parametrize(("criterion", "known", "holds"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_criterion_holds_up_to_its_bound_and_no_further(library, criterion, known, holds):
    case = Case(chart_of(ordinary(**known), library), INTENTS["skin"])
    assert ask(criterion, case).holds is holds


YES, NO, UNKNOWN = c.SexIs(sex="female"), c.SexIs(sex="male"), c.AnswerIs(answer="keloid", is_="yes")


@pytest.mark.parametrize(
    ("criterion", "holds"),
    [
        (c.AnyOf(any=(NO, UNKNOWN)), None), (c.AnyOf(any=(UNKNOWN, YES)), True), (c.AnyOf(any=(NO, NO)), False),
        (c.AllOf(all=(YES, UNKNOWN)), None), (c.AllOf(all=(UNKNOWN, NO)), False), (c.AllOf(all=(YES, YES)), True),
        (c.NotOf(not_=UNKNOWN), None), (c.NotOf(not_=NO), True), (c.NotOf(not_=YES), False),
    ],
)  # fmt: skip
def test_what_is_not_known_is_never_taken_for_a_no(library, criterion, holds):
    reply = ask(criterion, Case(chart_of(ordinary(), library), INTENTS["skin"]))
    assert reply.holds is holds
    assert reply.missing == (("keloid",) if holds is None else ())
