"""From a zone to the layers that the engine takes: measured at the place and in the sex where that was done, else said to be assumed."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from pistor.care.evidence import Effect, Finding, SourceRef, cited
from pistor.care.exposure.solute import Solute
from pistor.care.exposure.values import How, Value, measured, parameter
from pistor.delivery.problem import FAR, SINK, Layer, Tissue
from pistor.delivery.properties import Clearance
from pistor.knowledge import Library
from pistor.knowledge.model import SiteLayer, Zone

EPIDERMIS, PAPILLARY, RETICULAR, HYPODERMIS = "epidermis", "papillary dermis", "reticular dermis", "hypodermis"
SEXES = ("female", "male")


@dataclass(frozen=True, slots=True)
class SkinLayer:
    """A layer with its thickness (mm), and its capillaries as a multiple of those of the dermis; 0 where there are none."""

    name: str
    thickness: Value
    capillaries: Value | None


@dataclass(frozen=True, slots=True)
class Site:
    """Where is injected: layers from the surface down, blood flow of the skin per hour, what lies below."""

    zone: str
    layers: tuple[SkinLayer, ...]
    flow: Value
    bottom: str
    findings: tuple[Finding, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """What a page shows one click away."""
        return self.flow, *(value for layer in self.layers for value in (layer.thickness, layer.capillaries) if value is not None)


@dataclass(frozen=True, slots=True)
class Variation:
    """By how much to multiply, or what to take instead of the value at hand; named as the parameters whose priors they follow."""

    diffusivity_factor: float = 1.0
    clearance_factor: float = 1.0
    dermis_factor: float = 1.0
    flow_factor: float = 1.0  # of a period: hyperaemia, vasoconstrictor
    viable_epidermis: float | None = None  # mm
    papillary_clearance: float | None = None
    hypodermis_clearance: float | None = None


@dataclass(frozen=True, slots=True)
class FlowPeriod:
    """From a time on the blood flow is so many times that at rest."""

    from_h: float
    factor: float
    name: str
    sources: tuple[SourceRef, ...]


AS_READ = Variation()
REFERENCE = Value("Capillaries of the reticular dermis", 1.0, "ratio", How.CORRELATION, (), "those of the correlation")


def site_of(zone_id: str, library: Library, *, sex: str | None = None, place: str | None = None) -> Site:
    """The layers of a zone, of one ``place`` in it where given (as forehead). ``ValueError`` with a sentence where it is unknown.

    Age changes no layer here: no thickness by age could be read.
    """
    zone = library.zones.get(zone_id)
    if zone is None:
        raise ValueError(f"zone is {zone_id!r}; choose one of {', '.join(sorted(library.zones))}.")
    if sex is not None and sex not in SEXES:
        raise ValueError(f"sex is {sex!r}; choose one of {', '.join(SEXES)}, or leave it out.")
    places = sorted({layer.site for layer in zone.measured})
    if place is not None and place not in places:
        raise ValueError(f"place is {place!r}; choose one of {', '.join(places)} in {zone.name}." if places else f"No place in {zone.name} was measured alone.")
    epidermis = parameter("viable_epidermis", library)
    dermis = _dermis(zone, library, sex, place, epidermis)
    findings = [_assumed(zone, "the thickness of the dermis")] if dermis.how is How.ASSUMED else []
    part = parameter("papillary_part", library)
    fat, bottom = _fat(zone, library)
    if bottom == FAR:
        findings.append(_assumed(zone, "how thick the fat is, so it is taken to go on without end"))
    if zone.skin_flow is None:
        findings.append(_assumed(zone, "the blood flow of its skin, so a middle one is taken"))
    layers = (
        SkinLayer(EPIDERMIS, epidermis, None),
        SkinLayer(PAPILLARY, _share(dermis, part, part.number), parameter("papillary_clearance", library)),
        SkinLayer(RETICULAR, _share(dermis, part, 1 - part.number), REFERENCE),
        SkinLayer(HYPODERMIS, fat, parameter("hypodermis_clearance", library)),
    )
    return Site(zone.id, layers, _flow(zone, library), bottom, tuple(findings))


def tissue_of(site: Site, solute: Solute, variation: Variation = AS_READ) -> Tissue:
    """The layers with what the correlations make of the solute in them."""
    layers = []
    for layer, clearance in zip(site.layers, clearances(site, solute, variation), strict=True):
        fat = layer.name == HYPODERMIS
        diffusivity = solute.diffusivity_mm2_per_h(fat) * variation.diffusivity_factor
        layers.append(Layer(layer.name, _thickness(layer, variation), diffusivity, clearance.total_per_h, solute.partition(fat)))
    return Tissue(tuple(layers), site.bottom)


def clearances(site: Site, solute: Solute, variation: Variation = AS_READ) -> tuple[Clearance, ...]:
    """What each layer loses an hour to blood, lymph and metabolism."""
    found = []
    for layer in site.layers:
        times = _capillaries(layer, variation)
        if times is None:
            found.append(Clearance(0.0, 0.0, solute.metabolism_per_h))
            continue
        one = solute.clearance(site.flow.number * variation.flow_factor, times, fat=layer.name == HYPODERMIS)
        found.append(Clearance(one.blood_per_h * variation.clearance_factor, one.lymph_per_h * variation.clearance_factor, one.metabolism_per_h))
    return tuple(found)


def flow_periods(library: Library, *, vasoconstrictor: bool = False) -> tuple[FlowPeriod, ...]:
    """The flow after an injection, piece by piece: raised by the needle, then at rest; or held down by epinephrine, whose end nobody read."""
    if vasoconstrictor:
        held = parameter("vasoconstrictor_flow", library)
        return (FlowPeriod(0.0, held.number, held.name, held.sources),)
    raised, end = parameter("injection_hyperaemia", library), parameter("injection_hyperaemia_end", library)
    return FlowPeriod(0.0, raised.number, raised.name, raised.sources), FlowPeriod(end.number, 1.0, "Blood flow at rest", end.sources)


def _dermis(zone: Zone, library: Library, sex: str | None, place: str | None, epidermis: Value) -> Value:
    """Without the epidermis. Of the sex and place where they were told apart, else of the zone."""
    layers = [layer for layer in zone.measured if layer.name == "dermis" and layer.sex in (sex, None) and (place is None or layer.site == place)]
    if not layers and place is not None:
        layers = [layer for layer in zone.measured if layer.name == "dermis" and layer.site == place]
    if layers:
        return _mean(layers)
    of_zone = {layer.name: layer.thickness for layer in zone.layers}
    if "dermis" not in of_zone:
        return parameter("dermis_unknown", library)
    whole = measured("Dermis", of_zone["dermis"])
    if "epidermis" in of_zone:
        return whole
    sources = (*whole.sources, *epidermis.sources)
    return Value(whole.name, whole.number - epidermis.number, "mm", whole.how, sources, "measured with the epidermis, which is taken off")


def _mean(layers: list[SiteLayer]) -> Value:
    sites = ", ".join(sorted({layer.site for layer in layers}))
    return Value("Dermis", fmean(float(layer.thickness.low or 0) for layer in layers), "mm", How.MEASURED, cited(layer.thickness for layer in layers), sites)


def _fat(zone: Zone, library: Library) -> tuple[Value, str]:
    for layer in zone.layers:
        if layer.name == "hypodermis":
            return measured("Hypodermis", layer.thickness), SINK
    return parameter("hypodermis_unknown", library), FAR


def _flow(zone: Zone, library: Library) -> Value:
    leg = parameter("skin_flow_leg", library)
    times = measured("", zone.skin_flow) if zone.skin_flow else parameter("skin_flow_unknown", library)
    how = How.CORRELATION if zone.skin_flow else How.ASSUMED
    return Value("Blood flow of the skin", leg.number * times.number, "1/h", how, (*times.sources, *leg.sources), times.note)


def _share(dermis: Value, part: Value, number: float) -> Value:
    return Value(dermis.name, dermis.number * number, "mm", dermis.how, (*dermis.sources, *part.sources), dermis.note)


def _thickness(layer: SkinLayer, variation: Variation) -> float:
    if layer.name == EPIDERMIS and variation.viable_epidermis is not None:
        return variation.viable_epidermis
    factor = variation.dermis_factor if layer.name in (PAPILLARY, RETICULAR) else 1.0
    return layer.thickness.number * factor


def _capillaries(layer: SkinLayer, variation: Variation) -> float | None:
    if layer.capillaries is None:
        return None
    instead = {PAPILLARY: variation.papillary_clearance, HYPODERMIS: variation.hypodermis_clearance}.get(layer.name)
    return layer.capillaries.number if instead is None else instead


def _assumed(zone: Zone, what: str) -> Finding:
    return Finding(f"assumed_{zone.id}", Effect.INFORM, f"{zone.name}: nobody read {what}.")
