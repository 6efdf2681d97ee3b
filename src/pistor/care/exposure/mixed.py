"""Where the blend itself, acid, alkaline or of another osmolarity than tissue, makes the first minutes other than reckoned."""

from __future__ import annotations

from collections.abc import Iterator

from pistor.care.evidence import Effect, Finding
from pistor.care.exposure.order import Order
from pistor.care.formulation.windows import osmolarity_findings, ph_findings
from pistor.knowledge import Library

LEFT_OUT = "The engine leaves that out, so the first minutes are other than reckoned."


def mixed(order: Order, library: Library) -> Iterator[Finding]:
    """What the pH and the osmolarity of the blend say; nothing where no blend was composed."""
    if order.ph is not None:
        beyond = [finding for finding in ph_findings(order.ph, library) if finding.effect is not Effect.INFORM]
        yield from (Finding("exposure.ph", Effect.CAUTION, f"{finding.text} {LEFT_OUT}", finding.because, sources=finding.sources) for finding in beyond)
    if order.osmolarity is not None:
        found = osmolarity_findings(order.osmolarity, library)
        yield from (Finding("exposure.osmolarity", Effect.CAUTION, f"{finding.text} {LEFT_OUT}", finding.because, sources=finding.sources) for finding in found)
    unknown = [name for name, interval in (("pH", order.ph), ("osmolarity", order.osmolarity)) if interval is not None and not interval.known]
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        text = f"The {' and the '.join(unknown)} of this blend {verb} not known, so neither is whether the first minutes are as reckoned."
        yield Finding("exposure.mixture_unknown", Effect.INFORM, text)
