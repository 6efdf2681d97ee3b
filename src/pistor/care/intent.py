"""What a clinician means to do: the other half of every question about candidacy."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Intent:
    """Application, indication, zone, products and country. Ids are those of the knowledge base.

    ``jurisdiction`` is an ISO 3166 alpha-2 code, or None where the country is not known. ``assumed`` names the parts
    that were filled from the knowledge base's defaults because nobody chose them.
    """

    application: str
    indication: str
    zone: str
    ingredients: tuple[str, ...]
    presentations: tuple[str, ...] = ()
    protocol: str | None = None
    technique: str | None = None
    jurisdiction: str | None = None
    topical: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default=())
