"""A clinic's own additions to the library: one person proposes, another approves, and nothing published is touched."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping

from pistor.actions.core import Refused, audit, clinic_id_of, unit_of_work
from pistor.actions.course import local_day
from pistor.knowledge import model as m
from pistor.knowledge.local import COPYABLE, OWN_ID, NotAcceptable, edited, overlay, own_id, wrong_with
from pistor.records.library import LocalEntry, in_use, library_of
from pistor.records.people import Capability, Clinic, User

GRADES = ("A", "B", "C", "D")


def propose_entry(
    *, kind: str, id_: str, changes: Mapping[str, str], source_title: str, source_at: str, grade: str, reason: str,
    by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "",
) -> LocalEntry:  # fmt: skip
    """Copy an entry with some values changed, for a second person to approve. Refused where the copy would not hold together."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="local_entry.proposed", token=token, at=at, location=location):
        library, today = library_of(by.clinic), local_day(by, at)
        published = getattr(library, kind, {}).get(id_) if kind in COPYABLE else None
        if published is None:
            raise Refused("Only products, protocols and aftercare texts of the library can be copied. Choose one of these.")
        title, why, place = (" ".join(text.split()) for text in (source_title, reason, source_at))
        if not title or not why or not place:
            raise Refused("Say where the values come from, the place in it, and why the clinic needs its own version.")
        if len(title) > 300 or len(why) > 300 or len(place) > 200:
            raise Refused("Source and reason hold at most 300 characters, the place 200. Shorten them.")
        if grade not in GRADES:
            raise Refused("Choose how strong the source is, from A to D.")
        key = f"local_{hashlib.sha256(f'{by.clinic_id}{title}'.encode()).hexdigest()[:10]}"
        source = m.Source(id=key, reviewed=today, title=title, kind="label" if grade == "A" else "page", read="label" if grade == "A" else "copy")
        new_id = own_id(changes.get("name", id_), getattr(library, kind)) if COPYABLE[kind] == OWN_ID and not id_.startswith("local_") else id_
        try:
            entry = edited(kind, published, changes, id_=new_id, source=source, grade=grade, at=place, on=today)
        except NotAcceptable as error:
            raise Refused(str(error)) from None
        if entry.model_copy(update={"id": id_, "reviewed": published.reviewed}) == published:
            raise Refused("Nothing was changed, so there is nothing to approve.")
        wrong = wrong_with(overlay(library, [(kind, entry)], [source], "proposed"), kind, new_id)
        if wrong:
            raise Refused(*wrong)
        row = LocalEntry.objects.create(
            clinic_id=clinic_id_of(by), created_at=at, created_by=by, kind=kind, entry_id=new_id, copied_from=id_, knowledge_version=library.version,
            body=entry.model_dump(mode="json", by_alias=True), source=source.model_dump(mode="json"), reason=why,
        )  # fmt: skip
        audit(by=by, verb="local_entry.proposed", subject=row, at=at, kind=kind, entry=new_id)
    return row


def decide_entry(
    *, row: LocalEntry, approve: bool, note: str = "", by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = ""
) -> LocalEntry:
    """Approve or refuse what someone else proposed."""
    verb = "local_entry.approved" if approve else "local_entry.refused"
    with unit_of_work(by=by, capability=Capability.DECIDE, verb=verb, token=token, at=at, location=location):
        row = LocalEntry.objects.of(by.clinic).select_for_update().get(pk=row.pk)
        if row.state != LocalEntry.State.PROPOSED:
            raise Refused("Somebody decided about this already. Look at it again.")
        if approve and row.created_by_id == by.pk:
            raise Refused("You proposed this yourself. A second person has to approve it.")
        said = " ".join(note.split())
        if not approve and not said:
            raise Refused("Say why it is refused, so that it can be mended.")
        row.state = LocalEntry.State.APPROVED if approve else LocalEntry.State.REFUSED
        _decided(row, said, by, at)
        if approve:
            _stamp(by)
        audit(by=by, verb=verb, subject=row, at=at, kind=row.kind, entry=row.entry_id)
    return row


def withdraw_entry(*, row: LocalEntry, note: str, by: User, at: dt.datetime, token: uuid.UUID | None = None, location: str = "") -> LocalEntry:
    """Take a clinic's own entry out of use; what was decided with it keeps it."""
    with unit_of_work(by=by, capability=Capability.DECIDE, verb="local_entry.withdrawn", token=token, at=at, location=location):
        row = LocalEntry.objects.of(by.clinic).select_for_update().get(pk=row.pk)
        if row.state != LocalEntry.State.APPROVED:
            raise Refused("This is not in use, so it cannot be withdrawn.")
        said = " ".join(note.split())
        if not said:
            raise Refused("Say why it is withdrawn.")
        row.state = LocalEntry.State.WITHDRAWN
        _decided(row, said, by, at)
        _stamp(by)
        audit(by=by, verb="local_entry.withdrawn", subject=row, at=at, kind=row.kind, entry=row.entry_id)
    return row


def _decided(row: LocalEntry, note: str, by: User, at: dt.datetime) -> None:
    row.decided_by, row.decided_at, row.decision_note = by, at, note[:300]
    row.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])


def _stamp(by: User) -> None:
    """Tell every page that this clinic's library is another one now: the clinic's row is read with each sign-in anyway."""
    held = "|".join(sorted(str(row.pk) for row in in_use(clinic_id_of(by))))
    stamp = hashlib.sha256(held.encode()).hexdigest()[:16] if held else ""
    Clinic.objects.filter(pk=clinic_id_of(by)).update(local_knowledge=stamp)
    if by.clinic is not None:
        by.clinic.local_knowledge = stamp
