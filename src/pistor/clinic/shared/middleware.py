"""What holds for every page: the person belongs to a clinic, days are the clinic's own, and nothing personal stays in a cache."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


class ClinicMiddleware:
    """Puts ``request.at`` (the moment of the request) in place, so that views and actions share one clock reading."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.at = timezone.now()  # type: ignore[attr-defined]
        if request.user.is_authenticated and request.user.clinic_id is None and request.path != "/sign-out/":
            return render(request, "shared/no_clinic.html", status=403)
        with timezone.override(request.user.clinic.time_zone if request.user.is_authenticated and request.user.clinic else None):
            response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
