"""The first page of the day, drafts, and whether the server is well."""

from __future__ import annotations

import datetime as dt
import json
import uuid

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, RawPostDataException
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.http import require_POST

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.drafts import discard_draft, keep_draft, read_sent, storable
from pistor.care.reactions import LEVELS
from pistor.clinic.recall.presenters import alerts_shown
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import is_shared
from pistor.records.people import Capability
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment

MOST_ON_A_DAY = 200
REACTIONS_BACK = dt.timedelta(days=365)
LEFT_OPEN = dt.timedelta(days=90)  # how far back forgotten visits are looked for


@page(Capability.SEE_PATIENTS)
def home(request: HttpRequest) -> HttpResponse:
    """Today's visits: planned, open, signed; what suspected infections share; reactions to be seen; and visits that were left open before."""
    today, clinical = local_day(request.user, request.at), request.user.may(Capability.SEE_CLINICAL)  # type: ignore[arg-type, attr-defined, union-attr]
    visits = Treatment.objects.of(request.user.clinic).select_related("patient", "course").exclude(state="cancelled")  # type: ignore[union-attr]
    context = {
        "today": today,
        "visits": visits.filter(planned_on=today).order_by("state", "patient__search")[:MOST_ON_A_DAY],
        "left_open": visits.filter(planned_on__lt=today, planned_on__gte=today - LEFT_OPEN, state="open").order_by("-planned_on")[:20],
        "alerts": alerts_shown(request.user.clinic) if clinical else (),  # type: ignore[union-attr]
        "reactions": _open_reactions(request) if clinical else (),
        "clinical": clinical,
    }
    return render(request, "shared/home.html", context)


def _open_reactions(request: HttpRequest) -> list[ReactionReport]:
    """Those that somebody has to see: the most urgent first, then the newest. Advice was given when it was asked for."""
    reports = ReactionReport.objects.of(request.user.clinic).exclude(level="advice")  # type: ignore[union-attr]
    recent = reports.filter(reported_at__gte=request.at - REACTIONS_BACK).still_open()  # type: ignore[attr-defined]
    found = list(recent.select_related("patient", "treatment").order_by("-reported_at")[:MOST_ON_A_DAY])
    return sorted(found, key=lambda report: LEVELS.index(report.level), reverse=True)


@require_POST
@page(Capability.SEE_PATIENTS)
def drafts(request: HttpRequest) -> HttpResponse:
    """Keeps what changed in one form of one page, or with ``discard`` forgets its draft.

    409 where others changed the same field, or the draft is gone: the page then asks its person, and nothing was overwritten.
    """
    try:
        sent = json.loads(request.body)
        path, form = str(sent["path"]), str(sent["form"])
        if sent.get("discard"):
            done = discard_draft(by=request.user, draft=uuid.UUID(str(sent["draft"])), base=read_sent({**sent, "changed": {}}).base)  # type: ignore[arg-type]
            return JsonResponse({}, status=200 if done else 409)
        key, shared = storable(f"{path}#{form}"), is_shared(request, path)
        kept = keep_draft(by=request.user, at=request.at, key=key, shared=shared, sent=read_sent(sent))  # type: ignore[arg-type, attr-defined]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, RawPostDataException):
        return JsonResponse({"error": "The draft could not be read. Reload the page."}, status=400)
    except Refused as refused:
        return JsonResponse({"error": str(refused)}, status=413)
    state = {"draft": str(kept.draft.pk), "sequence": kept.draft.sequence} if kept.draft else {}
    return JsonResponse({"state": kept.state, "theirs": kept.theirs, **state}, status=200 if kept.state == "kept" else 409)


@page(Capability.SEE_PATIENTS)
def signed_in(request: HttpRequest) -> HttpResponse:
    """For a page that was opened earlier: who is signed in now, and the token that its forms need since then."""
    return JsonResponse({"person": str(request.user.pk), "name": request.user.printed_name, "csrf": get_token(request)})  # type: ignore[union-attr]


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """For whatever watches the server: 200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})
