"""Photographs of a treatment: pixels only, locked as they were taken in. One that was a mistake keeps its row, with the reason.

For the record a picture is taken; whoever shows it outside the care of the patient needs a yes to just that use, and a yes that
still holds. Answers are rows of their own, the newest counts, and no answer is no.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.consent import Consent
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.treatment import Treatment

Spoken = Literal["signed", "silent", "withdrawn", "none"]  # of photographs, by the newest consent of a course


class Photo(ClinicRow):
    """One photograph as JPEG. Locked in the database."""

    class Moment(models.TextChoices):
        BEFORE = "before", "Before the treatment"
        AFTER = "after", "Right after it"
        LATER = "later", "Later, at a follow-up or for a reaction"

    class Agreed(models.TextChoices):
        SIGNED = "signed", "in the signed consent"
        SAID = "said", "when asked"

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="photos", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="photos")
    moment = models.CharField(max_length=6, choices=Moment)
    note = models.CharField(max_length=200, blank=True)
    taken_at = models.DateTimeField(null=True)  # by the camera's own clock; None: it did not say
    agreed = models.CharField(max_length=6, choices=Agreed)  # how the patient agreed to be photographed
    content = models.BinaryField()
    small = models.BinaryField()  # the same picture for lists
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)  # of the content

    class Meta:
        indexes = [models.Index(fields=["treatment", "created_at"], name="photo_of_treatment")]


class PhotoRemoval(ClinicRow):
    """A photograph is not shown any more, and why. Locked in the database."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="removal")
    reason = models.CharField(max_length=300)


class PhotoUse(ClinicRow):
    """What the patient says of one use of one photograph. Locked in the database; the newest row counts."""

    class Use(models.TextChoices):
        TEACHING = "teaching", "Teaching"
        PUBLICATION = "publication", "Publication"

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="uses")
    use = models.CharField(max_length=11, choices=Use)
    agreed = models.BooleanField()


class PhotoErasure(ClinicRow):
    """The pixels of a removed photograph were erased, and why. Locked in the database; without this row it keeps its pixels."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="erasure")
    reason = models.CharField(max_length=300)


def uses_of(photo: Photo) -> dict[str, PhotoUse | None]:
    """The newest answer for each use; None where the patient was not asked."""
    rows = PhotoUse.objects.of(photo.clinic).filter(photo=photo).select_related("created_by").order_by("created_at", "pk")
    return {**dict.fromkeys(PhotoUse.Use.values), **{row.use: row for row in rows}}


def may_be_used(photo: Photo, use: str) -> bool:
    """Whether the picture may leave the record for this use, now."""
    newest = uses_of(photo).get(use)
    return bool(newest and newest.agreed) and removed(photo) is None


def photos_of(visit: Treatment) -> models.QuerySet[Photo]:
    """The photographs of a visit in the order they were taken in, without their bytes; those that were removed too."""
    rows = Photo.objects.of(visit.clinic).filter(treatment=visit).select_related("created_by", "removal__created_by", "erasure__created_by")
    return rows.defer("content", "small").order_by("created_at", "pk")


def removed(row: Photo) -> PhotoRemoval | None:
    """Why a photograph is not shown, where it is not."""
    return getattr(row, "removal", None)


def erased(row: Photo) -> PhotoErasure | None:
    """Who erased the pixels and why, where they are gone."""
    return getattr(row, "erasure", None)


def spoken_of(course: Course) -> tuple[Spoken, dt.datetime | None]:
    """What the newest consent of a course says of photographs, and when it was signed.

    Our texts have a section of that heading, in English and in French; a text without it is *silent*.
    """
    newest = Consent.objects.of(course.clinic).filter(course=course).select_related("withdrawal").order_by("-signed_at").first()
    if newest is None:
        return "none", None
    if hasattr(newest, "withdrawal"):
        return "withdrawn", newest.signed_at
    headings = [str(section.get("heading", "")) for section in newest.sections]
    return ("signed" if any(heading.startswith("Photograph") for heading in headings) else "silent"), newest.signed_at
