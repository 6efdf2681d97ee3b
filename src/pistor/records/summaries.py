"""The printed summary of a signed treatment: the one made when it was signed, and one after the discharge and after each amendment."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from pistor.records.base import ClinicRow
from pistor.records.documents import Document
from pistor.records.treatment import Amendment, Treatment


class TreatmentSummary(ClinicRow):
    """Which document is the summary of a treatment as it was signed, and which came after it. Locked in the database."""

    class Occasion(models.TextChoices):
        SIGNED = "signed", "As it was signed"
        DISCHARGE = "discharge", "When the patient left"
        AMENDMENT = "amendment", "With an amendment"

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="summaries")
    occasion = models.CharField(max_length=10, choices=Occasion)
    amendment = models.OneToOneField(Amendment, on_delete=models.PROTECT, related_name="summary", null=True)
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="summary")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["treatment", "occasion"], condition=Q(amendment__isnull=True), name="summary_once_per_occasion"),
            models.CheckConstraint(
                name="summary_of_amendment", condition=Q(occasion="amendment", amendment__isnull=False) | Q(amendment__isnull=True) & ~Q(occasion="amendment")
            ),
        ]  # fmt: skip


def summaries_of(visit: Treatment) -> list[TreatmentSummary]:
    """The summaries that were kept, in the order they were made; without their bytes. Treatments signed before they were kept have none."""
    rows = TreatmentSummary.objects.of(visit.clinic).filter(treatment=visit).select_related("document", "amendment")
    return list(rows.defer("document__content").order_by("created_at", "pk"))
