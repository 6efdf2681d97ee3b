"""Which drafts a page shows, who may write them, and which of them colleagues share."""

from __future__ import annotations

import functools
import operator
import uuid
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve

from pistor.actions.core import NotAllowed
from pistor.records.drafts import Draft
from pistor.records.people import User

# Forms at which several people, or one with two devices, work at once; every other draft is its person's own.
SHARED = frozenset({"injection_map:show", "treatment:show", "consent:show"})


def is_shared(request: HttpRequest, path: str) -> bool:
    """Whether the page at ``path`` has shared drafts. Raises :class:`NotAllowed` for someone who could not save its form."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    if not _may_save(request, match):
        raise NotAllowed("Your role does not include saving this form.")
    return match.view_name in SHARED


def _may_save(request: HttpRequest, match: ResolverMatch) -> bool:
    needed = getattr(match.func, "needed_to_save", None)
    return needed is None or bool(request.user.may(needed))  # type: ignore[union-attr]


def taken_with(request: HttpRequest) -> tuple[uuid.UUID, int] | None:
    """The draft that a posted form carries, and the state of it that its page knew."""
    _, draft, sequence = _posted(request)
    return (draft, sequence) if draft else None


def _posted(request: HttpRequest) -> tuple[str, uuid.UUID | None, int]:
    """The name of the posted form, its draft and the state of it: ``draft`` holds the three, parted by blanks."""
    form, _, rest = request.POST.get("draft", "").partition(" ")
    draft, _, sequence = rest.partition(" ")
    try:
        return form, uuid.UUID(draft), int(sequence)
    except ValueError:
        return form, None, 0


def drafts_for(request: HttpRequest, *beside: str) -> dict[str, Any] | None:
    """What was typed on this page and not saved, by form, for someone who may save it.

    ``beside`` are addresses of pages whose forms stand on this one too. ``shown`` is the form that was just posted: what was
    typed stands in the page already, on the state that it was posted with.
    """
    person: User = request.user  # type: ignore[assignment]
    paths = [path for path in dict.fromkeys((request.path, *beside)) if _may_save(request, resolve(path))]
    if not paths:
        return None
    posted, draft, sequence = _posted(request)
    wanted = functools.reduce(operator.or_, (Q(key__startswith=f"{path}#") for path in paths), Q(pk=draft))
    rows = Draft.objects.open_to(person).filter(wanted).order_by("shared")
    found = {row.key.rpartition("#")[2]: _as_dict(row, person) for row in rows}
    if posted:
        same = found.get(posted) if draft and found.get(posted, {}).get("id") == str(draft) else None
        found[posted] = {"id": str(draft or ""), "sequence": sequence, "fields": same["fields"] if same else {}, "shown": True}
    return found or None


def _as_dict(row: Draft, person: User) -> dict[str, Any]:
    return {
        "id": str(row.pk), "sequence": row.sequence, "fields": row.fields, "saved_at": row.saved_at.isoformat(),
        "by": _others(row, person), "place": row.places.get(str(person.pk)),
    }  # fmt: skip


def _others(row: Draft, person: User) -> list[str]:
    """The colleagues who typed some of it."""
    others = {uuid.UUID(mark[3]) for mark in row.marks.values()} - {person.pk}
    return sorted(other.printed_name for other in User.objects.filter(clinic=person.clinic, pk__in=others)) if others else []
