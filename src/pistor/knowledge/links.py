"""Which entries name which: the same table checks that names resolve, makes them links, and says what refers to an entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel

from pistor.knowledge import criteria as c
from pistor.knowledge import model as m
from pistor.knowledge.library import Library

REFERENCES: dict[type[BaseModel], dict[str, str]] = {
    m.Ingredient: {"allergen_groups": "allergen_groups"},
    m.Component: {"ingredient": "ingredients"},
    m.Presentation: {"allergen_groups": "allergen_groups"},
    m.MethodCheck: {"presentations": "presentations"},
    m.AllergenGroup: {"concept": "concepts"},
    m.Scope: {"ingredients": "ingredients", "zones": "zones", "zones_except": "zones", "topical": "ingredients", "protocols": "protocols"},
    m.Jurisdiction: {"part_of": "jurisdictions"},
    m.Zone: {"body_map": "body_maps"},
    m.ResidenceMeasurement: {"zone": "zones", "ingredient": "ingredients", "set_by_it": "delivery_parameters"},
    m.MapZone: {"zone": "zones"},
    m.BlendPart: {"presentation": "presentations"},
    m.Protocol: {
        "indication": "indications", "policy": "policies", "ingredients": "ingredients", "technique": "techniques",
        "aftercare": "aftercare_rules", "trials": "trials",
    },
    m.Indication: {
        "zones": "zones", "protocols": "protocols", "scales": "scales", "primary_scale": "scales", "alternatives": "comparisons", "untreated": "comparisons",
        "reactions": "reactions",
    },
    m.Trial: {"source": "sources"},
    m.Outbreak: {"source": "sources", "reactions": "reactions", "devices": "devices", "ingredients": "ingredients"},
    m.Device: {"techniques": "techniques"},
    m.NeedleHint: {"zone": "zones"},
    m.Arm: {"ingredients": "ingredients"},
    m.Reaction: {"ingredients": "ingredients", "signs": "signs"},
    m.TriageRule: {"any_of": "signs", "and_any_of": "signs", "suspects": "reactions"},
    m.AftercareRule: {"techniques": "techniques", "ingredients": "ingredients"},
    m.Cited: {"source": "sources"},
    c.ConditionIs: {"condition": "concepts"},
    c.MedicineIs: {"medicine": "concepts"},
}  # fmt: skip
# Named too, but not always the id of an entry: the check knows the exceptions, a link is made only where the entry exists.
PERHAPS: dict[type[BaseModel], dict[str, str]] = {
    m.Incompatibility: {"a": "ingredients", "b": "ingredients"},
    m.Concept: {"question": "questions"},
    c.AllergyTo: {"allergy": "allergen_groups"},
    c.AnswerIs: {"answer": "questions"},
}

Key = tuple[str, str]  # kind and id


def named_by(node: BaseModel, field: str) -> tuple[Key, ...]:
    """The entries that a field of a node names, by the tables above or, in ``about``, in full."""
    value = getattr(node, field)
    names = (value,) if isinstance(value, str) else value
    if field == "about":
        return tuple((kind, id_) for kind, _, id_ in (name.partition("/") for name in names))
    for base in type(node).__mro__ if value else ():
        for table in (REFERENCES, PERHAPS):
            if field in table.get(base, {}):
                return tuple((table[base][field], name) for name in names)
    return ()


def names_in(node: object) -> Iterator[Key]:
    """Every (kind, id) that is named anywhere inside a node."""
    if isinstance(node, BaseModel):
        if isinstance(node, m.Conflict):
            yield "conflicts", node.id
        for field in type(node).model_fields:
            named = named_by(node, field)
            yield from named or names_in(getattr(node, field))
    elif isinstance(node, tuple | list):
        for item in node:
            yield from names_in(item)
    elif isinstance(node, dict):
        yield from names_in(tuple(node.values()))


@cache
def referred_by(library: Library) -> Mapping[Key, tuple[Key, ...]]:
    """For each entry the entries that name it, in the order of the kinds."""
    found: dict[Key, dict[Key, None]] = defaultdict(dict)
    for kind, id_, entry in library.entries():
        for key in names_in(entry):
            if key != (kind, id_):
                found[key][kind, id_] = None
    return {key: tuple(by) for key, by in found.items()}
