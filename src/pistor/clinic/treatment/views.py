from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from pistor.actions.core import NotAllowed, Refused, Stale, taking
from pistor.actions.course import local_day
from pistor.actions.devices import use_device
from pistor.actions.repeat import repeat_last
from pistor.actions.rooms import use_room
from pistor.actions.syringes import make_syringe
from pistor.actions.time_out import time_out
from pistor.actions.treatment import Entry, Incomplete, save_treatment, sign_treatment
from pistor.care.formulation import Blend, DoseCheck
from pistor.care.injection_map import InjectionMap, NoMap
from pistor.care.treatment import MEANING, Missing, UnreadableEdits, before, checklist, gate, treatment_findings
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import look_at, render_step
from pistor.clinic.shared.making import MakeForm, make_form, posted_make_form
from pistor.clinic.shared.scanning import scans
from pistor.clinic.shared.syringes import syringe_line
from pistor.clinic.shared.templatetags.pistor import day
from pistor.clinic.treatment.forms import REASONS, TreatmentForm, first_values, repeated_values
from pistor.clinic.treatment.presenters import chart_maps, chart_of, missing_lines, named_lines, review, time_out_lines
from pistor.clinic.treatment.signed import signed_page
from pistor.exchange.signed_words import zone_name
from pistor.knowledge import Library
from pistor.records.devices import Device
from pistor.records.injection_map import InjectionPlan
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.plan import map_of
from pistor.records.repeat import last_given
from pistor.records.room import Room, planned_zones, room_of
from pistor.records.rooms import Room as Rooms
from pistor.records.syringes import Syringe, kept, syringes_of
from pistor.records.treatment import TimeOut, Treatment

MAKE = "make"  # before the names of the fields that make a syringe
SIDES = ("mid", "left", "right")


@scans
@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Look once more, read the codes, record what is given, sign. What is signed is shown and cannot be changed."""
    visit = visit_of(request, visit_id)
    signed, do = visit.state == Treatment.State.SIGNED, request.POST.get("do", "save")
    if request.method != "POST":
        return signed_page(request, visit) if signed else _shown(request, visit)
    if signed:
        return _signed_already(request, visit)
    if beside := BESIDE.get(do):
        return beside(request, visit)
    form = _bound(request, visit)
    if do == "sign" and not request.user.may(Capability.SIGN):  # type: ignore[union-attr]
        sign_treatment(visit=visit, by=request.user, at=request.at)  # type: ignore[arg-type, attr-defined]  # which refuses, and keeps that they tried
    if not form.is_valid():
        return _stopped(request, visit, form) if do == "sign" else _shown(request, visit, form, status=422)
    here, data = reverse("treatment:show", args=[visit.pk]), form.cleaned_data
    verb = sign_treatment if do == "sign" else save_treatment
    try:
        _use_chosen(request, visit)
        verb(visit=visit, entry=Entry(form.record()), by=request.user, at=request.at, token=data["token"], version=data["version"], location=here)  # type: ignore[arg-type, attr-defined]
    except NotAllowed:
        raise
    except Refused as refused:
        return _stopped(request, visit, form, refused)
    return HttpResponseRedirect(here)


def _signed_already(request: HttpRequest, visit: Treatment) -> HttpResponse:
    """Whoever sends again the form that was taken is led to what was signed; any other is refused."""
    form, verb = _bound(request, visit), sign_treatment if request.POST.get("do") == "sign" else save_treatment
    form.is_valid()
    try:
        verb(visit=visit, entry=Entry(form.record()), by=request.user, at=request.at, token=form.cleaned_data.get("token"))  # type: ignore[arg-type, attr-defined]
    except NotAllowed:
        raise
    except Refused as refused:
        return signed_page(request, visit, refused=refused)
    return HttpResponseRedirect(request.path)


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def missing(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """What keeps the treatment from being signed: as it is recorded, or by POST as it stands in the form. Nothing is written."""
    visit = visit_of(request, visit_id)
    if visit.state == Treatment.State.SIGNED:
        return _as_json(())
    if request.method != "POST":
        room = room_of(visit, request.at)  # type: ignore[attr-defined]
        return _as_json(gate(room.facts), live=room.live.as_dict())
    form = _bound(request, visit)
    form.is_valid()
    found, room = _missing_in(request, visit, form)
    found = (*_unreadable(form), *found)
    shown = {"missing": missing_lines(found, visit, form)}
    doses = render_to_string("treatment/doses.html", {**_doses(room.facts.checks), "clinic": visit.clinic})
    return _as_json(found, live=room.live.as_dict(), html=render_to_string("treatment/missing.html", shown), doses=doses)


def _as_json(missing: Sequence[Missing], status: int = 200, **more: Any) -> JsonResponse:
    return JsonResponse({"missing": [one.as_dict() for one in missing], **more}, status=status, headers={"Cache-Control": "no-store"})


# ── while it is open ────────────────────────────────────────────────────────────────────────────────────────────────


def _bound(request: HttpRequest, visit: Treatment) -> TreatmentForm:
    return TreatmentForm(request.POST, initial={"given_on": _today(request)}, **_lines(visit, kept(syringes_of(visit))))


def _unbound(request: HttpRequest, visit: Treatment, room: Room, typed: Mapping[str, Any] | None) -> TreatmentForm:
    """What was typed, else what is recorded, else the plan."""
    lines = _lines(visit, room.syringes)
    begun, there = visit.given_on is not None, str(visit.room_id or "")
    first = typed if typed is not None else first_values(room.facts.record, lines["zones"], _today(request), begun=begun, room=there)
    return TreatmentForm(initial=first, version=visit.version, **lines)


def _lines(visit: Treatment, syringes: Sequence[Syringe]) -> dict[str, Any]:
    library = library_of(visit.clinic)
    zones = planned_zones(visit.course, library)
    known = {(zone.zone, zone.side) for zone in zones}
    fitting = [zone for zone in library.zones.values() if visit.course.application in {found.value for found in zone.applications}]
    other = [(f"{zone.id}:{side}", zone_name(library, zone.id, side)) for zone in fitting for side in SIDES if (zone.id, side) not in known]
    devices = Device.objects.of(visit.clinic).filter(state=Device.State.IN_USE).order_by("name")
    rooms = Rooms.objects.of(visit.clinic).filter(Q(state=Rooms.State.IN_USE) | Q(pk=visit.room_id)).order_by("name")
    return {
        "steps": checklist(library, visit.course.application), "zones": zones, "other_zones": other, "syringes": [row.code for row in syringes],
        "devices": [(str(device.pk), f"{device.name}, {device.serial}" if device.serial else device.name) for device in devices],
        "rooms": [(str(row.pk), row.name) for row in rooms],
    }  # fmt: skip


def _today(request: HttpRequest) -> dt.date:
    return local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]


def _typed(request: HttpRequest) -> dict[str, Any]:
    """Everything that stands in the posted form, to stand there again."""
    return {key: request.POST.getlist(key) if key == "reaction_signs" else value for key, value in request.POST.items()}


def _missing_in(request: HttpRequest, visit: Treatment, form: TreatmentForm) -> tuple[tuple[Missing, ...], Room]:
    """The gate's list for what stands in a form, and what it was asked about. A field that cannot be read counts as empty."""
    try:
        room = room_of(visit, request.at, record=form.record())  # type: ignore[attr-defined]
        return gate(room.facts), room
    except UnreadableEdits as problem:
        room = room_of(visit, request.at)  # type: ignore[attr-defined]
        return (Missing("record.points", str(problem), "zones"), *gate(room.facts)), room


def _unreadable(form: TreatmentForm) -> tuple[Missing, ...]:
    read = [(name, error) for name, errors in form.errors.items() if name in form.fields for error in errors]
    return tuple(Missing("record.unreadable", f"{form.fields[name].label}: {error}", name) for name, error in read)


def _stopped(request: HttpRequest, visit: Treatment, form: TreatmentForm, refused: Refused | None = None) -> HttpResponse:
    """Why it was not taken: everything that is missing, each at the place that mends it."""
    stale = isinstance(refused, Stale)
    if stale:
        visit.refresh_from_db()
    found: Sequence[Missing] = refused.missing if isinstance(refused, Incomplete) else () if refused else _missing_in(request, visit, form)[0]
    texts = {one.text for one in found}
    others = [reason for reason in (refused.reasons if refused else ()) if reason not in texts]
    if _wants_json(request):
        errors = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        return _as_json((*found, *(Missing("record.refused", text, "") for text in others)), 409, errors=errors)
    form.refuse(Refused(*others), version=visit.version if stale else None)
    form.tell(found)
    return _shown(request, visit, form, status=409)


def _make(request: HttpRequest, visit: Treatment) -> HttpResponse:
    """Make a syringe without leaving the chart, with everything typed still there; or repeat the last treatment with it."""
    making, do = posted_make_form(request, visit, prefix=MAKE), request.POST["do"]
    if not making.is_valid():
        return _again(request, visit, 422, make=making)
    data, look = making.cleaned_data, "not_said" if do == "make-not_said" else "clear"
    try:
        with taking(None):  # the draft of the chart stays: it is not taken by this
            row = (repeat_last if do == "repeat" else make_syringe)(
                visit=visit, takes=making.takes(), look=look, own_hours=data["own_hours"], own_basis=data["own_basis"],
                by=request.user, at=request.at, token=data["token"], location=reverse("treatment:show", args=[visit.pk]),  # type: ignore[arg-type, attr-defined]
            )  # fmt: skip
    except Refused as refused:
        making.refuse(refused)
        return _again(request, visit, 409, make=making)
    last = last_given(visit) if do == "repeat" else None
    told = f"Syringe {row.code} is made. Print its label, then read both codes."
    return _again(request, visit, told=f"{told} The rest stands here as on {day(last.on)}, for you to confirm." if last else told, more=repeated_values(last))


def _time_out(request: HttpRequest, visit: Treatment) -> HttpResponse:
    """Read both codes; the wrong one stops, and that it did is kept."""
    patient, syringe = (request.POST.get(name, "").strip() for name in ("patient_code", "syringe_code"))
    stopped: Sequence[str] = () if patient and syringe else ("Read both codes: the patient's and the one on the syringe.",)
    try:
        if not stopped:
            with taking(None):
                time_out(visit=visit, patient_code=patient, syringe_code=syringe, by=request.user, at=request.at)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        stopped = refused.reasons
    if _wants_json(request):
        lines = time_out_lines(TimeOut.objects.filter(treatment=visit).select_related("syringe").order_by("created_at", "pk"), visit)
        html = render_to_string("treatment/time_out.html", {"time_outs": lines, "unread": stopped if not (patient and syringe) else ()})
        return JsonResponse({"passed": not stopped, "said": " ".join(stopped), "html": html})
    if stopped:
        return _again(request, visit, 409 if patient and syringe else 422, told=" ".join(stopped))
    return _again(request, visit, more={"patient_code": "", "syringe_code": ""})


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _use(request: HttpRequest, visit: Treatment) -> HttpResponse:
    try:
        _use_chosen(request, visit)
    except Refused as refused:
        return _again(request, visit, 409, told=" ".join(refused.reasons))
    return _again(request, visit, more={"device": "", "device_settings": ""}, told="Recorded.")


def _use_chosen(request: HttpRequest, visit: Treatment) -> None:
    """Record in which room it is given, and with which device, as they stand in the form. The chart's draft is not taken by this."""
    chosen = {name: _uuid(request.POST.get(name, "")) for name in ("room", "device")}
    room = Rooms.objects.of(visit.clinic).filter(pk=chosen["room"]).first() if chosen["room"] else None
    device = Device.objects.of(visit.clinic).filter(pk=chosen["device"]).first() if chosen["device"] else None
    given: dict[str, Any] = {"visit": visit, "by": request.user, "at": request.at}  # type: ignore[attr-defined]
    with taking(None):
        if "room" in request.POST and visit.room_id != chosen["room"]:
            visit.room = use_room(room=room, **given).room
        if device:
            use_device(device=device, settings=request.POST.get("device_settings", ""), **given)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


BESIDE: dict[str, Callable[[HttpRequest, Treatment], HttpResponse]] = {
    "make-clear": _make, "make-not_said": _make, "repeat": _make, "time-out": _time_out, "use": _use,
}  # fmt: skip


def _again(request: HttpRequest, visit: Treatment, status: int = 200, *, more: Mapping[str, Any] | None = None, **shown: Any) -> HttpResponse:
    """The chart as it was typed, after something beside it was done or refused; ``more`` are values that came from that."""
    return _shown(request, visit, typed={**_typed(request), **(more or {})}, status=status, **shown)


def _shown(
    request: HttpRequest, visit: Treatment, form: TreatmentForm | None = None, *, typed: Mapping[str, Any] | None = None, make: MakeForm | None = None,
    told: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    library, look = library_of(visit.clinic), look_at(request, visit)
    room = room_of(visit, request.at, facts=look.facts)  # type: ignore[attr-defined]
    form = form or _unbound(request, visit, room, typed)
    facts, found = room.facts, gate(room.facts)
    before_that = before(look.facts)
    lines = [syringe_line(row, visit, request.at, look.on) for row in room.syringes]  # type: ignore[attr-defined]
    drawn, blend = _map(room.drawn, library), Blend.from_dict(room.blend.result) if room.blend else None
    may_treat = request.user.may(Capability.TREAT)  # type: ignore[union-attr]
    prescribe = [one.text for one in found if one.where == "prescriptions"]
    undrawn = max(sum((zone.volume_ml for zone in facts.planned), Decimal(0)) - sum((row.volume_ml for row in room.syringes), Decimal(0)), Decimal(0))
    may_make = may_treat and not before_that and bool(undrawn or not lines)
    context = {
        "form": form, "review": review(visit, look, library, medicines=prescribe, syringes=lines), "closed": bool(before_that), "told": told,
        "before": missing_lines(before_that, visit, form), "missing": missing_lines(found, visit, form), "meaning": MEANING,
        "may_sign": request.user.may(Capability.SIGN), "may_treat": may_treat, "groups": form.check_groups, "reasons": REASONS,  # type: ignore[union-attr]
        "maps": chart_maps(drawn, library), "chart": chart_of(form.zones, drawn, blend), "prescribe": prescribe, "syringes": lines,
        "make_form": make or (make_form(request, visit, room.syringes, prefix=MAKE) if may_make else None), "undrawn": undrawn,
        "zone_lines": named_lines(form.zone_lines, drawn, library),
        "repeat": last_given(visit) if may_treat and not lines and not before_that and visit.given_on is None else None,
        "saved_before": visit.given_on is not None, "devices": room.devices, "time_outs": time_out_lines(room.time_outs, visit),
        "codes_read": not any(one.where == "patient-code" for one in found), **_doses(facts.checks),
    }  # fmt: skip
    findings = treatment_findings(facts.record, library, facts.checks)
    return render_step(request, visit, "treatment", "treatment/show.html", context, findings=findings, status=status, look=look)


def _map(plan: InjectionPlan | None, library: Library) -> InjectionMap | None:
    """The map with its points, or None where it was drawn with other knowledge than there is now: it is charted by numbers then."""
    try:
        return map_of(plan, library) if plan else None
    except (NoMap, ValueError, KeyError, InvalidOperation):
        return None


def _doses(checks: Sequence[DoseCheck]) -> dict[str, Any]:
    return {"checks": checks, "over": sum(check.state == "over" for check in checks)}
