"""The plain values of a blend, and the way they are written down and read again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pistor.care.evidence import Finding, SourceRef, finding_from_dict
from pistor.care.formulation.pairs import PairResult


class UnusableBlend(ValueError):
    """The blend or its doses cannot be computed; the message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Part:
    """So much of one presentation (an id of ``knowledge``)."""

    presentation: str
    volume_ml: Decimal

    def as_dict(self) -> dict[str, str]:
        return {"presentation": self.presentation, "volume_ml": plain(self.volume_ml)}

    @classmethod
    def from_dict(cls, data: dict[str, str]) -> Part:
        return cls(data["presentation"], Decimal(data["volume_ml"]))


@dataclass(frozen=True, slots=True)
class Concentration:
    """``amount`` is exact: the sum over the parts. ``per_ml`` is ``amount`` divided by the volume of the blend."""

    ingredient: str
    name: str
    per_ml: Decimal
    unit: str  # mg/mL or units/mL
    amount: Decimal
    active: bool
    sources: tuple[SourceRef, ...] = ()

    @property
    def amount_unit(self) -> str:
        return self.unit.removesuffix("/mL")

    def as_dict(self) -> dict[str, Any]:
        return {
            "ingredient": self.ingredient,
            "name": self.name,
            "per_ml": plain(self.per_ml),
            "unit": self.unit,
            "amount": plain(self.amount),
            "active": self.active,
            "sources": [source.as_dict() for source in self.sources],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Concentration:
        return cls(
            data["ingredient"], data["name"], Decimal(data["per_ml"]), data["unit"], Decimal(data["amount"]), data["active"], sources_from(data["sources"])
        )


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that is only as good as its parts: ``unknown`` names those without a value, and then there is no range."""

    low: Decimal | None
    high: Decimal | None
    unit: str
    basis: str  # what kind of range this is, in words
    unknown: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...] = ()

    @property
    def known(self) -> bool:
        return self.low is not None and self.high is not None

    def as_dict(self) -> dict[str, Any]:
        return {
            "low": None if self.low is None else plain(self.low),
            "high": None if self.high is None else plain(self.high),
            "unit": self.unit,
            "basis": self.basis,
            "unknown": list(self.unknown),
            "sources": [source.as_dict() for source in self.sources],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Interval:
        low, high = (None if data[end] is None else Decimal(data[end]) for end in ("low", "high"))
        return cls(low, high, data["unit"], data["basis"], tuple(data["unknown"]), sources_from(data["sources"]))


@dataclass(frozen=True, slots=True)
class ConfirmOption:
    """One side of a conflict. ``value`` is None where the reading is words only."""

    value: Decimal | None
    unit: str
    text: str
    sources: tuple[SourceRef, ...]

    def as_dict(self) -> dict[str, Any]:
        value = None if self.value is None else plain(self.value)
        return {"value": value, "unit": self.unit, "text": self.text, "sources": [source.as_dict() for source in self.sources]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ConfirmOption:
        return cls(None if data["value"] is None else Decimal(data["value"]), data["unit"], data["text"], sources_from(data["sources"]))


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """Something the clinician must confirm. A concentration has ``options`` and the ``expected`` value of the chosen presentation."""

    id: str
    kind: Literal["concentration", "protocol"]
    what: str
    options: tuple[ConfirmOption, ...] = ()
    expected: Decimal | None = None

    def __str__(self) -> str:
        return self.what

    def as_dict(self) -> dict[str, Any]:
        expected = None if self.expected is None else plain(self.expected)
        return {"id": self.id, "kind": self.kind, "what": self.what, "options": [option.as_dict() for option in self.options], "expected": expected}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ToConfirm:
        expected = None if data["expected"] is None else Decimal(data["expected"])
        return cls(data["id"], data["kind"], data["what"], tuple(ConfirmOption.from_dict(option) for option in data["options"]), expected)


@dataclass(frozen=True, slots=True)
class Blend:
    """What is in the syringe and what is known of it. ``findings`` with ``stops`` mean that it must not be made."""

    parts: tuple[Part, ...]
    volume_ml: Decimal
    concentrations: tuple[Concentration, ...]
    ph: Interval
    osmolarity: Interval
    pairs: tuple[PairResult, ...]
    findings: tuple[Finding, ...]
    to_confirm: tuple[ToConfirm, ...]
    policy: str
    jurisdiction: str | None
    allergen_groups: tuple[str, ...]
    knowledge_version: str

    @property
    def stops(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.stops)

    @property
    def ingredients(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(concentration.ingredient for concentration in self.concentrations))

    @property
    def actives(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(concentration.ingredient for concentration in self.concentrations if concentration.active))

    def as_dict(self) -> dict[str, Any]:
        return {
            "parts": [part.as_dict() for part in self.parts],
            "volume_ml": plain(self.volume_ml),
            "concentrations": [concentration.as_dict() for concentration in self.concentrations],
            "ph": self.ph.as_dict(),
            "osmolarity": self.osmolarity.as_dict(),
            "pairs": [pair.as_dict() for pair in self.pairs],
            "findings": [finding.as_dict() for finding in self.findings],
            "to_confirm": [item.as_dict() for item in self.to_confirm],
            "policy": self.policy,
            "jurisdiction": self.jurisdiction,
            "allergen_groups": list(self.allergen_groups),
            "knowledge_version": self.knowledge_version,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Blend:
        return cls(
            parts=tuple(Part.from_dict(part) for part in data["parts"]),
            volume_ml=Decimal(data["volume_ml"]),
            concentrations=tuple(Concentration.from_dict(concentration) for concentration in data["concentrations"]),
            ph=Interval.from_dict(data["ph"]),
            osmolarity=Interval.from_dict(data["osmolarity"]),
            pairs=tuple(PairResult.from_dict(pair) for pair in data["pairs"]),
            findings=tuple(finding_from_dict(finding) for finding in data["findings"]),
            to_confirm=tuple(ToConfirm.from_dict(item) for item in data["to_confirm"]),
            policy=data["policy"],
            jurisdiction=data["jurisdiction"],
            allergen_groups=tuple(data["allergen_groups"]),
            knowledge_version=data["knowledge_version"],
        )


def plain(value: Decimal) -> str:
    """A decimal as it is stored and printed: no exponent, no trailing zeros; ``4`` and never ``4.0`` or ``4E+0``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: Decimal, places: int = 3) -> str:
    """A decimal in a sentence: rounded to what can be measured."""
    return plain(round(value, places))


def sources_from(rows: list[dict[str, Any]]) -> tuple[SourceRef, ...]:
    return tuple(
        SourceRef(row["key"], row["locator"], row["grade"], row["text"], dt.date.fromisoformat(row["reviewed"]) if row["reviewed"] else None) for row in rows
    )
