"""What a chart adds up to while it is written: given so far, left to give, and left in the syringes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.formulation import Blend
from pistor.care.stock import plain
from pistor.care.syringe import SyringeFacts, given_of
from pistor.care.treatment.record import Record, ZoneGiven, doses_in


@dataclass(frozen=True, slots=True)
class Live:
    """Sums over what is confirmed. What is left to give is what the plan has in zones that nobody confirmed yet."""

    points: int
    volume_ml: Decimal
    on_skin_ml: Decimal  # of the volume
    points_left: int
    volume_left_ml: Decimal
    in_syringes_ml: dict[str, Decimal]  # by code; below 0 where more was recorded from one than it held
    amounts: dict[str, str]  # of each ingredient: in mg where no unit stands beside it

    def as_dict(self) -> dict[str, Any]:
        return {
            "points": self.points, "volume_ml": plain(self.volume_ml), "on_skin_ml": plain(self.on_skin_ml), "points_left": self.points_left,
            "volume_left_ml": plain(self.volume_left_ml), "in_syringes_ml": {code: plain(volume) for code, volume in self.in_syringes_ml.items()},
            "amounts": self.amounts,
        }  # fmt: skip


def live(record: Record, planned: Sequence[ZoneGiven], syringes: Sequence[SyringeFacts], blend: Blend | None) -> Live:
    """The sums of a record whose zones are those that were confirmed."""
    confirmed = {zone.plan for zone in record.zones}
    left = [zone for zone in planned if zone.plan not in confirmed]
    held = {syringe.code: syringe.volume_ml for syringe in syringes}
    given = given_of(held, [(zone.syringe, zone.volume_ml) for zone in record.zones])
    return Live(
        record.points, record.volume_ml, record.on_skin_ml, sum(zone.points for zone in left), sum((zone.volume_ml for zone in left), Decimal(0)),
        {code: volume - given[code] for code, volume in held.items()}, doses_in(blend, record.volume_ml) if blend else {},
    )  # fmt: skip
