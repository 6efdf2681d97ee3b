"""Consent is signed for one plan, frozen, and can be taken back."""

from __future__ import annotations

import hashlib
import io
import uuid
from decimal import Decimal

import pytest
from pypdf import PdfReader

from pistor.actions.consent import sign_consent, withdraw_consent
from pistor.actions.core import AlreadyDone, NotAllowed, Refused
from pistor.actions.formulation import compose_blend
from pistor.care.formulation import Part
from pistor.knowledge import load
from pistor.records.audit import AuditEvent
from pistor.records.consent import Consent
from pistor.records.documents import Document
from pistor.records.latest import latest_blend_and_map
from pistor.records.plan import plan_digest
from pistor.records.treatment import Treatment
from pistor.records.visit import facts_of
from tests import factories
from tests.conftest import NOW, TODAY
from tests.ready import PATH, consented, planned_visit

pytestmark = pytest.mark.django_db


def words(document: Document) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(bytes(document.content))).pages).split())


def test_a_signed_consent_freezes_the_text_the_plan_and_the_bytes(people):
    visit = planned_visit(people)
    consent = consented(visit, people.practitioner)
    assert facts_of(visit, load(), TODAY).consent == "signed"
    assert hashlib.sha256(bytes(consent.document.content)).hexdigest() == consent.document.sha256
    text = words(consent.document)
    assert "Claire Moreau" in text
    assert "Lidocaine 2 %" in text or "lidocaine" in text.lower()
    assert "Use outside the label" in text
    assert "I have read this text" in text
    assert AuditEvent.objects.filter(verb="consent.signed", subject_id=consent.pk).count() == 1


def test_another_blend_makes_the_consent_outdated(people):
    visit = planned_visit(people)
    consented(visit, people.practitioner)
    compose_blend(course=visit.course, parts=[Part("lidocaine_2pct", Decimal(2))], by=people.practitioner, at=NOW)
    assert facts_of(visit, load(), TODAY).consent == "outdated"


def test_a_text_that_was_read_before_the_plan_changed_is_not_signed(people):
    visit = planned_visit(people)
    with pytest.raises(Refused, match="changed after this text was opened"):
        consented(visit, people.practitioner, digest_shown="0" * 64)
    assert not Consent.objects.exists()
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"signer_name": "   "}, "name of the person who signs is missing"),
        ({"signer_name": "x" * 201}, "longer than 200"),
        ({"signer_kind": "dog"}, "Who signs is not said"),
        ({"signer_kind": "interpreter"}, "never alone"),
        ({"signer_kind": "interpreter", "interpreter_name": "Ines Roy"}, "never alone"),
        ({"interpreter_name": "claire  MOREAU"}, "cannot agree for the patient"),
        ({"interpreter_name": "x" * 201}, "longer than 200"),
        ({"signature_path": "M1 1"}, "only a dot"),
        ({"signature_path": 'M1 1"/><script>'}, "could not be read"),
        ({"signature_path": "M" + "1 1L" * 30_000}, "could not be read"),
        ({"signature_path": "M1 1" + "L2 2" * 15_000}, "could not be read"),
        ({"signature_path": "M" * 40}, "could not be read"),
        ({"signature_path": "M" + "-" * 40}, "could not be read"),
        ({"signature_path": "M1 1L999999 99999L2 2L3 3L4 4"}, "could not be read"),
        ({"signature_path": "M1 1M2 2M3 3M4 4M5 5M6 6M7 7M8 8"}, "only a dot"),
    ],
)
def test_what_is_no_signature_is_refused_in_a_sentence(people, more, says):
    visit = planned_visit(people)
    with pytest.raises(Refused, match=says):
        consented(visit, people.practitioner, **more)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(("kind", "agrees"), [("patient", "patient"), ("guardian", "legal representative")])
@pytest.mark.parametrize(("language", "says"), [("en", "that the person who signs understands"), ("fr", "que la personne qui signe comprend")])
def test_an_interpreter_signs_beside_who_agrees(people, kind, agrees, language, says):
    consent = consented(planned_visit(people), people.practitioner, signer_kind=kind, language=language, interpreter_name=" Ines\tRoy ")
    assert consent.signer_kind == kind
    assert consent.sections[-1]["interpreter"] == "Ines Roy"
    text = words(consent.document)
    assert says in text
    assert "Ines Roy" in text
    assert "Claire Moreau" in text
    assert language != "en" or f"({agrees})" in text


def test_an_unfinished_plan_cannot_be_consented_to(people):
    visit = factories.visit(factories.course(factories.patient(people.practitioner)))
    with pytest.raises(Refused, match="No blend is composed"):
        consented(visit, people.practitioner)


def test_a_typed_name_says_that_it_was_typed(people):
    consent = consented(planned_visit(people), people.practitioner, signature_path="", language="fr")
    assert consent.signature_path == ""
    assert "en tapant mon nom" in consent.meaning
    assert "Consentement" in words(consent.document)
    assert "(en anglais)" not in words(consent.document)


@pytest.mark.parametrize("name", ["משה כהן", "محمد علي", "王小明", "Zoë\u0000 O’Neil", "#eval(read) $x$"])
def test_every_name_can_sign(people, name):
    consent = consented(planned_visit(people, family_name="山田", given_name="אבי"), people.practitioner, signer_name=name)
    assert "\u0000" not in consent.signer_name
    assert words(consent.document)


def test_the_same_form_signs_once(people):
    visit, token = planned_visit(people), uuid.uuid4()
    digest = plan_digest(visit.course, *latest_blend_and_map(visit.course))
    form = {"visit": visit, "language": "en", "signer_name": "A", "signer_kind": "patient", "signature_path": PATH, "digest_shown": digest, "token": token}
    sign_consent(**form, by=people.practitioner, at=NOW)
    with pytest.raises(AlreadyDone):
        sign_consent(**form, by=people.practitioner, at=NOW)
    assert Consent.objects.count() == 1


def test_a_crash_in_the_middle_writes_nothing(people, monkeypatch):
    visit = planned_visit(people)
    before = AuditEvent.objects.count()
    monkeypatch.setattr("pistor.actions.consent.audit", lambda **_: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError):
        consented(visit, people.practitioner)
    assert (Consent.objects.count(), Document.objects.count(), AuditEvent.objects.count()) == (0, 0, before)


def test_a_withdrawn_consent_counts_no_more_and_is_withdrawn_once(people):
    visit = planned_visit(people)
    consent = consented(visit, people.practitioner)
    withdraw_consent(consent=consent, reason="changed my mind", by=people.nurse, at=NOW)
    assert facts_of(visit, load(), TODAY).consent == "withdrawn"
    with pytest.raises(Refused, match="already withdrawn"):
        withdraw_consent(consent=consent, reason="", by=people.nurse, at=NOW)


def test_only_who_may_take_consent_takes_it(people):
    visit = planned_visit(people)
    for person in (people.front_desk, people.owner):
        with pytest.raises(NotAllowed):
            consented(visit, person)


def test_another_clinics_visit_and_its_consent_are_out_of_reach(people):
    visit = planned_visit(people)
    with pytest.raises(Treatment.DoesNotExist):
        consented(visit, people.stranger)
    with pytest.raises(Consent.DoesNotExist):
        withdraw_consent(consent=consented(visit, people.nurse), reason="not mine", by=people.stranger, at=NOW)
