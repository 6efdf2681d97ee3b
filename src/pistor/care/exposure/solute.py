"""From an ingredient to what the engine needs to know of it: each value measured first, by correlation second, else refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pistor.care.evidence import Effect, Fact, Finding, SourceRef, cited
from pistor.care.exposure.values import How, Value, constants_of, measured, middle
from pistor.delivery import properties as p
from pistor.knowledge import Library
from pistor.knowledge.model import Ingredient, OutsideModel, Physchem, Quantity

_G_PER_MG = 0.001
_MOSTLY_FREE = 0.5
_IN_WATER = -5.0  # log P of what stays in water
_MIN_PER_H = 60.0


@dataclass(frozen=True, slots=True)
class Fenced:
    """What the engine gives no number for, and why. ``missing`` are the inputs that nobody measured or nobody entered."""

    id: str
    name: str
    kind: str  # label_rules, residence, dissolution, receptor; lipophilic, volume, missing
    reason: str
    sources: tuple[SourceRef, ...] = ()
    missing: tuple[str, ...] = ()
    half_life: Value | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "name": self.name, "kind": self.kind, "reason": self.reason, "missing": list(self.missing),
            "sources": [source.as_dict() for source in self.sources], "half_life": self.half_life.as_dict() if self.half_life else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plasma:
    """What the body does with it once it is in the blood, and other ways in. Each is None where nobody read it."""

    clearance: Value | None = None  # L/h/kg
    volume: Value | None = None  # L/kg, of one compartment
    half_life: Value | None = None  # h
    central_volume: Value | None = None  # L/kg, with the next two: two compartments
    peripheral_volume: Value | None = None  # L/kg
    exchange: Value | None = None  # L/h/kg
    oral_bioavailability: Value | None = None
    oral_tmax: Value | None = None  # h
    im_bioavailability: Value | None = None
    im_tmax: Value | None = None  # h
    topical_absorbed: Value | None = None
    limits: tuple[Value, ...] = ()  # mg/L above which harm was seen; the note says which


@dataclass(frozen=True)
class Solute:
    """A dissolved substance: its inputs, and what the correlations make of them."""

    id: str
    name: str
    classes: tuple[str, ...]
    molar_mass: Value  # g/mol
    log_p: Value
    neutral: Value  # part without charge at pH 7.4
    unbound: Value  # part not bound in the fluid of the skin
    constants: p.Constants
    plasma: Plasma
    metabolism_per_h: float = 0.0  # in the tissue; nobody measured one
    findings: tuple[Finding, ...] = field(default=())

    @property
    def values(self) -> tuple[Value, ...]:
        """What a page shows one click away."""
        return self.molar_mass, self.log_p, self.neutral, self.unbound

    @cached_property
    def binding(self) -> float:
        """Everything in the skin for each part that is free in its water."""
        return p.binding_factor(self.unbound.number, self.log_p.number, self.neutral.number, self.constants)

    @cached_property
    def binding_in_fat(self) -> float:
        return p.binding_factor_in_fat(self.binding, self.log_p.number, self.neutral.number, self.constants)

    @cached_property
    def mobility_mm2_per_h(self) -> float:
        """Diffusivity of everything together, times what is held for each free part: the same in skin and fat."""
        free = p.free_diffusivity_mm2_per_h(self.molar_mass.number, self.constants)
        return self.binding * p.effective_diffusivity_mm2_per_h(free, self.unbound.number, self.binding, self.constants)

    @cached_property
    def permeability_surface_per_h(self) -> float:
        return p.permeability_surface_per_h(self.molar_mass.number, self.log_p.number, self.constants)

    def held(self, fat: bool) -> float:
        return self.binding_in_fat if fat else self.binding

    def diffusivity_mm2_per_h(self, fat: bool = False) -> float:
        return self.mobility_mm2_per_h / self.held(fat)

    def partition(self, fat: bool = False) -> float:
        """Concentration in the layer over that in water."""
        return p.partition(self.held(fat), self.constants)

    def clearance(self, flow_per_h: float, capillaries: float = 1.0, fat: bool = False) -> p.Clearance:
        """What a layer loses with this flow of blood, and so many times the capillaries of the correlation."""
        wall = self.permeability_surface_per_h * capillaries
        return p.layer_clearance(wall, flow_per_h * capillaries, self.held(fat), self.constants.lymph, self.metabolism_per_h)


def solute_of(
    ingredient: str, library: Library, *, presentation: str | None = None, depot_mg_per_ml: float | None = None, volume_per_point_ml: float | None = None
) -> Solute | Fenced:
    """The substance as the engine takes it, or why it does not. ``KeyError`` where there is no such ingredient.

    ``depot_mg_per_ml`` is what it is injected at: far above what albumin can hold, next to nothing of it is bound.
    """
    entry = library.ingredients[ingredient]
    product = library.presentations.get(presentation) if presentation else None
    outside = entry.outside_model or (product.outside_model if product else None)
    fence = _outside(entry, outside) if outside else _too_much(entry, volume_per_point_ml, library)
    return fence or _solute(entry, depot_mg_per_ml, library)


def _solute(entry: Ingredient, depot_mg_per_ml: float | None, library: Library) -> Solute | Fenced:
    known = entry.physchem or Physchem()
    mass = measured("Molar mass", known.molar_mass) if known.molar_mass and known.molar_mass.unit == "g/mol" else None
    log_p = _log_p(entry, known)
    if mass is None or log_p is None:
        return _missing(entry, *(name for name, value in (("molar mass", mass), ("log P", log_p)) if value is None))
    top = library.delivery_parameters["log_p_max"].quantity
    if log_p.number > middle(top):
        reason = f"log P {log_p.number:g} is above {middle(top):g}: it goes into fat and dissolves slowly, which the engine does not reckon."
        return Fenced(entry.id, entry.name, "lipophilic", reason, (*log_p.sources, *cited((top,))))
    neutral = _neutral(entry, known, log_p)
    if neutral is None:
        return _missing(entry, "pKa")
    unbound = _unbound(entry, known, log_p, neutral, library)
    findings = list(_findings(entry, depot_mg_per_ml, library))
    if neutral.how is How.ASSUMED:
        findings.append(Finding("charge_assumed", Effect.INFORM, f"{entry.name}: no pKa was read, so it is taken to carry no charge."))
    if (full := _saturated(entry, mass, unbound, depot_mg_per_ml, library)) is not None:
        unbound = Value(unbound.name, 1.0, unbound.unit, How.ASSUMED, full.sources, "albumin is used up")
        findings.append(full)
    return Solute(entry.id, entry.name, entry.classes, mass, log_p, neutral, unbound, constants_of(library), _plasma(known), findings=tuple(findings))


def _too_much(entry: Ingredient, volume_per_point_ml: float | None, library: Library) -> Fenced | None:
    most = library.delivery_parameters["point_volume_max"].quantity
    if volume_per_point_ml is None or volume_per_point_ml <= middle(most):
        return None
    reason = f"{volume_per_point_ml:g} mL in one point is more than {middle(most):g} mL: pressure and flow spread it, which the engine does not reckon."
    return Fenced(entry.id, entry.name, "volume", reason, cited((most,)))


def _missing(entry: Ingredient, *what: str) -> Fenced:
    reason = f"No {' and no '.join(what)} could be read, so nothing is reckoned."
    return Fenced(entry.id, entry.name, "missing", reason, missing=what)


def _outside(entry: Ingredient, outside: OutsideModel) -> Fenced:
    stays = measured("Half-life in the tissue", outside.half_life) if outside.half_life else None
    return Fenced(entry.id, entry.name, outside.kind, outside.text, cited((outside,)), half_life=stays)


def _log_p(entry: Ingredient, known: Physchem) -> Value | None:
    """The measured one; else the estimate of the best grade, the first of them where several have it. A peptide needs none."""
    if known.log_p is not None:
        return measured("log P", known.log_p)
    best = min(known.log_p_estimated, key=lambda one: one.grade, default=None)
    if best is not None:
        return measured("log P", best, how=How.CORRELATION)
    if "macromolecule" in entry.classes:
        return Value("log P", _IN_WATER, "log10", How.ASSUMED, (), "plays no part: a molecule of this size does not go through cells")
    return None


def _neutral(entry: Ingredient, known: Physchem, log_p: Value) -> Value | None:
    """By pKa; else by how far log D lies below log P; else without a charge, unless it is known to be an acid or a base."""
    name = "Part without charge at pH 7.4"
    if entry.protolysis is not None:
        part = p.neutral_fraction(entry.protolysis.charge, [middle(pka) for pka in entry.protolysis.pka])
        return Value(name, part, "fraction", How.MEASURED, cited(entry.protolysis.pka))
    if known.log_d_7_4 is not None:
        part = min(1.0, 10.0 ** (middle(known.log_d_7_4) - log_p.number))
        return Value(name, part, "fraction", How.CORRELATION, (*cited((known.log_d_7_4,)), *log_p.sources))
    if {"weak_acid", "weak_base", "strong_acid_or_base"} & set(entry.classes):
        return None
    return Value(name, 1.0, "fraction", How.ASSUMED, (), "no pKa is known")


def _unbound(entry: Ingredient, known: Physchem, log_p: Value, neutral: Value, library: Library) -> Value:
    """From what was measured in plasma; else by the partition of all charge states."""
    name, c = "Part not bound in the fluid of the skin", constants_of(library)
    skin = library.delivery_parameters["albumin_in_skin"].quantity
    plasma: Quantity | None = known.unbound_in_plasma or known.bound_in_plasma
    if plasma is not None:
        free = middle(plasma) if plasma is known.unbound_in_plasma else 1.0 - middle(plasma) / 100.0
        return Value(name, p.unbound_from_plasma(free, c), "fraction", How.MEASURED, cited((plasma, skin)), "measured in plasma, carried over by the albumin")
    kind = _kind(entry)
    slope = library.delivery_parameters[f"albumin_{kind.value}_slope"].quantity
    part = p.unbound_by_correlation(p.log_d(log_p.number, neutral.number), kind, c)
    return Value(name, part, "fraction", How.CORRELATION, (*log_p.sources, *cited((slope,))))


def _kind(entry: Ingredient) -> p.Binding:
    if "nsaid" in entry.classes:
        return p.Binding.ACID
    return p.Binding.OTHER_ACID if "weak_acid" in entry.classes or _loses_first(entry) else p.Binding.BASE


def _loses_first(entry: Ingredient) -> bool:
    """Whether the form with all protons has no charge and loses one below the pH of the tissue."""
    protolysis = entry.protolysis
    return protolysis is not None and protolysis.charge == 0 and any(middle(pka) < p.PH for pka in protolysis.pka)


def _plasma(known: Physchem) -> Plasma:
    def value(name: str, quantity: Quantity | None) -> Value | None:
        if quantity is None:
            return None
        found = measured(name, quantity)
        if quantity.unit != "mL/min/kg":
            return found
        return Value(name, found.number * _MIN_PER_H / 1000.0, "L/h/kg", found.how, found.sources, found.note)

    return Plasma(
        value("Clearance", known.clearance),
        value("Volume of distribution", known.volume_of_distribution),
        value("Half-life", known.half_life),
        value("Central volume", known.central_volume),
        value("Peripheral volume", known.peripheral_volume),
        value("Exchange between the two", known.exchange_clearance),
        value("Taken up by mouth", known.oral_bioavailability),
        value("Peak after a dose by mouth", known.oral_tmax),
        value("Taken up from muscle", known.im_bioavailability),
        value("Peak after a dose into muscle", known.im_tmax),
        value("Taken up through whole skin", known.topical_absorbed),
        tuple(measured("Concentration in plasma", limit) for limit in known.plasma_limits),
    )


def _saturated(entry: Ingredient, mass: Value, unbound: Value, depot_mg_per_ml: float | None, library: Library) -> Finding | None:
    """What is held mostly by albumin and comes in far more of it than there is."""
    saturation = library.delivery_parameters["albumin_saturation"].quantity
    most = middle(saturation) * mass.number * _G_PER_MG
    if depot_mg_per_ml is None or depot_mg_per_ml <= most or unbound.number >= _MOSTLY_FREE:
        return None
    text = (
        f"{entry.name} at {depot_mg_per_ml:g} mg/mL uses up the albumin of the skin, which holds about {most:.2g} mg/mL: it is reckoned as not bound. "
        "The last of it stays longer than shown."
    )
    return Finding("binding_saturated", Effect.INFORM, text, sources=cited((saturation,)))


def _findings(entry: Ingredient, depot_mg_per_ml: float | None, library: Library) -> Iterator[Finding]:
    """Where the answer holds less well. It is given all the same."""
    strong = library.delivery_parameters["strong_solution"]
    if depot_mg_per_ml is not None and depot_mg_per_ml > middle(strong.quantity):
        text = f"{entry.name} at {depot_mg_per_ml:g} mg/mL is no dilute solution: osmosis acts in the first minutes, which the engine leaves out."
        because = (Fact("Strength in the depot", f"{depot_mg_per_ml:g} mg/mL", None, "blend"),)
        yield Finding("strong_solution", Effect.INFORM, text, because, sources=cited((strong.quantity, *strong.basis)))
    if "macromolecule" in entry.classes:
        text = f"{entry.name} is a large molecule: that it is bound where it acts is left out, and peptides were seen to leave faster than reckoned."
        yield Finding("large_molecule", Effect.INFORM, text, sources=cited(library.methods["skin_clearance"].cautions[:1]))
    if {"methylxanthine", "vasoactive", "local_anaesthetic"} & set(entry.classes):
        seen = library.delivery_parameters["injection_hyperaemia"].basis if "local_anaesthetic" in entry.classes else ()
        yield Finding("vasoactive", Effect.INFORM, f"{entry.name} may change the flow of blood that carries it off: that is left out.", sources=cited(seen))
