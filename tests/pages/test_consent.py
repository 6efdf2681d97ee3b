"""Consent is read, signed, downloaded and withdrawn on the page."""

from __future__ import annotations

import re
import uuid

import pytest

from pistor.records.consent import Consent, ConsentWithdrawal
from pistor.records.documents import Document
from tests import factories
from tests.ready import PATH, consented, planned_visit

pytestmark = pytest.mark.django_db


def sign(client, visit, **fields):
    text = client.get(f"/visits/{visit.pk}/consent/").content.decode()
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', text)
    data = {
        "token": uuid.uuid4(), "digest": digest.group(1) if digest else "0" * 64, "language": "en", "read": "on", "asked": "on", "signer_kind": "patient",
        "signer_name": "Claire Moreau", "signature_path": PATH, **fields,
    }  # fmt: skip
    return client.post(f"/visits/{visit.pk}/consent/", {key: value for key, value in data.items() if value is not None})


def test_the_text_tells_benefit_with_its_comparator_and_what_is_not_known(people, as_):
    visit = planned_visit(people)
    text = as_(people.nurse).get(f"/visits/{visit.pk}/consent/").content.decode()
    assert "the comparator was needling without drug" in text
    assert "Use outside the label" in text
    assert "frequency not established" in text
    assert "style=" not in text


def test_a_french_patient_reads_french(people, as_):
    visit = planned_visit(people, language="fr")
    text = as_(people.nurse).get(f"/visits/{visit.pk}/consent/").content.decode()
    assert "Ce qui peut mal se passer" in text
    assert 'lang="fr"' in text
    form = text[text.index("<h2>Signature</h2>") :]
    assert "J’ai lu ce texte, ou on me l’a lu" in form
    assert "Signer le consentement" in form
    assert "Tick" not in form


def test_what_is_missing_under_a_french_text_is_said_in_french(people, as_):
    visit = planned_visit(people, language="fr")
    answer = sign(as_(people.nurse), visit, language="fr", read=None, signature_path="")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Cochez cette case une fois le texte lu." in text
    assert "Tracez la signature dans le cadre" in text


def test_signed_on_the_page_it_can_be_opened_as_it_was_signed(people, as_):
    visit, client = planned_visit(people), as_(people.nurse)
    answer = sign(client, visit)
    assert answer.status_code == 302
    text = client.get(answer["Location"]).content.decode()
    assert "Valid for the plan as it is now" in text
    consent = Consent.objects.get()
    pdf = client.get(f"/visits/{visit.pk}/consent/{consent.pk}/consent.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content == bytes(consent.document.content)


def test_under_a_drawing_of_the_patient_stands_the_name_of_the_record_where_none_is_typed(people, as_):
    visit = planned_visit(people, given_name="Léa", family_name="O'Brien")
    assert sign(as_(people.nurse), visit, signer_name="").status_code == 302
    assert Consent.objects.get().signer_name == "Léa O'Brien"


def test_an_interpreter_is_named_beside_who_agreed(people, as_):
    visit, client = planned_visit(people), as_(people.nurse)
    answer = sign(client, visit, interpreter_name="Ines Roy", interpreted="on")
    assert "Claire Moreau, the patient, with the interpreter Ines Roy" in client.get(answer["Location"]).content.decode()


def test_one_changed_byte_is_said_and_the_document_is_not_shown(people, as_):
    visit = planned_visit(people)
    consent = consented(visit, people.practitioner)
    content = bytearray(bytes(consent.document.content))
    content[100] ^= 1
    from django.db import connection

    from pistor.records import append_only

    append_only.unguard(connection)
    Document.objects.filter(pk=consent.document_id).update(content=bytes(content))
    answer = as_(people.nurse).get(f"/visits/{visit.pk}/consent/{consent.pk}/consent.pdf")
    assert answer.status_code == 409
    assert "not what was signed" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"read": None}, 422, "once the text has been read"),
        ({"signature_path": "", "signer_name": "ß山"}, 422, "Draw the signature"),
        ({"signer_name": "", "signature_path": "", "typed": "on"}, 422, "Type the name"),
        ({"signer_name": "", "signer_kind": "guardian"}, 422, "Type the name"),
        ({"digest": "0" * 64, "signer_name": "ß山"}, 409, "changed after this text was opened"),
        ({"signature_path": "M0 0<svg onload=x>"}, 409, "could not be read"),
        ({"signer_kind": "dog"}, 422, "dog"),
        ({"signer_kind": "interpreter"}, 422, "interpreter"),
        ({"interpreter_name": "Ines Roy"}, 422, "once the interpreter has read"),
        ({"interpreted": "on"}, 422, "Type the name of the interpreter"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(people, as_, fields, status, says):
    visit = planned_visit(people)
    answer = sign(as_(people.nurse), visit, **fields)
    text = answer.content.decode()
    assert answer.status_code == status
    assert says in text
    assert fields.get("signer_name", "Claire Moreau") in text
    assert not Consent.objects.exists()


def test_a_direct_post_without_a_plan_is_refused_with_what_is_missing(people, as_):
    visit = factories.visit(factories.course(factories.patient(people.practitioner)))
    answer = sign(as_(people.nurse), visit)
    assert answer.status_code == 409
    assert "No blend is composed." in answer.content.decode()


def test_a_form_sent_twice_signs_once(people, as_):
    visit, client, token = planned_visit(people), as_(people.nurse), uuid.uuid4()
    first, second = sign(client, visit, token=token), sign(client, visit, token=token)
    assert first["Location"] == second["Location"]
    assert Consent.objects.count() == 1


def test_withdrawing_has_a_page_of_its_own_and_is_shown(people, as_):
    visit = planned_visit(people)
    consent, client = consented(visit, people.practitioner), as_(people.nurse)
    here = f"/visits/{visit.pk}/consent/{consent.pk}/withdraw/"
    assert "cannot be undone" in client.get(here).content.decode()
    answer = client.post(here, {"token": uuid.uuid4(), "reason": "thought again"})
    assert "Withdrawn on 23 Nov 2026: thought again" in client.get(answer["Location"]).content.decode()
    assert client.post(here, {"token": uuid.uuid4()}).status_code == 409
    assert ConsentWithdrawal.objects.count() == 1


def test_the_front_desk_sees_nothing_and_a_stranger_finds_nothing(people, as_):
    visit = planned_visit(people)
    consent = consented(visit, people.practitioner)
    for address in ("", f"{consent.pk}/consent.pdf", f"{consent.pk}/withdraw/"):
        assert as_(people.front_desk).get(f"/visits/{visit.pk}/consent/{address}").status_code == 403
        assert as_(people.stranger).get(f"/visits/{visit.pk}/consent/{address}").status_code == 404
    assert as_(people.owner).post(f"/visits/{visit.pk}/consent/", {}).status_code == 403
