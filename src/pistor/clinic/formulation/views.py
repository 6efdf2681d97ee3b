from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.core import Refused, Stale
from pistor.actions.formulation import compose_blend
from pistor.care.evidence import Effect, Finding
from pistor.care.formulation import Blend, UnusableBlend, compose, dose_findings, volume_findings
from pistor.clinic.formulation.forms import MAX_ROWS, BlendForm, parts_of, rows_from_post
from pistor.clinic.formulation.presenters import amounts_shown, concentrations_shown, doses_shown, number, pairs_shown, ranges_shown
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.frame import render_step
from pistor.knowledge import Library
from pistor.knowledge.model import Protocol
from pistor.records.course import Course
from pistor.records.doses import giving_of, techniques_of
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment

Rows = list[tuple[str, str]]


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """What goes into the syringe, what is known of it, and how much of it is given."""
    visit, library = visit_of(request, visit_id), library_of(request.user.clinic)  # type: ignore[union-attr]
    if request.method != "POST":
        form = BlendForm(version=visit.course.version, initial={"policy": visit.course.policy})
        return _shown(request, visit, form, _rows_begun(request, _rows_kept(visit.course, library)), checked=False)
    form, rows = BlendForm(request.POST), rows_from_post(request.POST)
    do = request.POST.get("do", "save")
    if do == "add" and len(rows) < MAX_ROWS:
        rows.append(("", ""))
    elif do.startswith("remove-"):
        rows = [row for place, row in enumerate(rows) if str(place) != do.removeprefix("remove-")]
    elif do == "protocol":
        rows = _rows_of_protocol(visit.course, library)
    if do != "save":
        return _shown(request, visit, form, rows, checked=do == "check")
    return _saved(request, visit, form, rows)


def _saved(request: HttpRequest, visit: Treatment, form: BlendForm, rows: Rows) -> HttpResponse:
    parts, errors = parts_of(rows)
    if not form.is_valid() or errors:
        return _shown(request, visit, form, rows, status=422)
    location = reverse("formulation:show", args=[visit.pk])
    try:
        compose_blend(
            course=visit.course,
            parts=parts,
            policy=form.cleaned_data["policy"],
            confirmations=_confirmations(request),
            by=request.user,  # type: ignore[arg-type]
            at=request.at,  # type: ignore[attr-defined]
            token=form.cleaned_data["token"],
            version=form.cleaned_data["version"],
            location=location,
        )
    except Refused as refused:
        if isinstance(refused, Stale):
            visit.course.refresh_from_db()
        form.refuse(refused, version=visit.course.version if isinstance(refused, Stale) else None)
        return _shown(request, visit, form, rows, status=409)
    return HttpResponseRedirect(location)


def _shown(request: HttpRequest, visit: Treatment, form: BlendForm, rows: Rows, *, checked: bool = True, status: int = 200) -> HttpResponse:
    library, course = library_of(request.user.clinic), visit.course  # type: ignore[union-attr]
    parts, errors = parts_of(rows)
    policy = form.data.get("policy") if form.is_bound else course.policy
    blend, problem = None, ""
    giving = giving_of(course, library)
    findings: tuple[Finding, ...] = ()
    computed: dict[str, Any] = {}
    if parts and not errors:
        try:
            blend = _blend(parts, library, course, policy if policy in library.policies else course.policy)
            checks = giving.checks(blend, library)
            findings = _by_weight((*blend.findings, *dose_findings(checks), *volume_findings(blend, volume_ml=giving.needed_ml)))
            computed = {
                "concentrations": concentrations_shown(blend),
                "ranges": ranges_shown(blend, library),
                "pairs": pairs_shown(blend.pairs),
                "doses": doses_shown(checks),
                "amounts": amounts_shown(giving.amounts(blend)),
                "zones": [zone for zone, _ in giving.zones_ml],
                "volume": number(blend.volume_ml),
            }
        except UnusableBlend as error:
            problem = str(error)
    protocol = library.protocols.get(course.protocol)
    given = _confirmations(request)
    kept = latest_blend_and_map(course)[0]
    context = {
        "form": form,
        "rows": [
            {"number": place, "presentation": row[0], "volume": row[1], "error": errors.get(place, "") if form.is_bound and checked else ""}
            for place, row in enumerate(rows or [("", "")])
        ],
        "wrong": bool(errors) and form.is_bound and checked,
        "can_add": len(rows) < MAX_ROWS,
        "choices": _choices(library, course),
        "protocol": protocol,
        "unknown_products": _without_product(protocol, library),
        "blend": blend,
        "problem": problem if form.is_bound else "",
        "giving": giving,
        "giving_numbers": {
            "point": number(giving.volume_per_point_ml),
            "points": giving.points,
            "sessions": giving.sessions,
            "weight": number(giving.weight_kg),
        },
        "to_confirm": [
            {"item": item, "value": given.get(item.id, ""), "options": [(option, number(option.value)) for option in item.options]}
            for item in (blend.to_confirm if blend else ())
        ],
        "kept": kept,
        "may_save": blend is not None and not any(finding.stops for finding in findings),
        "chosen_policy": policy,
        **computed,
    }
    return render_step(request, visit, "formulation", "formulation/show.html", context, findings=findings, status=status)


def _by_weight(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What stops first, then in the order of the effects."""
    order = list(Effect)
    return tuple(sorted(findings, key=lambda finding: (not finding.stops, order.index(finding.effect))))


def _blend(parts: tuple[Any, ...], library: Library, course: Course, policy: str) -> Blend:
    return compose(
        parts, library, policy=policy, jurisdiction=course.jurisdiction or None, application=course.application,
        technique=techniques_of(course, library), protocol=course.protocol or None,
    )  # fmt: skip


def _confirmations(request: HttpRequest) -> dict[str, str]:
    return {key.removeprefix("confirm-"): str(value) for key, value in request.POST.items() if key.startswith("confirm-")}


def _rows_kept(course: Course, library: Library) -> Rows:
    """The blend that was saved last, else the protocol's."""
    kept = latest_blend_and_map(course)[0]
    if kept:
        return [(part["presentation"], part["volume_ml"]) for part in kept.parts]
    return _rows_of_protocol(course, library)


def _rows_begun(request: HttpRequest, kept: Rows) -> Rows:
    """The rows with what is typed and not saved: it needs as many places to come back to."""
    fields = (drafts_for(request) or {}).get("blend", {"fields": {}})["fields"]
    typed = {name: texts[0] for name, texts in fields.items() if texts}
    first = {f"{name}-{place}": value for place, row in enumerate(kept) for name, value in zip(("presentation", "volume"), row, strict=True)}
    rows = rows_from_post(first | typed)
    count = typed.get("rows", "")
    return rows[: int(count)] if count.isdecimal() else rows


def _rows_of_protocol(course: Course, library: Library) -> Rows:
    protocol = library.protocols.get(course.protocol)
    parts = protocol.blend if protocol else ()
    return [(part.presentation, f"{part.volume_ml.high if part.volume_ml.high is not None else ''}") for part in parts]


def _without_product(protocol: Protocol | None, library: Library) -> list[str]:
    """What a protocol injects and no product here holds."""
    held = {component.ingredient for presentation in library.presentations.values() for component in presentation.components}
    return [library.ingredients[id_].name for id_ in (protocol.ingredients if protocol else ()) if id_ not in held]


def _choices(library: Library, course: Course) -> list[tuple[str, list[tuple[str, str]]]]:
    """Presentations for this application first, the rest below: never hidden, because a shelf is what it is."""
    fits: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    for presentation in sorted(library.presentations.values(), key=lambda one: one.name.casefold()):
        ingredients = [library.ingredients[component.ingredient] for component in presentation.components]
        (fits if all(course.application in one.applications for one in ingredients) else rest).append((presentation.id, presentation.name))
    return [("For this application", fits), ("Other presentations", rest)]
