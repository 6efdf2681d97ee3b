"""The last treatment is repeated: its numbers stand in the chart again, and nothing that has to be looked at anew."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.devices import set_device, use_device
from pistor.actions.repeat import repeat_last
from pistor.actions.treatment import sign_treatment
from pistor.care.formulation import Topical
from pistor.care.stock import Take
from pistor.care.treatment import ZoneGiven
from pistor.care.treatment.repeat import LastZone, repeat_of
from pistor.records.audit import AuditEvent
from pistor.records.devices import DeviceUse
from pistor.records.repeat import last_given
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import Treatment, ZoneDose
from tests import factories
from tests.conftest import NOW, TODAY
from tests.ready import consented, full_entry, lot, planned_visit

pytestmark = pytest.mark.django_db
PLAN = ZoneGiven("neck", "left", "nappage", 4, Decimal("0.5"), 4, Decimal("0.5"), state="given", plan="neck_back:neck:left", inserted_length_mm=Decimal(2))


def again(*last, planned=(PLAN,)):
    return repeat_of(planned, last, on=TODAY, skin_preparation="x", anaesthesia="none", topical=()).zones


def gave(points=4, volume="0.5", plan="neck_back:neck:left", **more):
    return LastZone("neck", "left", plan, points, Decimal(volume), **more)


@pytest.mark.parametrize(
    ("last", "state", "points", "volume", "reason"),
    [
        ([gave()], "", 4, "0.5", ""),
        ([gave(3, "0.4", reason="a mole")], "", 3, "0.4", "a mole"),
        ([gave(0, "0", not_given=True, reason="sunburn")], "not_given", 0, "0", "sunburn"),
        ([gave(2, "0.2"), gave(2, "0.3")], "", 4, "0.5", ""),  # out of two syringes
        ([gave(plan="")], "", 4, "0.5", ""),  # signed before plans had keys
        ([gave(9, "0.9", plan="scalp:neck:left")], "", 4, "0.5", ""),  # drawn on another map: as planned now
        ([], "", 4, "0.5", ""),
    ],
)
def test_last_times_numbers_stand_on_todays_plan(last, state, points, volume, reason):
    (zone,) = again(*last)
    assert (zone.state, zone.points, zone.volume_ml, zone.reason) == (state, points, Decimal(volume), reason)
    assert (zone.planned_points, zone.inserted_length_mm, zone.plan) == (4, Decimal(2), PLAN.plan)


@pytest.fixture
def second(people):
    """The second visit of a course whose first treatment left a point out, with a cream and a gun."""
    first = planned_visit(people)
    consented(first, people.practitioner)
    use_device(visit=first, device=factories.device(people.clinic), settings="2 mm", by=people.nurse, at=NOW)
    full = full_entry(first, anaesthesia="topical", topical=(Topical("lidocaine", Decimal(5)),), note="numb", pain_score=8)
    (zone,) = full.record.zones
    less = replace(zone, points=zone.points - 1, volume_ml=zone.volume_ml - Decimal("0.125"), state="changed", reason="a mole")
    sign_treatment(visit=first, entry=replace(full, record=replace(full.record, zones=(less,))), by=people.practitioner, at=NOW)
    return Treatment.objects.get(course=first.course, number=2)


def repeat(visit, by, *, of=None, **more):
    take = Take((of or Draw.objects.first().lot).pk, Decimal(1), "mL")
    given = {"look": "clear", "own_hours": Decimal(4), "own_basis": "our pharmacist", "at": NOW, **more}
    return repeat_last(visit=visit, takes=[take], by=by, **given)


def test_one_step_makes_the_syringe_from_another_lot_and_takes_the_device(people, second):
    other = lot(people.clinic, number="L-2")
    made = repeat(second, people.nurse, of=other)
    assert [(draw.lot, draw.volume_ml) for draw in made.draws.all()] == [(other, 1)]
    assert [(use.device.name, use.settings) for use in DeviceUse.objects.filter(treatment=second)] == [("Gun", "2 mm")]
    assert AuditEvent.objects.get(verb="treatment.repeated").detail == {"syringe": str(made.pk)}
    assert not ZoneDose.objects.filter(treatment=second).exists()  # nothing is recorded before it was given


def test_the_first_values_are_what_was_given_and_never_what_was_found(people, second):
    values = last_given(second)
    (zone,) = values.zones
    assert (zone.points, zone.planned_points, zone.reason, zone.state) == (2, 3, "a mole", "")
    assert (values.on, values.skin_preparation, values.anaesthesia, values.topical) == (TODAY, "povidone-iodine", "topical", (Topical("lidocaine", Decimal(5)),))
    assert not {"checks", "pain_score", "reaction", "note"} & set(type(values).__slots__)


def test_a_device_that_is_out_of_use_is_not_taken_again(people, second):
    set_device(device=DeviceUse.objects.get().device, state="out_of_use", service_due_on=None, by=people.practitioner, at=NOW)
    repeat(second, people.nurse)
    assert not DeviceUse.objects.filter(treatment=second).exists()


def test_the_same_form_repeats_once_and_what_cannot_be_drawn_leaves_nothing(people, second):
    before, token = Syringe.objects.count(), uuid.uuid4()
    with pytest.raises(Refused, match="is recalled"):
        repeat(second, people.nurse, of=lot(people.clinic, number="BAD", state="recalled"))
    assert (Syringe.objects.count(), DeviceUse.objects.filter(treatment=second).count()) == (before, 0)
    repeat(second, people.nurse, token=token)
    with pytest.raises(AlreadyDone):
        repeat(second, people.nurse, token=token)
    assert Syringe.objects.count() == before + 1


def test_there_has_to_be_a_last_treatment_and_a_role_that_treats(people, second):
    first = planned_visit(people)
    assert last_given(first) is None
    with pytest.raises(Refused, match="nothing to repeat"):
        repeat(first, people.nurse)
    for role in ("front_desk", "owner"):
        with pytest.raises(NotAllowed):
            repeat(second, getattr(people, role))
    with pytest.raises(Treatment.DoesNotExist):
        repeat(second, people.stranger)
