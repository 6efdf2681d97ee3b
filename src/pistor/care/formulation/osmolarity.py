"""What a blend does to cells beside it: its osmolarity as a range, and the sodium chloride that would make it isotonic.

What a label states or somebody measured goes before what its composition gives. The ideal sum counts every ion as if it
swam alone, so it is an upper estimate; its lower end is as far below as it was ever found to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pistor.care.evidence import SourceRef, cited
from pistor.care.formulation.blend import Interval, plain
from pistor.knowledge import Library
from pistor.knowledge.model import Component, Presentation, Quantity, Solute

_BAND = "that can be too high, so the range begins at the lowest that was measured beside one"
SINGLE, SINGLE_IDEAL = "value of the product", f"ideal value of its composition; {_BAND}"
LABELLED = "mean of the parts by volume, labelled or measured values"
IDEAL = f"mean of the parts by volume, the ideal value where none is labelled; {_BAND}"

Parts = Sequence[tuple[Presentation, Decimal]]

# methods/nacl_equivalent: molar mass and factor of sodium chloride, the factor by the number of particles, and what is isotonic.
_NACL, _I_NACL, _ISOTONIC_MG_PER_ML = Decimal("58.5"), Decimal("1.8"), Decimal(9)
_I: dict[tuple[int, ...], Decimal] = {(1,): Decimal("1.0"), (2,): Decimal("1.8")}
# methods/freezing_point: the depression by 1 % of sodium chloride, in degrees Celsius.
_DEPRESSION = Decimal("0.576")


@dataclass(frozen=True, slots=True)
class Osmolar:
    """One part's osmolarity. ``stated`` is the label's or the measured one; ``ideal`` what its composition gives."""

    presentation: str
    name: str
    stated: Quantity | None
    ideal: Quantity | None
    low: Decimal | None
    high: Decimal | None

    @property
    def sources(self) -> tuple[SourceRef, ...]:
        return cited([one for one in (self.stated or self.ideal,) if one is not None])


@dataclass(frozen=True, slots=True)
class Tonicity:
    """What the blend holds as grams of sodium chloride that hold back as much water. ``unknown`` names the parts it leaves out.

    ``to_add_mg`` is the sodium chloride that makes it isotonic; None where a part is unknown, negative where it is above
    isotonic already. ``depression_c`` is by how much it freezes below water.
    """

    rows: tuple[tuple[str, Decimal, Decimal, tuple[SourceRef, ...]], ...]  # substance, mg in the blend, sodium chloride equivalent
    equivalent_mg: Decimal
    isotonic_mg: Decimal
    to_add_mg: Decimal | None
    depression_c: Decimal | None
    unknown: tuple[str, ...]
    sources: tuple[SourceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "equivalents": [
                {"substance": name, "mg": float(mg), "nacl_equivalent": float(round(e, 3)), "sources": [source.as_dict() for source in sources]}
                for name, mg, e, sources in self.rows
            ],
            "nacl_equivalent_mg": float(round(self.equivalent_mg, 2)),
            "isotonic_at_mg": float(self.isotonic_mg),
            "nacl_to_add_mg": None if self.to_add_mg is None else float(round(self.to_add_mg, 1)),
            "freezing_point_depression_c": None if self.depression_c is None else float(round(self.depression_c, 3)),
            "unknown": list(self.unknown),
            "sources": [source.as_dict() for source in self.sources],
        }


def osmolar(presentation: Presentation, library: Library) -> Osmolar:
    """The osmolarity of a product: stated, else ideal with its band, else not known."""
    stated, ideal = presentation.osmolarity, presentation.ideal_osmolarity
    low, high = (None, None) if stated is None else (stated.low, stated.high)
    if stated is None and ideal is not None and ideal.low is not None:
        band = library.thresholds.get("ideal_osmolarity_lowest")
        low, high = ideal.low * ((band.quantity.low if band else None) or Decimal(1)), ideal.high
    return Osmolar(presentation.id, presentation.name, stated, ideal, low, high)


def osmolarity_interval(parts: Parts, library: Library) -> Interval:
    """The osmolarity of ``parts`` (presentation, volume in mL) together, by volume. Without a value of every part there is none."""
    found = [(osmolar(presentation, library), ml) for presentation, ml in parts]
    ideal = any(one.stated is None for one, _ in found)
    basis = IDEAL if ideal else LABELLED
    if len(parts) == 1:
        basis = SINGLE_IDEAL if ideal else SINGLE
    unknown = tuple(one.name for one, _ in found if one.low is None or one.high is None)
    band = library.thresholds.get("ideal_osmolarity_lowest")
    sources = tuple(dict.fromkeys((*(source for one, _ in found for source in one.sources), *(cited((band.quantity,)) if ideal and band else ()))))
    if unknown:
        return Interval(None, None, "mOsm/L", basis, unknown, sources)
    volume = sum((ml for _, ml in found), Decimal(0))
    low, high = (sum((end * ml for end, ml in ends if end is not None), Decimal(0)) / volume for ends in (
        [(one.low, ml) for one, ml in found], [(one.high, ml) for one, ml in found]))  # fmt: skip
    return Interval(round(low, 1), round(high, 1), "mOsm/L", basis, (), sources)


def nacl_equivalent(solute: Component | Solute) -> Decimal | None:
    """Grams of sodium chloride that hold as much water as one gram of it; None where its factor is not known."""
    factor = solute.factor.value if solute.factor else _I.get(solute.particles)
    if factor is None or solute.molar_mass is None or solute.molar_mass.value is None:
        return None
    return _NACL / _I_NACL * factor / solute.molar_mass.value


def tonicity(parts: Parts, library: Library) -> Tonicity:
    """By the sodium chloride equivalents of everything dissolved, and the freezing point that follows."""
    rows, unknown = [], []
    for presentation, ml in parts:
        dissolved = presentation.dissolved
        values = [] if dissolved is None else [(one, nacl_equivalent(one)) for one in dissolved]
        if dissolved is None or any(e is None for _, e in values):
            unknown.append(presentation.name)
            continue
        for one, e in values:
            if e is not None and one.strength.high is not None:
                name = one.name if isinstance(one, Solute) else library.ingredients[one.ingredient].name
                used = [quantity for quantity in (one.strength, one.molar_mass, one.factor) if quantity]
                rows.append((name, one.strength.high * ml, e, cited(used)))
    volume = sum((ml for _, ml in parts), Decimal(0))
    held, isotonic = sum((mg * e for _, mg, e, _ in rows), Decimal(0)), _ISOTONIC_MG_PER_ML * volume
    formulas = [method.formula for id_ in ("nacl_equivalent", "freezing_point") if (method := library.methods.get(id_))]
    return Tonicity(
        rows=tuple(rows),
        equivalent_mg=held,
        isotonic_mg=isotonic,
        to_add_mg=None if unknown else isotonic - held,
        depression_c=None if unknown else _DEPRESSION * held / volume / 10,
        unknown=tuple(unknown),
        sources=cited(formulas),
    )


def said(tonicity: Tonicity) -> str:
    """The sodium chloride to add, as a sentence."""
    if tonicity.to_add_mg is None:
        return f"not known, because the composition or its factor is not known of {', '.join(tonicity.unknown)}"
    amount = plain(round(abs(tonicity.to_add_mg), 1))
    if abs(tonicity.to_add_mg) < tonicity.isotonic_mg / 50:
        return "isotonic as it is, within 2 %"
    return f"{amount} mg to add" if tonicity.to_add_mg > 0 else f"above isotonic by as much as {amount} mg of sodium chloride"
