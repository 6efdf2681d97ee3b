"""What the ranges of a blend mean: too strong or too weak for tissue, too acidic, buffered too firmly, likely to fall out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.care.formulation.blend import Interval, plain, shown
from pistor.care.formulation.pairs import PairResult
from pistor.knowledge import Library
from pistor.knowledge.model import Component, Grade, Ingredient, PairVerdict, Presentation, Quantity, mmol_per_ml

Parts = Sequence[tuple[Presentation, Decimal]]

_SEEN = (PairVerdict.COMPATIBLE, PairVerdict.CONDITIONAL)  # what rules of observation say of mixtures that stayed clear


def osmolarity_findings(osmolarity: Interval, library: Library) -> Iterator[Finding]:
    most, least = library.thresholds.get("osmolality_max_sc"), library.thresholds.get("osmolality_warn_low")
    if osmolarity.low is None or osmolarity.high is None:
        return
    fact = Fact("osmolarity", f"{shown(osmolarity.low, 0)} to {shown(osmolarity.high, 0)} mOsm/L", None, osmolarity.basis)
    limits = "Ideal values can be half too high; a measured value goes before them."
    if most and most.quantity.high is not None and osmolarity.high > most.quantity.high:
        text = (
            f"The blend is strongly hyperosmolar ({shown(osmolarity.high, 0)} mOsm/L; at most {plain(most.quantity.high)} "
            "is advised): it hurts and can harm tissue. Dilute it or choose another presentation."
        )
        yield Finding("threshold:osmolality_max_sc", Effect.CONTRAINDICATED, text, (fact,), (), cited((most.quantity,)), limits)
    if least and least.quantity.low is not None and osmolarity.high < least.quantity.low:
        text = f"The blend is hypo-osmolar ({shown(osmolarity.high, 0)} mOsm/L): it can dissolve fat and hurt."
        yield Finding("threshold:osmolality_warn_low", Effect.CAUTION, text, (fact,), (), cited((least.quantity,)), limits)


def ph_findings(ph: Interval, library: Library) -> Iterator[Finding]:
    """Outside the pH of licensed products of this layer, as far as the range says."""
    wide, easy = library.thresholds.get("ph_acceptable"), library.thresholds.get("ph_comfortable")
    if ph.low is None or ph.high is None:
        return
    ends = tuple(dict.fromkeys((shown(ph.low, 2), shown(ph.high, 2))))
    fact = Fact("pH", " to ".join(ends), None, ph.basis)
    limits = "No pH limit for the skin was found in a source; these ends are ours."
    for threshold, effect, apart, word in ((wide, Effect.CAUTION, False, "can hurt and harm tissue"), (easy, Effect.INFORM, True, "can sting")):
        if threshold is None or threshold.quantity.low is None or threshold.quantity.high is None:
            continue
        low, high = threshold.quantity.low, threshold.quantity.high
        if (ph.high < low or ph.low > high) if apart else (ph.low < low or ph.high > high):
            name, verb = threshold.name.lower().replace("ph ", "pH ", 1), "is" if len(ends) == 1 else "can be"
            text = f"The pH {verb} {fact.value}, outside {plain(low)} to {plain(high)} ({name}): it {word}."
            yield Finding(f"threshold:{threshold.id}", effect, text, (fact,), (), cited((threshold.quantity,)), limits)
            return


def buffer_findings(parts: Parts, library: Library) -> Iterator[Finding]:
    """A buffer that resists the tissue's own pH hurts more the stronger it is."""
    volume = sum((ml for _, ml in parts), Decimal(0))
    for name in ("phosphate", "citrate"):
        threshold = library.thresholds.get(f"{name}_buffer_max")
        held = [(buffer, ml) for presentation, ml in parts for buffer in presentation.buffers if name in buffer.name.casefold()]
        millimolar = sum((mmol_per_ml(buffer) * ml for buffer, ml in held), Decimal(0)) / volume * 1000
        if threshold and threshold.quantity.high is not None and round(millimolar, 1) > threshold.quantity.high:
            text = f"{name.capitalize()} {shown(millimolar, 1)} mmol/L; up to {plain(threshold.quantity.high)} mmol/L did not hurt more under the skin."
            sources = cited((threshold.quantity, *(quantity for buffer, _ in held for quantity in (buffer.strength, buffer.molar_mass))))
            yield Finding(f"threshold:{threshold.id}", Effect.INFORM, text, (), (), sources, "Tested at a pH that is not the tissue's.")


# ── what may fall out ───────────────────────────────────────────────────────────────────────────────────────────────

Ends = tuple[Decimal, Decimal]


def precipitation_findings(parts: Parts, ph: Interval, pairs: tuple[PairResult, ...], library: Library) -> Iterator[Finding]:
    """Where a substance was seen to turn turbid, and where the formula says that its uncharged form no longer dissolves.

    The formula alone is at most a warning: where the substance was seen to stay clear, that is said instead.
    """
    if len(parts) < 2 or ph.low is None or ph.high is None:
        return
    volume = sum((ml for _, ml in parts), Decimal(0))
    held: dict[str, list[tuple[Presentation, Component, Decimal]]] = {}
    for presentation, ml in parts:
        for component in presentation.components:
            held.setdefault(component.ingredient, []).append((presentation, component, ml))
    for id_, found in held.items():
        ingredient = library.ingredients[id_]
        molar = float(sum((mmol_per_ml(component) * ml for _, component, ml in found), Decimal(0)) / volume)
        named = {presentation.id for presentation, _, _ in found}
        yield from _turbid(ingredient, (ph.low, ph.high))
        yield from _predicted(ingredient, molar, (ph.low, ph.high), [pair for pair in pairs if {pair.a, pair.b} & named], library)


def _turbid(ingredient: Ingredient, ph: Ends) -> Iterator[Finding]:
    below, above = _seen_clear(ingredient)
    limits = "Seen at the concentrations of the test, which are not these."
    if below is not None and below.low is not None and ph[1] >= below.low:
        sure = ph[0] >= below.low
        text = f"{ingredient.name} turned turbid from pH {plain(below.low)}; this blend {'has' if sure else 'can have'} a pH of {_range(ph)}."
        yield Finding("precipitation:seen", Effect.CONTRAINDICATED if sure else Effect.CAUTION, text, (), (), cited((below,)), limits)
    if above is not None and above.high is not None and ph[0] < above.high:
        sure = ph[1] < above.high
        text = f"{ingredient.name} falls out below pH {plain(above.high)}; this blend {'has' if sure else 'can have'} a pH of {_range(ph)}."
        yield Finding("precipitation:seen", Effect.CONTRAINDICATED if sure else Effect.CAUTION, text, (), (), cited((above,)), limits)


def _predicted(ingredient: Ingredient, molar: float, ph: Ends, pairs: list[PairResult], library: Library) -> Iterator[Finding]:
    bound = falls_out_at(ingredient, molar)
    if bound is None or ingredient.protolysis is None or ingredient.physchem is None:
        return
    base = ingredient.protolysis.charge > 0
    if (float(ph[1]) <= bound) if base else (float(ph[0]) >= bound):
        return
    below, above = _seen_clear(ingredient)
    beyond = [below] if base and below and below.low is not None and ph[1] < below.low else []
    beyond += [above] if not base and above and above.high is not None and ph[0] >= above.high else []
    rules = [library.incompatibilities[pair.rule] for pair in pairs if pair.verdict in _SEEN and pair.rule]
    seen = [*beyond, *(rule.text for rule in rules if rule.text.grade in (Grade.A, Grade.B))]
    method, solubility = library.methods.get("precipitation"), ingredient.physchem.solubility
    sources = cited([*([method.formula] if method else []), *ingredient.protolysis.pka[:1], *([solubility] if solubility else []), *seen])
    text = f"{ingredient.name} is predicted to fall out {'above' if base else 'below'} pH {bound:.2f} at this concentration; the blend's pH is {_range(ph)}. "
    if seen:
        text += "Where it was mixed and looked at, it stayed clear: what was seen goes before what is predicted."
    else:
        text += "Nobody is known to have looked: mix a drop first, and look at it."
    limits = "A prediction; it has been wrong where it was tested."
    yield Finding("precipitation:predicted", Effect.INFORM if seen else Effect.CAUTION, text, (), (), sources, limits)


def falls_out_at(ingredient: Ingredient, molar: float) -> float | None:
    """The pH from which a weak base (up to which a weak acid) is predicted to fall out at ``molar`` mol/L; None where it never does or is not known."""
    physchem, protolysis = ingredient.physchem, ingredient.protolysis
    if physchem is None or physchem.solubility is None or physchem.solubility.value is None or protolysis is None or not protolysis.pka:
        return None
    pka, dissolves = float(protolysis.pka[0].value or 0), float(physchem.solubility.value)
    if molar <= dissolves or protolysis.charge not in (0, 1):
        return None
    ratio = math.log10(dissolves / (molar - dissolves))
    return pka + ratio if protolysis.charge else pka - ratio


def _seen_clear(ingredient: Ingredient) -> tuple[Quantity | None, Quantity | None]:
    return (None, None) if ingredient.physchem is None else (ingredient.physchem.clear_below_ph, ingredient.physchem.clear_above_ph)


def _range(ph: Ends) -> str:
    low, high = (shown(end, 2) for end in ph)
    return low if low == high else f"{low} to {high}"


def findings(parts: Parts, ph: Interval, osmolarity: Interval, pairs: tuple[PairResult, ...], library: Library) -> Iterable[Finding]:
    """All of the above."""
    yield from ph_findings(ph, library)
    yield from osmolarity_findings(osmolarity, library)
    yield from buffer_findings(parts, library)
    yield from precipitation_findings(parts, ph, pairs, library)
