"""The raw door: any layers, depots, times and probes against solutions in closed form, and a sentence for what cannot be used."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pistor.cli import main
from pistor.exchange.raw_problem import RawAnswer, answer, read_raw

PROBLEM = {
    "layers": [{"name": "dermis", "thickness_mm": 6, "diffusivity_mm2_per_h": 0.5, "clearance_per_h": 1.2, "partition": 1}],
    "bottom": "far",
    "depots": [{"x_mm": 0, "y_mm": 0, "depth_mm": 1.5, "sigma_lateral_mm": 1.5, "sigma_vertical_mm": 0.5, "dose_mg": 2}],
    "times_h": [2, 0, 0.25],
    "probes": [{"x_mm": 0, "y_mm": 0, "depth_mm": 1}, {"x_mm": 3, "y_mm": -1, "depth_mm": 2.5}],
}


@pytest.fixture
def deliver(tmp_path, capsys):
    def run(content: str | bytes, *options: str, name: str = "raw.yaml"):
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        code = main(["deliver", str(file), *options])
        out, err = capsys.readouterr()
        return code, out if code == 0 else err

    return run


def changed(**values):
    return {**copy.deepcopy(PROBLEM), **values}


def test_the_answer_in_endless_tissue_is_the_green_function(deliver):
    """One substance, one medium: Gaussians that widen and decay, with an image above the surface."""
    code, out = deliver(yaml.safe_dump(PROBLEM), "--json")
    answered = json.loads(out)
    assert code == 0
    decay = np.exp(-1.2 * np.array(PROBLEM["times_h"]))
    assert answered["mass_mg"] == pytest.approx(list(2 * decay), rel=1e-9)
    assert answered["cleared_mg"] == pytest.approx(list(2 - 2 * decay), abs=1e-9)
    for t, row in zip(PROBLEM["times_h"], answered["concentration_mg_per_mm3"], strict=True):
        wide, high = 1.5**2 + t, 0.5**2 + t  # plus 2 D t
        for probe, seen in zip(PROBLEM["probes"], row, strict=True):
            lateral = math.exp(-(probe["x_mm"] ** 2 + probe["y_mm"] ** 2) / (2 * wide)) / (2 * math.pi * wide)
            vertical = sum(math.exp(-((probe["depth_mm"] - z) ** 2) / (2 * high)) for z in (1.5, -1.5)) / math.sqrt(2 * math.pi * high)
            assert seen == pytest.approx(2 * math.exp(-1.2 * t) * lateral * vertical, rel=1e-7)
    assert list(answered)[:4] == ["mass_mg", "cleared_mg", "concentration_mg_per_mm3", "auc_mg_h_per_mm3"]
    assert len(answered["auc_mg_h_per_mm3"]) == 2
    assert answered["notes"] == []


def test_json_is_read_as_yaml_is(deliver):
    assert deliver(json.dumps(PROBLEM), "--json", name="raw.json") == deliver(yaml.safe_dump(PROBLEM), "--json")


def test_a_person_reads_a_table(deliver):
    code, out = deliver(yaml.safe_dump(PROBLEM))
    assert code == 0
    assert out.startswith("Dose 2 mg in 1 depot; 1 layer, 6 mm deep, bottom far.")
    assert "mg/mm³" in out


def test_an_area_without_end_is_null_and_said(deliver):
    layer = {**PROBLEM["layers"][0], "clearance_per_h": 0}
    _, out = deliver(json.dumps(changed(layers=[layer], bottom="reflect")), "--json")
    answered = json.loads(out, parse_constant=pytest.fail)
    assert answered["auc_mg_h_per_mm3"] == [None, None]
    assert "has no end" in answered["notes"][0]
    assert answered["mass_mg"] == pytest.approx([2, 2, 2], abs=1e-9)


def test_only_the_start_can_be_asked(deliver):
    _, out = deliver(json.dumps(changed(times_h=[0])), "--json")
    assert json.loads(out)["mass_mg"] == pytest.approx([2], rel=1e-9)


SENTENCES = [
    (changed(layers=[]), "layers holds 0 entries; give from 1 to 20"),
    (changed(layers={}), "layers is a mapping; write a list"),
    (changed(layers=[3]), "layers[1] is “3”; write name, thickness_mm"),
    (changed(layers=PROBLEM["layers"] * 21), "layers holds 21 entries"),
    (changed(bottom="deep"), "bottom is “deep”; choose one of sink, reflect, far"),
    (changed(bottom=["far"]), "bottom is a list; choose one of"),
    (changed(bottom=None), "the file has no bottom"),
    (changed(colour="red"), "the file has “colour”, which is not known"),
    (changed(depots=[]), "depots holds 0 entries; give from 1 to 5,000"),
    (changed(depots=PROBLEM["depots"] * 100_000), "depots holds 100,000 entries"),
    (changed(probes=PROBLEM["probes"] * 50_000), "probes holds 100,000 entries"),
    (changed(times_h=[0.1] * 1000, probes=PROBLEM["probes"] * 5000), "ask for at most 1,000,000"),
    (changed(times_h=[]), "times_h holds 0 entries"),
    (changed(times_h=[-1]), "times_h[1] is -1.0; give a number from 0 to 100000 h"),
    (changed(times_h=[1e-9]), "times_h[1] is 1e-09; give 0 or a number from 1e-06 to 100000 h"),
    (changed(times_h=[1, True]), "times_h[2] is “True” and not a number"),
    (changed(times_h=3), "times_h is “3”; write a list"),
    (changed(times_h=["noon"]), "times_h[1] is “noon” and not a number"),
    (changed(times_h=[10**400]), "times_h[1] is too large"),
    (changed(probes=[{"x_mm": 0, "y_mm": 0, "depth_mm": 7}]), "probes[1]: depth_mm is 7.0; give a number from 0 to 6 mm, the bottom of the model"),
    (changed(probes=[{"x_mm": 0, "y_mm": 0}]), "probes[1] has no depth_mm"),
    (changed(probes=[{"x_mm": 1e9, "y_mm": 0, "depth_mm": 1}]), "probes[1].x_mm is 1000000000.0; give a number from -2000 to 2000 mm"),
]
for key, wrong, said in (
    ("depth_mm", 6.5, "depots[1]: depth_mm is 6.5; give a number from 0 to 6 mm, the bottom of the model"),
    ("depth_mm", -0.1, "depth_mm of a depot is -0.1"),
    ("sigma_lateral_mm", 0, "sigma_lateral_mm of a depot is 0.0; give a number from 0.01 to 50 mm"),
    ("sigma_vertical_mm", math.nan, "sigma_vertical_mm of a depot is nan"),
    ("dose_mg", -1, "dose_mg of a depot is -1.0; give a number from 0 to 100000 mg"),
    ("dose_mg", math.inf, "dose_mg of a depot is inf"),
    ("dose_mg", {"a": 1}, "depots[1].dose_mg is a mapping and not a number"),
):
    SENTENCES.append((changed(depots=[{**PROBLEM["depots"][0], key: wrong}]), said))
for key, wrong, said in (
    ("thickness_mm", 0, "thickness_mm of layer 'dermis' is 0.0; give a number from 0.001 to 200 mm"),
    ("diffusivity_mm2_per_h", 0, "diffusivity_mm2_per_h of layer 'dermis' is 0.0"),
    ("clearance_per_h", -1, "clearance_per_h of layer 'dermis' is -1.0; give a number from 0 to 1000 per hour"),
    ("partition", 1e9, "partition of layer 'dermis' is 1000000000.0"),
    ("name", 5, "layers[1].name is “5”"),
    ("name", "", "layers[1].name is “”"),
):
    SENTENCES.append((changed(layers=[{**PROBLEM["layers"][0], key: wrong}]), said))


@pytest.mark.parametrize(("wrong", "said"), SENTENCES, ids=[said[:40] for _, said in SENTENCES])
def test_what_cannot_be_computed_is_said_in_one_sentence(deliver, wrong, said):
    code, error = deliver(json.dumps(wrong), "--json", name="raw.json")
    assert code == 2
    assert said in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file holds no mapping"),
        ("[1, 2]", "the file holds no mapping"),
        ("layers: [\n1", "the YAML is broken in line"),
        ("layers: 1\nlayers: 2", "“layers” is given twice"),
        ('{"bottom": "far", "bottom": "sink"}', "“bottom” is given twice"),
        ("{" * 5000, "stand in each other"),
        ("a: &a [*a]", "“a”, which is not known"),
        (b"\0\0\0", "cannot be read"),
        (b"layers: " + b"x" * 2_000_000, "at most 1 MB"),
        (b" " * 17_000_000, "larger than 16 MB"),
        ("layers: [{name: a, thickness_mm: 010}]", "no plain number"),
    ],
)
def test_a_file_that_is_none_is_said_in_one_sentence(deliver, content, said):
    code, error = deliver(content, "--json")
    assert (code, error.count("\n")) == (2, 1)
    assert said in error


def test_aliases_that_would_grow_without_end_are_refused_at_once(deliver):
    """Nine lists of nine of the list before: 9**9 entries if anyone wrote them out."""
    bomb = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)) + "layers: *a9\n"
    code, error = deliver(bomb, "--json")
    assert (code, error.count("\n")) == (2, 1)


def test_a_file_that_is_not_there_or_a_folder(tmp_path, capsys):
    for path in (tmp_path / "none.yaml", tmp_path):
        assert main(["deliver", str(path), "--json"]) == 2
        assert capsys.readouterr().err.startswith(f"pistor: {path}: ")


def test_a_balance_that_rounding_leaves_open_is_said():
    open_ = RawAnswer(2.0, [1.5], [0.4], [0.0], [[0.0]], [0.1], [0.0])
    assert open_.notes == ("Rounding leaves 0.1 mg of 2 mg unaccounted for; the layers, depots and times are too unlike for more.",)


def test_at_the_start_a_sink_has_what_began_below_it(deliver):
    depot = {**PROBLEM["depots"][0], "depth_mm": 6, "sigma_vertical_mm": 0.2}
    _, out = deliver(json.dumps(changed(bottom="sink", depots=[depot], times_h=[0, 24])), "--json")
    answered = json.loads(out)
    assert (answered["mass_mg"][0], answered["lost_at_bottom_mg"][0]) == pytest.approx((1, 1), rel=1e-12)


LAYERS = st.builds(
    lambda h, d, k, p: {"name": "layer", "thickness_mm": h, "diffusivity_mm2_per_h": d, "clearance_per_h": k, "partition": p},
    st.floats(0.1, 10),
    st.floats(0.01, 3),
    st.one_of(st.just(0), st.floats(0.01, 10)),
    st.floats(0.1, 10),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    layers=st.lists(LAYERS, min_size=1, max_size=4),
    bottom=st.sampled_from(["sink", "reflect", "far"]),
    share=st.floats(0, 1),
    sigma=st.floats(0.1, 3),
    times=st.lists(st.one_of(st.just(0), st.floats(0.001, 48)), min_size=1, max_size=4),
)
def test_no_dose_is_made_or_lost_whatever_is_asked(layers, bottom, share, sigma, times):
    deep = math.fsum(layer["thickness_mm"] for layer in layers)
    depot = {"x_mm": 1, "y_mm": 2, "depth_mm": share * deep, "sigma_lateral_mm": sigma, "sigma_vertical_mm": sigma, "dose_mg": 3}
    probes = [{"x_mm": 1, "y_mm": 2, "depth_mm": z * deep} for z in (0, 0.5, 1)]
    answered = answer(read_raw({"layers": layers, "bottom": bottom, "depots": [depot], "times_h": times, "probes": probes}))
    kept = np.array([answered.mass_mg, answered.cleared_mg, answered.lost_at_bottom_mg])
    assert kept.sum(axis=0) == pytest.approx(3, abs=1e-8)
    assert (kept >= -1e-9).all()
    assert np.isfinite(answered.concentration_mg_per_mm3).all()
    assert (np.array(answered.concentration_mg_per_mm3) >= 0).all()
    json.dumps(answered.as_dict(), allow_nan=False)
