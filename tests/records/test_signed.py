"""What was signed holds for ever: as it was signed then, and as it is signed today."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.core import serializers
from django.db import connection

from pistor.actions.amendments import amend_treatment
from pistor.actions.treatment import sign_treatment
from pistor.care.injection_map import Change
from pistor.care.treatment import Edits
from pistor.records import append_only
from pistor.records.people import User
from pistor.records.repeat import last_given
from pistor.records.signed import broken, record_of
from pistor.records.syringes import Draw, Syringe
from pistor.records.treatment import Amendment, LotUse, Treatment, ZoneDose
from tests import factories
from tests.conftest import NOW
from tests.ready import consented, full_entry, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db
KIND_1 = Path(__file__).parent / "data" / "treatments_of_kind_1.json"  # written by the code that signed it, before there was a kind 2


@pytest.fixture
def of_before():
    """Two treatments of kind 1: one from a lot, otherwise than planned and amended; one from a syringe."""
    for row in serializers.deserialize("json", KIND_1.read_text()):
        row.save()
    return list(Treatment.objects.order_by("pk"))


def test_treatments_that_were_signed_before_still_hold(of_before):
    assert [json.loads(visit.signed_content)["kind"] for visit in of_before] == ["pistor treatment 1"] * 2
    assert [broken(visit) for visit in of_before] == [(), ()]


@pytest.mark.parametrize(
    ("model", "change", "says"),
    [
        (ZoneDose, {"points": 9}, "zones in the database"),
        (ZoneDose, {"deviation_reason": "another"}, "zones in the database"),
        (LotUse, {"volume_ml": "9"}, "lots in the database"),
        (Syringe, {"look": "particles"}, "syringes in the database"),
        (Draw, {"volume_ml": "0.9"}, "syringes in the database"),
        (Treatment, {"sha256": "0" * 64}, "fingerprint"),
        (Amendment, {"text": "another"}, "amendment of 23 Nov 2026"),
    ],
)
def test_and_whatever_is_changed_about_them_is_said(of_before, model, change, says):
    append_only.unguard(connection)
    assert model.objects.update(**change)
    assert says in " ".join(sentence for visit in Treatment.objects.all() for sentence in broken(visit))


def test_they_are_read_shown_amended_and_repeated(of_before, as_):
    by, (first, second) = User.objects.get(), of_before
    assert [(zone.points, zone.planned_points, zone.state, zone.plan) for zone in record_of(first).zones] == [(2, 3, "", "")]
    for visit in of_before:
        page = as_(by).get(f"/visits/{visit.pk}/treatment/")
        assert page.status_code == 200
        assert "not what was signed" not in page.content.decode()
    amend_treatment(visit=second, kind="addition", text="a", reason="b", by=by, at=NOW)
    assert broken(second) == ()
    again = last_given(factories.visit(first.course, number=2))
    assert (again.skin_preparation, again.on, again.zones) == ("povidone-iodine", first.given_on, ())  # nothing is planned there now


def test_what_is_signed_today_keeps_points_syringes_and_time_outs(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    one, two = syringe(visit, people.nurse, volume="0.2"), syringe(visit, people.nurse, volume="0.2")
    read_codes(visit, people.nurse)
    full = full_entry(visit, lots=[])
    (zone,) = full.record.zones
    left_out = replace(zone, edits=Edits(frozenset({"1"}), {"2": (230.0, 60.0)}, {}, {"3": Change(Decimal("0.05"))}), state="changed", reason="a mole")
    extra = replace(zone, zone="shoulder", side="left", points=1, volume_ml=Decimal("0.1"), plan="", reason="sore there too", syringe=two.code)
    signed = sign_treatment(visit=visit, entry=replace(full, record=replace(full.record, zones=(replace(left_out, syringe=one.code), extra))), by=people.practitioner, at=NOW)
    signed = Treatment.objects.get(pk=signed.pk)
    content = json.loads(signed.signed_content)
    assert content["kind"] == "pistor treatment 2"
    assert [(row["zone"], row["points"], row["volume_ml"], row["syringe"], row["given"]["state"]) for row in content["zones"]] == [
        ("neck", 2, "0.175", one.code, "changed"), ("shoulder", 1, "0.1", two.code, "changed"),
    ]  # fmt: skip
    assert content["zones"][0]["given"]["edits"] == {"removed": ["1"], "moved": {"2": [230.0, 60.0]}, "added": {}, "changed": {"3": {"ml": "0.05"}}}
    assert [(row["passed"], row["syringe"]) for row in content["time_outs"]] == [(True, str(one.pk)), (True, str(two.pk))]
    assert [(row["given_ml"], row["wasted_ml"]) for row in content["syringes"]] == [("0.175", "0.025"), ("0.1", "0.1")]
    assert broken(signed) == ()
    assert record_of(signed).zones[0].edits == left_out.edits
