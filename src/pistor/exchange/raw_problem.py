"""The raw door of ``pistor deliver``: layers, depots, times and probes in plain numbers. docs/reference/deliver.md describes the file.

It knows no ingredient and no zone, so that anyone can check the physics against a solution of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pistor.delivery import problem
from pistor.delivery.field import solve
from pistor.delivery.problem import Depot, Layer, Tissue
from pistor.exchange.case import NUMBER
from pistor.exchange.errors import Unusable
from pistor.exchange.fhir.values import text

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
_T = TypeVar("_T")


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
    solution = _made(lambda: solve(raw.tissue, raw.depots, raw.times_h, tolerance=TOLERANCE), "")
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
    given = _mapping(value, "the file", _KEYS)
    bottom = given["bottom"]
    if bottom not in problem.BOTTOMS:
        raise Unusable(f"bottom is {_quoted(bottom)}; choose one of {', '.join(problem.BOTTOMS)}.")
    layers = _list(given["layers"], "layers", problem.MOST_LAYERS, _layer)
    tissue = _made(lambda: Tissue(layers, bottom), "")
    depots = _list(given["depots"], "depots", problem.MOST_DEPOTS, lambda entry, place: _depot(entry, place, tissue))
    times = _list(given["times_h"], "times_h", MOST_TIMES, _time)
    probes = _list(given["probes"], "probes", MOST_PROBES, lambda entry, place: _probe(entry, place, tissue))
    if len(times) * len(probes) > MOST_NUMBERS:
        raise Unusable(f"times_h and probes ask for {len(times)} times {len(probes)} concentrations; ask for at most {MOST_NUMBERS:,} at once.")
    return RawProblem(tissue, depots, times, probes)


def _layer(entry: Any, place: str) -> Layer:
    given = _mapping(entry, place, _LAYER)
    name = text(given["name"])[:60] if isinstance(given["name"], str) else ""
    if not name:
        raise Unusable(f"{place}.name is {_quoted(given['name'])}; give the layer a name of 1 to 60 letters.")
    numbers = {key: _number(given[key], f"{place}.{key}") for key in _LAYER[1:]}
    return _made(lambda: Layer(name, **numbers), place)


def _depot(entry: Any, place: str, tissue: Tissue) -> Depot:
    given = _mapping(entry, place, _DEPOT)
    depot = _made(lambda: Depot(**{key: _number(given[key], f"{place}.{key}") for key in _DEPOT}), place)
    _made(lambda: problem.below_surface("depth_mm", depot.depth_mm, tissue), place)
    return depot


def _probe(entry: Any, place: str, tissue: Tissue) -> tuple[float, float, float]:
    given = _mapping(entry, place, _PROBE)
    x, y = (_within(given[key], f"{place}.{key}", problem.POSITION_MM, "mm") for key in _PROBE[:2])
    depth = _number(given["depth_mm"], f"{place}.depth_mm")
    return x, y, _made(lambda: problem.below_surface("depth_mm", depth, tissue), place)


def _time(entry: Any, place: str) -> float:
    time_h = _within(entry, place, problem.TIME_H, "h")
    if 0 < time_h < SHORTEST_H:
        raise Unusable(f"{place} is {time_h:g}; give 0 or a number from {SHORTEST_H:g} to {problem.TIME_H[1]:g} h.")
    return time_h


# ── plain values ────────────────────────────────────────────────────────────────────────────────────────────────────


def _mapping(value: Any, place: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """A mapping that holds exactly these keys."""
    if not isinstance(value, dict):
        raise Unusable(f"{place} is {_quoted(value)}; write {', '.join(keys)} in it, each with a colon and its value.")
    unknown = next((key for key in value if key not in keys), None)
    if unknown is not None:
        raise Unusable(f"{place} has {_quoted(unknown)}, which is not known; known are {', '.join(keys)}.")
    missing = [key for key in keys if value.get(key) is None]
    if missing:
        raise Unusable(f"{place} has no {missing[0]}; it needs {', '.join(keys)}.")
    return value


def _list(value: Any, place: str, most: int, read: Callable[[Any, str], _T]) -> tuple[_T, ...]:
    if not isinstance(value, list):
        raise Unusable(f"{place} is {_quoted(value)}; write a list of 1 to {most:,} entries.")
    if not 1 <= len(value) <= most:
        raise Unusable(f"{place} holds {len(value):,} entries; give from 1 to {most:,}.")
    return tuple(read(entry, f"{place}[{number}]") for number, entry in enumerate(value, 1))


def _number(value: Any, place: str) -> float:
    """A number as a float. YAML reads 1e-3 as a word, so a word that is a number counts as one."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if plain or (isinstance(value, str) and len(value) <= 40 and any(map(str.isdigit, value)) and NUMBER.fullmatch(value)):
        try:
            return float(value)
        except OverflowError:
            raise Unusable(f"{place} is too large to be a number of this kind; check the unit.") from None
    raise Unusable(f"{place} is {_quoted(value)} and not a number; write it with a point, such as 2.5.")


def _within(value: Any, place: str, bounds: tuple[float, float], unit: str) -> float:
    return _made(lambda: problem.within(place, _number(value, place), bounds, unit), "")


def _made(make: Callable[[], _T], place: str) -> _T:
    """What is made, or the engine's own sentence with the place in the file before it."""
    try:
        return make()
    except ValueError as error:
        raise Unusable(f"{place}: {error}" if place else str(error)) from None


def _quoted(value: Any) -> str:
    """A value as a person may see it again. Lists and mappings are named, never written out."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    try:
        return f"“{text(str(value))[:40]}”"
    except ValueError:  # an integer too long to print
        return "a number too long to print"


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def raw_text(raw: RawProblem, answered: RawAnswer) -> str:
    """The answer as tables: what became of the dose at each time, then what each probe sees."""
    lines = [f"Dose {answered.dose_mg:g} mg in {_count(len(raw.depots), 'depot')}; {_layers(raw.tissue)}.", ""]
    lines += _table(
        ("time h", "in the tissue mg", "cleared mg", "lost at the bottom mg", "error (relative)"),
        zip(raw.times_h, answered.mass_mg, answered.cleared_mg, answered.lost_at_bottom_mg, answered.error_estimate, strict=True),
    )
    lines += ["", "Concentrations in mg/mm³ of tissue, and the area under them to infinite time in mg h/mm³:", ""]
    shown = range(len(raw.times_h))[:MOST_COLUMNS]
    heads = ("x mm", "y mm", "depth mm", *(f"{raw.times_h[t]:g} h" for t in shown), "area")
    columns = [answered.concentration_mg_per_mm3[t] for t in shown]
    probes = list(zip(raw.probes, zip(*columns, strict=True), answered.auc_mg_h_per_mm3, strict=True))[:MOST_ROWS]
    lines += _table(heads, ((*place, *seen, area) for place, seen, area in probes))
    if len(shown) < len(raw.times_h) or len(probes) < len(raw.probes):
        lines += ["", f"{len(raw.times_h)} times and {len(raw.probes)} probes were asked; --json gives them all."]
    return "\n".join([*lines, *(f"\n{note}" for note in answered.notes)])


def _layers(tissue: Tissue) -> str:
    return f"{_count(len(tissue.layers), 'layer')}, {tissue.depth_mm:g} mm deep, bottom {tissue.bottom}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[float, ...]]) -> list[str]:
    """Lines of a table whose columns are as wide as what stands in them."""
    cells = [heads, *(tuple(f"{number:.4g}" for number in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
