"""Everybody who had a lot is found, told and written down; what suspected infections share is said at once."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.reactions import report_reaction
from pistor.actions.recall import add_exposed, close_recall, dismiss_alert, export_contacts, freeze_lots, open_recall, record_contact, write_letters
from pistor.actions.syringes import discard_syringe
from pistor.care.codes import in_signs
from pistor.records.audit import AuditEvent, verify_chain
from pistor.records.devices import DeviceUse, SingleUse
from pistor.records.formulation import Formulation
from pistor.records.recalls import (
    Alert,
    ContactEvent,
    Reach,
    Recall,
    RecallContact,
    RecallLetters,
    Scope,
    exposures_of,
    mixed_with,
    reach_of,
    ready_syringes,
    subject_of,
    zones_counted,
    zones_of,
)
from pistor.records.stock import Product, Vial
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import Amendment, LotCorrection, LotUse, Treatment, ZoneDose
from tests import factories, ready
from tests.actions.test_core import at_once
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def given(by, *lots, days=30, zone="neck", patient=None, operator=None, **person):
    """A treatment with these lots, some days ago."""
    course = factories.course(patient or factories.patient(by, **person))
    number = course.patient.treatments.count() + 1
    visit = factories.visit(course, given_on=ago(days), planned_on=ago(days), performed_by=operator or by, number=number)
    own = {"clinic": visit.clinic, "created_at": NOW, "created_by": by, "treatment": visit}
    ZoneDose.objects.create(**own, zone=zone, side="left", technique="point_by_point", points=4, volume_ml="0.4")
    LotUse.objects.bulk_create(LotUse(**own, lot=lot, volume_ml="1") for lot in lots)
    return visit


@pytest.fixture
def shelf(people):
    """A diluent, three products, and one lot of another clinic with the same number."""
    lots = [ready.lot(people.clinic, presentation, number) for presentation, number in (
        ("sodium_chloride_09pct", "S-1"), ("lidocaine_2pct", "L-1"), ("pentoxifylline_20mg_ml", "P-1"), ("dexpanthenol_250mg_ml", "D-1"),
    )]  # fmt: skip
    ready.lot(people.stranger.clinic, "lidocaine_2pct", "L-1")
    return lots


def opened(people, lot, days=120, **more):
    return open_recall(scope="lot", subject=lot.pk, since=ago(days), by=people.practitioner, at=NOW, **more)


def test_a_lot_in_three_mixtures_finds_everybody_and_nobody_else(people, shelf):
    by, (saline, lidocaine, pentoxifylline, panthenol) = people.practitioner, shelf
    mixtures = [(saline, lidocaine), (saline, pentoxifylline), (saline, lidocaine, panthenol)]
    had = {given(by, *mixtures[n % 3], days=n).patient_id for n in range(12)}
    for lots in ((lidocaine, pentoxifylline), ()):
        given(by, *lots)
    given(people.stranger)
    with CaptureQueriesContext(connection) as queries:
        found = exposures_of(Scope.LOT, saline, None)
    assert len(queries) == 1
    assert {one.patient for one in found} == had
    assert [one.last_on for one in found] == [ago(n) for n in range(12)]
    assert zones_of(Scope.LOT, saline, None) == {one.patient: (("neck", "left"),) for one in found}
    assert reach_of(Scope.LOT, saline, None) == Reach(12, ago(11), TODAY)
    assert mixed_with(saline, None) == sorted([lidocaine, pentoxifylline, panthenol], key=lambda lot: lot.presentation)


def test_a_syringe_leads_from_its_lot_and_vial_to_its_patient_before_anything_is_signed(people, shelf):
    """Begun counts though no record is saved; made, or thrown away before it was begun, does not."""
    by, lot = people.practitioner, ready.lot(people.clinic, "lidocaine_2pct", "L-9")
    Product.objects.filter(pk=lot.product_id).update(container_units=10)
    drawn = [ready.syringe(ready.planned_visit(people), by, of=lot) for _ in range(3)]
    for row in drawn[:2]:
        ready.read_codes(row.treatment, by)
    for row in drawn[1:]:
        discard_syringe(syringe=row, reason="fell", by=by, at=NOW)
    begun = {row.patient_id for row in drawn[:2]}
    assert {one.patient: (one.first_on, one.last_on) for one in exposures_of(Scope.LOT, lot, TODAY)} == dict.fromkeys(begun, (TODAY, TODAY))
    vials = {row.patient_id: row.draws.get().vial for row in drawn}
    for patient in begun:
        assert [one.patient for one in exposures_of(Scope.VIAL, vials[patient], None) if one.patient == patient] == [patient]
    assert not exposures_of(Scope.LOT, lot, ago(-1)) and not exposures_of(Scope.LOT, shelf[1], None)


def test_a_vial_finds_those_who_had_of_it_and_not_of_its_sister(people, shelf):
    """Saline may serve several patients, so that two of them share a vial of it."""
    by, lot = people.practitioner, shelf[0]
    first, second = (vial_of(by, lot) for _ in range(2))
    visits = [with_draws(given(by, days=n), by, first if n % 2 else second) for n in range(6)]
    assert [one.patient for one in exposures_of(Scope.VIAL, first, None)] == [visits[n].patient_id for n in (1, 3, 5)]
    assert {one.patient for one in exposures_of(Scope.LOT, lot, None)} == {visit.patient_id for visit in visits}
    assert mixed_with(first, None) == []
    with_draws(visits[1], by, vial_of(by, shelf[2]))
    assert (mixed_with(first, None), mixed_with(second, None)) == ([shelf[2]], [])


def test_a_device_and_the_lot_of_an_item_find_whom_they_touched(people, shelf):
    by, gun, needles = people.practitioner, factories.device(people.clinic), ready.lot(people.clinic, "", "N-1")
    touched, pricked, planned = given(by, days=3), given(by, days=2), factories.visit(factories.course(factories.patient(by)))
    own = {"clinic": people.clinic, "created_at": NOW, "created_by": by}
    for visit in (touched, planned):
        DeviceUse.objects.create(**own, treatment=visit, device=gun)
    SingleUse.objects.create(**own, treatment=pricked, kind="needle", lot=needles)
    assert [one.patient for one in exposures_of(Scope.DEVICE, gun, None)] == [touched.patient_id]
    assert [one.patient for one in exposures_of(Scope.LOT, needles, None)] == [pricked.patient_id]


def test_a_room_finds_who_was_treated_in_it(people):
    by, room, other = people.practitioner, factories.room(people.clinic), factories.room(people.clinic)
    inside, beside = given(by, days=3), given(by, days=2)
    for visit, where in ((inside, room), (beside, other), (factories.visit(factories.course(factories.patient(by))), room)):
        Treatment.objects.filter(pk=visit.pk).update(room=where)
    assert [one.patient for one in exposures_of(Scope.ROOM, room, None)] == [inside.patient_id]
    assert exposures_of(Scope.ROOM, room, ago(2)) == []


def test_two_lesions_from_one_room_raise_its_alert(people):
    by, room = people.practitioner, factories.room(people.clinic)
    for visit in (visits := [given(by, days=days) for days in (40, 30, 20)]):
        Treatment.objects.filter(pk=visit.pk).update(performed_by=None)
    Treatment.objects.filter(pk__in=[visit.pk for visit in visits[:2]]).update(room=room)
    for visit in visits:
        report_reaction(by=by, at=NOW, token=None, treatment=visit, began_on=ago(2), signs=["lump"])
    alert = Alert.objects.get(clinic=people.clinic)
    assert (alert.scope, alert.subject, alert.cases, alert.exposed) == (Scope.ROOM, room.pk, 2, 2)


def test_nothing_of_another_clinic_is_a_source(people, shelf):
    vial, gun, room = vial_of(people.practitioner, shelf[0]), factories.device(people.clinic), factories.room(people.clinic)
    for scope, subject in ((Scope.LOT, shelf[0]), (Scope.VIAL, vial), (Scope.DEVICE, gun), (Scope.ROOM, room), (Scope.OPERATOR, people.nurse)):
        assert subject_of(people.clinic, scope, subject.pk) == subject
        assert subject_of(people.stranger.clinic, scope, subject.pk) is None


def vial_of(by, lot):
    own = {"clinic": lot.clinic, "created_at": NOW, "created_by": by}
    return Vial.objects.create(**own, lot=lot, code=in_signs(next(_CODES)), container_units=100, opened_at=NOW)


def with_draws(visit, by, *vials):
    """The treatment with a syringe that was given, drawn from these vials."""
    own = {"clinic": visit.clinic, "created_at": NOW, "created_by": by}
    blend = Formulation.objects.create(**own, course=visit.course, parts=[], volume_ml=1, result={}, knowledge_version="tried")
    syringe = Syringe.objects.create(
        **own, patient=visit.patient, treatment=visit, formulation=blend, code=in_signs(next(_CODES)), volume_ml=1, use_before=NOW, use_before_basis="tried",
        state="given", state_at=NOW,
    )  # fmt: skip
    Draw.objects.bulk_create(Draw(**own, syringe=syringe, lot=vial.lot, vial=vial, presentation=vial.lot.presentation, volume_ml=1) for vial in vials)
    return visit


_CODES = itertools.count(1)


def test_one_patient_stands_once_with_first_last_and_every_zone(people, shelf):
    by, lot = people.practitioner, shelf[1]
    first = given(by, lot, days=90)
    given(by, lot, days=10, zone="scalp", patient=first.patient)
    given(by, days=5, zone="face", patient=first.patient)
    (one,) = exposures_of(Scope.LOT, lot, ago(120))
    assert (one.first_on, one.last_on, one.treatments) == (ago(90), ago(10), 2)
    assert zones_of(Scope.LOT, lot, ago(120)) == {first.patient_id: (("neck", "left"), ("scalp", "left"))}
    (one,) = exposures_of(Scope.LOT, lot, ago(60))
    assert (one.first_on, zones_of(Scope.LOT, lot, ago(60))) == (ago(10), {first.patient_id: (("scalp", "left"),)})


@pytest.fixture
def two_syringes(people, shelf):
    """A visit with saline in one syringe and lidocaine in another: the scalp out of the first, the face out of the second, the neck nobody knows."""
    by, (saline, lidocaine, *_) = people.practitioner, shelf
    visit = given(by, saline, lidocaine)
    for lot, zone in ((saline, "scalp"), (lidocaine, "face")):
        with_draws(visit, by, vial_of(by, lot))
        treated(visit, by, zone, Syringe.objects.get(treatment=visit, draws__lot=lot))
    return visit


def treated(visit, by, zone, syringe, **more):
    own = {"clinic": visit.clinic, "created_at": NOW, "created_by": by, "treatment": visit}
    return ZoneDose.objects.create(**own, zone=zone, side="left", technique="point_by_point", points=4, volume_ml="0.4", syringe=syringe, **more)


def zones_with(scope, subject):
    """The zones in which the only patient of a source may have had it."""
    (found,) = zones_of(scope, subject, None).values()
    assert zones_counted(scope, subject, None) == sorted((zone, 1) for zone, _ in found)
    return [zone for zone, _ in found]


def test_only_zones_given_out_of_a_syringe_of_the_lot_are_named_and_those_nobody_knows_of(people, shelf, two_syringes):
    saline, lidocaine, *_ = shelf
    assert zones_with(Scope.LOT, saline) == zones_with(Scope.VIAL, Vial.objects.get(lot=saline)) == ["neck", "scalp"]
    assert zones_with(Scope.LOT, lidocaine) == ["face", "neck"]
    assert zones_with(Scope.OPERATOR, people.practitioner) == ["face", "neck", "scalp"]
    assert zones_of(Scope.LOT, saline, None, patients=[]) == {}


def test_what_names_a_lot_without_a_syringe_may_have_come_to_every_zone(people, shelf, two_syringes):
    by, visit, (_, _, pentoxifylline, panthenol) = people.practitioner, two_syringes, shelf
    own = {"clinic": people.clinic, "created_at": NOW, "created_by": by, "treatment": visit}
    needles, unknown = ready.lot(people.clinic, "", "N-1"), ready.lot(people.clinic, number="L-7")
    LotUse.objects.create(**own, lot=pentoxifylline, volume_ml=1)
    SingleUse.objects.create(**own, kind="needle", lot=needles)
    amendment = Amendment.objects.create(**own, kind="correction", text="", reason="misread", sha256="0" * 64)
    LotCorrection.objects.create(**own, amendment=amendment, lot=unknown)
    for lot in (pentoxifylline, needles, unknown):
        assert zones_with(Scope.LOT, lot) == ["face", "neck", "scalp"]
    LotCorrection.objects.create(**own, amendment=amendment, lot=panthenol, syringe=Syringe.objects.get(draws__lot=shelf[1]))
    assert zones_with(Scope.LOT, panthenol) == ["face", "neck"]


def test_where_a_zone_was_only_divided_between_syringes_every_zone_is_named(people, shelf, two_syringes):
    """Nobody said how much of it came out of which, so neither is it known of the others."""
    for lot in shelf[:2]:
        treated(two_syringes, people.practitioner, "abdomen", Syringe.objects.get(draws__lot=lot), given={"shared": "divided"})
    for lot in shelf[:2]:
        assert zones_with(Scope.LOT, lot) == ["abdomen", "face", "neck", "scalp"]


def test_who_had_nothing_recorded_out_of_the_syringe_is_found_all_the_same(people, shelf, two_syringes):
    ZoneDose.objects.filter(zone__in=("neck", "scalp")).delete()
    assert [one.patient for one in exposures_of(Scope.LOT, shelf[0], None)] == [two_syringes.patient_id]
    assert zones_of(Scope.LOT, shelf[0], None) == {}


def test_the_look_back_counts_its_first_day(people, shelf):
    given(people.practitioner, shelf[1], days=120), given(people.practitioner, shelf[1], days=121)
    assert [one.first_on for one in exposures_of(Scope.LOT, shelf[1], ago(120))] == [ago(120)]


def test_an_operator_finds_whom_they_treated(people, shelf):
    mine = given(people.practitioner)
    given(people.practitioner, operator=people.nurse)
    assert [one.patient for one in exposures_of(Scope.OPERATOR, people.practitioner, None)] == [mine.patient_id]


def test_a_recall_lists_everybody_once_and_adds_who_is_recorded_late(people, shelf):
    lot, by = shelf[1], people.practitioner
    given(by, lot), given(by, lot)
    row = opened(people, lot)
    assert row.contacts.count() == 2
    with pytest.raises(Refused, match="stands on the list"):
        add_exposed(recall=row, by=people.nurse, at=NOW)
    given(by, lot)
    assert add_exposed(recall=row, by=people.nurse, at=NOW) == 1
    assert (row.contacts.count(), verify_chain(people.clinic)) == (3, [])


def test_the_same_form_opens_one_recall(people, shelf):
    token = uuid.uuid4()
    row = opened(people, shelf[1], token=token, location="/recall/{id}/")
    with pytest.raises(AlreadyDone) as done:
        opened(people, shelf[1], token=token, location="/recall/{id}/")
    assert done.value.location == f"/recall/{row.pk}/"


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"subject": uuid.uuid4()}, "not of your clinic"), ({"scope": "room"}, "not of your clinic"), ({"since": ago(-1)}, "future"), ({"told": "x" * 2001}, "2000")],
)
def test_what_cannot_be_recalled_is_refused(people, shelf, fields, says):
    with pytest.raises(Refused, match=says):
        open_recall(**{"scope": "lot", "subject": shelf[0].pk, "since": ago(9), "by": people.owner, "at": NOW, **fields})
    assert not Recall.objects.exists()


def test_a_second_recall_of_the_same_is_refused_until_the_first_is_closed(people, shelf):
    row = opened(people, shelf[0])
    with pytest.raises(Refused, match="open already"):
        opened(people, shelf[0])
    close_recall(recall=row, by=people.owner, at=NOW)
    assert opened(people, shelf[0]).pk != row.pk


def test_freezing_takes_the_lot_and_what_was_mixed_with_it_out_of_use(people, shelf):
    saline, lidocaine, _, panthenol = shelf
    given(people.practitioner, saline, lidocaine)
    row = opened(people, saline)
    with pytest.raises(Refused, match="mixed with it"):
        freeze_lots(recall=row, lots=[panthenol.pk], by=people.owner, at=NOW)
    assert freeze_lots(recall=row, lots=[saline.pk, lidocaine.pk], by=people.owner, at=NOW) == 2
    for lot in shelf:
        lot.refresh_from_db()
    assert [lot.state for lot in shelf] == ["quarantined", "quarantined", "usable", "usable"]
    assert AuditEvent.objects.filter(verb="lot.state").count() == 2
    with pytest.raises(Refused, match="nothing to freeze"):
        freeze_lots(recall=row, lots=[saline.pk], by=people.owner, at=NOW)


def test_a_frozen_lot_stops_the_syringes_that_lie_ready_with_it(people):
    lot, by = ready.lot(people.clinic), people.practitioner
    lying, thrown = (ready.syringe(ready.planned_visit(people), by, of=lot) for _ in range(2))
    discard_syringe(syringe=thrown, reason="fell", by=by, at=NOW)
    assert ready_syringes([lot]) == [lying]
    freeze_lots(recall=opened(people, lot), lots=[lot.pk], by=people.owner, at=NOW)
    assert AuditEvent.objects.get(verb="recall.frozen").detail["syringes"] == [str(lying.pk)]
    with pytest.raises(Refused, match="L-1"):
        ready.read_codes(lying.treatment, by)


def test_a_recall_of_a_vial_freezes_its_lot_and_one_of_a_device_none(people, shelf):
    by, saline = people.practitioner, shelf[0]
    vial, gun = vial_of(by, saline), factories.device(people.clinic)
    with_draws(given(by), by, vial)
    row = open_recall(scope="vial", subject=vial.pk, since=ago(120), by=by, at=NOW)
    assert (row.contacts.count(), freeze_lots(recall=row, lots=[saline.pk], by=people.owner, at=NOW)) == (1, 1)
    row = open_recall(scope="device", subject=gun.pk, since=ago(120), by=by, at=NOW)
    with pytest.raises(Refused, match="a person, a room or a device"):
        freeze_lots(recall=row, lots=[saline.pk], by=people.owner, at=NOW)


def test_letters_go_to_everybody_still_to_be_told_in_their_language_and_to_nobody_who_died(people, shelf):
    lot, by = shelf[1], people.practitioner
    for person in ({"family_name": "Ash"}, {"family_name": "Bois", "language": "fr"}, {"family_name": "Cole", "language": "it"}, {"deceased_on": ago(3)}):
        given(by, lot, **person)
    row = opened(people, lot, told="Lot L-1 <*> #panic")
    done = write_letters(recall=row, phone=" 01 23  45 67 89 ", by=people.nurse, at=NOW)
    pages = [page.extract_text() for page in PdfReader(BytesIO(bytes(done.content))).pages]
    assert done.number == len(pages) == 3
    assert ["Please look at" in page for page in pages] == [True, False, True]
    assert "24 oct. 2026" in pages[1]
    for page, name in zip(pages, ("Ash", "Bois", "Cole"), strict=True):
        assert name in page
        assert "Lot L-1 <*> #panic" in page
        assert "01 23 45 67 89" in page
        for word in ("mycobact", "infection", "lidocaine", "neck"):
            assert word not in page.lower(), "a letter may be opened by others: it names no diagnosis, product or place"
    assert sorted(row.contacts.values_list("state", flat=True)) == ["to_contact", "written", "written", "written"]
    assert set(ContactEvent.objects.values_list("how", "letters")) == {("letter", done.pk)}
    with pytest.raises(Refused, match="still to be told"):
        write_letters(recall=row, phone="0123456789", by=people.nurse, at=NOW)
    with pytest.raises(Refused, match="Enter the number"):
        write_letters(recall=row, phone="soon", by=people.nurse, at=NOW)


def test_what_was_printed_and_tried_is_locked(people, shelf):
    given(people.practitioner, shelf[1])
    write_letters(recall=opened(people, shelf[1]), phone="0123456789", by=people.nurse, at=NOW)
    for model, change in ((RecallLetters, {"content": b"x"}), (ContactEvent, {"note": "x"})):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            model.objects.all().update(**change)
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            model.objects.all()._raw_delete(model.objects.db)


def test_a_contact_keeps_each_try_and_its_last_state(people, shelf):
    given(people.practitioner, shelf[1])
    row = opened(people, shelf[1])
    contact = row.contacts.get()
    for state, how in (("not_reachable", "phone"), ("reached", "phone"), ("acknowledged", "letter")):
        record_contact(contact=contact, state=state, how=how, note="said yes", by=people.nurse, at=NOW)
    contact.refresh_from_db()
    assert (contact.state, contact.events.count()) == ("acknowledged", 3)
    event = AuditEvent.objects.filter(verb="recall.contact").last()
    assert (event.patient_id, event.detail) == (contact.patient_id, {"state": "acknowledged", "how": "letter"})
    for fields, says in (({"state": "to_contact"}, "what came of it"), ({"how": "pigeon"}, "how the patient"), ({"note": "x" * 501}, "500")):
        with pytest.raises(Refused, match=says):
            record_contact(**{"contact": contact, "state": "reached", "how": "phone", "by": people.nurse, "at": NOW, **fields})


def test_a_recall_is_closed_when_all_confirmed_or_with_a_reason_and_then_rests(people, shelf):
    given(people.practitioner, shelf[1]), given(people.practitioner, shelf[1])
    row = opened(people, shelf[1])
    contact = row.contacts.first()
    record_contact(contact=contact, state="acknowledged", how="visit", by=people.nurse, at=NOW)
    with pytest.raises(Refused, match="1 patient has not confirmed"):
        close_recall(recall=row, by=people.owner, at=NOW)
    close_recall(recall=row, reason="maker withdrew the notice", by=people.owner, at=NOW)
    for do in (
        lambda: close_recall(recall=row, by=people.owner, at=NOW), lambda: add_exposed(recall=row, by=people.nurse, at=NOW),
        lambda: freeze_lots(recall=row, lots=[shelf[1].pk], by=people.owner, at=NOW), lambda: write_letters(recall=row, phone="0123456789", by=people.nurse, at=NOW),
        lambda: record_contact(contact=contact, state="reached", how="phone", by=people.nurse, at=NOW),
    ):  # fmt: skip
        with pytest.raises(Refused, match="closed"):
            do()


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("practitioner", {"open", "freeze", "close", "letters", "contact", "export", "dismiss"}), ("nurse", {"letters", "contact", "export"}),
        ("owner", {"open", "freeze", "close"}), ("front_desk", set()),
    ],
)  # fmt: skip
def test_who_may_do_what(people, shelf, who, may):
    given(people.practitioner, shelf[1])
    row, by = opened(people, shelf[1]), getattr(people, who)
    alert = Alert.objects.create(
        clinic=people.clinic, created_at=NOW, scope="lot", subject=shelf[1].pk, reports=[], cases=2, suspected=2, exposed=2, treated=9, since=TODAY, until=TODAY
    )
    do = {
        "open": lambda: open_recall(scope="lot", subject=shelf[0].pk, since=TODAY, by=by, at=NOW),
        "freeze": lambda: freeze_lots(recall=row, lots=[shelf[1].pk], by=by, at=NOW),
        "letters": lambda: write_letters(recall=row, phone="0123456789", by=by, at=NOW),
        "contact": lambda: record_contact(contact=row.contacts.get(), state="acknowledged", how="phone", by=by, at=NOW),
        "export": lambda: export_contacts(recall=row, by=by, at=NOW),
        "dismiss": lambda: dismiss_alert(alert=alert, reason="looked at", by=by, at=NOW),
        "close": lambda: close_recall(recall=row, reason="done", by=by, at=NOW),
    }
    done = set()
    for name, act in do.items():
        try:
            act()
        except NotAllowed:
            continue
        done.add(name)
    assert done == may


# ── alerts ──


def lump(people, visit, days=0, **fields):
    return report_reaction(**{"by": people.nurse, "at": NOW, "token": None, "treatment": visit, "began_on": ago(days), "signs": ["lump"], **fields})


def test_the_second_patient_with_a_lesion_of_the_same_lot_raises_alerts_the_lot_first(people, shelf):
    by, (saline, lidocaine, pentoxifylline, _) = people.practitioner, shelf
    visits = [given(by, saline, lidocaine), given(by, saline, pentoxifylline)]
    for _ in range(4):
        given(by, lidocaine)
    given(by, operator=people.nurse)
    first = lump(people, visits[0])
    assert not Alert.objects.exists()
    second = lump(people, visits[1])
    alerts = list(Alert.objects.order_by("created_at", "pk"))
    assert [(row.scope, row.subject, row.cases, row.suspected, row.exposed, row.treated) for row in alerts] == [
        ("lot", saline.pk, 2, 2, 2, 7), ("operator", by.pk, 2, 2, 6, 7),
    ]  # fmt: skip
    assert alerts[0].reports == sorted([str(first.pk), str(second.pk)])
    detail = AuditEvent.objects.filter(verb="alert.raised").first().detail
    assert detail == {"scope": "lot", "source": str(saline.pk), "cases": 2}
    assert verify_chain(people.clinic) == []


def test_a_third_lesion_grows_the_alert_and_opens_a_dismissed_one_again(people, shelf):
    visits = [given(people.practitioner, shelf[0]) for _ in range(4)]
    for visit in visits[:3]:
        lump(people, visit)
    row = Alert.objects.get(scope="lot")
    assert (row.cases, len(row.reports)) == (3, 3)
    with pytest.raises(Refused, match="Write why"):
        dismiss_alert(alert=row, reason=" ", by=people.practitioner, at=NOW)
    dismiss_alert(alert=row, reason="granulomas, biopsied", by=people.practitioner, at=NOW)
    with pytest.raises(Refused, match="dismissed already"):
        dismiss_alert(alert=row, reason="again", by=people.practitioner, at=NOW)
    lump(people, visits[3])
    assert [alert.cases for alert in Alert.objects.filter(scope="lot").order_by("created_at", "pk")] == [3, 4]
    assert Alert.objects.get(scope="lot", dismissed_at=None).cases == 4


@pytest.mark.parametrize(
    ("first", "second", "raised"),
    [
        ({}, {}, True),
        ({"signs": ["bruise"]}, {}, False),  # no suspect
        ({}, {"signs": ["collapse"]}, False),
        ({"days": 25}, {}, True),
    ],
)
def test_only_suspected_lesions_raise(people, shelf, first, second, raised):
    visits = [given(people.practitioner, shelf[0]), given(people.practitioner, shelf[0], operator=people.nurse)]
    lump(people, visits[0], **first)
    lump(people, visits[1], **second)
    assert Alert.objects.exists() is raised


def test_lesions_of_other_lots_operators_patients_or_clinics_share_nothing(people, shelf):
    lone = given(people.practitioner, shelf[0])
    lump(people, lone), lump(people, lone, signs=["lump", "redness"])
    lump(people, given(people.practitioner, shelf[1], operator=people.nurse))
    lump(people, given(people.stranger), by=people.stranger)
    assert not Alert.objects.exists()


def test_an_alert_is_raised_with_the_report_or_not_at_all(people, shelf):
    visits = [given(people.practitioner, shelf[0]) for _ in range(2)]
    lump(people, visits[0])
    token = uuid.uuid4()
    lump(people, visits[1], token=token)
    with pytest.raises(AlreadyDone):
        lump(people, visits[1], token=token)
    assert (Alert.objects.filter(scope="lot").count(), RecallContact.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_of_two_reports_at_once_the_second_sees_the_first(people, shelf):
    visits = [given(people.practitioner, shelf[0]) for _ in range(2)]
    reports = at_once(2, lambda n: lump(people, visits[n]))
    assert Alert.objects.get(scope="lot").reports == sorted(str(report.pk) for report in reports)
