"""The clinic's shelf: what to do about it, receiving by scan or by hand, each lot, each opened vial, and what does not fit."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from pistor.actions.core import Refused
from pistor.actions.course import local_day
from pistor.actions.stock import close_vial, count, describe_product, open_vial, receive, resolve_discrepancy, set_lot_state, waste
from pistor.care.codes import Code, OwnCode, Unclear, Unreadable, id_of, parse
from pistor.clinic.shared.access import page
from pistor.clinic.shared.drafts import drafts_for
from pistor.clinic.shared.forms import StepForm
from pistor.clinic.shared.scanning import scans
from pistor.clinic.stock import presenters
from pistor.clinic.stock.forms import (
    NEW,
    CodeForm,
    ExplainForm,
    FoundForm,
    LotStateForm,
    OpenForm,
    ProductForm,
    ReceiveForm,
    WasteForm,
    first_values,
)
from pistor.exchange.symbols import NoSymbol, read_picture
from pistor.records.consultation import Patient
from pistor.records.library import library_of
from pistor.records.people import Capability
from pistor.records.stock import Discrepancy, Lot, Product, Vial

C = Capability
SHOWN = 300  # lots on one page


class SeeOther(HttpResponseRedirect):
    """Leads on without having saved anything."""

    status_code = HTTPStatus.SEE_OTHER


@scans
@page(C.SEE_CLINICAL)
def list_(request: HttpRequest) -> HttpResponse:
    """What somebody has to do about the shelf, then each product with its lots, the first to expire first."""
    lots = list(Lot.objects.of(request.user.clinic).select_related("product").order_by("product__name", "expires_on", "lot_number")[: SHOWN + 1])  # type: ignore[union-attr]
    open_vials = list(Vial.objects.of(request.user.clinic).filter(closed_at=None).select_related("lot__product", "patient").order_by("opened_at")[:SHOWN])  # type: ignore[union-attr]
    differences = Discrepancy.objects.of(request.user.clinic).filter(resolved_at=None).select_related("lot__product").order_by("created_at")[:SHOWN]  # type: ignore[union-attr]
    every = "all" in request.GET
    context = {
        **presenters.shelf(lots[:SHOWN], _today(request), every=every), "more": len(lots) > SHOWN, "every": every, "code_form": CodeForm(),
        "vials": presenters.vial_rows(open_vials, request.at), "differences": differences, "may_keep": _may(request, C.KEEP_STOCK),  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "stock/list.html", context)


@scans
@page(C.SEE_CLINICAL)
def scan(request: HttpRequest) -> HttpResponse:
    """Leads from a code to what it stands on. A package that is not on the shelf leads to receiving it.

    For scripts that ask for JSON: ``{"code": its text}``, or ``{"error": a sentence}`` with 422.
    """
    if request.method != "POST":
        return render(request, "stock/scan.html", {"code_form": CodeForm()})
    form = CodeForm(request.POST, request.FILES)
    problem = ""
    if form.is_valid():
        try:
            text = read_picture(form.cleaned_data["picture"].read()) if form.cleaned_data["picture"] else form.cleaned_data["code"]
            to = _leads_to(request, text)
            return JsonResponse({"code": text}) if _asks_json(request) else SeeOther(to)
        except (NoSymbol, Unreadable) as refused:
            problem = str(refused)
            form.add_error("picture" if isinstance(refused, NoSymbol) else "code", problem)
    if _asks_json(request):
        return JsonResponse({"error": problem or "Scan or type a code, or choose a picture of it."}, status=422)
    return render(request, "stock/scan.html", {"code_form": form}, status=422)


def _asks_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _leads_to(request: HttpRequest, text: str) -> str:
    clinic = request.user.clinic  # type: ignore[union-attr]
    receiving = f"{reverse('stock:receive')}?{urlencode({'code': text})}"
    try:
        found = parse(text, _today(request))
    except Unclear:
        return receiving  # which keeps what is sure, and says what is not
    if isinstance(found, Code):
        lot = Lot.objects.of(clinic).filter(product__gtin=found.gtin, lot_number=found.lot).first() if found.gtin and found.lot else None
        return reverse("stock:show", args=[lot.pk]) if lot else receiving
    return _leads_to_own(request, found)


def _leads_to_own(request: HttpRequest, found: OwnCode) -> str:
    clinic = request.user.clinic  # type: ignore[union-attr]
    if found.kind == "V" and (vial := Vial.objects.of(clinic).filter(code=found.code).first()):
        return reverse("stock:vial", args=[vial.pk])
    if found.kind == "L" and (lot := Lot.objects.of(clinic).filter(pk=id_of(found)).first()):
        return reverse("stock:show", args=[lot.pk])
    if found.kind in ("V", "L"):
        raise Unreadable("This label is not of this clinic, or a sign is wrong. Type it again as it is printed.")
    raise Unreadable("This code stands on no package and no vial, so it leads nowhere in the stock.")


@scans
@page(C.SEE_CLINICAL, write=C.KEEP_STOCK)
def receive_(request: HttpRequest) -> HttpResponse:
    """A delivery, by scan or by hand: what the code says stands in the form, and the rest is typed."""
    products = list(Product.objects.of(request.user.clinic).order_by("name"))  # type: ignore[union-attr]
    presentations = sorted(((key, entry.name) for key, entry in library_of(request.user.clinic).presentations.items()), key=lambda item: item[1])  # type: ignore[union-attr]
    given: dict[str, Any] = {"products": products, "presentations": presentations}
    read, said = _read_package(request)
    if request.method != "POST":
        return _receiving(request, ReceiveForm(initial=first_values(read.gtin, read.lot, read.expires_on, products), **given), read, said)
    form = ReceiveForm(request.POST, **given)
    if not form.is_valid():
        return _receiving(request, form, read, said, status=422)
    data = form.cleaned_data
    product, unit = form.what()
    try:
        lot = receive(
            product=product, unit=unit, **{name: data[name] for name in ("lot_number", "expires_on", "containers", "container_units", "manufacturer")},
            by=request.user, at=request.at, token=data["token"], location=reverse("stock:list"),  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _receiving(request, form, read, said, status=409)
    return HttpResponseRedirect(reverse("stock:show", args=[lot.pk]))


def _read_package(request: HttpRequest) -> tuple[Code, str]:
    """What a code in the address says of a package, and what could not be read of it."""
    text = request.GET.get("code", "")
    if not text:
        return Code(), ""
    try:
        found = parse(text, _today(request))
    except Unclear as unclear:
        return unclear.sure, str(unclear)
    except Unreadable as refused:
        return Code(), str(refused)
    return (found, "") if isinstance(found, Code) else (Code(), "This is a label of ours. Scan the code on the package.")


def _receiving(request: HttpRequest, form: ReceiveForm, read: Code, said: str, *, status: int = 200) -> HttpResponse:
    """The page. Each package has a draft of its own, so that what was typed of one is never put into the form of another."""
    new, code = form["product"].value() == NEW, request.GET.get("code", "")
    context = {
        "form": form, "code_form": CodeForm(), "read": read, "said": said, "new": new, "may_keep": _may(request, C.KEEP_STOCK),
        "draft_name": f"receive-{hashlib.sha256(code.encode()).hexdigest()[:16]}" if code else "receive", "draft": drafts_for(request),
    }  # fmt: skip
    return render(request, "stock/receive.html", context, status=status)


@page(C.SEE_CLINICAL, write=C.MANAGE_STOCK)
def show(request: HttpRequest, lot_id: uuid.UUID) -> HttpResponse:
    lot = _lot(request, lot_id)
    if request.method != "POST":
        return _shown(request, lot, LotStateForm(now=lot.state))
    form = LotStateForm(request.POST, now=lot.state)
    if not form.is_valid():
        return _shown(request, lot, form, status=422)
    here, data = reverse("stock:show", args=[lot.pk]), form.cleaned_data
    try:
        set_lot_state(
            lot=lot, state=data["state"], reason=data["reason"], shown=data["shown"], by=request.user, at=request.at, token=data["token"], location=here,  # type: ignore[arg-type, attr-defined]
        )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        lot.refresh_from_db()
        form.data["shown"] = lot.state
        return _shown(request, lot, form, status=409)
    return HttpResponseRedirect(here)


def _shown(request: HttpRequest, lot: Lot, form: LotStateForm, *, status: int = 200) -> HttpResponse:
    may_change = _may(request, C.MANAGE_STOCK)
    vials = list(lot.vials.select_related("patient").order_by("-opened_at")[:SHOWN])
    context = {
        **presenters.lot_page(lot, _today(request)), "form": form, "vials": presenters.vial_rows(vials, request.at, lot=lot),  # type: ignore[attr-defined]
        "may_change": may_change and (lot.state != Lot.State.RECALLED or form.is_bound), "may_keep": _may(request, C.KEEP_STOCK),
        "draft": drafts_for(request),
    }  # fmt: skip
    return render(request, "stock/show.html", context, status=status)


@page(C.SEE_CLINICAL)
def lot_label(request: HttpRequest, lot_id: uuid.UUID) -> HttpResponse:
    return _pdf(presenters.lot_label(_lot(request, lot_id)))


@page(C.SEE_CLINICAL, write=C.KEEP_STOCK)
def open_(request: HttpRequest, lot_id: uuid.UUID) -> HttpResponse:
    lot = _lot(request, lot_id)
    single = presenters.serves_one_patient(lot)

    def act(form: StepForm, **common: Any) -> str:
        data = form.cleaned_data
        patient = None
        if data["patient"]:
            patient = Patient.objects.of(request.user.clinic).filter(number=data["patient"].strip()).first()  # type: ignore[union-attr]
            if patient is None:
                raise Refused(f"No patient of this clinic has the number “{data['patient'].strip()}”. It stands beside the name in the list of patients.")
        more = {name: data[name] for name in ("container_units", "discard_after", "discard_basis")}
        vial = open_vial(lot=lot, patient=patient, **more, **common)
        return reverse("stock:vial", args=[vial.pk])

    words = {"title": "Open a vial", "button": "Open the vial", "about": presenters.lot_line(lot), "back": reverse("stock:show", args=[lot.pk])}
    return _act(request, words, lambda *args: OpenForm(*args, lot=lot, single_patient=single), act)


@page(C.SEE_CLINICAL, write=C.KEEP_STOCK)
def count_(request: HttpRequest, lot_id: uuid.UUID) -> HttpResponse:
    lot = _lot(request, lot_id)
    unit, here = lot.product.unit, reverse("stock:show", args=[lot.pk])

    def act(form: StepForm, **common: Any) -> str:
        difference = count(lot=lot, found=form.cleaned_data["found"], unit=unit, **common)
        return reverse("stock:difference", args=[difference.pk]) if difference else here

    hint = "Closed containers only, all together. What is in an opened vial is told when the vial is closed."
    words = {"title": "Count a lot", "button": "Save the count", "about": presenters.lot_line(lot), "hint": hint, "back": here}
    return _act(request, words, lambda *args: FoundForm(*args, label="On the shelf", unit=unit), act)


@page(C.SEE_CLINICAL, write=C.KEEP_STOCK)
def waste_(request: HttpRequest, lot_id: uuid.UUID) -> HttpResponse:
    lot = _lot(request, lot_id)
    here = reverse("stock:show", args=[lot.pk])
    words = {"title": "Throw away from the shelf", "button": "Book as waste", "about": presenters.lot_line(lot), "back": here}
    return _wasting(request, words, lot, None)


@page(C.SEE_CLINICAL)
def vial(request: HttpRequest, vial_id: uuid.UUID) -> HttpResponse:
    row = _vial(request, vial_id)
    return render(request, "stock/vial.html", {**presenters.vial_page(row, request.at), "may_keep": _may(request, C.KEEP_STOCK)})  # type: ignore[attr-defined]


@page(C.SEE_CLINICAL)
def vial_label(request: HttpRequest, vial_id: uuid.UUID) -> HttpResponse:
    return _pdf(presenters.vial_label(_vial(request, vial_id)))


@page(C.SEE_CLINICAL, write=C.KEEP_STOCK)
def close(request: HttpRequest, vial_id: uuid.UUID) -> HttpResponse:
    row = _vial(request, vial_id)
    unit, here = row.lot.product.unit, reverse("stock:vial", args=[row.pk])

    def act(form: StepForm, **common: Any) -> str:
        difference = close_vial(vial=row, found=form.cleaned_data["found"], unit=unit, **common)
        return reverse("stock:difference", args=[difference.pk]) if difference else here

    hint = "What is left in it is thrown away. With what was drawn and wasted it should make the whole vial; where it does not, the next page asks why."
    words = {"title": "Close a vial", "button": "Close the vial", "about": presenters.vial_line(row), "hint": hint, "back": here}
    return _act(request, words, lambda *args: FoundForm(*args, label="Found in it", unit=unit), act)


@page(C.SEE_CLINICAL, write=C.KEEP_STOCK)
def waste_of_vial(request: HttpRequest, vial_id: uuid.UUID) -> HttpResponse:
    row = _vial(request, vial_id)
    here = reverse("stock:vial", args=[row.pk])
    words = {"title": "Throw away from a vial", "button": "Book as waste", "about": presenters.vial_line(row), "back": here}
    return _wasting(request, words, row.lot, row)


@page(C.SEE_CLINICAL, write=C.MANAGE_STOCK)
def product(request: HttpRequest, product_id: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(Product.objects.of(request.user.clinic), pk=product_id)  # type: ignore[union-attr]
    here = reverse("stock:product", args=[row.pk])

    def act(form: StepForm, **common: Any) -> str:
        describe_product(product=row, **{name: form.cleaned_data[name] for name in ("container_units", "par_units", "prescription", "storage")}, **common)
        return here

    words = {"title": row.name, "button": "Save the product", "product": row, "back": reverse("stock:list")}
    return _act(request, words, lambda *args: ProductForm(*args, product=row), act)


@page(C.SEE_CLINICAL, write=C.MANAGE_STOCK)
def difference(request: HttpRequest, discrepancy_id: uuid.UUID) -> HttpResponse:
    rows = Discrepancy.objects.of(request.user.clinic).select_related("lot__product", "vial", "created_by", "resolved_by")  # type: ignore[union-attr]
    row = get_object_or_404(rows, pk=discrepancy_id)

    def act(form: StepForm, **common: Any) -> str:
        resolve_discrepancy(discrepancy=row, explanation=form.cleaned_data["explanation"], **common)
        return reverse("stock:show", args=[row.lot_id])

    words = {"title": "A difference in the stock", "button": "Save the explanation", "difference": row, "back": reverse("stock:show", args=[row.lot_id])}
    return _act(request, words, ExplainForm, act, shown=row.resolved_at is None)


def _act(
    request: HttpRequest, words: dict[str, Any], form_of: Callable[..., StepForm], act: Callable[..., str], *, shown: bool = True
) -> HttpResponse:
    """A page with one form and one thing to do. ``act`` does it and says where to go on."""
    form, status = (form_of(), HTTPStatus.OK) if request.method != "POST" else (form_of(request.POST), HTTPStatus.UNPROCESSABLE_ENTITY)
    if form.is_bound and form.is_valid():
        try:
            return HttpResponseRedirect(act(form, by=request.user, at=request.at, token=form.cleaned_data["token"], location=words["back"]))  # type: ignore[attr-defined]
        except Refused as refused:
            form.refuse(refused)
            status = HTTPStatus.CONFLICT
    visible = [form[name] for name in form.fields if not form[name].is_hidden]
    may = _may(request, C.MANAGE_STOCK if "difference" in words or "product" in words else C.KEEP_STOCK)
    context = {**words, "form": form, "visible": visible, "shown": shown, "may": may, "draft": drafts_for(request)}
    return render(request, "stock/act.html", context, status=status)


def _wasting(request: HttpRequest, words: dict[str, Any], lot: Lot, row: Vial | None) -> HttpResponse:
    def act(form: StepForm, **common: Any) -> str:
        waste(lot=lot, vial=row, units=form.cleaned_data["units"], unit=lot.product.unit, reason=form.cleaned_data["reason"], **common)
        return str(words["back"])

    return _act(request, words, lambda *args: WasteForm(*args, unit=lot.product.unit), act)


def _lot(request: HttpRequest, lot_id: uuid.UUID) -> Lot:
    lot = Lot.objects.of(request.user.clinic).select_related("product").filter(pk=lot_id).first()  # type: ignore[union-attr]
    if lot is None:
        raise Http404
    return lot


def _vial(request: HttpRequest, vial_id: uuid.UUID) -> Vial:
    vials = Vial.objects.of(request.user.clinic).select_related("lot__product", "patient")  # type: ignore[union-attr]
    found: Vial = get_object_or_404(vials, pk=vial_id)
    return found


def _pdf(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="label.pdf"'})


def _today(request: HttpRequest) -> Any:
    return local_day(request.user, request.at)  # type: ignore[arg-type, attr-defined]


def _may(request: HttpRequest, capability: Capability) -> bool:
    return bool(request.user.may(capability))  # type: ignore[union-attr]
