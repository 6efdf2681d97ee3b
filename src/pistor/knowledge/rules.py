"""A rule in words: when it holds, and for which treatments. What a nurse reads is made of what the program decides by."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pistor.knowledge import criteria as c
from pistor.knowledge import model as m
from pistor.knowledge.library import Library
from pistor.knowledge.links import Key, names_in

_GAP = re.compile(r" ?\(\{fact\}\)| \{fact\}")  # where the program puts what it knows of a patient
_STATUS = {"active": "{} now", "ever": "{}, now or in the past", "past": "{} in the past, not now"}
_DAYS = ((365, "year"), (30, "month"), (7, "week"))


def cases_said(criterion: c.Form, library: Library) -> tuple[str, ...]:
    """The cases of which any one makes a rule hold."""
    return tuple(when_said(one, library) for one in (criterion.any if isinstance(criterion, c.AnyOf) else (criterion,)))


def when_said(criterion: c.Form, library: Library) -> str:
    """When a rule holds, as a phrase that can follow “when”."""
    match criterion:
        case c.NotOf(not_=c.Deceased()):
            return "always"  # nobody is treated after death: the rule is about what is injected, not about whom
        case c.AnyOf():
            return _joined((when_said(one, library) for one in criterion.any), "or")
        case c.AllOf():
            return _joined((_within(one, library) for one in criterion.all), "and")
        case c.NotOf():
            return f"not ({when_said(criterion.not_, library)})"
        case c.ConditionIs():
            return _STATUS[criterion.status].format(_lower(_name(library.concepts, criterion.condition))) + _begun(criterion.within_days)
        case c.MedicineIs():
            ago = f"in the last {_span(criterion.within_days)}" if criterion.within_days else "now"
            return f"{_lower(_name(library.concepts, criterion.medicine))} {ago}"
        case c.AllergyTo():
            return "allergy to anything in the blend" if criterion.allergy == "blend" else f"allergy to {_lower(_allergen(library, criterion.allergy))}"
        case c.PregnancyIs():
            return _joined(("trying to become pregnant" if state == "trying" else state for state in criterion.pregnancy), "or")
        case c.SexIs():
            return criterion.sex
        case c.AgeBelow():
            return f"younger than {criterion.age_below} years"
        case c.BmiAbove():
            return f"body mass index above {criterion.bmi_above} kg/m2"
        case c.AnswerIs():
            return _answered(criterion, library)
        case c.Deceased():
            return "recorded as dead"
        case _:
            raise TypeError(f"{type(criterion).__name__} has no words yet")


def scope_said(scope: m.Scope, library: Library) -> str:
    """For which treatments a rule is: application, zone and protocol must all fit; of what is injected one is enough."""
    injected = [
        *(_lower(_name(library.ingredients, id_)) for id_ in scope.ingredients),
        *(f"any {_class(id_)}" for id_ in scope.classes),
        *(f"whatever {_flag(id_)}" for id_ in dict.fromkeys((*scope.flags, *scope.product_flags))),
        *(f"{_lower(_name(library.ingredients, id_))} on the skin" for id_ in scope.topical),
    ]
    parts = [
        f"{_joined(scope.applications, 'and')} treatment" if scope.applications else "",
        f"with {_joined(injected, 'or')}" if injected else "",
        f"in: {_joined((_lower(_name(library.zones, id_)) for id_ in scope.zones), 'or')}" if scope.zones else "",
        f"anywhere but: {_joined((_lower(_name(library.zones, id_)) for id_ in scope.zones_except), 'or')}" if scope.zones_except else "",
        f"by: {_joined((_lower(_name(library.protocols, id_)) for id_ in scope.protocols), 'or')}" if scope.protocols else "",
    ]
    said = ", ".join(part for part in parts if part)
    return said[:1].upper() + said[1:] if said else "Every treatment"


def text_said(text: str) -> str:
    """A rule's sentence without the place for what is known of one patient."""
    return _GAP.sub("", text).replace("until {until}", "for the time given").replace("{until}", "the time given")


def side_said(side: str) -> str:
    """One of a pair in words: an ingredient, a class, something that is no ingredient here, or anything."""
    plain = side.removeprefix("class:").removeprefix("other:").replace("_", " ").replace("nsaid", "NSAID")
    return "anything else" if side == "*" else f"any {plain}" if side.startswith("class:") else plain


def named_in(node: object, library: Library) -> tuple[Key, ...]:
    """The entries that a rule rests on, each once."""
    return tuple(dict.fromkeys((kind, id_) for kind, id_ in names_in(node) if id_ in getattr(library, kind)))


def _answered(criterion: c.AnswerIs, library: Library) -> str:
    question = library.questions.get(criterion.answer)
    asked = question.text.rstrip() if question else criterion.answer.replace("_", " ")
    if criterion.is_ is not None:
        return f"“{asked}” is answered {criterion.is_.replace('_', ' ')}"
    unit = f" {question.unit}" if question and question.unit else ""
    bounds = [f"above {criterion.above}{unit}"] if criterion.above is not None else []
    bounds += [f"below {criterion.below}{unit}"] if criterion.below is not None else []
    return f"the answer to “{asked}” is {' or '.join(bounds)}"


def _within(criterion: c.Form, library: Library) -> str:
    said = when_said(criterion, library)
    return f"({said})" if isinstance(criterion, c.AnyOf) else said


def _begun(days: int | None) -> str:
    return f", begun in the last {_span(days)}" if days else ""


def _span(days: int) -> str:
    for length, name in _DAYS:
        if days % length == 0:
            return name if days == length else f"{days // length} {name}s"
    return "day" if days == 1 else f"{days} days"


def _allergen(library: Library, id_: str) -> str:
    return _name(library.allergen_groups if id_ in library.allergen_groups else library.concepts, id_)


def _name(entries: object, id_: str) -> str:
    found = entries.get(id_)  # type: ignore[attr-defined]
    return found.name if found else id_.replace("_", " ")


def _lower(name: str) -> str:
    """A name inside a sentence: its first letter small unless it is an abbreviation."""
    first, _, _ = name.partition(" ")
    return name if first[1:] != first[1:].lower() or any(letter.isdigit() for letter in first) else name[:1].lower() + name[1:]


def _class(id_: str) -> str:
    return id_.replace("_", " ").replace("nsaid", "NSAID")


def _flag(id_: str) -> str:
    meaning = m.FLAGS.get(id_, id_.replace("_", " "))
    return f"is marked “{meaning}”"


def _joined(items: Iterable[str], word: str) -> str:
    *most, last = items
    mark = ";" if any("," in item for item in (*most, last)) and len(most) > 1 else ","
    return f"{f'{mark} '.join(most)}{mark if mark == ';' else ''} {word} {last}" if most else last
