"""A blend tried out, with or without a patient: what is in it, what is known of it, and one word for the whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args

from pistor.care.candidacy import one_rule
from pistor.care.candidacy.chart import chart_of
from pistor.care.candidacy.jurisdiction import jurisdiction_findings
from pistor.care.consultation import Allergy, Coding, PatientPicture
from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.care.formulation import Amounts, Blend, DoseCheck, Part, Topical, amounts, check_doses, compose, dose_findings
from pistor.care.formulation.handling import beyond_use
from pistor.care.formulation.order import in_order
from pistor.care.formulation.osmolarity import Osmolar, Tonicity, osmolar, tonicity
from pistor.care.intent import Intent
from pistor.knowledge import Library
from pistor.knowledge.model import BeyondUse, Code, Method, MethodCheck, PairVerdict, Quantity

DEFAULT_POLICY = "mixture"
ALLERGY_RULE = "allergy_ingredient"
CODE_SYSTEMS: tuple[str, ...] = get_args(Code.model_fields["system"].annotation)


class BlendVerdict(StrEnum):
    """From the worst to the best; the worst that is present decides."""

    BLOCK = "block"  # something forbids it
    AVOID = "avoid"  # something speaks against it
    NO_DATA = "no_data"  # nobody has looked at two of its parts together
    CAUTION = "caution"  # allowed under conditions
    COMPATIBLE = "compatible"  # every pair was looked at, under the conditions its rule names
    SINGLE = "single_product"  # nothing is mixed


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be tried. Volumes in mL, weight in kg, spacing in mm; None where nobody said."""

    parts: tuple[Part, ...]
    application: str | None = None
    policy: str = DEFAULT_POLICY
    jurisdiction: str | None = None
    technique: str | None = None
    weight_kg: Decimal | None = None
    allergies: tuple[str, ...] = ()
    volume_per_point_ml: Decimal | None = None
    points: int | None = None
    sessions: int | None = None
    interval_days: int | None = None
    spacing_mm: Decimal | None = None
    topical: tuple[Topical, ...] = ()  # anaesthetics on the skin before
    zones: tuple[tuple[str, int], ...] = ()  # points in each zone


@dataclass(frozen=True, slots=True)
class Worked:
    """The answer. ``findings`` are those of the blend, of its doses, of the country and of the allergies named.

    ``tested`` are the cases of the methods that are about what is in this blend: what they predict beside what was seen.
    """

    recipe: Recipe
    blend: Blend
    doses: tuple[DoseCheck, ...]
    verdict: BlendVerdict
    findings: tuple[Finding, ...]
    osmolar: tuple[Osmolar, ...]
    tonicity: Tonicity
    amounts: tuple[Amounts, ...]
    beyond_use: tuple[BeyondUse, ...]
    tested: tuple[tuple[Method, MethodCheck], ...]


def work_out(recipe: Recipe, library: Library, on: dt.date) -> Worked:
    """Try a recipe. Raises :class:`UnusableBlend` where a part, a policy or a number cannot be used."""
    blend = compose(
        recipe.parts, library, policy=recipe.policy, jurisdiction=recipe.jurisdiction, application=recipe.application, technique=recipe.technique
    )
    points = sum(count for _, count in recipe.zones) or recipe.points
    doses = check_doses(
        blend, library, volume_per_point_ml=recipe.volume_per_point_ml, points=points, sessions=recipe.sessions, weight_kg=recipe.weight_kg,
        spacing_mm=recipe.spacing_mm, interval_days=recipe.interval_days, topical=recipe.topical,
    )  # fmt: skip
    findings = in_order((*_outside(recipe, blend, library, on), *blend.findings, *dose_findings(doses)))
    parts = [(library.presentations[part.presentation], part.volume_ml) for part in blend.parts]
    per_point = recipe.volume_per_point_ml
    return Worked(
        recipe,
        blend,
        doses,
        verdict_of(blend, findings),
        findings,
        osmolar=tuple(osmolar(presentation, library) for presentation, _ in parts),
        tonicity=tonicity(parts, library),
        amounts=amounts(
            blend,
            volume_per_point_ml=per_point,
            volume_ml=None if per_point is None or points is None else per_point * points,
            sessions=recipe.sessions,
            interval_days=recipe.interval_days,
            zones_ml=[] if per_point is None else [(zone, per_point * count) for zone, count in recipe.zones],
        ),
        beyond_use=beyond_use(recipe.jurisdiction, library)[1] if len(parts) > 1 else (),
        tested=_tested(blend, library),
    )


def verdict_of(blend: Blend, findings: tuple[Finding, ...]) -> BlendVerdict:
    """One word for a blend and what was found. It is *compatible* only where every pair was looked at."""
    if any(finding.stops for finding in findings):
        return BlendVerdict.BLOCK
    if any(finding.effect is Effect.CONTRAINDICATED for finding in findings):
        return BlendVerdict.AVOID
    if any(pair.verdict is PairVerdict.NO_DATA for pair in blend.pairs):
        return BlendVerdict.NO_DATA
    if any(finding.effect in (Effect.CAUTION, Effect.ASK, Effect.REFER) for finding in findings):
        return BlendVerdict.CAUTION
    return BlendVerdict.COMPATIBLE if blend.pairs else BlendVerdict.SINGLE


def _outside(recipe: Recipe, blend: Blend, library: Library, on: dt.date) -> tuple[Finding, ...]:
    """What the patient's allergies and the country's law say, where they are named."""
    intent = Intent(
        recipe.application or "", "", "", blend.ingredients, tuple(part.presentation for part in blend.parts),
        technique=recipe.technique, jurisdiction=recipe.jurisdiction, topical=tuple(item.ingredient for item in recipe.topical),
    )  # fmt: skip
    found = _law(intent, blend, library) if recipe.jurisdiction else []
    rule = library.contraindications.get(ALLERGY_RULE)
    if rule is not None and recipe.allergies:
        allergies = tuple(Allergy(name, _codings(name), True, origin="recipe") for name in recipe.allergies)
        picture = PatientPicture(on=on, allergies=allergies)
        found += [finding for finding in (one_rule(rule, picture, intent, library),) if finding]
        found += _strange(chart_of(picture, library).other_allergies)
    return tuple(found)


def _law(intent: Intent, blend: Blend, library: Library) -> list[Finding]:
    """What the country's law says; a blend of which nobody says what it is for is stopped where all that it is known for is."""
    if not intent.application:
        known_for = dict.fromkeys(application.value for id_ in blend.actives for application in library.ingredients[id_].applications)
        of_each = [jurisdiction_findings(replace(intent, application=application), library) for application in known_for]
        if of_each and all(any(finding.stops for finding in found) for found in of_each):
            return list({finding.rule: finding for found in of_each for finding in found if finding.sources}.values())
    return [finding for finding in jurisdiction_findings(intent, library) if finding.sources]


def _codings(name: str) -> tuple[Coding, ...]:
    """An allergy given as a code may be of any system: which one is not said."""
    return tuple(Coding(system, name) for system in CODE_SYSTEMS) if any(c.isdigit() for c in name) and " " not in name else ()


def _strange(allergies: list[Allergy]) -> list[Finding]:
    """An allergy by a name that the library does not know is not an allergy to something else."""
    if not allergies:
        return []
    names = ", ".join(allergy.label for allergy in allergies)
    text = f"Whether {names} is in this blend or crosses with something in it is not known here: make sure before it is injected."
    return [Finding("allergy:unknown_name", Effect.ASK, text, tuple(Fact("allergy", allergy.label, None, "recipe") for allergy in allergies))]


def _tested(blend: Blend, library: Library) -> tuple[tuple[Method, MethodCheck], ...]:
    held = {part.presentation for part in blend.parts}
    return tuple(
        (method, check)
        for method in library.methods.values()
        for check in method.checks
        if check.observed and check.presentations and held.issuperset(check.presentations)
    )


def as_dict(worked: Worked) -> dict[str, Any]:
    """What ``pistor blend --json`` prints: numbers as numbers, null where nothing is known."""
    blend = worked.blend
    return {
        "volume_ml": float(blend.volume_ml),
        "parts": [{"presentation": part.presentation, "volume_ml": float(part.volume_ml)} for part in blend.parts],
        "concentrations": [
            {"ingredient": one.ingredient, ("units_per_ml" if one.unit.startswith("units") else "mg_per_ml"): float(one.per_ml), "active": one.active,
             "sources": [source.as_dict() for source in one.sources]}
            for one in blend.concentrations
        ],
        "ph": _ends(blend.ph.low, blend.ph.high),
        "ph_basis": blend.ph.basis,
        "ph_unknown": list(blend.ph.unknown),
        "osmolarity_mosm_per_l": _ends(blend.osmolarity.low, blend.osmolarity.high),
        "osmolarity_basis": blend.osmolarity.basis,
        "osmolarity_unknown": list(blend.osmolarity.unknown),
        "osmolarity_parts": [
            {"presentation": one.presentation, "mosm_per_l": _ends(one.low, one.high), "kind": "stated" if one.stated else "ideal" if one.ideal else "unknown",
             "sources": [source.as_dict() for source in one.sources]}
            for one in worked.osmolar
        ],
        "nacl_equivalent": worked.tonicity.as_dict(),
        "pairs": [
            {"between": [pair.a, pair.b], "verdict": pair.verdict.value, "text": pair.text, "sources": [source.as_dict() for source in pair.sources]}
            for pair in blend.pairs
        ],
        "limits": [
            {"ingredient": check.ingredient, "what": check.what, "dose": _number(check.dose), "unit": check.unit, "limit": _number(check.limit),
             "fraction": _number(check.fraction), "state": check.state, "sources": [source.as_dict() for source in check.sources]}
            for check in worked.doses
        ],
        "amounts": [
            {"ingredient": one.ingredient, "unit": one.unit, "per_point": _number(one.per_point),
             "per_zone": {zone: _number(value) for zone, value in one.per_zone}, "per_treatment": _number(one.per_treatment),
             "per_course": _number(one.per_course), "per_year": _number(one.per_year)}
            for one in worked.amounts
        ],
        "beyond_use": [
            {"what": one.what, "hours": _number(one.time.high), "conflict": one.time.conflict.note if one.time.conflict else None,
             "sources": [source.as_dict() for source in cited((one.time,))]}
            for one in worked.beyond_use
        ],
        "tested": [
            {"method": method.id, "case": check.case, "computed": _quantity(check.computed), "observed": [_quantity(one) for one in check.observed]}
            for method, check in worked.tested
        ],
        "verdict": worked.verdict.value,
        "findings": [finding.as_dict() for finding in worked.findings],
        "knowledge_version": blend.knowledge_version,
    }  # fmt: skip


def _ends(low: Decimal | None, high: Decimal | None) -> list[float] | None:
    return None if low is None or high is None else [float(low), float(high)]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(round(value, 6))


def _quantity(quantity: Quantity) -> dict[str, Any]:
    sources = [source.as_dict() for source in cited((quantity,))]
    return {"range": _ends(quantity.low, quantity.high), "unit": quantity.unit, "note": quantity.note, "sources": sources}
