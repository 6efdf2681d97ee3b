"""What is meant to be done on a course, and what candidacy says about it now."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any

from pistor.care.candidacy import Verdict, assess
from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Effect, Finding
from pistor.care.intent import Intent, UnknownId, intent_for
from pistor.knowledge import Library
from pistor.records.candidacy import Assessment, Override
from pistor.records.course import Course
from pistor.records.latest import latest_blend_and_map
from pistor.records.library import library_of
from pistor.records.picture import picture_of
from pistor.records.treatment import Treatment

# Findings that need an answer or a reason before the course goes on; cautions are shown and kept with the verdict.
TO_PASS = (Effect.CONTRAINDICATED, Effect.REFER, Effect.ASK)


def intent_of(course: Course, library: Library | None = None) -> Intent:
    """The intent of a course: its blend where one was composed, else what its protocol uses."""
    library = library or library_of(course.clinic)
    blend, _ = latest_blend_and_map(course)
    presentations = tuple(str(part.get("presentation")) for part in blend.parts) if blend else ()
    ingredients = dict.fromkeys(c.ingredient for id_ in presentations if id_ in library.presentations for c in library.presentations[id_].components)
    try:
        intent = intent_for(
            library,
            course.application,
            course.indication or None,
            course.zone or None,
            tuple(ingredients),
            course.jurisdiction or None,
            course.protocol or None,
            tuple(course.topical or ()),
        )
    except UnknownId:  # written with other knowledge than there is now
        return Intent(
            course.application,
            course.indication if course.indication in library.indications else "",
            course.zone,
            tuple(ingredients),
            presentations,
            jurisdiction=course.jurisdiction or None,
            topical=tuple(course.topical or ()),
        )
    if not presentations:
        return intent
    return Intent(
        intent.application,
        intent.indication,
        intent.zone,
        intent.ingredients,
        presentations,
        intent.protocol,
        intent.technique,
        intent.jurisdiction,
        intent.topical,
        intent.assumed,
    )


def current_verdict(course: Course, on: dt.date) -> Verdict:
    """What candidacy says about a course on a day, computed now."""
    library = library_of(course.clinic)
    return assess(picture_of(course.patient, on), intent_of(course, library), library)


def inputs_digest(picture: PatientPicture, intent: Intent, verdict: Verdict) -> str:
    """A hash over what the verdict rests on. The day is not in it, but what the day changes about the verdict is."""
    facts = {name: value for name, value in _plain(picture).items() if name != "on"}
    meant = {name: value for name, value in intent.as_dict().items() if name != "assumed"}
    rules = sorted((finding.rule, finding.effect.value) for finding in verdict.findings)
    body = json.dumps([facts, meant, verdict.state.value, rules], sort_keys=True, default=_plain, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """One level of a dataclass, or words: what JSON asks for on its way down. ``asdict`` would copy the whole picture first."""
    return {field.name: getattr(value, field.name) for field in fields(value)} if is_dataclass(value) else str(value)


@dataclass(frozen=True)
class Candidacy:
    """The verdict on a course now, with what a clinician already decided about it."""

    course: Course
    picture: PatientPicture
    intent: Intent
    verdict: Verdict
    digest: str
    overrides: dict[str, Override]  # by rule; only those that still speak of the same facts
    latest: Assessment | None

    @cached_property
    def stops(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.verdict.findings if finding.stops)

    @cached_property
    def to_override(self) -> tuple[Finding, ...]:
        """Findings that need a reason to go past, and have none. Open questions are to be answered first."""
        return tuple(f for f in self.verdict.findings if needs_reason(f, self.picture) and not f.stops and f.rule not in self.overrides)

    @cached_property
    def questions(self) -> tuple[str, ...]:
        """Questions still to ask: those of findings nobody went past, that nobody answered with *not known*."""
        open_ = (f for f in self.verdict.findings if f.missing and f.rule not in self.overrides)
        return tuple(dict.fromkeys(q for f in open_ for q in f.missing if q != "jurisdiction" and not _said_unknown(q, self.picture)))

    def reviewed(self, treatment: Treatment | None = None) -> bool:
        """Whether a clinician accepted exactly this verdict (for this visit, where one is given)."""
        if self.latest is None or not self.latest.accepted or self.latest.inputs_digest != self.digest:
            return False
        return treatment is None or self.latest.treatment_id in (None, treatment.pk)


def needs_reason(finding: Finding, picture: PatientPicture) -> bool:
    """Whether going on past a finding takes a reason: it speaks against treating, or asks what nobody can answer."""
    if finding.effect in (Effect.CONTRAINDICATED, Effect.REFER):
        return True
    return finding.effect is Effect.ASK and all(q == "jurisdiction" or _said_unknown(q, picture) for q in finding.missing)


def candidacy_of(course: Course, on: dt.date, library: Library | None = None) -> Candidacy:
    """The verdict now, and what was decided about it before."""
    library = library or library_of(course.clinic)
    picture, intent = picture_of(course.patient, on), intent_of(course, library)
    verdict = assess(picture, intent, library)
    findings = {finding.rule: finding for finding in verdict.findings}
    overrides = {
        override.rule: override
        for override in Override.objects.filter(clinic_id=course.clinic_id, course=course, withdrawn_at__isnull=True)
        .select_related("created_by")
        .order_by("created_at")
        if override.rule in findings and same_facts(override.finding, findings[override.rule])
    }
    latest = Assessment.objects.filter(clinic_id=course.clinic_id, course=course).select_related("created_by").order_by("-created_at").first()
    return Candidacy(course, picture, intent, verdict, inputs_digest(picture, intent, verdict), overrides, latest)


def same_facts(frozen: dict[str, object], finding: Finding) -> bool:
    """Whether a finding still rests on what it rested on when someone went past it."""
    then = frozen.get("because")
    before = {(f.get("fact"), f.get("value")) for f in then if isinstance(f, dict)} if isinstance(then, list) else set()
    return frozen.get("effect") == finding.effect.value and before == {(fact.name, fact.value) for fact in finding.because}


def _said_unknown(question: str, picture: PatientPicture) -> bool:
    answer = picture.answers.get(question)
    if question == "pregnancy":
        return bool(picture.pregnancy) and picture.pregnancy[0].state == "unknown"
    return answer is not None and answer.value == "unknown"
