"""A change against what people notice, and how it is drawn."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.care.outcomes import OutOfRange, band, change, comparators, score
from pistor.exchange.charts import Level, ScoreChart, ScorePoint, Window, score_chart, window_chart
from pistor.knowledge import load

LIBRARY = load()
D = Decimal


@pytest.mark.parametrize(
    ("scale", "before", "after", "direction", "state", "says"),
    [
        ("nrs", "8", "6", "better", "reached", "better by 2 points (25 %)"),
        ("nrs", "8", "7", "better", "reached", "better by 1 point (12.5 %)"),
        ("nrs", "2", "1.6", "better", "reached", "20 %"),  # 15 % is reached where 1 point is not
        ("nrs", "8", "7.5", "better", "below", "is below"),
        ("nrs", "8", "8", "same", "below", "unchanged at 8"),
        ("nrs", "6", "8", "worse", "below", "worse by 2 points"),
        ("nrs", "0", "0", "same", "below", "unchanged"),
        ("vas100", "60", "58", "better", "below", "is below"),
        ("vas100", "60", "50", "better", "between", "lies inside the range"),
        ("vas100", "60", "10", "better", "reached", "reaches"),
        ("dlqi", "12", "8", "better", "reached", "reaches"),
        ("fine_lines", "3", "2", "better", "reached", "reaches"),
        ("ndi", "30", "22", "better", "between", "myelopathy"),
        ("rmdq", "12", "4", "better", "unknown", "MCID unknown"),
        ("smfrs_cr", "3", "2", "better", "unknown", "MCID unknown"),
        ("hair_density", "100", "120", "better", "unknown", "better by 20 hairs/cm2 (20 %)"),
        ("psfs", "4", "6", "better", "unknown", "MCID unknown"),
        ("gais", "3", "4", "not_comparable", "unknown", "not compared"),
    ],
)
def test_a_change_is(scale, before, after, direction, state, says):
    result = change(LIBRARY.scales[scale], D(before), D(after))
    assert (result.direction, result.state) == (direction, state)
    assert any(says in sentence for sentence in result.sentences), result.sentences


@given(st.decimals(0, 10, places=1), st.decimals(0, 10, places=1))
def test_a_change_for_the_worse_never_reaches_a_difference(before, after):
    for id_ in ("nrs", "psfs"):
        result = change(LIBRARY.scales[id_], before, after)
        assert not (result.direction == "worse" and result.state in ("reached", "between"))


@pytest.mark.parametrize(
    ("scale", "value"), [("nrs", "11"), ("nrs", "-1"), ("dlqi", "31"), ("smfrs_pr", "5"), ("ndi", "51"), ("nrs", "NaN"), ("nrs", "Infinity")]
)
def test_an_answer_outside_the_scale_is_refused(scale, value):
    with pytest.raises(OutOfRange, match="not between"):
        score(LIBRARY.scales[scale], {"total": D(value)})


def test_a_missing_or_strange_item_is_refused():
    with pytest.raises(OutOfRange, match="no answer"):
        score(LIBRARY.scales["nrs"], {})
    with pytest.raises(OutOfRange, match="no item"):
        score(LIBRARY.scales["nrs"], {"total": D(1), "mood": D(3)})


@pytest.mark.parametrize("id_", sorted(LIBRARY.scales))
def test_every_scale_gives_its_difference_or_says_why_not(id_):
    scale = LIBRARY.scales[id_]
    assert bool(scale.mcid) != bool(scale.mcid_unknown)
    if scale.range is not None:
        assert (scale.range.low, scale.range.high) == (scale.items[0].min, scale.items[0].max)


def test_every_indication_can_be_scored():
    for indication in LIBRARY.indications.values():
        assert indication.primary_scale in LIBRARY.scales
        assert set(indication.scales) <= set(LIBRARY.scales)


def test_the_comparator_arm_is_found_on_the_same_scale_only():
    assert [(arm.trial, arm.value) for arm in comparators(LIBRARY, LIBRARY.scales["psfs"], ("CUI16",))] == [("CUI16", D("0.9"))]
    assert comparators(LIBRARY, LIBRARY.scales["nrs"], tuple(LIBRARY.trials)) == ()


@pytest.mark.parametrize(("id_", "baseline", "expected"), [("nrs", "8", ("7", "9")), ("dlqi", "12", ("8", "16")), ("rmdq", "12", None)])
def test_the_band_is_the_smallest_published_difference(id_, baseline, expected):
    drawn = band(LIBRARY.scales[id_], D(baseline))
    assert (drawn is None) if expected is None else (drawn == (D(expected[0]), D(expected[1])))


def chart(**more):
    points = (ScorePoint(dt.date(2026, 1, 1), D(8), True), ScorePoint(dt.date(2026, 2, 1), D(5)))
    fields = {"title": "Pain <b>", "description": "d", "unit": "points", "low": D(0), "high": D(10), "points": points, "baseline": D(8)}
    return score_chart(ScoreChart(**{**fields, "treatments": ((1, dt.date(2026, 1, 2)),), **more}))


def test_the_picture_says_baseline_now_treatments_and_band():
    text = "".join(ET.fromstring(chart(band=(D(7), D(9)), band_known=True, levels=(Level("control", D(6)),))).itertext())
    for part in ("baseline 8", "5 now", "treatments", "below MCID", "control", "1 Jan 2026", "1 Feb 2026"):
        assert part in text


def test_an_unknown_difference_is_written_in_words_not_drawn():
    assert "MCID unknown" in chart()
    assert "below MCID" not in chart()


def test_pictures_are_well_formed_escape_text_and_carry_no_style():
    for picture in (chart(points=()), chart(), window_chart([Window("A & B", 0, 72)], began_hours=2000, title="t", description='"d"')):
        ET.fromstring(picture)
        assert "style=" not in picture
        assert "<b>" not in picture
