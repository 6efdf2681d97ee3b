from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pistor.clinic.shared.access import page
from pistor.records.people import Capability


@page(Capability.SEE_PATIENTS)
def list_(request: HttpRequest) -> HttpResponse:
    return render(request, "patients/list.html", {})
