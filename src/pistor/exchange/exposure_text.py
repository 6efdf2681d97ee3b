"""An exposure as a person reads it in a terminal."""

from __future__ import annotations

from pistor.care.evidence import Finding
from pistor.care.exposure.exposure import Exposure, SoluteExposure
from pistor.care.exposure.film import FilmExposure, FilmOrder, FilmSolute
from pistor.care.exposure.order import Order
from pistor.care.exposure.sentences import DRIVERS, number, spread
from pistor.care.exposure.single_points import Judged, SinglePoints, objective_text
from pistor.exchange.text_table import table


def exposure_text(exposure: Exposure | FilmExposure) -> str:
    """What was asked, what holds for all of it, then each substance with its numbers; last what nothing is reckoned of."""
    lines = [f"{exposure.order.zone}: {_what(exposure.order)}; {exposure.patients} virtual patients.", *_findings(exposure.findings)]
    for solute in exposure.computed:
        lines += ["", f"{solute.name}, {number(solute.mg_per_ml)} mg/mL, {number(solute.dose_mg)} mg"]
        lines += [*_findings(solute.findings, solute.name), *_numbers(solute)]
    for fenced in exposure.fenced:
        lines += ["", f"{fenced.name}: no number. {fenced.reason}"]
        if fenced.half_life is not None:
            lines.append(f"  Half of it was gone after {number(fenced.half_life.number)} {fenced.half_life.unit} ({fenced.half_life.note or 'as published'}).")
    return "\n".join([*lines, "", f"Knowledge {exposure.knowledge_version}. --json gives every number, --html the pictures."])


def volumes_text(one: Judged) -> str:
    """What each point gets, mL."""
    least, most = one.volumes_ml
    return number(least) if least == most else f"{number(least)} to {number(most)}"


def points_text(region: str, found: SinglePoints) -> str:
    """The regular grids and the points chosen in their place, as a table."""
    rows = []
    for at, pair in enumerate(found.pairs, 1):
        rows.append(_judged(f"grid {at}", pair.grid))
        if pair.better:
            rows.append(_judged(f"points {at}", pair.chosen))
    head = ("", "punctures", "mL each", "mL in all", "depth mm", "missing %", "covered %", "at worst %", "beside %")
    lines = [f"Points to choose from in {region}, estimated by the model; how much is enough is not known.", f"  Missing: {objective_text(found.skins)}"]
    return "\n".join([*lines, "", *(f"  {row}" for row in table(head, [*rows, _judged("this plan", found.now)]))])


def _judged(name: str, one: Judged) -> tuple[str, ...]:
    shares = (f"{100 * one.missing:.1f}", *(f"{100 * share:.0f}" for share in (one.covered, one.covered_least, one.beside)))
    return (name, str(len(one.points)), volumes_text(one), number(one.total_ml), number(one.depth_mm), *shares)


def _what(order: Order | FilmOrder) -> str:
    if isinstance(order, FilmOrder):
        return f"a film {number(order.film_mm)} mm thick on {number(order.area_cm2)} cm² with {number(order.channels_per_cm2)} channels per cm²"
    return f"{len(order.spots)} points of {order.typical.volume_ml:.3g} mL, {number(order.typical.depth_mm)} mm deep"


def _findings(findings: tuple[Finding, ...], under: str = "") -> list[str]:
    """A line for each; the name that they stand ``under`` is not said again."""
    told = ((finding, finding.text.removeprefix(f"{under}: ")) for finding in findings)
    return [f"  {'! ' if finding.effect.value in ('caution', 'ask') else ''}{text[:1].upper()}{text[1:]}" for finding, text in told]


def _numbers(solute: SoluteExposure | FilmSolute) -> list[str]:
    """The other ways in beside this one, and what the range comes from."""
    rows = [("as planned", spread(solute.absorbed_mg), spread(solute.plasma.cmax_mg_per_l) if solute.plasma else "unknown", solute.plasma_unknown)]
    for one in solute.comparisons:
        absorbed = "unknown" if one.absorbed_mg is None else number(one.absorbed_mg)
        rows.append((one.name, absorbed, "unknown" if one.cmax_mg_per_l is None else number(one.cmax_mg_per_l), one.reason))
    lines = ["", *(f"  {row}" for row in table(("the same dose", "into the blood mg", "peak micrograms/mL", ""), rows))]
    if solute.drivers is not None:
        top = list(solute.drivers.share.items())[:3]
        lines += ["", "  The range comes from: " + ", ".join(f"{DRIVERS.get(name, name).lower()} ({number(100 * share)} %)" for name, share in top) + "."]
    return lines
