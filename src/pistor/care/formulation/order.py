"""The order in which findings of a blend are said: what nobody at the table can mend comes first."""

from __future__ import annotations

from collections.abc import Iterable

from pistor.care.evidence import Finding

_PLACES = {
    "jurisdiction": 0,  # where it stops: the law of the country
    "ingredient:withdrawn": 1,
    "ingredient:regulator_warning": 1,
    "ingredient:": 2,  # what a label excludes, and whom
    "presentation:not_intradermal": 2,
    "allergy": 2,
    "policy:": 3,  # the clinic's own rule
    "mixture:single_syringe": 4,
    "mixture:water_soluble": 4,
    "pair:": 5,
    "threshold:": 6,
    "precipitation:seen": 6,
    "precipitation:predicted": 7,
    "pair:no_data": 8,
    "limit:": 9,
}
_ADVICE = 10
_ADVISES = ("ingredient:other_application",)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Law, withdrawal, label and patient, policy, what is given alone, pairs, ranges, predictions, no data, doses, advice; within each as they came."""
    return tuple(sorted(findings, key=place_of))


def place_of(finding: Finding) -> int:
    """Where a finding belongs; the lower, the earlier. The longest beginning of its rule decides."""
    if finding.rule in _ADVISES or (finding.rule.startswith("jurisdiction") and not finding.stops):
        return _ADVICE
    fits = [start for start in _PLACES if finding.rule.startswith(start)]
    return _PLACES[max(fits, key=len)] if fits else _ADVICE
