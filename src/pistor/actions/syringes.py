"""Make a syringe from lots, look at it, begin to give it, throw it away; and book what was given when the treatment is signed.

Every unit that goes into a syringe comes out of the ledger in the same transaction. A syringe's own id is the booking of
its moves, so that no lot can be booked twice for it whoever tries again.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import F, Q

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.actions.course import local_day
from pistor.actions.stock import Booked, book, close_vial, open_vial
from pistor.actions.unsigned import unsigned_visit
from pistor.care.codes import in_signs
from pistor.care.formulation import Blend
from pistor.care.prescriptions import missing_prescriptions
from pistor.care.stock import Place, Take, plain
from pistor.care.syringe import LOOKS, STEP_ML, apportion, given_of, not_the_blend, unusable_hours, use_before
from pistor.care.treatment import LotGiven, Record, unusable_lots, unusable_takes
from pistor.knowledge import Library
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability, User
from pistor.records.prescriptions import prescription_facts, prescriptions_of
from pistor.records.stock import Lot, Vial, held_of, left_in
from pistor.records.syringes import Draw, Syringe, needed_by_lots
from pistor.records.treatment import Treatment

MOST_CONTAINERS = 20  # opened for one syringe: more is a number that was mistyped


def make_syringe(
    *,
    visit: Treatment,
    takes: Sequence[Take],
    look: str = "not_said",
    own_hours: Decimal | None = None,
    own_basis: str = "",
    by: User,
    at: dt.datetime,
    token: uuid.UUID | None = None,
    location: str = "",
) -> Syringe:
    """Draw the blend of a visit from lots into one syringe, and book it. Refused where it would not be the blend.

    ``own_hours`` and ``own_basis``: until when it may be given and who says so, where no rule does or another time holds.
    """
    with unit_of_work(by=by, capability=Capability.TREAT, verb="syringe.made", token=token, at=at, location=location):
        visit, library = unsigned_visit(visit, by), library_of(by.clinic)
        blend_row, _ = latest_blend_and_map(visit.course)
        if blend_row is None:
            raise Refused("No blend is composed, so nothing can be drawn.")
        parts, lots = Blend.from_dict(blend_row.result).parts, _lots(takes, by)
        until = use_before(at, parts, visit.course.jurisdiction or None, library, own_hours=own_hours, own_basis=own_basis)
        drawn: dict[str, Decimal] = {}
        for lot, volume in lots:
            drawn[lot.presentation] = drawn.get(lot.presentation, Decimal(0)) + volume
        said = [*_impossible(lots, local_day(by, at)), *unusable_hours(until, own_hours)]
        if not said:
            said += not_the_blend(parts, drawn, library)
        if look not in LOOKS:
            said.append("Say how the syringe looks; not looked at yet is an answer too.")
        if said or until.at is None:
            raise Refused(*said)
        row = Syringe.objects.create(
            clinic_id=clinic_id_of(by), created_at=at, created_by=by, patient=visit.patient, treatment=visit, formulation=blend_row,
            code=in_signs(secrets.randbits(50)), volume_ml=sum(drawn.values(), Decimal(0)), use_before=until.at, use_before_basis=until.basis[:400],
            state_at=at, look=look, looked_at=at if look != "not_said" else None, looked_by=by if look != "not_said" else None,
        )  # fmt: skip
        _draw(row, lots, library, by, at)
        audit(by=by, verb="syringe.made", subject=row, at=at, patient_id=visit.patient_id, treatment=str(visit.pk), look=look)
    return row


def _lots(takes: Sequence[Take], by: User) -> list[tuple[Lot, Decimal]]:
    """The lots, locked in one order for everybody, each once with all that is taken of it."""
    wanted: dict[uuid.UUID, Decimal] = {}
    for take in takes:
        if take.unit != "mL":
            raise Refused("A syringe is drawn in mL.")
        wanted[take.lot] = wanted.get(take.lot, Decimal(0)) + take.units
    locked = Lot.objects.of(by.clinic).select_for_update(of=("self",)).select_related("product").filter(pk__in=wanted).order_by("pk")
    found = {lot.pk: lot for lot in locked}
    if set(wanted) - set(found):
        raise Refused("A chosen lot is not on your clinic's shelf. Choose it again.")
    return [(found[pk], volume) for pk, volume in wanted.items()]


def _impossible(lots: Sequence[tuple[Lot, Decimal]], on: dt.date) -> tuple[str, ...]:
    given = tuple(LotGiven(lot.presentation, lot.lot_number, lot.expires_on, lot.state, volume) for lot, volume in lots)
    others = [lot for lot, _ in lots if lot.product.unit != "mL"]
    units = tuple(f"{lot.product.name} is counted in {lot.product.unit}, so mL cannot be drawn from lot {lot.lot_number}." for lot in others)
    return (*unusable_takes(given), *units, *unusable_lots(given, on))


def _draw(row: Syringe, lots: Sequence[tuple[Lot, Decimal]], library: Library, by: User, at: dt.datetime) -> None:
    """The draws of a syringe and their moves. What is left in a container that may serve one patient once is wasted at once."""
    shelf = {held.lot: held.units for held in held_of(lot for lot, _ in lots)}
    taken = [(lot, vial, ml, new) for lot, volume in lots for vial, ml, new in _from(lot, volume, row, shelf[lot.pk], library, by, at)]
    book(
        [Booked(lot, Place.VIAL if vial else Place.SHELF, Place.SYRINGE, ml, "mL", vial) for lot, vial, ml, _ in taken], booking=row.pk, by=by, at=at
    )
    Draw.objects.bulk_create(
        Draw(clinic_id=row.clinic_id, created_at=at, created_by=by, syringe=row, lot=lot, vial=vial, presentation=lot.presentation, volume_ml=ml)
        for lot, vial, ml, _ in taken
    )
    for lot, vial, ml, new in taken:
        if vial and new and library.presentations[lot.presentation].single_use:
            close_vial(vial=vial, found=vial.container_units - ml, unit="mL", by=by, at=at)


def _from(
    lot: Lot, volume: Decimal, row: Syringe, on_shelf: Decimal | None, library: Library, by: User, at: dt.datetime
) -> list[tuple[Vial | None, Decimal, bool]]:
    """Where this much of a lot comes from, and whether the vial is opened for it: opened vials that may still serve this
    patient first, then new containers, or the shelf itself where nobody said how much a container holds.
    """
    vials = serving_vials(lot, row.patient_id, at)
    takes: list[tuple[Vial | None, Decimal, bool]] = []
    left, size = left_in(vials), lot.product.container_units
    for vial in vials:
        if (ml := min(volume, left[vial.pk].units)) > 0:
            takes.append((vial, ml, False))
            volume -= ml
    if size is None and volume > 0:
        if on_shelf is not None and volume > on_shelf:
            raise Refused(f"By the ledger {plain(on_shelf)} mL of lot {lot.lot_number} are on the shelf. Take the rest from another lot, or count it.")
        return [*takes, (None, volume, False)]
    if size is not None and volume > size * MOST_CONTAINERS:
        raise Refused(f"{plain(volume)} mL would open more than {MOST_CONTAINERS} containers of lot {lot.lot_number}. Check the volume.")
    single_use = library.presentations[lot.presentation].single_use
    while size is not None and volume > 0:
        ml = min(volume, size)
        takes.append((open_vial(lot=lot, patient=row.patient if single_use else None, by=by, at=at), ml, True))
        volume -= ml
    return takes


def serving_vials(lot: Lot, patient: uuid.UUID, at: dt.datetime) -> list[Vial]:
    """Opened vials of a lot that may still be drawn from for a patient, the one to be used up first in front."""
    found = Vial.objects.filter(lot=lot, closed_at__isnull=True).filter(Q(patient__isnull=True) | Q(patient=patient)).exclude(discard_after__lte=at)
    return list(found.order_by(F("discard_after").asc(nulls_last=True), "opened_at", "pk"))


def check_syringe(
    *, syringe: Syringe, look: str, note: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> Syringe:
    """Say how a syringe looks. Whoever did not make it is its second check. One that was seen with something stays refused."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="syringe.checked", token=token, at=at, location=location):
        row, said = _ready(syringe, by), " ".join(note.split())
        if look not in LOOKS or look == "not_said":
            raise Refused("Say how the syringe looks.")
        if row.look in ("particles", "changed") and look == "clear":
            raise Refused(f"Syringe {row.code} was seen otherwise before, so it stays refused. Discard it and make a new one.")
        if len(said) > 200:
            raise Refused("The note holds at most 200 characters. Shorten it.")
        row.look, row.look_note, row.looked_at, row.looked_by = look, said, at, by
        if by.pk != row.created_by_id:
            row.checked_at, row.checked_by = at, by
        row.save(update_fields=["look", "look_note", "looked_at", "looked_by", "checked_at", "checked_by"])
        audit(by=by, verb="syringe.checked", subject=row, at=at, patient_id=row.patient_id, look=look)
    return row


def discard_syringe(*, syringe: Syringe, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Syringe:
    """Throw a syringe away: all that is in it is booked as waste."""
    with unit_of_work(by=by, capability=Capability.TREAT, verb="syringe.discarded", token=token, at=at, location=location):
        row, why = _ready(syringe, by), " ".join(reason.split())
        if not why or len(why) > 200:
            raise Refused("Write why it is thrown away, in at most 200 characters.")
        _empty(row, Decimal(0), by, at)
        row.state, row.state_at, row.state_reason = Syringe.State.DISCARDED, at, why
        row.save(update_fields=["state", "state_at", "state_reason"])
        audit(by=by, verb="syringe.discarded", subject=row, at=at, patient_id=row.patient_id)
    return row


# ── what signing a treatment asks and books ─────────────────────────────────────────────────────────────────────────


def missing_from_prescriptions(visit: Treatment, lots: Sequence[Lot], on: dt.date, library: Library) -> tuple[str, ...]:
    """What of these lots needs a prescription that is not there, or is not said to need none."""
    needed = needed_by_lots(lots)
    return missing_prescriptions(needed, prescription_facts(prescriptions_of(visit.patient)), on, library) if needed else ()


def book_given(syringes: Sequence[Syringe], record: Record, *, by: User, at: dt.datetime) -> None:
    """Book what was given and what was left over of every syringe, inside the transaction that signs."""
    given = given_of({row.code: row.volume_ml for row in syringes}, [(zone.syringe, zone.volume_ml) for zone in record.zones])
    for row in syringes:
        _empty(row, given[row.code], by, at)
        row.state, row.state_at = Syringe.State.GIVEN, at
        row.save(update_fields=["state", "state_at"])


def _empty(row: Syringe, given_ml: Decimal, by: User, at: dt.datetime) -> None:
    """Move what is in a syringe to the patient and the rest to the waste, lot by lot, so that nothing is left and nothing added."""
    drawn: dict[uuid.UUID, list[Draw]] = {}
    for draw in Draw.objects.filter(syringe=row).select_related("lot__product").order_by("created_at", "pk"):
        drawn.setdefault(draw.lot_id, []).append(draw)
    volumes = [sum((draw.volume_ml for draw in draws), Decimal(0)) for draws in drawn.values()]
    moves = []
    for draws, volume, given in zip(drawn.values(), volumes, apportion(given_ml.quantize(STEP_ML), volumes), strict=True):
        moves += [
            Booked(draws[0].lot, Place.SYRINGE, place, units, "mL") for place, units in ((Place.PATIENT, given), (Place.WASTE, volume - given)) if units > 0
        ]
    book(moves, booking=row.pk, by=by, at=at)


def _ready(syringe: Syringe, by: User) -> Syringe:
    """The syringe, locked, while it can still change."""
    Treatment.objects.of(by.clinic).select_for_update().get(pk=syringe.treatment_id)  # as signing does, and in the same order
    row: Syringe = Syringe.objects.of(by.clinic).select_for_update(of=("self",)).get(pk=syringe.pk)
    if row.state != Syringe.State.READY:
        raise Refused(f"Syringe {row.code} was {row.get_state_display().lower()} already.")
    return row
