"""What the last treatment of a course gave, read from what was signed and what was corrected of it."""

from __future__ import annotations

import uuid
from decimal import Decimal

from pistor.care.formulation import Topical
from pistor.care.treatment.repeat import LastZone, Repeat, repeat_of
from pistor.records.amendments import amended_content
from pistor.records.library import library_of
from pistor.records.room import planned_zones
from pistor.records.treatment import Treatment


def last_given(visit: Treatment) -> Repeat | None:
    """The first values that repeat the last signed treatment of this course, on the plan that counts now. None: there is none."""
    signed = Treatment.objects.of(visit.clinic).filter(course=visit.course, state=Treatment.State.SIGNED)
    last = signed.exclude(pk=visit.pk).order_by("-given_on", "-signed_at").first()
    if last is None or last.given_on is None or not last.signed_content:
        return None
    content = amended_content(last)
    record, zones = content.get("record") or {}, [_zone(row) for row in content.get("zones") or ()]
    topical = tuple(Topical(row["ingredient"], _number(row.get("dose_mg"))) for row in record.get("topical") or ())
    devices = tuple((uuid.UUID(row["device"]), str(row["settings"])) for row in content.get("devices") or ())
    return repeat_of(
        planned_zones(visit.course, library_of(visit.clinic)), zones, on=last.given_on, skin_preparation=str(record.get("skin_preparation", "")),
        anaesthesia=str(record.get("anaesthesia", "")), topical=topical, devices=devices,
    )  # fmt: skip


def _zone(row: dict) -> LastZone:  # type: ignore[type-arg]
    return LastZone(
        zone=row["zone"], side=row["side"], plan=row.get("plan", ""), points=int(row["points"]), volume_ml=Decimal(row["volume_ml"]),
        passes=row.get("passes"), not_given=(row.get("given") or {}).get("state") == "not_given", reason=str(row.get("deviation_reason", "")),
    )  # fmt: skip


def _number(value: object) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))
