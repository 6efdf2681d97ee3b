"""A verdict as a page shows it: finished sentences, findings in groups, and what may be done about each."""

from __future__ import annotations

from dataclasses import dataclass

from pistor.care.candidacy import VerdictState
from pistor.care.evidence import Effect, Finding
from pistor.exchange.verdicts import sentence
from pistor.knowledge import Library
from pistor.knowledge.model import Question
from pistor.records.candidacy import Override
from pistor.records.intent import Candidacy, needs_reason

_GROUPS = (
    (Effect.CONTRAINDICATED, "Against it"),
    (Effect.REFER, "Refer first"),
    (Effect.CAUTION, "Conditions"),
    (Effect.ASK, "Not known"),
    (Effect.INFORM, "To know"),
)
# In the order in which a consultation goes.
_SECTIONS = ("general", "skin", "bleeding", "illness", "medicines", "previous", "goals", "pain", "hair", "fat", "mind")
_NEXT = {
    VerdictState.NOT_ELIGIBLE: "Do not treat as meant. Choose another treatment, or give a reason where one is allowed.",
    VerdictState.REFER: "Refer, or give a reason to go on.",
    VerdictState.CANNOT_TELL: "Answer the questions below; nothing is assumed in their place.",
    VerdictState.WITH_CONDITIONS: "Treat with the conditions below.",
    VerdictState.ELIGIBLE: "Go on with this verdict.",
}


@dataclass(frozen=True)
class Shown:
    """One finding with what was or may be decided about it."""

    finding: Finding
    override: Override | None
    may_override: bool


@dataclass(frozen=True)
class Group:
    heading: str
    effect: str
    findings: tuple[Shown, ...]


def groups(now: Candidacy) -> tuple[Group, ...]:
    """The findings by what they ask for, most serious first; empty groups are left out."""
    made = []
    for effect, heading in _GROUPS:
        found = tuple(
            Shown(finding, now.overrides.get(finding.rule), needs_reason(finding, now.picture) and not finding.stops)
            for finding in now.verdict.findings
            if finding.effect is effect
        )
        if found:
            made.append(Group(heading, effect.value, found))
    return tuple(made)


def why(now: Candidacy) -> str:
    return sentence(now.verdict)


def next_step(now: Candidacy) -> str:
    """What to do now, in one sentence."""
    state = now.verdict.state
    if now.reviewed():
        return "You or a colleague went on with this verdict; nothing has changed since."
    if now.stops:
        return "A finding below cannot be overridden: do not treat as meant."
    if not now.questions and not now.to_override and now.overrides:
        return "Every finding that speaks against it has a reason. Go on, or do not treat."
    if state is VerdictState.CANNOT_TELL and not now.questions:
        return "What is left cannot be answered here: give a reason for each point below, or do not treat."
    return _NEXT[state]


def meant(now: Candidacy, library: Library) -> str:
    """What was asked about, in words."""
    intent = now.intent
    products = [library.ingredients[id_].name if id_ in library.ingredients else id_.replace("_", " ") for id_ in intent.ingredients]
    indication = library.indications[intent.indication].name if intent.indication in library.indications else intent.application
    zone = library.zones[intent.zone].name if intent.zone in library.zones else intent.zone.replace("_", " ")
    country = library.jurisdictions[intent.jurisdiction].name if intent.jurisdiction in library.jurisdictions else intent.jurisdiction
    return f"{indication}, {zone.lower() or 'zone not known'}, with {', '.join(products) or 'no product yet'}. Country: {country or 'not known'}."


def assumed(now: Candidacy) -> str:
    """Which parts of what is meant nobody chose; their names stand in :func:`meant`."""
    parts = [one.split()[0] for one in now.intent.assumed if not one.startswith("no ")]
    return f"Not chosen yet, so taken from the knowledge base: {', '.join(parts)}." if parts else ""


def asked_here(now: Candidacy, library: Library) -> tuple[Question, ...]:
    """The open questions that are answered on this page."""
    found = [library.questions[id_] for id_ in now.questions if id_ in library.questions and id_ not in ("birth_date", "sex", "jurisdiction")]
    return tuple(sorted(found, key=lambda question: _SECTIONS.index(question.section)))


def asked_elsewhere(now: Candidacy) -> tuple[str, ...]:
    """Sentences for what is missing and is answered somewhere else."""
    places = {
        "birth_date": "The date of birth is missing: write it on the patient's page.",
        "sex": "The sex is not recorded: write it on the patient's page.",
        "jurisdiction": "The law of the country is not known to Pistor: check it yourself, then give a reason below.",
    }
    return tuple(text for id_, text in places.items() if id_ in now.verdict.missing)
