"""A verdict for a terminal: the JSON object scripts rely on, and a report a person reads."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from pistor.care.candidacy import Verdict, VerdictState
from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Effect, Fact, Finding, SourceRef
from pistor.care.formulation import Interval
from pistor.care.formulation.blend import plain, shown
from pistor.care.formulation.osmolarity import said
from pistor.care.intent import Intent
from pistor.care.workbench import BlendVerdict, Worked
from pistor.knowledge import Library
from pistor.knowledge.outline import value_text

WORDS = {
    VerdictState.ELIGIBLE: "Eligible",
    VerdictState.WITH_CONDITIONS: "Eligible with conditions",
    VerdictState.REFER: "Refer",
    VerdictState.NOT_ELIGIBLE: "Not eligible",
    VerdictState.CANNOT_TELL: "Cannot tell",
}
BLEND_WORDS = {
    BlendVerdict.BLOCK: "Not to be made",
    BlendVerdict.AVOID: "Advised against",
    BlendVerdict.NO_DATA: "No data on some of it together",
    BlendVerdict.CAUTION: "With care",
    BlendVerdict.COMPATIBLE: "Compatible under the conditions named",
    BlendVerdict.SINGLE: "One product, nothing mixed",
}
_HEADINGS = {
    Effect.CONTRAINDICATED: "Against it",
    Effect.REFER: "Refer",
    Effect.CAUTION: "Conditions",
    Effect.ASK: "Not known",
    Effect.INFORM: "To know",
}
_WIDTH = 100


def verdict_dict(verdict: Verdict, picture: PatientPicture, intent: Intent, library: Library) -> dict[str, Any]:
    """The verdict with what it was asked about, the questions in words, and what the record left open."""
    return {
        **verdict.as_dict(),
        "sentence": sentence(verdict),
        "questions": [question(library, id_) for id_ in verdict.missing],
        "intent": intent.as_dict(),
        "on": picture.on.isoformat(),
        "patient": {"age_years": picture.age_years, "sex": picture.sex, "deceased": picture.deceased},
        "notes": [note.value for note in picture.notes],
    }


def question(library: Library, id_: str) -> dict[str, Any]:
    """A question as it is asked, with why."""
    entry = library.questions.get(id_)
    if entry is None:
        return {"id": id_, "text": id_.replace("_", " "), "why": ""}
    return {"id": id_, "text": entry.text, "why": entry.why, "answer": entry.answer, "unit": entry.unit, "choices": list(entry.choices)}


def sentence(verdict: Verdict) -> str:
    """Why the verdict is what it is, in one sentence."""
    deciding = {
        VerdictState.NOT_ELIGIBLE: Effect.CONTRAINDICATED,
        VerdictState.REFER: Effect.REFER,
        VerdictState.WITH_CONDITIONS: Effect.CAUTION,
    }.get(verdict.state)
    if verdict.state is VerdictState.ELIGIBLE:
        return f"Nothing speaks against it among the {len(verdict.checked)} rules that were asked."
    if deciding is None:
        others = [f for f in verdict.findings if f.effect is Effect.ASK and not f.missing]
        count = len(verdict.missing)
        if not count:
            return others[0].text if others else "Something needed is not known."
        missing = f"{count} answers are missing." if count > 1 else "One answer is missing."
        # What could not be read explains best why so much is missing.
        unread = [fact.value for f in verdict.findings if f.rule == "record_notes" for fact in f.because[:1]]
        return " ".join([*unread, missing])
    found = [finding for finding in verdict.findings if finding.effect is deciding]
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    return found[0].text + more


def verdict_text(verdict: Verdict, picture: PatientPicture, intent: Intent, library: Library) -> str:
    """The verdict as a report: sentence, reason, source and grade of each finding, then the questions."""
    lines = [f"{WORDS[verdict.state].upper()}: {sentence(verdict)}", ""]
    lines += [f"{_who(picture)}, asked on {_day(picture)}.", _what(intent, library)]
    if intent.assumed:
        lines.append("Assumed, because not said: " + "; ".join(intent.assumed) + ".")
    for effect, heading in _HEADINGS.items():
        found = [finding for finding in verdict.findings if finding.effect is effect]
        if found:
            lines += ["", heading]
            for finding in found:
                lines += _finding(finding)
    if verdict.missing:
        lines += ["", f"Questions that would settle it ({len(verdict.missing)})"]
        for id_ in verdict.missing:
            asked = question(library, id_)
            lines += _wrapped(f"- {asked['text']}", "  ") + (_wrapped(f"  Why: {asked['why']} [{id_}]", "    "))
    lines += [
        "",
        f"{len(verdict.checked)} rules were asked and did not hold. Knowledge {verdict.knowledge_version}.",
        "Advice for licensed clinicians; it does not decide.",
    ]
    return "\n".join(lines)


def blend_text(worked: Worked, library: Library) -> str:
    """A blend as a report: the word for the whole, what is in it, pairs, doses, then findings with their sources."""
    blend = worked.blend
    lines = [f"{BLEND_WORDS[worked.verdict].upper()}", "", f"{plain(blend.volume_ml)} mL"]
    lines += [f"- {one.name}: {shown(one.per_ml, 4)} {one.unit}, {shown(one.amount)} {one.amount_unit} in all" for one in blend.concentrations]
    lines += _wrapped(f"pH: {_interval(blend.ph)}", "  ") + _wrapped(f"Osmolarity: {_interval(blend.osmolarity)}", "  ")
    lines += _wrapped(f"Sodium chloride to make it isotonic: {said(worked.tonicity)}", "  ")
    for method, case in worked.tested:
        seen = " and ".join(value_text(one) for one in case.observed)
        lines += _wrapped(f"{method.name}: {case.case}: predicted {value_text(case.computed)}, seen {seen}; what was seen counts.", "  ")
    if blend.pairs:
        lines += ["", "In one syringe"]
        for pair in blend.pairs:
            lines += _wrapped(f"- {pair.a_name} with {pair.b_name}: {pair.verdict.value.replace('_', ' ')}. {pair.text}{_keys(pair.sources)}", "  ")
    if worked.doses:
        lines += ["", "Doses and limits"]
        for check in worked.doses:
            limit = "no limit known" if check.limit is None else f"limit {shown(check.limit)} {check.unit}"
            dose = "not known" if check.dose is None else f"{shown(check.dose)} {check.unit}"
            lines += _wrapped(f"- {check.name}, {check.what}: {dose}, {limit}: {check.state}{_keys(check.sources)}", "  ")
    for effect, heading in _HEADINGS.items():
        found = [finding for finding in worked.findings if finding.effect is effect]
        if found:
            lines += ["", heading]
            for finding in found:
                lines += _finding(finding)
    return "\n".join([*lines, "", f"Knowledge {library.version}. Advice for licensed clinicians; it does not decide."])


def _interval(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"not known, because it is not known of {', '.join(interval.unknown)}"
    ends = plain(interval.low) if interval.low == interval.high else f"{plain(interval.low)} to {plain(interval.high)}"
    return f"{ends} {interval.unit if interval.unit != 'pH' else ''}".rstrip() + f" ({interval.basis}{_keys(interval.sources)})"


def _keys(sources: Iterable[SourceRef]) -> str:
    keys = ", ".join(dict.fromkeys(f"{source.key}, grade {source.grade}" for source in sources))
    return f" [{keys}]" if keys else ""


def _finding(finding: Finding) -> list[str]:
    lines = _wrapped(f"- {finding.text}{' (cannot be overridden)' if finding.stops else ''}", "  ")
    if finding.because:
        lines += _wrapped("  Because: " + "; ".join(_fact(fact) for fact in finding.because), "    ")
    if finding.sources:
        lines += _wrapped("  Sources: " + "; ".join(f"{s.key} ({s.locator}), grade {s.grade}" for s in finding.sources), "    ")
    if finding.limits and finding.effect is not Effect.ASK:
        lines += _wrapped(f"  Limits: {finding.limits}", "    ")
    return lines


def _fact(fact: Fact) -> str:
    dated = f", {fact.date.day} {fact.date:%b %Y}" if fact.date else ""
    return f"{fact.name}: {fact.value}{dated} ({fact.origin})"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False) or [""]


def _who(picture: PatientPicture) -> str:
    age = "age not known" if picture.age_years is None else f"{picture.age_years} years"
    return f"{'Sex not known' if picture.sex == 'unknown' else picture.sex.capitalize()}, {age}"


def _day(picture: PatientPicture) -> str:
    return f"{picture.on.day} {picture.on:%b %Y}"


def _what(intent: Intent, library: Library) -> str:
    names = [library.ingredients[id_].name if id_ in library.ingredients else id_ for id_ in intent.ingredients]
    indication = library.indications.get(intent.indication)
    what = indication.name if indication else intent.application
    products, zone, country = ", ".join(names) or "no product", intent.zone or "not known", intent.jurisdiction or "not known"
    return f"Asked about: {what}, zone {zone}, with {products}; country {country}."
