"""An exposure as a person reads it in a terminal."""

from __future__ import annotations

from pistor.care.evidence import Finding
from pistor.care.exposure.exposure import Exposure, SoluteExposure
from pistor.care.exposure.film import FilmExposure, FilmOrder, FilmSolute
from pistor.care.exposure.order import Order
from pistor.care.exposure.sentences import DRIVERS, number, spread
from pistor.care.exposure.single_points import Judged, ProposedPoints, SinglePoints, objective_text
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
    return _ml(least) if least == most else f"{_ml(least)} to {_ml(most)}"


def _ml(volume: float) -> str:
    """A volume as a syringe is read."""
    return f"{volume:.3f}".rstrip("0").rstrip(".")


POINTS_HEAD = ("", "punctures", "mL each", "mL in all", "depth, mm", "missing, %", "covered, %", "at worst, %", "beside, %")
POINTS_NOTE = (
    "Covered: the share of the area that gets at least that half, in the middle case and in the worst of the skins. Beside: the part of the exposure outside "
    "the area. Chosen points take as many punctures as their grid, no more volume and the same depth, and are better also when "
    "each point lands 1 mm off (assumed). A model's estimate; how much is enough is not known."
)


def points_rows(found: SinglePoints) -> list[tuple[str, ...]]:
    """The regular grids, the points chosen in their place and the plan as it is, a row for each under `POINTS_HEAD`."""
    rows = []
    for at, pair in enumerate(found.pairs, 1):
        rows.append(_judged(f"grid {at}", pair.grid))
        if pair.better:
            rows.append(_judged(f"points {at}", pair.chosen))
    return [*rows, _judged("this plan", found.now)]


def points_text(proposed: ProposedPoints) -> str:
    """What can be chosen from, as a table with what its columns mean."""
    found = proposed.found
    head = f"Points to choose from: {proposed.substance} in {proposed.region.name}, {number(round(proposed.target_mm, 2))} mm deep"
    rows = (f"  {row}" for row in table(POINTS_HEAD, points_rows(found)))
    return "\n".join([head, f"  Missing: {objective_text(found.skins)}", f"  {POINTS_NOTE}", "", *rows])


def _judged(name: str, one: Judged) -> tuple[str, ...]:
    shares = (f"{100 * one.missing:.1f}", *(f"{100 * share:.0f}" for share in (one.covered, one.covered_least, one.beside)))
    return (name, str(len(one.points)), volumes_text(one), _ml(one.total_ml), number(one.depth_mm), *shares)


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
