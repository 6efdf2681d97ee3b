"""One list for the page, for its address and for whoever posts past the page."""

from __future__ import annotations

import datetime as dt
import html
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pistor.actions.candidacy import review_verdict
from pistor.actions.treatment import sign_treatment
from pistor.care.treatment import gate
from pistor.records.audit import AuditEvent
from pistor.records.intent import candidacy_of
from pistor.records.room import room_facts
from pistor.records.stock import StockMove
from pistor.records.syringes import Syringe
from pistor.records.treatment import TimeOut, Treatment, ZoneDose
from tests import factories
from tests.conftest import NOW, TODAY
from tests.pages.test_treatment import fields_of, filled, post
from tests.ready import consented, full_entry, lot, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    return visit


def listed(client, visit):
    answer = client.get(f"/visits/{visit.pk}/treatment/gate/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    return answer.json()


def signed_directly(client, visit, **fields):
    here = f"/visits/{visit.pk}/treatment/"
    return client.post(here, {"token": uuid.uuid4(), "do": "sign", "given_on": "2026-11-23", **fields}, headers={"accept": "application/json"})


def test_the_page_the_address_and_a_direct_post_say_the_same(people, as_, visit):
    """Row 19 of the reference: the server refuses with the list that the page shows."""
    syringe(visit, people.nurse)
    client = as_(people.practitioner)
    missing = listed(client, visit)["missing"]
    assert missing == [item.as_dict() for item in gate(room_facts(visit, NOW))]
    assert {"time_out.none", "check", "zone.unconfirmed", "record.pain_score"} <= {item["rule"] for item in missing}
    page = html.unescape(client.get(f"/visits/{visit.pk}/treatment/").content.decode())
    assert all(item["text"] in page for item in missing)
    refused = signed_directly(client, visit)
    assert (refused.status_code, refused.json()["missing"]) == (409, missing)
    assert not ZoneDose.objects.exists()


def test_without_anything_done_the_list_is_whole(people, as_):
    visit = factories.visit(factories.course(factories.patient(people.practitioner)))
    client = as_(people.practitioner)
    rules = {item["rule"] for item in listed(client, visit)["missing"]}
    assert {"before.blend", "before.map", "consent.none", "record.pain_score", "check"} <= rules
    assert {item["rule"] for item in signed_directly(client, visit).json()["missing"]} == rules


@pytest.mark.parametrize("fields", [{"pain_score": "eleven"}, {"edits_0": "{"}, {"state_0": "?"}, {"given_on": ""}, {"volume_0": "NaN", "points_0": "1"}])
def test_a_field_that_cannot_be_read_changes_nothing_about_the_list(people, as_, visit, fields):
    client = as_(people.practitioner)
    missing = listed(client, visit)["missing"]
    refused = signed_directly(client, visit, **fields)
    assert (refused.status_code, refused.json()["missing"]) == (409, missing)
    assert set(refused.json()["errors"]) & set(fields)
    assert client.post(f"/visits/{visit.pk}/treatment/", {"token": uuid.uuid4(), "do": "save", "given_on": "2026-11-23", **fields}).status_code == 422


def test_what_cannot_be_is_named_beside_all_that_is_missing(people, as_, visit):
    made = signed_directly(as_(people.practitioner), visit, points_0="3", volume_0="-1", given_on="2027-01-01").json()["missing"]
    assert [item["text"] for item in made if item["rule"] == "record.numbers"][:2] == [
        "Left side of the neck: the volume is below 0; enter what was given, in mL.",
        "The day of the treatment lies in the future. Enter the day on which it was given.",
    ]
    assert {"consent", "check", "zone"} - {"consent"} <= {item["rule"].partition(".")[0] for item in made}


def test_an_assistant_cannot_sign_and_the_attempt_is_audited(people, as_, visit):
    """Row 35 of the reference; also where what was posted cannot be read."""
    client = as_(people.nurse)
    for fields in ({}, {"pain_score": "eleven"}):
        assert signed_directly(client, visit, **fields).status_code == 403
    assert AuditEvent.objects.filter(verb="treatment.sign_refused", actor=people.nurse.pk, subject_id=visit.pk).count() == 2
    visit.refresh_from_db()
    assert visit.state == "open"


def test_the_codes_are_read_on_the_page_and_the_wrong_ones_stop(people, as_, visit):
    made, client, here = syringe(visit, people.nurse), as_(people.nurse), f"/visits/{visit.pk}/treatment/"
    assert "Time-out" in client.get(here).content.decode()
    codes = {"do": "time-out", "token": uuid.uuid4(), "patient_code": "P1:P:SOMEBODY", "syringe_code": made.code}
    stopped = client.post(here, codes)
    assert (stopped.status_code, "SOMEBODY” is not the number of this patient" in stopped.content.decode()) == (409, True)
    assert listed(client, visit)["missing"][0]["rule"] == "time_out.stopped"
    assert client.post(here, {**codes, "token": uuid.uuid4(), "patient_code": ""}).status_code == 422
    passed = client.post(here, {**codes, "token": uuid.uuid4(), "patient_code": visit.patient.number, "note": "half done"}).content.decode()
    assert [row.passed for row in TimeOut.objects.order_by("created_at", "pk")] == [False, True]
    assert "half done" in passed
    assert f"syringe {made.code}" in passed[passed.index("data-time-out") :]


def test_two_syringes_are_given_each_to_its_zone_and_booked_once(people, as_, visit):
    """Row 50 of the reference: a double submit makes one session and one booking."""
    one, two = syringe(visit, people.nurse, volume="0.3"), syringe(visit, people.nurse, volume="0.2")
    read_codes(visit, people.nurse)
    client = as_(people.practitioner)
    fields = filled(client, visit, state_0="changed", points_0="2", volume_0="0.25", reason_0="a mole", **{f"from_0_{one.code}": "0.25"})
    extra = {"extra_zone": "shoulder:left", "points_x": "1", "volume_x": "0.2", "reason_x": "sore", f"from_x_{two.code}": "0.2"}
    too_much = post(client, visit, fields | extra | {"volume_0": "0.35", f"from_0_{one.code}": "0.35"})
    assert "0.35 mL were given from syringe" in too_much.content.decode()
    unlike = post(client, visit, fields | extra | {"volume_0": "0.35"})
    assert (unlike.status_code, "0.25 mL are said to have come out of the syringes, but 0.35 mL were given" in unlike.content.decode()) == (409, True)
    for _ in range(2):
        assert post(client, visit, fields | extra).status_code == 302
    moved = {(move.booking, move.put_into): move.units for move in StockMove.objects.filter(taken_from="syringe")}
    assert moved == {(one.pk, "patient"): Decimal("0.25"), (one.pk, "waste"): Decimal("0.05"), (two.pk, "patient"): Decimal("0.2")}
    assert Treatment.objects.filter(state="signed").count() == 1


def test_what_came_out_of_which_syringe_stands_there_again_and_the_rest_is_divided_anew(people, as_, visit):
    one, two = syringe(visit, people.nurse, volume="0.3"), syringe(visit, people.nurse, volume="0.2")
    client, here = as_(people.nurse), f"/visits/{visit.pk}/treatment/"
    assert post(client, visit, filled(client, visit, do="save", **{f"from_0_{two.code}": "0.1"})).status_code == 302
    assert {(dose.syringe, dose.volume_ml, dose.given["shared"]) for dose in ZoneDose.objects.all()} == {
        (one, Decimal("0.275"), "said"), (two, Decimal("0.1"), "said"),
    }  # fmt: skip
    again = fields_of(client.get(here).content.decode())
    assert (again[f"from_0_{one.code}"], again[f"from_0_{two.code}"], again["points_0"], again["volume_0"]) == ("0.275", "0.1", "3", "0.375")
    assert listed(client, visit)["live"]["in_syringes_ml"] == {one.code: "0.025", two.code: "0.1"}
    assert post(client, visit, again | {"do": "save", f"from_0_{one.code}": "", f"from_0_{two.code}": ""}).status_code == 302
    assert {(dose.syringe, dose.volume_ml) for dose in ZoneDose.objects.all()} == {(one, Decimal("0.3")), (two, Decimal("0.075"))}


def test_what_the_plan_needs_beside_the_first_syringe_is_offered_at_once(people, as_, visit):
    syringe(visit, people.nurse, volume="0.3")
    client, here = as_(people.nurse), f"/visits/{visit.pk}/treatment/"
    page = client.get(here).content.decode()
    assert "Another syringe: 0.075 mL of the plan are not drawn yet" in page
    made = client.post(here, fields_of(page) | {"do": "make-clear", "make-own_hours": "4", "make-own_basis": "our pharmacist", "note": "half done"})
    assert (made.status_code, "half done" in made.content.decode()) == (200, True)
    assert "Another syringe" not in made.content.decode()
    assert sum(row.volume_ml for row in Syringe.objects.all()) >= Decimal("0.375")


def test_what_is_recorded_adds_up_while_it_is_written(people, as_, visit):
    made, client = syringe(visit, people.nurse), as_(people.nurse)
    assert listed(client, visit)["live"]["points_left"] == 3
    assert post(client, visit, filled(client, visit, do="save", edits_0='{"removed": ["1"], "changed": {"2": {"ml": "0.2"}}}', reason_0="a mole")).status_code == 302
    found = listed(client, visit)["live"]
    assert found == {
        "points": 2, "volume_ml": "0.325", "on_skin_ml": "0", "points_left": 0, "volume_left_ml": "0", "in_syringes_ml": {made.code: "0.675"},
        "amounts": {"lidocaine": "6.5"},
    }  # fmt: skip
    again = fields_of(client.get(f"/visits/{visit.pk}/treatment/").content.decode())
    assert (again["state_0"], again["points_0"], "&quot;removed&quot;:[&quot;1&quot;]" in again["edits_0"]) == ("changed", "2", True)


def test_the_last_treatment_is_repeated_with_another_lot(people, as_, visit):
    full = full_entry(visit)
    zone = replace(full.record.zones[0], points=2, volume_ml=Decimal("0.25"), state="changed", reason="a mole")
    sign_treatment(visit=visit, entry=replace(full, record=replace(full.record, zones=(zone,))), by=people.practitioner, at=NOW)
    second, other = Treatment.objects.get(course=visit.course, number=2), lot(people.clinic, number="L-2")
    consented(second, people.practitioner)
    digest = candidacy_of(second.course, TODAY).digest
    review_verdict(course=second.course, treatment=second, digest=digest, version=None, by=people.practitioner, at=NOW + dt.timedelta(minutes=1), token=None)
    client, here = as_(people.practitioner), f"/visits/{second.pk}/treatment/"
    page = client.get(here).content.decode()
    assert 'value="repeat"' in page
    fields = fields_of(page) | {"make-lot_0_0": str(other.pk), "make-own_hours": "4", "make-own_basis": "our pharmacist", "note": "half done", "do": "repeat"}
    repeated = client.post(here, fields).content.decode()
    assert Syringe.objects.get(treatment=second).draws.get().lot == other
    values = fields_of(repeated)
    assert (values["points_0"], values["volume_0"], values["reason_0"], values["skin_preparation"]) == ("2", "0.25", "a mole", "povidone-iodine")
    assert not any(name.startswith(("check_", "state_", "pain_score", "reaction")) and name != "reaction_note" for name in values)  # nobody said so
    assert "half done" in repeated
    assert 'value="repeat"' not in repeated  # the syringe is made


def test_the_chart_stays_within_its_number_of_statements(people, as_, visit):
    syringe(visit, people.nurse)
    read_codes(visit, people.nurse)
    client = as_(people.practitioner)
    client.get(f"/visits/{visit.pk}/treatment/")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/visits/{visit.pk}/treatment/")
    assert len(queries) <= 25, "\n".join(query["sql"][:150] for query in queries)
