from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

from pistor.actions.stock import REASONS, RELEASING, WASTED, NewProduct
from pistor.care.codes import Unreadable, gtin_of
from pistor.care.stock import UNITS, plain
from pistor.clinic.shared.forms import CHANGED, DescribedForm, Number, StepForm
from pistor.records.stock import Lot, Product

STATES = [
    (Lot.State.USABLE, "Usable"),
    (Lot.State.QUARANTINED, "In quarantine: not to be used until it is released"),
    (Lot.State.RECALLED, "Recalled: never to be used again; this cannot be taken back"),
]
NEW = "new"


class LotStateForm(StepForm):
    shown = forms.CharField(max_length=12, widget=forms.HiddenInput, error_messages={"required": CHANGED})
    state = forms.ChoiceField(label="From now on this lot is", choices=STATES, widget=forms.RadioSelect, error_messages={"required": "Choose one."})
    reason = forms.ChoiceField(label="Why", choices=list(REASONS.items()), widget=forms.RadioSelect, error_messages={"required": "Choose the reason."})

    def __init__(self, *args: Any, now: str, **kwargs: Any) -> None:
        """``now`` is the lot's state: only what would change it is offered, with the reasons that can fit."""
        super().__init__(*args, **kwargs)
        self.fields["shown"].initial = now
        self.fields["state"].widget.choices = [choice for choice in STATES if choice[0] != now]  # type: ignore[attr-defined]
        self.fields["reason"].widget.choices = [item for item in REASONS.items() if now != Lot.State.USABLE or item[0] not in RELEASING]  # type: ignore[attr-defined]


class CodeForm(DescribedForm):
    """A code that was typed, scanned or photographed."""

    code = forms.CharField(
        label="Code", max_length=500, required=False, strip=False, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Scan the square code, or type what is printed: a package, or one of our labels such as V 4K7Q2 M9XTB.",
    )  # fmt: skip
    picture = forms.FileField(
        label="Or a picture of the code", required=False, widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
        help_text="It is read and not kept.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("picture") and not (data.get("code") or "").strip() and not self.errors:
            self.add_error("code", "Scan or type a code, or choose a picture of it.")
        return data


class Amount(Number):
    """So much in the unit of the product."""

    def __init__(self, label: str, unit: str, *, least: Decimal | None = None, **kwargs: Any) -> None:
        super().__init__(label=f"{label}, {UNITS[unit]}", min_value=least, max_digits=9, decimal_places=3, **kwargs)
        self.error_messages["required"] = "Enter a number."


def _plain(units: Decimal | None) -> str:
    return "" if units is None else plain(units)


class ReceiveForm(StepForm):
    """A delivery of one lot: of a product on the clinic's list, or of a new one."""

    product = forms.ChoiceField(label="Product", error_messages={"required": "Choose the product, or that it is a new one."})
    presentation = forms.ChoiceField(label="What it is", required=False, help_text="As the library knows it; nothing for single-use items.")
    name = forms.CharField(label="Name on the package", max_length=200, required=False)
    gtin = forms.CharField(label="Article number (GTIN)", max_length=20, required=False, help_text="The digits below the bars.")
    unit = forms.ChoiceField(label="Counted in", choices=[("", "Choose…"), *UNITS.items()], required=False)
    prescription = forms.ChoiceField(label="Prescription", choices=Product.Prescription.choices, initial=Product.Prescription.NOT_SAID, required=False)
    storage = forms.CharField(label="How it is stored", max_length=200, required=False, help_text="As the package says, for example 2 to 8 °C.")
    lot_number = forms.CharField(label="Lot number", max_length=60, error_messages={"required": "Enter the lot number as it stands on the package."})
    expires_on = forms.DateField(
        label="Expires on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), help_text="Where only a month is printed, its last day.",
        error_messages={"required": "Enter the day of expiry; where only a month is printed, its last day."},
    )  # fmt: skip
    manufacturer = forms.CharField(label="Manufacturer", max_length=120, required=False)
    containers = forms.IntegerField(
        label="How many vials, ampoules or packs", min_value=1, max_value=10_000, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "Enter how many came.", "invalid": "Enter a whole number."},
    )  # fmt: skip
    container_units = Number(label="Each holds", max_digits=9, decimal_places=3, required=False, help_text="In its unit. Empty: as before.")

    def __init__(self, *args: Any, products: Iterable[Product], presentations: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(product.pk): product for product in products}
        listed = [(key, _named(product)) for key, product in self.known.items()]
        self.fields["product"].choices = [("", "Choose…"), *listed, (NEW, "A product that is not on the list yet")]  # type: ignore[attr-defined]
        self.fields["presentation"].choices = [("", "A single-use item: needles, syringes, rollers…"), *presentations]  # type: ignore[attr-defined]

    def clean_gtin(self) -> str:
        typed = self.cleaned_data["gtin"].strip()
        try:
            return gtin_of(typed) if typed else ""
        except Unreadable as refused:
            raise forms.ValidationError(str(refused)) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        product = self.known.get(data.get("product", ""))
        if product is None and data.get("product") == NEW and not data.get("unit"):
            self.add_error("unit", "Choose the unit in which it is counted. It stays for ever.")
        if data.get("container_units") is None and "container_units" not in self.errors:
            if product is not None and product.container_units is not None:
                data["container_units"] = product.container_units
            elif data.get("product"):
                self.add_error("container_units", "Enter how much each holds, as it stands on the package.")
        return data

    def what(self) -> tuple[Product | NewProduct, str]:
        """The product and its unit. Only after ``is_valid``."""
        data = self.cleaned_data
        product = self.known.get(data["product"])
        if product is not None:
            return product, product.unit
        new = NewProduct(
            data["presentation"], data["name"], data["gtin"], data["unit"], data["prescription"] or Product.Prescription.NOT_SAID, data["storage"]
        )
        return new, data["unit"]


def _named(product: Product) -> str:
    holds = f", {plain(product.container_units)} {product.unit} each" if product.container_units else f", in {product.unit}"
    return product.name + holds


class OpenForm(StepForm):
    """An opened container: what it holds, for whom, and until when it may be used where somebody knows that."""

    patient = forms.CharField(label="Patient number", max_length=40, error_messages={"required": "Enter the number of the patient it is for."})
    discard_after = forms.DateTimeField(
        label="May be used until", required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Leave it empty where you do not know: nothing is assumed.",
    )  # fmt: skip
    discard_basis = forms.CharField(label="Who says so", max_length=200, required=False, help_text="The label, the pharmacy, or a rule of your own.")

    def __init__(self, *args: Any, lot: Lot, single_patient: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["container_units"] = Amount("The container holds", lot.product.unit, initial=_plain(lot.product.container_units))
        self.order_fields(["container_units", "patient"])
        if not single_patient:
            self.fields["patient"].required = False
            self.fields["patient"].help_text = "Empty where it may serve several. One patient a vial is safer."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("discard_after") and not data.get("discard_basis"):
            self.add_error("discard_basis", "Say who says so: the label, the pharmacy, or a rule of your own.")
        return data


class FoundForm(StepForm):
    """What somebody found: on the shelf, or in a vial."""

    def __init__(self, *args: Any, label: str, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["found"] = Amount(label, unit, least=Decimal(0))


class WasteForm(StepForm):
    reason = forms.ChoiceField(label="Why", choices=list(WASTED.items()), widget=forms.RadioSelect, error_messages={"required": "Choose the reason."})

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["units"] = Amount("How much", unit, least=Decimal("0.001"))
        self.order_fields(["units", "reason"])


class ExplainForm(StepForm):
    explanation = forms.CharField(
        label="What explains it", max_length=300, widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": "Write what explains the difference."}
    )


class ProductForm(StepForm):
    prescription = forms.ChoiceField(label="Prescription", choices=Product.Prescription.choices, widget=forms.RadioSelect)
    storage = forms.CharField(label="How it is stored", max_length=200, required=False)

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["container_units"] = Amount("One container holds", product.unit, required=False, initial=_plain(product.container_units))
        self.fields["par_units"] = Amount("Order again below", product.unit, required=False, initial=_plain(product.par_units))
        self.fields["prescription"].initial, self.fields["storage"].initial = product.prescription, product.storage
        self.order_fields(["par_units", "container_units", "storage", "prescription"])


def first_values(gtin: str, lot: str, expires_on: dt.date | None, products: Iterable[Product]) -> dict[str, Any]:
    """What a scanned package says, as the receiving form begins with it."""
    known = next((product for product in products if gtin and product.gtin == gtin), None)
    chosen = {"product": str(known.pk)} if known else {"product": NEW, "gtin": gtin} if gtin else {}
    return {**chosen, "lot_number": lot, "expires_on": expires_on}
