"""The aftercare page shows the sheet, gives it and opens it again as it was given."""

from __future__ import annotations

import uuid

import pytest
from django.utils.html import escape

from pistor.records import append_only
from pistor.records.aftercare import AftercareSheet
from pistor.records.documents import Document
from tests.ready import planned_visit, signed_visit

pytestmark = pytest.mark.django_db


def give(client, visit, **fields):
    data = {"token": uuid.uuid4(), "language": "en", "phone": "01 23 45 67 89", "how": "printed", **fields}
    return client.post(f"/visits/{visit.pk}/aftercare/", data)


def test_the_sheet_is_shown_in_the_patients_language_and_given(people, as_):
    visit, client = signed_visit(people, language="fr"), as_(people.nurse)
    text = client.get(f"/visits/{visit.pk}/aftercare/").content.decode()
    assert "Appelez le 112 maintenant" in text
    assert "care-card emergency" in text
    assert "style=" not in text
    english = client.get(f"/visits/{visit.pk}/aftercare/?language=en").content.decode()
    assert "No sport until 25 Nov 2026, 10:00." in english
    answer = give(client, visit, language="fr")
    row = AftercareSheet.objects.get()
    assert "Open the sheet" in client.get(answer["Location"]).content.decode()
    assert client.get(f"/visits/{visit.pk}/aftercare/{row.pk}/aftercare.pdf").content == bytes(row.document.content)


def test_the_clinician_reads_what_sources_disagree_on(people, as_, library):
    text = as_(people.nurse).get(f"/visits/{signed_visit(people).pk}/aftercare/").content.decode()
    assert "One page asks for 10 days on the body. To be careful, the sheet tells the longest time given as one number: 10 days." in text
    assert text.count("until 3 Dec 2026") == 1
    sun = text.split("One page asks for 10 days on the body.")[1]
    for reading, source in (("48 hours", "BEL"), ("10 days: on the body", "SIMPLY")):
        assert escape(library.sources[source].short) in sun.split(f"<span>{reading}</span>")[1][:300]


def test_before_signing_the_page_says_when_the_sheet_comes(people, as_):
    visit = planned_visit(people)
    assert "once the treatment is signed" in as_(people.nurse).get(f"/visits/{visit.pk}/aftercare/").content.decode()
    answer = give(as_(people.nurse), visit)
    assert (answer.status_code, "signed first" in answer.content.decode()) == (409, True)


@pytest.mark.parametrize(("fields", "status"), [({"phone": ""}, 422), ({"phone": "call me"}, 409), ({"how": "x"}, 422), ({"token": "x"}, 422)])
def test_what_is_wrong_is_said(people, as_, fields, status):
    answer = give(as_(people.nurse), signed_visit(people), **fields)
    assert answer.status_code == status
    assert "error-summary" in answer.content.decode()


def test_one_changed_byte_is_said(people, as_):
    visit, client = signed_visit(people), as_(people.nurse)
    give(client, visit)
    row = AftercareSheet.objects.select_related("document").get()
    content = bytearray(bytes(row.document.content))
    content[50] ^= 1
    from django.db import connection

    append_only.unguard(connection)
    Document.objects.filter(pk=row.document_id).update(content=bytes(content))
    answer = client.get(f"/visits/{visit.pk}/aftercare/{row.pk}/aftercare.pdf")
    assert (answer.status_code, "not what was given" in answer.content.decode()) == (409, True)


def test_strangers_and_the_front_desk_stay_outside(people, as_):
    visit = signed_visit(people)
    assert as_(people.stranger).get(f"/visits/{visit.pk}/aftercare/").status_code == 404
    assert as_(people.front_desk).get(f"/visits/{visit.pk}/aftercare/").status_code == 403
    assert as_(people.owner).post(f"/visits/{visit.pk}/aftercare/", {}).status_code == 403
