"""Finding a patient by the beginnings of names, by record number or by date of birth."""

from __future__ import annotations

import datetime as dt
import re

from django.db import connection
from django.db.models import Q, QuerySet

from pistor.records.consultation import Patient, search_key
from pistor.records.people import Clinic

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
