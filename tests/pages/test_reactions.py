"""A reaction is reported, sorted and followed up on the page."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest

from pistor.records.reactions import ReactionReport
from tests import factories, ready
from tests.conftest import TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    given = TODAY - dt.timedelta(days=33)
    return factories.visit(factories.course(factories.patient(people.practitioner)), given_on=given, planned_on=given)


def post(client, visit, **fields):
    data = {"token": uuid.uuid4(), "signs": ["lump"], "began_on": TODAY.isoformat(), **fields}
    return client.post(f"/visits/{visit.pk}/reactions/", {key: value for key, value in data.items() if value is not None})


def test_a_late_lump_leads_to_a_mycobacterial_work_up(visit, people, as_):
    client = as_(people.nurse)
    answer = post(client, visit)
    page = client.get(answer["Location"])
    text = page.content.decode()
    assert "Book within 7 days" in text
    assert "before any antibiotic" in text
    assert "<svg" in text
    assert ReactionReport.objects.get().level == "this_week"


def test_every_sign_is_asked_for_once_and_under_the_part_of_the_body_a_caller_speaks_of(visit, people, as_, library):
    text = as_(people.nurse).get(f"/visits/{visit.pk}/reactions/").content.decode()
    assert {sign: len(re.findall(f'<input [^>]*value="{sign}"', text)) for sign in library.signs} == dict.fromkeys(library.signs, 1)
    lumps = text[text.index("Lumps and firm spots") : text.index("Skin and hair")]
    assert 'value="lump_draining"' in lumps
    assert 'value="bruise"' not in lumps


def test_a_report_names_the_lots_as_they_stand_on_the_shelf(people, as_):
    signed = ready.signed_visit(people)
    client = as_(people.nurse)
    text = client.get(post(client, signed)["Location"]).content.decode()
    assert "Lidocaine hydrochloride 2 %, ampoule without preservative, lot L-1, expires" in text


def test_several_late_lumps_are_seen_today(visit, people, as_):
    post(as_(people.nurse), visit, sites="3")
    assert ReactionReport.objects.get().level == "today"


def test_an_emergency_shows_the_steps_and_nothing_that_leads_away(visit, people, as_):
    client = as_(people.nurse)
    text = client.get(post(client, visit, signs=["breathing_trouble"])["Location"]).content.decode()
    card = text[text.index("care-card emergency") : text.index("The report")]
    assert "0.5 mg (0.5 mL of 1 mg/mL, 1:1000)" in text
    assert "1.5 mL/kg over 1 minute" in text
    assert "Resuscitation Council" in text
    assert "All reports after this treatment" not in text
    assert "<a " not in card


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"signs": None}, 422, "Tick what is seen or felt"),
        ({"began_on": (TODAY + dt.timedelta(days=1)).isoformat()}, 409, "lies in the future"),
        ({"began_on": (TODAY - dt.timedelta(days=60)).isoformat()}, 409, "before this treatment"),
        ({"began_on": "soon"}, 422, "Enter a valid date"),
        ({"signs": ["plague"]}, 422, "plague"),
        ({"sites": "-1"}, 422, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_kept_in_the_form(visit, people, as_, fields, status, says):
    answer = post(as_(people.nurse), visit, description="ça gratte עור", **fields)
    assert answer.status_code == status
    assert says in answer.content.decode()
    assert "ça gratte עור" in answer.content.decode()
    assert not ReactionReport.objects.exists()


def test_a_form_sent_twice_is_taken_once_and_leads_to_the_report(visit, people, as_):
    client, token = as_(people.nurse), uuid.uuid4()
    first, second = (post(client, visit, token=token) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert ReactionReport.objects.count() == 1


def test_the_front_desk_cannot_report(visit, people, as_):
    assert post(as_(people.front_desk), visit).status_code == 403
    assert as_(people.front_desk).get(f"/visits/{visit.pk}/reactions/").status_code == 403


def test_the_owner_sees_but_cannot_report(visit, people, as_):
    assert as_(people.owner).get(f"/visits/{visit.pk}/reactions/").status_code == 200
    assert post(as_(people.owner), visit).status_code == 403


def test_a_stranger_finds_neither_visit_nor_report(visit, people, as_):
    where = post(as_(people.nurse), visit)["Location"]
    assert as_(people.stranger).get(where).status_code == 404
    assert post(as_(people.stranger), visit).status_code == 404


def test_a_report_is_not_found_under_another_visit(visit, people, as_):
    where = post(as_(people.nurse), visit)["Location"]
    other = factories.visit(factories.course(factories.patient(people.practitioner)))
    assert as_(people.nurse).get(where.replace(str(visit.pk), str(other.pk))).status_code == 404


def test_following_up_closes_the_report(visit, people, as_):
    client = as_(people.nurse)
    where = post(client, visit)["Location"]
    assert client.post(where, {"token": uuid.uuid4(), "action": "", "outcome": "resolved"}).status_code == 422
    assert client.post(where, {"token": uuid.uuid4(), "action": "Biopsy taken", "outcome": "resolved"}).status_code == 302
    assert "gone" in client.get(f"/visits/{visit.pk}/reactions/").content.decode()


def test_nothing_can_be_reported_on_a_treatment_not_given(people, as_):
    planned = factories.visit(factories.course(factories.patient(people.practitioner)), state="planned")
    assert "has not been given yet" in as_(people.nurse).get(f"/visits/{planned.pk}/reactions/").content.decode()
    assert post(as_(people.nurse), planned).status_code == 409
