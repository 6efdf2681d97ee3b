"""Consent: the text a patient reads, filled from the plan, in the patient's language.

Only what is true for the plan stands in it: use outside the label is spoken of unless the label is known to cover the
plan, and a frequency that nobody established is said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

from pistor.care.benefit import Benefit, BenefitArm, BenefitOutcome, TrialBenefit, measured_for
from pistor.care.evidence import SourceRef, cited
from pistor.care.formulation import Blend, Concentration
from pistor.care.injection_map import InjectionMap
from pistor.care.intent import Intent
from pistor.care.plan import Risk
from pistor.knowledge import Library, model

Signer = Literal["patient", "guardian"]  # an interpreter signs beside one of them, never alone

_MEANING: dict[str, dict[str, str]] = {
    "en": {
        "patient": "I have read this text or had it read to me, could ask my questions, and agree to the treatment it describes.",
        "guardian": "I have read this text, could ask my questions, and agree on behalf of the patient to the treatment it describes.",
    },
    "fr": {
        "patient": "J’ai lu ce texte ou on me l’a lu, j’ai pu poser mes questions et j’accepte le traitement décrit.",
        "guardian": "J’ai lu ce texte, j’ai pu poser mes questions et j’accepte au nom du patient le traitement décrit.",
    },
}
_INTERPRETED = {  # heading, what the interpreter signs, how
    "en": (
        "Interpreter",
        "I have put this text into words that the person who signs understands, and their questions and the answers too.",
        "Signed by typing the name: {}",
    ),
    "fr": (
        "Interprète",
        "J’ai traduit ce texte, les questions et les réponses dans des mots que la personne qui signe comprend.",
        "Signé en tapant le nom : {}",
    ),
}
_OPTION_OF = {  # a comparison that is this very treatment
    "deoxycholic_acid_injection": {"deoxycholic_acid"}, "injection_lipolysis": {"deoxycholic_acid", "phosphatidylcholine_dc"},
    "lipolytic_mesotherapy": {"aminophylline"}, "collagenase_injection": {"collagenase"}, "tranexamic_acid_injections": {"tranexamic_acid"},
}  # fmt: skip
_TYPED = {"en": " I sign by typing my name.", "fr": " Je signe en tapant mon nom."}


class PlanLike(Protocol):
    """What of a plan the text is filled from."""

    @property
    def intent(self) -> Intent: ...
    @property
    def protocol(self) -> model.Protocol | None: ...
    @property
    def blend(self) -> Blend | None: ...
    @property
    def injection_map(self) -> InjectionMap | None: ...
    @property
    def schedule(self) -> Any: ...
    @property
    def benefit(self) -> Benefit | None: ...
    @property
    def reactions(self) -> tuple[Risk, ...]: ...
    @property
    def alternatives(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its paragraphs; ``sources`` is what they rest on."""

    heading: str
    lines: tuple[str, ...]
    sources: tuple[SourceRef, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"heading": self.heading, "body": "\n".join(self.lines), "sources": [source.as_dict() for source in self.sources]}


@dataclass(frozen=True, slots=True)
class ConsentSheet:
    """The text as it is shown and signed."""

    text_id: str
    version: int
    language: str
    title: str
    sections: tuple[Section, ...]


class NoText(LookupError):
    """There is no consent text for this plan; the message says why."""


def languages(library: Library) -> tuple[str, ...]:
    """The languages there is a text in."""
    return tuple(dict.fromkeys(text.language for text in library.consent_texts.values()))


def meaning(language: str, signer: Signer, *, typed: bool) -> str:
    """What the signature says, word for word."""
    words = _MEANING.get(language, _MEANING["en"])
    return words[signer] + (_TYPED.get(language, _TYPED["en"]) if typed else "")


def interpreted(language: str) -> str:
    """What an interpreter signs, word for word. It agrees to nothing: that is the patient's, or their representative's."""
    return _INTERPRETED.get(language, _INTERPRETED["en"])[1]


def interpreter_section(language: str, name: str) -> Section:
    """The interpreter's own signature, under the text and beside the one that agrees to it."""
    heading, says, signed = _INTERPRETED.get(language, _INTERPRETED["en"])
    return Section(heading, (says, signed.format(name)))


def covered_by_label(plan: PlanLike, labelled_zones: Collection[str]) -> bool:
    """Whether the plan is known to be a labelled use: a label protocol with its own products, places, numbers and intervals."""
    protocol, drawn = plan.protocol, plan.injection_map
    if protocol is None or protocol.verdict != "label" or plan.blend is None or drawn is None or plan.schedule is None:
        return False
    same_products = {part.presentation for part in plan.blend.parts} == {part.presentation for part in protocol.blend}
    same_places = {zone.zone for zone in drawn.zones} <= set(labelled_zones)
    treatments, days = len(plan.schedule.treatments), plan.schedule.interval_days
    numbers = (
        _within(protocol.points, drawn.points),
        *(_within(protocol.volume_per_point_ml, volume) for volume in (*(zone.generator.volume_per_point_ml for zone in drawn.zone_plans), *drawn.volumes_ml)),
        _within(protocol.spacing_mm, drawn.least_spacing_mm),
        _within(protocol.sessions, treatments),
        treatments == 1 or _within(protocol.interval_days, days),
    )
    return same_products and same_places and drawn.techniques == (protocol.technique,) and all(numbers)


def _within(labelled: model.Quantity | None, value: Decimal | int | None) -> bool:
    """Whether a number is what the label gives. What the label says nothing of does not bind; a number not known does not fit."""
    if labelled is None:
        return True
    if value is None:
        return False
    return (labelled.low is None or value >= labelled.low) and (labelled.high is None or value <= labelled.high)


def frequencies_of(risk: Risk, plan: PlanLike) -> tuple[model.Quantity, ...]:
    """The frequencies that were counted for something like the plan. One counted for another product would mislead."""
    own = {
        "deoxycholic acid": "deoxycholic_acid" in plan.intent.ingredients, "collagenase": "collagenase" in plan.intent.ingredients,
        "tranexamic acid": "tranexamic_acid" in plan.intent.ingredients, "scalp": plan.intent.application == "hair",
        "fillers": False, "lipolytic injections": plan.intent.application == "fat",
    }  # fmt: skip
    return tuple(item for item in risk.frequency if all(fits for word, fits in own.items() if word in (item.note or "")))


def other_ways(plan: PlanLike) -> tuple[str, ...]:
    """The alternatives of the plan without what the plan itself is."""
    own = {"mesotherapy", *(option for option, ingredients in _OPTION_OF.items() if ingredients & set(plan.intent.ingredients))}
    return tuple(key for key in plan.alternatives if key not in own)


def consent_sheet(library: Library, plan: PlanLike, language: str, clinic: str) -> ConsentSheet:
    """The newest text of a language (English where there is none in it), filled from ``plan``. Raises :class:`NoText`."""
    if plan.blend is None or plan.injection_map is None or plan.schedule is None:
        raise NoText("The plan is not complete, so there is nothing to consent to yet.")
    texts = [text for text in library.consent_texts.values() if text.language == language] or [
        text for text in library.consent_texts.values() if text.language == "en"
    ]
    if not texts:
        raise NoText("There is no consent text in the knowledge base.")
    text = max(texts, key=lambda found: found.version)
    filler = _Filler(library, plan, text, clinic)
    indication = library.indications.get(plan.intent.indication)
    labelled = covered_by_label(plan, indication.zones if indication else ())
    wanted = {"always": True, "blend": True, "risks": True, "alternatives": bool(other_ways(plan)), "off_label": not labelled}
    sections = tuple(filler.section(section) for section in text.sections if wanted[section.needs])
    return ConsentSheet(text.id, text.version, text.language, text.title, sections)


class _Filler:
    """Fills the placeholders of one text. Each returns lines and what they rest on."""

    def __init__(self, library: Library, plan: PlanLike, text: model.ConsentText, clinic: str) -> None:
        self.library, self.plan, self.text, self.clinic = library, plan, text, clinic
        self.french = text.language == "fr"
        self.others = other_ways(plan)
        self.makers: dict[str, Callable[[], tuple[str, tuple[SourceRef, ...]]]] = {
            "indication": lambda: (self.say("indications", plan.intent.indication), ()),
            "zone": lambda: (self._zones(), ()),
            "technique": lambda: (", ".join(self.say("techniques", id_) for id_ in (plan.injection_map.techniques if plan.injection_map else ())), ()),
            "points": lambda: (str(plan.injection_map.points) if plan.injection_map else "", ()),
            "volume": lambda: (self._volume(), ()),
            "sessions": lambda: (self._sessions(), ()),
            "products": self._products,
            "off_label": self._off_label,
            "benefit": self._benefit,
            "risks": self._risks,
            "alternatives": lambda: (", ".join(self.say("comparisons", key) for key in self.others), ()),
            "unknown": self._unknown,
            "clinic": lambda: (clinic, ()),
        }

    def section(self, section: model.ConsentSection) -> Section:
        body = section.body
        sources: list[SourceRef] = []
        for name, make in self.makers.items():
            if f"{{{name}}}" in body:
                said, refs = make()
                body = body.replace(f"{{{name}}}", said)
                sources += refs
        return Section(section.heading, tuple(line.strip() for line in body.split("\n") if line.strip()), tuple(dict.fromkeys(sources)))

    def say(self, kind: str, id_: str) -> str:
        """A thing in the language of the text; its English name where that language has no word yet."""
        word = self.text.words.get(f"{kind}.{id_}")
        if word:
            return word
        name = getattr(getattr(self.library, kind, {}).get(id_), "name", None) or id_.replace("_", " ")
        return f"{name} (en anglais)" if self.french else name

    def _named(self, name: str, said: str) -> str:
        """A line of the text: a name, and what is said of it."""
        return f"{_capital(name)}{' :' if self.french else ':'} {said}"

    def amount(self, value: Decimal, unit: str) -> str:
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return f"{text.replace('.', ',') if self.french else text} {unit}"

    def _zones(self) -> str:
        zones = self.plan.injection_map.zones if self.plan.injection_map else ()
        return ", ".join(dict.fromkeys(self.say("zones", zone.zone) for zone in zones))

    def _volume(self) -> str:
        """What is injected, and what is put on the skin of zones treated in passes; ``?`` where that is not said."""
        drawn = self.plan.injection_map
        if drawn is None:
            return ""
        rolled = [zone for zone in drawn.zones if zone.rolled]
        film = self.amount(drawn.on_skin_ml, "mL") if all(zone.on_skin_ml is not None for zone in rolled) else "?"
        on_skin = film + (" sur la peau" if self.french else " on the skin")
        parts = [*([self.amount(drawn.volume_ml, "mL")] if drawn.points or not rolled else []), *([on_skin] if rolled else [])]
        return (" et " if self.french else " and ").join(parts)

    def _sessions(self) -> str:
        count, days = len(self.plan.schedule.treatments), self.plan.schedule.interval_days
        if self.french:
            return f"{count} séances, à {days} jours d’intervalle au moins" if count > 1 else "1 séance"
        return f"{count} treatments, at least {days} days apart" if count > 1 else "1 treatment"

    def _products(self) -> tuple[str, tuple[SourceRef, ...]]:
        blend = self.plan.blend
        assert blend is not None  # consent_sheet has looked
        lines = [f"{_capital(self.say('presentations', part.presentation))}, {self.amount(part.volume_ml, 'mL')}" for part in blend.parts]
        lines += [
            self._named(self.say("ingredients", item.ingredient), self.amount(round(item.per_ml, 3), item.unit))
            for item in blend.concentrations
            if item.active and self.library.ingredients[item.ingredient].substance_class != "Solvent"  # how much water is in water tells nobody anything
        ]
        return "\n".join(lines), tuple(source for item in blend.concentrations if item.active for source in item.sources)

    def _actives(self) -> list[Concentration]:
        return [item for item in self.plan.blend.concentrations if item.active] if self.plan.blend else []

    def _off_label(self) -> tuple[str, tuple[SourceRef, ...]]:
        """What is known of the licence of every active that is injected, and of mixing them in this country."""
        said = [self._licence(item.ingredient) for item in self._actives()]
        country = self.library.jurisdictions.get(self.plan.intent.jurisdiction or "")
        if country and country.mixing and len(said) > 1:
            said.append((self.text.words.get(f"mixing.{country.id}") or self._english(country.mixing.text), (country.mixing,)))
        return "\n".join(line for line, _ in said), cited([statement for _, statements in said for statement in statements])

    def _licence(self, id_: str) -> tuple[str, tuple[model.Statement, ...]]:
        name, known = self.say("ingredients", id_), self.library.ingredients[id_].regulatory
        if not known:
            french = "son autorisation n’a pas été lue ; l’usage dans la peau est tenu pour hors autorisation."
            return self._named(name, french if self.french else "its licence was not read; use in the skin is taken to be outside it."), ()
        text = self.text.words.get(f"regulatory.{id_}") or self._english(" ".join(statement.text for statement in known))
        return self._named(name, text), known

    def _benefit(self) -> tuple[str, tuple[SourceRef, ...]]:
        protocol, benefit = self.plan.protocol, self.plan.benefit
        if protocol is None or benefit is None:
            english = "No trial of this blend was read: whether it helps is not known."
            return "Aucun essai de ce mélange n’a été lu : l’effet n’est pas connu." if self.french else english, ()
        verdict = self.text.words.get(f"verdicts.{protocol.verdict}") or self._english(benefit.verdict_text)
        summary = self.text.words.get(f"protocols.{protocol.id}") or self._english(protocol.summary.text)
        shown = measured_for(benefit, [item.ingredient for item in self._actives()])
        lines = [f"{verdict}.", summary, *(self._compared_line(trial, outcome) for trial, outcome in shown)]
        return "\n".join(lines), tuple(dict.fromkeys([*benefit.sources, *(outcome.source for _, outcome in shown)]))

    def _compared_line(self, trial: TrialBenefit, outcome: BenefitOutcome) -> str:
        what = self._own("measures", f"{outcome.measure} ({outcome.time})")
        arms = ", ".join(self._arm(arm, outcome.kind == "proportion") for arm in outcome.arms[:2])
        return f"{self._named(what, arms)}. {self._people(trial)}."

    def _people(self, trial: TrialBenefit) -> str:
        """Who was studied, so that the reader can see whether it was somebody like them."""
        who = self._own("conditions", trial.condition)
        if trial.n is None:
            return f"Étude : {who}" if self.french else f"Studied: {who}"
        return f"Étude : {trial.n} personnes, {who}" if self.french else f"Studied: {trial.n} people, {who}"

    def _arm(self, arm: BenefitArm, share: bool) -> str:
        """A share counts people; a change or a value is measured in them, and must not read like a share."""
        unit = "" if arm.unit == "ratio" else arm.unit
        number, name = self.amount(arm.value or Decimal(0), unit).strip(), self._own("arms", arm.name)
        people = (f" de {arm.n} personnes" if self.french else f" of {arm.n} people") if arm.n is not None and share else ""
        measured = f" ({arm.n} personnes)" if self.french else f" ({arm.n} people)"
        return f"{number}{people} {'avec' if self.french else 'with'} {name}{measured if arm.n is not None and not share else ''}"

    def _own(self, kind: str, text: str) -> str:
        """Words of a trial in the language of the text."""
        return self.text.words.get(f"{kind}.{text}") or self._english(text)

    def _risks(self) -> tuple[str, tuple[SourceRef, ...]]:
        lines: list[str] = []
        sources: list[SourceRef] = []
        for risk in self.plan.reactions:
            counted = frequencies_of(risk, self.plan)
            found = [self._frequency(item) for item in counted]
            unknown = "fréquence non établie" if self.french else "frequency not established"
            apart = "\u00a0; " if self.french else "; "
            lines.append(self._named(self.say("reactions", risk.id), apart.join(found) or unknown))
            sources += cited(counted)
        return "\n".join(lines), tuple(sources)

    def _frequency(self, item: model.Quantity) -> str:
        low, high = item.low, item.high
        if low is not None and high is not None and low != high:
            number = f"{self.amount(low, '').strip()} – {self.amount(high, item.unit)}"
        else:
            number = self.amount(high if high is not None else low or Decimal(0), item.unit)
        note = self.text.words.get(f"notes.{item.note}") or item.note
        return f"{number} ({note})" if note else number

    def _unknown(self) -> tuple[str, tuple[SourceRef, ...]]:
        protocol = self.plan.protocol
        if protocol is None or not protocol.data_gaps:
            return "", ()
        theirs = self.text.words.get(f"gaps.{protocol.id}")
        gaps = theirs.split("\n") if theirs else [self._english(gap) for gap in protocol.data_gaps]
        return "\n".join(f"{_capital(gap)}." for gap in gaps), ()

    def _english(self, text: str) -> str:
        return f"(en anglais) {text}" if self.french else text


def _capital(text: str) -> str:
    return text if text.startswith("pH") else text[:1].upper() + text[1:]
