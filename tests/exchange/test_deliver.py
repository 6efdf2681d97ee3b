"""``pistor deliver`` on a treatment or a plan: text, one JSON object of a known shape, a page, and a sentence for what cannot be used."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
import yaml

from pistor.care.consultation import Measurement, PatientPicture
from pistor.care.exposure.order import order_of
from pistor.care.exposure.single_points import single_points_of
from pistor.care.injection_map import Chosen, make_map, zones_alike
from pistor.care.intent import intent_for
from pistor.care.plan import make_plan
from pistor.cli import main
from pistor.exchange.delivery_file import read
from pistor.exchange.errors import Unusable
from pistor.knowledge import load

LIBRARY = load()
TREATMENT = {
    "zone": "face",
    "depth_mm": 0.8,
    "volume_per_point_ml": 0.05,
    "spacing_mm": 10,
    "area_cm2": 9,
    "mg_per_ml": {"lidocaine": 10, "phosphatidylcholine_dc": 20},
    "weight_kg": 60,
    "sex": "female",
}


@pytest.fixture
def deliver(tmp_path, capsys):
    def run(content, *options: str, name: str = "treatment.yaml"):
        file = tmp_path / name
        file.write_text(content if isinstance(content, str) else json.dumps(content) if name.endswith(".json") else yaml.safe_dump(content), encoding="utf-8")
        code = main(["deliver", str(file), "--patients", "2", *options])
        out, err = capsys.readouterr()
        return code, out if code == 0 else err

    return run


@pytest.fixture(scope="module")
def plan():
    on = dt.date(2026, 11, 26)
    picture = PatientPicture(on=on, birth_date=dt.date(1980, 1, 1), sex="female", weight_kg=Measurement(Decimal(60), "kg", on, "test"))
    made = make_plan(picture, intent_for(LIBRARY, "pain"), LIBRARY, on)
    assert made.injection_map is not None
    generator = replace(made.injection_map.generator, inserted_length_mm=Decimal(4), angle_deg=Decimal(30))
    drawn = make_map(zones_alike(made.injection_map.areas, generator, made.injection_map.technique), LIBRARY)
    return replace(made, injection_map=drawn)


def without(*keys, **values):
    return {key: value for key, value in {**copy.deepcopy(TREATMENT), **values}.items() if key not in keys}


BAND = {"median", "low", "high"}
SOLUTE = {
    "absorbed_mg", "auc_kernel", "auc_mg_h_per_mm3", "balance", "bleb_radius_mm", "comparisons", "coverage", "depths_mm", "diffusion_length_mm", "dose_mg",
    "drivers", "drivers_together", "findings", "half_gone_h", "hours_above_threshold", "id", "kernel", "limit", "mg_per_ml", "name", "neighbour_mm",
    "nine_tenths_gone_h", "peak_mg_per_mm3", "pieces_mm", "plasma", "plasma_unknown", "points", "reach_half_mm", "reach_tenth_mm", "share_above_threshold",
    "threshold_mg_per_mm3", "times_h", "valley_over_peak", "values",
}  # fmt: skip
WHOLE = {
    "anaesthetics", "bleb", "depth_mm", "device", "elsewhere_ml", "fenced", "findings", "interval_days", "knowledge_version", "layers", "patients", "points", "regions", "row_angle_deg", "run_mm",
    "seed", "sex", "solutes", "spacing_mm", "target_depth_mm", "technique", "treatments", "vasoconstrictor", "volume_per_point_ml", "weight_kg", "zone",
}  # fmt: skip


def test_the_json_has_its_shape(deliver):
    code, out = deliver(TREATMENT, "--json")
    assert code == 0
    told = json.loads(out, parse_constant=pytest.fail)
    assert set(told) == WHOLE
    [solute], [fenced] = told["solutes"], told["fenced"]
    assert set(solute) == SOLUTE
    assert set(solute["half_gone_h"]) == BAND
    assert set(solute["plasma"]) == {*BAND, "times_h", "cmax_mg_per_l", "tmax_h", "auc_mg_h_per_l", "peaks"}
    assert [one["name"] for one in solute["comparisons"]] == ["by mouth", "into muscle", "on the skin"]
    assert (fenced["id"], fenced["kind"]) == ("phosphatidylcholine_dc", "label_rules")
    assert all(value["sources"] or value["how"] != "measured" for value in solute["values"])
    assert len(solute["points"]) == told["points"]


def test_a_person_reads_it(deliver):
    code, out = deliver(TREATMENT)
    assert code == 0
    assert "A model's estimate" in out
    assert "Half has left the tissue after" in out
    assert "Lidocaine hydrochloride: " not in out  # it stands above its lines
    assert "Phosphatidylcholine" in out
    assert "no number" in out


def test_presentations_with_volumes_do_as_well(deliver):
    code, out = deliver(without("mg_per_ml", parts=[{"lidocaine_2pct": 1}, {"tranexamic_acid_100mg_ml": 1}]), "--json")
    told = json.loads(out)
    assert code == 0
    assert {solute["id"]: solute["mg_per_ml"] for solute in told["solutes"]} == {"lidocaine": 10, "tranexamic_acid": 50}


def test_a_page_with_pictures_stands_alone(deliver, tmp_path):
    code, out = deliver(TREATMENT, "--html", str(tmp_path / "out.html"))
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert (code, out) == (0, "")
    assert "<svg" in page
    assert "Lidocaine" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert " src=" not in page


def test_a_page_that_cannot_be_written_or_is_of_plain_physics_is_said(deliver, tmp_path):
    code, error = deliver(TREATMENT, "--html", str(tmp_path / "none" / "out.html"))
    assert code == 2
    assert "could not be written" in error
    code, error = deliver({"layers": [], "bottom": "far", "depots": [], "times_h": [], "probes": []}, "--html", str(tmp_path / "out.html"))
    assert code == 2


def test_points_with_depths_and_volumes_of_their_own(deliver):
    points = [{"x_mm": 0, "y_mm": 0}, {"x_mm": 8, "y_mm": 0, "depth_mm": 1.5, "volume_ml": 0.1}]
    _, out = deliver(without("spacing_mm", "area_cm2", points=points), "--json")
    told = json.loads(out)
    assert [point[2] for point in told["solutes"][0]["points"]] == pytest.approx([0.5, 1.0])
    assert "exposure.kinds" in {finding["rule"] for finding in told["findings"]}


def test_a_printed_plan_is_the_plan(plan, deliver):
    printed = json.loads(json.dumps(plan.as_dict(), default=str))
    assert read(printed, LIBRARY) == order_of(plan, LIBRARY)
    code, out = deliver(printed, "--json", "--weight", "60", name="plan.json")
    told = json.loads(out)
    assert code == 0
    assert told["weight_kg"] == 60
    assert told["solutes"] or told["fenced"]


def test_a_plan_without_a_depth_takes_it_from_the_option(plan, deliver):
    printed = json.loads(json.dumps(plan.as_dict(), default=str))
    for zone in printed["injection_map"]["zone_plans"]:
        zone["generator"]["inserted_length_mm"] = None
    _, out = deliver(printed, "--json", "--depth", "2.5", name="plan.json")
    assert json.loads(out)["depth_mm"] == 2.5
    code, error = deliver(printed, "--json", "--depth", "-1", name="plan.json")
    assert code == 2
    assert "depth_mm is -1.0; give a number from 0 to 200 mm" in error


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"withheld": ["Pregnant."]}, "the plan is withheld, so nothing is reckoned of it: Pregnant."),
        ({"injection_map": None}, "The plan has no points yet"),
        ({"injection_map": {}}, "injection_map of the plan is not as pistor plan --json prints it"),
        ({"injection_map": [1]}, "injection_map of the plan is not as"),
        ({"blend": None}, "The plan has no blend with volumes"),
        ({"blend": {"parts": 3}}, "blend of the plan is not as"),
        ({"schedule": {"treatments": 3}}, "schedule of the plan is not as"),
    ],
)
def test_a_plan_that_is_none_is_said(plan, deliver, wrong, said):
    code, error = deliver({**json.loads(json.dumps(plan.as_dict(), default=str)), **wrong}, name="plan.json")
    assert (code, error.count("\n")) == (2, 1)
    assert said in error


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"spacing_mm": "0"}, "spacing_mm: spacing_mm is 0.0; give a number from 1 to 100 mm"),
        ({"inserted_length_mm": None}, "The depth of the tip is not known, so nothing is reckoned"),
        ({"volume_per_point_ml": "2"}, "volume_per_point_ml is 2.0; give a number from 0.0001 to 1 mL: more is driven by pressure"),
        ({"volume_per_point_ml": "-1"}, "volume_per_point_ml is -1; give a number"),
        ({"spacing_mm": "NaN"}, "spacing_mm is 'NaN'; give a plain number"),
        ({"pattern": "spiral"}, "pattern is 'spiral'"),
    ],
)
def test_a_generator_that_cannot_be_used_is_said(plan, deliver, value, said):
    printed = json.loads(json.dumps(plan.as_dict(), default=str))
    for zone in printed["injection_map"]["zone_plans"]:
        zone["generator"].update(value)
    code, error = deliver(printed, name="plan.json")
    assert (code, error.count("\n")) == (2, 1)
    assert said.removeprefix("spacing_mm: ") in error


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (without(spacing_mm=0), "spacing_mm is 0.0; give a number from 1 to 100 mm"),
        (without(volume_per_point_ml=-1), "volume_per_point_ml is -1.0; give a number from 0.0001 to 1 mL per point"),
        (without(volume_per_point_ml=1e9), "volume_per_point_ml is 1000000000.0; give a number from 0.0001 to 1 mL per point: more is driven by pressure"),
        (without(volume_per_point_ml=float("nan")), "volume_per_point_ml is nan"),
        (without(depth_mm=float("inf")), "depth_mm is inf"),
        (without(depth_mm=30), "depth_mm is 30; give a number from 0 to 4.97 mm"),
        (without(depth_mm=[1]), "depth_mm is a list and not a number"),
        (without("depth_mm"), "the file has no depth_mm"),
        (without("zone"), "the file has no zone"),
        (without(zone="faec"), "zone is “faec”, which is not known; the nearest are face"),
        (without(zone=3), "zone is “3”, which is not known; known are abdomen"),
        (without(technique="napage"), "technique is “napage”, which is not known; the nearest are nappage"),
        (without(points=[{"x_mm": 0, "y_mm": 0}] * 10_000), "points holds 10,000 entries; give from 1 to 5,000"),
        (without(area_cm2=5000, spacing_mm=1), "choose a spacing that gives at most 5000 points"),
        (without(points=[]), "points holds 0 entries"),
        (without(points=[{"x_mm": 1}]), "points[1] has no y_mm"),
        (without("spacing_mm"), "neither points nor spacing_mm with area_cm2"),
        (without("mg_per_ml"), "needs either parts"),
        (without(parts=[{"lidocaine_2pct": 1}]), "needs either parts"),
        (without("mg_per_ml", parts=[{"lidocain_2pct": 1}]), "the nearest are lidocaine_2pct"),
        (without(mg_per_ml={"lidocain": 1}), "mg_per_ml is “lidocain”, which is not known; the nearest are lidocaine"),
        (without(mg_per_ml={"lidocaine": 0}), "mg_per_ml.lidocaine is 0.0; give a number from 1e-06 to 1000 mg/mL"),
        (without(mg_per_ml=3), "mg_per_ml is no mapping"),
        (without(weight_kg=0), "weight_kg is 0.0; give a number from 2 to 400 kg"),
        (without(sex="f"), "sex is “f”; choose one of female, male"),
        (without(vasoconstrictor="maybe"), "vasoconstrictor is “maybe”; write yes or no"),
        (without(treatments=2.5), "treatments is 2.5; give a whole number"),
        (without(colour="red"), "the file has “colour”, which is not known"),
        ({}, "the file has no zone"),
        ("zone: " + "[" * 100_000, "more than 50 lists and mappings stand in each other in line 1"),
    ],
)
def test_what_cannot_be_reckoned_is_said_in_one_sentence(deliver, wrong, said):
    code, error = deliver(wrong, "--json")
    assert (code, error.count("\n")) == (2, 1)
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--patients", "0"), "patients is 0; give a whole number from 1 to 1,000,000"),
        (("--workers", "0"), "workers is 0; give a whole number from 1 to 1,024"),
        (("--seed", "-1"), "seed is -1; give a whole number from 0"),
        (("--weight", "nan"), "weight_kg is nan; give a number from 2 to 400 kg"),
        (("--sex", "f"), "invalid choice"),
        (("--depth", "2"), "--depth is for a plan"),
    ],
)
def test_options_that_cannot_be_used_are_said(deliver, options, said):
    code, error = deliver(TREATMENT, *options)
    assert (code, error.count("\n")) == (2, 1)
    assert said in error


def test_a_drop_of_which_most_runs_back_out_still_counts(deliver):
    """A hundredth of 2 µL stays in some virtual patients, less than can be injected: that is no wrong input."""
    code, _ = deliver({**TREATMENT, "zone": "scalp", "volume_per_point_ml": 0.002, "depth_mm": 2}, "--json", "--patients", "150")
    assert code == 0


RAW = {
    "layers": [{"name": "skin", "thickness_mm": 2, "diffusivity_mm2_per_h": 1, "clearance_per_h": 1, "partition": 1}],
    "bottom": "far",
    "depots": [{"x_mm": 0, "y_mm": 0, "depth_mm": 1, "sigma_lateral_mm": 1, "sigma_vertical_mm": 0.3, "dose_mg": 1}],
    "times_h": [1],
    "probes": [{"x_mm": 0, "y_mm": 0, "depth_mm": 1}],
}


def test_points_to_choose_from_are_printed_beside_grids(deliver, tmp_path, monkeypatch):
    monkeypatch.setattr("pistor.care.exposure.single_points.OFFERED", 1)
    monkeypatch.setattr("pistor.care.exposure.single_points.SECONDS", 2.0)  # a busy machine has the time as well
    monkeypatch.setattr("pistor.care.exposure.single_points.single_points_of", cache(single_points_of))
    treatment = {**TREATMENT, "area_cm2": 16, "spacing_mm": 9}
    code, out = deliver(treatment, "--propose", "--json")
    proposed = json.loads(out)["proposed"]
    assert code == 0 and proposed["substance"] == "Lidocaine hydrochloride" and "missing to half" in proposed["objective"]
    for choice in proposed["choices"]:
        grid, chosen = choice["grid"], choice["chosen"]
        assert chosen["missing"] <= grid["missing"] and len(chosen["points"]) == chosen["punctures"] <= grid["punctures"]
        assert sum(ml for *_, ml in chosen["points"]) <= grid["total_ml"] + 1e-9
    assert any(choice["chosen"]["missing"] < choice["grid"]["missing"] for choice in proposed["choices"])
    code, text = deliver(treatment, "--propose")
    assert code == 0 and "grid 1" in text and "this plan" in text and "how much is enough is not known" in text
    page = tmp_path / "field.html"
    code, _ = deliver(treatment, "--propose", "--html", str(page))
    html = page.read_text(encoding="utf-8")
    assert code == 0 and "Points to choose from" in html and "squares points chosen in their place" in html


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({**TREATMENT, "mg_per_ml": {"phosphatidylcholine_dc": 20}}, "--propose needs a substance that can be computed"),
        (RAW, "--propose is for a plan or a treatment"),
    ],
)
def test_where_no_points_can_be_chosen_a_sentence_says_so(deliver, content, said):
    code, err = deliver(content, "--propose")
    assert code == 2 and err.count("\n") == 1 and said in err


def test_a_plan_with_chosen_points_is_read_as_it_is_printed(plan):
    drawn = plan.injection_map
    area = drawn.areas[0]
    point = next(point for point in drawn.placed if point.area == area)
    chosen = {area.key: [Chosen(point.x_mm, point.y_mm, Decimal("0.05"))]}
    mixed = replace(plan, injection_map=make_map(zones_alike(drawn.areas, drawn.generator, drawn.technique, chosen=chosen), LIBRARY))
    printed = json.loads(json.dumps(mixed.as_dict(), default=str))
    order = read(printed, LIBRARY)
    assert order.spots == order_of(mixed, LIBRARY).spots
    assert [spot.volume_ml for spot in order.spots if (spot.x_mm, spot.y_mm) == (point.x_mm, point.y_mm)] == [0.05]
    printed["injection_map"]["zone_plans"][0]["chosen"] = "x"
    with pytest.raises(Unusable, match="A zone of the map cannot be read"):
        read(printed, LIBRARY)


def test_a_plan_printed_before_zones_had_their_own_technique_is_read_as_then(plan):
    printed = json.loads(json.dumps(plan.as_dict(), default=str))
    drawn = printed["injection_map"]
    del drawn["zone_plans"], drawn["scale"]
    area = plan.injection_map.areas[0]
    drawn |= {"removed": [f"{area.key}:1"], "chosen": None}
    assert len(read(printed, LIBRARY).spots) == plan.injection_map.points - 1
    drawn["chosen"] = {area.key: "x"}
    with pytest.raises(Unusable, match="chosen one by one are not as the map keeps them"):
        read(printed, LIBRARY)
