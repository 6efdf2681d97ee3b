"""The picture of a patient, indexed by the concepts of the knowledge base: what a rule can be asked of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from pistor.care.candidacy.matching import Matcher, matcher_of
from pistor.care.consultation import Allergy, Condition, Medicine, PatientPicture, Procedure
from pistor.care.evidence import Fact
from pistor.knowledge import Library

# Negations of the knowledge base, and the general question that says the same by mouth.
NO_ALLERGIES, NO_MEDICINE_ALLERGIES = "no_known_allergies", "no_known_medicine_allergies"
NO_CONDITIONS, NO_MEDICINES = "no_known_conditions", "no_current_medicines"
_BY_MOUTH = {"allergies": NO_ALLERGIES, "conditions": NO_CONDITIONS, "medicines": NO_MEDICINES}


@dataclass(slots=True)
class Chart:
    """A picture with its entries by concept, and what the record expressly denies."""

    picture: PatientPicture
    library: Library
    matcher: Matcher
    conditions: dict[str, list[Condition]] = field(default_factory=lambda: defaultdict(list))
    medicines: dict[str, list[Medicine]] = field(default_factory=lambda: defaultdict(list))
    allergies: dict[str, list[Allergy]] = field(default_factory=lambda: defaultdict(list))
    procedures: dict[str, list[Procedure]] = field(default_factory=lambda: defaultdict(list))
    other_allergies: list[Allergy] = field(default_factory=list)  # those that no concept knows
    negations: dict[str, Fact] = field(default_factory=dict)
    contradictions: dict[str, tuple[Fact, ...]] = field(default_factory=dict)  # found while rules are asked

    @property
    def on(self) -> dt.date:
        return self.picture.on


def chart_of(picture: PatientPicture, library: Library) -> Chart:
    """Index a picture. Refuted entries never count; negations are kept apart from what they deny."""
    chart = Chart(picture, library, matcher_of(library))
    find = chart.matcher.concepts
    for condition in picture.conditions:
        for concept in find("condition", condition.label, condition.codings):
            if concept in (NO_CONDITIONS, NO_ALLERGIES, NO_MEDICINE_ALLERGIES):
                if not condition.refuted:
                    chart.negations.setdefault(concept, _stated(condition.label, condition.onset, condition.origin))
            elif not condition.refuted:
                chart.conditions[concept].append(condition)
    for medicine in picture.medicines:
        for concept in find("medicine", medicine.label, medicine.codings):
            if concept == NO_MEDICINES:
                chart.negations.setdefault(concept, _stated(medicine.label, medicine.start, medicine.origin))
            else:
                chart.medicines[concept].append(medicine)
    for allergy in picture.allergies:
        if allergy.refuted or allergy.active is False:
            continue
        found = find("allergy", allergy.label, allergy.codings)
        if not found:
            chart.other_allergies.append(allergy)
        for concept in found:
            if concept in (NO_ALLERGIES, NO_MEDICINE_ALLERGIES):
                chart.negations.setdefault(concept, _stated(allergy.label, allergy.recorded, allergy.origin))
            else:
                chart.allergies[concept].append(allergy)
    for procedure in picture.procedures:
        for concept in find("procedure", procedure.label, procedure.codings):
            chart.procedures[concept].append(procedure)
    for question, negation in _BY_MOUTH.items():
        answer = picture.answers.get(question)
        if answer is not None and answer.value == "no":
            chart.negations.setdefault(negation, Fact(f"answer to “{question}”", "no", answer.date, answer.origin))
    return chart


def negations_in(allergy: Allergy, matcher: Matcher) -> frozenset[str]:
    """What an allergy entry denies: empty where it names an allergy, as most do."""
    return matcher.concepts("allergy", allergy.label, allergy.codings) & {NO_ALLERGIES, NO_MEDICINE_ALLERGIES}


def _stated(label: str, date: dt.date | None, origin: str) -> Fact:
    return Fact("stated", label, date, origin)
