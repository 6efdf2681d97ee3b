"""The candidacy page: a verdict that explains itself, questions answered in place, stops refused by the server."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from pistor.records.candidacy import Assessment, Override
from pistor.records.consultation import HistoryEntry
from pistor.records.treatment import Treatment
from tests import factories
from tests.actions.test_candidacy import answer_all
from tests.conftest import NOW
from tests.ready import signed_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(people, as_):
    patient = factories.patient(people.practitioner)
    course = factories.course(patient, protocol="neck_pain_lidocaine")
    visit = factories.visit(course)
    return as_(people.practitioner), reverse("candidacy:show", args=[visit.pk]), patient, course, people


def fields_of(html: str, do: str) -> dict[str, str]:
    """The hidden fields of the form whose button says ``do``."""
    form = next(f for f in re.findall(r"<form.*?</form>", html, re.S) if f'value="{do}"' in f)
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form)
    return {name: value for name, value in hidden if name != "csrfmiddlewaretoken"}


def test_what_is_not_known_is_asked_with_its_reason(opened):
    client, url, *_ = opened
    html = client.get(url).content.decode()
    assert "Cannot tell" in html
    assert "answers are missing" in html
    assert "Do scars become thick or keloid?" in html
    assert "Every puncture is a small wound." in html
    assert "Don&#x27;t know" in html or "Don't know" in html
    assert "Go on with this verdict" not in html


def test_answers_are_saved_together_and_what_is_empty_stays_not_asked(opened):
    client, url, patient, *_ = opened
    fields = fields_of(client.get(url).content.decode(), "answer")
    response = client.post(url, {**fields, "do": "answer", "q_keloid": "no", "q_bleeding_disorder": "unknown", "q_pregnancy": "not_pregnant"})
    assert response.status_code == 302
    assert response.url == url
    assert set(HistoryEntry.objects.filter(patient=patient).values_list("key", flat=True)) == {"keloid", "bleeding_disorder", "pregnancy"}
    again = client.post(url, {**fields, "do": "answer", "q_keloid": "yes"})
    assert again.status_code == 302
    assert HistoryEntry.objects.count() == 3


def test_a_stale_page_keeps_what_was_typed_and_writes_nothing(opened):
    client, url, _patient, *_ = opened
    fields = fields_of(client.get(url).content.decode(), "answer")
    client.post(url, {**fields, "token": str(uuid.uuid4()), "do": "answer", "q_keloid": "no"})
    response = client.post(url, {**fields, "do": "answer", "q_bleeding_disorder": "no"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "changed this record" in html
    assert HistoryEntry.objects.count() == 1
    assert re.search(r'name="q_bleeding_disorder"[^>]*value="no"[^>]*checked', html)


def test_going_on_leads_back_to_the_visit_and_is_kept(opened):
    client, url, patient, course, people = opened
    answer_all(patient, course, people.nurse)
    html = client.get(url).content.decode()
    assert "Eligible" in html
    response = client.post(url, {**fields_of(html, "go_on"), "do": "go_on"})
    assert response.status_code == 302
    assert Assessment.objects.get().accepted
    assert "nothing has changed since" in client.get(url).content.decode()


def test_a_stop_is_not_offered_and_a_forged_override_is_refused(opened):
    client, url, patient, course, people = opened
    answer_all(patient, course, people.nurse, infection_here="yes")
    html = client.get(url).content.decode()
    assert "Not eligible" in html
    assert "This cannot be overridden" in html
    assert 'value="override"' not in html
    assert 'value="go_on"' not in html
    forged = {"f1-token": str(uuid.uuid4()), "f1-version": "1", "f1-rule": "infection_site", "f1-reason": "I want to go on anyway", "at": "1", "do": "override"}
    response = client.post(url, forged)
    assert response.status_code == 409
    assert "cannot be overridden" in response.content.decode()
    assert not Override.objects.exists()


def test_a_reason_goes_past_a_referral_and_can_be_taken_back(opened):
    client, url, patient, course, people = opened
    answer_all(patient, course, people.nurse, red_flag_trauma="yes")
    html = client.get(url).content.decode()
    fields = fields_of(html, "override")
    place = fields["at"]
    short = client.post(url, {**fields, f"f{place}-reason": "ok", "do": "override"})
    assert short.status_code == 422
    assert not Override.objects.exists()
    assert client.post(url, {**fields, f"f{place}-reason": "No fracture on the film.", "do": "override"}).status_code == 302
    html = client.get(url).content.decode()
    assert "No fracture on the film." in html
    assert "Go on with this verdict" in html
    assert client.post(url, {**fields_of(html, "withdraw"), "do": "withdraw"}).status_code == 302
    assert "Go on with this verdict" not in client.get(url).content.decode()


def test_the_nurse_answers_and_is_not_offered_decisions(opened, as_):
    _, url, _patient, _course, people = opened
    html = as_(people.nurse).get(url).content.decode()
    assert 'value="answer"' in html
    assert 'value="go_on"' not in html
    assert 'value="decline"' not in html
    forged = {"token": str(uuid.uuid4()), "version": "1", "digest": "0" * 64, "do": "go_on"}
    assert as_(people.nurse).post(url, forged).status_code == 403


def test_others_see_nothing(opened, as_):
    _, url, _, _, people = opened
    assert as_(people.stranger).get(url).status_code == 404
    assert as_(people.front_desk).get(url).status_code == 403


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"do": "answer"},
        {"do": "override", "at": "x"},
        {"do": "go_on", "token": "x"},
        {"do": "withdraw", "at": "99999999"},
        {"do": "\x00"},
        {"do": "answer", "q_": "1", "q_x\x00": "y"},
    ],
)
def test_a_broken_form_is_answered_with_a_page(opened, data):
    client, url, *_ = opened
    assert client.post(url, data).status_code in (302, 409, 422)


def test_the_page_takes_few_queries(opened, django_assert_max_num_queries):
    client, url, patient, course, people = opened
    answer_all(patient, course, people.nurse)
    with django_assert_max_num_queries(25):
        client.get(url)


def test_the_next_visit_of_a_course_is_gone_on_with_by_itself(people, as_):
    """The verdict is the same as last time, but nobody has looked at it for this visit."""
    first = signed_visit(people)
    second = Treatment.objects.get(course=first.course, number=2)
    Assessment.objects.update(created_at=NOW - dt.timedelta(days=7))
    client, here = as_(people.practitioner), f"/visits/{second.pk}/candidacy/"
    page = client.get(here).content.decode()
    assert "Go on with this verdict" in page
    hidden = dict(re.findall(r'<input type="hidden" name="(token|version|digest)" value="([^"]*)"', page))
    assert client.post(here, {**hidden, "do": "go_on"}).status_code == 302
    assert "Go on with this verdict" not in client.get(here).content.decode()
