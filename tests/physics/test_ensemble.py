"""Many virtual patients: each gets, to three digits, what the full solver says of it, whatever it shares with the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.delivery import field
from pistor.delivery.compartments import one_compartment
from pistor.delivery.ensemble import Patient, answer, ensemble, together
from pistor.delivery.problem import FAR, REFLECT, SINK, Depot, Layer, Period, Tissue
from pistor.delivery.uncertainty import band, drivers
from tests.physics.virtual import SPREADS, drawn, patient, patients, plan

CLOSE = 1e-3
PERIODS = {"steady": (), "more blood, then less": (Period(0.4, (0.0, 9.0, 7.0, 2.0)), Period(2.0, (0.0, 0.9, 0.6, 0.1)))}


def in_full(asked, one):
    """The plan in this patient, by the full solver."""
    depots = [
        replace(one.depots[kind], x_mm=x, y_mm=y, dose_mg=dose) for x, y, dose, kind in zip(asked.x_mm, asked.y_mm, asked.dose_mg, asked.kind, strict=True)
    ]
    return field.solve(one.tissue, depots, asked.times_h, tolerance=1e-7)


@pytest.mark.parametrize("periods", PERIODS.values(), ids=PERIODS)
@pytest.mark.parametrize("bottom", [FAR, SINK, REFLECT])
def test_a_patient_gets_what_the_full_solver_says(bottom, periods):
    asked = plan(threshold=1e-4)
    for one in patients(4, bottom=bottom, periods=periods):
        row, full = answer((asked, one)), in_full(asked, one)
        alone = field.solve(one.tissue, one.depots, asked.times_h, tolerance=1e-7)
        here = np.zeros(1), np.zeros(1), np.array([one.depth_mm])
        depths = np.linspace(0.0, 5.0, 11)
        greatest = alone.concentration(0 * depths, 0 * depths, depths).max(axis=1)  # of each time, whatever the depth
        assert row["auc_per_mg"] == pytest.approx(alone.auc(*here)[0], rel=CLOSE)
        assert row["concentration_per_mg"] / greatest == pytest.approx(alone.concentration(*here)[:, 0] / greatest, abs=CLOSE)
        places = np.array(asked.place_x_mm), np.array(asked.place_y_mm), np.full(len(asked.place_x_mm), one.depth_mm)
        exposure = full.auc(*places)
        assert row["coverage"] == pytest.approx(np.quantile(exposure, 1 - np.array(asked.covered)), rel=CLOSE, abs=CLOSE * exposure.max())
        above = full.concentration(*places)
        for share, concentration in zip(row["above"], above, strict=True):
            assert np.mean(concentration > 1.01e-4) <= share <= np.mean(concentration > 0.99e-4)
        assert row["influx"].arrived_mg(np.array(asked.times_h)) == pytest.approx(full.cleared_mg + full.lost_mg, rel=1e-4)


def test_the_exposure_does_not_hang_on_the_times_asked():
    """A thin depot at a depth that is not asked, and nothing asked early: what was sharp then still counts."""
    one = Patient(patients(1)[0].tissue, (Depot(0.0, 0.0, 2.3, 0.5, 0.15, 1.0),), 0.5)
    true = field.solve(one.tissue, one.depots, [1e-3, 1e-2, 0.1], tolerance=1e-8).auc([0.0], [0.0], [0.5])[0]
    for times in ((0.01, 1.0), (6.0,)):
        assert answer((replace(plan(), times_h=times), one))["auc_per_mg"] == pytest.approx(true, rel=CLOSE)


def test_the_reach_is_where_the_exposure_has_fallen_so_far():
    for one in patients(5):
        row = answer((plan(), one))
        exposure = field.solve(one.tissue, one.depots, [1.0], tolerance=1e-8).auc_kernel([one.depth_mm])
        beside = exposure.at([0.0, float(row["r50_mm"]), float(row["r10_mm"])]).ravel()
        assert beside[1:] / beside[0] == pytest.approx([0.5, 0.1], rel=CLOSE)


def test_half_of_the_dose_has_left_when_it_is_said_to_have():
    for one in patients(5, periods=PERIODS["more blood, then less"]):
        row = answer((plan(), one))
        left = field.solve(one.tissue, one.depots, [float(row["t50_h"]), float(row["t90_h"])], tolerance=1e-7).mass_mg
        assert left == pytest.approx([0.5, 0.1], rel=CLOSE)


def well_mixed(k=1.2):
    """One layer that clears everywhere alike: what is left is exp(-k t), whatever the shape."""
    return Patient(Tissue((Layer("dermis", 3.0, 0.4, k),), REFLECT), (Depot(0.0, 0.0, 1.0, 1.2, 0.5, 1.0),), 1.0)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.05, 20.0))
def test_a_uniform_clearance_gives_the_times_in_closed_form(k):
    row = answer((plan(), well_mixed(k)))
    assert float(row["t50_h"]) == pytest.approx(np.log(2) / k, rel=CLOSE)
    assert float(row["t90_h"]) == pytest.approx(np.log(10) / k, rel=CLOSE)
    assert row["influx"].arrived_mg(np.array([0.3, 2.0])) == pytest.approx(3.2 * -np.expm1(-k * np.array([0.3, 2.0])), rel=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.fixed_dictionaries({name: st.floats(0.02, 0.98) for name in SPREADS}), st.floats(0.1, 10.0))
def test_answers_keep_their_order_and_follow_the_dose(parts, factor):
    one = patient({name: float(SPREADS[name].quantile(part)) for name, part in parts.items()})
    row = answer((plan(), one))
    assert 0 < row["r50_mm"] < row["r10_mm"]
    assert 0 < row["t50_h"] < row["t90_h"]
    assert (np.diff(row["coverage"]) <= 1e-12).all()
    assert (row["concentration_per_mg"] > 0).all()
    more = answer((replace(plan(), dose_mg=tuple(factor * dose for dose in plan().dose_mg)), one))
    assert more["coverage"] == pytest.approx(factor * row["coverage"], rel=1e-9, abs=1e-15)
    assert float(more["t90_h"]) == pytest.approx(float(row["t90_h"]), rel=1e-9)


def test_two_kinds_of_depot_are_the_sum_of_the_plans_with_one():
    one = patients(1)[0]
    deep = replace(one.depots[0], depth_mm=1.9, sigma_lateral_mm=0.8)
    both = replace(one, depots=(*one.depots, deep))
    whole = replace(plan(), kind=(0, 1) * 8, covered=(0.0, 1.0), place_x_mm=(3.0,), place_y_mm=(5.0,))
    first, second = (replace(whole, dose_mg=tuple(0.2 * (kind == k) for kind in whole.kind)) for k in (0, 1))
    parts = [answer((some, both)) for some in (first, second)]
    assert answer((whole, both))["coverage"] == pytest.approx(sum(part["coverage"] for part in parts), rel=1e-9)
    assert answer((whole, both))["coverage"][0] == pytest.approx(in_full(whole, both).auc([3.0], [5.0], [1.0])[0], rel=CLOSE)


def test_what_nothing_removes_is_there_for_ever():
    still = Patient(Tissue((Layer("dermis", 3.0, 0.4),), REFLECT), (Depot(0.0, 0.0, 1.0, 1.2, 0.5, 1.0),), 1.0)
    row = answer((plan(), still))
    assert np.isinf([row["auc_per_mg"], row["t50_h"], *row["coverage"]]).all()
    assert row["influx"].total_mg == 0
    assert row["concentration_per_mg"] == pytest.approx(field.solve(still.tissue, still.depots, plan().times_h).concentration(0, 0, 1)[:, 0], rel=CLOSE)


def test_only_the_share_that_reaches_it_is_in_the_blood():
    one = patients(1)[0]
    whole = answer((plan(), one))["influx"].total_mg
    part = answer((plan(), replace(one, reaches_blood=((0.25,) * 4,))))["influx"].total_mg
    assert part == pytest.approx(0.25 * whole, rel=1e-9)


def test_a_hundred_patients_side_by_side_with_their_plasma_band_and_drivers():
    everyone, chosen = drawn(100), patients(100)
    answers, swept = ensemble(plan(), chosen)
    assert swept.failures == ()
    assert answers.auc_per_mg.shape == (100,)
    assert answers.coverage.shape == (100, len(plan().covered))
    assert answers.influx.total_mg == pytest.approx(np.full(100, 3.2), rel=1e-3)
    peak = one_compartment(np.full(100, 40.0), np.full(100, 90.0)).peak(answers.influx).concentration_mg_per_l
    assert peak[7] == pytest.approx(float(one_compartment(40.0, 90.0).peak(answer((plan(), chosen[7]))["influx"]).concentration_mg_per_l), rel=1e-6)
    found = band(answers.t50_h)
    assert found.low < found.median < found.high
    assert next(iter(drivers(everyone, answers.t50_h).share)) == "clearance"


def test_one_patient_that_cannot_be_is_reported_and_leaves_the_others_alone():
    good = patients(3)
    answers, swept = ensemble(plan(), [good[0], replace(good[1], depth_mm=200.0), good[2]])
    assert [failure.index for failure in swept.failures] == [1]
    assert "depth_mm is 200.0" in swept.failures[0].error
    assert answers.r50_mm.shape == (2,)
    with pytest.raises(ValueError, match="none of the virtual patients"):
        together([])


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"y_mm": (0.0,)}, "y_mm holds 1"), ({"times_h": (0.0,)}, "times_h is 0"), ({"times_h": ()}, "times_h is empty"), ({"covered": (1.5,)}, "covered is 1.5"),
     ({"x_mm": (), "y_mm": (), "dose_mg": (), "kind": ()}, "x_mm holds 0"), ({"place_x_mm": (), "place_y_mm": ()}, "place_x_mm")],
)  # fmt: skip
def test_a_plan_that_cannot_be_read_is_refused_in_words(changed, told):
    with pytest.raises(ValueError, match=told):
        replace(plan(), **changed)


def test_a_kind_that_no_patient_has_is_named():
    with pytest.raises(ValueError, match="depots holds 1 kinds; the plan names kind 3"):
        answer((replace(plan(), kind=(3,) * 16), patients(1)[0]))
