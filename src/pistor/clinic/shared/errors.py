"""Pages for what went wrong: each says what, and the way on."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

import pistor


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "shared/bad_request.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "shared/not_your_role.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "shared/not_found.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "shared/page_expired.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without the request: who is signed in stands in the database, which may be what fails.

    What was typed is sent back with it. A database that is busy, full or gone is nothing a person did and may soon pass: 503.
    """
    unavailable = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    context = {"pistor_version": pistor.__version__, "unavailable": unavailable, "path": request.path, "typed": _typed(request)}
    status = HTTPStatus.SERVICE_UNAVAILABLE if unavailable else HTTPStatus.INTERNAL_SERVER_ERROR
    return HttpResponse(render_to_string("shared/server_error.html", context), status=status)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form that may be sent again: one with a token, so never twice, which came from a page of ours and holds no file."""
    checked = getattr(request, "csrf_processing_done", False)
    if request.method != "POST" or not checked or request.FILES or not any(name == "token" or name.endswith("-token") for name in request.POST):
        return []
    return [(name, value) for name, values in request.POST.lists() for value in values]
