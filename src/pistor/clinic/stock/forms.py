from __future__ import annotations

from typing import Any

from django import forms

from pistor.actions.stock import REASONS, RELEASING
from pistor.clinic.shared.forms import CHANGED, StepForm
from pistor.records.stock import Lot

STATES = [
    (Lot.State.USABLE, "Usable"),
    (Lot.State.QUARANTINED, "In quarantine: not to be used until it is released"),
    (Lot.State.RECALLED, "Recalled: never to be used again; this cannot be taken back"),
]


class LotStateForm(StepForm):
    shown = forms.CharField(max_length=12, widget=forms.HiddenInput, error_messages={"required": CHANGED})
    state = forms.ChoiceField(label="From now on this lot is", choices=STATES, widget=forms.RadioSelect, error_messages={"required": "Choose one."})
    reason = forms.ChoiceField(label="Why", choices=list(REASONS.items()), widget=forms.RadioSelect, error_messages={"required": "Choose the reason."})

    def __init__(self, *args: Any, now: str, **kwargs: Any) -> None:
        """``now`` is the lot's state: only what would change it is offered, with the reasons that can fit."""
        super().__init__(*args, **kwargs)
        self.fields["shown"].initial = now
        self.fields["state"].widget.choices = [choice for choice in STATES if choice[0] != now]  # type: ignore[attr-defined]
        self.fields["reason"].widget.choices = [item for item in REASONS.items() if now != Lot.State.USABLE or item[0] not in RELEASING]  # type: ignore[attr-defined]
