"""An entry as rows that a terminal, a page and a printed sheet can show alike: label, value, citation, conflict, links."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from pistor.knowledge import model as m
from pistor.knowledge.criteria import Form
from pistor.knowledge.library import Library
from pistor.knowledge.links import Key, named_by
from pistor.knowledge.rules import cases_said, named_in, scope_said, text_said

MANY = 40  # more than so many plain values are counted, not listed: polygons, not facts


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``cited`` says where the value comes from; ``links`` are entries that it names; ``rows`` stand below it."""

    label: str
    text: str = ""
    cited: m.Cited | None = None
    conflict: m.Conflict | None = None
    links: tuple[Key, ...] = ()
    rows: tuple[Row, ...] = ()


def outline(entry: BaseModel, library: Library, *, skip: frozenset[str] = frozenset()) -> tuple[Row, ...]:
    """Every field of an entry that says something, in the order of its type, and what follows from its fields alone."""
    derived = (row for field in _DERIVED.get(type(entry), ()) for row in _row(label_of(field), getattr(entry, field), library))
    return (*_rows(entry, library, skip), *derived)


_DERIVED: dict[type[BaseModel], tuple[str, ...]] = {m.Presentation: ("ideal_osmolarity",)}


_NAMES = ("what", "name", "case", "measure", "heading", "label", "region")  # by which a thing inside an entry is called


def _called(node: BaseModel) -> tuple[str, frozenset[str]]:
    """What a thing inside an entry is called, and the field that says so: it becomes the label of the rest."""
    for field in _NAMES:
        if isinstance(said := getattr(node, field, None), str):
            return said, frozenset((field, "id"))
    return "", frozenset(("id",))


def _rows(node: BaseModel, library: Library, skip: frozenset[str] = frozenset()) -> Iterator[Row]:
    for field in type(node).model_fields:
        if field not in skip:
            yield from _row(_LABELS_OF.get(type(node), {}).get(field) or label_of(field), getattr(node, field), library, named_by(node, field))


_UNITS = {"ml": "mL", "mm": "mm", "kg": "kg", "deg": "degrees", "days": "days", "hours": "hours"}


_LABELS = {
    "pka": "pKa", "ph": "pH", "ph_typical": "usual pH", "mcid": "minimal important difference", "cas": "CAS number", "smiles": "SMILES",
    "inchikey": "InChIKey", "physchem": "physical chemistry", "protolysis": "weak acid or base", "charge": "charge with all protons",
    "log_p": "log P, measured", "log_p_estimated": "log P, estimated", "log_d_7_4": "log D at pH 7.4", "polar_surface": "polar surface",
    "unbound_in_plasma": "unbound in plasma", "clear_below_ph": "clear below pH", "clear_above_ph": "clear above pH",
    "ideal_osmolarity": "osmolarity worked out from the composition", "particles": "particles in water", "factor": "i of the sodium chloride equivalent",
    "beyond_use": "until when it may be given",
    "saline_fraction_max": "largest part in saline up to 600 mOsm/L", "members": "substances",
    "said": "what is said", "standing": "how it stands", "instead": "what Pistor says",
}  # fmt: skip


_LABELS_OF: dict[type[BaseModel], dict[str, str]] = {
    m.Contraindication: {
        "scope": "holds for", "when": "when any of these is so", "stops": "the program stops", "ask": "silence is a question", "text": "what is said",
        "limits": "what the rule does not know", "basis": "because",
    },
    m.Trial: {"n": "people", "active": "treated with", "control": "against"},
    m.Outcome: {"at": "place in the source"},
    m.Arm: {"n": "people", "spread": "standard deviation"},
    m.TriageRule: {"any_of": "any of these signs", "and_any_of": "and any of these", "basis": "because"},
    m.Incompatibility: {"a": "one", "b": "with", "text": "what is known"},
}  # fmt: skip


def label_of(field: str) -> str:
    """A field's name as a label; the unit at its end is written as a unit."""
    said, _, last = field.strip("_").rpartition("_")
    if said and last in _UNITS and not said.startswith(("per", "after", "treatment")):
        return f"{said.replace('_', ' ')}, {_UNITS[last]}"
    return _LABELS.get(field, field.replace("_", " ").strip())


def _row(label: str, value: object, library: Library, keys: tuple[Key, ...] = ()) -> Iterator[Row]:
    if value is None or value in ((), {}, ""):
        return
    if keys:
        links = tuple((kind, name) for kind, name in keys if name in getattr(library, kind, ()))
        yield Row(label, ", ".join(name for _, name in keys), links=links)
    elif isinstance(value, m.Cited):
        inner = () if isinstance(value, m.Quantity | m.Statement | m.Reading) else tuple(_rows(value, library, _CITATION))
        yield Row(label, value_text(value) if not inner else "", value, getattr(value, "conflict", None), rows=inner)
    elif isinstance(value, m.Conflict):
        yield Row(label, conflict=value)
    elif isinstance(value, m.Phrase):
        yield Row(label, value.en)
    elif isinstance(value, m.Scope):
        yield Row(label, scope_said(value, library), rows=_named(value, library))
    elif isinstance(value, Form):
        yield Row(label, rows=(*(Row("", said) for said in cases_said(value, library)), *_named(value, library)))
    elif isinstance(value, BaseModel):
        called, told = _called(value)
        yield Row(label or called, "" if not label else called, rows=tuple(_rows(value, library, told)))
    elif isinstance(value, dict):
        yield Row(label, rows=tuple(row for key, item in value.items() for row in _row(str(key).replace("_", " "), item, library)))
    elif isinstance(value, tuple | list):
        yield from _list(label, tuple(value), library)
    else:
        yield Row(label, text_said(plain(value)))


def _named(node: BaseModel, library: Library) -> tuple[Row, ...]:
    links = named_in(node, library)
    return (Row("rests on", links=links),) if links else ()


_BARE = frozenset({"log10", "fraction"})  # plain numbers: the label says what of
_CITATION = frozenset(m.Cited.model_fields) | {"conflict"}


def _list(label: str, items: tuple[object, ...], library: Library) -> Iterator[Row]:
    if any(isinstance(item, BaseModel) for item in items):
        yield Row(label, rows=tuple(row for item in items for row in _row("", item, library)))
    elif any(" " in str(item) for item in items):
        yield Row(label, rows=tuple(Row("", plain(item)) for item in items))
    elif len(items) > MANY:
        yield Row(label, f"{len(items)} items")
    else:
        yield Row(label, ", ".join(plain(item) for item in items))


def value_text(cited: m.Cited) -> str:
    """What a cited value says, without where it comes from."""
    if isinstance(cited, m.Quantity):
        number = f"{_range(cited.value, cited.min, cited.max)} {_unit(cited.unit)}".rstrip()
        return f"{number} ({cited.note})" if cited.note else number
    if isinstance(cited, m.Standing) and cited.status:
        return f"{cited.text} ({cited.status.replace('_', '-')})"
    if isinstance(cited, m.Notice):
        return f"{cited.act} ({cited.on}): {cited.text}"
    if isinstance(cited, m.Statement):
        return cited.text
    if isinstance(cited, m.Reading):
        number = " ".join(part for part in (_range(cited.value, cited.min, cited.max), _unit(cited.unit)) if part)
        return f"{number} ({cited.text})" if number and cited.text else number or cited.text or ""
    return ", ".join(f"{name.replace('_', ' ')} {plain(getattr(cited, name))}" for name in type(cited).model_fields if name not in _CITATION)


def _unit(unit: str | None) -> str:
    return "" if unit is None or unit in _BARE else unit


def _range(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> str:
    if value is not None:
        return plain(value)
    if low is not None and high is not None:
        return f"{plain(low)} to {plain(high)}"
    if high is not None:
        return f"at most {plain(high)}"
    return f"at least {plain(low)}" if low is not None else ""


def plain(value: object) -> str:
    """A bare value: no exponent, no trailing zeros."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple | list):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
