"""A blend written by hand in YAML, for ``pistor blend``. docs/reference/blend.md describes it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pistor.care.formulation import Part, Topical
from pistor.care.workbench import DEFAULT_POLICY, Recipe
from pistor.exchange.case import NUMBER, load_yaml
from pistor.exchange.errors import Unusable, in_file
from pistor.exchange.fhir.values import text
from pistor.knowledge import Library
from pistor.knowledge.finder import folded
from pistor.knowledge.model import Application

REFERENCE = "docs/reference/blend.md"
_NUMBERS = ("weight_kg", "volume_per_point_ml", "spacing_mm")
_COUNTS = ("points", "sessions", "interval_days")
_WORDS = ("application", "policy", "jurisdiction", "technique")
_KEYS = ("parts", *_WORDS, *_NUMBERS, *_COUNTS, "allergies", "topical", "zones")
MOST_PARTS = 40


def read_recipe_file(path: Path, library: Library) -> Recipe:
    """The recipe in a file. Raises :class:`Unusable`, whose sentence begins with the file's name."""
    with in_file(path):
        return read_recipe(path.read_bytes(), library)


def read_recipe(data: bytes, library: Library) -> Recipe:
    """A list of parts, or a mapping with ``parts`` and what else is known. Raises :class:`Unusable` with one sentence."""
    value = load_yaml(data, REFERENCE)
    recipe = {"parts": value} if isinstance(value, list) else value
    if not isinstance(recipe, dict) or not recipe.get("parts"):
        raise Unusable(f"a blend is a list of presentations with volumes, or a mapping with the key parts; see {REFERENCE}.")
    unknown = [str(key)[:40] for key in recipe if key not in _KEYS]
    if unknown:
        raise Unusable(f"“{unknown[0]}” is no part of a blend file; known are {', '.join(_KEYS)}.")
    words = {key: _word(recipe.get(key), key) for key in _WORDS}
    return Recipe(
        parts=read_parts(recipe["parts"], library),
        application=_one_of(words["application"], "application", tuple(Application)),
        policy=_one_of(words["policy"], "policy", tuple(library.policies)) or DEFAULT_POLICY,
        jurisdiction=_country(words["jurisdiction"]),
        technique=_one_of(words["technique"], "technique", tuple(library.techniques)),
        allergies=_allergies(recipe.get("allergies")),
        topical=_topical(recipe.get("topical"), library),
        zones=_zones(recipe.get("zones"), library),
        **{key: _number(recipe[key], key) for key in _NUMBERS if recipe.get(key) is not None},  # type: ignore[arg-type]
        **{key: _count(recipe[key], key) for key in _COUNTS if recipe.get(key) is not None},  # type: ignore[arg-type]
    )


def read_parts(value: Any, library: Library) -> tuple[Part, ...]:
    """Presentations with their volumes. Raises :class:`Unusable` with one sentence."""
    if not isinstance(value, list):
        raise Unusable("parts is not a list; write one presentation per line, each after a dash, with its volume_ml.")
    if len(value) > MOST_PARTS:
        raise Unusable(f"parts has {len(value)} entries and at most {MOST_PARTS} are read; nobody fills a syringe from so many.")
    return tuple(_part(entry, f"parts[{place}]", library) for place, entry in enumerate(value, 1))


def _part(entry: Any, place: str, library: Library) -> Part:
    """``{presentation: ID, volume_ml: 2}``, or shorter ``{ID: 2}``; an ingredient's id does where it has one presentation."""
    if not isinstance(entry, dict):
        raise Unusable(f"{place} is no presentation with a volume; write presentation: ID and volume_ml: NUMBER.")
    if len(entry) == 1:
        [(id_, volume)] = entry.items()
    else:
        unknown = [str(key)[:40] for key in entry if key not in ("presentation", "ingredient", "volume_ml")]
        if unknown:
            raise Unusable(f"{place} has “{unknown[0]}”, which is not known; write presentation and volume_ml.")
        id_, volume = entry.get("presentation", entry.get("ingredient")), entry.get("volume_ml")
    if volume is None:
        raise Unusable(f"{place} has no volume_ml; say how many millilitres of it go into the blend.")
    return Part(_presentation(text(str(id_ or "")), place, library), _number(volume, f"{place}.volume_ml"))


def _presentation(id_: str, place: str, library: Library) -> str:
    if id_ in library.presentations:
        return id_
    of_ingredient = [one.id for one in library.presentations.values() if id_ in (component.ingredient for component in one.components)]
    if len(of_ingredient) == 1:
        return of_ingredient[0]
    if of_ingredient:
        raise Unusable(f"{place}: {id_} comes as {', '.join(sorted(of_ingredient))}; name one of these.")
    if id_ in library.ingredients:
        raise Unusable(f"{place}: no presentation of {id_} is known with its strength, so nothing can be computed.")
    near = get_close_matches(id_, (*library.presentations, *library.ingredients), n=3)
    hint = f"the nearest are {', '.join(near)}" if near else "pistor knowledge list presentations shows all"
    raise Unusable(f"{place}: “{id_[:60]}” is no presentation; {hint}.")


def _number(value: Any, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable(f"{place} is not a number; write it with a point, such as 2.5.")
    written = str(value).strip()
    try:
        number = Decimal(written if NUMBER.fullmatch(written) or not isinstance(value, str) else "")
    except InvalidOperation:
        raise Unusable(f"{place} is “{text(written)[:40]}” and not a number; write it with a point, such as 2.5.") from None
    if not number.is_finite() or number <= 0:
        raise Unusable(f"{place} is {text(str(value))[:40]}; it must be a number above 0.")
    return number


def _count(value: Any, place: str) -> int:
    number = _number(value, place)
    if number != int(number):
        raise Unusable(f"{place} is {number}; it must be a whole number.")
    return int(number)


def _word(value: Any, key: str) -> str | None:
    if value is None:
        return None
    if value is False and key == "jurisdiction":
        return "NO"  # YAML reads the code of Norway as a no
    if not isinstance(value, str):
        raise Unusable(f"{key} is not a word; put it in quotes.")
    return text(value) or None


def _one_of(value: str | None, key: str, known: tuple[str, ...]) -> str | None:
    if value is not None and value not in known:
        raise Unusable(f"{key} is “{value[:60]}”; known are {', '.join(known)}.")
    return value


def _country(value: str | None) -> str | None:
    if value is not None and not (len(value) == 2 and value.isascii() and value.isalpha()):
        raise Unusable(f"jurisdiction is “{value[:40]}”; give two letters such as FR or US, or leave it out where the country is not known.")
    return value.upper() if value else None


def _allergies(value: Any) -> tuple[str, ...]:
    if value is None or value is False or (isinstance(value, str) and value.casefold() in ("none", "no")):
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(entry, str) and text(entry) for entry in listed):
        raise Unusable("allergies is not a list of names; write one per line, each after a dash.")
    return tuple(text(entry) for entry in listed)


def _topical(value: Any, library: Library) -> tuple[Topical, ...]:
    """``{lidocaine: 125}`` in mg; a bare name is something on the skin whose dose nobody knows."""
    entries = [] if value is None else value if isinstance(value, list) else [value]
    pairs = [pair for entry in entries for pair in (entry.items() if isinstance(entry, dict) else [(entry, None)])]
    if len(pairs) > MOST_PARTS:
        raise Unusable(f"topical has {len(pairs)} entries and at most {MOST_PARTS} are read.")
    found = []
    for name, dose in pairs:
        called = text(name)[:60] if isinstance(name, str) else ""
        if not called:
            raise Unusable("topical is no substance with its mg; write lidocaine: 125 on a line of its own.")
        substances = _substances(called, library)
        if dose is not None and len(substances) > 1:
            raise Unusable(f"topical.{called} holds {' and '.join(substances)}; give the mg of each on a line of its own.")
        found += [Topical(id_, None if dose is None else _number(dose, f"topical.{called}")) for id_ in substances]
    return tuple(found)


def _substances(called: str, library: Library) -> tuple[str, ...]:
    """What a name or an id stands for: an ingredient, or all that a product holds; itself where nothing is called so."""
    wanted = folded(called)
    for ingredient in library.ingredients.values():
        if wanted in map(folded, (ingredient.id, ingredient.name, *ingredient.synonyms)):
            return (ingredient.id,)
    for presentation in library.presentations.values():
        if wanted in map(folded, (presentation.id, presentation.name)):
            return tuple(component.ingredient for component in presentation.components)
    return (called,)


def _zones(value: Any, library: Library) -> tuple[tuple[str, int], ...]:
    """``{neck: 12, shoulder: 8}``: the points in each zone."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise Unusable("zones is no mapping; write the points in each zone, such as neck: 12.")
    unknown = [str(zone)[:40] for zone in value if zone not in library.zones]
    if unknown:
        raise Unusable(f"zones has “{unknown[0]}”; known are {', '.join(library.zones)}.")
    return tuple((zone, _count(points, f"zones.{zone}")) for zone, points in value.items())
