"""Asks a criterion of a patient: yes, no or not known (Kleene's three values).

The silence of a record is *not known*. Only what is expressly denied is *no*: an answer, a recorded "no known ...", or
a value that decides by itself (age, sex, body mass index).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pistor.care.candidacy.chart import NO_ALLERGIES, NO_CONDITIONS, NO_MEDICINE_ALLERGIES, NO_MEDICINES, Chart
from pistor.care.candidacy.matching import words_of
from pistor.care.consultation import Allergy, Answer, Condition, Medicine, Pregnancy
from pistor.care.evidence import Fact
from pistor.care.intent import Intent
from pistor.knowledge import Library
from pistor.knowledge import criteria as c

PREGNANCY_DAYS = 300  # a pregnancy that began longer ago and was never closed is asked again
NOT_PREGNANT_DAYS = 30  # how long a statement that she is not pregnant holds
BREASTFEEDING_DAYS = 730
AGE = "age"  # told only where it is the whole reason, not where it lets a rule apply
ALLERGY = "allergy"
LATER = " dated after this day"  # ends the name of a fact that cannot have been so on the day asked about


@dataclass(frozen=True, slots=True)
class Reply:
    """``holds`` is True, False or None (not known); ``missing`` are the questions that would settle it."""

    holds: bool | None
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()


NO = Reply(False)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Case:
    """What a criterion is asked of: the patient and what is meant to be done."""

    chart: Chart
    intent: Intent


def ask(criterion: c.Criterion, case: Case) -> Reply:
    """The reply of this case to a criterion."""
    return _FORMS[type(criterion)](criterion, case)


def _any(form: c.AnyOf, case: Case) -> Reply:
    replies = [ask(part, case) for part in form.any]
    if held := [r for r in replies if r.holds]:
        return Reply(True, _unique(f for r in held for f in r.facts))
    return _open(replies) or Reply(False, _unique(f for r in replies for f in r.facts))


def _all(form: c.AllOf, case: Case) -> Reply:
    replies: list[Reply] = []
    for part in form.all:
        replies.append(ask(part, case))
        if replies[-1].holds is False:
            return Reply(False, replies[-1].facts)
    known = _unique(f for r in replies if r.holds for f in r.facts if f.name != AGE)
    if unknown := _open(replies):
        return Reply(None, _unique((*unknown.facts, *known)), unknown.missing)
    return Reply(True, known or _unique(f for r in replies for f in r.facts))


def _open(replies: list[Reply]) -> Reply | None:
    unknown = [r for r in replies if r.holds is None]
    if not unknown:
        return None
    return Reply(None, _unique(f for r in unknown for f in r.facts), _unique(q for r in unknown for q in r.missing))


def _not(form: c.NotOf, case: Case) -> Reply:
    reply = ask(form.not_, case)
    return reply if reply.holds is None else Reply(not reply.holds, reply.facts)


# ── what the record says, what the patient answers ──────────────────────────────────────────────────────────────────


def _condition(form: c.ConditionIs, case: Case) -> Reply:
    chart = case.chart
    if form.condition == "pregnancy":
        return _pregnancy_of(("pregnant",), case)
    if form.status == "past":
        return _past(form, chart)
    concept = chart.library.concepts.get(form.condition)
    question = concept.question if concept else None
    doubtful: list[Fact] = []
    for condition in chart.conditions.get(form.condition, ()):
        state = begun(condition.onset, chart.on) if form.status == "ever" else active_now(condition, chart.on)
        if state and form.within_days is not None and condition.onset is not None:
            state = (chart.on - condition.onset).days <= form.within_days
        if state:
            return _despite_answer(form.condition, question, condition_fact(condition), chart)
        if state is None:
            doubtful.append(condition_fact(condition, chart.on))
    for procedure in chart.procedures.get(form.condition, ()) if form.status == "ever" else ():
        fact = _dated("procedure", procedure.label, procedure.performed, procedure.origin, chart.on)
        if begun(procedure.performed, chart.on):
            return Reply(True, (fact,))
        doubtful.append(fact)
    if question is None:
        return Reply(None if doubtful else False, tuple(doubtful))
    if chart.library.questions[question].answer != "yes_no":  # asked by its own question, whose answer the rule names beside this
        answer = chart.picture.answers.get(question)
        settled = NO_CONDITIONS in chart.negations or (answer is not None and answer.value not in ("", "unknown"))
        return Reply(False) if settled and not doubtful else Reply(None, tuple(doubtful), (question,))
    return _answered(question, chart, tuple(doubtful), NO_CONDITIONS)


def _past(form: c.ConditionIs, chart: Chart) -> Reply:
    states = {condition: active_now(condition, chart.on) for condition in chart.conditions.get(form.condition, ())}
    over = tuple(condition_fact(condition) for condition, state in states.items() if state is False)
    return Reply(bool(over) and True not in states.values(), over)


def _medicine(form: c.MedicineIs, case: Case) -> Reply:
    chart = case.chart
    concept = chart.library.concepts.get(form.medicine)
    question = concept.question if concept else None
    doubtful: list[Fact] = []
    for medicine in chart.medicines.get(form.medicine, ()):
        state = taken(medicine, chart.on, form.within_days)
        if state:
            return _despite_answer(form.medicine, question, medicine_fact(medicine), chart)
        if state is None:
            doubtful.append(medicine_fact(medicine, chart.on))
    if question is None:
        return Reply(None, tuple(doubtful))
    # "No medicine now" says nothing about the months before.
    return _answered(question, chart, tuple(doubtful), NO_MEDICINES if form.within_days == 0 else None)


def _despite_answer(concept: str, question: str | None, fact: Fact, chart: Chart) -> Reply:
    """What the record says counts; an answer that denies it is a contradiction to be shown, not a reason to drop it."""
    answer = chart.picture.answers.get(question) if question else None
    if answer is not None and answer.value == "no":
        chart.contradictions[concept] = (fact, _answer_fact(answer, chart))
    return Reply(True, (fact,))


def _answered(question: str, chart: Chart, doubtful: tuple[Fact, ...], negation: str | None) -> Reply:
    answer = chart.picture.answers.get(question)
    if answer is not None and answer.value in ("yes", "no"):
        fact = _answer_fact(answer, chart)
        return Reply(answer.value == "yes", (fact,))
    if answer is None and negation is not None and negation in chart.negations and not doubtful:
        return Reply(False, (chart.negations[negation],))
    asked = (_answer_fact(answer, chart),) if answer is not None else ()
    return Reply(None, (*doubtful, *asked), (question,))


def _answer(form: c.AnswerIs, case: Case) -> Reply:
    chart = case.chart
    answer = chart.picture.answers.get(form.answer)
    if answer is None or answer.value in ("unknown", ""):
        return Reply(None, (_answer_fact(answer, chart),) if answer else (), (form.answer,))
    fact = _answer_fact(answer, chart)
    if form.is_ is not None:
        return Reply(answer.value == form.is_, (fact,))
    try:
        number = Decimal(answer.value)
    except InvalidOperation:
        return Reply(None, (fact,), (form.answer,))
    above = form.above is None or number > form.above
    below = form.below is None or number < form.below
    return Reply(above and below, (fact,))


def _answer_fact(answer: Answer, chart: Chart) -> Fact:
    question = chart.library.questions.get(answer.question)
    value = {"unknown": "not known"}.get(answer.value, answer.value.replace("_", " "))
    return Fact(question.text if question else answer.question, value, answer.date, answer.origin)


# ── allergies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _allergy(form: c.AllergyTo, case: Case) -> Reply:
    if form.allergy != "blend":
        return _allergy_to_group(form.allergy, case.chart)
    chart, intent = case.chart, case.intent
    sure, possible = _allergens_of(intent, chart.library)
    replies = [_allergy_to_group(group, chart) for group in sure]
    replies += [_allergy_by_name(id_, chart) for id_ in dict.fromkeys((*intent.ingredients, *intent.topical))]
    if held := [r for r in replies if r.holds]:
        return Reply(True, _unique(f for r in held for f in r.facts))
    answer = chart.picture.answers.get("allergy_ingredient")
    if answer is None or answer.value != "no":
        held = [r for r in (_allergy_to_group(group, chart) for group in possible) if r.holds and r.facts[0].name == ALLERGY]
        replies += [Reply(None, r.facts, ("allergy_ingredient",)) for r in held]
    return _open(replies) or Reply(False, _unique(f for r in replies for f in r.facts))


def _allergens_of(intent: Intent, library: Library) -> tuple[list[str], list[str]]:
    """The allergen groups in what is meant, and those that only some products of an ingredient hold while none is chosen."""
    sure: list[str] = []
    possible: list[str] = []
    for id_ in (*intent.ingredients, *intent.topical):
        if id_ in library.ingredients:
            sure += library.ingredients[id_].allergen_groups
    chosen = [library.presentations[id_] for id_ in intent.presentations if id_ in library.presentations]
    for presentation in chosen:
        sure += presentation.allergen_groups
    in_products = {part.ingredient for presentation in chosen for part in presentation.components}
    for id_ in intent.ingredients:
        products = [set(p.allergen_groups) for p in library.presentations.values() if any(part.ingredient == id_ for part in p.components)]
        if products and id_ not in in_products:
            sure += sorted(set.intersection(*products))
            possible += sorted(set.union(*products))
    return list(dict.fromkeys(sure)), [group for group in dict.fromkeys(possible) if group not in sure]


def _allergy_to_group(group: str, chart: Chart) -> Reply:
    known = chart.library.allergen_groups.get(group)
    if known is None:
        return Reply(None, missing=("allergy_ingredient",))
    if allergies := chart.allergies.get(known.concept):
        for negation in (NO_ALLERGIES, NO_MEDICINE_ALLERGIES):
            if negation in chart.negations:
                chart.contradictions[known.concept] = (allergy_fact(allergies[0]), chart.negations[negation])
        return Reply(True, tuple(allergy_fact(a) for a in allergies))
    concept = chart.library.concepts.get(known.concept)
    return _no_allergy(concept.question if concept and concept.question else "allergy_ingredient", chart)


def _allergy_by_name(ingredient: str, chart: Chart) -> Reply:
    """An allergy that names the ingredient itself, whatever group it is in."""
    entry = chart.library.ingredients.get(ingredient)
    names = [words_of(name) for name in ((entry.name, *entry.synonyms) if entry else (ingredient.replace("_", " "),))]
    for allergy in chart.picture.allergies:
        if allergy.refuted or allergy.active is False:
            continue
        texts = [words_of(text) for text in (allergy.label, *(coding.display for coding in allergy.codings))]
        if any(name in text for name in names for text in texts if name.strip()):
            return Reply(True, (allergy_fact(allergy),))
    return _no_allergy("allergy_ingredient", chart)


def _no_allergy(question: str, chart: Chart) -> Reply:
    answer = chart.picture.answers.get(question)
    if answer is not None and answer.value in ("yes", "no"):
        return Reply(answer.value == "yes", (_answer_fact(answer, chart),))
    # "No known drug allergy" covers what is a medicine or in one, and nothing else.
    covering = (NO_ALLERGIES,) if question in ("allergy_latex", "allergy_antiseptic") else (NO_ALLERGIES, NO_MEDICINE_ALLERGIES)
    for negation in covering:
        if negation in chart.negations:
            return Reply(False, (chart.negations[negation],))
    return Reply(None, missing=(question,))


# ── the person ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _pregnancy(form: c.PregnancyIs, case: Case) -> Reply:
    return _pregnancy_of(form.pregnancy, case)


def _pregnancy_of(states: tuple[str, ...], case: Case) -> Reply:
    replies = [_pregnant(case.chart) if s == "pregnant" else _trying(case.chart) if s == "trying" else _breastfeeding(case.chart) for s in states]
    if held := [r for r in replies if r.holds]:
        return Reply(True, _unique(f for r in held for f in r.facts))
    return _open(replies) or Reply(False, _unique(f for r in replies for f in r.facts))


def _pregnant(chart: Chart) -> Reply:
    if chart.picture.sex == "male":
        return NO
    stated = _latest_statement(chart)
    denial: Fact | None = None
    if stated is not None and stated.state in ("not_pregnant", "breastfeeding", "trying") and _age_days(stated.date, chart) <= NOT_PREGNANT_DAYS:
        denial = pregnancy_fact(stated)
    doubtful: list[Fact] = []
    if stated is not None and stated.state == "pregnant":
        if stated.date is None or _age_days(stated.date, chart) <= PREGNANCY_DAYS:
            return Reply(True, (pregnancy_fact(stated),))
        doubtful.append(pregnancy_fact(stated))
    for condition in chart.conditions.get("pregnancy", ()):
        state = active_now(condition, chart.on)
        if state is False:
            continue
        fact = condition_fact(condition, chart.on)
        if not begun(condition.onset, chart.on):
            doubtful.append(fact)
        elif condition.onset is not None and (chart.on - condition.onset).days > PREGNANCY_DAYS:
            doubtful.append(Fact("pregnancy recorded more than 10 months ago and never closed", fact.value, fact.date, fact.origin))
        elif denial is not None:
            chart.contradictions["pregnancy"] = (fact, denial)
            return Reply(None, (fact, denial), ("pregnancy",))
        elif state:
            return Reply(True, (fact,))
        else:
            doubtful.append(fact)
    if denial is not None:
        return Reply(False, (denial,))
    return Reply(None, tuple(doubtful), ("pregnancy",))


def _trying(chart: Chart) -> Reply:
    if chart.picture.sex == "male":
        return NO
    stated = _latest_statement(chart)
    if stated is None or stated.state == "unknown" or _age_days(stated.date, chart) > NOT_PREGNANT_DAYS:
        return Reply(None, (), ("pregnancy",))
    return Reply(stated.state == "trying", (pregnancy_fact(stated),))


def _breastfeeding(chart: Chart) -> Reply:
    if chart.picture.sex == "male":
        return NO
    answer = chart.picture.answers.get("breastfeeding")
    said_no = answer is not None and answer.value == "no"
    statements = [s for s in chart.picture.pregnancy if begun(s.date, chart.on)]
    positive = next((pregnancy_fact(s) for s in statements if s.state == "breastfeeding" and _age_days(s.date, chart) <= BREASTFEEDING_DAYS), None)
    positive = positive or next((condition_fact(c) for c in chart.conditions.get("breastfeeding", ()) if active_now(c, chart.on)), None)
    if positive is not None:
        return _despite_answer("breastfeeding", "breastfeeding" if said_no else None, positive, chart)
    if answer is not None and answer.value in ("yes", "no"):
        return Reply(answer.value == "yes", (_answer_fact(answer, chart),))
    for statement in statements:
        # Asked here, the one question covers breastfeeding; an imported "not pregnant" says nothing of it.
        asked_here = "Observation" not in statement.origin
        if statement.state in ("not_pregnant", "trying", "pregnant") and _age_days(statement.date, chart) <= NOT_PREGNANT_DAYS and asked_here:
            return Reply(False, (pregnancy_fact(statement),))
    stated = _latest_statement(chart)
    imported = stated is not None and _age_days(stated.date, chart) <= NOT_PREGNANT_DAYS
    return Reply(None, (), ("breastfeeding" if imported else "pregnancy",))


def _latest_statement(chart: Chart) -> Pregnancy | None:
    past = [s for s in chart.picture.pregnancy if begun(s.date, chart.on)]
    return max(past, key=lambda s: (s.date or dt.date.min, s.state == "pregnant"), default=None)


def _sex(form: c.SexIs, case: Case) -> Reply:
    sex = case.chart.picture.sex
    if sex == "unknown":
        return Reply(None, (), ("sex",))
    # Recorded as "other" leaves open what the rule is about, so it is asked as for a woman.
    return Reply(sex == form.sex or sex == "other", ())


def _age(form: c.AgeBelow, case: Case) -> Reply:
    picture = case.chart.picture
    age = picture.age_years
    if age is None:
        return Reply(None, (), ("birth_date",))
    return Reply(age < form.age_below, (Fact(AGE, f"{age} years", picture.birth_date, picture.birth_origin),) if age < form.age_below else ())


def _bmi(form: c.BmiAbove, case: Case) -> Reply:
    picture = case.chart.picture
    if picture.bmi is None:
        missing = tuple(q for q, value in (("weight_kg", picture.weight_kg), ("height_cm", picture.height_cm)) if value is None)
        return Reply(None, (), missing or ("height_cm",))
    assert picture.weight_kg is not None  # bmi is None otherwise
    fact = Fact("body mass index", f"{picture.bmi} kg/m²", picture.weight_kg.date, picture.weight_kg.origin)
    return Reply(picture.bmi > form.bmi_above, (fact,))


def _deceased(form: c.Deceased, case: Case) -> Reply:
    return Reply(case.chart.picture.deceased)


# ── helpers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def begun(date: dt.date | None, on: dt.date) -> bool | None:
    """Whether something had begun on a day. A date after it is a slip, or was recorded later: asked, never counted."""
    return None if date is not None and date > on else True


def active_now(condition: Condition, on: dt.date) -> bool | None:
    """Whether a condition holds on a day: its status says so, and its dates where that day lies before its end."""
    if not begun(condition.onset, on):
        return None
    if condition.abatement is None or _ends_before_it_begins(condition):
        return condition.active
    if condition.abatement <= on:
        return condition.active or False
    return True if condition.active or condition.onset else None  # what is called resolved now was active then


def _ends_before_it_begins(condition: Condition) -> bool:
    return condition.abatement is not None and condition.onset is not None and condition.abatement < condition.onset


def taken(medicine: Medicine, on: dt.date, within_days: int = 0) -> bool | None:
    """Whether a medicine is taken on a day, or was until at most ``within_days`` before it."""
    if not begun(medicine.start, on):
        return None
    if medicine.end is not None and medicine.end < on:
        return (on - medicine.end).days <= within_days
    if medicine.active is False and medicine.end is None:
        return None if within_days else False
    if medicine.active is False and medicine.end is not None and medicine.end > on:
        return True if medicine.start else None  # what is called stopped now was taken then
    return medicine.active


def condition_fact(condition: Condition, on: dt.date | None = None) -> Fact:
    return _dated("condition", condition.label, condition.onset, condition.origin, on)


def medicine_fact(medicine: Medicine, on: dt.date | None = None) -> Fact:
    return _dated("medicine", medicine.label, medicine.start, medicine.origin, on)


def _dated(name: str, label: str, date: dt.date | None, origin: str, on: dt.date | None) -> Fact:
    """A fact of the record; one of after the day that is asked about says so."""
    later = on is not None and not begun(date, on)
    return Fact(f"{name}{LATER}" if later else name, label, date, origin)


def allergy_fact(allergy: Allergy) -> Fact:
    return Fact(ALLERGY, allergy.label, allergy.recorded, allergy.origin)


def pregnancy_fact(statement: Pregnancy) -> Fact:
    return Fact("pregnancy", statement.state.replace("_", " "), statement.date, statement.origin)


def _age_days(date: dt.date | None, chart: Chart) -> int:
    return (chart.on - date).days if date is not None else 10**6


def _unique(items: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))


_FORMS: dict[type, Callable[[Any, Case], Reply]] = {
    c.AnyOf: _any,
    c.AllOf: _all,
    c.NotOf: _not,
    c.ConditionIs: _condition,
    c.MedicineIs: _medicine,
    c.AllergyTo: _allergy,
    c.PregnancyIs: _pregnancy,
    c.SexIs: _sex,
    c.AgeBelow: _age,
    c.BmiAbove: _bmi,
    c.AnswerIs: _answer,
    c.Deceased: _deceased,
}
