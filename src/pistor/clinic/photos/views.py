"""Photographs of a treatment: take them, look at them, what they may be used for, and the ways to take one out of sight and out of the database."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.photos import MOST_AT_ONCE, add_photos, erase_photo, remove_photo, say_use
from pistor.actions.pictures import MOST_BYTES
from pistor.clinic.photos.forms import ErasureForm, PhotoForm, RemovalForm, UseForm
from pistor.clinic.shared.access import page, visit_of
from pistor.clinic.shared.frame import render_step
from pistor.records.people import Capability
from pistor.records.photos import Photo, PhotoUse, erased, may_be_used, photos_of, removed, spoken_of, uses_of
from pistor.records.treatment import Treatment

SPOKEN = {
    "signed": ("check", "The signed consent speaks of photographs for the record."),
    "silent": ("triangle", "The signed consent does not speak of photographs. Ask the patient first."),
    "withdrawn": ("octagon", "The patient withdrew the consent. Ask again before you take a picture."),
    "none": ("question", "No consent is signed. Ask the patient first."),
}


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def show(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    """The photographs of a visit, and the form that takes more."""
    visit = visit_of(request, visit_id)
    ask = spoken_of(visit.course)[0] != "signed"
    if request.method != "POST":
        return _shown(request, visit, PhotoForm(ask=ask, initial={"moment": "after" if visit.state == Treatment.State.SIGNED else "before"}))
    form, here = PhotoForm(request.POST, request.FILES, ask=ask), reverse("photos:show", args=[visit.pk])
    if not form.is_valid():
        return _shown(request, visit, form, status=422)
    data = form.cleaned_data
    try:
        add_photos(
            visit=visit, files=_read(form), moment=data["moment"], note=data["note"], agreed=data.get("agreed", False), uses=form.uses(), by=request.user,  # type: ignore[arg-type]
            at=request.at, token=data["token"], location=here,
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, visit, form, status=409)
    return HttpResponseRedirect(here)


def _read(form: PhotoForm) -> list[tuple[str, bytes]]:
    """What was sent; of a file that is too large only so much that the action sees it."""
    return [(str(file.name), file.read(MOST_BYTES + 1)) for file in form.chosen[: MOST_AT_ONCE + 1]]


def _shown(request: HttpRequest, visit: Treatment, form: PhotoForm, status: int = 200) -> HttpResponse:
    spoken, signed_at = spoken_of(visit.course)
    rows = list(photos_of(visit))
    context = {
        "form": form, "spoken": SPOKEN[spoken], "signed_at": signed_at, "may_treat": request.user.may(Capability.TREAT),  # type: ignore[union-attr]
        "groups": [(label, kept) for value, label in Photo.Moment.choices if (kept := [row for row in rows if row.moment == value and not removed(row)])],
        "gone": [row for row in rows if removed(row)],
    }  # fmt: skip
    return render_step(request, visit, "treatment", "photos/show.html", context, status=status)


@page(Capability.SEE_CLINICAL, write=Capability.TREAT)
def photo(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID) -> HttpResponse:
    """One photograph in full, and the way to take it out of sight."""
    visit, row = _photo(request, visit_id, photo_id)
    if request.method != "POST" or removed(row):
        return _one(request, visit, row)
    form, here = RemovalForm(request.POST), reverse("photos:show", args=[visit.pk])
    if not form.is_valid():
        return _one(request, visit, row, form, 422)
    try:
        remove_photo(photo=row, reason=form.cleaned_data["reason"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _one(request, visit, row, form, 409)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.TAKE_CONSENT)
def use(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID) -> HttpResponse:
    """What the patient says of one use: yes, no, or no longer."""
    visit, row = _photo(request, visit_id, photo_id)
    here = reverse("photos:photo", args=[visit.pk, row.pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    form = UseForm(request.POST)
    if not form.is_valid():
        return _one(request, visit, row, status=422, using=form)
    data = form.cleaned_data
    try:
        say_use(
            photo=row, use=data["use"], agreed=data["agreed"] == "yes", all_pictures=data["all_pictures"], by=request.user, at=request.at,  # type: ignore[arg-type, attr-defined]
            token=data["token"], location=here,
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _one(request, visit, row, status=409, using=form)
    return HttpResponseRedirect(here)


@page(Capability.SEE_CLINICAL, write=Capability.ERASE)
def erase(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID) -> HttpResponse:
    """A page of its own, because it cannot be undone."""
    visit, row = _photo(request, visit_id, photo_id)
    form, here, status = ErasureForm(request.POST or None), reverse("photos:photo", args=[visit.pk, row.pk]), 200
    if request.method == "POST" and form.is_valid():
        try:
            erase_photo(photo=row, reason=form.cleaned_data["reason"], by=request.user, at=request.at, token=form.cleaned_data["token"], location=here)  # type: ignore[arg-type, attr-defined]
            return HttpResponseRedirect(here)
        except Refused as refused:
            form.refuse(refused)
            status = 409
    elif request.method == "POST":
        status = 422
    context = {"row": row, "form": form, "removal": removed(row), "erasure": erased(row), "may_erase": request.user.may(Capability.ERASE)}  # type: ignore[union-attr]
    return render_step(request, visit, "treatment", "photos/erase.html", context, status=status)


def _one(
    request: HttpRequest, visit: Treatment, row: Photo, form: RemovalForm | None = None, status: int = 200, *, using: UseForm | None = None, refused: str = ""
) -> HttpResponse:
    may = request.user.may  # type: ignore[union-attr]
    said = {} if removed(row) else uses_of(row)
    context: dict[str, Any] = {
        "row": row, "removal": removed(row), "erasure": erased(row), "form": form or RemovalForm(), "using": using, "refused": refused,
        "uses": [{"use": use, "label": PhotoUse.Use(use).label, "said": newest, "form": UseForm(auto_id=False)} for use, newest in said.items()],
        "may_treat": may(Capability.TREAT), "may_ask": may(Capability.TAKE_CONSENT), "may_erase": may(Capability.ERASE),
    }  # fmt: skip
    return render_step(request, visit, "treatment", "photos/photo.html", context, status=status)


@page(Capability.SEE_CLINICAL)
def handed_out(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID, use: str) -> HttpResponse:
    """The picture to be shown outside the care of the patient, while there is a yes to this use. 403 from the moment there is none."""
    visit, row = _photo(request, visit_id, photo_id)
    if use not in PhotoUse.Use.values or removed(row):
        raise Http404
    if not may_be_used(row, use):
        return _one(request, visit, row, status=403, refused=PhotoUse.Use(use).label.lower())
    content = bytes(row.content)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise Http404
    response = _jpeg(content)
    response["Content-Disposition"] = f'attachment; filename="{use}.jpg"'  # names nobody
    return response


@page(Capability.SEE_CLINICAL)
def picture(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID) -> HttpResponse:
    """The picture itself, if it still is what was taken in."""
    _, row = _photo(request, visit_id, photo_id)
    content = b"" if removed(row) else bytes(row.content)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise Http404
    return _jpeg(content)


@page(Capability.SEE_CLINICAL)
def small(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID) -> HttpResponse:
    """The picture small, for lists."""
    _, row = _photo(request, visit_id, photo_id)
    if removed(row):
        raise Http404
    return _jpeg(bytes(row.small))


def _photo(request: HttpRequest, visit_id: uuid.UUID, photo_id: uuid.UUID) -> tuple[Treatment, Photo]:
    visit = visit_of(request, visit_id)
    return visit, get_object_or_404(photos_of(visit), pk=photo_id)


def _jpeg(content: bytes) -> HttpResponse:
    """Never kept by a browser or a proxy, never taken for anything but a picture, and of use to no other site."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)
