"""A treatment is recorded, signed once, locked, and amended beside the original."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from pistor.actions.amendments import amend_treatment
from pistor.actions.core import AlreadyDone, NotAllowed, Refused, Stale
from pistor.actions.rooms import use_room
from pistor.actions.stock import set_lot_state
from pistor.actions.treatment import Incomplete, save_treatment, sign_treatment
from pistor.care.formulation import Topical
from pistor.exchange.signed_words import signed_words
from pistor.knowledge import load
from pistor.records.audit import AuditEvent
from pistor.records.recalls import Scope, zones_of
from pistor.records.repeat import last_given
from pistor.records.rooms import Room
from pistor.records.signed import broken
from pistor.records.stock import StockMove, usable_lots
from pistor.records.treatment import Amendment, LotUse, Treatment, ZoneDose
from tests import factories
from tests.conftest import NOW, TODAY
from tests.ready import consented, lot, planned_visit, syringe
from tests.ready import full_entry as entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    return visit


def sign(visit, by, full=None, **more):
    return sign_treatment(visit=visit, entry=full or entry(visit), by=by, at=NOW, token=uuid.uuid4(), **more)


def test_signing_locks_what_was_given_with_exact_doses_and_a_hash(people, visit):
    signed = sign(visit, people.practitioner)
    signed.refresh_from_db()
    content = json.loads(signed.signed_content)
    dose = ZoneDose.objects.get(treatment=signed)
    assert Decimal(dose.doses["lidocaine"]) == dose.volume_ml * 20
    assert content["zones"][0]["doses"] == dose.doses
    assert content["lots"][0]["lot_number"] == "L-1"
    assert content["signed_by"]["name"] == people.practitioner.printed_name
    assert content["consent"]["document"]
    assert (signed.state, len(signed.sha256), broken(signed)) == ("signed", 64, ())
    visit.course.refresh_from_db()
    assert visit.course.state == "active"
    assert AuditEvent.objects.filter(verb="treatment.signed", subject_id=signed.pk).count() == 1


def test_what_is_signed_is_locked_for_saving_and_signing(people, visit):
    sign(visit, people.practitioner)
    again = entry(visit, lots=[])
    for action in (save_treatment, sign_treatment):
        with pytest.raises(Refused, match="is locked"):
            action(visit=visit, entry=again, by=people.practitioner, at=NOW)
    assert Treatment.objects.filter(state="signed").count() == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"checks": {}}, "Not ticked: No tap water"),
        ({"skin_preparation": " "}, "skin preparation is not recorded"),
        ({"anaesthesia": ""}, "anaesthesia is not recorded"),
        ({"anaesthesia": "topical", "topical": (Topical("lidocaine"),)}, "sum with the injected one is unknown"),
        ({"anaesthesia": "topical"}, "dose of the anaesthetic on the skin is not recorded"),
        ({"zones": ()}, "Left side of the neck is not confirmed"),
        ({"pain_score": None}, "pain score is not recorded"),
        ({"reaction": ""}, "immediate reaction is not recorded"),
        ({"reaction": "some"}, "but not which"),
        ({"anaesthesia": "topical", "topical": (Topical("lidocaine", Decimal(290)),)}, "above the limit"),
    ],
)
def test_nothing_is_signed_while_something_is_missing(people, visit, fields, says):
    with pytest.raises(Refused) as refused:
        sign(visit, people.practitioner, entry(visit, **fields))
    assert says in " ".join(refused.value.reasons)
    visit.refresh_from_db()
    assert (visit.state, ZoneDose.objects.count(), LotUse.objects.count()) == ("open", 0, 0)
    assert [item.text for item in refused.value.missing] == list(refused.value.reasons)


@pytest.mark.parametrize(
    ("points", "volume", "says"),
    [
        (3, "-1", "below 0"),
        (3, "NaN", "not a number"),
        (0, "NaN", "not a number"),
        (3, "Infinity", "not a number"),
        (3, "1E+9", "above 500 mL"),
        (3, "0.00001", "three decimals"),
        (-1, "1", "points cannot be"),
        (10**7, "1", "points cannot be"),
        (0, "1", "at no point"),
    ],
)
def test_volumes_and_points_that_cannot_be_are_refused_when_saving(people, visit, points, volume, says):
    full = entry(visit)
    zone = replace(full.record.zones[0], points=points, volume_ml=Decimal(volume))
    with pytest.raises(Refused, match=says):
        save_treatment(visit=visit, entry=replace(full, record=replace(full.record, zones=(zone,))), by=people.nurse, at=NOW)
    assert not ZoneDose.objects.exists()


def test_a_difference_from_the_plan_needs_a_reason_and_the_plan_cannot_be_posted(people, visit):
    full = entry(visit)
    less = replace(full.record.zones[0], volume_ml=Decimal("0.1"), planned_volume_ml=Decimal("0.1"))
    with pytest.raises(Refused, match="differs from the plan"):
        sign(visit, people.practitioner, replace(full, record=replace(full.record, zones=(less,))))
    given = replace(less, reason="stopped when it hurt")
    signed = sign(visit, people.practitioner, replace(full, record=replace(full.record, zones=(given,))))
    dose = ZoneDose.objects.get(treatment=signed)
    assert dose.planned_volume_ml != dose.volume_ml
    assert dose.deviation_reason == "stopped when it hurt"


def test_a_lot_recalled_between_saving_and_signing_is_refused(people, visit):
    save_treatment(visit=visit, entry=entry(visit), by=people.nurse, at=NOW)
    set_lot_state(lot=LotUse.objects.get().lot, state="recalled", reason="notice", by=people.practitioner, at=NOW)
    with pytest.raises(Incomplete, match="is recalled"):
        sign_treatment(visit=visit, by=people.practitioner, at=NOW)


def test_without_consent_nothing_is_recorded_or_signed(people):
    visit = planned_visit(people)
    for action, by in ((save_treatment, people.nurse), (sign_treatment, people.practitioner)):
        with pytest.raises(Refused, match="Consent is not signed"):
            action(visit=visit, entry=entry(visit, lots=[]), by=by, at=NOW)


def test_going_over_a_limit_that_was_given_is_kept_with_its_reason(people, visit):
    over = {"anaesthesia": "topical", "topical": (Topical("lidocaine", Decimal(290)),), "over_limit_reason": "cream was left on by mistake"}
    signed = sign(visit, people.practitioner, entry(visit, **over))
    assert "left on by mistake" in signed.signed_content
    assert '"over"' in signed.signed_content


def test_one_zone_is_given_out_of_two_syringes_and_recorded_once_for_each(people, visit):
    one, two = syringe(visit, people.nurse, volume="0.25"), syringe(visit, people.nurse, volume="0.125")
    full = entry(visit)
    (zone,) = full.record.zones
    shares = [replace(zone, points=n, volume_ml=Decimal(ml), syringe=code) for n, ml, code in ((2, "0.25", one.code), (1, "0.125", two.code))]
    with pytest.raises(Refused, match="recorded twice from one syringe"):
        save_treatment(visit=visit, entry=replace(full, record=replace(full.record, zones=(shares[0], shares[0]))), by=people.nurse, at=NOW)
    signed = sign(visit, people.practitioner, replace(full, record=replace(full.record, zones=tuple(shares))))
    assert {(dose.syringe, dose.points, dose.volume_ml) for dose in ZoneDose.objects.filter(treatment=signed)} == {
        (one, 2, Decimal("0.25")), (two, 1, Decimal("0.125")),
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():  # whoever writes past the actions
        ZoneDose.objects.create(**{field.attname: getattr(ZoneDose.objects.first(), field.attname) for field in ZoneDose._meta.fields if field.name != "id"})


def test_a_zone_runs_over_into_the_next_syringe_by_itself_and_both_lots_lead_to_the_patient(people, visit):
    """300 points of 0.02 mL do not fit into one syringe of 5 mL; here three of 0.125 mL into 0.3 mL."""
    lots = [lot(people.clinic, number=number) for number in ("L-1", "L-2")]
    one, two = (syringe(visit, people.nurse, volume=ml, of=of, at=NOW - dt.timedelta(minutes=n)) for ml, of, n in zip(("0.3", "0.2"), lots, (2, 1), strict=True))
    signed = sign(visit, people.practitioner)
    signed.refresh_from_db()
    rows = [(dose.syringe, dose.points, dose.volume_ml, dose.given["state"], dose.doses) for dose in ZoneDose.objects.order_by("syringe__created_at", "pk")]
    assert rows == [(one, 3, Decimal("0.3"), "given", {"lidocaine": "6"}), (two, 0, Decimal("0.075"), "given", {"lidocaine": "1.5"})]
    moved = {(move.lot, move.put_into): move.units for move in StockMove.objects.filter(taken_from="syringe")}
    assert moved == {(lots[0], "patient"): Decimal("0.3"), (lots[1], "patient"): Decimal("0.075"), (lots[1], "waste"): Decimal("0.125")}
    assert broken(signed) == ()
    words = signed_words(json.loads(signed.signed_content), load(), NOW)
    assert dict(map(tuple, words["facts"]))["Which syringe for which zone"].startswith("not said")
    assert [(row["zone"], row["volume"], row["planned"]) for row in words["zones"]] == [
        (f"Neck, left, syringe {one.code}", "0.3 mL", "3 points, 0.375 mL in all"), (f"Neck, left, syringe {two.code}", "0.075 mL", "3 points, 0.375 mL in all"),
    ]  # fmt: skip
    for of in lots:
        assert zones_of(Scope.LOT, of, None) == {visit.patient_id: (("neck", "left"),)}
    second = Treatment.objects.get(course=visit.course, number=2)
    assert [(zone.points, zone.volume_ml, zone.deviates) for zone in last_given(second).zones] == [(3, Decimal("0.375"), False)]


def test_the_day_is_neither_to_come_nor_long_past(people, visit):
    for day, says in ((TODAY + dt.timedelta(days=1), "lies in the future"), (TODAY - dt.timedelta(days=60), "more than a month back")):
        with pytest.raises(Refused, match=says):
            save_treatment(visit=visit, entry=entry(visit, lots=[], given_on=day), by=people.nurse, at=NOW)


def test_a_crash_in_the_middle_of_signing_writes_nothing(people, visit, monkeypatch):
    full, before = entry(visit), AuditEvent.objects.count()
    monkeypatch.setattr("pistor.actions.treatment.audit", lambda **_: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError):
        sign(visit, people.practitioner, full)
    visit.refresh_from_db()
    assert (visit.state, visit.signed_content, visit.version) == ("open", "", 1)
    assert (ZoneDose.objects.count(), LotUse.objects.count(), AuditEvent.objects.count()) == (0, 0, before)


def test_a_form_sent_twice_signs_once(people, visit):
    full, token = entry(visit), uuid.uuid4()
    sign_treatment(visit=visit, entry=full, by=people.practitioner, at=NOW, token=token, location="/there/")
    with pytest.raises(AlreadyDone) as done:
        sign_treatment(visit=visit, entry=full, by=people.practitioner, at=NOW, token=token, location="/there/")
    assert done.value.location == "/there/"
    assert ZoneDose.objects.count() == 1


def test_a_stale_page_overwrites_nothing(people, visit):
    save_treatment(visit=visit, entry=entry(visit), by=people.nurse, at=NOW, version=1)
    with pytest.raises(Stale):
        save_treatment(visit=visit, entry=entry(visit, lots=[], note="older"), by=people.practitioner, at=NOW, version=1)
    visit.refresh_from_db()
    assert visit.note == ""


def test_a_nurse_records_and_does_not_sign_and_that_she_tried_is_kept(people, visit):
    save_treatment(visit=visit, entry=entry(visit), by=people.nurse, at=NOW)
    with pytest.raises(NotAllowed):
        sign_treatment(visit=visit, by=people.nurse, at=NOW)
    tried = AuditEvent.objects.get(verb="treatment.sign_refused")
    assert (tried.actor, tried.subject_id, tried.patient_id, tried.detail) == (people.nurse.pk, visit.pk, visit.patient_id, {"role": "nurse"})
    signed = sign_treatment(visit=visit, by=people.practitioner, at=NOW)
    assert (signed.performed_by, signed.signed_by) == (people.nurse, people.practitioner)


@pytest.mark.parametrize("role", ["front_desk", "owner"])
def test_others_neither_record_nor_sign(people, visit, role):
    for action in (save_treatment, sign_treatment):
        with pytest.raises(NotAllowed):
            action(visit=visit, entry=entry(visit, lots=[]), by=getattr(people, role), at=NOW)


def test_another_clinics_visit_is_out_of_reach(people, visit):
    stranger = factories.user(people.stranger.clinic, "nurse")
    with pytest.raises(NotAllowed):
        sign_treatment(visit=visit, by=stranger, at=NOW)
    assert not AuditEvent.objects.filter(verb="treatment.sign_refused").exists()
    for action in (save_treatment, sign_treatment):
        with pytest.raises(Treatment.DoesNotExist):
            action(visit=visit, entry=entry(visit, lots=[]), by=people.stranger, at=NOW)


def test_an_amendment_stands_beside_the_original_and_has_its_own_hash(people, visit):
    signed = sign(visit, people.practitioner)
    content = signed.signed_content
    row = amend_treatment(visit=signed, kind="correction", text="Two points more on the left", reason="miscounted", by=people.practitioner, at=NOW)
    signed.refresh_from_db()
    assert (signed.signed_content, len(row.sha256), broken(signed)) == (content, 64, ())
    for kind, text, reason in (("wish", "a", "b"), ("addition", "", "b"), ("addition", "a", " ")):
        with pytest.raises(Refused):
            amend_treatment(visit=signed, kind=kind, text=text, reason=reason, by=people.practitioner, at=NOW)
    assert Amendment.objects.count() == 1


def test_only_what_is_signed_is_amended(people, visit):
    with pytest.raises(Refused, match="not signed yet"):
        amend_treatment(visit=visit, kind="addition", text="a", reason="b", by=people.practitioner, at=NOW)


def test_the_shelf_offers_what_expires_first_and_nothing_that_must_not_be_used(people):
    late, soon = lot(people.clinic, number="late", days=200), lot(people.clinic, number="soon", days=0)
    lot(people.clinic, number="gone", days=-1)
    lot(people.clinic, number="held", state="quarantined")
    lot(people.stranger.clinic, number="theirs")
    assert list(usable_lots(people.clinic, "lidocaine_2pct", TODAY)) == [soon, late]


def test_a_visit_without_a_plan_says_everything_that_is_missing(people):
    visit = factories.visit(factories.course(factories.patient(people.practitioner)))
    with pytest.raises(Refused) as refused:
        sign_treatment(visit=visit, by=people.practitioner, at=NOW)
    assert {"No blend is composed.", "Consent is not signed."} <= set(refused.value.reasons)


def test_the_room_is_signed_with_the_rest(people):
    visit, room = planned_visit(people), factories.room(people.clinic, name="Room of light")
    consented(visit, people.practitioner)
    use_room(visit=visit, room=room, by=people.practitioner, at=NOW)
    visit = sign_treatment(visit=visit, entry=entry(visit), by=people.practitioner, at=NOW)
    assert json.loads(visit.signed_content)["room"] == {"id": str(room.pk), "name": "Room of light"}
    assert broken(visit) == ()
    Room.objects.filter(pk=room.pk).update(name="Another")
    visit.refresh_from_db()
    assert broken(visit) == ("The room in the database is no longer the one that was signed.",)
