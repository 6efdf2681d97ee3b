from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from pistor.care.formulation import Part
from pistor.knowledge import Library

MAX_ROWS = 12


class BlendForm(forms.Form):
    """Rows of presentation and volume, the policy, and what has to be confirmed.

    Rows are numbered fields (``presentation-0``, ``volume-0``, …) so that adding and removing needs no script.
    """

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    version = forms.IntegerField(widget=forms.HiddenInput)
    policy = forms.ChoiceField(label="Policy for this course", error_messages={"invalid_choice": "This policy is not known; choose one of the list."})

    def __init__(self, data: Mapping[str, Any] | None = None, *, library: Library, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.library = library
        self.fields["policy"].choices = [(policy.id, policy.name) for policy in library.policies.values()]  # type: ignore[attr-defined]


def rows_from_post(post: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The rows as typed, in order."""
    rows = []
    for number in range(MAX_ROWS):
        if f"presentation-{number}" in post or f"volume-{number}" in post:
            rows.append((str(post.get(f"presentation-{number}", "")).strip(), str(post.get(f"volume-{number}", "")).strip()))
    return rows


def parts_of(rows: list[tuple[str, str]]) -> tuple[tuple[Part, ...], dict[int, str]]:
    """The parts, and what is wrong by number of the row. Rows left wholly empty are skipped."""
    parts, errors = [], {}
    for number, (presentation, volume) in enumerate(rows):
        if not presentation and not volume:
            continue
        try:
            value = Decimal(volume.replace(",", "."))
        except InvalidOperation:
            errors[number] = "Enter the volume in mL, for example 0.5." if volume else "Enter the volume in mL."
            continue
        if not presentation:
            errors[number] = "Choose the presentation for this volume."
        elif not value.is_finite() or value <= 0:
            errors[number] = "The volume must be more than 0 mL."
        else:
            parts.append(Part(presentation, value))
    return tuple(parts), errors
