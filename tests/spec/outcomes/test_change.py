"""A change against what people notice, and how it is drawn."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pistor.care.outcomes import OutOfRange, band, bounds, change, comparators, score
from pistor.exchange.charts import Level, ScoreChart, ScorePoint, Window, score_chart, window_chart
from pistor.knowledge import load
from pistor.knowledge.model import Scale

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
        ("rmdq", "12", "4", "better", "reached", "5 points (low back pain)"),
        ("rmdq", "20", "16", "better", "below", "is below"),
        ("smfrs_cr", "3", "2", "better", "unknown", "MCID unknown"),
        ("hair_density", "100", "120", "better", "unknown", "better by 20 hairs/cm2 (20 %)"),
        ("psfs", "4", "6", "better", "reached", "1.3 points (small change)"),
        ("psfs", "4", "5", "better", "below", "is below"),
        ("womac", "60", "53", "better", "below", "is below"),
        ("womac", "60", "50", "better", "reached", "16 % (with anti-inflammatory drugs"),
        ("oks", "20", "27", "better", "reached", "6.1 points"),
        ("koos_pain", "40", "50", "better", "below", "is below"),
        ("css", "12", "10", "better", "unknown", "MCID unknown"),
        ("crpcss", "3", "2", "better", "reached", "reaches"),
        ("mmasi", "12", "6", "better", "unknown", "MCID unknown"),
        ("pgic", "4", "2", "not_comparable", "unknown", "not compared"),
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
        assert (scale.range.low, scale.range.high) == bounds(scale)


MELASMA = {f"{part}_{what}": D(0) for part in ("forehead", "left_cheek", "right_cheek", "chin") for what in ("area", "darkness")}


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, "0"),
        ({"forehead_area": D(6), "forehead_darkness": D(4)}, "7.2"),
        ({"left_cheek_area": D(3), "left_cheek_darkness": D(2), "right_cheek_area": D(1), "right_cheek_darkness": D(3)}, "2.7"),
        ({"chin_area": D(6), "chin_darkness": D(4)}, "2.4"),
        ({"chin_area": D(6)}, "0"),
        ({key: D(6) if key.endswith("area") else D(4) for key in MELASMA}, "24"),
    ],
)
def test_melasma_is_area_times_darkness_by_the_share_of_the_face(marks, expected):
    assert score(LIBRARY.scales["mmasi"], {**MELASMA, **marks}) == D(expected)


def test_the_features_of_cellulite_are_added_and_each_one_is_asked_for():
    marks = {"number": D(3), "depth": D(2), "raised": D(1), "laxity": D(0), "grade": D(2)}
    assert score(LIBRARY.scales["css"], marks) == 8
    with pytest.raises(OutOfRange, match="Laxity"):
        score(LIBRARY.scales["css"], {key: value for key, value in marks.items() if key != "laxity"})
    with pytest.raises(OutOfRange, match="4 is not between 0 and 3"):
        score(LIBRARY.scales["css"], {**marks, "depth": D(4)})


def test_a_term_that_leaves_an_item_out_is_refused():
    scale = LIBRARY.scales["mmasi"].model_dump()
    with pytest.raises(ValueError, match="every item once"):
        Scale.model_validate({**scale, "terms": scale["terms"][1:]})


def test_every_indication_can_be_scored():
    for indication in LIBRARY.indications.values():
        assert indication.primary_scale in LIBRARY.scales
        assert set(indication.scales) <= set(LIBRARY.scales)


def test_the_comparator_arm_is_found_on_the_same_scale_only():
    assert [(arm.trial, arm.value) for arm in comparators(LIBRARY, LIBRARY.scales["psfs"], ("CUI16",))] == [("CUI16", D("0.9"))]
    assert comparators(LIBRARY, LIBRARY.scales["nrs"], tuple(LIBRARY.trials)) == ()


@pytest.mark.parametrize(("id_", "baseline", "expected"), [("nrs", "8", ("7", "9")), ("dlqi", "12", ("8", "16")), ("rmdq", "12", ("8.4", "15.6")), ("wsrs", "3", None)])
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
