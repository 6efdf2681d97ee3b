"""A syringe as a line: for the page of the syringes and for the treatment that is given from them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from pistor.care.syringe import LOOKS, unusable
from pistor.records.latest import latest_blend_and_map
from pistor.records.syringes import Syringe, syringe_facts
from pistor.records.treatment import Treatment

STATES = {"ready": ("todo", "Ready"), "given": ("check", "Given"), "discarded": ("octagon", "Discarded")}


def syringe_line(row: Syringe, visit: Treatment, at: dt.datetime, on: dt.date) -> dict[str, Any]:
    """Its state in a word, and what is against giving it now."""
    icon, word = STATES[row.state]
    against: tuple[str, ...] = ()
    if row.state == Syringe.State.READY:
        facts = syringe_facts(row, latest_blend_and_map(visit.course)[0], visit.clinic)
        against = unusable(facts, patient=visit.patient_id, at=at, on=on)
        icon, word = ("progress", "Begun") if row.started_at else (icon, word)
    return {
        "row": row, "icon": "octagon" if against else icon, "word": word, "against": against, "look": LOOKS[row.look], "zone": ZoneInfo(visit.clinic.time_zone),
    }  # fmt: skip
