"""The injection map: the generators of its points and the edits to them, never hundreds of rows."""

from __future__ import annotations

from django.db import models

from pistor.records.base import ClinicRow
from pistor.records.course import Course


class InjectionPlan(ClinicRow):
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="injection_plans")
    zones = models.JSONField(default=list)  # care.injection_map.ZonePlan.as_dict() each; empty in rows from before zones had their own
    scale = models.JSONField(default=dict)  # {map: {"x", "y", "from": [{"of": "zone:side", "along", "mm"}]}}
    # Of the main zone, and where ``zones`` is empty of all of them:
    technique = models.CharField(max_length=60)
    areas = models.JSONField()  # [{"map", "map_version", "zone", "side"}]
    generator = models.JSONField()  # {"pattern", "spacing_mm", "volume_per_point_ml", "inserted_length_mm", "angle_deg", ..., "seed", "grid"}
    exceptions = models.JSONField(default=dict)  # {"removed": [point keys], "chosen": {area key: [[x_mm, y_mm, "mL"]]}}
    points = models.PositiveIntegerField()
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)
    totals = models.JSONField()  # care.injection_map.InjectionMap.as_dict() without the points
    knowledge_version = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["course", "-created_at"], name="injection_plan_of_course")]
