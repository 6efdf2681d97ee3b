"""The visit's task list and the frame around each step."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from pistor.care.evidence import Effect, Finding
from pistor.care.journey import STEPS, TITLES
from pistor.records.reactions import ReactionFollowUp, ReactionReport
from tests import factories, ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
LONG_AGO = TODAY - dt.timedelta(days=200)


@pytest.fixture
def visit(people):
    return factories.visit(factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine"))


def test_a_new_visit_lists_every_step_and_begins_with_the_consultation(visit, people, as_):
    text = as_(people.nurse).get(f"/visits/{visit.pk}/").content.decode()
    for step in STEPS:
        assert TITLES[step] in text
        assert f"/visits/{visit.pk}/{step.replace('_', '-')}/" in text
    assert "No history is recorded yet." in text
    assert text.count('aria-current="page"') == 1


def test_what_was_not_asked_is_said_and_never_shown_as_none(visit, people, as_):
    text = as_(people.nurse).get(f"/visits/{visit.pk}/").content.decode()
    banner = text.split('class="banner"')[1].split("</section>")[0]
    assert banner.count("not asked") == 3  # weight, allergies, pregnancy
    assert "none known" not in banner


def test_a_planned_and_consented_visit_can_be_treated_next(people, as_):
    visit = ready.planned_visit(people)
    ready.consented(visit, people.practitioner)
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/").content.decode()
    assert "Consent is not signed." not in text
    assert f'href="/visits/{visit.pk}/treatment/"' in text


def onward(text: str) -> str:
    return re.sub(r"</?span[^>]*>", "", text.split('class="onward"')[1].split("</nav>")[0])


def test_a_step_that_is_done_leads_to_the_next_by_name(people, as_):
    visit = ready.planned_visit(people)
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/course/").content.decode()
    assert re.search(rf'class="button to-next primary" href="/visits/{visit.pk}/consent/">.*Next: Consent', onward(text))
    assert f'href="/visits/{visit.pk}/"' in onward(text)


def test_a_step_that_is_open_keeps_its_own_button_first(visit, people, as_):
    text = onward(as_(people.practitioner).get(f"/visits/{visit.pk}/consultation/").content.decode())
    assert "primary" not in text
    assert "Consultation: To do" in text
    assert f'href="/visits/{visit.pk}/alternatives/"' in text


def test_what_was_saved_is_said_once_with_the_clinics_time(visit, people, as_):
    client = as_(people.practitioner)
    page = client.get(f"/visits/{visit.pk}/alternatives/").content.decode()
    form = {"token": re.search(r'name="token" value="([^"]+)"', page)[1], "preference": "undecided", "note": ""}
    answer = client.post(f"/visits/{visit.pk}/alternatives/", form, follow=True)
    assert answer.redirect_chain == [(f"/visits/{visit.pk}/alternatives/", 302)]
    assert "Saved 10:00" in answer.content.decode()
    assert "Alternatives: Completed" in onward(answer.content.decode())
    assert "Saved" not in client.get(f"/visits/{visit.pk}/alternatives/").content.decode()


def test_no_stop_is_left_out_of_the_banner(visit, people, as_, monkeypatch):
    stops = tuple(Finding(rule=f"rule_{number}", effect=Effect.CONTRAINDICATED, text=f"Reason number {number}.", stops=True) for number in range(3))
    monkeypatch.setattr("pistor.records.intent.Candidacy.stops", property(lambda self: stops))
    banner = as_(people.practitioner).get(f"/visits/{visit.pk}/").content.decode().split('class="banner"')[1].split("</section>")[0]
    assert "and 2 more" in banner
    assert all(stop.text in banner for stop in stops)


def test_the_frame_stands_around_every_step(visit, people, as_):
    client = as_(people.practitioner)
    for step in STEPS:
        text = client.get(f"/visits/{visit.pk}/{step.replace('_', '-')}/").content.decode()
        assert text.count("<h1") == 1, step
        assert 'aria-label="Steps of this visit"' in text, step
        assert 'aria-label="Patient"' in text, step
        assert f'href="/visits/{visit.pk}/{step.replace("_", "-")}/" aria-current="page"' in text, step


def test_a_patient_who_died_is_shown_so(people, as_):
    patient = factories.patient(people.practitioner, deceased_on=TODAY)
    visit = factories.visit(factories.course(patient))
    assert "died 23 Nov 2026" in as_(people.nurse).get(f"/visits/{visit.pk}/").content.decode()


@pytest.mark.parametrize("state", ["planned", "open", "signed", "cancelled"])
def test_a_visit_opens_in_every_state(people, as_, state):
    if state == "signed":
        visit = ready.signed_visit(people)
    else:
        visit = factories.visit(factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine"), state=state)
    client = as_(people.nurse)
    for page in (f"/visits/{visit.pk}/", "/", f"/patients/{visit.patient_id}/"):
        assert client.get(page).status_code == 200
    assert (f"/visits/{visit.pk}/" in client.get("/").content.decode()) is (state != "cancelled")


@pytest.mark.parametrize("unknown", ["protocol", "indication", "zone"])
def test_a_visit_whose_knowledge_was_withdrawn_still_opens(people, as_, unknown):
    course = factories.course(factories.patient(people.practitioner), **{"protocol": "neck_pain_lidocaine", unknown: "gone_since"})
    visit = factories.visit(course)
    client = as_(people.practitioner)
    answers = {step: client.get(f"/visits/{visit.pk}/{step.replace('_', '-')}/").status_code for step in STEPS}
    answers["visit"] = client.get(f"/visits/{visit.pk}/").status_code
    answers["patient"] = client.get(f"/patients/{visit.patient_id}/").status_code
    assert {step: status for step, status in answers.items() if status != 200} == {}


def test_today_shows_the_clinics_day_and_what_was_left_open(people, as_):
    course = factories.course(factories.patient(people.practitioner, family_name="Leftopen"))
    factories.visit(course, planned_on=TODAY - dt.timedelta(days=3))
    factories.visit(factories.course(factories.patient(people.practitioner, family_name="Tomorrow")), planned_on=TODAY + dt.timedelta(days=1))
    text = as_(people.nurse).get("/").content.decode()
    assert "Leftopen" in text
    assert "Tomorrow" not in text


def test_today_shows_the_reactions_to_be_seen_the_most_urgent_first_and_not_to_the_front_desk(people, as_):
    def report(family, level, *outcomes):
        visit = factories.visit(factories.course(factories.patient(people.practitioner, family_name=family)), given_on=LONG_AGO, planned_on=LONG_AGO)
        own = {"clinic": people.clinic, "created_at": NOW, "created_by": people.nurse}
        kept = ReactionReport.objects.create(
            **own, patient=visit.patient, treatment=visit, reported_at=NOW, began_on=TODAY, signs=["bruise"], triage={}, level=level, knowledge_version="x"
        )
        for number, outcome in enumerate(outcomes):
            later = {**own, "created_at": NOW + dt.timedelta(minutes=number)}
            ReactionFollowUp.objects.create(**later, report=kept, action="looked at", outcome=outcome)

    report("Bruised", "advice")
    report("Lumpy", "this_week")
    report("Cured", "this_week", "ongoing", "resolved")
    report("Breathless", "emergency", "resolved", "ongoing")
    text = as_(people.nurse).get("/").content.decode()
    assert text.index("Breathless") < text.index("Lumpy")
    assert "Cured" not in text
    assert "Bruised" not in text
    assert "Lumpy" not in as_(people.front_desk).get("/").content.decode()
    assert "Lumpy" not in as_(people.stranger).get("/").content.decode()
