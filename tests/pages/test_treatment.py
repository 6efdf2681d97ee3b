"""The treatment page: one look before, one record, one signature, and then nothing changes."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from decimal import Decimal

import pytest
from pypdf import PdfReader

from pistor.actions.consent import withdraw_consent
from pistor.actions.consultation import NewEntry, edit_patient, record_history
from pistor.actions.formulation import compose_blend
from pistor.actions.stock import set_lot_state
from pistor.care.formulation import Part
from pistor.records.consent import Consent
from pistor.records.stock import Lot
from pistor.records.treatment import Amendment, LotUse, Treatment, ZoneDose
from tests import factories
from tests.conftest import NOW, TODAY
from tests.ready import consented, planned_visit, read_codes, syringe

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    syringe(visit, people.practitioner)
    read_codes(visit, people.practitioner)
    return visit


def fields_of(text: str, form: str = "treatment") -> dict[str, object]:
    """The fields of one of the page's forms as a browser would send them."""
    form = text[text.index(f'data-draft="{form}"') :]
    form = form[: form.index("</form>")]
    fields: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") in ("checkbox", "radio"):
            if " checked" in tag:
                fields[attributes["name"]] = attributes.get("value", "on")
        elif "name" in attributes:
            fields[attributes["name"]] = attributes.get("value", "")
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        fields[name] = chosen.group(1) if chosen else ""
    for name in re.findall(r'<textarea[^>]*name="([^"]+)"', form):
        fields[name] = ""
    return fields


def filled(client, visit, **changes):
    text = client.get(f"/visits/{visit.pk}/treatment/").content.decode()
    fields = fields_of(text)
    fields |= dict.fromkeys(re.findall(r'name="(check_\w+)"', text), "on")
    fields |= dict.fromkeys(re.findall(r'name="(state_\d+)"', text), "given")
    fields |= {"skin_preparation": "Povidone-iodine", "anaesthesia": "none", "pain_score": "3", "reaction": "none", "do": "sign"}
    fields |= changes
    return {name: value for name, value in fields.items() if value is not None}


def post(client, visit, fields):
    return client.post(f"/visits/{visit.pk}/treatment/", fields)


def test_the_plan_stands_in_the_form_and_nothing_is_confirmed(people, as_, visit):
    text = as_(people.practitioner).get(f"/visits/{visit.pk}/treatment/").content.decode()
    fields = fields_of(text)
    assert (fields["points_0"], fields["volume_0"]) == ("3", "0.375")
    assert "state_0" not in fields
    assert "Signed for this plan" in text
    assert "style=" not in text


def test_recorded_and_signed_it_is_shown_read_only_with_its_fingerprint(people, as_, visit):
    client = as_(people.practitioner)
    answer = post(client, visit, filled(client, visit))
    assert answer.status_code == 302
    text = client.get(answer["Location"]).content.decode()
    visit.refresh_from_db()
    assert visit.state == "signed"
    assert visit.sha256 in text
    assert people.practitioner.printed_name in text
    assert "I gave or supervised this treatment" in text
    assert 'data-draft="treatment"' not in text
    pdf = client.get(f"/visits/{visit.pk}/treatment/summary.pdf")
    words = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages).split())
    assert "lotL-1" in words
    assert "Neck" in words
    assert visit.sha256[:20] in words


def test_a_direct_post_without_consent_is_refused_with_the_whole_list(people, as_):
    visit = factories.visit(factories.course(factories.patient(people.practitioner)))
    for do in ("save", "sign"):
        answer = post(as_(people.practitioner), visit, {"token": uuid.uuid4(), "given_on": "2026-11-23", "do": do})
        assert answer.status_code == 409
        assert "Consent is not signed." in answer.content.decode()
    assert not ZoneDose.objects.exists()


def withdraws(visit, by):
    withdraw_consent(consent=Consent.objects.get(course=visit.course), reason="changed her mind", by=by, at=NOW)


def blends_anew(visit, by):
    compose_blend(course=visit.course, parts=[Part("lidocaine_2pct", Decimal(2))], by=by, at=NOW)


def tells_of_an_allergy(visit, by):
    allergy = NewEntry("allergy", "Lidocaine", {"label": "Lidocaine", "coding": [], "active": True, "refuted": False})
    record_history(patient=visit.patient, version=None, entries=[allergy], by=by, at=NOW, token=None)


def dies(visit, by):
    edit_patient(patient=visit.patient, version=None, deceased_on=TODAY, by=by, at=NOW, token=None)


def quarantines(visit, by):
    set_lot_state(lot=Lot.objects.get(), state="quarantined", reason="notice", by=by, at=NOW)


@pytest.mark.parametrize(
    ("meanwhile", "says"),
    [
        (withdraws, "withdrew"),
        (blends_anew, "The plan changed after the patient signed"),
        (tells_of_an_allergy, "llergy"),
        (dies, "died"),
        (quarantines, "in quarantine"),
    ],
)
def test_what_changed_after_the_page_was_opened_stops_the_signature_and_keeps_what_was_typed(people, as_, visit, meanwhile, says):
    """The button was there; the server asks again, whatever the page showed."""
    client = as_(people.practitioner)
    fields = filled(client, visit, note="numb after 4 minutes")
    meanwhile(visit, people.practitioner)
    answer = post(client, visit, fields)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert says in text.split('id="errors"')[1].split("</div>")[0]
    assert "numb after 4 minutes" in text
    visit.refresh_from_db()
    assert (visit.state, ZoneDose.objects.count(), LotUse.objects.count()) == ("open", 0, 0)


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"volume_0": "-1"}, 409, "below 0"),
        ({"volume_0": "NaN"}, 409, "is not a number"),
        ({"volume_0": "1e999999999"}, 409, "above 500 mL"),
        ({"volume_0": "zwei"}, 409, "is not a number"),
        ({"points_0": "1.5"}, 409, "whole number"),
        ({"points_0": "99999999999999999999"}, 409, "less than or equal"),
        ({"volume_0": ""}, 409, "belong together"),
        ({"volume_0": "0,01"}, 409, "differs from the plan"),
        ({"pain_score": "11"}, 409, "goes from 0 to 10"),
        ({"pain_score": ""}, 409, "pain score is not recorded"),
        ({"check_no_tap_water": None}, 409, "Not ticked: No tap water"),
        ({"anaesthesia": "topical", "topical_0": "lidocaine", "topical_dose_0": ""}, 409, "unknown. Enter it in mg"),
        ({"anaesthesia": "topical", "topical_0": "lidocaine", "topical_dose_0": "290"}, 409, "above the limit"),
        ({"state_0": ""}, 409, "Left side of the neck is not confirmed"),
        ({"state_0": "not_given"}, 409, "differs from the plan"),
        ({"state_0": "rubbish"}, 409, "rubbish"),
        ({"edits_0": "{"}, 409, "cannot be read"),
        ({"edits_0": '{"removed": ["77"]}'}, 409, "not on the plan"),
        ({"edits_0": '{"removed": ["1"]}'}, 409, "differs from the plan"),
        ({"given_on": "2027-01-01"}, 409, "lies in the future"),
        ({"reaction": "some"}, 409, "but not which"),
        ({"extra_zone": "shoulder:left", "points_x": "2", "volume_x": "0.1"}, 409, "was not planned"),
    ],
)
def test_what_cannot_be_signed_is_said_and_what_was_typed_is_kept(people, as_, visit, changes, status, says):
    client = as_(people.practitioner)
    answer = post(client, visit, filled(client, visit, note="ça va עור", **changes))
    text = answer.content.decode()
    assert (answer.status_code, says in text) == (status, True), re.findall(r"<li>(.*?)</li>", text)[:20]
    assert "ça va עור" in text
    visit.refresh_from_db()
    assert visit.state == "open"
    assert not LotUse.objects.exists()


def test_sent_twice_it_is_signed_once(people, as_, visit):
    client = as_(people.practitioner)
    fields = filled(client, visit)
    first, second = post(client, visit, fields), post(client, visit, fields)
    assert (first.status_code, second.status_code) == (302, 302)
    assert (ZoneDose.objects.count(), Treatment.objects.filter(state="signed").count()) == (1, 1)


def test_after_signing_a_post_changes_nothing(people, as_, visit):
    client = as_(people.practitioner)
    fields = filled(client, visit)
    post(client, visit, fields)
    visit.refresh_from_db()
    before = visit.signed_content
    answer = post(client, visit, fields | {"token": uuid.uuid4(), "volume_0": "9"})
    visit.refresh_from_db()
    assert answer.status_code == 409
    assert "locked" in answer.content.decode()
    assert visit.signed_content == before


def test_a_nurse_saves_and_may_not_sign(people, as_, visit):
    client = as_(people.nurse)
    assert "Sign treatment" not in client.get(f"/visits/{visit.pk}/treatment/").content.decode()
    assert post(client, visit, filled(client, visit, do="save")).status_code == 302
    assert ZoneDose.objects.count() == 1
    assert post(client, visit, filled(client, visit)).status_code == 403
    visit.refresh_from_db()
    assert visit.state == "open"


def test_what_was_saved_stands_in_the_form_again(people, as_, visit):
    client = as_(people.nurse)
    post(client, visit, filled(client, visit, do="save", state_0="changed", volume_0="0,1", reason_0="stopped early", pain_score="7"))
    fields = fields_of(client.get(f"/visits/{visit.pk}/treatment/").content.decode())
    assert (fields["volume_0"], fields["reason_0"], fields["pain_score"]) == ("0.1", "stopped early", "7")


def test_an_amendment_shows_beside_the_original(people, as_, visit):
    client = as_(people.practitioner)
    post(client, visit, filled(client, visit))
    here = f"/visits/{visit.pk}/treatment/amend/"
    assert client.post(here, {"token": uuid.uuid4(), "kind": "correction", "text": "", "reason": ""}).status_code == 422
    client.post(here, {"token": uuid.uuid4(), "kind": "correction", "text": "Left side was 2 points", "reason": "miscounted"})
    text = client.get(f"/visits/{visit.pk}/treatment/").content.decode()
    assert "Left side was 2 points" in text
    assert "The original stands below, unchanged" in text
    assert as_(people.nurse).post(here, {}).status_code == 403
    assert Amendment.objects.count() == 1


def test_one_changed_digit_in_the_database_is_said(people, as_, visit):
    from django.db import connection

    from pistor.records import append_only

    client = as_(people.practitioner)
    post(client, visit, filled(client, visit))
    append_only.unguard(connection)
    ZoneDose.objects.filter(treatment=visit).update(volume_ml=Decimal("9.999"))
    assert "not what was signed" in client.get(f"/visits/{visit.pk}/treatment/").content.decode()
    assert client.get(f"/visits/{visit.pk}/treatment/summary.pdf").status_code == 409


def test_chlorhexidine_near_the_eye_is_not_praised(people, as_, visit):
    from pistor.care.treatment import Record, ZoneGiven, treatment_findings
    from pistor.knowledge import load

    zone = ZoneGiven("face", "mid", "nappage", 3, Decimal("0.1"))
    record = Record(dt.date(2026, 11, 23), {}, "Chlorhexidine 2 %", "none", (), (zone,))
    assert [finding.rule for finding in treatment_findings(record, load(), ())] == ["antiseptic_near_eye"]


def test_every_visit_of_the_demo_clinic_opens_in_the_treatment_room(db, as_):
    from pistor.actions.demo import load_demo
    from pistor.records.people import User

    load_demo(at=dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC), password="x", patients=24)
    client = as_(User.objects.get(clinic__is_demo=True, role="practitioner"))
    for visit in Treatment.objects.all():
        for step in ("consent", "treatment", "aftercare"):
            answer = client.get(f"/visits/{visit.pk}/{step}/")
            assert answer.status_code == 200, (visit.state, step)
            assert "not what was signed" not in answer.content.decode()


def test_strangers_and_the_front_desk_stay_outside(people, as_, visit):
    for address in ("", "summary.pdf"):
        assert as_(people.stranger).get(f"/visits/{visit.pk}/treatment/{address}").status_code == 404
        assert as_(people.front_desk).get(f"/visits/{visit.pk}/treatment/{address}").status_code == 403
    assert as_(people.stranger).post(f"/visits/{visit.pk}/treatment/", {}).status_code == 404
    assert as_(people.owner).post(f"/visits/{visit.pk}/treatment/", {}).status_code == 403
