"""Keep what someone is typing: change by change, and never over a change that this page has not seen."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import IntegrityError, transaction

from pistor.actions.core import Refused, clinic_id_of
from pistor.records.drafts import Draft
from pistor.records.people import User

MOST_FIELDS, MOST_SIGNS, MOST_KEY = 2000, 200_000, 120
TRIES = 20  # against others who write the same draft at the same moment
GREATEST = 2**53  # the greatest whole number that a browser keeps exactly

Fields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of an open page: what changed in it since its last one.

    ``draft`` and ``base`` are the draft and the state of it that the page knows ("" and 0: none). ``page`` is a random word
    that names the open page; ``step`` counts its messages. ``place`` is where the person is in the form.
    """

    changed: Fields
    draft: str = ""
    base: int = 0
    page: str = ""
    step: int = 0
    place: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a message. ``theirs`` is what others changed since the page last knew: ``{name: {texts, by, at}}``.

    ``conflict``: a field was changed on both sides, and nothing of the message was kept. ``gone``: the draft that the page
    goes on with was taken or discarded elsewhere.
    """

    state: Literal["kept", "conflict", "gone"]
    draft: Draft | None = None
    theirs: dict[str, dict[str, Any]] = field(default_factory=dict)


def keep_draft(*, by: User, at: dt.datetime, key: str, shared: bool, sent: Sent) -> Kept:
    """Merge what changed into the draft of the form at ``key``.

    No audit and no transaction: nothing clinical is decided by it, and each try is one UPDATE that counts only where
    nobody else was quicker. Raises :class:`Refused` for what is too large to keep.
    """
    if len(key) > MOST_KEY:
        raise Refused("The address of this form is too long to keep a draft of it. Save the form itself.")
    for _ in range(TRIES):
        row = Draft.objects.open_to(by).filter(key=key, shared=shared).first()
        if sent.draft and (row is None or str(row.pk) != sent.draft):
            return Kept("gone")
        if row is None and not sent.changed:
            return Kept("kept")
        if row is None:
            row = Draft(clinic_id=clinic_id_of(by), created_at=at, created_by=by, key=key, shared=shared, fields={}, sequence=0)
        others = {name for name, mark in row.marks.items() if mark[0] > sent.base and mark[1] != sent.page}
        theirs = _said(row, others)
        if any(row.fields[name] != sent.changed[name] for name in others & sent.changed.keys()):
            return Kept("conflict", row, theirs)
        if _merged(row, sent, by, at):
            return Kept("kept", row, theirs)
    raise Refused("Too many people write here at once. It is tried again.")


def discard_draft(*, by: User, draft: uuid.UUID, base: int) -> bool:
    """Forget a draft that nobody wants. False where it holds more by now than the page that discards it has seen."""
    wanted = Draft.objects.open_to(by).filter(pk=draft)
    wanted.filter(sequence=base).delete()
    return not wanted.exists()


def read_sent(message: dict[str, Any]) -> Sent:
    """A message as it came over the line. Raises :class:`Refused` or the errors of missing keys and wrong types."""
    numbers = message.get("base", 0), message.get("step", 0)
    if not all(type(number) is int and 0 <= number < GREATEST for number in numbers):
        raise Refused("This draft counts in no whole numbers. Reload the page.")
    base, step = numbers
    page = storable(str(message.get("page", "")))[:40]
    return Sent(_fields(message["changed"]), str(message.get("draft", "")), base, page, step, _place(message.get("place")))


def storable(text: str) -> str:
    """Without the signs that no database keeps: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _merged(row: Draft, sent: Sent, by: User, at: dt.datetime) -> bool:
    """Write the message into the row as one statement. False where somebody else was quicker, then nothing was written."""
    mark = [row.sequence + 1, sent.page, sent.step, str(by.pk), at.isoformat()]
    late = {name for name, was in row.marks.items() if was[1] == sent.page and was[2] >= sent.step}  # overtaken by a later message of the same page
    fresh = {name: texts for name, texts in sent.changed.items() if name not in late}
    row.places = row.places if sent.place is None else {**row.places, str(by.pk): sent.place}
    known = Draft.objects.filter(pk=row.pk, sequence=row.sequence)
    if not fresh:
        return bool(known.update(places=row.places))
    row.fields, row.marks = {**row.fields, **fresh}, {**row.marks, **dict.fromkeys(fresh, mark)}
    row.saved_at = at
    _refuse_size(row)
    if row.sequence == 0:
        row.sequence = 1
        return _made(row)
    row.sequence += 1
    return bool(known.update(fields=row.fields, marks=row.marks, places=row.places, sequence=row.sequence, saved_at=at))


def _made(row: Draft) -> bool:
    try:
        with transaction.atomic():  # so that PostgreSQL goes on after a refused row
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _refuse_size(row: Draft) -> None:
    signs = sum(len(text) for name, texts in row.fields.items() for text in (name, *texts))
    if len(row.fields) > MOST_FIELDS or signs > MOST_SIGNS:
        raise Refused("This form is too large to keep as a draft. Save it in smaller parts.")


def _said(row: Draft, names: set[str]) -> dict[str, dict[str, Any]]:
    """The named fields with who changed them last and when."""
    people = User.objects.filter(clinic=row.clinic_id).in_bulk({uuid.UUID(row.marks[name][3]) for name in names}) if names else {}
    printed = {str(pk): person.printed_name for pk, person in people.items()}
    return {name: {"texts": row.fields[name], "by": printed.get(row.marks[name][3], ""), "at": row.marks[name][4]} for name in sorted(names)}


def _fields(fields: Any) -> Fields:
    """Each field's name with its texts, as a form sends them."""
    if not isinstance(fields, dict):
        raise Refused("These are no fields of a form. Reload the page.")
    for name, texts in fields.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(f"The field “{name[:40]}” holds no list of texts. Reload the page.")
    return {storable(name): [storable(text) for text in texts] for name, texts in fields.items()}


def _place(place: Any) -> dict[str, Any] | None:
    """The field that has the focus, the marked text in it, and how far below the window's edge it stands (CSS pixels)."""
    if not isinstance(place, dict):
        return None
    words = {name: storable(str(place.get(name, "")))[:200] for name in ("name", "value")}
    numbers = {name: place.get(name) for name in ("start", "end", "top")}
    return {**words, **{name: value for name, value in numbers.items() if type(value) is int and abs(value) < GREATEST}}
