from __future__ import annotations

from django import forms

from pistor.actions.stock import REASONS
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
