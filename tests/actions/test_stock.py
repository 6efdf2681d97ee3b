"""A lot is taken out of use and released, by whom it may be, with a reason that stays."""

from __future__ import annotations

import uuid

import pytest

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.stock import REASONS, set_lot_state
from pistor.records.audit import AuditEvent
from pistor.records.stock import Lot
from tests.conftest import NOW
from tests.ready import lot

pytestmark = pytest.mark.django_db


def move(row, by, state="quarantined", reason="notice", **more):
    return set_lot_state(lot=row, state=state, reason=reason, by=by, at=NOW, **more)


@pytest.mark.parametrize(
    ("before", "state", "reason", "says"),
    [
        ("usable", "quarantined", "reaction", None),
        ("usable", "recalled", "notice", None),
        ("quarantined", "recalled", "notice", None),
        ("quarantined", "usable", "checked", None),
        ("quarantined", "usable", "mistake", None),
        ("recalled", "usable", "checked", "stays so"),
        ("recalled", "quarantined", "notice", "stays so"),
        ("recalled", "recalled", "notice", "already"),
        ("usable", "usable", "checked", "already"),
        ("usable", "eaten", "notice", "choose one of these"),
        ("usable", "recalled", "", "reason that fits"),
        ("usable", "recalled", "because", "reason that fits"),
        ("usable", "recalled", "checked", "reason that fits"),
        ("quarantined", "usable", "reaction", "reason that fits"),
    ],
)
def test_every_change_of_state(people, before, state, reason, says):
    row = lot(people.clinic, state=before)
    if says:
        with pytest.raises(Refused, match=says):
            move(row, people.practitioner, state, reason)
    else:
        move(row, people.practitioner, state, reason)
    row.refresh_from_db()
    assert row.state == (before if says else state)
    events = [event.detail for event in AuditEvent.objects.filter(verb="lot.state", subject_id=row.pk)]
    assert events == ([] if says else [{"before": before, "after": state, "reason": reason}])


def test_a_state_that_changed_meanwhile_is_not_overwritten(people):
    row = lot(people.clinic, state="quarantined")
    with pytest.raises(Refused, match="Somebody changed"):
        move(row, people.practitioner, "recalled", "notice", shown="usable")
    assert Lot.objects.get().state == "quarantined"


def test_only_practitioner_and_owner_and_only_in_their_clinic(people):
    row = lot(people.clinic)
    for person in (people.nurse, people.front_desk):
        with pytest.raises(NotAllowed):
            move(row, person)
    with pytest.raises(Lot.DoesNotExist):
        move(row, people.stranger)
    assert move(row, people.owner).state == "quarantined"


def test_the_same_form_is_taken_once(people):
    row, token = lot(people.clinic), uuid.uuid4()
    move(row, people.owner, token=token, location="/stock/x/")
    with pytest.raises(AlreadyDone) as done:
        move(row, people.owner, "usable", "checked", token=token)
    assert done.value.location == "/stock/x/"
    assert Lot.objects.get().state == "quarantined"


def test_no_reason_says_who_or_what_was_treated():
    assert all(code.isalpha() and len(code) < 20 for code in REASONS)
