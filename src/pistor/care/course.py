"""The dates of a course: from a protocol and a start, with when to evaluate, when to stop, and what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.knowledge import Library
from pistor.knowledge.model import LimitScope, Protocol, Quantity, Statement

MOST_SESSIONS = 52
LONGEST_INTERVAL_DAYS = 365
PLAN = "the plan"


class NoSchedule(ValueError):
    """No dates can be made of this; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A treatment on a day. ``moved_days`` tells by how much it was moved past closed days."""

    number: int
    on: dt.date
    moved_days: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Treatments with dates. ``interval_days`` is the shortest gap between two of them as planned."""

    treatments: tuple[Planned, ...]
    interval_days: int
    evaluation_on: dt.date
    evaluation_after: int | None
    evaluation: Statement
    stop_rule: Statement
    maintenance: Statement
    findings: tuple[Finding, ...] = ()

    @property
    def sessions(self) -> int:
        return len(self.treatments)

    @property
    def stops(self) -> tuple[str, ...]:
        return tuple(finding.text for finding in self.findings if finding.stops)

    def as_dict(self) -> dict[str, Any]:
        return {
            "treatments": [{"number": planned.number, "on": planned.on.isoformat(), "moved_days": planned.moved_days} for planned in self.treatments],
            "interval_days": self.interval_days,
            "evaluation_on": self.evaluation_on.isoformat(),
            "evaluation_after": self.evaluation_after,
            "evaluation": _statement(self.evaluation),
            "stop_rule": _statement(self.stop_rule),
            "maintenance": _statement(self.maintenance),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def usual_sessions(protocol: Protocol) -> int:
    """How many treatments to plan: the protocol's number, or where it names only a maximum, as many as until the evaluation."""
    known = protocol.sessions
    if known.value is not None or known.min is not None:
        return int(known.value if known.value is not None else known.min or 1)
    most = int(known.max or 1)
    until = protocol.evaluation.after_treatments
    return min(most, int(until.high)) if until is not None and until.high is not None else most


def usual_interval_days(protocol: Protocol) -> int:
    """The protocol's interval; of a range the shorter end. After a single treatment the next day, for the evaluation."""
    known = protocol.interval_days
    return int((known and (known.low or known.high)) or 1)


def make_schedule(
    protocol: Protocol,
    library: Library,
    start: dt.date,
    *,
    sessions: int | None = None,
    interval_days: int | None = None,
    closed_days: Collection[int | dt.date] = (),
    today: dt.date | None = None,
) -> Schedule:
    """Dates from the first treatment on. ``closed_days`` are weekdays (Monday is 0) or dates; treatments move past them.

    An interval is counted from the treatment before, so moving one never brings two closer together. Raises
    :class:`NoSchedule` for a start before ``today``, and for numbers outside their range.
    """
    _check(start, today, sessions, interval_days, closed_days)
    count = sessions if sessions is not None else usual_sessions(protocol)
    gaps = _gaps(protocol, count, interval_days)
    treatments = _dates(start, gaps, closed_days)
    step = interval_days or (gaps[-1] if gaps else usual_interval_days(protocol))
    after = _whole(protocol.evaluation.after_treatments)
    findings = (
        *_too_many(protocol, library, count),
        *_too_soon(protocol, gaps, interval_days),
        *_unevaluated(protocol, count, after),
        *_moved(treatments),
        *_no_number(protocol, sessions, count),
    )
    return Schedule(
        treatments=treatments,
        interval_days=min(gaps, default=step),
        evaluation_on=_evaluation_on(protocol, treatments, after, step, closed_days),
        evaluation_after=after,
        evaluation=protocol.evaluation.text,
        stop_rule=protocol.stop_rule,
        maintenance=protocol.maintenance,
        findings=findings,
    )


# ── dates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(start: dt.date, today: dt.date | None, sessions: int | None, interval_days: int | None, closed: Collection[int | dt.date]) -> None:
    if today is not None and start < today:
        raise NoSchedule(f"The start, {_day(start)}, has passed; choose today ({_day(today)}) or a later day.")
    if start.year > 2100:
        raise NoSchedule(f"The start, {_day(start)}, is too far away; choose a day before 2100.")
    if sessions is not None and not 1 <= sessions <= MOST_SESSIONS:
        raise NoSchedule(f"The number of treatments is {sessions}; give a whole number from 1 to {MOST_SESSIONS}.")
    if interval_days is not None and not 1 <= interval_days <= LONGEST_INTERVAL_DAYS:
        raise NoSchedule(f"The interval is {interval_days} days; give a whole number from 1 to {LONGEST_INTERVAL_DAYS} days.")
    if {day for day in closed if not isinstance(day, dt.date)} >= set(range(7)):
        raise NoSchedule("Every day of the week is closed; leave at least one open.")


def _gaps(protocol: Protocol, count: int, interval_days: int | None) -> tuple[int, ...]:
    if interval_days is None and protocol.interval_days is None and count > 1:
        raise NoSchedule("The protocol is a single treatment and has no interval; give the days between treatments.")
    if interval_days is not None or protocol.treatment_days is None:
        return (interval_days or usual_interval_days(protocol),) * (count - 1)
    days = protocol.treatment_days.days
    known = [later - earlier for earlier, later in pairwise(days)]
    return tuple(known[: count - 1]) + (known[-1],) * max(0, count - len(days))


def _dates(start: dt.date, gaps: Sequence[int], closed: Collection[int | dt.date]) -> tuple[Planned, ...]:
    planned: list[Planned] = []
    for number, gap in enumerate((0, *gaps), 1):
        meant = (planned[-1].on if planned else start) + dt.timedelta(days=gap)
        on = _open_day(meant, closed)
        planned.append(Planned(number, on, (on - meant).days))
    return tuple(planned)


def _open_day(day: dt.date, closed: Collection[int | dt.date]) -> dt.date:
    for ahead in range(400):
        shifted = day + dt.timedelta(days=ahead)
        if shifted not in closed and shifted.weekday() not in closed:
            return shifted
    raise NoSchedule(f"No open day was found within a year of {_day(day)}; check the days on which the clinic is closed.")


def _evaluation_on(protocol: Protocol, treatments: Sequence[Planned], after: int | None, step: int, closed: Collection[int | dt.date]) -> dt.date:
    """After the protocol's days, else at the visit that follows the treatment to be evaluated, else one interval after the last."""
    days = _whole(protocol.evaluation.after_days)
    if days is not None:
        return _open_day(max(treatments[0].on + dt.timedelta(days=days), treatments[-1].on), closed)
    if after is not None and after < len(treatments):
        return treatments[after].on
    return _open_day(treatments[-1].on + dt.timedelta(days=step), closed)


# ── findings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _too_many(protocol: Protocol, library: Library, count: int) -> tuple[Finding, ...]:
    found = []
    most = protocol.sessions.high
    labelled = protocol.verdict == "label"
    if most is not None and count > most:
        what = "The label allows" if labelled else "The protocol has"
        found.append(
            Finding(
                rule="course.sessions",
                effect=Effect.CONTRAINDICATED if labelled else Effect.CAUTION,
                text=f"{count} treatments are planned. {what} {'at most ' if labelled else ''}{int(most)}; more than that has not been studied here.",
                because=(_fact("treatments planned", str(count)),),
                sources=cited([protocol.sessions]),
                stops=labelled,
            )
        )
        if labelled:
            return tuple(found)
    for id_ in protocol.ingredients:
        known = library.ingredients.get(id_)
        for limit in known.limits if known else ():
            if (
                limit.scope is LimitScope.TREATMENTS_PER_COURSE
                and limit.absolute is not None
                and limit.absolute.high is not None
                and count > limit.absolute.high
            ):
                found.append(
                    Finding(
                        rule=f"course.sessions.{limit.id}",
                        effect=Effect.CONTRAINDICATED,
                        text=f"{count} treatments are planned. With {known.name if known else id_} at most {int(limit.absolute.high)} are allowed in a course.",
                        because=(_fact("treatments planned", str(count)),),
                        sources=cited([limit.absolute]),
                        stops=True,
                    )
                )
    return tuple(found)


def _too_soon(protocol: Protocol, gaps: Sequence[int], chosen: int | None) -> tuple[Finding, ...]:
    known = protocol.interval_days
    least = known.low if known else None
    shortest = min(gaps, default=None)
    if chosen is None or known is None or least is None or shortest is None or shortest >= least:
        return ()
    return (
        Finding(
            rule="course.interval",
            effect=Effect.CAUTION,
            text=f"Treatments are {shortest} {'day' if shortest == 1 else 'days'} apart; the protocol leaves at least {int(least)} days.",
            because=(_fact("interval", f"{shortest} days"),),
            sources=cited([known]),
            limits="A shorter interval has not been studied for this protocol; doses add up faster.",
        ),
    )


def _unevaluated(protocol: Protocol, count: int, after: int | None) -> tuple[Finding, ...]:
    if after is None or count >= after:
        return ()
    return (
        Finding(
            rule="course.evaluation",
            effect=Effect.INFORM,
            text=f"{count} {'treatment is' if count == 1 else 'treatments are'} planned; the response was read after {after}. "
            "It will be scored at the end of the course instead.",
            because=(_fact("treatments planned", str(count)),),
            sources=cited([protocol.evaluation.text]),
        ),
    )


def _moved(treatments: Sequence[Planned]) -> tuple[Finding, ...]:
    moved = [planned for planned in treatments if planned.moved_days]
    if not moved:
        return ()
    names = ", ".join(f"{planned.number} to {_day(planned.on)}" for planned in moved)
    return (Finding(rule="course.closed_day", effect=Effect.INFORM, text=f"Moved past closed days: treatment {names}. Intervals only grow by this."),)


def _no_number(protocol: Protocol, chosen: int | None, count: int) -> tuple[Finding, ...]:
    if chosen is not None or protocol.sessions.value is not None or protocol.sessions.min is not None:
        return ()
    return (
        Finding(
            rule="course.up_to",
            effect=Effect.INFORM,
            text=f"The source names a maximum of {int(protocol.sessions.max or 0)} treatments, not a number to reach: "
            f"{count} are planned until the evaluation, then decide.",
            sources=cited([protocol.sessions, protocol.evaluation.text]),
        ),
    )


def _fact(name: str, value: str) -> Fact:
    return Fact(name, value, None, PLAN)


def _whole(quantity: Quantity | None) -> int | None:
    high: Decimal | None = quantity.high if quantity else None
    return int(high) if high is not None else None


def _statement(statement: Statement) -> dict[str, Any]:
    return {"text": statement.text, "sources": [ref.as_dict() for ref in cited([statement])]}


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
