"""The aftercare sheet is given for a signed treatment and kept word for word."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid
from decimal import Decimal

import pytest
from pypdf import PdfReader

from pistor.actions.aftercare import give_aftercare, given_at, sheet_of
from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.knowledge import load
from pistor.records.aftercare import AftercareSheet
from pistor.records.audit import AuditEvent
from pistor.records.documents import Document
from pistor.records.treatment import Treatment, ZoneDose
from tests.conftest import NOW
from tests.ready import planned_visit, signed_visit

pytestmark = pytest.mark.django_db
PHONE = "+33 1 23 45 67 89"


def give(visit, by, **more):
    return give_aftercare(**{"visit": visit, "language": "en", "how": "printed", "phone": PHONE, "by": by, "at": NOW, **more})


def words(row):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(bytes(row.document.content))).pages).split())


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", ["No sport until 25 Nov 2026, 10:00", "Call 112 now", "15 Feb 2027"]), ("fr", ["Pas de sport", "25 nov. 2026", "Appelez le 112"])],
)
def test_the_sheet_is_frozen_with_its_moments_and_numbers(people, language, says):
    row = give(signed_visit(people), people.nurse, language=language)
    text = words(row)
    assert all(sentence in text for sentence in (*says, PHONE)), text[:1500]
    assert hashlib.sha256(bytes(row.document.content)).hexdigest() == row.document.sha256
    assert row.content["phone"] == PHONE
    assert AuditEvent.objects.filter(verb="aftercare.given", subject_id=row.pk).count() == 1


@pytest.mark.parametrize("name", ["כהן", "محمد", "山田", "Nguyễn", "O’Brien #eval $x$"])
def test_every_name_gets_its_sheet(people, name):
    assert words(give(signed_visit(people, family_name=name), people.nurse))


def test_before_the_signature_there_is_nothing_to_count_from(people):
    with pytest.raises(Refused, match="signed first"):
        give(planned_visit(people), people.nurse)


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"phone": ""}, "number the patient can call"), ({"phone": "ask"}, "number the patient can call"), ({"how": "shouted"}, "printed, shown or sent")],
)
def test_a_sheet_without_a_way_back_is_refused(people, fields, says):
    visit = signed_visit(people)
    with pytest.raises(Refused, match=says):
        give(visit, people.nurse, **fields)
    assert not AftercareSheet.objects.exists()


def test_given_twice_it_is_kept_once(people):
    visit, token = signed_visit(people), uuid.uuid4()
    give(visit, people.nurse, token=token)
    with pytest.raises(AlreadyDone):
        give(visit, people.nurse, token=token)
    assert AftercareSheet.objects.count() == 1


def test_a_crash_in_the_middle_keeps_nothing(people, monkeypatch):
    visit = signed_visit(people)
    documents = Document.objects.count()
    monkeypatch.setattr("pistor.actions.aftercare.audit", lambda **_: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError):
        give(visit, people.nurse)
    assert (AftercareSheet.objects.count(), Document.objects.count()) == (0, documents)


def test_only_who_follows_up_gives_it_and_only_in_the_own_clinic(people):
    visit = signed_visit(people)
    for person in (people.front_desk, people.owner):
        with pytest.raises(NotAllowed):
            give(visit, person)
    with pytest.raises(Treatment.DoesNotExist):
        give(visit, people.stranger)


@pytest.mark.parametrize(("volume", "techniques"), [("0.5", {"point_by_point", "papule"}), ("0", {"point_by_point"})])
def test_the_sheet_is_for_every_zone_that_was_treated(people, monkeypatch, volume, techniques):
    visit = signed_visit(people)
    ZoneDose.objects.create(
        clinic=visit.clinic, created_at=NOW, treatment=visit, zone="back", side="mid", technique="papule", points=4, volume_ml=Decimal(volume)
    )  # fmt: skip
    seen = {}
    monkeypatch.setattr("pistor.actions.aftercare.sheet", lambda _, **given: seen.update(given))
    sheet_of(visit, load(), "en")
    assert set(seen["techniques"]) == techniques


def test_a_treatment_signed_on_another_day_is_counted_from_the_end_of_its_own(people):
    visit = signed_visit(people)
    assert f"{given_at(visit):%Y-%m-%d %H:%M}" == "2026-11-23 10:00"
    visit.given_on = dt.date(2026, 11, 20)
    assert f"{given_at(visit):%Y-%m-%d %H:%M}" == "2026-11-20 23:59"
