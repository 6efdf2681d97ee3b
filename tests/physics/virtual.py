"""Virtual patients for the tests of large work: skin over fat, a small molecule, spreads as wide as the literature's."""

from __future__ import annotations

from pistor.delivery.ensemble import Patient, Plan
from pistor.delivery.problem import FAR, Depot, Layer, Period, Tissue
from pistor.delivery.uncertainty import Spread, sample

SPREADS = {
    "diffusivity": Spread("lognormal", 0.25, 1.0),
    "clearance": Spread("lognormal", 0.7, 6.0),
    "dermis": Spread("uniform", 1.2, 2.2),
    "fat": Spread("loguniform", 0.15, 0.8),
    "width": Spread("lognormal", 0.7, 1.6),
    "depth": Spread("normal", 0.8, 2.2),
}


def plan(threshold=None):
    """Sixteen points 6 mm apart, and a zone around them read every 2 mm."""
    points = [(6.0 * i, 6.0 * j) for i in range(4) for j in range(4)]
    places = [(2.0 * i - 2, 2.0 * j - 2) for i in range(12) for j in range(12)]
    return Plan(
        *map(tuple, zip(*points, strict=True)), (0.2,) * 16, (0,) * 16, *map(tuple, zip(*places, strict=True)), (0.25, 1.0, 4.0), threshold_mg_per_mm3=threshold
    )  # fmt: skip


def drawn(count, seed=0):
    return sample(SPREADS, count, seed)


def patients(count, *, bottom=FAR, periods: tuple[Period, ...] = (), seed=0):
    everyone = drawn(count, seed)
    return [patient(everyone.patient(i), bottom, periods) for i in range(count)]


def patient(of, bottom=FAR, periods: tuple[Period, ...] = ()):
    d, k = of["diffusivity"], of["clearance"]
    layers = (
        Layer("epidermis", 0.1, 0.5 * d),
        Layer("papillary", 0.3, d, 1.5 * k),
        Layer("reticular", of["dermis"] - 0.3, d, k),
        Layer("hypodermis", 8.0, 0.7 * d, k * of["fat"], 0.8),
    )
    depot = Depot(0.0, 0.0, max(0.2, of["depth"]), of["width"], 0.4 * of["width"], 1.0)
    return Patient(Tissue(layers, bottom, periods), (depot,), 1.0)
