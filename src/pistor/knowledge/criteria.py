"""The small language in which a contraindication says when it holds.

A criterion is asked of a patient picture and answers yes, no or *not known*; ``care.candidacy`` evaluates it. Each
form is one YAML mapping with its own leading key, for example ``{condition: bleeding_disorder}``,
``{medicine: isotretinoin, within_days: 180}``, ``{any: [...]}``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Form(BaseModel):
    """Base of every form of criterion."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _as_decimal(value: object) -> object:
    return Decimal(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else value


def _as_tuple(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Number = Annotated[Decimal, BeforeValidator(_as_decimal)]


class AnyOf(Form):
    any: tuple[Criterion, ...] = Field(min_length=1)


class AllOf(Form):
    all: tuple[Criterion, ...] = Field(min_length=1)


class NotOf(Form):
    not_: Criterion = Field(alias="not")


class ConditionIs(Form):
    """A condition of this concept: ``active`` now, ``ever``, or recorded as ``past`` and not active now; optionally only
    if it began within some days. A concept without a question is looked for in the record only."""

    condition: str
    status: Literal["active", "ever", "past"] = "active"
    within_days: int | None = None


class MedicineIs(Form):
    """A medicine of this concept: taken now, or until at most ``within_days`` ago."""

    medicine: str
    within_days: int = 0


class AllergyTo(Form):
    """An allergy to this allergen group; ``blend`` stands for every group the chosen products carry."""

    allergy: str


class PregnancyIs(Form):
    pregnancy: Annotated[tuple[Literal["pregnant", "breastfeeding", "trying"], ...], BeforeValidator(_as_tuple)]


class SexIs(Form):
    sex: Literal["female", "male"]


class AgeBelow(Form):
    age_below: int


class BmiAbove(Form):
    bmi_above: Number


class AnswerIs(Form):
    """An answer to a question: ``is`` yes or no or a choice, or a number above or below a bound."""

    answer: str
    is_: str | None = Field(default=None, alias="is")
    above: Number | None = None
    below: Number | None = None


class Deceased(Form):
    deceased: Literal[True]


Criterion = (
    AnyOf
    | AllOf
    | NotOf
    | ConditionIs
    | MedicineIs
    | AllergyTo
    | PregnancyIs
    | SexIs
    | AgeBelow
    | BmiAbove
    | AnswerIs
    | Deceased
)
for _form in (AnyOf, AllOf, NotOf):
    _form.model_rebuild()
