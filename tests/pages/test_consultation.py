"""The consultation as its pages show and take it."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pistor.care.candidacy.questions import questions_that_matter
from pistor.care.consultation import Kind
from pistor.knowledge.criteria import AnswerIs, NotOf
from pistor.records.consultation import HistoryEntry, Patient
from pistor.records.intent import intent_of
from pistor.records.picture import picture_of
from tests import factories
from tests.actions.test_consultation import bundle, fhir_condition

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
LATER = dt.date(2100, 1, 1)  # pages date by the real clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    patient = factories.patient(people.practitioner, family_name="Moreau")
    return factories.visit(factories.course(patient))


def url(visit, rest=""):
    return f"/visits/{visit.pk}/consultation/{rest}"


def hidden(page) -> dict[str, str]:
    text = page.content.decode()
    return {name: (re.findall(rf'name="{name}" value="([^"]*)"', text) or [""])[0] for name in ("token", "version")}


def test_every_question_that_matters_is_there_and_silence_shows_as_not_asked(people, as_, visit, library):
    page = as_(people.practitioner).get(url(visit))
    text = page.content.decode()
    matter = questions_that_matter(intent_of(visit.course, library), library)
    asked = [q for q in library.questions.values() if "pain" in q.applications and q.id in matter]
    assert page.status_code == 200
    assert "question-red_flag_fever" in text
    assert "question-bdd_screen" not in text
    assert "question-g6pd" not in text  # no prilocaine is meant
    assert text.count("Not asked</span></legend>") > len(asked) - 10
    assert "style=" not in text
    assert "<script>" not in text


@pytest.mark.parametrize(("days_ago", "folded"), [(0, True), (1, False)])
def test_a_section_asked_today_is_folded_and_what_is_not_a_plain_no_stays_in_sight(people, as_, visit, library, monkeypatch, days_ago, folded):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    for question in (q for q in library.questions.values() if q.section == "bleeding"):
        answer = {"value": "yes" if question.id == "anticoagulant" else "no", "note": ""}
        factories.history(visit.patient, "answer", question.id, answer, dated=NOW.date() - dt.timedelta(days=days_ago))
    text = as_(people.practitioner).get(url(visit)).content.decode()
    section = text[text.index('aria-labelledby="section-bleeding"') : text.index('aria-labelledby="section-illness"')]
    assert ("<li dir=\"auto\">Does the patient take an anticoagulant? Yes</li>" in section) is folded
    assert ('<details class="answers">' in section) is folded
    assert "All answered no" not in section


SECTIONS_WITH_SHORTCUT = {"skin", "bleeding", "illness", "medicines", "previous"}


def _sections(text):
    """Of each section its questions, whether they can be answered together, and whether the button for it is there."""
    found = {}
    for part in text.split('<section class="sheet" aria-labelledby="section-')[1:]:
        questions = re.findall(r'<fieldset class="question" id="question-(\w+)"( data-together)?>', part)
        found[part.partition('"')[0]] = ({name: bool(together) for name, together in questions}, "data-no-to-all" in part, part)
    return found


@pytest.mark.parametrize("application", ["pain", "skin", "hair", "fat"])
def test_one_press_for_several_answers_only_what_stands_in_sight_and_has_a_harmless_no(people, as_, library, application):
    indication = next(one for one in library.indications.values() if one.application == application)
    course = factories.course(factories.patient(people.practitioner), application=application, indication=indication.id, zone=indication.zones[0])
    sections = _sections(as_(people.practitioner).get(url(factories.visit(course))).content.decode())
    together = {name for questions, _, _ in sections.values() for name, many in questions.items() if many}
    speaks_against = {id_ for rule in library.contraindications.values() for id_ in _held_by_a_no(rule.when)}
    assert len(together) > 8
    assert {"pain_diagnosis", "weight_stable"} <= speaks_against and together.isdisjoint(speaks_against)
    assert together.isdisjoint({"allergies", "conditions", "medicines", "infection_here", "tumour_here", "previous_injection_reaction", "dysphagia"})
    assert not any(name.startswith(("red_flag", "allergy_")) for name in together)
    assert all(library.questions[name].answer == "yes_no" for name in together)
    for name, (questions, button, part) in sections.items():
        assert button is (name in SECTIONS_WITH_SHORTCUT and sum(questions.values()) > 1), name
        assert "<details class=\"answers\">" not in part or not button
        chosen = re.findall(r"<input[^>]* checked[^>]*>", part)
        assert chosen and all('value=""' in one for one in chosen), "nothing is answered before it is asked"


def _held_by_a_no(when, turned=False):
    """The questions to which a no makes a criterion hold."""
    if isinstance(when, AnswerIs) and when.is_ in ("yes", "no") and (when.is_ == "no") is not turned:
        yield when.answer
    for part in (*getattr(when, "any", ()), *getattr(when, "all", ())):
        yield from _held_by_a_no(part, turned)
    if isinstance(when, NotOf):
        yield from _held_by_a_no(when.not_, not turned)


def test_saving_leads_on_once_nothing_is_missing(people, as_, visit, library):
    client = as_(people.practitioner)
    unfinished = client.post(f"{url(visit)}?then=next", {**hidden(client.get(url(visit))), "q_keloid": "no"})
    assert unfinished.headers["Location"] == f"/visits/{visit.pk}/"
    form = {**hidden(client.get(url(visit))), "weight_kg": "60", "pregnancy": "not_pregnant"}
    form |= {f"q_{q.id}": "yes" if q.id == "pain_diagnosis" else "no" for q in library.questions.values() if q.answer == "yes_no"}
    finished = client.post(f"{url(visit)}?then=next", form)
    assert finished.headers["Location"] == f"/visits/{visit.pk}/outcomes/"  # the score before the first treatment
    assert client.post(f"{url(visit)}?then=next", form).headers["Location"] == finished.headers["Location"]  # sent twice
    assert 'form="step"' in client.get(url(visit)).content.decode()


def test_one_save_keeps_answers_lists_weight_pregnancy_and_goal(people, as_, visit):
    client = as_(people.practitioner)
    form = {
        **hidden(client.get(url(visit))), "goal": "Drive again", "weight_kg": "61,5", "pregnancy": "not_pregnant", "q_keloid": "no",
        "q_anticoagulant": "unknown", "new_medicine_0": "Isotretinoin", "new_medicine_0_state": "inactive", "new_allergy_0": "لاتكس",
    }  # fmt: skip
    assert client.post(url(visit), form).status_code == 302
    picture = picture_of(visit.patient, LATER)
    assert {k: a.value for k, a in picture.answers.items()} == {"keloid": "no", "anticoagulant": "unknown"}
    assert (str(picture.weight_kg.value), picture.pregnancy[0].state) == ("61.5", "not_pregnant")
    assert (picture.medicines[0].active, picture.allergies[0].label) == (False, "لاتكس")
    visit.course.refresh_from_db()
    assert visit.course.goal == "Drive again"
    again = client.post(url(visit), form)
    assert again.status_code == 302
    assert HistoryEntry.objects.count() == 6


def test_saving_an_unchanged_page_writes_no_new_entries_and_asking_again_dates_them_anew(people, as_, visit):
    client = as_(people.practitioner)
    client.post(url(visit), {**hidden(client.get(url(visit))), "q_keloid": "no"})
    client.post(url(visit), {**hidden(client.get(url(visit))), "q_keloid": "no"})
    assert HistoryEntry.objects.count() == 1
    client.post(url(visit), {**hidden(client.get(url(visit))), "q_keloid": "no", "asked_again": "on"})
    assert HistoryEntry.objects.count() == 2


def test_an_answer_can_be_set_back_to_not_asked_and_is_then_not_known(people, as_, visit):
    client = as_(people.practitioner)
    client.post(url(visit), {**hidden(client.get(url(visit))), "q_keloid": "no"})
    client.post(url(visit), {**hidden(client.get(url(visit))), "q_keloid": ""})
    assert "keloid" not in picture_of(visit.patient, LATER).answers
    assert HistoryEntry.objects.filter(removed_reason__startswith="set back").count() == 1


def test_a_listed_entry_can_be_ended_or_removed(people, as_, visit):
    value = {"label": "x", "codings": [], "active": True}
    ended = factories.history(visit.patient, Kind.CONDITION, "x", value, label="x")
    gone = factories.history(visit.patient, Kind.ALLERGY, "y", {**value, "label": "y"}, label="y")
    client = as_(people.nurse)
    client.post(url(visit), {**hidden(client.get(url(visit))), f"e_{ended.pk}": "inactive", f"e_{gone.pk}": "remove"})
    picture = picture_of(visit.patient, LATER)
    assert [c.active for c in picture.conditions] == [False]
    assert picture.allergies == ()


def test_a_wrong_weight_is_answered_with_a_sentence_and_what_was_typed_stays(people, as_, visit):
    client = as_(people.practitioner)
    page = client.post(url(visit), {**hidden(client.get(url(visit))), "goal": "Run <b>", "weight_kg": "-4"})
    text = page.content.decode()
    assert page.status_code == 409
    assert "no number from 0.3 to 650" in text
    assert "Run &lt;b&gt;" in text
    assert not HistoryEntry.objects.exists()


def test_of_two_people_saving_the_second_sees_what_happened_and_can_save_again(people, as_, visit):
    first, second = as_(people.practitioner), as_(people.nurse)
    opened = hidden(second.get(url(visit)))
    first.post(url(visit), {**hidden(first.get(url(visit))), "q_keloid": "yes"})
    page = second.post(url(visit), {**opened, "q_anticoagulant": "no", "q_keloid": "yes"})
    assert page.status_code == 409
    assert "Nothing was overwritten" in page.content.decode()
    assert second.post(url(visit), {**hidden(page), "q_anticoagulant": "no", "q_keloid": "yes"}).status_code == 302
    assert set(picture_of(visit.patient, LATER).answers) == {"keloid", "anticoagulant"}


@pytest.mark.parametrize("rest", ["", "import/", "proposals/"])
def test_a_stranger_finds_nothing_and_the_front_desk_may_not(people, as_, visit, rest):
    assert as_(people.stranger).get(url(visit, rest)).status_code == 404
    assert as_(people.stranger).post(url(visit, rest), {}).status_code == 404
    assert as_(people.front_desk).get(url(visit, rest)).status_code == 403


def bring(client, visit, data, name="record.json"):
    return client.post(url(visit, "import/"), {**hidden(client.get(url(visit, "import/"))), "file": SimpleUploadedFile(name, data)})


def test_a_record_is_reviewed_fact_by_fact_before_anything_counts(people, as_, visit):
    client = as_(people.practitioner)
    assert bring(client, visit, bundle(fhir_condition("Haemophilia"), fhir_condition("Flu"))).headers["Location"] == url(visit, "proposals/")
    page = client.get(url(visit, "proposals/"))
    assert "Haemophilia" in page.content.decode()
    entries = {e.label: e.pk for e in HistoryEntry.objects.all()}
    form = {**hidden(page), f"p_{entries['Flu']}": "refuse", "all_condition": "accept"}
    assert client.post(url(visit, "proposals/"), form).status_code == 302
    assert [c.label for c in picture_of(visit.patient, LATER).conditions] == ["Haemophilia"]


def test_a_record_of_someone_else_is_said_loudly_and_needs_a_confirmation(people, as_, visit):
    client = as_(people.practitioner)
    bring(client, visit, bundle(fhir_condition("Flu"), birth_date="1950-01-01", family="Durand"))
    page = client.get(url(visit, "proposals/"))
    assert "somebody else" in page.content.decode()
    assert client.post(url(visit, "proposals/"), {**hidden(page), "all_condition": "accept"}).status_code == 409
    page = client.get(url(visit, "proposals/"))
    assert client.post(url(visit, "proposals/"), {**hidden(page), "all_condition": "accept", "person_confirmed": "on"}).status_code == 302


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"{", "broken"), (b'{"resourceType": "Patient"}', "single Patient"), (b"", "empty"), (json.dumps([1]).encode(), "list")],
)
def test_a_file_that_cannot_be_used_is_answered_with_one_sentence(people, as_, visit, data, says):
    page = bring(as_(people.practitioner), visit, data)
    assert page.status_code in (409, 422)
    assert says in page.content.decode()
    assert not HistoryEntry.objects.exists()


def test_the_same_file_again_says_so_and_leads_on(people, as_, visit):
    client, data = as_(people.practitioner), bundle(fhir_condition("Flu"))
    bring(client, visit, data)
    page = bring(client, visit, data)
    assert page.status_code == 409
    assert "same file" in page.content.decode()
    assert HistoryEntry.objects.count() == 1


def test_hostile_names_are_shown_as_text(people, as_, visit):
    Patient.objects.filter(pk=visit.patient.pk).update(family_name="<img src=x onerror=alert(1)>")
    factories.history(visit.patient, Kind.CONDITION, "x", {"label": "<script>", "codings": [], "active": True}, label="<script>alert(1)</script>")
    text = as_(people.practitioner).get(url(visit)).content.decode()
    assert "<img src=x" not in text
    assert "<script>alert" not in text
