"""A syringe is made with one press, looked at, begun by its code, and the treatment is given from it."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from decimal import Decimal

import pypdf
import pytest

from pistor.actions.stock import set_lot_state
from pistor.records.stock import Lot, Product
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import LotUse
from tests.conftest import NOW, TODAY
from tests.pages.test_treatment import fields_of, filled
from tests.ready import consented, lot, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    return visit


def proposed(page: str) -> dict[str, object]:
    """The fields of the form that makes a syringe, as a browser would send them untouched."""
    return fields_of(page, "syringe")


def test_one_press_makes_it_from_what_expires_first(people, visit, as_):
    lot(people.clinic, number="LATE", days=90)
    soon, client = lot(people.clinic, number="SOON", days=9), as_(people.nurse)
    lot(people.clinic, number="OLD", days=-1)
    address = f"/visits/{visit.pk}/syringes/"
    page = client.get(address).content.decode()
    assert "a syringe of one product may be kept was not found" in page
    fields = {**proposed(page), "own_hours": "4", "own_basis": "our pharmacist", "look": "clear"}
    assert client.post(address, fields)["Location"] == address
    made = Syringe.objects.get()
    assert [(draw.lot, draw.volume_ml) for draw in Draw.objects.filter(syringe=made)] == [(soon, Decimal(1))]
    again = proposed(client.get(address).content.decode())
    assert (again["own_hours"], again["own_basis"]) == ("4", "our pharmacist")  # the time is asked once, then proposed


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"own_hours": ""}, 409, "Enter for how many hours"),
        ({"own_hours": "four"}, 422, "Enter a number, for example 0.5" ),
        ({"volume_0_0": ""}, 422, "Enter how much was taken"),
        ({"lot_0_0": ""}, 422, "Choose the lot that this volume"),
        ({"lot_0_0": str(uuid.uuid4())}, 422, "Choose a lot of the list"),
        ({"volume_0_0": "0"}, 409, "Nothing was taken"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(people, visit, as_, fields, status, says):
    lot(people.clinic)
    client, address = as_(people.nurse), f"/visits/{visit.pk}/syringes/"
    answer = client.post(address, {**proposed(client.get(address).content.decode()), "own_hours": "4", "own_basis": "typed reason", "look": "clear", **fields})
    assert (answer.status_code, says in answer.content.decode() or "Enter the hours" in answer.content.decode()) == (status, True)
    assert "typed reason" in answer.content.decode()
    assert not Syringe.objects.exists()


def test_a_syringe_is_looked_at_and_thrown_away_on_its_page(people, visit, as_):
    made = syringe(visit, people.nurse, look="not_said")
    client, address = as_(people.practitioner), f"/visits/{visit.pk}/syringes/{made.pk}/"
    page = client.get(address).content.decode()
    assert "Nobody has looked at syringe" in page and "lot" in page.casefold()
    assert client.post(address, {"do": "look", "look-token": uuid.uuid4()}).status_code == 422
    client.post(address, {"do": "look", "look-token": uuid.uuid4(), "look-look": "clear"})
    assert people.practitioner.printed_name in client.get(address).content.decode().split("Second check")[1].split("</dd>")[0]
    assert client.post(address, {"do": "discard", "discard-token": uuid.uuid4(), "discard-reason": "fell"})["Location"] == address
    again = client.post(address, {"do": "discard", "discard-token": uuid.uuid4(), "discard-reason": "fell"})
    assert (again.status_code, "discarded already" in again.content.decode()) == (409, True)


def test_a_treatment_is_given_from_its_syringes(people, visit, as_):
    made, client, address = syringe(visit, people.nurse), as_(people.practitioner), f"/visits/{visit.pk}/treatment/"
    assert made.code in client.get(address).content.decode()
    read_codes(visit, people.nurse)
    assert client.post(address, filled(client, visit, do="sign")).status_code == 302
    signed = client.get(address).content.decode()
    assert f"Syringe {made.code}" in signed and "left over and thrown away" in signed
    assert [use.lot_id for use in LotUse.objects.all()] == [made.draws.get().lot_id]
    assert client.get(f"/visits/{visit.pk}/treatment/summary.pdf").content.startswith(b"%PDF")


def test_the_treatment_names_what_is_against_its_syringe(people, visit, as_):
    made, client, address = syringe(visit, people.nurse), as_(people.practitioner), f"/visits/{visit.pk}/treatment/"
    fields = filled(client, visit, do="sign")
    Syringe.objects.filter(pk=made.pk).update(use_before=NOW - dt.timedelta(minutes=1))
    assert "was good until 09:59" in client.get(address).content.decode()
    answer = client.post(address, fields)
    assert (answer.status_code, "was good until 09:59" in answer.content.decode()) == (409, True)
    set_lot_state(lot=Lot.objects.get(), state="recalled", reason="notice", by=people.practitioner, at=NOW)
    assert "is recalled" in client.get(address).content.decode()


def test_prescriptions_are_asked_written_and_ended(people, visit, as_):
    syringe(visit, people.nurse, prescription="not_said")
    client, address = as_(people.practitioner), f"/visits/{visit.pk}/prescriptions/"
    assert "Not said" in client.get(address).content.decode()
    assert "is not said" in client.get(f"/visits/{visit.pk}/syringes/").content.decode()
    Product.objects.update(prescription="yes")
    assert "None in date" in client.get(address).content.decode()
    fields = {"presentation": "lidocaine_2pct", "directions": "0.5 mL in the neck", "valid_from": TODAY.isoformat(), "valid_until": TODAY.isoformat()}
    assert client.post(address, {"token": uuid.uuid4(), **fields, "valid_until": ""}).status_code == 422
    refused = client.post(address, {"token": uuid.uuid4(), **fields, "valid_until": "2020-01-01"})
    assert (refused.status_code, "0.5 mL in the neck" in refused.content.decode()) == (409, True)
    assert client.post(address, {"token": uuid.uuid4(), **fields})["Location"] == address
    page = client.get(address).content.decode()
    assert "In date until 23 Nov 2026" in page
    row = re.search(r"prescriptions/([0-9a-f-]{36})/end/", page)[1]
    assert client.post(f"{address}{row}/end/", {f"end-{row}-token": uuid.uuid4()}).status_code == 422
    assert client.post(f"{address}{row}/end/", {f"end-{row}-token": uuid.uuid4(), f"end-{row}-reason": "changed"}).status_code == 302
    page = client.get(address).content.decode()
    assert "None in date" in page and "Ended on 23 Nov 2026" in page


def test_the_label_says_for_whom_until_when_what_and_by_whom(people, visit, as_):
    made = syringe(visit, people.nurse)
    answer = as_(people.nurse).get(f"/visits/{visit.pk}/syringes/{made.pk}/label.pdf")
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for part in (visit.patient.family_name, "14 Mar 1985", "use before 14:00", "on 23 Nov 2026", "1 mL Lidocaine", "10:00 Rosa Nurse", made.code[:5]):
        assert part in text, text
    assert answer["Cache-Control"] == "no-store"
