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
from pistor.knowledge.rules import cases_said, named_in, scope_said, side_said, text_said

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
    for field, declared in type(node).model_fields.items():
        value = getattr(node, field)
        plain_default = isinstance(value, bool) and value is declared.default and type(node) not in _WHOLE
        if field not in skip and field not in _DRAWN.get(type(node), ()) and not plain_default:
            yield from _row(_LABELS_OF.get(type(node), {}).get(field) or label_of(field), _worded(node, field, value), library, named_by(node, field))


_GEOMETRY = ("outline", "shades", "details", "landmarks", "width_mm", "height_mm")
_DRAWN: dict[type[BaseModel], tuple[str, ...]] = {  # seen in the picture, or in the order of the list
    m.AftercareRule: ("order",), m.ChecklistStep: ("order",), m.BodyMap: _GEOMETRY, m.EarlierBodyMap: _GEOMETRY, m.MapZone: ("polygon", "no_go"),
    m.CautionArea: ("polygon",),
}  # fmt: skip
_WHOLE = (m.Contraindication, m.Policy)  # of these a plain no tells as much as a yes


def _worded(node: BaseModel, field: str, value: object) -> object:
    """What is kept under a short name, in words."""
    if field in ("flags", "product_flags") and isinstance(value, tuple):
        return tuple(m.FLAGS.get(flag, flag) for flag in value)
    if isinstance(node, m.ResidenceMeasurement) and isinstance(value, str):
        return {"compared": m.COMPARED, "group": m.MEASUREMENT_GROUPS}.get(field, {}).get(value, value)
    return value


_UNITS = {"ml": "mL", "mm": "mm", "kg": "kg", "deg": "degrees", "days": "days", "hours": "hours"}


_LABELS = {
    "pka": "pKa", "ph": "pH", "ph_typical": "usual pH", "mcid": "minimal important difference", "cas": "CAS number", "smiles": "SMILES",
    "inchikey": "InChIKey", "physchem": "physical chemistry", "protolysis": "weak acid or base", "charge": "charge with all protons",
    "log_p": "log P, measured", "log_p_estimated": "log P, estimated", "log_d_7_4": "log D at pH 7.4", "polar_surface": "polar surface",
    "unbound_in_plasma": "unbound in plasma", "clear_below_ph": "clear below pH", "clear_above_ph": "clear above pH",
    "ideal_osmolarity": "osmolarity worked out from the composition", "particles": "particles in water",
    "beyond_use": "until when it may be given",
    "saline_fraction_max": "largest part in saline up to 600 mOsm/L", "members": "substances",
    "said": "what is said", "standing": "how it stands", "instead": "what Pistor says", "confirm": "the clinician confirms it first",
    "readings": "what they say", "held_to": "held to", "about": "is about", "active": "counts as an active substance", "half_life": "half-life",
    "absolute": "at most", "per_kg": "at most, by weight", "regulatory": "what authorities say", "data_gaps": "not known", "components": "holds",
    "solutes": "also dissolved", "flags": "marked as", "compounded": "made by a pharmacy, without marketing authorisation",
    "counter_charge": "charge of its counter ions", "part_of": "belongs to", "emergency_number": "number to call", "kept_for": "kept for",
    "mixing_in_clinic": "mixing in the clinic", "patient_text": "what the patient reads", "rater": "rated by",
    "from_any_treatment": "counts from the first treatment",
    "central_volume": "volume of the first of two compartments", "peripheral_volume": "volume of the second", "exchange_clearance": "exchange between the two",
    "oral_bioavailability": "taken up by mouth", "oral_tmax": "peak after a dose by mouth", "im_bioavailability": "taken up from muscle",
    "im_tmax": "peak after injection into muscle", "topical_absorbed": "taken up through whole skin", "plasma_limits": "harm in plasma from",
    "outside_model": "why the delivery engine gives no concentration", "skin_flow": "blood flow of the skin, that of the leg being 1",
    "max_actives": "active substances at most", "no_go_label": "left out", "caution": "take care",
    "snomed": "SNOMED CT code", "subtree": "with all codes below it", "rates_change": "rates the change itself",
}  # fmt: skip


_I = "i of the sodium chloride equivalent"
_LABELS_OF: dict[type[BaseModel], dict[str, str]] = {
    m.Contraindication: {
        "scope": "holds for", "when": "when any of these is so", "stops": "the program stops", "ask": "silence is a question", "text": "what is said",
        "limits": "what the rule does not know", "basis": "because",
    },
    m.Trial: {"n": "people", "active": "treated with", "control": "against"},
    m.Scale: {"terms": "the sum of", "mcid": "smallest difference that matters", "mcid_unknown": "smallest difference that matters", "short": "for short"},
    m.Outcome: {"at": "place in the source"},
    m.Component: {"factor": _I}, m.Solute: {"factor": _I}, m.Buffer: {"factor": _I},
    m.Arm: {"n": "people", "spread": "standard deviation"},
    m.TriageRule: {"any_of": "any of these signs", "and_any_of": "and any of these", "basis": "because"},
    m.Incompatibility: {"a": "one", "b": "with", "text": "what is known"},
    m.MixtureRule: {"severity": "weight", "text": "rule"},
    m.Policy: {"text": "rule"},
    m.JurisdictionRule: {"text": "what it says"},
    m.AllergenGroup: {"concept": "recognised as", "text": "what it holds"},
    m.Concept: {
        "terms": "recognised by the words", "excludes": "but not beside", "requires": "only beside", "origin": "where the list is from",
        "codes": "recognised by the codes",
    },
    m.Question: {"text": "question", "why": "why it is asked", "answer": "kind of answer"},
    m.AftercareRule: {"text": "what the patient reads", "basis": "because"},
    m.CheckIn: {"text": "what the patient reads", "basis": "because", "after": "counts from"},
    m.ChecklistStep: {"text": "step", "basis": "because", "required": "has to be ticked"},
    m.Threshold: {"quantity": "value"},
    m.Measured: {"quantity": "value", "molar_mass": "of this molar mass"},
    m.DeliveryParameter: {"group": "about", "quantity": "value", "prior": "5 to 95 of 100 lie between", "basis": "what else was measured"},
    m.ResidenceMeasurement: {
        "group": "about", "route": "injected", "zone": "reckoned as skin of", "volume": "volume at one point", "compared": "what is compared",
        "after": "gone after", "accepted": "a prediction passes between", "set_by_it": "the engine's numbers that were read from it",
        "said": "what was seen", "outside": "why nothing is compared",
    },
    m.Method: {"code": "worked out in", "checks": "tested on"},
    m.Outbreak: {"kind": "was", "vehicle": "carried by", "incubation_days": "days until it showed"},
    m.Conflict: {"note": "in short"},
    m.Source: {"kind": "is a", "read": "what was read", "note": "note", "short": "cited as"},
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
        yield Row(label, ", ".join(side_said(name) if ":" in name or name == "*" else name for _, name in keys), links=links)
    elif isinstance(value, m.Cited):
        inner = () if isinstance(value, m.Quantity | m.Statement | m.Reading | m.BodyStructure) else tuple(_rows(value, library, _CITATION))
        yield Row(label, value_text(value) if not inner else "", value, getattr(value, "conflict", None), rows=inner)
    elif isinstance(value, m.Conflict):
        yield Row(label, conflict=value)
    elif isinstance(value, m.Phrase):
        yield Row(label, text_said(value.en))
    elif isinstance(value, m.ScaleTerm):
        yield Row("", " × ".join((_number(value.factor), *(item.replace("_", " ") for item in value.items))))
    elif isinstance(value, m.ScaleItem):
        yield Row(value.text, "; ".join(value.anchors) or f"{_number(value.min)} to {_number(value.max)}")
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


_BARE = frozenset({"log10", "fraction", "ratio"})  # plain numbers: the label says what of
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
        number = _measured(cited.value, cited.min, cited.max, cited.unit)
        return f"{number} ({cited.note})" if cited.note else number
    if isinstance(cited, m.Standing) and cited.status:
        return f"{cited.text} ({cited.status.replace('_', '-')})"
    if isinstance(cited, m.Notice):
        return f"{cited.act[:1].upper()}{cited.act[1:]} ({cited.on}): {cited.text}"
    if isinstance(cited, m.Statement):
        return cited.text
    if isinstance(cited, m.BodyStructure):
        return f"{cited.code}, {cited.word}"
    if isinstance(cited, m.Reading):
        number = _measured(cited.value, cited.min, cited.max, cited.unit)
        return f"{number} ({cited.text})" if number and cited.text else number or cited.text or ""
    return ", ".join(f"{name.replace('_', ' ')} {plain(getattr(cited, name))}" for name in type(cited).model_fields if name not in _CITATION)


_SAID = {"deg": "degrees", "d": "days", "Å2": "Å²", "mg/cm2": "mg/cm²", "kg/m2": "kg/m²", "cm2": "cm²"}


def _unit(unit: str | None, one: bool = False) -> str:
    """A unit as people write it; of a single thing without its s."""
    said = "" if unit is None or unit in _BARE else _SAID.get(unit, unit)
    return said[:-1] if one and said.isalpha() and len(said) > 3 and said.endswith("s") else said


def _measured(value: Decimal | None, low: Decimal | None, high: Decimal | None, unit: str | None) -> str:
    """A number or a range with its unit; that of acidity stands before it."""
    number, said = _range(value, low, high), _unit(unit, value == 1)
    parts = (said, number) if said in ("pH", "pKa") else (number, said)
    return " ".join(part for part in parts if part) if number else ""


def _range(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> str:
    if value is not None:
        return _number(value)
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    if high is not None:
        return f"at most {_number(high)}"
    return f"at least {_number(low)}" if low is not None else ""


def _number(value: Decimal) -> str:
    """A number in words: thousands apart, a minus that is one."""
    whole, point, rest = plain(abs(value)).partition(".")
    return f"{'−' if value < 0 else ''}{int(whole):,}{point}{rest}".replace(",", "\u202f")


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
