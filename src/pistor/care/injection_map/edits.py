"""Changing a zone by hand: one command, one new plan. Whether its points may lie where they are put is asked when the map is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pistor.care.injection_map.values import Change, Chosen, Edits, Generator, Position, ZonePlan, merged


@dataclass(frozen=True, slots=True)
class Add:
    """A new point, with the volume and depth of its zone."""

    at: Position


@dataclass(frozen=True, slots=True)
class Move:
    """Points to new places."""

    to: Mapping[str, Position]


@dataclass(frozen=True, slots=True)
class Remove:
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Restore:
    """Take points in again that were taken out."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Alter:
    """Another volume or depth for some points."""

    keys: frozenset[str]
    change: Change


@dataclass(frozen=True, slots=True)
class Regenerate:
    """Another generator, technique, outline or choice of points. None: as it is.

    Where points come to lie elsewhere the edits are dropped: they were of the points before. Another volume, needle or depth keeps them.
    """

    generator: Generator | None = None
    technique: str | None = None
    drawn: tuple[Position, ...] | None = None
    chosen: tuple[Chosen, ...] | None = None


Command = Add | Move | Remove | Restore | Alter | Regenerate


def apply(plan: ZonePlan, command: Command) -> ZonePlan:
    """The plan after a command. Pure: the same plan and command always give the same plan."""
    edits = plan.edits
    match command:
        case Add(at):
            return replace(plan, edits=replace(edits, added={**edits.added, next_added(edits): at}))
        case Move(to):
            moved = {key: place for key, place in to.items() if key not in edits.added}
            added = {key: place for key, place in to.items() if key in edits.added}
            return replace(plan, edits=replace(edits, moved={**edits.moved, **moved}, added={**edits.added, **added}))
        case Remove(keys):
            added = {key: place for key, place in edits.added.items() if key not in keys}
            changed = {key: change for key, change in edits.changed.items() if key in added or key not in edits.added}
            return replace(plan, edits=Edits(edits.removed | (keys - edits.added.keys()), edits.moved, added, changed))
        case Restore(keys):
            return replace(plan, edits=replace(edits, removed=edits.removed - keys))
        case Alter(keys, change):
            return replace(plan, edits=replace(edits, changed={**edits.changed, **{key: merged(edits.changed.get(key), change) for key in keys}}))
        case Regenerate(generator, technique, drawn, chosen):
            new = replace(
                plan,
                generator=plan.generator if generator is None else generator,
                technique=plan.technique if technique is None else technique,
                drawn=plan.drawn if drawn is None else drawn,
                number=max(plan.number, 1) if drawn else plan.number,
                chosen=plan.chosen if chosen is None else chosen,
            )
            return new if _places(new) == _places(plan) else replace(new, edits=Edits())


def _places(plan: ZonePlan) -> tuple[object, ...]:
    """All that says where the points of a plan lie."""
    given = plan.generator
    run = {"lines": given.inserted_length_mm, "rows": given.along_mm}.get(given.pattern)
    return given.pattern, given.spacing_mm, run, given.seed, given.grid, plan.drawn, plan.chosen


def next_added(edits: Edits) -> str:
    """A key that no added point has or had: the numbers of added points only grow while one of a higher number is there."""
    return f"a{max((int(key[1:]) for key in edits.added), default=0) + 1}"
