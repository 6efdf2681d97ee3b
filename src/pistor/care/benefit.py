"""What a protocol has been shown to do: each trial with its comparator, in absolute numbers, and nothing pooled.

A trial without effect is told in the same words and the same place as one with effect, and a number that was not
readable is *no data*, never left out and never zero.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.evidence import SourceRef, cited
from pistor.knowledge import Library, model

Z95 = 1.959964  # two-sided 95 % of the normal distribution
SMALLEST = 5  # people; below, the expansion of Student's t is off by more than what is printed

VERDICTS = {
    "supported": "Supported by small controlled trials",
    "mixed": "Mixed: some studies show an effect, others none against their comparator",
    "unproven": "Unproven: what was read does not show whether it does more than its comparator",
    "negative": "Negative: no effect, or none beyond the comparator, where it was looked for",
    "unknown": "Not known: no result of this treatment was read",
    "label": "Labelled: supported by the trials behind a marketing authorisation",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval, in the unit of its arm."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class BenefitArm:
    """One arm of an outcome. ``value`` None means no data; ``text`` says what was reported in words."""

    name: str
    role: str  # treated, comparator
    ingredients: tuple[str, ...]  # ids of every active injected; empty where not all are known
    value: Decimal | None
    unit: str
    spread: Decimal | None = None
    n: int | None = None
    text: str = ""
    interval: Interval | None = None  # Wilson of a share, Student of a mean; None where what it needs was not reported

    @property
    def no_data(self) -> bool:
        return self.value is None and (not self.text or self.text == "not readable")

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "role": self.role,
            "ingredients": list(self.ingredients),
            "value": _number(self.value),
            "unit": self.unit,
            "spread": _number(self.spread),
            "n": self.n,
            "text": self.text,
            "no_data": self.no_data,
            "interval_95": [str(self.interval.low), str(self.interval.high)] if self.interval else None,
        }


@dataclass(frozen=True, slots=True)
class BenefitOutcome:
    """One measure at one time. ``arms`` holds the treated arm first; a comparator follows where there was one."""

    measure: str
    time: str
    kind: str
    better: str
    arms: tuple[BenefitArm, ...]
    result: str
    source: SourceRef

    @property
    def has_comparator(self) -> bool:
        return len(self.arms) > 1

    @property
    def is_difference(self) -> bool:
        """Whether the one value is already the treated arm minus its comparator."""
        return self.kind == "difference"

    def as_dict(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "time": self.time,
            "kind": self.kind,
            "better": self.better,
            "arms": [arm.as_dict() for arm in self.arms],
            "result": self.result,
            "source": self.source.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class TrialBenefit:
    """One trial: who, what against what, and each outcome."""

    id: str
    condition: str
    design: str
    n: int | None
    active: str
    control: str | None
    schedule: str
    outcomes: tuple[BenefitOutcome, ...]
    adverse_events: tuple[model.Statement, ...]
    notes: tuple[str, ...]
    grade: str
    sources: tuple[SourceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "condition": self.condition,
            "design": self.design,
            "n": self.n,
            "active": self.active,
            "control": self.control,
            "schedule": self.schedule,
            "outcomes": [outcome.as_dict() for outcome in self.outcomes],
            "adverse_events": [_statement(item) for item in self.adverse_events],
            "notes": list(self.notes),
            "grade": self.grade,
            "sources": [source.as_dict() for source in self.sources],
        }


@dataclass(frozen=True, slots=True)
class Benefit:
    """What is published for a protocol. ``no_data`` is true where no trial of it was read."""

    protocol: str
    verdict: str
    verdict_text: str
    summary: str
    sources: tuple[SourceRef, ...]
    trials: tuple[TrialBenefit, ...]
    data_gaps: tuple[str, ...]

    @property
    def no_data(self) -> bool:
        return not self.trials

    def as_dict(self) -> dict[str, Any]:
        return {
            "protocol": self.protocol,
            "verdict": self.verdict,
            "verdict_text": self.verdict_text,
            "summary": self.summary,
            "sources": [source.as_dict() for source in self.sources],
            "trials": [trial.as_dict() for trial in self.trials],
            "data_gaps": list(self.data_gaps),
            "no_data": self.no_data,
        }


def wilson(percent: Decimal, n: int) -> Interval:
    """The 95 % Wilson score interval of a share of ``n`` people, in percent with one decimal.

    The reported percentage is used as it stands, since not every source reports the count behind it.
    """
    if n <= 0 or not 0 <= percent <= 100:
        raise ValueError(f"a share of {percent} % of {n} people has no interval")
    p, z2 = float(percent) / 100, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(_percent(max(0.0, centre - half)), _percent(min(1.0, centre + half)))


def mean_interval(mean: Decimal, spread: Decimal, n: int) -> Interval:
    """The 95 % interval of a mean by Student's t, from the standard deviation of ``n`` people; one decimal more than the mean."""
    if n < SMALLEST or spread < 0:
        raise ValueError(f"a mean of {n} people with a standard deviation of {spread} has no interval")
    half = Decimal(str(student_95(n - 1))) * spread / Decimal(n).sqrt()
    exponent = mean.as_tuple().exponent
    places = min(exponent if isinstance(exponent, int) else 0, 0) - 1
    return Interval(*(end.quantize(Decimal(1).scaleb(places)) for end in (mean - half, mean + half)))


def student_95(freedom: int) -> float:
    """Student's t for two-sided 95 %, by the expansion in the inverse of the degrees of freedom (Abramowitz and Stegun 26.7.5)."""
    z, v = Z95, float(freedom)
    return (
        z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2) + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )  # fmt: skip


def benefit_of(library: Library, protocol: str) -> Benefit:
    """What the trials of a protocol of the knowledge base report, in the order in which the protocol names them."""
    found = library.protocols[protocol]
    return Benefit(
        protocol=protocol,
        verdict=found.verdict,
        verdict_text=VERDICTS[found.verdict],
        summary=found.summary.text,
        sources=cited([found.summary]),
        trials=tuple(reported(library.trials[key]) for key in found.trials if key in library.trials),
        data_gaps=found.data_gaps,
    )


def measured_for(benefit: Benefit, actives: Collection[str]) -> list[tuple[TrialBenefit, BenefitOutcome]]:
    """Outcomes with a number in both arms whose treated arm got these actives and no other; the rest would promise another treatment's result."""
    return [
        (trial, outcome)
        for trial in benefit.trials
        for outcome in trial.outcomes
        if actives and set(outcome.arms[0].ingredients) == set(actives) and outcome.has_comparator and all(arm.value is not None for arm in outcome.arms)
    ]


def reported(trial: model.Trial) -> TrialBenefit:
    """One trial as it was reported, with intervals where shares and their people were given."""
    return TrialBenefit(
        id=trial.id,
        condition=trial.condition,
        design=trial.design,
        n=trial.n,
        active=trial.active,
        control=trial.control,
        schedule=trial.schedule,
        outcomes=tuple(_outcome(trial, outcome) for outcome in trial.outcomes),
        adverse_events=trial.adverse_events,
        notes=trial.notes,
        grade=trial.grade.value,
        sources=tuple(SourceRef(key, _locators(trial), trial.grade.value, trial.condition, trial.reviewed) for key in trial.source),
    )


def _outcome(trial: model.Trial, outcome: model.Outcome) -> BenefitOutcome:
    arms = [_arm(outcome, outcome.active, "treated")]
    if outcome.control is not None:
        arms.append(_arm(outcome, outcome.control, "comparator"))
    source = SourceRef(trial.source[0], outcome.at, trial.grade.value, outcome.measure, trial.reviewed)
    return BenefitOutcome(outcome.measure, outcome.time, outcome.kind, outcome.better, tuple(arms), outcome.result, source)


def _arm(outcome: model.Outcome, arm: model.Arm, role: str) -> BenefitArm:
    return BenefitArm(
        name=arm.name,
        role=role,
        ingredients=arm.ingredients,
        value=arm.value,
        unit=outcome.unit or "",
        spread=arm.spread,
        n=arm.n,
        text=arm.text or "",
        interval=_interval(outcome, arm),
    )


def _interval(outcome: model.Outcome, arm: model.Arm) -> Interval | None:
    if arm.value is None or arm.n is None:
        return None
    if outcome.kind == "proportion":
        return wilson(arm.value, arm.n)
    return mean_interval(arm.value, arm.spread, arm.n) if arm.spread is not None and arm.n >= SMALLEST else None


def _locators(trial: model.Trial) -> str:
    return "; ".join(dict.fromkeys(outcome.at for outcome in trial.outcomes)) or "trial"


def _percent(share: float) -> Decimal:
    return Decimal(str(round(share * 100, 1)))


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _statement(statement: model.Statement) -> dict[str, Any]:
    return {"text": statement.text, "sources": [ref.as_dict() for ref in cited([statement])]}
