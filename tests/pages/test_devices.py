"""Devices are listed with their service and cleaning, and a treatment says which one touched the patient."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from pistor.records.devices import Device, DeviceUse, SingleUse
from pistor.records.rooms import Room
from tests import factories
from tests.conftest import TODAY
from tests.ready import lot, planned_visit

pytestmark = pytest.mark.django_db


def test_a_device_is_added_and_listed_with_what_is_not_recorded(people, as_):
    client = as_(people.owner)
    answer = client.post("/devices/", {"token": uuid.uuid4(), "kind": "meso_gun", "name": "Gun of room 2", "serial": "S-1"})
    assert answer["Location"] == "/devices/"
    page = client.get("/devices/").content.decode()
    assert "Gun of room 2" in page
    assert page.count("not recorded") == 2  # service and cleaning
    again = client.post("/devices/", {"token": uuid.uuid4(), "kind": "meso_gun", "name": "Another", "serial": "S-1"})
    assert (again.status_code, "on the list already" in again.content.decode(), "Another" in again.content.decode()) == (409, True, True)
    assert client.post("/devices/", {"token": uuid.uuid4(), "kind": "", "name": ""}).status_code == 422


def test_the_page_of_a_device_takes_cleaning_service_and_state(people, as_):
    device = factories.device(people.clinic, service_due_on=TODAY - dt.timedelta(days=1))
    client, address = as_(people.practitioner), f"/devices/{device.pk}/"
    assert "was due for service on 22 Nov 2026" in client.get(address).content.decode()
    assert client.post(f"{address}cleaning/", {"cleaning-token": uuid.uuid4()}).status_code == 422
    refused = client.post(f"{address}cleaning/", {"cleaning-token": uuid.uuid4(), "cleaning-method": "other", "cleaning-water": "tap"})
    assert (refused.status_code, "Write in the note" in refused.content.decode()) == (409, True)
    client.post(f"{address}cleaning/", {"cleaning-token": uuid.uuid4(), "cleaning-method": "wiped", "cleaning-water": "tap"})
    page = client.get(address).content.decode()
    assert "Tap water" in page and "last cleaned with tap water" in page and people.practitioner.printed_name in page
    client.post(address, {"token": uuid.uuid4(), "state": "out_of_use", "service_due_on": "2027-05-01"})
    device.refresh_from_db()
    assert (device.state, device.service_due_on) == (Device.State.OUT_OF_USE, dt.date(2027, 5, 1))


def test_a_treatment_says_its_devices_and_items_and_refuses_an_item_twice(people, as_):
    visit, other, device = planned_visit(people), planned_visit(people), factories.device(people.clinic, name="Gun")
    row, client, address = lot(people.clinic, "", "N-1"), as_(people.nurse), f"/visits/{visit.pk}/devices/"
    assert "None is recorded" in client.get(address).content.decode()
    client.post(address, {"do": "device", "use-token": uuid.uuid4(), "use-device": device.pk, "use-settings": "2 mm"})
    client.post(address, {"do": "item", "item-token": uuid.uuid4(), "item-kind": "needle", "item-code": "N77", "item-lot": row.pk})
    page = client.get(address).content.decode()
    assert "2 mm" in page and "N77" in page and "No cleaning of Gun is recorded" in page
    assert (DeviceUse.objects.get().device, SingleUse.objects.get().lot) == (device, row)
    again = client.post(f"/visits/{other.pk}/devices/", {"do": "item", "item-token": uuid.uuid4(), "item-kind": "needle", "item-code": "N77"})
    assert (again.status_code, "never used again" in again.content.decode()) == (409, True)
    client.post(address, {"do": f"drop-{device.pk}"})
    assert not DeviceUse.objects.exists()
    assert client.post(address, {"do": f"drop-{device.pk}"}).status_code == 302
    assert client.post(address, {"do": "device", "use-token": uuid.uuid4()}).status_code == 422


def test_rooms_are_added_closed_and_opened_again(people, as_):
    client, address = as_(people.owner), "/devices/rooms/"
    assert client.post(address, {"token": uuid.uuid4(), "name": "  Room   of light "})["Location"] == address
    again = client.post(address, {"token": uuid.uuid4(), "name": "room of LIGHT"})
    assert (again.status_code, "on the list already" in again.content.decode()) == (409, True)
    assert client.post(address, {"token": uuid.uuid4(), "name": " "}).status_code == 422
    room = Room.objects.get(clinic=people.clinic)
    assert room.name == "Room of light"
    for state, word in (("closed", "Open again"), ("in_use", "Close")):
        assert client.post(f"{address}{room.pk}/", {"token": uuid.uuid4(), "state": state})["Location"] == address
        assert word in client.get(address).content.decode()
    assert client.post(f"{address}{room.pk}/", {"token": uuid.uuid4(), "state": "painted"}).status_code == 422


def test_a_treatment_says_its_room_and_never_a_closed_one(people, as_):
    visit, room, closed = planned_visit(people), factories.room(people.clinic), factories.room(people.clinic, state="closed")
    client, address = as_(people.nurse), f"/visits/{visit.pk}/devices/"
    assert closed.name not in client.get(address).content.decode()
    post = {"do": "room", "room-token": uuid.uuid4(), "room-room": room.pk}
    assert client.post(address, post).status_code == 302
    Room.objects.filter(pk=room.pk).update(state="closed")
    assert f'<option value="{room.pk}" selected>' in client.get(address).content.decode()
    visit.refresh_from_db()
    assert visit.room == room
    assert client.post(address, {**post, "room-token": uuid.uuid4(), "room-room": closed.pk}).status_code == 422
    assert client.post(address, {**post, "room-token": uuid.uuid4(), "room-room": ""}).status_code == 302
    visit.refresh_from_db()
    assert visit.room is None
