"""What keeps typed work safe: drafts of unfinished forms, and the mark that a form was already taken."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow


class Draft(ClinicRow):
    """The fields of a form as last typed by one person. Removed when the form is taken."""

    key = models.CharField(max_length=120)  # the page's path
    fields = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["created_by", "key"], name="draft_once_per_person")]


class Submission(ClinicRow):
    """A form that was taken: a second copy of it leads to the same place and writes nothing."""

    token = models.UUIDField(unique=True)
    verb = models.CharField(max_length=60)
    location = models.CharField(max_length=300, blank=True)
