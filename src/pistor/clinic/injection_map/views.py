from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from pistor.actions.core import Refused, Stale
from pistor.actions.course import local_day
from pistor.actions.injection_map import draw_map
from pistor.care.injection_map import InjectionMap, NoMap, Scales, ZonePlan, make_map
from pistor.care.overlays import overlays_as_dict
from pistor.care.plan import Plan, make_plan
from pistor.clinic.injection_map.forms import InjectionMapForm, PlannerForm, asked, with_numbers, zone_texts
from pistor.clinic.injection_map.presenters import (
    MOST_LISTED,
    NUMBERS,
    as_today,
    depth_pictures,
    dose_checks,
    drawn_earlier,
    first_values,
    ingredient_totals,
    lacking,
    maps_of,
    pictures,
    planner,
    point_choices,
    published,
    single_points,
    suggested_values,
    technique_facts,
    values_of,
    zone_dicts,
    zone_fields,
    zones_of,
)
from pistor.clinic.injection_map.preview import answer, map_findings
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.shared.frame import render_step
from pistor.exchange.pictures import LAYER_LABEL
from pistor.knowledge import Library
from pistor.records.course import Course
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import intent_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.overlays import overlays_of
from pistor.records.people import Capability
from pistor.records.picture import picture_of
from pistor.records.treatment import Treatment


@dataclass(frozen=True, slots=True)
class Begun:
    """What the page begins with: zones that make a map, or what is there of them yet."""

    plans: tuple[ZonePlan, ...] = ()
    scale: Scales = field(default_factory=dict)
    unfinished: Sequence[Mapping[str, Any]] = ()  # zones of which numbers are missing still
    values: Mapping[str, Any] = field(default_factory=dict)  # of the list
    drawn: InjectionMap | None = None

    @property
    def zones(self) -> list[Mapping[str, Any]]:
        return [plan.as_dict() for plan in self.plans] or list(self.unfinished)


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Where the needle goes: zones, and in each a technique and a spacing, make the points; a hand changes single ones."""
    visit = visit_of(request, visit_id)
    if request.method == "POST":
        return _posted(request, visit)
    kept, library = _current(visit.course), library_of(visit.clinic)
    proposed = _proposed(request, visit) if kept is None else None
    suggested = suggested_values(request.GET)
    if kept is not None:
        plans, scale = as_today(kept, library)
    else:
        plans, scale = proposed.injection_map.zone_plans if proposed and proposed.injection_map else (), {}
    begun = _begun(visit.course, [_suggested(plan, suggested) for plan in plans], scale, suggested, withheld=bool(proposed and proposed.withheld))
    return _shown(request, visit, PlannerForm(version=visit.course.version), begun, proposed=proposed, suggested=bool(suggested))


def _begun(course: Course, plans: Sequence[ZonePlan], scale: Scales, suggested: Mapping[str, str], *, withheld: bool) -> Begun:
    """What the page begins with, where nothing was typed yet."""
    library = library_of(course.clinic)
    if not plans:
        values = {**first_values(course, library), **suggested}
        form = _listed(course, _filled({**values, "token": str(uuid.uuid4())}))
        if withheld:
            return Begun(values=values)
        if not form.is_valid():
            return Begun(unfinished=zone_dicts(values, library), values=values)
        plans = form.plans((), {})
    values = values_of(plans, library)
    try:
        return Begun(tuple(plans), scale, values=values, drawn=make_map(plans, library, scale=scale))
    except NoMap:
        return Begun(tuple(plans), scale, values=values)


def _suggested(plan: ZonePlan, suggested: Mapping[str, str]) -> ZonePlan:
    """The zone with numbers that another page suggests."""
    if not suggested:
        return plan
    numbers = {name: Decimal(value) for name, value in suggested.items()}
    return with_numbers(replace(plan, chosen=()), plan.technique, replace(plan.generator, **numbers))  # type: ignore[arg-type]


def _posted(request: HttpRequest, visit: Treatment) -> HttpResponse:
    data, do, library = request.POST, request.POST.get("do", "save"), library_of(visit.clinic)
    listed = "technique" in data
    if listed and do == "published":
        data = _with_published(data, library)
    form: StepForm = _listed(visit.course, data) if listed else PlannerForm(data, version=visit.course.version)
    begun = _asked(visit.course, form, data, library)
    if do != "save" or begun.drawn is None:
        return _shown(request, visit, form, begun, listed=do == "list", suggested=do == "take", status=200 if begun.drawn else 422)
    location = reverse("injection_map:show", args=[visit.pk])
    try:
        draw_map(
            course=visit.course,
            zones=begun.plans,
            scale=begun.scale,
            by=request.user,  # type: ignore[arg-type]
            at=request.at,  # type: ignore[attr-defined]
            token=form.cleaned_data["token"],
            version=form.cleaned_data["version"],
            location=location,
        )
    except Refused as refused:
        visit.course.refresh_from_db()
        form.refuse(refused, version=visit.course.version if isinstance(refused, Stale) else None)
        return _shown(request, visit, form, begun, status=409)
    return HttpResponseRedirect(location)


def _asked(course: Course, form: StepForm, data: QueryDict, library: Library) -> Begun:
    """The map that a form asks for; what is wrong with it stands in the form."""
    values = {name: data.getlist(name) if name == "areas" else data[name] for name in data}
    begun = Begun(unfinished=_unfinished(data), values=values)
    for sentence in filter(None, (lacking(zone, library) for zone in begun.unfinished)):
        form.add_error(None, sentence)
    if not form.is_valid():
        return begun
    try:
        plans, scale = asked(data, form if isinstance(form, InjectionMapForm) else None, library)
        begun = Begun(plans, scale, values=values_of(plans, library))
        return replace(begun, drawn=make_map(plans, library, scale=scale))
    except NoMap as none:
        for reason in none.reasons:
            form.add_error(None, reason)
        return begun


def _unfinished(data: QueryDict) -> list[dict[str, Any]]:
    """The zones of a posted form as they stand in it, for the planner to go on with."""
    found = []
    for text in zone_texts(data):
        try:
            zone = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(zone, dict) and isinstance(zone.get("key"), str) and isinstance(zone.get("generator"), dict):
            found.append(zone)
    return found


def _with_published(data: QueryDict, library: Library) -> QueryDict:
    """The list with what is published for its technique, and without changes of single points."""
    data, method = data.copy(), library.techniques.get(data["technique"])
    for name, value in (published(method) if method else {}).items():
        data[name] = value
    for name in ("removed", "chosen"):
        data.setlist(name, [])
    return data


def _proposed(request: HttpRequest, visit: Treatment) -> Plan:
    """The plan with the map that the protocol proposes, fitted to its volume and to the limits, as the printed plan has it."""
    library, on = library_of(visit.clinic), local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    return make_plan(picture_of(visit.patient, on), intent_of(visit.course, library), library, on, policy=visit.course.policy)


def _listed(course: Course, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> InjectionMapForm:
    library = library_of(course.clinic)
    return InjectionMapForm(data, initial=initial, library=library, maps=maps_of(course, library), zones=zones_of(course, library), version=course.version)


def _filled(values: Mapping[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def _current(course: Course) -> InjectionPlan | None:
    return latest_blend_and_map(course)[1]


def _shown(
    request: HttpRequest,
    visit: Treatment,
    form: StepForm,
    begun: Begun,
    *,
    listed: bool = False,
    proposed: Plan | None = None,
    suggested: bool = False,
    status: int = 200,
) -> HttpResponse:
    course, library, drawn = visit.course, library_of(visit.clinic), begun.drawn
    overlays = overlays_of(visit.patient, local_day(request.user, request.at))  # type: ignore[arg-type, attr-defined]
    formulation, kept = latest_blend_and_map(course)
    planned = {
        **planner(values=begun.values, course=course, formulation=formulation, library=library),
        "preview": reverse("injection_map:preview", args=[visit.pk]),
        "answer": answer(request, visit, drawn, library, overlays) if drawn else None,
    }
    context = {
        "form": form,
        "kept": kept,
        "earlier": drawn_earlier(kept, library),
        "proposed": proposed,
        "suggested": suggested,
        "planner": planned,
        "fields": zone_fields(begun.zones, begun.scale, library),
        "overlays": overlays_as_dict(overlays, drawn, library),
        "layers": list(LAYER_LABEL.items()),
        "numbers": NUMBERS,
        "pictures": pictures(maps_of(course, library), drawn, overlays, library),
        "formulation": formulation,
        "ingredients": ingredient_totals(drawn, formulation) if drawn else [],
        "checks": dose_checks(course, drawn, formulation, library) if drawn else [],
        "depths": depth_pictures(drawn, library) if drawn else [],
        "show_findings": True,
        **_list(form, begun, course, listed=listed),
    }
    findings = map_findings(request, visit, drawn, overlays) if drawn else ()
    return render_step(request, visit, "injection_map", "injection_map/show.html", context, findings=findings, status=status)


def _list(form: StepForm, begun: Begun, course: Course, *, listed: bool) -> dict[str, Any]:
    """The map as a list, for browsers without scripts. The list of points is long, so it is made only where it is asked for."""
    library, drawn = library_of(course.clinic), begun.drawn
    shown = form if isinstance(form, InjectionMapForm) else _listed(course, initial=begun.values)
    method = library.techniques.get(shown["technique"].value() or "")
    labels = {total.key: total.label for total in drawn.zones} if drawn else {}
    return {
        "list": shown,
        "method": method,
        "method_facts": technique_facts(method) if method else [],
        "drawn": drawn,
        "alike": drawn is None or drawn.alike,
        "drawn_zones": [(plan.key, labels.get(plan.key, plan.label)) for plan in begun.plans if plan.drawn],
        "singles": single_points(drawn) if drawn else [],
        "choices": point_choices(drawn, listed=listed) if drawn else "",
        "addable": list(labels.items()),
        "listed": listed,
        "unlisted": max(0, drawn.points + len(drawn.taken_out) - MOST_LISTED) if listed and drawn else 0,
    }
