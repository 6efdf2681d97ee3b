"""The same problem by the plainest means there is: cells, fluxes between them, small steps in time.

This is the check of the engine. It shares nothing with it but ``problem.py``, so an error would have to be made twice.
One depot in layers without end sideways is the same all round its axis, so rings (depth x radius) hold all of it. What
the rings contain moves from each to its neighbours at a constant rate: a Markov chain with two more states, ``cleared``
and ``lost``, which keeps the dose to rounding. Errors fall with the square of cell and of step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.special import ndtr

from pistor.delivery.problem import FAR, REFLECT, SINK, Depot, Period, Tissue, checked

Array = NDArray[np.float64]

REACH = 7.0  # standard deviations after which a Gaussian is over (2e-11 of it lies outside a circle of that radius)
GAMMA = 1 - 1 / math.sqrt(2)  # makes the two-stage step of second order and damps what is too quick for the step


@dataclass(frozen=True, slots=True)
class Rings:
    """Mean concentration (T, Z, R) in mg/mm³ of rings around ``radius_mm`` (R,) and ``depth_mm`` (Z,), and the balance (T,)."""

    radius_mm: Array
    depth_mm: Array
    concentration_mg_per_mm3: Array
    mass_mg: Array
    cleared_mg: Array
    lost_mg: Array


def solve(tissue: Tissue, depot: Depot, times_h: Iterable[float], *, cell_mm: float, step_h: float) -> Rings:
    """One depot in this tissue at rising times, with cells of at most ``cell_mm`` that end on every interface.

    A sink takes at once what a depot holds below it; a closed bottom mirrors that back, as the surface does.
    """
    _, times = checked(tissue, [depot], times_h)
    travelled = 2 * max(each.diffusivity_mm2_per_h for each in tissue.layers) * max(times, default=0.0)  # mm²
    edges, layer = _cells(tissue, cell_mm, REACH * math.sqrt(depot.sigma_vertical_mm**2 + travelled))
    radius = REACH * math.sqrt(depot.sigma_lateral_mm**2 + travelled)
    rims = np.linspace(0, radius, math.ceil(radius / cell_mm) + 1)
    area = np.pi * np.diff(rims**2)
    amounts = np.outer(_vertical_share(depot, edges, tissue.bottom), _radial_share(depot, rims)).ravel() * depot.dose_mg
    state = np.concatenate([amounts, [0.0, depot.dose_mg - amounts.sum()]])
    every = [*tissue.periods, Period(math.inf, tissue.clearance_per_h)]
    rates = [_rates(tissue, period.clearance_per_h, edges, layer, rims, area) for period in every]
    states, now = [], 0.0
    for time in times:
        for period, rate in zip(every, rates, strict=True):
            stop = min(time, period.until_h)
            state, now = _advance(rate, state, stop - now, step_h), max(stop, now)
        states.append(state)
    table = np.array(states)
    held = table[:, :-2].reshape(len(times), len(layer), len(area))
    volume = np.diff(edges)[:, None] * area
    middle_r, middle_z = (rims[1:] + rims[:-1]) / 2, (edges[1:] + edges[:-1]) / 2
    return Rings(middle_r, middle_z, held / volume, held.sum(axis=(1, 2)), table[:, -2], table[:, -1])


def _cells(tissue: Tissue, cell_mm: float, beyond_mm: float) -> tuple[Array, NDArray[np.intp]]:
    """Edges of the cells in depth and the layer of each; a far bottom gets as many below it as anything can reach."""
    thick = [layer.thickness_mm for layer in tissue.layers]
    if tissue.bottom == FAR:
        thick[-1] += beyond_mm
    counts = [math.ceil(each / cell_mm) for each in thick]
    heights = np.repeat(np.divide(thick, counts), counts)
    return np.concatenate([[0.0], np.cumsum(heights)]), np.repeat(np.arange(len(thick)), counts)


def _rates(tissue: Tissue, clearance_per_h: tuple[float, ...], edges: Array, layer: NDArray[np.intp], rims: Array, area: Array) -> sparse.csc_matrix:
    """Rate per hour at which an amount passes from each state to each other: columns of one sum to nothing."""
    diffusivity = np.array([each.diffusivity_mm2_per_h for each in tissue.layers])[layer]
    partition = np.array([each.partition for each in tissue.layers])[layer]
    clearance = np.array(clearance_per_h)[layer]
    height = np.diff(edges)
    resistance = height / 2 / (diffusivity * partition)  # to activity c/K, which is what is continuous
    down = _exchange(1 / (resistance[1:] + resistance[:-1])) @ sparse.diags(1 / (partition * height))
    out = _exchange(2 * np.pi * rims[1:-1] / ((rims[2:] - rims[:-2]) / 2)) @ sparse.diags(1 / area)
    leak = np.zeros(len(height))
    if tissue.bottom == SINK:
        leak[-1] = 1 / (resistance[-1] * partition[-1] * height[-1])
    ring = sparse.identity(len(area))
    cells = sparse.kron(down - sparse.diags(clearance + leak), ring) + sparse.kron(sparse.diags(diffusivity), out)
    gone = sparse.csr_matrix(np.repeat([clearance, leak], len(area), axis=1))
    return sparse.bmat([[cells, None], [gone, sparse.csr_matrix((2, 2))]], format="csc")


def _exchange(conductance: Array) -> sparse.csr_matrix:
    """What neighbours in a row gain from each other for given potentials, with a conductance between each two."""
    lost = np.concatenate([conductance, [0.0]]) + np.concatenate([[0.0], conductance])
    return sparse.diags([-lost, conductance, conductance], [0, 1, -1], shape=(len(lost), len(lost)), format="csr")


def _vertical_share(depot: Depot, edges: Array, bottom: str) -> Array:
    """Share of the dose in each cell of depth: a Gaussian, with what lies beyond a wall mirrored back."""

    def share(centre: float) -> Array:
        return np.diff(ndtr((edges - centre) / depot.sigma_vertical_mm))

    shares = share(depot.depth_mm) + share(-depot.depth_mm)
    if bottom == REFLECT:
        turns = 1 + math.ceil(REACH * depot.sigma_vertical_mm / edges[-1])
        for turn in range(1, turns + 1):
            for shift in (2 * turn * edges[-1], -2 * turn * edges[-1]):
                shares += share(shift + depot.depth_mm) + share(shift - depot.depth_mm)
    return shares


def _radial_share(depot: Depot, rims: Array) -> Array:
    """Share of the dose in each ring; the outermost takes what lies beyond it."""
    inside = 1 - np.exp(-(rims**2) / (2 * depot.sigma_lateral_mm**2))
    inside[-1] = 1.0
    return np.diff(inside)


def _advance(rates: sparse.csc_matrix, state: Array, duration_h: float, step_h: float) -> Array:
    """The state after a time, in equal steps of at most ``step_h`` of a diagonally implicit Runge-Kutta pair."""
    if duration_h <= 0:  # a period that is over
        return state
    steps = math.ceil(duration_h / step_h)
    tau = duration_h / steps
    invert = splu((sparse.identity(rates.shape[0], format="csc") - GAMMA * tau * rates).tocsc()).solve
    for _ in range(steps):
        first = invert(rates @ state)
        second = invert(rates @ (state + (1 - GAMMA) * tau * first))
        state = state + tau * ((1 - GAMMA) * first + GAMMA * second)
    return state
