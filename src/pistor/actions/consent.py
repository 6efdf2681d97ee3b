"""Sign consent and withdraw it. What was signed is frozen as bytes with a hash; a withdrawal is a row of its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from typing import get_args
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.actions.course import local_day
from pistor.care.consent import NoText, Signer, consent_sheet, interpreter_section, meaning
from pistor.care.visit import plan_needs
from pistor.exchange.signed import consent_pdf
from pistor.records.consent import Consent, ConsentWithdrawal
from pistor.records.course import Course
from pistor.records.documents import Document
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.plan import plan_digest, plan_missing, plan_of
from pistor.records.treatment import Treatment
from pistor.records.visit import facts_of

MAX_PATH = 60_000
MIN_STROKE = 24  # characters: less is a slip of the pen
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # no database keeps these and no font draws them
_POINT = r"\d{1,3}(?:\.\d{1,2})?[ ,]\d{1,3}(?:\.\d{1,2})?"
_PATH = re.compile(rf"(?:M{_POINT}(?:L{_POINT})*)+")  # strokes as the pad draws them: a start and straight pieces


def sign_consent(
    *,
    visit: Treatment,
    language: str,
    signer_name: str,
    signer_kind: Signer,
    signature_path: str,
    digest_shown: str,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
    interpreter_name: str = "",
) -> Consent:
    """Freeze the consent to the plan as it is now.

    ``digest_shown`` is of the plan that the signer read: another plan now is refused. An empty ``signature_path`` means
    that the signer typed the name instead of drawing. An interpreter only signs beside the signer. Refuses while the
    plan is incomplete or stops.
    """
    with unit_of_work(by=by, capability=Capability.TAKE_CONSENT, verb="consent.signed", token=token, at=at, location=location):
        visit = Treatment.objects.of(by.clinic).select_related("course", "patient", "clinic").get(pk=visit.pk)
        course = Course.objects.of(by.clinic).select_for_update().select_related("patient", "clinic").get(pk=visit.course_id)
        today, library = local_day(by, at), library_of(by.clinic)
        name, interpreter, path = _clean(signer_name), _clean(interpreter_name), signature_path.strip()
        _refuse_signature(name, signer_kind, path, interpreter)
        needs = (*plan_needs(facts_of(visit, library, today)), *plan_missing(course))
        if needs:
            raise Refused(*dict.fromkeys(needs))
        plan = plan_of(course, today)
        if plan is None or plan.withheld:
            raise Refused(*(plan.withheld if plan else ("The plan cannot be drawn together. Look at blend, map and course again.",)))
        digest = plan_digest(course, *latest_blend_and_map(course))
        if digest_shown != digest:
            raise Refused("The plan was changed after this text was opened. Read the text again as it is now, then sign.")
        try:
            sheet = consent_sheet(library, plan, language, course.clinic.name)
        except NoText as none:
            raise Refused(str(none)) from None
        sections = [section.as_dict() for section in sheet.sections]
        if interpreter:
            sections.append({**interpreter_section(sheet.language, interpreter).as_dict(), "interpreter": interpreter})
        said = meaning(sheet.language, signer_kind, typed=not path)
        local = at.astimezone(ZoneInfo(course.clinic.time_zone))
        pdf = consent_pdf(
            title=sheet.title, language=sheet.language, sections=sections, name=str(course.patient), birth_date=course.patient.birth_date,
            clinic=course.clinic.name, signer_name=name, signer_kind=signer_kind, meaning=said, signature_path=path, at=local, plan_digest=digest,
            text=f"{sheet.text_id} {sheet.version}", knowledge_version=library.version,
        )  # fmt: skip
        written = {"clinic": course.clinic, "created_at": at, "created_by": by}
        document = Document.objects.create(
            patient=course.patient, kind=Document.Kind.CONSENT, title=sheet.title, content=pdf, sha256=hashlib.sha256(pdf).hexdigest(), **written
        )
        consent = Consent.objects.create(
            course=course, plan_digest=digest, text_id=sheet.text_id, text_version=sheet.version, language=sheet.language, sections=sections, signer_name=name,
            signer_kind=signer_kind, meaning=said, signature_path=path, signed_at=at, document=document, knowledge_version=library.version, **written,
        )  # fmt: skip
        audit(by=by, verb="consent.signed", subject=consent, at=at, patient_id=course.patient_id, course=str(course.pk), document=document.sha256)
    return consent


def withdraw_consent(*, consent: Consent, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> ConsentWithdrawal:
    """The patient takes the consent back. What was signed stays as it was, and no treatment can be signed on it any more."""
    with unit_of_work(by=by, capability=Capability.TAKE_CONSENT, verb="consent.withdrawn", token=token, at=at, location=location):
        consent = Consent.objects.of(by.clinic).select_related("course").get(pk=consent.pk)
        Course.objects.of(by.clinic).select_for_update().get(pk=consent.course_id)
        if ConsentWithdrawal.objects.filter(consent=consent).exists():
            raise Refused("This consent was already withdrawn.")
        withdrawal = ConsentWithdrawal.objects.create(clinic_id=consent.clinic_id, created_at=at, created_by=by, consent=consent, reason=reason.strip()[:500])
        audit(by=by, verb="consent.withdrawn", subject=consent, at=at, patient_id=consent.course.patient_id, course=str(consent.course_id))
    return withdrawal


def _clean(name: str) -> str:
    return " ".join(_CONTROL.sub(" ", name).split())


def _refuse_signature(name: str, kind: str, path: str, interpreter: str) -> None:
    reasons = []
    if not name:
        reasons.append("The name of the person who signs is missing. Type it as it should stand under the text.")
    if len(name) > 200 or len(interpreter) > 200:
        reasons.append("The name is longer than 200 characters. Shorten it.")
    if kind not in get_args(Signer):
        reasons.append("Who signs is not said: the patient or a legal representative. An interpreter signs beside one of them, never alone.")
    if interpreter and interpreter.casefold() == name.casefold():
        reasons.append("The interpreter and the person who agrees have the same name. An interpreter cannot agree for the patient.")
    if path and (len(path) > MAX_PATH or not _PATH.fullmatch(path)):
        reasons.append("The drawn signature could not be read. Clear it and draw it again, or sign by typing the name.")
    elif path and (len(path) < MIN_STROKE or "L" not in path):
        reasons.append("The drawn signature is only a dot. Clear it and draw it again, or sign by typing the name.")
    if reasons:
        raise Refused(*reasons)
