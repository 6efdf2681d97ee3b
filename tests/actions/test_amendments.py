"""Fields of a signed treatment are corrected beside the original: locked, hashed, printed, and found by a recall."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from pistor.actions.amendments import amend_treatment, correct_treatment, lots_meant
from pistor.actions.core import AlreadyDone, NotAllowed, Refused, Stale
from pistor.actions.treatment import sign_treatment
from pistor.care.amendment import correctable, lot_places
from pistor.records import append_only
from pistor.records.amendments import amended_content, signed_content, steps_of
from pistor.records.audit import AuditEvent
from pistor.records.recalls import Scope, exposures_between, exposures_of, mixed_with
from pistor.records.repeat import last_given
from pistor.records.signed import broken
from pistor.records.stock import Lot
from pistor.records.treatment import Amendment, LotCorrection, LotUse, ZoneDose
from tests import factories, ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(people):
    return ready.signed_visit(people)


def place(visit):
    """Where the first lot of a treatment may be corrected."""
    return lot_places(signed_content(visit))[0][0]


def correct(visit, by, wanted, **more):
    return correct_treatment(visit=visit, by=by, **{"wanted": wanted, "reason": "misread", "at": NOW, **more})


def test_a_correction_stands_beside_the_original_which_stays_as_it_was(people, signed):
    before, rows = signed.signed_content, list(ZoneDose.objects.values("points", "volume_ml"))
    points = signed_content(signed)["zones"][0]["points"]
    row = correct(signed, people.practitioner, {"zones/0/points": points - 1, "zones/0/volume_ml": "0.25", "record/pain_score": 7}, reason=" mis\ncounted ")
    signed.refresh_from_db()
    assert (signed.signed_content, list(ZoneDose.objects.values("points", "volume_ml"))) == (before, rows)
    assert (row.kind, row.text, row.reason, row.created_by) == ("correction", "", "mis counted", people.practitioner)
    assert {change["path"] for change in row.changes} >= {"zones/0/points", "zones/0/volume_ml", "zones/0/doses", "record/pain_score", "doses"}
    now = amended_content(signed)
    assert (now["zones"][0]["points"], now["zones"][0]["doses"]["lidocaine"], now["record"]["pain_score"]) == (points - 1, "5", 7)
    assert broken(signed) == ()
    event = AuditEvent.objects.get(verb="treatment.amended")
    assert "zones/0/points" in event.detail["fields"] and "5 mg" not in str(event.detail)


def test_doses_of_a_correction_stand_against_their_limits(people, signed):
    """Less was given than signed, so each dose against a limit is less too."""
    before = {one["limit"]: one["dose"] for one in signed_content(signed)["doses"] if one["unit"] == "mg"}
    correct(signed, people.practitioner, {"zones/0/volume_ml": "0.125"})
    after = {one["limit"]: one["dose"] for one in amended_content(signed)["doses"] if one["unit"] == "mg"}
    assert before and {limit for limit in before if before[limit] and float(after[limit]) < float(before[limit])}


def test_the_next_correction_builds_on_the_last(people, signed):
    first = correct(signed, people.practitioner, {"record/pain_score": 7})
    second = correct(signed, people.practitioner, {"record/pain_score": 5, "record/note": "asked again"}, seen=1)
    assert [(change["before"], change["after"]) for change in second.changes if change["path"] == "record/pain_score"] == [(7, 5)]
    assert [row.pk for row, _, _ in steps_of(signed)] == [first.pk, second.pk]
    with pytest.raises(Stale, match="Somebody amended"):
        correct(signed, people.practitioner, {"record/pain_score": 1}, seen=1)


def test_every_field_may_be_sent_and_only_what_differs_is_written(people, signed):
    everything = correctable(amended_content(signed))
    with pytest.raises(Refused, match="Nothing differs"):
        correct(signed, people.practitioner, everything)
    row = correct(signed, people.practitioner, {**everything, "record/skin_preparation": "alcohol"})
    assert [change["path"] for change in row.changes] == ["record/skin_preparation"]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"patient/name": "Eve"}, "cannot be corrected"),
        ({"signed_by": "Eve"}, "cannot be corrected"),
        ({"zones/0/volume_ml": "-1"}, "below 0"),
        ({"zones/0/volume_ml": "0.0001"}, "three decimals"),
        ({"zones/0/volume_ml": "9"}, "the lots add up to"),
        ({"zones/0/volume_ml": None}, "cannot be taken away"),
        ({"zones/0/points": None}, "cannot be taken away"),
        ({"zones/0/points": 6000}, "6000 points cannot be"),
        ({"record/pain_score": 11}, "0 to 10"),
        ({"record/anaesthesia": "hypnosis"}, "how the skin was numbed"),
        ({"record/anaesthesia": "topical"}, "what was put on the skin"),
        ({"record/topical": [{"ingredient": "moon_dust", "dose_mg": "1"}]}, "not one of the list"),
        ({"record/reaction": "perhaps"}, "immediate reaction"),
        ({"record/reaction_signs": ["moon"]}, "from the list"),
        ({"record/skin_preparation": " "}, "prepared with"),
        ({"record/note": "x" * 4001}, "4000 characters"),
        ({"syringes/0/draws/0/lot": str(uuid.uuid4())}, "same product"),
        ({"lots/0/lot": str(uuid.uuid4())}, "cannot be corrected"),
    ],
)
def test_what_no_record_could_hold_is_refused(people, signed, wanted, says):
    with pytest.raises(Refused, match=says):
        correct(signed, people.practitioner, wanted)
    assert not Amendment.objects.exists()


def test_a_reason_is_needed_and_a_form_counts_once(people, signed):
    for reason in ("", "  ", "x" * 301):
        with pytest.raises(Refused, match="reason"):
            correct(signed, people.practitioner, {"record/pain_score": 7}, reason=reason)
    token = uuid.uuid4()
    correct(signed, people.practitioner, {"record/pain_score": 7}, token=token)
    with pytest.raises(AlreadyDone):
        correct(signed, people.practitioner, {"record/pain_score": 8}, token=token)
    assert Amendment.objects.count() == 1


def test_who_may_not_sign_corrects_nothing(people, signed):
    for by in (people.nurse, people.owner, people.front_desk):
        with pytest.raises(NotAllowed):
            correct(signed, by, {"record/pain_score": 7})
    with pytest.raises(type(signed).DoesNotExist):
        correct(signed, people.stranger, {"record/pain_score": 7})
    with pytest.raises(Refused, match="not signed yet"):
        correct(ready.planned_visit(people), people.practitioner, {"record/pain_score": 7})


def test_what_is_repeated_is_what_was_really_given(people, signed):
    correct(signed, people.practitioner, {"zones/0/points": 2, "zones/0/volume_ml": "0.25", "record/skin_preparation": "alcohol"})
    again = last_given(factories.visit(signed.course, number=9))
    assert (again.zones[0].points, again.zones[0].volume_ml, again.skin_preparation) == (2, ready.Decimal("0.25"), "alcohol")


# ── lots, and who is found by them ──────────────────────────────────────────────────────────────────────────────────


def found_by(lot):
    return {one.patient for one in exposures_of(Scope.LOT, lot, None)}


def test_a_recall_finds_the_patient_by_the_corrected_lot_and_by_the_signed_one(people, signed):
    signed_lot, meant, unhurt = LotUse.objects.get().lot, ready.lot(people.clinic, number="L-2"), ready.lot(people.clinic, number="L-3")
    assert (found_by(signed_lot), found_by(meant)) == ({signed.patient_id}, set())
    correct(signed, people.practitioner, {place(signed): str(meant.pk)})
    assert (found_by(signed_lot), found_by(meant), found_by(unhurt)) == ({signed.patient_id}, {signed.patient_id}, set())
    assert mixed_with(meant, None) == [signed_lot]
    (one,) = exposures_between(people.clinic, [signed.patient_id], TODAY, TODAY)
    assert {str(signed_lot.pk), str(meant.pk)} <= {source.subject for source in one.sources}
    assert [lot["lot_number"] for lot in amended_content(signed)["lots"]] == ["L-2"]
    correct(signed, people.practitioner, {place(signed): str(signed_lot.pk)})
    assert [lot["lot_number"] for lot in amended_content(signed)["lots"]] == ["L-1"]
    assert found_by(meant) == {signed.patient_id}  # who was told to be of it once is told again


def test_the_lot_of_one_of_two_syringes_is_corrected(people):
    visit = ready.planned_visit(people, volume="1")
    ready.consented(visit, people.practitioner)
    drawn = ready.lot(people.clinic, number="L-1")
    meant = ready.lot(people.clinic, number="L-2", days=-3, state="recalled")  # what is true may be what must not be used
    for _ in range(2):
        ready.syringe(visit, people.practitioner, of=drawn)
    zones = tuple(ready.replace(zone, volume_ml=zone.volume_ml * 3, state="changed", reason="more") for zone in ready.planned_zones(visit.course))
    visit = sign_treatment(visit=visit, entry=ready.full_entry(visit, zones=zones), by=people.practitioner, at=NOW)
    places = [path for path, _, _ in lot_places(signed_content(visit))]
    assert places == ["syringes/0/draws/0/lot", "syringes/1/draws/0/lot"]
    correct(visit, people.practitioner, {places[1]: str(meant.pk)})
    assert [(lot["lot_number"], lot["volume_ml"]) for lot in amended_content(visit)["lots"]] == [("L-1", "1"), ("L-2", "1")]
    assert found_by(meant) == found_by(drawn) == {visit.patient_id}
    assert broken(visit) == ()


def test_only_lots_of_the_own_shelf_and_of_the_same_product_are_meant(people, signed):
    ready.lot(people.stranger.clinic, number="THEIRS")
    ready.lot(people.clinic, "sodium_chloride_09pct", "SALT")
    assert {lot.lot_number for lot in lots_meant(signed).values()} == {"L-1"}
    for other in (Lot.objects.get(lot_number="THEIRS"), Lot.objects.get(lot_number="SALT")):
        with pytest.raises(Refused, match="same product"):
            correct(signed, people.practitioner, {place(signed): str(other.pk)})
    assert not LotCorrection.objects.exists()


def test_a_correction_is_locked_and_what_is_changed_behind_the_locks_is_said(people, signed):
    meant = ready.lot(people.clinic, number="L-2")
    correct(signed, people.practitioner, {place(signed): str(meant.pk)})
    for model, change in ((Amendment, {"changes": []}), (LotCorrection, {"lot": LotUse.objects.get().lot})):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            model.objects.update(**change)
    append_only.unguard(connection)
    Amendment.objects.update(changes=[])
    assert "no longer has its fingerprint" in " ".join(broken(signed))


def test_a_text_without_fields_keeps_the_fingerprint_it_always_had(people, signed):
    """Amendments from before fields could be corrected still verify: an empty list of changes is not in what was hashed."""
    from pistor.records.signed import amendment_sha256, canonical, sha256

    row = amend_treatment(visit=signed, kind="addition", text="a", reason="b", by=people.practitioner, at=NOW)
    old = {"treatment": signed.sha256, "kind": "addition", "text": "a", "reason": "b", "at": NOW.isoformat(), "by": str(people.practitioner.pk)}
    assert amendment_sha256(row) == row.sha256 == sha256(canonical(old))
