from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pistor.actions.candidacy import answer_questions, override_finding, review_verdict, withdraw_override
from pistor.actions.core import NotAllowed, Refused
from pistor.clinic.candidacy import presenters
from pistor.clinic.candidacy.forms import AnswersForm, GoOnForm, OverrideForm, WithdrawForm
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.shared.frame import look_at, render_step
from pistor.records.intent import Candidacy, candidacy_of
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_HISTORY)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The verdict with everything it rests on; questions are answered and findings passed in place."""
    visit = visit_of(request, visit_id)
    now = _now(request, visit)
    if request.method != "POST":
        return _shown(request, visit, now)
    did = {"answer": _answer, "override": _override, "withdraw": _withdraw, "decline": _go_on}.get(request.POST.get("do", ""), _go_on)
    form = _form(request, now)
    if not form.is_valid():
        return _shown(request, visit, now, form, status=422)
    location = reverse("candidacy:show", args=[visit.pk])
    try:
        location = did(request, visit, form, location)
    except NotAllowed:
        raise
    except Refused as refused:
        visit = visit_of(request, visit_id)
        now = _now(request, visit)
        form.refuse(refused, version=visit.patient.version if isinstance(form, AnswersForm) else visit.course.version)
        return _shown(request, visit, now, form, status=409)
    return HttpResponseRedirect(location)


def _now(request: HttpRequest, visit: Treatment) -> Candidacy:
    zone = ZoneInfo(request.user.clinic.time_zone)  # type: ignore[union-attr]
    return candidacy_of(visit.course, request.at.astimezone(zone).date())  # type: ignore[attr-defined]


def _form(request: HttpRequest, now: Candidacy) -> StepForm:
    did = request.POST.get("do", "")
    if did == "answer":
        # Every question may come back, also one that another save has answered since.
        library = library_of(request.user.clinic)  # type: ignore[union-attr]
        named = [library.questions[name[2:]] for name in request.POST if name.startswith("q_") and name[2:] in library.questions]
        return AnswersForm(request.POST, questions=[*dict.fromkeys((*presenters.asked_here(now, library), *named))])
    if did in ("override", "withdraw"):
        return (OverrideForm if did == "override" else WithdrawForm)(request.POST, prefix=_prefix(request.POST.get("at", "")))
    return GoOnForm(request.POST)


def _prefix(place: str) -> str:
    return f"f{place}" if place.isdigit() and len(place) < 4 else "f0"


def _common(request: HttpRequest, form: StepForm, location: str) -> dict[str, Any]:
    data = form.cleaned_data
    return {"by": request.user, "at": request.at, "token": data["token"], "version": data["version"], "location": location}  # type: ignore[attr-defined]


def _answer(request: HttpRequest, visit: Treatment, form: AnswersForm, location: str) -> str:
    answer_questions(patient=visit.patient, answers=form.answers(), **_common(request, form, location))
    return location


def _override(request: HttpRequest, visit: Treatment, form: OverrideForm, location: str) -> str:
    override_finding(course=visit.course, rule=form.cleaned_data["rule"], reason=form.cleaned_data["reason"], **_common(request, form, location))
    return location


def _withdraw(request: HttpRequest, visit: Treatment, form: WithdrawForm, location: str) -> str:
    withdraw_override(course=visit.course, rule=form.cleaned_data["rule"], **_common(request, form, location))
    return location


def _go_on(request: HttpRequest, visit: Treatment, form: GoOnForm, location: str) -> str:
    accepted = request.POST.get("do") != "decline"
    location = location if accepted else reverse("visit:show", args=[visit.pk])
    review_verdict(course=visit.course, treatment=visit, digest=form.cleaned_data["digest"], accepted=accepted, **_common(request, form, location))
    return location


def _shown(request: HttpRequest, visit: Treatment, now: Candidacy, form: StepForm | None = None, *, status: int = 200) -> HttpResponse:
    library, course = library_of(request.user.clinic), visit.course  # type: ignore[union-attr]
    answers = form if isinstance(form, AnswersForm) else AnswersForm(questions=presenters.asked_here(now, library), version=visit.patient.version)
    going_on = form if isinstance(form, GoOnForm) else GoOnForm(version=course.version, initial={"digest": now.digest})
    if status == 409 and isinstance(form, GoOnForm):
        form.data[form.add_prefix("digest")] = now.digest  # type: ignore[index]
    context = {
        "now": now,
        "why": presenters.why(now),
        "next_step": presenters.next_step(now),
        "meant": presenters.meant(now, library),
        "assumed": presenters.assumed(now),
        "groups": _with_forms(now, form, course.version),
        "answers": answers,
        "asked": answers.asked,
        "elsewhere": presenters.asked_elsewhere(now),
        "going_on": going_on,
        "problem": form if status != 200 else None,
        "may_decide": request.user.may(Capability.DECIDE),  # type: ignore[union-attr]
        "may_answer": request.user.may(Capability.TAKE_HISTORY),  # type: ignore[union-attr]
        "may_go_on": not (now.stops or now.questions or now.to_override),
        "reviewed": now.reviewed(visit),
    }
    return render_step(request, visit, "candidacy", "candidacy/show.html", context, status=status, look=look_at(request, visit, now))


def _with_forms(now: Candidacy, form: StepForm | None, version: int) -> list[dict[str, Any]]:
    """The groups of findings, each finding with its own small form where one is due."""
    made, place = [], 0
    for group in presenters.groups(now):
        rows = []
        for shown in group.findings:
            place += 1
            prefix = f"f{place}"
            if form is not None and form.prefix == prefix:
                due: StepForm = form
            elif shown.override is not None:
                due = WithdrawForm(prefix=prefix, version=version, initial={"rule": shown.finding.rule})
            else:
                due = OverrideForm(prefix=prefix, version=version, initial={"rule": shown.finding.rule})
            rows.append({"shown": shown, "form": due, "place": place})
        folded = group.effect == "ask" and not any(row["shown"].may_override or row["shown"].override for row in rows)
        made.append({"heading": group.heading, "effect": group.effect, "rows": rows, "folded": folded})
    return made
