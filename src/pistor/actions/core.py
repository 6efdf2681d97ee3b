"""What every action has in common: who may, one transaction, one audit entry, taken once, never over a newer state.

An action is one function: keyword-only arguments, the actor as ``by``, the moment as ``at``. It loads, asks ``care``,
writes rows and the audit entry inside :func:`unit_of_work`, and returns what it wrote.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from pistor.records.audit import AuditEvent, AuditHead
from pistor.records.drafts import Draft, Submission
from pistor.records.people import Capability, User

# The draft of the form that is being taken, and the state of it that its page knew. The door of the pages sets it, so that
# each of the actions need not pass on what none of them looks at.
_draft_taken: ContextVar[tuple[uuid.UUID, int] | None] = ContextVar("draft_taken", default=None)


class Refused(Exception):
    """The action was not done. ``reasons`` are sentences that say what is missing and what to do next."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons: Sequence[str] = reasons


class Stale(Refused):
    """Someone else changed the record after this page was opened."""


class NotAllowed(Exception):
    """The role of this person does not include this. Not a refusal a form could show: the page door answers it with 403."""


class AlreadyDone(Exception):
    """The same form was taken before. ``location`` is where its result stands."""

    def __init__(self, location: str) -> None:
        super().__init__("this form was already taken")
        self.location = location


@contextmanager
def unit_of_work(*, by: User, capability: Capability, verb: str, token: uuid.UUID | None, at: dt.datetime, location: str = "") -> Iterator[None]:
    """One transaction for one action.

    With a ``token`` the action is taken at most once: a second call raises :class:`AlreadyDone`, which leads to
    ``location``, where the result stands; and the draft of the form goes with it. Raises :class:`NotAllowed` for the wrong role.
    """
    if not by.may(capability):
        raise NotAllowed(f"Your role ({by.get_role_display().lower()}) does not include this. Ask a colleague whose role does.")
    with _on_disk_when_done(), transaction.atomic():
        if token:
            _take(by=by, verb=verb, token=token, at=at, location=location)
        yield
        if token:
            _forget_draft(by)


@contextmanager
def taking(draft: tuple[uuid.UUID, int] | None) -> Iterator[None]:
    """Whatever takes a form inside this also removes its draft, unless that holds more by now than the page knew."""
    before = _draft_taken.set(draft)
    try:
        yield
    finally:
        _draft_taken.reset(before)


def _forget_draft(by: User) -> None:
    if taken := _draft_taken.get():
        draft, sequence = taken
        Draft.objects.open_to(by).filter(pk=draft, sequence=sequence).delete()


@contextmanager
def _on_disk_when_done() -> Iterator[None]:
    """Let SQLite wait for the disk before it says that an action is done, so that a power cut takes nothing a person was told is kept.

    The setting otherwise waits for the disk only now and then, which is enough for sessions and drafts.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")


def lead_to_result(*, by: User, token: uuid.UUID) -> None:
    """Raise :class:`AlreadyDone` where this form was taken before: for pages that ask something before they act."""
    earlier = Submission.objects.filter(token=token, created_by=by).first()
    if earlier:
        raise AlreadyDone(earlier.location)


def clinic_id_of(by: User) -> uuid.UUID:
    """The clinic a person acts for. Raises :class:`NotAllowed` for someone without one."""
    if by.clinic_id is None:
        raise NotAllowed("Your sign-in belongs to no clinic. Ask the clinic owner to add you.")
    return by.clinic_id


def _take(*, by: User, verb: str, token: uuid.UUID, at: dt.datetime, location: str) -> None:
    try:
        with transaction.atomic():
            Submission.objects.create(clinic_id=clinic_id_of(by), created_at=at, created_by=by, token=token, verb=verb, location=location)
    except IntegrityError:
        earlier = Submission.objects.filter(token=token, created_by=by).first()
        raise AlreadyDone(earlier.location if earlier else "") from None


def claim_version(row: models.Model, *, version: int | None, by: User, at: dt.datetime, **values: Any) -> None:
    """Move a versioned row (patient, course, treatment) one version on and give it ``values``, or raise :class:`Stale`.

    The check and the change are one UPDATE, so that of two people only one succeeds. ``version`` None skips the check.
    """
    manager = type(row)._default_manager
    expected = version if version is not None else row.version  # type: ignore[attr-defined]
    moved = manager.filter(pk=row.pk, version=expected).update(
        version=models.F("version") + 1, changed_at=at, changed_by=by, **values
    )
    if not moved:
        row.refresh_from_db()
        who = row.changed_by.printed_name if row.changed_by else "Someone"  # type: ignore[attr-defined]
        when = row.changed_at.strftime("%H:%M on %d %b %Y")  # type: ignore[attr-defined]
        raise Stale(
            f"{who} changed this record at {when} UTC, after you opened this page. Nothing was overwritten. Compare with what is there now, then save again."
        )
    for name, value in {"version": expected + 1, "changed_at": at, "changed_by": by, **values}.items():
        setattr(row, name, value)


def _locked_head(clinic_id: uuid.UUID) -> AuditHead:
    """Where the clinic's chain ends, locked. Of two first events at once, one makes the row and the other waits for it."""
    heads = AuditHead.objects.select_for_update().filter(clinic_id=clinic_id)
    head: AuditHead | None = heads.first()
    if head is None:
        AuditHead.objects.bulk_create([AuditHead(clinic_id=clinic_id)], ignore_conflicts=True)
        head = heads.get()
    return head


def audit(*, by: User, verb: str, subject: models.Model, at: dt.datetime, patient_id: uuid.UUID | None = None, **detail: Any) -> AuditEvent:
    """Append one event to the clinic's chain. ``detail`` holds ids and states only: no names, no clinical text."""
    clinic_id = clinic_id_of(by)
    head = _locked_head(clinic_id)
    event = AuditEvent(
        clinic_id=clinic_id,
        sequence=head.sequence + 1,
        at=at,
        actor=by.pk,
        verb=verb,
        subject=subject._meta.model_name or "",
        subject_id=subject.pk,
        patient_id=patient_id,
        detail=detail,
        previous=head.sha256,
    )
    event.sha256 = event.digest()
    event.save(force_insert=True)
    head.sequence, head.sha256 = event.sequence, event.sha256
    head.save(update_fields=["sequence", "sha256"])
    return event

