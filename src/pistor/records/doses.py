"""What a course says about how its blend is given: the numbers that doses are checked with, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pistor.care.formulation import Amounts, Blend, DoseCheck, amounts, check_doses
from pistor.care.injection_map import InjectionMap
from pistor.knowledge import Library
from pistor.knowledge.model import Quantity
from pistor.records.consultation import HistoryEntry, Patient
from pistor.records.course import Course
from pistor.records.latest import latest_blend_and_map


@dataclass(frozen=True, slots=True)
class Giving:
    """How the blend is given. None is *not known*. ``origin`` says where volumes and points come from."""

    volume_per_point_ml: Decimal | None
    points: int | None
    volume_ml: Decimal | None
    sessions: int | None
    interval_days: int | None
    spacing_mm: Decimal | None
    area_cm2: Decimal | None
    weight_kg: Decimal | None
    topical: tuple[str, ...]
    origin: str
    zones_ml: tuple[tuple[str, Decimal], ...] = ()
    on_skin_ml: Decimal = Decimal(0)  # a film on the skin, not injected
    densest_ml_per_cm2: Decimal | None = None  # None: all zones are treated alike

    @property
    def needed_ml(self) -> Decimal | None:
        """What has to be in the syringe."""
        return None if self.volume_ml is None else self.volume_ml + self.on_skin_ml

    def checks(self, blend: Blend, library: Library) -> tuple[DoseCheck, ...]:
        """The doses of ``blend``, given like this. Raises ``UnusableBlend``."""
        return check_doses(
            blend,
            library,
            volume_per_point_ml=self.volume_per_point_ml,
            points=self.points,
            volume_ml=self.volume_ml,
            sessions=self.sessions,
            weight_kg=self.weight_kg,
            area_cm2=self.area_cm2,
            spacing_mm=self.spacing_mm,
            interval_days=self.interval_days,
            topical=self.topical,
            on_skin_ml=self.on_skin_ml,
            densest_ml_per_cm2=self.densest_ml_per_cm2,
        )

    def amounts(self, blend: Blend) -> tuple[Amounts, ...]:
        """What of each substance goes where and when, given like this."""
        return amounts(
            blend,
            volume_per_point_ml=self.volume_per_point_ml,
            volume_ml=self.needed_ml,
            sessions=self.sessions,
            interval_days=self.interval_days,
            zones_ml=self.zones_ml,
        )


def giving_of(course: Course, library: Library, drawn: InjectionMap | None = None) -> Giving:
    """From ``drawn``, a map that is not kept yet, or the injection map of the course, else from its protocol and technique."""
    protocol = library.protocols.get(course.protocol)
    technique = library.techniques.get(protocol.technique) if protocol else None
    kept = latest_blend_and_map(course)[1]
    sessions = course.sessions or _whole(_high(protocol.sessions) if protocol else None)
    interval = course.interval_days or _whole(_low(protocol.interval_days) if protocol and protocol.interval_days else None)
    weight, topical = weight_of(course.patient), tuple(course.topical)
    given = drawn or kept
    if given is not None:
        totals = given.totals() if isinstance(given, InjectionMap) else given.totals or {}
        generator = given.generator.as_dict() if isinstance(given, InjectionMap) else given.generator or {}
        film, open_film = _film(totals)
        return Giving(
            volume_per_point_ml=_decimal(totals.get("most_per_point_ml", generator.get("volume_per_point_ml"))) if given.points else None,
            points=given.points or None,
            volume_ml=None if open_film else given.volume_ml or (Decimal(0) if film else None),
            sessions=sessions,
            interval_days=interval,
            spacing_mm=_decimal(totals.get("least_spacing_mm", generator.get("spacing_mm"))) if given.points else None,
            area_cm2=_decimal(totals.get("area_cm2")) or _area(totals),
            weight_kg=weight,
            topical=topical,
            origin="the injection map on this page" if drawn else "the injection map of this course",
            zones_ml=_zones(totals),
            on_skin_ml=Decimal(0) if open_film else film,
            densest_ml_per_cm2=_decimal(totals.get("densest_ml_per_cm2")),
        )
    per_point = protocol and (protocol.volume_per_point_ml or (technique.volume_per_point_ml if technique else None))
    spacing = protocol and (protocol.spacing_mm or (technique.spacing_mm if technique else None))
    return Giving(
        volume_per_point_ml=_high(per_point),
        points=_whole(_high(protocol.points) if protocol else None),
        volume_ml=None,
        sessions=sessions,
        interval_days=interval,
        spacing_mm=_low(spacing),
        area_cm2=None,
        weight_kg=weight,
        topical=topical,
        origin=f"the protocol “{protocol.name}”, no injection map is drawn yet" if protocol else "nowhere yet: no protocol, no injection map",
    )


def techniques_of(course: Course, library: Library) -> tuple[str, ...]:
    """The techniques with which the blend is given: those of the zones of the map, else that of the protocol."""
    kept = latest_blend_and_map(course)[1]
    if kept is not None:
        return tuple(dict.fromkeys(str(zone["technique"]) for zone in kept.zones)) or (kept.technique,)
    protocol = library.protocols.get(course.protocol)
    return (protocol.technique,) if protocol else ()


def weight_of(patient: Patient) -> Decimal | None:
    """The newest accepted weight in kilograms, or None."""
    entries = HistoryEntry.objects.of(patient.clinic).filter(
        patient=patient, kind="measurement", key="weight_kg", state=HistoryEntry.State.ACCEPTED, replaced_by=None, removed_reason=""
    )
    newest = max(entries, key=lambda entry: (entry.dated is not None, entry.dated, entry.created_at), default=None)
    return _decimal(newest.value.get("value")) if newest else None


def _area(totals: dict[str, Any] | None) -> Decimal | None:
    areas = [_decimal(zone.get("area_cm2")) for zone in (totals or {}).get("zones", ())]
    known = [area for area in areas if area is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(areas) else None


def _zones(totals: dict[str, Any] | None) -> tuple[tuple[str, Decimal], ...]:
    """Each zone by its name on the map, with the volume that it gets, injected or on the skin."""
    volumes = [(str(zone.get("label", "")), _decimal(zone.get("on_skin_ml") or zone.get("volume_ml"))) for zone in (totals or {}).get("zones", ())]
    return tuple((label, ml) for label, ml in volumes if label and ml is not None)


def _film(totals: dict[str, Any]) -> tuple[Decimal, bool]:
    """What is put on the skin of zones treated in passes (mL), and whether some of it is not said: the whole blend counts then."""
    rolled = [zone for zone in totals.get("zones", ()) if zone.get("passes") is not None]
    films = [_decimal(zone.get("on_skin_ml")) for zone in rolled]
    return sum((film for film in films if film is not None), Decimal(0)), None in films


def _decimal(value: object) -> Decimal | None:
    """A stored number that can be used: positive and finite, else not known."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def _high(quantity: Quantity | None) -> Decimal | None:
    return quantity.high if quantity else None


def _low(quantity: Quantity | None) -> Decimal | None:
    return (quantity.low if quantity.low is not None else quantity.high) if quantity else None


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)
