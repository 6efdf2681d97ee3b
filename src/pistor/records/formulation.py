"""The blend as it was composed, with the result the decision gave. A change is a new row."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.course import Course


class Formulation(ClinicRow):
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="formulations")
    parts = models.JSONField()  # [{"presentation": id, "volume_ml": "1.0"}]
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)
    result = models.JSONField()  # care.formulation.Blend.as_dict()
    confirmations = models.JSONField(default=list)  # [{"what", "value", "by", "at"}]
    knowledge_version = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["course", "-created_at"], name="formulation_of_course")]
