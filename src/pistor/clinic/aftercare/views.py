from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse

from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.records.people import Capability


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    visit = visit_of(request, visit_id)
    return render_step(request, visit, "aftercare", "aftercare/show.html", {})
