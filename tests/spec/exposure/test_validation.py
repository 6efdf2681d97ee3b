"""The engine beside what was measured: what was agreed on before holds, and what misses is shown as missing."""

from __future__ import annotations

import pytest

from pistor.care.exposure.validation import FAILURES, SUCCESSES, Verdict, lines
from pistor.knowledge import load


@pytest.fixture(scope="module")
def found():
    return lines(load())


def line(found, entry, what=""):
    return next(line for line in found if line.entry.id == entry and what in line.what)


def test_small_molecules_leave_within_a_factor_of_three(found):
    for entry in ("salicylate_rat", "salicylate_under_skin_rat"):
        assert 1 / 3 <= line(found, entry).times <= 3
        assert line(found, entry).verdict is Verdict.WITHIN


def test_large_molecules_leave_within_a_factor_of_four_where_the_rate_was_not_read_from_them(found):
    for entry in ("albumin_skin", "immunoglobulin_rabbit", "dextran_82kda_rabbit", "insulin_monomer"):
        assert 1 / 4 <= line(found, entry).times <= 4
        assert line(found, entry).verdict is Verdict.WITHIN


def test_ten_microlitres_of_a_tracer_of_150_kda_are_half_gone_in_six_to_24_hours(found):
    assert 6 <= line(found, "dextran_instep").predicted <= 24


def test_insulin_is_faster_from_the_skin_than_from_under_it(found):
    for entry in ("insulin_lispro_routes", "insulin_aspart_routes"):
        assert line(found, entry).predicted > 1.1
        assert line(found, entry).verdict is Verdict.ORDER_RIGHT


def test_deeper_in_the_dermis_more_leaves_by_its_slow_vessels(found):
    assert line(found, "pertechnetate_depth_pig").predicted > 1.1


def test_what_misses_is_told(found):
    """Neither a miss that vanishes nor a new one goes unseen: the page has to be read again then."""
    assert {(one.entry.id, one.verdict) for one in found if one.verdict in FAILURES} == {
        ("calcitonin", Verdict.MISSED),
        ("dextran_4kda_spread_rat", Verdict.MISSED),
        ("salicylate_routes_rat", Verdict.ORDER_WRONG),
        ("adalimumab_routes", Verdict.ORDER_WRONG),
    }
    assert line(found, "calcitonin").times > 6
    assert line(found, "dextran_4kda_spread_rat", "published law").times == pytest.approx(1 / 5.4, rel=0.05)


def test_what_a_number_was_read_from_is_no_test_of_it(found):
    for one in found:
        if one.entry.set_by_it and "published law" not in one.what:
            assert one.verdict is Verdict.SET
            assert one.verdict not in SUCCESSES


def test_without_a_prediction_there_is_a_reason_and_with_one_a_number(found):
    for one in found:
        assert (one.predicted is None) == (one.entry.compared is None)
        assert one.predicted is not None or one.why.endswith(".")


def test_every_measurement_of_the_library_is_on_the_list(found, library):
    assert {one.entry.id for one in found} == set(library.residence_measurements)
