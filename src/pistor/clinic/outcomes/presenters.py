"""Scores as pictures, sentences and tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.care.outcomes import Comparator, band, bounds, change, comparators
from pistor.clinic.shared.templatetags.pistor import unit
from pistor.exchange.charts import Level, ScoreChart, ScorePoint, score_chart
from pistor.knowledge.library import Library
from pistor.knowledge.model import Scale
from pistor.records.outcomes import ScaleScore, baseline_and_latest


@dataclass(frozen=True, slots=True)
class ScaleShown:
    """All that the page says of one scale."""

    scale: Scale
    rows: tuple[ScaleScore, ...]
    picture: str
    notice: str
    sentences: tuple[str, ...]
    comparators: tuple[str, ...]
    primary: bool
    form: object


def show_scale(
    library: Library,
    scale: Scale,
    scores: Sequence[ScaleScore],
    treatments: Sequence[tuple[int, dt.date]],
    trials: tuple[str, ...],
    *,
    primary: bool,
    form: object,
) -> ScaleShown:
    mine = tuple(row for row in scores if row.scale == scale.id)
    baseline, latest = baseline_and_latest(list(scores), scale.id)
    arms = comparators(library, scale, trials)
    first, now = _score(baseline), _score(latest)
    moved = change(scale, first, now) if first is not None and now is not None else None
    sentences = moved.sentences if moved else (_why_no_change(scale, baseline, latest),)
    return ScaleShown(
        scale=scale,
        rows=mine,
        picture=_picture(scale, mine, baseline, treatments, arms) if mine else "",
        notice=_notice(scale, sentences, arms),
        sentences=sentences,
        comparators=tuple(f"{arm.name}, {arm.kind} {_n(arm.value)} {scale.unit or ''} at {arm.time} ({arm.trial})" for arm in arms),
        primary=primary,
        form=form,
    )


def finding_of(shown: ScaleShown) -> Finding | None:
    """The change of the primary scale as a finding, so that the side of the page says it with its sources."""
    if not shown.rows:
        return None
    short = shown.scale.short
    facts = tuple(Fact(f"{short} (baseline)" if row.is_baseline else short, _n(row.score), row.measured_on, "scores of this course") for row in shown.rows)
    return Finding(
        rule=f"outcomes/{shown.scale.id}",
        effect=Effect.INFORM,
        text=" ".join(shown.sentences),
        because=facts,
        sources=cited([*shown.scale.mcid, *shown.scale.use]),
        limits="One patient without a control: a change may be chance, time or attention. In trials the comparator arm often improved too.",
    )


def _why_no_change(scale: Scale, baseline: ScaleScore | None, latest: ScaleScore | None) -> str:
    if scale.rates_change:
        return f"{scale.short} rates the change itself and needs no baseline." + (f" Last: {_n(latest.score)}." if latest else "")
    if baseline is None and latest is None:
        return f"{scale.short} has not been scored."
    if baseline is None:
        return f"{scale.short} was not scored before the first treatment: there is nothing to compare with."
    return f"Baseline {_n(baseline.score)}; not scored since the first treatment."


def _score(row: ScaleScore | None) -> Decimal | None:
    return row.score if row is not None else None


def _levels(base: Decimal | None, arms: tuple[Comparator, ...]) -> list[Level]:
    """The first comparator arm: at its value, or as far from this baseline as that arm moved from its own."""
    placed = [(arm, arm.value if arm.kind == "value" else None if base is None else base + arm.value) for arm in arms[:1]]
    return [Level(f"control, {arm.trial}", value) for arm, value in placed if value is not None]


def _picture(
    scale: Scale,
    rows: tuple[ScaleScore, ...],
    baseline: ScaleScore | None,
    treatments: Sequence[tuple[int, dt.date]],
    arms: tuple[Comparator, ...],
) -> str:
    base = _score(baseline)
    levels = _levels(base, arms)
    around = None if base is None or scale.rates_change else band(scale, base)
    scored = [(row, row.score) for row in rows if row.score is not None]
    low, high = _bounds(scale, [*(value for _, value in scored), *(level.value for level in levels)])
    return score_chart(
        ScoreChart(
            title=f"{scale.name} over time",
            description="; ".join(f"{row.measured_on}: {_n(row.score)}" for row in rows),
            unit=unit(scale.unit or ""),
            low=low,
            high=high,
            points=tuple(ScorePoint(row.measured_on, value, row.is_baseline) for row, value in scored),
            baseline=base,
            band=around,
            band_known=bool(scale.mcid),
            treatments=tuple(treatments),
            levels=tuple(levels),
        )
    )


def _bounds(scale: Scale, values: list[Decimal]) -> tuple[Decimal, Decimal]:
    """The scale's own range; where the bounds only catch typing slips, the values with room around them."""
    least, most = bounds(scale)
    if scale.range is not None or most <= 10 or not values:
        return least, most
    low, high = min(values), max(values)
    room = max((high - low) / 2, high / 10, Decimal(1))
    return max(least, (low - room).to_integral_value()), (high + room).to_integral_value()


def _notice(scale: Scale, sentences: tuple[str, ...], arms: tuple[Comparator, ...]) -> str:
    lower = {"lower": "Lower is better.", "higher": "Higher is better.", "none": ""}[scale.better]
    band_said = "The shaded band is a change smaller than any published important difference."
    if not scale.mcid:
        band_said = "No important difference was found in print, so no band is drawn."
    grey = "The grey line is the comparator arm of a trial." if arms else "No trial of this protocol gives its comparator arm in numbers on this scale."
    return f"{lower} {band_said} Ticks below the line are treatments. {grey}".strip()


def _n(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"
