"""The verdict and how findings add up to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pistor.care.candidacy.chart import chart_of
from pistor.care.candidacy.criteria import LATER, Case, Reply, ask
from pistor.care.candidacy.jurisdiction import jurisdiction_findings
from pistor.care.candidacy.record import deceased, record_findings
from pistor.care.candidacy.scope import in_scope, what_is_meant
from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.care.intent import Intent
from pistor.knowledge import Library
from pistor.knowledge.model import Contraindication


class VerdictState(StrEnum):
    ELIGIBLE = "eligible"
    WITH_CONDITIONS = "eligible_with_conditions"
    REFER = "refer"
    NOT_ELIGIBLE = "not_eligible"
    CANNOT_TELL = "cannot_tell"


# The most serious effect present decides.
_STATE = (
    (Effect.CONTRAINDICATED, VerdictState.NOT_ELIGIBLE),
    (Effect.REFER, VerdictState.REFER),
    (Effect.ASK, VerdictState.CANNOT_TELL),
    (Effect.CAUTION, VerdictState.WITH_CONDITIONS),
)
_ORDER = {effect: place for place, effect in enumerate((*(effect for effect, _ in _STATE), Effect.INFORM))}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``missing`` are ids of questions still to ask; ``checked`` the rules that were asked and did not hold."""

    state: VerdictState
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    checked: tuple[str, ...]
    knowledge_version: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.state.value,
            "findings": [finding.as_dict() for finding in self.findings],
            "missing": list(self.missing),
            "checked": list(self.checked),
            "knowledge_version": self.knowledge_version,
        }


def one_rule(rule: Contraindication, picture: PatientPicture, intent: Intent, library: Library) -> Finding | None:
    """What one rule finds, where only that is asked; None where it does not hold or cannot be told."""
    reply = ask(rule.when, Case(chart_of(picture, library), intent))
    return _holds(rule, reply, intent, library) if reply.holds else None


def assess(picture: PatientPicture, intent: Intent, library: Library) -> Verdict:
    """Every rule in scope asked of the picture. Missing facts become questions, never a yes."""
    chart = chart_of(picture, library)
    if picture.deceased:
        return Verdict(VerdictState.NOT_ELIGIBLE, (deceased(chart),), (), (), library.version)
    findings: list[Finding] = []
    checked: list[str] = []
    case = Case(chart, intent)
    for rule in library.contraindications.values():
        if not in_scope(rule.scope, intent, library):
            continue
        reply = ask(rule.when, case)
        if reply.holds:
            findings.append(_holds(rule, reply, intent, library))
        elif reply.holds is None and rule.ask:
            findings.append(_asks(rule, reply, library))
        elif reply.holds is False:
            checked.append(rule.id)
    if not library.contraindications:
        findings.append(Finding("no_rules", Effect.ASK, "The knowledge base holds no contraindications: nothing can be said."))
    if not intent.indication:
        findings.append(Finding("no_indication", Effect.ASK, f"No indication is known for the application {intent.application}: nothing can be said about it."))
    findings += jurisdiction_findings(intent, library)
    findings += record_findings(chart)
    findings.sort(key=lambda finding: _ORDER[finding.effect])
    missing = tuple(dict.fromkeys(question for finding in findings for question in finding.missing))
    return Verdict(state_of(findings), tuple(findings), missing, tuple(checked), library.version)


def state_of(findings: list[Finding] | tuple[Finding, ...]) -> VerdictState:
    """The verdict that findings add up to: the most serious effect decides, and nothing known against is eligible."""
    effects = {finding.effect for finding in findings}
    return next((state for effect, state in _STATE if effect in effects), VerdictState.ELIGIBLE)


def _holds(rule: Contraindication, reply: Reply, intent: Intent, library: Library) -> Finding:
    facts = (*reply.facts, *what_is_meant(rule.scope, intent, library))
    return Finding(
        rule=rule.id,
        effect=Effect(rule.effect),
        text=_spoken(rule.text, reply.facts),
        because=facts,
        sources=cited(rule.basis),
        limits=rule.limits,
        stops=rule.stops,
    )


def _asks(rule: Contraindication, reply: Reply, library: Library) -> Finding:
    questions = [library.questions[id_].text for id_ in reply.missing if id_ in library.questions]
    doubt = f" The record leaves it open: {_fact(reply.facts[0])}." if reply.facts else ""
    return Finding(
        rule=rule.id,
        effect=Effect.ASK,
        text=f"{rule.name}: not known.{doubt} {' '.join(questions)}".strip(),
        because=reply.facts,
        missing=reply.missing,
        sources=cited(rule.basis),
        limits=rule.limits,
    )


def _spoken(text: str, facts: tuple[Fact, ...]) -> str:
    """The rule's sentence with the fact it rests on in place of ``{fact}``."""
    if "{fact}" not in text:
        return text
    if not facts:
        return text.replace(" ({fact})", "").replace("{fact}", "").replace("  ", " ")
    return text.replace("{fact}", "; ".join(_fact(fact) for fact in facts[:3]))


def _fact(fact: Fact) -> str:
    if fact.value in ("yes", "no", "not known"):
        said = {"yes": "answered yes", "no": "answered no", "not known": "answered that it is not known"}[fact.value]
        return f"{said}{_on(fact.date)}"
    since = {"condition": "since", "medicine": "since", "pregnancy": "on"}.get(fact.name, "on")
    value = fact.value
    if fact.name == "age":
        return value
    if fact.name.startswith("pregnancy recorded"):
        return f"{value}, recorded more than 10 months ago{_on(fact.date, 'on')}"
    if fact.name.endswith(LATER):
        return f"{value},{_on(fact.date, 'dated')}, after this day"
    return f"{value}{_on(fact.date, since)}"


def _on(date: dt.date | None, word: str = "on") -> str:
    return f" {word} {date.day} {date.strftime('%b %Y')}" if date else ""
