"""The page of alternatives: options without an order of merit, both arms of every trial, and a talk that is kept once."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from pistor.care.alternatives import compare
from pistor.care.benefit import benefit_of
from pistor.clinic.shared.comparison import cards_shown, rows_shown
from pistor.clinic.shared.trials import BAR_WIDTH, trials_shown
from pistor.records.alternatives import AlternativesTalk
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    patient = factories.patient(people.practitioner)
    return factories.visit(factories.course(patient, application="fat", indication="submental_fat", zone="submental", protocol="submental_deoxycholic_acid"))


def address(visit):
    return reverse("alternatives:show", args=[visit.pk])


def post(client, visit, **fields):
    return client.post(address(visit), {"token": str(uuid.uuid4()), "preference": "liposuction", "note": "", **fields})


def test_the_page_shows_every_option_and_the_comparator_of_the_trial(as_, people, visit):
    page = as_(people.practitioner).get(address(visit)).content.decode()
    for words in ("Cryolipolysis", "Liposuction", "Deoxycholic acid injection", "No treatment", "70.0 % of 256 people", "18.6 % of 250 people", "Unknown"):
        assert words in page
    assert "style=" not in page


def test_the_page_tells_negative_results_of_the_vitamin_blend(as_, people):
    course = factories.course(
        factories.patient(people.practitioner), application="skin", indication="facial_skin_quality", zone="face", protocol="facial_skin_vitamin_blend"
    )
    page = as_(people.practitioner).get(address(factories.visit(course))).content.decode()
    assert "Negative: no effect, or none beyond the comparator, where it was looked for" in page
    assert "No comparator" in page


def test_recording_the_talk_leads_back_to_the_visit(as_, people, visit):
    answer = post(as_(people.nurse), visit, note="will ask her sister")
    assert (answer.status_code, answer["Location"]) == (302, reverse("alternatives:show", args=[visit.pk]))
    assert AlternativesTalk.objects.get().note == "will ask her sister"
    assert "will ask her sister" in as_(people.practitioner).get(address(visit)).content.decode()


def test_a_form_sent_twice_writes_once(as_, people, visit):
    client, token = as_(people.practitioner), str(uuid.uuid4())
    assert post(client, visit, token=token).status_code == post(client, visit, token=token).status_code == 302
    assert AlternativesTalk.objects.count() == 1


@pytest.mark.parametrize("fields", [{"preference": ""}, {"preference": "botulinum_toxin"}, {"note": "x" * 2000}, {"token": "nonsense"}])
def test_what_cannot_be_taken_keeps_what_was_typed_and_writes_nothing(as_, people, visit, fields):
    answer = post(as_(people.practitioner), visit, **{"note": "kept words", **fields})
    assert answer.status_code == 422
    assert "kept words" in answer.content.decode() or "note" in fields
    assert not AlternativesTalk.objects.exists()


@pytest.mark.parametrize("note", ["<script>alert(1)</script>", "שלום עליכם", "’“”—é \u202e"])
def test_a_note_in_any_script_is_shown_as_typed_and_never_run(as_, people, visit, note):
    post(as_(people.practitioner), visit, note=note)
    page = as_(people.practitioner).get(address(visit)).content.decode()
    assert "<script>alert" not in page
    assert AlternativesTalk.objects.get().note == note.strip()


def test_a_stranger_finds_nothing_and_the_front_desk_may_not(as_, people, visit):
    assert as_(people.stranger).get(address(visit)).status_code == 404
    assert post(as_(people.stranger), visit).status_code == 404
    assert as_(people.front_desk).get(address(visit)).status_code == 403


def test_an_owner_may_look_but_not_record(as_, people, visit):
    assert as_(people.owner).get(address(visit)).status_code == 200
    assert post(as_(people.owner), visit).status_code == 403


def test_an_indication_nobody_knows_is_a_page_and_not_an_error(as_, people):
    course = factories.course(factories.patient(people.practitioner), indication="gone", protocol="gone_too")
    assert as_(people.practitioner).get(address(factories.visit(course))).status_code == 200


def test_no_bar_leaves_its_drawing(library):
    for protocol in library.protocols:
        for trial in trials_shown(benefit_of(library, protocol).trials):
            for bar in (bar for outcome in trial.outcomes for bar in outcome.bars):
                ends = [bar.x, bar.x + bar.width, *(end for end in (bar.low, bar.high) if end is not None)]
                assert all(-0.2 <= end <= BAR_WIDTH + 0.2 for end in ends), (trial.heading, bar)


def test_bars_of_shares_stand_on_0_to_100(library):
    outcome = trials_shown(benefit_of(library, "submental_deoxycholic_acid").trials)[0].outcomes[0]
    assert [bar.width for bar in outcome.bars] == [168.0, 44.6]  # 240 times 0.700 and 0.186


def test_cards_and_columns_hold_the_same_answers(library):
    table = compare(library, "fat", "submental_fat")
    columns = {(cell.option, row.label): cell.text for row in rows_shown(table) for cell in row.cells}
    cards = {(card.name, label): cell.text for card in cards_shown(table) for label, cell in card.rows}
    assert columns == cards


def test_a_number_is_not_torn_from_its_unit_at_the_end_of_a_line(library):
    shown = {row.label: cell.text for row in rows_shown(compare(library, "fat", "submental_fat")) for cell in row.cells if cell.option == "Liposuction"}
    assert "2.62\u00a0% of 29\u00a0368 (95\u00a0% interval 1.78 to 3.84)" in shown["What can go wrong"]


def test_the_page_does_not_rank(as_, people, visit):
    text = re.sub(r"<[^>]+>", " ", as_(people.practitioner).get(address(visit)).content.decode()).casefold()
    for word in ("best option", "recommended option", "superior", "winner"):
        assert word not in text


def test_a_plan_that_is_not_complete_says_what_is_missing(as_, people, visit):
    answer = as_(people.practitioner).get(reverse("course:plan_pdf", args=[visit.pk]))
    assert answer.status_code == 409
    assert "Compose the blend." in answer.content.decode()
    assert as_(people.stranger).get(reverse("course:plan_pdf", args=[visit.pk])).status_code == 404
