"""The page of photographs: taken with the tablet, seen by who may, gone when they were a mistake."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from pistor.actions.photos import add_photos, remove_photo
from pistor.records.photos import Photo
from tests import ready
from tests.conftest import NOW
from tests.pictures import SECRET, exif, made

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    visit = ready.planned_visit(people)
    ready.consented(visit, people.practitioner)
    return visit


@pytest.fixture
def row(people, visit):
    return add_photos(visit=visit, files=[("a.jpg", made(exif=exif()))], moment="before", by=people.nurse, at=NOW)[0]


def here(visit):
    return f"/visits/{visit.pk}/treatment/photos/"


def post(client, visit, *files, **fields):
    sent = {"token": uuid.uuid4(), "moment": "before", "note": "", **fields}
    return client.post(here(visit), {**sent, "files": [SimpleUploadedFile(name, content) for name, content in files]})


def test_pictures_of_camera_and_choice_are_kept_together_and_shown(people, as_, visit):
    client = as_(people.nurse)
    sent = {"token": uuid.uuid4(), "moment": "before", "note": "left side", "camera": SimpleUploadedFile("image.jpg", made(exif=exif()))}
    files = [SimpleUploadedFile("b.png", made("PNG", size=(300, 300))), SimpleUploadedFile("c.webp", made("WEBP", size=(320, 300)))]
    answer = client.post(here(visit), {**sent, "files": files})
    assert (answer.status_code, answer["Location"]) == (302, here(visit))
    assert Photo.objects.filter(treatment=visit).count() == 3
    text = client.get(here(visit)).content.decode()
    assert text.count("small.jpg") == 3
    assert "20 Nov 2026, 09:15" in text and "Time of taking unknown" in text
    assert "speaks of photographs" in text
    assert 'capture="environment"' in text and 'accept="image/*"' in text and " multiple" in text
    assert "style=" not in text


@pytest.mark.parametrize("name", ["picture.jpg", "small.jpg"])
def test_the_picture_is_served_as_nothing_but_a_picture_and_kept_nowhere(people, as_, visit, row, name):
    answer = as_(people.owner).get(f"{here(visit)}{row.pk}/{name}")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert SECRET not in answer.content
    assert not Image.open(io.BytesIO(answer.content)).getexif()


def test_who_may_not_sees_no_picture(people, as_, visit, row):
    for name in ("", "picture.jpg", "small.jpg"):
        assert as_(people.stranger).get(f"{here(visit)}{row.pk}/{name}").status_code == 404
        assert as_(people.front_desk).get(f"{here(visit)}{row.pk}/{name}").status_code == 403
    other = ready.planned_visit(people)
    assert as_(people.nurse).get(f"{here(other)}{row.pk}/picture.jpg").status_code == 404


@pytest.mark.parametrize(
    ("files", "fields", "status", "says"),
    [
        ([], {}, 409, "Take a picture, or choose one."),
        ([("x.svg", b"<svg onload='alert(1)'/>")], {}, 409, "no picture that can be opened"),
        ([("x.heic", b"\0\0\0\x18ftypheic" + bytes(99))], {}, 409, "HEIC"),
        ([("<b>.jpg", b"no")], {}, 409, "&lt;b&gt;.jpg"),
        ([("a.jpg", made())], {"moment": ""}, 422, "before or after"),
        ([("a.jpg", b"")], {}, 422, "empty"),
        ([(f"{n}.jpg", made(size=(300 + n, 300))) for n in range(11)], {}, 409, "at most 10"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_half_done(people, as_, visit, files, fields, status, says):
    answer = post(as_(people.nurse), visit, *files, note="kept words", **fields)
    text = answer.content.decode()
    assert (answer.status_code, says in text) == (status, True), re.findall(r"<li>(.*?)</li>", text)[:20]
    assert "kept words" in text
    assert not Photo.objects.exists()


def test_the_patient_is_asked_where_no_consent_speaks_of_photographs(people, as_):
    visit = ready.planned_visit(people)
    client = as_(people.nurse)
    assert "No consent is signed" in client.get(here(visit)).content.decode()
    assert post(client, visit, ("a.jpg", made())).status_code == 409
    assert post(client, visit, ("a.jpg", made()), agreed="on").status_code == 302
    text = client.get(f"{here(visit)}{Photo.objects.get().pk}/").content.decode()
    assert "By the patient when asked" in text


def test_a_removed_picture_is_seen_by_nobody_and_its_reason_by_all(people, as_, visit, row):
    client, url = as_(people.nurse), f"{here(visit)}{row.pk}/"
    assert client.post(url, {"token": uuid.uuid4(), "reason": ""}).status_code == 422
    assert client.post(url, {"token": uuid.uuid4(), "reason": "another patient"}).status_code == 302
    for name in ("picture.jpg", "small.jpg"):
        assert client.get(url + name).status_code == 404
    for text in (client.get(url).content.decode(), client.get(here(visit)).content.decode()):
        assert "another patient" in text
        assert "small.jpg" not in text and "picture.jpg" not in text
    assert as_(people.owner).post(url, {"token": uuid.uuid4(), "reason": "x"}).status_code == 403


def test_a_picture_that_was_changed_behind_the_locks_is_not_shown(people, as_, visit, row):
    from django.db import connection

    from pistor.records import append_only

    append_only.unguard(connection)
    Photo.objects.update(content=made())
    assert as_(people.nurse).get(f"{here(visit)}{row.pk}/picture.jpg").status_code == 404


def test_the_signed_page_leads_to_the_photographs(people, as_):
    visit = ready.signed_visit(people)
    first, second = add_photos(
        visit=visit, files=[("a.jpg", made()), ("b.jpg", made(size=(300, 300)))], moment="after", by=people.nurse, at=NOW
    )
    remove_photo(photo=second, reason="blurred", by=people.nurse, at=NOW)
    text = as_(people.nurse).get(f"/visits/{visit.pk}/treatment/").content.decode()
    assert "Photographs, 1" in text
    assert first.sha256


def say(client, visit, row, **fields):
    return client.post(f"{here(visit)}{row.pk}/use/", {"token": uuid.uuid4(), "use": "teaching", **fields})


def test_a_use_that_is_taken_back_closes_its_link_at_once(people, as_, visit, row):
    client, link = as_(people.nurse), f"{here(visit)}{row.pk}/teaching.jpg"
    assert client.get(link).status_code == 403
    assert say(client, visit, row, agreed="yes").status_code == 302
    answer = client.get(link)
    assert (answer.status_code, answer["Content-Type"], answer["Content-Disposition"]) == (200, "image/jpeg", 'attachment; filename="teaching.jpg"')
    assert client.get(f"{here(visit)}{row.pk}/publication.jpg").status_code == 403
    assert say(client, visit, row, agreed="no").status_code == 302
    refused = client.get(link)
    assert refused.status_code == 403
    assert "took it back" in refused.content.decode()
    assert client.get(f"{here(visit)}{row.pk}/anything.jpg").status_code == 404
    assert say(client, visit, row, agreed="perhaps").status_code == 422
    assert say(client, visit, row, agreed="no").status_code == 409
    assert say(as_(people.owner), visit, row, agreed="yes").status_code == 403
    assert say(as_(people.stranger), visit, row, agreed="yes").status_code == 404


def test_the_other_uses_are_asked_for_where_the_picture_is_taken_and_none_is_answered(people, as_, visit):
    client = as_(people.nurse)
    text = client.get(here(visit)).content.decode()
    for use in ("teaching", "publication"):
        assert re.search(rf'<input checked[^>]*name="{use}"[^>]*value=""', text) or re.search(rf'name="{use}"[^>]*value=""[^>]*checked', text)
    assert post(client, visit, ("a.jpg", made()), teaching="yes", publication="no").status_code == 302
    text = client.get(f"{here(visit)}{Photo.objects.get().pk}/").content.decode()
    assert "agreed, 23 Nov 2026" in text or "agreed, " in text
    assert "Picture for teaching" in text and "Picture for publication" not in text


def test_only_owner_and_practitioner_erase_and_only_what_was_removed(people, as_, visit, row):
    url = f"{here(visit)}{row.pk}/erase/"
    assert "Only a picture that was removed" in as_(people.owner).get(url).content.decode()
    assert as_(people.owner).post(url, {"token": uuid.uuid4(), "reason": "x"}).status_code == 409
    remove_photo(photo=row, reason="another patient", by=people.nurse, at=NOW)
    assert "Your role does not include erasing" in as_(people.nurse).get(url).content.decode()
    assert as_(people.nurse).post(url, {"token": uuid.uuid4(), "reason": "x"}).status_code == 403
    assert as_(people.stranger).post(url, {"token": uuid.uuid4(), "reason": "x"}).status_code == 404
    assert as_(people.practitioner).post(url, {"token": uuid.uuid4(), "reason": ""}).status_code == 422
    assert as_(people.practitioner).post(url, {"token": uuid.uuid4(), "reason": "asked for by letter"}).status_code == 302
    for text in (as_(people.nurse).get(f"{here(visit)}{row.pk}/").content.decode(), as_(people.nurse).get(here(visit)).content.decode()):
        assert "Erased" in text and "another patient" in text
