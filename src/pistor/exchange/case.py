"""A Pistor case: a patient written by hand in YAML. docs/reference/case.md describes it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeVar, cast

import yaml

from pistor.care.consultation import Allergy, Answer, Coding, Condition, Measurement, Medicine, PatientPicture, Pregnancy, PregnancyState, Procedure
from pistor.exchange.errors import Unusable
from pistor.exchange.fhir.values import text
from pistor.exchange.imported import ImportedRecord, proposals
from pistor.knowledge import Library

LIMIT_BYTES = 1024 * 1024
DEEPEST = 50  # lists and mappings in each other; no file that is read needs ten
ORIGIN = "case file"
_STATES = ("pregnant", "trying", "breastfeeding", "not_pregnant", "unknown")
_SEXES = ("female", "male", "other", "unknown")
_SECTIONS = ("patient", "pregnancy", "conditions", "medicines", "allergies", "procedures", "measurements", "answers")
_NONE = ("none", "no")
_NO_CASE = "the file is neither a FHIR Bundle in JSON nor a Pistor case; a case is a mapping with the sections " + ", ".join(_SECTIONS) + "."
_REFERENCE = "docs/reference/case.md"
_T = TypeVar("_T")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Refuses a key that is given twice, and a number that YAML would read in another base: 010 as 8, 1:30 as 90."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise Unusable(f"“{key.value}” is given twice (line {key.start_mark.line + 1}); keep one of the two.")
                seen.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError:
            if not isinstance(node, yaml.ScalarNode):
                raise
            line = node.start_mark.line + 1
            raise Unusable(f"“{text(node.value)[:40]}” in line {line} cannot be read as the date or number it looks like; correct it.") from None

    def plain_number(self, node: yaml.ScalarNode) -> int | float:
        if not NUMBER.fullmatch(node.value) and node.value.lstrip("+-.").casefold() not in ("inf", "nan"):
            where = f"“{text(node.value)[:40]}” in line {node.start_mark.line + 1}"
            raise Unusable(f"{where} is no plain number; write its digits without a leading zero, such as 2.5, or put it in quotes.")
        number: int | float = self.construct_yaml_int(node) if node.tag == _INT else self.construct_yaml_float(node)
        return number


_INT = "tag:yaml.org,2002:int"
NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)?(\.\d*)?([eE][-+]?\d+)?", re.ASCII)
for _tag in (_INT, "tag:yaml.org,2002:float"):
    _Loader.add_constructor(_tag, _Loader.plain_number)


def read_case(data: bytes | dict[str, Any], on: dt.date, library: Library | None = None) -> ImportedRecord:
    """A case as it stood on a day. Raises :class:`Unusable` with one sentence."""
    case = load_yaml(data, _REFERENCE) if isinstance(data, bytes) else data
    if not isinstance(case, dict):
        raise Unusable(_NO_CASE)
    picture = _Case(case, on, library).picture()
    return ImportedRecord(picture, proposals(picture), tuple(note.value for note in picture.notes))


def load_yaml(data: bytes, reference: str) -> Any:
    """The value in a small YAML file. Raises :class:`Unusable` with the line, and with the page that says how it is written."""
    if len(data) > LIMIT_BYTES:
        raise Unusable("a file in YAML has at most 1 MB; give large records as a FHIR Bundle in JSON.")
    try:
        _not_too_deep(data)
        value = yaml.load(data, Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unusable(f"the YAML is broken in line {line} ({error.problem or 'unreadable'}); compare with {reference}.") from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError):
        raise Unusable(f"the YAML cannot be read; compare with {reference}.") from None
    return value


def _not_too_deep(data: bytes) -> None:
    """Refuses what is nested so deep that building it, one call in another, would end the process."""
    depth = 0
    for event in yaml.parse(data, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise Unusable(f"more than {DEEPEST} lists and mappings stand in each other in line {line}; write it flatter.")


class _Case:
    def __init__(self, case: dict[str, Any], on: dt.date, library: Library | None) -> None:
        self.case, self.on, self.library = case, on, library
        self.answers: dict[str, Answer] = {}
        unknown = [str(key)[:40] for key in case if key not in _SECTIONS]
        if unknown:
            raise Unusable(f"“{unknown[0]}” is no section of a case; known are {', '.join(_SECTIONS)}.")

    def picture(self) -> PatientPicture:
        patient = self._mapping(self.case.get("patient"), "patient", ("name", "birth_date", "sex", "deceased", "deceased_on"))
        sex = str(patient.get("sex", "unknown")).lower()
        if sex not in _SEXES:
            raise Unusable(f"patient.sex is “{sex[:40]}”; write one of {', '.join(_SEXES)}.")
        deceased_on = self._day(patient.get("deceased_on"), "patient.deceased_on")
        conditions = self._list("conditions", self._condition)
        medicines = self._list("medicines", self._medicine)
        allergies = self._list("allergies", self._allergy)
        procedures = self._list("procedures", self._procedure)
        measures = self._mapping(self.case.get("measurements"), "measurements", ("weight_kg", "height_cm"))
        self._read_answers()
        return PatientPicture(
            on=self.on,
            birth_date=self._day(patient.get("birth_date"), "patient.birth_date"),
            birth_origin=ORIGIN,
            sex=cast(Literal["female", "male", "other", "unknown"], sex),
            name=text(str(patient.get("name") or ""))[:200],
            deceased=patient.get("deceased") is True or (deceased_on is not None and deceased_on <= self.on),
            deceased_on=deceased_on,
            conditions=conditions,
            medicines=medicines,
            allergies=allergies,
            procedures=procedures,
            pregnancy=self._pregnancy(),
            weight_kg=self._measure(measures, "weight_kg", Decimal("0.3"), Decimal(650)),
            height_cm=self._measure(measures, "height_cm", Decimal(20), Decimal(280)),
            answers=self.answers,
            notes=(),
        )

    def _list(self, section: str, read: Callable[[Any, str], _T]) -> tuple[_T, ...]:
        """The entries of a section; the word ``none`` is an answer, an absent section is not asked."""
        value = self.case.get(section)
        if value is None:
            return ()
        if value is False or (isinstance(value, str) and value.lower() in _NONE) or value == []:
            self.answers[section] = Answer(section, "no", self.on, ORIGIN)
            return ()
        if not isinstance(value, list):
            raise Unusable(f"{section} is neither a list nor the word none; write one entry per line, each after a dash.")
        return tuple(read(entry, f"{section}[{place}]") for place, entry in enumerate(value, 1))

    def _entry(self, entry: Any, place: str, fields: tuple[str, ...]) -> tuple[str, tuple[Coding, ...], dict[str, Any]]:
        if isinstance(entry, str):
            entry = text(entry)
            if not entry:
                raise Unusable(f"{place} is empty; write what it is, or take the line away.")
            return entry, (), {}
        values = self._mapping(entry, place, ("label", "codings", *fields))
        found = []
        codings = values.get("codings") or []
        for coding in codings if isinstance(codings, list) else [codings]:
            coding = self._mapping(coding, f"{place}.codings", ("system", "code", "display"))
            found.append(Coding(text(str(coding.get("system", "")))[:100], text(str(coding.get("code", "")))[:100], text(str(coding.get("display", "")))))
        label = text(str(values.get("label") or next((c.display or c.code for c in found), "")))
        if not label:
            raise Unusable(f"{place} has no label; write what it is.")
        return label, tuple(found), values

    def _condition(self, entry: Any, place: str) -> Condition:
        label, codings, v = self._entry(entry, place, ("active", "refuted", "onset", "abatement"))
        onset, abatement = self._day(v.get("onset"), f"{place}.onset"), self._day(v.get("abatement"), f"{place}.abatement")
        active = self._flag(v, "active", place, default=not (abatement is not None and abatement <= self.on))
        return Condition(label, codings, active, self._flag(v, "refuted", place, default=False) is True, onset, abatement, ORIGIN)

    def _medicine(self, entry: Any, place: str) -> Medicine:
        label, codings, v = self._entry(entry, place, ("active", "start", "end"))
        start, end = self._day(v.get("start"), f"{place}.start"), self._day(v.get("end"), f"{place}.end")
        return Medicine(label, codings, self._flag(v, "active", place, default=not (end is not None and end < self.on)), start, end, ORIGIN)

    def _allergy(self, entry: Any, place: str) -> Allergy:
        label, codings, v = self._entry(entry, place, ("active", "refuted", "criticality", "recorded"))
        recorded = self._day(v.get("recorded"), f"{place}.recorded")
        active, refuted = self._flag(v, "active", place, default=True), self._flag(v, "refuted", place, default=False) is True
        return Allergy(label, codings, active, refuted, text(str(v.get("criticality") or ""))[:20], recorded, ORIGIN)

    def _procedure(self, entry: Any, place: str) -> Procedure:
        label, codings, v = self._entry(entry, place, ("performed",))
        return Procedure(label, codings, self._day(v.get("performed"), f"{place}.performed"), ORIGIN)

    def _pregnancy(self) -> tuple[Pregnancy, ...]:
        value = self.case.get("pregnancy")
        if value is None:
            return ()
        stated = self.on
        if isinstance(value, dict):
            values = self._mapping(value, "pregnancy", ("state", "date"))
            value, stated = values.get("state"), self._day(values.get("date"), "pregnancy.date") or self.on
        if value not in _STATES:
            raise Unusable(f"pregnancy is not one of {', '.join(_STATES)}; write one of them, or leave it out where it was not asked.")
        return (Pregnancy(cast(PregnancyState, value), stated, ORIGIN),)

    def _measure(self, measures: dict[str, Any], name: str, low: Decimal, high: Decimal) -> Measurement | None:
        value, dated = measures.get(name), self.on
        if isinstance(value, dict):
            values = self._mapping(value, f"measurements.{name}", ("value", "date"))
            value, dated = values.get("value"), self._day(values.get("date"), f"measurements.{name}.date") or self.on
        if value is None:
            return None
        try:
            number = Decimal(str(value)[:20]) if isinstance(value, int | float | str) and not isinstance(value, bool) else Decimal("nan")
        except (InvalidOperation, ValueError):
            number = Decimal("nan")
        if not number.is_finite() or not low <= number <= high:
            raise Unusable(f"measurements.{name} is no number from {low} to {high}; write it in {name.split('_')[1]}.")
        return Measurement(number, name.split("_")[1], dated, ORIGIN)

    def _read_answers(self) -> None:
        answers = self.case.get("answers")
        if answers is None:
            return
        if not isinstance(answers, dict):
            raise Unusable("answers is no mapping; write a question id, a colon and yes, no, unknown or a value.")
        for id_, given in answers.items():
            note, dated = "", self.on
            if isinstance(given, dict):
                values = self._mapping(given, f"answers.{str(id_)[:60]}", ("value", "date", "note"))
                given, note = values.get("value"), text(str(values.get("note") or ""))
                dated = self._day(values.get("date"), f"answers.{str(id_)[:60]}.date") or self.on
            self._take_answer(str(id_), given, dated, note)

    def _take_answer(self, id_: str, given: Any, dated: dt.date, note: str) -> None:
        if self.library is not None and id_ not in self.library.questions:
            raise Unusable(f"answers.{id_[:60]} is no question; `pistor knowledge list questions` names them.")
        if given is None or isinstance(given, list | dict):
            raise Unusable(f"answers.{id_[:60]} has no value; write yes, no, unknown or a value, or leave it out.")
        value = ("yes" if given else "no") if isinstance(given, bool) else text(_plain(given))
        self._check_choice(id_, value)
        self.answers[id_] = Answer(id_, value, dated, ORIGIN, note)

    def _check_choice(self, id_: str, value: str) -> None:
        question = self.library.questions[id_] if self.library is not None else None
        allowed = {"yes_no": ("yes", "no"), "choice": question.choices}.get(question.answer) if question else None
        if allowed and value not in (*allowed, "unknown"):
            raise Unusable(f"answers.{id_} is “{value[:40]}”; write one of {', '.join((*allowed, 'unknown'))}.")

    def _flag(self, values: dict[str, Any], name: str, place: str, *, default: bool) -> bool | None:
        value = values.get(name, default)
        if value in (None, "unknown"):
            return None
        if not isinstance(value, bool):
            raise Unusable(f"{place}.{name} is neither yes, no nor unknown; write one of them.")
        return value

    def _day(self, value: Any, place: str) -> dt.date | None:
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value)[:30])
        except ValueError:
            raise Unusable(f"{place} is no date; write it as 1985-03-14.") from None

    def _mapping(self, value: Any, place: str, fields: tuple[str, ...]) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Unusable(f"{place} is not as expected; write {', '.join(fields)} below it, each with a colon.")
        for key in value:
            if key not in fields:
                raise Unusable(f"{place}.{str(key)[:40]} is not known; known are {', '.join(fields)}.")
        return value


def _plain(value: object) -> str:
    """A scalar as it was written; a number too long to print is no answer."""
    try:
        return str(value)
    except ValueError:
        return ""
