"""What was signed cannot be changed or removed, not even past the actions."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from pistor.actions.aftercare import give_aftercare
from pistor.actions.amendments import amend_treatment
from pistor.actions.consent import withdraw_consent
from pistor.actions.treatment import save_treatment
from pistor.records import append_only
from pistor.records.aftercare import AftercareSheet
from pistor.records.consent import Consent, ConsentWithdrawal
from pistor.records.documents import Document
from pistor.records.signed import broken
from pistor.records.treatment import Amendment, LotUse, TimeOut, Treatment, ZoneDose
from tests.conftest import NOW
from tests.ready import consented, full_entry, planned_visit, signed_visit

pytestmark = pytest.mark.django_db
CHANGES = [
    (Treatment, {"note": "changed"}), (Treatment, {"state": "open"}), (Treatment, {"signed_content": "{}"}),
    (ZoneDose, {"volume_ml": 9}), (LotUse, {"volume_ml": 9}), (Amendment, {"text": "changed"}), (Document, {"content": b"x"}),
    (Consent, {"signer_name": "changed"}), (ConsentWithdrawal, {"reason": "changed"}), (AftercareSheet, {"content": {}}),
    (TimeOut, {"passed": False}),
]  # fmt: skip


@pytest.fixture
def everything(people):
    visit = signed_visit(people)
    give_aftercare(visit=visit, language="en", how="printed", phone="01 23 45 67 89", by=people.nurse, at=NOW)
    amend_treatment(visit=visit, kind="addition", text="a", reason="b", by=people.practitioner, at=NOW)
    withdraw_consent(consent=Consent.objects.get(), reason="r", by=people.nurse, at=NOW)
    return visit


@pytest.mark.parametrize(("model", "change"), CHANGES)
def test_a_signed_row_is_neither_changed_nor_removed(everything, model, change):
    rows = model.objects.filter(state="signed") if model is Treatment else model.objects.all()
    assert rows.exists()
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        rows.update(**change)
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        rows._raw_delete(rows.db)
    assert broken(everything) == ()


def test_a_zone_added_beside_the_signature_is_found(everything):
    zone = ZoneDose.objects.get()
    zone.pk, zone.side = None, "right"
    zone.save(force_insert=True)
    assert "no longer those that were signed" in " ".join(broken(everything))


@pytest.mark.parametrize(
    ("model", "change", "says"),
    [
        (Treatment, {"signed_content": "{}"}, "no longer has the fingerprint it was signed with"),
        (Treatment, {"sha256": "0" * 64}, "no longer has the fingerprint it was signed with"),
        (ZoneDose, {"points": 1}, "zones in the database are no longer those that were signed"),
        (LotUse, {"volume_ml": "0.5"}, "lots in the database are no longer those that were signed"),
        (ZoneDose, {"given": {}}, "zones in the database are no longer those that were signed"),
        (TimeOut, {"said": ["changed"]}, "time-outs in the database are no longer those that were signed"),
        (Amendment, {"text": "changed"}, "amendment of 23 Nov 2026 no longer has its fingerprint"),
        (Amendment, {"reason": "changed"}, "amendment of 23 Nov 2026 no longer has its fingerprint"),
    ],
)  # fmt: skip
def test_whatever_is_changed_behind_the_locks_is_said(everything, model, change, says):
    append_only.unguard(connection)
    assert model.objects.update(**change)
    everything.refresh_from_db()
    assert says in " ".join(broken(everything))


def test_what_is_not_signed_yet_can_still_be_changed(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    full = full_entry(visit)
    for note in ("first", "second"):
        save_treatment(visit=visit, entry=full, by=people.nurse, at=NOW)
        Treatment.objects.filter(pk=visit.pk).update(note=note)
    assert ZoneDose.objects.count() == 1
