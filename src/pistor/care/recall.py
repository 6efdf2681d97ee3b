"""Recall: who had the same lot or the same hands, and which of these suspected infections share.

A *suspected lesion* is a report whose triage suspects mycobacteria and asks for more than advice. Two or more patients
with one are looked at together: every source that lay in a treatment of at least ``least`` of them within the look-back
before their lesion began is *shared*. Patients are counted, not reports, so two lumps of one person share nothing.

Nothing here says what caused a lesion. A clinic with one operator shares the operator in every pair of lesions; so the
sources are ordered by how seldom that many of the affected would have one if they were any of those treated (Fisher's
exact test, one-sided), and a source that everybody had says so.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.benefit import Interval, wilson
from pistor.knowledge.library import Library

_NTM = "ntm"


@dataclass(frozen=True, slots=True)
class Source:
    """Something that several treatments can have in common. ``scope`` says what: lot, vial, device, room, operator; ``subject`` is its key."""

    scope: str
    subject: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """One treatment of one patient, with everything in it that others may have had too."""

    patient: Any
    on: dt.date
    sources: frozenset[Source]


@dataclass(frozen=True, slots=True)
class Lesion:
    """A suspected infection of a patient; ``report`` names where it was reported."""

    patient: Any
    began_on: dt.date
    report: str = ""


@dataclass(frozen=True, slots=True)
class Exposed:
    """What one patient had of one source: the first and the last day, in how many treatments."""

    patient: Any
    first_on: dt.date
    last_on: dt.date
    treatments: int


@dataclass(frozen=True, slots=True)
class Shared:
    """A source that suspected lesions share, with the counts of patients that weigh it.

    ``cases`` of the ``suspected`` patients had it, and ``exposed`` of the ``treated``; all within the same days.
    """

    source: Source
    cases: int
    suspected: int
    exposed: int
    treated: int

    @property
    def everybody(self) -> bool:
        """Whether all who were treated had it, so that sharing it tells nothing."""
        return self.exposed >= self.treated

    @property
    def chance(self) -> float:
        """How often at least so many of the affected would have this source, if they were drawn from the treated at random."""
        return at_least(self.cases, of=self.suspected, marked=self.exposed, total=self.treated)

    @property
    def rate(self) -> tuple[Decimal, Interval]:
        return attack_rate(self.cases, self.exposed)


def look_back_days(library: Library) -> int:
    """How far back everybody is looked for, in days, as the knowledge base has it."""
    return int(library.thresholds["lot_trace_look_back"].quantity.value or 0)


def least_patients(library: Library) -> int:
    """From how many patients with a suspected lesion a common source is looked for."""
    return int(library.thresholds["lot_trace_alert"].quantity.value or 0)


def is_suspected(triage: Mapping[str, Any]) -> bool:
    """Whether a report, as ``care.reactions.Triage.as_dict()``, counts as a suspected lesion."""
    return triage.get("level") != "advice" and any(suspect.get("id") == _NTM for suspect in triage.get("suspects", ()))


def attack_rate(cases: int, exposed: int) -> tuple[Decimal, Interval]:
    """Cases by exposed in percent with one decimal, and its 95 % interval after Wilson. Raises ValueError where nobody was exposed."""
    if not 0 <= cases <= exposed or not exposed:
        raise ValueError(f"{cases} cases among {exposed} exposed have no rate")
    share = Decimal(100 * cases) / exposed
    return round(share, 1), wilson(share, exposed)


def cases_among(exposed: Iterable[Exposed], lesions: Iterable[Lesion], *, window_days: int) -> frozenset[Any]:
    """The exposed patients with a suspected lesion that began after they were first exposed, and at most ``window_days`` after the last time."""
    had = {one.patient: one for one in exposed}
    window = dt.timedelta(days=window_days)
    return frozenset(
        lesion.patient for lesion in lesions
        if (one := had.get(lesion.patient)) and one.first_on <= lesion.began_on <= one.last_on + window
    )  # fmt: skip


def near(lesions: Iterable[Lesion], day: dt.date, *, window_days: int) -> list[Lesion]:
    """The lesions that began within the window before or after a day: those a new one is looked at together with."""
    window = dt.timedelta(days=window_days)
    return [lesion for lesion in lesions if day - window <= lesion.began_on <= day + window]


def common_sources(
    lesions: Sequence[Lesion], exposures: Iterable[Exposure], *, window_days: int, least: int
) -> dict[Source, frozenset[Any]]:
    """Each source that at least ``least`` patients had within the window before a lesion of theirs began, with these patients."""
    began: dict[Any, list[dt.date]] = {}
    for lesion in lesions:
        began.setdefault(lesion.patient, []).append(lesion.began_on)
    window = dt.timedelta(days=window_days)
    who: dict[Source, set[Any]] = {}
    for exposure in exposures:
        if any(exposure.on <= day <= exposure.on + window for day in began.get(exposure.patient, ())):
            for source in exposure.sources:
                who.setdefault(source, set()).add(exposure.patient)
    return {source: frozenset(patients) for source, patients in who.items() if len(patients) >= least}


def by_specificity(found: Collection[Shared]) -> tuple[Shared, ...]:
    """The source that chance explains worst first; what everybody had last."""
    return tuple(sorted(found, key=lambda one: (one.everybody, one.chance, one.exposed, one.source.scope, one.source.subject)))


def at_least(cases: int, *, of: int, marked: int, total: int) -> float:
    """The chance to draw at least ``cases`` marked ones when ``of`` are drawn from ``total``, of whom ``marked`` are."""
    if cases <= 0:
        return 1.0
    ways = sum(math.comb(marked, k) * math.comb(total - marked, of - k) for k in range(cases, min(of, marked) + 1))
    return ways / math.comb(total, of)
