"""What pH a blend will have, as far as its parts are known: labelled, computed by charge balance, or between its parts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pistor.care.evidence import SourceRef, cited
from pistor.care.formulation.acid_base import Protolyte, Solution, at_ph, mix, ph_of
from pistor.care.formulation.blend import Interval
from pistor.knowledge import Library
from pistor.knowledge.model import Buffer, Component, Presentation, Protolysis, Quantity

LABELLED = "labelled range of the product"
COMPUTED = "computed by charge balance, from the lower and the upper ends of the labelled ranges"
BETWEEN = "from the lowest to the highest labelled pH of the parts"

Part = tuple[Presentation, Decimal]


def ph_interval(parts: Sequence[Part], library: Library) -> Interval:
    """The pH of ``parts`` (presentation, volume in mL) together. Without a labelled pH of every part there is none."""
    quantities = [presentation.ph for presentation, _ in parts if presentation.ph is not None]
    unknown = tuple(p.name for p, _ in parts if p.ph is None or p.ph.low is None or p.ph.high is None)
    if len(parts) == 1 or unknown:
        low, high = (quantities[0].low, quantities[0].high) if quantities and not unknown else (None, None)
        return Interval(low, high, "pH", LABELLED if len(parts) == 1 else BETWEEN, unknown, cited(quantities))
    predicted = predicted_ph(parts, library)
    if predicted is not None:
        low, high = (round(Decimal(end), 2) for end in predicted)
        return Interval(low, high, "pH", COMPUTED, (), (*cited(quantities), *_sources(parts, library)))
    low = min(quantity.low for quantity in quantities if quantity.low is not None)
    high = max(quantity.high for quantity in quantities if quantity.high is not None)
    return Interval(low, high, "pH", BETWEEN, (), cited(quantities))


def predicted_ph(parts: Sequence[Part], library: Library) -> tuple[float, float] | None:
    """Both ends of the pH by charge balance, or None where a part's weak solutes or its labelled pH are not known."""
    ends = []
    for take in (Quantity.low.fget, Quantity.high.fget):  # type: ignore[attr-defined]
        solutions = []
        for presentation, volume_ml in parts:
            weak, label = weak_solutes(presentation, library), None if presentation.ph is None else take(presentation.ph)
            if weak is None or label is None:
                return None
            solutions.append(at_ph(float(volume_ml), weak, float(label)))
        ends.append(ph_of(mix(solutions)))
    return ends[0], ends[1]


def composed_ph(presentation: Presentation, library: Library) -> float | None:
    """The pH that the label's composition alone predicts, to hold beside the labelled range; None where it does not say enough."""
    weak = weak_solutes(presentation, library)
    if weak is None or any(component.counter_charge is None for component in presentation.components):
        return None
    added = presentation.added_charge
    if added is not None and added.value is None:
        return None
    counter = sum(_mmol_per_ml(component) * (component.counter_charge or 0) for component in presentation.components)
    return ph_of(Solution(1.0, weak, counter + (float(added.value) if added and added.value is not None else 0.0)))


def weak_solutes(presentation: Presentation, library: Library) -> dict[Protolyte, float] | None:
    """Weak acids and bases of a presentation in mmol/mL; None where one of its substances is not known to be one or none."""
    found: dict[Protolyte, float] = {}
    for component in presentation.components:
        protolysis = library.ingredients[component.ingredient].protolysis
        if protolysis is None:
            return None
        if not protolysis.pka:
            continue
        if component.molar_mass is None or component.strength.value is None or component.strength.unit != "mg/mL":
            return None
        protolyte = _protolyte(protolysis)
        found[protolyte] = found.get(protolyte, 0.0) + _mmol_per_ml(component)
    for buffer in presentation.buffers:
        protolyte = _protolyte(buffer.protolysis)
        found[protolyte] = found.get(protolyte, 0.0) + _mmol_per_ml(buffer)
    return found


def _protolyte(protolysis: Protolysis) -> Protolyte:
    return Protolyte(protolysis.charge, tuple(float(pka.value) for pka in protolysis.pka if pka.value is not None))


def _mmol_per_ml(solute: Component | Buffer) -> float:
    if solute.molar_mass is None or solute.molar_mass.value is None or solute.strength.value is None:
        return 0.0
    return float(solute.strength.value / solute.molar_mass.value)


def _sources(parts: Sequence[Part], library: Library) -> tuple[SourceRef, ...]:
    used = [component for presentation, _ in parts for component in presentation.components]
    protolyses = [library.ingredients[component.ingredient].protolysis for component in used]
    masses = [component.molar_mass for component in used if component.molar_mass is not None]
    buffers = [buffer for presentation, _ in parts for buffer in presentation.buffers]
    protolyses += [buffer.protolysis for buffer in buffers]
    return cited([*(pka for protolysis in protolyses if protolysis for pka in protolysis.pka), *masses, *(buffer.molar_mass for buffer in buffers)])
