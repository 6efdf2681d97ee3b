"""What keeps typed work safe: drafts of unfinished forms, and the mark that a form was already taken."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from pistor.records.base import ClinicQuerySet, ClinicRow
from pistor.records.people import User


class DraftQuerySet(ClinicQuerySet):
    def open_to(self, person: User) -> Self:
        """Those that this person may see and go on with: their own, and the shared ones of their clinic."""
        return self.of(person.clinic).filter(Q(shared=True) | Q(created_by=person))


class Draft(ClinicRow):
    """What was changed in a form and is not saved yet. Removed in the transaction that takes the form.

    ``fields`` holds ``{name: [texts]}`` of what was changed and nothing else; an empty list is a field that was emptied.
    ``marks`` says of each of them ``[sequence, page, step, person, when]``: at which state of the draft it came, in
    which open page, with which of its messages, typed by whom, and when. ``places`` holds where each person was.
    """

    key = models.CharField(max_length=120)  # the page's path, "#", the form's name
    shared = models.BooleanField(default=False)  # one for all who may save the form; otherwise each person has an own one
    fields = models.JSONField()
    marks = models.JSONField(default=dict)
    places = models.JSONField(default=dict)
    sequence = models.PositiveBigIntegerField(default=1)
    saved_at = models.DateTimeField()

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["created_by", "key"], condition=Q(shared=False), name="draft_once_per_person"),
            models.UniqueConstraint(fields=["clinic", "key"], condition=Q(shared=True), name="draft_once_per_clinic"),
        ]


class Submission(ClinicRow):
    """A form that was taken: a second copy of it leads to the same place and writes nothing."""

    token = models.UUIDField(unique=True)
    verb = models.CharField(max_length=60)
    location = models.CharField(max_length=300, blank=True)
