"""A treatment is a visit: planned, opened, recorded zone by zone, signed and from then on locked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pistor.records.base import ClinicRow
from pistor.records.consultation import Patient
from pistor.records.course import Course
from pistor.records.rooms import Room
from pistor.records.stock import Lot, Vial


class Treatment(ClinicRow):
    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        OPEN = "open", "Open"
        SIGNED = "signed", "Signed"
        CANCELLED = "cancelled", "Cancelled"

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="treatments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="treatments")
    number = models.PositiveIntegerField()  # 1 is the first of the course
    planned_on = models.DateField()
    given_on = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    checks = models.JSONField(default=dict)  # {checklist step id: {"done": bool, "note": str}}
    skin_preparation = models.CharField(max_length=200, blank=True)
    anaesthesia = models.JSONField(default=dict)  # {"method", "product", "dose_mg", "note"}
    performed_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="treatments", null=True)
    pain_score = models.PositiveSmallIntegerField(null=True)
    immediate_reaction = models.JSONField(default=dict)  # {"none": bool, "signs": [...], "note": str}
    observed_minutes = models.PositiveIntegerField(null=True)
    note = models.TextField(blank=True)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)
    signed_content = models.TextField(blank=True)  # canonical JSON of what was signed
    sha256 = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("records.User", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-planned_on"], name="treatment_of_patient"),
            models.Index(fields=["planned_on", "clinic", "state"], name="treatment_of_day"),  # the day first: it tells most rows apart
            models.Index(fields=["given_on", "clinic", "patient"], name="treatment_given"),  # who was treated in these days, from the index alone
            # Who was treated by one person, and in one room: all that a recall reads of a treatment, so that it reads no row.
            models.Index(fields=["performed_by", "given_on", "patient", "clinic", "id"], name="treatment_by_operator"),
            models.Index(fields=["room", "given_on", "patient", "clinic", "id"], name="treatment_in_room"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="treatment_number_once_per_course"),
            models.CheckConstraint(
                name="treatment_signed_is_complete",
                condition=~Q(state="signed") | Q(signed_at__isnull=False, signed_by__isnull=False) & ~Q(sha256=""),
            ),
        ]


class ZoneDose(ClinicRow):
    """What was given in one zone from one syringe, against the plan."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="zone_doses")
    zone = models.CharField(max_length=60)
    side = models.CharField(max_length=6)
    technique = models.CharField(max_length=60)
    plan = models.CharField(max_length=160, blank=True)  # key of the zone plan; empty where it was not planned, and in rows of before
    syringe = models.ForeignKey("records.Syringe", on_delete=models.PROTECT, related_name="zone_doses", null=True)  # None: nobody said which
    given = models.JSONField(default=dict)  # {"state", "edits": care.treatment.Edits, "on_skin", "shared"?: care.treatment.Shared}; empty in rows of before
    planned_points = models.PositiveIntegerField(null=True)
    planned_volume_ml = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    points = models.PositiveIntegerField()
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)
    inserted_length_mm = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    angle_deg = models.PositiveSmallIntegerField(null=True)
    planned_passes = models.PositiveSmallIntegerField(null=True)
    passes = models.PositiveSmallIntegerField(null=True)  # of a roller, which leaves no points
    doses = models.JSONField(default=dict)  # {ingredient id: "mg"}
    deviation_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["treatment", "zone", "side", "syringe"], name="zone_dose_seen")]  # where somebody was treated, from the index alone
        constraints = [
            # One zone may be given with two techniques, or out of two syringes.
            models.UniqueConstraint(
                fields=["treatment", "plan", "zone", "side", "technique"], name="zone_dose_once_per_treatment", condition=Q(syringe__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["treatment", "plan", "zone", "side", "technique", "syringe"], name="zone_dose_once_per_syringe", condition=Q(syringe__isnull=False)
            ),
            models.CheckConstraint(name="zone_dose_not_negative", condition=Q(volume_ml__gte=0)),
        ]


class TimeOut(ClinicRow):
    """The codes of the patient and of a syringe were read before the needle: they fitted, or it stopped. Locked in the database."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="time_outs")
    syringe = models.ForeignKey("records.Syringe", on_delete=models.PROTECT, related_name="time_outs", null=True)  # None: no syringe of the clinic
    passed = models.BooleanField()
    patient_code = models.CharField(max_length=60, blank=True)  # as they were read
    syringe_code = models.CharField(max_length=60, blank=True)
    said = models.JSONField(default=list)  # sentences: why it stopped


class LotUse(ClinicRow):
    """Which lot of a presentation went into the blend of a treatment."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="lot_uses")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="uses")
    volume_ml = models.DecimalField(max_digits=8, decimal_places=3)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["treatment", "lot"], name="lot_once_per_treatment")]


class Amendment(ClinicRow):
    """A correction or addition to a signed treatment. The original stays as it was signed."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="amendments")
    kind = models.CharField(max_length=12, choices=[("correction", "Correction"), ("addition", "Addition")])
    text = models.TextField()
    changes = models.JSONField(default=list)  # of a correction: [{"path", "before", "after"}], places in the signed content (care.amendment)
    reason = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)


class LotCorrection(ClinicRow):
    """A lot that was really given, in place of the one that was signed. Both lead to the patient. Locked in the database.

    ``vial`` is the opened one that the ledger took it out of. One draw may be of several; without a syringe nobody said in which it was.
    """

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="lot_corrections")
    amendment = models.ForeignKey(Amendment, on_delete=models.PROTECT, related_name="lot_corrections")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="corrections", db_index=False)
    syringe = models.ForeignKey("records.Syringe", on_delete=models.PROTECT, related_name="lot_corrections", null=True)
    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, related_name="lot_corrections", null=True)

    class Meta:
        indexes = [models.Index(fields=["lot", "treatment"], name="lot_correction_of_lot")]  # from a lot to its patients
        constraints = [
            models.UniqueConstraint(fields=["amendment", "lot"], condition=Q(syringe__isnull=True), name="lot_corrected_once_per_amendment"),
            models.UniqueConstraint(
                fields=["amendment", "syringe", "lot"], condition=Q(syringe__isnull=False, vial__isnull=True), name="lot_corrected_once_per_syringe"
            ),
            models.UniqueConstraint(fields=["amendment", "syringe", "vial"], condition=Q(vial__isnull=False), name="vial_corrected_once_per_syringe"),
            models.CheckConstraint(name="lot_correction_vial_in_syringe", condition=Q(vial__isnull=True) | Q(syringe__isnull=False)),
        ]
