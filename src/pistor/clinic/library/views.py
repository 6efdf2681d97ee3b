"""The library: everything that is known, open to every role, and a bench to try a blend on."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from pistor.actions.course import local_day
from pistor.care.formulation import UnusableBlend
from pistor.care.workbench import work_out
from pistor.clinic.library.forms import BlendForm
from pistor.clinic.library.presenters import entry_page, found, kind_page, manual, nearly_found, shelves
from pistor.clinic.library.workbench import worked_shown
from pistor.clinic.shared.access import page
from pistor.knowledge import load
from pistor.knowledge.local import COPYABLE
from pistor.knowledge.model import KINDS
from pistor.records.library import library_of
from pistor.records.people import Capability

LONGEST_QUERY = 200


def address(kind: str, id_: str) -> str:
    return reverse("library:entry", args=[kind, id_]) if id_ else reverse("library:kind", args=[kind])


@page(Capability.SEE_PATIENTS)
def index(request: HttpRequest) -> HttpResponse:
    """All kinds, or what fits a search."""
    library, query = library_of(request.user.clinic), request.GET.get("q", "").strip()[:LONGEST_QUERY]  # type: ignore[union-attr]
    hits = found(library, query, address) if query else []
    near = nearly_found(library, query, address) if query and not hits else []
    context = {"query": query, "hits": hits, "near": near, "manual": manual(library, address), "shelves": shelves(library, address), "version": library.version}
    return _page(request, "library/index.html", context)


@page(Capability.SEE_PATIENTS)
def kind(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    return _page(request, "library/kind.html", {"page": kind_page(library, kind, address), "version": library.version})


@page(Capability.SEE_PATIENTS)
def entry(request: HttpRequest, kind: str, id_: str) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    if kind not in KINDS or id_ not in getattr(library, kind):
        raise Http404
    mine = id_ not in getattr(load(), kind) or getattr(load(), kind)[id_] != getattr(library, kind)[id_]
    may_copy = kind in COPYABLE and request.user.may(Capability.DECIDE)  # type: ignore[union-attr]
    copy = reverse("library:copy", args=[kind, id_]) if may_copy else ""
    context = {"page": entry_page(library, kind, id_, address), "version": library.version, "mine": mine, "copy": copy}
    return _page(request, "library/entry.html", context)


@page(Capability.SEE_PATIENTS)
def blend(request: HttpRequest) -> HttpResponse:
    """Ingredients and volumes in, verdict out, with its working. Nothing is kept."""
    library, status = library_of(request.user.clinic), 200  # type: ignore[union-attr]
    form = BlendForm(request.POST or None, country=request.user.clinic.jurisdiction, library=library)  # type: ignore[union-attr]
    worked = None
    if form.is_bound and form.is_valid():
        try:
            worked = work_out(form.recipe(), library, local_day(request.user, request.at))  # type: ignore[arg-type, attr-defined]
        except UnusableBlend as problem:
            form.add_error(None, str(problem))
    if form.is_bound and form.errors:
        status = 422
    country = library.jurisdictions.get(form.country)
    context = {
        "form": form,
        "worked": worked_shown(worked, library, address) if worked else None,
        "country": country.name if country else form.country,
        "version": library.version,
    }
    return _page(request, "library/blend.html", context, status=status)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, template, {**context, "frame": "library/frame.html", "home": reverse("library:index"), "root": None}, status=status)
