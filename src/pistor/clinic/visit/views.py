from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse

from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.records.people import Capability


@page(Capability.SEE_CLINICAL)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The visit's task list: what is done, what comes next, what is missing."""
    return render_step(request, visit_of(request, visit_id), "visit", "visit/show.html", {})
