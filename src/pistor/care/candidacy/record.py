"""What the record says against itself: shown as findings, never resolved by a guess."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TypeVar

from pistor.care.candidacy.chart import Chart
from pistor.care.candidacy.criteria import active_now, allergy_fact, begun, condition_fact, medicine_fact, pregnancy_fact
from pistor.care.consultation import Allergy, Condition
from pistor.care.evidence import Effect, Fact, Finding

_OLDEST = 120  # years; an age beyond it is a slip of the pen
_Entry = TypeVar("_Entry", Condition, Allergy)
_SHOWN = 12  # facts of one kind on one finding


def deceased(chart: Chart) -> Finding:
    """The one finding about someone who has died."""
    picture = chart.picture
    when = picture.deceased_on.strftime("%-d %b %Y") if picture.deceased_on else None
    return Finding(
        rule="deceased",
        effect=Effect.CONTRAINDICATED,
        text=f"The record says that this patient died on {when}." if when else "The record says that this patient has died.",
        because=(Fact("deceased", when or "yes", picture.deceased_on, picture.birth_origin or "record"),),
        limits="If that is wrong, correct the record first.",
        stops=True,
    )


def record_findings(chart: Chart) -> list[Finding]:
    """Impossible dates, contradictions and what could not be read."""
    picture, found = chart.picture, []
    origin = picture.birth_origin or "record"
    if picture.birth_date is not None and picture.birth_date > picture.on:
        found.append(
            _doubt(
                "birth_date_in_future",
                "The date of birth is after the day of this assessment: correct it.",
                (Fact("date of birth", _day(picture.birth_date), picture.birth_date, origin),),
                ("birth_date",),
            )
        )
    elif (picture.age_years or 0) > _OLDEST:
        found.append(
            _doubt(
                "birth_date_implausible",
                f"An age of {picture.age_years} years is not plausible: check the date of birth.",
                (Fact("date of birth", _day(picture.birth_date), picture.birth_date, origin),),
                ("birth_date",),
            )
        )
    if picture.sex == "male" and (pregnancies := _pregnancies(chart)):
        found.append(_doubt("pregnant_and_male", "The record says male and pregnant: settle it with the patient first.", pregnancies, ("sex",)))
    if picture.birth_date is None and not (
        picture.conditions or picture.medicines or picture.allergies or picture.answers or picture.pregnancy or picture.procedures
    ):
        found.append(_doubt("nothing_known", "Nothing is known about this patient: the record is empty.", (), ("birth_date",)))
    if backwards := tuple(condition_fact(c) for c in picture.conditions if c.onset and c.abatement and c.abatement < c.onset):
        found.append(_note("ends_before_it_begins", "A condition ends before it begins; its recorded status was used and its dates were not.", backwards))
    if reversed_ := tuple(medicine_fact(m) for m in picture.medicines if m.start and m.end and m.end < m.start):
        found.append(_note("medicine_ends_before_it_begins", "A medicine ends before it begins: check it with the patient.", reversed_))
    if undecided := tuple(condition_fact(c) for c in picture.conditions if c.active and c.abatement and c.abatement <= picture.on):
        found.append(_note("active_with_end_date", "A condition is recorded as active and as ended; it was counted as active.", undecided))
    future = tuple(condition_fact(c) for c in picture.conditions if c.onset and c.onset > picture.on)
    future += tuple(medicine_fact(m) for m in picture.medicines if m.start and m.start > picture.on)
    if future:
        found.append(_note("dated_in_future", "The record holds dates after the day of this assessment.", future))
    if both := _given_and_refuted(picture.conditions, condition_fact) + _given_and_refuted(picture.allergies, allergy_fact):
        found.append(_note("given_and_refuted", "The record gives the same entry as true and as refuted: it was counted; settle it with the patient.", both))
    if others := tuple(allergy_fact(allergy) for allergy in chart.other_allergies):
        found.append(_note("other_allergies", "Allergies are recorded that no rule knows: make sure that nothing to be injected is meant.", others))
    for concept, facts in chart.contradictions.items():
        known = chart.library.concepts.get(concept)
        name = known.name if known else concept
        found.append(
            _note(
                f"contradiction_{concept}",
                f"{name}: the record and the answer contradict each other. The record was not overruled; settle it with the patient.",
                facts,
            )
        )
    if picture.notes:
        found.append(_note("record_notes", "Parts of the record could not be used as they stand.", picture.notes))
    return found


def _given_and_refuted(entries: Iterable[_Entry], fact: Callable[[_Entry], Fact]) -> tuple[Fact, ...]:
    refuted = {entry.label.casefold() for entry in entries if entry.refuted}
    return tuple(fact(entry) for entry in entries if not entry.refuted and entry.active is not False and entry.label.casefold() in refuted)


def _pregnancies(chart: Chart) -> tuple[Fact, ...]:
    recorded = tuple(condition_fact(c) for c in chart.conditions.get("pregnancy", ()) if active_now(c, chart.on))
    return recorded + tuple(pregnancy_fact(s) for s in chart.picture.pregnancy if s.state == "pregnant" and begun(s.date, chart.on))


def _doubt(rule: str, text: str, because: tuple[Fact, ...], missing: tuple[str, ...]) -> Finding:
    return Finding(rule=rule, effect=Effect.ASK, text=text, because=because, missing=missing, limits="Nothing was guessed in its place.")


def _note(rule: str, text: str, because: tuple[Fact, ...]) -> Finding:
    more = f" ({len(because) - _SHOWN} more not listed)" if len(because) > _SHOWN else ""
    return Finding(rule=rule, effect=Effect.INFORM, text=text + more, because=because[:_SHOWN], limits="Nothing was guessed in its place.")


def _day(day: dt.date | None) -> str:
    return day.strftime("%-d %b %Y") if day else "not known"
