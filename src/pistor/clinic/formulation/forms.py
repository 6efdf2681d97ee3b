from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from pistor.care.formulation import Part
from pistor.clinic.shared.forms import StepForm
from pistor.knowledge import load
from pistor.knowledge.typed import decimal_of

MAX_ROWS = 12


def _policies() -> list[tuple[str, str]]:
    return [(policy.id, policy.name) for policy in load().policies.values()]


class BlendForm(StepForm):
    """Rows of presentation and volume, the policy, and what has to be confirmed.

    Rows are numbered fields (``presentation-0``, ``volume-0``, …) so that adding and removing needs no script.
    """

    policy = forms.ChoiceField(
        label="Policy for this course", choices=_policies, error_messages={"invalid_choice": "This policy is not known; choose one of the list."}
    )


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
            value = decimal_of(volume)
        except ValueError as problem:
            errors[number] = f"{problem} Enter the volume in mL, for example 0.5." if volume else "Enter the volume in mL."
            continue
        if not presentation:
            errors[number] = "Choose the presentation for this volume."
        elif value <= 0:
            errors[number] = "The volume must be more than 0 mL."
        else:
            parts.append(Part(presentation, value))
    return tuple(parts), errors
