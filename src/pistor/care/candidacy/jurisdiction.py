"""What the law of the country says about the intent. What no rule names is unknown, never allowed."""

from __future__ import annotations

from pistor.care.candidacy.scope import in_scope, what_is_meant
from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.care.intent import Intent
from pistor.knowledge import Library
from pistor.knowledge.model import Jurisdiction, JurisdictionRule

_SERIOUS = ("fat",)  # where an unknown law is no detail: such injections are banned in some countries
_VERB = {"banned": "is banned", "unapproved": "is not approved", "restricted": "is restricted", "allowed": "is licensed"}


def jurisdiction_findings(intent: Intent, library: Library) -> list[Finding]:
    """One finding per rule of the country that speaks of this intent, or one that says that none is known."""
    if intent.jurisdiction is None:
        return [_unknown(intent, "The country is not known, so neither is what its law says.", "jurisdiction_unknown", ("jurisdiction",))]
    country = library.jurisdictions.get(intent.jurisdiction)
    rules = [(rule, place) for place in _places(country, library) for rule in place.rules if in_scope(rule.scope, intent, library)]
    if not rules:
        name = country.name if country else intent.jurisdiction
        said = " What its authorities have said stands in the library." if any(place.notices for place in _places(country, library)) else ""
        text = f"{name}: no rule is known for this treatment; that is not the same as allowed.{said}"
        return [_unknown(intent, text, "jurisdiction_no_rule", ("jurisdiction",))]
    return [_finding(rule, place, intent, library) for rule, place in rules]


def _places(country: Jurisdiction | None, library: Library) -> list[Jurisdiction]:
    """A country and whatever it is part of."""
    return [country, *(library.jurisdictions[id_] for id_ in country.part_of if id_ in library.jurisdictions)] if country else []


def _unknown(intent: Intent, text: str, rule: str, missing: tuple[str, ...]) -> Finding:
    serious = intent.application in _SERIOUS
    return Finding(
        rule=rule,
        effect=Effect.ASK if serious else Effect.INFORM,
        text=text + (" Fat-dissolving injections are banned in some countries: check before going on." if serious else ""),
        because=(Fact("country", intent.jurisdiction or "not known", None, "chosen" if intent.jurisdiction else "not given"),),
        missing=missing if serious else (),
        limits="The knowledge base holds rules of a few countries only.",
    )


def _finding(rule: JurisdictionRule, country: Jurisdiction, intent: Intent, library: Library) -> Finding:
    forbidden = rule.status in ("banned", "unapproved") or (rule.status == "restricted" and bool(rule.scope.zones_except))
    effect = Effect.CONTRAINDICATED if forbidden else Effect.CAUTION if rule.status == "restricted" else Effect.INFORM
    since = f" (since {rule.since})" if rule.since else ""
    return Finding(
        rule=f"jurisdiction_{rule.id}",
        effect=effect,
        text=f"{country.name}: this {_VERB[rule.status]}{since}. {rule.text.text}",
        because=(Fact("country", country.name, None, "chosen"), *what_is_meant(rule.scope, intent, library)),
        sources=cited([rule.text]),
        limits="Law as read on the review date; it may have changed since." + (f" {rule.text.conflict.note}" if rule.text.conflict else ""),
        stops=forbidden,
    )
