"""``pistor blend``: what is in the syringe, one word for it, and a sentence for input that cannot be used."""

from __future__ import annotations

import json

import pytest

from pistor.cli import main


@pytest.fixture
def blend(tmp_path, capsys):
    def run(recipe: str, *options: str):
        file = tmp_path / "blend.yaml"
        file.write_text(recipe, encoding="utf-8")
        code = main(["blend", str(file), "--json", *options])
        out, err = capsys.readouterr()
        return code, json.loads(out) if code == 0 else err

    return run


def test_amounts_are_the_sum_of_the_parts(blend):
    code, answer = blend("- lidocaine_2pct: 9\n- {presentation: sodium_bicarbonate_84pct, volume_ml: 1}")
    assert code == 0
    assert answer["volume_ml"] == 10
    assert {one["ingredient"]: one["mg_per_ml"] for one in answer["concentrations"]} == {"lidocaine": 18, "sodium_bicarbonate": 8.4}
    [pair] = answer["pairs"]
    assert pair["verdict"] == "conditional"
    assert "pascuet" in {source["key"] for source in pair["sources"]}


@pytest.mark.parametrize(
    ("recipe", "verdict"),
    [
        ("- lidocaine_1pct: 1", "caution"),  # its weight limit cannot be told
        ("parts: [lidocaine_1pct: 1]\nweight_kg: 70", "single_product"),
        ("parts: [lidocaine_1pct: 1]\nweight_kg: 70\nallergies: [lidocaine]", "block"),
        ("parts: [lidocaine_1pct: 1]\nweight_kg: 70\nallergies: [peanut]", "single_product"),
        ("parts: [lidocaine_1pct: 60]\nweight_kg: 70", "block"),  # 600 mg
        ("parts: [lidocaine_1pct: 1, cyanocobalamin_1mg_ml: 1]\nweight_kg: 70", "no_data"),
        ("- aminophylline_25mg_ml: 1\n- thiamine_100mg_ml: 1", "block"),
        ("parts: [ascorbic_acid_500mg_ml: 1]", "avoid"),  # strongly hyperosmolar
    ],
)
def test_the_worst_that_is_present_decides(blend, recipe, verdict):
    code, answer = blend(recipe)
    assert (code, answer["verdict"]) == (0, verdict)


def test_a_limit_per_kilogram_is_unknown_without_a_weight(blend):
    _, answer = blend("- lidocaine_2pct: 2")
    [limit] = [row for row in answer["limits"] if row["ingredient"] == "lidocaine"]
    assert (limit["state"], limit["fraction"], limit["dose"]) == ("unknown", None, 40)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("", "a blend is a list"),
        ("parts: []", "a blend is a list"),
        ("just words", "a blend is a list"),
        ("parts: 3", "parts is not a list"),
        ("- 3", "parts[1] is no presentation with a volume"),
        ("- lidocaine_2pct: -1", "must be a number above 0"),
        ("- lidocaine_2pct: two", "not a number"),
        ("- lidocaine_2pct: .nan", "must be a number above 0"),
        ("- lidocaine_2pct: true", "is not a number"),
        ("- lidocaine_2pct:", "has no volume_ml"),
        ("- lidocaine_2pct: 1e9", "Check the unit"),
        ("- lidocain_2pct: 1", "the nearest are lidocaine_2pct"),
        ("- lidocaine: 1", "lidocaine comes as"),
        ("- {presentation: lidocaine_2pct, volume_ml: 1, colour: red}", "“colour”, which is not known"),
        ("parts: [lidocaine_2pct: 1]\nweight: 60", "“weight” is no part of a blend file"),
        ("parts: [lidocaine_2pct: 1]\npolicy: free", "policy is “free”; known are"),
        ("parts: [lidocaine_2pct: 1]\njurisdiction: France", "give two letters"),
        ("parts: [lidocaine_2pct: 1]\npoints: 2.5", "must be a whole number"),
        ("parts: [lidocaine_2pct: 1]\nallergies: 7", "allergies is not a list of names"),
        ("parts: [\n  lidocaine_2pct: 1", "the YAML is broken in line"),
        ("- !!python/object/apply:os.system [ls]", "the YAML is broken"),
        ("- lidocaine_2pct: 1\n" * 60, "at most 40 are read"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(blend, recipe, said):
    code, error = blend(recipe)
    assert code == 2
    assert said in error
    assert "Traceback" not in error


def test_norway_is_no_refusal(blend):
    assert blend("parts: [lidocaine_2pct: 1]\njurisdiction: NO")[0] == 0


def test_a_person_reads_the_same(tmp_path, capsys):
    file = tmp_path / "blend.yaml"
    file.write_text("- aminophylline_25mg_ml: 1\n- thiamine_100mg_ml: 1")
    assert main(["blend", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("NOT TO BE MADE")
    assert "hid_aminophylline" in out
