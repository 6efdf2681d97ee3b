"""A plan as a page to print and as text for a terminal, both with the same sentences."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pistor.care.aftercare import hours_told, span_in_words
from pistor.care.alternatives import compare
from pistor.care.benefit import BenefitArm, BenefitOutcome
from pistor.care.course import Schedule
from pistor.care.evidence import Effect, Finding, SourceRef, cited
from pistor.care.formulation import DoseCheck, Interval
from pistor.care.injection_map import PASSES, InjectionMap, Point, ZonePlan, scale_told
from pistor.care.plan import Plan, Risk
from pistor.exchange.documents import render_pdf
from pistor.knowledge import Library, model
from pistor.knowledge.outline import value_text

VERDICTS = {
    "eligible": "Eligible",
    "eligible_with_conditions": "Eligible with conditions",
    "refer": "Refer",
    "not_eligible": "Not eligible",
    "cannot_tell": "Cannot tell: answers are missing",
}
EFFECTS = {
    Effect.CONTRAINDICATED: "Contraindicated",
    Effect.REFER: "Refer",
    Effect.ASK: "Ask",
    Effect.CAUTION: "Caution",
    Effect.INFORM: "Know",
}
DOSE_STATES = {"within": "within", "near": "near the limit", "over": "over the limit", "unknown": "limit not known"}
DISCLAIMER = "A decision aid for licensed clinicians. It advises and never decides; check it against the product in your hand."


def plan_pdf(plan: Plan, library: Library, *, name: str, birth_date: dt.date | None, on: dt.date, clinic: str = "") -> bytes:
    """The printable plan. The same plan on the same day gives the same bytes."""
    return render_pdf("plan", plan_page(plan, library, name=name, birth_date=birth_date, on=on, clinic=clinic))


def plan_page(plan: Plan, library: Library, *, name: str, birth_date: dt.date | None, on: dt.date, clinic: str = "") -> dict[str, Any]:
    """Everything the template prints, as finished sentences."""
    protocol, schedule = plan.protocol, plan.schedule
    keys = _Keys(library)
    page: dict[str, Any] = {
        "title": "Treatment plan",
        "name": name or "Name not recorded",
        "born": f"born {day(birth_date)}" if birth_date else "date of birth not recorded",
        "clinic": clinic,
        "on": day(on),
        "disclaimer": DISCLAIMER,
        "meant": _meant(plan, library),
        "verdict": {"state": plan.verdict.state.value, "text": VERDICTS[plan.verdict.state.value]},
        "withheld": list(plan.withheld),
        "findings": [_finding(finding, keys) for finding in _weighed(plan.findings)],
        "missing": [library.questions[key].text if key in library.questions else key.replace("_", " ") for key in plan.verdict.missing],
        "assumed": [text.replace("_", " ") for text in plan.assumed],
        "confirm": list(plan.confirm),
        "protocol": {"name": protocol.name, "summary": protocol.summary.text, "keys": keys.of([protocol.summary]), "gaps": list(protocol.data_gaps)}
        if protocol
        else None,
        "blend": _blend(plan, library, keys),
        "doses": [_dose(dose, keys) for dose in plan.doses],
        "map": _map(plan, library, keys),
        "course": None,
        "benefit": _benefit(plan, keys),
        "risks": [_risk(risk, keys) for risk in plan.reactions],
    }
    if protocol and schedule:
        page["course"] = {
            "dates": [{"number": str(item.number), "day": day(item.on)} for item in schedule.treatments],
            "interval": _apart(schedule),
            "evaluation": f"{day(schedule.evaluation_on)}: {protocol.evaluation.text.text}" if schedule.evaluation_on else protocol.evaluation.text.text,
            "stop_rule": protocol.stop_rule.text,
            "maintenance": protocol.maintenance.text,
            "keys": keys.of([protocol.sessions, *filter(None, [protocol.interval_days]), protocol.evaluation.text, protocol.stop_rule, protocol.maintenance]),
        }
    page["sources"] = keys.listed()
    page["footer"] = f"{page['title']}, {day(on)}. Knowledge {plan.knowledge_version}."
    return page


def _apart(schedule: Schedule) -> str:
    """The days between two treatments as planned; a trial's own days are seldom evenly spaced."""
    gaps = sorted({(later.on - earlier.on).days for earlier, later in pairwise(schedule.treatments)})
    if not gaps:
        return "One treatment"
    return f"{gaps[0]} days between treatments" if len(gaps) == 1 else f"{gaps[0]} to {gaps[-1]} days between treatments"


def plan_text(plan: Plan, library: Library) -> str:
    """The plan for a terminal: what the printed plan holds, and what the pages show beside it."""
    keys = _Keys(library)
    beside = [
        ("Scales", _scales(plan, library, keys)),
        ("Aftercare", _aftercare(plan, library, keys)),
        ("Alternatives", _alternatives(plan, library, keys)),
    ]
    technique = _technique(plan, library, keys)
    page = plan_page(plan, library, name="", birth_date=None, on=plan.start)
    lines = [f"{page['verdict']['text']}: {page['meant']}", ""]
    lines += [f"No plan, because: {text}" for text in page["withheld"]]
    lines += [f"{item['effect']}: {item['text']} {_brackets(item['keys'])}" for item in page["findings"]]
    lines += _section("To ask", page["missing"]) + _section("Assumed", page["assumed"]) + _section("To confirm", page["confirm"])
    if page["protocol"]:
        lines += ["", f"Protocol: {page['protocol']['name']}", f"  {page['protocol']['summary']} {_brackets(page['protocol']['keys'])}"]
    if page["blend"]:
        lines += _section("Blend", [*(f"{part['volume']} {part['name']}" for part in page["blend"]["parts"]), *page["blend"]["facts"]])
    lines += _section("Doses", [f"{dose['what']}: {dose['dose']} ({dose['limit']}), {dose['state']} {_brackets(dose['keys'])}" for dose in page["doses"]])
    lines += _section("Technique", technique)
    if page["map"]:
        lines += _section("Map", [page["map"]["total"], *(f"{zone['label']}: {zone['points']} points, {zone['volume']}" for zone in page["map"]["zones"])])
    if page["course"]:
        dates = ", ".join(f"{item['number']}: {item['day']}" for item in page["course"]["dates"])
        told = [("Evaluation", "evaluation"), ("Stop", "stop_rule"), ("Maintenance", "maintenance")]
        lines += _section("Course", [dates, page["course"]["interval"], *(f"{title}: {page['course'][name]}" for title, name in told)])
    if page["benefit"]:
        lines += ["", f"Benefit: {page['benefit']['verdict']}"]
        for trial in page["benefit"]["trials"]:
            lines.append(f"  {trial['name']}")
            lines += [f"    {row['measure']}: {row['treated']} / {row['comparator']}. {row['result']}" for row in trial["rows"]]
    lines += _section("Risks", [f"{risk['name']}: {risk['frequency']}; {risk['onset']}" for risk in page["risks"]])
    for title, facts in beside:
        lines += _section(title, facts)
    lines += _section("Not known", page["protocol"]["gaps"] if page["protocol"] else [])
    cited_once = {source["key"]: source for source in (*page["sources"], *keys.listed())}
    lines += _section("Sources", [f"[{source['key']}] {source['title']}" for source in cited_once.values()])
    return "\n".join([*lines, "", DISCLAIMER])


# ── what stands beside the printed plan ─────────────────────────────────────────────────────────────────────────────


def _technique(plan: Plan, library: Library, keys: _Keys) -> list[str]:
    """How the needle is held, as published for the protocol, else for its technique. What nobody published is said."""
    method = library.techniques.get(plan.protocol.technique) if plan.protocol else None
    if method is None or plan.protocol is None or plan.withheld:
        return []
    published = (
        ("needle length", method.needle_length_mm),
        ("inserted length", plan.protocol.inserted_length_mm or method.inserted_length_mm),
        ("angle", method.angle_deg),
        ("depth", method.depth_mm),
        ("volume per point", plan.protocol.volume_per_point_ml or method.volume_per_point_ml),
        ("spacing", plan.protocol.spacing_mm or method.spacing_mm),
    )
    lines = [method.name]
    for name, found in published:
        gauge = f", {method.needle_gauge}" if name == "needle length" and method.needle_gauge else ""
        lines.append(f"{name}: {quantity(found)}{gauge} {_brackets(keys.of([found]))}" if found else f"{name}: not published")
        lines += [f"  {found.conflict.note}"] if found and found.conflict else []
    return lines + [f"{item.text} {_brackets(keys.of([item]))}" for item in (*method.how, *method.warnings)]


def _scales(plan: Plan, library: Library, keys: _Keys) -> list[str]:
    indication = library.indications.get(plan.intent.indication)
    found = [library.scales[key] for key in (indication.scales if indication else ()) if key in library.scales]
    return [f"{scale.name}: {_important(scale)} {_brackets(keys.of(scale.mcid))}".rstrip() for scale in found]


def _important(scale: model.Scale) -> str:
    if not scale.mcid:
        return f"minimal important difference unknown. {scale.mcid_unknown or ''}".rstrip()
    sizes = [f"{quantity(item)}{f' ({item.note})' if item.note else ''}" for item in scale.mcid]
    conflicts = [item.conflict.note for item in scale.mcid if item.conflict]
    return " ".join([f"minimal important difference {', '.join(sizes)}.", *conflicts])


def _aftercare(plan: Plan, library: Library, keys: _Keys) -> list[str]:
    rules = [library.aftercare_rules[key] for key in plan.aftercare] if not plan.withheld else []
    return [f"{rule.item}: {_told(rule)} {_brackets(keys.of([*([rule.hours] if rule.hours else []), *rule.basis]))}" for rule in rules]


def _told(rule: model.AftercareRule) -> str:
    """As on the patient's sheet, with how long instead of until when."""
    hours = hours_told(rule)
    return rule.text.en.replace("{until}", f"{span_in_words(hours)} after the treatment" if hours is not None else "")


def _alternatives(plan: Plan, library: Library, keys: _Keys) -> list[str]:
    """The same neutral facts as on the page of alternatives, by option; a row nobody published is unknown."""
    table = compare(library, plan.intent.application, plan.intent.indication or None)
    lines = []
    for option in table.options:
        lines.append(option.name)
        for label, cell in table.card(option.id):
            lines.append(f"  {label}: {cell.text} {_brackets(keys.of([cell]))}" if cell else f"  {label}: unknown")
            lines += [f"    {cell.conflict.note} {_readings(cell, keys)}"] if cell and cell.conflict else []
    return lines


def _readings(cell: model.Statement, keys: _Keys) -> str:
    sides = cell.conflict.beside(cell) if cell.conflict else ()
    return "; ".join(f"{value_text(side)} {_brackets(keys.of([side]))}" for side in sides)


# ── parts of the page ───────────────────────────────────────────────────────────────────────────────────────────────


class _Keys:
    """Collects what is cited, so that the page ends with exactly the sources it uses."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._used: dict[str, None] = {}

    def of(self, items: Iterable[model.Cited]) -> list[dict[str, str]]:
        return self.refs(cited(items))

    def refs(self, refs: Iterable[SourceRef]) -> list[dict[str, str]]:
        found = {(ref.key, ref.grade): {"key": ref.key, "grade": ref.grade} for ref in refs}
        self._used.update((key, None) for key, _ in found)
        return list(found.values())

    def listed(self) -> list[dict[str, str]]:
        known = [(key, self._library.sources[key]) for key in self._used if key in self._library.sources]
        return [{"key": key, "title": source.title, "read": source.read, "place": _place(source), "on": day(source.reviewed)} for key, source in known]


def _place(source: model.Source) -> str:
    return f"doi {source.doi}" if source.doi else source.url or ""


def _meant(plan: Plan, library: Library) -> str:
    intent = plan.intent
    indication, zone = library.indications.get(intent.indication), library.zones.get(intent.zone)
    products = ", ".join(library.ingredients[key].name if key in library.ingredients else key for key in intent.ingredients) or "no product chosen"
    land = library.jurisdictions.get(intent.jurisdiction) if intent.jurisdiction else None
    country = land.name if land else intent.jurisdiction or "country not known"
    return f"{indication.name if indication else intent.indication}, {zone.name.lower() if zone else intent.zone}, {products}, {country}"


def _weighed(findings: Iterable[Finding]) -> list[Finding]:
    """Most serious first. What is to be asked stands in its own list, as the questions."""
    order = list(Effect)
    return sorted((finding for finding in findings if finding.effect is not Effect.ASK or not finding.missing), key=lambda finding: order.index(finding.effect))


def _finding(finding: Finding, keys: _Keys) -> dict[str, Any]:
    because = "; ".join(f"{fact.name}: {fact.value}{f' ({day(fact.date)})' if fact.date else ''}, {fact.origin}" for fact in finding.because)
    return {"effect": EFFECTS[finding.effect], "stops": finding.stops, "text": finding.text, "because": because, "keys": keys.refs(finding.sources)}


def _blend(plan: Plan, library: Library, keys: _Keys) -> dict[str, Any] | None:
    blend = plan.blend
    if blend is None:
        return None
    held = [f"{item.name} {amount(round(item.per_ml, 3))} {item.unit}" for item in blend.concentrations]
    facts = [f"{amount(blend.volume_ml)} mL in all", *held]
    facts += [f"pH {_interval(blend.ph)}", f"osmolarity {_interval(blend.osmolarity)}"]
    return {
        "parts": [
            {
                "name": library.presentations[part.presentation].name if part.presentation in library.presentations else part.presentation,
                "volume": f"{amount(part.volume_ml)} mL",
            }
            for part in blend.parts
        ],
        "facts": facts,
        "pairs": [
            {"pair": f"{pair.a_name or pair.a} with {pair.b_name or pair.b}", "text": pair.text, "keys": keys.refs(pair.sources)} for pair in blend.pairs
        ],
    }


def _dose(dose: DoseCheck, keys: _Keys) -> dict[str, Any]:
    return {
        "what": f"{dose.name}: {dose.what[0].lower()}{dose.what[1:]}",
        "dose": f"{amount(round(dose.dose, 3))} {_unit(dose.unit)}" if dose.dose is not None else "not known",
        "limit": f"{_bound(dose)} {amount(round(dose.limit, 3))} {_unit(dose.unit)}" if dose.limit is not None else "no limit known",
        "fraction": float(dose.fraction) if dose.fraction is not None else None,
        "percent": f"{amount(round(dose.fraction * 100))} %" if dose.fraction is not None else "",
        "state": DOSE_STATES[dose.state],
        "over": dose.state == "over",
        "keys": keys.refs(dose.sources),
    }


def _bound(dose: DoseCheck) -> str:
    return "at least" if dose.scope in (model.LimitScope.SPACING_MIN.value, model.LimitScope.INTERVAL_MIN.value) else "at most"


def _unit(unit: str) -> str:
    return {"d": "days", "mg/cm2": "mg/cm²"}.get(unit, unit)


def _how(plan: ZonePlan, points: Sequence[Point]) -> str:
    """How a zone is treated: how far apart, how much, how deep; of points put or changed by hand, how many get how much."""
    generator = plan.generator
    if generator.pattern == PASSES:
        passes = "number of passes to be recorded" if generator.passes is None else f"{generator.passes} passes over each place"
        film = "volume on the skin to be recorded" if generator.on_skin_ml is None else f"{amount(generator.on_skin_ml)} mL on the skin"
        return ", ".join((passes, film, *_needle(generator.inserted_length_mm, generator.angle_deg)))
    volumes = Counter(point.volume_ml for point in points)
    if plan.chosen or set(volumes) - {generator.volume_per_point_ml}:
        told = ", ".join(f"{count} of {amount(volume)} mL" for volume, count in sorted(volumes.items()))
        facts = [f"points chosen one by one: {told}" if plan.chosen else f"{amount(generator.spacing_mm)} mm apart, points of different volume: {told}"]
    else:
        facts = [f"{amount(generator.spacing_mm)} mm apart", f"{amount(generator.volume_per_point_ml)} mL per point"]
    tips = dict.fromkeys((point.inserted_length_mm, point.angle_deg) for point in points) or [(generator.inserted_length_mm, generator.angle_deg)]
    return ", ".join((*facts, " or ".join(", ".join(_needle(*tip)) for tip in tips)))


def _needle(inserted_mm: Decimal | None, angle_deg: Decimal | None) -> tuple[str, str]:
    inserted = f"{amount(inserted_mm)} mm of needle inserted" if inserted_mm is not None else "inserted length to be recorded"
    return inserted, f"at {amount(angle_deg)} degrees" if angle_deg is not None else "angle to be recorded"


def _ways(drawn: InjectionMap, library: Library) -> list[dict[str, str]]:
    """Each way in which zones are treated, with the zones that are treated so: one where all are treated alike."""
    ways: dict[tuple[str, str], list[str]] = {}
    for plan, total in zip(drawn.zone_plans, drawn.zones, strict=True):
        technique = library.techniques.get(plan.technique)
        way = (technique.name if technique else plan.technique, _how(plan, drawn.points_in(plan.key)))
        ways.setdefault(way, []).append(total.label)
    return [{"technique": name, "facts": facts, "where": ", ".join(where) if len(ways) > 1 else ""} for (name, facts), where in ways.items()]


def _map(plan: Plan, library: Library, keys: _Keys) -> dict[str, Any] | None:
    drawn = plan.injection_map
    if drawn is None:
        return None
    film = f", {amount(drawn.on_skin_ml)} mL on the skin" if drawn.on_skin_ml else ""
    methods = [library.techniques[id_] for id_ in drawn.techniques if id_ in library.techniques]
    return {
        "ways": _ways(drawn, library),
        "scale": _scale(drawn, library),
        "total": f"{drawn.points} points, {amount(drawn.volume_ml)} mL{film}",
        "zones": [
            {
                "label": zone.label or zone.zone,
                "points": str(zone.points) if not zone.rolled else "passes",
                "volume": f"{amount(zone.volume_ml)} mL" if not zone.rolled else f"{amount(zone.on_skin_ml)} mL on the skin" if zone.on_skin_ml else "unknown",
                "area": f"{amount(zone.area_cm2)} cm²",
                "tip": f"{amount(zone.tip_depth_mm)} mm, {zone.tip_text}" if zone.tip_depth_mm is not None else "unknown",
            }
            for zone in drawn.zones
        ],
        "pictures": _pictures(drawn, library),
        "keys": keys.of([statement for method in methods for statement in method.how]),
    }


def _scale(drawn: InjectionMap, library: Library) -> str:
    """By what the drawings were scaled to the patient, or nothing."""
    versions = {area.map: area.version for area in drawn.areas}
    bodies = [(library.body_map(map_, versions[map_]), scale) for map_, scale in drawn.scale.items()]
    return "; ".join(f"{body.title}: scaled to the patient, {scale_told(scale, body)}" for body, scale in bodies if body)


def _pictures(drawn: InjectionMap, library: Library) -> list[str]:
    """One drawing per body map the plan uses."""
    from pistor.exchange.pictures import map_svg

    return [map_svg(drawn, library, view) for view in dict.fromkeys(area.map for area in drawn.areas)]


def _benefit(plan: Plan, keys: _Keys) -> dict[str, Any] | None:
    benefit = plan.benefit
    if benefit is None:
        return None
    return {
        "verdict": benefit.verdict_text,
        "summary": benefit.summary,
        "keys": keys.refs(benefit.sources),
        "trials": [
            {
                "name": f"{trial.condition}: {trial.design}{f', {trial.n} people' if trial.n else ''}",
                "keys": keys.refs(trial.sources),
                "rows": [
                    {
                        "measure": f"{outcome.measure} ({outcome.time})",
                        "treated": _arm(outcome.arms[0]),
                        "comparator": _comparator(outcome),
                        "result": outcome.result,
                    }
                    for outcome in trial.outcomes
                ],
            }
            for trial in benefit.trials
        ],
    }


def _comparator(outcome: BenefitOutcome) -> str:
    if outcome.has_comparator:
        return _arm(outcome.arms[1])
    return "given as a difference between the arms" if outcome.is_difference else "no comparator"


def _arm(arm: BenefitArm) -> str:
    if arm.no_data:
        return f"{arm.name}: no data"
    if arm.value is None:
        return f"{arm.name}: {arm.text}"
    people = f" of {arm.n}" if arm.n is not None and arm.interval else ""
    interval = f" ({arm.interval.low} to {arm.interval.high})" if arm.interval else f" ({arm.text})" if arm.text else ""
    return f"{arm.name}: {amount(arm.value)} {arm.unit}{people}{interval}"


def _risk(risk: Risk, keys: _Keys) -> dict[str, Any]:
    frequency = ", ".join(f"{quantity(item)}{f' ({item.note})' if item.note else ''}" for item in risk.frequency) or "frequency not established"
    return {
        "name": risk.name,
        "frequency": frequency,
        "onset": f"{_hours(risk.onset)} after",
        "first_line": " ".join(item.text for item in risk.first_line),
        "keys": keys.of([risk.onset, *risk.frequency]),
    }


# ── words and numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def amount(value: Decimal | int | float) -> str:
    """A leading zero, no trailing zeros, thin spaces between thousands."""
    text = format(Decimal(str(value)), "f")
    whole, _, part = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits or 0):,}".replace(",", "\u2009")
    return f"{sign}{grouped}" + (f".{part.rstrip('0')}" if part.rstrip("0") else "")


def day(on: dt.date | None) -> str:
    """23 Nov 2026."""
    return f"{on.day} {on:%b %Y}" if on else "not dated"


def quantity(item: model.Quantity) -> str:
    """A number or range with its unit."""
    return f"{_span(item.value, item.min, item.max)} {item.unit}"


def _hours(item: model.Quantity) -> str:
    """An onset window in the words people use: hours, days or weeks."""
    ends = [end for end in (item.value, item.min, item.max) if end is not None]
    whole = [(size, word) for size, word in ((168, "weeks"), (24, "days")) if max(ends) >= size and all(end % size == 0 for end in ends)]
    size, word = whole[0] if whole else (1, "hours")
    scaled = [end / size if end is not None else None for end in (item.value, item.min, item.max)]
    return f"{_span(*scaled)} {word}"


def _span(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> str:
    if value is not None:
        return amount(value)
    if low is not None and high is not None:
        return f"{amount(low)} to {amount(high)}"
    if high is not None:
        return f"at most {amount(high)}"
    return f"at least {amount(low)}" if low is not None else "not known"


def _interval(interval: Interval) -> str:
    """pH and osmolarity: a range, or which parts it is not known for."""
    unit = "" if interval.unit == "pH" else f" {interval.unit}"
    if not interval.known:
        missing = ", ".join(interval.unknown)
        return f"not known{f' ({missing} not known)' if missing else ''}"
    return f"{_span(None, interval.low, interval.high) if interval.low != interval.high else _span(interval.low, None, None)}{unit}"


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _brackets(keys: list[dict[str, str]]) -> str:
    return " ".join(f"[{key['key']} {key['grade']}]" for key in keys)
