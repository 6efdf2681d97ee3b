"""Reactions: how urgent a report is, what may be behind it, and what to look for.

The most urgent rule that fits wins; every rule that fits is shown. What no rule knows is never advice: it waits for a
clinician within the week. More signs and more time can only raise the level.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pistor.care.benefit import Interval, wilson
from pistor.care.evidence import Effect, Fact, Finding, SourceRef, cited
from pistor.knowledge.library import Library
from pistor.knowledge.model import Outbreak, Quantity, Reaction, TriageRule

Level = Literal["emergency", "today", "this_week", "advice"]
LEVELS: tuple[Level, ...] = ("advice", "this_week", "today", "emergency")
EFFECTS = {"emergency": Effect.REFER, "today": Effect.REFER, "this_week": Effect.CAUTION, "advice": Effect.INFORM}
_LUMPS = frozenset({"lump", "lump_draining", "lump_spreading", "papules"})
_SEVERAL = "lump_multiple"
_NTM = "ntm"

Place = Literal["before", "within", "after", "unknown"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A reaction that may be behind the report, with its published window and where the onset lies in it."""

    id: str
    name: str
    from_hours: Decimal | None
    until_hours: Decimal | None
    onset: Place
    window: str
    frequency: str
    red_flags: tuple[str, ...]
    first_line: tuple[str, ...]
    sources: tuple[SourceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "from_hours": _text(self.from_hours), "until_hours": _text(self.until_hours),
            "onset": self.onset, "window": self.window, "frequency": self.frequency, "red_flags": list(self.red_flags),
            "first_line": list(self.first_line), "sources": [source.as_dict() for source in self.sources],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Triage:
    """``actions`` and ``work_up`` are of the rules that set the level, most urgent first."""

    level: Level
    signs: tuple[str, ...]
    actions: tuple[str, ...]
    actions_fr: tuple[str, ...]
    work_up: tuple[str, ...]
    suspects: tuple[Suspect, ...]
    findings: tuple[Finding, ...]
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "level": self.level, "signs": list(self.signs), "actions": list(self.actions), "actions_fr": list(self.actions_fr),
            "work_up": list(self.work_up), "suspects": [suspect.as_dict() for suspect in self.suspects],
            "findings": [finding.as_dict() for finding in self.findings], "missing": list(self.missing),
        }  # fmt: skip


def triage(
    library: Library,
    *,
    application: str,
    signs: Collection[str],
    hours_since: Decimal | None,
    hours_at_onset: Decimal | None = None,
    first_before_hours: Decimal | None = None,
    sites: int | None = None,
    ingredients: Collection[str] = (),
    description: str = "",
) -> Triage:
    """Sort a report. What the ``description`` names and nobody ticked is asked for, and waits for a clinician until then.

    ``hours_since`` is from the treatment to now, ``hours_at_onset`` to when it began; None where not known, and then
    the more urgent reading counts. ``first_before_hours`` is how long before this treatment the patient's first one
    was: what needs time to show may have begun there.
    """
    known = tuple(sorted(_with_sites(set(signs), sites)))
    if not known:
        return _nothing_said()
    earlier = first_before_hours or Decimal(0)
    rules = [rule for rule in library.triage_rules.values() if _applies(rule, application, known, hours_since, earlier)]
    rules.sort(key=lambda rule: (-LEVELS.index(rule.level), rule.id))
    strange = _unrecognised(known, rules)
    spoken = _spoken_of(library, description, known)
    level: Level = max([rule.level for rule in rules] + (["this_week"] if strange or spoken else []), key=LEVELS.index)
    because = _because(library, known, hours_since, hours_at_onset, earlier, sites)
    findings = [_finding(rule, because) for rule in rules]
    if strange:
        findings.append(_not_recognised(library, strange, because))
    if spoken:
        findings.append(_not_ticked(library, spoken))
    suspects = _suspects(library, rules, hours_at_onset if hours_at_onset is not None else hours_since, earlier, ingredients)
    if any(suspect.id == _NTM for suspect in suspects):
        findings.append(_ntm_window(library, hours_at_onset, earlier))
    findings.sort(key=lambda finding: finding.effect is not Effect.REFER)
    deciding = [rule for rule in rules if rule.level == level]
    fallback = ("Not recognised: a clinician judges, within the week at the latest.",) if (strange or spoken) and not deciding else ()
    return Triage(
        level=level,
        signs=known,
        actions=_distinct([rule.action.en for rule in deciding]) + fallback,
        actions_fr=_distinct([rule.action.fr for rule in deciding]) + (("Non reconnu : à juger par un clinicien, dans la semaine.",) if fallback else ()),
        work_up=tuple(dict.fromkeys(item.text for rule in rules for item in rule.work_up)),
        suspects=suspects,
        findings=tuple(findings),
        missing=("signs",) if spoken else (),
    )


def _distinct(actions: list[str]) -> tuple[str, ...]:
    """Each thing to do once; one that another already says with more words is left out."""
    once = list(dict.fromkeys(actions))
    return tuple(action for action in once if not any(other != action and other.startswith(action) for other in once))


def _with_sites(signs: set[str], sites: int | None) -> set[str]:
    """A lump at two or more sites says the same as ticking *several lumps*."""
    return signs | {_SEVERAL} if sites is not None and sites >= 2 and signs & _LUMPS else signs


def _nothing_said() -> Triage:
    sentence = "Ask what is seen and felt."
    ask = Finding(rule="triage/no_signs", effect=Effect.ASK, text=f"No sign was named. {sentence} Without it nothing can be sorted.", missing=("signs",))
    return Triage("this_week", (), (sentence,), ("Demandez ce qui est vu et ressenti.",), (), (), (ask,), ("signs",))


def _applies(rule: TriageRule, application: str, signs: Collection[str], hours: Decimal | None, earlier: Decimal) -> bool:
    if application not in rule.applications or not set(rule.any_of) & set(signs):
        return False
    if rule.and_any_of and not set(rule.and_any_of) & set(signs):
        return False
    return _in_time(rule, hours, earlier)


def _in_time(rule: TriageRule, hours: Decimal | None, earlier: Decimal) -> bool:
    """Not knowing the time shuts no warning out, and lets no reassurance in.

    What an earlier treatment may have left counts from the first of them; reassurance counts from the newest.
    """
    start, end = rule.from_hours, rule.until_hours
    if hours is None:
        return end is None
    elapsed = hours + earlier if rule.from_any_treatment else hours
    after = start is None or start.low is None or elapsed >= start.low
    return after and (end is None or end.high is None or hours <= end.high)


def _unrecognised(signs: Collection[str], rules: Collection[TriageRule]) -> tuple[str, ...]:
    """Signs that no fitting rule speaks of. A rule for advice that needs a second sign does not speak for the first."""
    spoken = {sign for rule in rules if rule.level != "advice" or not rule.and_any_of for sign in rule.any_of + rule.and_any_of}
    return tuple(sign for sign in signs if sign not in spoken)


_DENIED = r"(?P<denied>\b(?:no|not|without|sans|aucune?|pas(?: de)?)\s+(?:\w+\s+)?|\bpas d['’])?"


def _spoken_of(library: Library, description: str, known: Collection[str]) -> Mapping[str, str]:
    """Signs that the patient's own words name and nobody ticked, each with the word. One lump that is ticked speaks for any lump."""
    text = description.casefold()
    ticked = {*known, *(("lump",) if set(known) & {_SEVERAL, *_LUMPS} else ())}
    found: dict[str, str] = {}
    for sign in library.signs.values() if text else ():
        for word in sign.said if sign.id not in ticked else ():
            matches = re.finditer(rf"{_DENIED}\b{re.escape(word)}(?:e?s)?\b", text)
            if any(match["denied"] is None for match in matches):
                found.setdefault(sign.id, word)
    return found


def _label(library: Library, sign: str) -> str:
    return library.signs[sign].text.en if sign in library.signs else sign


def _because(
    library: Library, signs: Collection[str], now: Decimal | None, onset: Decimal | None, earlier: Decimal, sites: int | None
) -> tuple[Fact, ...]:
    facts = [Fact("sign", _label(library, sign), None, "report") for sign in signs]
    facts.append(Fact("time since the treatment", in_words(now) if now is not None else "not known", None, "report"))
    if earlier and now is not None:
        facts.append(Fact("time since the first treatment", in_words(now + earlier), None, "records"))
    if onset is not None:
        facts.append(Fact("began after", in_words(onset), None, "report"))
    if sites is not None:
        facts.append(Fact("number of sites", str(sites), None, "report"))
    return tuple(facts)


def _finding(rule: TriageRule, because: tuple[Fact, ...]) -> Finding:
    timed = [item for item in (rule.from_hours, rule.until_hours) if item]
    return Finding(
        rule=f"triage/{rule.id}",
        effect=EFFECTS[rule.level],
        text=f"{rule.basis[0].text} {rule.action.en}",
        because=because,
        sources=cited([*rule.basis, *timed, *rule.work_up]),
        limits="Sorting by signs and time; it is no diagnosis. The examination decides.",
    )


def _not_recognised(library: Library, signs: tuple[str, ...], because: tuple[Fact, ...]) -> Finding:
    named = "; ".join(_label(library, sign) for sign in signs)
    return Finding(
        rule="triage/not_recognised",
        effect=Effect.CAUTION,
        text=f"Not recognised at this time after a treatment: {named}. A clinician judges, within the week at the latest.",
        because=because,
        limits="No published window covers this; that says nothing about its harmlessness.",
    )


def _not_ticked(library: Library, spoken: Mapping[str, str]) -> Finding:
    named = "; ".join(f"“{word}” ({_label(library, sign).lower()})" for sign, word in spoken.items())
    return Finding(
        rule="triage/not_ticked",
        effect=Effect.ASK,
        text=f"The patient's words name what is not ticked: {named}. Ask, and report again with what is there.",
        because=tuple(Fact("in the patient's words", word, None, "report") for word in spoken.values()),
        missing=("signs",),
        limits="Words are looked up in a short list; what they mean is for the one who asks.",
    )


_PLACED = {"before": "earlier than the published onsets", "within": "within the published onsets", "after": "later than the published onsets"}


def _ntm_window(library: Library, onset: Decimal | None, earlier: Decimal) -> Finding:
    """Where this onset lies among the published ones; being outside excludes nothing."""
    ntm = library.reactions[_NTM]
    if onset is None:
        where = "When it began is not known."
    else:
        began = f"{in_words(onset)}{f' ({in_words(onset + earlier)} after the first treatment)' if earlier else ''}"
        where = f"It began after {began}, {_PLACED[_place(ntm.onset_hours.low, ntm.onset_hours.high, onset, earlier)]}."
    told = {f"{outbreak.place}: {said}": outbreak for outbreak in library.outbreaks.values() if _NTM in outbreak.reactions and (said := _incubation(outbreak))}
    days = [quantity for outbreak in told.values() for quantity in (outbreak.incubation_days, outbreak.usual_incubation_days) if quantity]
    return Finding(
        rule="triage/ntm_window",
        effect=Effect.INFORM,
        text=f"{where} {'; '.join(told)}. Mycobacterial infection is not excluded outside them, nor by the absence of fever.",
        because=(Fact("began after", in_words(onset) if onset is not None else "not known", None, "report"),),
        sources=cited([ntm.onset_hours, *days, *ntm.basis, *ntm.red_flags]),
        limits="Published onsets come from outbreaks and case series; they bound nothing."
        + (f" {ntm.onset_hours.conflict.note}" if ntm.onset_hours.conflict else ""),
    )


def _incubation(outbreak: Outbreak) -> str:
    """As an outbreak's report gives it: median 33 d, 10 to 114 d."""
    usual, ends = outbreak.usual_incubation_days, outbreak.incubation_days
    said = [f"{usual.note or 'usual'} {_days(usual)}"] if usual else []
    return ", ".join(said + ([_days(ends)] if ends else []))


def _days(quantity: Quantity) -> str:
    return f"{_span(quantity.low, quantity.high)} d"


def attack_rate(outbreak: Outbreak) -> tuple[Decimal, Interval] | None:
    """The share of those exposed who fell ill, in percent with one decimal, and its interval; None where either number is missing."""
    if outbreak.cases is None or not outbreak.exposed:
        return None
    share = Decimal(100 * outbreak.cases) / outbreak.exposed
    return round(share, 1), wilson(share, outbreak.exposed)


def _suspects(
    library: Library, rules: Collection[TriageRule], onset: Decimal | None, earlier: Decimal, ingredients: Collection[str]
) -> tuple[Suspect, ...]:
    ids = dict.fromkeys(suspect for rule in rules for suspect in rule.suspects)
    found = [library.reactions[id_] for id_ in ids if id_ in library.reactions]
    kept = [reaction for reaction in found if not reaction.ingredients or not ingredients or set(reaction.ingredients) & set(ingredients)]
    return tuple(_suspect(reaction, onset, earlier) for reaction in kept)


def _suspect(reaction: Reaction, onset: Decimal | None, earlier: Decimal) -> Suspect:
    window = reaction.onset_hours
    shares = [f"{_span(share.low, share.high)} %" + (f" ({share.note})" if share.note else "") for share in reaction.frequency]
    return Suspect(
        id=reaction.id,
        name=reaction.name,
        from_hours=window.low,
        until_hours=window.high,
        onset=_place(window.low, window.high, onset, earlier),
        window=window_in_words(window.low, window.high),
        frequency="; ".join(shares) or "frequency not established",
        red_flags=tuple(flag.text for flag in reaction.red_flags),
        first_line=tuple(step.text for step in reaction.first_line),
        sources=cited([window, *reaction.frequency, *reaction.red_flags, *reaction.first_line, *reaction.basis]),
    )


def _place(low: Decimal | None, high: Decimal | None, onset: Decimal | None, earlier: Decimal = Decimal(0)) -> Place:
    """Where an onset lies in a window, counted from this treatment or from any back to the first."""
    if onset is None:
        return "unknown"
    if low is not None and onset + earlier < low:
        return "before"
    return "after" if high is not None and onset > high else "within"


def in_words(hours: Decimal) -> str:
    """Hours below two days, days below three weeks, then weeks: 5 h, 9 d, 6 weeks."""
    if hours < 48:
        return f"{_round(hours)} h"
    return f"{_round(hours / 24)} d" if hours < 504 else f"{_round(hours / 168)} weeks ({_round(hours / 24)} d)"


def window_in_words(low: Decimal | None, high: Decimal | None) -> str:
    if high is None:
        return f"from {in_words(low)}" if low is not None else "not established"
    return f"{in_words(low)} to {in_words(high)}" if low else f"up to {in_words(high)}"


def _round(value: Decimal) -> str:
    return f"{value.quantize(Decimal(1)):f}"


def _span(low: Decimal | None, high: Decimal | None) -> str:
    ends = [f"{end.normalize():f}" for end in (low, high) if end is not None]
    return " to ".join(dict.fromkeys(ends))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
