"""Treatment: the one gate before it."""

from __future__ import annotations

from pistor.care.visit import VisitFacts, plan_needs


def missing_before_treatment(facts: VisitFacts) -> tuple[str, ...]:
    """Everything that has to be done before a treatment may be recorded and signed; empty where nothing is missing.

    The page shows this list and the server answers with it, so that both always say the same.
    """
    missing = [*plan_needs(facts)]
    if facts.questions_missing:
        missing += [f"Not asked yet: {question}" for question in facts.questions_missing]
    missing += [f"Needs a reason to go on: {sentence}" for sentence in facts.to_override]
    if not facts.verdict_reviewed:
        missing.append("A clinician has to look at the verdict for this visit.")
    if not facts.baseline_scored:
        missing.append("The score before the first treatment is not recorded.")
    missing += _consent(facts)
    return tuple(dict.fromkeys(missing))


def _consent(facts: VisitFacts) -> tuple[str, ...]:
    return {
        "signed": (),
        "outdated": ("The plan changed after the patient signed. Ask for consent again.",),
        "withdrawn": ("The patient withdrew the consent.",),
        "none": ("Consent is not signed.",),
    }[facts.consent]
