"""Nobody reaches another clinic's records: every address that names a record, found by asking the address book itself."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from pistor.actions.body_marks import add_mark
from pistor.actions.drafts import Sent, keep_draft
from pistor.actions.library import decide_entry, propose_entry
from pistor.actions.photos import add_photos
from pistor.actions.prescriptions import prescribe
from pistor.actions.reactions import report_reaction
from pistor.actions.recall import open_recall, write_letters
from pistor.actions.stock import count, open_vial
from pistor.actions.treatment import sign_treatment
from pistor.records.aftercare import AftercareSheet
from pistor.records.audit import AuditEvent
from pistor.records.consent import Consent
from pistor.records.consultation import HistoryEntry, ImportedDocument, Patient
from pistor.records.documents import Document
from pistor.records.recalls import Alert
from pistor.records.summaries import TreatmentSummary
from pistor.records.treatment import LotUse
from tests import factories, ready
from tests.conftest import NOW, TODAY
from tests.pictures import made

pytestmark = pytest.mark.django_db
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


def addresses(resolver: URLResolver | None = None, before: str = "") -> list[str]:
    """Every address of the product as its pattern."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        here = before + str(entry.pattern)
        found += addresses(entry, here) if isinstance(entry, URLResolver) else [here] if isinstance(entry, URLPattern) else []
    return found


KNOWLEDGE = {"library/<slug:kind>/"}  # what is published, for every clinic alike
NAMING = sorted(address for address in addresses() if ARGUMENT.search(address) and address not in KNOWLEDGE)
PLAIN = sorted(address for address in addresses() if not ARGUMENT.search(address))
OPEN = {"health/", "sign-in/"}  # for people who are not signed in


def test_the_sweep_sees_patients_visits_and_what_hangs_on_them():
    names = {name for address in NAMING for name in ARGUMENT.findall(address)}
    assert {"visit_id", "patient_id", "report_id", "consent_id"} <= names
    assert len(NAMING) > 20


@pytest.fixture
def ids(people):
    """One real record of clinic A for each argument an address can have."""
    by = people.practitioner
    visit = ready.planned_visit(people)
    ready.consented(visit, by)
    beside = _beside_treatment(people, visit)
    visit = sign_treatment(visit=visit, entry=ready.full_entry(visit), by=by, at=NOW)
    consent = Consent.objects.get(course=visit.course_id)
    report = report_reaction(by=by, at=NOW, token=None, treatment=visit, began_on=TODAY, signs=["lump"])
    return {
        "visit_id": visit.pk,
        "patient_id": visit.patient_id,
        "course_id": visit.course_id,
        "report_id": report.pk,
        "consent_id": consent.pk,
        "document_id": consent.document_id,
        "sheet_id": _sheet(visit, consent).pk,
        "summary_id": TreatmentSummary.objects.get(treatment=visit).pk,
        "photo_id": add_photos(visit=visit, files=[("a.jpg", made())], moment="after", uses={"teaching": True}, by=by, at=NOW)[0].pk,
        "use": "teaching",
        **_own_version(people),
        **_stock(people, LotUse.objects.get(treatment=visit).lot),
        **beside,
        "mark_id": add_mark(visit=visit, kind="scar", text="", map="neck_back", outline=[(99, 99), (120, 99), (120, 120)], by=by, at=NOW).pk,
        "entry_id": HistoryEntry.objects.filter(patient=visit.patient).first().pk,
        **_recall(people, LotUse.objects.get(treatment=visit).lot, report),
    }


def _beside_treatment(people, visit):
    """A syringe and a prescription for a visit that is not signed, and a device."""
    by, day = people.practitioner, {"valid_from": TODAY, "valid_until": TODAY}
    syringe, device = ready.syringe(visit, by), factories.device(people.clinic)
    prescription = prescribe(visit=visit, presentation="lidocaine_2pct", directions="0.5 mL", **day, by=by, at=NOW)
    return {"syringe_id": syringe.pk, "device_id": device.pk, "room_id": factories.room(people.clinic).pk, "prescription_id": prescription.pk}


def _stock(people, lot):
    """A lot that a treatment used, an opened vial of it, and a count that did not fit."""
    do = {"by": people.practitioner, "at": NOW}
    for found in ("10", "9"):
        difference = count(lot=lot, found=Decimal(found), unit="mL", **do)
    vial = open_vial(lot=lot, container_units=Decimal(2), patient=factories.patient(people.practitioner), **do)
    return {"lot_id": lot.pk, "vial_id": vial.pk, "product_id": lot.product_id, "discrepancy_id": difference.pk}


def _recall(people, lot, report):
    """A recall with a contact and letters, and an alert."""
    row = open_recall(scope="lot", subject=lot.pk, since=TODAY, by=people.practitioner, at=NOW)
    written = write_letters(recall=row, phone="0123456789", by=people.practitioner, at=NOW)
    counts = {"reports": [str(report.pk)], "cases": 2, "suspected": 2, "exposed": 2, "treated": 9, "since": TODAY, "until": TODAY}
    alert = Alert.objects.create(clinic=people.clinic, created_at=NOW, scope="lot", subject=lot.pk, **counts)
    return {"recall_id": row.pk, "contact_id": row.contacts.get().pk, "letters_id": written.pk, "alert_id": alert.pk}


def _own_version(people):
    """An entry of the library that only this clinic has, proposed after the published one was last reviewed."""
    later = NOW + dt.timedelta(days=30)
    given = {"source_title": "Leaflet", "source_at": "section 1", "grade": "A", "reason": "Another maker"}
    row = propose_entry(kind="presentations", id_="lidocaine_2pct", changes={"name": "Ours"}, by=people.practitioner, at=later, **given)
    decide_entry(row=row, approve=True, by=factories.user(people.clinic, "practitioner"), at=later)
    return {"row_id": row.pk, "kind": "presentations", "id_": row.entry_id}


def _sheet(visit, consent):
    kept = {"clinic": visit.clinic, "created_at": NOW, "created_by": visit.created_by}
    own = {"id", *kept}
    document = Document.objects.create(**kept, **{f.attname: getattr(consent.document, f.attname) for f in Document._meta.fields if f.name not in own})
    return AftercareSheet.objects.create(treatment=visit, language="en", content={}, how="printed", document=document, knowledge_version="x", **kept)


def filled(address: str, ids: dict) -> str:
    """The address with real records in it; a new kind of argument has to be given a record above."""
    missing = set(ARGUMENT.findall(address)) - set(ids)
    assert not missing, f"{address} names {', '.join(missing)}: give it a real record in the fixture ids"
    return "/" + ARGUMENT.sub(lambda match: str(ids[match[1]]), address)


def test_a_stranger_finds_nothing_of_another_clinic(people, as_, ids):
    stranger, owner = as_(people.stranger), as_(people.practitioner)
    before = _state()
    answers = {}
    for address in NAMING:
        url = filled(address, ids)
        answers[address] = [stranger.get(url).status_code, stranger.post(url, {"token": uuid.uuid4(), "version": 1}).status_code, stranger.head(url).status_code]
    assert answers == {address: [404, 404, 404] for address in NAMING}
    assert _state() == before
    own = {address: owner.get(filled(address, ids)).status_code for address in NAMING}
    lost = {address: status for address, status in own.items() if status == 404 or status >= 500}
    assert lost == {}, "these would be 404 for everybody, so the sweep proves nothing for them"


def _state():
    return AuditEvent.objects.count(), Patient.objects.count(), HistoryEntry.objects.count(), ImportedDocument.objects.count()


def test_what_hangs_on_another_visit_of_the_same_clinic_is_not_found_under_this_one(people, as_, ids):
    other = ready.planned_visit(people)
    client = as_(people.practitioner)
    nested = [address for address in NAMING if len(ARGUMENT.findall(address)) > 1 and "visit_id" in address]
    found = {address: client.get(filled(address, {**ids, "visit_id": other.pk})).status_code for address in nested}
    assert nested
    assert found == dict.fromkeys(nested, 404)


def test_nobody_sees_anything_without_signing_in(client, ids):
    for address in [*NAMING, *(set(PLAIN) - OPEN)]:
        url = filled(address, ids)
        for answer in (client.get(url), client.post(url, {"q": "Moreau"})):
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/sign-in/?next=/"), address


@pytest.mark.parametrize("unknown", [uuid.uuid4(), uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)])
def test_a_record_that_never_was_answers_like_one_of_another_clinic(people, as_, ids, unknown):
    client = as_(people.practitioner)
    answers = {address: client.get(filled(address, dict.fromkeys(ids, unknown))).status_code for address in NAMING}
    assert answers == dict.fromkeys(NAMING, 404)


def test_lists_hold_only_the_own_clinic(people, as_, ids):
    patient = Patient.objects.get(pk=ids["patient_id"])
    keep_draft(by=people.practitioner, at=NOW, key="/patients/new/#new", shared=True, sent=Sent({"family_name": ["Secretname"]}))
    stranger = as_(people.stranger)
    pages = [stranger.get(f"/{address}") for address in PLAIN if address not in ("drafts/", "sign-out/")]
    pages += [stranger.post("/patients/", {"q": word}) for word in (patient.family_name, patient.number, "1985-03-14", "")]
    pages.append(stranger.post("/patients/new/", {"token": uuid.uuid4(), "family_name": patient.family_name, "given_name": patient.given_name}))
    for page in pages:
        text = page.content.decode()
        assert str(patient.pk) not in text
        assert f"{patient.family_name}, {patient.given_name}" not in text
        assert "Secretname" not in text
    assert patient.family_name in as_(people.nurse).post("/patients/", {"q": patient.number}).content.decode()


def test_someone_without_a_clinic_is_told_so_and_sees_nothing(people, as_, ids):
    from tests import factories

    nobody = as_(factories.user(None, "practitioner"))
    for address in [*NAMING, "", "patients/", "patients/new/"]:
        assert nobody.get(filled(address, ids)).status_code == 403, address
    assert nobody.post("/sign-out/").status_code == 302
