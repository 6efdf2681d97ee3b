from __future__ import annotations

import hashlib
import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.aftercare import HOW, give_aftercare, sheet_of
from pistor.actions.core import Refused
from pistor.clinic.aftercare.forms import GiveForm
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.records.aftercare import AftercareSheet
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment

TONGUES = {"en": "English", "fr": "Français"}


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The sheet in the patient's language, to give and to keep as it was given."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _shown(request, visit, None)
    form = GiveForm(request.POST)
    if not form.is_valid():
        return _shown(request, visit, form, status=422)
    here, data = reverse("aftercare:show", args=[visit.pk]), form.cleaned_data
    try:
        give_aftercare(
            visit=visit, language=data["language"], how=data["how"], phone=data["phone"], by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL)
def document(request: HttpRequest, visit_id: uuid.UUID, sheet_id: uuid.UUID) -> HttpResponse:
    """The bytes that were given, if they still are."""
    visit = visit_of(request, visit_id)
    row = AftercareSheet.objects.of(visit.clinic).select_related("document").filter(pk=sheet_id, treatment=visit).first()
    if row is None:
        raise Http404
    content = bytes(row.document.content)
    if hashlib.sha256(content).hexdigest() != row.document.sha256:
        return render_step(request, visit, "aftercare", "aftercare/broken.html", {"row": row}, status=409)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="aftercare-{row.created_at:%Y-%m-%d}-{row.language}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _shown(request: HttpRequest, visit: Treatment, form: GiveForm | None, *, status: int = 200) -> HttpResponse:
    language = request.POST.get("language") or request.GET.get("language") or visit.patient.language
    language = language if language in TONGUES else "en"
    signed = visit.state == Treatment.State.SIGNED
    made = sheet_of(visit, library_of(request.user.clinic), language) if signed else None  # type: ignore[union-attr]
    given = AftercareSheet.objects.of(visit.clinic).filter(treatment=visit).select_related("created_by").order_by("-created_at")
    context = {
        "form": form or GiveForm(initial={"language": language, "phone": visit.clinic.phone, "how": "printed"}), "sheet": made, "language": language,
        "tongues": list(TONGUES.items()),
        "given": [{"row": row, "how": HOW.get(row.how, row.how), "tongue": TONGUES.get(row.language, row.language)} for row in given],
    }  # fmt: skip
    return render_step(request, visit, "aftercare", "aftercare/show.html", context, status=status)
