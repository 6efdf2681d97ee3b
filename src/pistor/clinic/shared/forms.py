"""The form every step uses: taken once, never over a newer state, and kind to what was typed."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pistor.actions.core import Refused
from pistor.knowledge.typed import decimal_of

CHANGED = "This page was changed on its way. Reload it and save again."


class Line(forms.TextInput):
    """One line of text, drawn without a template: a consultation has seventy of them."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        written = self.format_value(value)
        given = {"type": "text", "name": name, **({"value": str(written)} if written is not None else {})}
        return format_html("<input{}>", flatatt({**given, **self.build_attrs(self.attrs, attrs)}))


class Number(forms.DecimalField):
    """A number typed with a point or a comma. A field of text, because a browser's own number field drops what it cannot read."""

    widget = forms.TextInput
    default_error_messages = {"invalid": "Enter a number, for example 0.5."}

    def to_python(self, value: Any) -> Decimal | None:
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        try:
            return super().to_python(str(decimal_of(value)))
        except ValueError as problem:
            raise forms.ValidationError(f"{problem} {self.error_messages['invalid']}", code="invalid") from None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}


class SignInForm(AuthenticationForm):
    """Stops a name that nobody can have before the count of wrong passwords would be asked to store it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].validators.append(MaxLengthValidator(150))


class DescribedForm(forms.Form):
    """Every field says what describes it, its hint and its error, by the ids that ``{% field %}`` gives them."""

    use_required_attribute = False

    def full_clean(self) -> None:
        """As always; then the errors are known. Subclasses may add fields after ``__init__``."""
        super().full_clean()
        self._describe()

    def __getitem__(self, name: str) -> forms.BoundField:
        self._describe(name)
        return super().__getitem__(name)

    def _describe(self, *names: str) -> None:
        for name in names or tuple(self.fields):
            field = self.fields.get(name)
            if field is None or field.widget.is_hidden:
                continue
            described = [f"id_{self.add_prefix(name)}_hint"] if field.help_text else []
            if self._errors and name in self._errors:
                field.widget.attrs["aria-invalid"] = "true"
                described.append(f"id_{self.add_prefix(name)}_error")
            if described:
                field.widget.attrs["aria-describedby"] = " ".join(described)


class StepForm(DescribedForm):
    """A form with a ``token`` (a second copy writes nothing) and a ``version`` (a stale page overwrites nothing).

    Render it with ``{% form_head form %}`` and ``{% field form.name %}``. The browser's own validation is off: errors come
    from the server, in a summary that takes the focus, and everything typed is kept.
    """

    token = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": CHANGED, "invalid": CHANGED})
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, error_messages={"invalid": CHANGED})

    def __init__(self, *args: Any, version: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].initial = uuid.uuid4
        self.fields["version"].initial = version

    def refuse(self, refused: Refused, *, version: int | None = None) -> None:
        """Show why the action was refused, keep what was typed, and let the next save build on the newer version."""
        for reason in refused.reasons:
            self.add_error(None, reason)
        self.data = self.data.copy()  # type: ignore[union-attr]
        self.data[self.add_prefix("token")] = str(uuid.uuid4())
        if version is not None:
            self.data[self.add_prefix("version")] = str(version)
