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
        ("- lidocaine_2pct: 010", "no plain number"),  # YAML reads 8
        ("- lidocaine_2pct: 1:30", "no plain number"),  # 90
        ("- lidocaine_2pct: 0x10", "no plain number"),
        ("- lidocaine_2pct: 1_000", "no plain number"),
        ("- lidocaine_2pct: '1_0'", "not a number"),
        ("- lidocaine_2pct: ١٢", "not a number"),
        ("- lidocaine_2pct: 1e400", "Check the unit"),
        ("- lidocaine_2pct: 0.0000001", "more than six decimals"),
        ("- lidocaine_2pct: {a: 1}", "not a number"),
        ("parts: &a [*a]", "no presentation with a volume"),
        ("[" * 5000 + "]" * 5000, "stand in each other"),
        ("\0\0\0", "cannot be read"),
        ("- lidocaine_2pct: 1\n" * 10_000, "at most 40 are read"),
        ("parts: [lidocaine_2pct: 1]\nweight_kg: 1e999999", "Check the unit"),
        ("parts: [lidocaine_2pct: 1]\nzones: {moon: 3}", "zones has “moon”"),
        ("parts: [lidocaine_2pct: 1]\nzones: {neck: 1.5}", "must be a whole number"),
        ("parts: [lidocaine_2pct: 1]\ntopical: {lidocaine: 1e300}", "enter it in mg"),
        ("parts: [lidocaine_2pct: 1]\ntopical: {lidocaine: -1}", "must be a number above 0"),
        ("parts: [lidocaine_2pct: 1]\nallergies: {a: b}", "allergies is not a list of names"),
        ("- !!python/object/apply:os.system [ls]", "the YAML is broken"),
        ("- lidocaine_2pct: 1\n" * 60, "at most 40 are read"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(blend, recipe, said):
    code, error = blend(recipe)
    assert code == 2
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", ["Lidocaine", "lignocaine", "XYLOCAINE", "lidocaine_2pct"])
def test_what_is_on_the_skin_is_known_by_all_its_names(blend, name):
    _, answer = blend(f"parts: [lidocaine_2pct: 1]\nweight_kg: 60\ntopical: {{{name}: 290}}")
    assert answer["verdict"] == "block"


@pytest.mark.parametrize("cream", ["lidocaine", "EMLA", "lidocaine_prilocaine_cream"])
def test_a_cream_of_which_nobody_says_how_much_leaves_the_answer_open(blend, cream):
    _, answer = blend(f"parts: [lidocaine_2pct: 1]\nweight_kg: 60\ntopical: {cream}")
    assert answer["verdict"] == "caution"
    assert any(finding["effect"] == "ask" and finding["rule"].startswith("limit:") for finding in answer["findings"])


def test_a_cream_with_two_substances_needs_the_amount_of_each(blend):
    code, error = blend("parts: [lidocaine_2pct: 1]\ntopical: {lidocaine_prilocaine_cream: 100}")
    assert code == 2
    assert "give the mg of each" in error


def test_too_much_anaesthetic_together_is_too_much_for_any_weight(blend):
    _, answer = blend("parts: [lidocaine_2pct: 12, mepivacaine_2pct: 12]")  # 240 of at most 300 mg and 240 of at most 400 mg
    together = next(row for row in answer["limits"] if row["ingredient"] == "class:local_anaesthetic")
    assert (together["state"], together["fraction"]) == ("over", 1.4)


@pytest.mark.parametrize(("allergy", "verdict"), [("salmon", "block"), ("Z91.013", "block"), ("hives after the dentist's injection", "caution")])
def test_an_allergy_by_word_by_code_or_by_a_name_nobody_knows(blend, allergy, verdict):
    _, answer = blend(f'parts: [calcitonin_200u_ml: 0.1]\nallergies: ["{allergy}"]')
    assert answer["verdict"] == verdict


@pytest.mark.parametrize(("product", "stopped"), [("deoxycholic_acid_10mg_ml", True), ("lidocaine_2pct", False)])
def test_a_ban_on_all_that_a_product_is_for_holds_where_nobody_says_what_for(blend, product, stopped):
    _, answer = blend(f"parts: [{product}: 1]\njurisdiction: FR\nweight_kg: 60")
    assert (answer["verdict"] == "block") is stopped


def test_norway_is_no_refusal(blend):
    assert blend("parts: [lidocaine_2pct: 1]\njurisdiction: NO")[0] == 0


def test_a_person_reads_the_same(tmp_path, capsys):
    file = tmp_path / "blend.yaml"
    file.write_text("- aminophylline_25mg_ml: 1\n- thiamine_100mg_ml: 1")
    assert main(["blend", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("NOT TO BE MADE")
    assert "hid_aminophylline" in out


def test_bytes_that_are_no_text_are_refused(tmp_path, capsys):
    file = tmp_path / "blend.yaml"
    file.write_bytes(bytes(range(128, 256)))
    assert main(["blend", str(file), "--json"]) == 2
    assert capsys.readouterr().out == ""


KEYS = {"volume_ml", "concentrations", "ph", "osmolarity_mosm_per_l", "pairs", "limits", "verdict", "findings"}


def test_the_answer_has_the_keys_that_scripts_read(blend):
    _, answer = blend("parts: [lidocaine_2pct: 9, sodium_bicarbonate_84pct: 1, calcitonin_200u_ml: 1]\nweight_kg: 70")
    assert answer.keys() >= KEYS
    assert all({"ingredient"} < row.keys() and ("mg_per_ml" in row) is not ("units_per_ml" in row) for row in answer["concentrations"])
    assert all(row.keys() >= {"between", "verdict", "sources"} for row in answer["pairs"])
    assert all(row.keys() >= {"ingredient", "dose", "limit", "fraction", "sources"} for row in answer["limits"])
    assert all(row.keys() >= {"rule", "effect", "because", "missing", "sources", "text"} for row in answer["findings"])
    assert answer["ph"] is None
    _, answer = blend("- lidocaine_2pct: 9\n- sodium_bicarbonate_84pct: 1")
    assert answer["ph"][0] < answer["ph"][1]
    assert answer["osmolarity_mosm_per_l"][0] < answer["osmolarity_mosm_per_l"][1]


def test_the_answer_says_what_was_measured_beside_what_is_predicted(blend):
    _, answer = blend("- lidocaine_2pct: 9\n- sodium_bicarbonate_84pct: 1")
    tested = {(row["method"], tuple(row["computed"]["range"])): row["observed"][0]["range"] for row in answer["tested"]}
    assert tested["ph_of_mixture", (7.25, 7.25)] == [6.9, 7.09]
    assert answer["nacl_equivalent"]["nacl_to_add_mg"] < 0


def test_zones_years_and_what_is_on_the_skin_count(blend):
    _, answer = blend(
        "parts: [lidocaine_2pct: 4, sodium_chloride_09pct: 4]\nweight_kg: 60\nvolume_per_point_ml: 0.1\nzones: {neck: 20, shoulder: 30}\n"
        "sessions: 4\ninterval_days: 180\ntopical: {lidocaine: 125, prilocaine: 125}\njurisdiction: US"
    )
    lidocaine = next(row for row in answer["amounts"] if row["ingredient"] == "lidocaine")
    assert lidocaine["per_zone"] == {"neck": 20, "shoulder": 30}  # 10 mg/mL, 0.1 mL a point
    assert (lidocaine["per_treatment"], lidocaine["per_course"], lidocaine["per_year"]) == (50, 200, 150)  # days 0, 180 and 360
    together = next(row for row in answer["limits"] if row["ingredient"] == "class:local_anaesthetic")
    own = next(row for row in answer["limits"] if row["ingredient"] == "lidocaine")
    assert own["dose"] == 205  # 80 in the syringe and 125 on the skin
    assert together["fraction"] == round(205 / 270 + 125 / 480, 6)  # 4.5 and 8 mg/kg at 60 kg: too much together, neither alone
    assert together["state"] == "over"
    assert [row["hours"] for row in answer["beyond_use"]] == [4, 12, 24]
    assert "1 hour" in answer["beyond_use"][0]["conflict"]
