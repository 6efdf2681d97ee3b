"""Treatment: what is written down, point by point and zone by zone, and the one gate before it is signed."""

from pistor.care.injection_map import Edits
from pistor.care.stock import LotGiven, unusable_lots
from pistor.care.treatment.checklist import checklist
from pistor.care.treatment.drawn import Charted, charted
from pistor.care.treatment.gate import RoomFacts, TimeOutFacts, before, gate, missing_before_treatment
from pistor.care.treatment.live import Live, live
from pistor.care.treatment.plan import against_plan
from pistor.care.treatment.points import PlannedPoint, UnreadableEdits, edits_from, edits_from_text, given_points, total
from pistor.care.treatment.record import (
    MEANING,
    METHODS,
    STATES,
    Record,
    State,
    ZoneGiven,
    doses_in,
    reckonable,
    record_as_dict,
    treatment_findings,
    unusable_numbers,
    unusable_takes,
    whole_zones,
)
from pistor.care.visit import Missing

__all__ = [
    "MEANING", "METHODS", "STATES", "Charted", "Edits", "Live", "LotGiven", "Missing", "PlannedPoint", "Record", "RoomFacts", "State", "TimeOutFacts",
    "UnreadableEdits", "ZoneGiven", "against_plan", "before", "charted", "checklist", "doses_in", "edits_from", "edits_from_text", "gate", "given_points",
    "live", "missing_before_treatment", "reckonable", "record_as_dict", "total", "treatment_findings", "unusable_lots", "unusable_numbers", "unusable_takes",
    "whole_zones",
]  # fmt: skip
