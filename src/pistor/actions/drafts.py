"""Keep what someone is typing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pistor.actions.core import Refused, clinic_id_of
from pistor.records.drafts import Draft
from pistor.records.people import User

MOST_FIELDS, MOST_SIGNS = 2000, 200_000


def save_draft(*, by: User, at: dt.datetime, key: str, fields: dict[str, Any]) -> Draft:
    """The form at ``key`` as it stands on this person's screen. One draft per person and form; no audit, nothing clinical is decided by it."""
    if len(key) > 120 or not isinstance(fields, dict) or len(fields) > MOST_FIELDS or sum(len(str(v)) for v in fields.values()) > MOST_SIGNS:
        raise Refused("This form is too large to keep as a draft. Save it in smaller parts.")
    kept = {"fields": fields, "saved_at": at}
    draft, _ = Draft.objects.update_or_create(created_by=by, key=key, defaults=kept, create_defaults={**kept, "created_at": at, "clinic_id": clinic_id_of(by)})
    return draft


def discard_drafts(*, by: User, path: str, form: str = "") -> None:
    """Forget the drafts of a page, or of one form on it: they were taken, or nobody wants them."""
    Draft.objects.filter(created_by=by, key__startswith=f"{path}#{form}").delete()
