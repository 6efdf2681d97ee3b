"""Give the aftercare sheet. It is kept word for word, as data and as the bytes that were printed."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, unit_of_work
from pistor.care.aftercare import Sheet, sheet
from pistor.exchange.signed import aftercare_pdf
from pistor.knowledge import Library
from pistor.records.aftercare import AftercareSheet
from pistor.records.documents import Document
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.treatment import Treatment, ZoneDose

HOW = {"printed": "Printed", "shown": "Shown on screen", "sent": "Sent by the clinic's own way"}
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,38}")


def give_aftercare(
    *, visit: Treatment, language: str, how: str, phone: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> AftercareSheet:
    """Freeze the sheet for a signed treatment and note how it was given. ``phone`` is the number the patient calls."""
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="aftercare.given", token=token, at=at, location=location):
        visit = Treatment.objects.of(by.clinic).select_related("course", "patient", "clinic").get(pk=visit.pk)
        number = " ".join(phone.split())
        if visit.state != Treatment.State.SIGNED:
            raise Refused("The treatment has to be signed first; the times are counted from it.")
        if how not in HOW:
            raise Refused("Say how the sheet was given: printed, shown or sent.")
        if not _PHONE.fullmatch(number):
            raise Refused("Enter the number the patient can call, for example +33 1 23 45 67 89. Without it the sheet helps nobody at night.")
        made = sheet_of(visit, library_of(by.clinic), language)
        content = {**made.as_dict(), "phone": number}
        pdf = aftercare_pdf(sheet=made.as_dict(), name=str(visit.patient), clinic=visit.clinic.name, phone=number)
        written = {"clinic": visit.clinic, "created_at": at, "created_by": by}
        document = Document.objects.create(
            patient=visit.patient, kind=Document.Kind.AFTERCARE, title=made.title, content=pdf, sha256=hashlib.sha256(pdf).hexdigest(), **written
        )
        row = AftercareSheet.objects.create(
            treatment=visit, language=made.language, content=content, how=how, document=document, knowledge_version=made.knowledge_version, **written
        )
        audit(by=by, verb="aftercare.given", subject=row, at=at, patient_id=visit.patient_id, language=made.language, how=how)
    return row


def sheet_of(visit: Treatment, library: Library, language: str) -> Sheet:
    """The sheet of a treatment, from what was really given in all its zones."""
    zones = list(ZoneDose.objects.filter(treatment=visit, volume_ml__gt=0))
    ingredients = {ingredient for zone in zones for ingredient in zone.doses}
    to_come = visit.course.treatments.filter(number__gt=visit.number).exclude(state=Treatment.State.CANCELLED).exists()
    return sheet(
        library, application=visit.course.application, techniques={zone.technique for zone in zones}, ingredients=ingredients,
        given_on=given_at(visit), language=language, jurisdiction=visit.course.jurisdiction or None, first=visit.number == 1, last=not to_come,
    )  # fmt: skip


def given_at(visit: Treatment) -> dt.datetime:
    """When the treatment ended, on the clinic's clock: the signature where it was signed on the day itself, else the end of that day."""
    zone = ZoneInfo(visit.clinic.time_zone)
    day = visit.given_on or visit.planned_on
    signed = visit.signed_at.astimezone(zone) if visit.signed_at else None
    if signed is not None and signed.date() == day:
        return signed
    return dt.datetime.combine(day, dt.time(23, 59), zone)
