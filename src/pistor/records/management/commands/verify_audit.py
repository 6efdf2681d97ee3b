"""``verify_audit``: walk every clinic's audit chain and say where it is broken."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pistor.records.audit import verify_chain
from pistor.records.people import Clinic


class Command(BaseCommand):
    help = "Check the audit trail of every clinic. Exits with 1 and names the breaks where one is found."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for clinic in Clinic.objects.order_by("name", "id"):
            breaks = verify_chain(clinic)
            broken += len(breaks)
            self.stdout.write(f"{clinic.name} ({clinic.pk}): {'whole' if not breaks else f'{len(breaks)} breaks'}")
            for sentence in breaks:
                self.stdout.write(f"  {sentence}")
        if broken:
            raise CommandError(f"The audit trail is broken in {broken} places. Keep the database as it is and compare it with the last backup.")
