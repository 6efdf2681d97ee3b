"""Devices and their cleaning log, with which one a patient was treated, and items that are used once."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from pistor.actions.core import NotAllowed, Refused
from pistor.actions.devices import add_device, clean_device, drop_device, set_device, use_device, use_item
from pistor.actions.treatment import sign_treatment
from pistor.records.devices import Device, DeviceCleaning, DeviceUse, SingleUse, device_facts
from pistor.records.treatment import Treatment
from tests import factories
from tests.conftest import NOW, TODAY
from tests.ready import consented, full_entry, lot, planned_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    return visit


def refused(call, **kwargs) -> str:
    with pytest.raises(Refused) as said:
        call(**kwargs)
    return " ".join(said.value.reasons)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "hammer"}, "no known kind"),
        ({"name": " "}, "Enter a name"),
        ({"service_due_on": TODAY.replace(year=2050)}, "Check the year"),
        ({"serial": "S-1"}, "on the list already"),
    ],
)
def test_a_device_that_cannot_be_is_not_listed(people, fields, says):
    given = {"kind": "meso_gun", "name": "Gun", "serial": "", "by": people.owner, "at": NOW}
    add_device(**{**given, "serial": "S-1"})
    add_device(**given)
    add_device(**given)  # two without a number are two devices
    assert says in refused(add_device, **{**given, **fields})
    assert Device.objects.count() == 3


def test_who_may_do_what(people, visit):
    device = factories.device(people.clinic)
    for person in (people.nurse, people.front_desk):
        with pytest.raises(NotAllowed):
            set_device(device=device, state="out_of_use", service_due_on=None, by=person, at=NOW)
    with pytest.raises(NotAllowed):
        clean_device(device=device, method="wiped", water="none", by=people.owner, at=NOW)
    with pytest.raises(Device.DoesNotExist):
        set_device(device=device, state="out_of_use", service_due_on=None, by=people.stranger, at=NOW)
    with pytest.raises(Device.DoesNotExist):
        use_device(visit=visit, device=factories.device(people.stranger.clinic), by=people.nurse, at=NOW)


def test_the_cleaning_log_is_asked_and_never_changed(people):
    device = factories.device(people.clinic)
    for fields in ({"method": "", "water": "tap"}, {"method": "wiped", "water": ""}, {"method": "other", "water": "none"}):
        assert refused(clean_device, device=device, by=people.nurse, at=NOW, **fields)
    clean_device(device=device, method="soaked", water="tap", by=people.nurse, at=NOW)
    clean_device(device=device, method="steam", water="sterile", by=people.nurse, at=NOW + dt.timedelta(hours=1))
    assert device_facts([device])[0].water == "sterile"
    for change in (lambda: DeviceCleaning.objects.update(water="none"), lambda: DeviceCleaning.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            change()


def test_a_treatment_records_its_devices_until_it_is_signed(people, visit):
    gun, roller = factories.device(people.clinic), factories.device(people.clinic, kind="microneedle_roller", name="Roller")
    use_device(visit=visit, device=gun, settings="0.1 mL", by=people.nurse, at=NOW)
    use_device(visit=visit, device=gun, settings=" 2 mm,  0.1 mL ", by=people.nurse, at=NOW)
    use_device(visit=visit, device=roller, by=people.nurse, at=NOW)
    drop_device(visit=visit, device=roller, by=people.nurse, at=NOW)
    use_item(visit=visit, kind="needle", code="N 1", by=people.nurse, at=NOW)
    sign_treatment(visit=visit, entry=full_entry(visit), by=people.practitioner, at=NOW)
    content = json.loads(Treatment.objects.get(pk=visit.pk).signed_content)
    assert [(row["name"], row["settings"]) for row in content["devices"]] == [("Gun", "2 mm, 0.1 mL")]
    assert [(row["kind"], row["code"]) for row in content["items"]] == [("needle", "N1")]
    for call in (use_device, drop_device):
        assert "signed and locked" in refused(call, visit=visit, device=gun, by=people.nurse, at=NOW)
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        DeviceUse.objects.update(settings="changed")
    assert device_facts([gun])[0].used_on == TODAY


def test_a_device_that_is_out_of_use_is_refused(people, visit):
    gun = factories.device(people.clinic, state="out_of_use")
    assert "out of use" in refused(use_device, visit=visit, device=gun, by=people.nurse, at=NOW)


def test_what_is_for_single_use_is_never_used_again(people, visit):
    tip = {"kind": "tip", "code": "SN-77", "by": people.nurse, "at": NOW}
    use_item(visit=visit, **tip)
    assert "used in this treatment already" in refused(use_item, visit=visit, **tip)
    other = planned_visit(people)
    assert "was used on 23 Nov 2026 already" in refused(use_item, visit=other, **{**tip, "code": " SN- 77"})
    with pytest.raises(IntegrityError), transaction.atomic():
        SingleUse.objects.create(clinic=people.clinic, created_at=NOW, treatment=other, kind="tip", code="SN-77")
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        SingleUse.objects.update(code="SN-78")


def test_an_item_without_a_code_is_found_by_its_lot(people, visit):
    assert "Enter the code" in refused(use_item, visit=visit, kind="needle", by=people.nurse, at=NOW)
    row = lot(people.clinic, "", "N-5")
    use_item(visit=visit, kind="needle", lot=row, by=people.nurse, at=NOW)
    use_item(visit=visit, kind="needle", lot=row, by=people.nurse, at=NOW)  # a second one of the box
    assert SingleUse.objects.filter(lot=row).count() == 2
    bad = lot(people.clinic, "", "N-6", state="recalled")
    assert "is recalled" in refused(use_item, visit=visit, kind="needle", lot=bad, by=people.nurse, at=NOW, token=uuid.uuid4())
