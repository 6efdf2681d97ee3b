"""The audit trail cannot be changed, and a change made behind the database's back is found."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from pistor.actions.core import audit
from pistor.records.append_only import unguard
from pistor.records.audit import AuditEvent, AuditHead, verify_chain
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(people):
    patient = factories.patient(people.practitioner)
    for number in range(5):
        audit(by=people.practitioner, verb=f"step_{number}", subject=patient, at=NOW, patient_id=patient.pk, state="é", number=number)
    audit(by=people.stranger, verb="elsewhere", subject=patient, at=NOW)
    return people.clinic


def test_an_untouched_trail_is_whole_in_every_clinic(chain, capsys):
    assert verify_chain(chain) == []
    call_command("verify_audit")
    assert "whole" in capsys.readouterr().out


def test_a_moment_in_another_time_zone_does_not_look_like_a_change(people):
    patient = factories.patient(people.practitioner)
    audit(by=people.practitioner, verb="late", subject=patient, at=NOW.astimezone(dt.timezone(dt.timedelta(hours=5))))
    assert verify_chain(people.clinic) == []


@pytest.mark.parametrize("change", [lambda q: q.update(verb="other"), lambda q: q.delete()])
def test_the_database_refuses_to_change_or_remove_an_event(chain, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(AuditEvent.objects.filter(clinic=chain, sequence=3))
    assert verify_chain(chain) == []


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (lambda events: events.filter(sequence=3).update(verb="other"), "Event 3 (other) was changed"),
        (lambda events: events.filter(sequence=2).update(detail={"state": "x"}), "Event 2"),
        (lambda events: events.filter(sequence=3).update(at=NOW + dt.timedelta(days=1)), "Event 3"),
        (lambda events: events.filter(sequence=3).delete(), "Event 3 is missing"),
        (lambda events: events.filter(sequence=1).delete(), "Event 1 is missing"),
        (lambda events: events.filter(sequence=5).delete(), "its head says 5"),
        (lambda events: events.all().delete(), "its head says 5"),
    ],
)
def test_a_row_changed_or_removed_behind_the_database_is_found(chain, tamper, says):
    unguard(connection)
    tamper(AuditEvent.objects.filter(clinic=chain))
    breaks = verify_chain(chain)
    assert any(says in sentence for sentence in breaks), breaks
    with pytest.raises(CommandError, match="broken"):
        call_command("verify_audit")


def test_a_row_inserted_at_the_end_is_found_even_with_a_right_hash(chain):
    last = AuditEvent.objects.get(clinic=chain, sequence=5)
    forged = AuditEvent(clinic=chain, sequence=6, at=NOW, verb="forged", subject="patient", subject_id=uuid.uuid4(), previous=last.sha256)
    forged.sha256 = forged.digest()
    forged.save(force_insert=True)
    assert any("added at the end" in sentence for sentence in verify_chain(chain))


def test_a_row_rewritten_with_a_new_hash_breaks_the_next_link(chain):
    unguard(connection)
    event = AuditEvent.objects.get(clinic=chain, sequence=3)
    event.verb = "other"
    event.sha256 = event.digest()
    event.save()
    assert any("Event 4" in sentence for sentence in verify_chain(chain))


def test_a_removed_head_is_found(chain):
    AuditHead.objects.filter(clinic=chain).delete()
    assert verify_chain(chain)
