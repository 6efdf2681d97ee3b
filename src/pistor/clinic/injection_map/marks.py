"""Marks on the patient's skin: scars, implants and places of earlier reactions, put on a body map and ended."""

from __future__ import annotations

import json
import math
import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from pistor.actions.body_marks import add_mark, end_mark
from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.care.overlays import overlays_as_dict
from pistor.clinic.injection_map.presenters import maps_of
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.forms import Number, StepForm
from pistor.clinic.shared.frame import render_step
from pistor.exchange.pictures import map_svg
from pistor.knowledge.model import BodyMap
from pistor.records.body_marks import BodyMark, marks_of, on_a_drawing_of_today
from pistor.records.library import library_of
from pistor.records.overlays import overlays_of
from pistor.records.people import Capability
from pistor.records.treatment import Treatment

CORNERS = 24  # of the circle that two numbers and a width make
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _mm(label: str, low: int, high: int, hint: str = "") -> Number:
    message = f"Give a number from {low} to {high} mm."
    return Number(
        label=label, min_value=low, max_value=high, max_digits=7, decimal_places=2, required=False, help_text=hint,
        widget=forms.TextInput(attrs={"class": "num"}), error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_digits"), message),
    )  # fmt: skip


class MarkForm(StepForm):
    """A place as a circle of two numbers and a width, or as an outline that was drawn."""

    kind = forms.ChoiceField(
        label="What it is", choices=BodyMark.Kind.choices, error_messages={"required": "Say what it is.", "invalid_choice": "Choose one of the list."}
    )
    text = forms.CharField(label="Description", max_length=200, required=False)
    noted_on = forms.DateField(label="Seen on", widget=DAY, error_messages={"required": "Enter the day.", "invalid": "Enter a day."})
    map = forms.ChoiceField(label="Drawing", error_messages={"required": "Choose a drawing.", "invalid_choice": "Choose one of the list."})
    x_mm = _mm("From the left edge, mm", 0, 3000, "Or tap the place on the drawing.")
    y_mm = _mm("From the top edge, mm", 0, 3000)
    across_mm = _mm("How wide it is, mm", 2, 300)
    outline = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, maps: tuple[BodyMap, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["map"].choices = [(body.id, body.view) for body in maps]  # type: ignore[attr-defined]
        self._errors = None  # the choices were not there yet when the form first looked at itself

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        numbers = [data.get(name) for name in ("x_mm", "y_mm", "across_mm")]
        if data.get("outline"):
            data["places"] = self._drawn(str(data["outline"]))
        elif not self.errors and None in numbers:
            self.add_error("x_mm", "Say where it is and how wide: tap the drawing, or give the three numbers.")
        elif not self.errors:
            x, y, across = (float(number) for number in numbers if number is not None)
            turns = [2 * math.pi * corner / CORNERS for corner in range(CORNERS)]
            data["places"] = [(x + across / 2 * math.cos(turn), y + across / 2 * math.sin(turn)) for turn in turns]
        return data

    def _drawn(self, text: str) -> list[tuple[float, float]]:
        try:
            return [(float(x), float(y)) for x, y in json.loads(text[:50_000])]
        except (ValueError, TypeError, RecursionError):
            self.add_error(None, "The outline of the mark cannot be read; draw it anew.")
            return []


class EndForm(StepForm):
    reason = forms.CharField(label="Why it ends", max_length=300, error_messages={"required": "Write why it ends."})

    def __init__(self, *args: Any, of: object, **kwargs: Any) -> None:
        """``of`` is the mark: a page holds one such form for each."""
        super().__init__(*args, prefix=f"end-{of}", **kwargs)


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_HISTORY)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The patient's marks on the drawings, and the form that adds one."""
    visit = visit_of(request, visit_id)
    if request.method != "POST":
        return _shown(request, visit)
    form = MarkForm(request.POST, maps=_maps(visit))
    if not form.is_valid():
        return _shown(request, visit, form=form, status=422)
    data, here = form.cleaned_data, reverse("injection_map:marks", args=[visit.pk])
    try:
        add_mark(
            visit=visit, kind=data["kind"], text=data["text"], map=data["map"], outline=data["places"], noted_on=data["noted_on"],
            by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form=form, status=409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_HISTORY)
def end(request: HttpRequest, visit_id: uuid.UUID, mark_id: uuid.UUID) -> HttpResponse:
    """End one of the patient's marks."""
    visit = visit_of(request, visit_id)
    row = get_object_or_404(marks_of(visit.patient), pk=mark_id)
    here = reverse("injection_map:marks", args=[visit.pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    form = EndForm(request.POST, of=row.pk)
    if not form.is_valid():
        return _shown(request, visit, ending=(row, form), status=422)
    try:
        end_mark(mark=row, reason=form.cleaned_data["reason"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, ending=(row, form), status=409)
    return HttpResponseRedirect(here)


def _maps(visit: Treatment) -> tuple[BodyMap, ...]:
    """The drawings of this course first, then all others: a mark may be anywhere."""
    library = library_of(visit.clinic)
    own = maps_of(visit.course, library)
    return (*own, *(body for body in library.body_maps.values() if body not in own))


def _shown(
    request: HttpRequest, visit: Treatment, *, form: MarkForm | None = None, ending: tuple[BodyMark, EndForm] | None = None, status: int = 200
) -> HttpResponse:
    library, today = library_of(visit.clinic), local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    overlays, rows, maps = overlays_of(visit.patient, today), list(marks_of(visit.patient)), _maps(visit)
    shown = {mark.map for mark in overlays.marks} | {body.id for body in maps_of(visit.course, library)}
    here = reverse("injection_map:marks", args=[visit.pk])
    context = {
        "form": form or MarkForm(maps=maps, initial={"noted_on": today}),
        "rows": [{"row": row, "form": ending[1] if ending and ending[0].pk == row.pk else EndForm(of=row.pk),
                  "lost": row.ended_at is None and not on_a_drawing_of_today(row, library),
                  "view": library.body_maps[row.map].view if row.map in library.body_maps else row.map} for row in rows],
        "pictures": [{"map": body.id, "view": body.view, "svg": map_svg(None, library, body.id, overlays=overlays, zoom=False, legend=False)}
                     for body in maps if body.id in shown],
        "shown": overlays_as_dict(overlays, None, library),
        "reactions": [one.told(library) for one in overlays.reactions],
        "may_mark": request.user.may(Capability.TAKE_HISTORY),  # type: ignore[union-attr]
    }  # fmt: skip
    return render_step(request, visit, "injection_map", "injection_map/marks.html", context, status=status, beside=[here])
