"""What the banner says of allergies, and what counts as open: as a table, because a wrong word here is dangerous."""

from __future__ import annotations

import datetime as dt

import pytest

from pistor.actions.reactions import follow_up_reaction, report_reaction
from pistor.clinic.shared.frame import banner_of
from pistor.records.reactions import ReactionReport
from tests import factories, ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "not asked"),
        ({"allergy_latex": "no"}, "not fully asked"),
        ({"allergies": "no"}, "none known"),
        ({"allergies": "yes"}, "yes, not named"),
        ({"allergy_local_anaesthetic": "yes", "allergy_latex": "no"}, "local anaesthetic"),
        ({"allergy_nsaid": "yes", "allergies": "no"}, "NSAIDs and aspirin"),
        ({"allergies": "unknown"}, "not fully asked"),
    ],
)
def test_no_known_allergy_is_said_only_when_it_was_answered(people, answers, said):
    patient = factories.patient(people.practitioner)
    for question, value in answers.items():
        factories.history(patient, "answer", question, {"value": value, "note": ""})
    assert next(item["text"] for item in banner_of(patient, TODAY) if item["label"] == "Allergies") == said


def test_the_review_before_a_treatment_says_the_same_of_allergies(people, as_):
    visit = ready.planned_visit(people)
    page = f"/visits/{visit.pk}/treatment/"
    before = as_(people.practitioner).get(page).content.decode()
    assert "None known" in before.split("Before you start")[1].split("<dt>Consent")[0]
    factories.history(visit.patient, "answer", "allergy_nsaid", {"value": "yes", "note": ""})
    after = as_(people.practitioner).get(page).content.decode()
    assert "NSAIDs and aspirin" in after.split("Before you start")[1].split("<dt>Consent")[0]


@pytest.mark.parametrize(
    ("outcomes", "still_open"), [((), 1), (("ongoing",), 1), (("resolved",), 0), (("resolved", "ongoing"), 1), (("ongoing", "resolved"), 0), (("referred",), 1)]
)
def test_the_newest_follow_up_says_whether_a_reaction_is_closed(people, outcomes, still_open):
    visit = ready.signed_visit(people)
    report = report_reaction(by=people.practitioner, at=NOW, token=None, treatment=visit, began_on=TODAY, signs=["lump"])
    for hours, outcome in enumerate(outcomes, 1):
        follow_up_reaction(by=people.practitioner, at=NOW + dt.timedelta(hours=hours), token=None, report=report, action="seen", outcome=outcome)
    assert ReactionReport.objects.filter(treatment=visit).still_open().count() == still_open


def test_a_double_is_seen_among_many_of_the_same_surname(people, as_):
    for number in range(60):
        factories.patient(people.practitioner, family_name="Smith", given_name=f"Ann{number}")
    factories.patient(people.practitioner, family_name="Smith", given_name="John", birth_date=dt.date(1970, 1, 2))
    client = as_(people.practitioner)
    form = {"token": "0192d5a0-0000-7000-8000-000000000001", "family_name": "Smith", "given_name": "John", "birth_date": "1970-01-02", "sex": "male", "language": "en"}
    answer = client.post("/patients/new/", form)
    assert answer.status_code == 409
    assert "Perhaps this patient is here already" in answer.content.decode()
