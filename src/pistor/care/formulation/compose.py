"""Parts to blend: exact mass balance, the ranges that labels allow, every pair, the rules of mixing and the clinic's policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pistor.care.evidence import Effect, Fact, Finding, cited
from pistor.care.formulation import handling, windows
from pistor.care.formulation.blend import Blend, Concentration, ConfirmOption, Part, ToConfirm, UnusableBlend, plain
from pistor.care.formulation.order import in_order
from pistor.care.formulation.osmolarity import osmolarity_interval
from pistor.care.formulation.pairs import PairResult, judge_pairs
from pistor.care.formulation.ph import ph_interval
from pistor.knowledge import Library
from pistor.knowledge.model import Ingredient, PairVerdict, Policy, Presentation, Quantity

_VEHICLES = {"ethanol_vehicle": "alcohol", "oil_vehicle": "oil", "not_water_miscible_as_such": "oil"}


def compose(
    parts: Sequence[Part],
    library: Library,
    *,
    policy: str,
    jurisdiction: str | None,
    application: str | None,
    technique: str | Sequence[str] | None = None,
    protocol: str | None = None,
) -> Blend:
    """The blend of ``parts``, for an application where one is meant, given with a technique or with several in different zones.

    Raises :class:`UnusableBlend` where a volume or an id cannot be used.
    """
    if policy not in library.policies:
        raise UnusableBlend(f"The policy {policy} is not known; choose one of {', '.join(library.policies)}.")
    merged = _merged(parts, library)
    chosen = [(library.presentations[part.presentation], part.volume_ml) for part in merged]
    volume = sum((ml for _, ml in chosen), Decimal(0))
    concentrations = _concentrations(chosen, volume, library)
    presentations = [presentation for presentation, _ in chosen]
    pairs = judge_pairs(presentations, library)
    kinds = [library.ingredients[ingredient] for ingredient in dict.fromkeys(concentration.ingredient for concentration in concentrations)]
    groups = {group for kind in kinds for group in kind.allergen_groups} | {group for one in presentations for group in one.allergen_groups}
    ph, osmolarity = ph_interval(chosen, library), osmolarity_interval(chosen, library)
    findings = (
        *_pair_findings(pairs),
        *_alone(kinds, presentations, library),
        *_policy(library.policies[policy], kinds, presentations),
        *_country(library, jurisdiction, library.policies[policy], kinds, presentations),
        *_vehicle(kinds, presentations, library),
        *_kept_out_of_skin(kinds, presentations, (technique,) if isinstance(technique, str) else technique or (), library),
        *_purpose(kinds, application),
        *windows.findings(chosen, ph, osmolarity, pairs, library),
        *handling.findings(presentations, pairs, ph, jurisdiction, library),
    )
    return Blend(
        parts=merged,
        volume_ml=volume,
        concentrations=concentrations,
        ph=ph,
        osmolarity=osmolarity,
        pairs=pairs,
        findings=in_order(findings),
        to_confirm=_to_confirm(presentations, library, protocol),
        policy=policy,
        jurisdiction=jurisdiction,
        allergen_groups=tuple(sorted(groups)),
        knowledge_version=library.version,
    )


# ── amounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _merged(parts: Sequence[Part], library: Library) -> tuple[Part, ...]:
    """The parts, checked, with two volumes of the same presentation added up."""
    if not parts:
        raise UnusableBlend("A blend needs at least one presentation with its volume; add one.")
    volumes: dict[str, Decimal] = {}
    for part in parts:
        if part.presentation not in library.presentations:
            raise UnusableBlend(f"The presentation {part.presentation!r} is not in the library; choose one from the list.")
        name = library.presentations[part.presentation].name
        volumes[part.presentation] = volumes.get(part.presentation, Decimal(0)) + usable(part.volume_ml, f"the volume of {name}", "mL", _most(library))
    total = sum(volumes.values(), Decimal(0))
    usable(total, "the volume of the whole blend", "mL", _most(library))
    return tuple(Part(presentation, volume) for presentation, volume in volumes.items())


def _most(library: Library) -> Decimal:
    threshold = library.thresholds.get("max_blend_volume")
    return (threshold.quantity.high if threshold else None) or Decimal(100)


def usable(value: Decimal, what: str, unit: str, most: Decimal) -> Decimal:
    """``value`` where it is a positive finite number up to ``most``; otherwise :class:`UnusableBlend`."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise UnusableBlend(f"{what.capitalize()} is not a number; enter it in {unit}.")
    if value <= 0:
        raise UnusableBlend(f"{what.capitalize()} is {plain(value)} {unit}; it must be more than 0 {unit}.")
    if value > most:
        raise UnusableBlend(
            f"{what.capitalize()} is {value:.6g} {unit}; more than {plain(most)} {unit} cannot be entered. Check the unit and the decimal point."
        )
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        raise UnusableBlend(f"{what.capitalize()} has more than six decimals; no syringe measures that. Round it.")
    return value


def _concentrations(chosen: list[tuple[Presentation, Decimal]], volume: Decimal, library: Library) -> tuple[Concentration, ...]:
    amounts: dict[tuple[str, str], Decimal] = {}
    sources: dict[tuple[str, str], list[Quantity]] = {}
    for presentation, ml in chosen:
        for component in presentation.components:
            strength = component.strength.high  # a range counts by its upper end: the larger dose is the one to guard against
            if strength is None:
                raise UnusableBlend(f"The strength of {presentation.name} has no upper end in the library; it cannot be used in a blend.")
            key = component.ingredient, component.strength.unit
            amounts[key] = amounts.get(key, Decimal(0)) + strength * ml
            sources.setdefault(key, []).append(component.strength)
    return tuple(
        Concentration(
            ingredient=ingredient,
            name=library.ingredients[ingredient].name,
            per_ml=amount / volume,
            unit=unit,
            amount=amount,
            active=library.ingredients[ingredient].active,
            sources=cited(sources[ingredient, unit]),
        )
        for (ingredient, unit), amount in amounts.items()
    )


# ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_EFFECTS = {
    PairVerdict.BLOCK: Effect.CONTRAINDICATED,
    PairVerdict.PRECIPITATES: Effect.CONTRAINDICATED,
    PairVerdict.TURBID: Effect.CONTRAINDICATED,
    PairVerdict.AVOID: Effect.CAUTION,
    PairVerdict.DEGRADES: Effect.CAUTION,
    PairVerdict.ANTAGONISM: Effect.CAUTION,
    PairVerdict.CONDITIONAL: Effect.CAUTION,
}


def _pair_findings(pairs: tuple[PairResult, ...]) -> Iterable[Finding]:
    for pair in pairs:
        if pair.verdict in _EFFECTS:
            text = f"{pair.a_name} with {pair.b_name}: {pair.text}"
            limits = "Concentrations, order of mixing and time can change the result."
            yield Finding(f"pair:{pair.rule}", _EFFECTS[pair.verdict], text, (), (), pair.sources, limits, stops=pair.verdict is PairVerdict.BLOCK)
    unknown = [f"{pair.a_name} with {pair.b_name}" for pair in pairs if pair.verdict is PairVerdict.NO_DATA]
    if unknown:
        text = f"No data on these in one syringe: {'; '.join(unknown)}. Unknown is not compatible; separate syringes avoid the question."
        yield Finding("pair:no_data", Effect.CAUTION, text, (), (), (), "The library holds what was read; a pharmacist may know more.")


def _alone(kinds: list[Ingredient], presentations: list[Presentation], library: Library) -> Iterable[Finding]:
    rule = library.mixture_rules.get("mr07_single_syringe")
    if len(presentations) < 2:
        return
    for ingredient in kinds:
        if "single_syringe" in ingredient.flags:
            own = [pair.text for pair in library.incompatibilities.values() if pair.a == ingredient.id and pair.b == "*"]
            text = f"{ingredient.name} is given alone: nothing else goes into its syringe. Take the other products out."
            yield Finding("mixture:single_syringe", Effect.CONTRAINDICATED, text, (), (), cited([*own, *([rule.text] if rule else [])]), "", stops=True)


def _policy(policy: Policy, kinds: list[Ingredient], presentations: list[Presentation]) -> Iterable[Finding]:
    actives = [ingredient.name for ingredient in kinds if ingredient.active]
    sources = cited((policy.text,))
    if policy.max_actives is not None and len(actives) > policy.max_actives:
        allowed = "one active substance" if policy.max_actives == 1 else f"up to {policy.max_actives} active substances"
        text = (
            f"The policy “{policy.name}” allows {allowed}; this blend has {len(actives)}: {', '.join(actives)}. Take some "
            "out, or choose another policy for this course."
        )
        yield Finding(
            f"policy:{policy.id}:actives",
            Effect.CONTRAINDICATED,
            text,
            (Fact("active substances", str(len(actives)), None, "blend"),),
            (),
            sources,
            "",
            stops=True,
        )
    if policy.licensed_only:
        for presentation in presentations:
            if presentation.compounded:
                text = f"The policy “{policy.name}” allows licensed products only; {presentation.name} is compounded."
                yield Finding(f"policy:{policy.id}:licensed", Effect.CONTRAINDICATED, text, (), (), sources, "", stops=True)
            elif not presentation.licensed_route:
                text = f"Whether {presentation.name} has a licence for injection was not found; the policy “{policy.name}” asks for one."
                yield Finding(f"policy:{policy.id}:licence_unknown", Effect.CAUTION, text, (), (), sources, "The licence differs by country.")
    if policy.pharmacy_prepared_only:
        text = "Order it from the pharmacy ready to use, with its own label, lot and last time of use; nothing is added in the clinic."
        yield Finding(f"policy:{policy.id}:order", Effect.INFORM, text, (), (), sources)
        return
    for presentation in presentations:
        if presentation.compounded and not policy.licensed_only:
            text = (
                f"{presentation.name} has no marketing authorisation: a pharmacy makes it for the patient. Check concentration, "
                "solvent and last time of use on its label."
            )
            strengths = [component.strength for component in presentation.components]
            yield Finding(
                "presentation:compounded", Effect.CAUTION, text, (), (), cited(strengths), "Solvent, pH and shelf life of the preparation are not known here."
            )


def _country(library: Library, jurisdiction: str | None, policy: Policy, kinds: list[Ingredient], presentations: list[Presentation]) -> Iterable[Finding]:
    """Whether medicines may be mixed in the clinic, where something is mixed at all."""
    if len(presentations) < 2:
        return
    country = library.jurisdictions.get(jurisdiction) if jurisdiction else None
    if country is None or country.mixing_in_clinic == "unknown":
        text = f"Whether medicines may be mixed in the clinic{handling.where_said(country, jurisdiction)} is not known."
        yield Finding(
            "jurisdiction:mixing_unknown",
            Effect.CAUTION,
            text,
            (),
            (),
            cited([country.mixing] if country and country.mixing else []),
            "Ask the pharmacist or the health authority.",
        )
        return
    sources = cited([country.mixing] if country.mixing else [])
    if country.mixing_in_clinic == "allowed":
        return
    if policy.pharmacy_prepared_only:
        text = f"In {country.spoken} only a pharmacy mixes medicines extemporaneously: it prepares this blend."
        yield Finding("jurisdiction:mixing_pharmacy_only", Effect.INFORM, text, (), (), sources)
        return
    mixed = sum(ingredient.active for ingredient in kinds) > 1
    if mixed:
        text = (
            f"In {country.spoken} only a pharmacy may mix medicines extemporaneously, not the clinic. Have a pharmacy prepare "
            "it (policy “Prepared by a pharmacy”), or give one product alone."
        )
    else:
        text = (
            f"In {country.spoken} only a pharmacy may mix medicines extemporaneously; whether diluting a single medicine "
            "counts is not said. Ask the pharmacist, or give it undiluted."
        )
    yield Finding(
        "jurisdiction:mixing_pharmacy_only",
        Effect.CONTRAINDICATED if mixed else Effect.CAUTION,
        text,
        (),
        (),
        sources,
        "Read from summaries of the assessment.",
        stops=mixed,
    )


def technique_findings(blend: Blend, techniques: Iterable[str], library: Library) -> tuple[Finding, ...]:
    """What of a blend must not be given with one of these techniques. Raises :class:`UnusableBlend` for a product that is gone."""
    unknown = [part.presentation for part in blend.parts if part.presentation not in library.presentations]
    if unknown:
        raise UnusableBlend(f"{unknown[0]} is no known presentation any more; compose the blend anew.")
    presentations = [library.presentations[part.presentation] for part in blend.parts]
    kinds = [library.ingredients[id_] for id_ in blend.ingredients if id_ in library.ingredients]
    return tuple(_kept_out_of_skin(kinds, presentations, techniques, library))


def _kept_out_of_skin(kinds: list[Ingredient], presentations: list[Presentation], techniques: Iterable[str], library: Library) -> Iterable[Finding]:
    """Products that stay under the skin, with techniques that end in it or open it from above. Each is said once."""
    methods = [library.techniques[id_] for id_ in techniques if id_ in library.techniques]
    ends = next((f"ends in the {method.target_layer}" for method in methods if method.target_layer in ("epidermis", "dermis")), None)
    into = ends or next(("opens the skin from above" for method in methods if method.pattern == "passes"), None)
    if into is None:
        return
    for presentation in presentations:
        if "not_intradermal" in presentation.flags:
            text = f"{presentation.name} is kept out of the skin; the chosen technique {into}."
            yield Finding("presentation:not_intradermal", Effect.CONTRAINDICATED, text, (), (), cited(presentation.licensed_route), "", stops=True)
    for ingredient in kinds:
        if "not_intradermal" in ingredient.flags:
            text = f"{ingredient.name} goes under the skin, never into it; the chosen technique {into}."
            yield Finding("ingredient:not_intradermal", Effect.CONTRAINDICATED, text, (), (), cited(ingredient.regulatory), "", stops=True)


def _vehicle(kinds: list[Ingredient], presentations: list[Presentation], library: Library) -> Iterable[Finding]:
    for presentation in presentations:
        for flag, vehicle in _VEHICLES.items():
            if flag in presentation.flags:
                text = f"{presentation.name} holds {vehicle}, which can kill skin. Another maker's product may be free of it: read its label."
                sources = (*cited(presentation.excipients), *handling.rule(library, "mr01_water_soluble"))
                yield Finding("presentation:vehicle", Effect.CAUTION, text, (), (), sources, "Which amount of alcohol is harmless is not published.")
    for presentation in presentations:
        if "not_for_injection" in presentation.flags:
            text = f"{presentation.name} is made for the surface of the skin and is not injected."
            yield Finding("presentation:not_for_injection", Effect.CONTRAINDICATED, text, (), (), cited(presentation.licensed_route), "", stops=True)
    for ingredient in kinds:
        if "withdrawn" in ingredient.flags:
            text = f"{ingredient.name} was taken off the market: " + " ".join(statement.text for statement in ingredient.regulatory)
            yield Finding("ingredient:withdrawn", Effect.CONTRAINDICATED, text, (), (), cited(ingredient.regulatory), "", stops=True)
        for flag, vehicle in _VEHICLES.items():
            if flag in ingredient.flags:
                text = f"{ingredient.name} comes in {vehicle}: only water-soluble products are injected here."
                yield Finding("mixture:water_soluble", Effect.CONTRAINDICATED, text, (), (), handling.rule(library, "mr01_water_soluble"), "", stops=True)
        if "suspension" in ingredient.classes:
            text = f"{ingredient.name} is a suspension and settles: shake, inject without delay, no roller or needle-free device."
            yield Finding("mixture:suspension", Effect.CAUTION, text, (), (), handling.rule(library, "mr11_suspension"))
        if "block_undiluted" in ingredient.flags and len(presentations) == 1:
            yield Finding(
                "ingredient:undiluted",
                Effect.CONTRAINDICATED,
                f"{ingredient.name} is an additive and is not injected undiluted.",
                (),
                (),
                cited(ingredient.warnings),
                "",
                stops=True,
            )
        if "regulator_warning" in ingredient.flags:
            text = f"Regulators warn of {ingredient.name}: " + " ".join(statement.text for statement in ingredient.regulatory)
            yield Finding("ingredient:regulator_warning", Effect.CONTRAINDICATED, text, (), (), cited(ingredient.regulatory))


def _purpose(kinds: list[Ingredient], application: str | None) -> Iterable[Finding]:
    for ingredient in kinds:
        if application is not None and application not in ingredient.applications:
            known = ", ".join(ingredient.applications)
            yield Finding(
                "ingredient:other_application",
                Effect.CAUTION,
                f"{ingredient.name} is known here for {known} only, not for {application}: doses and benefit are unknown.",
            )


# ── confirmations ───────────────────────────────────────────────────────────────────────────────────────────────────


def _to_confirm(presentations: list[Presentation], library: Library, protocol: str | None) -> tuple[ToConfirm, ...]:
    found: list[ToConfirm] = []
    for presentation in presentations:
        for component in presentation.components:
            strength = component.strength
            if strength.conflict is None or not strength.conflict.confirm:
                continue
            what = f"Concentration of {library.ingredients[component.ingredient].name.lower()}: {strength.conflict.note}"
            options = tuple(
                ConfirmOption(reading.value, strength.unit, _words(reading.value, strength.unit, reading.text or ""), cited((reading,)))
                for reading in sorted(strength.conflict.readings, key=lambda reading: reading.value != strength.value)  # the chosen product's first
            )
            found.append(ToConfirm(f"{presentation.id}.{component.ingredient}", "concentration", what, options, strength.value))
    settled = tuple(item.what.split(":")[0].casefold() for item in found)
    for number, sentence in enumerate(library.protocols[protocol].confirm if protocol and protocol in library.protocols else (), start=1):
        if not sentence.casefold().startswith(settled or ("\0",)):
            found.append(ToConfirm(f"{protocol}.{number}", "protocol", sentence))
    return tuple(found)


def _words(value: Decimal | None, unit: str, text: str) -> str:
    return text if value is None else f"{plain(value)} {unit}"
