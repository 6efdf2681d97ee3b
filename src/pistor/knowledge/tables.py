"""Kinds of entry that are read side by side: the columns of each, made of the same rows as an entry's own page.

A kind without a table is read as a list. The rules stand here as a nurse reads them; the pages of these tables are the manual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pistor.knowledge import model as m
from pistor.knowledge.library import Library
from pistor.knowledge.outline import Row, value_text
from pistor.knowledge.rules import cases_said, scope_said, text_said

Cell = Callable[[Any, Library], Row]


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    cell: Cell


NOTHING = Row("")
WORDS = {
    "contraindicated": "Not treated", "caution": "Caution", "refer": "Refer", "inform": "Tell", "emergency": "Emergency", "today": "Today",
    "this_week": "This week", "advice": "Advice", "mixed": "Mixed", "label": "Label", "no_data": "No data",
}  # fmt: skip


def columns(kind: str) -> tuple[Column, ...]:
    """The columns beside the name, or none where the kind is a list."""
    return TABLES.get(kind, ())


def said(value: object) -> str:
    text = WORDS.get(str(value), str(value).replace("_", " "))
    return text[:1].upper() + text[1:]


def _text(text: str | None) -> Row:
    return Row("", text or "")


def _cited(*items: m.Cited | None) -> Row:
    found = [Row("", value_text(item), item, getattr(item, "conflict", None)) for item in items if item is not None]
    return found[0] if len(found) == 1 else Row("", rows=tuple(found))


def _links(kind: str, ids: Iterable[str]) -> Row:
    """What an entry names; that it names nothing is known, not missing."""
    links = tuple((kind, id_) for id_ in ids)
    return Row("", "" if links else "–", links=links)


def _lines(items: Iterable[str]) -> Row:
    lines = tuple(Row("", item) for item in items)
    return lines[0] if len(lines) == 1 else Row("", rows=lines)


def _field(name: str, empty: str = "") -> Cell:
    """A field that is cited, a tuple of such, or plain words; ``empty`` where holding nothing does not mean that nothing is known."""

    def cell(entry: Any, library: Library) -> Row:
        value = getattr(entry, name)
        if isinstance(value, m.Cited):
            return _cited(value)
        if value == ():
            return _text(empty)
        if isinstance(value, tuple):
            return _cited(*value) if all(isinstance(item, m.Cited) for item in value) else _lines(str(item).replace("_", " ") for item in value)
        if isinstance(value, m.Phrase):
            return _text(text_said(value.en))
        return _text(said(value)) if value is not None else NOTHING

    return cell


def _strengths(entry: m.Presentation, library: Library) -> Row:
    return _cited(*(part.strength for part in entry.components))


def _window(entry: m.TriageRule, library: Library) -> Row:
    counted_from = "the first treatment" if entry.from_any_treatment else "the treatment"
    start = f"from {_hours(entry.from_hours)} after {counted_from}" if entry.from_hours else ""
    end = f"until {_hours(entry.until_hours)}" if entry.until_hours else ""
    return _text(f"{start} {end}".strip() or "any time")


def _hours(quantity: m.Quantity | None) -> str:
    hours = quantity.low if quantity else None
    if hours is None:
        return ""
    return f"{hours / 24:f} days" if hours >= 48 and hours % 24 == 0 else f"{hours:f} hours"


def _outcome(entry: m.Trial, library: Library) -> Row:
    return _lines(f"{outcome.measure}: {outcome.result}" for outcome in entry.outcomes)


def _named_after(entry: m.TriageRule, library: Library) -> Row:
    """Where a rule is from; its first reason is its name already."""
    first, *rest = entry.basis
    return Row("", rows=(Row("", "", first, first.conflict), *(Row("", value_text(one), one, one.conflict) for one in rest)))


def _depths(entry: m.Zone, library: Library) -> Row:
    return Row("", rows=tuple(Row(layer.name, value_text(layer.thickness), layer.thickness, layer.thickness.conflict) for layer in entry.layers))


def _prior(entry: m.DeliveryParameter, library: Library) -> Row:
    prior = entry.prior
    if prior is None:
        return _text("Not varied")
    return Row("", f"{prior.low:f} and {prior.high:f} {entry.quantity.unit} ({prior.shape})", prior)


def _measured_in(entry: m.ResidenceMeasurement, library: Library) -> Row:
    return _lines((f"{entry.species}{f', {entry.subjects}' if entry.subjects else ''}", f"{entry.route}, {entry.site}"))


def _measured(entry: m.ResidenceMeasurement, library: Library) -> Row:
    return Row("", rows=tuple(Row(one.what, value_text(one.quantity), one.quantity, one.quantity.conflict) for one in entry.measured))


def _rules(entry: m.Jurisdiction, library: Library) -> Row:
    return Row("", rows=tuple(Row(rule.status, rule.text.text, rule.text, rule.text.conflict) for rule in entry.rules))


def _read(entry: m.Conflict, library: Library) -> Row:
    return _cited(*entry.readings)


TABLES: dict[str, tuple[Column, ...]] = {
    "contraindications": (
        Column("Holds for", lambda entry, library: _text(scope_said(entry.scope, library))),
        Column("When any of these is so", lambda entry, library: _lines(cases_said(entry.when, library))),
        Column("What is said", lambda entry, library: _text(text_said(entry.text))),
        Column("May one go on", lambda entry, library: _text("No: it stops here" if entry.stops else "With a reason" if entry.effect != "inform" else "Yes")),
        Column("Because", _field("basis")),
    ),
    "incompatibilities": (Column("What is known", _field("text")),),
    "mixture_rules": (Column("Weight", _field("severity")), Column("Rule", _field("text"))),
    "thresholds": (Column("Value", _field("quantity")),),
    "policies": (Column("Rule", _field("text")),),
    "presentations": (Column("Strength", _strengths), Column("pH", _field("ph")), Column("Osmolarity", _field("osmolarity")),
                      Column("Allergens of the product", lambda entry, library: _links("allergen_groups", entry.allergen_groups))),
    "triage_rules": (
        Column("Any of", lambda entry, library: _links("signs", entry.any_of)),
        Column("And any of", lambda entry, library: _links("signs", entry.and_any_of)),
        Column("Within", _window),
        Column("Suspect", lambda entry, library: _links("reactions", entry.suspects)),
        Column("From", _named_after),
    ),
    "reactions": (Column("How often", _field("frequency")), Column("Begins", _field("onset_hours")),
                  Column("Red flags", _field("red_flags", "Nothing recorded")), Column("First steps", _field("first_line"))),
    "aftercare_rules": (
        Column("How long", lambda entry, library: _cited(entry.hours) if entry.hours else _text("No time is named")),
        Column("What the patient reads", _field("text")), Column("Because", _field("basis")),
    ),
    "checklist_steps": (Column("When", _field("phase")), Column("Because", _field("basis"))),
    "protocols": (
        Column("For", lambda entry, library: _links("indications", (entry.indication,))),
        Column("Evidence", _field("verdict")), Column("Treatments", _field("sessions")), Column("Days between", _field("interval_days")),
        Column("In short", _field("summary")),
    ),
    "trials": (Column("Design", _field("design")), Column("People", _field("n")), Column("Treated", _field("active")),
               Column("Against", lambda entry, library: _text(entry.control or "Nothing: no control")),
               Column("Outcomes as reported", _outcome), Column("Grade", _field("grade"))),
    "outbreaks": (Column("Cases", _field("cases")), Column("Exposed", _field("exposed")), Column("Agent", _field("agent")),
                  Column("Carried by", _field("vehicle")), Column("Days until it shows", _field("incubation_days"))),
    "claims": (Column("What is said", _field("said")), Column("What Pistor says", _field("instead"))),  # by how they stand; the evidence has the page
    "scales": (Column("Range", _field("range")), Column("Better", _field("better")), Column("Smallest difference that matters", _field("mcid")),
               Column("Rated by", _field("rater"))),
    "techniques": (Column("Depth, mm", _field("depth_mm")), Column("Needle, mm", _field("needle_length_mm")), Column("Angle, degrees", _field("angle_deg")),
                   Column("mL at a point", _field("volume_per_point_ml")), Column("Apart, mm", _field("spacing_mm"))),
    "devices": (Column("What it does", _field("how")), Column("Risks", _field("risks"))),
    "delivery_parameters": (Column("Value", _field("quantity")), Column("5 to 95 of 100 lie between", _prior),
                            Column("What else was measured", _field("basis", "Nothing recorded"))),
    "residence_measurements": (Column("Measured in", _measured_in), Column("Measured", _measured),
                               Column("What was seen", _field("said", "Nothing more recorded")), Column("Why nothing is compared", _field("outside"))),
    "zones": (Column("Layers, mm", _depths), Column("SNOMED CT", _field("snomed")), Column("Care", _field("cautions", "Nothing recorded"))),
    "jurisdictions": (Column("Rules of its own", lambda entry, library: _rules(entry, library) if entry.rules else _text("Nothing recorded")),
                      Column("What its authorities have said", _field("notices", "Nothing recorded")),
                      Column("Those of", lambda entry, library: _links("jurisdictions", entry.part_of)),
                      Column("Mixing", _field("mixing"))),
    "conflicts": (Column("What they say", _read), Column("Held to", lambda entry, library: _text(entry.held_to or "Not settled"))),
}  # fmt: skip

# How the entries of a kind stand together: the field that parts them, and its values in the order of reading. What has no value of these comes last.
GROUPS: dict[str, tuple[str, dict[str, str]]] = {
    "contraindications": ("effect", {"contraindicated": "Do not treat", "refer": "Refer first", "caution": "Treat with care", "inform": "Tell the patient"}),
    "triage_rules": ("level", {"emergency": "Emergency", "today": "To be seen today", "this_week": "To be seen this week", "advice": "Advice"}),
    "incompatibilities": ("verdict", {
        "block": "Never together", "avoid": "Avoid", "precipitates": "Fall out", "turbid": "Turn turbid", "degrades": "Destroy each other",
        "antagonism": "Work against each other", "conditional": "Under conditions", "compatible": "Together, under the conditions named",
        "no_data": "Nobody has looked",
    }),
    "delivery_parameters": ("group", m.PARAMETER_GROUPS),
    "residence_measurements": ("group", m.MEASUREMENT_GROUPS),
    "checklist_steps": ("phase", {"before": "Before", "preparation": "Preparing", "during": "During", "after": "After"}),
    "trials": ("application", {"pain": "Pain", "skin": "Skin", "hair": "Hair", "fat": "Fat"}),
    "indications": ("application", {"pain": "Pain", "skin": "Skin", "hair": "Hair", "fat": "Fat"}),
    "claims": ("standing", {
        "contradicted": "Contradicted by the evidence", "unproven": "Unproven", "partly_supported": "Partly supported", "supported": "Supported",
        "historical": "A matter of history",
    }),
    "questions": ("section", {
        "general": "General", "skin": "Skin", "bleeding": "Bleeding", "illness": "Illness", "medicines": "Medicines", "previous": "Earlier treatments",
        "goals": "Goals", "pain": "Pain", "hair": "Hair", "fat": "Fat", "mind": "Body image",
    }),
    "concepts": ("kind", {
        "condition": "Conditions", "medicine": "Medicines", "allergy": "Allergies", "observation": "Observations", "procedure": "Procedures",
        "negation": "Words that say no",
    }),
    "sources": ("kind", {
        "label": "Labels", "regulator": "Regulators", "statute": "Law", "trial": "Trials", "review": "Reviews", "study": "Studies", "consensus": "Consensus",
        "textbook": "Textbooks", "dataset": "Datasets", "page": "Pages of practices, vendors and press", "design": "Our own derivations",
    }),
}  # fmt: skip


def grouped(kind: str, entries: Iterable[m.Known]) -> tuple[tuple[str, tuple[m.Known, ...]], ...]:
    """The entries in their groups, in the order of reading; one group without a name where the kind has none."""
    if kind not in GROUPS:
        return (("", tuple(entries)),)
    field, names = GROUPS[kind]
    held: dict[str, list[m.Known]] = {name: [] for name in names}
    for entry in entries:
        held.setdefault(str(getattr(entry, field)), []).append(entry)
    return tuple((names.get(value, said(value)), tuple(found)) for value, found in held.items() if found)
