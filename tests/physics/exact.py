"""Solutions that are known exactly, derived here, against which every solver of ``pistor.delivery`` is held.

Each is written down from the equations in ``problem.py`` and nothing else: closed forms where there are any, and for
layers of any kind the solution in Laplace and Hankel space, with the way back by quadrature. D in mm²/h, k per hour, K the
partition, s the standard deviation of a depot, lengths in mm, times in hours, doses in mg.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.special import erfc, erfcx, j0, wofz

from pistor.delivery.problem import FAR, REFLECT, SINK

# One medium ------------------------------------------------------------------------------------------------------


def gaussian(r, t, *, D, k, s, dose=1.0):
    """A spherical depot in a medium without end: c = M e^(-kt) (2 pi v)^(-3/2) e^(-r²/2v), v = s² + 2Dt.

    The Gaussian is the heat kernel of time s²/2D, so diffusion only ages it; uniform clearance is a factor.
    """
    v = s**2 + 2 * D * np.asarray(t, float)
    return dose * np.exp(-k * np.asarray(t, float)) * (2 * np.pi * v) ** -1.5 * np.exp(-(np.asarray(r) ** 2) / (2 * v))


def gaussian_under_a_surface(rho, z, t, *, D, k, lateral, vertical, depth, dose=1.0):
    """An oblate depot under a surface that lets nothing through: the product of its Gaussians, and its image at -depth."""
    t = np.asarray(t, float)
    v, w = lateral**2 + 2 * D * t, vertical**2 + 2 * D * t
    across = np.exp(-(np.asarray(rho) ** 2) / (2 * v)) / (2 * np.pi * v)
    down = (np.exp(-((z - depth) ** 2) / (2 * w)) + np.exp(-((z + depth) ** 2) / (2 * w))) / np.sqrt(2 * np.pi * w)
    return dose * np.exp(-k * t) * across * down


def auc_of_a_gaussian(r, *, D, k, s, dose=1.0):
    """Area under the curve of a spherical depot without end: the solution of D lap u - k u = -M g, with l = sqrt(k/D).

    u = M e^(l²s²/2)/(8 pi D r) [e^(-lr) erfc((l s² - r)/(s√2)) - e^(lr) erfc((l s² + r)/(s√2))]: the convolution of e^(-lr)/(4 pi D r)
    with the Gaussian. The second term in scaled erfc, since its factors alone would overflow and vanish.
    """
    r, far = np.asarray(r, float), math.sqrt(k / D)
    near = np.exp(far**2 * s**2 / 2 - far * r) * erfc((far * s**2 - r) / (s * math.sqrt(2)))
    away = np.exp(-(r**2) / (2 * s**2)) * erfcx((far * s**2 + r) / (s * math.sqrt(2)))
    return dose * (near - away) / (8 * np.pi * D * r)


# Two half-spaces and slabs, one dimension ------------------------------------------------------------------------


def two_half_spaces(x, t, *, D, K, source, s=0.0):
    """A unit layer at ``source`` < 0 (mm from the interface) in medium 0, which fills x < 0; medium 1 fills x > 0. Per mm.

    From both transforms with q = sqrt(p/D), and activity and flux continuous: the image has R = (K0 √D0 - K1 √D1)/(K0 √D0 + K1 √D1), and
    what passes is K1/K0 (1 + R) times the kernel at the stretched distance |source| + x √(D0/D1). A Gaussian source is the same
    thing older by s²/2D0, as long as it does not reach the interface.
    """
    x = np.asarray(x, float)
    v = s**2 + 2 * D[0] * t
    g = lambda y: np.exp(-(y**2) / (2 * v)) / math.sqrt(2 * math.pi * v)  # noqa: E731
    a, b = K[0] * math.sqrt(D[0]), K[1] * math.sqrt(D[1])
    reflected = (a - b) / (a + b)
    across = K[1] / K[0] * (1 + reflected) * g(abs(source) + x * math.sqrt(D[0] / D[1]))
    return np.where(x < 0, g(x - source) + reflected * g(x + source), across)


def slab(z, t, *, D, k, thickness, s, depth, bottom, terms=2000):
    """A Gaussian in a slab with a tight top and a tight or absorbing bottom, one dimension, per mm.

    c = sum_n a_n cos(b_n z) e^(-(D b_n² + k) t) with b_n = n pi/L or (n + 1/2) pi/L. For a depot that is mirrored at the top and
    does not reach the bottom a_n = (2/L) e^(-b_n² s²/2) cos(b_n depth), half of it for n = 0 of the tight slab.
    """
    n = np.arange(terms)
    b = (n + (0.5 if bottom == SINK else 0.0)) * math.pi / thickness
    a = 2 / thickness * np.exp(-(b**2) * (s**2 / 2 + D * t)) * np.cos(b * depth)
    if bottom == REFLECT:
        a[0] /= 2
    return math.exp(-k * t) * np.cos(np.multiply.outer(np.asarray(z, float), b)) @ a


def lost_from_a_slab(t, *, D, k, thickness, s, depth, terms=2000):
    """Share of the dose that has left through the absorbing bottom of ``slab``: each mode's flux D a_n b_n sin(b_n L), summed over time."""
    b = (np.arange(terms) + 0.5) * math.pi / thickness
    a = 2 / thickness * np.exp(-(b**2) * s**2 / 2) * np.cos(b * depth)
    rate = D * b**2 + k
    return float(np.sum(D * a * b * np.sin(b * thickness) * -np.expm1(-rate * t) / rate))


# Layers of any kind ----------------------------------------------------------------------------------------------


def layered(tissue, depot, rho, z, t):
    """Concentration (N,) in any layered tissue at N places (distance ``rho`` from the axis, depth ``z``), at time t > 0.

    c = M ∫ G(kappa; z, t) e^(-kappa² s²/2) J0(kappa rho) kappa dkappa / 2 pi, where G is the answer in one dimension to the vertical Gaussian when each layer
    clears at k + D kappa². G comes back from Laplace space along a contour.
    """
    kappa, weight = _wavenumbers(tissue, depot, np.max(rho), t)
    depths, which = np.unique(z, return_inverse=True)
    return depot.dose_mg * _back(kappa, weight, rho, vertical(tissue, depot, kappa, depths, t)[:, which])


def layered_auc(tissue, depot, rho, z):
    """Area under the curve (N,) to infinite time, as in ``layered``: the value of the transform at p = 0."""
    kappa, weight = _wavenumbers(tissue, depot, np.max(rho), 0.0)
    depths, which = np.unique(z, return_inverse=True)
    return depot.dose_mg * _back(kappa, weight, rho, _transform(tissue, depot, kappa, depths, np.zeros(len(kappa))).real[:, which])


def _back(kappa, weight, rho, profile):
    """The Hankel integral of a profile (kappa, N) at the distances of its N places."""
    return np.sum(weight[:, None] * profile * j0(np.multiply.outer(kappa, np.asarray(rho, float))), axis=0)


def vertical(tissue, depot, kappa, z, t):
    """Response (kappa, z) per mm at time t of a unit depot's vertical profile at lateral wavenumbers ``kappa``.

    The contour is shifted left by the slowest decay that the layers allow, which keeps late answers exact relatively.
    """
    slowest = np.min([layer.clearance_per_h + layer.diffusivity_mm2_per_h * kappa**2 for layer in tissue.layers], axis=0)
    total = np.zeros((len(kappa), len(z)))
    for point, weight in _contour():
        total += (weight * _transform(tissue, depot, kappa, z, point / t - slowest)).real / t
    return np.exp(-slowest * t)[:, None] * total


def mass(tissue, depot, t):
    """What is left in the tissue at time t (mg): the integral over all depths, kappa = 0, layer by layer by quadrature."""
    edges = list(tissue.edges_mm)
    if tissue.bottom == FAR:
        edges.append(edges[-1] + 8 * math.sqrt(depot.sigma_vertical_mm**2 + 2 * tissue.layers[-1].diffusivity_mm2_per_h * t))
    total = 0.0
    for top, end in itertools.pairwise(edges):
        z, weight = _panels(top, end, math.ceil((end - top) / depot.sigma_vertical_mm) + 4)
        total += weight @ vertical(tissue, depot, np.zeros(1), z, t)[0]
    return depot.dose_mg * total


def _transform(tissue, depot, kappa, z, p):
    """Laplace transform (kappa, z) of the response, for one p per kappa, from the equation D c'' - D q² c + g = 0 in each layer.

    In a layer c = a e^(-q(z - top)) + b e^(-q(bottom - z)) + the part that the layer's own share of the Gaussian makes in a medium without
    end. Flux and activity at the interfaces, no flux on top and the bottom's condition give the a and b.
    """
    edges, count = tissue.edges_mm, len(tissue.layers)
    D, k, K = (np.array([getattr(layer, name) for layer in tissue.layers]) for name in ("diffusivity_mm2_per_h", "clearance_per_h", "partition"))
    q = np.sqrt((p[:, None] + k + D * (kappa**2)[:, None]) / D + 0j)
    ends = [*edges[:-1], math.inf if tissue.bottom == FAR else edges[-1]]
    spans = [(ends[i], ends[i + 1]) for i in range(count)]
    centres = _centres(tissue, depot)

    system, right = np.zeros((len(p), 2 * count, 2 * count), complex), np.zeros((len(p), 2 * count), complex)

    def place(row, layer, at, value_by, flux_by):
        """Add a layer's value and flux D c' at an edge to an equation."""
        (top, end), speed = spans[layer], q[:, layer]
        a = np.exp(-speed * (at - top))
        b = np.exp(-speed * (end - at)) if end < math.inf else np.zeros_like(a)
        own, slope = _own_share(centres, depot.sigma_vertical_mm, top, end, speed, D[layer], np.array([at]))
        system[:, row, 2 * layer] += a * (value_by - flux_by * D[layer] * speed)
        system[:, row, 2 * layer + 1] += b * (value_by + flux_by * D[layer] * speed)
        right[:, row] -= value_by * own[:, 0] + flux_by * D[layer] * slope[:, 0]

    place(0, 0, 0.0, 0.0, 1.0)
    for i in range(count - 1):
        place(2 * i + 1, i, edges[i + 1], 1 / K[i], 0.0)
        place(2 * i + 1, i + 1, edges[i + 1], -1 / K[i + 1], 0.0)
        place(2 * i + 2, i, edges[i + 1], 0.0, 1.0)
        place(2 * i + 2, i + 1, edges[i + 1], 0.0, -1.0)
    if tissue.bottom == FAR:
        system[:, -1, -1] = 1.0
    else:
        place(2 * count - 1, count - 1, edges[-1], *((1.0, 0.0) if tissue.bottom == SINK else (0.0, 1.0)))
    parts = np.linalg.solve(system, right[:, :, None])[:, :, 0]

    z = np.asarray(z, float)
    found = np.zeros((len(p), len(z)), complex)
    where = np.clip(np.searchsorted(edges, z, side="right") - 1, 0, count - 1)
    for i, (top, end) in enumerate(spans):
        here = where == i
        speed = q[:, i, None]
        down = parts[:, 2 * i, None] * np.exp(-speed * (z[here] - top))
        up = parts[:, 2 * i + 1, None] * np.exp(-speed * (end - z[here])) if end < math.inf else 0.0
        found[:, here] = down + up + _own_share(centres, depot.sigma_vertical_mm, top, end, q[:, i], D[i], z[here])[0]
    return found


def _centres(tissue, depot):
    """Centres of the depot's Gaussian and of its images in the surface and, where that is closed, in the bottom."""
    turns = math.ceil(4 * depot.sigma_vertical_mm / tissue.depth_mm) if tissue.bottom == REFLECT else 0
    return [2 * turn * tissue.depth_mm + side * depot.depth_mm for turn in range(-turns, turns + 1) for side in (1, -1)]


def _own_share(centres, s, top, end, q, D, z):
    """∫ e^(-q|z - y|) g(y) dy / 2Dq over the layer, and its slope in z, for the Gaussians g around the centres: (q, z) each."""
    value, slope = 0.0, 0.0
    for centre in centres:
        middle = np.clip(z, top, end)
        above = _half(q[:, None], centre - z, top - z, middle - z, s)
        below = _half(q[:, None], z - centre, z - end, z - middle, s)
        value, slope = value + above + below, slope + below - above
    return value / (2 * D * q[:, None]), slope / (2 * D)


def _half(q, centre, low, high, s):
    """∫ e^(q y) g(y) dy from ``low`` to ``high`` ≤ 0, g a normal density around ``centre``: a difference of two error functions.

    e^(q y) g(y) is a normal density around centre + q s² times e^(q centre + q² s²/2). Each bound goes into the scaled error function w, on that
    side where it is small, so that no large number meets another.
    """

    peak = np.real(centre + q * s**2)
    before, after = peak <= low, peak >= high

    def tail(bound, sign):
        """∫ from the bound outwards (sign +1 to infinity, -1 to minus infinity), on the side that does not hold the peak."""
        if np.all(np.isinf(bound)):
            return 0.0
        turned = sign * (bound - centre - q * s**2) / (s * math.sqrt(2))
        return 0.5 * np.exp(q * bound - (bound - centre) ** 2 / (2 * s**2)) * wofz(1j * turned)

    first, last = tail(low, np.where(before, 1, -1)), tail(high, np.where(after, -1, 1))
    whole = np.exp(np.where(before | after, 0.0, q * centre + q**2 * s**2 / 2))
    return np.where(before, first - last, np.where(after, last - first, whole - first - last))


def _contour(nodes=28):
    """Points and weights that turn a transform F into f(t) = Re sum w F(point/t)/t.

    The midpoint rule on the cotangent contour of Talbot in the form given by Trefethen, Weideman and Schmelzer, BIT 2006;46:653-670; of
    each pair of conjugate nodes one is kept. Errors are some 1e-13 of the largest value.
    """
    angle = (np.arange(nodes // 2) + 0.5) * 2 * math.pi / nodes
    point = nodes * (0.5017 * angle / np.tan(0.6407 * angle) - 0.6122 + 0.2645j * angle)
    slope = nodes * (0.5017 / np.tan(0.6407 * angle) - 0.5017 * 0.6407 * angle / np.sin(0.6407 * angle) ** 2 + 0.2645j)
    return list(zip(point, np.exp(point) * slope * 2 / (1j * nodes), strict=True))


def _wavenumbers(tissue, depot, rho, t):
    """Nodes and weights of ∫ ... e^(-kappa² s²/2) kappa dkappa / 2 pi, as far up as the slowest layer and as fine as the quickest asks for."""
    spread = [depot.sigma_lateral_mm**2 + 2 * layer.diffusivity_mm2_per_h * t for layer in tissue.layers]
    top = 8.5 / math.sqrt(min(spread))
    kappa, weight = _panels(0.0, top, 4 + math.ceil(top * max(rho / 6, math.sqrt(max(spread)) / 5)))
    return kappa, weight * kappa / (2 * math.pi) * np.exp(-(kappa**2) * depot.sigma_lateral_mm**2 / 2)


def _panels(low, high, count, order=16):
    """Gauss-Legendre nodes and weights on ``count`` equal panels."""
    x, w = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(low, high, count + 1)
    half = np.diff(edges) / 2
    return (edges[:-1, None] + half[:, None] * (1 + x)).ravel(), (half[:, None] * w).ravel()
