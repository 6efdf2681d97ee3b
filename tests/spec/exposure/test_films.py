"""A film over the channels of a roller or pen: what is taken in adds up, channels that close sooner let less in, and nothing is guessed."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from pistor.care.exposure.film import FilmOrder, expose_film
from pistor.care.exposure.order import Content, NoExposure
from pistor.cli import main
from pistor.exchange.errors import Unusable
from pistor.exchange.exposure_text import exposure_text
from pistor.exchange.field_report import report_html
from pistor.exchange.treatment_file import read_treatment
from pistor.knowledge import load

LIBRARY = load()
WRITTEN = {
    "zone": "face", "device": "microneedle_roller", "film_ul_per_cm2": 10, "area_cm2": 50, "channels_per_cm2": 200, "needle_length_mm": 0.77, "covered": True,
    "mg_per_ml": {"tranexamic_acid": 50}, "weight_kg": 60, "sex": "female",
}  # fmt: skip
ROLLED = FilmOrder(
    "face", "microneedle_roller", (Content("tranexamic_acid", 50.0),), film_mm=0.1, area_cm2=50.0, channels_per_cm2=200.0, needle_length_mm=0.77,
    covered=True, weight_kg=60.0, sex="female",
)  # fmt: skip


def alone(order, patients=8):
    [solute] = expose_film(order, LIBRARY, patients=patients).computed
    return solute


@pytest.fixture(scope="module")
def rolled():
    return alone(ROLLED)


def test_what_enters_is_in_the_skin_or_in_the_blood(rolled):
    """By the last time all channels under a cover have closed, and the rest of what entered has gone into the blood."""
    assert 0 < rolled.entered_mg.low <= rolled.entered_mg.median <= rolled.entered_mg.high < rolled.dose_mg == pytest.approx(25.0)
    one = alone(ROLLED, patients=1)
    assert one.absorbed_mg.median == pytest.approx(one.entered_mg.median, rel=1e-4)
    taken = np.array(one.in_skin_mg.median) + np.array(one.absorbed_by_mg.median)
    assert (np.diff(taken) > -1e-6 * taken[-1]).all()
    assert taken[-1] <= one.entered_mg.median * (1 + 1e-6)


def test_the_profile_holds_what_is_in_the_skin(rolled):
    in_skin = np.trapezoid(rolled.profile_mg_per_mm3, rolled.depths_mm, axis=1) * ROLLED.area_cm2 * 100
    assert (in_skin[3:] > 0).all()
    assert np.argmax(rolled.profile_mg_per_mm3[5]) == 0  # the highest lies at the surface while the film feeds it


def test_twice_the_area_is_twice_the_dose_and_the_same_skin(rolled):
    wide = alone(replace(ROLLED, area_cm2=100.0))
    assert wide.absorbed_mg.median == pytest.approx(2 * rolled.absorbed_mg.median)
    assert wide.plasma.cmax_mg_per_l.median == pytest.approx(2 * rolled.plasma.cmax_mg_per_l.median)
    assert wide.peak_mg_per_mm3 == rolled.peak_mg_per_mm3


@pytest.mark.parametrize("less", [{"closure_half_life_h": 1.0}, {"channels_per_cm2": 20.0}, {"channel_width_mm": 0.02}])
def test_fewer_narrower_or_sooner_closed_channels_let_less_in(rolled, less):
    assert alone(replace(ROLLED, **less)).entered_mg.median < rolled.entered_mg.median


def test_channels_that_close_at_once_let_in_the_first_moments_only():
    """While next to nothing of the film is gone, what enters is the rate at the beginning times the mean time open."""
    short, shorter = (alone(replace(ROLLED, closure_half_life_h=hours), patients=1).entered_mg.median for hours in (2e-3, 1e-3))
    assert short == pytest.approx(2 * shorter, rel=1e-2)


def test_every_input_shows_where_it_comes_from(rolled):
    how = {value.name: (value.how.value, value.grade) for value in rolled.values}
    assert how["Channels"] == ("given", "D")
    assert how["Half of the opening of channels, skin covered"] == ("measured", "B")
    given = alone(replace(ROLLED, closure_half_life_h=3.0))
    assert ("Half of the opening of channels", 3.0, "given") in {(value.name, value.number, value.how.value) for value in given.values}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"needle_length_mm": 1.5}, "Give channel_depth_mm and channel_width_mm"),
        ({"covered": False}, "give covered: yes, or closure_half_life_h"),
        ({"channels_per_cm2": math.nan}, "channels_per_cm2 is nan"),
        ({"film_mm": 0.0}, "film_mm is 0"),
        ({"area_cm2": 1e9}, "area_cm2 is"),
        ({"target_depth_mm": 900.0}, "target_depth_mm is 900; give a number from 0 to"),
        ({"channels_per_cm2": 5e4}, "more holes of this radius leave no skin between"),
    ],
)
def test_what_has_no_source_is_asked_for_and_what_cannot_be_is_refused(change, said):
    with pytest.raises(NoExposure, match=said):
        expose_film(replace(ROLLED, **change), LIBRARY, patients=2)


def test_lateral_answers_do_not_apply_and_say_why(rolled):
    told = json.loads(json.dumps(rolled.as_dict(), allow_nan=False))
    assert [told[name] for name in ("kernel", "coverage", "reach_half_mm", "valley_over_peak")] == [None] * 4
    assert "no reach, no coverage" in told["not_lateral"]


def test_it_is_written_read_and_reported():
    asked = read_treatment(WRITTEN, LIBRARY)
    assert asked == ROLLED
    exposure = expose_film(asked, LIBRARY, patients=2)
    assert "a film 0.1 mm thick on 50 cm² with 200 channels per cm²" in exposure_text(exposure)
    page = report_html(exposure.as_dict(), title="Roller")
    assert "Under the film." in page
    assert "hairless rats" in page
    assert "the tip" not in page


def test_a_film_goes_through_the_door(tmp_path, capsys):
    file = tmp_path / "film.json"
    file.write_text(json.dumps(WRITTEN), encoding="utf-8")
    assert main(["deliver", str(file), "--json", "--patients", "2", "--weight", "80"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["weight_kg"], told["film"]["device"]) == (80, "microneedle_roller")


@pytest.mark.parametrize(
    ("change", "said"),
    [({"film_mm": 0.1}, "either film_mm or film_ul_per_cm2"), ({"device": "hammer"}, "device is"), ({"channels_per_cm2": "many"}, "channels_per_cm2")],
)
def test_a_file_that_cannot_be_used_says_which_line(change, said):
    with pytest.raises(Unusable, match=said):
        read_treatment(WRITTEN | change, LIBRARY)
