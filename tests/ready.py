"""A visit with everything done up to the consent, through the same actions as in the clinic."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal

from pistor.actions.alternatives import record_alternatives_talk
from pistor.actions.candidacy import override_finding, review_verdict
from pistor.actions.consent import sign_consent
from pistor.actions.course import schedule_course
from pistor.actions.formulation import compose_blend
from pistor.actions.injection_map import draw_map
from pistor.actions.outcomes import record_score
from pistor.actions.syringes import make_syringe
from pistor.actions.time_out import time_out
from pistor.actions.treatment import Entry, sign_treatment
from pistor.care.codes import of_patient
from pistor.care.formulation import Part
from pistor.care.injection_map import Area, Generator, zones_alike
from pistor.care.stock import Take
from pistor.care.treatment import Record, checklist
from pistor.knowledge import load
from pistor.records.consent import Consent
from pistor.records.intent import candidacy_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.plan import plan_digest
from pistor.records.room import planned_zones
from pistor.records.stock import Lot, Product
from pistor.records.syringes import Syringe, kept, syringes_of
from pistor.records.treatment import TimeOut, Treatment
from tests import factories
from tests.conftest import NOW, TODAY

PATH = "M10 60L40 20L60 80L90 30L130 70L200 40"


POINTS = Generator("points", Decimal(40), Decimal("0.125"), Decimal(2), Decimal(90))
THREADS = Generator("lines", Decimal(20), Decimal("0.125"), Decimal(20), Decimal(5))  # of 20 mm, 1.7 mm deep


def planned_visit(people, *, spacing: str = "40", volume: str = "1", threads: bool = False, **patient) -> Treatment:
    """Neck pain with lidocaine, planned to the last step before consent; as single points, or as threads."""
    by = people.practitioner
    person = factories.patient(by, sex="male", **patient)
    factories.history(person, "measurement", "weight_kg", {"value": "60", "unit": "kg"})
    library = load()
    course = factories.course(person, protocol="neck_pain_lidocaine", policy="single_active")
    visit = factories.visit(course)
    for question in library.questions.values():
        if course.application in question.applications and (question.answer == "yes_no" or question.id in BEST):
            factories.history(person, "answer", question.id, {"value": BEST.get(question.id, "no"), "note": ""})
    do = {"by": by, "at": NOW}
    record_alternatives_talk(course=course, preference="undecided", **do)
    compose_blend(course=course, parts=[Part("lidocaine_2pct", Decimal(volume))], **do)
    side = next(area.side for area in library.body_maps["neck_back"].zones if area.zone == "neck")
    generator = replace(THREADS if threads else POINTS, spacing_mm=Decimal(spacing))
    technique = "linear_retrograde" if threads else "point_by_point"
    draw_map(course=course, zones=zones_alike([Area("neck_back", "neck", side)], generator, technique), **do)
    schedule_course(course=course, start=TODAY, sessions=3, interval_days=7, **do)
    record_score(treatment=visit, scale="nrs", items={library.scales["nrs"].items[0].id: Decimal(6)}, measured_on=TODAY, token=None, **do)
    review(visit, by)
    visit.refresh_from_db()
    return visit


def review(visit: Treatment, by) -> None:
    """Look at the verdict as a clinician does, with a reason for each finding that needs one."""
    for finding in candidacy_of(visit.course, TODAY).to_override:
        override_finding(course=visit.course, rule=finding.rule, reason="weighed with the patient", version=None, by=by, at=NOW, token=None)
    review_verdict(course=visit.course, treatment=visit, digest=candidacy_of(visit.course, TODAY).digest, version=None, by=by, at=NOW, token=None)


def consented(visit: Treatment, by, **more) -> Consent:
    digest = plan_digest(visit.course, *latest_blend_and_map(visit.course))
    given = {"language": "en", "signer_name": "Claire Moreau", "signer_kind": "patient", "signature_path": PATH, "digest_shown": digest, "at": NOW}
    return sign_consent(visit=visit, by=by, token=uuid.uuid4(), **{**given, **more})


def full_entry(visit: Treatment, *, lots=None, **fields) -> Entry:
    """A full record, given exactly as planned. Unless ``lots`` is empty, from a syringe of it and after the time-out."""
    library = load()
    record = Record(
        given_on=TODAY, checks={step.id: True for step in checklist(library, visit.course.application)}, skin_preparation="povidone-iodine", anaesthesia="none",
        topical=(), zones=planned_zones(visit.course), pain_score=3, reaction="none",
    )  # fmt: skip
    if lots is None:
        if not kept(syringes_of(visit)):
            syringe(visit, visit.created_by, volume=str(record.volume_ml))
        read_codes(visit, visit.created_by)
    return Entry(replace(record, **fields))


def read_codes(visit: Treatment, by, *, at=None) -> None:
    """The time-out for every syringe of a visit that is still to be read."""
    read = TimeOut.objects.filter(treatment=visit, passed=True).values("syringe")
    for row in Syringe.objects.filter(treatment=visit, state="ready").exclude(pk__in=read):
        time_out(visit=visit, patient_code=str(of_patient(visit.patient.number)), syringe_code=row.code, by=by, at=at or NOW)


def signed_visit(people, **patient) -> Treatment:
    """A visit whose treatment is signed by the practitioner, at 10:00 in Paris."""
    visit = planned_visit(people, **patient)
    consented(visit, people.practitioner)
    signed = sign_treatment(visit=visit, entry=full_entry(visit), by=people.practitioner, at=NOW)
    signed.refresh_from_db()
    return signed


def lot(clinic, presentation: str = "lidocaine_2pct", number: str = "L-1", *, days: int = 300, state: str = "usable") -> Lot:
    expires_on = TODAY + dt.timedelta(days=days)
    product = factories.product(clinic, presentation)
    return Lot.objects.create(
        clinic=clinic, created_at=NOW, product=product, presentation=presentation, lot_number=number, expires_on=expires_on, state=state
    )


def syringe(visit: Treatment, by, *, volume: str = "1", of: Lot | None = None, prescription: str = "no", **more) -> Syringe:
    """A syringe of lidocaine for a visit that :func:`planned_visit` made, looked at and good for four hours."""
    from_lot = of or Lot.objects.filter(clinic=visit.clinic).first() or lot(visit.clinic)
    Product.objects.filter(pk=from_lot.product_id).update(prescription=prescription)
    given = {"look": "clear", "own_hours": Decimal(4), "own_basis": "our pharmacist", "at": NOW, **more}
    return make_syringe(visit=visit, takes=[Take(from_lot.pk, Decimal(volume), "mL")], by=by, **given)


BEST = {"pain_diagnosis": "yes", "weight_stable": "yes", "bdd_screen": "negative"}
