"""Correcting a lot of a signed treatment moves the ledger with it: back into the wrong lot, out of the right one, once, and every vial adds up."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pistor.actions.amendments import correct_treatment
from pistor.actions.core import AlreadyDone, Refused
from pistor.actions.stock import NewProduct, close_vial, count, open_vial, receive, set_lot_state
from pistor.actions.treatment import sign_treatment
from pistor.care.amendment import lot_places
from pistor.care.stock import Move, Place, balance
from pistor.knowledge import load
from pistor.records.amendments import amended_content, signed_content
from pistor.records.recalls import Scope, exposures_between, exposures_of
from pistor.records.signed import broken
from pistor.records.stock import Discrepancy, Lot, StockMove, Vial, left_in, on_shelf
from tests import ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
EARLIER, LATER = NOW - dt.timedelta(days=9), NOW + dt.timedelta(days=2)
_tries = itertools.count()


def shelf_of(people, number, *, size=None, containers=3, name="", **more):
    """A lot of lidocaine on the shelf; where ``size`` is None nobody said what one container holds."""
    row = receive(
        product=NewProduct("lidocaine_2pct", name=name or number, prescription="no"), lot_number=number, expires_on=TODAY + dt.timedelta(days=300),
        containers=containers, container_units=D(size or 1), unit="mL", by=people.practitioner, at=EARLIER, **more,
    )  # fmt: skip
    if size is None:
        row.product.container_units = None
        row.product.save()
    return row


def signed_from(people, *lots, volume="1"):
    """A signed treatment out of one syringe for each lot, of one millilitre; 1.5 mL of them all are given."""
    visit = ready.planned_visit(people, volume=volume)
    ready.consented(visit, people.practitioner)
    for lot in lots:
        ready.syringe(visit, people.practitioner, of=lot, volume=volume)
    zones = ready.planned_zones(visit.course)
    share = (D("0.75") * D(volume) * len(lots) / sum(zone.points for zone in zones)).quantize(D("0.001"))
    zones = tuple(ready.replace(zone, volume_ml=share * zone.points, state="changed", reason="as it was") for zone in zones)
    signed = sign_treatment(visit=visit, entry=ready.full_entry(visit, zones=zones), by=people.practitioner, at=NOW)
    signed.refresh_from_db()
    return signed


def correct(visit, people, *pairs, at=LATER, **more):
    """The lot of each draw, by its number among the places, is another."""
    places = [path for path, _, _ in lot_places(signed_content(visit))]
    wanted = {places[n]: str(lot.pk) for n, lot in pairs}
    return correct_treatment(visit=visit, wanted=wanted, reason="misread", by=people.practitioner, at=at, **more)


def moves(lot, **which):
    return [Move(Place(one.taken_from), Place(one.put_into), one.units) for one in StockMove.objects.filter(lot=lot, **which)]


def where(lot):
    """What the ledger has of a lot: on the shelf, in vials, in the patient, in the waste, and in syringes."""
    return tuple(balance(moves(lot), place) for place in (Place.SHELF, Place.VIAL, Place.PATIENT, Place.WASTE, Place.SYRINGE))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Without the printed summaries, which other tests look at."""
    for place in ("amendments", "treatment"):
        monkeypatch.setattr(f"pistor.actions.{place}.keep_summary", lambda *a, **k: None)


def serving_several(monkeypatch, name="lidocaine_2pct"):
    library = load()
    ours = replace(library, presentations={**library.presentations, name: library.presentations[name].model_copy(update={"single_use": False})})
    for place in ("actions.syringes", "actions.stock", "actions.corrected_stock"):
        monkeypatch.setattr(f"pistor.{place}.library_of", lambda clinic: ours)


@pytest.mark.parametrize(("size", "other"), [(None, None), (None, 5), (2, None), (2, 5), ("0.6", "0.4")])
def test_what_was_booked_from_the_wrong_lot_is_back_and_the_right_one_was_used(people, size, other):
    wrong, right = shelf_of(people, "L-1", size=size), shelf_of(people, "L-2", size=other)
    before = where(wrong), where(right)
    visit = signed_from(people, wrong)
    of_wrong = where(wrong)
    row = correct(visit, people, *[(n, right) for n in range(len(lot_places(signed_content(visit))))])
    assert where(wrong) == before[0]
    shelf, vials, given_, wasted, syringe = where(right)
    assert (given_, syringe, vials) == (of_wrong[2], 0, 0)
    assert shelf + given_ + wasted == before[1][0]
    assert "lot L-1:" in row.text and "lot L-2:" in row.text
    assert broken(visit) == () and not Discrepancy.objects.exists()
    for vial in Vial.objects.all():
        mine = [Move(Place(one.taken_from), Place(one.put_into), one.units) for one in StockMove.objects.filter(vial=vial)]
        assert balance(mine, Place.VIAL) == 0 and vial.closed_at
        assert left_in([vial])[vial.pk].punctures == (0 if vial.lot_id == wrong.pk else 1)


def test_back_again_leaves_the_shelf_as_it_was_signed(people):
    wrong, right = shelf_of(people, "L-1", size=2), shelf_of(people, "L-2", size=5)
    visit = signed_from(people, wrong)
    signed = where(wrong), where(right)
    correct(visit, people, (0, right))
    correct(visit, people, (0, wrong))
    assert (where(wrong), where(right)) == signed
    assert [row["lot_number"] for row in amended_content(visit)["lots"]] == ["L-1"]


def test_two_lots_that_were_mistaken_for_each_other_are_both_there(people):
    """All of what goes back is back before anything is taken, so the last container of each is not found missing."""
    first, second = shelf_of(people, "L-1", size=1, containers=1), shelf_of(people, "L-2", size=1, containers=1)
    visit = signed_from(people, first, second)
    given_ = where(first)[2], where(second)[2]
    correct(visit, people, (0, second), (1, first))
    assert (where(second)[2], where(first)[2]) == given_
    assert (where(first)[0], where(second)[0], Discrepancy.objects.count()) == (0, 0, 0)


def test_an_empty_lot_is_found_by_the_correction_and_the_difference_is_to_be_explained(people):
    wrong, right = shelf_of(people, "L-1", size=2), shelf_of(people, "L-2", size=5, containers=1)
    count(lot=right, found=D(0), unit="mL", by=people.practitioner, at=EARLIER)
    Discrepancy.objects.all().delete()
    row = correct(signed_from(people, wrong), people, (0, right))
    difference = Discrepancy.objects.get()
    assert (difference.lot, difference.expected_units, difference.found_units, on_shelf([right])[right.pk].units) == (right, 0, 5, 0)
    assert "by the ledger 0 mL were on the shelf, and 5 mL were taken; explain the difference" in row.text


def test_what_a_correction_found_is_not_there_when_it_was_wrong_itself(people):
    wrong, right = shelf_of(people, "L-1", size=2), shelf_of(people, "L-2", size=5, containers=1)
    count(lot=right, found=D(0), unit="mL", by=people.practitioner, at=EARLIER)
    Discrepancy.objects.all().delete()
    visit = signed_from(people, wrong)
    signed = where(wrong), where(right)
    correct(visit, people, (0, right))
    row = correct(visit, people, (0, wrong))
    assert (where(wrong), where(right)) == signed
    assert "5 mL that a correction had to find are taken back" in row.text
    assert Discrepancy.objects.get().resolved_at is None  # whoever explains it reads both amendments


def test_a_lot_that_nobody_counted_stays_not_counted(people):
    wrong, right = shelf_of(people, "L-1"), ready.lot(people.clinic, number="L-2")
    correct(signed_from(people, wrong), people, (0, right))
    assert not on_shelf([right])[right.pk].known and not Discrepancy.objects.exists()


@pytest.mark.parametrize(
    ("state", "days", "says"),
    [("quarantined", 9, "in quarantine, and was given"), ("recalled", 9, "is recalled, and was"), ("usable", -1, "had expired on 22 Nov")],
)
def test_what_must_not_have_been_used_is_booked_and_said(people, state, days, says):
    wrong, right = shelf_of(people, "L-1"), shelf_of(people, "L-2")
    Lot.objects.filter(pk=right.pk).update(state=state, expires_on=TODAY + dt.timedelta(days=days))
    assert says in correct(signed_from(people, wrong), people, (0, right)).text
    assert where(right)[0] == 2


def test_what_goes_back_into_a_quarantined_lot_stays_in_quarantine(people):
    wrong, right = shelf_of(people, "L-1"), shelf_of(people, "L-2")
    visit = signed_from(people, wrong)
    set_lot_state(lot=wrong, state="quarantined", reason="notice", by=people.practitioner, at=NOW)
    correct(visit, people, (0, right))
    wrong.refresh_from_db()
    assert (wrong.state, where(wrong)[0]) == ("quarantined", 3)


def test_units_are_never_converted(people):
    wrong, right, third = shelf_of(people, "L-1"), shelf_of(people, "L-2"), shelf_of(people, "L-3")
    right.product.unit = "mg"
    right.product.save()
    visit = signed_from(people, wrong)
    used = where(wrong)
    assert "counted in mg. Count it." in correct(visit, people, (0, right)).text
    assert where(right)[0] == 3
    correct(visit, people, (0, third))
    assert where(third) == used


def test_the_same_form_moves_once_and_a_crash_moves_nothing(people, monkeypatch):
    wrong, right, token = shelf_of(people, "L-1", size=2), shelf_of(people, "L-2", size=2), uuid.uuid4()
    visit = signed_from(people, wrong)
    before = StockMove.objects.count(), Vial.objects.count()
    with monkeypatch.context() as broken_for_now:
        broken_for_now.setattr("pistor.actions.amendments.audit", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            correct(visit, people, (0, right), token=token)
    assert (StockMove.objects.count(), Vial.objects.count()) == before
    correct(visit, people, (0, right), token=token)
    after = where(wrong), where(right)
    with pytest.raises(AlreadyDone):
        correct(visit, people, (0, right), token=token)
    with pytest.raises(Refused, match="Nothing differs"):
        correct(visit, people, (0, right))
    assert (where(wrong), where(right)) == after


def test_other_corrections_move_nothing(people):
    visit = signed_from(people, shelf_of(people, "L-1"))
    before = StockMove.objects.count()
    correct_treatment(visit=visit, wanted={"record/pain_score": 7}, reason="misread", by=people.practitioner, at=LATER)
    assert StockMove.objects.count() == before


def test_a_size_that_cannot_be_is_refused(people):
    wrong, right = shelf_of(people, "L-1"), shelf_of(people, "L-2", size="0.01")
    with pytest.raises(Refused, match="more than 20 containers of lot L-2"):
        correct(signed_from(people, wrong), people, (0, right))


# ── vials that serve several ──


def test_a_vial_that_others_had_of_takes_its_part_back(people, monkeypatch):
    serving_several(monkeypatch)
    wrong, right = shelf_of(people, "L-1", size=10), shelf_of(people, "L-2", size=10)
    visit, _ = signed_from(people, wrong), signed_from(people, wrong)
    vial = Vial.objects.get()
    assert left_in([vial])[vial.pk].units == 8
    row = correct(visit, people, (0, right))
    vial.refresh_from_db()
    assert (left_in([vial])[vial.pk].units, left_in([vial])[vial.pk].punctures, vial.closed_at) == (9, 1, None)
    opened = Vial.objects.get(lot=right)
    assert (opened.opened_at, opened.closed_at, left_in([opened])[opened.pk].units) == (NOW, None, 9)
    assert f"back in the opened vial {vial.code}" in row.text and "opened and to be closed with what is left" in row.text
    correct(visit, people, (0, wrong))
    assert (left_in([vial])[vial.pk].units, where(right)[0]) == (8, 30)


def test_a_closed_vial_that_was_counted_leaves_a_difference(people, monkeypatch):
    serving_several(monkeypatch)
    wrong, right = shelf_of(people, "L-1", size=10), shelf_of(people, "L-2")
    vial = open_vial(lot=wrong, by=people.practitioner, at=EARLIER)
    visit = signed_from(people, wrong)
    close_vial(vial=vial, found=D(9), unit="mL", by=people.practitioner, at=NOW)
    row = correct(visit, people, (0, right))
    difference = Discrepancy.objects.get()
    assert (difference.vial, difference.expected_units, difference.found_units, left_in([vial])[vial.pk].units) == (vial, 1, 0, 0)
    assert "explain the difference" in row.text


def test_a_recall_of_the_vial_finds_who_had_of_it_by_a_correction(people, monkeypatch):
    serving_several(monkeypatch)
    wrong, right = shelf_of(people, "L-1"), shelf_of(people, "L-2", size=10)
    vial = open_vial(lot=right, by=people.practitioner, at=EARLIER)
    visit = signed_from(people, wrong)
    correct(visit, people, (0, right))
    assert [one.patient for one in exposures_of(Scope.VIAL, vial, None)] == [visit.patient_id]
    (one,) = exposures_between(people.clinic, [visit.patient_id], TODAY, TODAY)
    assert str(vial.pk) in {source.subject for source in one.sources}
    assert amended_content(visit)["syringes"][0]["draws"][0]["vial"] == str(vial.pk)


# ── any corrections in any order ──


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


LOTS = (("L-1", "0.6"), ("L-2", None), ("L-3", "5"), ("L-4", "0.4"), ("L-5", None))


@pytest.mark.parametrize("several", [False, True])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from(range(5)), min_size=1, max_size=3), min_size=1, max_size=5))
@example([{2: 3, 0: 0}, {0: 0}, {1: 3}, {1: 0}, {2: 0}])  # what one draw had to find, while another had of the same vial
def test_after_any_corrections_the_ledger_holds_what_is_known(people, several, monkeypatch, steps):
    with monkeypatch.context() as here, undone():
        if several:
            serving_several(here)
        lots = [shelf_of(people, number, size=size) for number, size in LOTS]
        count(lot=lots[4], found=D(0), unit="mL", by=people.practitioner, at=EARLIER)
        set_lot_state(lot=lots[3], state="quarantined", reason="notice", by=people.practitioner, at=EARLIER)
        before = {lot.pk: where(lot)[0] for lot in lots}
        visit = signed_from(people, lots[0], lots[1])  # of 0.6 mL and 0.4 mL out of two containers, and 1 mL from the shelf
        given_ = sum(where(lot)[2] for lot in lots)
        for step in steps:
            number = len(lot_places(signed_content(visit)))
            pairs = [(n % number, lots[lot]) for n, lot in step.items()]
            try:
                correct(visit, people, *pairs, at=LATER + dt.timedelta(minutes=next(_tries)))
            except Refused as refused:
                assert "Nothing differs" in str(refused)
            holds_together(visit, lots, before, given_)


def holds_together(visit, lots, before, given_):
    known = {row["lot"]: D(row["volume_ml"]) for row in amended_content(visit)["lots"]}
    assert sum(where(lot)[2] for lot in lots) == given_
    for lot in lots:
        shelf, vials, patient, wasted, syringe = where(lot)
        drawn = sum((one.units for one in StockMove.objects.filter(lot=lot, put_into="syringe", taken_from__in=("shelf", "vial"))), D(0))
        back = sum((one.units for one in StockMove.objects.filter(lot=lot, taken_from="syringe", put_into__in=("shelf", "vial"))), D(0))
        assert (syringe, drawn - back) == (0, known.get(str(lot.pk), 0))
        assert shelf >= 0 and vials >= 0 and patient <= known.get(str(lot.pk), 0)
        if str(lot.pk) not in known:
            assert (shelf, vials, patient, wasted) == (before[lot.pk], 0, 0, 0), "nothing of it was used after all"
    for vial in Vial.objects.all():
        mine = [Move(Place(one.taken_from), Place(one.put_into), one.units) for one in StockMove.objects.filter(vial=vial)]
        assert (left := balance(mine, Place.VIAL)) >= 0 and (left == 0 or vial.closed_at is None)
    assert broken(visit) == ()
