"""Writes the tables and pictures of ``explanation/how-to-read-the-field.md`` from the program: ``./pistor docs --tables``.

What stands between ``<!-- made: NAME -->`` and ``<!-- end -->`` is made here; the rest of the page is written by hand. A test
fails while the page and the program disagree. What the tutorial notebook shows is run anew as well.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pistor.care.exposure.solute import Fenced, Solute, solute_of
from pistor.care.exposure.tissue import RETICULAR, Site, Variation, site_of, tissue_of
from pistor.care.exposure.validation import FAILURES, SUCCESSES, Line, Verdict, factor_of, lines, solute_for
from pistor.care.exposure.values import parameter, priors_of
from pistor.delivery import depots, field
from pistor.delivery.metrics import lattice_valley_over_peak, reach_mm
from pistor.delivery.problem import Depot
from pistor.exchange import field_pictures as pictures
from pistor.knowledge import Library, load
from pistor.knowledge.model import MEASUREMENT_GROUPS

DOCS = Path(__file__).parent
PAGE = DOCS / "explanation" / "how-to-read-the-field.md"
IMAGES = DOCS / "images"
BLOCK = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

ZONE = "face"
# mg/mL in the depot
STRENGTHS = {"lidocaine": 10.0, "caffeine": 50.0, "tranexamic_acid": 50.0, "minoxidil": 5.0, "ketoprofen": 25.0, "ascorbic_acid": 100.0}
LARGE = "dextran_70kda_spread"
VOLUMES_ML = (0.01, 0.05, 0.1)
SPACINGS_MM = (2, 3, 4, 5, 6, 8, 10)
TIMES_H = np.geomspace(1e-3, 1000.0, 400)
PATIENTS = 64
VARIED = ("diffusivity_factor", "clearance_factor", "dermis_factor", "viable_epidermis", "papillary_clearance", "hypodermis_clearance")
KINDS = {
    "label_rules": "the label's rules only", "residence": "only how long it stays", "dissolution": "dissolves slowly or hardly",
    "receptor": "bound where it acts", "lipophilic": "too fond of fat", "missing": "inputs missing",
}  # fmt: skip


def page(text: str, library: Library) -> str:
    """The page with every block made anew."""
    return BLOCK.sub(lambda block: f"{block[1]}{MADE[block[2]](library)}\n{block[3]}", text)


def number(value: float | None) -> str:
    """Two digits, as much as any of this is good for."""
    if value is None:
        return ""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{float(f'{value:.2g}'):g}"
    power = math.floor(math.log10(abs(value)))
    return f"{float(f'{value / 10**power:.2g}'):g}·10^{power}" if power else f"{value:.2g}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


# ── what was measured ───────────────────────────────────────────────────────────────────────────────────────────────────


def measured_against_predicted(library: Library) -> str:
    found = lines(library)
    parts = []
    for group, title in MEASUREMENT_GROUPS.items():
        rows = [_row(line) for line in sorted(found, key=lambda line: line.verdict not in FAILURES) if line.entry.group == group]
        parts.append(f"**{title}**\n\n" + table(("What", "In", "Measured", "The engine", "The engine over measured", "So", "From"), rows))
    return "\n\n".join(parts)


def _row(line: Line) -> tuple[str, ...]:
    entry = line.entry
    seen = number(line.low) if line.low == line.high else f"{number(line.low)} to {number(line.high)}" if line.high else f"more than {number(line.low)}"
    unit = {"ratio": "", "cm2/min": "cm²/min", "um2/s": "µm²/s", "mm2": "mm²"}.get(line.unit, line.unit)
    said = f"**{line.verdict.value}**" if line.verdict in FAILURES else line.verdict.value
    sources = {key for one in (*(m.quantity for m in entry.measured), *entry.said) for key in one.source} - {"pistor_design"}
    where = f"{entry.species}{f', {entry.subjects}' if entry.subjects else ''}"
    what = f"{entry.name}: {line.what[:1].lower()}{line.what[1:]}"
    measured = f"{seen} {unit}".strip() if line.low is not None else "no number"
    predicted = f"{number(line.predicted)} {unit}".strip() if line.predicted is not None else "none"
    return what.rstrip("."), where, measured, predicted, number(line.times), f"{said}. {line.why}" if line.why else said, ", ".join(sorted(sources))


def tally(library: Library) -> str:
    found = lines(library)
    count = Counter(line.verdict for line in found)
    good, bad = sum(count[v] for v in SUCCESSES), sum(count[v] for v in FAILURES)
    edge = [line for line in found if line.verdict is Verdict.WITHIN and line.times and abs(math.log(line.times)) > 0.75 * math.log(factor_of(line.entry))]
    missed = [f"{line.entry.name} ({_missed(line)})" for line in found if line.verdict in FAILURES]
    near = [f"{line.entry.name} (predicted {number(line.times)} times what was measured)" for line in edge]
    return (
        f"Of {len(found)} lines **{bad} miss**: {'; '.join(missed)}. {good} hold, of these near the edge: {'; '.join(near)}. "
        f"{count[Verdict.SET]} are no test, because a number of the engine was read from them. {count[Verdict.OUTSIDE]} lie outside the model, "
        f"{count[Verdict.NO_NUMBER]} have no number."
    )


def _missed(line: Line) -> str:
    if line.verdict is Verdict.MISSED:
        law = " by the published law alone" if "published law" in line.what else ""
        return f"{line.what.partition(',')[0].lower()}{law}: predicted {number(line.times)} times what was measured"
    return f"the order of the two ways: measured {number(line.low)}, predicted {number(line.predicted)}"


# ── how far, how long, how even ─────────────────────────────────────────────────────────────────────────────────────────


def reach(library: Library) -> str:
    site, rows = site_of(ZONE, library), []
    for name, solute in _substances(library):
        tissue = tissue_of(site, solute)
        length = math.sqrt(solute.diffusivity_mm2_per_h() / _reticular_clearance(site, solute))
        for volume in VOLUMES_ML:
            solution = field.solve(tissue, [_depot(site, volume, library)], TIMES_H)
            r50, r10 = (reach_mm(solution.auc_kernel([_middle_mm(site)]), share) for share in (0.5, 0.1))
            rows.append((name, f"{volume:g}", number(r50), number(r10), _span(_gone_h(solution, 0.5)), _span(_gone_h(solution, 0.9)), number(length)))
    head = ("Substance", "mL", "half of the exposure at, mm", "a tenth at, mm", "half gone after", "nine tenths gone after", "diffusion length, mm")
    return table(head, rows)


def lattice(library: Library) -> str:
    site = site_of(ZONE, library)
    chosen = dict(_substances(library))
    rows = []
    for name, volume in (("Lidocaine", 0.02), ("Tranexamic acid", 0.02), ("A molecule of 70 kDa", 0.02), ("Tranexamic acid", 0.05)):
        tissue = tissue_of(site, next(solute for title, solute in chosen.items() if title.startswith(name)))
        kernel = field.solve(tissue, [_depot(site, volume, library)], [1.0]).auc_kernel([_middle_mm(site)])
        rows.append((name, f"{volume:g}", *(_percent(lattice_valley_over_peak(kernel, "square", spacing)) for spacing in SPACINGS_MM)))
    return table(("Substance", "mL a point", *(f"{spacing} mm" for spacing in SPACINGS_MM)), rows)


def uncertainty(library: Library) -> str:
    """Median and 5 to 95 % of virtual patients, drawn from the spreads that the library holds."""
    from scipy.stats import qmc

    priors = priors_of(library)
    names = (*VARIED, "wheal_radius", "filling_fraction")
    drawn = qmc.Sobol(len(names), seed=4).random(PATIENTS)
    values = {name: priors[name].quantile(column) for name, column in zip(names, drawn.T, strict=True)}
    site, rows = site_of(ZONE, library), []
    for name, solute in _illustrated(library):
        found = np.array([_patient(site, solute, {key: float(values[key][i]) for key in names}) for i in range(PATIENTS)])
        low, middle, high = np.quantile(found, [0.05, 0.5, 0.95], axis=0)
        told = [f"{_span(m)} ({_span(a)} to {_span(b)})" for a, m, b in zip(low[:1], middle[:1], high[:1], strict=True)]
        told.append(f"{number(middle[1])} mm ({number(low[1])} to {number(high[1])})")
        told += [f"{number(high[2] / low[2])} times"]
        rows.append((name, *told))
    return table(("Substance, 0.02 mL", "half gone after", "a tenth of the exposure at", "exposure at the tip, 95 % over 5 %"), rows)


def first(library: Library) -> str:
    """How much above the syringe's strength the middle of a bell begins, and until when it stays above it."""
    site, rows = site_of(ZONE, library), []
    depths = np.linspace(0.0, 0.999 * sum(layer.thickness.number for layer in site.layers[:3]), 25)  # epidermis and dermis, not the fat
    hours = np.geomspace(1e-4, 100.0, 240)
    for name, solute in _illustrated(library):
        for volume in VOLUMES_ML:
            solution = field.solve(tissue_of(site, solute), [_depot(site, volume, library)], hours)
            highest = solution.kernel(depths).at([0.0])[..., 0].max(axis=1) * volume * 1000.0  # over 1 mg in so many mm³
            below = int(np.argmax(highest < 1))
            rows.append((name, f"{volume:g}", number(float(highest[0])), _span(float(hours[below])), f"{100 * solution.mass_mg[below]:.0f} %"))
    return table(("Substance", "mL", "first, times the syringe's strength", "above it for", "of the dose left then"), rows)


def _illustrated(library: Library) -> list[tuple[str, Solute]]:
    return [pair for pair in _substances(library) if pair[0].startswith(("Lidocaine", "Tranexamic", "A molecule"))]


def _patient(site: Site, solute: Solute, of: dict[str, float]) -> tuple[float, float, float]:
    variation = Variation(**{key: of[key] for key in VARIED})
    wheal = depots.bleb(depots.DERMIS, 0.02, anchor_mm=of["wheal_radius"], filling=of["filling_fraction"])
    depth = _middle_mm(site) * of["dermis_factor"]
    depot = Depot(0.0, 0.0, depth, wheal.sigma_lateral_mm, wheal.sigma_vertical_mm, 1.0)
    solution = field.solve(tissue_of(site, solute, variation), [depot], TIMES_H, tolerance=1e-3)
    kernel = solution.auc_kernel([depth])
    return _gone_h(solution, 0.5), reach_mm(kernel, 0.1), float(kernel.at([0.0]).item())


def _substances(library: Library) -> list[tuple[str, Solute]]:
    found = []
    for id_, strength in STRENGTHS.items():
        solute = solute_of(id_, library, depot_mg_per_ml=strength)
        assert isinstance(solute, Solute), id_
        found.append((f"{solute.name.partition(' (')[0]}, {strength:g} mg/mL", solute))
    return [*found, ("A molecule of 70 kDa", solute_for(library.residence_measurements[LARGE], library))]


def _depot(site: Site, volume_ml: float, library: Library) -> Depot:
    anchor = parameter("wheal_radius", library).number
    return depots.point_depot(0.0, 0.0, _middle_mm(site), volume_ml, 1.0, layer=depots.DERMIS, anchor_mm=anchor)


def _middle_mm(site: Site) -> float:
    """The depth of the middle of the dermis."""
    thick = [layer.thickness.number for layer in site.layers]
    return thick[0] + (thick[1] + thick[2]) / 2


def _reticular_clearance(site: Site, solute: Solute) -> float:
    return next(layer.clearance_per_h for layer in tissue_of(site, solute).layers if layer.name == RETICULAR)


def _gone_h(solution: field.Solution, part: float) -> float:
    return math.exp(np.interp(-math.log(1 - part), -np.log(np.maximum(solution.mass_mg, 1e-300)), np.log(TIMES_H)))


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %" if part >= 0.01 else "under 1 %"


def _span(hours: float) -> str:
    return f"{number(hours)} h" if hours >= 1 else f"{number(60 * hours)} min"


# ── what is left out ────────────────────────────────────────────────────────────────────────────────────────────────────


def fenced(library: Library) -> str:
    rows = []
    for id_, entry in library.ingredients.items():
        found = solute_of(id_, library)
        if isinstance(found, Fenced) and found.kind != "missing":
            stays = f" Half gone after about {number(found.half_life.number)} h." if found.half_life else ""
            rows.append((entry.name, KINDS[found.kind], f"{found.reason}{stays}"))
    return table(("Substance", "What it gets", "Why"), sorted(rows, key=lambda row: (row[1], row[0])))


def missing(library: Library) -> str:
    found = {entry.name: solute_of(id_, library) for id_, entry in library.ingredients.items()}
    names = [f"{name} ({' and '.join(one.missing)})" for name, one in found.items() if isinstance(one, Fenced) and one.kind == "missing"]
    return f"Nobody measured, or nobody here could read, what the engine needs of {len(names)} substances, so they get no number: {', '.join(sorted(names))}."


def layers(library: Library) -> str:
    site = site_of(ZONE, library)
    told = ", ".join(f"{layer.name} {number(layer.thickness.number)} mm ({layer.thickness.how.value})" for layer in site.layers)
    return f"The skin is that of the {ZONE}, both sexes: {told}; blood {number(site.flow.number)} mL an hour for each mL of skin ({site.flow.how.value})."


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(library: Library) -> dict[str, pictures.Picture]:
    """The pictures of the page by the name of their file."""
    site = site_of(ZONE, library)
    solutes = dict(_substances(library))
    small = next(solute for name, solute in solutes.items() if name.startswith("Lidocaine"))
    ends = np.cumsum([0.0, *(layer.thickness.number for layer in site.layers)])
    bands = [(layer.name, float(a), float(b)) for layer, a, b in zip(site.layers, ends[:-1], ends[1:], strict=True)]
    times, depths = np.geomspace(1 / 60, 6.0, 40), np.linspace(0.0, 3.0, 61)
    point = replace(_depot(site, 0.05, library), dose_mg=0.5)
    under = field.solve(tissue_of(site, small), [point], times)
    profile = np.stack([under.concentration([0.0], [0.0], [depth])[:, 0] for depth in depths], axis=1)
    found = {"field-depth-time.svg": pictures.depth_time("Lidocaine, 0.5 mg in 0.05 mL", times.tolist(), depths.tolist(), profile, bands, _middle_mm(site))}
    square = pictures.Region("40 mm square", ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)))
    kernel = field.solve(tissue_of(site, small), [_depot(site, 0.02, library)], [1.0]).auc_kernel([_middle_mm(site)])
    for spacing in (10, 4):
        steps = np.arange(spacing / 2, 40.0, spacing)
        placed = [(float(x), float(y), 0.2) for x in steps for y in steps]
        found[f"field-{spacing}-mm.svg"] = pictures.zone_field(
            f"Points {spacing} mm apart", [square], placed, kernel.variance_mm2, kernel.weight_per_mm[0],
            what="Lidocaine, 0.2 mg in 0.02 mL at a point: exposure in the middle of the dermis", unit=pictures.AREA_UNIT,
        )  # fmt: skip
    return found


MADE: dict[str, Callable[[Library], str]] = {
    "validation": measured_against_predicted, "tally": tally, "layers": layers, "reach": reach, "lattice": lattice, "uncertainty": uncertainty, "first": first,
    "fenced": fenced, "missing": missing,
}  # fmt: skip


def main() -> None:
    import notebook

    library = load()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), library), encoding="utf-8")
    for name, picture in drawn(library).items():
        (IMAGES / name).write_text(picture.svg + "\n", encoding="utf-8")
    notebook.write(notebook.executed(notebook.read()))


if __name__ == "__main__":
    main()
