"""Doses against their limits: per point, per treatment, per course, per area; and the sum of local anaesthetics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pistor.care.evidence import Effect, Fact, Finding, SourceRef, cited
from pistor.care.formulation.amounts import treatments_within
from pistor.care.formulation.blend import Blend, UnusableBlend, plain, shown, sources_from
from pistor.care.formulation.compose import usable
from pistor.knowledge import Library
from pistor.knowledge.model import Grade, Ingredient, Limit, LimitScope, Quantity

State = Literal["within", "near", "over", "unknown"]
_MINIMA = (LimitScope.SPACING_MIN, LimitScope.INTERVAL_MIN)
_DOSES = (LimitScope.DOSE_PER_TREATMENT, LimitScope.DOSE_PER_DAY, LimitScope.DOSE_PER_PERIOD)

MOST_ON_SKIN_MG = 10_000  # guards against typing errors
_NOT_RECORDED, _NOT_KNOWN = "dose not recorded", "largest dose not known"  # of what is on the skin


@dataclass(frozen=True, slots=True)
class Topical:
    """What is put on the skin before. Without its dose the sum is unknown."""

    ingredient: str
    dose_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DoseCheck:
    """One dose beside one limit. ``fraction`` is dose by limit (for a smallest distance or interval: limit by value)."""

    ingredient: str
    limit_id: str
    what: str
    scope: str
    dose: Decimal | None
    unit: str
    limit: Decimal | None
    fraction: Decimal | None
    state: State
    sources: tuple[SourceRef, ...] = ()
    because: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()  # ids of questions
    name: str = ""
    firm: bool = False  # the limit is a label's: going over it stops

    @property
    def open(self) -> bool:
        """Whether somebody can still say what is missing: an answer, or how much of what is on the skin."""
        return self.state == "unknown" and (bool(self.missing) or any(fact.value in (_NOT_RECORDED, _NOT_KNOWN) for fact in self.because))

    def as_dict(self) -> dict[str, Any]:
        numbers = {
            key: None if value is None else plain(round(value, 6)) for key, value in (("dose", self.dose), ("limit", self.limit), ("fraction", self.fraction))
        }
        return {
            "ingredient": self.ingredient,
            "name": self.name,
            "limit_id": self.limit_id,
            "what": self.what,
            "scope": self.scope,
            **numbers,
            "unit": self.unit,
            "state": self.state,
            "sources": [source.as_dict() for source in self.sources],
            "because": [fact.as_dict() for fact in self.because],
            "missing": list(self.missing),
            "firm": self.firm,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DoseCheck:
        dose, limit, fraction = (None if data[key] is None else Decimal(data[key]) for key in ("dose", "limit", "fraction"))
        facts = tuple(Fact(fact["fact"], fact["value"], None, fact["origin"]) for fact in data["because"])
        return cls(
            data["ingredient"], data["limit_id"], data["what"], data["scope"], dose, data["unit"], limit, fraction, data["state"],
            sources_from(data["sources"]), facts, tuple(data["missing"]), data["name"], data["firm"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Given:
    """The numbers that doses are computed from."""

    blend: Blend
    volume_per_point_ml: Decimal | None
    points: int | None
    volume_ml: Decimal
    sessions: int | None
    weight_kg: Decimal | None
    area_cm2: Decimal | None
    spacing_mm: Decimal | None
    interval_days: int | None
    topical: tuple[Topical, ...]
    near: Decimal
    on_skin_ml: Decimal
    densest_ml_per_cm2: Decimal | None


def check_doses(
    blend: Blend,
    library: Library,
    *,
    volume_per_point_ml: Decimal | None = None,
    points: int | None = None,
    volume_ml: Decimal | None = None,
    sessions: int | None = None,
    weight_kg: Decimal | None = None,
    area_cm2: Decimal | None = None,
    spacing_mm: Decimal | None = None,
    interval_days: int | None = None,
    topical: Sequence[Topical | str] = (),
    on_skin_ml: Decimal = Decimal(0),
    densest_ml_per_cm2: Decimal | None = None,
) -> tuple[DoseCheck, ...]:
    """Every limit of every substance of ``blend`` against what would be given.

    ``volume_ml`` is the volume injected per treatment; where nobody says, the whole blend counts, or the points' volume
    where that is more. ``on_skin_ml`` is a film of the blend on the skin, which is not injected and whose doses are counted in full.
    ``densest_ml_per_cm2`` is what the densest zone gets, where zones are not treated alike; else the whole area is asked.
    What is None is not known and makes the limits that need it *unknown*, never *within*.
    Raises :class:`UnusableBlend` for numbers that cannot be.
    """
    injected = None if volume_ml is not None and volume_ml == 0 < on_skin_ml else volume_ml  # nothing but a film
    _refuse_nonsense(volume_per_point_ml, points, injected, sessions, weight_kg, area_cm2, spacing_mm, interval_days)
    _refuse_nonsense(None, None, on_skin_ml or None, None, None, None, None, None)
    if volume_ml is None:
        meant = Decimal(0) if volume_per_point_ml is None or points is None else volume_per_point_ml * points
        volume_ml = max(blend.volume_ml, meant)  # what is in the syringe can be injected
    near = library.thresholds.get("dose_near_limit")
    given = _Given(
        blend, volume_per_point_ml, points, volume_ml, sessions, weight_kg, area_cm2, spacing_mm, interval_days,
        tuple(item if isinstance(item, Topical) else Topical(item) for item in topical), (near.quantity.high if near else None) or Decimal("0.8"),
        on_skin_ml, densest_ml_per_cm2,
    )  # fmt: skip
    for item in given.topical:
        if item.dose_mg is not None and not (item.dose_mg.is_finite() and 0 <= item.dose_mg <= MOST_ON_SKIN_MG):
            raise UnusableBlend(f"The dose of topical {item.ingredient} is not a number from 0 to {MOST_ON_SKIN_MG}; enter it in mg.")
    checks: list[DoseCheck] = []
    ingredients = dict.fromkeys((*blend.ingredients, *(item.ingredient for item in given.topical if item.ingredient in library.ingredients)))
    for id_ in ingredients:
        ingredient = library.ingredients[id_]
        checks += [_check(ingredient, limit, given) for limit in ingredient.limits]
        if ingredient.active and not any(limit.scope in (*_DOSES, LimitScope.DOSE_PER_AREA) for limit in ingredient.limits):
            checks.append(_without_limit(ingredient, given))
    return (*checks, *_sum_of_anaesthetics(checks, [library.ingredients[id_] for id_ in ingredients], library, given))


def dose_findings(checks: Iterable[DoseCheck]) -> tuple[Finding, ...]:
    """What the clinician should be told of the doses: over a limit, near one, or not computable."""
    found: list[Finding] = []
    for check in checks:
        value = f"{_amount(check.dose)} {check.unit}"
        bound = f"{_amount(check.limit)} {check.unit}"
        if check.state == "over":
            effect = Effect.CONTRAINDICATED if check.firm else Effect.CAUTION
            relation = "below" if check.scope in _MINIMA else "above"
            text = f"{check.name}: {value} is {relation} the limit of {bound} ({check.what[0].lower()}{check.what[1:]})."
            limits = "A label's limit holds for the labelled route." if check.firm else "The limit is not a label's; it is weighed, not enforced."
            found.append(Finding(f"limit:{check.limit_id}", effect, text, check.because, (), check.sources, limits, stops=check.firm))
        elif check.state == "near":
            text = f"{check.name}: {value} is close to the limit of {bound} ({check.what[0].lower()}{check.what[1:]})."
            found.append(Finding(f"limit:{check.limit_id}", Effect.INFORM, text, check.because, (), check.sources))
        elif check.open:
            text = f"{check.name}: whether {check.what[0].lower()}{check.what[1:]} is kept cannot be told yet."
            found.append(Finding(f"limit:{check.limit_id}", Effect.ASK, text, check.because, check.missing, check.sources))
    return tuple(found)


def volume_findings(blend: Blend, *, volume_ml: Decimal | None) -> tuple[Finding, ...]:
    """Whether the blend is enough for what is meant to be injected, and whether much is left over."""
    if volume_ml is None or volume_ml == blend.volume_ml:
        return ()
    facts = (Fact("blend", f"{shown(blend.volume_ml)} mL", None, "blend"), Fact("to be injected", f"{shown(volume_ml)} mL", None, "injection map"))
    if volume_ml > blend.volume_ml:
        text = f"The injection map needs {shown(volume_ml)} mL and the blend holds {shown(blend.volume_ml)} mL: make more of it, or draw fewer points."
        return (Finding("blend:too_little", Effect.CAUTION, text, facts),)
    left = shown(blend.volume_ml - volume_ml)
    text = f"The injection map takes {shown(volume_ml)} mL of {shown(blend.volume_ml)} mL; {left} mL will be left and is discarded."
    return (Finding("blend:left_over", Effect.INFORM, text, facts),)


# ── one limit ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(ingredient: Ingredient, limit: Limit, given: _Given) -> DoseCheck:
    if limit.scope in _DOSES:
        return _dose_check(ingredient, limit, given)
    value, unit, facts = _geometry(ingredient.id, limit.scope, given)
    bound = limit.absolute
    number = None if bound is None else (bound.low if limit.scope in _MINIMA else bound.high)
    fraction: Decimal | None = None
    if value is not None and number is not None:
        fraction = number / value if limit.scope in _MINIMA else value / number
    return _made(ingredient, limit, value, unit, number, fraction, facts, (), given, [bound] if bound else [])


def _geometry(ingredient: str, scope: LimitScope, given: _Given) -> tuple[Decimal | None, str, tuple[Fact, ...]]:
    """The value that a limit of this scope is about."""
    match scope:
        case LimitScope.VOLUME_PER_POINT:
            return given.volume_per_point_ml, "mL", ()
        case LimitScope.VOLUME_PER_TREATMENT:
            return given.volume_ml, "mL", ()
        case LimitScope.POINTS_PER_TREATMENT:
            return _number(given.points), "points", ()
        case LimitScope.SPACING_MIN:
            return given.spacing_mm, "mm", ()
        case LimitScope.TREATMENTS_PER_COURSE:
            return _number(given.sessions), "treatments", ()
        case LimitScope.INTERVAL_MIN:
            return _number(given.interval_days), "d", ()
        case _:
            return _dose_per_area(ingredient, given)


def _dose_per_area(ingredient: str, given: _Given) -> tuple[Decimal | None, str, tuple[Fact, ...]]:
    """mg per cm2: from the drawn area, or from the grid where every point serves a square of its spacing."""
    per_ml = _per_ml(ingredient, given)
    if given.densest_ml_per_cm2 is not None:
        densest = Fact("where most is given", f"{shown(given.densest_ml_per_cm2, 4)} mL on each cm2", None, "injection map")
        return per_ml * given.densest_ml_per_cm2, "mg/cm2", (densest,)
    if given.area_cm2 is not None:
        area = Fact("area", f"{shown(given.area_cm2, 1)} cm2", None, "injection map")
        return per_ml * (given.volume_ml + given.on_skin_ml) / given.area_cm2, "mg/cm2", (area,)
    if given.volume_per_point_ml is not None and given.spacing_mm is not None:
        cell = (given.spacing_mm / 10) ** 2
        return per_ml * given.volume_per_point_ml / cell, "mg/cm2", (Fact("area per point", f"{shown(cell, 2)} cm2", None, "square of the spacing"),)
    return None, "mg/cm2", (Fact("area", "not known", None, "injection map"),)


def _dose_check(ingredient: Ingredient, limit: Limit, given: _Given) -> DoseCheck:
    injected = _per_ml(ingredient.id, given) * given.volume_ml
    unit = _unit(ingredient.id, given)
    on_skin = [item for item in given.topical if item.ingredient == ingredient.id]
    dose = injected + sum((item.dose_mg for item in on_skin if item.dose_mg is not None), Decimal(0))
    facts = [Fact("injected", f"{shown(injected)} {unit}", None, "blend")]
    if given.on_skin_ml:
        film = _per_ml(ingredient.id, given) * given.on_skin_ml
        dose += film
        facts.append(Fact("as a film on the skin", f"{shown(film)} {unit}, counted in full", None, "injection map"))
    times = _times(limit, given)
    if times is not None and times > 1:
        dose *= times
        facts.append(Fact("treatments within the period", str(times), None, "interval and course"))
    facts += [
        Fact("on the skin", f"{shown(item.dose_mg)} mg, counted in full" if item.dose_mg is not None else _NOT_RECORDED, None, "topical")
        for item in on_skin
    ]
    dose_unknown = any(item.dose_mg is None for item in on_skin)
    bounds: list[tuple[Decimal, Quantity]] = []
    missing: tuple[str, ...] = ()
    if limit.absolute is not None and limit.absolute.high is not None:
        bounds.append((limit.absolute.high, limit.absolute))
    if limit.per_kg is not None and limit.per_kg.high is not None:
        if given.weight_kg is None:
            missing = ("weight_kg",)
            facts.append(Fact("weight", "not known", None, f"the limit is {plain(limit.per_kg.high)} {limit.per_kg.unit}"))
        else:
            bounds.append((limit.per_kg.high * given.weight_kg, limit.per_kg))
            facts.append(Fact("weight", f"{plain(given.weight_kg)} kg", None, f"{plain(limit.per_kg.high)} {limit.per_kg.unit}"))
    number = min((bound for bound, _ in bounds), default=None)
    fraction = None if number is None else dose / number
    # Too much is too much even where the rest is not known; otherwise what is missing keeps the answer open.
    unsure = bool(missing or dose_unknown or times is None) and not (fraction is not None and fraction > 1)
    check = _made(ingredient, limit, dose, unit, number, fraction, tuple(facts), missing, given, [q for q in (limit.absolute, limit.per_kg) if q])
    return check if not unsure else _replaced(check)


def _times(limit: Limit, given: _Given) -> int | None:
    """How many treatments fall within a limit's period."""
    if limit.period is None or limit.period.high is None:
        return 1
    return treatments_within(limit.period.high, given.sessions, given.interval_days)


def _replaced(check: DoseCheck) -> DoseCheck:
    return DoseCheck(
        check.ingredient, check.limit_id, check.what, check.scope, check.dose, check.unit, check.limit, None, "unknown",
        check.sources, check.because, check.missing, check.name, check.firm,
    )  # fmt: skip


def _made(
    ingredient: Ingredient, limit: Limit, value: Decimal | None, unit: str, number: Decimal | None, fraction: Decimal | None,
    facts: tuple[Fact, ...], missing: tuple[str, ...], given: _Given, quantities: list[Quantity],
) -> DoseCheck:  # fmt: skip
    firm = any(quantity.grade is Grade.A for quantity in quantities)
    return DoseCheck(
        ingredient.id, limit.id, limit.what, limit.scope.value, value, unit, number, fraction, _state(fraction, limit.scope, given.near),
        cited(quantities), facts, missing, ingredient.name, firm,
    )  # fmt: skip


def _state(fraction: Decimal | None, scope: LimitScope | None, near: Decimal) -> State:
    if fraction is None:
        return "unknown"
    if fraction > 1:
        return "over"
    # A grid at the labelled spacing or volume is as meant; only doses of substance are called near.
    return "near" if fraction >= near and (scope is None or scope in _DOSES) else "within"


def _without_limit(ingredient: Ingredient, given: _Given) -> DoseCheck:
    dose, unit = _per_ml(ingredient.id, given) * (given.volume_ml + given.on_skin_ml), _unit(ingredient.id, given)
    fact = Fact("limit", "no largest dose was found for this route", None, "library")
    return DoseCheck(
        ingredient.id,
        f"{ingredient.id}_none",
        "Largest dose",
        LimitScope.DOSE_PER_TREATMENT.value,
        dose,
        unit,
        None,
        None,
        "unknown",
        (),
        (fact,),
        (),
        ingredient.name,
    )


def _sum_of_anaesthetics(checks: list[DoseCheck], ingredients: list[Ingredient], library: Library, given: _Given) -> Iterable[DoseCheck]:
    """Additive toxicity: each anaesthetic as a fraction of its own largest dose, all together at most 1."""
    anaesthetics = [ingredient for ingredient in ingredients if "local_anaesthetic" in ingredient.classes]
    strangers = [item.ingredient for item in given.topical if item.ingredient not in library.ingredients]
    if len(anaesthetics) < 2 and not strangers:
        return
    total, facts, sources, missing, unknown, firm = Decimal(0), [], [], [], bool(strangers), True
    for ingredient in anaesthetics:
        own = [check for check in checks if check.ingredient == ingredient.id and check.scope in _DOSES]
        fractions = [check.dose / check.limit for check in own if check.dose is not None and check.limit]  # at least that much, whatever is not known
        unknown = unknown or not own or any(check.state == "unknown" for check in own)
        total += max(fractions, default=Decimal(0))
        facts.append(Fact(ingredient.name, f"{shown(max(fractions) * 100, 1)} % of its largest dose" if fractions else "fraction not known", None, "blend"))
        sources += [source for check in own for source in check.sources]
        missing += [question for check in own for question in check.missing]
        firm = firm and any(check.firm for check in own)
    facts += [Fact(stranger, _NOT_KNOWN, None, "topical") for stranger in strangers]
    state: State = "over" if total > 1 else "unknown" if unknown else _state(total, None, given.near)
    rule = library.mixture_rules.get("mr08_sum_of_anaesthetics")
    yield DoseCheck(
        ingredient="class:local_anaesthetic",
        limit_id="local_anaesthetic_sum",
        what="Sum of local anaesthetics, each as a fraction of its largest dose",
        scope=LimitScope.DOSE_PER_TREATMENT.value,
        dose=total,
        unit="fraction",
        limit=Decimal(1),
        fraction=None if state == "unknown" else total,
        state=state,
        sources=(*dict.fromkeys(sources), *(cited((rule.text,)) if rule else ())),
        because=tuple(facts),
        missing=tuple(dict.fromkeys(missing)),
        name="Local anaesthetics together",
        firm=firm,
    )


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _per_ml(ingredient: str, given: _Given) -> Decimal:
    return sum((c.per_ml for c in given.blend.concentrations if c.ingredient == ingredient), Decimal(0))


def _unit(ingredient: str, given: _Given) -> str:
    return next((c.amount_unit for c in given.blend.concentrations if c.ingredient == ingredient), "mg")


def _number(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _amount(value: Decimal | None) -> str:
    return "unknown" if value is None else shown(value, 3)


def _refuse_nonsense(
    volume_per_point_ml: Decimal | None, points: int | None, volume_ml: Decimal | None, sessions: int | None,
    weight_kg: Decimal | None, area_cm2: Decimal | None, spacing_mm: Decimal | None, interval_days: int | None,
) -> None:  # fmt: skip
    """Every number that is given must be positive, finite and of a size that can be."""
    for value, what, unit, most in (
        (volume_per_point_ml, "the volume per point", "mL", 100),
        (_number(points), "the number of points", "points", 10_000),
        (volume_ml, "the volume per treatment", "mL", 1_000),
        (_number(sessions), "the number of treatments", "treatments", 1_000),
        (weight_kg, "the weight", "kg", 700),
        (area_cm2, "the area", "cm2", 30_000),
        (spacing_mm, "the spacing", "mm", 1_000),
        (_number(interval_days), "the interval", "days", 3_650),
    ):
        if value is not None:
            usable(value.quantize(Decimal("0.000001")) if value.is_finite() and abs(value) < 10**6 else value, what, unit, Decimal(most))
