"""The raw door of ``pistor deliver``: layers, depots, times and probes in plain numbers. docs/reference/deliver.md describes the file.

It knows no ingredient and no zone, so that anyone can check the physics against a solution of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pistor.delivery import problem
from pistor.delivery.field import solve
from pistor.delivery.problem import Depot, Layer, Tissue
from pistor.exchange.errors import Unusable
from pistor.exchange.fhir.values import text
from pistor.exchange.plain_values import bounded, items, made, mapping, number, quoted
from pistor.exchange.text_table import table

TOLERANCE = 1e-8
SHORTEST_H = 1e-6  # before that a depot that touches a sink has an edge too sharp to compute
MOST_TIMES = 1000
MOST_PROBES = 10_000
MOST_NUMBERS = 1_000_000
MOST_COLUMNS, MOST_ROWS = 8, 40  # of the table that a person reads
ENDLESS = "Nothing in this tissue removes the dose, so the area under the concentration has no end and auc_mg_h_per_mm3 is null."

_KEYS = ("layers", "bottom", "depots", "times_h", "probes")
_LAYER = ("name", "thickness_mm", "diffusivity_mm2_per_h", "clearance_per_h", "partition")
_DEPOT = ("x_mm", "y_mm", "depth_mm", "sigma_lateral_mm", "sigma_vertical_mm", "dose_mg")
_PROBE = ("x_mm", "y_mm", "depth_mm")


@dataclass(frozen=True, slots=True)
class RawProblem:
    """A tissue, depots in it at time zero, times (h) and probes (x_mm, y_mm, depth_mm) in the order in which they were given."""

    tissue: Tissue
    depots: tuple[Depot, ...]
    times_h: tuple[float, ...]
    probes: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """The whole dose. Per time: mg in the tissue, cleared, gone through the bottom, and the relative error the engine estimates;
    concentrations (mg/mm³) per time and probe; areas under them (mg h/mm³, infinite where nothing removes the dose) per probe."""

    dose_mg: float
    mass_mg: list[float]
    cleared_mg: list[float]
    lost_at_bottom_mg: list[float]
    concentration_mg_per_mm3: list[list[float]]
    auc_mg_h_per_mm3: list[float]
    error_estimate: list[float]

    @property
    def notes(self) -> tuple[str, ...]:
        endless = () if all(map(math.isfinite, self.auc_mg_h_per_mm3)) else (ENDLESS,)
        return (*endless, *self._open_balance())

    def _open_balance(self) -> tuple[str, ...]:
        """What is said where rounding has cost more of the dose than the engine's tolerance."""
        balance = [math.fsum(parts) for parts in zip(self.mass_mg, self.cleared_mg, self.lost_at_bottom_mg, strict=True)]
        off_mg = max(abs(mg - self.dose_mg) for mg in balance)
        if off_mg <= TOLERANCE * self.dose_mg:
            return ()
        return (f"Rounding leaves {off_mg:.1g} mg of {self.dose_mg:g} mg unaccounted for; the layers, depots and times are too unlike for more.",)

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` prints; an infinite area is null, for JSON has no infinity."""
        return {
            "mass_mg": self.mass_mg,
            "cleared_mg": self.cleared_mg,
            "concentration_mg_per_mm3": self.concentration_mg_per_mm3,
            "auc_mg_h_per_mm3": [area if math.isfinite(area) else None for area in self.auc_mg_h_per_mm3],
            "lost_at_bottom_mg": self.lost_at_bottom_mg,
            "error_estimate": self.error_estimate,
            "notes": list(self.notes),
        }


def answer(raw: RawProblem) -> RawAnswer:
    """The problem solved. What rounding leaves below zero far from every depot is zero."""
    solution = made(lambda: solve(raw.tissue, raw.depots, raw.times_h, tolerance=TOLERANCE))
    x_mm, y_mm, depth_mm = zip(*raw.probes, strict=True)
    return RawAnswer(
        dose_mg=math.fsum(depot.dose_mg for depot in raw.depots),
        mass_mg=solution.mass_mg.tolist(),
        cleared_mg=solution.cleared_mg.tolist(),
        lost_at_bottom_mg=solution.lost_mg.tolist(),
        concentration_mg_per_mm3=solution.concentration(x_mm, y_mm, depth_mm).clip(min=0.0).tolist(),
        auc_mg_h_per_mm3=solution.auc(x_mm, y_mm, depth_mm).clip(min=0.0).tolist(),
        error_estimate=solution.error.tolist(),
    )


def read_raw(value: dict[str, Any]) -> RawProblem:
    """The problem in a mapping read from YAML or JSON. Raises :class:`Unusable` with one sentence."""
    given = mapping(value, "the file", _KEYS)
    bottom = given["bottom"]
    if bottom not in problem.BOTTOMS:
        raise Unusable(f"bottom is {quoted(bottom)}; choose one of {', '.join(problem.BOTTOMS)}.")
    layers = items(given["layers"], "layers", problem.MOST_LAYERS, _layer)
    tissue = made(lambda: Tissue(layers, bottom))
    depots = items(given["depots"], "depots", problem.MOST_DEPOTS, lambda entry, place: _depot(entry, place, tissue))
    times = items(given["times_h"], "times_h", MOST_TIMES, _time)
    probes = items(given["probes"], "probes", MOST_PROBES, lambda entry, place: _probe(entry, place, tissue))
    if len(times) * len(probes) > MOST_NUMBERS:
        raise Unusable(f"times_h and probes ask for {len(times)} times {len(probes)} concentrations; ask for at most {MOST_NUMBERS:,} at once.")
    return RawProblem(tissue, depots, times, probes)


def _layer(entry: Any, place: str) -> Layer:
    given = mapping(entry, place, _LAYER)
    name = text(given["name"])[:60] if isinstance(given["name"], str) else ""
    if not name:
        raise Unusable(f"{place}.name is {quoted(given['name'])}; give the layer a name of 1 to 60 letters.")
    numbers = {key: number(given[key], f"{place}.{key}") for key in _LAYER[1:]}
    return made(lambda: Layer(name, **numbers), place)


def _depot(entry: Any, place: str, tissue: Tissue) -> Depot:
    given = mapping(entry, place, _DEPOT)
    depot = made(lambda: Depot(**{key: number(given[key], f"{place}.{key}") for key in _DEPOT}), place)
    made(lambda: problem.below_surface("depth_mm", depot.depth_mm, tissue), place)
    return depot


def _probe(entry: Any, place: str, tissue: Tissue) -> tuple[float, float, float]:
    given = mapping(entry, place, _PROBE)
    x, y = (bounded(given[key], f"{place}.{key}", problem.POSITION_MM, "mm") for key in _PROBE[:2])
    depth = number(given["depth_mm"], f"{place}.depth_mm")
    return x, y, made(lambda: problem.below_surface("depth_mm", depth, tissue), place)


def _time(entry: Any, place: str) -> float:
    time_h = bounded(entry, place, problem.TIME_H, "h")
    if 0 < time_h < SHORTEST_H:
        raise Unusable(f"{place} is {time_h:g}; give 0 or a number from {SHORTEST_H:g} to {problem.TIME_H[1]:g} h.")
    return time_h


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def raw_text(raw: RawProblem, answered: RawAnswer) -> str:
    """The answer as tables: what became of the dose at each time, then what each probe sees."""
    lines = [f"Dose {answered.dose_mg:g} mg in {_count(len(raw.depots), 'depot')}; {_layers(raw.tissue)}.", ""]
    lines += _numbers(
        ("time h", "in the tissue mg", "cleared mg", "lost at the bottom mg", "error (relative)"),
        zip(raw.times_h, answered.mass_mg, answered.cleared_mg, answered.lost_at_bottom_mg, answered.error_estimate, strict=True),
    )
    lines += ["", "Concentrations in mg/mm³ of tissue, and the area under them to infinite time in mg h/mm³:", ""]
    shown = range(len(raw.times_h))[:MOST_COLUMNS]
    heads = ("x mm", "y mm", "depth mm", *(f"{raw.times_h[t]:g} h" for t in shown), "area")
    columns = [answered.concentration_mg_per_mm3[t] for t in shown]
    probes = list(zip(raw.probes, zip(*columns, strict=True), answered.auc_mg_h_per_mm3, strict=True))[:MOST_ROWS]
    lines += _numbers(heads, ((*place, *seen, area) for place, seen, area in probes))
    if len(shown) < len(raw.times_h) or len(probes) < len(raw.probes):
        lines += ["", f"{len(raw.times_h)} times and {len(raw.probes)} probes were asked; --json gives them all."]
    return "\n".join([*lines, *(f"\n{note}" for note in answered.notes)])


def _layers(tissue: Tissue) -> str:
    return f"{_count(len(tissue.layers), 'layer')}, {tissue.depth_mm:g} mm deep, bottom {tissue.bottom}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _numbers(heads: tuple[str, ...], rows: Iterable[tuple[float, ...]]) -> list[str]:
    return table(heads, (tuple(f"{value:.4g}" for value in row) for row in rows))
