"""The summary is kept as it was signed, and stays so whatever is added later; one page holds a whole treatment."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from pypdf import PdfReader

from pistor.actions.amendments import amend_treatment, correct_treatment
from pistor.actions.core import Refused
from pistor.actions.devices import use_device
from pistor.actions.discharge import discharge
from pistor.actions.injection_map import draw_map
from pistor.actions.summaries import summary_pdf
from pistor.actions.treatment import sign_treatment
from pistor.care.injection_map import Area, zones_alike
from pistor.records.documents import Document
from pistor.records.summaries import TreatmentSummary, summaries_of
from pistor.records.treatment import Treatment
from tests import factories, ready
from tests.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def words_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_signing_keeps_the_summary_in_the_same_transaction(people):
    visit = ready.signed_visit(people)
    (row,) = summaries_of(visit)
    document = row.document
    assert (row.occasion, document.kind, document.patient_id) == ("signed", "treatment", visit.patient_id)
    assert document.sha256 == hashlib.sha256(bytes(document.content)).hexdigest()
    assert visit.sha256[:20] in words_of(bytes(document.content))


def test_what_is_not_signed_has_no_summary(people):
    visit = ready.planned_visit(people)
    with pytest.raises(Refused):
        sign_treatment(visit=visit, entry=ready.full_entry(visit), by=people.practitioner, at=NOW)
    assert not Document.objects.filter(kind="treatment").exists()


def test_the_original_is_there_byte_for_byte_after_amendments(people):
    visit, do = ready.signed_visit(people), {"by": people.practitioner, "at": NOW}
    original = bytes(summaries_of(visit)[0].document.content)
    amend_treatment(visit=visit, kind="addition", text="Rested for an hour", reason="told later", **do)
    correct_treatment(visit=visit, wanted={"record/pain_score": 9}, reason="misread", **do)
    discharge(visit=visit, last_point_at=NOW, left_at=NOW + dt.timedelta(minutes=20), by=people.nurse, at=NOW + dt.timedelta(hours=1))
    kept = summaries_of(visit)
    assert [row.occasion for row in kept] == ["signed", "amendment", "amendment", "discharge"]
    assert bytes(kept[0].document.content) == original
    assert "Restedforanhour" not in words_of(original) and "9of10" not in words_of(original)
    newest = words_of(bytes(kept[-1].document.content))
    for said in ("Restedforanhour", "3of10", "correctedto:9of10", "Leftat10:20,20minutes"):
        assert said in newest


def test_a_summary_is_locked(people):
    ready.signed_visit(people)
    for model in (TreatmentSummary, Document):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            model.objects.all()._raw_delete("default")


def full_visit(people) -> Treatment:
    """Three zones, two syringes, a device, a note and a reaction."""
    by, do = people.practitioner, {"by": people.practitioner, "at": NOW}
    visit = ready.planned_visit(people, volume="1.5")
    areas = [Area("neck_back", "neck", "left"), Area("neck_back", "neck", "right"), Area("neck_back", "shoulder", "left")]
    draw_map(course=visit.course, zones=zones_alike(areas, ready.POINTS, "point_by_point"), **do)
    ready.review(visit, by)
    ready.consented(visit, by)
    for number in ("LOT-2026-A", "LOT-2026-B"):
        ready.syringe(visit, by, volume="1.5", of=ready.lot(people.clinic, number=number))
    use_device(visit=visit, device=factories.device(people.clinic, name="Injector by the window"), settings="nappage, 2 mm, 300 per minute", **do)
    planned = ready.planned_zones(visit.course)
    zones = tuple(ready.replace(zone, volume_ml=Decimal("0.6"), state="changed", reason="skin was tense, so a little more at each point") for zone in planned)
    entry = ready.full_entry(
        visit, zones=zones, note="Turned the head to the right for the second side. " * 4, reaction="some", reaction_signs=("redness",),
        reaction_note="went within five minutes",
    )  # fmt: skip
    return sign_treatment(visit=visit, entry=entry, **do)


def test_three_zones_two_syringes_and_a_device_stand_on_one_page_with_the_map(people):
    visit = full_visit(people)
    pdf = bytes(summaries_of(visit)[0].document.content)
    said = words_of(pdf)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    for word in ("Neck,left", "Neck,right", "Shoulder,left", "LOT-2026-A", "LOT-2026-B", "Injectorbythewindow", "Checklist", "went within five minutes".replace(" ", "")):
        assert word in said
    assert b"/Type/XObject" in pdf.replace(b" ", b"") or len(pdf) > 20_000  # the map is drawn


def test_a_treatment_that_was_signed_before_summaries_were_kept_still_prints(people):
    from django.db import connection

    from pistor.records import append_only

    visit = ready.signed_visit(people)
    append_only.unguard(connection)
    TreatmentSummary.objects.all().delete()
    assert visit.sha256[:20] in words_of(summary_pdf(visit, TODAY))
