"""The last treatment as the first values of the next: what was given and with what, never what was found or checked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pistor.care.formulation import Topical
from pistor.care.treatment.record import ZoneGiven


@dataclass(frozen=True, slots=True)
class LastZone:
    """What a zone got last time, summed over its syringes."""

    zone: str
    side: str
    plan: str  # the key of its zone plan; empty where none was kept, or it was not planned
    points: int
    volume_ml: Decimal
    passes: int | None = None
    not_given: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """First values. Zones are not confirmed: whoever gives the treatment says so, zone by zone or all at once."""

    on: dt.date  # the day of the treatment that is repeated
    zones: tuple[ZoneGiven, ...]  # one for each zone of the plan, in its order, with last time's points and volume
    skin_preparation: str
    anaesthesia: str
    topical: tuple[Topical, ...]
    devices: tuple[tuple[uuid.UUID, str], ...] = ()  # with their settings


def repeat_of(
    planned: Sequence[ZoneGiven], last: Sequence[LastZone], *, on: dt.date, skin_preparation: str, anaesthesia: str, topical: tuple[Topical, ...],
    devices: tuple[tuple[uuid.UUID, str], ...] = (),
) -> Repeat:  # fmt: skip
    """Last time's numbers on today's plan. A zone that was left out stays out with its reason, if one was given; zones that are
    not on the plan any more are not repeated, and zones that are new on it stand as planned."""
    return Repeat(on, tuple(_again(zone, last) for zone in planned), skin_preparation, anaesthesia, topical, devices)


def _again(zone: ZoneGiven, last: Sequence[LastZone]) -> ZoneGiven:
    same = [one for one in last if one.plan == zone.plan] or [one for one in last if not one.plan and (one.zone, one.side) == (zone.zone, zone.side)]
    if not same:
        return replace(zone, state="")
    passes = [one.passes for one in same if one.passes is not None]
    again = replace(
        zone, state="", points=sum(one.points for one in same), volume_ml=sum((one.volume_ml for one in same), Decimal(0)),
        passes=max(passes, default=None), reason=next((one.reason for one in same if one.reason), ""),
    )  # fmt: skip
    return replace(again, state="not_given") if all(one.not_given for one in same) else again
