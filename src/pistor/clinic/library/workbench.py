"""A tried blend as finished lines, with the working a pharmacist would write beside it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any

from pistor.care.evidence import Effect, cited
from pistor.care.formulation import Interval
from pistor.care.formulation.blend import plain, shown
from pistor.care.formulation.osmolarity import Osmolar, said
from pistor.care.workbench import BlendVerdict, Worked
from pistor.clinic.library.presenters import Address
from pistor.exchange.verdicts import BLEND_WORDS
from pistor.knowledge import Library
from pistor.knowledge.model import MethodCheck, Quantity, Solute
from pistor.knowledge.outline import value_text

ICONS = {
    BlendVerdict.BLOCK: ("octagon", "danger"),
    BlendVerdict.AVOID: ("octagon", "danger"),
    BlendVerdict.NO_DATA: ("question", "nodata"),
    BlendVerdict.CAUTION: ("triangle", "warning"),
    BlendVerdict.COMPATIBLE: ("check", "success"),
    BlendVerdict.SINGLE: ("info", "info"),
}


def worked_shown(worked: Worked, library: Library, address: Address) -> dict[str, Any]:
    blend = worked.blend
    icon, tone = ICONS[worked.verdict]
    return {
        "word": BLEND_WORDS[worked.verdict], "icon": icon, "tone": tone, "volume": plain(blend.volume_ml), "why": _why(worked),
        "concentrations": [
            {
                "name": one.name, "url": address("ingredients", one.ingredient), "per_ml": shown(one.per_ml, 4), "unit": one.unit,
                "amount": shown(one.amount, 4),
                "amount_unit": one.amount_unit, "working": _working(one.ingredient, worked, library), "sources": one.sources,
            }
            for one in blend.concentrations
        ],
        "ranges": [_ph(worked, library), _osmolarity(worked, library), _tonicity(worked)],
        "tested": [
            {"case": check.case, "computed": value_text(check.computed), "observed": " and ".join(value_text(one) for one in check.observed),
             "word": _agreement(check), "url": address("methods", method.id), "sources": cited((check.computed, *check.observed))}
            for method, check in worked.tested
        ],
        "pairs": [
            {"a": pair.a_name, "b": pair.b_name, "verdict": pair.verdict.value.replace("_", " "), "text": pair.text, "sources": pair.sources,
             "rule": address("incompatibilities", pair.rule) if pair.rule else "", "unknown": pair.verdict.value == "no_data"}
            for pair in blend.pairs
        ],
        "amounts": [
            {"name": row.name, "unit": row.unit,
             "cells": ["" if value is None else shown(value, 4) for value in (row.per_point, row.per_treatment, row.per_course, row.per_year)]}
            for row in worked.amounts
            if row.active and (row.per_point is not None or row.per_course is not None)
        ],
        "doses": [(name, list(checks)) for name, checks in groupby(worked.doses, key=lambda check: check.name)],
        "serious": [finding for finding in worked.findings if finding.effect is not Effect.INFORM],
        "advice": [finding for finding in worked.findings if finding.effect is Effect.INFORM],
    }  # fmt: skip


def _why(worked: Worked) -> str:
    """How many findings there are, and what decided."""
    serious = [finding for finding in worked.findings if finding.effect is not Effect.INFORM]
    if not serious:
        return "Nothing that is known speaks against it." if worked.blend.pairs else "One product, nothing mixed; nothing that is known speaks against it."
    stops = sum(finding.stops for finding in serious)
    count = f"{len(serious)} findings" if len(serious) > 1 else "1 finding"
    return f"{count}, in the order in which they count{f'; {stops} of them cannot be overridden' if stops else ''}."


def _agreement(check: MethodCheck) -> str:
    """Whether what was seen and what is predicted are the same within 2 %, all that was seen counted."""
    low, high = check.computed.low or Decimal(0), check.computed.high or Decimal(0)
    apart = [one for one in check.observed if (one.high or high) < low * Decimal("0.98") or (one.low or low) > high * Decimal("1.02")]
    return "They disagree: what was seen counts." if apart else "They agree."


def _working(ingredient: str, worked: Worked, library: Library) -> str:
    """The mass balance in figures: 20 mg/mL x 9 mL = 180 mg; 180 / 10 mL = 18 mg/mL."""
    terms = [
        (component.strength.high, component.strength.unit, part.volume_ml)
        for part in worked.blend.parts
        for component in library.presentations[part.presentation].components
        if component.ingredient == ingredient and component.strength.high is not None
    ]
    total = next(one for one in worked.blend.concentrations if one.ingredient == ingredient)
    summed = " + ".join(f"{plain(strength)} {unit} × {plain(volume)} mL" for strength, unit, volume in terms)
    return f"{summed} = {shown(total.amount, 4)} {total.amount_unit}; divided by {plain(worked.blend.volume_ml)} mL"


# ── ranges ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _range(name: str, interval: Interval, parts: list[dict[str, Any]], total: str = "") -> dict[str, Any]:
    unit = "" if interval.unit == "pH" else interval.unit
    text = f"{_ends(interval.low, interval.high)} {unit}".strip() if interval.known else ""
    return {
        "name": name, "text": text, "basis": interval.basis if interval.known else "", "unknown": list(interval.unknown), "sources": interval.sources,
        "parts": parts, "sum": total,
    }  # fmt: skip


def _ph(worked: Worked, library: Library) -> dict[str, Any]:
    """Each part's labelled pH, and the weak acids and bases that resist a change of it."""
    parts = []
    for part in worked.blend.parts:
        product = library.presentations[part.presentation]
        known = [product.ph] if product.ph else []
        weak = [(library.ingredients[one.ingredient].name, library.ingredients[one.ingredient].protolysis) for one in product.components]
        weak += [(buffer.name, buffer.protolysis) for buffer in product.buffers]
        pka = [(name, quantity) for name, protolysis in weak if protolysis for quantity in protolysis.pka]
        text = f"{plain(part.volume_ml)} mL of {product.name}: {'labelled ' + value_text(known[0]) if known else 'no labelled pH'}"
        if pka:
            text += "; pKa " + ", ".join(f"{plain(quantity.value)} ({name})" for name, quantity in pka if quantity.value is not None)
        elif any(protolysis is None for _, protolysis in weak):
            text += "; whether it is a weak acid or base is not known"
        parts.append({"text": text, "sources": cited((*known, *(quantity for _, quantity in pka)))})
    return _range("pH", worked.blend.ph, parts)


def _osmolarity(worked: Worked, library: Library) -> dict[str, Any]:
    parts = []
    for part, one in zip(worked.blend.parts, worked.osmolar, strict=True):
        product = library.presentations[part.presentation]
        used: list[Quantity] = []
        text = f"{plain(part.volume_ml)} mL of {one.name}: {_of(one)}"
        if one.stated is None and product.dissolved:
            terms = []
            for solute in product.dissolved:
                name = solute.name if isinstance(solute, Solute) else library.ingredients[solute.ingredient].name
                used += [solute.strength, *([solute.molar_mass] if solute.molar_mass else [])]
                mass = plain(solute.molar_mass.value) if solute.molar_mass and solute.molar_mass.value is not None else "?"
                terms.append(f"{name} {' or '.join(map(str, solute.particles))} × {plain(solute.strength.high or Decimal(0))} / {mass}")
            text += f" = 1 000 × ({' + '.join(terms)})"
        parts.append({"text": text, "sources": (*one.sources, *cited(used))})
    interval = worked.blend.osmolarity
    return _range("Osmolarity", interval, parts, _summed(worked) if interval.known and len(parts) > 1 else "")


def _of(one: Osmolar) -> str:
    if one.stated is not None:
        beside = f"; its composition gives {_ends(one.ideal.low, one.ideal.high)}" if one.ideal else ""
        return f"stated {value_text(one.stated)}{beside}"
    return "not known" if one.ideal is None else f"ideal {_ends(one.ideal.low, one.ideal.high)} mOsm/L"


def _summed(worked: Worked) -> str:
    volumes = [part.volume_ml for part in worked.blend.parts]

    def side(ends: Iterable[Decimal | None], total: Decimal | None) -> str:
        terms = " + ".join(f"{shown(end or Decimal(0), 1)} × {plain(ml)}" for end, ml in zip(ends, volumes, strict=True))
        return f"({terms}) / {plain(worked.blend.volume_ml)} = {shown(total or Decimal(0), 1)}"

    low, high = side((one.low for one in worked.osmolar), worked.blend.osmolarity.low), side((one.high for one in worked.osmolar), worked.blend.osmolarity.high)
    return f"{high} mOsm/L" if low == high else f"From {low} to {high} mOsm/L"


def _tonicity(worked: Worked) -> dict[str, Any]:
    """The sodium chloride that would make it isotonic, and the freezing point."""
    found = worked.tonicity
    parts = [{"text": f"{name}: {shown(mg, 3)} mg × {shown(e, 3)} = {shown(mg * e, 1)} mg", "sources": sources} for name, mg, e, sources in found.rows]
    known = found.to_add_mg is not None and found.depression_c is not None
    cold = f"; freezes {shown(found.depression_c, 2)} °C below water, isotonic is 0.52" if found.depression_c is not None else ""
    total = f"Together {shown(found.equivalent_mg, 1)} mg; isotonic are {plain(found.isotonic_mg)} mg in {plain(worked.blend.volume_ml)} mL{cold}."
    return {
        "name": "Sodium chloride to make it isotonic", "text": said(found) if known else "", "basis": "by sodium chloride equivalents" if known else "",
        "unknown": list(found.unknown), "sources": found.sources, "parts": parts, "sum": total if known else "",
    }  # fmt: skip


def _ends(low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return ""
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"
