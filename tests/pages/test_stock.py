"""Lots are listed with their state, and taken out of use on a page of their own."""

from __future__ import annotations

import re
import uuid

import pytest

from pistor.actions.stock import set_lot_state
from pistor.records.stock import Lot
from tests.conftest import NOW
from tests.ready import consented, lot, planned_visit

pytestmark = pytest.mark.django_db


def change(client, row, **fields):
    return client.post(f"/stock/{row.pk}/", {"token": uuid.uuid4(), "shown": row.state, "state": "quarantined", "reason": "reaction", **fields})


@pytest.mark.parametrize(
    ("days", "state", "word"),
    [(300, "usable", "Usable"), (300, "quarantined", "In quarantine"), (-1, "usable", "Expired"), (-1, "quarantined", "Expired"), (-1, "recalled", "Recalled"), (0, "usable", "Usable")],
)  # fmt: skip
def test_the_list_says_the_state_in_a_word(people, as_, days, state, word):
    row = lot(people.clinic, days=days, state=state)
    text = as_(people.nurse).get("/stock/").content.decode().split("<tbody>")[1]
    assert row.lot_number in text
    assert f"</svg> {word}</td>" in text


def test_a_lot_is_frozen_with_a_reason_and_the_page_tells_who_and_why(people, as_):
    row, client = lot(people.clinic), as_(people.owner)
    answer = change(client, row)
    assert answer["Location"] == f"/stock/{row.pk}/"
    text = client.get(answer["Location"]).content.decode()
    assert f'23 Nov 2026, 10:00: In quarantine: suspected in a reaction or an infection (<span dir="auto">{people.owner.printed_name}</span>)' in text
    assert Lot.objects.get().state == "quarantined"


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"state": ""}, 422, "Choose one."),
        ({"reason": ""}, 422, "Choose the reason."),
        ({"state": "gone"}, 422, "Select a valid choice"),
        ({"reason": "checked"}, 409, "reason that fits"),
        ({"shown": "recalled"}, 409, "Somebody changed the state"),
        ({"shown": ""}, 422, "Reload it"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_changes(people, as_, fields, status, says):
    row = lot(people.clinic)
    answer = change(as_(people.practitioner), row, **fields)
    assert (answer.status_code, says in answer.content.decode()) == (status, True)
    assert Lot.objects.get().state == "usable"


@pytest.mark.parametrize(
    ("now", "states", "release"),
    [("usable", {"quarantined", "recalled"}, False), ("quarantined", {"usable", "recalled"}, True)],
)
def test_only_what_would_change_something_is_offered(people, as_, now, states, release):
    text = as_(people.owner).get(f"/stock/{lot(people.clinic, state=now).pk}/").content.decode()
    offered = set(re.findall(r'name="state"[^>]*value="(\w+)"', text))
    assert offered == states
    assert bool(re.search(r'name="reason"[^>]*value="checked"', text)) is release


def test_what_is_saved_after_a_refusal_builds_on_the_newer_state(people, as_):
    row, client = lot(people.clinic, state="quarantined"), as_(people.practitioner)
    text = change(client, row, shown="usable", state="recalled", reason="notice").content.decode()
    assert 'name="shown" value="quarantined"' in text


@pytest.mark.parametrize(("who", "state", "form", "says"), [
    ("nurse", "usable", False, "A practitioner or the clinic owner"), ("owner", "usable", True, ""), ("owner", "recalled", False, "stays recalled"),
])  # fmt: skip
def test_the_form_is_there_for_whom_and_while_it_can_change_something(people, as_, who, state, form, says):
    text = as_(getattr(people, who)).get(f"/stock/{lot(people.clinic, state=state).pk}/").content.decode()
    assert ("Save state" in text) is form
    assert says in text


@pytest.mark.parametrize(("who", "there"), [("practitioner", True), ("nurse", True), ("owner", True), ("front_desk", False)])
def test_the_way_to_the_lots_is_shown_to_whom_it_is_open(people, as_, who, there):
    assert ('href="/stock/"' in as_(getattr(people, who)).get("/").content.decode()) is there


def test_a_frozen_lot_is_no_choice_on_the_treatment_page(people, as_):
    visit, row = planned_visit(people), lot(people.clinic, number="FROZEN-7")
    consented(visit, people.practitioner)
    client = as_(people.practitioner)
    here = f"/visits/{visit.pk}/treatment/"
    assert "FROZEN-7" in client.get(here).content.decode()
    set_lot_state(lot=row, state="quarantined", reason="notice", by=people.owner, at=NOW)
    assert "FROZEN-7" not in client.get(here).content.decode()
