"""The steps of the checklist for an application."""

from __future__ import annotations

from pistor.knowledge import Library
from pistor.knowledge.model import ChecklistStep


def checklist(library: Library, application: str) -> tuple[ChecklistStep, ...]:
    """The steps for an application, in their order."""
    steps = [step for step in library.checklist_steps.values() if application in {found.value for found in step.applications}]
    return tuple(sorted(steps, key=lambda step: (step.order, step.id)))
