"""A syringe is made from lots, looked at, begun, and booked exactly once when its treatment is signed."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pistor.actions import syringes as actions
from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.prescriptions import end_prescription, prescribe
from pistor.actions.syringes import check_syringe, discard_syringe, make_syringe
from pistor.actions.treatment import save_treatment, sign_treatment
from pistor.care.stock import Place, Take
from pistor.records import append_only
from pistor.records.audit import AuditEvent
from pistor.records.signed import broken
from pistor.records.stock import Discrepancy, Lot, Product, StockMove, Vial, held_of, left_in
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import LotUse, Treatment
from tests.conftest import NOW, TODAY
from tests.ready import consented, full_entry, lot, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=5)


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    return visit


def entry(visit, **fields):
    """Given from the syringes that were made, whose codes were read as far as they can be."""
    with contextlib.suppress(Refused):
        read_codes(visit, visit.created_by)
    return full_entry(visit, lots=[], **fields)


def sign(visit, by, full=None, at=NOW, **more):
    return sign_treatment(visit=visit, entry=full or entry(visit), by=by, at=at, **{"token": uuid.uuid4(), **more})


def refused(call, *args, **kwargs) -> str:
    with pytest.raises(Refused) as said:
        call(*args, **kwargs)
    return " ".join(said.value.reasons)


def received(row, units="10", put_into=Place.SHELF, taken_from=Place.OUTSIDE, vial=None):
    return StockMove.objects.create(
        clinic=row.clinic, created_at=NOW, lot=row, vial=vial, taken_from=taken_from, put_into=put_into, units=Decimal(units), unit="mL", booking=uuid.uuid4()
    )


def moved(row, taken_from, put_into) -> Decimal:
    return sum((move.units for move in StockMove.objects.filter(booking=row.pk, taken_from=taken_from, put_into=put_into)), Decimal(0))


def moved_of(row, taken_from, put_into) -> Decimal:
    return sum((move.units for move in StockMove.objects.filter(lot=row, taken_from=taken_from, put_into=put_into)), Decimal(0))


# ── making ──


def test_what_is_drawn_leaves_the_shelf_in_the_same_transaction(people, visit, monkeypatch):
    row = lot(people.clinic)
    received(row)
    made = syringe(visit, people.nurse)
    assert held_of([row])[0].units == 9
    assert [(draw.lot_id, draw.volume_ml) for draw in made.draws.all()] == [(row.pk, Decimal(1))]
    assert (made.volume_ml, made.use_before, made.use_before_basis, len(made.code)) == (1, NOW + dt.timedelta(hours=4), "our pharmacist", 10)
    assert (made.looked_by, made.checked_by) == (people.nurse, None)
    assert AuditEvent.objects.get(verb="syringe.made").patient_id == visit.patient_id

    monkeypatch.setattr(actions, "book", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        syringe(visit, people.nurse)
    assert (Syringe.objects.count(), Draw.objects.count(), held_of([row])[0].units) == (1, 1, 9)


def test_a_lot_nobody_counted_stays_not_counted(people, visit):
    row = lot(people.clinic)
    made = syringe(visit, people.nurse)
    assert held_of([row])[0].units is None
    assert moved(made, Place.SHELF, Place.SYRINGE) == 1


def test_an_opened_vial_is_used_up_first_and_its_punctures_are_counted(people, visit):
    row = lot(people.clinic)
    received(row)
    own = {"clinic": people.clinic, "created_at": NOW, "lot": row, "container_units": 2, "opened_at": NOW}
    other = Vial.objects.create(**own, code="OTHER", patient=planned_visit(people).patient)
    gone = Vial.objects.create(**own, code="GONE", discard_after=NOW)
    closed = Vial.objects.create(**own, code="CLOSED", closed_at=NOW)
    soon = Vial.objects.create(**own, code="SOON", discard_after=NOW + dt.timedelta(hours=2))
    for vial in (other, gone, closed, soon):
        received(row, "0.6", Place.VIAL, Place.SHELF, vial)
    made = syringe(visit, people.nurse)
    assert {(draw.vial and draw.vial.code, draw.volume_ml) for draw in made.draws.all()} == {("SOON", Decimal("0.6")), (None, Decimal("0.4"))}
    left = left_in([other, gone, closed, soon])
    assert [(left[vial.pk].units, left[vial.pk].punctures) for vial in (other, gone, closed, soon)] == [(Decimal("0.6"), 0)] * 3 + [(0, 1)]


@pytest.mark.parametrize(("single_use", "closed", "wasted"), [(True, 2, "0.2"), (False, 0, "0")])
def test_containers_are_opened_for_it_and_drawn_and_wasted_is_what_they_held(people, visit, monkeypatch, single_use, closed, wasted):
    row = lot(people.clinic)
    received(row)
    Product.objects.update(container_units=Decimal("0.6"))
    known = actions.library_of(people.clinic)
    entry = known.presentations["lidocaine_2pct"].model_copy(update={"single_use": single_use})
    ours = replace(known, presentations={**known.presentations, "lidocaine_2pct": entry})
    for place in ("pistor.actions.syringes.library_of", "pistor.actions.stock.library_of"):
        monkeypatch.setattr(place, lambda clinic: ours)
    made = syringe(visit, people.nurse)
    vials = Vial.objects.order_by("opened_at", "pk")
    assert [draw.volume_ml for draw in made.draws.order_by("-volume_ml")] == [Decimal("0.6"), Decimal("0.4")]
    assert (vials.filter(closed_at__isnull=False).count(), {vial.patient_id for vial in vials}) == (closed, {visit.patient_id if single_use else None})
    assert moved_of(row, Place.VIAL, Place.WASTE) == Decimal(wasted)
    assert moved_of(row, Place.SHELF, Place.VIAL) == Decimal("1.2")
    assert not Discrepancy.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"own_basis": ""}, "Enter who says"),
        ({"own_hours": None, "own_basis": ""}, "a syringe of one product may be kept was not found"),
        ({"own_hours": Decimal(100)}, "cannot be"),
        ({"look": "fine"}, "Say how the syringe looks"),
        ({"volume": "0"}, "Nothing was taken from lot L-1"),
        ({"volume": "-1"}, "below 0"),
        ({"volume": "1.0001"}, "three decimals"),
        ({"volume": "11"}, "By the ledger 10 mL of lot L-1 are on the shelf"),
    ],
)
def test_what_cannot_be_made_is_said_and_books_nothing(people, visit, fields, says):
    received(lot(people.clinic))
    before = StockMove.objects.count()
    assert says in refused(syringe, visit, people.nurse, **fields)
    assert (Syringe.objects.count(), StockMove.objects.count()) == (0, before)


@pytest.mark.parametrize(
    ("state", "days", "says"), [("recalled", 9, "is recalled"), ("quarantined", 9, "in quarantine"), ("usable", -1, "expired on 22 Nov 2026")]
)
def test_nothing_is_drawn_from_a_lot_that_must_not_be_used(people, visit, state, days, says):
    lot(people.clinic, state=state, days=days)
    assert says in refused(syringe, visit, people.nurse)


def test_a_syringe_is_the_blend_and_nothing_else(people, visit):
    other = lot(people.clinic, "sodium_chloride_09pct", "S-1")
    assert "is not in the blend" in refused(syringe, visit, people.nurse, of=other)
    foreign = lot(people.stranger.clinic)
    assert "not on your clinic" in refused(syringe, visit, people.nurse, of=foreign)
    Product.objects.filter(pk=lot(people.clinic).product_id).update(unit="mg")
    assert "is counted in mg" in refused(syringe, visit, people.nurse, of=Lot.objects.get(clinic=people.clinic, lot_number="L-1"))


def test_the_same_form_makes_one_syringe(people, visit):
    token = uuid.uuid4()
    syringe(visit, people.nurse, token=token, location="/x/")
    with pytest.raises(AlreadyDone):
        syringe(visit, people.nurse, token=token)
    assert Syringe.objects.count() == 1


# ── looking, beginning, throwing away ──


def test_whoever_did_not_make_it_is_the_second_check(people, visit):
    made = syringe(visit, people.nurse, look="not_said")
    assert made.looked_at is None
    check_syringe(syringe=made, look="clear", by=people.nurse, at=NOW)
    made.refresh_from_db()
    assert (made.look, made.looked_by, made.checked_by) == ("clear", people.nurse, None)
    check_syringe(syringe=made, look="clear", by=people.practitioner, at=NOW)
    made.refresh_from_db()
    assert made.checked_by == people.practitioner
    check_syringe(syringe=made, look="particles", by=people.nurse, at=NOW)
    assert "seen otherwise before" in refused(check_syringe, syringe=made, look="clear", by=people.practitioner, at=NOW)


def test_what_is_thrown_away_is_waste_to_the_last_drop(people, visit):
    made = syringe(visit, people.nurse)
    assert "Write why" in refused(discard_syringe, syringe=made, reason=" ", by=people.nurse, at=NOW)
    discard_syringe(syringe=made, reason="fell down", by=people.nurse, at=NOW)
    assert (moved(made, Place.SYRINGE, Place.WASTE), moved(made, Place.SYRINGE, Place.PATIENT)) == (1, 0)
    assert "discarded already" in refused(discard_syringe, syringe=made, reason="again", by=people.nurse, at=NOW)


# ── signing ──


def test_signing_books_what_was_given_and_what_was_left_and_the_lots_follow(people, visit):
    first, second = lot(people.clinic), lot(people.clinic, number="L-2")
    one, two = syringe(visit, people.nurse, of=first, volume="0.1"), syringe(visit, people.nurse, of=second, volume="1")
    thrown = syringe(visit, people.nurse, of=second)
    discard_syringe(syringe=thrown, reason="too many", by=people.nurse, at=NOW)
    full = entry(visit)
    signed = sign(visit, people.practitioner, full)
    given = full.record.volume_ml
    assert [moved(row, Place.SYRINGE, Place.PATIENT) for row in (one, two)] == [Decimal("0.1"), given - Decimal("0.1")]
    assert [moved(row, Place.SYRINGE, Place.WASTE) for row in (one, two)] == [0, Decimal("1.1") - given]
    assert {(use.lot_id, use.volume_ml) for use in LotUse.objects.filter(treatment=signed)} == {(first.pk, Decimal("0.1")), (second.pk, Decimal(1))}
    assert sorted(Syringe.objects.values_list("state", flat=True)) == ["discarded", "given", "given"]
    content = json.loads(Treatment.objects.get(pk=signed.pk).signed_content)
    assert [row["given_ml"] for row in content["syringes"]][:2] == ["0.1", format((given - Decimal("0.1")).normalize(), "f")]
    assert broken(Treatment.objects.get(pk=signed.pk)) == ()


def test_in_total_every_millilitre_drawn_was_given_or_thrown_away(people, visit):
    made = syringe(visit, people.nurse)
    sign(visit, people.practitioner)
    assert moved(made, Place.SHELF, Place.SYRINGE) == moved(made, Place.SYRINGE, Place.PATIENT) + moved(made, Place.SYRINGE, Place.WASTE)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda visit, made: Syringe.objects.filter(pk=made.pk).update(look="not_said"), "Nobody has looked"),
        (lambda visit, made: Syringe.objects.filter(pk=made.pk).update(look="particles"), "seen with particles"),
        (lambda visit, made: Syringe.objects.filter(pk=made.pk).update(use_before=NOW - dt.timedelta(minutes=1)), "was good until 09:59"),
        (lambda visit, made: Lot.objects.update(state="recalled"), "is recalled"),
        (lambda visit, made: Lot.objects.update(state="quarantined"), "in quarantine"),
        (lambda visit, made: Lot.objects.update(expires_on=TODAY - dt.timedelta(days=1)), "expired on"),
        (lambda visit, made: Product.objects.update(prescription="yes"), "needs a prescription, and none is in date"),
        (lambda visit, made: Product.objects.update(prescription="not_said"), "needs a prescription is not said"),
    ],
)
def test_the_gate_names_what_is_against_a_syringe(people, visit, spoil, says):
    made = syringe(visit, people.nurse)
    save_treatment(visit=visit, entry=entry(visit), by=people.nurse, at=NOW)
    spoil(visit, made)
    moves = StockMove.objects.count()
    visit.refresh_from_db()
    assert says in refused(sign_treatment, visit=visit, by=people.practitioner, at=NOW)
    assert (StockMove.objects.count(), Treatment.objects.filter(state="signed").count()) == (moves, 0)


def test_a_syringe_that_nothing_was_given_of_is_named(people, visit):
    syringe(visit, people.nurse)
    spare = syringe(visit, people.nurse)
    assert f"Nothing was given of syringe {spare.code}" in refused(sign, visit, people.practitioner)


def test_more_than_the_syringes_hold_cannot_have_been_given(people, visit):
    syringe(visit, people.nurse, volume="0.2")
    assert "which held 0.2 mL" in refused(sign, visit, people.practitioner)


def test_a_syringe_begun_in_time_is_recorded_later(people, visit):
    syringe(visit, people.nurse)
    full = full_entry(visit, lots=[])
    assert "was good until" in refused(sign, visit, people.practitioner, full, at=LATER)
    read_codes(visit, people.nurse)
    assert sign(visit, people.practitioner, at=LATER).state == "signed"


def test_a_syringe_made_after_the_record_was_saved_gives_its_lots(people, visit):
    save_treatment(visit=visit, entry=full_entry(visit, lots=[]), by=people.nurse, at=NOW)
    made = syringe(visit, people.nurse, of=lot(people.clinic, number="L-9"))
    read_codes(visit, people.nurse)
    visit.refresh_from_db()
    sign_treatment(visit=visit, by=people.practitioner, at=NOW)
    assert [use.lot_id for use in LotUse.objects.filter(treatment=visit)] == [made.draws.get().lot_id]


def test_a_form_sent_twice_books_once(people, visit):
    made, token = syringe(visit, people.nurse), uuid.uuid4()
    sign(visit, people.practitioner, token=token)
    before = list(StockMove.objects.values_list("pk", flat=True))
    with pytest.raises(AlreadyDone):
        sign(visit, people.practitioner, token=token)
    assert "is locked" in refused(sign, visit, people.practitioner)
    assert list(StockMove.objects.values_list("pk", flat=True)) == before
    with pytest.raises(IntegrityError), transaction.atomic():  # whoever tries past the actions
        actions.book_given([made], entry(visit).record, by=people.practitioner, at=NOW)


@pytest.mark.parametrize("where", ["pistor.actions.treatment.content_to_sign", "pistor.actions.treatment.audit", "pistor.actions.syringes.book"])
def test_a_crash_between_leaves_nothing_booked_and_the_next_try_books_once(people, visit, monkeypatch, where):
    made = syringe(visit, people.nurse)
    before = StockMove.objects.count()
    with monkeypatch.context() as broken_for_now:
        broken_for_now.setattr(where, lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sign(visit, people.practitioner)
    made.refresh_from_db()
    assert (StockMove.objects.count(), made.state, Treatment.objects.filter(state="signed").count()) == (before, "ready", 0)
    sign(visit, people.practitioner)
    assert StockMove.objects.filter(booking=made.pk).count() == 3  # drawn, given, left over


def test_what_was_signed_with_syringes_is_locked_and_a_change_behind_the_locks_is_found(people, visit):
    made = syringe(visit, people.nurse)
    signed = Treatment.objects.get(pk=sign(visit, people.practitioner).pk)
    for rows, change in ((Syringe.objects.all(), {"look": "changed"}), (Draw.objects.all(), {"volume_ml": 9})):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            rows.update(**change)
    assert "signed and locked" in refused(syringe, visit, people.nurse)
    append_only.unguard(connection)
    Draw.objects.filter(syringe=made).update(volume_ml=Decimal("0.9"))
    assert "syringes in the database are no longer" in " ".join(broken(signed))


def test_without_a_syringe_nothing_is_signed(people, visit):
    lot(people.clinic)
    assert "No syringe is made" in refused(sign, visit, people.practitioner)


# ── prescriptions ──


def written(visit, by, **more):
    given = {"presentation": "lidocaine_2pct", "directions": "0.5 mL per visit", "valid_from": TODAY, "valid_until": TODAY, "at": NOW, **more}
    return prescribe(visit=visit, by=by, **given)


def test_an_in_date_prescription_opens_the_gate_until_it_is_ended(people, visit):
    syringe(visit, people.nurse, prescription="yes")
    row = written(visit, people.practitioner)
    end_prescription(prescription=row, reason="side effects", by=people.practitioner, at=NOW)
    assert "The last one was ended" in refused(sign, visit, people.practitioner)
    assert "ended already" in refused(end_prescription, prescription=row, reason="again", by=people.practitioner, at=NOW)
    written(visit, people.practitioner)
    assert sign(visit, people.practitioner).state == "signed"


@pytest.mark.parametrize("role", ["nurse", "front_desk", "owner"])
def test_only_a_practitioner_prescribes_and_ends(people, visit, role):
    with pytest.raises(NotAllowed):
        written(visit, getattr(people, role))
    with pytest.raises(NotAllowed):
        end_prescription(prescription=written(visit, people.practitioner), reason="x", by=getattr(people, role), at=NOW)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"presentation": "gone"}, "no known presentation"),
        ({"directions": " "}, "how it is to be given"),
        ({"valid_until": TODAY - dt.timedelta(days=1)}, "before the first"),
        ({"valid_from": TODAY - dt.timedelta(days=9), "valid_until": TODAY - dt.timedelta(days=1)}, "has passed"),
        ({"valid_until": TODAY.replace(year=2036)}, "Check the year"),
    ],
)
def test_a_prescription_that_cannot_be_is_refused(people, visit, fields, says):
    assert says in refused(written, visit, people.practitioner, **fields)


@pytest.mark.parametrize("role", ["front_desk", "owner"])
def test_others_make_no_syringes(people, visit, role):
    with pytest.raises(NotAllowed):
        make_syringe(visit=visit, takes=[Take(lot(people.clinic).pk, Decimal(1), "mL")], by=getattr(people, role), at=NOW)
