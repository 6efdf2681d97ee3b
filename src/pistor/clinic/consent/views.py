from __future__ import annotations

import hashlib
import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.consent import sign_consent, withdraw_consent
from pistor.actions.core import Refused
from pistor.care.consent import NoText, consent_sheet, interpreted, languages, meaning
from pistor.care.visit import plan_needs
from pistor.clinic.consent.forms import SIGNERS, ConsentForm, WithdrawForm
from pistor.clinic.consent.presenters import consent_rows
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.frame import look_at, render_step
from pistor.exchange.signed import signature_svg
from pistor.records.consent import Consent
from pistor.records.consultation import Patient
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.plan import plan_digest, plan_missing, plan_of
from pistor.records.treatment import Treatment

TONGUES = {"en": "English", "fr": "Français"}


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_CONSENT)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The text for this plan in the patient's language, and the signature under it."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _shown(request, visit, None)
    form = ConsentForm(request.POST, language=request.POST.get("language", ""), patient=_name_of(visit.patient))
    if not form.is_valid():
        return _shown(request, visit, form, status=422)
    data, here = form.cleaned_data, reverse("consent:show", args=[visit.pk])
    try:
        sign_consent(
            visit=visit, language=data["language"], signer_name=data["signer_name"], signer_kind=data["signer_kind"],
            signature_path="" if data["typed"] else data["signature_path"], digest_shown=data["digest"], by=request.user, at=request.at,  # type: ignore[arg-type, attr-defined]
            token=data["token"], location=here, interpreter_name=data["interpreter_name"],
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_CONSENT)
def withdraw(request: HttpRequest, visit_id: uuid.UUID, consent_id: uuid.UUID) -> HttpResponse:
    """A page of its own, because it cannot be undone."""
    visit, consent = _consent(request, visit_id, consent_id)
    form = WithdrawForm(request.POST) if request.method == "POST" else WithdrawForm()
    here, status = reverse("consent:show", args=[visit.pk]), 200
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_consent(
                consent=consent, reason=form.cleaned_data["reason"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here,  # type: ignore[arg-type, attr-defined]
            )  # fmt: skip
            return HttpResponseRedirect(here)
        except Refused as refused:
            form.refuse(refused)
            status = 409
    elif request.method == "POST":
        status = 422
    return render_step(request, visit, "consent", "consent/withdraw.html", {"form": form, "consent": consent}, status=status)


@page(Capability.SEE_CLINICAL)
def document(request: HttpRequest, visit_id: uuid.UUID, consent_id: uuid.UUID) -> HttpResponse:
    """The bytes that were signed, if they still are: the hash is taken again on every download."""
    visit, consent = _consent(request, visit_id, consent_id)
    content = bytes(consent.document.content)
    if hashlib.sha256(content).hexdigest() != consent.document.sha256:
        return render_step(request, visit, "consent", "consent/broken.html", {"consent": consent}, status=409)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="consent-{consent.signed_at:%Y-%m-%d}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _consent(request: HttpRequest, visit_id: uuid.UUID, consent_id: uuid.UUID) -> tuple[Treatment, Consent]:
    visit = visit_of(request, visit_id)
    consent = Consent.objects.of(visit.clinic).select_related("document").filter(pk=consent_id, course=visit.course).first()
    if consent is None:
        raise Http404
    return visit, consent


def _name_of(patient: Patient) -> str:
    """As it stands under a signature."""
    return " ".join(filter(None, (patient.given_name, patient.family_name)))


def _begun_in(request: HttpRequest) -> str:
    """The language in which somebody began to sign and was interrupted: the page comes back as it was."""
    begun = {name: draft for name, draft in (drafts_for(request) or {}).items() if name.startswith("consent-")}
    return max(begun, key=lambda name: begun[name].get("saved_at", "")).removeprefix("consent-") if begun else ""


def _shown(request: HttpRequest, visit: Treatment, form: ConsentForm | None, *, status: int = 200) -> HttpResponse:
    library, course = library_of(request.user.clinic), visit.course  # type: ignore[union-attr]
    digest = plan_digest(course, *latest_blend_and_map(course))
    known = languages(library)
    language = request.POST.get("language") or request.GET.get("language") or _begun_in(request) or visit.patient.language
    language = language if language in known else "en"
    look = look_at(request, visit)
    missing = plan_needs(look.facts)
    plan, sheet = (None, None) if missing else (plan_of(course, look.on), None)
    if plan is None:
        missing = missing or plan_missing(course)
    elif not plan.withheld:
        try:
            sheet = consent_sheet(library, plan, language, course.clinic.name)
        except NoText as none:
            missing = (str(none),)
    rows = consent_rows(list(Consent.objects.of(visit.clinic).filter(course=course).select_related("withdrawal", "created_by").order_by("-signed_at")), digest)
    form = form or ConsentForm(initial={"digest": digest, "signer_kind": "patient"}, language=language, patient=_name_of(visit.patient))
    if form.is_bound and form.data.get("digest") != digest:  # the text below is another than the one that was read
        form.data = form.data.copy()  # type: ignore[union-attr]
        form.data["digest"] = digest
        form.data.pop("read", None)
    context = {
        "form": form, "sheet": sheet, "rows": rows, "missing": missing, "language": language, "tongues": [(key, TONGUES.get(key, key)) for key in known],
        "current": rows[0] if rows else None, "holds": bool(rows and rows[0]["state"] == "valid"), "drawn": signature_svg(form["signature_path"].value() or ""),
        "signers": [(kind, form.words[kind], meaning(language, kind, typed=False)) for kind in SIGNERS],  # type: ignore[arg-type]
        "interpreted": interpreted(language),
    }  # fmt: skip
    return render_step(request, visit, "consent", "consent/show.html", context, status=status, look=look)
