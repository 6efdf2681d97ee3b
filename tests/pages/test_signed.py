"""A signed treatment: each corrected field beside the original, the kept summaries, and the patient who leaves."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid

import pytest
from pypdf import PdfReader

from pistor.actions.discharge import set_observation
from pistor.records.discharge import Discharge
from pistor.records.summaries import TreatmentSummary
from pistor.records.treatment import Amendment, LotUse
from tests import ready
from tests.conftest import NOW
from tests.pages.test_treatment import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(people):
    return ready.signed_visit(people)


def at(visit, more=""):
    return f"/visits/{visit.pk}/treatment/{more}"


def correct(client, visit, **changes):
    fields = fields_of(client.get(at(visit, "correct/")).content.decode(), "correction")
    return client.post(at(visit, "correct/"), {**fields, "reason": "misread", **changes})


def test_the_form_holds_what_is_known_and_unchanged_writes_nothing(people, as_, visit):
    client = as_(people.practitioner)
    answer = correct(client, visit)
    assert (answer.status_code, "Nothing differs" in answer.content.decode()) == (409, True)
    assert not Amendment.objects.exists()


def test_each_corrected_field_is_shown_before_and_after(people, as_, visit):
    client, other = as_(people.practitioner), ready.lot(people.clinic, number="L-2")
    answer = correct(client, visit, points_0="2", volume_0="0,25", lot_0=str(other.pk), pain_score="8", reaction="some", reaction_signs="redness", note="Seen later")
    assert answer.status_code == 302
    text = client.get(at(visit)).content.decode()
    table = text[text.index('class="table stacked"') : text.index("The original stands below")]
    rows = {
        re.sub(r"<[^>]+>", "", head): [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", body, re.S)]
        for head, body in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table, re.S)
    }
    assert rows["Pain"] == ["3 of 10", "8 of 10"]
    assert rows["Immediate reaction"][0] == "none" and "edness" in rows["Immediate reaction"][1]
    assert rows["Note"] == ["nothing", "Seen later"]
    assert [name for name in rows if name.endswith("points")] and [name for name in rows if name.endswith("volume")]
    assert rows["Lots"][0].startswith("Lidocaine") and "L-1" in rows["Lots"][0] and "L-2" in rows["Lots"][1]
    doses = next(cells for name, cells in rows.items() if name.endswith("doses"))
    assert "Lidocaine" in doses[0] and "5 mg" in doses[1]
    assert "Doses against limits" in rows
    given = text[text.index('id="given"') :]
    assert "L-1" in given and "corrected to <strong" in given.replace("\n", " ")


def test_the_stock_follows_a_corrected_lot_and_every_page_says_so(people, as_, visit):
    client, other = as_(people.practitioner), ready.lot(people.clinic, number="L-2")
    wrong = LotUse.objects.get().lot
    assert "The stock follows" in client.get(at(visit, "correct/")).content.decode()
    assert correct(client, visit, lot_0=str(other.pk)).status_code == 302
    said = ("Stock, lot L-1: 0.375 mL back on the", "Stock, lot L-2: 0.375 mL from the")
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(client.get(at(visit, "summary.pdf")).content)).pages)
    for text in (client.get(at(visit)).content.decode(), " ".join(printed.split())):
        assert all(line in text for line in said)
    ledger = client.get(f"/stock/{wrong.pk}/").content.decode()
    assert "Booked back: drawn" in ledger and "Correction of a signed treatment" in ledger


def test_the_pages_ask_the_database_little(people, as_, visit, django_assert_max_num_queries):
    client = as_(people.practitioner)
    correct(client, visit, pain_score="8")
    for page in ("", "correct/", "photos/"):
        with django_assert_max_num_queries(26):
            assert client.get(at(visit, page)).status_code == 200


def test_a_correction_that_somebody_overtook_is_not_written_over(people, as_, visit):
    client = as_(people.practitioner)
    fields = fields_of(client.get(at(visit, "correct/")).content.decode(), "correction")
    assert correct(client, visit, pain_score="5").status_code == 302
    answer = client.post(at(visit, "correct/"), {**fields, "reason": "misread", "pain_score": "9"})
    assert (answer.status_code, "Somebody amended" in answer.content.decode()) == (409, True)
    assert Amendment.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"reason": ""}, 422, "Write why it is corrected"),
        ({"volume_0": "many"}, 422, "is not a number"),
        ({"volume_0": "9"}, 409, "the lots add up to"),
        ({"volume_0": ""}, 409, "cannot be taken away"),
        ({"points_0": "1.5"}, 422, "whole number"),
        ({"lot_0": str(uuid.uuid4())}, 422, "Choose a lot of the list"),
        ({"pain_score": "11"}, 422, "less than or equal"),
        ({"anaesthesia": "topical"}, 409, "what was put on the skin"),
        ({"skin_preparation": ""}, 409, "prepared with"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(people, as_, visit, changes, status, says):
    answer = correct(as_(people.practitioner), visit, note="typed words", **changes)
    text = answer.content.decode()
    assert (answer.status_code, says in text, "typed words" in text) == (status, True, True), re.findall(r"<li>(.*?)</li>", text)[:20]
    assert not Amendment.objects.exists()


def test_the_original_summary_is_there_after_a_correction(people, as_, visit):
    client, original = as_(people.practitioner), TreatmentSummary.objects.get()
    url = at(visit, f"summaries/{original.pk}.pdf")
    before = client.get(url).content
    correct(client, visit, pain_score="8")
    assert client.get(url).content == before == bytes(original.document.content)
    newest = "".join(page.extract_text() for page in PdfReader(io.BytesIO(client.get(at(visit, "summary.pdf")).content)).pages)
    assert "8 of 10" in newest
    text = client.get(at(visit)).content.decode()
    assert "As it was signed" in text and "With an amendment" in text


def test_a_summary_that_was_changed_behind_the_locks_is_not_shown(people, as_, visit):
    from django.db import connection

    from pistor.records import append_only
    from pistor.records.documents import Document

    append_only.unguard(connection)
    Document.objects.filter(kind="treatment").update(content=b"%PDF-1.7")
    answer = as_(people.practitioner).get(at(visit, f"summaries/{TreatmentSummary.objects.get().pk}.pdf"))
    assert (answer.status_code, "no longer has its fingerprint" in answer.content.decode()) == (409, True)


# ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def leave(client, visit, last="09:40", left="10:00", **more):
    return client.post(at(visit, "discharge/"), {f"leaving-{name}": value for name, value in {"token": uuid.uuid4(), "last_point": last, "left": left, **more}.items()})


def test_the_page_says_that_no_time_is_published_and_where_the_clinic_sets_its_own(people, as_, visit):
    text = as_(people.nurse).get(at(visit)).content.decode()
    assert "no published one was found" in text and "/settings/" in text
    assert leave(as_(people.nurse), visit, left="09:41").status_code == 302


def test_leaving_waits_for_the_clinics_time_or_a_reason(people, as_):
    set_observation(minutes=30, by=people.owner, at=NOW)
    people.clinic.refresh_from_db()
    people.practitioner.clinic = people.clinic
    visit, client = ready.signed_visit(people), as_(people.nurse)
    answer = leave(client, visit)
    text = answer.content.decode()
    assert (answer.status_code, "watches for 30 minutes, here until 10:10" in text) == (409, True)
    assert 'value="09:40' in text
    assert leave(client, visit, reason="her taxi waited").status_code == 302
    row = Discharge.objects.get()
    assert (row.minutes, row.reason, row.last_point_at) == (20, "her taxi waited", NOW - dt.timedelta(minutes=20))
    text = client.get(at(visit)).content.decode()
    assert "Left at 10:00, 20 minutes after the last point at 09:40" in text and "her taxi waited" in text
    assert "signed, left at 10:00" in client.get(f"/visits/{visit.pk}/").content.decode()


def test_the_task_list_says_from_when_on(people, as_):
    set_observation(minutes=30, by=people.owner, at=NOW)
    people.clinic.refresh_from_db()
    people.practitioner.clinic = people.clinic
    visit = ready.signed_visit(people)  # at 10:00
    assert "signed, may leave at 10:30" in as_(people.nurse).get(f"/visits/{visit.pk}/").content.decode()


@pytest.mark.parametrize(
    ("last", "left", "status", "says"),
    [
        ("", "10:00", 422, "when the last point"), ("10:00", "", 422, "when the patient left"), ("25:00", "10:00", 422, "Enter a time"),
        ("09:40", "10:30", 409, "lies ahead"), ("09:40", "09:20", 409, "lies ahead"),
    ],
)  # fmt: skip
def test_times_that_cannot_be_are_said(people, as_, visit, last, left, status, says):
    answer = leave(as_(people.nurse), visit, last, left)
    assert (answer.status_code, says in answer.content.decode()) == (status, True)
    assert not Discharge.objects.exists()


def test_the_owner_sets_the_time_and_others_read_it(people, as_):
    owner, nurse = as_(people.owner), as_(people.nurse)
    assert "no published one was found" in nurse.get("/settings/").content.decode()
    for minutes, status in (("soon", 422), ("-1", 422), ("1441", 422), ("20", 302)):
        assert owner.post("/settings/", {"token": uuid.uuid4(), "minutes": minutes}).status_code == status
    assert "20 minutes after the last point" in nurse.get("/settings/").content.decode()
    assert nurse.post("/settings/", {"token": uuid.uuid4(), "minutes": "5"}).status_code == 403
    assert owner.post("/settings/", {"token": uuid.uuid4(), "minutes": ""}).status_code == 302
    people.clinic.refresh_from_db()
    assert people.clinic.observation_minutes is None


def test_who_reads_of_a_treatment_later_reads_it_corrected(people, as_, visit):
    """The line before the next treatment, and the lots beside a reaction."""
    from pistor.clinic.reactions.presenters import lots_used
    from pistor.clinic.treatment.presenters import last_treatment
    from pistor.knowledge import load

    client, other = as_(people.practitioner), ready.lot(people.clinic, number="L-2")
    assert "3 points, 0.375 mL" in last_treatment(visit, load())["given"]
    correct(client, visit, points_0="2", volume_0="0.25", lot_0=str(other.pk), pain_score="8", reaction="some", reaction_signs="redness")
    last = last_treatment(visit, load())
    assert "2 points, 0.25 mL" in last["given"]
    assert (last["pain"], "edness" in last["reaction"]) == ("8 of 10", True)
    assert [("L-1" in line, "L-2" in line, "correction" in line) for line in lots_used(visit, load())] == [(False, True, True), (True, False, False)]
