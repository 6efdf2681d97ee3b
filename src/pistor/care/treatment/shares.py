"""Out of which syringe a zone was given: as somebody said, and where nobody did one syringe emptied after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

from pistor.care.treatment.record import ZoneGiven

NONE_ML = Decimal(0)


def out_of(zones: Sequence[ZoneGiven], held_ml: Mapping[str, Decimal]) -> tuple[ZoneGiven, ...]:
    """The zones, each divided over the syringes that it came out of. ``held_ml``: what each held, by code, in the order they were made.

    What somebody said counts first. The rest comes out of what is left, zone by zone in their order; what no syringe held has none.
    A zone whose shares cannot be what it got stays whole and keeps them, for ``unusable_numbers`` to say so.
    """
    left = dict(held_ml)
    for zone in zones:
        for code, volume in _said(zone):
            if code in left and volume.is_finite():
                left[code] -= volume
    return tuple(part for zone in zones for part in _parts(zone, left))


def _said(zone: ZoneGiven) -> Sequence[tuple[str, Decimal]]:
    return ((zone.syringe, zone.volume_ml),) if zone.syringe else zone.shares


def _parts(zone: ZoneGiven, left: dict[str, Decimal]) -> Sequence[ZoneGiven]:
    """One zone divided; ``left`` of each syringe is less by what was taken."""
    if zone.syringe:
        return (replace(zone, shares=(), shared="said"),)
    said = dict(zone.shares)
    if not zone.volume_ml.is_finite() or zone.volume_ml <= 0 or not all(code in left and _amount(volume) for code, volume in said.items()):
        return (zone,)
    taken, rest = dict(said), zone.volume_ml - sum(said.values(), NONE_ML)
    for code in left:
        if code not in said:
            taken[code] = max(min(left[code], rest), NONE_ML)
            rest -= taken[code]
    if rest < 0 or (said and rest > 0):
        return (zone,)
    taken[""] = rest
    for code in left:
        if code not in said:
            left[code] -= taken[code]
    shares = [(code, taken[code]) for code in (*left, "") if taken[code] > 0]
    points = divided(zone.points, [volume for _, volume in shares])
    settled = bool(said) and len(said) >= len(left) - 1  # of the only one left nothing else can be
    return [
        replace(
            zone, syringe=code, points=n, volume_ml=volume, shares=(), shared="said" if settled or code in said else "divided" if code else "",
            reason="" if place else zone.reason,
        )
        for place, ((code, volume), n) in enumerate(zip(shares, points, strict=True))
    ]  # fmt: skip


def _amount(volume: Decimal) -> bool:
    return volume.is_finite() and volume >= 0


def divided(points: int, volumes: Sequence[Decimal]) -> list[int]:
    """Points in proportion to volumes above 0; one that two syringes share counts to the first."""
    whole, before, ends = sum(volumes, NONE_ML), NONE_ML, [0]
    for volume in volumes:
        before += volume
        ends.append(int((points * before / whole).to_integral_value(ROUND_CEILING)))
    return [end - start for start, end in pairwise(ends)]
