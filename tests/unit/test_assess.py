"""``pistor assess`` as scripts and people use it: answers, and sentences where there can be none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pistor
from pistor.cli import main
from tests.exchange.bundles import PATIENT, as_bytes, bundle, condition

DATA = Path(__file__).parents[1] / "exchange" / "data"
SUMMARY, CASE = str(DATA / "summary_none_known.json"), str(DATA / "case_ordinary.yaml")
ON = ["--on", "2026-11-23"]
VERDICTS = {"eligible", "eligible_with_conditions", "refer", "not_eligible", "cannot_tell"}


def assess(capsys, *arguments: str):
    code = main(["assess", *arguments, *ON])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_holds_what_scripts_rely_on_and_nothing_else_is_printed(capsys):
    code, out, err = assess(capsys, SUMMARY, "--application", "skin", "--jurisdiction", "FR", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["verdict"] in VERDICTS
    assert {"findings", "missing", "knowledge_version", "checked", "intent"} <= set(answer)
    for finding in answer["findings"]:
        assert {"rule", "effect", "because", "missing", "sources", "text"} <= set(finding)
        assert finding["effect"] in {"contraindicated", "caution", "refer", "ask", "inform"}
    assert [f["rule"] for f in answer["findings"] if f["effect"] == "caution"] == ["anticoagulant"]
    assert [q["id"] for q in answer["questions"]] == answer["missing"]


def test_a_summary_that_says_none_known_closes_the_questions_on_allergy_and_no_others(capsys):
    _, out, _ = assess(capsys, SUMMARY, "--application", "pain", "--json")
    missing = json.loads(out)["missing"]
    assert not [q for q in missing if q.startswith("allergy")]
    assert "bleeding_disorder" in missing
    assert "pregnancy" not in missing


def test_a_case_is_read_and_the_report_says_why_with_sources(capsys):
    code, out, _ = assess(capsys, CASE, "--application", "pain", "--jurisdiction", "FR")
    assert code == 0
    assert out.startswith("CANNOT TELL")
    assert "Takes an anticoagulant (Warfarin since 1 Jan 2020)" in out
    assert "KYB" in out
    assert "grade A" in out
    assert "Do scars become thick or keloid?" in out
    assert "infection_here" not in out


@pytest.mark.parametrize(("country", "verdict"), [("FR", "not_eligible"), ("US", "cannot_tell"), (None, "cannot_tell")])
def test_fat_in_france_in_the_us_and_nowhere_known(capsys, country, verdict):
    _, out, _ = assess(capsys, SUMMARY, "--application", "fat", "--json", *(["--jurisdiction", country] if country else []))
    answer = json.loads(out)
    assert answer["verdict"] == verdict
    assert ("jurisdiction" in answer["missing"]) == (country is None)


def test_us_fat_outside_the_labelled_area(capsys):
    _, out, _ = assess(capsys, SUMMARY, "--application", "fat", "--zone", "abdomen", "--jurisdiction", "US", "--json")
    assert {"dc_outside_submental", "jurisdiction_us_deoxycholic_acid_elsewhere"} <= {f["rule"] for f in json.loads(out)["findings"] if f["stops"]}


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"{", "broken.json", "line 1"),
        (b"", "empty.json", "empty"),
        (b"<Bundle/>", "record.xml", "XML"),
        (as_bytes(PATIENT), "patient.json", "single Patient"),
        (b"[" * 200_000, "deep.json", "deeply"),
        (b"patient: [", "case.yaml", "YAML is broken in line"),
        (b"patients: {}", "case.yaml", "no section"),
        (b"just words", "note.txt", "neither"),
        (b"answers: {no_such: yes}", "case.yaml", "no question"),
        (b"measurements: {weight_kg: -5}", "case.yaml", "weight_kg"),
        (b"patient: {sex: f}", "case.yaml", "sex"),
        (b"patient: {birth_date: 1985-13-45}", "case.yaml", "cannot be read"),
        (b"conditions:\n  - {label: x, onset: 2026-13-01}", "case.yaml", "2026-13-01” in line 2"),
        (b"allergies: some\n", "case.yaml", "neither a list"),
        (b"answers: {keloid: perhaps}", "case.yaml", "yes, no, unknown"),
        (b"conditions: []\nconditions: []", "case.yaml", "given twice"),
        (b"a: &a [x,x]\nb: &b [*a,*a]\n", "case.yaml", "no section"),
        (b"\xff\xfe\x00", "case.yaml", "YAML"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_with_the_file_and_exit_2(capsys, tmp_path, content, name, says):
    path = tmp_path / name
    path.write_bytes(content)
    code, out, err = assess(capsys, str(path), "--application", "pain", "--json")
    assert (code, out) == (2, "")
    assert says in err
    assert str(path) in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.json", "--application", "pain"],
        [".", "--application", "pain"],
        [SUMMARY],
        [SUMMARY, "--application", "teeth"],
        [SUMMARY, "--application", "pain", "--zone", "moon"],
        [SUMMARY, "--application", "pain", "--ingredient", "gold"],
        [SUMMARY, "--application", "pain", "--indication", "androgenetic_alopecia"],
        [SUMMARY, "--application", "fat", "--jurisdiction", "France"],
        ["a\x00b.json", "--application", "pain"],
    ],
)
def test_a_wrong_command_is_one_sentence_and_exit_2(capsys, arguments):
    code, out, err = assess(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert len(err) < 900


@pytest.mark.parametrize("data", [{"resourceType": "Bundle"}, bundle(patient=None), bundle(condition("Asthma"), patient=None)])
def test_a_record_of_nobody_gets_a_clear_answer(capsys, tmp_path, data):
    path = tmp_path / "empty.json"
    path.write_bytes(as_bytes(data))
    code, out, _ = assess(capsys, str(path), "--application", "pain", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["verdict"] == "cannot_tell"
    assert "birth_date" in answer["missing"]
    assert any("no Patient" in fact["value"] for f in answer["findings"] for fact in f["because"])


def test_the_dead_get_a_clear_answer(capsys, tmp_path):
    path = tmp_path / "late.json"
    path.write_bytes(as_bytes(bundle(patient={**PATIENT, "deceasedDateTime": "2021-02-03"})))
    code, out, _ = assess(capsys, str(path), "--application", "skin")
    assert code == 0
    assert out.startswith("NOT ELIGIBLE: The record says that this patient died on 3 Feb 2021.")


def test_a_file_over_the_limit_is_refused_before_it_is_read(capsys, tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    code, _, err = assess(capsys, str(path), "--application", "pain")
    assert code == 2
    assert "68 MB" in err
    assert "at most" in err


def test_a_device_without_end_is_read_up_to_the_limit(capsys):
    code, _, err = assess(capsys, "/dev/zero", "--application", "pain")
    assert code == 2
    assert "larger than" in err


@pytest.mark.parametrize(("redirect", "says"), [(">/dev/full", "could not be written"), (">&-", "no standard output")])
def test_an_answer_that_cannot_be_written_is_one_sentence_and_exit_2(redirect, says):
    command = f"exec {sys.executable} -m pistor.cli assess {SUMMARY} --application pain {redirect}"
    told = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path(pistor.__file__).parents[1])})
    assert told.returncode == 2
    assert says in told.stderr
    assert told.stderr.count("\n") == 1
