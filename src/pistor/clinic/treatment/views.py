from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from pistor.actions.core import NotAllowed, Refused, Stale
from pistor.actions.course import local_day
from pistor.actions.time_out import time_out
from pistor.actions.treatment import Incomplete, amend_treatment, save_treatment, sign_treatment, signed_content
from pistor.care.treatment import MEANING, Missing, checklist, gate, treatment_findings
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import Look, look_at, render_step
from pistor.clinic.shared.scanning import scans
from pistor.clinic.shared.syringes import syringe_line
from pistor.clinic.shared.templatetags.pistor import day
from pistor.clinic.treatment.forms import AmendmentForm, TimeOutForm, TreatmentForm, first_values
from pistor.clinic.treatment.presenters import CONSENT, review, signed_shown, zone_name
from pistor.exchange.signed import treatment_pdf
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.repeat import last_given
from pistor.records.room import Room, planned_zones, room_facts, room_of
from pistor.records.signed import amendments_of, broken, record_of
from pistor.records.syringes import Syringe
from pistor.records.treatment import Treatment

SIDES = ("mid", "left", "right")


@scans
@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Look once more, record what is given, sign. What is signed is shown and cannot be changed."""
    visit = visit_of(request, visit_id)
    if visit.state == Treatment.State.SIGNED and request.method != "POST":
        return _signed_shown(request, visit, AmendmentForm())
    if request.method != "POST":
        return _shown(request, visit, _form(request, visit))
    do = request.POST.get("do", "save")
    if do == "time-out":
        return _time_out(request, visit)
    form = _form(request, visit, bound=True)
    if visit.state != Treatment.State.SIGNED and not form.is_valid():
        return _not_readable(request, visit, form, do)
    here = reverse("treatment:show", args=[visit.pk])
    try:
        _do(request, visit, form, do, here)
    except NotAllowed:  # recording and signing are two capabilities; the door only asked for the first
        raise
    except Refused as refused:
        missing = refused.missing if isinstance(refused, Incomplete) else None
        if wants_json(request):
            return _as_json(missing or [Missing("record.refused", reason, "") for reason in refused.reasons], status=409)
        if visit.state == Treatment.State.SIGNED:
            return _signed_shown(request, visit, AmendmentForm(), refused=refused)
        if isinstance(refused, Stale):
            visit.refresh_from_db()
        form.refuse(refused, version=visit.version if isinstance(refused, Stale) else None)
        return _shown(request, visit, form, status=409, missing=missing)
    return HttpResponseRedirect(here)


def _do(request: HttpRequest, visit: Treatment, form: TreatmentForm, do: str, here: str) -> None:
    by, at = request.user, request.at  # type: ignore[attr-defined]
    data = form.cleaned_data if form.is_valid() else {}
    entry = form.entry() if data else None
    given: dict[str, Any] = {"visit": visit, "by": by, "at": at, "token": data.get("token"), "version": data.get("version"), "location": here}
    if do == "sign":
        sign_treatment(entry=entry, **given)
    elif entry is None:
        raise Refused("This treatment is signed and locked. Add an amendment instead.")
    else:
        save_treatment(entry=entry, **given)


def _not_readable(request: HttpRequest, visit: Treatment, form: TreatmentForm, do: str) -> HttpResponse:
    """A field that cannot be read: who only saves is told so, who signs is told everything that is missing as well."""
    if do != "sign":
        return _shown(request, visit, form, status=422)
    if not request.user.may(Capability.SIGN):  # type: ignore[union-attr]
        sign_treatment(visit=visit, by=request.user, at=request.at)  # type: ignore[arg-type, attr-defined]  # which refuses, and keeps that they tried
    missing = gate(room_facts(visit, request.at))  # type: ignore[attr-defined]
    if wants_json(request):
        return _as_json(missing, status=409, errors={name: [str(error) for error in errors] for name, errors in form.errors.items()})
    return _shown(request, visit, form, status=409, missing=missing)


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _as_json(missing: Sequence[Missing], status: int = 200, **more: Any) -> JsonResponse:
    answer = JsonResponse({"missing": [item.as_dict() for item in missing], **more}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


@page(Capability.SEE_CLINICAL)
def gate_now(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """What is missing before this treatment can be signed, as it is kept now: what the page shows and a signature is refused with.

    Beside it what the record adds up to, and what is left in the syringes.
    """
    visit = visit_of(request, visit_id)
    room = room_of(visit, request.at)  # type: ignore[attr-defined]
    return _as_json(() if visit.state == Treatment.State.SIGNED else gate(room.facts), live=room.live.as_dict())


def _time_out(request: HttpRequest, visit: Treatment) -> HttpResponse:
    form, here = TimeOutForm(request.POST), reverse("treatment:show", args=[visit.pk])
    if not form.is_valid():
        return _shown(request, visit, _form(request, visit), time_out_form=form, status=422)
    data = form.cleaned_data
    try:
        time_out(
            visit=visit, patient_code=data["patient_code"], syringe_code=data["syringe_code"], token=data["token"], location=here,
            by=request.user, at=request.at,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        if visit.state == Treatment.State.SIGNED:
            return _signed_shown(request, visit, AmendmentForm(), refused=refused)
        form.refuse(refused)
        return _shown(request, visit, _form(request, visit), time_out_form=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.SIGN)
def amend(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    visit = visit_of(request, visit_id)
    here = reverse("treatment:show", args=[visit.pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    form = AmendmentForm(request.POST)
    if not form.is_valid():
        return _signed_or_open(request, visit, form, 422)
    data = form.cleaned_data
    try:
        amend_treatment(
            visit=visit, kind=data["kind"], text=data["text"], reason=data["reason"], by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _signed_or_open(request, visit, form, 409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL)
def summary(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """What was signed, to print, if it still is what was signed."""
    visit = visit_of(request, visit_id)
    if visit.state != Treatment.State.SIGNED:
        raise Http404
    if broken(visit):
        return _signed_shown(request, visit, AmendmentForm(), status=409)
    pdf = treatment_pdf(
        content={**_signed_words(visit), "clinic": visit.clinic.name, "footer": f"Signed {visit.sha256}"}, sha256=visit.sha256, amendments=_amendments(visit)
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="treatment-{visit.given_on or visit.planned_on}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _signed_or_open(request: HttpRequest, visit: Treatment, form: AmendmentForm, status: int) -> HttpResponse:
    if visit.state == Treatment.State.SIGNED:
        return _signed_shown(request, visit, form, status=status)
    return _shown(request, visit, _form(request, visit), status=409, refused=form)


# ── while it is open ────────────────────────────────────────────────────────────────────────────────────────────────


def _form(request: HttpRequest, visit: Treatment, *, bound: bool = False) -> TreatmentForm:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    zones = planned_zones(visit.course, library)
    there = Syringe.objects.filter(treatment=visit).exclude(state=Syringe.State.DISCARDED).order_by("created_at", "pk")
    syringes = [(code, code) for code in there.values_list("code", flat=True)]
    known = {(zone.zone, zone.side) for zone in zones}
    fitting = [zone for zone in library.zones.values() if visit.course.application in {found.value for found in zone.applications}]
    other = [(f"{zone.id}:{side}", zone_name(library, zone.id, side)) for zone in fitting for side in SIDES if (zone.id, side) not in known]
    lines: dict[str, Any] = {"steps": checklist(library, visit.course.application), "zones": zones, "syringes": syringes, "other_zones": other}
    if bound:
        return TreatmentForm(request.POST, **lines)
    begun, today = visit.given_on is not None, local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    again = last_given(visit) if "repeat" in request.GET and not begun else None
    return TreatmentForm(initial=first_values(record_of(visit), zones, today, begun=begun, again=again), version=visit.version, **lines)


def _shown(
    request: HttpRequest, visit: Treatment, form: TreatmentForm, *, time_out_form: TimeOutForm | None = None, status: int = 200,
    missing: Sequence[Missing] | None = None, refused: Any = None,
) -> HttpResponse:  # fmt: skip
    """The chart; ``missing`` is what the signature was refused with, else what the gate says of what is kept."""
    look = look_at(request, visit)
    room = room_of(visit, request.at, facts=look.facts)  # type: ignore[attr-defined]
    found = gate(room.facts) if missing is None else missing
    context = {
        **_room_words(request, visit, room, look), "form": form, "missing": found,
        "closed": [item for item in found if item.rule.startswith(("before.", "consent."))], "refused": refused,
        "time_out_form": time_out_form or TimeOutForm(),
        "zone_lines": [{**line, "label": zone_name(room.facts.library, line["zone"].zone, line["zone"].side)} for line in form.zone_lines],
    }  # fmt: skip
    findings = treatment_findings(room.facts.record, room.facts.library, room.facts.checks)
    return render_step(request, visit, "treatment", "treatment/show.html", context, findings=findings, status=status, look=look)


def _room_words(request: HttpRequest, visit: Treatment, room: Room, look: Look) -> dict[str, Any]:
    facts, user = room.facts, request.user
    started = {row.syringe_id for row in room.time_outs if row.passed}
    return {
        "review": review(visit, look.candidacy.picture, facts.library), "facts": facts.visit, "consent": CONSENT[facts.visit.consent], "meaning": MEANING,
        "may_sign": user.may(Capability.SIGN), "may_treat": user.may(Capability.TREAT),  # type: ignore[union-attr]
        "checks": facts.checks, "live": room.live, "saved_before": visit.given_on is not None,
        "syringes": [syringe_line(row, visit, request.at, look.on) for row in room.syringes], "devices": room.devices,  # type: ignore[attr-defined]
        "to_read": any(row.pk not in started for row in room.syringes) or (room.time_outs and not room.time_outs[-1].passed),
    }  # fmt: skip


# ── once it is signed ───────────────────────────────────────────────────────────────────────────────────────────────


def _signed_shown(request: HttpRequest, visit: Treatment, form: AmendmentForm, *, refused: Refused | None = None, status: int = 200) -> HttpResponse:
    wrong = broken(visit)
    context = {
        "form": form, "signed": _signed_words(visit), "broken": wrong, "amendments": _amendments(visit), "refused": refused.reasons if refused else (),
        "may_sign": request.user.may(Capability.SIGN),  # type: ignore[union-attr]
    }  # fmt: skip
    return render_step(request, visit, "treatment", "treatment/signed.html", context, status=409 if refused or (wrong and status == 409) else status)


def _signed_words(visit: Treatment) -> dict[str, Any]:
    local = (visit.signed_at or visit.changed_at).astimezone(ZoneInfo(visit.clinic.time_zone))
    words = signed_shown(signed_content(visit) if visit.signed_content else {}, library_of(visit.clinic), local)
    words["signer"] = words["signer"] or (visit.signed_by.printed_name if visit.signed_by else "")
    words["patient"] = words["patient"] or str(visit.patient)
    return words


def _amendments(visit: Treatment) -> list[dict[str, str]]:
    zone = ZoneInfo(visit.clinic.time_zone)
    return [
        {
            "kind": row.get_kind_display(), "text": row.text, "reason": row.reason, "by": row.created_by.printed_name if row.created_by else "",
            "at": f"{day(row.created_at.astimezone(zone))}, {row.created_at.astimezone(zone):%H:%M}", "sha256": row.sha256,
        }
        for row in amendments_of(visit)
    ]  # fmt: skip


