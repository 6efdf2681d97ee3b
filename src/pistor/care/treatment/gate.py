"""The one gate: everything that keeps a treatment from being signed. Page, address and signature all ask it.

``Missing.where`` names what mends it. On the chart: ``check-<step id>``, ``skin_preparation``, ``anaesthesia``, ``topical``,
``zones``, ``zone-<n>`` and ``reason_<n>`` (n is the place of a zone in the plan, x one that was not planned), ``pain_score``,
``reaction``, ``reaction_signs``, ``over_limit_reason``, ``patient-code``, ``syringe-code``, ``syringes``, ``prescriptions``,
``devices``. Any other is the name of a step of the visit.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pistor.care.devices import DeviceFacts, unusable_device
from pistor.care.formulation import DoseCheck, dose_findings
from pistor.care.prescriptions import Needed, PrescriptionFacts, missing_prescriptions
from pistor.care.stock import plain
from pistor.care.syringe import SyringeFacts, given_of, unusable
from pistor.care.treatment.checklist import checklist
from pistor.care.treatment.record import METHODS, Record, ZoneGiven, reckonable, unusable_numbers, whole_zones
from pistor.care.visit import Missing, VisitFacts, plan_missing
from pistor.knowledge import Library

# What a single-use item is to the devices of the knowledge base: a roller needs no row among the clinic's devices.
ITEM_OF = {"roller": "microneedle_roller", "plate": "multi_injector", "tip": "microneedle_pen"}
BY_HAND = "manual_syringe"


@dataclass(frozen=True, slots=True)
class TimeOutFacts:
    """One reading of a patient's and a syringe's code. ``syringe`` is the code, empty where it was no syringe of the clinic."""

    passed: bool
    syringe: str
    said: tuple[str, ...] = ()  # why it stopped


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A visit in the treatment room as it stands at a moment."""

    visit: VisitFacts
    library: Library
    application: str
    patient: uuid.UUID
    at: dt.datetime
    record: Record  # its zones are those that somebody confirmed
    planned: tuple[ZoneGiven, ...] = ()  # as the map plans them, in its order
    parts: tuple[str, ...] = ()  # presentations of the blend
    checks: tuple[DoseCheck, ...] = ()  # of what is recorded
    unreckoned: str = ""  # why there are no checks of it
    syringes: tuple[SyringeFacts, ...] = ()  # those that were not discarded, in the order they were made
    time_outs: tuple[TimeOutFacts, ...] = ()  # the newest last
    needed: Mapping[str, Needed] | None = None  # whether a presentation in the syringes needs a prescription
    prescriptions: tuple[PrescriptionFacts, ...] = ()
    devices: tuple[DeviceFacts, ...] = ()
    items: tuple[str, ...] = ()  # kinds of single-use items


def gate(facts: RoomFacts) -> tuple[Missing, ...]:
    """Everything that is missing before the treatment can be signed, in the order of the work; empty where nothing is."""
    numbers = [Missing("record.numbers", said, "zones") for said in unusable_numbers(facts.record)]
    if numbers:
        facts = replace(facts, record=reckonable(facts.record))
    found = (
        *before(facts.visit), *numbers, *_syringes(facts), *_time_outs(facts), *_prescriptions(facts), *_devices(facts), *_checklist(facts),
        *_preparation(facts), *_zones(facts), *_doses(facts), *_after(facts.record),
    )  # fmt: skip
    return tuple(dict.fromkeys(found))


def before(facts: VisitFacts) -> tuple[Missing, ...]:
    """What has to be done before anything may be recorded."""
    missing = [*plan_missing(facts)]
    missing += [Missing("before.question", f"Not asked yet: {question}", "consultation") for question in facts.questions_missing]
    missing += [Missing("before.reason", f"Needs a reason to go on: {sentence}", "candidacy") for sentence in facts.to_override]
    if not facts.verdict_reviewed:
        missing.append(Missing("before.verdict", "A clinician has to look at the verdict for this visit.", "candidacy"))
    if not facts.baseline_scored:
        missing.append(Missing("before.baseline", "The score before the first treatment is not recorded.", "outcomes"))
    if said := _CONSENT.get(facts.consent):
        missing.append(Missing(f"consent.{facts.consent}", said, "consent"))
    return tuple(dict.fromkeys(missing))


_CONSENT = {
    "outdated": "The plan changed after the patient signed. Ask for consent again.",
    "withdrawn": "The patient withdrew the consent.",
    "none": "Consent is not signed.",
}


def missing_before_treatment(facts: VisitFacts) -> tuple[str, ...]:
    """The same as sentences, for the task list."""
    return tuple(item.text for item in before(facts))


# ── what it is given from ───────────────────────────────────────────────────────────────────────────────────────────


def _syringes(facts: RoomFacts) -> Iterable[Missing]:
    """The syringe is the one way from a lot to a patient: without one nobody knows which lot was given."""
    record, on = facts.record, facts.record.given_on
    if not facts.syringes:
        if facts.parts and (record.volume_ml > 0 or (not record.zones and any(zone.volume_ml > 0 for zone in facts.planned))):
            yield Missing("syringe.none", "No syringe is made. Make it from the lots it is given from, and read its code.", "syringes")
        return
    for syringe in facts.syringes:
        for said in unusable(syringe, patient=facts.patient, at=facts.at, on=on):
            yield Missing("syringe.unusable", said, "syringes")
    held = {syringe.code: syringe.volume_ml for syringe in facts.syringes}
    given = given_of(held, [(zone.syringe, zone.volume_ml) for zone in record.zones])
    for code, volume in given.items():
        if volume > held[code]:
            said = f"{plain(volume)} mL were given from syringe {code}, which held {plain(held[code])} mL. Correct one of the two."
            yield Missing("syringe.too_little", said, "zones")
        elif record.zones and not volume:
            yield Missing("syringe.unused", f"Nothing was given of syringe {code}. Discard it, or correct what was given.", "syringes")
    whole = sum(held.values(), Decimal(0))
    if record.volume_ml > whole and not any(given[code] > held[code] for code in given):
        said = f"{plain(record.volume_ml)} mL were given, but the syringes held {plain(whole)} mL. Correct one of the two."
        yield Missing("syringe.too_little", said, "zones")


def _time_outs(facts: RoomFacts) -> Iterable[Missing]:
    """The newest reading counts: whoever read a wrong code last has to read the right ones before going on."""
    if facts.time_outs and not facts.time_outs[-1].passed:
        yield Missing("time_out.stopped", f"The last time-out stopped: {' '.join(facts.time_outs[-1].said)} Read both codes again.", "patient-code")
    passed = {one.syringe for one in facts.time_outs if one.passed}
    for syringe in facts.syringes:
        if syringe.code not in passed:
            yield Missing("time_out.none", f"The time-out is not done for syringe {syringe.code}. Read the patient's code and the syringe's.", "patient-code")


def _prescriptions(facts: RoomFacts) -> Iterable[Missing]:
    for said in missing_prescriptions(facts.needed or {}, facts.prescriptions, facts.record.given_on, facts.library):
        yield Missing("prescription.none", said, "prescriptions")


def _devices(facts: RoomFacts) -> Iterable[Missing]:
    for device in facts.devices:
        for said in unusable_device(device):
            yield Missing("device.unusable", said, "devices")
    there = {device.kind for device in facts.devices} | {ITEM_OF[item] for item in facts.items if item in ITEM_OF}
    zones = facts.record.zones or facts.planned
    for technique in dict.fromkeys(zone.technique for zone in zones if zone.state != "not_given"):
        fitting = [device for device in facts.library.devices.values() if technique in device.techniques]
        ids = {device.id for device in fitting}
        if fitting and BY_HAND not in ids and not ids & there:
            name = facts.library.techniques[technique].name
            names = " or ".join(device.name.lower() for device in fitting)
            yield Missing("device.none", f"{name} is given with a device of its own ({names}), and none is recorded.", "devices")


# ── what is written down ────────────────────────────────────────────────────────────────────────────────────────────


def _checklist(facts: RoomFacts) -> Iterable[Missing]:
    for step in checklist(facts.library, facts.application):
        if step.required and not facts.record.checks.get(step.id):
            yield Missing("check", f"Not ticked: {step.text}", f"check-{step.id}")


def _preparation(facts: RoomFacts) -> Iterable[Missing]:
    record = facts.record
    if not record.skin_preparation.strip():
        yield Missing("record.skin_preparation", "The skin preparation is not recorded.", "skin_preparation")
    if record.anaesthesia not in METHODS:
        yield Missing("record.anaesthesia", "The anaesthesia is not recorded; none is an answer too.", "anaesthesia")
    elif record.anaesthesia == "topical" and (not record.topical or any(item.dose_mg is None for item in record.topical)):
        text = "The dose of the anaesthetic on the skin is not recorded, so its sum with the injected one is unknown. Enter it in mg."
        yield Missing("record.topical", text, "topical")


def _zones(facts: RoomFacts) -> Iterable[Missing]:
    record = facts.record
    places = {zone.plan: str(number) for number, zone in enumerate(facts.planned)}
    confirmed = {zone.plan for zone in record.zones}
    for zone in facts.planned:
        if zone.plan not in confirmed:
            said = f"{zone.label} is not confirmed. Say whether it was given as planned, otherwise, or not."
            yield Missing("zone.unconfirmed", said, f"zone-{places[zone.plan]}")
    if not any(zone.treated for zone in record.zones) and confirmed >= {zone.plan for zone in facts.planned}:
        yield Missing("zone.none", "No zone is recorded as treated.", "zones")
    codes = {syringe.code for syringe in facts.syringes}
    for zone in whole_zones(record.zones):
        yield from _reason(zone, places.get(zone.plan, "x"))
    for zone in record.zones:
        yield from _zone(zone, places.get(zone.plan, "x"), codes)


def _reason(zone: ZoneGiven, place: str) -> Iterable[Missing]:
    if zone.deviates and not zone.reason.strip():
        why = "was not planned. Say why it was treated." if zone.planned_points is None else "differs from the plan. Say why."
        yield Missing("zone.reason", f"{zone.label} {why}", f"reason_{place}")


def _zone(zone: ZoneGiven, place: str, codes: set[str]) -> Iterable[Missing]:
    if zone.syringe and zone.syringe not in codes:
        said = f"{zone.label} is recorded from syringe {zone.syringe}, which is not one of this treatment. Choose another."
        yield Missing("zone.syringe", said, f"zone-{place}")
    if zone.on_skin and zone.state != "not_given" and not zone.passes:
        yield Missing("zone.passes", f"{zone.label}: how often it was rolled over is not recorded. Enter the number of passes.", f"zone-{place}")
    if zone.on_skin and zone.state != "not_given" and zone.planned_volume_ml is None and not zone.volume_ml and not zone.reason.strip():
        yield Missing("zone.film", f"{zone.label}: how much was put on it is not recorded. Enter the volume, or say why there was none.", f"zone-{place}")


def _doses(facts: RoomFacts) -> Iterable[Missing]:
    if facts.unreckoned:
        yield Missing("dose.unreckoned", facts.unreckoned, "zones")
    if not facts.record.over_limit_reason.strip():
        for finding in dose_findings(facts.checks):
            if finding.stops:
                yield Missing("dose.limit", f"{finding.text} Say why it was given all the same.", "over_limit_reason")


def _after(record: Record) -> Iterable[Missing]:
    if record.pain_score is None:
        yield Missing("record.pain_score", "The pain score is not recorded; 0 means no pain.", "pain_score")
    if record.reaction not in ("none", "some"):
        yield Missing("record.reaction", "Whether there was an immediate reaction is not recorded.", "reaction")
    elif record.reaction == "some" and not (record.reaction_signs or record.reaction_note.strip()):
        yield Missing("record.reaction_signs", "There was an immediate reaction, but not which. Tick or write what was seen.", "reaction_signs")
