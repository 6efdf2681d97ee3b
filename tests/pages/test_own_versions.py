"""A clinic's own versions: proposed by one, approved by another, seen by nobody else, and never in place of what is published."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from pistor.actions.core import NotAllowed, Refused
from pistor.actions.library import decide_entry, propose_entry, withdraw_entry
from pistor.knowledge import load
from pistor.records.library import LocalEntry, library_of
from pistor.records.people import Clinic, Role
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
GIVEN = {"source_title": "Leaflet of our supplier", "source_at": "section 3", "grade": "A", "reason": "Our shelf holds another maker's ampoule"}


@pytest.fixture
def colleague(people):
    return factories.user(people.clinic, Role.PRACTITIONER, username="colleague")


def propose(by, changes, kind="presentations", id_="lidocaine_2pct", **more):
    return propose_entry(kind=kind, id_=id_, changes=changes, by=by, at=NOW, **{**GIVEN, **more})


def fresh(clinic):
    return library_of(Clinic.objects.get(pk=clinic.pk))


def test_it_counts_once_a_second_person_approved_it(people, colleague):
    row = propose(people.practitioner, {"name": "Lidocaine 2 % of Acme", "ph.min": "6.2"})
    assert row.entry_id not in fresh(people.clinic).presentations
    with pytest.raises(Refused, match="A second person has to approve"):
        decide_entry(row=row, approve=True, by=people.practitioner, at=NOW)
    decide_entry(row=row, approve=True, by=colleague, at=NOW)
    ours = fresh(people.clinic)
    assert ours.presentations[row.entry_id].name == "Lidocaine 2 % of Acme"
    assert "+local." in ours.version
    assert fresh(people.stranger.clinic) is load()


def test_withdrawing_gives_the_published_one_back(people, colleague):
    row = propose(people.practitioner, {"text.en": "No alcohol until {until}, please."}, "aftercare_rules", "alcohol")
    decide_entry(row=row, approve=True, by=colleague, at=NOW)
    assert fresh(people.clinic).aftercare_rules["alcohol"].text.en.endswith("please.")
    withdraw_entry(row=row, note="The leaflet changed", by=people.practitioner, at=NOW + dt.timedelta(hours=1))
    assert fresh(people.clinic) is load()


def test_a_later_version_replaces_an_earlier_one(people, colleague):
    first = propose(people.practitioner, {"name": "Ours"})
    decide_entry(row=first, approve=True, by=colleague, at=NOW)
    people.practitioner.refresh_from_db()
    second = propose(people.practitioner, {"ph.max": "6.9"}, id_=first.entry_id)
    decide_entry(row=second, approve=True, by=colleague, at=NOW + dt.timedelta(minutes=5))
    ours = fresh(people.clinic).presentations[first.entry_id]
    assert (ours.name, str(ours.ph.high)) == ("Ours", "6.9")
    assert LocalEntry.objects.count() == 2


def test_it_is_decided_once(people, colleague):
    row = propose(people.practitioner, {"name": "Ours"})
    decide_entry(row=row, approve=False, note="Wrong strength", by=colleague, at=NOW)
    with pytest.raises(Refused, match="already"):
        decide_entry(row=row, approve=True, by=colleague, at=NOW)
    assert fresh(people.clinic) is load()


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        ({}, {}, "Nothing was changed"),
        ({"ph.min": "sour"}, {}, "not a number"),
        ({"name": "X"}, {"source_title": "  "}, "Say where the values come from"),
        ({"name": "X"}, {"reason": "r" * 400}, "at most 300"),
        ({"name": "X"}, {"grade": "M"}, "from A to D"),
        ({"name": "X"}, {"kind": "contraindications", "id_": "allergy_ingredient"}, "can be copied"),
        ({"name": "X"}, {"id_": "nothing"}, "can be copied"),
    ],
)
def test_what_is_refused_says_why_and_writes_nothing(people, changes, more, said):
    with pytest.raises(Refused, match=said):
        propose(people.practitioner, changes, **more)
    assert not LocalEntry.objects.exists()


@pytest.mark.parametrize("role", ["nurse", "front_desk", "owner"])
def test_only_those_who_decide_may_propose(people, role):
    with pytest.raises(NotAllowed):
        propose(getattr(people, role), {"name": "X"})


def test_the_way_through_the_pages(people, colleague, as_):
    client, second = as_(people.practitioner), as_(colleague)
    assert "Make our own version" in client.get("/library/presentations/lidocaine_2pct/").content.decode()
    page = client.get("/library/presentations/lidocaine_2pct/copy/")
    names = {field.label: field.html_name for field in page.context["form"].values}
    form = {**{field.html_name: field.initial for field in page.context["form"].values}, **GIVEN, "token": uuid.uuid4()}
    answer = client.post("/library/presentations/lidocaine_2pct/copy/", {**form, names["pH, lowest"]: "6.2"})
    assert answer.status_code == 302
    address = answer["Location"]
    shown = second.get(address).content.decode()
    assert "Leaflet of our supplier" in shown
    assert "<td>5.0</td><td>6.2</td>" in shown
    assert "A second person has to approve this" in client.get(address).content.decode()
    assert client.post(address, {"token": uuid.uuid4(), "do": "approve"}).status_code == 409
    assert second.post(address, {"token": uuid.uuid4(), "do": "approve"}).status_code == 302
    local = LocalEntry.objects.get().entry_id
    assert "own version" in client.get(f"/library/presentations/{local}/").content.decode()
    assert as_(people.stranger).get(address).status_code == 404
    assert as_(people.stranger).get(f"/library/presentations/{local}/").status_code == 404


def test_what_was_typed_wrong_is_kept(people, as_):
    client = as_(people.practitioner)
    page = client.get("/library/presentations/lidocaine_2pct/copy/")
    fields = {field.html_name: field.initial for field in page.context["form"].values}
    answer = client.post("/library/presentations/lidocaine_2pct/copy/", {**fields, **GIVEN, "source_title": "", "token": uuid.uuid4()})
    assert answer.status_code == 422
    assert "Our shelf holds another maker" in answer.content.decode()
