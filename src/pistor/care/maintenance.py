"""Maintenance: at the evaluation point, whether to continue, change, stop or refer, and when next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pistor.care.evidence import Effect, Fact, Finding, SourceRef, cited
from pistor.care.outcomes import Change, change
from pistor.knowledge.model import Protocol, Scale

Choice = Literal["continue", "change", "stop", "refer"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a course has come, from its records."""

    treatments_done: int
    last_on: dt.date | None
    evaluation_on: dt.date | None = None
    evaluation_after: int | None = None
    sessions: int | None = None  # None: as the protocol says
    interval_days: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``choice`` None means that the clinician judges. ``accepts`` are the choices that need no reason."""

    choice: Choice | None
    accepts: tuple[Choice, ...]
    due: bool
    due_text: str
    findings: tuple[Finding, ...]
    next_on: dt.date | None
    next_text: str
    next_sources: tuple[SourceRef, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "choice": self.choice, "accepts": list(self.accepts), "due": self.due, "due_text": self.due_text,
            "findings": [finding.as_dict() for finding in self.findings],
            "next_on": self.next_on.isoformat() if self.next_on else None, "next_text": self.next_text,
            "next_sources": [source.as_dict() for source in self.next_sources],
        }  # fmt: skip


def suggest(
    protocol: Protocol | None, scale: Scale | None, progress: Progress, *, baseline: Decimal | None, now: Decimal | None, today: dt.date
) -> Suggestion:
    """What the scores and the protocol's stop rule suggest. Nothing is suggested where a score or a threshold is missing."""
    due, due_text = _due(protocol, progress, today)
    choice, accepts, findings = _judge(protocol, scale, baseline, now, due, due_text)
    next_on, next_text, next_sources = _next(protocol, progress, today)
    return Suggestion(choice, accepts, due, due_text, findings, next_on, next_text, next_sources)


def _due(protocol: Protocol | None, progress: Progress, today: dt.date) -> tuple[bool, str]:
    after = progress.evaluation_after
    if after is None and progress.evaluation_on is None and protocol and protocol.evaluation.after_treatments:
        high = protocol.evaluation.after_treatments.high
        after = int(high) if high is not None else None
    if progress.treatments_done == 0:
        return False, "Not due: no treatment of this course has been signed yet."
    if after is not None and progress.treatments_done >= after:
        return True, f"Due: {progress.treatments_done} treatment{'s' if progress.treatments_done > 1 else ''} given; the evaluation point is after {after}."
    if progress.evaluation_on is not None and today >= progress.evaluation_on:
        return True, f"Due since {_day(progress.evaluation_on)}."
    if progress.evaluation_on is not None:
        return False, f"Not due before {_day(progress.evaluation_on)}."
    if after is not None:
        return False, f"Not due: {progress.treatments_done} of {after} treatments given."
    return True, "No evaluation point is set for this course: judge at each visit."


Judged = tuple[Choice | None, tuple[Choice, ...], tuple[Finding, ...]]


def _judge(protocol: Protocol | None, scale: Scale | None, baseline: Decimal | None, now: Decimal | None, due: bool, due_text: str) -> Judged:
    rule = cited([protocol.stop_rule, protocol.evaluation.text]) if protocol else ()
    if scale is None or baseline is None or now is None:
        return None, (), (_cannot_tell(scale, baseline, now, rule),)
    moved = change(scale, baseline, now)
    because = _because(scale, moved)
    sources = (*(source for threshold in moved.thresholds for source in threshold.sources), *rule)
    if _clearly_worse(moved):
        text = f"{moved.sentences[0]} Look for another cause, and refer if it is not found."
        return "refer", ("refer", "stop"), (Finding("maintenance/worse", Effect.REFER, text, because, sources=sources, limits=_LIMITS),)
    if not due:
        return None, (), (Finding("maintenance/not_due", Effect.INFORM, f"{due_text} {moved.sentences[0]}", because, sources=rule, limits=_LIMITS),)
    if moved.state == "reached":
        text = f"{moved.sentences[0]} That reaches a published minimal important difference."
        return "continue", ("continue",), (Finding("maintenance/reached", Effect.INFORM, text, because, sources=sources, limits=_LIMITS),)
    if moved.state == "below":
        stop = protocol.stop_rule.text if protocol else "Stop or change the treatment."
        text = f"{moved.sentences[0]} That is below every published minimal important difference. {stop}"
        return "stop", ("stop", "change"), (Finding("maintenance/below", Effect.CAUTION, text, because, sources=sources, limits=_LIMITS),)
    if moved.state == "between":
        text = f"{moved.sentences[0]} Published differences disagree on whether that matters: the clinician judges with the patient."
        return None, (), (Finding("maintenance/between", Effect.CAUTION, text, because, sources=sources, limits=_LIMITS),)
    text = f"{' '.join(moved.sentences)} The clinician judges with the patient. {protocol.stop_rule.text if protocol else ''}".strip()
    return None, (), (Finding("maintenance/mcid_unknown", Effect.CAUTION, text, because, sources=sources, limits=_LIMITS),)


_LIMITS = "One scale, one patient, no control: a change may be chance, time or attention. In trials the comparator arm often improved too."


def _cannot_tell(scale: Scale | None, baseline: Decimal | None, now: Decimal | None, rule: tuple[SourceRef, ...]) -> Finding:
    if scale is None:
        text, missing = "No scale is set for this indication, so nothing can be held against the baseline.", ("scale",)
    elif baseline is None:
        text, missing = f"No baseline of {scale.short} was recorded before the first treatment: whether it helped cannot be told from the score.", ("baseline",)
    else:
        text, missing = f"{scale.short} has not been scored since the first treatment. Score it, then decide.", ("score",)
    return Finding("maintenance/cannot_tell", Effect.ASK, text, missing=missing, sources=rule, limits=_LIMITS)


def _because(scale: Scale, moved: Change) -> tuple[Fact, ...]:
    return (
        Fact(f"{scale.short} at baseline", str(moved.baseline.normalize()), None, "scores of this course"),
        Fact(f"{scale.short} now", str(moved.now.normalize()), None, "scores of this course"),
    )


def _clearly_worse(moved: Change) -> bool:
    """Worse by at least the smallest published difference; where none is known, worse at all."""
    if moved.improvement is None or moved.improvement >= 0:
        return False
    sizes = [threshold.low for threshold in moved.thresholds if not threshold.relative]
    shares = [threshold.low for threshold in moved.thresholds if threshold.relative]
    if not sizes and not shares:
        return True
    by_size = any(-moved.improvement >= size for size in sizes)
    return by_size or (moved.relative_percent is not None and any(abs(moved.relative_percent) >= share for share in shares))


def _next(protocol: Protocol | None, progress: Progress, today: dt.date) -> tuple[dt.date | None, str, tuple[SourceRef, ...]]:
    if protocol is None:
        return None, "No protocol is chosen, so no date can be proposed.", ()
    planned = progress.sessions if progress.sessions is not None else int(protocol.sessions.high or 0) or None
    start = progress.last_on or today
    if planned is None or progress.treatments_done < planned:
        usual = protocol.interval_days
        days = progress.interval_days if progress.interval_days is not None else int((usual and (usual.low or usual.high)) or 0)
        number = f"{progress.treatments_done + 1} of {planned}" if planned else f"{progress.treatments_done + 1}"
        day = max(start + dt.timedelta(days=days), today)
        return day, f"Treatment {number}, {days} days after the last.", cited([usual or protocol.sessions])
    upkeep = protocol.maintenance_interval_days
    if upkeep is not None and upkeep.low is not None:
        day = max(start + dt.timedelta(days=int(upkeep.low)), today)
        return day, f"Maintenance: {protocol.maintenance.text}", cited([protocol.maintenance, upkeep])
    return None, f"The course is complete. No interval for maintenance is established: {protocol.maintenance.text}", cited([protocol.maintenance])


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
