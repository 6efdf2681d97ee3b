"""The types of what is known: one class per kind of file under ``data/``.

Every number is a :class:`Quantity` and every sentence that states a fact is a :class:`Statement`; both carry their
source, the place in it, a grade and a review date, so nothing uncited can be loaded. Types refuse unknown fields and
wrong types, and are frozen once built.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pistor.knowledge.criteria import Criterion


class Grade(StrEnum):
    """How much a source can carry. Grade M (memory) is not representable: it never ships as a fact."""

    A = "A"  # regulator, label, randomised trial, systematic review, statute
    B = "B"  # non-randomised study, case series, society consensus
    C = "C"  # practice page, training site, textbook excerpt
    D = "D"  # derived here from A to C, shown as derived


class Application(StrEnum):
    PAIN = "pain"
    SKIN = "skin"
    HAIR = "hair"
    FAT = "fat"


Language = Literal["en", "fr"]


def _as_tuple(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _as_decimal(value: object) -> object:
    if isinstance(value, bool):
        return value
    return Decimal(str(value)) if isinstance(value, int | float | str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Particles = Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_as_tuple)]
LARGEST = 10**12  # nothing that is injected, measured or counted comes near
Number = Annotated[Decimal, BeforeValidator(_as_decimal), Field(ge=-LARGEST, le=LARGEST)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]


class Known(BaseModel):
    """Base of everything that is loaded: strict, closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)  # schemas are built when the files are read


class Cited(Known):
    """Where a value or a sentence comes from.

    ``source`` names one or more entries of ``data/sources``; ``at`` is the locator inside them (section, table, page,
    abstract). ``reviewed`` is filled from the file's own review date when it is not given.
    """

    source: Names = Field(min_length=1)
    at: str = Field(min_length=1)
    grade: Grade
    reviewed: dt.date


class Reading(Cited):
    """What one source says of something on which sources disagree."""

    value: Number | None = None
    min: Number | None = None
    max: Number | None = None
    unit: str | None = None
    text: str | None = None


class Entry(Known):
    """A file under ``data/``: its name is its id."""

    id: Id
    reviewed: dt.date


About = Annotated[str, Field(pattern=r"^[a-z_]+/[A-Za-z0-9_]+$")]  # <kind>/<id> of another entry


class Conflict(Entry):
    """Sources disagree. Every side is kept, the one Pistor reckons with too; ``confirm`` makes the clinician choose first.

    A value, a sentence or a limit that is one of the sides names this entry as its ``conflict``; loading puts the entry
    in the place of the name. ``about`` is for entries that are concerned and hold no such side.
    """

    name: str  # what the sources disagree on
    note: str  # how, as a sentence that can stand beside the value
    readings: tuple[Reading, ...] = Field(min_length=2)
    confirm: bool = False
    held_to: str | None = None  # which side Pistor reckons with, and why
    about: tuple[About, ...] = ()

    def beside(self, statement: Statement) -> tuple[Reading, ...]:
        """The sides that a reader of the statement has not read yet."""
        return tuple(reading for reading in self.readings if reading.text != statement.text)


class Quantity(Cited):
    """A number or a range with its unit. A single number has ``value``; a range has ``min`` and/or ``max``."""

    value: Number | None = None
    min: Number | None = None
    max: Number | None = None
    unit: str = Field(min_length=1)
    note: str | None = None
    conflict: Conflict | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Quantity:
        if (self.value is None) == (self.min is None and self.max is None):
            raise ValueError("give either value, or min and/or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    @property
    def low(self) -> Decimal | None:
        return self.value if self.value is not None else self.min

    @property
    def high(self) -> Decimal | None:
        return self.value if self.value is not None else self.max


class Statement(Cited):
    """A sentence that states a fact, in our own words."""

    text: str = Field(min_length=1)
    conflict: Conflict | None = None


class Phrase(Known):
    """A text for patients, in every language the aftercare sheet is printed in."""

    en: str
    fr: str


def _family(name: str) -> str:
    """The family name of an author whose given names stand as capitals behind it."""
    return re.sub(r" [A-Z-]+$", "", name)


SHORT_NAME = 40  # letters; "Lidocaine Hydrochloride Injection label" still fits


class Source(Known):
    """A reference, and how much of it was actually read."""

    id: str
    reviewed: dt.date
    title: str
    kind: Literal["label", "regulator", "statute", "trial", "review", "study", "consensus", "page", "textbook", "dataset", "design"]
    read: Literal["full text", "abstract", "excerpt", "table", "label", "copy", "own"]
    authors: str | None = None
    year: int | None = None
    container: str | None = None  # journal, book or series, as CSL's container-title
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    doi: str | None = None
    url: str | None = None
    licence: str | None = None
    note: str | None = None

    @property
    def short(self) -> str:
        """What names it beside a grade: its authors and year, or its title up to the first stop."""
        if self.authors and self.year:
            first, *others = (_family(name) for name in self.authors.removesuffix(" et al.").split(", "))
            more = " et al." if len(others) > 1 or self.authors.endswith(" et al.") else f" and {others[0]}" if others else ""
            return f"{first}{more} {self.year}"
        name = re.split(r"[:;(]|[,.] ", self.title, maxsplit=1)[0].strip()
        if len(name) > SHORT_NAME:
            name = f"{name[:SHORT_NAME].rpartition(' ')[0] or name[: SHORT_NAME - 1]}…"
        return f"{name} {self.year}" if self.year and str(self.year) not in name else name


# ── vocabularies: words that rules and entries share ────────────────────────────────────────────────────────────────

FLAGS = {
    "single_syringe": "given alone: nothing else goes into its syringe",
    "not_intradermal": "under the skin or deeper, never into it",
    "contraception_required": "harms an unborn child",
    "ethanol_vehicle": "holds ethanol",
    "oil_vehicle": "holds oil",
    "not_water_miscible_as_such": "dissolves in oil only",
    "not_for_injection": "made for the surface of the skin",
    "lipophilic_needs_cosolvent": "hardly dissolves in water: what dissolves it must be known",
    "hyperosmolar_undiluted": "far above the body's osmolarity as it stands in the vial",
    "hypo_osmolar": "below the body's osmolarity",
    "acidic_stock": "strongly acidic as it stands in the vial",
    "block_undiluted": "an additive, not injected as it stands in the vial",
    "block_default": "offered only where the law of the country allows it",
    "regulator_warning": "regulators warn of it",
    "withdrawn": "its authorisations are suspended or withdrawn",
    "review_required": "too little is known: not offered without a pharmacist's review",
}

# Classes that a presentation has by the upper end of its labelled pH.
PH_CLASSES = {"label_ph_below_8": Decimal(8), "acidic": Decimal(6), "label_ph_below_4_6": Decimal("4.6")}


# ── substances ──────────────────────────────────────────────────────────────────────────────────────────────────────


class LimitScope(StrEnum):
    DOSE_PER_TREATMENT = "dose_per_treatment"  # mg, and mg/kg when per_kg is set
    DOSE_PER_DAY = "dose_per_day"
    DOSE_PER_PERIOD = "dose_per_period"  # all treatments within the limit's own period
    DOSE_PER_AREA = "dose_per_area"  # mg/cm2
    VOLUME_PER_POINT = "volume_per_point"  # mL
    VOLUME_PER_TREATMENT = "volume_per_treatment"  # mL
    POINTS_PER_TREATMENT = "points_per_treatment"
    SPACING_MIN = "spacing_min"  # mm
    TREATMENTS_PER_COURSE = "treatments_per_course"
    INTERVAL_MIN = "interval_min"  # days


class Limit(Known):
    """A bound on what may be given. ``absolute`` and ``per_kg`` both hold: the smaller one counts."""

    id: Id
    what: str
    scope: LimitScope
    absolute: Quantity | None = None
    per_kg: Quantity | None = None
    period: Quantity | None = None  # days, for dose_per_period
    conflict: Conflict | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Limit:
        if self.absolute is None and self.per_kg is None:
            raise ValueError(f"limit {self.id} bounds nothing: give absolute or per_kg")
        if (self.scope is LimitScope.DOSE_PER_PERIOD) != (self.period is not None):
            raise ValueError(f"limit {self.id}: a dose per period has a period in days, and only that has one")
        return self


class Protolysis(Known):
    """How a substance takes part in the pH: charge of its fully protonated form, pKa values in the order protons are lost.

    Both empty (charge 0, no pKa) says that it takes no part.
    """

    charge: int = 0
    pka: tuple[Quantity, ...] = ()


class Identity(Cited):
    """Which molecule is meant."""

    cas: Annotated[str, Field(pattern=r"^\d{2,7}-\d\d-\d$")] | None = None
    smiles: str | None = None
    inchikey: str | None = None


class Physchem(Known):
    """What the spreading of a substance in tissue depends on.

    Values are of the neutral molecule without counter ion and water, unless a note names another form; what was
    measured and what was estimated stand apart.
    """

    identity: Identity | None = None
    molar_mass: Quantity | None = None  # g/mol, kDa for a polymer
    log_p: Quantity | None = None  # octanol and water, measured
    log_p_estimated: tuple[Quantity, ...] = ()
    log_d_7_4: Quantity | None = None  # all charge states together at pH 7.4
    polar_surface: Quantity | None = None  # Å2
    unbound_in_plasma: Quantity | None = None  # fraction
    bound_in_plasma: Quantity | None = None  # %
    volume_of_distribution: Quantity | None = None  # L/kg
    clearance: Quantity | None = None  # mL/min/kg
    half_life: Quantity | None = None  # h
    time_to_peak: Quantity | None = None  # min, after injection under the skin
    central_volume: Quantity | None = None  # L/kg, of two compartments
    peripheral_volume: Quantity | None = None  # L/kg
    exchange_clearance: Quantity | None = None  # mL/min/kg, between the two
    oral_bioavailability: Quantity | None = None  # fraction
    oral_tmax: Quantity | None = None  # h, from the dose to the highest concentration in plasma
    im_bioavailability: Quantity | None = None  # fraction, after injection into muscle
    im_tmax: Quantity | None = None  # h
    topical_absorbed: Quantity | None = None  # fraction of what is put on whole skin
    plasma_limits: tuple[Quantity, ...] = ()  # mg/L above which harm was seen; the note says which
    solubility: Quantity | None = None  # mol/L, of the uncharged form
    clear_below_ph: Quantity | None = None  # turbid from this pH on
    clear_above_ph: Quantity | None = None  # falls out below this pH
    notes: tuple[Statement, ...] = ()


class OutsideModel(Statement):
    """Why the delivery engine gives no concentration of a substance, and what holds instead.

    ``label_rules``: only the label and the size of the depot; ``residence``: no solute, so only how long it stays;
    ``dissolution``: it dissolves slowly or hardly at all; ``receptor``: it is bound where it acts.
    """

    kind: Literal["label_rules", "residence", "dissolution", "receptor"]
    half_life: Quantity | None = None  # h, in the tissue


class Member(Known):
    """One substance of an entry that stands for a group, as glycine of the amino acids."""

    name: str
    physchem: Physchem
    protolysis: Protolysis | None = None


class Standing(Statement):
    """What a country says of a substance. Without a country it holds for whatever the text names."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None  # ISO 3166, and EU
    status: Literal["licensed", "off_label", "not_licensed", "restricted", "withdrawn", "banned"] | None = None


class Ingredient(Entry):
    name: str
    synonyms: tuple[str, ...] = ()
    substance_class: str
    classes: tuple[Id, ...] = ()  # nsaid, local_anaesthetic, ... as used by pair rules
    applications: tuple[Application, ...]
    role: str | None = None
    active: bool = True  # vehicles (saline, bicarbonate) are not actives for the single-active policy
    allergen_groups: tuple[Id, ...] = ()
    limits: tuple[Limit, ...] = ()
    doses: tuple[Statement, ...] = ()
    pregnancy: tuple[Statement, ...] = ()
    regulatory: tuple[Standing, ...] = ()
    warnings: tuple[Statement, ...] = ()
    notes: tuple[Statement, ...] = ()
    flags: tuple[Id, ...] = ()  # single_syringe, not_intradermal, contraception_required, ...
    physchem: Physchem | None = None
    protolysis: Protolysis | None = None  # None: not known
    members: tuple[Member, ...] = ()
    outside_model: OutsideModel | None = None
    data_gaps: tuple[str, ...] = ()


class Component(Known):
    """``molar_mass`` is that of what the strength weighs, counter ion and water of crystallisation included, in g/mol."""

    ingredient: Id
    strength: Quantity  # mg/mL or units/mL
    molar_mass: Quantity | None = None
    counter_charge: int | None = None  # strong counter ions per molecule: -1 for a hydrochloride, 1 for a sodium salt, 0 for none
    particles: Particles = ()  # what one of it becomes in water, as for Solute; 0: not dissolved, or it stands among the solutes; empty: not known
    factor: Quantity | None = None  # i of the sodium chloride equivalent, where the particles do not give it

    @model_validator(mode="after")
    def _weighed(self) -> Component:
        if any(self.particles) and self.molar_mass is None:
            raise ValueError("particles are counted by the molar_mass: give it too")
        return self


class Solute(Known):
    """What is dissolved beside the components. With them it makes the osmolarity.

    ``particles`` is what one formula unit becomes in water: 1 where it stays whole, 2 for two ions; several numbers where
    it is not known which. ``divalent``: both ions carry two charges, so that much of it stays together.
    """

    name: str
    strength: Quantity  # mg/mL
    molar_mass: Quantity  # of what the strength weighs, in g/mol
    particles: Particles = Field(min_length=1)
    factor: Quantity | None = None


class Buffer(Solute):
    """A weak acid or base among them: it resists a change of pH as the active itself does."""

    protolysis: Protolysis


class Presentation(Entry):
    """What stands on the shelf: strength, pH, osmolarity and excipients belong here, not to the substance."""

    name: str
    components: tuple[Component, ...] = Field(min_length=1)
    container_ml: Quantity | None = None
    ph: Quantity | None = None
    ph_typical: Quantity | None = None
    osmolarity: Quantity | None = None  # mOsm/L, labelled or measured
    saline_fraction_max: Quantity | None = None  # largest part of a mixture with 0.9 % saline that stays at or below 600 mOsm/L
    solutes: tuple[Solute, ...] = ()
    buffers: tuple[Buffer, ...] = ()
    added_charge: Quantity | None = None  # strong base (above 0) or acid (below) added, in mmol of charge per mL
    excipients: tuple[Statement, ...] = ()
    allergen_groups: tuple[Id, ...] = ()  # what the excipients add to the ingredient's own groups
    flags: tuple[Id, ...] = ()  # ethanol_vehicle, ...: what this product brings and the substance does not
    single_use: bool = True
    licensed_route: tuple[Statement, ...] = ()
    use: tuple[Statement, ...] = ()  # how much, on what area and for how long, where a label says so
    compounded: bool = False  # made by a pharmacy, no marketing authorisation
    outside_model: OutsideModel | None = None  # what this product brings and the substance does not, as crystals
    data_gaps: tuple[str, ...] = ()

    @property
    def dissolved(self) -> tuple[Component | Solute, ...] | None:
        """What makes the osmolarity, as far as the label names it; None where a component's part in it is not known."""
        if not all(component.particles for component in self.components):
            return None
        everything: tuple[Component | Solute, ...] = (*self.components, *self.solutes, *self.buffers)
        return tuple(one for one in everything if any(one.particles))

    @property
    def ideal_osmolarity(self) -> Quantity | None:
        """The osmolarity as if everything dissolved came apart and nothing held together: an upper estimate."""
        if self.dissolved is None:
            return None
        low, high = (round(1000 * sum(take(one.particles) * mmol_per_ml(one) for one in self.dissolved)) for take in (min, max))
        ends: dict[str, Any] = {"value": high} if low == high else {"min": low, "max": high}
        at = "sum over what is dissolved of mg/mL by molar mass, times the particles"
        return Quantity(**ends, unit="mOsm/L", source="computed_here", at=at, grade=Grade.D, reviewed=self.reviewed)


def mmol_per_ml(solute: Component | Solute) -> Decimal:
    """How much of it is in a millilitre, by the mass of what the strength weighs; 0 where that is not known."""
    if solute.molar_mass is None or solute.molar_mass.value is None or solute.strength.high is None:
        return Decimal(0)
    return solute.strength.high / solute.molar_mass.value


class PairVerdict(StrEnum):
    BLOCK = "block"
    AVOID = "avoid"
    PRECIPITATES = "precipitates"
    TURBID = "turbid"
    DEGRADES = "degrades"
    ANTAGONISM = "antagonism"
    CONDITIONAL = "conditional"
    COMPATIBLE = "compatible"  # under the conditions the text names
    NO_DATA = "no_data"



class Incompatibility(Entry):
    """What is known of two things in one syringe.

    ``a`` and ``b`` are an ingredient id; ``class:<id>`` for a class of ingredients, an allergen group or one of
    :data:`PH_CLASSES`; ``other:<id>`` for something that is no ingredient here; or ``*`` for anything.
    """

    a: str
    b: str
    verdict: PairVerdict
    text: Statement
    order: Statement | None = None  # in which order the two are drawn up, where a source says


class MixtureRule(Entry):
    severity: Literal["block", "block_above", "warn"]
    text: Statement


class Threshold(Entry):
    name: str
    quantity: Quantity


class MethodCheck(Known):
    """A case in which what the method gives stands beside what a label says or somebody measured."""

    case: str
    presentations: tuple[Id, ...] = ()  # the products it is about: shown beside a blend that holds them all
    computed: Quantity
    observed: tuple[Quantity, ...] = ()


class Method(Entry):
    """How a number is worked out. ``code`` names what does it here; where nothing does, ``code`` is empty."""

    name: str
    formula: Statement
    code: tuple[str, ...] = ()
    checks: tuple[MethodCheck, ...] = ()
    cautions: tuple[Statement, ...] = ()


class AllergenGroup(Entry):
    name: str
    concept: Id  # the concept whose codes and words mean "allergic to this group"
    text: Statement


class Policy(Entry):
    """A clinic's rule on what may be put together in a syringe."""

    name: str
    max_actives: int | None = None
    licensed_only: bool = False
    pharmacy_prepared_only: bool = False
    text: Statement


# ── patients ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Code(Known):
    system: Literal["snomed", "icd10cm", "icd10", "rxnorm", "loinc", "atc", "ips"]
    code: str
    display: str
    subtree: bool = False  # icd10*/atc only: any code that begins with this one


class Concept(Entry):
    """Codes and words by which a record says one thing, and the question that asks for it when it is silent."""

    name: str
    kind: Literal["condition", "medicine", "allergy", "observation", "procedure", "negation"]
    codes: tuple[Code, ...] = ()
    terms: tuple[str, ...] = ()  # matched as whole words in a coding's display or text, case folded
    requires: tuple[str, ...] = ()  # where given, one of these words must stand beside the term ("history of")
    excludes: tuple[str, ...] = ()  # words that make a match by term void ("screening for", "family history")
    question: Id | None = None
    origin: str  # where the list was taken from


class Question(Entry):
    """Something to ask. ``no`` and ``yes`` are answers; silence is *not asked*.

    A question that no rule asks says in ``kept_for`` what its answer is kept for.
    """

    text: str
    why: str
    kept_for: str | None = None
    answer: Literal["yes_no", "number", "date", "choice"] = "yes_no"
    unit: str | None = None
    choices: tuple[str, ...] = ()
    section: Literal["general", "skin", "bleeding", "illness", "medicines", "previous", "goals", "pain", "hair", "fat", "mind"]
    applications: tuple[Application, ...] = tuple(Application)
    sex: Literal["female", "male"] | None = None
    patient_text: Phrase | None = None  # where the patient can answer, and not only whoever looks at the skin


class Scope(Known):
    """Where a rule applies. An empty list means everywhere."""

    applications: tuple[Application, ...] = ()
    ingredients: tuple[Id, ...] = ()
    classes: tuple[Id, ...] = ()
    flags: tuple[Id, ...] = ()  # of a chosen ingredient
    product_flags: tuple[Id, ...] = ()  # of a chosen presentation
    zones: tuple[Id, ...] = ()
    zones_except: tuple[Id, ...] = ()
    topical: tuple[Id, ...] = ()
    protocols: tuple[Id, ...] = ()


class Contraindication(Entry):
    """A reason not to treat, to treat otherwise, or to ask. ``text`` is what a colleague would say."""

    name: str
    scope: Scope = Scope()
    when: Criterion
    effect: Literal["contraindicated", "caution", "refer", "inform"]
    stops: bool = False  # absolute: the server refuses to go on
    ask: bool = True  # silence is a question; False only where silence is no danger
    text: str
    limits: str  # what this rule does not know
    basis: tuple[Statement, ...] = Field(min_length=1)


class JurisdictionRule(Known):
    id: Id
    status: Literal["banned", "unapproved", "restricted", "allowed"]
    scope: Scope
    text: Statement
    act: str | None = None  # the law or label that says so
    since: str | None = None


class Notice(Statement):
    """What an authority said that decides no treatment by itself: an opinion, a warning, a law announced or not yet sorted by product."""

    act: str
    on: str  # the day or year of it, or "not found"


class BeyondUse(Known):
    """Until when what was mixed may be given, counted from the first puncture or the start of mixing."""

    what: str
    time: Quantity  # h


class Jurisdiction(Known):
    """A country, or the union that it belongs to. What no rule names is *unknown*, never allowed."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    reviewed: dt.date
    name: str
    article: bool = False  # "the United States" inside a sentence
    part_of: tuple[str, ...] = ()  # jurisdictions whose rules hold here too
    rules: tuple[JurisdictionRule, ...] = ()
    notices: tuple[Notice, ...] = ()
    mixing: Statement | None = None
    mixing_in_clinic: Literal["allowed", "pharmacy_only", "unknown"] = "unknown"
    beyond_use: tuple[BeyondUse, ...] = ()  # the first is that of immediate use; empty: not known
    emergency_number: Statement | None = None

    @property
    def spoken(self) -> str:
        """The name inside a sentence."""
        return f"the {self.name}" if self.article else self.name


# ── treatment ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Layer(Known):
    name: Literal["epidermis", "dermis", "hypodermis"]
    thickness: Quantity  # mm


class SiteLayer(Layer):
    """A layer as it was measured at one place of a zone, in one sex where they were told apart."""

    site: str
    sex: Literal["female", "male"] | None = None


_FIVES = (  # Verhoeff's table of the group of symmetries of a pentagon
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURNS = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258")


def verhoeff(digits: str) -> bool:
    """Whether the last digit of a number is the check digit of the others, by Verhoeff's rule, as in SNOMED CT."""
    check = "0"
    for place, digit in enumerate(reversed(digits)):
        check = _FIVES[int(check)][int(_TURNS[place % 8][int(digit)])]
    return check == "0"


class BodyStructure(Cited):
    """The SNOMED CT code of a body structure, with our own word for it. The side is told beside the code."""

    code: Annotated[str, Field(pattern=r"^[1-9]\d{5,17}$")]
    word: str

    @model_validator(mode="after")
    def _check_digit(self) -> BodyStructure:
        if not verhoeff(self.code):
            raise ValueError(f"{self.code} is no code of SNOMED CT: its last digit does not check")
        return self


class Zone(Entry):
    name: str
    applications: tuple[Application, ...]
    body_map: Id | None = None  # None: not drawn yet
    snomed: BodyStructure | None = None  # None: unknown
    layers: tuple[Layer, ...] = ()  # empty: unknown
    measured: tuple[SiteLayer, ...] = ()
    skin_flow: Quantity | None = None  # blood through the skin, as a ratio of that of the lateral leg
    cautions: tuple[Statement, ...] = ()

    def at(self, site: str | None) -> Zone:
        """The zone as it was measured at one of its sites, women and men together. A layer that was not measured there stays the zone's own."""
        layers: list[Layer] = []
        for name in ("epidermis", "dermis", "hypodermis") if site else ():
            there = [layer.thickness for layer in self.measured if (layer.name, layer.site) == (name, site)]
            layers += [Layer(name=name, thickness=_together(there))] if there else [layer for layer in self.layers if layer.name == name]
        return self.model_copy(update={"layers": tuple(layers)}) if site else self


def _together(values: Sequence[Quantity]) -> Quantity:
    """The range of what was measured, with every source of it and the weakest grade."""
    low, high = min(value.low or Decimal(0) for value in values), max(value.high or value.low or Decimal(0) for value in values)
    said = {"value": low} if low == high else {"min": low, "max": high}
    return Quantity(
        **said, unit=values[0].unit, source=tuple(dict.fromkeys(key for value in values for key in value.source)),
        at="; ".join(dict.fromkeys(value.at for value in values)), grade=max(value.grade for value in values), reviewed=min(value.reviewed for value in values),
    )  # fmt: skip


class CautionArea(Statement):
    """A part of an area where points may lie but care is due. Its place on the drawing is an aid; what is said there has a source.

    ``depth_mm`` is how deep what is to be spared can begin; unknown means that every tip counts.
    """

    polygon: tuple[tuple[float, float], ...] = Field(min_length=3)
    depth_mm: Quantity | None = None


class MapZone(Known):
    """A zone drawn on a body map. Polygons are in millimetres, y downwards, origin at the top left."""

    zone: Id
    side: Literal["left", "right", "mid"]
    label: str
    polygon: tuple[tuple[float, float], ...] = Field(min_length=3)
    site: str | None = None  # the place of the zone that was measured and lies here; None: the zone as a whole
    no_go: tuple[tuple[tuple[float, float], ...], ...] = ()
    no_go_label: str | None = None
    caution: tuple[CautionArea, ...] = ()


class Landmark(Known):
    """A name on a body map, where one finds one's way; ``path`` is what is felt, not seen. A drawing aid, no published fact."""

    label: str
    at: tuple[float, float] | None = None  # where the name is written; None: only in the legend
    anchor: Literal["start", "middle", "end"] = "middle"
    path: str | None = None
    care: bool = False  # something to stay away from


class BodyMap(Entry):
    version: int
    title: str
    view: str
    width_mm: float
    height_mm: float
    outline: tuple[str, ...]  # SVG path data in millimetres, drawn by us
    shades: tuple[str, ...] = ()  # soft surfaces: hair, brows, lips
    details: tuple[str, ...] = ()  # thinner lines: eyes, ears, navel
    landmarks: tuple[Landmark, ...] = ()
    zones: tuple[MapZone, ...]


class EarlierBodyMap(BodyMap):
    """A drawing that was replaced. Records keep the version they were made with, and are drawn on it."""

    map: Id


class Technique(Entry):
    """How the needle is used. Pattern ``passes`` is a roller or a stamp: no single points, a film of product on the skin."""

    name: str
    synonyms: tuple[str, ...] = ()
    pattern: Literal["hexagonal", "square", "lines", "points", "passes"]
    depth_mm: Quantity | None = None
    needle_length_mm: Quantity | None = None
    needle_gauge: str | None = None
    angle_deg: Quantity | None = None
    inserted_length_mm: Quantity | None = None
    volume_per_point_ml: Quantity | None = None
    spacing_mm: Quantity | None = None
    points: Quantity | None = None  # a figure of so many points in one place; None: the points fill the area
    passes: Quantity | None = None  # over each place, for the pattern of that name
    how: tuple[Statement, ...]
    target_layer: Literal["epidermis", "dermis", "hypodermis"] | None = None
    warnings: tuple[Statement, ...] = ()


class NeedleHint(Known):
    """A needle length that pages name for a part of the body: shown beside the device, never reckoned with."""

    region: str
    zone: Id | None = None
    length_mm: Quantity


class Device(Entry):
    """What holds the needle. Settings that no source gives stay in ``data_gaps``."""

    name: str
    synonyms: tuple[str, ...] = ()
    needles: Quantity | None = None  # how many at once
    needle_length_mm: Quantity | None = None
    how: tuple[Statement, ...] = Field(min_length=1)
    risks: tuple[Statement, ...] = ()
    cleaning: tuple[Statement, ...] = ()
    regulatory: tuple[Standing, ...] = ()
    techniques: tuple[Id, ...] = ()
    needle_hints: tuple[NeedleHint, ...] = ()
    data_gaps: tuple[str, ...] = ()


class Prior(Cited):
    """How far a parameter may be off: 5 of 100 lie below ``low`` and 5 above ``high``, in the unit of its quantity."""

    shape: Literal["lognormal", "normal", "uniform"]
    low: Number
    high: Number

    @model_validator(mode="after")
    def _ordered(self) -> Prior:
        if self.low >= self.high or (self.shape == "lognormal" and self.low <= 0):
            raise ValueError("low is below high, and above zero for a lognormal")
        return self


PARAMETER_GROUPS = {
    "diffusion": "How fast it spreads", "binding": "What holds it", "capillaries": "What the blood takes", "lymph": "What the lymph takes",
    "flow": "Blood flow", "layers": "Layers", "depot": "The depot", "channels": "Channels of microneedles", "validity": "Where the model ends",
}  # fmt: skip


class DeliveryParameter(Entry):
    """A number of tissue, depot or device that the delivery engine reckons with."""

    name: str
    group: Literal["diffusion", "binding", "capillaries", "lymph", "flow", "layers", "depot", "channels", "validity"]
    quantity: Quantity
    assumed: bool = False  # nothing was read; what stands here is taken so that something can be reckoned, and its prior says how far it may be off
    prior: Prior | None = None  # None: not varied
    basis: tuple[Statement, ...] = ()  # what else was measured of it


MEASUREMENT_GROUPS = {
    "small": "Small molecules", "peptides": "Peptides", "large": "Proteins and other large molecules", "spread": "How it spreads", "depth": "Depth and place",
    "outside": "Beside what the engine reckons",
}  # fmt: skip
COMPARED = {
    "rate": "what leaves an hour", "half_life": "when half has left", "gone": "the part that is gone after a time", "spread": "diffusivity",
    "vessels": "the part that the walls of the capillaries let through", "wheal": "area of the wheal", "route": "which of two ways is the faster",
    "depth": "what a deeper injection changes", "size": "whether the heavier is the slower",
}  # fmt: skip


class Measured(Known):
    """One thing that was measured, and, where a substance of another size was measured beside it, that size."""

    what: str
    quantity: Quantity
    molar_mass: Quantity | None = None


class ResidenceMeasurement(Entry):
    """What was measured of something injected into or under the skin: how long it stays, how it spreads. The engine is held beside it.

    ``compared`` says by which prediction; without one, ``outside`` says why there is none.
    """

    name: str
    group: Literal["small", "peptides", "large", "spread", "depth", "outside"]
    species: Literal["human", "pig", "rabbit", "rat"]
    subjects: int | None = None
    route: Literal["intradermal", "subcutaneous", "both", "topical", "perineural", "intravenous"]
    site: str
    zone: Id | None = None  # the zone whose skin the engine takes for it
    volume: Quantity | None = None  # mL at one point
    ingredient: Id | None = None  # where it is in the library; else the numbers below
    molar_mass: Quantity | None = None
    log_p: Quantity | None = None  # None: stays in the water
    pka: Quantity | None = None  # of an acid that binds to albumin as the anti-inflammatory acids do; None: not bound
    compared: Literal["rate", "half_life", "gone", "spread", "vessels", "wheal", "route", "depth", "size"] | None = None
    measured: tuple[Measured, ...] = ()
    after: Quantity | None = None  # h, at which a part is gone
    accepted: Quantity | None = None  # between which a prediction passes, where not by a factor
    set_by_it: tuple[Id, ...] = ()  # parameters that were read from it, so that it is no test of them
    said: tuple[Statement, ...] = ()
    outside: Statement | None = None

    @model_validator(mode="after")
    def _compared_or_not(self) -> ResidenceMeasurement:
        if (self.compared is None) == (self.outside is None):
            raise ValueError("give what is compared, or why nothing is")
        if self.compared is not None and (self.zone is None or not self.measured):
            raise ValueError("what is compared needs a zone and a measured value")
        if self.compared == "gone" and self.after is None:
            raise ValueError("after which time it was gone is missing")
        return self


class BlendPart(Known):
    presentation: Id
    volume_ml: Quantity


class Evaluation(Known):
    after_treatments: Quantity | None = None
    after_days: Quantity | None = None  # counted from the first treatment unless note says otherwise
    text: Statement


class TreatmentDays(Cited):
    """The days of the treatments where a trial's intervals are uneven; the first treatment is day 0."""

    days: tuple[int, ...] = Field(min_length=2)


class Protocol(Entry):
    name: str
    indication: Id
    policy: Id  # the strictest policy profile this protocol fits
    ingredients: tuple[Id, ...]
    blend: tuple[BlendPart, ...]
    technique: Id
    sessions: Quantity
    interval_days: Quantity | None = None  # None: one treatment only, so that there is no interval
    treatment_days: TreatmentDays | None = None  # goes before interval_days where given
    volume_per_point_ml: Quantity | None = None  # where the trial's differ from the technique's own
    spacing_mm: Quantity | None = None
    inserted_length_mm: Quantity | None = None
    points: Quantity | None = None
    evaluation: Evaluation
    stop_rule: Statement
    maintenance: Statement
    maintenance_interval_days: Quantity | None = None  # None: no interval is established
    aftercare: tuple[Id, ...] = ()
    trials: tuple[str, ...] = ()
    verdict: Literal["supported", "mixed", "unproven", "negative", "label", "unknown"]
    summary: Statement
    confirm: tuple[str, ...] = ()  # what the clinician must confirm before the plan can be signed
    data_gaps: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _spaced(self) -> Protocol:
        if self.interval_days is None and self.sessions.high != 1:
            raise ValueError("more than one treatment has an interval: give interval_days")
        return self


class Indication(Entry):
    name: str
    application: Application
    zones: tuple[Id, ...] = Field(min_length=1)  # the first is the default
    protocols: tuple[Id, ...] = Field(min_length=1)  # the first is the default
    scales: tuple[Id, ...]
    primary_scale: Id
    evidence: Statement
    alternatives: tuple[Id, ...]
    untreated: Id  # the comparison that tells what happens without treatment: an option every patient has
    reactions: tuple[Id, ...]


class Arm(Known):
    name: str
    ingredients: tuple[Id, ...] = ()  # every active injected in this arm; empty: none, not known, or not all of them known here
    value: Number | None = None
    spread: Number | None = None  # standard deviation
    n: int | None = None
    text: str | None = None


class Outcome(Known):
    measure: str
    time: str
    kind: Literal["proportion", "change", "value", "direction", "difference"]  # difference: the treated arm minus its control
    unit: str | None = None
    active: Arm
    control: Arm | None = None
    better: Literal["higher", "lower"]
    result: str  # "between arms not significant", "p = 0.026 against baseline"
    at: str


class Trial(Known):
    """A trial as reported. Ids are the short keys used throughout the reference."""

    id: str
    reviewed: dt.date
    source: Names
    grade: Grade
    application: Application
    condition: str
    design: str
    n: int | None
    active: str
    control: str | None
    schedule: str
    outcomes: tuple[Outcome, ...]
    adverse_events: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()


class Outbreak(Known):
    """Infections after injections, as reported: those of one source, or a series that was gathered. Ids are the short keys used throughout the reference.

    ``cases`` by ``exposed`` is the attack rate, where both are known and mean the same people.
    """

    id: str
    reviewed: dt.date
    source: Names
    grade: Grade
    place: str
    when: str | None = None
    kind: Literal["outbreak", "series", "review"]  # series: patients of one hospital, laboratory or country; review: of many reports
    cases: int | None = None  # None: there is no one number
    exposed: int | None = None  # None: nobody counted
    counted: str  # who counts as a case and as exposed, and where it stands
    agent: str
    vehicle: Statement  # what carried it, as far as anybody found out
    incubation_days: Quantity | None = None  # the shortest and the longest
    usual_incubation_days: Quantity | None = None  # the median or the mean; the note says which
    lessons: tuple[Statement, ...] = Field(min_length=1)
    reactions: tuple[Id, ...] = ("ntm",)
    devices: tuple[Id, ...] = ()
    ingredients: tuple[Id, ...] = ()
    conflict: Conflict | None = None
    notes: tuple[str, ...] = ()


class Claim(Entry):
    """What is said of mesotherapy, by whom, and what the evidence says."""

    name: Annotated[str, Field(pattern=r"^“.+”$")]  # the claim in few words, in quotation marks: a title must not read as Pistor's own word
    said: Statement  # the claim in our words, and a page or paper that makes it
    standing: Literal["supported", "partly_supported", "unproven", "contradicted", "historical"]
    evidence: tuple[Statement, ...] = Field(min_length=1)
    instead: str  # what Pistor says
    about: tuple[About, ...] = ()


SIGN_GROUPS = {
    "whole_body": "Breathing, circulation, whole body", "face": "Eyes, face and feeling", "lump": "Lumps and firm spots",
    "skin": "Skin and hair", "pain": "Pain",
}  # fmt: skip


class Sign(Entry):
    """Something a patient can see or feel after a treatment. ``group`` is where a form asks for it."""

    group: Literal["whole_body", "face", "lump", "skin", "pain"]
    text: Phrase
    said: tuple[str, ...] = ()  # how people put it in their own words, in any language of the forms


class Reaction(Entry):
    name: str
    applications: tuple[Application, ...] = tuple(Application)
    ingredients: tuple[Id, ...] = ()  # empty: any
    signs: tuple[Id, ...]
    frequency: tuple[Quantity, ...] = ()  # percent; empty: frequency not established
    onset_hours: Quantity
    course: Statement | None = None
    red_flags: tuple[Statement, ...] = ()
    first_line: tuple[Statement, ...]
    basis: tuple[Statement, ...] = Field(min_length=1)


class TriageRule(Entry):
    """Which signs, how long after, need whom. The most urgent rule that fits wins; several may fit."""

    level: Literal["emergency", "today", "this_week", "advice"]
    any_of: tuple[Id, ...]
    and_any_of: tuple[Id, ...] = ()
    from_hours: Quantity | None = None
    from_any_treatment: bool = False  # from_hours counts from the patient's first treatment, not from the newest
    until_hours: Quantity | None = None
    applications: tuple[Application, ...] = tuple(Application)
    suspects: tuple[Id, ...]  # reactions
    action: Phrase
    work_up: tuple[Statement, ...] = ()
    basis: tuple[Statement, ...] = Field(min_length=1)


class AftercareRule(Entry):
    item: str
    applications: tuple[Application, ...] = tuple(Application)
    techniques: tuple[Id, ...] = ()
    ingredients: tuple[Id, ...] = ()
    hours: Quantity | None = None  # how long; a range shows that sources disagree
    order: int
    text: Phrase  # may hold {until}: the date and time at which the longer end is over
    basis: tuple[Statement, ...] = Field(min_length=1)


class CheckIn(Entry):
    """A planned contact: after each treatment, or only after the first or the last of a course."""

    after: Literal["each_treatment", "first_treatment", "last_treatment"] = "each_treatment"
    applications: tuple[Application, ...] = tuple(Application)
    after_days: Quantity
    text: Phrase
    basis: tuple[Statement, ...] = Field(min_length=1)


class ScaleItem(Known):
    id: Id
    text: str
    min: Number
    max: Number
    anchors: tuple[str, ...] = ()


class ScaleTerm(Known):
    """One part of a score that is no plain sum: the named items multiplied with each other and with ``factor``."""

    factor: Number
    items: tuple[Id, ...] = Field(min_length=1)


class Scale(Entry):
    name: str
    short: str
    applications: tuple[Application, ...]
    rater: Literal["patient", "clinician", "device"]
    better: Literal["higher", "lower", "none"]
    items: tuple[ScaleItem, ...] = Field(min_length=1)  # the score is their sum, or the sum of the terms
    terms: tuple[ScaleTerm, ...] = ()  # area times darkness times the part of the face, as in melasma
    unit: str | None = None
    range: Quantity | None = None
    mcid: tuple[Quantity, ...] = ()  # empty: unknown. Unit "%" means relative to baseline
    mcid_unknown: str | None = None  # why it is unknown
    bands: tuple[Statement, ...] = ()
    use: tuple[Statement, ...]
    rates_change: bool = False  # the scale itself rates the change since treatment; it has no baseline

    @model_validator(mode="after")
    def _every_item_counts(self) -> Scale:
        named = [item for term in self.terms for item in term.items]
        if self.terms and sorted(named) != sorted(item.id for item in self.items):
            raise ValueError("the terms name every item once")
        return self


class Comparison(Entry):
    """One option in the neutral comparison. A row without a statement is shown as unknown."""

    name: str
    applications: tuple[Application, ...]
    rows: dict[
        Literal[
            "target", "mechanism", "setting", "onset", "duration", "downtime", "candidates", "adverse_events", "efficacy"
        ],
        Statement,
    ]


class ChecklistStep(Entry):
    order: int
    phase: Literal["before", "preparation", "during", "after"]
    text: str
    applications: tuple[Application, ...] = tuple(Application)
    required: bool = True
    basis: tuple[Statement, ...] = Field(min_length=1)


class ConsentText(Entry):
    """A versioned consent text. ``sections`` may hold the placeholders the consent step fills from the plan."""

    version: int
    language: Language
    title: str
    sections: tuple[ConsentSection, ...]
    words: dict[str, str] = {}  # what this language says for "<kind>.<id>", where the knowledge itself is in English


class ConsentSection(Known):
    heading: str
    body: str
    needs: Literal["always", "off_label", "alternatives", "risks", "blend"] = "always"


KINDS: dict[str, type[Known]] = {
    "sources": Source,
    "conflicts": Conflict,
    "ingredients": Ingredient,
    "presentations": Presentation,
    "incompatibilities": Incompatibility,
    "mixture_rules": MixtureRule,
    "thresholds": Threshold,
    "methods": Method,
    "allergen_groups": AllergenGroup,
    "policies": Policy,
    "concepts": Concept,
    "questions": Question,
    "contraindications": Contraindication,
    "jurisdictions": Jurisdiction,
    "zones": Zone,
    "body_maps": BodyMap,
    "earlier_body_maps": EarlierBodyMap,
    "techniques": Technique,
    "devices": Device,
    "delivery_parameters": DeliveryParameter,
    "residence_measurements": ResidenceMeasurement,
    "protocols": Protocol,
    "indications": Indication,
    "trials": Trial,
    "outbreaks": Outbreak,
    "signs": Sign,
    "reactions": Reaction,
    "triage_rules": TriageRule,
    "aftercare_rules": AftercareRule,
    "check_ins": CheckIn,
    "scales": Scale,
    "comparisons": Comparison,
    "claims": Claim,
    "checklist_steps": ChecklistStep,
    "consent_texts": ConsentText,
}
