"""Finding a patient by the beginnings of names, by record number or by date of birth."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from pistor.records.consultation import Patient, search_key
from pistor.records.people import Clinic


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the value it is ordered by, and the row that has it."""

    key: Any
    pk: uuid.UUID


_DATE = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$|^(\d{1,2})[./](\d{1,2})[./](\d{4})$")


def find_patients(clinic: Clinic, query: str) -> QuerySet[Patient]:
    """Patients of the clinic whose name or number holds every word, in any order; accents and case do not matter.

    A word that reads as a date (2026-11-23, 23.11.2026, 23/11/2026) is a date of birth. An empty query finds everybody.
    """
    found = Patient.objects.of(clinic)
    for word in query.split()[:6]:
        born = _birth_date(word)
        key = search_key(word)
        if born:
            found = found.filter(birth_date=born)
        elif key:
            found = found.filter(search__contains=key)
        else:  # an accent alone leaves nothing to search for
            found = found.none()
    return found.order_by("search", "pk")


def page_of(found: QuerySet[Patient], order: str, *, size: int, after: Place | None = None, before: Place | None = None) -> tuple[list[Patient], bool]:
    """One page of patients in the order of a field (``-`` for falling), and whether there are more in that direction.

    A page begins where the last one ended, so that the thousandth costs what the first does and nobody who is added meanwhile shifts it.
    """
    name, falling = order.removeprefix("-"), order.startswith("-")
    place = before or after
    backwards = place is not None and place is before
    if place:
        side = "lt" if falling != backwards else "gt"
        beyond = Q(**{f"{name}__{side}": place.key}) | Q(**{name: place.key, f"pk__{side}": place.pk})
        found = found.filter(beyond, **{f"{name}__{side}e": place.key})  # the plain bound is what the index can use
    sign = "-" if falling != backwards else ""
    rows = list(found.order_by(f"{sign}{name}", f"{sign}pk")[: size + 1])
    page = rows[:size]
    return (page[::-1] if backwards else page), len(rows) > size


def begins_with(prefix: str) -> Q:
    """Patients whose search key begins so. SQLite finds them by a range of the index; its LIKE would read every patient."""
    if connection.vendor == "sqlite":
        return Q(search__gte=prefix, search__lt=prefix[:-1] + chr(ord(prefix[-1]) + 1))
    return Q(search__startswith=prefix)


def _birth_date(word: str) -> dt.date | None:
    match = _DATE.match(word)
    if not match:
        return None
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
