"""A report as finished sentences, and its windows as a picture."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pistor.care.evidence import SourceRef, cited
from pistor.exchange.charts import Window, window_chart
from pistor.knowledge.library import Library
from pistor.records.reactions import ReactionReport
from pistor.records.treatment import Treatment

_NTM_MEDIANS = (732.0, 792.0)  # 30.5 d and 33 d, as cited in the reaction's basis
EMERGENCY_REACTIONS = ("anaphylaxis", "last")


@dataclass(frozen=True, slots=True)
class Steps:
    """The emergency steps of one reaction, with where they come from."""

    name: str
    steps: tuple[str, ...]
    sources: tuple[SourceRef, ...]


def windows_picture(report: ReactionReport, given_on: dt.date | None) -> str:
    """The windows of the suspected reactions with the onset of this report."""
    began = 24.0 * (report.began_on - given_on).days if given_on else None
    windows = [_window(suspect) for suspect in report.triage["suspects"] if suspect["until_hours"] is not None]
    if not windows:
        return ""
    said = "; ".join(f"{suspect['name']}: {suspect['window']}" for suspect in report.triage["suspects"])
    return window_chart(windows, began_hours=began, title="Published onset after a treatment", description=said)


def _window(suspect: dict[str, Any]) -> Window:
    ntm = suspect["id"] == "ntm"
    return Window(
        label=suspect["name"],
        from_hours=float(suspect["from_hours"] or 0),
        until_hours=float(suspect["until_hours"]),
        marks=_NTM_MEDIANS if ntm else (),
        open_ended=ntm,
    )


PLACES = {"before": "earlier than published", "within": "fits", "after": "later than published", "unknown": "not known"}


def suspects_shown(report: ReactionReport) -> list[dict[str, Any]]:
    return [{**suspect, "fits": PLACES[suspect["onset"]], "refs": _refs(suspect["sources"])} for suspect in report.triage["suspects"]]


def _refs(sources: list[dict[str, Any]]) -> list[SourceRef]:
    return [SourceRef(source["key"], source["locator"], source["grade"], source["text"], dt.date.fromisoformat(source["reviewed"])) for source in sources]


def emergency_steps(library: Library) -> list[Steps]:
    """What to do in anaphylaxis and in local anaesthetic toxicity, always at hand on the card."""
    found = [library.reactions[id_] for id_ in EMERGENCY_REACTIONS if id_ in library.reactions]
    return [Steps(reaction.name, tuple(step.text for step in reaction.first_line), cited(reaction.first_line)) for reaction in found]


def began_in_words(report: ReactionReport, given_on: dt.date | None) -> str:
    if given_on is None:
        return "the day of the treatment is not known"
    days = (report.began_on - given_on).days
    return "on the day of the treatment" if days == 0 else f"{days} day{'' if days == 1 else 's'} after the treatment"


def lots_used(visit: Treatment, library: Library) -> list[str]:
    """The lots of this treatment, to trace: presentation, lot, expiry. One that a correction named stands with them."""
    signed = [(use.lot, "") for use in visit.lot_uses.select_related("lot").order_by("lot__presentation")]
    corrected = [(row.lot, ", named by a correction") for row in visit.lot_corrections.select_related("lot").order_by("created_at", "lot__presentation")]
    known = library.presentations
    return [
        f"{known[lot.presentation].name if lot.presentation in known else lot.presentation.replace('_', ' ')}, lot {lot.lot_number}, "
        f"expires {lot.expires_on.day} {lot.expires_on:%b %Y}{how}"
        for lot, how in {lot.pk: (lot, how) for lot, how in (*corrected, *signed)}.values()
    ]
