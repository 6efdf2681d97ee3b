"""Lots on the clinic's shelf, and the page that takes one out of use."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.stock import set_lot_state
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.stock.forms import LotStateForm
from pistor.clinic.stock.presenters import history, lot_row
from pistor.records.people import Capability
from pistor.records.stock import Lot

SHOWN = 200


@page(Capability.SEE_CLINICAL)
def list_(request: HttpRequest) -> HttpResponse:
    """The lots that expire last stand first."""
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    lots = list(Lot.objects.of(request.user.clinic).order_by("-expires_on", "presentation", "lot_number")[: SHOWN + 1])  # type: ignore[union-attr]
    return render(request, "stock/list.html", {"rows": [lot_row(lot, today) for lot in lots[:SHOWN]], "more": len(lots) > SHOWN})


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_STOCK)
def show(request: HttpRequest, lot_id: uuid.UUID) -> HttpResponse:
    lot = Lot.objects.of(request.user.clinic).filter(pk=lot_id).first()  # type: ignore[union-attr]
    if lot is None:
        raise Http404
    if request.method != "POST":
        return _shown(request, lot, LotStateForm(now=lot.state))
    form = LotStateForm(request.POST, now=lot.state)
    if not form.is_valid():
        return _shown(request, lot, form, status=422)
    here, data = reverse("stock:show", args=[lot.pk]), form.cleaned_data
    try:
        set_lot_state(
            lot=lot, state=data["state"], reason=data["reason"], shown=data["shown"], by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        lot.refresh_from_db()
        form.data["shown"] = lot.state
        return _shown(request, lot, form, status=409)
    return HttpResponseRedirect(here)


def _shown(request: HttpRequest, lot: Lot, form: LotStateForm, *, status: int = 200) -> HttpResponse:
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    may_change = request.user.may(Capability.MANAGE_STOCK)  # type: ignore[union-attr]
    context = {
        "row": lot_row(lot, today), "lot": lot, "form": form, "history": history(lot),
        "draft": drafts_for(request), "may_change": may_change and (lot.state != Lot.State.RECALLED or form.is_bound),
    }  # fmt: skip
    return render(request, "stock/show.html", context, status=status)
