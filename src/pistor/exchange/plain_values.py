"""Values in a file that a person wrote, read without trusting them: each refusal names the place, what stands there and what may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pistor.delivery.problem import within
from pistor.exchange.case import NUMBER
from pistor.exchange.errors import Unusable
from pistor.exchange.fhir.values import text

_T = TypeVar("_T")


def mapping(value: Any, place: str, needed: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
    """A mapping that holds all of the first keys and none but these."""
    if not isinstance(value, dict):
        raise Unusable(f"{place} is {quoted(value)}; write {', '.join(needed or optional)} in it, each with a colon and its value.")
    unknown = next((key for key in value if key not in needed and key not in optional), None)
    if unknown is not None:
        raise Unusable(f"{place} has {quoted(unknown)}, which is not known; known are {', '.join((*needed, *optional))}.")
    missing = [key for key in needed if value.get(key) is None]
    if missing:
        raise Unusable(f"{place} has no {missing[0]}; it needs {', '.join(needed)}.")
    return value


def items(value: Any, place: str, most: int, read: Callable[[Any, str], _T]) -> tuple[_T, ...]:
    """A list of 1 to ``most`` entries, each read with its place."""
    if not isinstance(value, list):
        raise Unusable(f"{place} is {quoted(value)}; write a list of 1 to {most:,} entries.")
    if not 1 <= len(value) <= most:
        raise Unusable(f"{place} holds {len(value):,} entries; give from 1 to {most:,}.")
    return tuple(read(entry, f"{place}[{number}]") for number, entry in enumerate(value, 1))


def number(value: Any, place: str) -> float:
    """A number as a float. YAML reads 1e-3 as a word, so a word that is a number counts as one."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if plain or (isinstance(value, str) and len(value) <= 40 and any(map(str.isdigit, value)) and NUMBER.fullmatch(value)):
        try:
            return float(value)
        except OverflowError:
            raise Unusable(f"{place} is too large to be a number of this kind; check the unit.") from None
    raise Unusable(f"{place} is {quoted(value)} and not a number; write it with a point, such as 2.5.")


def bounded(value: Any, place: str, bounds: tuple[float, float], unit: str) -> float:
    """A number from one bound to the other."""
    found = number(value, place)
    return made(lambda: within(place, found, bounds, unit))


def made(make: Callable[[], _T], place: str = "") -> _T:
    """What is made, or the sentence of what refused it, with the place in the file before it."""
    try:
        return make()
    except ValueError as error:
        raise Unusable(f"{place}: {error}" if place else str(error)) from None


def quoted(value: Any) -> str:
    """A value as a person may see it again. Lists and mappings are named, never written out."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    try:
        return f"“{text(str(value))[:40]}”"
    except ValueError:  # an integer too long to print
        return "a number too long to print"
