"""Recall: open one, freeze the lots, write and record every contact, close it; raise and dismiss alerts on what lesions share."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.actions.course import local_day
from pistor.actions.stock import set_lot_state
from pistor.care.aftercare import day_in
from pistor.care.recall import Exposed, Lesion, Shared, Source, by_specificity, common_sources, is_suspected, least_patients, look_back_days, near
from pistor.exchange.letters import LANGUAGES, letters_pdf
from pistor.knowledge import Library
from pistor.records.base import uuid7
from pistor.records.consultation import Patient
from pistor.records.library import library_of
from pistor.records.people import Capability, Clinic, User
from pistor.records.reactions import ReactionReport
from pistor.records.recalls import (
    Alert,
    ContactEvent,
    Recall,
    RecallContact,
    RecallLetters,
    Subject,
    exposures_between,
    exposures_of,
    given_since,
    given_with,
    lesions_since,
    lots_of,
    patients_between,
    ready_syringes,
    subject_of,
)  # fmt: skip
from pistor.records.stock import Lot, Vial

HOW = {"phone": "By telephone", "message": "By message", "visit": "In person", "letter": "By letter"}
MOST_LETTERS = 500  # in one printing, so that nobody waits for minutes
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,38}")
_DONE = (RecallContact.State.ACKNOWLEDGED, RecallContact.State.NOT_REACHABLE)


def open_recall(
    *, scope: str, subject: uuid.UUID, since: dt.date, told: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> Recall:
    """Open a recall and put everybody on its list who had the lot, the vial or the device, or was treated in the room or by the operator, since a day."""
    key = uuid7()
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="recall.opened", token=token, at=at, location=location.replace("{id}", str(key))):
        found = subject_of(_clinic(by), scope, subject)
        if found is None:
            raise Refused("What is to be recalled is not of your clinic. Choose it again.")
        if since > local_day(by, at):
            raise Refused("The first day lies in the future. Enter the day since which patients may have had it.")
        if len(told.strip()) > 2000:
            raise Refused("What is told in the letter holds at most 2000 characters. Shorten it.")
        try:
            with transaction.atomic():
                row = Recall.objects.create(
                    id=key, clinic_id=clinic_id_of(by), created_at=at, created_by=by, scope=scope, subject=found.pk, since=since, told=told.strip()
                )
        except IntegrityError:
            raise Refused("A recall of this is open already. Go on with that one.") from None
        number = _list(row, exposures_of(scope, found, since), by, at)
        audit(by=by, verb="recall.opened", subject=row, at=at, scope=scope, source=str(found.pk), patients=number)
    return row


def add_exposed(*, recall: Recall, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> int:
    """Put those on the list who are found by now and do not stand there: treatments are also recorded late. Gives their number."""
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="recall.added", token=token, at=at, location=location):
        row, found = _open(recall, by)
        number = _list(row, exposures_of(row.scope, found, row.since), by, at)
        if not number:
            raise Refused("Everybody who is found stands on the list already.")
        audit(by=by, verb="recall.added", subject=row, at=at, patients=number)
    return number


def freeze_lots(*, recall: Recall, lots: Collection[uuid.UUID], by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> int:
    """Put the lot of a recall, and those chosen that were mixed with it, in quarantine. Gives how many were frozen.

    A syringe that holds one of them is refused from then on: when its code is read, and when its treatment is signed.
    """
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="recall.frozen", token=token, at=at, location=location):
        row, found = _open(recall, by)
        if not isinstance(found, Lot | Vial):
            raise Refused("This recall is of a person, a room or a device, so no lot belongs to it. Freeze lots on their own pages.")
        may = {lot.pk: lot for lot in lots_of(found, row.since)}
        if not lots or not set(lots) <= set(may):
            raise Refused("Choose the lot of this recall, or lots that were mixed with it.")
        usable = [may[pk] for pk in lots if may[pk].state == Lot.State.USABLE]
        if not usable:
            raise Refused("None of these lots is usable any more, so there is nothing to freeze.")
        for lot in usable:
            set_lot_state(lot=lot, state=Lot.State.QUARANTINED, reason="reaction", by=by, at=at)
        syringes = [str(syringe.pk) for syringe in ready_syringes(usable)]
        audit(by=by, verb="recall.frozen", subject=row, at=at, lots=[str(lot.pk) for lot in usable], syringes=syringes)
    return len(usable)


def write_letters(*, recall: Recall, phone: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> RecallLetters:
    """Make the letters to everybody who is still to be told, keep them as they are printed, and note it with each patient.

    ``phone`` is the number that the patients call. Who has died gets none.
    """
    key = uuid7()
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="recall.letters", token=token, at=at, location=location.replace("{id}", str(key))):
        row, found = _open(recall, by)
        number = " ".join(phone.split())
        if not _PHONE.fullmatch(number):
            raise Refused("Enter the number the patients can call, for example +33 1 23 45 67 89. The letter asks them to.")
        to_tell = row.contacts.filter(state=RecallContact.State.TO_CONTACT, patient__deceased_on__isnull=True)
        contacts = list(to_tell.select_related("patient").order_by("patient__search", "pk")[:MOST_LETTERS])
        if not contacts:
            raise Refused("Nobody on the list is still to be told.")
        had = {one.patient: one for one in exposures_of(row.scope, found, row.since, patients=[contact.patient_id for contact in contacts])}
        library, today = library_of(by.clinic), local_day(by, at)
        pages = [_letter(contact.patient, had[contact.patient_id], today, library) for contact in contacts]
        content = letters_pdf(
            letters=pages, clinic=_clinic(by).name, phone=number, told=row.told, writer=by.printed_name, look_back_days=look_back_days(library)
        )
        letters = RecallLetters.objects.create(
            id=key, clinic_id=row.clinic_id, created_at=at, created_by=by, recall=row, number=len(pages), content=content,
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        _note(contacts, RecallContact.State.WRITTEN, "letter", by, at, letters=letters)
        audit(by=by, verb="recall.letters", subject=letters, at=at, recall=str(row.pk), letters=len(pages))
    return letters


def record_contact(
    *, contact: RecallContact, state: str, how: str, note: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> RecallContact:
    """Note that a patient was told, has confirmed, or was not reached."""
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="recall.contact", token=token, at=at, location=location):
        row: RecallContact = RecallContact.objects.of(by.clinic).select_for_update(of=("self",)).select_related("recall").get(pk=contact.pk)
        if row.recall.closed_at is not None:
            raise Refused("This recall is closed. What is heard from a patient now belongs into the reaction report or the record.")
        if state not in RecallContact.State.values or state == RecallContact.State.TO_CONTACT:
            raise Refused("Say what came of it: told, confirmed, not reached, or a letter sent.")
        if how not in HOW:
            raise Refused("Say how the patient was contacted.")
        if len(note.strip()) > 500:
            raise Refused("The note holds at most 500 characters. Shorten it.")
        _note([row], state, how, by, at, note=note.strip())
        audit(by=by, verb="recall.contact", subject=row, at=at, patient_id=row.patient_id, state=state, how=how)
    return row


def export_contacts(*, recall: Recall, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> None:
    """Note that somebody took the list of names with them."""
    with unit_of_work(by=by, capability=Capability.FOLLOW_UP, verb="recall.exported", token=token, at=at, location=location):
        audit(by=by, verb="recall.exported", subject=_of(recall, by), at=at)


def close_recall(*, recall: Recall, reason: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Recall:
    """Close a recall. Where somebody has not confirmed and is not written off as unreachable, only with a reason."""
    with unit_of_work(by=by, capability=Capability.MANAGE_STOCK, verb="recall.closed", token=token, at=at, location=location):
        row, _ = _open(recall, by)
        why = " ".join(reason.split())
        left = row.contacts.exclude(state__in=_DONE).filter(patient__deceased_on__isnull=True).count()
        if left and not why:
            raise Refused(f"{left} {'patient has' if left == 1 else 'patients have'} not confirmed yet. Go on, or say why it is closed all the same.")
        if len(why) > 300:
            raise Refused("The reason holds at most 300 characters. Shorten it.")
        row.closed_at, row.closed_by, row.closed_reason = at, by, why
        row.save(update_fields=["closed_at", "closed_by", "closed_reason"])
        audit(by=by, verb="recall.closed", subject=row, at=at, left=left)
    return row


def raise_alerts(report: ReactionReport, *, by: User, at: dt.datetime) -> tuple[Alert, ...]:
    """Look whether a new report shares a source with suspected lesions of other patients; called in the transaction of the report.

    The chain of audit events is locked by then, so that of two reports at once the second sees the first.
    """
    library, clinic = library_of(by.clinic), report.clinic
    if not is_suspected(report.triage):
        return ()
    window = dt.timedelta(days=look_back_days(library))
    lesions = near(lesions_since(clinic, report.began_on - window), report.began_on, window_days=window.days)
    return tuple(_alert(one, who, lesions, days, by, at) for one, who, days in _shared_with(report, lesions, window, library))


def dismiss_alert(*, alert: Alert, reason: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> Alert:
    """Say why nothing more is done about an alert. A further lesion raises it again."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="alert.dismissed", token=token, at=at, location=location):
        row: Alert = Alert.objects.of(by.clinic).select_for_update().get(pk=alert.pk)
        why = " ".join(reason.split())
        if row.dismissed_at is not None:
            raise Refused("This alert was dismissed already.")
        if not why or len(why) > 300:
            raise Refused("Write why nothing more is done about it, in at most 300 characters.")
        row.dismissed_at, row.dismissed_by, row.dismissed_reason = at, by, why
        row.save(update_fields=["dismissed_at", "dismissed_by", "dismissed_reason"])
        audit(by=by, verb="alert.dismissed", subject=row, at=at, scope=row.scope, source=str(row.subject))
    return row


def _shared_with(
    report: ReactionReport, lesions: Sequence[Lesion], window: dt.timedelta, library: Library
) -> Iterable[tuple[Shared, frozenset[uuid.UUID], tuple[dt.date, dt.date]]]:
    """The sources that the patient of a report shares with others, the most specific first, with these patients and the days that were counted."""
    least, patients = least_patients(library), {lesion.patient for lesion in lesions}
    if len(patients) < least:
        return
    days = min(lesion.began_on for lesion in lesions) - window, max(lesion.began_on for lesion in lesions)
    exposures = exposures_between(report.clinic, patients, *days)
    common = common_sources(lesions, exposures, window_days=window.days, least=least)
    mine = {source: who for source, who in common.items() if report.patient_id in who}
    if not mine:
        return
    treated, suspected = patients_between(given_since(report.clinic, days[0]), days[1]), len({exposure.patient for exposure in exposures})
    weighed = [Shared(source, len(who), suspected, _exposed(report.clinic, source, days), treated) for source, who in mine.items()]
    for one in by_specificity(weighed):
        yield one, mine[one.source], days


def _exposed(clinic: Clinic, source: Source, days: tuple[dt.date, dt.date]) -> int:
    found = subject_of(clinic, source.scope, uuid.UUID(source.subject))
    return patients_between(given_with(source.scope, found, days[0]), days[1]) if found else 0


def _alert(one: Shared, who: frozenset[uuid.UUID], lesions: Sequence[Lesion], days: tuple[dt.date, dt.date], by: User, at: dt.datetime) -> Alert:
    """The open alert of this source with the new counts, or a new one."""
    reports = [lesion.report for lesion in lesions if lesion.patient in who]
    counts = {
        "reports": sorted(reports), "cases": one.cases, "suspected": one.suspected, "exposed": one.exposed, "treated": one.treated, "since": days[0],
        "until": days[1],
    }  # fmt: skip
    opened = {"clinic_id": clinic_id_of(by), "scope": one.source.scope, "subject": uuid.UUID(one.source.subject), "dismissed_at": None}
    row, _ = Alert.objects.update_or_create(**opened, defaults=counts, create_defaults={**counts, "created_at": at, "created_by": by})
    audit(by=by, verb="alert.raised", subject=row, at=at, scope=row.scope, source=str(row.subject), cases=row.cases)
    return row


def _list(row: Recall, exposed: Sequence[Exposed], by: User, at: dt.datetime) -> int:
    """Put those who are not there yet on the list of a recall."""
    there = set(row.contacts.values_list("patient", flat=True))
    new = [one.patient for one in exposed if one.patient not in there]
    own = {"clinic_id": row.clinic_id, "created_at": at, "created_by": by, "recall": row}
    RecallContact.objects.bulk_create([RecallContact(**own, patient_id=patient) for patient in new], batch_size=500)
    return len(new)


def _note(
    contacts: Sequence[RecallContact], state: str, how: str, by: User, at: dt.datetime, *, note: str = "", letters: RecallLetters | None = None
) -> None:
    """One event for each contact, and the state that it now has."""
    own = {"created_at": at, "created_by": by, "state": state, "how": how, "note": note, "letters": letters}
    ContactEvent.objects.bulk_create([ContactEvent(**own, clinic_id=contact.clinic_id, contact=contact) for contact in contacts], batch_size=500)
    RecallContact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(state=state)
    for contact in contacts:
        contact.state = state


def _letter(patient: Patient, had: Exposed, today: dt.date, library: Library) -> dict[str, object]:
    """What one letter says of its patient, in the language the patient reads, or in English where we have no letter in it."""
    language = patient.language if patient.language in LANGUAGES else "en"
    return {
        "language": language, "name": " ".join(part for part in (patient.given_name, patient.family_name) if part), "number": patient.number,
        "on": day_in(language, today), "first": day_in(language, had.first_on), "last": day_in(language, had.last_on), "once": had.first_on == had.last_on,
        "signs": [getattr(library.signs[sign].text, language) for sign in SIGNS if sign in library.signs],
    }  # fmt: skip


SIGNS = ("lump", "lump_draining", "open_sore", "spreading_redness", "tenderness")  # what a patient is asked to look for, in the words of the check-ins


def _open(recall: Recall, by: User) -> tuple[Recall, Subject]:
    row = _of(recall, by)
    if row.closed_at is not None:
        raise Refused("This recall is closed.")
    found = subject_of(_clinic(by), row.scope, row.subject)
    if found is None:
        raise Refused("What this recall is of is not there any more.")
    return row, found


def _of(recall: Recall, by: User) -> Recall:
    found: Recall = Recall.objects.of(by.clinic).select_for_update().get(pk=recall.pk)
    return found


def _clinic(by: User) -> Clinic:
    clinic_id_of(by)
    assert by.clinic is not None
    return by.clinic
