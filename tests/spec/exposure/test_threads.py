"""Threads left by a needle that is drawn back: the same as their pieces one by one, in the answers and in what a page draws."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pistor.care.exposure.exposure import expose
from pistor.care.exposure.order import NO_RUN, Content, NoExposure, Order, Region, Spot
from pistor.delivery import ensemble, field
from pistor.delivery.depots import thread_depots
from pistor.delivery.problem import Layer, Tissue
from pistor.exchange.errors import Unusable
from pistor.exchange.field_report import pictures_of, report_html
from pistor.exchange.treatment_file import read_treatment
from pistor.knowledge import load

LIBRARY = load()
TISSUE = Tissue((Layer("dermis", 2.0, 0.5, 1.2, 1.0), Layer("fat", 8.0, 0.3, 0.4, 0.5)), "sink")
SQUARE = ((0.0, 0.0), (30.0, 0.0), (30.0, 30.0), (0.0, 30.0))
PLACES = tuple(np.linspace(-8, 8, 33).tolist()), tuple([0.3] * 33)
WRITTEN = {
    "zone": "face", "depth_mm": 2, "volume_per_point_ml": 0.05, "spacing_mm": 10, "area_cm2": 9, "pattern": "lines", "run_mm": 12, "mg_per_ml": {"lidocaine": 10},
}  # fmt: skip


@pytest.fixture(scope="module")
def thread():
    return thread_depots((-6.0, 0.0, 1.0), (6.0, 0.0, 1.0), 0.05, 1.0)


def plan_of(points, doses, pieces=((0.0, 0.0),)):
    x, y = zip(*points, strict=True)
    return ensemble.Plan(x, y, doses, (0,) * len(x), *PLACES, (0.25, 1.0, 4.0), pieces_mm=pieces)


@pytest.fixture(scope="module")
def both(thread):
    """A thread as one point of pieces, and as so many points."""
    unit = replace(thread[0], x_mm=0.0, dose_mg=1.0)
    patient = ensemble.Patient(TISSUE, (unit,), 1.0)
    offsets = tuple((piece.x_mm, piece.y_mm) for piece in thread)
    one = plan_of([(0.0, 0.0)], (1.0,), offsets)
    many = plan_of(offsets, tuple(piece.dose_mg for piece in thread))
    return ensemble.answer((one, patient)), ensemble.answer((many, patient))


def test_a_thread_is_its_pieces(both):
    one, many = both
    assert one["coverage"] == pytest.approx(many["coverage"], rel=1e-9)
    assert one["t50_h"] == pytest.approx(many["t50_h"])
    assert one["influx"].total_mg == pytest.approx(many["influx"].total_mg)


def test_the_middle_of_a_thread_gets_what_the_field_says(both, thread):
    solution = field.solve(TISSUE, list(thread), [0.25, 1.0, 4.0])
    assert both[0]["concentration_per_mg"] == pytest.approx(solution.concentration([0.0], [0.0], [1.0])[:, 0], rel=5e-3)
    assert both[0]["auc_per_mg"] == pytest.approx(solution.auc([0.0], [0.0], [1.0])[0], rel=5e-3)
    across = solution.auc([0.0], [float(both[0]["r50_mm"])], [1.0])[0]
    assert across == pytest.approx(both[0]["auc_per_mg"] / 2, rel=1e-2)


def order(**more):
    spots = tuple(Spot(15.0, y, 1.0, 0.05) for y in (5.0, 15.0, 25.0))
    return Order("face", spots, (Region("square", SQUARE),), (Content("lidocaine", 10.0),), weight_kg=60.0, **more)


@pytest.fixture(scope="module")
def threads():
    return expose(order(run_mm=20.0), LIBRARY, patients=6)


def test_a_thread_spreads_what_a_point_holds(threads):
    [drawn], [stabbed] = threads.computed, expose(order(), LIBRARY, patients=6).computed
    assert drawn.peak_mg_per_mm3.median < stabbed.peak_mg_per_mm3.median
    assert drawn.valley_over_peak.median > stabbed.valley_over_peak.median
    assert drawn.dose_mg == stabbed.dose_mg
    assert "along 20 mm soak a thread" in " ".join(finding.text for finding in threads.findings)


def test_the_pieces_of_a_page_have_the_length_of_the_thread(threads):
    [solute] = threads.as_dict()["solutes"]
    pieces = np.array(solute["pieces_mm"])
    assert len(pieces) > 10
    assert np.mean(pieces[:, 0] ** 2) + solute["kernel"]["variance_mm2"][0] == pytest.approx(20**2 / 12, rel=0.05)
    assert pieces[:, 1] == pytest.approx(0)


def test_the_tracks_turn_with_their_angle():
    [solute] = expose(order(run_mm=20.0, row_angle_deg=90.0), LIBRARY, patients=2).computed
    assert [abs(x) < 1e-9 for x, _ in solute.pieces_mm] == [True] * len(solute.pieces_mm)
    [level] = expose(order(run_mm=20.0), LIBRARY, patients=2).computed
    assert level.coverage != solute.coverage
    assert level.absorbed_mg == solute.absorbed_mg


def test_the_report_of_threads_draws_them(threads):
    """The picture under a point holds what all pieces give there, not one of them."""
    exposure = threads.as_dict()
    assert "soak a thread" in report_html(exposure, title="Threads")
    [solute] = exposure["solutes"]
    highest = float(pictures_of(exposure, solute)[0].caption.split("highest concentration, ")[1].split(" micro")[0].replace("\u202f", ""))
    assert highest == pytest.approx(under_its_middle(solute), rel=0.1)


def under_its_middle(solute):
    """Highest concentration (micrograms/mL) that the pieces of one thread give together at its middle."""
    variance, dose = np.array(solute["kernel"]["variance_mm2"]), solute["points"][0][2] / len(solute["pieces_mm"])
    profile = sum(np.exp(-(dx**2 + dy**2) / (2 * variance)) / (2 * math.pi * variance) for dx, dy in solute["pieces_mm"])
    return float((np.array(solute["kernel"]["weight_per_mm"]) @ profile).max() * dose * 1e6)


def test_too_many_pieces_are_refused_with_what_is_allowed():
    spots = tuple(Spot(float(at % 40), float(at // 40), 1.0, 0.001) for at in range(400))
    with pytest.raises(NoExposure, match=r"400 points of \d+ pieces each; give from 1 to \d+"):
        expose(replace(order(run_mm=20.0), spots=spots), LIBRARY, patients=2)


def test_a_written_treatment_says_how_long_its_tracks_are():
    asked = read_treatment(WRITTEN, LIBRARY)
    assert (asked.run_mm, asked.row_angle_deg, asked.notes) == (12.0, 0.0, ())
    along = sorted({round(spot.x_mm, 3) for spot in asked.spots})
    assert all(math.isclose(right - left, 12.0) for left, right in pairwise(along))
    for run in (0, -3, 1e6, math.nan):
        with pytest.raises(Unusable, match="run_mm"):
            read_treatment(WRITTEN | {"run_mm": run}, LIBRARY)


def test_threads_of_unknown_length_are_points_and_that_is_said():
    asked = read_treatment({key: value for key, value in WRITTEN.items() if key != "run_mm"} | {"technique": "linear_retrograde"}, LIBRARY)
    assert (asked.run_mm, asked.notes) == (None, (NO_RUN,))
