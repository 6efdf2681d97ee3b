from __future__ import annotations

import uuid
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from pistor.actions.course import local_day
from pistor.care.exposure.exposure import Exposure, SoluteExposure, expose
from pistor.care.exposure.order import Order, order_of
from pistor.care.exposure.single_points import ProposedPoints, single_points_of
from pistor.care.injection_map import InjectionMap
from pistor.care.plan import Plan
from pistor.clinic.delivery.forms import Choice, NotShown, choice_of, other_map, with_tip
from pistor.clinic.delivery.points import points_context
from pistor.clinic.delivery.presenters import band_note, board_data, chosen_of, figures, fixed_numbers, inputs, peaks, plan_data, plan_title, rows, sliders
from pistor.clinic.delivery.proposals import choices_of
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.exchange.field_pictures import too_dense
from pistor.exchange.field_report import pictures_of, plainly, syringe_of
from pistor.knowledge import Library
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.picture import picture_of
from pistor.records.plan import plan_so_far
from pistor.records.treatment import Treatment

PATIENTS, MANY = 40, 200  # virtual ones behind a band: what a page can wait for; what it takes to say which input matters
TIPS_MM = (1, 2, 4, 6)  # offered where a map does not say how deep the tip is
KEPT = 64  # answers of the last plans that were looked at


@page(Capability.SEE_CLINICAL)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """What the skin and the blood will see of the plan as it is now. Writes nothing."""
    visit = visit_of(request, visit_id)
    library = library_of(visit.clinic)
    plan, told = _plan(request, visit, library)
    if plan is None or plan.injection_map is None:
        return render_step(request, visit, "delivery", "delivery/show.html", told)
    choice = choice_of(request.GET)
    try:
        first = _exposed(_order(request, visit, plan, library), library, MANY if "thorough" in request.GET else PATIENTS)
    except ValueError as error:
        others = _tip_choices(plan, library) if told["supposed"] else {}
        return render_step(request, visit, "delivery", "delivery/show.html", {"missing": (str(error),), **others})
    exposure = first.as_dict()
    solute = _solute(exposure, choice)
    context: dict[str, Any] = {"solute": solute, "fenced": inputs(exposure["fenced"]), "proposed": _proposed(visit), **told}
    if solute is not None:
        context |= _board(request, visit, plan, library, exposure, solute, choice)
        context |= _choices(request, visit, plan, solute["id"], exposure["target_depth_mm"], library)
    return render_step(request, visit, "delivery", "delivery/show.html", context, findings=first.findings)


@page(Capability.SEE_CLINICAL)
def field(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The same plan with another spacing, volume or depth, as numbers for the page to draw. Writes nothing."""
    visit = visit_of(request, visit_id)
    library = library_of(visit.clinic)
    plan, told = _plan(request, visit, library)
    if plan is None or plan.injection_map is None:
        return JsonResponse({"problem": " ".join(told["missing"])})
    try:
        drawn = other_map(request.GET, plan.injection_map, library) or plan.injection_map
        target_mm = _exposed(_order(request, visit, plan, library), library, PATIENTS).target_depth_mm
        exposure = _beside(request, visit, plan, drawn, library, target_mm)
    except ValueError as error:
        return JsonResponse({"problem": str(error)})
    solute = _solute(exposure, choice_of(request.GET))
    if solute is None:
        return JsonResponse({"problem": "None of the substances can be computed."})
    return JsonResponse({"plan": plan_data(exposure, solute), "title": plan_title(drawn), "numbers": fixed_numbers(drawn, solute)})


@page(Capability.SEE_CLINICAL)
def points(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """Single points with volumes of their own, beside regular grids with as many punctures. Takes seconds; writes nothing."""
    visit = visit_of(request, visit_id)
    library = library_of(visit.clinic)
    plan, told = _plan(request, visit, library)
    if plan is None or plan.injection_map is None:
        return render_step(request, visit, "delivery", "delivery/points.html", told)
    context: dict[str, Any] = {**told, "token": uuid.uuid4(), "version": visit.course.version, "may_decide": request.user.may(Capability.DECIDE)}  # type: ignore[union-attr]
    try:
        order = _order(request, visit, plan, library)
        exposure = _exposed(order, library, PATIENTS)
        solute = _computed(exposure, choice_of(request.GET))
        if solute is None:
            return render_step(request, visit, "delivery", "delivery/points.html", {"missing": ("None of the substances can be computed.",)})
        proposed = _pointed(order, solute.id, exposure.target_depth_mm, library)
        context |= {"solute": solute, **points_context(proposed, plan.injection_map, library)}
    except ValueError as error:
        context |= {"missing": (str(error),)}
    return render_step(request, visit, "delivery", "delivery/points.html", context)


@lru_cache(maxsize=KEPT)
def _pointed(order: Order, ingredient: str, target_mm: float, library: Library) -> ProposedPoints:
    """The points to choose from, kept so that who comes back to the page finds the same."""
    return single_points_of(order, ingredient, target_mm, library)


def _computed(exposure: Exposure, choice: Choice) -> SoluteExposure | None:
    """The substance that is asked for, or the first that can be computed."""
    return next((item for item in exposure.computed if item.id == choice.solute), next(iter(exposure.computed), None))


@lru_cache(maxsize=KEPT)
def _exposed(order: Order, library: Library, patients: int) -> Exposure:
    """The answer to an order. Nothing of a patient is in it but sex and weight, and who asks has been checked before."""
    return expose(order, library, patients=patients)


def _beside(request: HttpRequest, visit: Treatment, plan: Plan, drawn: InjectionMap, library: Library, target_mm: float) -> dict[str, Any]:
    """The answer for the same plan with another map, at the depth that the plan itself is looked at."""
    return _exposed(_order(request, visit, replace(plan, injection_map=drawn), library, target_mm), library, PATIENTS).as_dict()


def _order(request: HttpRequest, visit: Treatment, plan: Plan, library: Library, target_mm: float | None = None) -> Order:
    """What the engine is asked for this patient, of whom it takes weight and sex. Raises ``NoExposure``."""
    weight = picture_of(visit.patient, local_day(request.user, request.at)).weight_kg  # type: ignore[arg-type, attr-defined]
    return order_of(plan, library, weight_kg=float(weight.value) if weight else None, sex=visit.patient.sex, target_depth_mm=target_mm)


def _plan(request: HttpRequest, visit: Treatment, library: Library) -> tuple[Plan | None, dict[str, Any]]:
    """The plan so far with a depth of the tip, or what has to be done before anything can be computed."""
    plan = plan_so_far(visit.course, local_day(request.user, request.at))  # type: ignore[arg-type, attr-defined]
    if plan is None:
        return None, {"missing": ["The blend or the map was made with other knowledge than there is now: compose and draw again."]}
    if plan.withheld:
        return None, {"missing": plan.withheld, "stopped": True}
    missing = []
    if plan.blend is None:
        missing.append("No blend is composed, and the protocol proposes none.")
    if plan.injection_map is None:
        return None, {"missing": [*missing, "No injection map is drawn, and the protocol proposes none."]}
    if missing:
        return None, {"missing": missing}
    try:
        drawn = with_tip(request.GET, plan.injection_map, library)
    except NotShown as error:
        return None, {"missing": [str(error)], **_tip_choices(plan, library)}
    if any(point.tip_depth_mm is None for point in drawn.placed):
        return None, {
            "missing": ["The injection map does not say how deep the tip is: it lacks the length put in or the angle."],
            **_tip_choices(plan, library),
        }
    return replace(plan, injection_map=drawn), {"supposed": drawn is not plan.injection_map, "tip_mm": drawn.generator.tip_depth_mm}


def _tip_choices(plan: Plan, library: Library) -> dict[str, Any]:
    """Depths to compute with, and what is published for the technique."""
    assert plan.injection_map is not None
    method = library.techniques.get(plan.injection_map.technique)
    return {"tips": TIPS_MM, "published_depth": method.depth_mm if method else None}


def _proposed(visit: Treatment) -> bool:
    """Whether a part of the plan is only proposed so far."""
    return None in latest_blend_and_map(visit.course)


def _solute(exposure: dict[str, Any], choice: Choice) -> dict[str, Any] | None:
    """The substance that is asked for, or the first that can be computed."""
    return next((item for item in exposure["solutes"] if item["id"] == choice.solute), next(iter(exposure["solutes"]), None))


def _board(
    request: HttpRequest, visit: Treatment, plan: Plan, library: Library, exposure: dict[str, Any], solute: dict[str, Any], choice: Choice
) -> dict[str, Any]:
    """Everything of one substance: sentences, the field with another plan beside it, pictures and inputs."""
    drawn = plan.injection_map
    assert drawn is not None
    chosen = chosen_of(choice, exposure, solute)
    plans = [
        {"name": "This plan", "title": plan_title(drawn), "picture": figures(exposure, solute, chosen)},
        {"name": "Other plan", "title": "", "picture": None},
    ]
    data, second, problem, other = [plan_data(exposure, solute)], {}, "", None
    try:
        if (other := other_map(request.GET, drawn, library)) is not None:
            beside = _beside(request, visit, plan, other, library, exposure["target_depth_mm"])
            if (its := _solute(beside, Choice(solute["id"]))) is not None:
                plans[1] |= {"title": plan_title(other), "picture": figures(beside, its, chosen)}
                data.append(plan_data(beside, its))
                second = fixed_numbers(other, its)
    except ValueError as error:
        problem = str(error) if isinstance(error, NotShown) else f"The other plan cannot be computed: {error}"
    depth_time, *pictures = pictures_of(exposure, solute)
    return {
        "address": _address(request),
        "points": request.GET.getlist("points"),
        "solutes": [{"id": item["id"], "name": item["name"], "chosen": item["id"] == solute["id"]} for item in exposure["solutes"]],
        "plainly": plainly(solute),
        "depth_time": depth_time,
        "pictures": pictures,
        "plans": plans,
        "chosen": chosen,
        "sliders": sliders(drawn, other),
        "numbers": rows(fixed_numbers(drawn, solute), second, choice.measure),
        "second": bool(second),
        "problem": problem,
        "values": inputs(solute["values"]),
        "band_note": band_note(solute),
        "peaks": peaks(solute),
        "data": board_data(solute, data),
        "dense": too_dense(syringe_of(solute)),
    }


def _choices(request: HttpRequest, visit: Treatment, plan: Plan, ingredient: str, target_mm: float, library: Library) -> dict[str, Any]:
    """Grids to choose from, worked out only where they are asked for."""
    if "propose" not in request.GET:
        return {"choices": None}
    assert plan.injection_map is not None
    try:
        return choices_of(_order(request, visit, plan, library), plan.injection_map.generator, ingredient, target_mm, library)
    except ValueError as error:
        return {"choices": (), "no_choice": str(error)}


def _address(request: HttpRequest) -> str:
    """The address as it is, without what asks for proposals: links add to it."""
    query = request.GET.copy()
    for asked in ("propose", "thorough"):
        query.pop(asked, None)
    return query.urlencode()
