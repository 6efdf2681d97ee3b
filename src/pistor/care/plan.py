"""The plan: verdict, blend, doses, map, dates, expected benefit and risks of one course, drawn together.

Everything comes from the modules of the single steps; this one decides only what may be drawn together. A finding that
stops means no blend, no map, no doses and no dates: the plan then says why, and nothing else that could be acted on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from pistor.care.benefit import Benefit, benefit_of
from pistor.care.candidacy import Verdict, assess
from pistor.care.consultation import PatientPicture
from pistor.care.course import Schedule, make_schedule
from pistor.care.evidence import Finding, cited
from pistor.care.formulation import Blend, DoseCheck, Part, check_doses, compose, dose_findings
from pistor.care.injection_map import VOLUME_PER_POINT_ML, Area, Generator, InjectionMap, NoMap, Point, Remove, ZonePlan, apply, make_map, zones_alike
from pistor.care.intent import Intent, allows
from pistor.knowledge import Library, model

MAX_FITTING = 8  # tries to widen the spacing until the map holds no more points than the protocol gives


@dataclass(frozen=True, slots=True)
class Risk:
    """A reaction to expect or to watch for. An empty ``frequency`` means that it is not established."""

    id: str
    name: str
    onset: model.Quantity
    frequency: tuple[model.Quantity, ...]
    first_line: tuple[model.Statement, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "onset_hours": _quantity(self.onset),
            "frequency": [_quantity(item) for item in self.frequency],
            "frequency_established": bool(self.frequency),
            "first_line": [item.text for item in self.first_line],
            "sources": [ref.as_dict() for ref in cited([self.onset, *self.frequency, *self.first_line])],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What is meant to be done. ``withheld`` is empty, or says why there are no doses, map and dates."""

    intent: Intent
    verdict: Verdict
    protocol: model.Protocol | None
    start: dt.date
    blend: Blend | None
    doses: tuple[DoseCheck, ...]
    injection_map: InjectionMap | None
    schedule: Schedule | None
    benefit: Benefit | None
    reactions: tuple[Risk, ...]
    aftercare: tuple[str, ...]  # ids of aftercare rules
    alternatives: tuple[str, ...]  # ids of comparisons
    confirm: tuple[str, ...]
    assumed: tuple[str, ...]
    findings: tuple[Finding, ...]
    withheld: tuple[str, ...]
    knowledge_version: str

    @property
    def notes(self) -> tuple[str, ...]:
        """How the proposal came about, without what nobody chose."""
        return tuple(note for note in self.assumed if note not in self.intent.assumed)

    def as_dict(self) -> dict[str, Any]:
        return {
            "intent": self.intent.as_dict(),
            "verdict": self.verdict.state.value,
            "withheld": list(self.withheld),
            "protocol": self.protocol.model_dump(mode="json") if self.protocol else None,
            "start": self.start.isoformat(),
            "blend": self.blend.as_dict() if self.blend else None,
            "doses": [dose.as_dict() for dose in self.doses],
            "injection_map": self.injection_map.as_dict() if self.injection_map else None,
            "schedule": self.schedule.as_dict() if self.schedule else None,
            "benefit": self.benefit.as_dict() if self.benefit else None,
            "reactions": [risk.as_dict() for risk in self.reactions],
            "aftercare": list(self.aftercare),
            "alternatives": list(self.alternatives),
            "confirm": list(self.confirm),
            "assumed": list(self.assumed),
            "findings": [finding.as_dict() for finding in self.findings],
            "missing": list(self.verdict.missing),
            "knowledge_version": self.knowledge_version,
        }

    def digest(self) -> str:
        """A hash of what would be done to the patient: another one means that consent no longer covers it.

        Dates, findings and the version of the knowledge are left out, so that a moved appointment or a newly read
        source does not void what was signed.
        """
        done = {
            "intent": {key: value for key, value in self.intent.as_dict().items() if key != "assumed"},
            "protocol": self.protocol.id if self.protocol else None,
            "parts": [[part.presentation, _decimal(part.volume_ml)] for part in self.blend.parts] if self.blend else None,
            "map": self.injection_map.as_dict() if self.injection_map else None,
            "treatments": len(self.schedule.treatments) if self.schedule else None,
            "interval_days": self.schedule.interval_days if self.schedule else None,
        }
        return hashlib.sha256(json.dumps(done, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def make_plan(
    picture: PatientPicture,
    intent: Intent,
    library: Library,
    start: dt.date,
    *,
    parts: Sequence[Part] | None = None,
    map: InjectionMap | None = None,
    policy: str | None = None,
    sessions: int | None = None,
    interval_days: int | None = None,
    closed_days: Sequence[dt.date] = (),
) -> Plan:
    """The plan for this patient and intent, from the protocol's own blend, technique and dates where none are given."""
    verdict = assess(picture, intent, library)
    protocol = library.protocols.get(intent.protocol) if intent.protocol else None
    withheld = tuple(finding.text for finding in verdict.findings if finding.stops)
    bare = Plan(
        intent=intent,
        verdict=verdict,
        protocol=protocol,
        start=start,
        blend=None,
        doses=(),
        injection_map=None,
        schedule=None,
        benefit=benefit_of(library, protocol.id) if protocol else None,
        reactions=_risks(library, intent),
        aftercare=_aftercare(library, intent, None),
        alternatives=library.indications[intent.indication].alternatives if intent.indication in library.indications else (),
        confirm=protocol.confirm if protocol else (),
        assumed=intent.assumed,
        findings=verdict.findings,
        withheld=withheld,
        knowledge_version=library.version,
    )
    if withheld:
        return bare
    if protocol is None and parts is None:
        return replace(bare, assumed=(*intent.assumed, "No protocol known here fits these products, so no blend, map or schedule is proposed."))
    if protocol is not None and parts is None and not protocol.blend:
        if policy and not allows(library.policies[policy], protocol, library):
            forbidden = f"The policy “{library.policies[policy].name}” does not allow the blend of this protocol; choose another of either."
            return replace(bare, withheld=(forbidden,))
        bare = replace(bare, assumed=(*bare.assumed, "No amounts were published for this blend, so no blend and no doses are proposed."))
    drawn, notes = (map, ()) if map is not None or protocol is None else _default_map(library, intent, protocol)
    chosen = tuple(parts) if parts is not None else _default_parts(protocol, drawn) if protocol else ()
    blend = _blend(chosen, library, intent, policy or (protocol.policy if protocol else ""), protocol, drawn)
    if blend is not None and blend.stops:  # what must not be made is not dosed, drawn or dated
        stops = tuple(finding.text for finding in blend.stops)
        return replace(bare, blend=blend, findings=(*verdict.findings, *blend.findings), withheld=stops)
    schedule = make_schedule(protocol, library, start, sessions=sessions, interval_days=interval_days, closed_days=closed_days) if protocol else None
    doses = _doses(library, picture, intent, blend, drawn, schedule)
    if map is None and parts is None and protocol and drawn and (most := _most_by_area(doses, drawn)) is not None:
        notes = (*notes, f"{drawn.points - most} points at the rim are left out, so that the dose per area stays within its limit.")
        drawn = _without_rim(drawn, most, library)
        blend = _blend(_default_parts(protocol, drawn), library, intent, policy or protocol.policy, protocol, drawn)
        doses = _doses(library, picture, intent, blend, drawn, schedule)
    return replace(
        bare,
        blend=blend,
        doses=doses,
        injection_map=drawn,
        schedule=schedule,
        aftercare=_aftercare(library, intent, drawn),
        confirm=tuple(str(item) for item in blend.to_confirm) if blend else bare.confirm,
        assumed=(*bare.assumed, *notes, *_volume_note(blend, drawn)),
        findings=(
            *verdict.findings,
            *(blend.findings if blend else ()),
            *dose_findings(doses),
            *(drawn.findings if drawn else ()),
            *(schedule.findings if schedule else ()),
        ),
    )


# ── blend and doses ─────────────────────────────────────────────────────────────────────────────────────────────────


def _default_parts(protocol: model.Protocol, drawn: InjectionMap | None) -> tuple[Part, ...]:
    """The protocol's own parts. A volume that is only bounded takes what the map needs, up to that bound."""
    parts = []
    for part in protocol.blend:
        volume = part.volume_ml.value
        if volume is None:
            needed = drawn.needed_ml if drawn else part.volume_ml.low or part.volume_ml.high
            volume = min(needed, part.volume_ml.high) if needed is not None and part.volume_ml.high is not None else needed
        if volume is not None and volume > 0:
            parts.append(Part(part.presentation, volume))
    return tuple(parts)


def _blend(
    parts: Sequence[Part], library: Library, intent: Intent, policy: str, protocol: model.Protocol | None, drawn: InjectionMap | None
) -> Blend | None:
    if not parts or policy not in library.policies or any(part.presentation not in library.presentations for part in parts):
        return None
    return compose(
        parts,
        library,
        policy=policy,
        jurisdiction=intent.jurisdiction,
        application=intent.application,
        technique=drawn.techniques if drawn else intent.technique or (protocol.technique if protocol else None),
        protocol=protocol.id if protocol else None,
    )


def _doses(
    library: Library, picture: PatientPicture, intent: Intent, blend: Blend | None, drawn: InjectionMap | None, schedule: Schedule | None
) -> tuple[DoseCheck, ...]:
    if blend is None or drawn is None:
        return ()
    return check_doses(
        blend,
        library,
        volume_per_point_ml=drawn.volumes_ml[1] if drawn.points else None,
        points=drawn.points or None,
        volume_ml=drawn.volume_ml,
        sessions=len(schedule.treatments) if schedule else None,
        weight_kg=picture.weight_kg.value if picture.weight_kg else None,
        area_cm2=drawn.area_cm2 or None,
        spacing_mm=drawn.least_spacing_mm if drawn.points else None,
        interval_days=schedule.interval_days if schedule else None,
        topical=intent.topical,
        on_skin_ml=drawn.on_skin_ml,
        densest_ml_per_cm2=drawn.densest_ml_per_cm2,
    )


def _volume_note(blend: Blend | None, drawn: InjectionMap | None) -> tuple[str, ...]:
    if blend is None or drawn is None or drawn.needed_ml <= blend.volume_ml:
        return ()
    return (f"The map needs {_decimal(drawn.needed_ml)} mL and the blend holds {_decimal(blend.volume_ml)} mL: prepare more than one, or take out points.",)


# ── map ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _default_map(library: Library, intent: Intent, protocol: model.Protocol) -> tuple[InjectionMap | None, tuple[str, ...]]:
    """The whole zone in the protocol's technique, with no more points than the protocol gives.

    A figure of points stands in the middle of one area. Where the protocol gives its spacing as one number, its points stand in the middle
    of each area; else the spacing is widened, so that they cover the zone.
    """
    technique = library.techniques.get(intent.technique or protocol.technique)
    zone = library.zones.get(intent.zone)
    drawn_on = library.body_maps.get(zone.body_map) if zone and zone.body_map else None
    if technique is None or drawn_on is None:
        return None, ()
    areas = tuple(Area(drawn_on.id, area.zone, area.side) for area in drawn_on.zones if area.zone == intent.zone)
    spacing = _high(protocol.spacing_mm) or _high(technique.spacing_mm)
    if not areas or spacing is None:
        return None, (f"No spacing is published for {technique.name}, so no map is proposed; draw it in the injection map.",)
    published = protocol.volume_per_point_ml or technique.volume_per_point_ml
    metered = published.low if published else None  # a bare maximum is a limit, no dose
    recipe = sum((part.volume_ml.value for part in protocol.blend if part.volume_ml.value is not None), Decimal(0))
    if metered is None and not recipe:
        return None, (f"No volume per point is published for {technique.name}, so no map is proposed; draw it in the injection map.",)
    volume = VOLUME_PER_POINT_ML[0] if metered is None else metered
    bound = int(technique.points.value) if technique.points and technique.points.value else _most_points(protocol, volume, recipe)
    generator = Generator(
        pattern=technique.pattern,
        spacing_mm=spacing,
        volume_per_point_ml=volume,
        inserted_length_mm=_low(protocol.inserted_length_mm) or _low(technique.inserted_length_mm),
        angle_deg=_low(technique.angle_deg),
    )
    try:
        notes = []
        if bound is not None and technique.points is not None:
            drawn = _in_the_middle(make_map(zones_alike(areas[:1], generator, technique.id), library), bound, library)
            notes.append(f"{technique.name}: {drawn.points} points close together, drawn in the middle of one area. Put them where the patient needs them.")
        elif bound is not None and protocol.spacing_mm is not None and protocol.spacing_mm.value is not None:
            whole = make_map(zones_alike(areas, generator, technique.id), library)
            drawn = _in_the_middle(whole, bound, library)
            if drawn.points < whole.points:
                notes.append(
                    f"{drawn.points} points {_decimal(spacing)} mm apart, as the protocol has them, do not cover the zone: "
                    "they are drawn in the middle of each area. Put them where the patient needs them."
                )
        else:
            drawn = _fitted(areas, generator, technique, library, bound)
        if drawn.generator.spacing_mm != spacing:
            wider = _decimal(drawn.generator.spacing_mm)
            notes.append(f"Spacing widened from {_decimal(spacing)} to {wider} mm, so that the zone takes at most {bound} points.")
        if metered is None and drawn.points:
            share = max(VOLUME_PER_POINT_ML[0], (recipe / drawn.points).quantize(Decimal("0.001"), rounding=ROUND_FLOOR))
            drawn = make_map(zones_alike(areas, replace(drawn.generator, volume_per_point_ml=share), technique.id), library)
            notes.append(f"{technique.name} is not metered: the volume per point is {_decimal(recipe)} mL divided by the points.")
    except NoMap as none:
        return None, (str(none),)
    return drawn, tuple(notes)


def _fitted(areas: Sequence[Area], generator: Generator, technique: model.Technique, library: Library, bound: int | None) -> InjectionMap:
    """The map with the spacing widened, in steps of half a millimetre, until it holds at most ``bound`` points."""
    drawn = make_map(zones_alike(areas, generator, technique.id), library)
    for _ in range(MAX_FITTING):
        if bound is None or drawn.points <= bound:
            break
        wider = generator.spacing_mm * Decimal(math.sqrt(drawn.points / bound) * 1.02)
        generator = replace(generator, spacing_mm=wider.quantize(Decimal("0.5"), rounding=ROUND_CEILING))
        drawn = make_map(zones_alike(areas, generator, technique.id), library)
    return drawn


def _in_the_middle(drawn: InjectionMap, most: int, library: Library) -> InjectionMap:
    """The map with at most ``most`` points, shared out among its areas, each time those around the middle of the area."""
    if drawn.points <= most:
        return drawn
    kept: set[str] = set()
    for done, plan in enumerate(drawn.zone_plans):
        points = drawn.points_in(plan.key)
        before, through = (sum(zone.points for zone in drawn.zones[:place]) for place in (done, done + 1))
        share = most * through // drawn.points - most * before // drawn.points
        x, y = _cell(points)
        kept.update(point.key for point in sorted(points, key=lambda point: (round(math.hypot(point.x_mm - x, point.y_mm - y), 3), point.key))[:share])
    return _without(drawn, [point for point in drawn.placed if point.key not in kept], library)


def _without(drawn: InjectionMap, points: Sequence[Point], library: Library) -> InjectionMap:
    """The map with these points taken out."""
    out: dict[str, set[str]] = {}
    for point in points:
        out.setdefault(point.zone_key, set()).add(point.name)
    plans: list[ZonePlan] = [apply(plan, Remove(frozenset(out.get(plan.key, ())))) for plan in drawn.zone_plans]
    return make_map(plans, library, scale=drawn.scale)


def _cell(points: Sequence[Point]) -> tuple[float, float]:
    """The middle of a cell of the grid near the middle of its points, however the grid is turned: four points around it are a square."""
    x, y = (sum(getattr(point, axis) for point in points) / len(points) for axis in ("x_mm", "y_mm"))

    def nearest(from_x: float, from_y: float, among: Sequence[Point]) -> Point:
        return min(among, key=lambda point: (round(math.hypot(point.x_mm - from_x, point.y_mm - from_y), 2), abs(round(point.y_mm - from_y, 2)), point.key))

    corner = nearest(x, y, points)
    beside = nearest(corner.x_mm, corner.y_mm, [point for point in points if point != corner] or points)
    along = ((beside.x_mm - corner.x_mm) / 2, (beside.y_mm - corner.y_mm) / 2)
    middle = [corner.x_mm, corner.y_mm]
    for step_x, step_y in (along, (-along[1], along[0])):
        towards = math.copysign(1.0, step_x * (x - corner.x_mm) + step_y * (y - corner.y_mm))
        middle[0] += towards * step_x
        middle[1] += towards * step_y
    return middle[0], middle[1]


def _most_by_area(doses: Sequence[DoseCheck], drawn: InjectionMap) -> int | None:
    """How many points keep every dose per area within its limit, where the whole grid does not."""
    over = [dose.fraction for dose in doses if dose.scope == model.LimitScope.DOSE_PER_AREA.value and dose.state == "over" and dose.fraction]
    return int(Decimal(drawn.points) / max(over)) if over else None


def _without_rim(drawn: InjectionMap, most: int, library: Library) -> InjectionMap:
    """The map with only the ``most`` points that lie nearest to its middle."""
    x = sum(point.x_mm for point in drawn.placed) / len(drawn.placed)
    y = sum(point.y_mm for point in drawn.placed) / len(drawn.placed)
    outward = sorted(drawn.placed, key=lambda point: (math.hypot(point.x_mm - x, point.y_mm - y), point.key))
    return _without(drawn, outward[most:], library)


def _most_points(protocol: model.Protocol, per_point: Decimal, recipe: Decimal) -> int | None:
    """The protocol's number of points, or as many as its blend is enough for."""
    if protocol.points is not None and protocol.points.high is not None:
        return int(protocol.points.high)
    return max(1, int(recipe / per_point)) if recipe and per_point else None


# ── risks and aftercare ─────────────────────────────────────────────────────────────────────────────────────────────


def _risks(library: Library, intent: Intent) -> tuple[Risk, ...]:
    indication = library.indications.get(intent.indication)
    named = indication.reactions if indication else ()
    found = [library.reactions[key] for key in named if key in library.reactions]
    return tuple(
        Risk(reaction.id, reaction.name, reaction.onset_hours, reaction.frequency, reaction.first_line)
        for reaction in found
        if not reaction.ingredients or set(reaction.ingredients) & {*intent.ingredients, *intent.topical}
    )


def _aftercare(library: Library, intent: Intent, drawn: InjectionMap | None) -> tuple[str, ...]:
    techniques = drawn.techniques if drawn else (intent.technique,)
    rules = [rule for rule in library.aftercare_rules.values() if intent.application in {found.value for found in rule.applications}]
    fitting = [rule for rule in rules if _fits(rule.techniques, techniques) and _fits(rule.ingredients, intent.ingredients)]
    return tuple(rule.id for rule in sorted(fitting, key=lambda rule: rule.order))


def _fits(wanted: Sequence[str], given: Sequence[str | None]) -> bool:
    return not wanted or bool(set(wanted) & set(given))


# ── plain values ────────────────────────────────────────────────────────────────────────────────────────────────────


def _low(quantity: model.Quantity | None) -> Decimal | None:
    return (quantity.low if quantity.low is not None else quantity.high) if quantity else None


def _high(quantity: model.Quantity | None) -> Decimal | None:
    return (quantity.high if quantity.high is not None else quantity.low) if quantity else None


def _quantity(quantity: model.Quantity) -> dict[str, Any]:
    return {
        "value": _number(quantity.value),
        "min": _number(quantity.min),
        "max": _number(quantity.max),
        "unit": quantity.unit,
        "grade": quantity.grade.value,
        "sources": list(quantity.source),
        "at": quantity.at,
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else _decimal(value)


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
