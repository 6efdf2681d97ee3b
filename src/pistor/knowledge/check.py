"""Holds the knowledge together: every reference resolves, every number is cited, units and dates make sense.

Types alone cannot see across files. :func:`problems` walks every entry, whatever its kind, so a new field that holds a
reference is checked as soon as it stands in :data:`REFERENCES`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pistor.knowledge import criteria as c
from pistor.knowledge import model as m
from pistor.knowledge.library import DATA, Library, unusable
from pistor.knowledge.links import REFERENCES, referred_by

UNITS = frozenset({
    "mL", "mL/kg", "mg", "mg/mL", "mg/g", "mg/kg", "mg/cm2", "micrograms", "micrograms/mL", "g", "g/mol", "units", "units/mL", "mol/L", "mmol/L", "mEq/mL",
    "mM", "mmol/mL",
    "mOsm/L", "mOsm/kg", "pH", "pKa", "fraction", "%", "mm", "cm", "cm2", "deg", "d", "h", "min", "days", "hours", "minutes", "weeks", "months", "years",
    "points", "treatments", "injections", "patients", "kg/m2", "ratio", "hairs", "hairs/cm2", "grade", "stage", "level",
    "log10", "Å2", "L/kg", "mL/min/kg", "kDa", "g/g",
    "mg/L", "g/L", "cm2/min", "um2/s", "mm2", "1/min", "cm2/s", "cm/h", "1/cm", "1/h", "mL/min/100 g", "kg/mol", "1/day", "um", "passes",
})  # fmt: skip

# Which units a field takes: the code that reads the field counts in them. By name, by the end of the name, by the scope of a limit.
FIELD_UNITS = {
    "ph": {"pH"}, "ph_typical": {"pH"}, "clear_below_ph": {"pH"}, "clear_above_ph": {"pH"}, "pka": {"pKa"}, "osmolarity": {"mOsm/L"},
    "added_charge": {"mmol/mL"}, "saline_fraction_max": {"fraction"}, "strength": {"mg/mL", "units/mL"}, "molar_mass": {"g/mol", "kDa"},
    "log_p": {"log10"}, "log_p_estimated": {"log10"}, "log_d_7_4": {"log10"}, "polar_surface": {"Å2"}, "unbound_in_plasma": {"fraction"},
    "bound_in_plasma": {"%"}, "volume_of_distribution": {"L/kg"}, "clearance": {"mL/min/kg"}, "half_life": {"h"}, "time_to_peak": {"min"},
    "solubility": {"mol/L"}, "central_volume": {"L/kg"}, "peripheral_volume": {"L/kg"}, "exchange_clearance": {"mL/min/kg"},
    "oral_bioavailability": {"fraction"}, "oral_tmax": {"h"}, "im_bioavailability": {"fraction"}, "im_tmax": {"h"}, "topical_absorbed": {"fraction"},
    "plasma_limits": {"mg/L"}, "skin_flow": {"ratio"},
    "after": {"h"}, "volume": {"mL"}, "period": {"d"}, "per_kg": {"mg/kg", "mL/kg"}, "thickness": {"mm"}, "sessions": {"treatments"}, "points": {"points"},
    "passes": {"passes"},
    "after_treatments": {"treatments"}, "factor": {"ratio"}, "time": {"h"},
}  # fmt: skip
_ENDS = {"_ml": {"mL"}, "_mm": {"mm"}, "_deg": {"deg"}, "_days": {"d"}, "_hours": {"h"}}
_SCOPES = {
    m.LimitScope.DOSE_PER_TREATMENT: {"mg", "units"}, m.LimitScope.DOSE_PER_DAY: {"mg", "units"}, m.LimitScope.DOSE_PER_PERIOD: {"mg", "units"},
    m.LimitScope.DOSE_PER_AREA: {"mg/cm2"}, m.LimitScope.VOLUME_PER_POINT: {"mL"}, m.LimitScope.VOLUME_PER_TREATMENT: {"mL"},
    m.LimitScope.POINTS_PER_TREATMENT: {"points"}, m.LimitScope.SPACING_MIN: {"mm"}, m.LimitScope.TREATMENTS_PER_COURSE: {"treatments"},
    m.LimitScope.INTERVAL_MIN: {"d"},
}  # fmt: skip

_CODE = Path(__file__).parents[1]  # looked at as files: nothing above knowledge is imported

# The picture of a patient holds these itself, so a criterion or a concept may ask for them without a question file.
PICTURE_FIELDS = frozenset({"pregnancy", "weight_kg", "height_cm", "birth_date", "sex"})

# A locator or a sentence that leans on memory: grade M is not representable, and must not come in by words either.
_REMEMBERED = re.compile(r"\b(?:from memory|memory, unverified|unverified|not verified|to be verified|TODO|lorem ipsum)\b", re.IGNORECASE)

_MEASURED = re.compile(r"\d[\d.,]*\s*(?:mg|mL|mm|cm|%|kg|days?|weeks?|months?|hours?)(?![\w/])")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and how to mend it. Only ``serious`` ones break the knowledge."""

    file: str
    place: str
    what: str
    remedy: str
    serious: bool = True

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.what}; {self.remedy}{'' if self.serious else ' (warning)'}"

    def as_dict(self) -> dict[str, Any]:
        return {"file": self.file, "place": self.place, "what": self.what, "remedy": self.remedy, "serious": self.serious}


@dataclass(frozen=True, slots=True)
class _At:
    """One model inside an entry, with the way to it."""

    kind: str
    id: str
    path: str
    node: BaseModel


def problems(library: Library, today: dt.date) -> list[Problem]:
    """Everything that does not hold together, in the order of the files; warnings last."""
    found: list[Problem] = []
    for kind, id_, entry in library.entries():
        for at in _walk(kind, id_, "", entry):
            found += _references(library, at)
            found += _criteria(library, at)
            found += _dates(library, at, today)
            found += _units(library, at)
            if isinstance(at.node, m.Cited):
                found += _citation(library, at, at.node)
                found += _remembered(library, at, at.node)
        found += _uncited(library, kind, id_, entry)
    found += _pairs(library) + _protocols(library) + _maps(library)
    return found + _unused(library)


def broken_files(root: Path | None = None) -> list[Problem]:
    """The files that cannot be loaded at all, each with the first thing that is wrong with it."""
    return [Problem(_shown(error.file), error.file.stem, error.what, error.remedy) for error in unusable(root)]


def _walk(kind: str, id_: str, path: str, node: object) -> Iterator[_At]:
    if isinstance(node, BaseModel):
        yield _At(kind, id_, path or "entry", node)
        for name in type(node).model_fields:
            yield from _walk(kind, id_, f"{path}.{name}" if path else name, getattr(node, name))
    elif isinstance(node, tuple | list):
        for number, item in enumerate(node):
            yield from _walk(kind, id_, f"{path}.{number}", item)
    elif isinstance(node, dict):
        for key, item in node.items():
            yield from _walk(kind, id_, f"{path}.{key}", item)


def _references(library: Library, at: _At) -> Iterator[Problem]:
    for field, kind in REFERENCES.get(type(at.node), {}).items():
        value = getattr(at.node, field)
        known = getattr(library, kind)
        for name in (value,) if isinstance(value, str) else value or ():
            if name not in known:
                yield _problem(library, at, f"{field} names {name}, which is not in {kind}", f"correct it or add {kind}/{name}.yaml")
    for about in getattr(at.node, "about", ()):
        kind, _, name = about.partition("/")
        if name not in getattr(library, kind, ()):
            yield _problem(library, at, f"about names {about}, which is no entry", "write <kind>/<id> of an entry")
    if isinstance(at.node, m.Scope):
        known = {name for ingredient in library.ingredients.values() for name in ingredient.classes}
        for name in at.node.classes:
            if name not in known:
                yield _problem(library, at, f"classes names {name}, which no ingredient carries", "correct it or add it to an ingredient", serious=False)
    if isinstance(at.node, m.Scope | m.Ingredient | m.Presentation):
        for name in (*at.node.flags, *getattr(at.node, "product_flags", ())):
            if name not in m.FLAGS:
                yield _problem(library, at, f"flags names {name}, which has no meaning", "write one of knowledge.model.FLAGS, or add it there with its meaning")
    if isinstance(at.node, m.Method):
        for name in at.node.code:
            place = _CODE.joinpath(*name.split("."))
            if not place.with_suffix(".py").exists() and not place.joinpath("__init__.py").exists():
                yield _problem(library, at, f"code names {name}, which is no module", "write the module that does it, without pistor.")


def _criteria(library: Library, at: _At) -> Iterator[Problem]:
    node = at.node
    if isinstance(node, c.AllergyTo) and node.allergy != "blend" and node.allergy not in library.allergen_groups and node.allergy not in library.concepts:
        yield _problem(library, at, f"allergy names {node.allergy}, which is no allergen group", f"correct it or add allergen_groups/{node.allergy}.yaml")
    asked = node.answer if isinstance(node, c.AnswerIs) else node.question if isinstance(node, m.Concept) else None
    if asked and asked not in library.questions and asked not in PICTURE_FIELDS:
        yield _problem(library, at, f"asks {asked}, which is no question", f"correct it or add questions/{asked}.yaml")


def _dates(library: Library, at: _At, today: dt.date) -> Iterator[Problem]:
    reviewed = getattr(at.node, "reviewed", None)
    if isinstance(reviewed, dt.date) and reviewed > today:
        yield _problem(library, at, f"was reviewed on {reviewed}, which is after {today}", "write the day on which it was really read")


def _units(library: Library, at: _At) -> Iterator[Problem]:
    """A unit that nobody knows, and a known one where the field counts in another."""
    if isinstance(at.node, m.Quantity) and at.node.unit not in UNITS:
        yield _problem(library, at, f"the unit {at.node.unit} is not in use", "write one of the units of knowledge.check.UNITS")
    for field in type(at.node).model_fields:
        value = getattr(at.node, field)
        wanted = FIELD_UNITS.get(field) or next((units for end, units in _ENDS.items() if field.endswith(end)), None)
        if isinstance(at.node, m.Limit) and field == "absolute":
            wanted = _SCOPES[at.node.scope]
        for quantity in value if isinstance(value, tuple) else (value,):
            if wanted and isinstance(quantity, m.Quantity) and quantity.unit in UNITS - wanted:
                yield _problem(library, at, f"{field} is in {quantity.unit}", f"give it in {' or '.join(sorted(wanted))}")


def _citation(library: Library, at: _At, node: m.Cited) -> Iterator[Problem]:
    for key in node.source:
        if key not in library.sources:
            yield _problem(library, at, f"cites {key}, which is not in sources", f"correct the key or add sources/{key}.yaml")
        elif library.sources[key].kind == "design" and node.grade is not m.Grade.D:
            yield _problem(library, at, f"is our own derivation with grade {node.grade.value}", "grade it D")
        elif library.sources[key].kind == "page" and node.grade is m.Grade.A and len(node.source) == 1:
            yield _problem(library, at, f"gives grade A to the web page {key}", "grade a page C, or cite the document behind it", serious=False)


def _remembered(library: Library, at: _At, node: m.Cited) -> Iterator[Problem]:
    words = " ".join(str(getattr(node, field, None) or "") for field in ("text", "note", "at"))
    if said := _REMEMBERED.search(words):
        yield _problem(library, at, f"states a fact “{said.group()}”", "read it and cite where, or move it to data_gaps")


def _uncited(library: Library, kind: str, id_: str, entry: m.Known) -> Iterator[Problem]:
    """An entry that states a measured number and cites nothing at all. Sources and lists of codes state no facts."""
    if isinstance(entry, m.Source | m.Concept | m.Question | m.ConsentText | m.BodyMap | m.Trial | m.Outbreak):
        return
    nodes = list(_walk(kind, id_, "", entry))
    if any(isinstance(at.node, m.Cited) for at in nodes):
        return
    for at in nodes:
        for field in type(at.node).model_fields:
            value = getattr(at.node, field)
            if isinstance(value, str) and _MEASURED.search(value):
                yield _problem(library, at, f"{field} states “{_MEASURED.search(value).group()}” and nothing here is cited", "give it a source")  # type: ignore[union-attr]


def _pairs(library: Library) -> list[Problem]:
    classes = {name for ingredient in library.ingredients.values() for name in ingredient.classes} | set(library.allergen_groups) | set(m.PH_CLASSES)
    found = []
    for id_, pair in library.incompatibilities.items():
        for side in (pair.a, pair.b):
            known = side in library.ingredients or (side.startswith("class:") and side.removeprefix("class:") in classes)
            if not known and side != "*" and not side.startswith("other:"):
                at, what = _At("incompatibilities", id_, "entry", pair), f"names {side}, which is no ingredient, class, allergen group or class by pH"
                found.append(_problem(library, at, what, "correct it, or write other:<name> for what is no ingredient here"))
    return found


def _protocols(library: Library) -> list[Problem]:
    """A protocol and its indication name each other, and a protocol's ingredients are those of its blend."""
    found = []
    for id_, protocol in library.protocols.items():
        at = _At("protocols", id_, "entry", protocol)
        indication = library.indications.get(protocol.indication)
        if indication and id_ not in indication.protocols:
            found.append(_problem(library, at, f"is not among the protocols of {indication.id}", "add it there or name another indication"))
        pieces = [library.presentations[piece.presentation] for piece in protocol.blend if piece.presentation in library.presentations]
        held = {part.ingredient for piece in pieces for part in piece.components}
        if held and held != set(protocol.ingredients):
            named, mixed = ", ".join(sorted(protocol.ingredients)), ", ".join(sorted(held))
            found.append(_problem(library, at, f"names {named} but its blend holds {mixed}", "make the two agree"))
    for id_, entry in library.indications.items():
        at = _At("indications", id_, "protocols", entry)
        for protocol_id in entry.protocols:
            known = library.protocols.get(protocol_id)
            if known and known.indication != id_:
                found.append(_problem(library, at, f"{protocol_id} belongs to {known.indication}", "make the two agree"))
        if entry.primary_scale not in entry.scales:
            found.append(_problem(library, at, f"{entry.primary_scale} is not among its scales", "add it to scales"))
    return found


def _maps(library: Library) -> list[Problem]:
    found = []
    for id_, zone in library.zones.items():
        drawn = library.body_maps.get(zone.body_map or "")
        if drawn and id_ not in {area.zone for area in drawn.zones}:
            at = _At("zones", id_, "body_map", zone)
            found.append(_problem(library, at, f"is not drawn on {zone.body_map}", "draw it there or name another map", serious=False))
    for id_, body in library.body_maps.items():
        for shape in body.zones:
            zone_here = library.zones.get(shape.zone)
            if shape.site and zone_here and shape.site not in {layer.site for layer in zone_here.measured}:
                at = _At("body_maps", id_, shape.label, body)
                found.append(_problem(library, at, f"lies at {shape.site}, which was not measured in {shape.zone}", "name one of its measured sites, or none"))
    return found


# Kinds that are there for others, with the kinds that must name them (none: any) and what to say of one that nothing names.
_FOR_OTHERS: dict[str, tuple[frozenset[str], str]] = {
    "sources": (frozenset(), "nothing cites it"),
    "allergen_groups": (frozenset(), "nothing carries it"),
    "signs": (frozenset({"reactions", "triage_rules"}), "no reaction and no triage rule uses it"),
    "reactions": (frozenset({"indications", "triage_rules"}), "no indication and no triage rule names it"),
    "comparisons": (frozenset({"indications"}), "no indication offers it"),
}


def _unused(library: Library) -> list[Problem]:
    """Entries that nothing points to, where something should: not wrong in themselves, but forgotten."""
    known = referred_by(library)
    asked = PICTURE_FIELDS | {name for kind, name in known if kind == "questions"}
    asked |= {key for key, question in library.questions.items() if question.kept_for}
    loose = [
        (kind, key, what)
        for kind, (namers, what) in _FOR_OTHERS.items()
        for key in getattr(library, kind)
        if not any(not namers or by in namers for by, _ in known.get((kind, key), ()))
    ]
    loose += [
        ("concepts", key, "no rule and no allergen group asks for it")
        for key, concept in library.concepts.items()
        if ("concepts", key) not in known and concept.kind != "negation" and concept.question not in asked
    ]
    loose += [("questions", key, "no rule asks it and it does not say what it is kept for") for key in library.questions if key not in asked]
    loose += [
        ("conflicts", key, "no value is a side of it and it is about nothing")
        for key, conflict in library.conflicts.items()
        if ("conflicts", key) not in known and not conflict.about
    ]
    return [Problem(_file(library, kind, key), key, what, "use it or remove it") for kind, key, what in loose]


def _problem(library: Library, at: _At, what: str, remedy: str, *, serious: bool = True) -> Problem:
    return Problem(_file(library, at.kind, at.id), f"{at.id}: {at.path}", what, remedy, serious)


def _file(library: Library, kind: str, id_: str) -> str:
    return _shown(library.files.get((kind, id_), Path(kind) / f"{id_}.yaml"))


def _shown(path: Path) -> str:
    return str(path.relative_to(DATA)) if path.is_relative_to(DATA) else str(path)
