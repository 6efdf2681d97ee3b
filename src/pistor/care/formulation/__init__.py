"""Formulation: what is in the syringe, what is known of its parts together, and how much of it is too much."""

from pistor.care.formulation.amounts import Amounts, amounts
from pistor.care.formulation.blend import Blend, Concentration, ConfirmOption, Interval, Part, ToConfirm, UnusableBlend
from pistor.care.formulation.compose import compose, technique_findings
from pistor.care.formulation.doses import DoseCheck, Topical, check_doses, dose_findings, volume_findings
from pistor.care.formulation.pairs import PairResult, judge_pair

__all__ = [
    "Amounts", "Blend", "Concentration", "ConfirmOption", "DoseCheck", "Interval", "PairResult", "Part", "ToConfirm", "Topical", "UnusableBlend",
    "amounts", "check_doses", "compose", "dose_findings", "judge_pair", "technique_findings", "volume_findings",
]  # fmt: skip
