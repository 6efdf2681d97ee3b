"""The column under one lateral wavenumber: spectral elements over depth, their modes, and what they say at any time.

For the wavenumber kappa (1/mm) the activity u = c/K obeys K du/dt = d/dz(K D du/dz) - K (k + D kappa²) u. Elements end at
the interfaces, so layers are never smeared, and each mode of the discrete operator decays exponentially: time is exact.
Shape functions are integrated Legendre polynomials, whose last coefficients tell how well an element resolves.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from pistor.delivery.problem import FAR, REFLECT, SINK, Layer, Tissue

Array = NDArray[np.float64]

TAIL_SIGMAS = 9.0  # a Gaussian is less than 1e-17 of its height there
REACHED = 4.0  # a Gaussian is less than 1e-3 of its height there
FAR_LENGTHS = 12.0  # diffusion lengths sqrt(D t) after which nothing has arrived: exp(-36)


@dataclass(frozen=True, slots=True)
class Elements:
    """Edges of the elements (mm), the layer each lies in, and the polynomial degree."""

    edges_mm: Array
    layer: NDArray[np.int64]
    degree: int

    def split(self, which: NDArray[np.bool_]) -> Elements:
        """The same with some elements cut in half."""
        middle = (self.edges_mm[:-1] + self.edges_mm[1:])[which] / 2
        edges = np.sort(np.concatenate([self.edges_mm, middle]))
        return Elements(edges, np.repeat(self.layer, np.where(which, 2, 1)), self.degree)


@dataclass(frozen=True, slots=True)
class Shape:
    """Integrals over the reference element [-1, 1] for one degree."""

    mass: Array
    stiffness: Array

    @staticmethod
    @functools.lru_cache(maxsize=32)
    def of(degree: int) -> Shape:
        points, weights = legendre.leggauss(degree + 1)
        values, slopes = shape_values(points, degree), shape_slopes(points, degree)
        return Shape((values * weights) @ values.T, (slopes * weights) @ slopes.T)


def shape_values(xi: Array, degree: int) -> Array:
    """Shape functions (degree + 1, N) at ``xi`` in [-1, 1]: the two hats, then integrals of Legendre polynomials."""
    p = legendre.legvander(xi, degree).T
    bubbles = [(p[j + 1] - p[j - 1]) / math.sqrt(2 * (2 * j + 1)) for j in range(1, degree)]
    return np.stack([(1 - xi) / 2, (1 + xi) / 2, *bubbles])


def shape_slopes(xi: Array, degree: int) -> Array:
    """Their derivatives; those of the bubbles are orthonormal."""
    p = legendre.legvander(xi, degree).T
    bubbles = [p[j] * math.sqrt((2 * j + 1) / 2) for j in range(1, degree)]
    half = np.full_like(xi, 0.5)
    return np.stack([-half, half, *bubbles])


class Column:
    """The discrete column: symmetric matrices over N shape functions.

    States are whitened, w = Lᵀ u with the Cholesky factor L of the mass matrix, so that their norm is that of the profile.
    """

    def __init__(self, tissue: Tissue, elements: Elements) -> None:
        self.tissue, self.elements = tissue, elements
        count, degree = len(elements.layer), elements.degree
        self.free = count * degree + (0 if tissue.bottom == SINK else 1)
        self._index = _numbering(count, degree)
        layers = [tissue.layers[i] for i in elements.layer]
        self._half = np.diff(elements.edges_mm) / 2
        self._partition = np.array([layer.partition for layer in layers])
        self._diffusivity = np.array([layer.diffusivity_mm2_per_h for layer in layers])
        shape = Shape.of(degree)
        weight = self._partition
        mass = self._assemble(weight * self._half, shape.mass)
        self._stiffness = self._assemble(weight * self._diffusivity / self._half, shape.stiffness)
        self._lateral = self._assemble(weight * self._diffusivity * self._half, shape.mass)
        self.total = mass[:, ::degree].sum(axis=1)  # integral of c for each shape function, all of them
        n = self.free
        self.bottom_mass = mass[-1, :n]  # its rows give the flux that keeps a sink at zero
        self._root = np.linalg.cholesky(mass[:n, :n])
        self._inverse = np.linalg.inv(self._root)
        self.inverse_transposed = self._inverse.T  # from whitened states to coefficients

    def removal(self, clearance_per_h: Sequence[float]) -> Array:
        """Integral of k c over each layer for each shape function (L, N), with the clearances of the layers."""
        mass, degree = Shape.of(self.elements.degree).mass, self.elements.degree
        rows = []
        for layer, rate in enumerate(clearance_per_h):
            factor = np.where(self.elements.layer == layer, self._partition * rate * self._half, 0.0)
            rows.append(self._assemble(factor, mass)[: self.free, ::degree].sum(axis=1))
        return np.stack(rows)

    def bottom_row(self, clearance_per_h: Sequence[float]) -> Array:
        """The row of the operator (N,) that tells what is lost through a sink."""
        return self._operator(clearance_per_h)[-1, : self.free]

    def exposed(self, clearance_per_h: Sequence[float], kappa_per_mm: Array, whitened: Array) -> Array:
        """Whitened states (J, N, R) integrated over all time to come, for J wavenumbers; an endless last layer is exact here."""
        operator = self._at_rest(clearance_per_h, kappa_per_mm)
        integral: Array = self._root.T @ np.linalg.solve(operator, self._root @ whitened)
        return integral

    def slowest_per_h(self, clearance_per_h: Sequence[float]) -> float:
        """Rate at which the last of the dose leaves; needs something that takes it away."""
        shrunk = np.linalg.solve(np.linalg.cholesky(self._at_rest(clearance_per_h, np.zeros(1))[0]), self._root)
        return 1 / float(np.linalg.norm(shrunk, 2)) ** 2

    def modes(self, clearance_per_h: Sequence[float], kappa_per_mm: Array, about_h: float) -> tuple[Array, Array]:
        """Rates (J, N) per hour, and whitened modes (J, N, N) in columns, for J wavenumbers.

        They are found as those of the inverse, shifted by about ``1/about_h`` so that there always is one. That makes slow
        modes exact relatively, which the rounding of quick ones would drown where a layer is thin. Of modes 1e16 times
        quicker than the shift one learns no more than that.
        """
        shift = max(1 / about_h, 1e-13 * float(np.max(self._diffusivity / self._half**2)))
        n = self.free
        operator = self._operator([shift + rate for rate in clearance_per_h])[:n, :n]
        root = np.linalg.cholesky(operator + kappa_per_mm[:, None, None] ** 2 * self._lateral[:n, :n])
        shrunk = np.linalg.solve(root, self._root)
        times, modes = np.linalg.eigh(shrunk.swapaxes(1, 2) @ shrunk)
        return 1 / np.maximum(times, 1e-18 * times[:, -1:]) - shift, modes

    def lateral_among(self, whitened: Array) -> Array:
        """What kappa² multiplies, among the sums of m whitened states (N, m): (m, m)."""
        coefficients = self.inverse_transposed @ whitened
        return coefficients.T @ self._lateral[: self.free, : self.free] @ coefficients

    def loads(self, depots: Sequence[tuple[float, float]]) -> Array:
        """Whitened initial states (N, D) of unit depots given by (depth_mm, sigma_vertical_mm)."""
        return self.whiten_load(self.full_loads(depots))

    def whiten_load(self, full: Array) -> Array:
        """Whitened states from integrals with every shape function."""
        return self._inverse @ full[: self.free]

    def full_loads(self, depots: Sequence[tuple[float, float]]) -> Array:
        """Integrals of the mirrored Gaussians with every shape function, that of a sink's bottom included."""
        degree, edges = self.elements.degree, self.elements.edges_mm
        loads = np.zeros((len(self._index) * degree + 1, len(depots)))
        narrowest = min(sigma for _, sigma in depots)
        rules = [_rule(math.ceil(half / (2 * narrowest)), degree) for half in self._half]
        z = np.concatenate([edge + half * (1 + rule[0]) for edge, half, rule in zip(edges[:-1], self._half, rules, strict=True)])
        dose = np.stack([initial_profile(self.tissue, z, *depot) for depot in depots], axis=1)
        first = 0
        for index, half, (points, values) in zip(self._index, self._half, rules, strict=True):
            loads[index] += half * values @ dose[first : first + len(points)]
            first += len(points)
        return loads

    def surface_load(self) -> Array:
        """Integrals of a unit source in the surface itself with every shape function."""
        load = np.zeros(len(self._index) * self.elements.degree + 1)
        load[0] = 1.0
        return load

    def activity(self, whitened: Array) -> Array:
        """Coefficients of u from whitened states, along the first axis (N, ...)."""
        return np.tensordot(self._inverse.T, whitened, axes=1)

    def reading(self, depth_mm: Array) -> Array:
        """The matrix (Z, N) that reads concentrations at depths from whitened states; at an interface, the layer below."""
        edges = self.elements.edges_mm
        e = np.clip(np.searchsorted(edges, depth_mm, side="right") - 1, 0, len(self._half) - 1)
        xi = (depth_mm - edges[e]) / self._half[e] - 1
        values = shape_values(xi, self.elements.degree) * self._partition[e]
        matrix = np.zeros((len(depth_mm), len(self._index) * self.elements.degree + 1))
        np.put_along_axis(matrix, self._index[e], values.T, axis=1)
        return matrix[:, : self.free] @ self._inverse.T

    def tails(self, whitened: Array) -> Array:
        """What the elements (E, ...) leave out, as a squared share of the size of the states (N, ...).

        The last two coefficients would be far too much where they fall quickly; the ratio to the two before says how quickly.
        Its root is taken: what is missing follows the last two, but elements next to each other disturb one another.
        """
        u = self.activity(whitened)
        if self.tissue.bottom == SINK:
            u = np.concatenate([u, np.zeros((1, *u.shape[1:]))])
        norm = np.diag(Shape.of(self.elements.degree).mass)[-4:]
        weight = (self._partition * self._half)[:, None] * norm
        squared = weight.reshape(*weight.shape, *[1] * (u.ndim - 1)) * u[self._index[:, -4:]] ** 2
        before, last = squared[:, :2].sum(axis=1), squared[:, 2:].sum(axis=1)
        falling = np.divide(last, before, out=np.ones_like(last), where=before > last) ** 0.25
        size = np.sum(whitened**2, axis=0)
        missing: Array = np.divide(last * falling, size, out=np.zeros_like(last), where=size > 0)
        return missing

    def _operator(self, clearance_per_h: Sequence[float]) -> Array:
        """Stiffness and reaction at kappa = 0, for all shape functions."""
        rate = np.array([clearance_per_h[i] for i in self.elements.layer])
        reaction = self._assemble(self._partition * rate * self._half, Shape.of(self.elements.degree).mass)
        operator: Array = self._stiffness + reaction
        return operator

    def _at_rest(self, clearance_per_h: Sequence[float], kappa_per_mm: Array) -> Array:
        """The operators (J, N, N) where time is integrated out: an endless last layer is then a boundary condition."""
        n, last = self.free, self.tissue.layers[-1]
        operator = self._operator(clearance_per_h)[:n, :n] + kappa_per_mm[:, None, None] ** 2 * self._lateral[:n, :n]
        if self.tissue.bottom == FAR:
            decay = np.sqrt(kappa_per_mm**2 + clearance_per_h[-1] / last.diffusivity_mm2_per_h)
            operator[:, -1, -1] += last.partition * last.diffusivity_mm2_per_h * decay
        return operator

    def _assemble(self, factor: Array, local: Array) -> Array:
        n = len(self._index) * self.elements.degree + 1
        place = self._index[:, :, None] * n + self._index[:, None, :]
        return np.bincount(place.ravel(), (factor[:, None, None] * local).ravel(), n * n).reshape(n, n).astype(float, copy=False)


def initial_profile(tissue: Tissue, depth_mm: Array, centre_mm: float, sigma_mm: float) -> Array:
    """Concentration per mm (1/mm) of a unit depot before anything moves, mirrored at the surface and at a reflecting bottom."""
    if tissue.bottom == REFLECT and sigma_mm > tissue.depth_mm:
        return _flat_profile(depth_mm / tissue.depth_mm, centre_mm / tissue.depth_mm, sigma_mm / tissue.depth_mm) / tissue.depth_mm
    rounds = math.ceil(TAIL_SIGMAS * sigma_mm / (2 * tissue.depth_mm)) if tissue.bottom == REFLECT else 0
    profile = np.zeros_like(depth_mm)
    for turn in range(-rounds, rounds + 1):
        for image in (centre_mm, -centre_mm):
            profile += np.exp(-(((depth_mm - image - 2 * turn * tissue.depth_mm) / sigma_mm) ** 2) / 2)
    return profile / (sigma_mm * math.sqrt(2 * math.pi))


def _flat_profile(depth: Array, centre: float, sigma: float) -> Array:
    """The same between two mirrors at 0 and 1 for a wide Gaussian, as a cosine series: the images would be thousands."""
    profile = np.ones_like(depth)
    for n in range(1, math.ceil(TAIL_SIGMAS / (math.pi * sigma)) + 1):
        profile += 2 * math.exp(-((n * math.pi * sigma) ** 2) / 2) * math.cos(n * math.pi * centre) * np.cos(n * math.pi * depth)
    return profile


def elements_for(tissue: Tissue, depots: Sequence[tuple[float, float]], first_h: float, last_h: float, degree: int) -> Elements:
    """A first guess: interfaces are edges; elements are short near the depots and long where nothing sharp arrives.

    Where a depot begins across a jump of partition, the activity is torn there at first, and elements are short too.

    ``depots`` are (depth_mm, sigma_vertical_mm); ``first_h`` is the earliest time above zero that will be asked for.
    """
    ends = list(tissue.edges_mm)
    layers = list(range(len(tissue.layers)))
    if tissue.bottom == FAR:
        ends.append(ends[-1] + _far_length_mm(tissue.layers[-1], depots, tissue.depth_mm, last_h))
        layers.append(layers[-1])
    jumps = [
        edge
        for edge, above, below in zip(tissue.edges_mm[1:], tissue.layers, tissue.layers[1:], strict=False)
        if first_h > 0 and above.partition != below.partition and any(abs(edge - depth) < REACHED * sigma for depth, sigma in depots)
    ]
    edges, owner = [0.0], []
    for index, low, high in zip(layers, ends[:-1], ends[1:], strict=True):
        spread = 2 * tissue.layers[index].diffusivity_mm2_per_h * first_h
        sharp = [(depth, math.sqrt(sigma**2 + spread)) for depth, sigma in depots] + [(edge, math.sqrt(spread)) for edge in jumps]
        pieces = _pieces(low, high, sharp)
        edges += pieces
        owner += [index] * len(pieces)
    return Elements(np.array(edges), np.array(owner), degree)


def _pieces(low: float, high: float, sharp: Sequence[tuple[float, float]]) -> list[float]:
    """Upper edges of the pieces of one layer, halved until each is short against what it has to carry: (depth, width) each."""
    allowed = min(4.0 * width + 1.2 * max(low - depth, depth - high, 0.0) for depth, width in sharp)
    if high - low <= max(allowed, 1e-3):
        return [high]
    middle = (low + high) / 2
    return _pieces(low, middle, sharp) + _pieces(middle, high, sharp)


def _far_length_mm(last: Layer, depots: Sequence[tuple[float, float]], bottom_mm: float, last_h: float) -> float:
    """How far the last layer has to be continued for its end not to be noticed."""
    source = max(depth + TAIL_SIGMAS * sigma for depth, sigma in depots) - bottom_mm
    lengths = [FAR_LENGTHS * math.sqrt(last.diffusivity_mm2_per_h * last_h)]
    if last.clearance_per_h > 0:
        lengths.append(FAR_LENGTHS**2 / 4 * math.sqrt(last.diffusivity_mm2_per_h / last.clearance_per_h))
    return max(source, 0.0) + max(min(lengths), 0.1)


def _numbering(count: int, degree: int) -> NDArray[np.int64]:
    """Global numbers (E, degree + 1) of the shape functions of every element: upper hat, lower hat, bubbles."""
    first = degree * np.arange(count)[:, None]
    return np.concatenate([first, first + degree, first + np.arange(1, degree)], axis=1)


@functools.lru_cache(maxsize=256)
def _rule(panels: int, degree: int) -> tuple[Array, Array]:
    """Points on [-1, 1] and the shape functions there times the weights (degree + 1, N): Gauss on equal panels.

    A panel may be four standard deviations long.
    """
    points, weights = legendre.leggauss(24 + degree // 2)
    spread = (np.add.outer(2 * np.arange(panels) + 1 - panels, points) / panels).ravel()
    return spread, shape_values(spread, degree) * np.tile(weights, panels) / panels
