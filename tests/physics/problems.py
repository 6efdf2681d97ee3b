"""Tissues and depots on which every solver is tried: none of them was used to tune one."""

from __future__ import annotations

from hypothesis import strategies as st

from pistor.delivery.problem import Depot, Layer, Tissue


def layers(*rows):
    """Layers from rows of thickness, diffusivity, clearance and, where it is not one, partition."""
    return tuple(Layer(f"layer {i}", *row) for i, row in enumerate(rows))


def depot(depth_mm, sigma_mm, flat_mm=None, dose_mg=1.0, at=(0.0, 0.0)):
    """A depot of that depth, lateral and vertical standard deviation (a sphere where only one is given)."""
    return Depot(at[0], at[1], depth_mm, sigma_mm, flat_mm or sigma_mm, dose_mg)


# name: tissue, depot, times in hours
TABLE = {
    "the reference": (Tissue(layers((0.1, 0.25, 0), (1.9, 0.36, 0.8), (8, 0.5, 0.3)), "sink"), depot(2.0, 1.292), (0.5, 1.0, 2.0, 4.0, 6.0)),
    "small molecule, small bleb": (Tissue(layers((0.1, 0.9, 0), (1.5, 0.9, 4.4), (6, 0.5, 1.8))), depot(1.0, 0.6), (0.05, 0.25, 1.0, 2.0)),
    "70 kDa for days": (Tissue(layers((0.1, 0.01, 0), (1.7, 0.017, 0.06), (6, 0.03, 0.02))), depot(0.8, 0.6), (2.0, 12.0, 48.0, 168.0)),
    "contrast": (Tissue(layers((0.1, 0.05, 0), (1.9, 0.7, 2.5), (8, 0.1, 0.2)), "reflect"), depot(1.4, 0.6), (0.1, 0.5, 2.0, 6.0)),
    "oblate wheal": (Tissue(layers((0.08, 0.3, 0), (0.2, 0.75, 3), (1.2, 0.75, 2.3), (5, 0.5, 0.9))), depot(0.7, 1.8, 0.35), (0.02, 0.1, 0.5, 2.0)),
    "lipophilic, fat takes it up": (Tissue(layers((0.1, 0.1, 0, 2), (1.5, 0.3, 2.5, 1), (8, 0.05, 0.1, 20))), depot(1.2, 0.5), (0.1, 0.5, 3.0, 24.0)),
    "fat repels it": (Tissue(layers((0.1, 0.2, 0, 0.5), (1.5, 0.6, 2, 1), (8, 0.4, 0.5, 0.1)), "sink"), depot(1.6, 0.4), (0.1, 0.5, 3.0)),
    "thin layer, much faster": (Tissue(layers((0.5, 0.05, 0.1), (0.05, 5.0, 0.1), (4, 0.05, 0.1))), depot(0.6, 0.3), (0.1, 1.0, 8.0)),
    "nothing clears": (Tissue(layers((1, 0.2, 0), (3, 0.6, 0)), "reflect"), depot(1.0, 0.4), (0.1, 1.0, 10.0)),
    "one thin sheet": (Tissue(layers((0.8, 0.5, 1.0)), "sink"), depot(0.4, 0.15), (0.01, 0.1, 1.0)),
}

thickness_mm = st.floats(0.05, 6.0)
diffusivity = st.floats(-2.0, 0.3).map(lambda power: 10**power)
clearance = st.one_of(st.just(0.0), st.floats(-2.0, 1.0).map(lambda power: 10**power))
partition = st.one_of(st.just(1.0), st.floats(-1.0, 1.3).map(lambda power: 10**power))


@st.composite
def problems(draw, partitions=partition, bottoms=("sink", "reflect", "far")):
    """A tissue of up to four layers, a depot in it and a time at which something is left."""
    found = tuple(Layer(f"layer {i}", draw(thickness_mm), draw(diffusivity), draw(clearance), draw(partitions)) for i in range(draw(st.integers(1, 4))))
    tissue = Tissue(found, draw(st.sampled_from(bottoms)))
    lateral, flat = draw(st.floats(0.2, 2.0)), draw(st.floats(0.25, 1.0))
    placed = depot(draw(st.floats(0.0, 1.0)) * tissue.depth_mm, lateral, lateral * flat)
    slow = max(layer.diffusivity_mm2_per_h for layer in found)
    time = draw(st.floats(-1.5, 1.0).map(lambda power: 10**power)) * lateral**2 / slow
    return tissue, placed, time
