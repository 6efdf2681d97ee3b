"""Aftercare: what the patient does until when, when we get in touch, and which signs need whom.

Times are counted from the treatment; of several the longest is told, so that nobody starts too early. The patient reads
one instruction; the clinician reads beside it that sources disagree, with every reading.
Warning signs name whom to call and never what it might be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.evidence import SourceRef, cited
from pistor.knowledge import Library
from pistor.knowledge.model import AftercareRule, Conflict, Reading, TriageRule

_MONTHS_FR = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
_WORDS = {
    "en": {
        "title": "After your treatment", "emergency": "Call {number} now", "number": "the emergency number", "today": "Call us today",
        "this_week": "Call us within the week",
        "emergency_whom": "Stay with someone until help is there.",
        "today_whom": "Outside our hours, go to an emergency department or call the out-of-hours service.",
        "this_week_whom": "Also months later, also if it does not hurt. Tell every doctor that you had injections and when.", "with": "together with:",
        "from": "from {days} days after the treatment",
    },
    "fr": {
        "title": "Après votre traitement", "emergency": "Appelez le {number} maintenant", "number": "numéro d’urgence", "today": "Appelez-nous aujourd’hui",
        "this_week": "Appelez-nous dans la semaine", "emergency_whom": "Restez avec quelqu’un jusqu’à l’arrivée des secours.",
        "today_whom": "En dehors de nos horaires, allez aux urgences ou appelez la permanence des soins.",
        "this_week_whom": "Même des mois plus tard, même sans douleur. Dites à tout médecin que vous avez eu des injections, et quand.", "with": "avec :",
        "from": "à partir de {days} jours après le traitement",
    },
}  # fmt: skip
LEVELS = ("emergency", "today", "this_week")


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says, where sources disagree."""

    text: str
    sources: tuple[SourceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"text": self.text, "sources": [source.as_dict() for source in self.sources]}


@dataclass(frozen=True, slots=True)
class Line:
    """One instruction, with the moment it ends filled in. ``disagreement`` and ``readings`` are for the clinician."""

    rule: str
    item: str
    text: str
    until: dt.datetime | None
    sources: tuple[SourceRef, ...]
    disagreement: str = ""
    readings: tuple[Told, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule, "item": self.item, "text": self.text, "until": self.until.isoformat() if self.until else None,
            "sources": [source.as_dict() for source in self.sources], "disagreement": self.disagreement,
            "readings": [reading.as_dict() for reading in self.readings],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contact:
    """A day on which we get in touch, or the last of several."""

    id: str
    on: dt.date
    until: dt.date
    days: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "on": self.on.isoformat(), "until": self.until.isoformat(), "days": self.days, "text": self.text}


@dataclass(frozen=True, slots=True)
class Card:
    """Signs that need the same people in the same time."""

    level: str
    heading: str
    signs: tuple[str, ...]
    whom: str

    def as_dict(self) -> dict[str, Any]:
        return {"level": self.level, "heading": self.heading, "signs": list(self.signs), "whom": self.whom}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the patient takes home."""

    language: str
    title: str
    given_at: dt.datetime
    given: str
    lines: tuple[Line, ...]
    contacts: tuple[Contact, ...]
    cards: tuple[Card, ...]
    knowledge_version: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "language": self.language, "title": self.title, "given_at": self.given_at.isoformat(), "given": self.given,
            "lines": [line.as_dict() for line in self.lines], "contacts": [contact.as_dict() for contact in self.contacts],
            "cards": [card.as_dict() for card in self.cards], "knowledge_version": self.knowledge_version,
        }  # fmt: skip


def sheet(
    library: Library,
    *,
    application: str,
    techniques: Collection[str],
    ingredients: Collection[str],
    given_on: dt.datetime,
    language: str,
    jurisdiction: str | None = None,
    first: bool = False,
    last: bool = False,
) -> Sheet:
    """The sheet for a treatment given at ``given_on``, a moment with its time zone. A language there is none in becomes English.

    After the ``first`` and the ``last`` treatment of a course it also says when the result is looked at.
    """
    if given_on.tzinfo is None:
        raise ValueError("given_on needs a time zone: instructions end at a time of the patient's clock")
    tongue = language if language in _WORDS else "en"
    words = _WORDS[tongue]
    rules = [rule for rule in library.aftercare_rules.values() if _fits(rule, application, techniques, ingredients)]
    after = {"each_treatment"} | ({"first_treatment"} if first else set()) | ({"last_treatment"} if last else set())
    return Sheet(
        language=tongue,
        title=words["title"],
        given_at=given_on,
        given=moment_in(tongue, given_on),
        lines=tuple(_line(rule, given_on, tongue) for rule in sorted(rules, key=lambda rule: (rule.order, rule.id))),
        contacts=_contacts(library, application, given_on.date(), tongue, after),
        cards=_cards(library, application, tongue, jurisdiction),
        knowledge_version=library.version,
    )


def day_in(language: str, day: dt.date) -> str:
    """A date as 23 Nov 2026, or 23 nov. 2026."""
    return f"{day.day} {_MONTHS_FR[day.month - 1]} {day.year}" if language == "fr" else f"{day.day} {day:%b %Y}"


def moment_in(language: str, at: dt.datetime) -> str:
    """A moment as 23 Nov 2026, 14:00, in the zone it carries."""
    return f"{day_in(language, at)}{' à' if language == 'fr' else ','} {at:%H:%M}"


def _fits(rule: AftercareRule, application: str, techniques: Collection[str], ingredients: Collection[str]) -> bool:
    """Whether a rule is for any zone of the treatment: one that was treated by its technique, or with its ingredient."""
    if application not in {found.value for found in rule.applications}:
        return False
    used = ((rule.techniques, techniques), (rule.ingredients, ingredients))
    return all(not named or set(named) & set(given) for named, given in used)


def _line(rule: AftercareRule, given_on: dt.datetime, language: str) -> Line:
    until = _until(given_on, rule)
    text = getattr(rule.text, language).replace("{until}", moment_in(language, until) if until else "")
    disagreements = _disagreements(rule)
    return Line(
        rule=rule.id,
        item=rule.item,
        text=text,
        until=until,
        sources=cited([*([rule.hours] if rule.hours else []), *rule.basis]),
        disagreement=" ".join(said for said, _ in disagreements),
        readings=tuple(reading for _, readings in disagreements for reading in readings),
    )


def _disagreements(rule: AftercareRule) -> list[tuple[str, tuple[Told, ...]]]:
    """What the clinician reads where sources disagree: the choice that was made, and every reading with its source."""
    found = []
    hours = hours_told(rule)
    if rule.hours and rule.hours.conflict and hours is not None:
        said = f"{rule.hours.conflict.note} To be careful, the sheet tells the longest time given as one number: {span_in_words(hours)}."
        found.append((said, _readings(rule.hours.conflict)))
    for statement in rule.basis:
        if statement.conflict:
            found.append((statement.conflict.note, _readings(statement.conflict)))
    return found


def _readings(conflict: Conflict) -> tuple[Told, ...]:
    return tuple(Told(_said(reading), cited([reading])) for reading in conflict.readings)


def _said(reading: Reading) -> str:
    ends = [end for end in (reading.value, reading.min, reading.max) if end is not None]
    return ": ".join(part for part in (" to ".join(span_in_words(end) for end in dict.fromkeys(ends)), reading.text) if part)


def span_in_words(hours: Decimal) -> str:
    days, rest = divmod(hours, 24)
    return f"{days:f} days" if days > 2 and not rest else f"{hours.normalize():f} hours"


def hours_told(rule: AftercareRule) -> Decimal | None:
    """How long the patient is told to keep to it: the longest any source gives as a number."""
    if rule.hours is None:
        return None
    conflict = rule.hours.conflict
    others = [end for reading in (conflict.readings if conflict else ()) for end in (reading.value, reading.max)]
    return max((end for end in (rule.hours.high, *others) if end is not None), default=None)


def _until(given_on: dt.datetime, rule: AftercareRule) -> dt.datetime | None:
    """The end of the longest reading, at the next full hour of the clinic's clock; hours are real ones, also when the clock changes."""
    hours = hours_told(rule)
    if hours is None:
        return None
    end = given_on.astimezone(dt.UTC) + dt.timedelta(hours=float(hours))
    whole = end.replace(minute=0, second=0, microsecond=0)
    return (whole if whole == end else whole + dt.timedelta(hours=1)).astimezone(given_on.tzinfo)


def _contacts(library: Library, application: str, given: dt.date, language: str, after: Collection[str]) -> tuple[Contact, ...]:
    found = []
    for check in library.check_ins.values():
        if application not in {name.value for name in check.applications} or check.after not in after:
            continue
        low, high = check.after_days.low, check.after_days.high
        earliest, latest = int(low if low is not None else high or 0), int(high if high is not None else low or 0)
        start, end = given + dt.timedelta(days=earliest), given + dt.timedelta(days=latest)
        days = day_in(language, start) if start == end else f"{day_in(language, start)} – {day_in(language, end)}"
        found.append(Contact(check.id, start, end, days, getattr(check.text, language)))
    return tuple(sorted(found, key=lambda contact: (contact.on, contact.id)))


def _cards(library: Library, application: str, language: str, jurisdiction: str | None) -> tuple[Card, ...]:
    words = _WORDS[language]
    country = library.jurisdictions.get(jurisdiction or "")
    number = country.emergency_number.text if country and country.emergency_number else words["number"]
    cards: list[Card] = []
    told: set[str] = set()
    for level in LEVELS:
        rules = [rule for rule in library.triage_rules.values() if rule.level == level and application in {name.value for name in rule.applications}]
        rules.sort(key=lambda rule: (_from_days(rule) is not None, rule.id))  # what holds at any time goes before what holds from a day on
        signs: list[str] = []
        for rule in rules:
            signs += _signs(library, rule, language, told)
            if not rule.and_any_of:
                told |= set(rule.any_of)
        if signs:
            heading = words[level].format(number=_spoken(number, language)) if level == "emergency" else words[level]
            cards.append(Card(level, heading, tuple(dict.fromkeys(signs)), words[f"{level}_whom"]))
    return tuple(cards)


def _spoken(number: str, language: str) -> str:
    return number.replace(" or ", " ou ") if language == "fr" else number


def _from_days(rule: TriageRule) -> int | None:
    hours = rule.from_hours.low if rule.from_hours else None
    return int(hours / 24) if hours else None


def _signs(library: Library, rule: TriageRule, language: str, told: Collection[str]) -> list[str]:
    """The signs of a rule as a patient says them; those told already, as urgently or more so, are left out."""
    words, days = _WORDS[language], _from_days(rule)
    own = [getattr(library.signs[sign].text, language) for sign in rule.any_of if sign not in told]
    if rule.and_any_of:
        others = [_lower(getattr(library.signs[sign].text, language)) for sign in rule.and_any_of]
        own = [f"{sign}, {words['with']} {other}" for sign in own for other in others]
    return own if days is None else [f"{sign}, {words['from'].format(days=days)}" for sign in own]


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
