"""Take in photographs of a treatment, say what they may be used for, take one out of sight that was a mistake, and erase it where that is due."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from django.db import connection

from pistor.actions.core import Refused, audit, lead_to_result, unit_of_work
from pistor.actions.pictures import NoPhoto, Picture, new_picture
from pistor.records.people import Capability, User
from pistor.records.photos import Photo, PhotoErasure, PhotoRemoval, PhotoUse, erased, removed, spoken_of, uses_of
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
    uses: Mapping[str, bool] | None = None,
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> list[Photo]:
    """Keep photographs, each made anew from its pixels. All of them, or none where one cannot be kept.

    ``files`` are names, for the sentences only, with the bytes that were sent. ``agreed``: the patient was asked; not
    needed where the signed consent speaks of photographs. ``uses`` are the answers of the patient for other uses, where they
    were asked.
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
            for use, yes in (uses or {}).items():
                _say(row, use, yes, by, at)
        if not rows:
            raise Refused("These pictures are kept already.")
    return rows


def say_use(
    *, photo: Photo, use: str, agreed: bool, all_pictures: bool = False, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> list[PhotoUse]:
    """Keep what the patient says of one use: of one picture, or of all that are kept of the patient. It holds at once."""
    with unit_of_work(by=by, capability=Capability.TAKE_CONSENT, verb="photo.use", token=token, at=at, location=location):
        rows = Photo.objects.of(by.clinic).select_related("removal", "clinic").defer("content", "small")
        one = rows.get(pk=photo.pk)
        asked = list(rows.filter(patient_id=one.patient_id)) if all_pictures else [one]
        if use not in PhotoUse.Use.values:
            raise Refused("Say for which use: teaching or publication.")
        if removed(one):
            raise Refused("This picture was removed, so it has no use.")
        said = [_say(row, use, agreed, by, at) for row in asked if not removed(row) and _answer(row, use) is not agreed]
        if not said:
            raise Refused("This is what is recorded already.")
    return said


def _answer(row: Photo, use: str) -> bool | None:
    newest = uses_of(row)[use]
    return newest.agreed if newest else None


def _say(row: Photo, use: str, agreed: bool, by: User, at: dt.datetime) -> PhotoUse:
    said: PhotoUse = PhotoUse.objects.create(clinic_id=row.clinic_id, created_at=at, created_by=by, photo=row, use=use, agreed=agreed)
    audit(by=by, verb="photo.use", subject=row, at=at, patient_id=row.patient_id, use=use, agreed=agreed)
    return said


def erase_photo(*, photo: Photo, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> PhotoErasure:
    """Empty the pixels of a photograph that was removed. Its row with fingerprint, times and reasons stays.

    SQLite overwrites them in its file before this returns; PostgreSQL gives the space free at the next vacuum. Copies in backups
    last as long as the backups do.
    """
    _overwrite_what_is_erased()
    with unit_of_work(by=by, capability=Capability.ERASE, verb="photo.erased", token=token, at=at, location=location):
        row = Photo.objects.of(by.clinic).select_for_update(of=("self",)).select_related("removal", "erasure").defer("content", "small").get(pk=photo.pk)
        why = " ".join(reason.split())
        if not removed(row):
            raise Refused("Only a picture that was removed can be erased. Remove it first, with the reason.")
        if erased(row):
            raise Refused("This picture was erased already.")
        if not why or len(why) > 300:
            raise Refused("Write who asked for it or which rule asks for it, in at most 300 characters.")
        erasure = PhotoErasure.objects.create(clinic_id=row.clinic_id, created_at=at, created_by=by, photo=row, reason=why)
        Photo.objects.filter(pk=row.pk).update(content=b"", small=b"")
        audit(by=by, verb="photo.erased", subject=row, at=at, patient_id=row.patient_id, treatment=str(row.treatment_id), sha256=row.sha256)
    _overwrite_what_is_erased(done=True)
    return erasure


def _overwrite_what_is_erased(*, done: bool = False) -> None:
    """SQLite writes zeros over what is removed, and takes the log, in which the old page may stand, back into the file."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA secure_delete={'OFF' if done else 'ON'}")
        if done:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def remove_photo(*, photo: Photo, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> PhotoRemoval:
    """Show a photograph no more. Its row stays, with the reason; its bytes stay locked in the database until they are erased."""
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
