"""Find everybody who had a lot, a vial, a device, a room or an operator, tell them, and see what suspected infections share."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.recall import (
    HOW,
    add_exposed,
    close_recall,
    dismiss_alert,
    export_contacts,
    freeze_lots,
    open_recall,
    record_contact,
    write_letters,
)  # fmt: skip
from pistor.care.recall import attack_rate, cases_among, look_back_days
from pistor.clinic.recall.forms import AddForm, CloseForm, ContactForm, DismissForm, FreezeForm, LettersForm, LookForm, OpenForm
from pistor.clinic.recall.presenters import (
    STATES,
    alert_shown,
    alerts_shown,
    contact_rows,
    contacts_csv,
    subject_in_words,
    zones_in_words,
    zones_named,
)  # fmt: skip
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.forms import StepForm
from pistor.knowledge import Library
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.reactions import ReactionReport
from pistor.records.recalls import (
    NOBODY,
    Alert,
    Recall,
    RecallContact,
    RecallLetters,
    Scope,
    Subject,
    exposures_of,
    lesions_since,
    lots_of,
    reach_of,
    ready_syringes,
    subject_of,
    zones_counted,
    zones_of,
)  # fmt: skip
from pistor.records.stock import Lot, Vial

SHOWN = 100
MOST_LOTS = 20
MOST_RECALLS = 50


@page(Capability.SEE_CLINICAL, write=Capability.MANAGE_STOCK)
def index(request: HttpRequest) -> HttpResponse:
    """Choose a lot, a device, a room or an operator and see how many had it; open alerts and recalls."""
    if request.method != "POST":
        return _index_shown(request, None)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _index_shown(request, form, status=422)
    data, location = form.cleaned_data, f"{reverse('recall:index')}{{id}}/"
    try:
        row = open_recall(
            scope=data["scope"], subject=data["subject"], since=data["since"], told=data["told"], by=request.user, at=request.at, token=data["token"],  # type: ignore[arg-type, attr-defined]
            location=location,
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _index_shown(request, form, status=409)
    return HttpResponseRedirect(reverse("recall:show", args=[row.pk]))


def _index_shown(request: HttpRequest, form: OpenForm | None, *, status: int = 200) -> HttpResponse:
    clinic, today = request.user.clinic, local_day(request.user, request.at)  # type: ignore[union-attr, arg-type, attr-defined]
    library = library_of(clinic)
    back = look_back_days(library)
    asked = request.GET if set(request.GET) & {"number", *Scope.values} else None
    look = LookForm({**asked.dict(), "days": asked.get("days") or str(back)} if asked else None, clinic=clinic, days=back)
    scope, found, lots = _meant(request, look, form)
    days = look.cleaned_data.get("days") or back if look.is_bound and look.is_valid() else back
    context: dict[str, Any] = {
        "look": look, "lots": [(lot, subject_in_words(Scope.LOT, lot, library)[1]) for lot in lots],
        "nothing": look.is_bound and look.is_valid() and not (found or lots),
        "alerts": alerts_shown(clinic), "recalls": _recalls(clinic, library), "may_open": request.user.may(Capability.MANAGE_STOCK),  # type: ignore[union-attr]
    }  # fmt: skip
    if found:
        since = form.cleaned_data.get("since") if form and form.is_bound and form.is_valid() else None
        since = since or today - dt.timedelta(days=days)
        context |= _looked(clinic, scope, found, since, library)
        context["form"] = form or OpenForm(initial={"scope": scope, "subject": found.pk, "since": since})
        context["open_already"] = Recall.objects.of(clinic).filter(scope=scope, subject=found.pk, closed_at__isnull=True).first()
    elif form:
        context["form"] = form
    return render(request, "recall/index.html", {**context, "draft": drafts_for(request)}, status=status)


def _meant(request: HttpRequest, look: LookForm, form: OpenForm | None) -> tuple[str, Subject | None, list[Lot]]:
    """What was asked for: one lot, vial, device, room or person, or several lots to choose from."""
    clinic = request.user.clinic  # type: ignore[union-attr]
    if form is not None:  # what was posted
        posted = form.cleaned_data if form.is_bound and hasattr(form, "cleaned_data") else {}
        scope, subject = posted.get("scope", ""), posted.get("subject")
        return scope, subject_of(clinic, scope, subject) if subject else None, []  # type: ignore[arg-type]
    if not look.is_bound or not look.is_valid():
        return "", None, []
    for named in (Scope.LOT, Scope.VIAL, Scope.DEVICE, Scope.ROOM):
        if subject := _uuid(request.GET.get(named)):
            return named, subject_of(clinic, named, subject), []  # type: ignore[arg-type]
    number, operator = look.cleaned_data["number"].strip(), look.cleaned_data["operator"]
    if number:
        exact = list(Lot.objects.of(clinic).filter(lot_number__iexact=number)[:2])
        lots = list(Lot.objects.of(clinic).filter(lot_number__istartswith=number).order_by("lot_number", "presentation")[:MOST_LOTS])
        one = exact if len(exact) == 1 else lots if len(lots) == 1 else []
        return Scope.LOT, one[0] if one else None, [] if one else lots
    return Scope.OPERATOR, operator, []


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _looked(clinic: Any, scope: str, found: Subject, since: dt.date, library: Library) -> dict[str, Any]:
    """How many had it, where and when, and how many of them have a suspected lesion."""
    word, name = subject_in_words(scope, found, library)
    return {
        "word": word, "name": name, "since": since, "zones": zones_named(zones_counted(scope, found, since), library), "found": found, "scope": scope,
        "of_syringes": scope in (Scope.LOT, Scope.VIAL), **_rate(clinic, scope, found, since, library),
    }  # fmt: skip


def _rate(clinic: Any, scope: str, found: Subject | None, since: dt.date, library: Library) -> dict[str, Any]:
    """How many had it, and how many of them have a suspected lesion: only of those with one is it looked up when they had it."""
    reach, lesions = reach_of(scope, found, since) if found else NOBODY, lesions_since(clinic, since)
    exposed = exposures_of(scope, found, since, patients={lesion.patient for lesion in lesions}) if found and lesions else []
    cases = cases_among(exposed, lesions, window_days=look_back_days(library))
    rate, interval = attack_rate(len(cases), reach.patients) if reach.patients else (None, None)
    return {"reach": reach, "cases": cases, "rate": rate, "interval": interval, "lesions": lesions}


def _recalls(clinic: Any, library: Library) -> list[dict[str, Any]]:
    newest = Recall.objects.of(clinic).annotate(patients=Count("contacts")).order_by("-created_at")[:MOST_RECALLS]
    return [{"recall": row, "said": subject_in_words(row.scope, subject_of(clinic, row.scope, row.subject), library)} for row in newest]


@page(Capability.SEE_CLINICAL)
def show(request: HttpRequest, recall_id: uuid.UUID) -> HttpResponse:
    """The list of a recall: who was told what, letters, freezing, closing."""
    row = _recall_of(request, recall_id)
    if request.method != "POST":
        return _shown(request, row, {})
    return _done(request, row, str(request.POST.get("do")))


def _done(request: HttpRequest, row: Recall, do: str) -> HttpResponse:
    """One of the things that can be done on a recall; each form carries its own prefix."""
    here, form = reverse("recall:show", args=[row.pk]), _form_for(request, row, do)
    if form is None:
        return _shown(request, row, {}, status=422)
    if not form.is_valid():
        return _shown(request, row, {do: form}, status=422)
    data = form.cleaned_data
    common = {"recall": row, "by": request.user, "at": request.at, "token": data["token"], "location": here}  # type: ignore[attr-defined]
    try:
        if do == "freeze":
            freeze_lots(lots=data["lots"], **common)
        elif do == "letters":
            write_letters(phone=data["phone"], **common)
        elif do == "add":
            add_exposed(**common)
        else:
            close_recall(reason=data["reason"], **common)
    except Refused as refused:
        form.refuse(refused)
        return _shown(request, row, {do: form}, status=409)
    return HttpResponseRedirect(here)


def _form_for(request: HttpRequest, row: Recall, do: str) -> StepForm | None:
    if do == "freeze":
        return FreezeForm(request.POST, lots=_to_freeze(_lots_of(request, row), library_of(request.user.clinic)))  # type: ignore[union-attr]
    kinds: dict[str, type[StepForm]] = {"letters": LettersForm, "add": AddForm, "close": CloseForm}
    return kinds[do](request.POST) if do in kinds else None


def _lots_of(request: HttpRequest, row: Recall) -> list[Lot]:
    found = subject_of(request.user.clinic, row.scope, row.subject)  # type: ignore[union-attr, arg-type]
    return lots_of(found, row.since) if isinstance(found, Lot | Vial) else []


def _to_freeze(lots: Sequence[Lot], library: Library) -> list[tuple[Lot, str]]:
    """The lots of a recall that are still usable, with their names: its own stands first, then those mixed with it."""
    named = [(lot, ", mixed with it" if n else "") for n, lot in enumerate(lots)]
    return [(lot, " ".join(subject_in_words(Scope.LOT, lot, library)) + how) for lot, how in named if lot.state == Lot.State.USABLE]


def _shown(request: HttpRequest, row: Recall, forms: dict[str, StepForm], *, status: int = 200) -> HttpResponse:
    clinic, user = request.user.clinic, request.user  # type: ignore[union-attr]
    library = library_of(clinic)
    found = subject_of(clinic, row.scope, row.subject)  # type: ignore[arg-type]
    state = request.GET.get("state") or ""
    counts = dict(row.contacts.values_list("state").annotate(number=Count("pk")).order_by())
    contacts = row.contacts.select_related("patient").filter(**({"state": state} if state in STATES else {})).order_by("patient__search", "pk")
    beside = Paginator(contacts, SHOWN).get_page(request.GET.get("page"))
    of_page = {"patients": [one.patient_id for one in beside.object_list]}
    had = {one.patient: one for one in exposures_of(row.scope, found, row.since, **of_page)} if found else {}
    zones = zones_of(row.scope, found, row.since, **of_page) if found else {}
    weighed = _rate(clinic, row.scope, found, row.since, library)
    word, name = subject_in_words(row.scope, found, library)
    lots = lots_of(found, row.since) if isinstance(found, Lot | Vial) and not row.closed_at else []
    to_freeze, syringes = _to_freeze(lots, library), ready_syringes(lots) if lots else []
    reports = {lesion.patient: lesion.report for lesion in weighed["lesions"] if lesion.patient in weighed["cases"]}
    visits = dict(ReactionReport.objects.of(clinic).filter(pk__in=reports.values()).values_list("pk", "treatment"))
    lesions = {patient: (visits[uuid.UUID(report)], report) for patient, report in reports.items()}
    manages, follows = user.may(Capability.MANAGE_STOCK), user.may(Capability.FOLLOW_UP)  # type: ignore[union-attr]
    context = {
        "recall": row, "word": word, "name": name, "syringes": syringes, "page": beside, "state": state, **weighed,
        "rows": contact_rows(beside.object_list, had, zones, lesions, library),  # type: ignore[arg-type]
        "states": [(value, label, STATES[value], counts.get(value, 0)) for value, label in RecallContact.State.choices],
        "listed": sum(counts.values()), "not_listed": max(0, weighed["reach"].patients - sum(counts.values())) if not row.closed_at else 0,
        "to_tell": counts.get(RecallContact.State.TO_CONTACT, 0), "letters": row.letters.select_related("created_by").defer("content").order_by("-created_at"),
        "manages": manages and not row.closed_at, "follows": follows and not row.closed_at, "may_export": follows,
        "freeze": forms.get("freeze") or (FreezeForm(lots=to_freeze) if to_freeze else None),
        "write": forms.get("letters") or LettersForm(initial={"phone": clinic.phone if clinic else ""}),
        "add": forms.get("add") or AddForm(), "close": forms.get("close") or CloseForm(),
    }  # fmt: skip
    return render(request, "recall/show.html", {**context, "draft": drafts_for(request)}, status=status)


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def contact(request: HttpRequest, recall_id: uuid.UUID, contact_id: uuid.UUID) -> HttpResponse:
    """One patient of a recall: what was tried, and what came of it."""
    row = _recall_of(request, recall_id)
    one = get_object_or_404(row.contacts.select_related("patient"), pk=contact_id)
    if request.method != "POST":
        return _contact_shown(request, row, one, ContactForm())
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _contact_shown(request, row, one, form, status=422)
    here, data = reverse("recall:show", args=[row.pk]), form.cleaned_data
    try:
        record_contact(
            contact=one, state=data["state"], how=data["how"], note=data["note"], by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _contact_shown(request, row, one, form, status=409)
    return HttpResponseRedirect(here)


def _contact_shown(request: HttpRequest, row: Recall, one: RecallContact, form: ContactForm, *, status: int = 200) -> HttpResponse:
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    found = subject_of(request.user.clinic, row.scope, row.subject)  # type: ignore[union-attr, arg-type]
    of_one = {"patients": [one.patient_id]}
    had = next(iter(exposures_of(row.scope, found, row.since, **of_one)), None) if found else None
    zones = zones_of(row.scope, found, row.since, **of_one).get(one.patient_id, ()) if found else ()
    context = {
        "recall": row, "contact": one, "patient": one.patient, "form": form, "had": had, "zones": zones_in_words(zones, library),
        "said": subject_in_words(row.scope, found, library), "icon": STATES[one.state],
        "events": [(event, HOW.get(event.how, event.how)) for event in one.events.select_related("created_by").order_by("-created_at", "-pk")],
        "may_record": request.user.may(Capability.FOLLOW_UP) and not row.closed_at,  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "recall/contact.html", {**context, "draft": drafts_for(request)}, status=status)


@page(Capability.SEE_CLINICAL, write=Capability.FOLLOW_UP)
def export(request: HttpRequest, recall_id: uuid.UUID) -> HttpResponse:
    """The list as a file. By post only, so that it is noted who took it."""
    row = _recall_of(request, recall_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    export_contacts(recall=row, by=request.user, at=request.at)  # type: ignore[arg-type, attr-defined]
    library = library_of(request.user.clinic)  # type: ignore[union-attr]
    found = subject_of(request.user.clinic, row.scope, row.subject)  # type: ignore[union-attr, arg-type]
    exposed = {one.patient: one for one in exposures_of(row.scope, found, row.since)} if found else {}
    zones = zones_of(row.scope, found, row.since) if found else {}
    text = contacts_csv(row.contacts.select_related("patient").order_by("patient__search", "pk"), exposed, zones, library)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="recall-{row.created_at:%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@page(Capability.SEE_CLINICAL)
def letters(request: HttpRequest, recall_id: uuid.UUID, letters_id: uuid.UUID) -> HttpResponse:
    """The letters as they were printed, if they still are."""
    row = _recall_of(request, recall_id)
    kept = get_object_or_404(RecallLetters.objects.of(request.user.clinic), recall=row, pk=letters_id)  # type: ignore[union-attr]
    content = bytes(kept.content)
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        return render(request, "recall/broken.html", {"recall": row}, status=409)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="recall-letters-{kept.created_at:%Y-%m-%d}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@page(Capability.SEE_CLINICAL, write=Capability.DECIDE)
def alert(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponse:
    """What suspected lesions share, who has them, and the way on: find everybody, or say why not."""
    row = get_object_or_404(Alert.objects.of(request.user.clinic), pk=alert_id)  # type: ignore[union-attr]
    if request.method != "POST":
        return _alert_shown(request, row, DismissForm())
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _alert_shown(request, row, form, status=422)
    here, data = reverse("recall:alert", args=[row.pk]), form.cleaned_data
    try:
        dismiss_alert(alert=row, reason=data["reason"], by=request.user, at=request.at, token=data["token"], location=here)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _alert_shown(request, row, form, status=409)
    return HttpResponseRedirect(here)


def _alert_shown(request: HttpRequest, row: Alert, form: DismissForm, *, status: int = 200) -> HttpResponse:
    clinic = request.user.clinic  # type: ignore[union-attr]
    library = library_of(clinic)
    reports = ReactionReport.objects.of(clinic).filter(pk__in=row.reports).select_related("patient", "treatment").order_by("began_on", "pk")
    shown = alert_shown(row, clinic, library)  # type: ignore[arg-type]
    rate, interval = shown.shared.rate
    context = {
        "item": shown, "alert": row, "reports": reports, "rate": rate, "interval": interval, "form": form, "days": look_back_days(library),
        "may_dismiss": request.user.may(Capability.DECIDE) and row.dismissed_at is None,  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "recall/alert.html", {**context, "draft": drafts_for(request)}, status=status)


def _recall_of(request: HttpRequest, recall_id: uuid.UUID) -> Recall:
    row = Recall.objects.of(request.user.clinic).filter(pk=recall_id).first()  # type: ignore[union-attr]
    if row is None:
        raise Http404
    return row
