"""A blend in finished words and bars: what is in the syringe, what is known of it, how near the limits it is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from pistor.care.evidence import SourceRef
from pistor.care.formulation import Amounts, Blend, DoseCheck, Interval, PairResult
from pistor.clinic.shared.templatetags.pistor import unit as unit_words
from pistor.knowledge import Library
from pistor.knowledge.model import PairVerdict

THIN = "\u202f"
VERDICTS = {
    PairVerdict.BLOCK: ("octagon", "Never together", "danger"),
    PairVerdict.PRECIPITATES: ("octagon", "Precipitates", "danger"),
    PairVerdict.TURBID: ("octagon", "Turns turbid", "danger"),
    PairVerdict.AVOID: ("triangle", "Avoid", "warning"),
    PairVerdict.DEGRADES: ("triangle", "Degrades", "warning"),
    PairVerdict.ANTAGONISM: ("triangle", "Work against each other", "warning"),
    PairVerdict.CONDITIONAL: ("triangle", "Only under conditions", "warning"),
    PairVerdict.COMPATIBLE: ("check", "Compatible as studied", "good"),
    PairVerdict.NO_DATA: ("question", "No data", "nodata"),
}
STATES = {
    "within": ("check", "Within", "good"),
    "near": ("triangle", "Near the limit", "warning"),
    "over": ("octagon", "Over the limit", "danger"),
    "unknown": ("question", "Unknown", "nodata"),
}
_MINIMA = ("spacing_min", "interval_min")


@dataclass(frozen=True, slots=True)
class ConcentrationRow:
    name: str
    per_ml: str
    unit: str
    amount: str
    amount_unit: str
    active: bool
    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class RangeShown:
    """A range on a scale. ``x`` and ``width`` are percent of the scale, as text for the drawing."""

    title: str
    known: bool
    text: str
    unit: str
    basis: str
    unknown: str
    x: str
    width: str
    scale_low: str
    scale_high: str
    marks: tuple[tuple[str, str], ...]
    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class PairShown:
    a: str
    b: str
    icon: str
    word: str
    tone: str
    text: str
    sources: tuple[SourceRef, ...]
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DoseShown:
    what: str
    dose: str
    relation: str  # between dose and limit: "of", or "at least" where the limit is a smallest value
    limit: str
    unit: str
    percent: str
    width: str
    icon: str
    word: str
    tone: str
    because: tuple[str, ...]
    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class AmountRow:
    name: str
    unit: str
    point: str
    treatment: str
    course: str
    year: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoseGroup:
    name: str
    rows: tuple[DoseShown, ...]


def number(value: Decimal | None, places: int = 3) -> str:
    """0.5, 1 250, 4: no trailing zero, thin-space thousands; at least two figures of very small amounts."""
    if value is None:
        return ""
    if value and abs(value) < Decimal("0.01"):
        places = max(places, 1 - value.adjusted())
    text = format(round(value, places), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    whole, _, rest = text.partition(".")
    whole = f"{int(whole):,}".replace(",", THIN) if whole.lstrip("-").isdigit() and len(whole) > 4 else whole
    return f"{whole}.{rest}" if rest else whole


def concentrations_shown(blend: Blend) -> tuple[ConcentrationRow, ...]:
    return tuple(ConcentrationRow(c.name, number(c.per_ml), c.unit, number(c.amount), c.amount_unit, c.active, c.sources) for c in blend.concentrations)


def ranges_shown(blend: Blend, library: Library) -> tuple[RangeShown, ...]:
    targets = [library.thresholds[id_].quantity.high for id_ in ("osmolality_target", "osmolality_max_sc") if id_ in library.thresholds]
    top = max(Decimal(800), *(end for end in (blend.osmolarity.high, Decimal(0)) if end is not None))
    return (
        _range("pH", blend.ph, Decimal(2), Decimal(10), [Decimal(7)]),
        _range("Osmolarity", blend.osmolarity, Decimal(0), top, [target for target in targets if target is not None]),
    )


def _range(title: str, interval: Interval, low: Decimal, high: Decimal, marks: list[Decimal]) -> RangeShown:
    def at(value: Decimal) -> Decimal:
        return (min(max(value, low), high) - low) / (high - low) * 100

    text, x, width = "Unknown", Decimal(0), Decimal(100)
    if interval.low is not None and interval.high is not None:
        text = number(interval.low, 1) if interval.low == interval.high else f"{number(interval.low, 1)} to {number(interval.high, 1)}"
        x, width = at(interval.low), max(at(interval.high) - at(interval.low), Decimal(1))
    return RangeShown(
        title, interval.known, text, "" if interval.unit == "pH" else interval.unit, interval.basis, ", ".join(interval.unknown),
        f"{x:.1f}", f"{width:.1f}", number(low), number(high), tuple((f"{at(mark):.1f}", number(mark)) for mark in marks), interval.sources,
    )  # fmt: skip


def pairs_shown(pairs: tuple[PairResult, ...]) -> tuple[PairShown, ...]:
    """The most serious first; unknown before compatible."""
    order = list(VERDICTS)
    order.insert(order.index(PairVerdict.COMPATIBLE), order.pop(order.index(PairVerdict.NO_DATA)))
    return tuple(
        PairShown(
            pair.a_name,
            pair.b_name,
            *VERDICTS[pair.verdict],
            pair.text,
            pair.sources,
            tuple((VERDICTS[verdict][1], text) for verdict, text, _ in pair.others),
        )
        for pair in sorted(pairs, key=lambda pair: order.index(pair.verdict))
    )


def doses_shown(checks: tuple[DoseCheck, ...]) -> tuple[DoseGroup, ...]:
    return tuple(DoseGroup(name, tuple(_dose(check) for check in own)) for name, own in groupby(checks, key=lambda check: check.name))


def _dose(check: DoseCheck) -> DoseShown:
    fraction = check.fraction
    percent = "" if fraction is None or check.scope in _MINIMA else f"{number(fraction * 100, 0)} %"
    limit = number(check.limit) if check.limit is not None else ""
    relation = "at least" if check.scope in _MINIMA else "of"
    width = "0" if fraction is None else f"{min(fraction, Decimal(1)) * 100:.1f}"
    unit = "" if check.unit == "fraction" else unit_words(check.unit)
    because = tuple(f"{fact.name}: {fact.value} ({fact.origin})" for fact in check.because)
    dose = number(check.dose) if check.dose is not None else ""
    return DoseShown(check.what, dose, relation, limit, unit, percent, width, *STATES[check.state], because, check.sources)


def amounts_shown(rows: tuple[Amounts, ...]) -> tuple[AmountRow, ...]:
    return tuple(
        AmountRow(
            row.name, row.unit, number(row.per_point), number(row.per_treatment), number(row.per_course), number(row.per_year),
            tuple(number(amount) for _, amount in row.per_zone),
        )
        for row in rows
        if row.active
    )  # fmt: skip
