"""The verdict and how findings add up to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pistor.care.consultation import PatientPicture
from pistor.care.evidence import Finding
from pistor.care.intent import Intent
from pistor.knowledge import Library


class VerdictState(StrEnum):
    ELIGIBLE = "eligible"
    WITH_CONDITIONS = "eligible_with_conditions"
    REFER = "refer"
    NOT_ELIGIBLE = "not_eligible"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``missing`` are ids of questions still to ask; ``checked`` the rules that were asked and did not hold."""

    state: VerdictState
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    checked: tuple[str, ...]
    knowledge_version: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.state.value,
            "findings": [finding.as_dict() for finding in self.findings],
            "missing": list(self.missing),
            "checked": list(self.checked),
            "knowledge_version": self.knowledge_version,
        }


def assess(picture: PatientPicture, intent: Intent, library: Library) -> Verdict:
    """Every rule in scope asked of the picture. Missing facts become questions, never a yes."""
    raise NotImplementedError
