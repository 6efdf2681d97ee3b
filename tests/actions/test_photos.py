"""Photographs are taken in once the patient agreed, locked, and one that was a mistake leaves its reason."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid

import pytest
from django.db import DatabaseError, transaction

from pistor.actions.consent import withdraw_consent
from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.photos import MOST_AT_ONCE, add_photos, erase_photo, remove_photo, say_use
from pistor.records.audit import AuditEvent
from pistor.records.consent import Consent
from pistor.records.photos import Photo, PhotoErasure, PhotoRemoval, PhotoUse, may_be_used, photos_of, removed, spoken_of, uses_of
from tests import factories, ready
from tests.conftest import NOW
from tests.pictures import exif, made

pytestmark = pytest.mark.django_db
ONE = ("face.jpg", made(exif=exif(zone="+01:00")))
OTHER = ("other.png", made("PNG", size=(300, 300)))


@pytest.fixture
def visit(people):
    return factories.visit(factories.course(factories.patient(people.practitioner)))


def add(visit, by, *files, **more):
    return add_photos(visit=visit, by=by, **{"files": files or [ONE], "moment": "before", "agreed": True, "at": NOW, **more})


def test_a_picture_is_kept_with_its_time_its_hash_and_who_took_it_in(people, visit):
    (row,) = add(visit, people.nurse, note=" left   cheek ")
    row.refresh_from_db()
    assert (row.patient_id, row.note, row.agreed, row.created_by) == (visit.patient_id, "left cheek", "said", people.nurse)
    assert row.taken_at == dt.datetime(2026, 11, 20, 8, 15, 30, tzinfo=dt.UTC)
    assert row.sha256 == hashlib.sha256(bytes(row.content)).hexdigest()
    assert (row.width, row.height) == (400, 300)
    event = AuditEvent.objects.get(verb="photo.added")
    assert (event.subject_id, event.patient_id) == (row.pk, visit.patient_id)


def test_a_camera_whose_clock_runs_ahead_says_nothing(people, visit):
    (row,) = add(visit, people.nurse, ("a.jpg", made(exif=exif(taken="2031:01:01 00:00:00"))))
    assert row.taken_at is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"files": []}, "Take a picture"),
        ({"files": [ONE] * (MOST_AT_ONCE + 1)}, "at most 10"),
        ({"files": [ONE, ("x.svg", b"<svg/>")]}, "“x.svg”: This is no picture.*Nothing was kept"),
        ({"files": [("x.gif", b"GIF89a")]}, "“x.gif”"),
        ({"moment": "yesterday"}, "before or after"),
        ({"note": "x" * 201}, "200 characters"),
        ({"agreed": False}, "does not speak of photographs"),
    ],
)
def test_what_cannot_be_kept_leaves_nothing(people, visit, change, says):
    with pytest.raises(Refused, match=says):
        add(visit, people.nurse, **change)
    assert not Photo.objects.exists()
    assert not AuditEvent.objects.filter(verb="photo.added").exists()


def test_the_same_picture_twice_is_one(people, visit):
    first = add(visit, people.nurse, ONE, ONE)
    assert len(first) == 1
    assert len(add(visit, people.nurse, ONE, OTHER)) == 1
    with pytest.raises(Refused, match="kept already"):
        add(visit, people.nurse, ONE)
    remove_photo(photo=first[0], reason="another patient", by=people.nurse, at=NOW)
    assert len(add(visit, people.nurse, ONE)) == 1  # removed by mistake, and here again


def test_a_form_that_is_sent_twice_keeps_its_pictures_once(people, visit):
    token = uuid.uuid4()
    add(visit, people.nurse, token=token, location="/there/")
    with pytest.raises(AlreadyDone):
        add(visit, people.nurse, OTHER, token=token)
    assert Photo.objects.count() == 1


def test_photographs_are_asked_for_where_the_consent_does_not_speak_of_them(people):
    visit = ready.planned_visit(people)
    assert spoken_of(visit.course) == ("none", None)
    consent = ready.consented(visit, people.practitioner)
    assert spoken_of(visit.course) == ("signed", NOW)
    assert add(visit, people.nurse, agreed=False)[0].agreed == "signed"
    withdraw_consent(consent=consent, reason="r", by=people.nurse, at=NOW)
    assert spoken_of(visit.course)[0] == "withdrawn"
    with pytest.raises(Refused, match="Ask the patient"):
        add(visit, people.nurse, OTHER, agreed=False)


@pytest.mark.parametrize(("language", "heading"), [("en", "Photographs"), ("fr", "Photographies")])
def test_both_languages_of_the_consent_speak_of_photographs(people, language, heading):
    visit = ready.planned_visit(people)
    consent = ready.consented(visit, people.practitioner, language=language)
    assert heading in [section["heading"] for section in consent.sections]
    assert spoken_of(visit.course)[0] == "signed"


def test_an_older_consent_is_silent_though_a_trial_in_it_counted_photographs(people):
    visit = ready.planned_visit(people)
    newest = ready.consented(visit, people.practitioner)
    older = [section for section in newest.sections if section["heading"] != "Photographs"]
    older.append({"heading": "What can be expected", "body": "better on photographs in 62.8 %"})
    copy = {field.attname: getattr(newest, field.attname) for field in Consent._meta.fields if field.attname not in ("id", "document_id", "sections", "signed_at")}
    document = newest.document
    document.pk = None
    document.id = uuid.uuid4()
    document.save(force_insert=True)
    Consent.objects.create(**copy, sections=older, signed_at=NOW + dt.timedelta(hours=1), document=document)
    assert spoken_of(visit.course)[0] == "silent"


def test_a_removed_picture_keeps_its_row_with_the_reason(people, visit):
    (row,) = add(visit, people.nurse)
    for reason in (" ", "x" * 301):
        with pytest.raises(Refused, match="Write why"):
            remove_photo(photo=row, reason=reason, by=people.nurse, at=NOW)
    remove_photo(photo=row, reason="another patient", by=people.nurse, at=NOW)
    with pytest.raises(Refused, match="already"):
        remove_photo(photo=row, reason="again", by=people.nurse, at=NOW)
    (kept,) = photos_of(visit)
    assert removed(kept).reason == "another patient"
    assert AuditEvent.objects.filter(verb="photo.removed", subject_id=row.pk).count() == 1


def test_nobody_changes_a_picture_or_why_it_is_gone(people, visit):
    (row,) = add(visit, people.nurse)
    remove_photo(photo=row, reason="another patient", by=people.nurse, at=NOW)
    for model, change in ((Photo, {"content": b"x"}), (PhotoRemoval, {"reason": "x"})):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            model.objects.update(**change)
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            model.objects.all()._raw_delete(model.objects.db)


def test_a_list_reads_no_pictures(people, visit, django_assert_num_queries):
    add(visit, people.nurse, ONE, OTHER)
    with django_assert_num_queries(1):
        rows = [(row.note, row.created_by.printed_name, removed(row)) for row in photos_of(visit)]
    assert len(rows) == 2
    assert {"content", "small"} <= photos_of(visit).first().get_deferred_fields()


def test_only_who_treats_and_only_in_the_own_clinic(people, visit):
    for by in (people.front_desk, people.owner):
        with pytest.raises(NotAllowed):
            add(visit, by)
    with pytest.raises(type(visit).DoesNotExist):
        add(visit, people.stranger)
    visit.state = "cancelled"
    visit.save()
    with pytest.raises(Refused, match="cancelled"):
        add(visit, people.nurse)


def answers(row):
    return {use: None if said is None else said.agreed for use, said in uses_of(row).items()}


def test_each_use_is_asked_for_by_itself_and_no_answer_is_no(people, visit):
    one, other = add(visit, people.nurse, ONE, OTHER, uses={"teaching": True})
    assert answers(one) == answers(other) == {"teaching": True, "publication": None}
    assert may_be_used(one, "teaching") and not may_be_used(one, "publication") and not may_be_used(one, "anything")
    say_use(photo=one, use="teaching", agreed=False, by=people.nurse, at=NOW)
    assert answers(one)["teaching"] is False and answers(other)["teaching"] is True
    assert [row.agreed for row in PhotoUse.objects.filter(photo=one).order_by("created_at", "pk")] == [True, False]  # the earlier answer stays
    assert AuditEvent.objects.filter(verb="photo.use", subject_id=one.pk).count() == 2


def test_a_use_taken_back_for_all_pictures_of_a_patient_holds_for_those_and_no_others(people, visit):
    kept, gone = add(visit, people.nurse, ONE, OTHER, uses={"publication": True})
    elsewhere = add(factories.visit(factories.course(factories.patient(people.practitioner))), people.nurse, uses={"publication": True})[0]
    remove_photo(photo=gone, reason="blurred", by=people.nurse, at=NOW)
    say_use(photo=kept, use="publication", agreed=False, all_pictures=True, by=people.nurse, at=NOW)
    assert not may_be_used(kept, "publication") and may_be_used(elsewhere, "publication")
    for change, says in (({"photo": gone, "agreed": True}, "removed"), ({"agreed": False}, "recorded already"), ({"use": "sale", "agreed": True}, "which use")):
        with pytest.raises(Refused, match=says):
            say_use(**{"photo": kept, "use": "publication", "by": people.nurse, "at": NOW, **change})


def test_an_erased_picture_has_no_pixels_and_keeps_its_row_and_both_reasons(people, visit):
    row, other = add(visit, people.nurse, ONE, OTHER)
    with pytest.raises(Refused, match="removed can be erased"):
        erase_photo(photo=row, reason="asked for", by=people.owner, at=NOW)
    remove_photo(photo=row, reason="another patient", by=people.nurse, at=NOW)
    with pytest.raises(NotAllowed):
        erase_photo(photo=row, reason="asked for", by=people.nurse, at=NOW)
    fingerprint = row.sha256
    erase_photo(photo=row, reason="asked for by letter", by=people.owner, at=NOW)
    row.refresh_from_db()
    assert (bytes(row.content), bytes(row.small), row.sha256, row.removal.reason) == (b"", b"", fingerprint, "another patient")
    assert (row.erasure.reason, row.erasure.created_by) == ("asked for by letter", people.owner)
    assert AuditEvent.objects.get(verb="photo.erased").detail["sha256"] == fingerprint
    other.refresh_from_db()
    assert len(other.content) > 100
    with pytest.raises(Refused, match="erased already"):
        erase_photo(photo=row, reason="again", by=people.practitioner, at=NOW)


@pytest.mark.parametrize("change", [{"content": b"x"}, {"content": b"", "small": b"x"}, {"note": "x"}, {"content": b"", "small": b"", "note": "x"}])
@pytest.mark.parametrize("how_far", ["kept", "removed", "erased"])
def test_the_lock_opens_for_nothing_but_an_erasure(people, visit, how_far, change):
    (row,) = add(visit, people.nurse)
    if how_far != "kept":
        remove_photo(photo=row, reason="x", by=people.nurse, at=NOW)
    if how_far == "erased":
        erase_photo(photo=row, reason="x", by=people.owner, at=NOW)
    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        Photo.objects.filter(pk=row.pk).update(**change)
    if how_far != "erased":
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            Photo.objects.filter(pk=row.pk).update(content=b"", small=b"")
    for rows in (Photo.objects.filter(pk=row.pk), PhotoErasure.objects.all()):
        if rows.exists():
            with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
                rows._raw_delete(rows.db)
