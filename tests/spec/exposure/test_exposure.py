"""What the skin and the blood will see of an order: laws that hold whatever the numbers are, and what is said instead of a number."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor.care.exposure.bands import Banded
from pistor.care.exposure.exposure import expose
from pistor.care.exposure.mixed import mixed
from pistor.care.exposure.order import VASOCONSTRICTOR, Content, NoExposure, Order, Region, Spot, constricted
from pistor.care.exposure.sentences import beside_limit, of_blood
from pistor.care.formulation import Interval
from pistor.delivery.grids import grid_points
from pistor.knowledge import load

LIBRARY = load()
SQUARE = ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0))
LIDOCAINE = Content("lidocaine", 10.0)


def order(spacing_mm=10.0, depth_mm=0.8, volume_ml=0.05, contents=(LIDOCAINE,), **more):
    places = grid_points(SQUARE, pattern="square", spacing_mm=spacing_mm)
    spots = tuple(Spot(x, y, depth_mm, volume_ml) for x, y in places)
    return Order("face", spots, (Region("square", SQUARE),), contents, spacing_mm=spacing_mm, weight_kg=60.0, sex="female", **more)


def alone(asked, **how):
    [solute] = expose(asked, LIBRARY, patients=8, **how).computed
    return solute


def texts(findings):
    return " ".join(finding.text for finding in findings)


@pytest.fixture(scope="module")
def usual():
    return alone(order())


def test_the_kernel_redraws_what_the_dose_is(usual):
    """The integral of a kernel over the plane and over depth is the part of 1 mg that is left."""
    assert usual.kernel.weight_per_mm.shape == (len(usual.times_h), len(usual.depths_mm), len(usual.kernel.variance_mm2))
    over_depth = np.trapezoid(usual.kernel.weight_per_mm.sum(axis=2), usual.depths_mm, axis=1)
    left = np.array(usual.balance["mass"])
    assert over_depth[0] == pytest.approx(1.0, abs=0.02)  # trapezoids, down to 3 mm
    assert (over_depth <= left + 0.02).all()
    assert np.array(list(usual.balance.values())).sum(axis=0) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("median", "high", "told"),
    [
        (0.0877, 0.13, "at least 40 times below it, which is no margin"),  # 46 times: not from the middle (68), not rounded up
        (0.5, 1.0, "at least 6 times below it"),  # just six, however it is stored
        (0.1, 3.0 - 1e-9, "at least 2 times below it"),
        (0.1, 3.001, "the upper end of the range is 51 % of it"),
        (2.9, 5.99, "the upper end of the range is 100 % of it"),  # never 99.8 rounded to something comfortable
        (2.9, 6.0, "the upper end of the range is above it"),
        (7.0, 9.0, "more than half of the patients are above it"),
        (0.1, math.inf, "cannot be told"),
        (0.0, 0.0, "next to nothing"),
    ],
)
def test_a_toxic_level_is_no_margin_of_safety(median, high, told):
    assert told in beside_limit(Banded(median, 0.0, high), 6.0)


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_what_is_said_of_a_toxic_level_is_never_more_comfortable_than_the_model(high, limit):
    """A row per number is not enough: rounding may not take the patient farther from harm."""
    said = beside_limit(Banded(high / 2, 0.0, high), limit)
    if times := re.search(r"at least (\S+) times", said):
        assert float(times[1]) <= limit / high * (1 + 1e-9)
    if part := re.search(r"is (\S+) % of it", said):
        assert float(part[1]) >= 100 * high / limit * (1 - 1e-9)


def test_near_a_toxic_level_is_a_caution_before_it_is_reached(usual):
    """From half of it on, reckoned by the patients with the highest peaks."""
    peak = usual.plasma.cmax_mg_per_l
    for factor, effect in ((2.1, "inform"), (1.9, "caution"), (0.5, "caution")):
        [finding] = of_blood(replace(usual, limit=replace(usual.limit, number=peak.high * factor)))
        assert finding.effect.value == effect, finding.text


def test_bands_hold_their_middles(usual):
    for band in (usual.half_gone_h, usual.reach_half_mm, usual.reach_tenth_mm, usual.peak_mg_per_mm3, usual.absorbed_mg, usual.plasma.cmax_mg_per_l):
        assert 0 < band.low <= band.median <= band.high
    assert usual.half_gone_h.median < usual.nine_tenths_gone_h.median
    assert usual.reach_half_mm.median < usual.reach_tenth_mm.median
    shares = usual.coverage.share
    for end in (shares.low, shares.median, shares.high):
        assert all(0 <= b <= a <= 1 for a, b in pairwise(end))


def test_no_more_reaches_the_blood_than_was_given(usual):
    assert usual.absorbed_mg.high <= usual.dose_mg * (1 + 1e-6)
    assert usual.dose_mg == pytest.approx(sum(usual.doses_mg))


def test_twice_the_strength_is_twice_everywhere():
    """All is linear as long as binding is, so tranexamic acid, which is hardly bound, is asked."""
    weak, strong = (alone(order(contents=(Content("tranexamic_acid", strength),))) for strength in (2.0, 4.0))
    assert strong.auc_mg_h_per_mm3.median == pytest.approx(2 * weak.auc_mg_h_per_mm3.median, rel=1e-9)
    assert strong.plasma.cmax_mg_per_l.high == pytest.approx(2 * weak.plasma.cmax_mg_per_l.high, rel=1e-9)
    assert strong.half_gone_h == weak.half_gone_h


def test_the_same_seed_gives_the_same_answer_and_another_one_another(usual):
    assert alone(order()).half_gone_h == usual.half_gone_h
    assert alone(order(), seed=1).half_gone_h != usual.half_gone_h


def test_a_wide_grid_leaves_islands_and_a_close_one_does_not():
    wide, close = alone(order(spacing_mm=10.0)), alone(order(spacing_mm=2.5))
    assert "exposure.islands" in {finding.rule for finding in wide.findings}
    assert "The points stay islands." in texts(wide.findings)
    assert close.valley_over_peak.median > 10 * wide.valley_over_peak.median


def test_the_size_of_the_bleb_decides_the_reach():
    small, large = alone(order(volume_ml=0.01)), alone(order(volume_ml=0.1))
    assert "its size decides the reach" in texts(large.findings)
    assert large.reach_half_mm.median > 1.5 * small.reach_half_mm.median


def test_more_than_was_injected_is_said_to_be_the_models_doing(usual):
    """The centre of a Gaussian is 2.97 times as dense as an even ellipsoid of the same second moments."""
    assert usual.peak_mg_per_mm3.median * 1000 > usual.mg_per_ml
    assert "3 times as dense in its middle as the bleb" in texts(usual.findings)


def test_a_bleb_higher_than_the_skin_is_thick_is_said():
    rules = [{finding.rule for finding in expose(order(volume_ml=volume), LIBRARY, patients=1).findings} for volume in (0.05, 0.0002)]
    assert ["exposure.bulge" in found for found in rules] == [True, False]


def test_a_vasoconstrictor_keeps_it_longer_and_lowers_the_peak(usual):
    held = alone(order(vasoconstrictor=True))
    assert held.half_gone_h.median > usual.half_gone_h.median
    assert held.plasma.cmax_mg_per_l.median < usual.plasma.cmax_mg_per_l.median


def test_point_zone_treatment_and_course_add_up():
    solute = alone(order(treatments=3, interval_days=7, elsewhere_ml=0.8))
    peaks = {of: (dose, peak.median) for of, dose, peak in solute.plasma.peaks}
    assert list(peaks) == ["a point", "the zone", "the treatment", "the course of 3"]
    zone, whole = peaks["the zone"], peaks["the treatment"]
    assert whole[0] == pytest.approx(zone[0] + 8.0)  # 0.8 mL of 10 mg/mL elsewhere
    assert whole[1] / zone[1] == pytest.approx(whole[0] / zone[0])
    assert peaks["the course of 3"][1] == pytest.approx(whole[1], rel=1e-3)  # a week apart nothing is left of lidocaine
    assert peaks["the course of 3"][0] == pytest.approx(3 * whole[0])


def test_treatments_close_together_add_up_in_the_blood():
    once, often = (alone(order(treatments=n, interval_days=0.05)).plasma.peaks[-1][2].median for n in (1, 4))
    assert once < often < 4 * once


def test_without_a_weight_the_blood_is_not_guessed():
    exposure = expose(replace(order(), weight_kg=None), LIBRARY, patients=4)
    [solute] = exposure.computed
    assert solute.plasma is None
    assert "weight is not given" in solute.plasma_unknown
    assert "exposure.weight" in {finding.rule for finding in exposure.findings}
    assert exposure.anaesthetics is None


def test_local_anaesthetics_are_summed():
    both = expose(order(contents=(LIDOCAINE, Content("mepivacaine", 10.0))), LIBRARY, patients=4)
    one = expose(order(), LIBRARY, patients=4)
    assert both.anaesthetics is not None
    assert float(both.anaesthetics.known) > float(one.anaesthetics.known) or both.anaesthetics.unknown
    assert "Local anaesthetics together" in texts(both.findings)


@pytest.mark.parametrize(
    ("ingredient", "kind"),
    [("phosphatidylcholine_dc", "label_rules"), ("deoxycholic_acid", "label_rules"), ("hyaluronic_acid_ncl", "residence"), ("dutasteride", "dissolution")],
)
def test_what_is_outside_gets_its_reason_and_never_a_number(ingredient, kind):
    exposure = expose(order(contents=(Content(ingredient, 5.0),)), LIBRARY, patients=4)
    assert exposure.computed == ()
    [fenced] = exposure.fenced
    assert fenced.kind == kind
    assert fenced.reason
    told = exposure.as_dict()
    assert told["solutes"] == []
    assert told["bleb"]["radius_mm"] > 0


def test_a_strength_in_units_is_fenced():
    [fenced] = expose(order(contents=(Content("lidocaine", None),)), LIBRARY, patients=4).fenced
    assert (fenced.kind, fenced.missing) == ("missing", ("mg_per_ml",))


def test_a_threshold_gives_the_hours_above_it():
    low, high = (alone(order(threshold_mg_per_ml=threshold)) for threshold in (1e-5, 1.0))
    assert low.hours_above.median > high.hours_above.median
    assert all(0 <= share <= 1 for share in low.above.median)


def test_the_target_is_the_tip_unless_it_is_said_or_the_technique_means_another_layer():
    assert expose(order(), LIBRARY, patients=1).target_depth_mm == 0.8
    assert expose(order(target_depth_mm=0.3), LIBRARY, patients=1).target_depth_mm == 0.3
    deep = expose(order(depth_mm=3.0, technique="nappage"), LIBRARY, patients=1)  # meant for the dermis, ends in fat
    assert deep.target_depth_mm < 1.0
    assert "exposure.target" in {finding.rule for finding in deep.findings}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"depth_mm": 50.0}, "depth_mm is 50; give a number from 0 to 4.97 mm"),
        ({"volume_ml": 1.5}, "volume_per_point_ml is 1.5; give a number from 0.0001 to 1 mL: more is driven by pressure"),
        ({"volume_ml": -0.1}, "volume_per_point_ml is -0.1"),
        ({"depth_mm": math.nan}, "depth_mm is nan"),
        ({"target_depth_mm": 60.0}, "target_depth_mm is 60; give a number from 0 to"),
        ({"contents": ()}, "content holds 0 substances"),
        ({"contents": (Content("lidocaine", math.inf),)}, "mg_per_ml of lidocaine is inf; give a number from 1e-06 to 1000 mg/mL"),
        ({"contents": (Content("water_of_life", 1.0),)}, "'water_of_life', which is not known"),
        ({"treatments": 0}, "treatments is 0; give a number from 1 to 100"),
    ],
)
def test_what_cannot_be_reckoned_is_said(change, said):
    with pytest.raises(NoExposure, match=r"^[^\n]*$") as refused:
        expose(order(**change), LIBRARY, patients=2)
    assert said in str(refused.value)


def test_an_unknown_zone_names_those_that_are_known():
    with pytest.raises(NoExposure, match=r"zone is 'moon'; choose one of .*face"):
        expose(replace(order(), zone="moon"), LIBRARY, patients=2)


def test_a_hundred_thousand_points_are_refused():
    with pytest.raises(NoExposure, match=r"points holds 100,000; give from 1 to 5,000"):
        order().__class__("face", (Spot(0.0, 0.0, 1.0, 0.05),) * 100_000, (), (LIDOCAINE,))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    zone=st.sampled_from(sorted(LIBRARY.zones)),
    ingredient=st.sampled_from(sorted(LIBRARY.ingredients)),
    depth=st.floats(0.1, 4.0),
    volume=st.floats(0.001, 0.5),
    strength=st.floats(0.01, 200.0),
    weight=st.one_of(st.none(), st.floats(3.0, 200.0)),
    count=st.integers(1, 5),
)
def test_every_zone_and_substance_gets_a_number_or_a_reason(zone, ingredient, depth, volume, strength, weight, count):
    spots = tuple(Spot(7.0 * n, 0.0, depth, volume) for n in range(count))
    try:
        exposure = expose(Order(zone, spots, (), (Content(ingredient, strength),), weight_kg=weight), LIBRARY, patients=2)
    except NoExposure as refused:
        assert "depth_mm" in str(refused)
        return
    assert len(exposure.solutes) == 1
    json.dumps(exposure.as_dict(), allow_nan=False, default=str)
    for solute in exposure.computed:
        assert solute.absorbed_mg.high <= solute.dose_mg * (1 + 1e-5)
        assert solute.half_gone_h.median > 0


def test_a_vasoconstrictor_in_the_syringe_counts_unless_it_is_said_otherwise():
    mepivacaine = LIBRARY.ingredients["mepivacaine"]
    with_one = replace(LIBRARY, ingredients={**LIBRARY.ingredients, "mepivacaine": mepivacaine.model_copy(update={"classes": (VASOCONSTRICTOR,)})})
    asked = order(contents=(LIDOCAINE, Content("mepivacaine", 1.0)))
    told = [constricted(said, asked.contents, library) for said in (None, False, True) for library in (LIBRARY, with_one)]
    assert told == [False, True, False, False, True, True]
    assert expose(asked, with_one, patients=2).as_dict()["vasoconstrictor"] is True


def range_of(low, high, unit):
    return Interval(Decimal(low) if low else None, Decimal(high) if high else None, unit, "of the test", () if low else ("a product",))


@pytest.mark.parametrize(
    ("ph", "osmolarity", "rules"),
    [
        (("3", "4"), ("280", "310"), {"exposure.ph"}),
        (("6.5", "7"), ("900", "950"), {"exposure.osmolarity"}),
        (("9", "11"), ("50", "90"), {"exposure.ph", "exposure.osmolarity"}),
        (("6.5", "7"), ("280", "310"), set()),
        (("6.5", "7"), ("", ""), {"exposure.mixture_unknown"}),
    ],
)
def test_an_acid_or_a_strong_blend_is_flagged(ph, osmolarity, rules):
    asked = order(ph=range_of(*ph, "pH"), osmolarity=range_of(*osmolarity, "mOsm/L"))
    found = {finding.rule for finding in mixed(asked, LIBRARY)}
    assert found == rules
    assert not list(mixed(order(), LIBRARY))


def test_the_depth_of_a_gun_scatters_and_that_is_said_to_be_assumed():
    """The mean over many shots is lower in its middle and reaches deeper; the blood gets the same."""
    shot = expose(order(device="meso_gun"), LIBRARY, patients=16)
    [by_gun], by_hand = shot.computed, expose(order(), LIBRARY, patients=16).computed[0]
    assert by_gun.peak_mg_per_mm3.median < by_hand.peak_mg_per_mm3.median
    assert by_gun.absorbed_mg.median == pytest.approx(by_hand.absorbed_mg.median, rel=0.02)
    [scatter] = [value for value in by_gun.values if value.name == "Standard deviation of the depth of an injection gun"]
    assert scatter.how.value == "assumed"
    assert "assumed, as nobody measured one" in texts(shot.findings)
