from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from pistor.actions.core import Refused, Stale
from pistor.actions.course import local_day
from pistor.actions.injection_map import draw_map
from pistor.care.evidence import Finding
from pistor.care.injection_map import InjectionMap, NoMap, below_the_fat, make_map, scale_from_dict, zone_plan_from_text, zones_alike
from pistor.care.plan import Plan, make_plan
from pistor.clinic.injection_map.forms import InjectionMapForm
from pistor.clinic.injection_map.presenters import (
    MOST_LISTED,
    depth_pictures,
    dose_checks,
    drawn_earlier,
    first_values,
    ingredient_totals,
    maps_of,
    pictures,
    point_choices,
    published,
    single_points,
    suggested_values,
    technique_facts,
    values_of,
    zones_of,
)
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.clinic.shared.single_points import chosen_from, chosen_value
from pistor.knowledge import Library
from pistor.records.course import Course
from pistor.records.injection_map import InjectionPlan
from pistor.records.intent import intent_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.picture import picture_of
from pistor.records.plan import zone_plans_of
from pistor.records.treatment import Treatment


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Where the needle goes: areas, technique and spacing make the points."""
    visit = visit_of(request, visit_id)
    if request.method == "POST":
        return _posted(request, visit)
    plan, library = _current(visit.course), library_of(request.user.clinic)  # type: ignore[union-attr]
    first = {**first_values(visit.course, plan, library), "version": visit.course.version}
    zones = zone_plans_of(plan) if plan and not drawn_earlier(plan, library) else ()
    removed = [f"{zone.key}:{name}" for zone in zones for name in zone.edits.removed]
    singles = [chosen_value(zone.key, zone.chosen) for zone in zones if zone.chosen]
    proposed = _proposed(request, visit) if plan is None else None
    if proposed and proposed.injection_map:
        first |= values_of(proposed.injection_map)
        removed = list(proposed.injection_map.removed)
    if suggested := suggested_values(request.GET):
        first |= suggested
        removed, singles = [], []
    drawn = None if proposed and proposed.withheld else _from_values(visit.course, first, removed, singles)
    return _shown(request, visit, _form(visit.course, initial=first), drawn, removed, proposed=proposed, suggested=bool(suggested))


@page(Capability.SEE_CLINICAL)
def preview(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The drawn map for what stands in the form, as a piece of the page. Writes nothing."""
    visit = visit_of(request, visit_id)
    data = request.GET.copy()
    data["token"] = str(uuid.uuid4())
    form, removed = _form(visit.course, data), data.getlist("removed")
    drawn, problem = _made(form, removed, data.getlist("chosen"))
    context = _context(visit, form, drawn, removed, "listed" in request.GET)
    return render(request, "injection_map/drawn.html", {**context, "problem": problem or _first_error(form), "with_findings": _findings(request, visit, drawn)})


def _posted(request: HttpRequest, visit: Treatment) -> HttpResponse:
    form, removed, do = _form(visit.course, request.POST), request.POST.getlist("removed"), request.POST.get("do", "save")
    singles = request.POST.getlist("chosen")
    if do == "published":
        library = library_of(request.user.clinic)  # type: ignore[union-attr]
        method = library.techniques.get(request.POST.get("technique", ""))
        data = request.POST.copy()
        for name, value in (published(method) if method else {}).items():
            data[name] = value
        form, removed, singles = _form(visit.course, data), [], []
    if (posted := _posted_zones(request, form.library)) is not None:
        drawn, problem = posted
        if drawn is not None:
            form = _form(visit.course, {**request.POST.dict(), **values_of(drawn)})
        form.is_valid()
    else:
        drawn, problem = _made(form, removed, singles)
    if do != "save" or drawn is None:
        if problem:
            form.add_error(None, problem)
        return _shown(request, visit, form, drawn, removed, listed=do == "list", suggested=do == "take", status=200 if drawn else 422)
    location = reverse("injection_map:show", args=[visit.pk])
    try:
        draw_map(
            course=visit.course,
            zones=drawn.zone_plans,
            scale=drawn.scale,
            by=request.user,  # type: ignore[arg-type]
            at=request.at,  # type: ignore[attr-defined]
            token=form.cleaned_data["token"],
            version=form.cleaned_data["version"],
            location=location,
        )
    except Refused as refused:
        visit.course.refresh_from_db()
        form.refuse(refused, version=visit.course.version if isinstance(refused, Stale) else None)
        return _shown(request, visit, form, drawn, removed, status=409)
    return HttpResponseRedirect(location)


def _posted_zones(request: HttpRequest, library: Library) -> tuple[InjectionMap | None, str] | None:
    """The map of the zone plans in the form, where it holds any."""
    texts = [text for name, text in request.POST.items() if name.startswith("zone.") and text]
    if not texts:
        return None
    try:
        plans = [zone_plan_from_text(str(text)) for text in texts]
        scale = json.loads(request.POST.get("scale") or "{}")
        return make_map(plans, library, scale=scale_from_dict(scale, library, {plan.area.map: plan.area.version for plan in plans})), ""
    except NoMap as error:
        return None, str(error)
    except ValueError:
        return None, "The scale of the drawings cannot be read; measure anew."


def _proposed(request: HttpRequest, visit: Treatment) -> Plan:
    """The plan with the map that the protocol proposes, fitted to its volume and to the limits, as the printed plan has it."""
    library, on = library_of(request.user.clinic), local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined, union-attr]
    return make_plan(picture_of(visit.patient, on), intent_of(visit.course, library), library, on, policy=visit.course.policy)


def _form(course: Course, data: Any = None, initial: dict[str, Any] | None = None) -> InjectionMapForm:
    library = library_of(course.clinic)
    return InjectionMapForm(data, initial=initial, library=library, maps=maps_of(course, library), zones=zones_of(course, library), version=course.version)


def _made(form: InjectionMapForm, removed: list[str], singles: list[str]) -> tuple[InjectionMap | None, str]:
    if not form.is_valid():
        return None, ""
    try:
        zones = zones_alike(form.chosen_areas(), form.generator(), form.cleaned_data["technique"], removed=removed, chosen=chosen_from(singles))
        return make_map(zones, form.library), ""
    except NoMap as error:
        return None, str(error)


def _from_values(course: Course, values: dict[str, Any], removed: list[str], singles: list[str]) -> InjectionMap | None:
    """The map of what the form begins with, where that is complete."""
    drawn, _ = _made(_form(course, {**values, "token": str(uuid.uuid4())}), removed, singles)
    return drawn


def _first_error(form: InjectionMapForm) -> str:
    for name, errors in form.errors.items():
        return f"{form.fields[name].label}: {errors[0]}" if name in form.fields else str(errors[0])
    return ""


def _current(course: Course) -> InjectionPlan | None:
    return InjectionPlan.objects.of(course.clinic).filter(course=course).order_by("-created_at", "-pk").first()


def _context(visit: Treatment, form: InjectionMapForm, drawn: InjectionMap | None, removed: list[str], listed: bool) -> dict[str, Any]:
    library, course = library_of(visit.clinic), visit.course
    method = library.techniques.get(form["technique"].value() or "")
    formulation = latest_blend_and_map(course)[0]
    return {
        "form": form,
        "drawn": drawn,
        "removed": removed,
        "singles": single_points(drawn) if drawn else [],
        "method": method,
        "method_facts": technique_facts(method) if method else [],
        "pictures": pictures(maps_of(course, library), drawn, library),
        "depths": depth_pictures(drawn, library) if drawn else [],
        "ingredients": ingredient_totals(drawn, formulation) if drawn else [],
        "formulation": formulation,
        "checks": dose_checks(course, drawn, formulation, library) if drawn else [],
        **(_choices(drawn, listed) if drawn else {}),
    }


def _findings(request: HttpRequest, visit: Treatment, drawn: InjectionMap | None) -> tuple[Finding, ...]:
    """What the map says of itself, and what the patient's own measure says of it."""
    if drawn is None or visit.course.application != "fat":
        return drawn.findings if drawn else ()
    on = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    return (*drawn.findings, *below_the_fat(drawn, picture_of(visit.patient, on).answers.get("pinch_thickness_mm")))


def _choices(drawn: InjectionMap, listed: bool) -> dict[str, Any]:
    """The list of single points is long, so it is made only where it is asked for; the picture offers every point at once."""
    return {
        "choices": point_choices(drawn, listed=listed),
        "listed": listed,
        "unlisted": max(0, drawn.points + len(drawn.taken_out) - MOST_LISTED) if listed else 0,
    }


def _shown(
    request: HttpRequest,
    visit: Treatment,
    form: InjectionMapForm,
    drawn: InjectionMap | None,
    removed: list[str],
    *,
    listed: bool = False,
    proposed: Plan | None = None,
    suggested: bool = False,
    status: int = 200,
) -> HttpResponse:
    kept = _current(visit.course)
    earlier = drawn_earlier(kept, library_of(visit.clinic))
    context = {**_context(visit, form, drawn, removed, listed), "kept": kept, "earlier": earlier, "proposed": proposed, "suggested": suggested}
    context["show_findings"] = True
    return render_step(request, visit, "injection_map", "injection_map/show.html", context, findings=_findings(request, visit, drawn), status=status)
