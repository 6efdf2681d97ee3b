"""The chart: seven things seen first, codes read, zones confirmed, and the list of what is missing that leads to its places."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pistor.actions.rooms import add_room
from pistor.care.treatment import checklist
from pistor.knowledge import load
from pistor.records.drafts import Draft
from pistor.records.syringes import Syringe
from pistor.records.treatment import TimeOut, Treatment, ZoneDose
from tests import factories
from tests.conftest import NOW
from tests.pages.test_treatment import fields_of
from tests.ready import consented, lot, planned_visit, syringe

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    lot(people.clinic)
    return visit


def chart(client, visit) -> str:
    answer = client.get(f"/visits/{visit.pk}/treatment/")
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, visit, fields, to: str = "", **more):
    return client.post(f"/visits/{visit.pk}/treatment/{to}", fields, **more)


def whole(client, visit, **changes):
    """A chart in which everything is answered, as a browser would send it."""
    fields = fields_of(chart(client, visit))
    fields |= {f"check_{step.id}": "on" for step in checklist(load(), visit.course.application)}
    fields |= {"skin_preparation": "Povidone-iodine", "anaesthesia": "none", "state_0": "given", "pain_score": "3", "reaction": "none", "do": "sign"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def read_codes(client, visit, **changes):
    made = Syringe.objects.get(treatment=visit)
    return post(client, visit, {"do": "time-out", "patient_code": f"P1:P:{visit.patient.number}", "syringe_code": f"P1:S:{made.code}", **changes}, **JSON)


def test_seven_things_are_looked_at_before_the_needle(people, as_, visit):
    text = chart(as_(people.practitioner), visit)
    seen = re.findall(r"<dt>([^<]+)</dt>", text[text.index('<dl class="review">') : text.index("</dl>", text.index('<dl class="review">'))])
    assert seen == ["Allergies", "Stops", "Consent", "Changed since last time", "Last treatment", "Reactions reported", "Prescription and syringe"]


def test_every_line_of_the_list_leads_to_a_place_of_the_page_or_to_its_step(people, as_, visit):
    text = chart(as_(people.practitioner), visit)
    ids = set(re.findall(r' id="([^"]+)"', text))
    listed = text[text.index('class="gate-list"') :]
    hrefs = re.findall(r'href="([^"]+)"', listed[: listed.index("</ul>")])
    assert len(hrefs) > 15
    assert not [href for href in hrefs if href.startswith("#") and href[1:] not in ids]


def test_every_step_of_the_checklist_stands_there_by_name_and_none_is_ticked(people, as_, visit):
    client = as_(people.practitioner)
    text = chart(client, visit)
    for step in checklist(load(), "pain"):
        assert f'name="check_{step.id}"' in text
    assert not [name for name, value in fields_of(text).items() if name.startswith("check_") and value]
    alone = re.findall(r'class="choice step-check alone" for="id_check_(\w+)"', text)
    assert alone == ["identity_consent", "emergency_kit"]


def test_pain_is_one_of_eleven_answers_and_none_is_chosen(people, as_, visit):
    text = chart(as_(people.practitioner), visit)
    pain = re.findall(r'<input [^>]*name="pain_score"[^>]*value="(\d+)"', text)
    assert pain == [str(score) for score in range(11)]
    assert "pain_score" not in fields_of(text)


def test_a_syringe_is_made_in_the_chart_and_everything_typed_stays(people, as_, visit):
    client = as_(people.practitioner)
    fields = fields_of(chart(client, visit)) | {"note": "half done", "check_new_needle": "on", "pain_score": "4", "do": "make-clear"}
    fields |= {"make-own_hours": "4", "make-own_basis": "our pharmacist"}
    answer = post(client, visit, fields)
    text = answer.content.decode()
    made = Syringe.objects.get(treatment=visit)
    assert answer.status_code == 200
    assert (made.look, made.code in text) == ("clear", True)
    assert "half done" in text
    again = fields_of(text)
    assert (again["check_new_needle"], again["pain_score"]) == ("on", "4")
    assert not ZoneDose.objects.exists()
    assert post(client, visit, fields).status_code in (200, 302)
    assert Syringe.objects.filter(treatment=visit).count() == 1  # sent twice, made once


def test_making_a_syringe_leaves_the_draft_of_the_chart_alone(people, as_, visit):
    client = as_(people.practitioner)
    key = f"/visits/{visit.pk}/treatment/#treatment"
    draft = Draft.objects.create(clinic=people.clinic, created_by=people.practitioner, created_at=NOW, saved_at=NOW, key=key, shared=True, fields={"note": ["x"]}, sequence=1)
    fields = fields_of(chart(client, visit)) | {"do": "make-clear", "make-own_hours": "4", "make-own_basis": "label", "draft": f"treatment {draft.pk} 1"}
    assert post(client, visit, fields).status_code == 200
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_the_right_codes_pass_and_the_wrong_ones_stop_and_are_kept(people, as_, visit):
    client = as_(people.practitioner)
    syringe(visit, people.practitioner)
    other = planned_visit(people)
    wrong = read_codes(client, visit, patient_code=f"P1:P:{other.patient.number}").json()
    assert not wrong["passed"]
    assert "not the number of this patient" in wrong["html"]
    assert not read_codes(client, visit, syringe_code="P1:S:0000000000").json()["passed"]
    assert list(TimeOut.objects.values_list("passed", flat=True)) == [False, False]
    assert read_codes(client, visit).json()["passed"]
    half = read_codes(client, visit, syringe_code="").json()
    assert (half["passed"], TimeOut.objects.count()) == (False, 3)  # nothing was read, so nothing is kept


def test_the_list_for_what_stands_in_the_form_is_the_one_that_signing_is_refused_with_and_writes_nothing(people, as_, visit):
    client = as_(people.practitioner)
    syringe(visit, people.practitioner)
    read_codes(client, visit)
    fields = whole(client, visit, pain_score=None, state_0=None, volume_0="zwei")
    listed = post(client, visit, fields, "gate/").json()
    refused = post(client, visit, fields, **JSON)
    assert refused.status_code == 409
    assert refused.json()["missing"] == [one for one in listed["missing"] if one["rule"] != "record.unreadable"]
    assert set(refused.json()["errors"]) == {"volume_0"}
    assert {one["where"] for one in listed["missing"]} >= {"pain_score", "volume_0", "zone-0"}
    assert "#id_volume_0" in listed["html"]
    assert not ZoneDose.objects.exists()
    assert Treatment.objects.get(pk=visit.pk).version == visit.version


def test_when_nothing_is_missing_it_is_signed_with_the_room_that_stands_there(people, as_, visit):
    client, room = as_(people.practitioner), add_room(name="Room 2", by=people.owner, at=NOW)
    syringe(visit, people.practitioner)
    read_codes(client, visit)
    fields = whole(client, visit, room=str(room.pk))
    assert post(client, visit, fields, "gate/").json()["missing"] == []
    assert post(client, visit, fields).status_code == 302
    signed = Treatment.objects.get(pk=visit.pk)
    assert (signed.state, signed.room) == ("signed", room)


def test_edited_points_are_counted_by_the_server_whatever_the_numbers_say(people, as_, visit):
    client = as_(people.practitioner)
    syringe(visit, people.practitioner)
    read_codes(client, visit)
    edits = '{"removed":["1"],"changed":{"2":{"ml":"0.2"}}}'
    fields = whole(client, visit, state_0="changed", edits_0=edits, points_0="999", volume_0="99", reason_0="bled")
    assert post(client, visit, fields).status_code == 302
    dose = ZoneDose.objects.get(treatment=visit)
    assert dose.points == dose.planned_points - 1
    assert dose.given["edits"]["removed"] == ["1"]


def test_what_is_missing_is_said_at_its_field_in_one_answer(people, as_, visit):
    client = as_(people.practitioner)
    answer = post(client, visit, whole(client, visit, pain_score=None, check_new_needle=None, note="kept"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert 'href="#id_pain_score"' in text
    assert 'href="#id_check_new_needle"' in text
    assert 'id="id_pain_score_error"' in text
    assert "kept" in text


def test_room_and_device_are_recorded_in_the_chart_and_what_was_typed_stays(people, as_, visit):
    client, room, gun = as_(people.practitioner), add_room(name="Room 2", by=people.owner, at=NOW), factories.device(people.clinic)
    fields = fields_of(chart(client, visit)) | {"do": "use", "room": str(room.pk), "device": str(gun.pk), "device_settings": "4 mm", "note": "half done"}
    text = post(client, visit, fields).content.decode()
    visit.refresh_from_db()
    assert (visit.room, visit.device_uses.get().settings) == (room, "4 mm")
    assert "half done" in text
    assert fields_of(chart(client, visit))["room"] == str(room.pk)


@pytest.mark.parametrize("drawn", [False, True])
def test_the_chart_asks_the_database_at_most_25_times(people, as_, visit, drawn):
    if drawn:
        syringe(visit, people.practitioner)
        read_codes(as_(people.practitioner), visit)
    client = as_(people.practitioner)
    chart(client, visit)
    with CaptureQueriesContext(connection) as queries:
        chart(client, visit)
    assert len(queries) <= 25, "\n".join(query["sql"][:160] for query in queries)
