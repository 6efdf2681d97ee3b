"""Pages for what went wrong: each says what, and the way on."""

from __future__ import annotations

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
    """Drawn without the request: who is signed in stands in the database, which may be what fails."""
    return HttpResponse(render_to_string("shared/server_error.html", {"pistor_version": pistor.__version__}), status=500)
