"""From an exposure to what the page shows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pistor.care.evidence import SourceRef
from pistor.care.injection_map import InjectionMap
from pistor.clinic.delivery.forms import RANGES, Choice, numbers_of
from pistor.exchange.drawing import number
from pistor.exchange.field_pictures import AREA_UNIT, ROUGH, UG_PER_ML, UNIT, Picture, span, with_band
from pistor.exchange.field_report import field_of, syringe_of
from pistor.exchange.raster import PALETTE

Json = Mapping[str, Any]

FIRST_LOOK_H = 0.5  # what the page opens with
STEPS = {
    "spacing_mm": ("0.5", "2", "30"),
    "volume_per_point_ml": ("0.005", "0.005", "0.2"),
    "depth_mm": ("0.05", "0.1", "6"),
}  # of the sliders: step, and from where to where


def chosen_of(choice: Choice, exposure: Json, solute: Json) -> dict[str, Any]:
    """The time and depth that are looked at, as numbers of the lists and in words."""
    times, depths = solute["times_h"], solute["depths_mm"]
    time = _within(choice.time, times, FIRST_LOOK_H)
    depth = _within(choice.depth, depths, exposure["target_depth_mm"])
    return {
        "time": time, "last_time": len(times) - 1, "time_text": "all of it" if choice.measure == "exposure" else span(times[time]),
        "depth": depth, "last_depth": len(depths) - 1, "depth_text": f"{number(round(depths[depth], 2))} mm", "measure": choice.measure, "scale": choice.scale,
        "times_h": times[time], "depths_mm": depths[depth],
    }  # fmt: skip


def _within(asked: int | None, values: Sequence[float], wanted: float) -> int:
    """The number that was asked for, or that of the value nearest to ``wanted``."""
    return asked if asked is not None and asked < len(values) else min(range(len(values)), key=lambda at: abs(values[at] - wanted))


def plan_data(exposure: Json, solute: Json) -> dict[str, Any]:
    """What the page needs to draw the field itself."""
    kernel, whole = solute["kernel"], solute["auc_kernel"]
    return {
        "times_h": solute["times_h"],
        "depths_mm": solute["depths_mm"],
        "kernel": {"variance": kernel["variance_mm2"], "weight": [[_short(row) for row in plane] for plane in kernel["weight_per_mm"]]},
        "auc": {"variance": whole["variance_mm2"], "weight": [_short(row) for row in whole["weight_per_mm"]]},
        "points": [[round(x, 2), round(y, 2), dose] for x, y, dose in solute["points"]],
        "pieces": solute["pieces_mm"],
        "regions": exposure["regions"],
    }


def _short(weights: Sequence[float]) -> list[float]:
    """Weights with as many digits as a picture can show; large ones of either sign cancel, so what counts is the largest."""
    most = max(map(abs, weights), default=0.0)
    return [round(weight, max(0, 7 - math.floor(math.log10(most)))) if abs(weight) > 1e-7 * most else 0 for weight in weights]


def board_data(solute: Json, plans: Sequence[Json]) -> dict[str, Any]:
    threshold = solute.get("threshold_mg_per_mm3")
    return {"palette": PALETTE, "threshold": threshold * UG_PER_ML if threshold else None, "syringe": syringe_of(solute), "plans": plans}


def plan_title(drawn: InjectionMap) -> str:
    """A plan in one line."""
    depths = sorted({depth for point in drawn.placed if (depth := point.tip_depth_mm) is not None})
    spacings = sorted({plan.generator.spacing_mm for plan, total in zip(drawn.zone_plans, drawn.zones, strict=True) if total.points})
    least, most = drawn.volumes_ml
    how = "chosen one by one" if drawn.chosen else f"{_span(spacings)} mm apart"
    told = f"{drawn.points} points, {how}, {_plain(least)}{f' to {_plain(most)}' if most != least else ''} mL each"
    return f"{told}, {_span(depths)} mm deep" if depths else told


def _span(values: Sequence[Decimal]) -> str:
    """One number, or from the first to the last of several."""
    return _plain(values[0]) if len(values) == 1 else f"{_plain(values[0])} to {_plain(values[-1])}"


def figures(exposure: Json, solute: Json, chosen: Json) -> Picture:
    """The field of a plan at the time and depth that are looked at, or as near to them as this plan's own lists have them."""
    time, depth = (_within(None, solute[name], chosen[name]) for name in ("times_h", "depths_mm"))
    return field_of(exposure, solute, time=time, depth=depth, measure=chosen["measure"], log=chosen["scale"] == "log")


def fixed_numbers(drawn: InjectionMap, solute: Json) -> dict[str, str]:
    """What does not follow the hand: the plan's own numbers, and what the blood sees."""
    plasma = solute.get("plasma")
    return {
        "punctures": str(drawn.points),
        "volume": _plain(drawn.volume_ml),
        "gone": _band_of(solute["nine_tenths_gone_h"], span),
        "reach": _band_of(solute["reach_tenth_mm"], number),
        "valley": _band_of({key: None if value is None else 100 * max(0.0, value) for key, value in solute["valley_over_peak"].items()}, number),
        "cmax": _band_of(plasma["cmax_mg_per_l"], number) if plasma else "unknown",
    }


def rows(first: Json, second: Json, measure: str) -> list[dict[str, Any]]:
    """The table under the field. ``live`` rows follow the hand and need the script; the others come from here."""
    unit = AREA_UNIT if measure == "exposure" else UNIT
    live = (
        ("half", "Half of the area gets at least", unit),
        ("least", "95 % of it gets at least", unit),
        ("most", "5 % of it gets at least", unit),
        ("share", "Share that gets at least", ""),
    )
    fixed = (
        ("punctures", "Punctures", ""),
        ("volume", "Volume in all", "mL"),
        ("valley", "Weakest places as a part of the strongest", "%"),
        ("reach", "Beside a point, down to a tenth within", "mm"),
        ("gone", "Nine tenths gone from the skin after", ""),
        ("cmax", "Highest in the blood", UNIT),
    )
    moving = [{"name": name, "label": label, "unit": of, "live": True, "level": name == "share"} for name, label, of in live]
    return [*moving, *({"name": name, "label": label, "unit": of, "first": first.get(name, ""), "second": second.get(name, "")} for name, label, of in fixed)]


def sliders(drawn: InjectionMap, other: InjectionMap | None) -> list[dict[str, Any]]:
    """Sliders for what makes another plan, wide enough for the plans there are."""
    told = []
    for name, (label, unit, _, most) in RANGES.items():
        step, low, high = map(Decimal, STEPS[name])
        now, shown = (numbers_of(plan.generator)[name] if plan else None for plan in (drawn, other or drawn))
        start = shown if shown is not None else Decimal(1)
        top = min(Decimal(most), max(high, *((2 * value) for value in (now, shown) if value is not None)))
        bottom = low + (start - low) % step if start > low else start  # so that the plan's own number is a step of the slider
        told.append(
            {
                "name": name,
                "label": label,
                "unit": unit,
                "low": bottom,
                "high": top,
                "step": step,
                "value": start,
            }
        )
    return told


def peaks(solute: Json) -> list[dict[str, str]]:
    """The highest in the blood after one point, the zone, the treatment and the course."""
    found = (solute.get("plasma") or {}).get("peaks", ())
    return [{"of": row["of"], "dose": number(row["dose_mg"]), "peak": _band_of(row["cmax_mg_per_l"], number)} for row in found]


def band_note(solute: Json) -> str:
    """How wide the band is, for numbers that follow the hand."""
    peak = solute.get("peak_mg_per_mm3")
    if not peak or not peak["median"]:
        return ""
    low, high = (number(peak[end] / peak["median"], ROUGH) for end in ("low", "high"))
    return f"The 5-95 % band of such a number goes from {low} to {high} times it."


def inputs(values: Sequence[Json]) -> list[dict[str, Any]]:
    """Values or fenced substances with numbers as people read them, and references as the shared badge takes them."""
    return [
        {**value, "shown": number(value["value"]) if "value" in value else "", "sources": [_reference(ref) for ref in value["sources"]]} for value in values
    ]


def _reference(ref: Json) -> SourceRef:
    reviewed = ref.get("reviewed")
    return SourceRef(ref["key"], ref["locator"], ref["grade"], ref.get("text", ""), dt.date.fromisoformat(reviewed) if reviewed else None)


def _band_of(value: Json, words: Any) -> str:
    if words is span:
        return f"{span(value['median'])} ({span(value['low'])} to {span(value['high'])})"
    return with_band(value["median"], value["low"], value["high"])


def _plain(value: Decimal) -> str:
    return number(float(value))
