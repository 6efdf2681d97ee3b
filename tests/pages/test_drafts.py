"""What someone types is kept until it is saved, for that person only, and nothing that is sent there breaks the page."""

from __future__ import annotations

import json
import uuid

import pytest

from pistor.actions.drafts import MOST_FIELDS, MOST_SIGNS
from pistor.records.drafts import Draft
from tests import factories

pytestmark = pytest.mark.django_db
HERE = "/patients/new/"


def keep(client, fields, key=HERE, form="new"):
    return client.post("/drafts/", json.dumps({"key": key, "form": form, "fields": fields}), content_type="application/json")


def shown(client, path=HERE):
    text = client.get(path).content.decode()
    mark = '<script id="draft" type="application/json">'
    return json.loads(text.split(mark)[1].split("</script>")[0]) if mark in text else None


def test_a_draft_is_there_again_after_signing_out_and_in(people, as_):
    client = as_(people.front_desk)
    assert "saved_at" in keep(client, {"family_name": ["Dub"]}).json()
    keep(client, {"family_name": ["Dubois"], "sex": ["female"]})
    client.post("/sign-out/")
    assert shown(as_(people.front_desk))["new"]["fields"] == {"family_name": ["Dubois"], "sex": ["female"]}
    assert Draft.objects.count() == 1


@pytest.mark.parametrize("path", ["/patients/{patient}/edit/", "/patients/{patient}/start/", "/visits/{visit}/course/", "/visits/{visit}/consultation/"])
def test_every_page_that_keeps_drafts_shows_them(people, as_, path):
    visit = factories.visit(factories.course(factories.patient(people.practitioner), protocol="neck_pain_lidocaine"))
    here, client = path.format(patient=visit.patient_id, visit=visit.pk), as_(people.practitioner)
    text = client.get(here).content.decode()
    form = text.split('data-draft="')[1].split('"')[0]
    assert keep(client, {"note": ["typed"]}, here, form).status_code == 200
    assert shown(client, here) == {form: {"fields": {"note": ["typed"]}, "saved_at": shown(client, here)[form]["saved_at"]}}


def test_nobody_sees_the_draft_of_someone_else(people, as_):
    keep(as_(people.nurse), {"family_name": ["Dubois"]})
    assert shown(as_(people.practitioner)) is None
    keep(as_(people.practitioner), None)  # and nobody discards it
    assert shown(as_(people.nurse))


def test_a_draft_is_gone_once_its_form_was_taken_and_stays_while_it_was_not(people, as_):
    client = as_(people.front_desk)
    keep(client, {"family_name": ["Dubois"]})
    client.post(HERE, {"draft": "new", "family_name": "", "token": uuid.uuid4()})
    assert Draft.objects.count() == 1
    client.post(HERE, {"draft": "new", "family_name": "Dubois", "sex": "female", "language": "en", "token": uuid.uuid4()})
    assert Draft.objects.count() == 0


@pytest.mark.parametrize(
    ("posted", "left"), [({"draft": "new"}, {"other"}), ({"draft": "other"}, {"new"}), ({}, {"new", "other"}), ({"draft": ""}, {"new", "other"})]
)
def test_a_form_that_was_taken_leaves_the_drafts_of_the_other_forms_of_its_page(people, as_, posted, left):
    client = as_(people.front_desk)
    for form in ("new", "other"):
        keep(client, {"family_name": ["Dubois"]}, form=form)
    answer = client.post(HERE, {**posted, "family_name": "Dubois", "sex": "female", "language": "en", "token": uuid.uuid4()})
    assert answer.status_code == 302
    assert set(shown(client)) == left


def test_discarding_one_form_leaves_the_others_of_the_page(people, as_):
    client = as_(people.nurse)
    for form in ("a", "ab", "b"):
        keep(client, {"note": [form]}, form=form)
    assert keep(client, None, form="a").status_code == 200
    assert set(shown(client)) == {"ab", "b"}


def test_a_draft_with_markup_stays_text(people, as_):
    client = as_(people.nurse)
    keep(client, {"note": ["</script><script>alert(1)</script>"]})
    assert "<script>alert" not in client.get(HERE).content.decode()
    assert shown(client)["new"]["fields"] == {"note": ["</script><script>alert(1)</script>"]}


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udc00x", "a\ud83d", "\x01\x7f\ufffe", "😀", "שלום", "e\u0301"])
def test_signs_that_no_database_keeps_do_not_lose_the_draft(people, as_, text):
    client = as_(people.nurse)
    assert keep(client, {"note": [text], text: ["x"]}).status_code == 200
    kept = shown(client)["new"]["fields"]["note"][0]
    assert kept == text.replace("\x00", "").encode("utf-8", "replace").decode()
    assert keep(client, {}, key=HERE + text, form=text).status_code == 200
    assert keep(client, None, key=HERE + text, form=text).status_code == 200


BAD = {
    "nothing": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"key": "\xff\xfe", "form": "new", "fields": {}}',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "text": b'"key"',
    "no form": b'{"key": "/patients/new/", "fields": {}}',
    "no fields": b'{"key": "/patients/new/", "form": "new"}',
    "nested too deep": b"[" * 100_000,
    "a number of ten thousand digits": b'{"key": ' + b"9" * 10_000 + b"}",
    "fields as a list": b'{"key": "/", "form": "new", "fields": []}',
    "fields as text": b'{"key": "/", "form": "new", "fields": "x"}',
    "values that are no texts": b'{"key": "/", "form": "new", "fields": {"a": {"b": 1}}}',
    "a value that is no number": b'{"key": "/", "form": "new", "fields": {"a": [NaN]}}',
    "infinity": b'{"key": "/", "form": "new", "fields": {"a": Infinity}}',
    "key too long": b'{"key": "' + b"x" * 121 + b'", "form": "", "fields": {}}',
    "too many fields": json.dumps({"key": "/", "form": "new", "fields": {str(n): ["x"] for n in range(MOST_FIELDS + 1)}}).encode(),
    "too much text": json.dumps({"key": "/", "form": "new", "fields": {"a": ["x" * (MOST_SIGNS + 1)]}}).encode(),
    "too much in names": json.dumps({"key": "/", "form": "new", "fields": {"x" * (MOST_SIGNS + 1): ["a"]}}).encode(),
    "form as UTF-16": '{"key": "\ud83d"'.encode("utf-16", "surrogatepass"),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_draft_is_answered_with_a_sentence(people, as_, body):
    answer = as_(people.nurse).post("/drafts/", body, content_type="application/json")
    assert answer.status_code in (400, 413)
    assert answer.json()["error"].endswith(".")
    assert Draft.objects.count() == 0


def test_a_draft_is_only_posted(people, as_):
    assert as_(people.nurse).get("/drafts/").status_code == 405
    assert as_(people.nurse).delete("/drafts/").status_code == 405
