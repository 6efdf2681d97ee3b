"""The clinic's own rules. The owner sets them; whoever treats sees them."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.discharge import set_observation
from pistor.care.discharge import MOST_MINUTES
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.forms import StepForm
from pistor.records.library import library_of
from pistor.records.people import Capability, Clinic


class ObservationForm(StepForm):
    minutes = forms.IntegerField(
        label="Minutes from the last point until a patient may leave", min_value=0, max_value=MOST_MINUTES, required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}),
        help_text="Leave it empty where your clinic has no rule. No published time for injections into the skin was found, so none is proposed here.",
        error_messages={"invalid": "Enter whole minutes, for example 15."},
    )  # fmt: skip


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_CLINIC)
def show(request: HttpRequest) -> HttpResponse:
    """What the clinic is, and its rule for leaving."""
    clinic: Clinic = request.user.clinic  # type: ignore[union-attr, assignment]
    if request.method != "POST":
        return _shown(request, clinic, ObservationForm(initial={"minutes": clinic.observation_minutes}))
    form, here = ObservationForm(request.POST), reverse("settings:show")
    if not form.is_valid():
        return _shown(request, clinic, form, 422)
    try:
        set_observation(minutes=form.cleaned_data["minutes"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, clinic, form, 409)
    return HttpResponseRedirect(here)


def _shown(request: HttpRequest, clinic: Clinic, form: ObservationForm, status: int = 200) -> HttpResponse:
    library = library_of(clinic)
    policy = library.policies.get(clinic.policy)
    context = {
        "form": form, "country": clinic.jurisdiction, "policy": policy.name if policy else clinic.policy, "draft": drafts_for(request),
        "may_manage": request.user.may(Capability.MANAGE_CLINIC),  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "settings/show.html", context, status=status)
