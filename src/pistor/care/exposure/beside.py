"""What stands beside the numbers of a substance, however it was put into the skin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pistor.care.exposure.sentences import DRIVERS, beside_limit

if TYPE_CHECKING:
    from pistor.care.exposure.blood import Plasma
    from pistor.care.exposure.exposure import SoluteExposure
    from pistor.care.exposure.film import FilmSolute
    from pistor.care.exposure.values import Value


def beside_the_numbers(solute: SoluteExposure | FilmSolute) -> dict[str, Any]:
    """The toxic limit, the other ways in, what the range comes from, the inputs and the findings, as a dictionary."""
    limit, drivers = solute.limit, solute.drivers
    return {
        "limit": _limit(limit, solute.plasma) if limit else None,
        "comparisons": [one.as_dict() for one in solute.comparisons],
        "drivers": [{"name": DRIVERS.get(name, name), "share": share} for name, share in drivers.share.items()] if drivers else [],
        "drivers_together": drivers.together if drivers else None,
        "values": [value.as_dict() for value in solute.values],
        "findings": [finding.as_dict() for finding in solute.findings],
    }


def _limit(limit: Value, plasma: Plasma | None) -> dict[str, Any]:
    told = beside_limit(plasma.cmax_mg_per_l, limit.number) if plasma else ""
    return {"mg_per_l": limit.number, "note": limit.note, "told": told, "sources": [ref.as_dict() for ref in limit.sources]}
