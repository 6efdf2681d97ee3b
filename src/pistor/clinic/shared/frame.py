"""The frame around a step: patient banner, the steps of the visit, the findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from pistor.actions.course import local_day
from pistor.care.candidacy.allergies import known_allergies
from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Finding
from pistor.care.journey import STEPS, Step, StepState, after_saving, next_step, steps
from pistor.care.visit import VisitFacts
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.templatetags.pistor import amount, day
from pistor.knowledge import load
from pistor.records.consultation import Patient
from pistor.records.intent import Candidacy, candidacy_of
from pistor.records.library import library_of
from pistor.records.picture import picture_of
from pistor.records.treatment import Treatment
from pistor.records.visit import facts_of

STATES = {
    StepState.COMPLETED: ("check", "completed"),
    StepState.IN_PROGRESS: ("progress", "in progress"),
    StepState.TO_DO: ("todo", "to do"),
    StepState.CANNOT_START: ("lock", "cannot start yet"),
    StepState.PROBLEM: ("problem", "there is a problem"),
}


IN_LINE = 3  # allergies named in the banner before the rest folds


@dataclass(frozen=True, slots=True)
class Look:
    """A visit as it stands now: worked out once per request, by the page or by the frame around it."""

    on: dt.date
    candidacy: Candidacy
    facts: VisitFacts


def look_at(request: HttpRequest, visit: Treatment, candidacy: Candidacy | None = None) -> Look:
    """What candidacy says today, and what is recorded for the visit."""
    on = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    candidacy = candidacy or candidacy_of(visit.course, on)
    return Look(on, candidacy, facts_of(visit, library_of(request.user.clinic), on, candidacy))  # type: ignore[union-attr]


def render_step(
    request: HttpRequest,
    visit: Treatment,
    step: str,
    template: str,
    context: dict[str, Any],
    *,
    findings: Sequence[Finding] = (),
    status: int = 200,
    look: Look | None = None,
    beside: Sequence[str] = (),
) -> HttpResponse:
    """A page of one step inside the visit frame. ``findings`` go to the right-hand region.

    Pages that needed a ``look`` at the visit themselves pass it on. ``beside``: see :func:`drafts_for`.
    """
    look = look or look_at(request, visit)
    list_ = steps(look.facts)
    shown = [shown_step(visit, item) for item in list_]
    onward = next_step(list_, apart_from=step)
    frame = {
        "visit": visit,
        "patient": visit.patient,
        "course": visit.course,
        "step": step,
        "steps": shown,
        "here": next((item for item in shown if item["step"].name == step), None),
        "onward": next((item for item in shown if item["step"] == onward), None),
        "banner": banner(look.candidacy),
        "findings": findings,
        "draft": drafts_for(request, *beside),
    }
    return render(request, template, {**frame, **context}, status=status)


def onward_from(request: HttpRequest, visit: Treatment) -> str:
    """The address of the step to go on with once this page's step was saved; empty where it is not finished."""
    name = request.resolver_match.namespace if request.resolver_match else ""
    onward = after_saving(steps(look_at(request, visit).facts), name) if name in STEPS else None
    return reverse(f"{onward.name}:show", args=[visit.pk]) if onward else ""


def shown_step(visit: Treatment, step: Step) -> dict[str, Any]:
    icon, word = STATES[step.state]
    return {"step": step, "icon": icon, "word": step.detail or word, "url": reverse(f"{step.name}:show", args=[visit.pk])}


def banner(candidacy: Candidacy) -> list[dict[str, Any]]:
    """The patient in one line with what stops this course. What has no room in the line is ``more``, one click away."""
    first, *more = [stop.text for stop in candidacy.stops] or [""]
    stop = [{"label": "Stop", "text": first, "tone": "danger", "icon": "octagon", "note": "", "more": more}] if first else []
    return [*_identity(candidacy.picture), *stop]


def banner_of(patient: Patient, on: dt.date) -> list[dict[str, Any]]:
    """The patient in one line, outside any course."""
    return _identity(picture_of(patient, on))


def _identity(picture: PatientPicture) -> list[dict[str, Any]]:
    """Always in the same order. What was not asked is said so."""
    items = [_age(picture), {"label": "Sex", "text": picture.sex if picture.sex != "unknown" else "not recorded", "tone": "", "note": ""}, _weight(picture)]
    return [*items, _allergies(picture), *_pregnancy(picture)]


def _age(picture: PatientPicture) -> dict[str, str]:
    if picture.age_years is None or picture.birth_date is None:
        return {"label": "Age", "text": "not recorded", "tone": "unknown", "note": ""}
    if picture.deceased:
        return {"label": "Born", "text": day(picture.birth_date), "tone": "danger", "note": f"died {day(picture.deceased_on)}".strip()}
    return {"label": "Age", "text": str(picture.age_years), "tone": "", "note": f"born {day(picture.birth_date)}"}


def _weight(picture: PatientPicture) -> dict[str, str]:
    if picture.weight_kg is None:
        return {"label": "Weight", "text": "not asked", "tone": "unknown", "note": ""}
    return {"label": "Weight", "text": f"{amount(picture.weight_kg.value)} kg", "tone": "", "note": day(picture.weight_kg.date)}


def _allergies(picture: PatientPicture) -> dict[str, Any]:
    known = known_allergies(picture, load())
    if known.state == "allergic":
        first, more = known.names[:IN_LINE], known.names[IN_LINE:]
        return {"label": "Allergies", "text": ", ".join(first) or known.text, "tone": "danger", "icon": "triangle", "note": "", "more": more}
    return {"label": "Allergies", "text": known.text, "tone": "" if known.state == "none_known" else "unknown", "note": day(known.on)}


def _pregnancy(picture: PatientPicture) -> list[dict[str, str]]:
    if picture.sex == "male":
        return []
    if not picture.pregnancy:
        return [{"label": "Pregnancy", "text": "not asked", "tone": "unknown", "note": ""}]
    newest = picture.pregnancy[0]
    tone = "danger" if newest.state in ("pregnant", "breastfeeding") else ""
    return [{"label": "Pregnancy", "text": newest.state.replace("_", " "), "tone": tone, "note": day(newest.date)}]
