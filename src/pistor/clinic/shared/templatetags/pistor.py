"""Template tags for what every page shows the same way: findings, grades, numbers, dates, forms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms, template
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from pistor.care.evidence import Effect, Finding, SourceRef, cited
from pistor.clinic.shared.icons import ICONS
from pistor.knowledge import load
from pistor.records.library import library_of

register = template.Library()

EFFECTS = {
    Effect.CONTRAINDICATED: ("octagon", "Do not treat"),
    Effect.REFER: ("arrow", "Refer"),
    Effect.ASK: ("question", "Not known yet"),
    Effect.CAUTION: ("triangle", "Take care"),
    Effect.INFORM: ("info", "Good to know"),
}
VERDICTS = {
    "eligible": ("check", "Eligible"),
    "eligible_with_conditions": ("triangle", "Eligible with conditions"),
    "refer": ("arrow", "Refer"),
    "not_eligible": ("octagon", "Not eligible"),
    "cannot_tell": ("question", "Cannot tell yet"),
}

LEVELS = {
    "emergency": ("octagon", "Emergency: now"),
    "today": ("problem", "See today"),
    "this_week": ("triangle", "Book within 7 days"),
    "advice": ("info", "Advice"),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon beside a word; the word says it, so the picture is hidden from screen readers."""
    drawing = mark_safe(ICONS[name])  # noqa: S308 - our own drawings
    return format_html('<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">{}</svg>', drawing)


@register.filter
def amount(value: Any) -> str:
    """A number that cannot be misread: leading zero, no trailing zero, thin space between thousands."""
    if value is None or value == "":
        return "–"
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return str(value)
    whole, _, part = f"{number:f}".partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", "\u202f") if len(digits) > 4 else digits
    part = part.rstrip("0")
    return f"{sign}{grouped}.{part}" if part else f"{sign}{grouped}"


@register.filter
def day(value: dt.date | dt.datetime | str | None) -> str:
    """A date as 23 Nov 2026; of a moment, the day it was in the clinic."""
    if not value:
        return ""
    if isinstance(value, str):
        value = dt.date.fromisoformat(value[:10])
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return f"{value.day} {value:%b %Y}"


UNITS = {"d": "days", "deg": "°", "cm2": "cm²", "mg/cm2": "mg/cm²", "hairs/cm2": "hairs/cm²"}


@register.filter
def unit(value: str) -> str:
    """A unit as people write it; the knowledge base keeps it in plain letters."""
    return UNITS.get(value, value)


@register.filter
def words(value: Any) -> str:
    """An id as words: ``neck_pain`` is neck pain."""
    return str(value).replace("_", " ")


@register.simple_tag(takes_context=True)
def name_of(context: template.Context, kind: str, id_: str) -> str:
    """The name of an entry as this clinic knows it, or its id as words where it is not there (any more)."""
    entry = getattr(library_of(context.get("clinic")), kind).get(id_)
    return getattr(entry, "name", None) or words(id_)


@register.filter
def level(value: str) -> str:
    """How soon a reaction must be seen, in words."""
    return LEVELS[value][1]


@register.filter
def level_icon(value: str) -> SafeString:
    return icon(LEVELS[value][0])


@register.inclusion_tag("shared/finding.html", takes_context=True)
def finding(context: template.Context, item: Finding) -> dict[str, Any]:
    icon_name, word = EFFECTS[item.effect]
    questions = load().questions
    missing = [questions[id_].text if id_ in questions else words(id_) for id_ in item.missing]
    return {"finding": item, "icon_name": icon_name, "word": word, "missing": missing, "clinic": context.get("clinic")}


@register.inclusion_tag("shared/verdict.html")
def verdict(state: str | None) -> dict[str, Any]:
    icon_name, word = VERDICTS.get(str(state), ("question", "Not assessed"))
    return {"state": state or "cannot_tell", "icon_name": icon_name, "word": word}


NAMED = 2  # works named beside their grades; the others are counted


@register.inclusion_tag("shared/sources.html", takes_context=True)
def sources(context: template.Context, refs: Iterable[SourceRef]) -> dict[str, Any]:
    """References that open: title, place, what was read of it, grade, review date."""
    known = library_of(context.get("clinic")).sources
    items = [{"ref": ref, "source": known.get(ref.key)} for ref in refs or ()]
    works = list({item["ref"].key: item for item in items}.values())
    return {"refs": items, "named": works[:NAMED], "more": len(works[NAMED:])}


@register.inclusion_tag("shared/sources.html", takes_context=True)
def grade(context: template.Context, *items: Any) -> dict[str, Any]:
    """The references of cited values or statements, behind their grade badge."""
    return sources(context, cited(item for item in items if item))


@register.inclusion_tag("shared/quantity.html", takes_context=True)
def quantity(context: template.Context, item: Any) -> dict[str, Any]:
    """A cited number or range with unit, grade and, where sources disagree, both readings."""
    return {"item": item, "clinic": context.get("clinic")}


@register.inclusion_tag("shared/dose_bar.html", takes_context=True)
def dose_bar(context: template.Context, check: Any) -> dict[str, Any]:
    """A dose beside its limit: both numbers, the fraction, and a bar that is never longer than its track."""
    fraction, dose = getattr(check, "fraction", None), getattr(check, "dose", None)
    return {"clinic": context.get("clinic"), "check": check,
            "dose": round(dose, 3 if dose >= 1 else 6) if dose is not None else None,
            "width": min(Decimal(100), max(Decimal(0), Decimal(fraction) * 100)) if fraction is not None else None,
            "percent": round(Decimal(fraction) * 100) if fraction is not None else None}  # fmt: skip


@register.inclusion_tag("shared/form_head.html")
def form_head(form: Any) -> dict[str, Any]:
    """Errors in a summary, and the hidden fields."""
    return {"form": form}


@register.simple_tag
def choice_input(choice: Any) -> SafeString:
    """One radio button or checkbox of a group. Django would render a template for each; a consultation has hundreds."""
    attrs = {"type": choice.data["type"], "name": choice.data["name"], "value": choice.data["value"], **choice.data["attrs"]}
    return format_html("<input{}>", flatatt(attrs))


@register.inclusion_tag("shared/field.html")
def field(bound: Any) -> dict[str, Any]:
    """One field with its label, hint and error; choices as a fieldset."""
    widget = bound.field.widget
    group = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    return {"field": bound, "group": group, "under": _under_headings(bound) if group else (), "single": isinstance(widget, forms.CheckboxInput)}


def _under_headings(bound: Any) -> list[tuple[str, list[Any]]]:
    """The choices of a field under the headings that group them; all under none where they are not grouped."""
    choices, buttons = list(bound.field.choices), iter(bound)
    if choices and isinstance(choices[0][1], list | tuple):
        return [(heading, [next(buttons) for _ in inner]) for heading, inner in choices]
    return [("", list(buttons))]
