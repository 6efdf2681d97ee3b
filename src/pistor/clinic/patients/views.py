"""Find, add and edit patients; a patient's page; begin a course."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from pistor.actions.consultation import add_patient, edit_patient
from pistor.actions.core import Refused, Stale, lead_to_result
from pistor.actions.course import local_day, start_course
from pistor.care.codes import of_patient
from pistor.clinic.patients.forms import EditForm, NewPatientForm, SearchForm, StartForm
from pistor.clinic.patients.presenters import courses_shown, one_page
from pistor.clinic.shared.access import page, patient_of
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.frame import banner_of
from pistor.clinic.shared.templatetags.pistor import day
from pistor.exchange.labels import label_pdf
from pistor.exchange.symbols import symbol_on_screen
from pistor.records.consultation import Patient, search_key
from pistor.records.people import Capability
from pistor.records.search import begins_with, find_patients

EDITED = ("family_name", "given_name", "birth_date", "sex", "phone", "email", "language", "deceased_on")


@page(Capability.SEE_PATIENTS)
def list_(request: HttpRequest) -> HttpResponse:
    """Search by post, so that no name stands in an address."""
    form = SearchForm(request.POST or None)
    if form.is_bound and not form.is_valid():
        errors = [error for found in form.errors.values() for error in found]
        return render(request, "patients/list.html", {"form": form, "errors": errors}, status=422)
    asked = form.cleaned_data if form.is_bound else {"q": "", "go": "", "place": None}
    found = find_patients(request.user.clinic, asked["q"])  # type: ignore[union-attr, arg-type]
    return render(request, "patients/list.html", {"query": asked["q"], "form": form, **one_page(found, asked)})


@page(Capability.EDIT_PATIENTS)
def new(request: HttpRequest) -> HttpResponse:
    form = NewPatientForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        return _form_page(request, "patients/new.html", {"form": form})
    lead_to_result(by=request.user, token=form.cleaned_data["token"])  # type: ignore[arg-type]
    alike = _alike(request, form.cleaned_data)
    if alike and not form.cleaned_data["same_person_checked"]:
        form.data = form.data.copy()
        form.data["same_person_checked"] = "on"
        return _form_page(request, "patients/new.html", {"form": form, "alike": alike}, status=409)
    fields = {name: value for name, value in form.cleaned_data.items() if name in EDITED}
    try:
        patient = add_patient(by=request.user, at=request.at, token=form.cleaned_data["token"], **fields)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        form.refuse(refused)
        return _form_page(request, "patients/new.html", {"form": form}, status=409)
    return HttpResponseRedirect(f"/patients/{patient.pk}/")


def _form_page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The form with the draft of it, or with what has to be corrected."""
    status = 422 if status == 200 and context["form"].is_bound else status
    return render(request, template, {**context, "draft": drafts_for(request)}, status=status)


def _whose(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    """The patient, with the banner for those who may see clinical facts."""
    clinical = request.user.may(Capability.SEE_CLINICAL)  # type: ignore[union-attr]
    today = local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]
    return {"patient": patient, "clinical": clinical, "banner": banner_of(patient, today) if clinical else ()}


def _alike(request: HttpRequest, given: dict[str, Any]) -> list[Patient]:
    """Patients already here with the same names, or the same family name and date of birth."""
    family, names, born = search_key(given["family_name"]), search_key(given["family_name"], given["given_name"]), given["birth_date"]
    same = begins_with(f"{names} ")
    if born:
        same |= begins_with(f"{family} ") & Q(birth_date=born)
    return list(Patient.objects.of(request.user.clinic).filter(same).order_by("pk")[:10])  # type: ignore[union-attr]


@page(Capability.EDIT_PATIENTS)
def edit(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    patient = patient_of(request, patient_id)
    initial = {name: getattr(patient, name) for name in EDITED}
    form = EditForm(request.POST or None, initial=initial, version=patient.version)
    if not form.is_bound or not form.is_valid():
        return _form_page(request, "patients/edit.html", {"form": form, **_whose(request, patient)})
    fields = {name: form.cleaned_data[name] for name in EDITED}
    try:
        taken = {"token": form.cleaned_data["token"], "version": form.cleaned_data["version"]}
        edit_patient(by=request.user, at=request.at, patient=patient, **taken, **fields)  # type: ignore[arg-type, attr-defined]
    except Refused as refused:
        now = patient_of(request, patient_id)
        form.refuse(refused, version=now.version)
        differ = [name for name in EDITED if getattr(now, name) != fields[name]] if isinstance(refused, Stale) else []
        theirs = [(form.fields[name].label, getattr(now, name)) for name in differ]
        return _form_page(request, "patients/edit.html", {"form": form, **_whose(request, now), "theirs": theirs}, status=409)
    return HttpResponseRedirect(f"/patients/{patient.pk}/")


@page(Capability.SEE_PATIENTS)
def show(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """Front desk sees who and when; clinical roles see what."""
    patient = patient_of(request, patient_id)
    whose = _whose(request, patient)
    context = {
        **whose,
        "may_start": request.user.may(Capability.DECIDE),  # type: ignore[union-attr]
        "symbol": symbol_on_screen(str(of_patient(patient.number))),
        "courses": courses_shown(patient, clinical=whose["clinical"]),
    }
    return render(request, "patients/show.html", context)


@page(Capability.SEE_PATIENTS)
def label(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    """The label whose code is read before the needle: name, date of birth and number."""
    patient = patient_of(request, patient_id)
    born = f"born {day(patient.birth_date)}" if patient.birth_date else "born: not recorded"
    pdf = label_pdf(title=str(patient)[:60], code=str(of_patient(patient.number)), shown=patient.number, lines=[born, patient.clinic.name[:30]])
    disposition = {"Content-Disposition": 'inline; filename="patient.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=disposition)


@page(Capability.DECIDE)
def start(request: HttpRequest, patient_id: uuid.UUID) -> HttpResponse:
    patient = patient_of(request, patient_id)
    form = StartForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        return _form_page(request, "patients/start.html", {"form": form, **_whose(request, patient)})
    indication, _, zone = form.cleaned_data["indication"].partition(":")
    try:
        visit = start_course(
            by=request.user,  # type: ignore[arg-type]
            at=request.at,  # type: ignore[attr-defined]
            token=form.cleaned_data["token"],
            patient=patient,
            indication=indication,
            zone=zone,
            protocol=form.cleaned_data["protocol"] or None,
            goal=form.cleaned_data["goal"],
        )
    except Refused as refused:
        form.refuse(refused)
        return _form_page(request, "patients/start.html", {"form": form, **_whose(request, patient)}, status=409)
    return HttpResponseRedirect(f"/visits/{visit.pk}/")
