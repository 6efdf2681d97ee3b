"""Keep what someone is typing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from pistor.actions.core import Refused, clinic_id_of
from pistor.records.drafts import Draft
from pistor.records.people import User

MOST_FIELDS, MOST_SIGNS = 2000, 200_000


def save_draft(*, by: User, at: dt.datetime, key: str, fields: dict[str, Any]) -> Draft:
    """The form at ``key`` as it stands on this person's screen. One draft per person and form; no audit, nothing clinical is decided by it."""
    typed = {_storable(name): [_storable(text) for text in texts] for name, texts in _lists(fields)}
    if len(key) > 120 or len(typed) > MOST_FIELDS or sum(len(text) for name, texts in typed.items() for text in (name, *texts)) > MOST_SIGNS:
        raise Refused("This form is too large to keep as a draft. Save it in smaller parts.")
    kept, key = {"fields": typed, "saved_at": at}, _storable(key)
    draft, _ = Draft.objects.update_or_create(created_by=by, key=key, defaults=kept, create_defaults={**kept, "created_at": at, "clinic_id": clinic_id_of(by)})
    return draft


def discard_drafts(*, by: User, path: str, form: str = "") -> None:
    """Forget the drafts of a page, or of one form on it: they were taken, or nobody wants them."""
    wanted = {"key": f"{path}#{form}"} if form else {"key__startswith": f"{path}#"}
    drafts = Draft.objects.filter(created_by=by, **{name: _storable(key) for name, key in wanted.items()})
    if drafts.exists():  # most forms leave none, and a deletion of nothing still waits for the write lock
        drafts.delete()


def _lists(fields: Any) -> Iterator[tuple[str, list[str]]]:
    """Each field's name with its texts, as a form sends them."""
    if not isinstance(fields, dict):
        raise Refused("These are no fields of a form. Reload the page.")
    for name, texts in fields.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(f"The field “{name[:40]}” holds no list of texts. Reload the page.")
        yield name, texts


def _storable(text: str) -> str:
    """Without the signs that no database keeps: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
