"""Take in photographs of a treatment, and take one out of sight that was a mistake."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from pistor.actions.core import Refused, audit, lead_to_result, unit_of_work
from pistor.actions.pictures import NoPhoto, Picture, new_picture
from pistor.records.people import Capability, User
from pistor.records.photos import Photo, PhotoRemoval, spoken_of
from pistor.records.treatment import Treatment

MOST_AT_ONCE = 10
MOST_OF_A_VISIT = 60


def add_photos(
    *,
    visit: Treatment,
    files: Sequence[tuple[str, bytes]],
    moment: str,
    note: str = "",
    agreed: bool = False,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> list[Photo]:
    """Keep photographs, each made anew from its pixels. All of them, or none where one cannot be kept.

    ``files`` are names, for the sentences only, with the bytes that were sent. ``agreed``: the patient was asked; not
    needed where the signed consent speaks of photographs.
    """
    if token:
        lead_to_result(by=by, token=token)
    pictures = _pictures(files, by)  # before the transaction: the database does not wait for a decoder
    with unit_of_work(by=by, capability=Capability.TREAT, verb="photo.added", token=token, at=at, location=location):
        visit = _locked(visit, by)
        said = " ".join(note.split())
        if moment not in Photo.Moment.values:
            raise Refused("Say whether the pictures show before or after the treatment.")
        if len(said) > 200:
            raise Refused("The note holds at most 200 characters. Shorten it.")
        signed = spoken_of(visit.course)[0] == "signed"
        if not signed and not agreed:
            raise Refused("The signed consent does not speak of photographs. Ask the patient, and tick that they agree.")
        there = {row.sha256: row for row in Photo.objects.filter(treatment=visit, removal__isnull=True).only("sha256")}
        if len(there) + len(pictures) > MOST_OF_A_VISIT:
            raise Refused(f"A visit holds at most {MOST_OF_A_VISIT} pictures.")
        rows = []
        for picture in pictures:
            sha256 = hashlib.sha256(picture.content).hexdigest()
            if sha256 in there:
                continue
            row = there[sha256] = Photo.objects.create(
                clinic_id=visit.clinic_id, created_at=at, created_by=by, treatment=visit, patient=visit.patient, moment=moment, note=said,
                taken_at=picture.taken_at if picture.taken_at and picture.taken_at <= at else None, agreed="signed" if signed else "said",
                content=picture.content, small=picture.small, width=picture.width, height=picture.height, sha256=sha256,
            )  # fmt: skip
            rows.append(row)
            audit(by=by, verb="photo.added", subject=row, at=at, patient_id=visit.patient_id, treatment=str(visit.pk))
        if not rows:
            raise Refused("These pictures are kept already.")
    return rows


def remove_photo(*, photo: Photo, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> PhotoRemoval:
    """Show a photograph no more. Its row stays, with the reason; its bytes stay locked in the database."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="photo.removed", token=token, at=at, location=location):
        row = Photo.objects.of(by.clinic).select_related("treatment").defer("content", "small").get(pk=photo.pk)
        _locked(row.treatment, by)
        why = " ".join(reason.split())
        if not why or len(why) > 300:
            raise Refused("Write why the picture is removed, in at most 300 characters.")
        if PhotoRemoval.objects.filter(photo=row).exists():
            raise Refused("This picture was removed already.")
        removal = PhotoRemoval.objects.create(clinic_id=row.clinic_id, created_at=at, created_by=by, photo=row, reason=why)
        audit(by=by, verb="photo.removed", subject=row, at=at, patient_id=row.patient_id, treatment=str(row.treatment_id))
    return removal


def _pictures(files: Sequence[tuple[str, bytes]], by: User) -> list[Picture]:
    if not files:
        raise Refused("Take a picture, or choose one.")
    if len(files) > MOST_AT_ONCE:
        raise Refused(f"Send at most {MOST_AT_ONCE} pictures at once.")
    zone = ZoneInfo(by.clinic.time_zone if by.clinic else "UTC")
    pictures, said = [], []
    for name, content in files:
        try:
            pictures.append(new_picture(content, zone))
        except NoPhoto as problem:
            said.append(f"“{name[:60]}”: {problem}")
    if said:
        raise Refused(*said, "Nothing was kept. Send the others again.") if len(files) > 1 else Refused(*said)
    return pictures


def _locked(visit: Treatment, by: User) -> Treatment:
    """The visit with its course, held until the transaction ends."""
    found: Treatment = Treatment.objects.of(by.clinic).select_for_update(of=("self",)).select_related("course", "patient").get(pk=visit.pk)
    if found.state == Treatment.State.CANCELLED:
        raise Refused("This visit was cancelled, so it has no pictures.")
    found.clinic = found.course.clinic = by.clinic  # type: ignore[assignment]
    return found
