"""The shelf's pages: what to do, receiving by scan or by hand, vials, differences, labels; nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal as D
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pistor.actions.stock import NewProduct, count, open_vial, receive
from pistor.care.codes import GS
from pistor.records.stock import Discrepancy, Lot, Product, StockMove, Vial, held_of
from tests import factories
from tests.conftest import NOW, TODAY
from tests.exchange.test_labels import as_file, drawn
from tests.ready import lot

pytestmark = pytest.mark.django_db
GTIN = "09501101530003"
BOTTLE = "lidocaine_1pct_multidose"


def received(people, number="L-1", *, days=300, product=None, containers=3, **new):
    what = product or NewProduct(BOTTLE, **new)
    return receive(product=what, lot_number=number, expires_on=TODAY + dt.timedelta(days=days), containers=containers, container_units=D(10), unit="mL", by=people.nurse, at=NOW)


def text_of(answer):
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1])).split())


def typed(client, code):
    return client.post("/stock/scan/", {"code": code})


def test_the_shelf_says_what_to_do_and_stands_in_the_order_of_use(people, as_):
    first = received(people, "LATE", days=200)
    received(people, "EARLY", days=10, product=first.product)
    received(people, "GONE", days=0, product=first.product)
    Lot.objects.filter(lot_number="GONE").update(expires_on=TODAY - dt.timedelta(days=1))
    Product.objects.update(par_units=D(100))
    count(lot=first, found=D(29), unit="mL", by=people.nurse, at=NOW)
    text = text_of(as_(people.nurse).get("/stock/"))
    for said in ("lot GONE: expired", "lot EARLY: expires in 10 days. Use it first.", "59 mL left; at least 100 should be there", "29 mL found, 30 mL expected", "59 mL usable"):
        assert said.replace("29 mL found, 30 mL expected", "29 mL found, 30 expected") in text
    table = text.split("On the shelf State")[1]
    assert table.index("EARLY") < table.index("LATE") < table.index("GONE")


def test_what_was_never_counted_is_hatched_and_what_is_used_up_is_folded_away(people, as_):
    lot(people.clinic, number="NEVER")
    count(lot=lot(people.clinic, number="EMPTY"), found=D(0), unit="mL", by=people.nurse, at=NOW)
    client = as_(people.nurse)
    page = client.get("/stock/").content.decode()
    assert '<span class="nodata">not counted</span>' in page
    assert "EMPTY" not in page
    assert "1 lot of which nothing is left" in page
    assert "EMPTY" in client.get("/stock/?all").content.decode()


@pytest.mark.parametrize("code", [f"01{GTIN}1727053110ABC123{GS}", f"(01){GTIN}(17)270531(10)ABC123", f"]d201{GTIN}1727053110ABC123{{GS}}"])
def test_a_scanned_package_stands_in_the_form_and_is_known_the_next_time(people, as_, code):
    client = as_(people.nurse)
    answer = typed(client, code)
    assert answer.status_code == 303
    form = client.get(answer["Location"])
    page = form.content.decode()
    assert "Read from the package" in page
    assert 'value="ABC123"' in page
    assert 'value="2027-05-31"' in page
    assert f'value="{GTIN}"' in page
    fields = {"product": "new", "presentation": BOTTLE, "gtin": GTIN, "unit": "mL", "lot_number": "ABC123", "expires_on": "2027-05-31", "containers": "5", "container_units": "10"}
    saved = client.post("/stock/receive/", {**fields, "token": uuid.uuid4(), "prescription": "yes"})
    row = Lot.objects.get()
    assert (saved.status_code, saved["Location"]) == (302, f"/stock/{row.pk}/")
    assert (row.product.gtin, row.product.prescription, row.expires_on, held_of([row])[0].units) == (GTIN, "yes", dt.date(2027, 5, 31), D(50))
    assert typed(client, code)["Location"] == f"/stock/{row.pk}/"
    other = client.get(typed(client, f"(01){GTIN}(17)280131(10)NEXT")["Location"]).content.decode()
    assert f'<option value="{row.product_id}" selected>' in other


def test_a_lot_that_is_not_sure_is_left_to_be_typed(people, as_):
    client = as_(people.nurse)
    answer = typed(client, f"01{GTIN}1727053110AB2112")
    assert parse_qs(urlsplit(answer["Location"]).query)["code"]
    page = client.get(answer["Location"]).content.decode()
    assert "dropped the separators" in page
    assert 'value="2027-05-31"' in page
    assert 'value="AB' not in page.split('name="lot_number"')[1].split(">")[0]


@pytest.mark.parametrize(("code", "says"), [("", "Scan or type a code"), ("hello", "no code of a package"), ("V 00000 00000", "not of this clinic"), ("P1:P:DEMO-1", "leads nowhere"), ("L" + "0" * 10, "not of this clinic"), ("9" * 501, "at most 500")])
def test_a_code_that_leads_nowhere_is_answered_with_a_sentence(people, as_, code, says):
    answer = typed(as_(people.nurse), code)
    assert (answer.status_code, says in text_of(answer)) == (422, True)


def test_our_own_labels_lead_to_the_vial_and_to_the_lot_also_from_a_picture(people, as_):
    row = received(people)
    vial = open_vial(lot=row, by=people.nurse, at=NOW)
    client, stranger = as_(people.nurse), as_(people.stranger)
    assert typed(client, f"v {vial.code[:5]} {vial.code[5:]}".lower())["Location"] == f"/stock/vials/{vial.pk}/"
    picture = as_file(drawn(f"P1:V:{vial.code}"), "JPEG")
    sent = lambda who, **more: who.post("/stock/scan/", {"picture": SimpleUploadedFile("code.jpg", picture)}, **more)  # noqa: E731
    assert sent(client)["Location"] == f"/stock/vials/{vial.pk}/"
    assert vial.code in sent(client, headers={"accept": "application/json"}).json()["code"]
    assert sent(stranger).status_code == 422
    bad = client.post("/stock/scan/", {"picture": SimpleUploadedFile("code.jpg", b"no picture")}, headers={"accept": "application/json"})
    assert (bad.status_code, "no picture" in bad.json()["error"]) == (422, True)
    for address, words in ((f"/stock/{row.pk}/label.pdf", b"%PDF"), (f"/stock/vials/{vial.pk}/label.pdf", b"%PDF")):
        assert client.get(address).content.startswith(words)


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"product": ""}, 422, "Choose the product"),
        ({"unit": ""}, 422, "Choose the unit"),
        ({"unit": "piece"}, 409, "single-use items in pieces"),
        ({"gtin": "9501101530004"}, 422, "check digit does not fit"),
        ({"containers": "1.5"}, 422, "whole number"),
        ({"container_units": ""}, 422, "how much each holds"),
        ({"container_units": "1 mL"}, 422, "Enter a number"),
        ({"container_units": "0"}, 409, "above 0"),
        ({"expires_on": "2020-01-01"}, 409, "expired"),
        ({"lot_number": " "}, 422, "lot number"),
    ],
)
def test_a_delivery_that_does_not_fit_is_said_and_what_was_typed_is_kept(people, as_, change, status, says):
    fields = {"product": "new", "presentation": BOTTLE, "unit": "mL", "lot_number": "KEEP-7", "expires_on": "2027-05-31", "containers": "5", "container_units": "10"}
    answer = as_(people.nurse).post("/stock/receive/", {**fields, "token": uuid.uuid4(), "manufacturer": "Maker Ltd", **change})
    assert (answer.status_code, says in text_of(answer)) == (status, True)
    assert "Maker Ltd" in answer.content.decode()
    assert not StockMove.objects.exists()


def test_a_vial_from_opening_to_the_difference_and_its_explanation(people, as_):
    row, client = received(people), as_(people.nurse)
    opened = client.post(f"/stock/{row.pk}/open/", {"token": uuid.uuid4(), "container_units": "10", "discard_after": "2026-11-24T10:00", "discard_basis": "label"})
    vial = Vial.objects.get()
    assert opened["Location"] == f"/stock/vials/{vial.pk}/"
    text = text_of(client.get(opened["Location"]))
    assert "until 24 Nov 2026, 10:00 ( label )" in text
    assert "Opened 23 Nov 2026, 10:00" in text
    client.post(f"/stock/vials/{vial.pk}/waste/", {"token": uuid.uuid4(), "units": "4", "reason": "contaminated"})
    assert "6 mL" in text_of(client.get(opened["Location"]))
    closed = client.post(f"/stock/vials/{vial.pk}/close/", {"token": uuid.uuid4(), "found": "5"})
    difference = Discrepancy.objects.get()
    assert closed["Location"] == f"/stock/differences/{difference.pk}/"
    assert "Your role can see this" in text_of(client.get(closed["Location"]))
    owner = as_(people.owner)
    assert owner.post(closed["Location"], {"token": uuid.uuid4(), "explanation": ""}).status_code == 422
    assert owner.post(closed["Location"], {"token": uuid.uuid4(), "explanation": "Spilt when it was drawn"}).status_code == 302
    assert "Spilt when it was drawn" in text_of(owner.get(closed["Location"]))


def test_a_container_for_one_patient_asks_for_the_number(people, as_):
    row, client = lot(people.clinic), as_(people.nurse)
    send = lambda number: client.post(f"/stock/{row.pk}/open/", {"token": uuid.uuid4(), "container_units": "2", "patient": number})  # noqa: E731
    assert send("").status_code == 422
    unknown = send("NOBODY-1")
    assert (unknown.status_code, "No patient of this clinic" in text_of(unknown)) == (409, True)
    patient = factories.patient(people.nurse)
    assert send(patient.number).status_code == 302
    assert Vial.objects.get().patient == patient


def test_counting_and_wasting_by_the_pages(people, as_):
    row, client = received(people), as_(people.nurse)
    assert client.post(f"/stock/{row.pk}/count/", {"token": uuid.uuid4(), "found": "30"})["Location"] == f"/stock/{row.pk}/"
    assert "Counted: it fits" in text_of(client.get(f"/stock/{row.pk}/"))
    assert client.post(f"/stock/{row.pk}/count/", {"token": uuid.uuid4(), "found": "10,0 mL"}).status_code == 422
    assert client.post(f"/stock/{row.pk}/waste/", {"token": uuid.uuid4(), "units": "31", "reason": "damaged"}).status_code == 409
    token = uuid.uuid4()
    for _ in range(2):
        assert client.post(f"/stock/{row.pk}/waste/", {"token": token, "units": "2,5", "reason": "damaged"})["Location"] == f"/stock/{row.pk}/"
    assert held_of([row])[0].units == D("27.5")
    text = text_of(client.get(f"/stock/{row.pk}/"))
    assert "Wasted: Damaged or not readable −2.5 mL" in text
    assert "Received +30 mL" in text


def test_the_product_says_what_is_not_known_until_somebody_says_it(people, as_):
    row, owner = received(people).product, as_(people.owner)
    assert "prescription not known" in text_of(owner.get("/stock/"))
    said = {"token": uuid.uuid4(), "par_units": "40", "container_units": "10", "storage": "2 to 8 °C", "prescription": "yes"}
    assert owner.post(f"/stock/products/{row.pk}/", said).status_code == 302
    text = text_of(owner.get("/stock/"))
    assert "Prescription only" in text
    assert "2 to 8 °C" in text
    assert "at least 40 wanted" in text


def test_the_reader_is_fetched_by_nobody_who_does_not_scan(people, as_):
    page = as_(people.nurse).get("/stock/").content.decode()
    assert 'data-reader="/static/shared/scan/zxing-reader.js"' in page
    assert not re.search(r"<script[^>]+zxing", page)
