"""Which questions are worth a patient's time: those that a rule for this treatment asks, and those kept for the record."""

from __future__ import annotations

from pistor.care.candidacy.scope import in_scope
from pistor.care.intent import Intent
from pistor.knowledge import Library
from pistor.knowledge.links import names_in

BREASTFEEDING = "breastfeeding"  # asked beside pregnancy: an imported record answers one of the two


def questions_that_matter(intent: Intent, library: Library) -> frozenset[str]:
    """Ids of questions. Allergies are asked in full: what else goes on or into the skin is settled later."""
    asked = {id_ for id_, question in library.questions.items() if question.kept_for or id_.startswith("allergy_") or id_ == BREASTFEEDING}
    for rule in library.contraindications.values():
        if in_scope(rule.scope, intent, library):
            for kind, id_ in names_in(rule.when):
                if kind == "concepts" and (question := library.concepts[id_].question):
                    asked.add(question)
                elif kind == "questions":
                    asked.add(id_)
    return frozenset(asked)
