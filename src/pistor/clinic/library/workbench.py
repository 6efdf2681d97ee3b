"""A tried blend as finished lines, with the working a pharmacist would write beside it."""

from __future__ import annotations

from typing import Any

from pistor.care.formulation import Interval
from pistor.care.formulation.blend import plain, shown
from pistor.care.workbench import BlendVerdict, Worked
from pistor.clinic.library.presenters import Address
from pistor.exchange.verdicts import BLEND_WORDS
from pistor.knowledge import Library

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
        "word": BLEND_WORDS[worked.verdict], "icon": icon, "tone": tone, "volume": plain(blend.volume_ml),
        "concentrations": [
            {
                "name": one.name, "url": address("ingredients", one.ingredient), "per_ml": shown(one.per_ml, 4), "unit": one.unit,
                "amount": shown(one.amount, 4),
                "amount_unit": one.amount_unit, "working": _working(one.ingredient, worked, library), "sources": one.sources,
            }
            for one in blend.concentrations
        ],
        "ranges": [_range("pH", blend.ph), _range("Osmolarity", blend.osmolarity)],
        "pairs": [
            {"a": pair.a_name, "b": pair.b_name, "verdict": pair.verdict.value.replace("_", " "), "text": pair.text, "sources": pair.sources,
             "rule": address("incompatibilities", pair.rule) if pair.rule else "", "unknown": pair.verdict.value == "no_data"}
            for pair in blend.pairs
        ],
        "doses": worked.doses,
        "findings": worked.findings,
    }  # fmt: skip


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


def _range(name: str, interval: Interval) -> dict[str, Any]:
    known = interval.low is not None and interval.high is not None
    ends = "" if not known else plain(interval.low) if interval.low == interval.high else f"{plain(interval.low)} to {plain(interval.high)}"  # type: ignore[arg-type]
    unit = "" if interval.unit == "pH" else interval.unit
    return {"name": name, "text": f"{ends} {unit}".strip(), "basis": interval.basis, "unknown": list(interval.unknown), "sources": interval.sources}
